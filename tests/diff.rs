//! Differences by meaning: one edit, one line; layout, comments and order are nothing.
//!
//! Goes through the library; the command itself is tried in `tests/cli.rs`.

#![allow(clippy::disallowed_methods, reason = "a test reads its files")]

use std::fmt::Write as _;
use std::path::Path;

use proptest::prelude::*;
use tabi::compile::{Settings, compile};
use tabi::diff::{self, difference};
use tabi::fmt;
use tabi::ir::Program;
use tabi::project;
use tabi::text::{Source, Sources};
use tabi::value::{Currency, Zone};
use tabi::words::Language;

const WORLD: &str = include_str!("prelude.tabi");
const SHOP: &str = include_str!("diff/shop.tabi");

fn program(files: &[(&str, &str)]) -> Program {
    let mut sources = Sources::default();
    for (path, text) in files {
        sources.add(Source::new(*path, *text));
    }
    let settings = Settings {
        zone: Zone::from_name("Asia/Tokyo").unwrap(),
        currency: Currency::from_code("JPY").unwrap(),
        ..Settings::default()
    };
    let compiled = compile(&sources, &settings);
    compiled.program.unwrap_or_else(|| panic!("{:#?}", compiled.diagnostics))
}

fn shop(edits: &[(&str, &str)]) -> Program {
    let (mut world, mut shop) = (WORLD.to_string(), SHOP.to_string());
    for (old, new) in edits {
        assert!(world.contains(old) || shop.contains(old), "nothing to replace: {old}");
        (world, shop) = (world.replacen(old, new, 1), shop.replacen(old, new, 1));
    }
    program(&[("world.tabi", &world), ("shop.tabi", &shop)])
}

/// The lines of the changes, without places.
fn lines(old: &Program, new: &Program, language: Language) -> Vec<String> {
    let text = diff::pretty(&difference(old, new), "base", language);
    // What follows from a change for the bounds is told in a test of its own.
    let lines = text.lines().filter(|line| line.starts_with("  ") && !line.starts_with("  ="));
    lines.map(|line| line.split("  (").next().unwrap_or(line).trim().to_string()).collect()
}

