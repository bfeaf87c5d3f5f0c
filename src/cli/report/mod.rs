//! `tabi report [PROJECT]`: the figures of the trade, from purchases and from what journeys did.
//!
//! Chooses files, events and the form; the figures are `report`'s, the journeys the simulator's or the store's.

mod events;
mod history;
mod profile;
mod recorded;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use clap::ValueEnum;

use super::exit::{Exit, Stop};
use super::open::{self as opening, Opened, open};
use super::revision;
use super::simulate::{Files, bar, not_a_time, prices, sources, stopped};
use super::speak::Speaker;
use crate::diag::Phrase;
use crate::ir::Program;
use crate::lint;
use crate::project::{self, Project};
use crate::report::journeys::{Around, Done, Journeys, Source};
use crate::report::{Figures, Options, Report, html, text};
use crate::simulate::{self, SourceSpec};
use crate::value::{Date, Decimal, Instant};

/// Show the figures of the trade: repeat purchases, RFM, cohorts, revenue, lifetime value, and what journeys did
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The project's folder, or one inside it
    #[arg(value_name = "PROJECT", default_value = ".")]
    project: PathBuf,

    #[command(flatten)]
    files: Files,

    /// Leave out what came later: `2026-04-01`, `"2026-04-01 20:30"`, or RFC 3339
    #[arg(long, value_name = "TIME")]
    until: Option<String>,

    /// An event that is a purchase, with its field of money: `purchase.total` [default: `report` of tabi.yaml, else by name]
    #[arg(long, value_name = "EVENT", num_args = 1..)]
    purchase: Vec<String>,

    /// An event that takes a purchase back, likewise: `returned.total`
    #[arg(long, value_name = "EVENT", num_args = 1..)]
    returned: Vec<String>,

    /// Journeys as `tabi run` recorded them in this folder, instead of simulated
    #[arg(long, value_name = "FOLDER")]
    data: Option<PathBuf>,

    /// Leave journeys out
    #[arg(long, conflicts_with = "data")]
    purchases_only: bool,

    /// Share of a purchase that is left after the cost of goods, for lifetime values: `40%` [default: `report` of tabi.yaml,
    /// else all of it]
    #[arg(long, value_name = "SHARE")]
    margin: Option<String>,

    /// What money a year ahead is worth less: `10%` [default: `report` of tabi.yaml, else 10%]
    #[arg(long, value_name = "SHARE")]
    discount: Option<String>,

    /// The day by which reviews are overdue [default: today]
    #[arg(long, value_name = "DATE")]
    today: Option<String>,

    /// For people, for programs, or as a page of its own with charts
    #[arg(long, value_name = "FORMAT", default_value = "pretty", conflicts_with = "json")]
    format: Form,

    /// The same as `--format json`
    #[arg(long)]
    json: bool,

    /// Write to this file instead of the standard output
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,

    /// Write what is expected of each person into this file, as `identify` calls for `tabi ingest` and `tabi simulate`
    #[arg(long, value_name = "FILE")]
    write_profile: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Form {
    Pretty,
    Json,
    Html,
}

pub fn run(args: &Args, speaker: &mut Speaker) -> Result<Exit, Stop> {
    let opened = open(&args.project);
    let Some(program) = &opened.program else { return opened.refuse(speaker) };
    let project = &opened.project;
    let sources = sources(&args.files, project)?;
    let once = sources.iter().find(|source| !source.can_be_read_again());
    let simulates = !args.purchases_only && args.data.is_none() && !program.journeys.is_empty();
    if let (Some(source), true) = (once, simulates) {
        return Err(read_only_once(&source.name));
    }
    let counted = events::Counted::of(program, &project.settings.report, &args.purchase, &args.returned)?;
    let options = options(args, project)?;
    let until = args
        .until
        .as_ref()
        .map(|text| project::parse_moment(text, project.settings.zone).ok_or_else(|| not_a_time(text)));
    let until = until.transpose()?;
    let today = today(args, project)?;

    let bar = bar(&sources, speaker);
    let history = history::read(program, &sources, &counted, until, &|bytes| bar.set_position(bytes));
    bar.finish_and_clear();
    let history = history.map_err(|error| stopped(&error))?;
    let figures = history.last.and_then(|last| Figures::of(&history.people, last, &options));

    let journeys = match (&args.data, simulates) {
        (Some(folder), _) => {
            let (live, done) = recorded::done(folder, speaker)?;
            Some(Journeys::of(&live, Source::Recorded, &done, &around(&opened, today)))
        }
        (None, true) => {
            let done = simulated(program, project, &sources, until, args)?;
            Some(Journeys::of(program, Source::Simulated, &done, &around(&opened, today)))
        }
        (None, false) => None,
    };
    if let (Some(path), Some(figures)) = (&args.write_profile, &figures) {
        let lines = profile::lines(program, figures, &history)?;
        write(path, &lines)?;
    }
    let nobody = figures.is_none();
    let report = Report {
        version: crate::report::REPORT_VERSION,
        project: project.settings.name.clone(),
        zone: project.settings.zone.name().to_owned(),
        input: history.input(&sources, &counted),
        purchases: figures,
        journeys,
    };
    let written = written(args, &report, speaker);
    match &args.out {
        Some(path) => write(path, &written)?,
        None => speaker.report(&written)?,
    }
    if nobody && history.tally.lines > 0 {
        speaker.refusal(
            &Phrase::new(
                format!("none of the {} lines is a purchase", history.tally.lines),
                format!("{} 行の中に購入がありません", history.tally.lines),
            ),
            &Phrase::new(
                "name the event that is one with `--purchase`, and see with `tabi simulate` why lines cannot be used",
                "`--purchase` で購入のイベントを指定する。使えない行の理由は `tabi simulate` で分かる",
            ),
        );
        return Ok(Exit::Findings);
    }
    Ok(Exit::Fine)
}

