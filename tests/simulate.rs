//! Whole simulations of small shops: what the report says, and that it says the same for any number of threads.
//!
//! Tests no single rule of a journey; the conformance suite does.

#![allow(clippy::disallowed_methods)]

#[path = "../benches/workload/mod.rs"]
#[allow(dead_code)]
mod workload;

use std::fmt::Write as _;

use tabi::compile::{self, Settings};
use tabi::ir::Program;
use tabi::simulate::compare::{self, Comparison, Version};
use tabi::simulate::render::{self, Language};
use tabi::simulate::{Kind, Options, Outcome, Reaction, SimulateError, SourceInput, SourceSpec, simulate};
use tabi::text::{Source, Sources};
use tabi::value::{Currency, Decimal, Instant, Price, Span, Zone};

fn program(text: &str) -> Program {
    let mut sources = Sources::default();
    sources.add(Source::new("shop.tabi", text));
    let settings = Settings {
        zone: Zone::from_name("Asia/Tokyo").unwrap(),
        currency: Currency::from_code("JPY").unwrap(),
        ..Settings::default()
    };
    let compiled = compile::compile(&sources, &settings);
    compiled.program.unwrap_or_else(|| panic!("{:#?}", compiled.diagnostics))
}

fn source(name: &str, bytes: &[u8]) -> SourceSpec {
    SourceSpec { name: name.into(), input: SourceInput::Bytes(bytes.into()), kind: Kind::Segment }
}

fn run(program: &Program, sources: &[SourceSpec], options: &Options) -> Outcome {
    simulate(program, sources, options, &|_| {}).unwrap()
}

fn at(text: &str) -> Option<Instant> {
    Some(Instant::parse_rfc3339(text).unwrap())
}

/// A log with visitors that log in, so that people of different threads are merged.
fn log_with_visitors(events: u64, people: u64) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("events.ndjson");
    workload::write_events(&path, events, people, workload::Mix::Dense).unwrap();
    let log = std::fs::read_to_string(path).unwrap();
    let mut out = String::new();
    for (n, line) in log.lines().enumerate() {
        // Every seventh event comes from a visitor; some of them turn out to be the user of the same number later.
        if n % 7 == 0 && line.contains(r#""type":"track""#) {
            out.push_str(&line.replace(r#""userId":"u"#, r#""anonymousId":"a"#));
        } else if n % 11 == 0 {
            out.push_str(line);
            let (user, stamp) = (field(line, "userId"), field(line, "timestamp"));
            let visitor = user.replacen('u', "a", 1);
            let _ = write!(
                out,
                "\n{{\"type\":\"alias\",\"userId\":\"{user}\",\"previousId\":\"{visitor}\",\"timestamp\":\"{stamp}\"}}"
            );
        } else {
            out.push_str(line);
        }
        out.push('\n');
    }
    out.into_bytes()
}

fn field<'l>(line: &'l str, name: &str) -> &'l str {
    let start = line.find(&format!("\"{name}\":\"")).unwrap() + name.len() + 4;
    &line[start..start + line[start..].find('"').unwrap()]
}

#[test]
fn any_number_of_threads_gives_the_same_bytes() {
    let program = program(workload::TEN_JOURNEYS);
    let log = log_with_visitors(4_000, 150);
    let mut options = Options { until: at("2026-05-01T00:00:00Z"), ..Options::default() };
    for response in [false, true] {
        if response {
            let share = |micro| Decimal { micro };
            let (open, click, convert) = (share(400_000), share(100_000), share(30_000));
            let reaction = Reaction { open, click, convert, delay: Span(3_600_000) };
            options.response.channels = [Some(reaction), Some(reaction), None, None, None];
        }
        let mut reports = Vec::new();
        for threads in [1, 2, 4, 7] {
            let outcome = run(&program, &[source("log", &log)], &Options { threads, ..options.clone() });
            reports.push(outcome.report.to_json());
        }
        assert!(reports[0].contains("\"entered\""), "{}", reports[0]);
        for report in &reports[1..] {
            assert!(*report == reports[0], "the number of threads shows in the report");
        }
        assert_ne!(run(&program, &[source("log", &log)], &options).report.messages, 0);
    }
}

