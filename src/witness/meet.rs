//! Brings a run back on its way: what the instruction where it left needs, instruction by instruction.
//!
//! Does not look whether it helped; the draft is run again.

use crate::ir::journey::Exit;
use crate::ir::timeline::{LineWhat, ReportVerb};
use crate::ir::{Arm, ArmOn, Compare, Expr, Fact, FieldId, HandleId, MessageId, Op, Pc, Type, Until};
use crate::machine::{EndReason, Reason as Refusal};
use crate::prove::{Edge, Way};
use crate::value::time::{MILLIS_PER_DAY, MILLIS_PER_HOUR, MILLIS_PER_MINUTE};
use crate::value::{CalendarPeriod, Instant, Span, Value};

use super::domain::whole_minute;
use super::draft::{Place, Root};
use super::follow::Off;
use super::force::{Forced, Moment, Origin, fixed};
use super::goal::Aim;
use super::story::Reason;
use super::way::Fate;

/// Hours by which the clock is tried elsewhere where quiet hours drop a message.
const SHIFTS: [i64; 4] = [4, 10, -6, 16];

impl<'p> Moment<'_, 'p> {
    /// Mends what made the run leave its way. `taken` are the edges so far, `line` the line whose input it was.
    pub(super) fn mend(&mut self, aim: &Aim, off: &Off, taken: &[Edge], line: Option<usize>) -> Forced {
        match off {
            Off::NotEntered(_) => Err(Reason::new("the journey does not start", "ジャーニーが始まらない")),
            Off::HeldOut => match self.program().journey(self.journey).holdout {
                Some(holdout) => {
                    self.draft.story.pins.insert(holdout.split, 1);
                    Ok(())
                }
                None => Err(fixed()),
            },
            Off::Wrong(edge, fate) => {
                let wanted = self.choose(aim, taken, edge.from)?;
                self.meet(wanted, *edge, *fate, taken.len(), line)
            }
            Off::Waiting(pc) => match self.choose(aim, taken, *pc)?.way {
                Way::Arm(arm) => self.bring(*pc, arm, taken.len()),
                Way::TimeUp if self.draft.hurry => {
                    self.draft.waited.push(taken.len());
                    Ok(())
                }
                _ => Err(fixed()),
            },
            Off::Short(pc) => self.lengthen(*pc),
            Off::Ended(EndReason::Exited(index)) => self.avoid_exit(*index, line),
            Off::Ended(_) => Err(Reason::new("the run ends before", "その前に実行が終わる")),
            Off::Rests => Err(Reason::new("the run neither ends nor moves", "実行が進まない")),
        }
    }
    fn choose(&mut self, aim: &Aim, taken: &[Edge], pc: Pc) -> Result<Edge, Reason> {
        let journey = self.program().journey(self.journey);
        let wanted = aim.wanted(journey, taken, pc);
        let chosen = self.draft.choices.pick((taken.len() << 20 | pc as usize, 100), wanted.len());
        wanted
            .get(chosen)
            .copied()
            .ok_or_else(|| Reason::new("no edge leads there from here", "ここから先に経路がない"))
    }

    fn meet(&mut self, wanted: Edge, actual: Edge, fate: Fate, visit: usize, line: Option<usize>) -> Forced {
        let journey = self.program().journey(self.journey);
        match (&journey.code[wanted.from as usize].op, wanted.way) {
            (Op::Branch { cases, .. }, Way::Case(case)) => {
                for (condition, _) in &cases[..usize::from(case)] {
                    self.force(condition, false)?;
                }
                self.force(&cases[usize::from(case)].0, true)
            }
            (Op::Branch { cases, .. }, Way::Else) => {
                cases.iter().try_for_each(|(condition, _)| self.force(condition, false))
            }
            (Op::Send { message, before, .. }, Way::Sent) => self.let_pass(*message, before.as_ref(), fate),
            (Op::Send { message, before, handle, .. }, Way::Dropped) => {
                self.stop_message(*message, before.as_ref(), *handle, visit)
            }
            (Op::Send { handle, .. }, Way::Refused) => {
                let handle = journey.handles[handle.index()].name.clone();
                self.draft.add_line(self.now, LineWhat::Report { verb: ReportVerb::Refuse, handle });
                Ok(())
            }
            (Op::Await { .. }, Way::Arm(arm)) => self.bring(wanted.from, arm, visit),
            (Op::Await { arms, .. }, Way::TimeUp) => self.keep_away(arms, actual.way, line),
            (Op::Switch { slot, .. }, Way::Drawn(arm)) => match self.origins.get(slot.index()) {
                Some(Origin::Draw(split)) => {
                    let split = *split;
                    self.draft.story.pins.insert(split, arm);
                    Ok(())
                }
                _ => Err(fixed()),
            },
            (Op::Do { action, .. }, Way::Failed | Way::Answered) => {
                self.draft.set_outcome(*action, self.asked, wanted.way == Way::Answered);
                Ok(())
            }
            (Op::Repeat { .. }, _) => {
                Err(Reason::new("the loop is over, or has not run its times", "繰り返しの回数が合わない"))
            }
            _ => Err(fixed()),
        }
    }

    // ---- messages ------------------------------------------------------------------------------------------------

    /// Removes what dropped a message.
    fn let_pass(&mut self, message: MessageId, before: Option<&'p Expr>, fate: Fate) -> Forced {
        let program = self.program();
        let def = program.message(message);
        let Fate::Dropped(reason) = fate else { return Err(fixed()) };
        match reason {
            Refusal::Consent if self.draft.story.consent.insert(def.purpose) => Ok(()),
            Refusal::Unreachable => {
                let Some(field) = program.person.addresses[def.channel.index()] else {
                    let channel = def.channel.name();
                    return Err(Reason::new(
                        format!("the profile has no address for {channel}"),
                        format!("プロフィールに {channel} の宛先がない"),
                    ));
                };
                let FieldDefOf { name, ty } = self.field(field);
                let value = self.draft.sampler().present(&name, &ty);
                if self.draft.story.profile[field.index()].is_missing() {
                    self.write(&Place::root(Root::Profile(field)), value);
                } else {
                    self.draft.add_line(self.now, LineWhat::Set { field, value });
                }
                Ok(())
            }
            Refusal::Withhold => {
                let policy = program.policy(program.journey(self.journey).policy);
                let withholds = policy.withhold.iter().filter(|w| w.purpose == def.purpose);
                withholds.map(|w| &w.when).try_for_each(|when| self.force(when, false))
            }
            Refusal::Deadline => match before {
                Some(before) => self.put_deadline(before, Compare::GreaterEqual, 3),
                None => Err(fixed()),
            },
            Refusal::Quiet => {
                let shift = self.draft.choices.pick((message.index(), 101), SHIFTS.len());
                self.draft.shift(SHIFTS[shift] * MILLIS_PER_HOUR);
                Ok(())
            }
            Refusal::Consent
            | Refusal::Cap
            | Refusal::Budget
            | Refusal::Refused
            | Refusal::Holdout
            | Refusal::Late
            | Refusal::Discarded => {
                let name = &def.name;
                let reason = reason.name();
                Err(Reason::new(
                    format!("`{name}` is dropped here by {reason}"),
                    format!("`{name}` はここで {reason} により送信されない"),
                ))
            }
        }
    }
    /// Makes a check drop a message: the address, the consent, the policy or the deadline.
    fn stop_message(&mut self, message: MessageId, before: Option<&'p Expr>, handle: HandleId, visit: usize) -> Forced {
        let program = self.program();
        let def = program.message(message);
        let address = program.person.addresses[def.channel.index()].filter(|_| def.channel.is_personal());
        let optional = address.filter(|f| matches!(program.profile[f.index()].ty, Type::Optional(_)));
        let known = optional.filter(|f| !self.draft.story.profile[f.index()].is_missing());
        let policy = program.policy(program.journey(self.journey).policy);
        let withhold = policy.withhold.iter().find(|w| w.purpose == def.purpose);
        let mut remedies: Vec<Remedy<'p>> = Vec::new();
        remedies.extend(known.map(Remedy::NoAddress));
        remedies.extend(optional.map(Remedy::AddressGone));
        remedies.extend((def.channel.is_personal() && def.needs_consent).then_some(Remedy::NoConsent));
        remedies.extend(withhold.map(|w| Remedy::Withhold(&w.when)));
        remedies.extend(before.map(Remedy::Deadline));
        let chosen = self.draft.choices.pick((visit << 20 | handle.index(), 102), remedies.len());
        match remedies.get(chosen) {
            Some(Remedy::NoAddress(field)) => {
                self.write(&Place::root(Root::Profile(*field)), Value::Missing);
                Ok(())
            }
            Some(Remedy::AddressGone(field)) => {
                let at = whole_minute(Instant(self.now.0 - MILLIS_PER_MINUTE)).max(self.draft.story.clock);
                self.draft.add_line(at, LineWhat::Set { field: *field, value: Value::Missing });
                Ok(())
            }
            Some(Remedy::NoConsent) => {
                self.draft.story.consent.remove(&def.purpose);
                Ok(())
            }
            Some(Remedy::Withhold(when)) => self.force(when, true),
            Some(Remedy::Deadline(before)) => self.put_deadline(before, Compare::LessEqual, 0),
            None => Err(Reason::new(
                format!("nothing can drop `{}`", def.name),
                format!("`{}` が送信されない状況は作れない", def.name),
            )),
        }
    }
    /// The deadline so many days from now, or farther.
    fn put_deadline(&mut self, before: &'p Expr, op: Compare, days: i64) -> Forced {
        let at = self.now.plus(Span(days * MILLIS_PER_DAY));
        let value = match self.eval(before) {
            Value::Date(_) => Value::Date(self.zone.date(at)),
            _ => Value::Instant(at),
        };
        self.assign(before, op, &value)
    }
    fn field(&self, field: FieldId) -> FieldDefOf {
        let def = &self.program().profile[field.index()];
        FieldDefOf { name: def.name.clone(), ty: def.ty.clone() }
    }

    // ---- waits ---------------------------------------------------------------------------------------------------

    /// What ends the wait by the arm wanted.
    fn bring(&mut self, pc: Pc, arm: u16, visit: usize) -> Forced {
        let journey = self.program().journey(self.journey);
        let Op::Await { arms, up_to, .. } = &journey.code[pc as usize].op else { return Err(fixed()) };
        let Some(wanted) = arms.get(usize::from(arm)) else { return Err(fixed()) };
        if let Some((_, line)) = self.draft.arms.iter().find(|(v, _)| *v == visit).copied() {
            return self.suit_line(arms, usize::from(arm), line);
        }
        let at = self.time_in_wait(up_to.as_ref())?;
        let what = match &wanted.on {
            ArmOn::Event { event, .. } => {
                let payload = self.draft.sampler().event(*event, at);
                LineWhat::Event { event: *event, payload }
            }
            ArmOn::Handle { handle, fact } => {
                let verb = match fact {
                    Fact::Delivered => ReportVerb::Deliver,
                    Fact::Opened => ReportVerb::Open,
                    Fact::Clicked => ReportVerb::Click,
                    Fact::Bounced => ReportVerb::Bounce,
                    Fact::Failed => ReportVerb::Refuse,
                    Fact::Sent => {
                        return Err(Reason::new(
                            "whether a message was sent is decided before the wait",
                            "送信されたかどうかは待機の前に決まる",
                        ));
                    }
                };
                LineWhat::Report { verb, handle: journey.handles[handle.index()].name.clone() }
            }
            ArmOn::Approval { by } => LineWhat::Approve { approved: true, by: Some(by.clone()) },
            ArmOn::Segment { segment, enters } => {
                let before = self.draft.story.lines.len();
                self.turn_by_lines(*segment, *enters, at)?;
                self.draft.arms.push((visit, before));
                return Ok(());
            }
        };
        let line = self.draft.add_line(at, what);
        self.draft.arms.push((visit, line));
        self.suit_line(arms, usize::from(arm), line)
    }
    /// The line's event suits its arm, and neither an arm before it nor an exit.
    fn suit_line(&mut self, arms: &'p [Arm], arm: usize, line: usize) -> Forced {
        let LineWhat::Event { event, .. } = self.draft.story.lines[line].what else { return Ok(()) };
        let place = Place::root(Root::Line(line));
        for (index, arm_def) in arms.iter().enumerate().take(arm + 1) {
            let ArmOn::Event { event: of, filter, .. } = &arm_def.on else { continue };
            if *of != event {
                continue;
            }
            match filter {
                Some(filter) => self.force_of(place.clone(), filter, index == arm)?,
                None if index == arm => {}
                None => {
                    return Err(Reason::new("an arm before it takes every such event", "前の分岐が必ず先に受け取る"));
                }
            }
        }
        let exits = &self.program().journey(self.journey).exits;
        for (index, exit) in exits.iter().enumerate() {
            if matches!(exit, Exit::Event { event: of, .. } if *of == event) {
                self.avoid_exit(index as u16, Some(line))?;
            }
        }
        Ok(())
    }
    /// A moment inside the wait that began now.
    fn time_in_wait(&self, up_to: Option<&Expr>) -> Result<Instant, Reason> {
        let hour = Span(MILLIS_PER_HOUR);
        let Some(up_to) = up_to else {
            return Ok(self.now.plus(if self.draft.hurry { Span(MILLIS_PER_MINUTE) } else { hour }));
        };
        let until = match self.eval(up_to) {
            Value::Span(span) => self.now.plus(span),
            Value::Period(period) => self.zone.plus(self.now, period),
            _ => self.now,
        };
        let room = until.0 - self.now.0;
        if room < 2_000 {
            return Err(Reason::new("the wait is over at once", "待機が直ちに終わる"));
        }
        if self.draft.late {
            return Ok(Instant(until.0 - MILLIS_PER_MINUTE.min(room / 2)));
        }
        if self.draft.hurry {
            return Ok(Instant(self.now.0 + MILLIS_PER_MINUTE.min(room / 2000 * 1000)));
        }
        let usual = if room >= 3 * MILLIS_PER_DAY { MILLIS_PER_DAY } else { MILLIS_PER_HOUR };
        Ok(Instant(self.now.0 + usual.min(room / 2000 * 1000)))
    }
    /// A wait whose end is read somewhere ends beyond what a promise allows.
    pub(super) fn lengthen(&mut self, pc: Pc) -> Forced {
        let Some(period) = self.draft.beyond else { return Err(fixed()) };
        let Op::Wait { until } = &self.program().journey(self.journey).code[pc as usize].op else {
            return Err(fixed());
        };
        let day = Span(MILLIS_PER_DAY);
        match until {
            Until::After(length) => {
                let period = CalendarPeriod { days: period.days.saturating_add(1), ..period };
                let wanted = match self.eval(length) {
                    Value::Span(_) => Value::Span(period.longest()),
                    _ => Value::Period(period),
                };
                self.assign(length, Compare::GreaterEqual, &wanted)
            }
            Until::Moment { moment, .. } => {
                let limit = super::counter::last_moment(self.zone, self.now, period).plus(day);
                let wanted = match self.eval(moment) {
                    Value::Date(_) => Value::Date(self.zone.date(limit.plus(day))),
                    _ => Value::Instant(limit),
                };
                self.assign(moment, Compare::GreaterEqual, &wanted)
            }
            Until::Time(_) | Until::Tomorrow(_) | Until::Weekday(..) => Err(fixed()),
        }
    }
    /// The wait ended by an arm where its time was to run out.
    fn keep_away(&mut self, arms: &'p [Arm], actual: Way, line: Option<usize>) -> Forced {
        let (Way::Arm(arm), Some(line)) = (actual, line) else { return Err(fixed()) };
        if Some(line) != self.draft.start && !self.draft.arms.iter().any(|(_, l)| *l == line) {
            self.draft.drop_line(line);
            return Ok(());
        }
        match &arms[usize::from(arm)].on {
            ArmOn::Event { filter: Some(filter), .. } => self.force_of(Place::root(Root::Line(line)), filter, false),
            ArmOn::Event { filter: None, .. }
            | ArmOn::Handle { .. }
            | ArmOn::Approval { .. }
            | ArmOn::Segment { .. } => Err(fixed()),
        }
    }
    /// The event of a line must not be one that ends the run.
    fn avoid_exit(&mut self, index: u16, line: Option<usize>) -> Forced {
        let exit = &self.program().journey(self.journey).exits[usize::from(index)];
        let ends = || Reason::new("an exit ends the run first", "先に離脱条件で終わる");
        let (Exit::Event { filter: Some(filter), .. }, Some(line)) = (exit, line) else { return Err(ends()) };
        self.force_of(Place::root(Root::Line(line)), filter, false)
    }
}

enum Remedy<'p> {
    NoAddress(FieldId),
    AddressGone(FieldId),
    NoConsent,
    Withhold(&'p Expr),
    Deadline(&'p Expr),
}

struct FieldDefOf {
    name: String,
    ty: Type,
}
