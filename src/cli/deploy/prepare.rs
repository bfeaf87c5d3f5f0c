//! Everything that a plan is made of, read from a data folder and a project.
//!
//! Changes nothing.

use std::collections::BTreeSet;
use std::fs::File;
use std::path::Path;

use super::bundle::{Bundle, hex};
use super::{offline, stored};
use crate::cli::exit::Stop;
use crate::cli::open::{self, Opened};
use crate::cli::run::trouble::store_trouble;
use crate::cli::speak::Speaker;
use crate::diag::Phrase;
use crate::diff::{self, Difference, Status, Thing};
use crate::ir::{JourneyId, Program};
use crate::link::{self, Linked, Unlinkable};
use crate::machine::{Engine, Person};
use crate::plan::{self, Fates, Forecast, Heads, Live, PLAN_VERSION, Plan, Problem};
use crate::ports::store::{StoreError, StoreReader};
use crate::runtime::durable::histories::Read;
use crate::runtime::durable::recover::{Deployment, OpenError};
use crate::server::admin::client::{self, Trouble};
use crate::store;
use crate::store::kept::{self, Kind};
use crate::value::Instant;

/// Places are told from the project's folder, wherever it stood when it was compiled.
pub fn told_from(root: &Path, program: &mut Program) {
    program.places.each(|place| {
        if let Some(inside) = Path::new(&*place.path).strip_prefix(root).ok().and_then(Path::to_str) {
            place.path = inside.into();
        }
    });
}

/// What is live in a data folder, as of its last checkpoint.
pub struct Data {
    pub reader: Box<dyn StoreReader>,
    pub program: Program,
    pub at: Instant,
}

/// Opens what is live; of a Tabi that runs, as it is now, else as of its last checkpoint.
pub fn data(folder: &Path) -> Result<Data, Stop> {
    let nobody_runs = nobody_runs(folder);
    match look(folder)? {
        Some(data) => Ok(data),
        // A process that died before its first checkpoint: everything is in the log.
        None if nobody_runs => settled(folder),
        None => Err(never_live(folder)),
    }
}

/// The same for whoever is about to change it: with all that the log says, since a change may stand there and not yet in
/// the store. Nobody else changes it before the first of the two is dropped.
pub fn to_change(folder: &Path) -> Result<(Option<File>, Data), Stop> {
    let alone = alone(folder);
    let data = match nobody_runs(folder) {
        true => settled(folder)?,
        false => data(folder)?,
    };
    Ok((alone, data))
}

/// Two at a time would write down two programs under one number.
fn alone(folder: &Path) -> Option<File> {
    let programs = File::open(kept::folder(folder, Kind::Program)).ok()?;
    programs.lock().ok().map(|()| programs)
}

/// Whoever runs writes down what they know when they are asked.
fn nobody_runs(folder: &Path) -> bool {
    matches!(client::ask(folder, hyper::Method::GET, "/settled", None), Err(Trouble::NotRunning))
}

fn settled(folder: &Path) -> Result<Data, Stop> {
    let programs = kept::names(folder, Kind::Program).map_err(|error| store_trouble(folder, &error))?;
    if !programs.iter().any(|name| name == "1") {
        return Err(never_live(folder));
    }
    offline::settle(folder)?;
    look(folder)?.ok_or_else(|| never_live(folder))
}

/// As of the last checkpoint, if there is one.
fn look(folder: &Path) -> Result<Option<Data>, Stop> {
    let trouble = |error: StoreError| store_trouble(folder, &error);
    if !folder.join("tabi.db").exists() {
        return Ok(None);
    }
    let mut reader = store::look(folder).map_err(trouble)?;
    let kept = Deployment::kept(&mut *reader).map_err(|error| match error {
        OpenError::Store(error) => trouble(error),
        other => trouble(StoreError::Damaged { what: other.to_string() }),
    })?;
    let Some(kept) = kept else { return Ok(None) };
    let program = stored::kept(folder, kept.generation, Some(kept.at)).map_err(trouble)?;
    let (_, at) = reader.position().map_err(trouble)?;
    Ok(Some(Data { reader, program, at }))
}

fn never_live(folder: &Path) -> Stop {
    let shown = folder.display();
    Stop::Wrong {
        what: Phrase::new(
            format!("nothing is live in `{shown}` yet"),
            format!("`{shown}` では、まだ何も稼働していません"),
        ),
        help: Phrase::new(
            "`tabi run` puts the first version live; plans are for those that follow",
            "最初の版は `tabi run` で稼働する。計画はその次の版から",
        ),
    }
}

/// Says how much of people's stories is missing from what was made of them.
pub fn told_of_unreadable(read: Read, speaker: &mut Speaker) -> Result<(), Stop> {
    if read.unreadable > 0 {
        let n = read.unreadable;
        let said = Phrase::new(
            format!("warning: {n} pieces of people's stories cannot be read and are missing here\n"),
            format!("警告: {n} 件の記録が読めず、結果に含まれていません\n"),
        );
        let text = speaker.say(&said).to_owned();
        speaker.aside(&text)?;
    }
    Ok(())
}

/// A plan and what it is carried out by.
pub struct Prepared {
    pub plan: Plan,
    pub difference: Difference,
    /// With its redirects; its last change has no time yet.
    pub program: Option<Program>,
}

