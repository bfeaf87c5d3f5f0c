//! How long each way out of an instruction takes: at least and at most.
//!
//! Adds nothing up; `sweep` does.

use crate::ir::{ArmOn, Expr, Journey, Op, Pc, Program, Until};
use crate::value::time::{MILLIS_PER_DAY, MILLIS_PER_SECOND};
use crate::value::{LocalTime, Span};

use super::Unbounded;
use super::apart::Apart;
use super::graph::{Edge, Graph, Way};
use super::moments::{Length, Moments};

/// The time one way out of an instruction takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Takes {
    pub low: Apart,
    pub high: High,
}

/// At most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum High {
    /// Milliseconds, a day counted as 24 hours; `local`: changes of the clock can add to it.
    Within {
        time: i64,
        local: bool,
    },
    Never(Unbounded),
}

impl High {
    pub const NOW: High = High::Within { time: 0, local: false };

    pub fn then(self, other: High) -> High {
        match (self, other) {
            (High::Never(why), _) | (_, High::Never(why)) => High::Never(why),
            (High::Within { time: a, local: la }, High::Within { time: b, local: lb }) => {
                High::Within { time: a.saturating_add(b), local: la || lb }
            }
        }
    }
    pub fn times(self, count: u32) -> High {
        match self {
            High::Within { time, local } => High::Within { time: time.saturating_mul(count.into()), local },
            High::Never(_) if count == 0 => High::NOW,
            High::Never(why) => High::Never(why),
        }
    }
}

impl Takes {
    const NO_TIME: Takes = Takes { low: Apart::STILL, high: High::NOW };

    fn up_to(high: High) -> Takes {
        Takes { low: Apart::STILL, high }
    }
}

/// Ways of a journey with the time they take.
pub struct Timing<'p> {
    pub journey: &'p Journey,
    program: &'p Program,
    moments: Moments<'p>,
    /// By message's channel: how long the policy can hold it.
    holds: [High; crate::ir::Channel::COUNT],
}

impl<'p> Timing<'p> {
    pub fn new(program: &'p Program, journey: &'p Journey, holds: [High; crate::ir::Channel::COUNT]) -> Timing<'p> {
        Timing { journey, program, moments: Moments::new(program, journey), holds }
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
                    None => return Takes::up_to(High::Never(Unbounded::NoLimit)),
                    Some(length) => length,
                };
                // A refusal ends the wait for an approval as if the time were up.
                let refusable = arms.iter().any(|arm| matches!(arm.on, ArmOn::Approval { .. }));
                match edge.way == Way::TimeUp && !refusable {
                    true => length,
                    false => Takes::up_to(length.high),
                }
            }
            Op::Send { message, before, otherwise, .. } => {
                let message = self.program.message(*message);
                let held = self.held(self.holds[message.channel.index()], before.as_ref(), edge.from);
                let answer = High::Within { time: message.patience.0.max(0), local: false };
                match (edge.way, otherwise) {
                    (Way::Sent | Way::Refused, Some(_)) => Takes::up_to(held.then(answer)),
                    _ => Takes::up_to(held),
                }
            }
            Op::Do { action, .. } => {
                let patience = self.program.actions[action.index()].patience;
                Takes::up_to(High::Within { time: patience.0.max(0), local: false })
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
    pub fn hold(&self, pc: Pc) -> High {
        match self.journey.code.get(pc as usize).map(|i| &i.op) {
            Some(Op::Send { message, before, .. }) => {
                self.held(self.holds[self.program.message(*message).channel.index()], before.as_ref(), pc)
            }
            _ => High::NOW,
        }
    }
    /// A deadline that stays where it is ends every hold.
    fn held(&self, held: High, before: Option<&Expr>, pc: Pc) -> High {
        let Some(before) = before.filter(|moment| self.moments.is_kept(moment)) else { return held };
        match (held, self.moments.ahead(before, pc as usize)) {
            (held, None) => held,
            (High::Within { time, .. }, Some(ahead)) if time <= ahead.most => held,
            (_, Some(ahead)) => High::Within { time: ahead.most.max(0), local: ahead.local },
        }
    }

    fn length(&self, duration: &Expr) -> Takes {
        match self.moments.length(duration) {
            Some(Length { least, most, local }) => {
                Takes { low: least, high: High::Within { time: most.max(0), local } }
            }
            None => Takes::up_to(High::Never(Unbounded::LengthRead)),
        }
    }
    fn wait(&self, until: &Until, pc: Pc) -> Takes {
        let local = |time| High::Within { time, local: true };
        match until {
            Until::After(duration) => self.length(duration),
            Until::Time(_) => Takes::up_to(local(MILLIS_PER_DAY)),
            Until::Tomorrow(time) => {
                let time = of_day(*time);
                Takes { low: Apart::tomorrow(Span(time)), high: local(MILLIS_PER_DAY + time) }
            }
            Until::Weekday(..) => Takes::up_to(local(7 * MILLIS_PER_DAY)),
            Until::Moment { moment, at } => Takes::up_to(match self.moments.ahead(moment, pc as usize) {
                Some(ahead) => {
                    let most = ahead.most.saturating_add(at.map_or(0, of_day));
                    High::Within { time: most.max(0), local: ahead.local || at.is_some() }
                }
                None => High::Never(Unbounded::MomentRead),
            }),
        }
    }
}

fn of_day(time: LocalTime) -> i64 {
    i64::from(time.0) * MILLIS_PER_SECOND
}
