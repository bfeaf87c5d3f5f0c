//! Stories made to order, on the projects of the repository: they compile, they are laid out, and they come true.
//!
//! Goes through the library, not through the command line.

#![allow(clippy::disallowed_methods, reason = "a test reads its files")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use tabi::compile::{self, Compiled, compile};
use tabi::diag::{Code, Language, render};
use tabi::fmt;
use tabi::ir::{Channel, JourneyId};
use tabi::project::{self, Project};
use tabi::prove::{Verdict, Way, prove};
use tabi::simulate::timeline;
use tabi::text::{Source, Sources};
use tabi::value::{CalendarPeriod, Currency, Zone};
use tabi::witness::{self, Cast, Effort, Goal, Look, Seeker};

/// The shop, and every teaching example.
fn projects() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let examples = std::fs::read_dir(root.join("examples")).expect("examples can be listed");
    let examples = examples.map(|entry| entry.expect("an entry can be read").path());
    let mut all: Vec<PathBuf> = examples.filter(|path| path.join("tabi.yaml").exists()).collect();
    all.push(root.join("campaigns"));
    all.sort();
    all
}

fn settings(project: &Project) -> compile::Settings {
    compile::Settings {
        name: project.settings.name.clone(),
        zone: project.settings.zone,
        currency: project.settings.currency,
        max_event_age: project.settings.max_event_age,
        dedupe_window: project.settings.dedupe_window,
        sender: project.settings.sender.clone(),
        lifecycle: Vec::new(),
        levels: BTreeMap::new(),
        today: None,
    }
}

/// The project's sources with one more file, compiled.
fn with(project: &Project, text: &str) -> (Sources, Compiled) {
    let mut sources = Sources::default();
    for (_, source) in project.sources.iter() {
        sources.add(source.clone());
    }
    sources.add(Source::new("made.tabi", text));
    let compiled = compile(&sources, &settings(project));
    (sources, compiled)
}

fn tests_of(cast: &Cast, program: &tabi::ir::Program) -> String {
    let test = |p: &witness::Persona| witness::print::passing(program, &p.told, &p.name.ja);
    cast.personas.iter().map(test).collect::<Vec<_>>().join("\n")
}

