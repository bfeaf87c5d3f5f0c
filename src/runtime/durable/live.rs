//! The durable runtime for real: a thread that runs the node, threads for its shards, one that writes checkpoints, and
//! tasks that talk to providers.
//!
//! Decides nothing: every decision is the node's, which this feeds in rounds. A round takes what has come, makes it durable
//! with one sync, tells those who wait, and hands out what may leave.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::Duration;

use serde_json::Value as Json;
use tokio::sync::oneshot;

use crate::ir::{ActionId, Channel};
use crate::ports::store::{Checkpoint, Log, PendingKey, Position, Retention, Store, StoreError};
use crate::ports::trace::{Aim, Trace, Work as Traced};
use crate::ports::{CallOutcome, Doer, Noticeboard, Outcome, Posting, Provider, Question, Refusal};
use crate::value::time::{MILLIS_PER_DAY, MILLIS_PER_SECOND};
use crate::value::{Instant, Span};

use super::answers::{self, Teller};
use super::clock::Clock;
use super::dispatcher::{ACTIONS, Allowance, Obstacle, WAYS};
use super::door::{Door, Inbox, Reply};
use super::lanes::Lanes;
use super::library::{Library, Loaded};
use super::node::{Node, Work};
use super::outfit::Outfit;
use super::recover::{OpenError, Opening, Recovered, shelf_of};
use super::shard::{Shard, Up};

/// Messages of one round at most, so that nobody waits long for the sync.
const ROUND_MAX: usize = 4_096;
/// Between checkpoints, unless there is much to write.
const CHECKPOINT_EVERY: Span = Span(5 * MILLIS_PER_SECOND);
const CHECKPOINT_RECORDS: u64 = 200_000;
/// At the end attempts under way may take so long.
const FAREWELL: Duration = Duration::from_secs(20);
/// Without anything due, the node looks around this often.
const IDLE: Duration = Duration::from_millis(500);
/// Purging runs this often.
const PURGE_EVERY: Span = Span(MILLIS_PER_DAY);

/// Who brings what where.
#[derive(Clone)]
pub struct Carriers {
    /// By [`Channel::index`].
    pub providers: [Arc<dyn Provider>; Channel::COUNT],
    pub doer: Arc<dyn Doer>,
    pub boards: Vec<Arc<dyn Noticeboard>>,
}

/// Everything a live runtime stands on.
pub struct Base<'e, 'p> {
    /// The program that the store was written under last, or the first.
    pub loaded: Loaded<'e, 'p>,
    pub library: Box<dyn Library<'e, 'p> + 'e>,
    pub outfit: Arc<Outfit>,
    pub log: Box<dyn Log>,
    pub store: Box<dyn Store>,
    pub carriers: Carriers,
    pub clock: Arc<dyn Clock>,
    pub shards: usize,
    /// People kept in memory at most.
    pub keep: usize,
    /// How long rows are kept, from now back; absent: for ever.
    pub retention: Keeping,
    pub teller: Teller,
    pub tasks: tokio::runtime::Handle,
}

/// How long rows are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Keeping {
    pub journal: Option<Span>,
    pub ledger: Option<Span>,
    pub consents: Option<Span>,
    pub dead: Option<Span>,
}

/// Why a live runtime ended before it was asked to.
#[derive(Debug)]
pub enum LiveError {
    Open(OpenError),
    /// The disk or the store failed: what was acknowledged is safe, and the process must start anew.
    Store(String),
}

impl std::fmt::Display for LiveError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            LiveError::Open(error) => write!(f, "{error}"),
            LiveError::Store(why) => write!(f, "{why}"),
        }
    }
}

impl From<StoreError> for LiveError {
    fn from(error: StoreError) -> LiveError {
        LiveError::Store(error.to_string())
    }
}

