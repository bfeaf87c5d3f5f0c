//! `tabi results [JOURNEY]`: what experiments and holdouts have shown, in the data of `tabi run` or in a replay.
//!
//! Reads the journals and shows the report; what they add up to is the business of `results`.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use super::deploy::prepare;
use super::diff::Form;
use super::exit::{Exit, Stop};
use super::open::open;
use super::remote::DATA;
use super::run::trouble::store_trouble;
use super::simulate::{Inputs, bar, replay, sources, stopped};
use super::speak::Speaker;
use crate::diag::{Phrase, did_you_mean};
use crate::ir::Program;
use crate::machine::Entry;
use crate::results::{self, Book, Report, Settings, Tally};
use crate::runtime::durable::histories;
use crate::simulate;
use crate::value::Instant;

/// Show what experiments and holdouts have shown: rates, lifts, money, and how sure that is
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Only this journey
    #[arg(value_name = "JOURNEY")]
    journey: Option<String>,

    /// The project's folder, or one inside it
    #[arg(long, value_name = "DIR", default_value = ".")]
    project: PathBuf,

    /// The data of `tabi run`, while it runs or after [default: .tabi; with events or people, these are replayed instead]
    #[arg(long, value_name = "DIR", conflicts_with_all = ["events", "people"])]
    data: Option<PathBuf>,

    #[command(flatten)]
    inputs: Inputs,

    /// Replay the sample of tabi.yaml
    #[arg(long, conflicts_with = "data")]
    sample: bool,

    /// The lift in percent that should be seen: what power is told for
    #[arg(long, value_name = "PERCENT", default_value_t = 20.0)]
    lift: f64,

    /// For people, for programs, or for a pull request
    #[arg(long, value_name = "FORMAT", default_value = "pretty", conflicts_with = "json")]
    format: Form,

    /// The same as `--format json`
    #[arg(long)]
    json: bool,
}

pub fn run(args: &Args, speaker: &mut Speaker) -> Result<Exit, Stop> {
    if !(args.lift > 0.0 && args.lift <= LIFT_MAX) {
        return Err(Stop::Usage {
            what: Phrase::new(
                format!("`--lift {}` is no lift", args.lift),
                format!("`--lift {}` は使えません", args.lift),
            ),
            help: Phrase::new(
                "write a percentage of the control's rate, such as `--lift 20`",
                "対照の率に対する割合 (%) を `--lift 20` のように書く",
            ),
        });
    }
    let report = match args.sample || args.inputs.files.are_named() {
        true => replayed(args, speaker)?,
        false => stored(args, args.data.as_deref().unwrap_or(Path::new(DATA)), speaker)?,
    };
    let Some(report) = report else { return open(&args.project).refuse(speaker) };
    let language = speaker.words();
    speaker.report(&match (args.json, args.format) {
        (true, _) | (false, Form::Json) => report.to_json(),
        (false, Form::Pretty) => results::pretty(&report, language),
        (false, Form::Md) => results::markdown(&report, language),
    })?;
    Ok(if report.is_alarming() { Exit::Findings } else { Exit::Fine })
}

/// A thousandfold: more is a slip of the hand.
const LIFT_MAX: f64 = 100_000.0;

/// The lines of everybody, added up as they are read.
struct Fold<'p> {
    program: &'p Program,
    book: Book<'p>,
    tally: Tally,
}

impl<'p> Fold<'p> {
    fn new(program: &'p Program) -> Fold<'p> {
        Fold { program, book: Book::of(program), tally: Tally::default() }
    }
    fn person(&mut self, entries: &[Entry]) {
        let lines = entries.iter().filter_map(|entry| self.book.line(entry)).collect();
        self.tally.person(&self.book.experiments, self.program.project.zone, lines);
    }
    fn report(&self, until: Option<Instant>, args: &Args) -> Report {
        let project = &self.program.project;
        let settings = Settings {
            project: &project.name,
            zone: project.zone,
            now: until,
            journey: args.journey.as_deref(),
            lift: args.lift / 100.0,
        };
        results::judge(&self.book.experiments, &self.tally, &settings)
    }
}

fn known(program: &Program, name: Option<&str>) -> Result<(), Stop> {
    let Some(name) = name else { return Ok(()) };
    if program.journeys.iter().any(|journey| journey.name == name) {
        return Ok(());
    }
    let help = match did_you_mean(name, program.journeys.iter().map(|journey| journey.name.as_str())) {
        Some(meant) => Phrase::new(format!("did you mean `{meant}`?"), format!("`{meant}` ではありませんか")),
        None => Phrase::new("leave it out to see all experiments", "省略するとすべての実験を表示する"),
    };
    Err(Stop::Usage {
        what: Phrase::new(format!("there is no journey `{name}`"), format!("ジャーニー `{name}` はありません")),
        help,
    })
}

/// `None` where the project has no program.
fn replayed(args: &Args, speaker: &Speaker) -> Result<Option<Report>, Stop> {
    let opened = open(&args.project);
    let Some(program) = &opened.program else { return Ok(None) };
    known(program, args.journey.as_deref())?;
    let sources = sources(&args.inputs.files, &opened.project)?;
    let options = replay(&args.inputs, &opened.project)?;
    let bar = bar(&sources, speaker);
    let furthest = AtomicU64::new(0);
    let progress = |bytes: u64| bar.set_position(furthest.fetch_max(bytes, Ordering::Relaxed).max(bytes));
    let journals = simulate::journals(program, &sources, &options, &progress);
    bar.finish_and_clear();
    let journals = journals.map_err(|error| stopped(&error))?;
    if journals.accepted == 0 && journals.lines > 0 {
        let lines = journals.lines;
        return Err(Stop::Wrong {
            what: Phrase::new(
                format!("none of the {lines} lines could be used"),
                format!("{lines} 行のどれも使えませんでした"),
            ),
            help: Phrase::new("`tabi simulate` says why, with line numbers", "`tabi simulate` が理由と行番号を示す"),
        });
    }
    let mut fold = Fold::new(program);
    journals.people.iter().for_each(|entries| fold.person(entries));
    Ok(Some(fold.report(journals.until, args)))
}

/// The program is that of the data: all versions that were live.
fn stored(args: &Args, data: &Path, speaker: &mut Speaker) -> Result<Option<Report>, Stop> {
    if !data.join("tabi.db").is_file() {
        let shown = data.display();
        return Err(Stop::Usage {
            what: Phrase::new(
                format!("there are no data of `tabi run` in `{shown}`"),
                format!("`{shown}` に `tabi run` のデータがありません"),
            ),
            help: Phrase::new(
                "name the folder with `--data`, or replay a log with `--events FILE` or `--sample`",
                "`--data` でフォルダーを指定するか、`--events FILE` または `--sample` で記録を流す",
            ),
        });
    }
    let mut live = prepare::data(data)?;
    known(&live.program, args.journey.as_deref())?;
    let mut fold = Fold::new(&live.program);
    let read = histories::everybody(&mut *live.reader, &mut |entries| fold.person(&entries));
    let read = read.map_err(|error| store_trouble(data, &error))?;
    prepare::told_of_unreadable(read, speaker)?;
    Ok(Some(fold.report(Some(live.at), args)))
}
