//! Faults of rules: who starts, who leaves, how often, what a policy allows, who must have agreed.
//!
//! Steps are next door.

use super::conditions::conditions;
use super::durations::{periods, times};
use super::{Edit, Mutant};
use crate::ir::journey::Exit;
use crate::ir::places::{HeaderLine, Place, PolicyPlaces};
use crate::ir::{
    Audience, Expr, Goal, Journey, JourneyId, MessageId, Op, Overflow, Policy, PolicyId, Program, Reentry, Schedule,
    ScheduleWhen, Start,
};
use crate::words::{Both, Words, period};

/// Faults of what stands above the steps.
pub fn of_journey(program: &Program, id: JourneyId) -> Vec<Mutant> {
    let header = Header { program, journey: program.journey(id), id };
    let mut found = header.starts();
    found.extend(header.conditions_of_entry());
    found.extend(header.exits());
    found.extend(header.reentries());
    found.extend(header.goals());
    found
}

struct Header<'a> {
    program: &'a Program,
    journey: &'a Journey,
    id: JourneyId,
}

impl Header<'_> {
    fn mutant(&self, line: HeaderLine, old: Both, new: Option<Both>, edit: Edit) -> Mutant {
        Mutant {
            of: self.journey.name.clone(),
            journeys: vec![self.id],
            step: None,
            old,
            new,
            place: self.program.places.header(self.id, line).cloned().unwrap_or_default(),
            edit,
        }
    }

    fn said(&self, write: impl Fn(&mut Words) -> String) -> Both {
        Both::of(|language| write(&mut Words::new(self.program, Some(self.journey), language)))
    }

    /// The start as it is written, in a journey that starts like this.
    fn started(&self, start: &Start) -> Both {
        let journey = Journey { start: start.clone(), ..self.journey.clone() };
        let trigger = Both::of(|language| Words::new(self.program, Some(&journey), language).trigger(&journey));
        labelled(("start when", "開始"), &trigger)
    }

    fn starts(&self) -> Vec<Mutant> {
        let start = |new: Start| Edit::Start(self.id, Box::new(new));
        let own = &self.journey.start;
        let mut found = Vec::new();
        let mut other = |new: Start| {
            let (before, after) = (self.started(own), self.started(&new));
            found.push(self.mutant(HeaderLine::Start, before, Some(after), start(new)));
        };
        match own {
            Start::Event { filter: Some(filter), .. } => {
                let filters = conditions(filter).into_iter().map(Some).chain([None]);
                filters.for_each(|changed| {
                    let mut new = own.clone();
                    if let Start::Event { filter, .. } = &mut new {
                        *filter = changed;
                    }
                    other(new);
                });
            }
            Start::Schedule { schedule, audience } => {
                for when in schedules(schedule) {
                    let schedule = Schedule { when, ..schedule.clone() };
                    other(Start::Schedule { schedule, audience: audience.clone() });
                }
            }
            Start::Event { filter: None, .. } | Start::Segment { .. } | Start::At { .. } => {}
        }
        if let Start::Event { settled: Some(settled), .. } = own {
            let shown = |quiet| labelled(("settled for", "落ち着くまで"), &Both::of(|l| period(quiet, l)));
            for quiet in periods(*settled).into_iter().map(Some).chain([None]) {
                let mut new = own.clone();
                if let Start::Event { settled, .. } = &mut new {
                    *settled = quiet;
                }
                found.push(self.mutant(HeaderLine::Start, shown(*settled), quiet.map(shown), start(new)));
            }
        }
        found.extend(self.audiences());
        found
    }

    fn audiences(&self) -> Vec<Mutant> {
        let audience = match &self.journey.start {
            Start::Event { audience, .. } => audience.as_ref(),
            Start::Schedule { audience, .. } | Start::At { audience, .. } => Some(audience),
            Start::Segment { .. } => None,
        };
        let Some(audience) = audience else { return Vec::new() };
        let shown = |of: &Audience| labelled(("for", "対象"), &self.said(|words| words.audience(of)));
        let mut others: Vec<Audience> = Vec::new();
        if let Some(condition) = &audience.condition {
            let changed = conditions(condition).into_iter().map(Some).chain([None]);
            others.extend(changed.map(|condition| Audience { condition, ..audience.clone() }));
        }
        if audience.segment.is_some() {
            others.push(Audience { segment: None, ..audience.clone() });
        }
        let mutant = |other: Audience| {
            let (before, after) = (shown(audience), shown(&other));
            let mut new = self.journey.start.clone();
            match &mut new {
                Start::Event { audience, .. } => *audience = Some(other),
                Start::Schedule { audience, .. } | Start::At { audience, .. } => *audience = other,
                Start::Segment { .. } => {}
            }
            self.mutant(HeaderLine::Start, before, Some(after), Edit::Start(self.id, Box::new(new)))
        };
        others.into_iter().map(mutant).collect()
    }

    fn conditions_of_entry(&self) -> Vec<Mutant> {
        let Some(only_if) = &self.journey.only_if else { return Vec::new() };
        let shown = |of: &Expr| labelled(("only if", "参加条件"), &self.said(|words| words.expr(of)));
        let changed = conditions(only_if).into_iter().map(Some).chain([None]);
        let mutant = |new: Option<Expr>| {
            let after = new.as_ref().map(shown);
            self.mutant(HeaderLine::OnlyIf, shown(only_if), after, Edit::OnlyIf(self.id, new))
        };
        changed.map(mutant).collect()
    }

    fn exits(&self) -> Vec<Mutant> {
        let exits = &self.journey.exits;
        let shown = |exit: &Exit| labelled(("exit when", "離脱"), &self.said(|words| words.exit(exit)));
        let mut found = Vec::new();
        for (i, exit) in exits.iter().enumerate() {
            // The places of the others stay, since tests and stories count them: one that never comes stands here.
            if let Exit::Event { event, filter } = exit {
                let filters = filter.iter().flat_map(conditions);
                for changed in filters {
                    let mut exits = exits.clone();
                    exits[i] = Exit::Event { event: *event, filter: Some(changed) };
                    let after = shown(&exits[i]);
                    found.push(self.mutant(HeaderLine::Exit(i), shown(exit), Some(after), Edit::Exits(self.id, exits)));
                }
            }
            let mut left = exits.clone();
            left.remove(i);
            found.push(self.mutant(HeaderLine::Exit(i), shown(exit), None, Edit::Exits(self.id, left)));
        }
        found
    }

    fn reentries(&self) -> Vec<Mutant> {
        let own = self.journey.reentry;
        let others = match own {
            Reentry::Never => vec![Reentry::Always],
            Reentry::Always => vec![Reentry::Never],
            Reentry::After(after) => {
                let mut others: Vec<Reentry> = periods(after).into_iter().map(Reentry::After).collect();
                others.extend([Reentry::Never, Reentry::Always]);
                others
            }
        };
        let shown = |of: Reentry| labelled(("reentry", "再参加"), &self.said(|words| words.reentry(of)));
        others
            .into_iter()
            .map(|other| {
                self.mutant(HeaderLine::Reentry, shown(own), Some(shown(other)), Edit::Reentry(self.id, other))
            })
            .collect()
    }

    fn goals(&self) -> Vec<Mutant> {
        let Some(goal) = &self.journey.goal else { return Vec::new() };
        let within = |of: &Goal| labelled(("goal within", "ゴールの期間"), &Both::of(|l| period(of.within, l)));
        let event =
            |of: &Goal| labelled(("goal", "ゴール"), &self.said(|words| words.event(of.event, of.filter.as_ref())));
        let mutant = |other: Goal, shown: &dyn Fn(&Goal) -> Both| {
            self.mutant(HeaderLine::Goal, shown(goal), Some(shown(&other)), Edit::Goal(self.id, Box::new(other)))
        };
        let periods = periods(goal.within).into_iter();
        let mut found: Vec<Mutant> = periods.map(|d| mutant(Goal { within: d, ..goal.clone() }, &within)).collect();
        if let Some(filter) = &goal.filter {
            let filters = conditions(filter).into_iter().map(Some).chain([None]);
            found.extend(filters.map(|filter| mutant(Goal { filter, ..goal.clone() }, &event)));
        }
        found
    }
}

