//! `tabi why` and `tabi why-not`: what a journey did with a person and because of what, or why it did not.
//!
//! Explains nothing itself. Reads the data beside the process that runs, or of one that was stopped.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::args::Format;
use super::deploy::{prepare, stored};
use super::exit::{Exit, Stop};
use super::open::{Opened, open};
use super::remote::{DATA, part};
use super::speak::Speaker;
use crate::diag::{Phrase, did_you_mean};
use crate::ir::{JourneyId, Program};
use crate::machine::Engine;
use crate::ports::Scope;
use crate::project::parse_moment;
use crate::runtime::durable::look::{Seen, look};
use crate::runtime::durable::pending::{Pending, Thing};
use crate::runtime::durable::recover::Deployment;
use crate::server::admin::client;
use crate::store as data;
use crate::value::Instant;
use crate::why::{Account, Asked, Past, Settled, UnderWay, prose, why, why_not};
use crate::words::Both;

/// Whom and what is asked about.
#[derive(Debug, clap::Args)]
pub struct About {
    /// The person's id
    #[arg(value_name = "PERSON")]
    pub person: String,

    /// The journey's name
    #[arg(value_name = "JOURNEY")]
    journey: String,

    /// As of this moment: `2026-04-01`, `"2026-04-01 20:30"`, or RFC 3339 [default: now]
    #[arg(long, value_name = "MOMENT")]
    at: Option<String>,

    #[command(flatten)]
    place: Where,

    /// For people, or for programs
    #[arg(long, value_name = "FORMAT", default_value = "pretty")]
    format: Format,
}

/// Where the campaigns and the data are.
#[derive(Debug, clap::Args)]
pub struct Where {
    /// The folder of the data of a Tabi that runs, or ran
    #[arg(long, value_name = "DIR", default_value = DATA)]
    pub data: PathBuf,

    /// The project's folder, or one inside it
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub project: PathBuf,
}

/// Tell what a journey did with a person, and because of what: conditions with their values, rules, draws
#[derive(Debug, clap::Args)]
pub struct WhyArgs {
    #[command(flatten)]
    about: About,
}

/// Tell why a person did not enter a journey, or did not get its messages
#[derive(Debug, clap::Args)]
pub struct WhyNotArgs {
    #[command(flatten)]
    about: About,
}

pub fn why_run(args: &WhyArgs, speaker: &mut Speaker) -> Result<Exit, Stop> {
    run(&args.about, why, speaker)
}

pub fn why_not_run(args: &WhyNotArgs, speaker: &mut Speaker) -> Result<Exit, Stop> {
    run(&args.about, why_not, speaker)
}

