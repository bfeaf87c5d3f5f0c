//! How much of each event's past must be kept per person: exactly what some expression of the program can ask.
//!
//! Does not keep it; the machine does.

use std::collections::BTreeSet;

use super::expr::{Ask, Behaviour};
use super::exprs;
use super::{Expr, FieldId, HistoryLog, HistoryNeed, Program};
use crate::value::time::MILLIS_PER_DAY;
use crate::value::{CalendarPeriod, Span};

#[derive(Default, Clone)]
struct Need {
    fields: BTreeSet<FieldId>,
    total: bool,
    ends: bool,
    log: HistoryLog,
}

/// What the program asks, and what `besides` asks of the same people. By [`super::EventId`].
pub fn needs(program: &Program, besides: &[&Expr]) -> Vec<HistoryNeed> {
    let mut needs = vec![Need::default(); program.events.len()];
    let mut asked = |e: &Expr| {
        e.walk(0, &mut |part, _| {
            if let Expr::Behaviour(behaviour) = part {
                needs[behaviour.event.index()].add(program, behaviour);
            }
        });
    };
    exprs::each(program, &mut asked);
    besides.iter().for_each(|e| asked(e));
    let need = |need: Need| HistoryNeed {
        fields: need.fields.into_iter().collect(),
        total: need.total,
        ends: need.ends,
        log: need.log,
    };
    needs.into_iter().map(need).collect()
}

impl Need {
    fn add(&mut self, program: &Program, behaviour: &Behaviour) {
        let at = program.event(behaviour.event).at_field();
        let mut fields = BTreeSet::new();
        match &behaviour.ask {
            Ask::Did | Ask::Count => {}
            Ask::Sum { field, .. } | Ask::Average { field } => {
                fields.insert(*field);
            }
            Ask::Last { field: Some(field) } | Ask::First { field: Some(field) } => {
                fields.insert(*field);
            }
            Ask::Last { field: None } | Ask::First { field: None } => {
                let count = program.event(behaviour.event).fields.len() as u16;
                fields.extend((0..count).map(FieldId).filter(|field| *field != at));
            }
        }
        if let Some(filter) = &behaviour.filter {
            filter.walk(0, &mut |part, depth| {
                if let Expr::Field(of, field) = part
                    && **of == Expr::Subject(depth)
                {
                    fields.insert(*field);
                }
            });
        }
        fields.remove(&at);
        self.fields.append(&mut fields);
        let every = behaviour.filter.is_none() && behaviour.window.is_none();
        match &behaviour.ask {
            Ask::Did | Ask::Last { .. } | Ask::First { .. } if every => self.ends = true,
            Ask::Count if every => self.total = true,
            Ask::Did | Ask::Last { .. } | Ask::First { .. } | Ask::Count | Ask::Sum { .. } | Ask::Average { .. } => {
                self.log = longer(self.log, behaviour.window)
            }
        }
    }
}

/// A log that serves both; no window asks for all.
fn longer(log: HistoryLog, window: Option<CalendarPeriod>) -> HistoryLog {
    let Some(window) = window else { return HistoryLog::Forever };
    match log {
        HistoryLog::None => HistoryLog::Within(window),
        HistoryLog::Forever => HistoryLog::Forever,
        HistoryLog::Within(other) => HistoryLog::Within(covering(other, window)),
    }
}

/// A period that is never shorter than either of two, in any zone and month.
fn covering(a: CalendarPeriod, b: CalendarPeriod) -> CalendarPeriod {
    let within =
        |x: CalendarPeriod, y: CalendarPeriod| x.months <= y.months && x.days <= y.days && x.millis <= y.millis;
    if within(a, b) {
        return b;
    }
    if within(b, a) {
        return a;
    }
    let Span(longest) = a.longest().max(b.longest());
    // Calendar days again, one more for the hour that a change of clocks can take away.
    CalendarPeriod { months: 0, days: (longest / MILLIS_PER_DAY + 2) as i32, millis: 0 }
}
