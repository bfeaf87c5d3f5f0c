//! The bounds of one journey: its times, its messages per run, and what one person gets of it.
//!
//! Judges no promise, and knows of other journeys only how many messages they can put before this one's.

use crate::ir::{Cap, Channel, Journey, JourneyId, Op, Pc, Policy, Program};
use crate::value::Span;

use super::apart::Apart;
use super::entries::{Entries, Sending};
use super::graph::{Edge, Graph, Way};
use super::holding::Others;
use super::late::{Lasts, Late};
use super::path::Path;
use super::sweep::{Sum, Sweep};
use super::takes::{Takes, Timing};
use super::windows::{Spacing, Window};
use super::{Bounds, Elapsed, Longest, Messages, Most};

/// Which messages are counted: those of a channel, or all but webhooks.
pub type Which = Option<Channel>;

/// One journey under analysis.
pub struct Subject<'p> {
    pub program: &'p Program,
    pub journey: &'p Journey,
    pub policy: &'p Policy,
    pub graph: Graph,
    /// What changes of the clock can move.
    pub clocks: Span,
    /// By channel: a run can send a message there.
    uses: [bool; Channel::COUNT],
}

impl<'p> Subject<'p> {
    pub fn new(program: &'p Program, id: JourneyId, graph: Graph, clocks: Span) -> Subject<'p> {
        let journey = program.journey(id);
        let reachable = graph.reachable();
        let mut uses = [false; Channel::COUNT];
        for (instruction, _) in journey.code.iter().zip(reachable).filter(|(_, reachable)| *reachable) {
            if let Op::Send { message, .. } = &instruction.op {
                uses[program.message(*message).channel.index()] = true;
            }
        }
        Subject { program, journey, policy: program.policy(journey.policy), graph, clocks, uses }
    }

    pub fn channels(&self) -> impl Iterator<Item = Channel> + '_ {
        Channel::ALL.into_iter().filter(|c| self.uses[c.index()])
    }
    /// Taking the edge puts a message before a person.
    pub fn counts(&self, edge: &Edge, which: Which) -> bool {
        edge.way == Way::Sent
            && self.channel_at(edge.from).is_some_and(|c| which.map_or(c.is_personal(), |only| only == c))
    }
    fn channel_at(&self, pc: Pc) -> Option<Channel> {
        match self.journey.code.get(pc as usize).map(|i| &i.op) {
            Some(Op::Send { message, .. }) => Some(self.program.message(*message).channel),
            _ => None,
        }
    }
    /// The most messages of one run by its steps alone, and a way that has them.
    pub fn most_of_run(&self, which: Which) -> (u64, Path) {
        let sweep = Sweep::new(&self.graph, &|edge, _| Count(self.counts(edge, which).into()));
        let (count, end) = best_end(self, &sweep.arrival).unwrap_or((Count(0), 0));
        (count.0, sweep.path_to(&self.graph, end))
    }
    /// The most messages of one run that caps count: those that the provider refuses later, too.
    pub fn most_dispatched(&self, which: Which) -> u64 {
        let taken = |edge: &Edge| self.counts(&Edge { way: Way::Sent, ..*edge }, which) && edge.way != Way::Dropped;
        let sweep = Sweep::new(&self.graph, &|edge, _| Count(taken(edge).into()));
        best_end(self, &sweep.arrival).map_or(0, |(count, _)| count.0)
    }
    pub fn is_end(&self, pc: Pc) -> bool {
        matches!(self.journey.code.get(pc as usize).map(|i| &i.op), Some(Op::Stop { .. } | Op::End))
    }
    pub fn entries(&self, times: &Times) -> Entries {
        Entries::of(self.journey, times.shortest_stay)
    }
}

/// Of all ends of a run, the best.
fn best_end<S: Sum>(subject: &Subject<'_>, arrival: &[Option<S>]) -> Option<(S, Pc)> {
    let ends = arrival.iter().enumerate().filter(|(pc, _)| subject.is_end(*pc as Pc));
    let found = ends.filter_map(|(pc, sum)| sum.clone().map(|sum| (sum, pc as Pc)));
    found.reduce(|best, next| if next.0.beats(&best.0) { next } else { best })
}

