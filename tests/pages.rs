//! The pages of the codes, and every other example in the documentation, compiled.
//!
//! A page's failing example must yield that very code and no other error; its corrected one must be clean.

mod parts;

use std::fs;
use std::path::{Path, PathBuf};

use tabi::compile::{Settings, Stage, compile};
use tabi::diag::{Code, Diagnostic, Language, render};
use tabi::project;
use tabi::text::{Source, SourceId, Sources};

const PRELUDE: &str = include_str!("prelude.tabi");

/// What stands around an example that is marked `steps`.
const JOURNEY: (&str, &str) = (
    "journey example {\n  purpose convert\n  owner   \"@crm\"\n  under   policy standard\n  goal    purchase within 7d\n  \
     review  every 3mo by \"@crm\"\n  reentry after 30d\n\n  start when cart_updated as cart\n\n",
    "}\n",
);

/// A fenced block: the words behind its fence, and its text.
struct Block {
    words: Vec<String>,
    text: String,
    line: usize,
}

impl Block {
    fn is(&self, word: &str) -> bool {
        self.words.iter().any(|w| w == word)
    }
}

fn blocks(page: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut open: Option<Block> = None;
    for (i, line) in page.lines().enumerate() {
        match (line.strip_prefix("```"), open.as_mut()) {
            (Some(_), Some(_)) => blocks.extend(open.take()),
            (Some(words), None) => {
                let words = words.split_whitespace().map(String::from).collect();
                open = Some(Block { words, text: String::new(), line: i + 1 });
            }
            (None, Some(block)) => {
                block.text.push_str(line);
                block.text.push('\n');
            }
            (None, None) => {}
        }
    }
    assert!(open.is_none(), "a block is not closed");
    blocks
}

/// The prelude without the declarations whose names the example declares itself.
fn prelude_beside(example: &str) -> String {
    let head = |text: &str| -> Vec<String> { text.split_whitespace().take(2).map(String::from).collect() };
    let own: Vec<Vec<String>> = example.lines().map(head).collect();
    let differs = |chunk: &&str| {
        let name = head(chunk);
        !own.iter().any(|line| if name[0] == "profile" { line.first() == name.first() } else { *line == name })
    };
    PRELUDE.split("\n\n").filter(differs).collect::<Vec<_>>().join("\n\n")
}

fn compiled(block: &Block) -> (Vec<Diagnostic>, Sources) {
    let text = match block.is("steps") {
        true => format!("{}{}{}", JOURNEY.0, block.text, JOURNEY.1),
        false => block.text.clone(),
    };
    let (campaign, files) = parts::split(&text);
    let mut sources = Sources::default();
    sources.add(Source::new("prelude.tabi", prelude_beside(&campaign)));
    sources.add(Source::new("example.tabi", campaign));
    let (compiled, sources) = parts::compiled(sources, &files);
    let mut found = compiled.diagnostics;
    // No example uses all of the prelude, and those with files send nothing.
    let unsent = |d: &Diagnostic| d.primary.span.source == SourceId(0) || !files.is_empty();
    found.retain(|d| d.code != Code::W0705 || !unsent(d));
    // Examples promise nothing, unless promises are what the page is about.
    found.retain(|d| d.code != Code::W0205 || block.is("promises"));
    (found, sources)
}

fn configured(block: &Block) -> (Vec<Diagnostic>, Sources) {
    let mut sources = Sources::default();
    sources.add(Source::other("tabi.yaml", block.text.clone()));
    let (settings, mut found) = project::parse_settings(&block.text, SourceId(0));
    // A journey for the first stage of a life, for what settings say of journeys.
    let lifecycle: Vec<Stage> = settings.lifecycle.into_iter().map(|(name, at)| Stage { name, at }).collect();
    if let Some(first) = lifecycle.first() {
        let journey = JOURNEY.0.replace("  purpose", &format!("  stage   {}\n  purpose", first.name));
        sources.add(Source::new("project.tabi", format!("{PRELUDE}\n{journey}{}", JOURNEY.1)));
        let settings = Settings { lifecycle, ..Settings::default() };
        let compiled = compile(&sources, &settings).diagnostics;
        found.extend(compiled.into_iter().filter(|d| ![Code::W0705, Code::W0205].contains(&d.code)));
    }
    (found, sources)
}

fn shown(diagnostics: &[Diagnostic], sources: &Sources) -> String {
    diagnostics.iter().map(|d| render::pretty(d, sources, Language::English, false)).collect()
}

fn look_at(block: &Block) -> (Vec<Diagnostic>, Sources) {
    if block.is("yaml") { configured(block) } else { compiled(block) }
}

#[test]
fn the_prelude_alone_is_clean() {
    let (diagnostics, sources) = compiled(&Block { words: Vec::new(), text: String::new(), line: 0 });
    assert!(diagnostics.is_empty(), "{}", shown(&diagnostics, &sources));
}

#[test]
fn every_page_shows_its_mistake_and_its_remedy() {
    for code in Code::ALL {
        let name = code.name();
        let page = code.page();
        assert!(page.starts_with(&format!("# {name}: {}\n", code.title())), "{name}: the title is not the code's");
        assert!(page.contains("\n## 日本語\n"), "{name}: no Japanese section");
        let blocks = blocks(page);
        let failing: Vec<&Block> = blocks.iter().filter(|b| b.is("fails")).collect();
        let clean: Vec<&Block> = blocks.iter().filter(|b| b.is("ok")).collect();
        // What cannot be read cannot stand on a page.
        if *code != Code::E0100 {
            assert!(!failing.is_empty() && !clean.is_empty(), "{name}: needs a failing and a corrected example");
        }
        for block in failing {
            let (found, sources) = look_at(block);
            let text = shown(&found, &sources);
            assert!(found.iter().any(|d| d.code == *code), "{name}, line {}: not found\n{text}", block.line);
            let other = found.iter().any(|d| d.code != *code);
            assert!(!other, "{name}, line {}: more than this code\n{text}", block.line);
        }
        for block in clean {
            let (found, sources) = look_at(block);
            assert!(found.is_empty(), "{name}, line {}:\n{}", block.line, shown(&found, &sources));
        }
    }
}

#[test]
fn no_page_is_left_without_its_code() {
    for entry in fs::read_dir(root().join("docs/errors")).unwrap() {
        let path = entry.unwrap().path();
        let stem = path.file_stem().unwrap().to_string_lossy().into_owned();
        assert!(stem.parse::<Code>().is_ok(), "{} has no code", path.display());
    }
}

/// The reference of the language: its blocks make one project, which `tests/language.rs` compiles.
const ONE_PROJECT: &str = "language.md";

/// Blocks marked `tabi` in other documents: compiled with the prelude, clean unless marked `fails`; `part` is only read.
#[test]
fn examples_in_other_documents_mean_something() {
    let mut pages = vec![root().join("README.md")];
    for folder in ["docs", "docs/channels"] {
        pages.extend(fs::read_dir(root().join(folder)).unwrap().map(|entry| entry.unwrap().path()));
    }
    pages.retain(|path| path.extension().is_some_and(|e| e == "md") && !path.ends_with(ONE_PROJECT));
    pages.sort();
    for path in pages {
        for block in blocks(&fs::read_to_string(&path).unwrap()).iter().filter(|b| b.is("tabi") && !b.is("part")) {
            let (found, sources) = look_at(block);
            let errors = found.iter().any(Diagnostic::is_error);
            let place = format!("{}:{}", path.display(), block.line);
            assert_eq!(errors, block.is("fails"), "{place}:\n{}", shown(&found, &sources));
        }
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_path_buf()
}