fn run(about: &About, explain: impl Fn(&Engine<'_>, &Asked) -> Account, speaker: &mut Speaker) -> Result<Exit, Stop> {
    let opened = open(&about.place.project);
    let Some(program) = &opened.program else { return opened.refuse(speaker) };
    let until = about.at.as_deref().map(|text| moment(text, &opened)).transpose()?;
    let known = journey(program, &about.journey);
    let seen = seen(&about.place.data, &about.person).map_err(|stop| known.err().unwrap_or(stop))?;
    // What ran is in the data, whatever the files say by now.
    let live = prepare::data(&about.place.data)?.program;
    let program = &live;
    let journey = journey(program, &about.journey)?;
    let mut asked = asked(program, journey, until, seen);
    asked.past.earlier = earlier(&about.place.data, program)?;
    let account = explain(&Engine::new(program), &asked);
    let text = match about.format {
        Format::Pretty => prose::text(&account, speaker.words()),
        Format::Json => format!("{:#}\n", serde_json::to_value(&account).unwrap_or_default()),
    };
    speaker.report(&text)?;
    Ok(Exit::Fine)
}

/// Programs that ran before, as they went live.
pub fn earlier(folder: &Path, live: &Program) -> Result<Vec<Arc<Program>>, Stop> {
    let changes = live.deployed.as_deref().map_or(&[][..], |deployed| &deployed.changes);
    let before = changes.iter().filter(|change| change.generation < live.generation());
    before
        .map(|change| stored::kept(folder, change.generation, Some(change.at)).map(Arc::new))
        .collect::<Result<_, _>>()
        .map_err(|error| unreadable(folder, &error.to_string()))
}

pub fn journey(program: &Program, name: &str) -> Result<JourneyId, Stop> {
    program.journey_named(name).ok_or_else(|| Stop::Usage {
        what: Phrase::new(format!("unknown journey `{name}`"), format!("知らないジャーニー `{name}`")),
        help: match did_you_mean(name, program.journeys.iter().map(|j| j.name.as_str())) {
            Some(meant) => Phrase::new(format!("did you mean `{meant}`?"), format!("`{meant}` ではありませんか")),
            None => Phrase::new("give the name of a journey of the project", "プロジェクトのジャーニー名を指定する"),
        },
    })
}

fn moment(text: &str, opened: &Opened) -> Result<Instant, Stop> {
    parse_moment(text, opened.project.settings.zone).ok_or_else(|| Stop::Usage {
        what: Phrase::new(format!("`{text}` is no moment"), format!("`{text}` は日時として読めません")),
        help: Phrase::new(
            "write `2026-04-01`, `\"2026-04-01 20:30\"` or `2026-04-01T20:30:00+09:00`",
            "`2026-04-01`・`\"2026-04-01 20:30\"`・`2026-04-01T20:30:00+09:00` のように書く",
        ),
    })
}

/// What the data have of the person. A Tabi that runs is asked for them first, and writes down what it knows.
pub fn seen(folder: &Path, person: &str) -> Result<Seen, Stop> {
    let get = "GET".parse().expect("methods are fixed and valid");
    // Nobody answers where nothing runs, and then everything is written down.
    let _ = client::ask(folder, get, &format!("/person/{}", part(person)), None);
    if !folder.join("tabi.db").is_file() {
        return Err(no_data(folder));
    }
    let mut reader = data::look(folder).map_err(|error| unreadable(folder, &error.to_string()))?;
    let found = look(&mut *reader, person).map_err(|error| unreadable(folder, &error.to_string()))?;
    found.ok_or_else(|| Stop::Wrong {
        what: Phrase::new(format!("nobody has the id `{person}`"), format!("ID `{person}` の人はいません")),
        help: Phrase::new(
            "check the spelling; ids are those that the shop sends",
            "つづりを確かめる。ID は、ショップが送っているものです",
        ),
    })
}

fn no_data(folder: &Path) -> Stop {
    let folder = folder.display();
    Stop::Usage {
        what: Phrase::new(format!("there are no data in `{folder}`"), format!("`{folder}` にデータがありません")),
        help: Phrase::new(
            "name the folder of the data of `tabi run` with `--data`",
            "`tabi run` のデータのフォルダーを `--data` で指定する",
        ),
    }
}

fn unreadable(folder: &Path, why: &str) -> Stop {
    let folder = folder.display();
    Stop::Later {
        what: Phrase::new(
            format!("the data in `{folder}` cannot be read: {why}"),
            format!("`{folder}` のデータを読めません: {why}"),
        ),
        help: Phrase::new(
            "run this as the user that Tabi runs as, with the same version of Tabi",
            "Tabi を動かしているユーザーで、同じ版の Tabi を使って実行する",
        ),
    }
}

/// The question, with everything that was seen.
pub fn asked(program: &Program, journey: JourneyId, until: Option<Instant>, seen: Seen) -> Asked {
    let is_same_program = seen.program == Some(Deployment::of(program));
    let settled = seen.ledger.into_iter().map(|(send, row)| Settled {
        send,
        at: row.settled_at,
        outcome: row.outcome,
        why: row.why,
        attempts: row.attempts,
    });
    let stops = seen.stops;
    let under_way = seen.pending.iter().filter_map(|(send, pending)| {
        let Pending { thing: Thing::Order(order), ordered_at, attempted_at, .. } = pending else { return None };
        let name = program.journeys.get(order.journey.index()).map_or("", |j| j.name.as_str());
        let is_meant = |scope: &&Scope| match scope {
            Scope::Everything => true,
            Scope::Channel(channel) => *channel == order.channel,
            Scope::Journey(stopped) => stopped == name,
        };
        Some(UnderWay {
            send: *send,
            since: *ordered_at,
            tried: *attempted_at,
            stopped: stops.iter().find(is_meant).map(said),
        })
    });
    Asked {
        person: seen.name,
        journey,
        until: until.unwrap_or(seen.at).min(seen.at),
        past: Past { id: seen.id, lines: seen.lines, joined: seen.joined, earlier: Vec::new() },
        is_same_program,
        settled: settled.collect(),
        under_way: under_way.collect(),
    }
}

fn said(scope: &Scope) -> Both {
    match scope {
        Scope::Everything => Both::new("everything", "すべて"),
        Scope::Channel(channel) => {
            Both::new(format!("the channel {}", channel.name()), format!("チャネル {}", channel.name()))
        }
        Scope::Journey(name) => Both::new(format!("the journey {name}"), format!("ジャーニー {name}")),
    }
}