/// When a run can be where.
pub struct Times {
    pub takes: Vec<Vec<Takes>>,
    pub arrival: Vec<Option<Elapsed>>,
    pub leaving: Vec<Option<Elapsed>>,
    pub stay: Longest,
    pub latest_entry: Span,
    pub longest_path: Path,
    shortest_stay: Apart,
    /// By [`Pc`] of a send: the longest until it leaves, since entry.
    sent_by: Vec<Option<Lasts>>,
}

impl Times {
    /// `others`: who else takes a cap's room; absent: without end.
    pub fn new(subject: &Subject<'_>, others: &dyn Fn(&Cap) -> Option<Others>) -> Times {
        let (graph, clocks) = (&subject.graph, subject.clocks);
        let clock = Timing::clock(subject.journey, clocks);
        let holds = Channel::ALL.map(|c| super::holding::longest(subject.policy, c, clock, others));
        let timing = Timing::new(subject.program, subject.journey, clock, holds);
        let takes = timing.of(graph);
        let late = Sweep::new(graph, &|edge, i| Late::of(&takes[edge.from as usize][i].lasts, edge.from));
        let soon = Sweep::new(graph, &|edge, i| Soon(takes[edge.from as usize][i].low));
        let elapsed = |pc: usize, late: Late| {
            let shortest = soon.arrival[pc].unwrap_or(Soon(Apart::STILL)).0.real(clocks);
            Elapsed { shortest, longest: late.told(clocks) }
        };
        let last = |pc: usize| late.last_arrival(graph, pc as Pc);
        let arrival: Vec<_> = (0..graph.len()).map(|pc| last(pc).map(|sum| elapsed(pc, sum))).collect();
        let leaves = |pc: usize| {
            let longest = takes[pc].iter().map(|t| Late::of(&t.lasts, pc as Pc)).reduce(Late::or);
            last(pc).map(|sum| elapsed(pc, sum.then(longest.unwrap_or(Late::NOTHING))))
        };
        let sent_by = |pc: usize| Some(last(pc)?.then(Late::of(&timing.hold(pc as Pc), pc as Pc)).lasts);
        let end = best_end(subject, &late.arrival).map_or(0, |(_, end)| end);
        let ends = late.arrival.iter().enumerate().filter(|(pc, _)| subject.is_end(*pc as Pc));
        let stay = ends.filter_map(|(_, sum)| sum.clone()).reduce(Late::or).unwrap_or(Late::NOTHING);
        let shortest_stay = best_end(subject, &soon.arrival).map_or(Apart::STILL, |_| {
            let ends = soon.arrival.iter().enumerate().filter(|(pc, _)| subject.is_end(*pc as Pc));
            ends.filter_map(|(_, sum)| sum.map(|s| s.0)).reduce(Apart::or).unwrap_or(Apart::STILL)
        });
        Times {
            arrival,
            leaving: (0..graph.len()).map(leaves).collect(),
            stay: stay.told(clocks),
            latest_entry: stay.lasts.longest(clocks).map_or(Span(0), |(from, _)| Span(from)),
            longest_path: late.path_to(graph, end),
            shortest_stay,
            sent_by: (0..graph.len()).map(sent_by).collect(),
            takes,
        }
    }

    fn ways(&self, clocks: Span) -> Vec<Vec<Elapsed>> {
        let takes = self.takes.iter().enumerate();
        let told = |pc: usize, t: &Takes| Elapsed {
            shortest: t.low.real(clocks),
            longest: Late::of(&t.lasts, pc as Pc).told(clocks),
        };
        takes.map(|(pc, ways)| ways.iter().map(|t| told(pc, t)).collect()).collect()
    }
    fn sending(&self, subject: &Subject<'_>, which: Which) -> Sending {
        let sends = (0..subject.graph.len() as Pc)
            .filter(|pc| subject.graph.leaving(*pc).iter().any(|edge| subject.counts(edge, which)));
        let (mut first, mut last) = (Span(i64::MAX), Some(Span(0)));
        for pc in sends {
            first = first.min(self.arrival[pc as usize].map_or(Span(0), |e| e.shortest));
            last = last
                .zip(self.sent_by[pc as usize].as_ref().and_then(|by| by.real(subject.clocks)))
                .map(|(a, b)| a.max(b));
        }
        Sending { first: Span(first.0.min(i64::MAX / 4)), last }
    }
}