#[test]
fn one_edit_is_one_line() {
    let table: &[(&str, &str, &[&str])] = &[
        ("  wait 2h\n", "  wait 3h\n", &["~ `wait_1` wait: 2 hours → 3 hours"]),
        ("  wait 2h\n", "  wait until 19:00\n", &["~ `wait_1` wait: 2 hours → 19:00"]),
        // The other waits are called otherwise now; nothing happens to them.
        ("  wait 2h\n", "", &["- `wait_1` removed: wait 2 hours"]),
        ("  wait 2h\n", "  wait 10m\n  wait 2h\n", &["+ `wait_1` added: wait 10 min"]),
        ("wait up to 24h", "wait up to 12h", &["~ `wait_2` wait up to: 24 hours → 12 hours"]),
        (
            "profile.rank == gold {",
            "profile.rank == silver {",
            &["~ `if_1` condition: profile.rank = gold → profile.rank = silver"],
        ),
        (
            "if profile.rank == gold { tag \"gold\" }\n      else if profile in regulars { tag \"regular\" }",
            "if profile in regulars { tag \"regular\" }\n      else if profile.rank == gold { tag \"gold\" }",
            &["~ `if_1` order of conditions: profile.rank = gold; in regulars → in regulars; profile.rank = gold"],
        ),
        (
            "{ name: \"plain\" } as nudge\n",
            "{ name: \"other\" } as nudge\n",
            &["~ `nudge` with `name`: “plain” → “other”"],
        ),
        (
            "otherwise send email hello with { name: \"plain\" } as nudge",
            "",
            &["- `nudge_2` removed: send email hello (in `nudge`: otherwise)"],
        ),
        (
            "60% yes { tag \"gift\" }\n    40%",
            "70% yes { tag \"gift\" }\n    30%",
            &["~ arm `yes`: 60% → 70%", "~ arm `no`: 40% → 30%"],
        ),
        ("tag \"gift\" }\n", "tag \"present\" }\n", &["~ `tag_3` tag: “gift” → “present”"]),
        ("settled for 1h", "settled for 2h", &["~ settled for: 1 hour → 2 hours"]),
        (
            "total >= 3000 JPY",
            "total > 3000 JPY",
            &["~ start when: cart_updated (total ≥ 3,000 JPY) → cart_updated (total > 3,000 JPY)"],
        ),
        ("within 3d target 12%", "within 4d target 12%", &["~ goal within: 3 days → 4 days"]),
        ("reentry after 7d", "reentry never", &["~ reentry: after 7 days → never"]),
        ("  exit  when purchase\n", "", &["~ exit when removed: purchase"]),
        ("at most 2 messages", "at most 3 messages", &["~ promise: at most 2 messages → at most 3 messages"]),
        (
            "3 messages per 7d",
            "4 messages per 7d",
            &["~ cap: at most 3 messages per 7 days, then drop → at most 4 messages per 7 days, then drop"],
        ),
        ("21:00..08:00", "22:00..08:00", &["~ quiet: 21:00–08:00, then hold → 22:00–08:00, then hold"]),
        (
            "in last 1y >= 3",
            "in last 1y >= 4",
            &["~ condition: (count of purchase in last 1 year) ≥ 3 → (count of purchase in last 1 year) ≥ 4"],
        ),
        ("total: money JPY }", "total: money JPY, coupon: text? }", &["~ field `coupon` added: text?"]),
        // Numbers of fields and variants shift; what is said by name does not.
        ("enum rank { bronze,", "enum rank { iron, bronze,", &["~ variant `iron` added: known"]),
        ("  given_name: text?", "  age: int?\n  given_name: text?", &["~ field `age` added: int?"]),
        ("event signed_up", "event aaa about profile {}\n\nevent signed_up", &[]),
        ("as cart settled", "as basket settled", &[]),
    ];
    for (old, new, expected) in table {
        let found = lines(&shop(&[]), &shop(&[(old, new)]), Language::English);
        assert_eq!(found, *expected, "{old} -> {new}");
    }
}

/// What stands above the steps is shown at its own line, in the new version.
#[test]
fn a_changed_header_is_shown_at_its_line() {
    let table = [
        ("purpose convert", "purpose repeat"),
        ("owner   \"@crm\"", "owner   \"@shop\""),
        ("goal    purchase within 3d target 12%", "goal    purchase within 4d target 12%"),
        ("review  every 3mo by \"@crm-lead\"", "review  every 6mo by \"@crm-lead\""),
        ("reentry after 7d", "reentry after 9d"),
        ("promise at most 2 messages", "promise at most 3 messages"),
        ("settled for 1h", "settled for 2h"),
        ("exit  when purchase", "exit  when purchase(total > 1 JPY)"),
    ];
    let old = shop(&[]);
    for (before, after) in table {
        let line = SHOP.lines().position(|line| line.contains(before)).expect(before) as u32 + 1;
        let difference = difference(&old, &shop(&[(before, after)]));
        let section = difference.sections.iter().find(|section| section.name == "cart").expect(after);
        let lines: Vec<u32> = section.changes.iter().filter_map(|change| Some(change.place.as_ref()?.line)).collect();
        assert!(lines.contains(&line), "{after}: {lines:?}, not {line}");
    }
}

