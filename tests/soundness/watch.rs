//! Watches one life, effect by effect, and says what was not allowed.
//!
//! Keeps its own account of consent, addresses and reachability, so that a mistake of the machine's is not believed.

use std::collections::BTreeMap;
use std::fmt;

use tabi::ir::{Channel, FieldId, JourneyId, Pc, Program, Promise, PurposeId, Type};
use tabi::machine::{Effect, EndReason, InputKind, Order, Person, Report, RunNo, SendId, What};
use tabi::prove::{Analysis, Longest, Messages, Most, Verdict};
use tabi::value::{CalendarPeriod, Date, Instant, Span, Value, Zone};

/// What happened in some lives.
#[derive(Debug, Default, Clone)]
pub struct Seen {
    pub lives: u64,
    pub runs: u64,
    pub ended: u64,
    pub messages: u64,
    pub passages: u64,
    /// Runs that sent as much, or stayed as long, as was proven.
    pub fullest: u64,
    pub longest: u64,
}

impl Seen {
    pub fn add(&mut self, other: &Seen) {
        self.lives += other.lives;
        self.runs += other.runs;
        self.ended += other.ended;
        self.messages += other.messages;
        self.passages += other.passages;
        self.fullest += other.fullest;
        self.longest += other.longest;
    }
    /// Enough happened that a wrong bound would show.
    pub fn is_telling(&self) -> bool {
        self.runs > self.lives && self.messages > self.lives && self.fullest > 0 && self.longest > 0
    }
}

impl fmt::Display for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Seen { lives, runs, ended, messages, passages, fullest, longest } = self;
        write!(
            f,
            "{lives} lives: {runs} runs ({ended} ended), {messages} messages, {passages} steps; {fullest} runs sent the \
             most that was proven, {longest} stayed the longest"
        )
    }
}

struct Sent {
    id: SendId,
    at: Instant,
    journey: JourneyId,
    channel: Channel,
    /// Refused while its run waited for the answer: nobody got it.
    refused: bool,
}

struct Known {
    journey: JourneyId,
    entered: Instant,
    /// When the run came to where it is.
    moved: Instant,
    held_out: bool,
    ended: Option<Instant>,
}

pub struct Watch<'p> {
    program: &'p Program,
    analysis: &'p Analysis,
    pub now: Instant,
    consent: BTreeMap<u16, bool>,
    profile: BTreeMap<u16, Value>,
    blocked: [bool; Channel::COUNT],
    bounced: [bool; Channel::COUNT],
    unsubscribed: [bool; Channel::COUNT],
    complained: [bool; Channel::COUNT],
    runs: BTreeMap<RunNo, Known>,
    sent: Vec<Sent>,
    /// The report that is being told refuses this send.
    refusing: Option<SendId>,
    seen: Seen,
}

