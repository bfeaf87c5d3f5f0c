//! The history read for its purchases: whose each is, on which day, and for how much.
//!
//! Steps no journey. Reads what `tabi simulate` reads, by the same readers.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;

use super::events::{Counted, Kind};
use crate::ingest::{Arrival, Schema, Signal, Tally, What};
use crate::ir::Program;
use crate::ports::Seat;
use crate::report::{Bought, Input, Left, Person, Purchases};
use crate::runtime::Identities;
use crate::runtime::identity::Resolved;
use crate::simulate::sources::{Intake, Side, mappings};
use crate::simulate::{SimulateError, SourceSpec};
use crate::value::{Date, Instant, Money, Value};

/// What the history comes to.
pub struct History {
    pub people: Vec<Person>,
    identities: Identities,
    /// The last day of which anything is known, and the last moment.
    pub last: Option<Date>,
    pub last_moment: Option<Instant>,
    pub tally: Tally,
    repeated: u64,
    left: Left,
}

struct Reader<'a> {
    program: &'a Program,
    counted: &'a Counted,
    until: Option<Instant>,
    identities: Identities,
    purchases: Purchases,
    /// When something of this person with this id was last seen.
    seen: HashMap<(Seat, u64), Instant>,
    repeated: u64,
    left: Left,
    last: Option<Instant>,
}

/// `progress` is told how many bytes were read, now and then.
pub fn read(
    program: &Program,
    sources: &[SourceSpec],
    counted: &Counted,
    until: Option<Instant>,
    progress: &dyn Fn(u64),
) -> Result<History, SimulateError> {
    let schema = Schema::new(program);
    let mappings = mappings(sources, &schema, program.project.zone)?;
    let side = Side { schema: &schema, mappings: &mappings };
    let mut intake = Intake::open(&[side], sources, false, None).map_err(|(_, error)| error)?;
    let reader = RefCell::new(Reader {
        program,
        counted,
        until,
        identities: Identities::default(),
        purchases: Purchases::default(),
        seen: HashMap::new(),
        repeated: 0,
        left: Left::default(),
        last: None,
    });
    intake
        .run(&mut |_, arrival| reader.borrow_mut().take(&arrival), &mut |bytes| progress(bytes))
        .map_err(|(_, error)| error)?;
    let (tally, _) = intake.close().swap_remove(0);
    let Reader { identities, purchases, repeated, left, last, .. } = reader.into_inner();
    let last_day = purchases.last_day().max(last.map(|at| program.project.zone.date(at)));
    let (people, _) = purchases.people();
    Ok(History { people, identities, last: last_day, last_moment: last, tally, repeated, left })
}

impl Reader<'_> {
    fn take(&mut self, arrival: &Arrival<'_>) {
        if let (Some(at), Some(until)) = (arrival.at, self.until)
            && at > until
        {
            return;
        }
        self.last = self.last.max(arrival.at);
        let (user, anonymous) = (arrival.who.user.as_deref(), arrival.who.anonymous.as_deref());
        let resolved = match &arrival.what {
            What::Alias { previous } => user.or(anonymous).map(|id| self.identities.alias(id, previous)),
            What::Event { .. } | What::Profile { .. } | What::Signal { .. } => self.identities.resolve(user, anonymous),
        };
        let Some(Resolved { seat, absorb, .. }) = resolved else { return };
        if let Some(gone) = absorb {
            self.purchases.unite(gone, seat);
        }
        if let What::Signal { signal, .. } = &arrival.what {
            *match signal {
                Signal::Bounced => &mut self.left.bounced,
                Signal::Complained => &mut self.left.complained,
                Signal::Unsubscribed => &mut self.left.unsubscribed,
                Signal::Blocked => &mut self.left.blocked,
                Signal::Unblocked => &mut self.left.unblocked,
            } += 1;
        }
        let What::Event { id, event, payload } = &arrival.what else { return };
        let of = |kinds: &[Kind]| kinds.iter().find(|kind| kind.event == *event).cloned();
        let (bought, returned) = (of(&self.counted.purchases), of(&self.counted.returns));
        let Some(kind) = bought.as_ref().or(returned.as_ref()) else { return };
        let Value::Record(fields) = payload else { return };
        // An event's own time stands last in it.
        let own = match fields.last() {
            Some(Value::Instant(own)) => *own,
            _ => return,
        };
        if let Some(id) = id
            && self.came_before(seat, *id, arrival.at.unwrap_or(own))
        {
            self.repeated += 1;
            return;
        }
        let amount = kind.money.and_then(|field| money(fields.get(field.index())));
        let bought_then = Bought { day: self.program.project.zone.date(own), amount };
        if bought.is_some() {
            self.purchases.bought(seat, bought_then);
        } else {
            self.purchases.returned(seat, bought_then);
        }
    }

    /// Two events of a person with one id are one, within the project's `dedupe_window`.
    fn came_before(&mut self, seat: Seat, id: u64, at: Instant) -> bool {
        let before = self.seen.insert((seat, id), at);
        before.is_some_and(|before| at.since(before) <= self.program.project.dedupe_window)
    }
}

fn money(value: Option<&Value>) -> Option<Money> {
    match value {
        Some(Value::Money(money)) => Some(*money),
        _ => None,
    }
}

impl History {
    /// The name somebody goes by.
    pub fn name(&self, seat: u32) -> &Arc<str> {
        self.identities.name(seat)
    }

    pub fn input(&self, sources: &[SourceSpec], counted: &Counted) -> Input {
        let names = |kinds: &[Kind]| kinds.iter().map(|kind| kind.name.clone()).collect();
        Input {
            sources: sources.iter().map(|source| source.name.clone()).collect(),
            lines: self.tally.lines,
            rejected: self.tally.rejected.values().sum(),
            left_out: self.tally.left_out,
            purchase_events: names(&counted.purchases),
            return_events: names(&counted.returns),
            repeated: self.repeated,
            left: self.left,
        }
    }
}