fn labelled(label: (&str, &str), of: &Both) -> Both {
    Both::new(format!("{} {}", label.0, of.en), format!("{}: {}", label.1, of.ja))
}

fn schedules(schedule: &Schedule) -> Vec<ScheduleWhen> {
    match &schedule.when {
        ScheduleWhen::Day { at } => times(*at).map(|at| ScheduleWhen::Day { at }).to_vec(),
        ScheduleWhen::Week { on, at } => {
            let mut found = times(*at).map(|at| ScheduleWhen::Week { on: on.clone(), at }).to_vec();
            let mut next: Vec<u8> = on.iter().map(|day| day % 7 + 1).collect();
            next.sort_unstable();
            found.push(ScheduleWhen::Week { on: next, at: *at });
            found
        }
        ScheduleWhen::Month { on, at } => {
            let mut found = times(*at).map(|at| ScheduleWhen::Month { on: on.clone(), at }).to_vec();
            let next: Vec<u8> = on.iter().map(|day| if *day < 28 { day + 1 } else { day - 1 }).collect();
            found.push(ScheduleWhen::Month { on: next, at: *at });
            found
        }
        ScheduleWhen::Cron(_) => Vec::new(),
    }
}

/// Faults of the policies that these journeys are under.
pub fn of_policies(program: &Program, journeys: &[JourneyId]) -> Vec<Mutant> {
    let mut found = Vec::new();
    for (id, policy) in program.policies.iter().enumerate() {
        let id = PolicyId(id as u16);
        let under: Vec<JourneyId> =
            journeys.iter().copied().filter(|journey| program.journey(*journey).policy == id).collect();
        if under.is_empty() {
            continue;
        }
        let places = program.places.policy(id).cloned().unwrap_or_default();
        for (place, old, new, changed) in faults(program, policy, &places) {
            found.push(Mutant {
                of: policy.name.clone(),
                journeys: under.clone(),
                step: None,
                old,
                new,
                place,
                edit: Edit::Policy(id, Box::new(changed)),
            });
        }
    }
    found
}