/// Runs until the door is closed. `ready` gets the door when recovery is over.
pub fn run<'e, 'p>(base: Base<'e, 'p>, ready: impl FnOnce(Arc<Door>, Recovered)) -> Result<(), LiveError> {
    let (inbox, mail) = channel::<Inbox>();
    let door = Arc::new(Door::new(inbox.clone(), base.clock.clone()));
    let Base { loaded, library, outfit, log, store, carriers, clock, .. } = base;
    let Loaded { engine, renderer, .. } = loaded;
    let shelf = shelf_of(&*store)?;
    std::thread::scope(|scope| {
        let shard = |_| Shard::new(engine, renderer, outfit.clone(), shelf.clone());
        let up = inbox.clone();
        let told = move |ups: Vec<Up>| drop(up.send(Inbox::Ups(ups, Trace::current())));
        let lanes = Lanes::spawn((0..base.shards.max(1)).map(shard).collect(), scope, told);
        let opening = Opening { loaded, library, outfit, log, allowances: allowances(&carriers), now: clock.now() };
        let mut next_ups = || match mail.recv() {
            Ok(Inbox::Ups(ups, _)) => ups,
            Ok(_) | Err(_) => Vec::new(),
        };
        let opened = Node::open(opening, &*store, shelf, lanes, &mut next_ups);
        let (node, recovered) = opened.map_err(LiveError::Open)?;
        let (to_writer, from_node) = channel::<Checkpoint>();
        let written = inbox.clone();
        let keeping = base.retention;
        scope.spawn(move || write_all(store, &from_node, keeping, &written));
        let mut live = Live {
            node,
            mail: &mail,
            inbox,
            carriers,
            clock,
            tasks: base.tasks,
            keep: base.keep,
            teller: base.teller,
            to_writer: Some(to_writer),
            writing: false,
            cut_at: Instant(i64::MIN),
            records_at_cut: 0,
            asked: Vec::new(),
            obstacles: BTreeMap::new(),
            pending: door.pending(),
            figured_at: Instant(i64::MIN),
        };
        ready(door.clone(), recovered);
        let result = live.go();
        let Live { node, to_writer, .. } = live;
        drop(to_writer);
        node.end();
        result
    })
}

fn allowances(carriers: &Carriers) -> [Allowance; WAYS] {
    std::array::from_fn(|way| match way {
        // Whether an action may be repeated is said by its declaration; who calls is a matter of sockets.
        ACTIONS => {
            Allowance { per_second_max: None, at_once_max: 256, idempotency: crate::ports::Idempotency::Recognisable }
        }
        channel => Allowance::of(carriers.providers[channel].manifest()),
    })
}

/// The thread that has the store.
fn write_all(mut store: Box<dyn Store>, from: &Receiver<Checkpoint>, keeping: Keeping, told: &Sender<Inbox>) {
    let (mut purged, mut sound) = (Instant(i64::MIN), false);
    for checkpoint in from {
        let (position, at) = (checkpoint.position, checkpoint.at);
        // A panic here would otherwise be noticed by nobody, while the log grows.
        let written = catch_unwind(AssertUnwindSafe(|| store.write(&checkpoint)));
        let result =
            written.unwrap_or_else(|_| Err(StoreError::Damaged { what: "the store: writing it panicked".into() }));
        if result.is_ok() && at.since(purged) > PURGE_EVERY {
            purged = at;
            let before = |span: Option<Span>| span.map(|span| at.minus(span));
            let retention = Retention {
                journal_before: before(keeping.journal),
                ledger_before: before(keeping.ledger),
                consents_before: before(keeping.consents),
                dead_before: before(keeping.dead),
            };
            match store.purge(&retention) {
                Ok(rows) => tracing::info!(rows, "purged"),
                Err(error) => tracing::warn!(%error, "purging failed; tried again tomorrow"),
            }
        }
        sound = result.is_ok();
        if told.send(Inbox::Written { position, result }).is_err() {
            break;
        }
    }
    if sound && let Err(error) = store.fold() {
        tracing::warn!(%error, "what stands beside the store stays there until the next start");
    }
}

/// A question, who asked it, and the position that the answer must include.
type Asked = (Question, oneshot::Sender<Result<Json, Refusal>>, Position);

struct Live<'m, 's, 'e, 'p> {
    node: Node<'s, 'e, 'p>,
    mail: &'m Receiver<Inbox>,
    inbox: Sender<Inbox>,
    carriers: Carriers,
    clock: Arc<dyn Clock>,
    tasks: tokio::runtime::Handle,
    keep: usize,
    teller: Teller,
    to_writer: Option<Sender<Checkpoint>>,
    writing: bool,
    cut_at: Instant,
    records_at_cut: u64,
    /// Questions that wait for a checkpoint at this position or later.
    asked: Vec<Asked>,
    obstacles: BTreeMap<(usize, Option<ActionId>), Obstacle>,
    pending: Arc<AtomicUsize>,
    figured_at: Instant,
}

