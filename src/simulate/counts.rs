//! What the journal adds up to: counts by journey, by person and by hour.
//!
//! Adds only; sums of several shards are the same whatever the split.

use std::collections::{BTreeMap, BTreeSet};

use crate::ir::{Channel, JourneyId, Program, SplitId};
use crate::machine::{EndReason, Entry, Input, InputKind, NotEntered, Reason, What};
use crate::ports::{Journal, Seat, Taken};
use crate::runtime::durable::diary::Line;
use crate::value::Zone;

use super::personal::{Personal, Prints};

/// Of local times.
const SECONDS_PER_HOUR: i64 = 3_600;
/// Lines kept of one person's story.
pub const STORY_LINES_MAX: usize = 5_000;

#[derive(Debug, Clone, PartialEq, Default)]
pub struct JourneyCounts {
    pub entered: u64,
    /// People with at least one message; only where it is counted by person.
    pub reached: Option<u64>,
    pub ended: BTreeMap<EndReason, u64>,
    /// By message.
    pub sent: Vec<u64>,
    /// By [`Reason`].
    pub dropped: [u64; Reason::ALL.len()],
    pub held: [u64; Reason::ALL.len()],
    pub withdrawn: u64,
    pub not_entered: BTreeMap<NotEntered, u64>,
    pub goals: u64,
    pub arms: BTreeMap<SplitId, Vec<u64>>,
}

/// What was counted of one person by their seat.
#[derive(Debug, Default)]
pub struct Counted {
    messages: u32,
    personal: Option<Personal>,
    reach: BTreeMap<JourneyId, u32>,
    lines: Vec<Entry>,
}

/// What a person's story is made of.
#[derive(Debug, Clone, PartialEq)]
pub enum Scene {
    Taken(Input),
    Wrote(Entry),
}

impl Scene {
    /// What a line of the journal tells; nothing where it only makes a replay exact.
    pub fn of(line: Line) -> Option<Scene> {
        match line {
            Line::Taken(input) => Some(Scene::Taken(input)),
            Line::Wrote(entry) => Some(Scene::Wrote(entry)),
            Line::Began(_) | Line::Consents(_) | Line::Joined(_) | Line::Changed { .. } => None,
        }
    }
}

#[derive(Debug, Clone)]
pub struct Counts<'p> {
    program: &'p Program,
    pub journeys: Vec<JourneyCounts>,
    /// Messages by seat.
    pub messages: Vec<u32>,
    /// By local hour of the project's zone, in hours since 1970-01-01 00:00 there.
    pub hours: BTreeMap<i64, u64>,
    zone: Zone,
    /// By seat, what each person met; absent where nothing is compared.
    pub people: Option<(Prints, Vec<Personal>)>,
    /// By seat, messages of each journey; absent where nobody asks who was reached.
    pub reach: Option<Vec<BTreeMap<JourneyId, u32>>>,
    /// By seat, the lines of entries, arms and goals; absent unless asked for.
    pub lines: Option<Vec<Vec<Entry>>>,
    /// Whose scenes are kept.
    pub watched: BTreeSet<Seat>,
    pub scenes: Vec<(Seat, Scene)>,
    pub scenes_left_out: u64,
}

impl<'p> Counts<'p> {
    pub fn new(program: &'p Program) -> Self {
        let journey = JourneyCounts { sent: vec![0; program.messages.len()], ..JourneyCounts::default() };
        Counts {
            program,
            journeys: vec![journey; program.journeys.len()],
            messages: Vec::new(),
            hours: BTreeMap::new(),
            zone: program.project.zone,
            people: None,
            reach: None,
            lines: None,
            watched: BTreeSet::new(),
            scenes: Vec::new(),
            scenes_left_out: 0,
        }
    }

    /// Counts that also tell what each person met.
    pub fn of_everyone(program: &'p Program) -> Self {
        Counts { people: Some((Prints::new(program), Vec::new())), ..Counts::new(program) }
    }

