//! The whole front wing over mangled projects: whatever comes in, it says something and never falls over.
//!
//! Does not judge what it says, only that places are real and that a program, if one comes, holds together.

#![allow(clippy::disallowed_methods, reason = "a test reads its files")]

use std::path::{Path, PathBuf};

use proptest::prelude::*;
use tabi::compile::{Settings, compile};
use tabi::ir::{Op, Program};
use tabi::text::{Source, Sources};

fn texts() -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    for folder in ["tests/language", "tests/corpus", "examples", "campaigns"] {
        find(&root.join(folder), &mut files);
    }
    files.sort();
    files.iter().map(|file| std::fs::read_to_string(file).unwrap()).collect()
}

/// The files of one project that has no mistakes: spoilt a little, it often still has a meaning, and lints get to see it.
fn campaigns() -> Vec<String> {
    let mut files = Vec::new();
    find(&Path::new(env!("CARGO_MANIFEST_DIR")).join("campaigns"), &mut files);
    files.sort();
    files.iter().map(|file| std::fs::read_to_string(file).unwrap()).collect()
}

fn find(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            find(&path, files);
        } else if path.extension().is_some_and(|e| e == "tabi") {
            files.push(path);
        }
    }
}

/// One way to spoil a text; numbers are taken modulo what there is.
#[derive(Debug, Clone)]
enum Spoil {
    CutLine(usize),
    DoubleLine(usize),
    MoveLine(usize, usize),
    Splice(usize, usize),
    SwapWords(usize, usize),
    DropWord(usize),
    Put(usize, String),
    CutTail(usize),
}

fn spoil() -> impl Strategy<Value = Spoil> {
    let n = any::<usize>;
    prop_oneof![
        n().prop_map(Spoil::CutLine),
        n().prop_map(Spoil::DoubleLine),
        (n(), n()).prop_map(|(a, b)| Spoil::MoveLine(a, b)),
        (n(), n()).prop_map(|(a, b)| Spoil::Splice(a, b)),
        (n(), n()).prop_map(|(a, b)| Spoil::SwapWords(a, b)),
        (n(), n()).prop_map(|(a, b)| Spoil::SwapWords(a, b)),
        n().prop_map(Spoil::DropWord),
        (n(), "[ a-z{}()\"#:,?.0-9%\u{3000}会👩‍👧é]{1,6}").prop_map(|(at, text)| Spoil::Put(at, text)),
        n().prop_map(Spoil::CutTail),
    ]
}

/// Whole lines and words: what is left is mostly still in the language.
fn line_spoil() -> impl Strategy<Value = Spoil> {
    let n = any::<usize>;
    prop_oneof![
        3 => n().prop_map(Spoil::CutLine),
        2 => n().prop_map(Spoil::DoubleLine),
        2 => (n(), n()).prop_map(|(a, b)| Spoil::MoveLine(a, b)),
        2 => (n(), n()).prop_map(|(a, b)| Spoil::SwapWords(a, b)),
    ]
}

fn words(text: &str) -> Vec<std::ops::Range<usize>> {
    let mut words = Vec::new();
    let mut begin = None;
    for (i, c) in text.char_indices().chain([(text.len(), ' ')]) {
        match (c.is_alphanumeric() || c == '_', begin) {
            (true, None) => begin = Some(i),
            (false, Some(b)) => {
                words.push(b..i);
                begin = None;
            }
            (true, Some(_)) | (false, None) => {}
        }
    }
    words
}

fn spoiled(text: &str, other: &str, spoil: &Spoil) -> String {
    let mut lines: Vec<&str> = text.lines().collect();
    let line = |n: usize| n % lines.len().max(1);
    let boundary = |n: usize| text.floor_char_boundary(n % (text.len() + 1));
    match spoil {
        _ if lines.is_empty() => text.to_owned(),
        Spoil::CutLine(n) => {
            lines.remove(line(*n));
            lines.join("\n")
        }
        Spoil::DoubleLine(n) => {
            let at = line(*n);
            lines.insert(at, lines[at]);
            lines.join("\n")
        }
        Spoil::MoveLine(from, to) => {
            let (from, to) = (line(*from), line(*to));
            let moved = lines.remove(from);
            lines.insert(to.min(lines.len()), moved);
            lines.join("\n")
        }
        Spoil::Splice(at, from) => {
            let others: Vec<&str> = other.lines().collect();
            let begin = from % others.len().max(1);
            let taken = others.iter().skip(begin).take(5).copied();
            let at = line(*at);
            lines.splice(at..at, taken);
            lines.join("\n")
        }
        Spoil::SwapWords(a, b) => {
            let words = words(text);
            if words.is_empty() {
                return text.to_owned();
            }
            let (to, from) = (words[a % words.len()].clone(), words[b % words.len()].clone());
            format!("{}{}{}", &text[..to.start], &text[from], &text[to.end..])
        }
        Spoil::DropWord(n) => {
            let words = words(text);
            let Some(word) = words.get(n % words.len().max(1)).cloned() else { return text.to_owned() };
            format!("{}{}", &text[..word.start], &text[word.end..])
        }
        Spoil::Put(at, put) => {
            let at = boundary(*at);
            format!("{}{put}{}", &text[..at], &text[at..])
        }
        Spoil::CutTail(at) => text[..boundary(*at)].to_owned(),
    }
}