impl Live<'_, '_, '_, '_> {
    fn go(&mut self) -> Result<(), LiveError> {
        loop {
            if self.round()? {
                return self.farewell();
            }
        }
    }

    /// One round; true when the door was closed.
    fn round(&mut self) -> Result<bool, LiveError> {
        let mut replies = Vec::new();
        let mut closed = false;
        // The machine's clock may lie behind the log: what is due by the log is due.
        let wait = self.node.next_due().map_or(IDLE, |due| match due <= self.node.now() {
            true => Duration::ZERO,
            false => self.clock.until(due).min(IDLE),
        });
        let first = match wait.is_zero() {
            true => self.mail.try_recv().ok(),
            false => match self.mail.recv_timeout(wait) {
                Ok(first) => Some(first),
                Err(RecvTimeoutError::Timeout) => None,
                Err(RecvTimeoutError::Disconnected) => return Ok(true),
            },
        };
        let now = self.clock.now();
        let mut next = first;
        let mut taken = 0;
        while let Some(letter) = next {
            closed |= self.take(letter, now, &mut replies)?;
            taken += 1;
            next = if taken < ROUND_MAX { self.mail.try_recv().ok() } else { None };
        }
        self.node.advance(now);
        self.node.tick(now);
        let commit = Traced::commit(replies.iter().map(|reply| &reply.trace));
        let committed = commit.ended_by(|| self.node.commit(now));
        for reply in replies {
            let result = match &committed {
                Ok(()) => Ok(()),
                Err(error) => Err(Refusal::Disk(error.to_string())),
            };
            let _ = reply.to.send(result);
        }
        committed?;
        if let Some(why) = &self.node.failed {
            return Err(LiveError::Store(why.clone()));
        }
        self.hand_out();
        self.checkpoint(now);
        self.look_around(now);
        Ok(closed)
    }

    fn take(&mut self, letter: Inbox, now: Instant, replies: &mut Vec<Reply>) -> Result<bool, LiveError> {
        match letter {
            Inbox::Submit { batch, reply } => {
                batch.into_iter().for_each(|submission| self.node.submit(submission));
                replies.push(reply);
            }
            Inbox::Ask { question, reply } => match &question {
                Question::Status => drop(reply.send(Ok(answers::status(&self.node)))),
                Question::Settled | Question::Person { .. } | Question::Export { .. } | Question::Dead { .. } => {
                    self.asked.push((question, reply, self.node.log_end()));
                }
                Question::Backup { .. } | Question::Paper { .. } | Question::Tail { .. } => {
                    let why = "this is answered by whoever has the files".to_owned();
                    let _ = reply.send(Err(Refusal::Wrong(why)));
                }
            },
            Inbox::Ups(ups, trace) => trace.run(|| ups.into_iter().for_each(|up| self.node.up(up))),
            Inbox::Delivered { key, outcome } => {
                metrics::counter!("tabi_attempts_total", "outcome" => outcome.name()).increment(1);
                self.node.delivered(key, outcome, now);
            }
            Inbox::Answered { key, outcome } => self.node.answered(key, &outcome, now),
            Inbox::Written { position, result } => self.written(position, result)?,
            Inbox::Close => return Ok(true),
        }
        Ok(false)
    }

    fn hand_out(&mut self) {
        for work in self.node.work() {
            let carriers = self.carriers.clone();
            let traced = self.trace_of(&work);
            match work {
                Work::Deliver { key, channel, delivery } => {
                    let mut answer = Answer { inbox: self.inbox.clone(), key, is_call: false, sent: false };
                    self.tasks.spawn(async move {
                        let attempt = carriers.providers[channel.index()].deliver(&delivery);
                        let outcome = traced.to_end(attempt, Outcome::name).await;
                        answer.delivered(outcome);
                    });
                }
                Work::Call { key, call } => {
                    let mut answer = Answer { inbox: self.inbox.clone(), key, is_call: true, sent: false };
                    self.tasks.spawn(async move {
                        let outcome = traced.to_end(carriers.doer.call(&call), CallOutcome::name).await;
                        answer.answered(outcome);
                    });
                }
            }
        }
    }

