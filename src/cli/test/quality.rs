//! `tabi test --coverage` and `--mutants`: how much the tests of a project see.
//!
//! Finds neither points nor faults itself; runs the tests, mutants in as many threads as there are.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::super::args::ReportFormat;
use super::super::exit::{Exit, Stop};
use super::super::open::Opened;
use super::super::speak::Speaker;
use super::{Args, journey};
use crate::cover::{self, Coverage};
use crate::diag::Phrase;
use crate::ir::timeline::Timeline;
use crate::ir::{Place, Program};
use crate::mutate::{self, Mutant, Score, Survivor};
use crate::simulate::timeline;

/// What the chosen tests visit.
pub fn coverage(args: &Args, program: &Program, chosen: &[&Timeline], speaker: &mut Speaker) -> Result<Exit, Stop> {
    let asked = asked(args, program, chosen)?;
    let mut failed = 0;
    let trails: Vec<_> = chosen
        .iter()
        .map(|test| {
            let (verdict, trail) = timeline::traced(program, test);
            failed += usize::from(!verdict.passed);
            (*test, trail)
        })
        .collect();
    let coverage: Coverage = cover::coverage(program, &trails, &|name| asked.iter().any(|journey| journey == name));
    let language = speaker.words();
    let text = match args.format {
        ReportFormat::Pretty => cover::pretty(&coverage, language),
        ReportFormat::Compact => cover::compact(&coverage, language),
        ReportFormat::Json => cover::json(&coverage),
        ReportFormat::Md => cover::markdown(&coverage, language),
        ReportFormat::Github | ReportFormat::Sarif | ReportFormat::Junit => return Err(no_such_form("--coverage")),
    };
    speaker.report(&text)?;
    if failed > 0 {
        speaker.refusal(&failing(failed), &run_them());
        return Ok(Exit::Failed);
    }
    Ok(enough(args, coverage.percent))
}

/// Which faults the chosen tests notice.
pub fn mutants(
    args: &Args,
    opened: &Opened,
    program: &Program,
    chosen: &[&Timeline],
    speaker: &mut Speaker,
) -> Result<Exit, Stop> {
    let asked = asked(args, program, chosen)?;
    let failed = chosen.iter().filter(|test| !timeline::run(program, test).passed).count();
    if failed > 0 {
        // A test that fails as it is notices nothing.
        speaker.refusal(&failing(failed), &run_them());
        return Ok(Exit::Failed);
    }
    let all = mutate::mutants(program, &|name| asked.iter().any(|journey| journey == name));
    let known = all.len();
    let tried = mutate::spread(all, args.limit.unwrap_or(usize::MAX));
    let noticed = try_all(program, chosen, &tried);
    let is_tested = |mutant: &Mutant| chosen.iter().any(|test| mutant.journeys.contains(&test.journey));
    let untested = tried.iter().filter(|mutant| !is_tested(mutant)).count();
    let unnoticed = tried.iter().zip(&noticed).filter(|(_, noticed)| !**noticed);
    let mut survivors: Vec<Survivor> = unnoticed.map(|(mutant, _)| mutant.survivor()).collect();
    survivors.iter_mut().filter(|survivor| survivor.path.is_empty()).for_each(|survivor| {
        if let Some(place) = declared(opened, program, &survivor.of) {
            (survivor.path, survivor.line) = (place.path.to_string(), place.line);
        }
    });
    let score = Score::new(tried.len(), known, untested, survivors);
    let language = speaker.words();
    let text = match args.format {
        ReportFormat::Pretty => mutate::pretty(&score, language),
        ReportFormat::Json => mutate::json(&score),
        ReportFormat::Md => mutate::markdown(&score, language),
        ReportFormat::Compact | ReportFormat::Github | ReportFormat::Sarif | ReportFormat::Junit => {
            return Err(no_such_form("--mutants"));
        }
    };
    speaker.report(&text)?;
    Ok(enough(args, score.percent))
}

/// Where a policy or a message stands.
fn declared(opened: &Opened, program: &Program, name: &str) -> Option<Place> {
    let map = opened.map.as_ref()?;
    let policy = program.policies.iter().position(|p| p.name == name).and_then(|at| map.policies.get(at));
    let message = program.messages.iter().position(|m| m.name == name).and_then(|at| map.messages.get(at));
    let span = policy.map(|p| p.name).or(message.map(|m| m.name))?;
    Some(opened.place(span))
}

/// By mutant: whether some test of its journeys fails. The same for any number of threads.
fn try_all(program: &Program, tests: &[&Timeline], mutants: &[Mutant]) -> Vec<bool> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from).min(mutants.len().max(1));
    let next = AtomicUsize::new(0);
    let work = || {
        let mut done = Vec::new();
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some(mutant) = mutants.get(at) else { return done };
            let changed = mutant.apply(program);
            let mut concerned = tests.iter().filter(|test| mutant.journeys.contains(&test.journey));
            done.push((at, concerned.any(|test| !timeline::run(&changed, test).passed)));
        }
    };
    let mut noticed = vec![false; mutants.len()];
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        for worker in workers {
            let done = worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            done.into_iter().for_each(|(at, was)| noticed[at] = was);
        }
    });
    noticed
}

/// The journeys that are looked at: the one asked for, those of the chosen tests if some were chosen, else all.
fn asked(args: &Args, program: &Program, chosen: &[&Timeline]) -> Result<Vec<String>, Stop> {
    let name_of = |test: &&Timeline| program.journey(test.journey).name.clone();
    match (&args.journey, &args.name) {
        (Some(name), _) => Ok(vec![journey(program, name)?]),
        (None, Some(_)) => Ok(chosen.iter().map(name_of).collect()),
        (None, None) => Ok(program.journeys.iter().map(|journey| journey.name.clone()).collect()),
    }
}

fn enough(args: &Args, percent: f64) -> Exit {
    if args.min.is_some_and(|min| percent < min) { Exit::Failed } else { Exit::Fine }
}

fn failing(count: usize) -> Phrase {
    Phrase::new(format!("{count} of the tests fail"), format!("失敗しているテストが {count} 件あります"))
}

fn run_them() -> Phrase {
    Phrase::new("see `tabi test`, and put them right first", "`tabi test` で確かめ、先に直す")
}

fn no_such_form(option: &str) -> Stop {
    Stop::Usage {
        what: Phrase::new(
            format!("`{option}` is not written in this format"),
            format!("`{option}` はこの形式では書けません"),
        ),
        help: Phrase::new("use `pretty`, `json` or `md`", "`pretty`・`json`・`md` のどれかにする"),
    }
}
