//! Why something happened to a person, or did not: their journal replayed through the machine, with what was looked at on
//! the way.
//!
//! Holds no second meaning: every value is the machine's own. Reads no store; the lines of a journal are handed in.

#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

pub mod account;
mod conditions;
mod never;
pub mod prose;
mod pseudonyms;
pub mod rehearse;
pub mod replay;
mod sends;
mod tell;

use crate::ir::JourneyId;
use crate::machine::{Engine, Person, SendId};
use crate::simulate::counts::Scene;
use crate::simulate::{story, words};
use crate::value::{Instant, Zone};
use crate::words::Both;

pub use account::{Account, Basis, Ground, Line, Outcome, Question};
pub use never::why_not;
pub use rehearse::{Unwritten, as_test};
pub use replay::{Editions, Past, Replayed, Unreplayable, replay};

use tell::{Teller, when};

/// Lines of an account that are told; the newest.
const LINES_MAX: usize = 2_000;

/// Whom and what is asked about, with all that is kept of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Asked {
    /// As the person goes by.
    pub person: String,
    pub journey: JourneyId,
    /// Nothing later is looked at.
    pub until: Instant,
    pub past: Past,
    /// The program is that under which the journal was written.
    pub is_same_program: bool,
    pub settled: Vec<Settled>,
    pub under_way: Vec<UnderWay>,
}

/// What became of a message outside.
#[derive(Debug, Clone, PartialEq)]
pub struct Settled {
    /// With the run's number of now.
    pub send: SendId,
    pub at: Instant,
    /// As the ledger says it.
    pub outcome: String,
    pub why: Option<String>,
    pub attempts: u32,
}

/// A message that is not done with.
#[derive(Debug, Clone, PartialEq)]
pub struct UnderWay {
    pub send: SendId,
    pub since: Instant,
    pub tried: Option<Instant>,
    /// A switch of the operator's keeps it: what is stopped.
    pub stopped: Option<Both>,
}

impl Asked {
    fn outcome(&self, send: SendId) -> Option<(Outcome, Ground)> {
        let Some(settled) = self.settled.iter().find(|settled| settled.send == send && settled.at <= self.until) else {
            let under_way = self.under_way.iter().find(|under_way| under_way.send == send)?;
            return Some((Outcome::UnderWay, under_way.ground()));
        };
        let Settled { outcome, why, attempts, .. } = settled;
        let why = why.as_ref().map_or_else(String::new, |why| format!(" ({why})"));
        let (en, ja) = match outcome.as_str() {
            "accepted" => ("the provider took it", "送信先が受け付けた"),
            "refused" => ("the provider refused it for good", "送信先が拒否した"),
            "unknown" => ("nobody knows whether the provider took it", "送信先が受け付けたか不明"),
            "expired" => ("nobody took it in time", "期限内に受け付けられなかった"),
            "budget" => ("the budget was used up", "予算を使い切っていた"),
            "quota" => ("the quota of the channel was used up", "チャネルの送信上限に達していた"),
            "consent" => ("when it was to leave there was no consent any more", "送る時点で同意がなかった"),
            "unreachable" => ("when it was to leave the person could not be reached", "送る時点で届け先がなかった"),
            "deadline" => ("when it was to leave it was too late", "送る時点で締め切りを過ぎていた"),
            "quiet" => ("when it was to leave there were quiet hours", "送る時点で静かな時間帯だった"),
            "unrendered" => ("it could not be rendered", "文面を作成できなかった"),
            "forgotten" => ("the person was forgotten", "人が消去された"),
            other => (other, other),
        };
        let tries = if *attempts > 1 { format!(", {attempts} attempts") } else { String::new() };
        let tries_ja = if *attempts > 1 { format!("、{attempts} 回試行") } else { String::new() };
        let became = match outcome.as_str() {
            "accepted" => Outcome::Taken,
            "unknown" => Outcome::Unknown,
            _ => Outcome::NotTaken,
        };
        Some((became, Ground::fact(format!("{en}{tries}{why}"), format!("{ja}{tries_ja}{why}"))))
    }
}

impl UnderWay {
    fn ground(&self) -> Ground {
        match (&self.stopped, self.tried) {
            (Some(scope), _) => Ground::fact(
                format!("it has not left: {} is stopped", scope.en),
                format!("未送信: {} が停止中", scope.ja),
            ),
            (None, None) => Ground::fact("it has not left yet", "まだ送られていない"),
            (None, Some(_)) => Ground::fact("it was tried, and is not done with", "試行中で、まだ終わっていない"),
        }
    }
}

/// What happened to the person in the journey, and because of what.
pub fn why(engine: &Engine<'_>, asked: &Asked) -> Account {
    let (mut account, lines) = match heard(engine, asked) {
        Ok(heard) => (frame(engine, asked, Question::Why, heard.zone, None), heard.lines),
        Err(untold) => from_record(engine, asked, Question::Why, untold),
    };
    account.take(lines);
    account
}

impl Account {
    /// The newest lines.
    fn take(&mut self, mut lines: Vec<Line>) {
        self.left_out = lines.len().saturating_sub(LINES_MAX);
        lines.drain(..self.left_out);
        self.lines = lines;
    }
}

/// What a replay told.
struct Heard {
    zone: Zone,
    person: Person,
    lines: Vec<Line>,
    starts: Vec<(Instant, Ground, bool)>,
}

/// Why there is no replay to tell of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Untold {
    NotReplayed(Unreplayable),
    /// What came out is not what was written down.
    Differs,
}

