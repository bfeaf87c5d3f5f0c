//! The language suite: small sections of Tabi with the diagnostics they must bring written on their lines.
//!
//! Does not run anything; what a program does is the timelines' matter.
//!
//! A file in `tests/language` holds sections that begin with `### name`. A comment `#! E0401 words` on a line expects
//! that code on that line, with those words in its headline; several stand side by side. Each diagnostic must be
//! expected and each expectation met. `### steps: name` wraps the section in a journey, `### when: name` in the
//! condition of an `if` there, `### alone: name` does without the common world of `tests/language/world.tabi`.

#![allow(clippy::disallowed_methods, reason = "a test reads its files")]

use std::collections::BTreeMap;
use std::path::Path;

use tabi::compile::{Compiled, Level, Settings, compile};
use tabi::diag::{Code, Severity};
use tabi::text::{Source, Sources};
use tabi::value::Zone;

struct Section<'a> {
    name: &'a str,
    first_line: usize,
    body: String,
}

fn sections(text: &str) -> Vec<Section<'_>> {
    let mut sections: Vec<Section<'_>> = Vec::new();
    for (i, line) in text.lines().enumerate() {
        match line.strip_prefix("### ") {
            Some(name) => sections.push(Section { name, first_line: i + 2, body: String::new() }),
            None => {
                if let Some(section) = sections.last_mut() {
                    section.body.push_str(line);
                    section.body.push('\n');
                }
            }
        }
    }
    sections
}

/// The journey around bare steps, on the section's first line so that line numbers stay.
const JOURNEY: &str = "journey sample { purpose convert
 owner \"@crm\"
 under policy standard
 goal purchase within 3d
 review every 3mo by \"@lead\"
 reentry never
 start when cart_updated as cart
 ";

/// The text to compile, and how many lines stand before the section's own.
fn wrapped(section: &Section<'_>) -> (String, usize) {
    let before = JOURNEY.lines().count() - 1;
    if section.name.starts_with("steps:") {
        return (format!("{JOURNEY}{}}}\n", section.body), before);
    }
    if section.name.starts_with("when:") {
        let (condition, comment) = section.body.split_once("#!").unwrap_or((&section.body, ""));
        return (format!("{JOURNEY} if {} {{ stop }} #!{}\n}}\n", condition.trim(), comment.trim_end()), before);
    }
    (section.body.clone(), 0)
}

/// Journeys of a chapter promise nothing unless that is what it is about.
fn unpromising() -> BTreeMap<Code, Level> {
    [(Code::W0205, Level::Allow)].into()
}

fn compiled(text: &str, world: Option<&str>) -> (Sources, Compiled) {
    let mut sources = Sources::default();
    if let Some(world) = world {
        sources.add(Source::new("world.tabi", world));
    }
    sources.add(Source::new("section.tabi", text));
    let zone = Zone::from_name("Asia/Tokyo").unwrap();
    let compiled = compile(&sources, &Settings { zone, levels: unpromising(), ..Settings::default() });
    (sources, compiled)
}

/// `(line, code, words)` of every expectation in a text.
fn expected(text: &str) -> Vec<(usize, String, String)> {
    let mut all = Vec::new();
    for (i, line) in text.lines().enumerate() {
        for wanted in line.split("#! ").skip(1).filter(|wanted| !wanted.trim().is_empty()) {
            let (code, words) = wanted.trim().split_once(' ').unwrap_or((wanted.trim(), ""));
            all.push((i + 1, code.to_owned(), words.trim().to_owned()));
        }
    }
    all
}

/// Whether a file is about a code: what is only found in programs that have a meaning stands in `lints.tabi`, and in no
/// other file does it matter; nor there what belongs to promises, laws and habits.
fn is_about(file: &str, code: &str) -> bool {
    let lint = ["E02", "W02", "W04", "E05", "W05", "E06", "E07", "W07", "E08", "E09", "E03", "W03", "E0431"]
        .iter()
        .any(|range| code.starts_with(range));
    let checked = ["E0203", "W0203", "E0204", "E0301"].contains(&code);
    let elsewhere = ["E0205", "W0205", "E0301", "E0431"].contains(&code)
        || ["E03", "W03", "E09"].iter().any(|range| code.starts_with(range));
    match file {
        "lints.tabi" => !elsewhere,
        _ => !lint || checked,
    }
}

