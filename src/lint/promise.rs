//! Promises that a journey breaks, or of which it is not proven that it keeps them (E0205), and journeys that promise
//! nothing (W0205).
//!
//! Words what `prove` and `witness` found; proves nothing itself.

use super::Input;
use crate::diag::{Code, Diagnostic};
use crate::ir::{Channel, JourneyId, Op, Promise};
use crate::prove::{self, Bound, Doubt, Edge, Judged, Longest, Most, Path, Proof, Unbounded, Verdict, Way};
use crate::text::Span as Place;
use crate::value::Span;
use crate::witness::{Counter, Effort, Reason, Seeker};

/// More places than this explain nothing better.
const PLACES_MAX: usize = 8;
/// What looking for counter-stories may cost, in inputs to journeys: for one check, less than half a second, and for one
/// promise. `tabi prove` looks longer.
const CHECK_EFFORT: u64 = 300_000;
const PROMISE_EFFORT: u64 = 60_000;

pub fn lint(input: Input<'_>) -> Vec<Diagnostic> {
    let analysis = prove::prove(input.program);
    let is_open = |proof: &Proof| proof.promises.iter().any(|judged| judged.verdict != Verdict::Proven);
    let seeker = analysis.journeys.iter().any(is_open).then(|| Seeker::of(input.program));
    let (mut found, mut effort) = (Vec::new(), Effort::of(input.program, CHECK_EFFORT));
    for (index, proof) in analysis.journeys.iter().enumerate() {
        let looked_at = Looked { input, id: JourneyId(index as u16), proof };
        if proof.promises.is_empty() {
            found.push(looked_at.no_promise());
        }
        for (judged, place) in proof.promises.iter().zip(&input.map.journeys[index].promises) {
            let (Verdict::Open(doubt), Some(seeker)) = (&judged.verdict, &seeker) else { continue };
            let mut part = effort.part(PROMISE_EFFORT);
            let counter = seeker.counter_story(looked_at.id, proof, judged, &mut part);
            effort.give_back(part);
            found.push(match counter {
                Ok(counter) => looked_at.refuted(judged, doubt, &counter, *place),
                Err(reason) => looked_at.open(judged, doubt, &reason, *place),
            });
        }
    }
    found
}

struct Looked<'a> {
    input: Input<'a>,
    id: JourneyId,
    proof: &'a Proof,
}