#[test]
fn the_order_in_which_timers_of_different_people_are_taken_does_not_matter() {
    // A budget that is never used up asks for the order of time; without one, timers are taken person by person.
    let budget = workload::TEN_JOURNEYS
        .replace("  consent marketing\n", "  consent marketing\n  budget 1_000_000 line per 1d\n");
    assert_ne!(budget, workload::TEN_JOURNEYS);
    let log = log_with_visitors(4_000, 150);
    let options = Options { until: at("2026-05-01T00:00:00Z"), ..Options::default() };
    let by_time = run(&program(&budget), &[source("log", &log)], &options).report;
    let by_person = run(&program(workload::TEN_JOURNEYS), &[source("log", &log)], &options).report;
    assert_eq!(by_time.journeys, by_person.journeys);
    assert_eq!(by_time.busiest_hour, by_person.busiest_hour);
    assert_eq!(by_time.worst_pressed, by_person.worst_pressed);
}

#[test]
fn several_sources_are_one_in_order_of_time() {
    let program = program(workload::TEN_JOURNEYS);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("events.ndjson");
    workload::write_events(&path, 2_000, 100, workload::Mix::Dense).unwrap();
    let log = std::fs::read(path).unwrap();
    let whole = run(&program, &[source("log", &log)], &Options::default()).report;
    let (mut odd, mut even) = (Vec::new(), Vec::new());
    for (n, line) in log.split_inclusive(|b| *b == b'\n').enumerate() {
        if n % 2 == 0 { even.extend_from_slice(line) } else { odd.extend_from_slice(line) }
    }
    let two = run(&program, &[source("even", &even), source("odd", &odd)], &Options::default()).report;
    assert_eq!(whole.journeys, two.journeys);
    assert_eq!(two.input.out_of_order, 0);
}

const SHOP: &str = r#"
profile { email: email? pii, timezone: zone? }
event signed_up about profile { plan: text }
event bought about profile { total: money JPY }
message hello on email for marketing
message news on email for marketing
policy gentle {
  timezone Asia/Tokyo
  quiet 21:00..08:00 then hold
  cap 1 email per 1d
  consent marketing
}
journey welcome "ようこそ" {
  purpose acquire
  owner "@crm"
  under policy gentle
  goal bought within 7d target 20%
  review every 3mo by "@crm"
  reentry never
  start when signed_up
  exit when bought
  send email hello
  wait 2d
  send email news
}
"#;

const PEOPLE: &str = r#"
{"type":"identify","userId":"hanako","traits":{"email":"h@example.jp","consent":["marketing"]}}
{"type":"identify","userId":"taro","traits":{"email":"t@example.jp","consent":["marketing"],"timezone":"America/New_York"}}
{"type":"identify","userId":"jiro","traits":{"email":"j@example.jp"}}
"#;

const EVENTS: &str = r#"
{"type":"track","event":"Signed Up","userId":"hanako","messageId":"1","timestamp":"2026-04-01T20:30:00+09:00","properties":{"plan":"free"}}
{"type":"track","event":"Signed Up","userId":"taro","messageId":"2","timestamp":"2026-04-01T22:30:00+09:00","properties":{"plan":"free"}}
{"type":"track","event":"Signed Up","userId":"jiro","messageId":"3","timestamp":"2026-04-01T23:30:00+09:00","properties":{"plan":"free"}}
{"type":"track","event":"bought","userId":"taro","messageId":"4","timestamp":"2026-04-03T12:00:00+09:00","properties":{"total":3000.5}}
{"type":"track","event":"bought","userId":"taro","messageId":"5","timestamp":"2026-04-03T12:00:00+09:00","properties":{"total":3000}}
{"type":"track","event":"bought","userId":"taro","messageId":"6","timestamp":"2026-04-01T09:00:00+09:00","properties":{"total":500}}
{"type":"track","event":"Wishlist Opened","userId":"taro","timestamp":"2026-04-03T12:00:00+09:00"}
oops
"#;