/// What one person can get from one journey.
pub struct Counter<'s, 'p> {
    pub subject: &'s Subject<'p>,
    times: &'s Times,
    entries: Entries,
    /// Of all messages, then by channel.
    counted: Vec<(Which, Counted)>,
}

struct Counted {
    run: u64,
    path: Path,
    spacing: Spacing,
    sending: Sending,
}

impl<'s, 'p> Counter<'s, 'p> {
    pub fn new(subject: &'s Subject<'p>, times: &'s Times) -> Counter<'s, 'p> {
        let mut counter = Counter { subject, times, entries: subject.entries(times), counted: Vec::new() };
        let whiches = std::iter::once(None).chain(subject.channels().map(Some));
        counter.counted = whiches.map(|which| (which, counter.count(which))).collect();
        counter
    }
    fn count(&self, which: Which) -> Counted {
        let subject = self.subject;
        let (run, path) = subject.most_of_run(which);
        let low = |edge: &Edge, i: usize| self.times.takes[edge.from as usize][i].low;
        let spacing = Spacing::new(&subject.graph, &|edge| subject.counts(edge, which), &low, run);
        Counted { run, path, spacing, sending: self.times.sending(subject, which) }
    }
    fn of(&self, which: Which) -> Option<&Counted> {
        self.counted.iter().find(|(w, _)| *w == which).map(|(_, counted)| counted)
    }

    /// A way with the most messages.
    pub fn fullest(&self, which: Which) -> Path {
        self.of(which).map(|c| c.path.clone()).unwrap_or_default()
    }
    /// One run, by its steps and its policy's caps over the time it lasts.
    pub fn run(&self, which: Which) -> u64 {
        let Some(counted) = self.of(which) else { return 0 };
        match self.times.stay.real() {
            Some(stay) => counted.run.min(self.capped(which, Window::Exact(Span(stay.0.saturating_add(1))))),
            None => counted.run,
        }
    }
    /// One window within one run.
    pub fn run_in(&self, which: Which, window: Window) -> u64 {
        let own = self.of(which).map_or(0, |c| c.spacing.most_in(window, self.subject.clocks));
        own.min(self.capped(which, window))
    }
    /// One window, whichever runs, without caps.
    pub fn own_in(&self, which: Which, window: Window) -> Most {
        let Some(counted) = self.of(which).filter(|c| c.run > 0) else { return Most::Count(0) };
        let within = counted.spacing.most_in(window, self.subject.clocks);
        match self.entries.within(window, counted.sending, self.subject.clocks) {
            Ok(runs) => Most::Count(runs.saturating_mul(within)),
            Err(why) => Most::Unbounded(why),
        }
    }
    /// One window, whichever runs, caps included.
    pub fn person_in(&self, which: Which, window: Window) -> Most {
        let own = self.own_in(which, window).at_most(self.capped(which, window));
        if which.is_some() {
            return own;
        }
        let channels = self.subject.channels().filter(|c| c.is_personal());
        let sum = channels.map(|c| self.person_in(Some(c), window)).fold(Most::Count(0), Most::plus);
        own.min(sum)
    }
    /// Ever.
    pub fn person(&self, which: Which) -> Most {
        let Some(counted) = self.of(which).filter(|c| c.run > 0) else { return Most::Count(0) };
        match self.entries.in_all() {
            Ok(runs) => Most::Count(runs.saturating_mul(self.run(which).min(counted.run))),
            Err(why) => Most::Unbounded(why),
        }
    }
    /// The most that the policy's caps let through; the largest number where none applies.
    fn capped(&self, which: Which, window: Window) -> u64 {
        caps_on(self.subject.policy, which).map(|cap| window.under(cap, self.subject.clocks)).min().unwrap_or(u64::MAX)
    }