impl Looked<'_> {
    fn name(&self) -> &str {
        &self.input.program.journey(self.id).name
    }
    fn step(&self, pc: u32) -> Place {
        let code = &self.input.program.journey(self.id).code;
        self.input.map.journeys[self.id.index()].part(code, pc, usize::MAX)
    }

    fn no_promise(&self) -> Diagnostic {
        let bounds = &self.proof.bounds;
        let name = self.name();
        let diagnostic = Diagnostic::new(
            Code::W0205,
            self.input.map.journeys[self.id.index()].name,
            format!("`{name}` promises nothing"),
            format!("`{name}` に約束がない"),
        );
        let mut lines = Vec::new();
        // That nothing is sent, nobody needs to promise.
        if let Most::Count(most @ 1..) = bounds.run.all {
            let word = if most == 1 { "message" } else { "messages" };
            lines.push(format!("promise at most {most} {word}"));
        }
        if let Longest::Within { time, .. } = bounds.stay {
            lines.push(format!("promise ends within {}", whole_days(time)));
        }
        if lines.is_empty() {
            return diagnostic.help(
                "say what a later edit must not break, such as `promise at most 3 messages`",
                "あとの変更で破ってはならないことを書く (例: `promise at most 3 messages`)",
            );
        }
        let lines: Vec<String> = lines.iter().map(|line| format!("`{line}`")).collect();
        diagnostic.help(
            format!("what holds today: {}", lines.join(", ")),
            format!("今の手順で成り立つこと: {}", lines.join("、")),
        )
    }

    /// A story breaks the promise: it is told, as a test that fails.
    fn refuted(&self, judged: &Judged, doubt: &Doubt, counter: &Counter, place: Place) -> Diagnostic {
        let name = self.name();
        // A story ends where the promise breaks, in the midst of the step that lasts too long: the way tells the step.
        let way = match judged.promise {
            Promise::EndsWithin(_) => doubt.ways.first().map(Path::edges),
            Promise::Messages { .. } => None,
        };
        let edges = way.as_ref().unwrap_or(&counter.told.edges);
        let kept = self.proven(judged, doubt);
        let or = |en: &str, ja: &str| match &kept {
            Some(kept) => (format!("{en}, or promise `{kept}`"), format!("{ja}、`{kept}` と約束する")),
            None => (en.to_owned(), ja.to_owned()),
        };
        let ((headline, headline_ja), help) = match &judged.promise {
            Promise::EndsWithin(period) => (
                (
                    format!("`{name}` can last longer than {period}"),
                    format!("`{name}` は {period} より長く続くことがある"),
                ),
                or("wait less", "待ちを短くするか"),
            ),
            Promise::Messages { count, channel, per: None } => {
                let what = messages(u64::from(*count) + 1, *channel);
                (
                    (
                        format!("one run of `{name}` can send {}", what.0),
                        format!("`{name}` は1回の参加で{}送ることがある", what.1),
                    ),
                    or("let fewer ways lead to a send", "送信に至る道筋を減らすか"),
                )
            }
            Promise::Messages { count, channel, per: Some(per) } => {
                let what = messages(u64::from(*count) + 1, *channel);
                (
                    (
                        format!("`{name}` can send {} within {per}", what.0),
                        format!("`{name}` は {per} の間に{}送ることがある", what.1),
                    ),
                    or("let more time pass between them", "間隔を空けるか"),
                )
            }
        };
        let diagnostic = Diagnostic::new(Code::E0205, place, headline, headline_ja).help(help.0, help.1);
        let test = counter.test(self.input.program);
        let test = test.trim_end();
        self.with_places(diagnostic, &judged.promise, edges)
            .note(format!("this test fails:\n{test}"), format!("次のテストは失敗する:\n{test}"))
    }
    /// Neither proven nor refuted: the bound that was found, and why there is no story.
    fn open(&self, judged: &Judged, doubt: &Doubt, reason: &Reason, place: Place) -> Diagnostic {
        let name = self.name();
        let (bound, bound_ja) = match (doubt.bound, &judged.promise) {
            (Bound::Stay(Longest::Within { time, .. }), _) => {
                (format!("its steps last up to {time}"), format!("手順の長さは最大 {time}"))
            }
            (Bound::Stay(Longest::Never { why, .. }) | Bound::Messages(Most::Unbounded(why)), _) => {
                let (en, ja) = words(why);
                (format!("no bound was found, since {en}"), format!("上限が見つからない ({ja})"))
            }
            (Bound::Messages(Most::Count(most)), Promise::Messages { channel, per: Some(per), .. }) => {
                let (en, ja) = messages(most, *channel);
                (format!("its steps allow up to {en} within {per}"), format!("手順の上では {per} の間に最大{ja}"))
            }
            (Bound::Messages(Most::Count(most)), Promise::Messages { .. } | Promise::EndsWithin(_)) => {
                let channel = match judged.promise {
                    Promise::Messages { channel, .. } => channel,
                    Promise::EndsWithin(_) => None,
                };
                let (en, ja) = messages(most, channel);
                (format!("its steps allow up to {en}"), format!("手順の上では最大{ja}"))
            }
        };
        let diagnostic = Diagnostic::new(
            Code::E0205,
            place,
            format!("it is not proven that `{name}` keeps this: {bound}"),
            format!("`{name}` がこれを守ることは証明できていない: {bound_ja}"),
        );
        let (remedy, remedy_ja) = match judged.promise {
            Promise::Messages { per: Some(_), .. } => (
                "let it follow from the steps: more time between them, a longer `reentry after`, or a `cap` in the policy",
                "間隔を空ける、`reentry after` を長くする、ポリシーに `cap` を置くなどして手順から導けるようにする",
            ),
            Promise::Messages { per: None, .. } => (
                "let it follow from the steps: one branch with all its sends, instead of conditions that exclude each other",
                "互いに排他的な条件を一つの分岐にまとめるなどして手順から導けるようにする",
            ),
            Promise::EndsWithin(_) => (
                "let it follow from the steps: `up to` at every wait, `before` at a send that may be held",
                "すべての待ちに `up to`、保留されうる送信に `before` を付けるなどして手順から導けるようにする",
            ),
        };
        let (help, help_ja) = match self.proven(judged, doubt) {
            Some(kept) => (
                format!("promise what is proven, `{kept}`; or {remedy}"),
                format!("証明できること (`{kept}`) を約束するか、{remedy_ja}"),
            ),
            None => (remedy.to_owned(), remedy_ja.to_owned()),
        };
        let way = doubt.ways.first().map(Path::edges).unwrap_or_default();
        self.with_places(diagnostic, &judged.promise, &way)
            .note(
                format!(
                    "nor was a story found that breaks it: {}. Steps are counted at their longest, and conditions as if any could hold",
                    reason.en
                ),
                format!(
                    "約束を破る物語も見つかっていない: {}。どの手順も最長とし、条件はどれも成り立ちうるとして数えている",
                    reason.ja
                ),
            )
            .help(help, help_ja)
    }
    /// The promise of this kind that is proven.
    fn proven(&self, judged: &Judged, doubt: &Doubt) -> Option<String> {
        let per = match judged.promise {
            Promise::Messages { per: Some(per), .. } => format!(" per {per}"),
            Promise::Messages { per: None, .. } | Promise::EndsWithin(_) => String::new(),
        };
        match (doubt.bound, &judged.promise) {
            (Bound::Messages(Most::Count(most)), Promise::Messages { channel, .. }) => {
                let what = channel.map_or(if most == 1 { "message" } else { "messages" }, Channel::name);
                Some(format!("at most {most} {what}{per}"))
            }
            (Bound::Stay(Longest::Within { time, .. }), _) => Some(format!("ends within {}", whole_days(time))),
            (Bound::Messages(_) | Bound::Stay(Longest::Never { .. }), _) => None,
        }
    }

    /// The steps of a way that add up to what was promised not to be.
    fn with_places(&self, diagnostic: Diagnostic, promise: &Promise, edges: &[Edge]) -> Diagnostic {
        match promise {
            Promise::EndsWithin(_) => self.with_waits(diagnostic, edges),
            Promise::Messages { channel, .. } => self.with_sends(diagnostic, edges, *channel),
        }
    }
    fn with_sends(&self, mut diagnostic: Diagnostic, edges: &[Edge], channel: Option<Channel>) -> Diagnostic {
        let program = self.input.program;
        let counts = |edge: &&Edge| match &program.journey(self.id).code[edge.from as usize].op {
            Op::Send { message, .. } if edge.way == Way::Sent => {
                let of = program.message(*message).channel;
                channel.map_or(of.is_personal(), |only| only == of)
            }
            _ => false,
        };
        for (index, (pc, times)) in counted(edges.iter().filter(counts)).iter().take(PLACES_MAX).enumerate() {
            let (en, ja) = match times {
                1 => (format!("message {}", index + 1), format!("{} 通目", index + 1)),
                times => (format!("{times} times"), format!("{times} 回")),
            };
            diagnostic = diagnostic.other(self.step(*pc), en, ja);
        }
        diagnostic
    }
    fn with_waits(&self, mut diagnostic: Diagnostic, edges: &[Edge]) -> Diagnostic {
        let takes = |edge: &Edge| self.proof.takes(edge).map(|elapsed| elapsed.longest);
        let lasts = |edge: &&Edge| takes(edge).is_some_and(|longest| longest.real() != Some(Span(0)));
        let waits: Vec<(u32, u64, Longest)> = counted(edges.iter().filter(lasts))
            .into_iter()
            .filter_map(|(pc, times)| Some((pc, times, takes(edges.iter().find(|edge| edge.from == pc)?)?)))
            .collect();
        // The longest say most; in the order of the way.
        let mut longest: Vec<usize> = (0..waits.len()).collect();
        longest.sort_by_key(|i| std::cmp::Reverse(waits[*i].2.real().unwrap_or(Span(i64::MAX))));
        longest.truncate(PLACES_MAX);
        longest.sort_unstable();
        for (pc, times, longest) in longest.into_iter().map(|i| waits[i]) {
            let (en, ja) = match longest {
                Longest::Within { time, .. } => (format!("up to {time}"), format!("最長 {time}")),
                Longest::Never { why, .. } => words(why),
            };
            let (en, ja) =
                if times > 1 { (format!("{en}, {times} times"), format!("{ja}、{times} 回")) } else { (en, ja) };
            diagnostic = diagnostic.other(self.step(pc), en, ja);
        }
        diagnostic
    }
}