/// What is wrong with a section; empty when all is as written.
fn judge(file: &str, section: &Section<'_>, world: &str) -> Vec<String> {
    let (text, before) = wrapped(section);
    let world = (!section.name.starts_with("alone:")).then_some(world);
    let (sources, compiled) = compiled(&text, world);
    let mut wanted = expected(&text);
    let mut wrong = Vec::new();
    for diagnostic in &compiled.diagnostics {
        let source = sources.get(diagnostic.primary.span.source);
        let unused = diagnostic.code == Code::W0705 && source.path == "world.tabi";
        let code = diagnostic.code.name();
        if unused || !is_about(file, code) && !wanted.iter().any(|(_, wanted, _)| wanted == code) {
            continue;
        }
        let line = source.line_column(diagnostic.primary.span.start).0;
        let headline = &diagnostic.headline.en;
        let met = wanted.iter().position(|(at, code, words)| {
            source.path == "section.tabi" && *at == line && code == diagnostic.code.name() && headline.contains(words)
        });
        match met {
            Some(met) => {
                wanted.remove(met);
            }
            None => {
                let line = (line + section.first_line).saturating_sub(before + 1);
                wrong.push(format!("line {line}: not expected: {} {headline}", diagnostic.code.name()));
            }
        }
        if headline.is_empty() || headline.ends_with('.') || diagnostic.headline.ja.is_empty() {
            wrong.push(format!("badly worded: {headline:?}"));
        }
    }
    for (line, code, words) in &wanted {
        let line = (line + section.first_line).saturating_sub(before + 1);
        wrong.push(format!("line {line}: did not come: {code} {words}"));
    }
    let mut errors = compiled.diagnostics.iter().filter(|d| d.severity == Severity::Error);
    let meaningless = errors.clone().any(|d| !d.code.is_livable());
    if compiled.program.is_some() && meaningless || compiled.program.is_none() && errors.next().is_none() {
        wrong.push("a program comes exactly when everything has a meaning".to_owned());
    }
    wrong
}

fn folder() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/language"))
}

#[test]
fn every_section_says_what_is_written_on_its_lines() {
    let world = std::fs::read_to_string(folder().join("world.tabi")).unwrap();
    let mut files: Vec<_> = std::fs::read_dir(folder()).unwrap().map(|f| f.unwrap().path()).collect();
    files.sort();
    let mut report = String::new();
    let mut count = 0;
    for path in files.iter().filter(|p| !p.ends_with("world.tabi")) {
        let text = std::fs::read_to_string(path).unwrap();
        for section in sections(&text) {
            count += 1;
            let file = path.file_name().unwrap_or_default().to_string_lossy();
            for wrong in judge(&file, &section, &world) {
                report.push_str(&format!("{file}, {}\n    {wrong}\n", section.name));
            }
        }
    }
    assert!(report.is_empty(), "\n{report}");
    assert!(count > 150, "only {count} sections were found");
}

/// Every edit a diagnostic carries, made alone, does away with that diagnostic.
#[test]
fn every_fix_removes_its_diagnostic() {
    use tabi::diag::{Diagnostic, repair};

    let world = std::fs::read_to_string(folder().join("world.tabi")).unwrap();
    let mut files: Vec<_> = std::fs::read_dir(folder()).unwrap().map(|f| f.unwrap().path()).collect();
    files.sort();
    let settings = Settings { zone: Zone::from_name("Asia/Tokyo").unwrap(), ..Settings::default() };
    let (mut report, mut count) = (String::new(), 0);
    for path in files.iter().filter(|p| !p.ends_with("world.tabi")) {
        let text = std::fs::read_to_string(path).unwrap();
        for section in sections(&text) {
            let world = (!section.name.starts_with("alone:")).then_some(world.as_str());
            let (sources, found) = compiled(&wrapped(&section).0, world);
            let found = found.diagnostics;
            for diagnostic in found.iter().filter(|d| !d.fix.is_empty()) {
                count += 1;
                let same =
                    |other: &&Diagnostic| (other.code, &other.headline) == (diagnostic.code, &diagnostic.headline);
                let after = compile(&repair::applied(&sources, &[diagnostic]), &settings).diagnostics;
                if after.iter().filter(same).count() >= found.iter().filter(same).count() {
                    let (code, headline) = (diagnostic.code.name(), &diagnostic.headline.en);
                    report.push_str(&format!("{}, {}: {code} {headline}\n", path.display(), section.name));
                }
            }
            // All of them together, as `tabi fix` does: never more errors than before.
            let repaired = repair::repair(sources, |_| true, |sources| compile(sources, &settings).diagnostics);
            let errors = |list: &[Diagnostic]| list.iter().filter(|d| d.is_error()).count();
            assert!(errors(&repaired.diagnostics) <= errors(&found), "{}", section.name);
        }
    }
    assert!(report.is_empty(), "edits that leave what they are for:\n{report}");
    assert!(count > 30, "only {count} edits were found");
}

