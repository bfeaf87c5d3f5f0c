//! A project in one text: campaigns first, then each message file behind a line `=== PATH`.
//!
//! Shared by the tests of message files and those of the documentation's pages.

use tabi::compile::{self, Attachment, Attachments, Compiled, Settings};
use tabi::diag::Phrase;
use tabi::text::{Source, SourceKind, Sources};
use tabi::{project, text};

/// The text in front of the first `=== PATH`, and each file by its path.
pub fn split(text: &str) -> (String, Vec<(String, String)>) {
    let (mut head, mut files) = (String::new(), Vec::<(String, String)>::new());
    for line in text.split_inclusive('\n') {
        match line.strip_prefix("=== ") {
            Some(path) => files.push((path.trim().to_owned(), String::new())),
            None => files.last_mut().map_or(&mut head, |file| &mut file.1).push_str(line),
        }
    }
    (head, files)
}

/// Compiles sources together with files; `tabi.yaml` among them is the settings. Without files none is looked at.
pub fn compiled(mut sources: Sources, files: &[(String, String)]) -> (Compiled, Sources) {
    let mut attachments = Attachments::default();
    let mut settings = Settings::default();
    for (path, text) in files {
        let id = sources.add(Source::other(path.clone(), text.clone()));
        if path == "tabi.yaml" {
            settings.sender = sender(text, id);
        } else {
            attachments.files.insert(path.clone(), Attachment::Read(id));
        }
    }
    let parsed = compile::parse(&sources);
    // What the case itself names and does not bring is missing; the world around it is not looked at.
    let case = sources.iter().filter(|(_, source)| source.kind == SourceKind::Campaign).last();
    let case = case.map(|(_, source)| source.text.clone()).unwrap_or_default();
    for path in parsed.message_files().into_iter().filter(|path| case.contains(path.as_str())) {
        let why = Phrase::new(format!("there is no `{path}`"), format!("`{path}` がありません"));
        let missing =
            Attachment::Unreadable { why, help: Phrase::new("check the spelling", "つづりを確かめる") };
        attachments.files.entry(path).or_insert(missing);
    }
    attachments.known = files.iter().map(|(path, _)| path.clone()).collect();
    let attached = (!files.is_empty()).then_some(&attachments);
    (parsed.compile(&sources, attached, &settings), sources)
}

fn sender(text: &str, id: text::SourceId) -> tabi::ir::content::Sender {
    let (settings, wrong) = project::parse_settings(text, id);
    assert!(wrong.is_empty(), "the settings of an example are wrong: {wrong:?}");
    settings.sender
}