#[test]
fn the_tests_of_personas_compile_and_pass_and_are_laid_out() {
    let mut wrong = String::new();
    for root in projects() {
        let project = project::load(&root);
        let program = compile(&project.sources, &settings(&project)).program.expect("the project compiles");
        let start = std::time::Instant::now();
        let cast = witness::personas(&program);
        let name = root.file_name().unwrap_or_default().to_string_lossy();
        println!(
            "{name}: {} personas, {} branches, {} gaps, {:?}",
            cast.personas.len(),
            cast.branches,
            cast.gaps.len(),
            start.elapsed()
        );
        for gap in &cast.gaps {
            // A `choose` that names every variant leaves nothing over.
            let name = program.journey(gap.journey).name.as_str();
            if !(["friend_survey", "thanks"].contains(&name) && gap.edge.way == Way::Else) {
                wrong += &format!("no story for {name} {:?}: {}\n", gap.edge, gap.why.en);
            }
        }
        let text = tests_of(&cast, &program);
        let laid_out = fmt::format(&Source::new("made.tabi", text.clone()));
        if laid_out.as_ref().ok() != Some(&text) {
            wrong += &format!("{name}: not laid out as `tabi fmt` does\n");
        }
        let (sources, compiled) = with(&project, &text);
        for diagnostic in &compiled.diagnostics {
            wrong += &render::pretty(diagnostic, &sources, Language::English, false);
        }
        let Some(program) = compiled.program else { continue };
        for test in compiled.timelines.iter().filter(|t| &*t.place.path == "made.tabi") {
            let verdict = timeline::run(&program, test);
            for failure in &verdict.failures {
                wrong += &format!(
                    "{name}: {} line {}: {} came {}\n",
                    test.title, failure.line.place.line, failure.expected.en, failure.came.en
                );
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

// ---- counter-stories -------------------------------------------------------------------------------------------------

const PAGE: &str = include_str!("../docs/personas.md");
const PROMISES: &str = include_str!("witness/promises.tabi");

fn of_text(text: &str) -> (Sources, Compiled) {
    let mut sources = Sources::default();
    sources.add(Source::new("made.tabi", text));
    let settings = compile::Settings {
        zone: Zone::from_name("Asia/Tokyo").expect("Tokyo has a zone"),
        currency: Currency::from_code("JPY").expect("the yen has a code"),
        ..compile::Settings::default()
    };
    let compiled = compile(&sources, &settings);
    (sources, compiled)
}

/// What is wrong with a counter-story as a test: it must compile, be laid out, and fail at its last line and there only.
fn fault(text: &str, test: &str) -> Option<String> {
    if fmt::format(&Source::new("test.tabi", test)).ok().as_deref() != Some(test) {
        return Some("it is not laid out".into());
    }
    let whole = format!("{text}\n{test}");
    let (sources, compiled) = of_text(&whole);
    let Some(program) = compiled.program else {
        let found = compiled.diagnostics.iter().map(|d| render::pretty(d, &sources, Language::English, false));
        return Some(found.collect());
    };
    let [timeline] = compiled.timelines.as_slice() else { return Some("it is no test".into()) };
    let verdict = timeline::run(&program, timeline);
    let failed: Vec<u32> = verdict.failures.iter().map(|f| f.line.place.line).collect();
    let last = timeline.lines.last().map(|l| l.place.line);
    (failed != Vec::from_iter(last)).then(|| format!("it fails at {failed:?}, not at {last:?}"))
}

#[test]
fn counter_stories_of_refuted_promises_fail_where_the_promise_breaks() {
    let (sources, compiled) = of_text(PROMISES);
    let found = compiled.diagnostics.iter().map(|d| render::pretty(d, &sources, Language::English, false));
    let found: String = found.collect();
    let program = compiled.program.unwrap_or_else(|| panic!("{found}"));
    let analysis = prove(&program);
    let seeker = Seeker::of(&program);
    let (mut wrong, mut told) = (String::new(), String::new());
    for (index, journey) in program.journeys.iter().enumerate() {
        for judged in &analysis.journeys[index].promises {
            let id = JourneyId(index as u16);
            let counter = seeker.counter_story(id, &analysis.journeys[index], judged, &mut Effort::endless());
            match (counter, journey.name.starts_with("never_")) {
                (Ok(counter), false) => {
                    let test = counter.test(&program);
                    if let Some(fault) = fault(PROMISES, &test) {
                        wrong += &format!("{}: {fault}\n{test}", journey.name);
                    }
                    if journey.name == "after_a_click" {
                        assert!(PAGE.contains(&test), "docs/personas.md shows another story than\n{test}");
                    }
                    told += &format!("{test}\n");
                }
                (Err(reason), true) => told += &format!("# {}: {}\n\n", journey.name, reason.en),
                (Ok(counter), true) => wrong += &format!("{}: {}", journey.name, counter.test(&program)),
                (Err(reason), false) => wrong += &format!("{}: {} {:?}\n", journey.name, reason.en, judged.verdict),
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
    insta::assert_snapshot!("counter_stories", told);
}

/// One of the journeys, in its world.
fn alone(name: &str) -> String {
    let begin = PROMISES.find(&format!("journey {name} {{")).expect("there is such a journey");
    let length = PROMISES[begin..].find("\n}\n").expect("a journey has an end");
    format!("{}{}\n}}\n", world(PROMISES), &PROMISES[begin..begin + length])
}

#[test]
fn a_check_says_broken_only_with_a_test_and_else_not_proven() {
    for (name, english, japanese) in [
        (
            "two_in_a_row",
            &["one run of `two_in_a_row` can send 2 messages", "this test fails"][..],
            "2 通送ることがある",
        ),
        ("comes_again", &["`comes_again` can send 2 messages within 7d", "this test fails"], "7d の間に 2 通"),
        ("waits_plainly", &["`waits_plainly` can last longer than 2d", "this test fails"], "2d より長く"),
        (
            "never_both",
            &[
                "it is not proven that `never_both` keeps this: its steps allow up to 2 messages",
                "nor was a story found that breaks it: at `if_",
                "promise what is proven, `at most 2 messages`",
            ],
            "証明できていない: 手順の上では最大 2 通",
        ),
    ] {
        let (sources, compiled) = of_text(&alone(name));
        let promises: Vec<_> = compiled.diagnostics.iter().filter(|d| d.code == Code::E0205).collect();
        let [broken] = promises.as_slice() else { panic!("{name}: {promises:?}") };
        let said = |language| render::pretty(broken, &sources, language, false);
        for part in english {
            assert!(said(Language::English).contains(part), "{part}:\n{}", said(Language::English));
        }
        assert!(said(Language::Japanese).contains(japanese), "{}", said(Language::Japanese));
    }
}

// ---- conditions ------------------------------------------------------------------------------------------------------

const CONDITIONS: &str = include_str!("witness/conditions.txt");

/// What can come out one way only.
const ONE_WAY: &[&str] = &["order.at < now - 1d"];

fn asking(condition: &str) -> String {
    format!(
        "
journey asks {{
  purpose repeat
  owner \"@crm\"
  under policy open
  goal paid within 7d
  review every 3mo by \"@lead\"
  reentry never

  start when purchase as order
  do coupon.issue with {{ value: 500 JPY }} as gift
  wait 2d
  if {condition} {{
    send email mail
  }} else {{
    send line nudge
  }}
}}
"
    )
}

/// The world of a file of journeys: what stands before them.
fn world(text: &str) -> &str {
    text.split("# ---- too many messages").next().expect("a text has a beginning")
}

/// Chance that is the same every time.
struct Dice(u64);

impl Dice {
    fn below(&mut self, count: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % count
    }
    fn of<'a>(&mut self, words: &[&'a str]) -> &'a str {
        words[self.below(words.len())]
    }
}

const SENDS: &[&str] = &["email mail", "line nudge", "sms text_note", "email second_mail"];
const WAITS: &[&str] = &["2h", "1d", "36h", "5d", "until 09:00", "until tomorrow 12:00", "until monday 10:00"];
/// Conditions about the person only: they make sense at any place.
const ABOUT: &[&str] = &[
    "profile.rank == gold",
    "profile.points > 100",
    "profile.given_name is set",
    "did purchase in last 30d",
    "count of purchase in last 90d >= 3",
    "profile in regulars",
    "profile.birthday is set and years since profile.birthday >= 20",
    "any of order.items(price >= 9_000 JPY)",
    "order.total < 4_000 JPY or profile.rank == silver",
];

/// Steps of a journey, `depth` blocks deep at most. `count` numbers what needs a name of its own.
fn steps(dice: &mut Dice, depth: usize, count: &mut usize) -> String {
    let mut text = String::new();
    for _ in 0..1 + dice.below(3) {
        *count += 1;
        let n = *count;
        text += &match dice.below(if depth == 0 { 4 } else { 10 }) {
            0 => format!("wait {}\n", dice.of(WAITS)),
            1 => format!("send {}\n", dice.of(SENDS)),
            2 => format!("send {} otherwise send {}\n", dice.of(SENDS), dice.of(SENDS)),
            3 => format!("tag \"t{n}\"\n"),
            4 => format!("if {} {{\n{}}}\n", dice.of(ABOUT), steps(dice, depth - 1, count)),
            5 => format!(
                "if {} {{\n{}}} else {{\n{}}}\n",
                dice.of(ABOUT),
                steps(dice, depth - 1, count),
                steps(dice, depth - 1, count)
            ),
            6 => format!(
                "send email mail as m{n}\nwait up to 3d for m{n}.clicked {{\n{}}} otherwise {{\n{}}}\n",
                steps(dice, depth - 1, count),
                steps(dice, depth - 1, count)
            ),
            7 => format!(
                "wait up to 4d for cart_updated(total >= 3000 JPY) {{\n{}}} otherwise {{\n{}}}\n",
                steps(dice, depth - 1, count),
                steps(dice, depth - 1, count)
            ),
            8 => format!(
                "do coupon.issue with {{ value: 500 JPY }} as g{n} otherwise {{\n{}}}\n",
                steps(dice, depth - 1, count)
            ),
            _ => format!("repeat up to {} times {{\nwait 1d\n{}}}\n", 1 + dice.below(3), steps(dice, depth - 1, count)),
        };
    }
    text
}

fn random_journey(seed: u64) -> String {
    let mut dice = Dice(seed);
    let policy = dice.of(&["open", "calm", "capped"]);
    let (most, days) = (dice.below(3), 1 + dice.below(9));
    let steps = steps(&mut dice, 3, &mut 0);
    format!(
        "
journey made {{
  purpose repeat
  owner \"@crm\"
  under policy {policy}
  goal paid within 7d
  review every 3mo by \"@lead\"
  reentry never
  promise at most {most} messages
  promise at most 1 email per 3d
  promise ends within {days}d

  start when purchase as order
{steps}}}
"
    )
}

/// How many random journeys; `TABI_JOURNEYS=1000 cargo test --test witness` tries more.
fn journeys() -> u64 {
    std::env::var("TABI_JOURNEYS").ok().and_then(|n| n.parse().ok()).unwrap_or(30)
}

#[test]
fn stories_of_random_journeys_come_true_and_counter_stories_do_not() {
    let (mut branches, mut gaps, mut refuted, mut told) = (0, 0, 0, 0);
    let mut wrong = String::new();
    for seed in 0..journeys() {
        let text = format!("{}{}", world(PROMISES), random_journey(seed));
        let (sources, compiled) = of_text(&text);
        let Some(program) = compiled.program else {
            let found = compiled.diagnostics.iter().map(|d| render::pretty(d, &sources, Language::English, false));
            panic!("{}", found.collect::<String>());
        };
        let cast = witness::personas(&program);
        (branches, gaps) = (branches + cast.branches, gaps + cast.gaps.len());
        wrong +=
            &failing(&text, &tests_of(&cast, &program)).map_or(String::new(), |fault| format!("{seed}: {fault}\n"));
        let seeker = Seeker::of(&program);
        let proof = prove(&program).journeys.remove(0);
        for judged in &proof.promises {
            if judged.verdict == Verdict::Proven {
                continue;
            }
            refuted += 1;
            let found = seeker.counter_story(JourneyId(0), &proof, judged, &mut Effort::of(&program, 2_000_000));
            if let Err(reason) = &found {
                println!("{seed}: {:?}: {}", judged.promise, reason.en);
            }
            if let Ok(counter) = found {
                told += 1;
                let test = counter.test(&program);
                wrong += &fault(&text, &test).map_or(String::new(), |fault| format!("{seed}: {fault}\n{test}\n"));
            }
        }
    }
    println!("{gaps} gaps in {branches} branches; {told} stories for {refuted} promises that are not proven");
    assert!(wrong.is_empty(), "{wrong}");
    assert!(told * 100 > refuted * 95, "{told} of {refuted}");
    assert!(gaps * 10 < branches * 2, "{gaps} of {branches}");
}

#[test]
fn conditions_come_out_both_ways() {
    let mut wrong = String::new();
    for condition in CONDITIONS.lines().filter(|line| !line.starts_with('#')) {
        let text = format!("{}{}", world(PROMISES), asking(condition));
        let (sources, compiled) = of_text(&text);
        let Some(program) = compiled.program else {
            let found = compiled.diagnostics.iter().map(|d| render::pretty(d, &sources, Language::English, false));
            wrong += &format!("{condition}: {}", found.collect::<String>());
            continue;
        };
        let cast = witness::personas(&program);
        let gaps: Vec<&str> = cast.gaps.iter().map(|gap| gap.why.en.as_str()).collect();
        if gaps.len() != usize::from(ONE_WAY.contains(&condition)) {
            wrong += &format!("{condition}: {gaps:?}\n");
        }
        wrong += &failing(&text, &tests_of(&cast, &program))
            .map_or(String::new(), |fault| format!("{condition}: {fault}\n"));
    }
    assert!(wrong.is_empty(), "{wrong}");
}

/// The first fault of tests that should pass.
fn failing(text: &str, tests: &str) -> Option<String> {
    let (sources, compiled) = of_text(&format!("{text}\n{tests}"));
    let Some(program) = compiled.program else {
        return Some(
            compiled.diagnostics.iter().map(|d| render::pretty(d, &sources, Language::English, false)).collect(),
        );
    };
    compiled.timelines.iter().find_map(|test| {
        let verdict = timeline::run(&program, test);
        let failure = verdict.failures.first()?;
        Some(format!("{}: {} came {}", test.title, failure.expected.en, failure.came.en))
    })
}

// ---- goals -----------------------------------------------------------------------------------------------------------

#[test]
fn goals_are_met_or_the_reason_is_said() {
    let text = format!("{}{}", world(PROMISES), asking("profile.points > 100 and profile.points < 50"));
    let program = of_text(&text).1.program.expect("the journey compiles");
    let journey = JourneyId(0);
    let look = Look::Japanese;
    let sends = |count, channel| witness::story(&program, journey, &Goal::Sends { count, channel }, look);
    assert_eq!(sends(1, Some(Channel::Line)).map(|told| told.sends.len()), Ok(1));
    let reason = sends(1, Some(Channel::Email)).expect_err("no number is both");
    assert_eq!(reason.en, "at `if_1`: the conditions on the way exclude each other");
    assert!(sends(2, None).is_err(), "the branches send one each");
    let days = |days| CalendarPeriod { months: 0, days, millis: 0 };
    assert!(witness::long_stay(&program, journey, days(1)).is_ok());
    assert!(witness::long_stay(&program, journey, days(3)).is_err(), "it waits two days and no more");
    let once = witness::personas(&program);
    let again = witness::personas(&program);
    let told = |cast: &Cast| cast.personas.iter().map(|p| p.told.clone()).collect::<Vec<_>>();
    assert!(told(&once) == told(&again), "the same program has the same stories");
}

#[test]
fn the_command_lists_people_and_prints_tests() {
    let campaigns = concat!(env!("CARGO_MANIFEST_DIR"), "/campaigns");
    let said = |arguments: &[&str]| {
        let output = std::process::Command::new(env!("CARGO_BIN_EXE_tabi"))
            .args(["personas", campaigns])
            .args(arguments)
            .output()
            .expect("tabi starts");
        (output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned())
    };
    let (code, list) = said(&["--lang", "en"]);
    assert_eq!(code, Some(0));
    assert!(list.contains(" personas take ") && list.contains("Hanako · mail only"), "{list}");
    let (_, japanese) = said(&["--lang", "ja", "--journey", "vip_winback"]);
    assert!(japanese.contains("花子・反応なし・coupon") && !japanese.contains("welcome"), "{japanese}");
    let (_, json) = said(&["--format", "json", "--looks"]);
    let json: serde_json::Value = serde_json::from_str(&json).expect("it is JSON");
    assert!(json["personas"].as_array().is_some_and(|all| all.iter().any(|p| p["variant"] == true)));
    let gaps = json["gaps"].as_array().map_or(0, Vec::len) as u64;
    assert!(json["branches"].as_u64().is_some_and(|branches| branches > 60 && gaps * 10 < branches), "{gaps} gaps");
    let (_, tests) = said(&["--format", "tests", "--journey", "welcome"]);
    assert!(tests.starts_with("test welcome \""), "{tests}");
    assert_eq!(said(&["--journey", "welcom"]).0, Some(64));
}
