//! What is laid out and derived, shown on whole small projects.
//!
//! Runs nothing: only what the program says is looked at.

use tabi::compile::{Settings, compile};
use tabi::ir::{HistoryLog, HistoryNeed, Op, Program};
use tabi::text::{Source, Sources};
use tabi::value::CalendarPeriod;

const WORLD: &str = r#"
profile { vip: bool, zone: zone?, tags: list of text, line: line_id?, mail: email? }
event bought about profile { order_id: id, total: money JPY, kind: text }
event opened about profile { n: int }
message hello on line for news
message mail on email for news
policy p { consent news }
"#;

fn program(more: &str) -> Program {
    let mut sources = Sources::default();
    sources.add(Source::new("t.tabi", format!("{WORLD}{more}")));
    let compiled = compile(&sources, &Settings::default());
    let found: Vec<_> = compiled.diagnostics.iter().map(|d| &d.headline.en).collect();
    compiled.program.unwrap_or_else(|| panic!("{found:?}"))
}

fn journey(steps: &str) -> String {
    format!(
        "journey j {{ purpose convert\n owner \"o\"\n under policy p\n goal bought(order_id == it.order_id) within 3d\n \
         review every 3mo by \"l\"\n reentry never\n start when bought as it\n {steps}\n}}\n"
    )
}

/// `step op target…` of every instruction.
fn listing(steps: &str) -> Vec<String> {
    let program = program(&journey(steps));
    let journey = &program.journeys[0];
    let line = |op: &Op| match op {
        Op::Wait { .. } => "wait".to_owned(),
        Op::Await { arms, otherwise, .. } => {
            let arms: Vec<String> = arms.iter().map(|a| a.target.to_string()).collect();
            format!("await {} else {otherwise}", arms.join(" "))
        }
        Op::Send { otherwise, .. } => format!("send {otherwise:?}"),
        Op::Branch { cases, otherwise } => {
            let cases: Vec<String> = cases.iter().map(|c| c.1.to_string()).collect();
            format!("branch {} else {otherwise}", cases.join(" "))
        }
        Op::Draw { .. } => "draw".to_owned(),
        Op::Switch { targets, .. } => format!("switch {targets:?}"),
        Op::Repeat { times, exit, .. } => format!("repeat {times} then {exit}"),
        Op::Jump(to) => format!("jump {to}"),
        Op::Do { .. } => "do".to_owned(),
        Op::Tag(tag) => format!("tag {tag}"),
        Op::Untag(tag) => format!("untag {tag}"),
        Op::Set { .. } => "set".to_owned(),
        Op::Let { .. } => "let".to_owned(),
        Op::Stop { .. } => "stop".to_owned(),
        Op::End => "end".to_owned(),
    };
    journey.code.iter().map(|i| format!("{} {}", journey.steps[i.step.index()].name, line(&i.op))).collect()
}

#[test]
fn blocks_stand_behind_what_chooses_them() {
    assert_eq!(
        listing("if profile.vip { tag \"a\" } else if did opened { stop } else { tag \"c\" }\n tag \"d\""),
        [
            "if_1 branch 1 3 else 4",
            "tag_1 tag a",
            "if_1 jump 5",
            "stop_1 stop",
            "tag_2 tag c",
            "tag_3 tag d",
            "end end"
        ]
    );
}

#[test]
fn a_fallback_is_jumped_over_and_joins_behind() {
    assert_eq!(
        listing("send line hello as nudge\n otherwise send email mail as nudge\n wait up to 1d for nudge.clicked"),
        [
            "nudge send Some(2)",
            "nudge jump 3",
            "nudge_2 send None",
            "wait_1 await 4 else 5",
            "wait_1 jump 5",
            "end end",
        ]
    );
}

#[test]
fn loops_lead_back_and_draws_stand_before() {
    assert_eq!(
        listing("repeat up to 3 times {\n split s { 50% a { tag \"a\" } 50% b { stop } }\n }"),
        [
            "repeat_1 repeat 3 then 7",
            "s draw",
            "s switch [3, 5]",
            "tag_1 tag a",
            "s jump 6",
            "stop_1 stop",
            "repeat_1 jump 0",
            "end end"
        ]
    );
}

