//! `tabi test [NAME]`: the timeline tests of a project, and for each that fails the story of the person in it.
//!
//! Runs and judges nothing itself: the simulator does.

mod ci;
mod from_run;
mod json;
mod pretty;
mod quality;

use std::path::{Path, PathBuf};

use super::args::ReportFormat;
use super::exit::{Exit, Stop};
use super::open::{Opened, open, read};
use super::remote::DATA;
use super::speak::Speaker;
use super::watch;
use crate::diag::render::{self, Run};
use crate::diag::{Code, Diagnostic, Language, Phrase, did_you_mean};
use crate::ir::Program;
use crate::ir::timeline::Timeline;
use crate::simulate::timeline::{self, Verdict};
use crate::text::Sources;

/// Run the timeline tests of a project
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Only tests of the journey of this name, or with this in their title; a project's folder here is as --project
    #[arg(value_name = "NAME")]
    name: Option<String>,

    /// The project's folder, or one inside it
    #[arg(long, value_name = "DIR", default_value = ".")]
    project: PathBuf,

    /// How results are written: for people, a line each, or for programs, GitHub, code scanning, CI, a pull request
    #[arg(long, value_name = "FORMAT", default_value = "pretty")]
    format: ReportFormat,

    /// Say which steps, branches, fallbacks and exits no test visits
    #[arg(long, conflicts_with = "watch")]
    coverage: bool,

    /// Put small faults into the campaigns, one at a time, and say which of them no test notices
    #[arg(long, conflicts_with_all = ["watch", "coverage"])]
    mutants: bool,

    /// With --coverage or --mutants: only this journey
    #[arg(long, value_name = "JOURNEY")]
    journey: Option<String>,

    /// With --mutants: try at most this many, chosen evenly
    #[arg(long, value_name = "N")]
    limit: Option<usize>,

    /// With --coverage or --mutants: end with 2 if fewer percent are visited or noticed
    #[arg(long, value_name = "PERCENT")]
    min: Option<f64>,

    /// Stay, and test again whenever a file of the project changes; Ctrl-C ends
    #[arg(long)]
    watch: bool,

    /// Write a run of a real person as a test that passes, under other names: the last run, unless --run says which
    #[arg(long, num_args = 2, value_names = ["PERSON", "JOURNEY"], conflicts_with_all = ["watch", "coverage", "mutants", "name"])]
    from_run: Option<Vec<String>>,

    /// With --from-run: the run's number, as `tabi person show` tells it
    #[arg(long, value_name = "N", requires = "from_run")]
    run: Option<u32>,

    /// The folder of the data of a Tabi that runs, or ran
    #[arg(long, value_name = "DIR", default_value = DATA)]
    data: PathBuf,
}

/// A test and what came of it.
struct Ran<'a> {
    journey: &'a str,
    timeline: &'a Timeline,
    verdict: Verdict,
}

pub fn run(args: &Args, speaker: &mut Speaker) -> Result<Exit, Stop> {
    let (project, name) = asked(args);
    if let Some(about) = &args.from_run {
        return from_run::run(args, project, about, speaker);
    }
    if args.coverage || args.mutants {
        return measured(args, project, name, speaker);
    }
    if args.watch {
        return watch::watch(project, speaker, |speaker| once(project, name, args.format, speaker));
    }
    once(project, name, args.format, speaker)
}

/// How much the tests see, instead of how they went.
fn measured(args: &Args, project: &Path, name: Option<&str>, speaker: &mut Speaker) -> Result<Exit, Stop> {
    let opened = open(project);
    let Some(program) = &opened.program else { return opened.refuse(speaker) };
    let chosen = chosen(program, &opened.timelines, name)?;
    match args.mutants {
        true => quality::mutants(args, &opened, program, &chosen, speaker),
        false => quality::coverage(args, program, &chosen, speaker),
    }
}

