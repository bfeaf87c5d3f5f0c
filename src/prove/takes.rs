//! How long each way out of an instruction takes: at least and at most.
//!
//! Adds nothing up; `sweep` does.

use crate::ir::{ArmOn, Channel, Expr, Journey, Op, Pc, Program, Until};
use crate::value::time::{MILLIS_PER_DAY, MILLIS_PER_SECOND};
use crate::value::{LocalTime, Span, Value};

use super::Unbounded;
use super::apart::Apart;
use super::clocked::{Over, Piece};
use super::graph::{Edge, Graph, Way};
use super::late::{Clock, Lasts};
use super::moments::{Length, Moments};

/// The time one way out of an instruction takes.
#[derive(Debug, Clone, PartialEq)]
pub struct Takes {
    pub low: Apart,
    pub lasts: Lasts,
}

impl Takes {
    const NO_TIME: Takes = Takes { low: Apart::STILL, lasts: Lasts::NOW };

    fn up_to(lasts: Lasts) -> Takes {
        Takes { low: Apart::STILL, lasts }
    }
}

/// Ways of a journey with the time they take.
pub struct Timing<'p> {
    pub journey: &'p Journey,
    program: &'p Program,
    moments: Moments<'p>,
    /// By message's channel: how long the policy can hold it.
    holds: [Lasts; Channel::COUNT],
    clock: Clock,
}

impl<'p> Timing<'p> {
    pub fn new(program: &'p Program, journey: &'p Journey, clock: Clock, holds: [Lasts; Channel::COUNT]) -> Timing<'p> {
        Timing { journey, program, moments: Moments::new(program, journey), holds, clock }
    }
    /// The clock a journey goes by; `changes` is how far it can be changed.
    pub fn clock(journey: &Journey, changes: Span) -> Clock {
        let is_weekly = |op: &Op| matches!(op, Op::Wait { until: Until::Weekday(..) });
        let weekly = journey.code.iter().any(|instruction| is_weekly(&instruction.op));
        Clock { round: if weekly { Clock::WEEK } else { Clock::DAY }, changes }
    }

    /// By [`Pc`] and edge, as in the graph.
    pub fn of(&self, graph: &Graph) -> Vec<Vec<Takes>> {
        (0..graph.len()).map(|pc| graph.leaving(pc as Pc).iter().map(|edge| self.takes(edge)).collect()).collect()
    }

    pub fn takes(&self, edge: &Edge) -> Takes {
        let Some(instruction) = self.journey.code.get(edge.from as usize) else { return Takes::NO_TIME };
        match &instruction.op {
            Op::Wait { until } => self.wait(until, edge.from),
            Op::Await { arms, up_to, .. } => {
                let length = match up_to.as_ref().map(|d| self.length(d)) {
                    None => return Takes::up_to(Lasts::never(Unbounded::NoLimit)),
                    Some(length) => length,
                };
                // A refusal ends the wait for an approval as if the time were up.
                let refusable = arms.iter().any(|arm| matches!(arm.on, ArmOn::Approval { .. }));
                match edge.way == Way::TimeUp && !refusable {
                    true => length,
                    false => Takes::up_to(length.lasts),
                }
            }
            Op::Send { message, before, otherwise, .. } => {
                let message = self.program.message(*message);
                let held = self.held(&self.holds[message.channel.index()], before.as_ref(), edge.from);
                let answer = self.clock.lasting(message.patience.0, false);
                match (edge.way, otherwise) {
                    (Way::Sent | Way::Refused, Some(_)) => Takes::up_to(held.then(answer)),
                    _ => Takes::up_to(held),
                }
            }
            Op::Do { action, .. } => {
                let patience = self.program.actions[action.index()].patience;
                Takes::up_to(self.clock.lasting(patience.0, false))
            }
            Op::Branch { .. }
            | Op::Draw { .. }
            | Op::Switch { .. }
            | Op::Repeat { .. }
            | Op::Jump(_)
            | Op::Tag(_)
            | Op::Untag(_)
            | Op::Set { .. }
            | Op::Let { .. }
            | Op::Stop { .. }
            | Op::End => Takes::NO_TIME,
        }
    }

    /// How long a message is held at most at this send, before it goes or is dropped.
    pub fn hold(&self, pc: Pc) -> Lasts {
        match self.journey.code.get(pc as usize).map(|i| &i.op) {
            Some(Op::Send { message, before, .. }) => {
                self.held(&self.holds[self.program.message(*message).channel.index()], before.as_ref(), pc)
            }
            _ => Lasts::NOW,
        }
    }
    /// A deadline that stays where it is ends every hold.
    fn held(&self, held: &Lasts, before: Option<&Expr>, pc: Pc) -> Lasts {
        let kept = before.filter(|moment| self.moments.is_kept(moment));
        match kept.and_then(|moment| self.moments.ahead(moment, pc as usize)) {
            Some(ahead) => self.clock.before(held.clone(), ahead.most, ahead.local),
            None => held.clone(),
        }
    }

    fn length(&self, duration: &Expr) -> Takes {
        match self.moments.length(duration) {
            Some(Length { least, most, local }) => {
                let whole = matches!(duration, Expr::Const(Value::Period(period)) if period.millis == 0);
                let lasts = if whole { self.clock.calendar(most) } else { self.clock.lasting(most, local) };
                Takes { low: least, lasts }
            }
            None => Takes::up_to(Lasts::never(Unbounded::LengthRead)),
        }
    }
    fn wait(&self, until: &Until, pc: Pc) -> Takes {
        match until {
            Until::After(duration) => self.length(duration),
            Until::Time(time) => Takes::up_to(self.next(of_day(*time))),
            Until::Tomorrow(time) => {
                let time = of_day(*time);
                let tomorrow = Piece { from: 0, over: Over::At(MILLIS_PER_DAY + time) };
                let lasts = self.clock.daily(&[tomorrow], MILLIS_PER_DAY + time);
                Takes { low: Apart::tomorrow(Span(time)), lasts }
            }
            Until::Weekday(weekday, time) => Takes::up_to(self.weekday(i64::from(*weekday), of_day(*time))),
            Until::Moment { moment, at } => Takes::up_to(match self.moments.ahead(moment, pc as usize) {
                Some(ahead) => {
                    let lasts = self.clock.lasting(ahead.most, ahead.local);
                    match at.map(of_day) {
                        // Of the day it lies in, which may have begun before.
                        Some(at) => {
                            let that_day = self.clock.daily(&[Piece { from: 0, over: Over::At(at) }], at);
                            lasts.then(that_day).at_least_now(self.clock)
                        }
                        None => lasts,
                    }
                }
                None => Lasts::never(Unbounded::MomentRead),
            }),
        }
    }
    /// The next such weekday at that time, now included.
    fn weekday(&self, weekday: i64, time: i64) -> Lasts {
        let due = (weekday - 1) * MILLIS_PER_DAY + time;
        let this_week = Piece { from: 0, over: Over::At(due) };
        let next_week = Piece { from: due + 1, over: Over::At(due + Clock::WEEK) };
        self.clock.by_clock(vec![this_week, next_week], Clock::WEEK)
    }
    /// The next time the clock shows this, now included.
    fn next(&self, time: i64) -> Lasts {
        let today = Piece { from: 0, over: Over::At(time) };
        let tomorrow = Piece { from: time + 1, over: Over::At(time + MILLIS_PER_DAY) };
        self.clock.daily(&[today, tomorrow], MILLIS_PER_DAY)
    }
}

fn of_day(time: LocalTime) -> i64 {
    i64::from(time.0) * MILLIS_PER_SECOND
}
