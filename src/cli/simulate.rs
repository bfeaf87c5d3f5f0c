//! `tabi simulate [PROJECT]`: recorded people and events through the very engine, in virtual time.
//!
//! Chooses the files and shows the report; the simulation itself is the simulator's.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use indicatif::{ProgressBar, ProgressStyle};

use super::base;
use super::diff::Form;
use super::exit::{Exit, Stop};
use super::open::open;
use super::speak::Speaker;
use crate::diag::{Language, Phrase};
use crate::ir::Program;
use crate::project::{self, Project};
use crate::simulate::compare::{self, Version};
use crate::simulate::{
    self, Kind, Options, Outcome, Prices, Reaction, ResponseModel, SimulateError, SourceInput, SourceSpec, render,
};
use crate::value::Instant;

/// Replay recorded people and events through the campaigns, in virtual time
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The project's folder, or one inside it
    #[arg(value_name = "PROJECT", default_value = ".")]
    project: PathBuf,

    #[command(flatten)]
    inputs: Inputs,

    /// End at the first line that cannot be used, instead of counting it
    #[arg(long)]
    strict: bool,

    /// Compare with another version, a git revision or a folder: the same people through both
    #[arg(long, value_name = "BASE", conflicts_with = "trace")]
    base: Option<String>,

    /// For people, for programs, or for a pull request
    #[arg(long, value_name = "FORMAT", default_value = "pretty", conflicts_with = "json")]
    format: Form,

    /// The same as `--format json`
    #[arg(long)]
    json: bool,

    /// Tell the story of this person instead of the report
    #[arg(long, value_name = "PERSON")]
    trace: Option<String>,

    /// Threads to use; the report is the same for any number [default: as many as the machine has]
    #[arg(long, value_name = "N")]
    threads: Option<usize>,
}

// What is read. Shared by commands that read history; a doc comment would become their help.
#[derive(Debug, clap::Args)]
pub struct Files {
    /// Events: NDJSON in Segment's shape, or CSV with --mapping; plain, gzip or zstd; `-` is the standard input
    /// [default: `sample.events` of tabi.yaml]
    #[arg(long, value_name = "FILE", num_args = 1..)]
    events: Vec<PathBuf>,

    /// People: NDJSON of Segment's `identify` calls [default: `sample.people` of tabi.yaml]
    #[arg(long, value_name = "FILE", num_args = 1..)]
    people: Vec<PathBuf>,

    /// How columns of CSV become events, in YAML [default: `sample.mapping` of tabi.yaml]
    #[arg(long, value_name = "FILE")]
    mapping: Option<PathBuf>,
}

// What is replayed. Shared by commands that replay.
#[derive(Debug, clap::Args)]
pub struct Inputs {
    #[command(flatten)]
    pub files: Files,

    /// Let time run on until then: `2026-04-01`, `"2026-04-01 20:30"`, or RFC 3339 [default: `until` of
    /// tabi.yaml, for the sample's events]
    #[arg(long, value_name = "TIME")]
    until: Option<String>,

    /// For the imagined reactions of people (`response` in tabi.yaml); the same seed gives the same report
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,
}

impl Files {
    pub fn are_named(&self) -> bool {
        self.names_events() || !self.people.is_empty()
    }
    pub fn names_events(&self) -> bool {
        !self.events.is_empty()
    }
}

pub fn run(args: &Args, speaker: &mut Speaker) -> Result<Exit, Stop> {
    let opened = open(&args.project);
    let Some(program) = &opened.program else { return opened.refuse(speaker) };
    let sources = sources(&args.inputs.files, &opened.project)?;
    let options = options(args, &opened.project)?;
    if let Some(base) = &args.base {
        return compared(args, base, program, (&sources, &options), speaker);
    }
    let bar = bar(&sources, speaker);
    // A second reading, for stories, begins at nought again.
    let furthest = AtomicU64::new(0);
    let progress = |bytes: u64| bar.set_position(furthest.fetch_max(bytes, Ordering::Relaxed).max(bytes));
    let outcome = simulate::simulate(program, &sources, &options, &progress);
    bar.finish_and_clear();
    let outcome = outcome.map_err(|error| stopped(&error))?;
    speaker.report(&told(args, &outcome, speaker.language))?;
    let input = &outcome.report.input;
    if input.accepted == 0 && input.lines > 0 {
        speaker.refusal(
            &Phrase::new(
                format!("none of the {} lines could be used: the report is about nobody", input.lines),
                format!("{} 行のどれも使えませんでした。レポートは空です", input.lines),
            ),
            &Phrase::new(
                "the reasons stand under the report, with line numbers; look at the format of the file and at `--until`",
                "理由と行番号はレポートの末尾にある。ファイルの形式と `--until` を確かめる",
            ),
        );
        return Ok(Exit::Findings);
    }
    Ok(Exit::Fine)
}