    /// Counts that also tell how many people each journey reached.
    pub fn with_reach(self) -> Self {
        Counts { reach: Some(Vec::new()), ..self }
    }

    /// Someone new takes the next seat.
    pub fn newcomer(&mut self) {
        self.messages.push(0);
        if let Some(reach) = &mut self.reach {
            reach.push(BTreeMap::new());
        }
        if let Some((_, people)) = &mut self.people {
            people.push(Personal::default());
        }
        if let Some(lines) = &mut self.lines {
            lines.push(Vec::new());
        }
    }

    /// Adds the counts of another shard; those by seat and the scenes stay apart.
    pub fn absorb(&mut self, other: &Counts) {
        for (into, from) in self.journeys.iter_mut().zip(&other.journeys) {
            into.absorb(from);
        }
        for (index, into) in self.journeys.iter_mut().enumerate() {
            let Some(reach) = &other.reach else { break };
            let journey = JourneyId(index as u16);
            let met = |seat: &&BTreeMap<JourneyId, u32>| seat.get(&journey).is_some_and(|messages| *messages > 0);
            *into.reached.get_or_insert_default() += reach.iter().filter(met).count() as u64;
        }
        for (hour, n) in &other.hours {
            *self.hours.entry(*hour).or_default() += n;
        }
    }

    /// What was counted of one person is to count for another.
    pub fn give_away(&mut self, from: Seat) -> Counted {
        Counted {
            messages: std::mem::take(&mut self.messages[from as usize]),
            personal: self.people.as_mut().map(|(_, people)| std::mem::take(&mut people[from as usize])),
            reach: self.reach.as_mut().map(|reach| std::mem::take(&mut reach[from as usize])).unwrap_or_default(),
            lines: self.lines.as_mut().map(|lines| std::mem::take(&mut lines[from as usize])).unwrap_or_default(),
        }
    }

    pub fn take_over(&mut self, seat: Seat, counted: &Counted) {
        self.messages[seat as usize] += counted.messages;
        if let (Some((_, people)), Some(personal)) = (&mut self.people, &counted.personal) {
            people[seat as usize].absorb(personal);
        }
        if let Some(reach) = &mut self.reach {
            counted.reach.iter().for_each(|(journey, n)| *reach[seat as usize].entry(*journey).or_default() += n);
        }
    }

    fn reached(&mut self, seat: Seat, journey: JourneyId, sent: bool) {
        if let Some(reach) = &mut self.reach {
            let messages = reach[seat as usize].entry(journey).or_default();
            *messages = if sent { *messages + 1 } else { messages.saturating_sub(1) };
        }
    }

    /// `base` is what the merge added to the run numbers of whoever joined.
    pub fn take_lines(&mut self, seat: Seat, counted: Counted, base: u32) {
        if let Some(lines) = &mut self.lines {
            lines[seat as usize].extend(counted.lines.into_iter().map(|entry| entry.renumbered(base)));
        }
    }

    fn scene(&mut self, seat: Seat, scene: impl FnOnce() -> Scene) {
        if self.watched.is_empty() || !self.watched.contains(&seat) {
            return;
        }
        if self.scenes.len() < STORY_LINES_MAX * self.watched.len() {
            self.scenes.push((seat, scene()));
        } else {
            self.scenes_left_out += 1;
        }
    }

    fn hour(&self, entry: &Entry) -> i64 {
        let (date, time) = self.zone.local(entry.at);
        i64::from(date.0) * 24 + i64::from(time.0) / SECONDS_PER_HOUR
    }
}