impl<'p> Watch<'p> {
    pub fn new(program: &'p Program, analysis: &'p Analysis) -> Watch<'p> {
        Watch {
            program,
            analysis,
            now: Instant(0),
            consent: BTreeMap::new(),
            profile: BTreeMap::new(),
            blocked: [false; Channel::COUNT],
            bounced: [false; Channel::COUNT],
            unsubscribed: [false; Channel::COUNT],
            complained: [false; Channel::COUNT],
            runs: BTreeMap::new(),
            sent: Vec::new(),
            refusing: None,
            seen: Seen { lives: 1, ..Seen::default() },
        }
    }

    pub fn zone(&self, person: &Person, journey: JourneyId) -> Zone {
        let own = self.program.person.zone.map(|field| person.field(field).clone());
        match own {
            Some(Value::Zone(zone)) => zone,
            _ => self.program.policy(self.program.journey(journey).policy).zone,
        }
    }

    // ---- what is known -------------------------------------------------------------------------------------------

    pub fn profile(&mut self, fields: &[(FieldId, Value)], consent: &[(PurposeId, bool)]) {
        for (field, value) in fields {
            for channel in Channel::ALL {
                let changes = self.profile.get(&field.0).unwrap_or(&Value::Missing) != value;
                if self.program.person.addresses[channel.index()] == Some(*field) && changes {
                    self.bounced[channel.index()] = false;
                }
            }
            self.profile.insert(field.0, value.clone());
        }
        self.consent.extend(consent.iter().map(|(purpose, given)| (purpose.0, *given)));
    }
    pub fn before(&mut self, at: Instant, kind: &InputKind, refuses: bool) {
        self.now = at;
        self.refusing = match kind {
            InputKind::Report { send, .. } if refuses => Some(*send),
            _ => None,
        };
    }
    /// The input is known from here on.
    pub fn learn(&mut self, kind: &InputKind) {
        match kind {
            InputKind::Profile { fields, consent, .. } => self.profile(fields, consent),
            InputKind::Reach { channel, report } => self.reach(*channel, *report),
            InputKind::Report { send, report } => {
                if let Some(sent) = self.sent.iter_mut().rev().find(|s| s.id == *send) {
                    // Over its budget it was never dispatched, whenever that is told (4.10).
                    sent.refused |= *report == Report::OverBudget;
                    let channel = sent.channel;
                    self.reach(channel, *report);
                }
                if let Some(sent) = self.refusing.and_then(|id| self.sent.iter_mut().rev().find(|s| s.id == id)) {
                    sent.refused = true;
                }
            }
            InputKind::Event { .. }
            | InputKind::Wake
            | InputKind::Answer { .. }
            | InputKind::Approval { .. }
            | InputKind::Tick { .. }
            | InputKind::Live => {}
        }
    }
    fn reach(&mut self, channel: Channel, report: Report) {
        let at = channel.index();
        match report {
            Report::Blocked => self.blocked[at] = true,
            Report::Bounced => self.bounced[at] = true,
            Report::Complained => self.complained[at] = true,
            Report::Unsubscribed => self.unsubscribed[at] = true,
            Report::Resubscribed => self.unsubscribed[at] = false,
            Report::Unblocked => {
                (self.blocked[at], self.unsubscribed[at], self.complained[at]) = (false, false, false);
            }
            Report::Accepted
            | Report::Refused
            | Report::OverBudget
            | Report::Late
            | Report::Discarded
            | Report::Delivered
            | Report::Opened
            | Report::Clicked => {}
        }
    }

    // ---- what is seen --------------------------------------------------------------------------------------------

    pub fn saw(&mut self, effect: &Effect) -> Result<(), String> {
        match effect {
            Effect::Send(order) => self.saw_send(order),
            Effect::Call(call) => {
                let takes = &self.program.actions[call.action.index()].takes;
                present(takes, &call.params).map_err(|field| format!("action called with `{field}` missing"))
            }
            Effect::Passed(passage) => self.saw_passage(passage.run, passage.pc, passage.at),
            Effect::Looked(_) => Ok(()),
            Effect::Journal(entry) => {
                match (&entry.what, entry.run) {
                    (What::Entered, Some(run)) => {
                        self.seen.runs += 1;
                        let (journey, at) = (entry.journey, entry.at);
                        let known = Known { journey, entered: at, moved: at, held_out: false, ended: None };
                        self.runs.insert(run, known);
                    }
                    (What::HeldOut, Some(run)) => {
                        if let Some(known) = self.runs.get_mut(&run) {
                            known.held_out = true;
                        }
                    }
                    (What::Ended { reason }, Some(run)) => {
                        if *reason == EndReason::Overrun {
                            return Err("a run was cut off".into());
                        }
                        return self.saw_end(run, entry.at);
                    }
                    _ => {}
                }
                Ok(())
            }
        }
    }

    fn saw_send(&mut self, order: &Order) -> Result<(), String> {
        let message = self.program.message(order.message);
        let at = order.channel.index();
        if message.needs_consent && order.channel.is_personal() {
            let consents = self.consent.get(&message.purpose.0).copied().unwrap_or(false);
            if !consents || self.unsubscribed[at] || self.complained[at] {
                return Err(format!("`{}` was sent without consent", message.name));
            }
        }
        if order.channel.is_personal() {
            let address = self.program.person.addresses[at].and_then(|field| self.profile.get(&field.0));
            if address.is_none_or(Value::is_missing) || self.blocked[at] || self.bounced[at] {
                return Err(format!("`{}` was sent to someone who cannot be reached", message.name));
            }
        }
        present(&message.params, &order.params)
            .map_err(|field| format!("`{}` was sent with `{field}` missing", message.name))?;
        self.seen.messages += u64::from(order.channel.is_personal());
        let (id, journey, channel) = (order.id, order.journey, order.channel);
        // The life is stepped at every timer's own time.
        self.sent.push(Sent { id, at: self.now, journey, channel, refused: false });
        Ok(())
    }

    fn saw_passage(&mut self, run: RunNo, pc: Pc, at: Instant) -> Result<(), String> {
        self.seen.passages += 1;
        let Some(known) = self.runs.get_mut(&run) else { return Ok(()) };
        let bounds = &self.analysis.journeys[known.journey.index()].bounds;
        let name = &self.program.journey(known.journey).name;
        let (came, left) = (known.moved.since(known.entered), at.since(known.entered));
        known.moved = at;
        let Some(arrival) = bounds.arrival[pc as usize] else {
            return Err(format!("{name}: a run is at {pc}, where none comes"));
        };
        if came < arrival.shortest || arrival.longest.real().is_some_and(|longest| came > longest) {
            return Err(format!("{name}: came to {pc} after {came}, not within {arrival:?}"));
        }
        let leaving = bounds.leaving[pc as usize].map(|e| e.longest).and_then(Longest::real);
        if leaving.is_some_and(|longest| left > longest) {
            return Err(format!("{name}: left {pc} after {left}, not within {leaving:?}"));
        }
        Ok(())
    }

    fn saw_end(&mut self, run: RunNo, at: Instant) -> Result<(), String> {
        let Some(known) = self.runs.get_mut(&run) else { return Ok(()) };
        known.ended = Some(at);
        self.seen.ended += 1;
        let bounds = &self.analysis.journeys[known.journey.index()].bounds;
        let longest = if known.held_out { bounds.held_out } else { Some(bounds.stay) }.and_then(Longest::real);
        let stay = at.since(known.entered);
        self.seen.longest += u64::from(!known.held_out && stay > Span(0) && Some(stay) == longest);
        match longest {
            Some(longest) if stay > longest => {
                let name = &self.program.journey(known.journey).name;
                Err(format!("{name}: stayed {stay}, at most {longest} was proven"))
            }
            _ => Ok(()),
        }
    }

    // ---- at the end ----------------------------------------------------------------------------------------------

    pub fn finish(mut self, person: &Person, end: Instant) -> Result<Seen, String> {
        for known in self.runs.values().filter(|known| known.ended.is_none()) {
            let bounds = &self.analysis.journeys[known.journey.index()].bounds;
            let longest = if known.held_out { bounds.held_out } else { Some(bounds.stay) }.and_then(Longest::real);
            if longest.is_some_and(|longest| end.since(known.entered) > longest) {
                return Err(format!("{}: a run never ended", self.program.journey(known.journey).name));
            }
        }
        for index in 0..self.program.journeys.len() {
            self.judge(person, JourneyId(index as u16))?;
        }
        if let Some(Value::Zone(zone)) = self.program.person.zone.map(|field| person.field(field).clone()) {
            let times: Vec<Instant> = self.received(None, None).collect();
            let pressure = &self.analysis.pressure;
            for (load, days) in [(&pressure.day, 1), (&pressure.week, 7)] {
                let most = most_in_days(&times, zone, days);
                if exceeds(most, load.total) {
                    return Err(format!("{most} messages in {days} days from all journeys, {:?} proven", load.total));
                }
            }
        }
        Ok(self.seen)
    }

    fn received(&self, journey: Option<JourneyId>, channel: Option<Channel>) -> impl Iterator<Item = Instant> + '_ {
        let meant = move |sent: &&Sent| {
            journey.is_none_or(|j| j == sent.journey)
                && !sent.refused
                && channel.map_or(sent.channel.is_personal(), |c| c == sent.channel)
        };
        self.sent.iter().filter(meant).map(|sent| sent.at)
    }

    fn judge(&mut self, person: &Person, journey: JourneyId) -> Result<(), String> {
        let proof = &self.analysis.journeys[journey.index()];
        let name = self.program.journey(journey).name.clone();
        let zone = self.zone(person, journey);
        let each = std::iter::once(None).chain(Channel::ALL.into_iter().map(Some));
        for channel in each {
            let of = |messages: &Messages| channel.map_or(messages.all, |c| messages.channels[c.index()]);
            for run in self.runs.iter().filter(|(_, known)| known.journey == journey).map(|(no, _)| *no) {
                let count = self.received_of_run(run, channel);
                if exceeds(count, of(&proof.bounds.run)) {
                    return Err(format!("{name}: a run sent {count} ({channel:?})"));
                }
                let fullest = channel.is_none() && count > 0 && Most::Count(count) == proof.bounds.run.all;
                self.seen.fullest += u64::from(fullest);
            }
            let times: Vec<Instant> = self.received(Some(journey), channel).collect();
            if channel.is_none_or(Channel::is_personal) {
                for (messages, days) in [(&proof.bounds.day, 1), (&proof.bounds.week, 7)] {
                    let most = most_in_days(&times, zone, days);
                    if exceeds(most, of(messages)) {
                        return Err(format!("{name}: {most} messages ({channel:?}) in {days} days"));
                    }
                }
            }
            if exceeds(times.len() as u64, of(&proof.bounds.person)) {
                return Err(format!("{name}: {} messages to one person", times.len()));
            }
        }
        for judged in proof.promises.iter().filter(|judged| judged.verdict == Verdict::Proven) {
            if let Promise::Messages { count, channel, per: Some(period) } = &judged.promise {
                let times: Vec<Instant> = self.received(Some(journey), *channel).collect();
                let most = most_per(&times, zone, *period);
                if most > u64::from(*count) {
                    return Err(format!("{name}: {most} messages per {period}, {count} promised"));
                }
            }
        }
        Ok(())
    }
    fn received_of_run(&self, run: RunNo, channel: Option<Channel>) -> u64 {
        let meant = |sent: &&Sent| {
            sent.id.run == run && !sent.refused && channel.map_or(sent.channel.is_personal(), |c| c == sent.channel)
        };
        self.sent.iter().filter(meant).count() as u64
    }
}