#[test]
fn every_code_of_the_checker_has_a_failing_section() {
    let mut codes = std::collections::BTreeSet::new();
    for entry in std::fs::read_dir(folder()).unwrap() {
        let text = std::fs::read_to_string(entry.unwrap().path()).unwrap();
        codes.extend(expected(&text).into_iter().map(|(_, code, _)| code));
    }
    let checker = [
        "E0104", "E0106", "E0204", "E0301", "E0401", "E0402", "E0403", "E0404", "E0411", "E0412", "E0413", "E0421",
        "E0422", "E0201", "E0202", "E0203", "W0203", "W0204", "W0423", "E0501", "E0502", "E0503", "E0504", "W0506",
        "E0601", "E0602", "E0701", "E0702", "W0704", "W0705", "E0801",
    ];
    for code in checker {
        assert!(codes.contains(code), "no section fails with {code}");
    }
}

mod meaning {
    //! What the content hash sees and what it does not.

    use super::*;

    const PROJECT: &str = include_str!("language/world.tabi");

    fn hash_of(texts: &[&str]) -> [u8; 32] {
        let mut sources = Sources::default();
        for (i, text) in texts.iter().enumerate() {
            sources.add(Source::new(format!("{i}.tabi"), *text));
        }
        let zone = Zone::from_name("Asia/Tokyo").unwrap();
        let compiled = compile(&sources, &Settings { zone, levels: unpromising(), ..Settings::default() });
        let found: Vec<_> = compiled.diagnostics.iter().map(|d| &d.headline.en).collect();
        compiled.program.unwrap_or_else(|| panic!("{found:?}")).content_hash()
    }

    const JOURNEYS: &str = r#"
journey first "一" { purpose convert
  owner "@crm"
  under policy standard
  goal purchase(cart_id == cart.cart_id) within 3d target 12%
  review every 3mo by "@lead"
  reentry after 7d
  start when cart_updated(total >= 3000 JPY) as cart settled for 1h
  exit when purchase
  send line cart_nudge with { items: cart.items } as nudge
  wait up to 24h for nudge.clicked { stop because "back" } otherwise { tag "cold" }
}
journey second { purpose retain
  owner "@crm"
  under policy standard
  goal purchase within 7d
  review every 3mo by "@lead"
  reentry never
  start when profile enters lapsed
  split halves { 50% a { tag "a" } 50% b { tag "b" } }
}
"#;

    #[test]
    fn layout_comments_and_the_order_of_declarations_are_not_meaning() {
        let plain = hash_of(&[PROJECT, JOURNEYS]);
        let (first, second) = JOURNEYS.split_at(JOURNEYS.find("journey second").unwrap());
        assert_eq!(plain, hash_of(&[second, first, PROJECT]), "order of files and declarations");
        assert_eq!(plain, hash_of(&[&format!("{PROJECT}{JOURNEYS}")]), "number of files");
        let commented = JOURNEYS.replace("\n  exit", "\n\n\n  # a comment\n      exit");
        assert_eq!(plain, hash_of(&[PROJECT, &commented]), "comments and blank lines");
        let spaced = JOURNEYS.replace("reentry after 7d", "reentry    after  1w").replace("3000 JPY", "3_000 JPY");
        assert_eq!(plain, hash_of(&[PROJECT, &spaced]), "notation of literals");
        let reordered =
            JOURNEYS.replace("  owner \"@crm\"\n  under policy standard", "  under policy standard\n  owner \"@crm\"");
        assert_eq!(plain, hash_of(&[PROJECT, &reordered]), "order of header lines");
        let test = "test first \"t\" {\n clock 2026-04-01 20:30\n +1h expect entered\n}\n";
        assert_eq!(plain, hash_of(&[PROJECT, JOURNEYS, test]), "tests");
    }