impl JourneyCounts {
    fn absorb(&mut self, other: &JourneyCounts) {
        self.entered += other.entered;
        self.withdrawn += other.withdrawn;
        self.goals += other.goals;
        for (reason, n) in &other.ended {
            *self.ended.entry(reason.clone()).or_default() += n;
        }
        for (why, n) in &other.not_entered {
            *self.not_entered.entry(*why).or_default() += n;
        }
        let pairs = [(&mut self.dropped[..], &other.dropped[..]), (&mut self.held[..], &other.held[..])];
        for (into, from) in pairs.into_iter().chain([(&mut self.sent[..], &other.sent[..])]) {
            into.iter_mut().zip(from).for_each(|(a, b)| *a += b);
        }
        for (split, arms) in &other.arms {
            let into = self.arms.entry(*split).or_insert_with(|| vec![0; arms.len()]);
            into.iter_mut().zip(arms).for_each(|(a, b)| *a += b);
        }
    }
    pub fn sent_on(&self, program: &Program, channel: Channel) -> u64 {
        self.sent.iter().zip(&program.messages).filter(|(_, m)| m.channel == channel).map(|(n, _)| n).sum()
    }
}

/// Place of a reason in [`Reason::ALL`].
fn place(reason: Reason) -> usize {
    reason as usize
}

impl Journal for Counts<'_> {
    fn taken(&mut self, seat: Seat, taken: &Taken<'_>) {
        let input = taken.input;
        match input.kind {
            InputKind::Event { .. }
            | InputKind::Profile { .. }
            | InputKind::Reach { .. }
            | InputKind::Approval { .. } => {
                self.scene(seat, || Scene::Taken(input.clone()));
            }
            InputKind::Wake
            | InputKind::Report { .. }
            | InputKind::Answer { .. }
            | InputKind::Tick { .. }
            | InputKind::Live => {}
        }
    }

    fn wrote(&mut self, seat: Seat, entry: &Entry) {
        self.scene(seat, || Scene::Wrote(entry.clone()));
        if let Some((prints, people)) = &mut self.people {
            let zone = self.zone;
            people[seat as usize].note(self.program, prints, entry, || zone.date(entry.at).0);
        }
        if let (Some(lines), What::Entered | What::Arm { .. } | What::Goal { .. }) = (&mut self.lines, &entry.what) {
            lines[seat as usize].push(entry.clone());
        }
        let counts = &mut self.journeys[entry.journey.index()];
        match &entry.what {
            What::NotEntered { why } => *counts.not_entered.entry(*why).or_default() += 1,
            What::Entered => counts.entered += 1,
            What::Arm { split, arm } => {
                let arms = &self.program.splits[split.index()].arms;
                counts.arms.entry(*split).or_insert_with(|| vec![0; arms.len()])[*arm as usize] += 1;
            }
            What::Sent { message, .. } => {
                counts.sent[message.index()] += 1;
                if self.program.message(*message).channel.is_personal() {
                    self.messages[seat as usize] += 1;
                    self.reached(seat, entry.journey, true);
                    *self.hours.entry(self.hour(entry)).or_default() += 1;
                }
            }
            What::Held { reason, .. } => counts.held[place(*reason)] += 1,
            What::Dropped { message, reason } => {
                counts.dropped[place(*reason)] += 1;
                // Accepted by the machine a moment ago, and never dispatched.
                if *reason == Reason::Budget {
                    counts.sent[message.index()] -= 1;
                    if self.program.message(*message).channel.is_personal() {
                        self.messages[seat as usize] -= 1;
                        self.reached(seat, entry.journey, false);
                        let hour = self.hour(entry);
                        self.hours.entry(hour).and_modify(|n| *n -= 1);
                    }
                }
            }
            What::Withdrawn { .. } => counts.withdrawn += 1,
            What::Moved { .. } => {}
            What::Goal { .. } => counts.goals += 1,
            What::Ended { reason } => match counts.ended.get_mut(reason) {
                Some(n) => *n += 1,
                None => drop(counts.ended.insert(reason.clone(), 1)),
            },
            What::Settling { .. }
            | What::Unsettled
            | What::HeldOut
            | What::Waiting { .. }
            | What::Woke { .. }
            | What::Reported { .. }
            | What::Called { .. }
            | What::CallFailed { .. }
            | What::Paused
            | What::Resumed
            | What::CallSkipped { .. }
            | What::Tagged { .. }
            | What::Untagged { .. }
            | What::Set { .. }
            | What::Membership { .. } => {}
        }
    }
}