/// What stands where, what else might, and the policy that has it.
type RuleFault = (Place, Both, Option<Both>, Policy);

fn faults(program: &Program, policy: &Policy, places: &PolicyPlaces) -> Vec<RuleFault> {
    let place = |of_kind: &[Place], i: usize| of_kind.get(i).unwrap_or(&places.name).clone();
    let said = |write: &dyn Fn(&Words) -> String| Both::of(|language| write(&Words::new(program, None, language)));
    let mut found = Vec::new();
    for (i, quiet) in policy.quiet.iter().enumerate() {
        let old = labelled(("quiet", "静かな時間帯"), &said(&|words| words.quiet(quiet)));
        let [later, earlier] = [times(quiet.from), times(quiet.to)];
        let others = [
            crate::ir::Quiet { from: later[0], ..quiet.clone() },
            crate::ir::Quiet { to: earlier[1], ..quiet.clone() },
            crate::ir::Quiet { overflow: turned(quiet.overflow), ..quiet.clone() },
        ];
        for other in others {
            let new = labelled(("quiet", "静かな時間帯"), &said(&|words| words.quiet(&other)));
            let mut changed = policy.clone();
            changed.quiet[i] = other;
            found.push((place(&places.quiet, i), old.clone(), Some(new), changed));
        }
        let mut changed = policy.clone();
        changed.quiet.remove(i);
        found.push((place(&places.quiet, i), old, None, changed));
    }
    for (i, cap) in policy.caps.iter().enumerate() {
        let old = labelled(("cap", "上限"), &said(&|words| words.cap(cap)));
        let counts = [cap.count.saturating_add(1), cap.count.saturating_sub(1)];
        let mut others = counts.map(|count| crate::ir::Cap { count, ..cap.clone() }).to_vec();
        others.push(crate::ir::Cap { overflow: turned(cap.overflow), ..cap.clone() });
        for other in others {
            let new = labelled(("cap", "上限"), &said(&|words| words.cap(&other)));
            let mut changed = policy.clone();
            changed.caps[i] = other;
            found.push((place(&places.caps, i), old.clone(), Some(new), changed));
        }
        let mut changed = policy.clone();
        changed.caps.remove(i);
        found.push((place(&places.caps, i), old, None, changed));
    }
    for (i, withhold) in policy.withhold.iter().enumerate() {
        let purpose = &program.purposes[withhold.purpose.index()];
        let when = Both::of(|language| Words::new(program, None, language).expr(&withhold.when));
        let old =
            Both::new(format!("withhold {purpose} when {}", when.en), format!("差し止め: {purpose} ({})", when.ja));
        let mut changed = policy.clone();
        changed.withhold.remove(i);
        found.push((place(&places.withhold, i), old, None, changed));
    }
    found
}

fn turned(overflow: Overflow) -> Overflow {
    match overflow {
        Overflow::Hold => Overflow::Drop,
        Overflow::Drop => Overflow::Hold,
    }
}

/// Messages of these journeys that would be sent without anybody's consent.
pub fn of_messages(program: &Program, journeys: &[JourneyId]) -> Vec<Mutant> {
    let sends = |journey: &JourneyId, message: MessageId| {
        let code = &program.journey(*journey).code;
        code.iter().any(|i| matches!(&i.op, Op::Send { message: sent, .. } if *sent == message))
    };
    let messages = program.messages.iter().enumerate().filter(|(_, def)| def.needs_consent);
    let mutants = messages.filter_map(|(id, def)| {
        let id = MessageId(id as u16);
        let senders: Vec<JourneyId> = journeys.iter().copied().filter(|journey| sends(journey, id)).collect();
        let changed = crate::ir::MessageDef { needs_consent: false, ..def.clone() };
        (!senders.is_empty()).then(|| Mutant {
            of: def.name.clone(),
            journeys: senders,
            step: None,
            old: Both::new("consent is asked for", "同意を確かめる"),
            new: Some(Both::new("no consent is asked for", "同意を確かめない")),
            place: program.places.message(id).cloned().unwrap_or_default(),
            edit: Edit::Message(id, Box::new(changed)),
        })
    });
    mutants.collect()
}