    /// The trace of an attempt, in that of the turn which ordered it.
    fn trace_of(&self, work: &Work) -> Traced {
        let step = work.key().step;
        let aim = match work {
            Work::Deliver { channel, delivery, .. } => Aim {
                journey: &delivery.journey,
                step,
                channel: channel.name(),
                what: &delivery.message,
                attempt: delivery.attempt,
                recipients: delivery.to.len(),
            },
            Work::Call { call, .. } => Aim {
                journey: &call.journey,
                step,
                channel: "action",
                what: &call.action,
                attempt: call.attempt,
                recipients: 1,
            },
        };
        self.node.dispatcher().trace(work.key()).attempt(&aim)
    }

    fn checkpoint(&mut self, now: Instant) {
        let records = self.node.counters.records - self.records_at_cut;
        let is_time = records >= CHECKPOINT_RECORDS || (records > 0 && now.since(self.cut_at) >= CHECKPOINT_EVERY);
        if !self.writing && (is_time || !self.asked.is_empty()) && self.node.may_cut() {
            self.writing = true;
            self.cut_at = now;
            self.records_at_cut = self.node.counters.records;
            self.node.cut();
        }
        if let Some(checkpoint) = self.node.checkpoint()
            && let Some(writer) = &self.to_writer
        {
            let _ = writer.send(checkpoint);
        }
    }
    fn written(&mut self, position: Position, result: Result<(), StoreError>) -> Result<(), LiveError> {
        self.writing = false;
        result?;
        self.node.written(position, self.keep)?;
        for (question, reply, from) in std::mem::take(&mut self.asked) {
            if from > position {
                self.asked.push((question, reply, from));
                continue;
            }
            let answer = answers::answer(&self.node, &question, &self.teller);
            let _ = reply.send(answer);
        }
        Ok(())
    }

    /// Figures for metrics, and alarms when a way out is blocked or free again.
    fn look_around(&mut self, now: Instant) {
        self.pending.store(self.node.dispatcher().len(), Ordering::Relaxed);
        self.tell_of_approvals();
        let known = &self.obstacles;
        let is_new = |(way, action, obstacle): &(usize, Option<ActionId>, &Obstacle)| {
            known.get(&(*way, *action)).unwrap_or(&Obstacle::Clear) != *obstacle
        };
        let new = self.node.dispatcher().obstacles().filter(is_new);
        let new: Vec<_> = new.map(|(way, action, obstacle)| ((way, action), obstacle.clone())).collect();
        for ((way, action), is) in new {
            let was = self.obstacles.insert((way, action), is.clone()).unwrap_or(Obstacle::Clear);
            if std::mem::discriminant(&was) != std::mem::discriminant(&is) {
                self.alarm(way, action, &is);
            }
        }
        if now.since(self.figured_at).0 >= MILLIS_PER_SECOND {
            self.figured_at = now;
            answers::figures(&self.node);
        }
    }
    /// Many at once become one notice: a fan-out must not flood a chat.
    fn tell_of_approvals(&mut self) {
        let waiting = std::mem::take(&mut self.node.approvals);
        let Some(first) = waiting.first() else { return };
        let more = match waiting.len() - 1 {
            0 => String::new(),
            n => format!(" (+{n})"),
        };
        let command = format!("tabi approve {} --by {}", first.person, first.by);
        let (journey, by) = (&first.journey, &first.by);
        let text = format!(
            "{journey}: waiting for an approval by {by}{more}: `{command}` / {journey}: {by} の承認待ち{more}: `{command}`"
        );
        self.post(Posting { urgent: false, title: format!("Tabi: {journey}"), text, link: None });
    }
    fn alarm(&self, way: usize, action: Option<ActionId>, obstacle: &Obstacle) {
        let name = match action.and_then(|action| self.node.program().actions.get(action.index())) {
            Some(action) => action.name.as_str(),
            None => answers::way_name(way),
        };
        let (urgent, text) = match obstacle {
            Obstacle::Clear => (false, format!("{name}: sending again / {name}: 送信を再開しました")),
            Obstacle::Open { why, .. } => (
                false,
                format!(
                    "{name}: the provider fails, tried again shortly ({why}) / {name}: 送信先が応答しません。自動で再試行します ({why})"
                ),
            ),
            Obstacle::Exhausted { why } => (
                true,
                format!(
                    "{name}: the quota is used up, messages wait ({why}) / {name}: 送信上限に達しました。メッセージは待機しています ({why})"
                ),
            ),
            Obstacle::Misconfigured { why } => (
                true,
                format!(
                    "{name}: the settings are refused, messages wait ({why}) / {name}: 設定が拒否されました。メッセージは待機しています ({why})"
                ),
            ),
        };
        match urgent {
            true => tracing::error!(channel = name, "{text}"),
            false => tracing::warn!(channel = name, "{text}"),
        }
        self.post(Posting { urgent, title: format!("Tabi: {name}"), text, link: None });
    }
    fn post(&self, posting: Posting) {
        for board in self.carriers.boards.clone() {
            let posting = posting.clone();
            self.tasks.spawn(async move {
                if let Err(why) = board.post(&posting).await {
                    tracing::warn!(%why, "a notice could not be posted");
                }
            });
        }
    }

