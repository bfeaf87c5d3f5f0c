//! Bounds and verdicts of small journeys: a table of steps with what must be found.
//!
//! The proofs are held against what really happens in `soundness`; here it is that they are not too timid.

use tabi::compile::{Settings, compile};
use tabi::diag::{Language, render};
use tabi::prove::{self, Longest, Most, Proof, Verdict};
use tabi::text::{Source, Sources};
use tabi::value::Zone;

const WORLD: &str = r#"
profile {
  email:     email?
  line_user: line_id?
  birthday:  date?
  tags:      list of text
}

event cart about profile { key: id, due: instant }
event purchase about profile { key: id }

message mail on email for marketing
message note on line for marketing patience 10m

action coupon.issue patience 20m gives { ends: instant }

policy free {
  timezone Asia/Tokyo
}
policy nights {
  timezone Asia/Tokyo
  quiet 21:00..08:00 then hold
  quiet 08:00..09:00 then hold
}
policy abroad {
  timezone America/New_York
  cap 2 messages per 7d
}
policy monthly {
  timezone Asia/Tokyo
  cap 1 message per 1mo
}
policy patient {
  timezone Asia/Tokyo
  cap 1 line per 1d then hold
}
"#;

/// A journey with the given header lines and steps.
fn journey(header: &str, steps: &str) -> String {
    let header = if header.contains("under") { header.to_owned() } else { format!("{header}\n  under policy free") };
    let reentry = if header.contains("reentry") { "" } else { "  reentry never\n" };
    let start = if header.contains("start ") { "" } else { "  start when cart as it\n" };
    let promise = if header.contains("promise") { "" } else { "  promise at most 99 messages\n" };
    format!(
        "journey j {{\n  purpose convert\n  owner \"@a\"\n  goal purchase within 5d\n  review every 1y by \"@a\"\n\
         {promise}{reentry}  {header}\n{start}{steps}\n}}\n"
    )
}

fn proof(header: &str, steps: &str) -> Proof {
    let mut sources = Sources::default();
    let text = format!("{WORLD}\n{}", journey(header, steps));
    sources.add(Source::new("j.tabi", text));
    let settings = Settings { zone: Zone::from_name("Asia/Tokyo").unwrap(), ..Settings::default() };
    let compiled = compile(&sources, &settings);
    let told = || -> String {
        compiled.diagnostics.iter().map(|d| render::pretty(d, &sources, Language::English, false)).collect()
    };
    let program = compiled.program.as_ref().unwrap_or_else(|| panic!("{}", told()));
    prove::prove(program).journeys.remove(0)
}

fn stay(proof: &Proof) -> String {
    match proof.bounds.stay {
        Longest::Within { time, clocks } if clocks.0 == 0 => time.to_string(),
        Longest::Within { time, clocks } => format!("{time} +{clocks}"),
        Longest::Never { why, .. } => format!("{why:?}"),
    }
}
fn most(most: Most) -> String {
    match most {
        Most::Count(count) => count.to_string(),
        Most::Unbounded(why) => format!("{why:?}"),
    }
}

#[test]
fn the_longest_stay() {
    for (header, steps, expected) in [
        ("", "stop", "0m"),
        ("", "wait 3d", "3d"),
        ("", "wait 1mo", "31d"),
        ("", "wait 90m\n wait 1d12h", "1d13h30m"),
        ("under policy abroad", "wait 3d", "3d +1h"),
        ("under policy abroad", "wait 72h", "3d"),
        ("", "wait until 19:00", "1d"),
        ("", "wait until tomorrow 12:00", "1d12h"),
        ("", "wait until monday 09:00", "7d"),
        ("", "wait until now + 2h", "2h"),
        ("", "let end = today + 5d\n wait until end at 12:00", "5d12h"),
        ("", "let end = today + 5d\n wait until end - 2d at 12:00", "3d12h"),
        ("", "wait until it.at + 3d", "3d"),
        ("", "wait until it.due", "MomentRead"),
        ("start when cart(due <= now + 6d) as it", "wait until it.due", "6d"),
        ("start when cart(due < now + 6d) as it settled for 1h", "wait until it.due - 1d", "5d"),
        ("", "if profile.birthday is set { wait until next anniversary of profile.birthday at 10:00 }", "365d10h"),
        ("", "do coupon.issue as gift\n otherwise stop\n wait until gift.ends", "MomentRead"),
        ("", "do coupon.issue", "20m"),
        ("", "wait up to 2d for purchase { wait 1d }\n otherwise { wait 5h }", "3d"),
        ("", "repeat up to 3 times { wait 2d }", "6d"),
        ("", "repeat up to 3 times { wait up to 2d for purchase { wait 9d\n stop }\n }", "15d"),
        ("", "repeat up to 10 times { repeat up to 100 times { wait 1h } }", "41d16h"),
        ("under policy nights", "send email mail", "12h"),
        ("under policy nights", "let end = now + 2h\n send email mail before end", "2h"),
        ("under policy nights", "send line note\n otherwise send email mail", "12h10m"),
        ("under policy nights", "send email mail\n send email mail\n send email mail", "12h"),
        ("under policy nights", "send email mail\n wait 1d\n send email mail", "1d12h"),
        ("under policy nights", "send email mail\n wait 11h\n send email mail", "23h"),
        ("under policy nights", "wait until 10:00\n send email mail\n wait 2d\n send email mail", "3d"),
        ("under policy nights", "repeat up to 10 times { send email mail\n wait 1d }", "10d12h"),
        ("under policy nights", "repeat up to 3 times { send email mail\n wait 13h }", "3d1h"),
        ("", "wait until 10:00\n wait 3d\n wait until 10:00", "4d"),
        ("", "wait until monday 10:00\n wait until friday 10:00\n wait until friday 10:00", "11d"),
        ("under policy abroad", "wait until 10:00\n wait 3d\n wait until 10:00", "4d +1h"),
        ("under policy abroad", "wait until 02:30\n wait 3d\n wait until 02:30", "4d23h +1h"),
        ("under policy patient", "send line note", "0m"),
        ("under policy patient", "send line note\n send line note", "2d"),
        ("under policy patient", "send line note\n otherwise send line note", "2d"),
        ("under policy patient\n  start when cart as it per it.key", "send line note", "CapShared"),
    ] {
        assert_eq!(stay(&proof(header, steps)), expected, "{header} {steps}");
    }
}