#[test]
fn bounds_are_told_before_and_after() {
    let bounds = |new: &Program| -> Vec<String> {
        let text = diff::pretty(&difference(&shop(&[]), new), "base", Language::English);
        let lines = text.lines().filter(|line| line.starts_with("  ="));
        lines.map(|line| line.split("  (").next().unwrap_or(line).trim().to_string()).collect()
    };
    assert!(bounds(&shop(&[("60% yes", "60%  yes")])).is_empty());
    let longer = bounds(&shop(&[("wait up to 24h", "wait up to 3d")]));
    assert!(longer.iter().any(|line| line.starts_with("= longest stay: ")), "{longer:?}");
    let third = "  split gift";
    let more = bounds(&shop(&[(third, "  send email hello with { name: \"x\" }\n  split gift")]));
    assert!(more.contains(&"= promise “at most 2 messages”: proven → not proven".to_string()), "{more:?}");
    assert!(more.contains(&"= most messages of a run: 2 → 3".to_string()), "{more:?}");
}

#[test]
fn a_step_that_stands_elsewhere_has_moved() {
    let tag = "tag \"gold\" }";
    let moved = shop(&[(tag, "wait 5m }"), ("  wait 2h\n", "  tag \"gold\"\n  wait 2h\n")]);
    let found = lines(&shop(&[]), &moved, Language::English);
    assert_eq!(
        found,
        [
            "~ `tag_1` moved: tag “gold” (in `if_1`: profile.rank = gold, first → first)",
            "+ `wait_3` added: wait 5 min (in `if_1`: profile.rank = gold)",
        ]
    );
}

#[test]
fn a_large_change_reads_well_in_both_languages() {
    let new = shop(&[
        ("  wait 2h\n", "  wait 10m\n  wait until 19:00\n"),
        ("wait up to 24h", "wait up to 2d"),
        ("profile.rank == gold {", "profile.rank in [gold, silver] and profile.email is set {"),
        ("untag \"gift\" }", "stop because \"no gift\" }"),
        ("cap      3 messages", "cap      2 messages"),
        ("event signed_up", "event returned about profile { total: money JPY }\n\nevent signed_up"),
    ]);
    let difference = difference(&shop(&[]), &new);
    let mut text = String::new();
    for language in Language::ALL {
        writeln!(text, "{}", diff::pretty(&difference, "main", language)).unwrap();
    }
    text += &diff::markdown(&difference, "main", Language::English);
    text += &diff::json(&difference, "main");
    insta::assert_snapshot!(text);
}

#[test]
fn journeys_come_and_go() {
    let (without, with) = (program(&[("world.tabi", WORLD)]), shop(&[]));
    let come = difference(&without, &with);
    assert_eq!(come.sections[0].status, diff::Status::Added);
    let steps = come.sections[0].changes.iter().filter(|change| change.kind == diff::Kind::Added);
    assert_eq!(steps.count(), 13, "every step is listed");
    let gone = difference(&with, &without);
    assert_eq!(gone.sections[0].status, diff::Status::Removed);
    assert!(gone.sections[0].changes.iter().all(|change| change.kind == diff::Kind::Removed));
}

#[test]
fn what_a_message_says_is_compared_text_by_text() {
    use tabi::ir::content::{Body, Content, Email, Template};
    let mail = |subject: &str, body: &str| {
        let mut program = shop(&[]);
        let hello = program.messages.iter_mut().find(|m| m.name == "hello").unwrap();
        hello.content = Some(Content::Email(Email {
            subject: Template(subject.into()),
            preheader: None,
            from: "Shop <a@example.jp>".into(),
            reply_to: None,
            body: Body::Mjml(Template(body.into())),
            text: None,
        }));
        program
    };
    let old = mail("Hello", "<mjml>\n  <mj-text>one</mj-text>\n  <mj-text>two</mj-text>\n</mjml>");
    let new = mail("Good day", "<mjml>\n  <mj-text>one</mj-text>\n  <mj-text>three</mj-text>\n</mjml>");
    let expected =
        ["~ 件名: 「Hello」 → 「Good day」", "~ 本文: 「<mj-text>two</mj-text>」 → 「<mj-text>three</mj-text>」"];
    let mut found = lines(&old, &new, Language::Japanese);
    found.sort_by_key(|line| !line.contains("件名"));
    assert_eq!(found, expected);
    assert!(difference(&new, &new).is_empty());
    let laid_out =
        mail("Good day", "<mjml><!-- two of them -->\n<mj-text>one</mj-text> <mj-text>\n three </mj-text></mjml>\n");
    assert!(difference(&new, &laid_out).is_empty(), "layout and comments");
}