fn written(args: &Args, report: &Report, speaker: &Speaker) -> String {
    let language = speaker.words();
    let form = if args.json { Form::Json } else { args.format };
    match form {
        Form::Json => report.to_json(),
        Form::Pretty => text::text(&report.title(language), &report.sections(language)),
        Form::Html => html::html(&report.title(language), &report.sections(language), language),
    }
}

/// The journeys on the history, without any imagined reaction.
fn simulated(
    program: &Program,
    project: &Project,
    sources: &[SourceSpec],
    until: Option<Instant>,
    args: &Args,
) -> Result<Vec<Done>, Stop> {
    let options = simulate::Options {
        // As in `tabi simulate`: that of the settings is the end of the sample.
        until: until.or(project.settings.until.filter(|_| !args.files.names_events())),
        threads: std::thread::available_parallelism().map_or(1, usize::from),
        reach: true,
        ..simulate::Options::default()
    };
    let outcome = simulate::simulate(program, sources, &options, &|_| {}).map_err(|error| stopped(&error))?;
    let done = program.journeys.iter().map(|journey| {
        let Some(told) = outcome.report.journeys.get(&journey.name) else { return Done::default() };
        let sent = program.messages.iter().map(|message| told.sent_messages.get(&message.name).copied().unwrap_or(0));
        Done {
            entered: told.entered,
            reached: told.reached.unwrap_or(0),
            goals: told.goal.as_ref().map_or(0, |goal| goal.reached),
            sent: sent.collect(),
            signals: None,
        }
    });
    Ok(done.collect())
}

/// What is known of the journeys beside what they did, by their names.
fn around(opened: &Opened, today: Date) -> Around {
    let project = &opened.project;
    let mut around = Around {
        lifecycle: project.settings.lifecycle.iter().map(|(name, _)| name.clone()).collect(),
        prices: prices(project).0,
        carried: BTreeMap::new(),
        changed: BTreeMap::new(),
        today,
    };
    let (Some(program), Some(map)) = (&opened.program, &opened.map) else { return around };
    let path = |index: usize| map.journeys.get(index).map(|map| opened.place(map.name).path.to_string());
    let paths: Vec<Option<String>> = (0..program.journeys.len()).map(path).collect();
    let files: BTreeSet<String> = paths.iter().flatten().cloned().collect();
    let changed = revision::last_changes(&project.root, &files);
    let input = lint::Input { program, map, sources: &project.sources, lifecycle: &[] };
    for ((journey, path), held_out) in program.journeys.iter().zip(&paths).zip(lint::offers_held_out(input)) {
        let named = held_out.into_iter().map(|(message, offers)| (program.message(message).name.clone(), offers));
        around.carried.insert(journey.name.clone(), named.collect());
        if let Some(day) = path.as_ref().and_then(|path| changed.get(path)) {
            around.changed.insert(journey.name.clone(), *day);
        }
    }
    around
}

fn options(args: &Args, project: &Project) -> Result<Options, Stop> {
    let settings = &project.settings.report;
    let own = Options::default();
    let share = |text: &Option<String>, set: Option<Decimal>, default: f64| match text {
        Some(text) => parse_share(text).ok_or_else(|| not_a_share(text)),
        None => Ok(set.map_or(default, |share| share.micro as f64 / Decimal::ONE as f64)),
    };
    Ok(Options {
        margin: share(&args.margin, settings.margin, own.margin)?,
        discount: share(&args.discount, settings.discount, own.discount)?,
        ..own
    })
}

/// `40%` or `0.4`.
fn parse_share(text: &str) -> Option<f64> {
    let share = match text.trim().strip_suffix('%') {
        Some(percent) => percent.trim().parse::<f64>().ok()? / 100.0,
        None => text.trim().parse().ok()?,
    };
    (0.0..=1.0).contains(&share).then_some(share)
}

fn not_a_share(text: &str) -> Stop {
    Stop::Usage {
        what: Phrase::new(format!("`{text}` is not a share"), format!("`{text}` は割合ではありません")),
        help: Phrase::new("write it from `0%` to `100%`", "`0%` から `100%` で書く"),
    }
}

fn today(args: &Args, project: &Project) -> Result<Date, Stop> {
    match &args.today {
        None => Ok(project.settings.zone.date(opening::now())),
        Some(text) => Date::parse(text).ok_or_else(|| Stop::Usage {
            what: Phrase::new(format!("`{text}` is not a day"), format!("`{text}` は日付ではありません")),
            help: Phrase::new("write it as `2026-04-01`", "`2026-04-01` のように書く"),
        }),
    }
}

fn read_only_once(name: &str) -> Stop {
    Stop::Usage {
        what: Phrase::new(
            format!("`{name}` can be read only once, and purchases and journeys both need it"),
            format!("`{name}` は一度しか読めませんが、購入とジャーニーの両方で必要です"),
        ),
        help: Phrase::new(
            "write it to a file first, or leave journeys out with `--purchases-only`",
            "先にファイルに保存するか、`--purchases-only` でジャーニーを省く",
        ),
    }
}

fn write(path: &Path, text: &str) -> Result<(), Stop> {
    std::fs::write(path, text).map_err(|error| {
        let path = path.display();
        Stop::Usage {
            what: Phrase::new(
                format!("`{path}` cannot be written: {error}"),
                format!("`{path}` に書き込めません: {}", Phrase::of_io(&error).ja),
            ),
            help: Phrase::new(
                "name a file in a folder that exists and may be written to",
                "書き込めるフォルダーの中のファイルを指定する",
            ),
        }
    })
}
