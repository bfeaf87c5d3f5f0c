//! A journey of a new program in the ids of the live one, and whether it is still the journey it was.
//!
//! Judges no one inside; whoever plans does.

use crate::ir::journey::{Exit, Goal, SlotDef, StepDef};
use crate::ir::{
    Arm, ArmOn, Audience, EventId, Expr, Holdout, Instruction, Journey, Op, Program, SlotId, Start, StepId, Type, Until,
};

use super::exprs::Scope;
use super::labels::Labels;

/// The journey with its steps numbered from `first_step` on, behind those of its earlier versions.
pub fn journey(new: &Program, labels: &Labels, of: &Journey, earlier: &[StepDef]) -> Journey {
    let scope = Scope::of(new, labels, &of.slots);
    let first_step = earlier.len() as u16;
    let slot = |slot: &SlotDef| SlotDef { name: slot.name.clone(), ty: labels.ty(&slot.ty) };
    let step = |i: &Instruction| Instruction { step: StepId(i.step.0 + first_step), op: op(&scope, &i.op) };
    Journey {
        policy: labels.policies[of.policy.index()],
        goal: of.goal.as_ref().map(|goal| self::goal(&scope, goal)),
        holdout: of.holdout.map(|holdout| Holdout { split: labels.splits[holdout.split.index()] }),
        start: start(&scope, &of.start),
        only_if: of.only_if.as_ref().map(|e| scope.expr(e)),
        exits: of.exits.iter().map(|e| exit(&scope, e)).collect(),
        code: of.code.iter().map(step).collect(),
        steps: earlier.iter().chain(&of.steps).cloned().collect(),
        slots: of.slots.iter().map(slot).collect(),
        ..of.clone()
    }
}

fn goal(scope: &Scope<'_>, goal: &Goal) -> Goal {
    let template = goal.template.iter();
    let field = |field| scope.labels.field(Some(&Type::Event(goal.event)), field);
    Goal {
        event: event(scope, goal.event),
        filter: filter(scope, goal.event, goal.filter.as_ref()),
        template: template.map(|(of, value)| (field(*of), scope.expr(value))).collect(),
        ..goal.clone()
    }
}

fn event(scope: &Scope<'_>, event: EventId) -> EventId {
    scope.labels.events[event.index()]
}

fn filter(scope: &Scope<'_>, event: EventId, filter: Option<&Expr>) -> Option<Expr> {
    filter.map(|filter| scope.about(Type::Event(event)).expr(filter))
}

fn audience(scope: &Scope<'_>, audience: &Audience) -> Audience {
    Audience {
        segment: audience.segment.map(|segment| scope.labels.segments[segment.index()]),
        condition: audience.condition.as_ref().map(|condition| scope.expr(condition)),
    }
}

fn start(scope: &Scope<'_>, start: &Start) -> Start {
    match start {
        Start::Event { event: of, filter: when, bind, key, settled, audience: people } => Start::Event {
            event: event(scope, *of),
            filter: filter(scope, *of, when.as_ref()),
            bind: *bind,
            key: key.as_ref().map(|key| scope.expr(key)),
            settled: *settled,
            audience: people.as_ref().map(|people| audience(scope, people)),
        },
        Start::Segment { segment, enters, including_members } => Start::Segment {
            segment: scope.labels.segments[segment.index()],
            enters: *enters,
            including_members: *including_members,
        },
        Start::Schedule { schedule, audience: people } => {
            Start::Schedule { schedule: schedule.clone(), audience: audience(scope, people) }
        }
        Start::At { at, audience: people } => Start::At { at: *at, audience: audience(scope, people) },
    }
}

fn exit(scope: &Scope<'_>, exit: &Exit) -> Exit {
    match exit {
        Exit::Event { event: of, filter: when } => {
            Exit::Event { event: event(scope, *of), filter: filter(scope, *of, when.as_ref()) }
        }
        Exit::Segment { segment, enters } => {
            Exit::Segment { segment: scope.labels.segments[segment.index()], enters: *enters }
        }
    }
}