/// Where edges begin, in order, with how often they are taken.
fn counted<'e>(edges: impl Iterator<Item = &'e Edge>) -> Vec<(u32, u64)> {
    let mut counted: Vec<(u32, u64)> = Vec::new();
    for edge in edges {
        match counted.iter_mut().find(|(pc, _)| *pc == edge.from) {
            Some((_, known)) => *known += 1,
            None => counted.push((edge.from, 1)),
        }
    }
    counted
}

/// A number of messages, in both languages.
fn messages(count: u64, channel: Option<Channel>) -> (String, String) {
    let plural = if count == 1 { "" } else { "s" };
    match channel {
        None => (format!("{count} message{plural}"), format!(" {count} 通")),
        Some(channel) => {
            (format!("{count} {} message{plural}", channel.name()), format!(" {} を {count} 通", channel.name()))
        }
    }
}

/// The time rounded up to what one would promise.
fn whole_days(time: Span) -> String {
    use crate::value::time::{MILLIS_PER_DAY, MILLIS_PER_HOUR};
    let units = |unit: i64| time.0.max(1).saturating_add(unit - 1) / unit;
    if time.0 < MILLIS_PER_DAY { format!("{}h", units(MILLIS_PER_HOUR)) } else { format!("{}d", units(MILLIS_PER_DAY)) }
}

fn words(why: Unbounded) -> (String, String) {
    let (en, ja) = match why {
        Unbounded::NoLimit => ("waits without a limit", "上限のない待ち"),
        Unbounded::MomentRead => ("a moment that is read can lie far ahead", "読み取った時点はいくらでも先になりうる"),
        Unbounded::LengthRead => ("a length that is read can be long", "読み取った長さはいくらでも長くなりうる"),
        Unbounded::CapShared => {
            ("others can take the cap's room first, again and again", "上限の空きを他が先に使い続けることがある")
        }
        Unbounded::Reentry => ("the same person can come again too soon", "同じ人がすぐにまた入りうる"),
        Unbounded::Keys => ("runs of different keys go on side by side", "キーごとの参加が並行して進む"),
    };
    (en.to_owned(), ja.to_owned())
}