/// The same people through the other version and this one.
fn compared(
    args: &Args,
    base: &str,
    program: &Program,
    (sources, options): (&[SourceSpec], &Options),
    speaker: &mut Speaker,
) -> Result<Exit, Stop> {
    if let Some(source) = sources.iter().find(|source| !source.can_be_read_again()) {
        return Err(Stop::Usage {
            what: Phrase::new(
                format!("`{}` can be read only once, and two versions need it", source.name),
                format!("`{}` は一度しか読めませんが、2 つの版で必要です", source.name),
            ),
            help: Phrase::new("write it to a file first", "先にファイルに保存する"),
        });
    }
    let base = base::open(&args.project, base, speaker)?;
    let bar = bar(sources, speaker);
    let furthest = AtomicU64::new(0);
    let progress = |bytes: u64| bar.set_position(furthest.fetch_max(bytes, Ordering::Relaxed).max(bytes));
    let (old, new) = (
        Version { name: &base.name, program: &base.program },
        Version { name: speaker.words().of("this version", "今の版"), program },
    );
    let comparison = simulate::compare(old, new, sources, options, &progress);
    bar.finish_and_clear();
    let comparison = comparison.map_err(|(version, error)| in_version(&version, stopped(&error)))?;
    let language = reports_in(speaker.language);
    speaker.report(&match (args.json, args.format) {
        (true, _) | (false, Form::Json) => comparison.to_json(),
        (false, Form::Pretty) => compare::pretty(&comparison, language),
        (false, Form::Md) => compare::markdown(&comparison, language),
    })?;
    Ok(Exit::Fine)
}

/// What stopped one of two versions, with its name.
fn in_version(version: &str, stop: Stop) -> Stop {
    let named = |what: Phrase| Phrase::new(format!("{version}: {}", what.en), format!("{version}: {}", what.ja));
    match stop {
        Stop::Usage { what, help } => Stop::Usage { what: named(what), help },
        Stop::Wrong { what, help } => Stop::Wrong { what: named(what), help },
        Stop::Later { what, help } => Stop::Later { what: named(what), help },
        Stop::Write(error) => Stop::Write(error),
    }
}

fn reports_in(language: Language) -> render::Language {
    match language {
        Language::English => render::Language::English,
        Language::Japanese => render::Language::Japanese,
    }
}

fn told(args: &Args, outcome: &Outcome, language: Language) -> String {
    let language = reports_in(language);
    match (&outcome.trace, args.json || args.format == Form::Json) {
        (Some(story), false) => render::story(story, language),
        (Some(story), true) => {
            let text = serde_json::to_string_pretty(story).expect("a story is plain data with string keys");
            text + "\n"
        }
        (None, false) if args.format == Form::Md => {
            format!("```text\n{}```\n", render::report(&outcome.report, language))
        }
        (None, false) => render::report(&outcome.report, language),
        (None, true) => outcome.report.to_json(),
    }
}

/// What the command names, else the project's sample.
pub fn sources(args: &Files, project: &Project) -> Result<Vec<SourceSpec>, Stop> {
    let sample = &project.settings.sample;
    let own = |files: &[String]| -> Vec<PathBuf> { files.iter().map(|file| project.root.join(file)).collect() };
    let (people, events) = match (args.people.is_empty(), args.events.is_empty()) {
        (true, true) => (own(&sample.people), own(&sample.events)),
        (false, true) => (args.people.to_vec(), own(&sample.events)),
        (_, false) => (args.people.to_vec(), args.events.to_vec()),
    };
    if people.is_empty() && events.is_empty() {
        return Err(Stop::Usage {
            what: Phrase::new("there is nothing to read", "入力がありません"),
            help: Phrase::new(
                "give `--events FILE`, or name files under `sample` in `tabi.yaml`",
                "`--events FILE` を指定するか、`tabi.yaml` の `sample` にファイルを書く",
            ),
        });
    }
    for path in people.iter().chain(&events) {
        if let (false, Err(error)) = (is_standard_input(path), std::fs::metadata(path)) {
            return Err(stopped(&SimulateError::Open { source: shown(path), detail: error.to_string() }));
        }
    }
    let mapping = args.mapping.clone().or_else(|| sample.mapping.as_ref().map(|file| project.root.join(file)));
    let mut specs = Vec::new();
    for path in &people {
        specs.push(source(path, Kind::Segment));
    }
    for path in &events {
        let kind = if is_csv(path) || (is_standard_input(path) && args.mapping.is_some()) {
            csv(path, mapping.as_deref())?
        } else {
            Kind::Segment
        };
        specs.push(source(path, kind));
    }
    Ok(specs)
}

fn source(path: &Path, kind: Kind) -> SourceSpec {
    let input = if is_standard_input(path) { SourceInput::Stdin } else { SourceInput::File(path.to_path_buf()) };
    SourceSpec { name: shown(path), input, kind }
}

fn is_standard_input(path: &Path) -> bool {
    path == Path::new("-")
}

/// By its name, compressed or not.
pub(super) fn is_csv(path: &Path) -> bool {
    let name = path.file_name().map_or_else(String::new, |name| name.to_string_lossy().to_lowercase());
    name.trim_end_matches(".gz").trim_end_matches(".zst").ends_with(".csv")
}

