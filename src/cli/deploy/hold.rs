//! `tabi hold`: nothing of a journey leaves before somebody has looked at the first messages, as they will be.
//!
//! Sends nothing: what is released goes the way of every message, consent, deadline and quiet hours looked at again.

use std::path::{Path, PathBuf};

use super::{library, prepare, stage};
use crate::cli::exit::{Exit, Stop};
use crate::cli::remote::DATA;
use crate::cli::run::trouble::store_trouble;
use crate::cli::speak::Speaker;
use crate::diag::{Language, Phrase};
use crate::ir::{Hold, Program};
use crate::machine::{Order, Person, rest};
use crate::ports::store::StoreError;
use crate::preview;
use crate::render::{Language as Words, Renderer, Scene};
use crate::runtime::durable::pending::{Pending, Thing};
use crate::value::{Instant, Value};

/// More than anybody reads before a launch.
const FIRST_MAX: u32 = 1_000;

/// Let the messages of a journey wait until somebody has looked at the first of them
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The journey
    #[arg(value_name = "JOURNEY")]
    journey: String,

    /// How many to look at
    #[arg(value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=i64::from(FIRST_MAX)))]
    first: u32,

    /// Show the first that wait, filled in as they will be sent
    #[arg(long, conflicts_with_all = ["release", "discard"])]
    show: bool,

    /// Let them go, and all that follow
    #[arg(long, conflicts_with = "discard")]
    release: bool,

    /// Drop all that wait, and let those go that follow
    #[arg(long)]
    discard: bool,

    /// Where the data are kept
    #[arg(long, value_name = "DIR", default_value = DATA)]
    data: PathBuf,
}

pub fn run(args: &Args, speaker: &mut Speaker) -> Result<Exit, Stop> {
    let Args { journey, data, .. } = args;
    if args.show {
        return show(data, journey, speaker);
    }
    let ends = args.release || args.discard;
    let changed = stage::put(data, journey, |stage, generation| match (ends, &mut stage.hold) {
        (true, None) => {}
        (true, hold) => {
            *hold = None;
            if args.discard {
                stage.discarded = Some(generation);
            }
        }
        (false, Some(hold)) => hold.first = args.first,
        (false, None) => stage.hold = Some(Hold { first: args.first, since: generation }),
    })?;
    let said = match (changed, args.release, args.discard) {
        (None, _, _) if ends => {
            return Err(Stop::Wrong {
                what: Phrase::new(
                    format!("`{journey}` is not on hold: nothing was changed"),
                    format!("`{journey}` は確認待ちではありません。何も変更していません"),
                ),
                help: Phrase::new("`tabi status` shows what is", "`tabi status` で確かめる"),
            });
        }
        (None, _, _) => stage::unchanged(),
        (Some(_), true, _) => Phrase::new(
            format!("`{journey}`: what waited leaves now, at the rate of its channels"),
            format!("`{journey}`: 待っていたメッセージを、チャネルの速度で送ります"),
        ),
        (Some(_), false, true) => Phrase::new(
            format!("`{journey}`: what waited is dropped; what follows leaves"),
            format!("`{journey}`: 待っていたメッセージを破棄しました。この後のものは送ります"),
        ),
        (Some(_), false, false) => Phrase::new(
            format!(
                "`{journey}` is on hold: nothing leaves. `tabi hold {journey} --show` shows the first {}",
                args.first
            ),
            format!(
                "`{journey}` は確認待ちです。何も送りません。最初の {} 通は `tabi hold {journey} --show` で見られます",
                args.first
            ),
        ),
    };
    stage::say(&said, speaker)
}

/// One that waits.
struct Waits {
    ordered_at: Instant,
    order: Order,
    person: Person,
}

fn show(folder: &Path, journey: &str, speaker: &mut Speaker) -> Result<Exit, Stop> {
    let trouble = |error: StoreError| store_trouble(folder, &error);
    let mut data = prepare::data(folder)?;
    let program = &data.program;
    let id = stage::find(program, journey)?;
    let first = program.stage(id).and_then(|stage| stage.hold).map_or(20, |hold| hold.first) as usize;
    let (mut waiting, mut unreadable) = (Vec::new(), false);
    data.reader
        .pending(&mut |key, bytes| match rest::read::<Pending>(&bytes) {
            Ok((Pending { owner, ordered_at, thing: Thing::Order(order), .. }, _)) => {
                if program.is_same_line(order.journey, id) {
                    waiting.push((ordered_at, key, owner, order));
                }
            }
            Ok(_) => {}
            Err(_) => unreadable = true,
        })
        .map_err(trouble)?;
    if unreadable {
        return Err(trouble(StoreError::Damaged { what: "what waits to be sent".to_owned() }));
    }
    waiting.sort_by_key(|(at, key, ..)| (*at, *key));
    let all = waiting.len();
    let mut shown = Vec::new();
    for (ordered_at, _, owner, order) in waiting.into_iter().take(first) {
        let row = data.reader.person(owner).map_err(trouble)?;
        let Some(person) = row.and_then(|row| Person::from_bytes(&row.state).ok()) else { continue };
        shown.push(Waits { ordered_at, order, person });
    }
    let loaded = library::loaded(data.program.clone());
    let mut text = String::new();
    for (index, waits) in shown.iter().enumerate() {
        text.push_str(&told(loaded.engine.program(), loaded.renderer, waits, data.at, index + 1, speaker));
    }
    speaker.report(&text)?;
    let more = all.saturating_sub(shown.len());
    let said = Phrase::new(
        format!("{} of {all} that wait; {more} more. `--release` lets them go, `--discard` drops them", shown.len()),
        format!(
            "待っている {all} 通のうち {} 通 (ほかに {more} 通)。送るには `--release`、破棄は `--discard`",
            shown.len()
        ),
    );
    speaker.aside(&format!("{}\n", speaker.say(&said)))?;
    Ok(Exit::Fine)
}

fn told(
    program: &Program,
    renderer: &Renderer<'_>,
    waits: &Waits,
    at: Instant,
    number: usize,
    speaker: &Speaker,
) -> String {
    let Waits { ordered_at, order, person } = waits;
    let message = program.message(order.message);
    let fields = (0..program.profile.len()).map(|i| person.field(crate::ir::FieldId(i as u16)).clone());
    let profile: Vec<Value> = fields.collect();
    let to = match &order.address {
        Value::Text(address) => address.to_string(),
        _ => "-".to_owned(),
    };
    let channel = message.channel.name();
    let head = format!("=== {number} · {} · {channel} · {to} · {ordered_at}\n", message.name);
    let words = match speaker.language {
        Language::English => Words::English,
        Language::Japanese => Words::Japanese,
    };
    let body = match renderer.render(order.message, &order.params, &profile, &Scene::of(program, &profile, at)) {
        Ok(Some(rendered)) => preview::plain(&rendered, None, words),
        Ok(None) => "-\n".to_owned(),
        Err(error) => {
            let fault = Phrase::new(error.fault.what.en.clone(), error.fault.what.ja.clone());
            format!("! {}\n", speaker.say(&fault))
        }
    };
    format!("{head}{body}\n")
}