// ---- layout, comments, order -----------------------------------------------------------------------------------------

/// The declarations of a file, each with the comments in front of it.
fn declarations(text: &str) -> Vec<String> {
    let mut items: Vec<String> = Vec::new();
    let mut comments = String::new();
    for line in text.lines() {
        let begins = line.starts_with(|c: char| c.is_alphabetic());
        if line.starts_with('#') {
            comments += &format!("{line}\n");
        } else if begins {
            items.push(format!("{}{line}\n", std::mem::take(&mut comments)));
        } else if let Some(item) = items.last_mut() {
            item.push_str(&format!("{line}\n"));
        }
    }
    items
}

/// A number in `0..below`, from a seed that moves on.
fn next(seed: &mut u64, below: usize) -> usize {
    *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    ((*seed >> 33) as usize) % below.max(1)
}

/// The same declarations in another order, in other files, with other white space and comments.
fn rearranged(texts: &[String], seed: u64) -> Vec<(String, String)> {
    let mut seed = seed;
    let mut items: Vec<String> = texts.iter().flat_map(|text| declarations(text)).collect();
    for i in (1..items.len()).rev() {
        items.swap(i, next(&mut seed, i + 1));
    }
    let mut files = vec![String::new(); 1 + next(&mut seed, 5)];
    for item in items {
        let mut text = String::from("# a new remark\n");
        for line in item.lines() {
            let quoted = line.contains("\"\"\"") || line.trim().is_empty();
            text += line.trim_end();
            text += match next(&mut seed, 4) {
                0 if !quoted => "   # why not\n",
                1 if !quoted => "  \n",
                _ => "\n",
            };
        }
        let file = next(&mut seed, files.len());
        files[file] += &(text + "\n\n");
    }
    files.into_iter().enumerate().map(|(i, text)| (format!("{i}.tabi"), text)).collect()
}

fn campaigns() -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("campaigns");
    project::load(&root)
        .sources
        .iter()
        .filter(|(_, s)| s.path.ends_with(".tabi"))
        .map(|(_, s)| s.text.clone())
        .collect()
}

fn of(files: &[(String, String)]) -> Program {
    program(&files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect::<Vec<_>>())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(6))]

    #[test]
    fn layout_comments_and_order_are_no_difference(seed in any::<u64>()) {
        let texts = campaigns();
        let plain: Vec<(String, String)> =
            texts.iter().enumerate().map(|(i, text)| (format!("{i}.tabi"), text.clone())).collect();
        let old = of(&plain);
        let shuffled = rearranged(&texts, seed);
        let new = of(&shuffled);
        prop_assert_eq!(old.journeys.len(), new.journeys.len());
        prop_assert!(difference(&old, &new).is_empty(), "{}", diff::pretty(&difference(&old, &new), "base", Language::English));
        let laid_out: Vec<(String, String)> = shuffled
            .iter()
            .map(|(path, text)| (path.clone(), fmt::format(&Source::new(path.clone(), text.clone())).expect("it can be laid out")))
            .collect();
        prop_assert!(difference(&old, &of(&laid_out)).is_empty());
    }
}

#[test]
fn the_shuffle_shuffles() {
    let texts = campaigns();
    let one: Vec<String> = rearranged(&texts, 1).into_iter().map(|(_, text)| text).collect();
    let two: Vec<String> = rearranged(&texts, 2).into_iter().map(|(_, text)| text).collect();
    assert_ne!(one, two);
    assert!(one.concat().len() > 20_000, "the campaigns were found");
}