pub fn prepare(folder: &Path, opened: &Opened, new: &Program, data: &mut Data) -> Result<Prepared, Stop> {
    let trouble = |error: StoreError| store_trouble(folder, &error);
    let (live, at) = (&data.program, data.at);
    let bundle = Bundle::of(opened, new.content_hash(), at);
    let difference = match Bundle::kept(folder, &hex(live.bundle())).map_err(trouble)? {
        Some(before) => difference(&before, new),
        None => Difference::default(),
    };
    let mut plan = Plan {
        plan_version: PLAN_VERSION,
        made_at: at.to_string(),
        project: new.project.name.clone(),
        from: Live { generation: live.generation(), bundle: hex(live.bundle()) },
        to: bundle.hash.clone(),
        difference: serde_json::to_value(&difference).unwrap_or_default(),
        at_once: at_once(&difference),
        people: data.reader.people_count().map_err(trouble)?,
        groups: Vec::new(),
        problems: Vec::new(),
        forecast: Forecast::default(),
        files: bundle.files,
    };
    if plan.is_empty() {
        return Ok(Prepared { plan, difference, program: None });
    }
    let mut linked = match link::link(live, new, at) {
        Ok(linked) => linked,
        Err(error) => {
            plan.problems.push(Problem::Unlinkable { why: unlinkable(&error) });
            return Ok(Prepared { plan, difference, program: None });
        }
    };
    let before = Engine::new(live);
    let concerned = concerned(&linked);
    let People { heads, inside, occupied } = people(&before, &mut *data.reader, at, &concerned).map_err(trouble)?;
    let vacant: BTreeSet<JourneyId> = (0..live.journeys.len() as u16)
        .map(JourneyId)
        .filter(|id| live.is_retired(*id) && !occupied.contains(id))
        .collect();
    linked.vacate(live, &vacant);
    let Fates { groups, redirects, problems } = plan::decide(&linked, &heads);
    if let Some(change) = linked.program.deployed.as_deref_mut().and_then(|deployed| deployed.changes.last_mut()) {
        change.redirects = redirects;
    }
    plan.forecast = plan::forecast(&before, &Engine::new(&linked.program), &groups, &inside, at);
    (plan.groups, plan.problems) = (groups, problems);
    Ok(Prepared { plan, difference, program: Some(linked.program) })
}

/// Versions whose people something is said of.
fn concerned(linked: &Linked) -> BTreeSet<JourneyId> {
    let program = &linked.program;
    let named = |id: &JourneyId| program.moves.iter().any(|moves| moves.journey == program.journey(*id).name);
    let retired = (0..program.journeys.len() as u16).map(JourneyId).filter(|id| program.is_retired(*id));
    let replaced = |id: &JourneyId| linked.replaced.iter().any(|replaced| replaced.old == *id);
    retired.filter(|id| replaced(id) || named(id)).collect()
}

pub struct People {
    /// Where everybody stands.
    pub heads: Heads,
    /// Those inside the versions that matter.
    inside: Vec<Person>,
    /// Versions that somebody is in, or was when they were last looked at: whoever is still to be moved out of one needs
    /// its steps for that.
    occupied: BTreeSet<JourneyId>,
}

pub fn people(
    engine: &Engine<'_>,
    reader: &mut dyn StoreReader,
    at: Instant,
    concerned: &BTreeSet<JourneyId>,
) -> Result<People, StoreError> {
    let (mut heads, mut inside, mut occupied, mut damaged) = (Heads::new(), Vec::new(), BTreeSet::new(), None);
    reader.people(0, &mut |seat, row| {
        let Ok(mut person) = Person::from_bytes(&row.state) else {
            damaged = Some(StoreError::Damaged { what: format!("the person of seat {seat}") });
            return false;
        };
        occupied.extend(person.runs().iter().map(|run| run.journey()));
        plan::note(engine, &mut person, at, &mut heads);
        occupied.extend(person.runs().iter().map(|run| run.journey()));
        if person.runs().iter().any(|run| concerned.contains(&run.journey())) {
            inside.push(person);
        }
        true
    })?;
    damaged.map_or(Ok(People { heads, inside, occupied }), Err)
}

/// By meaning, against the sources that are live.
fn difference(before: &Bundle, new: &Program) -> Difference {
    let Ok(folder) = before.unpacked() else { return Difference::default() };
    let mut opened = open::read(&folder);
    let Some(old) = &mut opened.program else { return Difference::default() };
    told_from(&folder, old);
    diff::difference(old, new)
}

/// Rules and texts are of no version.
fn at_once(difference: &Difference) -> Vec<String> {
    let sections = difference.sections.iter().filter(|section| section.status == Status::Changed);
    let named = sections.filter_map(|section| match section.of {
        Thing::Policy => Some(format!("policy {}", section.name)),
        Thing::Message => Some(format!("message {}", section.name)),
        _ => None,
    });
    named.collect::<BTreeSet<String>>().into_iter().collect()
}

fn unlinkable(error: &Unlinkable) -> String {
    match error {
        Unlinkable::TooManyPurposes { named } => {
            format!(
                "more than {} purposes were used over the life of these data: {}",
                link::PURPOSES_MAX,
                named.join(", ")
            )
        }
        Unlinkable::TooMany { of } => format!("more {of} than have numbers were used over the life of these data"),
    }
}
