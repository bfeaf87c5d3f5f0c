//! Files of messages: read, typed and measured before anyone gets one.
//!
//! Renders nothing and reads no files: whoever opens the project brings them. What comes out is `ir::content`.

#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

mod email;
mod front;
mod json;
mod law;
mod limit;
mod line;
mod node;
mod offer;
mod piece;
pub mod secret;
mod short;
mod template;
mod yaml;

pub use offer::mentions_offer;

use std::collections::BTreeSet;

use crate::diag::{Code, Diagnostic, did_you_mean};
use crate::ir::Channel;
use crate::ir::content::Content;
use crate::schema::{Attachment, Attachments, Entry, Mention, Message, Sink, TRANSACTIONAL, World};
use crate::text::{SourceId, Sources, Span};
use template::{About, Checker};

/// One file of a message.
#[derive(Clone, Copy)]
struct File<'a> {
    source: SourceId,
    text: &'a str,
    path: &'a str,
    /// Where the campaign names it.
    named: Span,
}

impl File<'_> {
    fn has_ending(&self, endings: &[&str]) -> bool {
        let ending = self.path.rsplit_once('.').map_or("", |(_, ending)| ending);
        endings.iter().any(|known| known.eq_ignore_ascii_case(ending))
    }
    fn wrong_ending(&self, en: &str, ja: &str) -> Diagnostic {
        Diagnostic::new(
            Code::E0442,
            self.named,
            format!("a file for this channel ends in {en}"),
            format!("このチャネルのファイルの拡張子は {ja} です"),
        )
    }
}

/// What the files of messages say.
#[derive(Debug, Default)]
pub struct Read {
    /// In the order of the messages; nothing for those without a file or whose file cannot be understood, which is then
    /// told.
    pub contents: Vec<Option<Content>>,
    /// Every declared name in them.
    pub mentions: Vec<Mention>,
}

/// Reads the files of all messages.
pub fn read(world: &World<'_>, sources: &Sources, attachments: &Attachments, sink: &mut Sink) -> Read {
    // Two messages may share a file; what is wrong with it is told once.
    let mut told = BTreeSet::new();
    let mut report = |found: Diagnostic| {
        let other = found.others.first().map(|label| label.span);
        if told.insert((
            found.primary.span,
            found.code,
            found.headline.en.clone(),
            other.filter(|_| found.code == Code::E0402),
        )) {
            if found.code.is_livable() { sink.report_livable(found) } else { sink.report(found) }
        }
    };
    let mut read = Read::default();
    for (index, message) in world.messages.iter().enumerate() {
        let mut mention = |declared, at| read.mentions.push(Mention { message: index, declared, at });
        read.contents.push(one(world, sources, attachments, message, &mut report, &mut mention));
    }
    read
}

fn one(
    world: &World<'_>,
    sources: &Sources,
    attachments: &Attachments,
    message: &Entry<Message>,
    report: &mut dyn FnMut(Diagnostic),
    mention: &mut dyn FnMut(Span, Span),
) -> Option<Content> {
    let written = message.data.file.as_ref()?;
    let channel = message.data.channel?;
    let source = match attachments.files.get(&written.text) {
        Some(Attachment::Read(source)) => *source,
        Some(Attachment::Unreadable { why, help }) => {
            let found = Diagnostic::new(Code::E0441, written.span, why.en.clone(), why.ja.clone());
            let alike = alike(&written.text, &attachments.known);
            report(match alike {
                Some(alike) => found
                    .help(format!("did you mean `{alike}`?"), format!("`{alike}` のことですか?"))
                    .fix(written.span, format!("\"{alike}\"")),
                None => found.help(help.en.clone(), help.ja.clone()),
            });
            return None;
        }
        None => return None,
    };
    let text = &sources.get(source).text;
    let file = File { source, text, path: &written.text, named: written.span };
    let sells = message.data.purpose != TRANSACTIONAL;
    let can_unsubscribe = sells && matches!(channel, Channel::Email | Channel::Sms);
    let about = About { world, message, channel, can_unsubscribe };
    let mut checker = Checker::new(about);
    let content = by_channel(file, channel, &mut checker);
    let broken = checker.found.iter().any(|found| found.is_error() && !found.code.is_livable());
    if !broken {
        unused(about, &mut checker, written.span);
        checker.found.extend(law::judge(about, &checker.seen, last_line(file)));
    }
    checker.found.extend(secrets(file));
    checker.seen.mentions.iter().for_each(|(declared, at)| mention(*declared, *at));
    checker.found.into_iter().for_each(report);
    content.filter(|_| !broken)
}

/// The known path whose file is named most alike; a folder that both are in makes no names alike.
fn alike<'a>(written: &str, known: &'a [String]) -> Option<&'a String> {
    let name = |path: &'a str| path.rsplit('/').next().unwrap_or(path);
    let meant = did_you_mean(written.rsplit('/').next().unwrap_or(written), known.iter().map(|path| name(path)))?;
    known.iter().find(|path| name(path) == meant)
}

fn by_channel(file: File<'_>, channel: Channel, checker: &mut Checker<'_>) -> Option<Content> {
    match channel {
        Channel::Email => email::read(file, checker).map(Content::Email),
        Channel::Sms => short::sms(file, checker).map(Content::Sms),
        Channel::Push => short::push(file, checker).map(Content::Push),
        Channel::Line | Channel::Webhook => {
            if !file.has_ending(&["json"]) {
                checker.report(file.wrong_ending("`.json`", "`.json`"));
                return None;
            }
            let json = match json::parse(file.text, file.source) {
                Ok(json) => json,
                Err(found) => {
                    checker.report(*found);
                    return None;
                }
            };
            let part = node::read(json, &mut checker.found);
            checker.found.truncate(template::FINDINGS_MAX);
            match channel {
                Channel::Line => line::read(part, checker).map(Content::Line),
                _ => Some(Content::Webhook(short::webhook(part, checker))),
            }
        }
    }
}

/// Parameters that are asked for and not used.
fn unused(about: About<'_>, checker: &mut Checker<'_>, file: Span) {
    for param in &about.message.data.params {
        if !checker.seen.used.contains(&param.name) {
            let found = Diagnostic::new(
                Code::E0402,
                param.span,
                format!("`{}` is taken and never used", param.name),
                format!("引数 `{}` は使われていません", param.name),
            );
            let found = found.other(file, "this file does not mention it", "このファイルに出てきません");
            checker.report(
                found.help("use it there, or take it out here", "ファイルの中で使うか、ここから削除してください"),
            );
        }
    }
}

/// Where a footer would be added.
fn last_line(file: File<'_>) -> Span {
    let end = file.text.trim_end().len();
    let start = file.text[..end].rfind('\n').map_or(0, |at| at + 1);
    Span::new(file.source, start, end)
}

fn secrets(file: File<'_>) -> impl Iterator<Item = Diagnostic> {
    let found = move |secret: secret::Secret| {
        let (en, ja) = secret.name;
        let span = Span::new(file.source, secret.range.start, secret.range.end);
        Diagnostic::new(Code::E0431, span, format!("{en} in a message"), format!("メッセージの中の{ja}")).help(
            "take it out, and have a new one made: whoever reads the project or the message has this one",
            "削除し、再発行してください。プロジェクトやメッセージを読める人に知られています",
        )
    };
    secret::find(file.text).into_iter().map(found)
}