/// Every target and every id of the program is one that exists.
fn holds_together(program: &Program) {
    for journey in &program.journeys {
        assert!(journey.policy.index() < program.policies.len());
        assert!(matches!(journey.code.last().map(|i| &i.op), Some(Op::End | Op::Stop { .. })));
        for instruction in &journey.code {
            assert!(instruction.step.index() < journey.steps.len());
            let mut targets = Vec::new();
            match &instruction.op {
                Op::Await { arms, otherwise, .. } => {
                    targets.extend(arms.iter().map(|a| a.target));
                    targets.push(*otherwise);
                }
                Op::Send { message, params, handle, otherwise, .. } => {
                    assert_eq!(params.len(), program.message(*message).params.len());
                    assert!(handle.index() < journey.handles.len());
                    targets.extend(otherwise);
                }
                Op::Do { action, params, otherwise, .. } => {
                    assert_eq!(params.len(), program.actions[action.index()].takes.len());
                    targets.extend(otherwise);
                }
                Op::Branch { cases, otherwise } => {
                    targets.extend(cases.iter().map(|c| c.1));
                    targets.push(*otherwise);
                }
                Op::Draw { split, slot } => {
                    assert!(split.index() < program.splits.len() && slot.index() < journey.slots.len());
                }
                Op::Switch { targets: to, .. } => targets.extend(to),
                Op::Repeat { exit, .. } => targets.push(*exit),
                Op::Jump(to) => targets.push(*to),
                Op::Wait { .. }
                | Op::Tag(_)
                | Op::Untag(_)
                | Op::Set { .. }
                | Op::Let { .. }
                | Op::Stop { .. }
                | Op::End => {}
            }
            assert!(targets.iter().all(|to| (*to as usize) < journey.code.len()), "{:?}", instruction.op);
        }
    }
    assert_eq!(program.history.len(), program.events.len());
    assert!(program.splits.iter().all(|s| s.arms.iter().map(|a| a.share).sum::<u32>() == tabi::ir::Split::WHOLE));
    program.content_hash();
}

fn survives(texts: &[String]) {
    let mut sources = Sources::default();
    for (i, text) in texts.iter().enumerate() {
        sources.add(Source::new(format!("{i}.tabi"), text.as_str()));
    }
    let compiled = compile(&sources, &Settings::default());
    for diagnostic in &compiled.diagnostics {
        for label in std::iter::once(&diagnostic.primary).chain(&diagnostic.others) {
            let text = &sources.get(label.span.source).text;
            assert!(text.get(label.span.range()).is_some(), "{diagnostic:?}");
        }
        for fix in &diagnostic.fix {
            assert!(sources.get(fix.span.source).text.get(fix.span.range()).is_some(), "{diagnostic:?}");
        }
    }
    match &compiled.program {
        Some(program) => holds_together(program),
        None => assert!(compiled.diagnostics.iter().any(|d| d.is_error()), "no program and no reason"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn mangled_projects(
        which in any::<(usize, usize)>(),
        spoils in proptest::collection::vec(spoil(), 1..6),
        with_world in proptest::bool::weighted(0.7),
    ) {
        let all = texts();
        let (own, other) = (&all[which.0 % all.len()], &all[which.1 % all.len()]);
        let text = spoils.iter().fold(own.clone(), |text, spoil| spoiled(&text, other, spoil));
        let mut project = vec![text];
        if with_world {
            project.push(include_str!("language/world.tabi").to_owned());
        }
        survives(&project);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn mangled_campaigns(
        which in any::<usize>(),
        spoils in proptest::collection::vec(line_spoil(), 1..4),
    ) {
        let mut project = campaigns();
        let which = which % project.len();
        project[which] = spoils.iter().fold(project[which].clone(), |text, spoil| spoiled(&text, &text, spoil));
        survives(&project);
    }
}

#[test]
fn long_chains_and_deep_nests() {
    let world = include_str!("language/world.tabi").to_owned();
    let journey = |steps: &str| {
        format!(
            "journey j {{ purpose convert\n owner \"o\"\n under policy standard\n goal purchase within 3d\n \
             review every 3mo by \"l\"\n reentry never\n start when purchase\n {steps}\n}}\n"
        )
    };
    let ands = vec!["profile.vip"; 5_000].join(" and ");
    let sums = vec!["1"; 5_000].join(" + ");
    let sends = vec!["send line hello"; 500].join(" otherwise ");
    let ifs = format!("{}stop{}", "if profile.vip {\n".repeat(500), "\n}".repeat(500));
    let elses = vec!["if profile.vip { wait 1d }"; 500].join(" else ");
    let parens = format!("if {}profile.vip{} {{ stop }}", "(".repeat(2_000), ")".repeat(2_000));
    let nots = format!("if {} profile.vip {{ stop }}", "not ".repeat(2_000));
    let segments: String =
        (0..2_000).map(|i| format!("segment s{i} = profile in s{} or did purchase\n", i + 1)).collect();
    for steps in [format!("if {ands} {{ stop }}"), format!("let x = {sums}"), sends, ifs, elses, parens, nots] {
        survives(&[world.clone(), journey(&steps)]);
    }
    survives(&[
        world.clone(),
        format!("{segments}segment s2000 = profile.vip\n{}", journey("if profile in s0 { stop }")),
    ]);
}