/// Replays everything, and listens.
fn heard(engine: &Engine<'_>, asked: &Asked) -> Result<Heard, Untold> {
    let earlier = asked.past.engines(Engine::new);
    let editions = Editions::all(engine, &earlier);
    // Times are told in the zone that the person has at the end.
    let first = replay(editions, &asked.past, asked.until, &mut |_| {}).map_err(Untold::NotReplayed)?;
    if !first.is_faithful {
        return Err(Untold::Differs);
    }
    let zone = engine.zone(&first.person, asked.journey);
    let explaining = Engine::explaining(engine.program());
    let mut teller = Teller::new(&explaining, asked, asked.journey, zone);
    let earlier = asked.past.engines(Engine::explaining);
    let told =
        replay(Editions::all(&explaining, &earlier), &asked.past, asked.until, &mut |moment| teller.hear(moment));
    let person = told.map_err(Untold::NotReplayed)?.person;
    let (mut lines, starts) = (std::mem::take(&mut teller.lines), std::mem::take(&mut teller.starts));
    // What happened to somebody else before they were found to be the same is told when it happened.
    lines.sort_by_key(|line| line.when.instant);
    Ok(Heard { zone, person, lines, starts })
}

fn frame(engine: &Engine<'_>, asked: &Asked, question: Question, zone: Zone, untold: Option<Untold>) -> Account {
    let caveat = match untold {
        None => None,
        Some(Untold::NotReplayed(_)) => Some(Both::new(
            "the beginning of this person's journal is not kept any more: told from what was written down at the time, \
             without the values that conditions saw",
            "この人の記録の初めの部分が残っていないため、当時の記録だけを示します (条件の値は分かりません)",
        )),
        Some(Untold::Differs) if !asked.is_same_program => Some(Both::new(
            "these campaigns are not those that ran: told from what was written down at the time, without the values that \
             conditions saw; check out the version that runs to see them",
            "いまのキャンペーンは実行時のものと異なるため、当時の記録だけを示します。実行中の版に切り替えると、条件の値も分かります",
        )),
        Some(Untold::Differs) if engine.program().generation() > 0 => Some(Both::new(
            "the campaigns were changed since this person was first seen: told from what was written down at the time, without \
             the values that conditions saw",
            "この人が初めて現れた後にキャンペーンが変更されたため、当時の記録だけを示します (条件の値は分かりません)",
        )),
        Some(Untold::Differs) => Some(Both::new(
            "the replay came out otherwise than what was written down at the time, which is told here; please report this",
            "再生の結果が当時の記録と異なるため、記録だけを示します。この不具合を報告してください",
        )),
    };
    Account {
        version: account::VERSION,
        person: asked.person.clone(),
        journey: engine.program().journey(asked.journey).name.clone(),
        question,
        zone: zone.name().to_owned(),
        until: when(zone, asked.until),
        basis: if untold.is_none() { Basis::Replay } else { Basis::Record },
        caveat,
        answer: None,
        lines: Vec::new(),
        left_out: 0,
    }
}

/// What was written down at the time.
fn from_record(engine: &Engine<'_>, asked: &Asked, question: Question, untold: Untold) -> (Account, Vec<Line>) {
    let program = engine.program();
    let zone = program.policy(program.journey(asked.journey).policy).zone;
    let account = frame(engine, asked, question, zone, Some(untold));
    let all = asked.past.joined.values().flatten().chain(&asked.past.lines);
    let mut entries: Vec<_> =
        replay::entries_of(all, asked.until).filter(|e| program.is_same_line(e.journey, asked.journey)).collect();
    entries.sort_by_key(|entry| entry.at);
    let lines = entries.into_iter().filter_map(|entry| {
        let told = story::line(program, zone, &Scene::Wrote(entry.clone()))?;
        let steps = program.places.steps.get(entry.journey.index());
        let place = entry.step.and_then(|step| steps?.get(step.index())).map(sends::written);
        let what = Both::new(told.words.en, told.words.ja);
        let (kind, run) = (kind_of(&entry.what), entry.run.map(|no| no.0));
        Some(Line { when: when(zone, entry.at), run, kind, what, place, because: Vec::new(), outcome: None })
    });
    (account, lines.collect())
}

/// The stable word for an entry.
fn kind_of(what: &crate::machine::What) -> &'static str {
    use crate::machine::What;
    match what {
        What::Settling { .. } => "settling",
        What::Unsettled => "unsettled",
        What::NotEntered { .. } => "not_entered",
        What::Entered => "entered",
        What::HeldOut => "held_out",
        What::Arm { .. } => "drew",
        What::Waiting { .. } => "waits",
        What::Woke { .. } => "woke",
        What::Sent { .. } => "sent",
        What::Held { .. } => "held",
        What::Dropped { .. } => "dropped",
        What::Withdrawn { .. } => "withdrawn",
        What::Reported { .. } => "reported",
        What::Called { .. } => "called",
        What::CallFailed { .. } => "call_failed",
        What::Tagged { .. } => "tagged",
        What::Untagged { .. } => "untagged",
        What::Set { .. } => "set",
        What::Goal { .. } => "goal",
        What::Membership { .. } => "membership",
        What::Moved { .. } => "moved",
        What::Ended { .. } => "ended",
        What::Paused => "paused",
        What::Resumed => "resumed",
        What::CallSkipped { .. } => "call_skipped",
    }
}

/// `2026-04-01 20:30`
fn local(zone: Zone, at: Instant) -> String {
    words::moment(zone, at)
}