#[test]
fn a_report_reads_like_this() {
    let program = program(SHOP);
    let sources = [source("people.ndjson", PEOPLE.as_bytes()), source("events.ndjson", EVENTS.as_bytes())];
    let options =
        Options { until: at("2026-04-10T00:00:00+09:00"), trace: Some("hanako".into()), ..Options::default() };
    let outcome = run(&program, &sources, &options);
    insta::assert_snapshot!("report_en", steady(&render::report(&outcome.report, Language::English)));
    insta::assert_snapshot!("report_ja", steady(&render::report(&outcome.report, Language::Japanese)));
    insta::assert_snapshot!("trace_ja", render::story(&outcome.trace.unwrap(), Language::Japanese));
    let json: serde_json::Value = serde_json::from_str(&outcome.report.to_json()).unwrap();
    assert_eq!(json["version"], 1);
    assert_eq!(json["journeys"]["welcome"]["entered"], 3);
}

/// Without the figure that changes with every field of a person.
fn steady(report: &str) -> String {
    let lines = report.lines().filter(|l| !l.contains("bytes kept") && !l.contains("バイト"));
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn nobody_withdraws_what_they_never_gave() {
    let program =
        program(&format!("{SHOP}\nmessage receipt on email for transactional\nmessage tips on email for tips"));
    let log = r#"
{"type":"identify","userId":"a","timestamp":"2026-04-01T09:00:00Z","traits":{"consent":["marketing"]}}
{"type":"identify","userId":"a","timestamp":"2026-04-01T10:00:00Z","traits":{"consent":["tips"]}}
{"type":"identify","userId":"a","timestamp":"2026-04-01T11:00:00Z","traits":{"consent":["tips"],"email":"say \"hi\""}}
"#;
    let options = Options { trace: Some("a".into()), ..Options::default() };
    let outcome = run(&program, &[source("log", log.as_bytes())], &options);
    let story = render::story(&outcome.trace.unwrap(), Language::English);
    let told: Vec<&str> = story.lines().filter_map(|line| Some(line.split_once("profile: ")?.1)).collect();
    assert_eq!(
        told,
        ["consent +marketing", "consent -marketing, consent +tips", r#"email = "say \"hi\"", consent +tips"#]
    );
}

#[test]
fn what_comes_after_the_end_is_left_out() {
    let program = program(SHOP);
    let options = Options { until: at("2026-04-02T00:00:00+09:00"), ..Options::default() };
    let report = run(&program, &[source("events", EVENTS.as_bytes())], &options).report;
    assert_eq!(report.input.after_until, 1);
    assert_eq!(report.journeys["welcome"].live, 2);
}

#[test]
fn a_strict_run_ends_at_the_first_rejected_line() {
    let program = program(SHOP);
    let options = Options { strict: true, ..Options::default() };
    let error = simulate(&program, &[source("events", EVENTS.as_bytes())], &options, &|_| {}).unwrap_err();
    assert!(matches!(&error, SimulateError::Rejected { line: 5, .. }), "{error}");
    assert!(error.to_string().starts_with("events:5: `total` of `bought`"), "{error}");
}

#[test]
fn hostile_input_is_counted_and_forgotten() {
    let program = program(SHOP);
    let mut log = EVENTS.as_bytes().to_vec();
    log.extend(std::iter::repeat_n(b'x', 10 << 20));
    log.extend(b"\n{\"type\":\"track\0\"}\n\xff\n");
    log.extend("[".repeat(100_000).bytes());
    log.extend(b"\n{\"type\":\"track\",\"event\":\"bought\",\"userId\":\"u\",\"timestamp\":\"1969-01-01T00:00:00Z\",\"properties\":{\"total\":1}}\n");
    let report = run(&program, &[source("log", &log)], &Options::default()).report;
    let rejected: Vec<(&str, u64)> = report.input.rejected.iter().map(|(k, n)| (k.as_str(), *n)).collect();
    assert_eq!(
        rejected,
        [
            ("line too long", 1),
            ("not json", 2),
            ("not utf-8", 1),
            ("nul byte", 1),
            ("time out of range", 1),
            ("wrong value bought.total", 1),
        ]
    );
    assert_eq!(report.journeys["welcome"].entered, 3);
}

#[test]
fn faults_of_the_sources_are_errors() {
    let program = program(SHOP);
    let fault = |spec: SourceSpec| simulate(&program, &[spec], &Options::default(), &|_| {}).unwrap_err();
    let missing = SourceSpec { input: SourceInput::File("/nowhere/events.ndjson".into()), ..source("events", b"") };
    assert!(matches!(fault(missing), SimulateError::Open { .. }));
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    std::io::Write::write_all(&mut gzip, EVENTS.as_bytes()).unwrap();
    let cut = gzip.finish().unwrap();
    assert!(matches!(fault(source("events.gz", &cut[..cut.len() / 2])), SimulateError::Read { .. }));
    let csv = Kind::Csv { mapping: "map.yaml".into(), yaml: "events: []".into() };
    assert!(matches!(fault(SourceSpec { kind: csv, ..source("a.csv", b"a,b\n") }), SimulateError::Mapping { .. }));
    let options = Options { trace: Some("nobody".into()), ..Options::default() };
    let unknown = simulate(&program, &[source("events", EVENTS.as_bytes())], &options, &|_| {}).unwrap_err();
    assert_eq!(unknown, SimulateError::UnknownPerson { id: "nobody".into() });
}

#[test]
fn an_empty_input_gives_an_empty_report() {
    let report = run(&program(SHOP), &[source("events", b"")], &Options::default()).report;
    assert_eq!((report.people, report.messages, report.from), (0, 0, None));
}

#[test]
fn a_budget_is_one_for_all_and_the_story_knows_it() {
    let program = program(&SHOP.replace("  consent marketing\n", "  consent marketing\n  budget 1 email per 1mo\n"));
    let sources = [source("people", PEOPLE.as_bytes()), source("events", EVENTS.as_bytes())];
    let mut reports = Vec::new();
    for threads in [1, 3] {
        let until = at("2026-04-10T00:00:00+09:00");
        let options = Options { until, trace: Some("taro".into()), threads, ..Options::default() };
        let outcome = run(&program, &sources, &options);
        assert_eq!(outcome.report.messages, 1);
        let story = render::story(&outcome.trace.unwrap(), Language::English);
        assert!(story.contains("the budget is used up"), "{story}");
        reports.push(outcome.report.to_json());
    }
    assert_eq!(reports[0], reports[1]);
}

// ---- two versions ----------------------------------------------------------------------------------------------------

fn compared(old: &Program, new: &Program, log: &[u8], options: &Options) -> Comparison {
    let (old, new) = (Version { name: "main", program: old }, Version { name: "now", program: new });
    compare::compare(old, new, &[source("log", log)], options, &|_| {}).unwrap()
}

/// Ten journeys, of which some wait longer, send elsewhere or are gone.
fn other_version() -> Program {
    let mut text = workload::TEN_JOURNEYS.to_string();
    for (old, new) in [
        ("cap 1 line per 1d", "cap 2 line per 1d"),
        ("wait up to 24h for nudge.clicked", "wait up to 2d for nudge.clicked"),
        ("  wait 14d\n  send line news_line\n    otherwise send email news_mail\n", "  send email news_mail\n"),
        ("    50% mail { send email news_mail }", "    50% mail { wait 1h }"),
    ] {
        assert!(text.contains(old), "{old}");
        text = text.replacen(old, new, 1);
    }
    program(&text)
}

#[test]
fn a_version_compared_with_itself_is_no_difference() {
    let program = program(workload::TEN_JOURNEYS);
    let log = log_with_visitors(3_000, 120);
    let same = compared(&program, &program, &log, &Options { until: at("2026-05-01T00:00:00Z"), ..Options::default() });
    assert!(same.is_empty() && same.people.is_empty() && same.people_changed == 0);
    assert_ne!(same.figures.messages.old, 0);
    assert_eq!(
        compare::pretty(&same, render::Language::English),
        "no difference for these people between main and now\n"
    );
}

#[test]
fn two_versions_compare_alike_for_any_number_of_threads() {
    let (old, new) = (program(workload::TEN_JOURNEYS), other_version());
    let log = log_with_visitors(3_000, 120);
    let mut seen = Vec::new();
    for threads in [1, 2, 4] {
        let mut options = Options { until: at("2026-05-01T00:00:00Z"), threads, ..Options::default() };
        options.prices.0[0] = Price::parse("0.2 JPY");
        options.prices.0[1] = Price::parse("3 JPY");
        let comparison = compared(&old, &new, &log, &options);
        seen.push((comparison.to_json(), comparison));
    }
    assert!(seen.iter().all(|(json, _)| *json == seen[0].0), "the number of threads shows");
    let comparison = &seen[0].1;
    // The figures are those of the two simulations.
    let options = Options { until: at("2026-05-01T00:00:00Z"), ..Options::default() };
    let single = (run(&old, &[source("log", &log)], &options), run(&new, &[source("log", &log)], &options));
    assert_eq!(comparison.figures.messages.old, single.0.report.messages);
    assert_eq!(comparison.figures.messages.new, single.1.report.messages);
    let entered = |outcome: &Outcome| outcome.report.journeys.values().map(|j| j.entered).sum::<u64>();
    assert_eq!(comparison.figures.entered.old, entered(&single.0));
    assert_eq!(comparison.figures.cost["JPY"].old, cost(&comparison.figures, |count| count.old));
    assert_eq!(comparison.figures.cost["JPY"].new, cost(&comparison.figures, |count| count.new));
    // Five people, told as they are told alone, of more than one kind of change.
    assert_eq!(comparison.people.len(), 5);
    let kinds: std::collections::BTreeSet<_> = comparison.people.iter().map(|person| person.turn).collect();
    assert!(kinds.len() > 1, "{kinds:?}");
    for person in &comparison.people {
        let options = Options { trace: Some(person.person.clone()), ..options.clone() };
        for (program, story) in [(&old, &person.stories.old), (&new, &person.stories.new)] {
            let alone = run(program, &[source("log", &log)], &options).trace;
            assert_eq!(*story, alone, "{}", person.person);
        }
    }
}

/// What email at 0.2 and LINE at 3 yen come to, in tenths.
fn cost(figures: &compare::Figures, side: fn(&compare::Count) -> u64) -> String {
    let tenths = side(&figures.sent["email"]) * 2 + side(&figures.sent["line"]) * 30;
    match tenths % 10 {
        0 => format!("{} JPY", tenths / 10),
        rest => format!("{}.{rest} JPY", tenths / 10),
    }
}

#[test]
fn a_comparison_reads_well() {
    let (old, new) = (program(workload::TEN_JOURNEYS), other_version());
    let log = log_with_visitors(600, 30);
    let mut options = Options { until: at("2026-05-01T00:00:00Z"), ..Options::default() };
    options.prices.0[1] = Price::parse("3 JPY");
    let comparison = compared(&old, &new, &log, &options);
    insta::assert_snapshot!("comparison_en", compare::pretty(&comparison, render::Language::English));
    insta::assert_snapshot!("comparison_ja", compare::pretty(&comparison, render::Language::Japanese));
    insta::assert_snapshot!("comparison_md", compare::markdown(&comparison, render::Language::English));
}

#[test]
fn a_version_with_another_schema_reads_the_input_by_its_own() {
    let old = program(workload::TEN_JOURNEYS);
    let new = program(&format!("event aaa about profile {{ note: text? }}\n\n{}", workload::TEN_JOURNEYS));
    let log = log_with_visitors(1_500, 60);
    let same = compared(&old, &new, &log, &Options { until: at("2026-05-01T00:00:00Z"), ..Options::default() });
    assert!(same.is_empty(), "{}", compare::pretty(&same, render::Language::English));
    assert_ne!(same.figures.messages.old, 0);
}

/// What the two versions of a comparison would be if each were simulated alone.
fn each_alone(comparison: &Comparison, programs: [&Program; 2], sources: &[SourceSpec], options: &Options) {
    let [old, new] = programs.map(|program| run(program, sources, options).report);
    let figures = &comparison.figures;
    assert_eq!((figures.messages.old, figures.messages.new), (old.messages, new.messages));
    assert_eq!((figures.people.old, figures.people.new), (old.people, new.people));
    assert_eq!((figures.reached.old, figures.reached.new), (old.reached, new.reached));
    for (name, journey) in &comparison.journeys {
        assert_eq!(
            (journey.entered.old, journey.entered.new),
            (old.journeys[name].entered, new.journeys[name].entered)
        );
    }
    for person in &comparison.people {
        let options = Options { trace: Some(person.person.clone()), ..options.clone() };
        for (program, story) in programs.iter().zip([&person.stories.old, &person.stories.new]) {
            assert_eq!(*story, run(program, sources, &options).trace, "{}", person.person);
        }
    }
}

#[test]
fn versions_that_understand_lines_otherwise_are_read_as_each_alone() {
    let old = program(workload::TEN_JOURNEYS);
    // Searches are not known any more, purchases must say a shop, and people may have a nickname.
    let text = workload::TEN_JOURNEYS
        .replace("event searched about", "event looked_up about")
        .replace("when searched", "when looked_up")
        .replace("cart_id: id?, total", "cart_id: id?, shop: id, total")
        .replace("profile {\n", "profile {\n  nickname: text?\n");
    let new = program(&text);
    let log = String::from_utf8(log_with_visitors(1_200, 60)).unwrap();
    let (mut even, mut odd) = (String::new(), String::new());
    for (n, line) in log.lines().enumerate() {
        // Every third purchase says it.
        let shop = if n % 3 == 0 { r#"{"shop":"s1","order_id""# } else { r#"{"order_id""# };
        let half = if n % 2 == 0 { &mut even } else { &mut odd };
        half.extend([line.replace(r#"{"order_id""#, shop).as_str(), "\n"]);
    }
    let yaml = "zone: Asia/Tokyo\nevents:\n  - event: delivered\n    person: who\n    id: order\n    \
                time: { column: at, format: \"%Y-%m-%d %H:%M\" }\n    fields: { order_id: order }\n";
    let rows = "at,who,order\n2026-01-10 09:00,u000001,o1\n2026-01-11 09:00,u000002,o2\n2026-02-01 10:00,u000003,o3\n";
    let table = SourceSpec {
        name: "rows".into(),
        input: SourceInput::Bytes(rows.as_bytes().into()),
        kind: Kind::Csv { mapping: "rows.yaml".into(), yaml: yaml.into() },
    };
    let options = Options { until: at("2026-05-01T00:00:00Z"), ..Options::default() };
    let (even, odd) = (source("even", even.as_bytes()), source("odd", odd.as_bytes()));
    for sources in [vec![even.clone()], vec![even.clone(), odd.clone()], vec![even, table, odd]] {
        let versions = (Version { name: "main", program: &old }, Version { name: "now", program: &new });
        let comparison = compare::compare(versions.0, versions.1, &sources, &options, &|_| {}).unwrap();
        assert!(comparison.people_changed > 5 && comparison.figures.entered.is_changed());
        each_alone(&comparison, [&old, &new], &sources, &options);
        // Which of the two finds fault with a line is said.
        let strict = Options { strict: true, ..options.clone() };
        let (version, error) = compare::compare(versions.0, versions.1, &sources, &strict, &|_| {}).unwrap_err();
        assert_eq!(version, "now", "{error}");
        assert!(error.to_string().contains("`shop`"), "{error}");
    }
}
