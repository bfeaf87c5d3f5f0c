//! Real files cut, doubled, spliced and sprinkled with odd characters: the front of the language survives anything.
//!
//! Does not say which diagnostics come; `src/syntax/tests.rs` does. More cases with `PROPTEST_CASES=10000`.

#![allow(clippy::disallowed_methods)] // a test reads files

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use proptest::prelude::*;
use tabi::fmt::{FormatRefusal, format};
use tabi::syntax::{DIAGNOSTICS_MAX, parse, parse_without_places};
use tabi::text::{Source, SourceId};

/// Every `.tabi` file of the project.
fn corpus() -> &'static [String] {
    static CORPUS: OnceLock<Vec<String>> = OnceLock::new();
    CORPUS.get_or_init(|| {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut files = Vec::new();
        for folder in ["campaigns", "examples", "tests/corpus"] {
            collect(&root.join(folder), &mut files);
        }
        files.sort();
        assert!(!files.is_empty(), "no .tabi files found");
        files.iter().map(|f| std::fs::read_to_string(f).expect("a file of the project is readable")).collect()
    })
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for path in entries.flatten().map(|e| e.path()) {
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|e| e == "tabi") {
            files.push(path);
        }
    }
}

/// One thing done to a text. Places are shares of its length, so that they fit any text.
#[derive(Debug, Clone)]
enum Mangle {
    Cut { from: u16, len: u16 },
    Double { from: u16, len: u16 },
    Move { from: u16, len: u16, to: u16 },
    Insert { at: u16, what: String },
    Splice { other: prop::sample::Index, from: u16, len: u16, at: u16 },
    Truncate { at: u16 },
}

fn at(text: &str, share: u16) -> usize {
    text.floor_char_boundary(text.len() * usize::from(share) / usize::from(u16::MAX))
}

fn stretch(text: &str, from: u16, len: u16) -> std::ops::Range<usize> {
    let start = at(text, from);
    start..text.ceil_char_boundary((start + usize::from(len) % 200).min(text.len()))
}

impl Mangle {
    fn apply(&self, text: &mut String) {
        match self {
            Mangle::Cut { from, len } => text.replace_range(stretch(text, *from, *len), ""),
            Mangle::Double { from, len } => {
                let range = stretch(text, *from, *len);
                let copy = text[range.clone()].to_string();
                text.insert_str(range.end, &copy);
            }
            Mangle::Move { from, len, to } => {
                let range = stretch(text, *from, *len);
                let part = text[range.clone()].to_string();
                text.replace_range(range, "");
                text.insert_str(at(text, *to), &part);
            }
            Mangle::Insert { at: share, what } => text.insert_str(at(text, *share), what),
            Mangle::Splice { other, from, len, at: share } => {
                let other = other.get(corpus());
                text.insert_str(at(text, *share), &other[stretch(other, *from, *len)]);
            }
            Mangle::Truncate { at: share } => text.truncate(at(text, *share)),
        }
    }
}

fn odd_text() -> impl Strategy<Value = String> {
    const ODD: &[&str] = &[
        "{",
        "}",
        "(",
        ")",
        "[",
        "]",
        "\"",
        "\\",
        "#",
        "\n",
        "\r",
        "\r\n",
        "\0",
        "\u{feff}",
        "\u{200b}",
        "\t",
        "　",
        "：",
        "｛",
        "｝",
        "（",
        "）",
        "“",
        "”",
        "「",
        "」",
        "＃",
        "＂",
        "～",
        "３",
        "ａ",
        "'",
        "👩‍👩‍👧",
        "e\u{301}",
        "\u{202e}",
        "or else",
        "otherwise",
        "else if",
        "not ",
        "in last 3d",
        " 3 d",
        "=",
        "==",
        ":",
        ",",
        "..",
        "- ",
        "+",
        "9999999999999999999d",
        "journey x {",
        "segment y = ",
        "if a ",
        "wait up to ",
        "split s { 50% a: ",
        "¥",
        "$5",
        "12:34:56",
        "2026-13-40",
        "99:99",
        "\\u{110000}",
    ];
    prop_oneof![4 => prop::sample::select(ODD).prop_map(str::to_string), 1 => "\\PC{1,6}", 1 => any::<char>().prop_map(String::from)]
}

fn mangle() -> impl Strategy<Value = Mangle> {
    prop_oneof![
        1 => (any::<u16>(), any::<u16>()).prop_map(|(from, len)| Mangle::Cut { from, len }),
        1 => (any::<u16>(), any::<u16>()).prop_map(|(from, len)| Mangle::Double { from, len }),
        1 => (any::<u16>(), any::<u16>(), any::<u16>()).prop_map(|(from, len, to)| Mangle::Move { from, len, to }),
        3 => (any::<u16>(), odd_text()).prop_map(|(at, what)| Mangle::Insert { at, what }),
        1 => (any::<prop::sample::Index>(), any::<u16>(), any::<u16>(), any::<u16>())
            .prop_map(|(other, from, len, at)| Mangle::Splice { other, from, len, at }),
        1 => any::<u16>().prop_map(|at| Mangle::Truncate { at }),
    ]
}