fn exceeds(count: u64, most: Most) -> bool {
    matches!(most, Most::Count(most) if count > most)
}

/// The first parameter that must not be missing and is.
fn present(fields: &[tabi::ir::FieldDef], values: &[Value]) -> Result<(), String> {
    let missing =
        |(field, value): &(&tabi::ir::FieldDef, &Value)| value.is_missing() && !matches!(field.ty, Type::Optional(_));
    match fields.iter().zip(values).find(missing) {
        Some((field, _)) => Err(field.name.clone()),
        None => Ok(()),
    }
}

fn most_in_days(times: &[Instant], zone: Zone, days: i32) -> u64 {
    most_where(times, |first, last| zone.date(last).0 - zone.date(first).0 < days)
}

/// Like a cap of that window (3.11 to 3.13).
fn most_per(times: &[Instant], zone: Zone, period: CalendarPeriod) -> u64 {
    most_where(times, |first, last| match period.is_exact() {
        true => last.since(first).0 < period.millis,
        false => {
            let back: Date = zone.date(last).plus(period.negated());
            back < zone.date(first)
        }
    })
}

/// The most of which the first and the last are together.
fn most_where(times: &[Instant], together: impl Fn(Instant, Instant) -> bool) -> u64 {
    let mut times = times.to_vec();
    times.sort_unstable();
    let count = |i: usize| times[i..].iter().filter(|last| together(times[i], **last)).count() as u64;
    (0..times.len()).map(count).max().unwrap_or(0)
}