    /// What is under way comes to its end, and everything is written.
    fn farewell(&mut self) -> Result<(), LiveError> {
        // What is being made ready stays as if it had not been tried.
        self.node.close();
        let until = std::time::Instant::now() + FAREWELL;
        let under_way = |node: &Node<'_, '_, '_>| (0..WAYS).map(|way| node.dispatcher().under_way(way)).sum::<usize>();
        let mut replies = Vec::new();
        while under_way(&self.node) > 0 && std::time::Instant::now() < until {
            let now = self.clock.now();
            if let Ok(letter) = self.mail.recv_timeout(Duration::from_millis(50)) {
                self.take(letter, now, &mut replies)?;
            }
            // Nothing new is begun: only what came back is written down.
            self.node.commit(now)?;
            drop(self.node.work());
            replies.drain(..).for_each(|reply| drop(reply.to.send(Ok(()))));
        }
        self.node.commit(self.clock.now())?;
        while self.writing {
            self.wait_for_writer(until)?;
        }
        if !self.node.may_cut() {
            self.node.commit(self.clock.now())?;
        }
        self.node.cut();
        self.writing = true;
        while self.writing {
            if let Some(checkpoint) = self.node.checkpoint()
                && let Some(writer) = &self.to_writer
            {
                let _ = writer.send(checkpoint);
            }
            self.wait_for_writer(until)?;
        }
        Ok(())
    }
    fn wait_for_writer(&mut self, until: std::time::Instant) -> Result<(), LiveError> {
        let mut replies = Vec::new();
        match self.mail.recv_timeout(Duration::from_millis(100)) {
            Ok(letter @ (Inbox::Ups(..) | Inbox::Written { .. })) => {
                self.take(letter, self.clock.now(), &mut replies)?;
            }
            Ok(_) | Err(_) if std::time::Instant::now() > until + FAREWELL => {
                return Err(LiveError::Store("the store did not answer in time".to_owned()));
            }
            Ok(_) | Err(_) => {}
        }
        Ok(())
    }
}

/// Brings back what came of an attempt, whatever happened to it: one that panicked has an unknown outcome.
struct Answer {
    inbox: Sender<Inbox>,
    key: PendingKey,
    is_call: bool,
    sent: bool,
}

impl Answer {
    fn delivered(&mut self, outcome: Outcome) {
        self.sent = true;
        let _ = self.inbox.send(Inbox::Delivered { key: self.key, outcome });
    }
    fn answered(&mut self, outcome: CallOutcome) {
        self.sent = true;
        let _ = self.inbox.send(Inbox::Answered { key: self.key, outcome });
    }
}

impl Drop for Answer {
    fn drop(&mut self) {
        if self.sent {
            return;
        }
        let why = "the attempt was cut off".to_owned();
        match self.is_call {
            true => self.answered(CallOutcome::Unknown { why }),
            false => self.delivered(Outcome::Unknown { why }),
        }
    }
}