#[test]
fn a_stop_in_one_arm_ends_no_other() {
    assert_eq!(
        listing("if profile.vip { if did opened { tag \"a\" } else { stop } } else { tag \"b\" }"),
        [
            "if_1 branch 1 else 6",
            "if_2 branch 2 else 4",
            "tag_1 tag a",
            "if_2 jump 5",
            "stop_1 stop",
            "if_1 jump 7",
            "tag_2 tag b",
            "end end"
        ]
    );
    assert_eq!(
        listing("if profile.vip { if did opened { stop } } else { tag \"b\" }"),
        ["if_1 branch 1 else 4", "if_2 branch 2 else 3", "stop_1 stop", "if_1 jump 5", "tag_1 tag b", "end end"]
    );
}

#[test]
fn an_empty_journey_only_ends() {
    assert_eq!(listing(""), ["end end"]);
}

fn need(condition: &str) -> HistoryNeed {
    program(&format!("segment s = {condition}")).history[0].clone()
}

fn days(days: i32) -> HistoryLog {
    HistoryLog::Within(CalendarPeriod { months: 0, days, millis: 0 })
}

#[test]
fn nothing_is_kept_that_nothing_asks() {
    assert_eq!(program("").history, [HistoryNeed::default(), HistoryNeed::default()]);
    // The trigger, the goal and their filters see the event at hand, not the past.
    assert_eq!(program(&journey("")).history[0], HistoryNeed::default());
}

#[test]
fn what_is_asked_is_kept_and_no_more() {
    assert_eq!(need("did bought"), HistoryNeed { ends: true, ..HistoryNeed::default() });
    assert_eq!(need("count of bought > 3"), HistoryNeed { total: true, ..HistoryNeed::default() });
    assert_eq!(need("did bought in last 3d"), HistoryNeed { log: days(3), ..HistoryNeed::default() });
    let total = vec![tabi::ir::FieldId(1)];
    let forever = HistoryNeed { fields: total.clone(), log: HistoryLog::Forever, ..HistoryNeed::default() };
    assert_eq!(need("sum of bought.total > 3 JPY"), forever);
    assert_eq!(need("did bought(total > 3 JPY)"), forever);
    let last = HistoryNeed { fields: total, ends: true, ..HistoryNeed::default() };
    assert_eq!(need("last bought.total is set"), last);
    assert_eq!(need("(last bought).total is set"), last);
    assert_eq!(need("last bought.at is set"), HistoryNeed { ends: true, ..HistoryNeed::default() });
}

#[test]
fn two_windows_are_served_by_one_that_covers_both() {
    assert_eq!(need("did bought in last 3d and did bought in last 9d").log, days(9));
    assert_eq!(need("did bought in last 3d and did bought(kind == \"x\")").log, HistoryLog::Forever);
    // A year of 12 short months against 370 days: neither covers the other by its parts.
    assert_eq!(need("did bought in last 1y and did bought in last 370d").log, days(374));
}

#[test]
fn watched_segments_know_what_can_flip_them() {
    let program = program(
        "segment a = profile in b and profile.vip\nsegment b = did not opened in last 3d\nsegment c = did bought\n\
         journey j { purpose convert\n owner \"o\"\n under policy p\n goal bought within 3d\n \
         review every 3mo by \"l\"\n reentry never\n start when profile enters a\n if profile in c { stop }\n}\n",
    );
    let [watched] = program.tracked.as_slice() else { panic!("{:?}", program.tracked) };
    assert_eq!(program.segments[watched.segment.index()].name, "a");
    assert_eq!(watched.events.iter().map(|e| program.event(*e).name.as_str()).collect::<Vec<_>>(), ["opened"]);
    let fields: Vec<_> = watched.fields.iter().map(|f| program.profile[f.index()].name.as_str()).collect();
    assert_eq!(fields, ["vip", "zone"]);
    assert!(watched.by_time);
}

#[test]
fn a_goal_knows_how_its_event_would_look() {
    let program = program(&journey(""));
    let goal = program.journeys[0].goal.as_ref().map(|g| g.template.len());
    assert_eq!(goal, Some(1));
}