    #[test]
    fn every_meaningful_edit_is_another_program() {
        let plain = hash_of(&[PROJECT, JOURNEYS]);
        let edits = [
            ("purpose convert", "purpose repeat"),
            ("owner \"@crm\"", "owner \"@other\""),
            ("within 3d", "within 4d"),
            ("12%", "13%"),
            ("(cart_id == cart.cart_id) within", "(total == cart.total) within"),
            ("every 3mo", "every 6mo"),
            ("reentry after 7d", "reentry always"),
            ("3000 JPY", "3001 JPY"),
            (">=", ">"),
            ("settled for 1h", "settled for 2h"),
            ("exit when purchase", "exit when delivered"),
            ("items: cart.items", "items: cart.items(item_id == \"x\")"),
            ("up to 24h", "up to 1d"),
            ("nudge.clicked", "nudge.sent"),
            ("because \"back\"", "because \"home\""),
            ("tag \"cold\"", "untag \"cold\""),
            ("enters lapsed", "leaves lapsed"),
            ("50% a { tag \"a\" } 50% b { tag \"b\" }", "60% a { tag \"a\" } 40% b { tag \"b\" }"),
            ("50% a { tag \"a\" } 50% b { tag \"b\" }", "50% b { tag \"a\" } 50% a { tag \"b\" }"),
            ("split halves", "split halves per run"),
            ("\"一\"", "\"二\""),
            ("journey second", "journey third"),
            ("as nudge\n  wait up to 24h for nudge.clicked", "as other\n  wait up to 24h for other.clicked"),
        ];
        let mut seen = std::collections::BTreeSet::from([plain]);
        for (from, to) in edits {
            assert!(JOURNEYS.contains(from), "{from}");
            let edited = JOURNEYS.replacen(from, to, 1);
            assert!(seen.insert(hash_of(&[PROJECT, &edited])), "no other program after {from} → {to}");
        }
        for (from, to) in [
            ("cap 3 messages per 7d", "cap 4 messages per 7d"),
            ("then hold", "then drop"),
            ("last 180d", "last 181d"),
            ("bronze, silver", "silver, bronze"),
            ("line_user:  line_id? pii", "line_user:  line_id?"),
        ] {
            assert!(PROJECT.contains(from), "{from}");
            let edited = PROJECT.replacen(from, to, 1);
            assert!(seen.insert(hash_of(&[&edited, JOURNEYS])), "no other program after {from} → {to}");
        }
    }
}

#[test]
fn a_chain_of_segments_has_a_limit() {
    let chain = |length: usize| {
        let links = (1..length).map(|i| format!("segment s{i} = profile in s{}\n", i - 1));
        std::iter::once("profile { vip: bool }\nsegment s0 = profile.vip\n".to_owned()).chain(links).collect::<String>()
    };
    assert!(compiled(&chain(64), None).1.program.is_some());
    let found = compiled(&chain(70), None).1.diagnostics;
    assert_eq!(found.iter().map(|d| d.code.name()).collect::<Vec<_>>(), ["E0107"]);
}

#[test]
fn a_project_may_live_with_what_only_judges() {
    let world = std::fs::read_to_string(folder().join("world.tabi")).unwrap();
    let journey =
        "journey j { under policy standard\n reentry never\n promise ends within 1d\n start when purchase\n}\n";
    let program = |levels: &[(Code, Level)]| {
        let mut sources = Sources::default();
        sources.add(Source::new("world.tabi", world.as_str()));
        sources.add(Source::new("journey.tabi", journey));
        let mut compiled =
            compile(&sources, &Settings { levels: levels.iter().copied().collect(), ..Settings::default() });
        // One journey does not use all of the world.
        compiled.diagnostics.retain(|d| d.code == Code::E0301);
        (compiled.program.is_some(), compiled.diagnostics.iter().map(|d| d.severity).collect::<Vec<_>>())
    };
    assert_eq!(program(&[]), (true, vec![Severity::Error]));
    assert_eq!(program(&[(Code::E0301, Level::Warn)]), (true, vec![Severity::Warning]));
    assert_eq!(program(&[(Code::E0301, Level::Allow)]), (true, vec![]));
}