fn mangled() -> impl Strategy<Value = String> {
    (any::<prop::sample::Index>(), prop::collection::vec(mangle(), 0..6)).prop_map(|(file, mangles)| {
        let mut text = file.get(corpus()).clone();
        for mangle in mangles {
            mangle.apply(&mut text);
        }
        text
    })
}

/// What must hold of any text at all.
fn survives(text: &str) {
    let (_, found) = parse(SourceId(0), text);
    assert!(found.len() <= DIAGNOSTICS_MAX);
    for diagnostic in &found {
        let spans = std::iter::once(diagnostic.primary.span)
            .chain(diagnostic.others.iter().map(|o| o.span))
            .chain(diagnostic.fix.iter().map(|f| f.span));
        for span in spans {
            assert!(
                text.get(span.range()).is_some(),
                "{span:?} is no place in a text of {} bytes: {diagnostic:?}",
                text.len()
            );
        }
    }
    match format(&Source::new("mangled.tabi", text)) {
        Ok(laid_out) => {
            assert!(found.is_empty(), "formatted in spite of mistakes");
            let (old, new) = (parse_without_places(text), parse_without_places(&laid_out));
            assert_eq!(old.0.items, new.0.items, "formatting changed the meaning");
            assert_eq!(format(&Source::new("again.tabi", &*laid_out)), Ok(laid_out.clone()), "not its own layout");
        }
        Err(FormatRefusal::Mistakes(mistakes)) => assert_eq!(mistakes.len(), found.len()),
        Err(FormatRefusal::WouldChange(why)) => {
            panic!("the formatter refused its own work: {}\n{text}", why.headline.en)
        }
    }
}

fn cases() -> ProptestConfig {
    let from_environment = std::env::var("PROPTEST_CASES").ok().and_then(|c| c.parse().ok());
    ProptestConfig { cases: from_environment.unwrap_or(200), failure_persistence: None, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn mangled_files_are_survived(text in mangled()) {
        survives(&text);
    }

    #[test]
    fn odd_texts_are_survived(parts in prop::collection::vec(odd_text(), 0..40)) {
        survives(&parts.concat());
    }
}

#[test]
fn every_real_file_reads_clean_and_lays_out() {
    for text in corpus() {
        let (_, found) = parse(SourceId(0), text);
        assert!(found.is_empty(), "{found:#?}\n{text}");
        survives(text);
    }
}

/// Depth and length that would break a naive reader.
#[test]
fn nothing_is_too_deep_or_too_long() {
    for text in [
        format!("segment s = {}", "(".repeat(50_000)),
        format!("segment s = {}a{}", "(".repeat(50_000), ")".repeat(50_000)),
        format!("segment s = {}a{}", "x(".repeat(50_000), ")".repeat(50_000)),
        format!("segment s = {}a{}", "[".repeat(50_000), "]".repeat(50_000)),
        format!("journey j {{{}{}", "if a {\n".repeat(50_000), "}\n".repeat(50_000)),
        format!("journey j {{{}", "{".repeat(50_000)),
        format!("journey j {{\n{}", "}\n".repeat(50_000)),
        format!("journey j {{ send a b {} }}", "otherwise send a b ".repeat(20_000)),
        format!("segment s = {}a", "not ".repeat(50_000)),
        format!("segment s = {}a", "- ".repeat(50_000)),
        format!("segment s = a{}", ".a".repeat(50_000)),
        format!("segment s = a{}", " and a".repeat(50_000)),
        format!("segment s = a{}", " * not a".repeat(20_000)),
        format!("segment s = {}a", "days since ".repeat(50_000)),
        format!("segment s = {}a", "count of ".repeat(50_000)),
        format!("record r {{ a: {}text }}", "list of ".repeat(20_000)),
        format!("journey j {{ let x = {} }}", "{ a: ".repeat(5_000)),
        format!("journey j {{ if a {{ stop }}{} }}", " else if a { stop }".repeat(10_000)),
        format!("segment s = \"{}", "\\".repeat(50_001)),
        format!("# {}", "語".repeat(50_000)),
        "{\"\n".repeat(20_000),
        "：".repeat(20_000),
        "sned x {\n".repeat(20_000),
    ] {
        let (file, found) = parse(SourceId(0), &text);
        assert!(file.items.len() <= text.len());
        assert!(found.iter().all(|d| text.get(d.primary.span.range()).is_some()));
    }
}
