//! Why a person did not enter a journey, or did not get its messages.
//!
//! Tells what was looked at and said no; where nothing was ever looked at, what would have had to come.

use super::account::{Account, Ground, Line, Outcome, Question};
use super::conditions::Eyes;
use super::replay::{Editions, replay};
use super::sends::written;
use super::tell::{audience_grounds, when};
use super::{Asked, Heard, frame, from_record, heard, local};
use crate::ir::places::HeaderLine;
use crate::ir::{Audience, Expr, JourneyId, Start};
use crate::machine::schedule::next_tick;
use crate::machine::{Engine, Glimpse};
use crate::runtime::durable::diary::Line as Kept;
use crate::value::time::MILLIS_PER_DAY;
use crate::value::{Instant, Span};
use crate::words::Both;

/// How far back the last tick of a schedule is looked for: more than any two are apart.
const TICKS_BACK: Span = Span(400 * MILLIS_PER_DAY);
/// Ticks looked at on the way; a schedule of every minute is looked for from nearer.
const TICKS_MAX: usize = 20_000;
const TICKS_NEAR: Span = Span(2 * MILLIS_PER_DAY);

/// What kept the person from entering, or a message from them.
pub fn why_not(engine: &Engine<'_>, asked: &Asked) -> Account {
    let heard = match heard(engine, asked) {
        Ok(heard) => heard,
        Err(untold) => {
            let (mut account, lines) = from_record(engine, asked, Question::WhyNot, untold);
            account.answer = Some(answer(&lines, None));
            account.take(lines.into_iter().filter(is_a_no).collect());
            return account;
        }
    };
    let mut account = frame(engine, asked, Question::WhyNot, heard.zone, None);
    let inquiry = Inquiry { engine, asked, heard: &heard };
    let missing = (!has_entered(&heard.lines)).then(|| inquiry.what_was_missing()).flatten();
    let mut lines: Vec<Line> = inquiry.starts_that_did_not_fit().collect();
    lines.extend(heard.lines.iter().filter(|line| is_a_no(line)).cloned());
    lines.sort_by_key(|line| line.when.instant);
    account.answer = Some(match (inquiry.settling(), lines.is_empty()) {
        (Some(settling), true) => settling,
        _ => answer(&heard.lines, missing.as_ref().map(|line| &line.what)),
    });
    lines.extend(missing);
    lines.extend(inquiry.where_they_are());
    account.take(lines);
    account
}

fn has_entered(lines: &[Line]) -> bool {
    lines.iter().any(|line| line.kind == "entered")
}

/// Something that was refused, or has not come about.
fn is_a_no(line: &Line) -> bool {
    matches!(line.kind, "not_entered" | "unsettled" | "held_out" | "held" | "dropped" | "withdrawn" | "call_failed")
        || line.outcome.is_some_and(|outcome| outcome != Outcome::Taken)
}
/// In a sentence.
fn answer(lines: &[Line], missing: Option<&Both>) -> Both {
    let last = |kind: &str| lines.iter().rev().find(|line| line.kind == kind);
    let entries = lines.iter().filter(|line| line.kind == "entered").count();
    let dropped = lines.iter().filter(|line| matches!(line.kind, "dropped" | "withdrawn")).count();
    match (last("entered"), last("not_entered"), missing) {
        (Some(entered), refused, _) => {
            let at = &entered.when.local;
            let refused = refused.filter(|line| line.when.instant > entered.when.instant);
            let again = refused.map_or_else(Both::default, |line| {
                Both::new(
                    format!("; at {} {}", line.when.local, line.what.en),
                    format!("。{} は{}", line.when.local, line.what.ja),
                )
            });
            let held_out = lines.iter().rev().find(|line| line.kind == "held_out" && line.run == entered.run);
            let comparison = held_out.map_or_else(Both::default, |_| {
                Both::new(" and is held out for comparison: nothing is sent", "。比較のための対象外で、何も送らない")
            });
            Both::new(
                format!(
                    "they did enter: {entries} time{}, last at {at}{}{again}; {dropped} message{} not sent",
                    if entries == 1 { "" } else { "s" },
                    comparison.en,
                    if dropped == 1 { " was" } else { "s were" },
                    again = again.en,
                ),
                format!(
                    "参加しています ({entries} 回、最後は {at}){}{}。送られなかったメッセージは {dropped} 通",
                    comparison.ja, again.ja
                ),
            )
        }
        (None, Some(refused), _) => Both::new(
            format!("they did not enter; the last time, at {}, it {}", refused.when.local, refused.what.en),
            format!("参加していません。最後は {} に{}", refused.when.local, refused.what.ja),
        ),
        (None, None, Some(missing)) => {
            Both::new(format!("they did not enter: {}", missing.en), format!("参加していません: {}", missing.ja))
        }
        (None, None, None) => {
            Both::new("they did not enter: nothing that starts it came", "参加していません: 開始のきっかけがありません")
        }
    }
}

