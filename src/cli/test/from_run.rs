//! `tabi test --from-run PERSON JOURNEY`: a run of a real person as a test, under other names.
//!
//! Writes no test that does not pass: what comes out has been compiled and run.

use std::path::Path;

use super::Args;
use crate::cli::deploy::prepare;
use crate::cli::exit::{Exit, Stop};
use crate::cli::open::{self, open};
use crate::cli::speak::Speaker;
use crate::cli::why::{asked, earlier, journey, seen};
use crate::diag::Phrase;
use crate::machine::{Engine, RunNo};
use crate::project;
use crate::simulate::timeline;
use crate::text::Source;
use crate::why::{Unwritten, as_test};

/// What the test is called while it is tried.
const TRIED: &str = "run.tabi";

pub fn run(args: &Args, project: &Path, about: &[String], speaker: &mut Speaker) -> Result<Exit, Stop> {
    let [person, name] = about else { return Ok(Exit::Fine) };
    let opened = open(project);
    let Some(program) = &opened.program else { return opened.refuse(speaker) };
    let known = journey(program, name);
    let seen = seen(&args.data, person).map_err(|stop| known.err().unwrap_or(stop))?;
    // The ids of the record are those of what is live.
    let live = prepare::data(&args.data)?.program;
    let program = &live;
    let journey = journey(program, name)?;
    let mut asked = asked(program, journey, None, seen);
    asked.past.earlier = earlier(&args.data, program)?;
    let text = as_test(&Engine::new(program), &asked, args.run.map(RunNo)).map_err(|why| unwritten(why, name))?;
    if !passes(&opened.project.root, &text) {
        return Err(unwritten(Unwritten::Unsayable, name));
    }
    speaker.report(&text)?;
    Ok(Exit::Fine)
}

/// The test compiles beside the campaigns, and passes.
fn passes(root: &Path, text: &str) -> bool {
    let mut project = project::load(root);
    project.sources.add(Source::new(TRIED, text.to_owned()));
    let compiled = open::compiled(&mut project, &mut Default::default());
    let Some(program) = compiled.program else { return false };
    let test = compiled.timelines.iter().find(|timeline| &*timeline.place.path == TRIED);
    test.is_some_and(|test| timeline::run(&program, test).passed)
}

fn unwritten(why: Unwritten, journey: &str) -> Stop {
    let (what, help) = match why {
        Unwritten::NoRun => (
            Phrase::new(
                format!("the person has no such run of `{journey}`"),
                format!("この人に `{journey}` のその回はありません"),
            ),
            Phrase::new(
                "see their runs with `tabi person show`, or ask `tabi why-not`",
                "`tabi person show` で回を確かめるか、`tabi why-not` で理由を調べる",
            ),
        ),
        Unwritten::NotReplayed => (
            Phrase::new(
                "what happened to the person cannot be replayed with these campaigns",
                "このキャンペーンでは、この人に起きたことを再生できません",
            ),
            Phrase::new(
                "check out the version that runs; runs from before journals were kept whole have no test",
                "実行中の版に切り替える。完全な記録が残る前の回はテストにできません",
            ),
        ),
        Unwritten::Unsayable => (
            Phrase::new(
                "the run hangs on something that a test cannot say: what happened in other journeys or under another id, or \
                 on news of an address",
                "この回は、テストに書けないこと (ほかのジャーニーや別の ID で起きたこと、宛先についての知らせ) に左右されています",
            ),
            Phrase::new(
                "see what it was with `tabi why`, and write the test by hand",
                "`tabi why` で経過を確かめて、テストを手で書く",
            ),
        ),
        Unwritten::Personal => (
            Phrase::new(
                "the run comes out otherwise when personal values are replaced",
                "個人に関する値を置き換えると、この回の結果が変わります",
            ),
            Phrase::new(
                "see what it hangs on with `tabi why`, and write the test by hand",
                "`tabi why` で何に左右されているかを確かめて、テストを手で書く",
            ),
        ),
    };
    Stop::Wrong { what, help }
}