    fn messages(&self, count: impl Fn(Which) -> Most) -> Messages {
        Messages { all: count(None), channels: Channel::ALL.map(|c| count(Some(c))) }
    }
    pub fn bounds(&self) -> Bounds {
        let subject = self.subject;
        let held_out = subject.journey.holdout.and(subject.journey.goal.as_ref()).map(|goal| {
            let length = super::moments::Length::of(goal.within);
            let clock = Timing::clock(subject.journey, subject.clocks);
            Late::of(&clock.lasting(length.most, length.local), 0).told(subject.clocks)
        });
        Bounds {
            arrival: self.times.arrival.clone(),
            leaving: self.times.leaving.clone(),
            ways: self.times.ways(subject.clocks),
            stay: self.times.stay,
            latest_entry: self.times.latest_entry,
            held_out,
            longest_path: self.times.longest_path.clone(),
            run: self.messages(|which| Most::Count(self.run(which))),
            fullest_path: self.fullest(None),
            person: self.messages(|which| self.person(which)),
            day: self.messages(|which| self.person_in(which, Window::Days(1))),
            week: self.messages(|which| self.person_in(which, Window::Days(7))),
        }
    }
}

/// Caps of the policy that bound the messages counted.
pub fn caps_on(policy: &Policy, which: Which) -> impl Iterator<Item = &Cap> {
    policy.caps.iter().filter(move |cap| match which {
        Some(channel) => channel.is_personal() && cap.channel.is_none_or(|c| c == channel),
        None => cap.channel.is_none(),
    })
}

impl Most {
    pub fn plus(self, other: Most) -> Most {
        match (self, other) {
            (Most::Count(a), Most::Count(b)) => Most::Count(a.saturating_add(b)),
            (Most::Unbounded(why), _) | (_, Most::Unbounded(why)) => Most::Unbounded(why),
        }
    }
    pub fn min(self, other: Most) -> Most {
        match (self, other) {
            (Most::Count(a), Most::Count(b)) => Most::Count(a.min(b)),
            (count @ Most::Count(_), Most::Unbounded(_)) | (Most::Unbounded(_), count) => count,
        }
    }
    /// Cut by a cap; the largest number is none.
    fn at_most(self, cap: u64) -> Most {
        if cap == u64::MAX { self } else { self.min(Most::Count(cap)) }
    }
}

impl Longest {
    /// Changes of the clock included.
    pub fn real(self) -> Option<Span> {
        match self {
            Longest::Within { time, clocks } => Some(Span(time.0.saturating_add(clocks.0))),
            Longest::Never { .. } => None,
        }
    }
}

// ---- what is added up ------------------------------------------------------------------------------------------------

/// Messages: the most.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Count(u64);

impl Sum for Count {
    const NOTHING: Count = Count(0);
    const GROWS: bool = true;
    fn then(self, other: Count) -> Count {
        Count(self.0.saturating_add(other.0))
    }
    fn or(self, other: Count) -> Count {
        Count(self.0.max(other.0))
    }
    fn times(self, count: u32) -> Count {
        Count(self.0.saturating_mul(count.into()))
    }
    fn beats(&self, other: &Count) -> bool {
        self.0 > other.0
    }
}

/// Time: the shortest.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Soon(Apart);

impl Sum for Soon {
    const NOTHING: Soon = Soon(Apart::STILL);
    const GROWS: bool = false;
    fn then(self, other: Soon) -> Soon {
        Soon(self.0.then(other.0))
    }
    fn or(self, other: Soon) -> Soon {
        Soon(self.0.or(other.0))
    }
    fn times(self, count: u32) -> Soon {
        Soon(self.0.times(count))
    }
    fn beats(&self, other: &Soon) -> bool {
        self.0.nearness() < other.0.nearness()
    }
}