fn csv(path: &Path, mapping: Option<&Path>) -> Result<Kind, Stop> {
    let Some(mapping) = mapping else {
        let path = shown(path);
        return Err(Stop::Usage {
            what: Phrase::new(
                format!("`{path}` is CSV, and nothing says what its columns mean"),
                format!("`{path}` は CSV ですが、列の意味を示すものがありません"),
            ),
            help: Phrase::new(
                "give `--mapping FILE`, or name one under `sample` in `tabi.yaml`",
                "`--mapping FILE` を指定するか、`tabi.yaml` の `sample` に `mapping` を書く",
            ),
        });
    };
    match std::fs::read_to_string(mapping) {
        Ok(yaml) => Ok(Kind::Csv { mapping: shown(mapping), yaml }),
        Err(error) => Err(stopped(&SimulateError::Open { source: shown(mapping), detail: error.to_string() })),
    }
}

/// A path as people type it: without `./`, and without going into a folder only to leave it.
pub(super) fn shown(path: &Path) -> String {
    path.strip_prefix(".").unwrap_or(path).to_string_lossy().into_owned()
}

fn options(args: &Args, project: &Project) -> Result<Options, Stop> {
    let machine = replay(&args.inputs, project)?;
    let threads = args.threads.unwrap_or(machine.threads);
    Ok(Options { strict: args.strict, threads, trace: args.trace.clone(), ..machine })
}

/// The options that come from the inputs and the project's settings.
pub fn replay(args: &Inputs, project: &Project) -> Result<Options, Stop> {
    let settings = &project.settings;
    let until: Option<Instant> = match &args.until {
        // That of the settings is the end of the sample; another log has its own.
        None => settings.until.filter(|_| !args.files.names_events()),
        Some(text) => Some(project::parse_moment(text, settings.zone).ok_or_else(|| not_a_time(text))?),
    };
    let mut response = ResponseModel::default();
    for (channel, rates) in &settings.responses {
        response.channels[channel.index()] =
            Some(Reaction { open: rates.open, click: rates.click, convert: rates.convert, delay: rates.delay });
    }
    let prices = prices(project);
    let machine = || std::thread::available_parallelism().map_or(1, usize::from);
    Ok(Options { until, seed: args.seed, threads: machine(), response, prices, ..Options::default() })
}

/// What messages cost, as the settings say.
pub(super) fn prices(project: &Project) -> Prices {
    let mut prices = Prices::default();
    for (channel, price) in &project.settings.costs {
        prices.0[channel.index()] = Some(*price);
    }
    prices
}

pub(super) fn not_a_time(text: &str) -> Stop {
    Stop::Usage {
        what: Phrase::new(format!("`{text}` is not a time"), format!("`{text}` は日時ではありません")),
        help: Phrase::new(
            "write `2026-04-01`, `2026-04-01 20:30` or `2026-04-01T20:30:00+09:00`",
            "`2026-04-01`・`2026-04-01 20:30`・`2026-04-01T20:30:00+09:00` のように書く",
        ),
    }
}

pub fn stopped(error: &SimulateError) -> Stop {
    let what = Phrase::new(error.to_string(), error.ja());
    match error {
        SimulateError::Open { .. } => Stop::Usage {
            what,
            help: Phrase::new(
                "check the path; paths in `tabi.yaml` begin at its own folder",
                "パスを確かめる (`tabi.yaml` の中のパスはそのフォルダーから数える)",
            ),
        },
        SimulateError::UnknownPerson { .. } => Stop::Usage {
            what,
            help: Phrase::new("use an id as it stands in the input", "入力に書かれている id を使う"),
        },
        SimulateError::Read { .. } => Stop::Wrong {
            what,
            help: Phrase::new("is the file complete? fetch it again", "ファイルが欠けていないか確かめ、取得し直す"),
        },
        SimulateError::Mapping { .. } => Stop::Wrong {
            what,
            help: Phrase::new(
                "put the mapping right; its columns are those of the file's first line",
                "マッピングを直す (列名はファイルの 1 行目のもの)",
            ),
        },
        SimulateError::Rejected { .. } => Stop::Wrong {
            what,
            help: Phrase::new(
                "put the line right, or leave `--strict` out to count such lines and go on",
                "行を直すか、`--strict` を外して件数だけ数える",
            ),
        },
    }
}

/// A bar on a terminal; elsewhere it draws nothing.
pub fn bar(sources: &[SourceSpec], speaker: &Speaker) -> ProgressBar {
    let total: Option<u64> = sources.iter().map(SourceSpec::size).sum();
    match (speaker.shows_progress(), total) {
        (false, _) => ProgressBar::hidden(),
        (true, None) => ProgressBar::new_spinner(),
        (true, Some(total)) => {
            let style = ProgressStyle::with_template("{bar:40} {percent:>3}% {elapsed} {msg}")
                .expect("the template is fixed and valid");
            ProgressBar::new(total).with_style(style)
        }
    }
}
