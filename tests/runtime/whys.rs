//! Accounts of random lives: what they say a condition came to is what the machine did, nothing that was refused lacks its
//! reason, and runs become tests that pass.
//!
//! Words and layout are looked at elsewhere.

use tabi::compile::{Settings, compile};
use tabi::ir::JourneyId;
use tabi::machine::{Engine, Entry, What};
use tabi::simulate::timeline;
use tabi::text::{Source, Sources};
use tabi::value::{Currency, Instant, Zone};
use tabi::why::account::{Basis, Ground, Line};
use tabi::why::replay::recorded;
use tabi::why::{Asked, Past, Unwritten, as_test, why, why_not};

use crate::generate;

/// What came of asking about many lives.
#[derive(Debug, Default)]
pub struct Asking {
    pub accounts: usize,
    pub branches: usize,
    pub refusals: usize,
    pub tests: usize,
    /// Runs that hang on what a test cannot say.
    pub unsayable: usize,
    pub personal: usize,
}

pub fn settings() -> Settings {
    Settings {
        zone: Zone::from_name("Asia/Tokyo").unwrap(),
        currency: Currency::from_code("JPY").unwrap(),
        ..Settings::default()
    }
}

impl Asking {
    /// Asks about every journey of a life.
    pub fn about(&mut self, seed: u64, engine: &Engine<'_>, past: &Past, until: Instant) {
        for index in 0..engine.program().journeys.len() {
            let asked = Asked {
                person: past.id.to_string(),
                journey: JourneyId(index as u16),
                until,
                past: past.clone(),
                is_same_program: true,
                settled: Vec::new(),
                under_way: Vec::new(),
            };
            let entries: Vec<&Entry> =
                recorded(&past.lines, until).filter(|entry| entry.journey == asked.journey).collect();
            let place = format!("seed {seed}, {} in {}", asked.person, engine.program().journey(asked.journey).name);
            let account = why(engine, &asked);
            assert_eq!(account.basis, Basis::Replay, "{place}");
            let told = account.lines.iter().filter(|line| !matches!(line.kind, "branched" | "passed")).count();
            assert_eq!(told + account.left_out, entries.len(), "{place}: every entry is told");
            account.lines.iter().for_each(|line| self.judge(&place, line));
            self.accounts += 1;
            let not = why_not(engine, &asked);
            let answer = not.answer.expect("an answer");
            let entered = entries.iter().any(|entry| entry.what == What::Entered);
            assert_eq!(answer.en.contains("did enter"), entered, "{place}: {}", answer.en);
            assert!(entered || answer.en.contains("will enter") || !not.lines.is_empty(), "{place}: {}", answer.en);
            self.ask_without_beginning(&place, engine, &asked, &entries);
            if entered {
                self.rehearse(seed, &place, engine, &asked);
            }
        }
    }

    /// A journal whose beginning was purged is told from what was written down.
    fn ask_without_beginning(&self, place: &str, engine: &Engine<'_>, asked: &Asked, entries: &[&Entry]) {
        let mut asked = asked.clone();
        asked.past.lines.remove(0);
        let account = why(engine, &asked);
        assert_eq!((account.basis, account.lines.len() + account.left_out), (Basis::Record, entries.len()), "{place}");
        assert!(account.caveat.is_some_and(|caveat| caveat.en.contains("not kept any more")), "{place}");
        assert_eq!(as_test(engine, &asked, None), Err(Unwritten::NotReplayed), "{place}");
    }

    fn judge(&mut self, place: &str, line: &Line) {
        let place = format!("{place}: {line:#?}");
        match line.kind {
            "branched" => {
                self.branches += 1;
                let holds: Vec<Option<bool>> = line.because.iter().map(|ground| ground.holds).collect();
                let (last, before) = holds.split_last().expect("a branch has cases");
                let taken = line.what.en.contains("took the branch: ");
                assert_eq!(*last, Some(taken), "{place}");
                assert!(before.iter().all(|holds| *holds == Some(false)), "{place}");
            }
            "not_entered" => {
                self.refusals += 1;
                let by_only_if = line.what.en.contains("only if");
                assert!(!line.because.is_empty(), "{place}");
                assert_eq!(line.because.iter().any(|g| g.holds == Some(false)), by_only_if, "{place}");
            }
            "entered" => assert!(!line.because.is_empty() && !any_false(&line.because), "{place}"),
            "held" => {
                self.refusals += 1;
                assert!(!line.because.is_empty(), "{place}");
            }
            "dropped" => {
                self.refusals += 1;
                let outside = line.what.en.contains("by the provider") || line.what.en.contains("budget");
                assert!(outside || !line.because.is_empty(), "{place}");
            }
            _ => {}
        }
        line.because.iter().for_each(|ground| consistent(&place, ground));
    }

    fn rehearse(&mut self, seed: u64, place: &str, engine: &Engine<'_>, asked: &Asked) {
        let text = match as_test(engine, asked, None) {
            Ok(text) => text,
            Err(Unwritten::Unsayable) => {
                self.unsayable += 1;
                return;
            }
            Err(Unwritten::Personal) => {
                self.personal += 1;
                return;
            }
            Err(why) => panic!("{place}: {why:?}"),
        };
        let mut sources = Sources::default();
        sources.add(Source::new("generated.tabi", generate::project(seed)));
        sources.add(Source::new("run.tabi", text.clone()));
        let compiled = compile(&sources, &settings());
        let program = compiled.program.unwrap_or_else(|| panic!("{place}\n{text}\n{:#?}", compiled.diagnostics));
        let of_run = compiled.timelines.iter().find(|timeline| &*timeline.place.path == "run.tabi").expect("the test");
        let verdict = timeline::run(&program, of_run);
        assert!(verdict.passed, "{place}\n{text}\n{:#?}", verdict.failures);
        let laid_out = tabi::fmt::format(&Source::new("run.tabi", text.clone())).expect("it can be laid out");
        assert_eq!(laid_out, text, "{place}: laid out");
        assert!(!text.contains("@example.jp") || text.contains("person"), "{place}: names are other names\n{text}");
        let personal =
            ["p0@example", "p1@example", "p2@example", "\"U0\"", "\"U1\"", "\"U2\"", "\"k0\"", "\"k1\"", "\"k2\""];
        assert!(personal.iter().all(|own| !text.contains(own)), "{place}\n{text}");
        self.tests += 1;
    }
}

fn any_false(grounds: &[Ground]) -> bool {
    grounds.iter().any(|ground| ground.holds == Some(false))
}

/// A whole is what its parts say.
fn consistent(place: &str, ground: &Ground) {
    let en = &ground.what.en;
    if ground.parts.len() > 1 && en.contains(" and ") && !en.contains(" or ") && !en.contains("not ") {
        let all = ground.parts.iter().all(|part| part.holds == Some(true));
        assert_eq!(ground.holds, Some(all), "{place}");
    }
    ground.parts.iter().for_each(|part| consistent(place, part));
}