struct Inquiry<'a> {
    engine: &'a Engine<'a>,
    asked: &'a Asked,
    heard: &'a Heard,
}

impl Inquiry<'_> {
    fn id(&self) -> JourneyId {
        self.asked.journey
    }
    fn header(&self, line: HeaderLine) -> Option<String> {
        self.engine.program().places.header(self.id(), line).map(written)
    }
    fn line(&self, at: Instant, kind: &'static str, what: Both, because: Vec<Ground>) -> Line {
        let place = self.header(HeaderLine::Start);
        Line { when: when(self.heard.zone, at), run: None, kind, what, place, because, outcome: None }
    }
    /// Events of the right name that the journey's condition did not let through.
    fn starts_that_did_not_fit(&self) -> impl Iterator<Item = Line> {
        let unfit = self.heard.starts.iter().filter(|(_, _, fits)| !fits);
        unfit.map(|(at, ground, _)| {
            let what = Both::new("did not start it: the condition was false", "開始せず: 条件を満たさない");
            self.line(*at, "not_started", what, vec![ground.clone()])
        })
    }
    /// A start that waits to be settled.
    fn settling(&self) -> Option<Both> {
        let (_, until) = self.heard.person.settling().find(|(journey, _)| *journey == self.id())?;
        let at = local(self.heard.zone, until);
        Some(Both::new(
            format!("they will enter at {at}, unless what starts it happens again or something clears it"),
            format!("このまま動きがなければ {at} に参加します"),
        ))
    }

    /// Where nothing ever came that starts it: what would have had to.
    fn what_was_missing(&self) -> Option<Line> {
        let (program, until) = (self.engine.program(), self.asked.until);
        if self.heard.lines.iter().any(|line| matches!(line.kind, "not_entered" | "settling")) {
            return None;
        }
        match &program.journey(self.id()).start {
            Start::Event { event, audience: Some(_), .. } => {
                let name = &program.event(*event).name;
                let what = Both::new(
                    format!("no `{name}` came that was for them (those that are for others are not kept)"),
                    format!("この人を対象とする `{name}` が来ていません (対象外のものは記録されません)"),
                );
                Some(self.line(until, "never_came", what, Vec::new()))
            }
            Start::Event { event, .. } => {
                let name = &program.event(*event).name;
                let what = match self.heard.starts.len() {
                    0 => Both::new(format!("no `{name}` ever came"), format!("`{name}` が一度も来ていません")),
                    n => Both::new(
                        format!(
                            "`{name}` came {n} time{}, never as the journey asks for",
                            if n == 1 { "" } else { "s" }
                        ),
                        format!("`{name}` は {n} 回来ましたが、どれもジャーニーの条件に合いません"),
                    ),
                };
                Some(self.line(until, "never_came", what, Vec::new()))
            }
            Start::Segment { segment, enters, .. } => {
                let glimpse = Glimpse::of(self.heard.person.clone(), self.id(), until);
                let ground = Eyes::new(self.engine, &glimpse, self.heard.zone).ground(&Expr::InSegment(*segment));
                let name = &program.segments[segment.index()].name;
                let what = match (ground.holds == Some(true), enters) {
                    (false, true) => Both::new(format!("not in `{name}`"), format!("`{name}` に入っていません")),
                    (true, false) => Both::new(format!("has not left `{name}`"), format!("`{name}` から出ていません")),
                    (true, true) => Both::new(
                        format!("in `{name}` since before the journey went live: it starts when somebody comes in"),
                        format!("ジャーニーの開始前から `{name}` に入っています。開始は、新たに入ったときです"),
                    ),
                    (false, false) => Both::new(
                        format!("was not in `{name}`, and so cannot leave it"),
                        format!("`{name}` に入っていなかったため、出ることもありません"),
                    ),
                };
                Some(self.line(until, "never_came", what, vec![ground]))
            }
            Start::Schedule { audience, .. } | Start::At { audience, .. } => Some(self.by_the_clock(audience)),
        }
    }
    fn by_the_clock(&self, audience: &Audience) -> Line {
        let (program, until, zone) = (self.engine.program(), self.asked.until, self.heard.zone);
        let start = &program.journey(self.id()).start;
        let first = self.asked.past.lines.iter().find_map(|line| match line {
            Kept::Began(at) => Some(*at),
            Kept::Taken(_) | Kept::Wrote(_) | Kept::Consents(_) | Kept::Joined(_) | Kept::Changed { .. } => None,
        });
        let next = next_tick(start, zone, until).map(|at| local(zone, at));
        let later = next.map_or_else(Both::default, |at| Both::new(format!("; next at {at}"), format!("。次は {at}")));
        let last = last_tick(start, zone, until).filter(|tick| first.is_some_and(|first| *tick >= first));
        let Some(tick) = last else {
            let what = Both::new(
                format!("the schedule has not come due since they are known{}", later.en),
                format!("この人が知られてから、予定の時刻がまだ来ていません{}", later.ja),
            );
            return self.line(until, "never_came", what, Vec::new());
        };
        let earlier = self.asked.past.engines(Engine::new);
        let then = replay(Editions::all(self.engine, &earlier), &self.asked.past, tick, &mut |_| {});
        let grounds = then.map_or_else(
            |_| Vec::new(),
            |told| {
                let glimpse = Glimpse::of(told.person, self.id(), tick);
                audience_grounds(&Eyes::new(self.engine, &glimpse, zone), audience)
            },
        );
        let at = local(zone, tick);
        let what = Both::new(
            format!("when the schedule came due last, at {at}, they were not of its audience{}", later.en),
            format!("直近の予定時刻 {at} に、対象者ではありませんでした{}", later.ja),
        );
        self.line(tick, "not_of_audience", what, grounds)
    }
    /// Runs that are under way.
    fn where_they_are(&self) -> Vec<Line> {
        let program = self.engine.program();
        let mine = self.heard.person.runs().iter().filter(|run| run.journey() == self.id());
        let line = |run: &crate::machine::Run| {
            let journey = program.journey(self.id());
            let step = run.step(program);
            let name = step.map_or("", |step| journey.steps[step.index()].name.as_str());
            let due = run.due().filter(|at| *at < Instant::NEVER).map(|at| local(self.heard.zone, at));
            let (until, until_ja) =
                due.map_or_else(Default::default, |at| (format!(" until {at}"), format!(" ({at} まで)")));
            let what = match step {
                Some(_) => Both::new(format!("is at `{name}`{until}"), format!("いま `{name}` にいる{until_ja}")),
                None => Both::new(format!("is held out{until}"), format!("比較のための対象外{until_ja}")),
            };
            let place = step.and_then(|s| program.places.steps.get(self.id().index())?.get(s.index())).map(written);
            Line {
                when: when(self.heard.zone, self.asked.until),
                run: Some(run.no().0),
                kind: "is_at",
                what,
                place,
                because: Vec::new(),
                outcome: None,
            }
        };
        mine.map(line).collect()
    }
}

/// The last moment at or before `until` at which a schedule was due.
fn last_tick(start: &Start, zone: crate::value::Zone, until: Instant) -> Option<Instant> {
    let from = |back: Span| {
        let mut last = None;
        let mut after = until.minus(back);
        for _ in 0..TICKS_MAX {
            match next_tick(start, zone, after).filter(|at| *at <= until) {
                Some(at) => (last, after) = (Some(at), at),
                None => break,
            }
        }
        last
    };
    from(TICKS_NEAR).or_else(|| match start {
        Start::At { at, .. } => Some(*at).filter(|at| *at <= until),
        Start::Schedule { .. } | Start::Event { .. } | Start::Segment { .. } => from(TICKS_BACK),
    })
}