/// The name of a journey there is; else what was probably meant.
fn journey(program: &Program, name: &str) -> Result<String, Stop> {
    if program.journey_named(name).is_some() {
        return Ok(name.to_string());
    }
    let help = match did_you_mean(name, program.journeys.iter().map(|j| j.name.as_str())) {
        Some(meant) => Phrase::new(format!("did you mean `{meant}`?"), format!("`{meant}` ではありませんか")),
        None => Phrase::new("give the name of a journey of the project", "プロジェクトのジャーニー名を指定する"),
    };
    let what = Phrase::new(format!("unknown journey `{name}`"), format!("知らないジャーニー `{name}`"));
    Err(Stop::Usage { what, help })
}

fn once(project: &Path, name: Option<&str>, format: ReportFormat, speaker: &mut Speaker) -> Result<Exit, Stop> {
    let (opened, broken) = testable(project);
    let Some(program) = &opened.program else { return opened.refuse(speaker) };
    let chosen = chosen(program, &opened.timelines, name)?;
    let ran: Vec<Ran> = chosen
        .into_iter()
        .map(|timeline| Ran {
            journey: &program.journey(timeline.journey).name,
            timeline,
            verdict: timeline::run(program, timeline),
        })
        .collect();
    let passed = broken.is_empty() && ran.iter().all(|test| test.verdict.passed);
    let exit = if passed { Exit::Fine } else { Exit::Failed };
    let text = speaker.diagnostics(&broken, &opened.project.sources);
    speaker.aside(&text)?;
    speaker.report(&told(&ran, &opened.project.sources, format, exit, speaker.language))?;
    Ok(exit)
}

/// A project whose tests may be run, and the promises it does not keep: these are no reason not to run the tests, since
/// what breaks a promise is told as one.
fn testable(project: &Path) -> (Opened, Vec<Diagnostic>) {
    let mut opened = read(project);
    let errors = opened.diagnostics.iter().filter(|found| found.is_error());
    let (broken, others): (Vec<&Diagnostic>, Vec<&Diagnostic>) = errors.partition(|found| found.code == Code::E0205);
    let (broken, refused) = (broken.into_iter().cloned().collect(), !others.is_empty());
    if refused {
        opened.program = None;
    }
    (opened, broken)
}

/// The other commands take the project where this one takes a name: a project's folder there is understood.
fn asked(args: &Args) -> (&Path, Option<&str>) {
    match args.name.as_deref() {
        Some(name) if args.project == Path::new(".") && Path::new(name).join(crate::project::CONFIG_FILE).is_file() => {
            (Path::new(name), None)
        }
        name => (&args.project, name),
    }
}

fn chosen<'a>(program: &Program, timelines: &'a [Timeline], name: Option<&str>) -> Result<Vec<&'a Timeline>, Stop> {
    let Some(name) = name else { return Ok(timelines.iter().collect()) };
    let journey = |timeline: &Timeline| program.journey(timeline.journey).name.as_str();
    let chosen: Vec<&Timeline> =
        timelines.iter().filter(|timeline| journey(timeline) == name || timeline.title.contains(name)).collect();
    if !chosen.is_empty() {
        return Ok(chosen);
    }
    let help = match did_you_mean(name, program.journeys.iter().map(|j| j.name.as_str())) {
        Some(meant) => Phrase::new(format!("did you mean `{meant}`?"), format!("`{meant}` ではありませんか")),
        None => Phrase::new(
            "give a journey's name or a part of a test's title; without one, all tests run",
            "ジャーニー名かテストの題名の一部を指定する (省略するとすべて実行)",
        ),
    };
    let what = Phrase::new(format!("no test matches `{name}`"), format!("`{name}` に当てはまるテストはありません"));
    Err(Stop::Usage { what, help })
}

fn told(ran: &[Ran], sources: &Sources, format: ReportFormat, exit: Exit, language: Language) -> String {
    match format {
        ReportFormat::Pretty => pretty::pretty(ran, language),
        ReportFormat::Compact => render::compact(&ci::findings(ran, sources, language)),
        ReportFormat::Json => json::json(ran),
        ReportFormat::Github => render::github(&ci::findings(ran, sources, language), language),
        ReportFormat::Sarif => {
            render::sarif(&ci::findings(ran, sources, language), Run { language, exit_code: exit.number() })
        }
        ReportFormat::Junit => render::junit("tabi test", &ci::suites(ran, language)),
        ReportFormat::Md => ci::markdown(ran, language),
    }
}