#[test]
fn the_most_messages() {
    let thrice = "repeat up to 3 times { send email mail\n wait 1d }";
    for (header, steps, run, day, week, ever) in [
        ("", "wait 1d", "0", "0", "0", "0"),
        ("", "send email mail\n send line note", "2", "2", "2", "2"),
        ("", "send line note\n otherwise send email mail", "1", "1", "1", "1"),
        ("", "if tagged \"a\" { send email mail } else { send line note\n send line note }", "2", "2", "2", "2"),
        ("", thrice, "3", "1", "3", "3"),
        ("", "repeat up to 3 times { send email mail\n wait 8d }", "3", "1", "1", "3"),
        ("", "repeat up to 30 times { send email mail\n wait 1h }", "30", "24", "30", "30"),
        ("", "repeat up to 1000 times { send email mail\n wait 1d }", "1000", "1", "7", "1000"),
        ("", "send email mail\n wait until tomorrow 08:00\n send email mail", "2", "1", "2", "2"),
        ("", "send email mail\n wait until 08:00\n send email mail", "2", "2", "2", "2"),
        (
            "",
            "repeat up to 3 times { wait up to 2d for purchase { send email mail\n stop }\n send line note }",
            "3",
            "2",
            "3",
            "3",
        ),
        ("under policy abroad", thrice, "2", "1", "2", "2"),
        ("reentry always", "send email mail", "1", "Reentry", "Reentry", "Reentry"),
        ("reentry always", "send email mail\n wait 1d", "1", "1", "7", "Reentry"),
        ("reentry after 30d", "send email mail\n wait 2d\n send email mail", "2", "1", "2", "Reentry"),
        ("reentry after 30d\n  start when cart as it per it.key", "send email mail", "1", "Keys", "Keys", "Keys"),
        (
            "reentry always\n  start every week on monday at 09:00 for everyone",
            "send email mail",
            "1",
            "1",
            "1",
            "Reentry",
        ),
        (
            "reentry always\n  start every week on monday, thursday at 09:00 for everyone",
            "send email mail",
            "1",
            "1",
            "2",
            "Reentry",
        ),
        (
            "reentry always\n  start every week on friday, monday, wednesday at 09:00 for everyone",
            "send email mail",
            "1",
            "1",
            "3",
            "Reentry",
        ),
        (
            "reentry always\n  start every month on 1, 5 at 09:00 for everyone",
            "send email mail",
            "1",
            "1",
            "2",
            "Reentry",
        ),
    ] {
        let bounds = proof(header, steps).bounds;
        let found = [bounds.run, bounds.day, bounds.week, bounds.person].map(|m| most(m.all));
        assert_eq!(found, [run, day, week, ever], "{header} {steps}");
    }
}

#[test]
fn promises() {
    let twice = "send email mail\n wait 1d\n send email mail";
    for (promise, steps, kept) in [
        ("ends within 5d", "wait 5d", true),
        ("ends within 5d", "wait 120h", true),
        ("ends within 5d", "wait 121h", false),
        ("ends within 1mo", "wait 1mo", true),
        ("at most 2 messages", twice, true),
        ("at most 1 message", twice, false),
        ("at most 1 message per 1d", twice, true),
        ("at most 1 message per 24h", twice, true),
        ("at most 1 message per 25h", twice, false),
        ("at most 1 message per 2d", twice, false),
        ("at most 0 line", twice, true),
        ("at most 2 messages per 1d", "repeat up to 100 times { send email mail\n wait 12h }", true),
        ("at most 1 message per 1d", "repeat up to 100 times { send email mail\n wait 12h }", false),
        ("at most 1 message per 1mo\n  reentry always\n  under policy monthly", "send email mail", true),
        ("at most 1 email per 1mo\n  reentry always\n  under policy monthly", "send email mail", true),
        ("at most 1 message per 31d\n  reentry always\n  under policy monthly", "send email mail", false),
    ] {
        let proof = proof(&format!("promise {promise}"), steps);
        let verdict = &proof.promises[0].verdict;
        assert_eq!(*verdict == Verdict::Proven, kept, "{promise}: {steps}: {verdict:?}");
        if let Verdict::Open(doubt) = verdict
            && let Some(path) = doubt.ways.first()
        {
            let edges = path.edges();
            assert_eq!(edges.first().map(|e| e.from), Some(0), "{promise}: {steps}");
            assert!(edges.windows(2).all(|pair| pair[0].to == pair[1].from), "{promise}: {steps}: the way has gaps");
        }
    }
}

#[test]
fn a_way_is_told_whole_with_its_passes() {
    let proof = proof("promise ends within 1d", "repeat up to 1000 times { wait 1d }\n wait 1h");
    let Verdict::Open(doubt) = &proof.promises[0].verdict else { panic!() };
    let path = &doubt.ways[0];
    assert!(path.stretches.len() < 10, "passes are told once");
    let edges = path.edges();
    assert!(edges.len() > 2_000 && edges.windows(2).all(|pair| pair[0].to == pair[1].from));
}