fn op(scope: &Scope<'_>, op: &Op) -> Op {
    let (new, labels) = (scope.new, scope.labels);
    match op {
        Op::Wait { until } => Op::Wait { until: self::until(scope, until) },
        Op::Await { arms, up_to, otherwise } => Op::Await {
            arms: arms.iter().map(|arm| Arm { on: on(scope, &arm.on), target: arm.target }).collect(),
            up_to: up_to.as_ref().map(|e| scope.expr(e)),
            otherwise: *otherwise,
        },
        Op::Send { message, params, before, handle, otherwise } => {
            let wanted = new.message(*message).params.iter().map(|p| &p.ty);
            Op::Send {
                message: labels.messages[message.index()],
                params: params.iter().zip(wanted).map(|(e, ty)| scope.expr_as(e, Some(ty))).collect(),
                before: before.as_ref().map(|e| scope.expr(e)),
                handle: *handle,
                otherwise: *otherwise,
            }
        }
        Op::Branch { cases, otherwise } => Op::Branch {
            cases: cases.iter().map(|(e, target)| (scope.expr(e), *target)).collect(),
            otherwise: *otherwise,
        },
        Op::Draw { split, slot } => Op::Draw { split: labels.splits[split.index()], slot: *slot },
        Op::Do { action, params, result, otherwise } => {
            let wanted = new.actions[action.index()].takes.iter().map(|p| &p.ty);
            Op::Do {
                action: labels.actions[action.index()],
                params: params.iter().zip(wanted).map(|(e, ty)| scope.expr_as(e, Some(ty))).collect(),
                result: *result,
                otherwise: *otherwise,
            }
        }
        Op::Set { field, value } => Op::Set {
            field: labels.profile[field.index()],
            value: scope.expr_as(value, Some(&new.profile[field.index()].ty)),
        },
        Op::Let { slot, value } => {
            Op::Let { slot: *slot, value: scope.expr_as(value, scope.slots.get(slot.index()).map(|slot| &slot.ty)) }
        }
        Op::Switch { .. } | Op::Repeat { .. } | Op::Jump(_) | Op::Tag(_) | Op::Untag(_) | Op::Stop { .. } | Op::End => {
            op.clone()
        }
    }
}

fn until(scope: &Scope<'_>, until: &Until) -> Until {
    match until {
        Until::After(e) => Until::After(scope.expr(e)),
        Until::Moment { moment, at } => Until::Moment { moment: scope.expr(moment), at: *at },
        Until::Time(_) | Until::Tomorrow(_) | Until::Weekday(..) => until.clone(),
    }
}

fn on(scope: &Scope<'_>, on: &ArmOn) -> ArmOn {
    match on {
        ArmOn::Event { event: of, filter: when, bind } => {
            ArmOn::Event { event: event(scope, *of), filter: filter(scope, *of, when.as_ref()), bind: *bind }
        }
        ArmOn::Segment { segment, enters } => {
            ArmOn::Segment { segment: scope.labels.segments[segment.index()], enters: *enters }
        }
        ArmOn::Handle { .. } | ArmOn::Approval { .. } => on.clone(),
    }
}

/// Whether a run of the one can go on in the other as if nothing had happened: the same instructions over the same
/// captured values. `first` are the numbers of their first own steps.
pub fn is_same_way(a: &Journey, b: &Journey, first: (u16, u16)) -> bool {
    let same = |(a, b): (&Instruction, &Instruction)| {
        a.step.0.checked_sub(first.0) == b.step.0.checked_sub(first.1) && a.op == b.op
    };
    a.code.len() == b.code.len()
        && a.code.iter().zip(&b.code).all(same)
        && a.slots == b.slots
        && a.handles.len() == b.handles.len()
}

/// Exits of a new version that also end runs of an old one; those that ask for values the old one has not are left out.
pub fn exits_for(old: &Journey, new: &Journey) -> Vec<Exit> {
    let slot = |id: SlotId| {
        let def = new.slots.get(id.index())?;
        old.slots.iter().position(|s| s.name == def.name && s.ty == def.ty).map(|at| SlotId(at as u16))
    };
    let carried = |exit: &Exit| match exit {
        Exit::Segment { .. } => Some(exit.clone()),
        Exit::Event { event, filter: None } => Some(Exit::Event { event: *event, filter: None }),
        Exit::Event { event, filter: Some(filter) } => {
            let mut reads_other = false;
            let filter = filter.rebuilt(&mut |part| match part {
                Expr::Slot(id) => match slot(*id) {
                    Some(id) => Some(Expr::Slot(id)),
                    None => {
                        reads_other = true;
                        None
                    }
                },
                // Deliveries of the new version are not those of the old.
                Expr::Handle(..) => {
                    reads_other = true;
                    None
                }
                _ => None,
            });
            (!reads_other).then_some(Exit::Event { event: *event, filter: Some(filter) })
        }
    };
    new.exits.iter().filter_map(carried).collect()
}
