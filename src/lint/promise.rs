//! Promises that a journey does not keep (E0205), and journeys that promise nothing (W0205).
//!
//! Words what `prove` found; proves nothing itself.

use super::Input;
use crate::diag::{Code, Diagnostic};
use crate::ir::{Channel, JourneyId, Op, Promise};
use crate::prove::{self, Edge, Judged, Longest, Most, Path, Proof, Stretch, Unbounded, Verdict, Way};
use crate::text::Span as Place;
use crate::value::Span;
use crate::witness;

/// More places than this explain nothing better.
const PLACES_MAX: usize = 8;
/// Counter-stories told at one check; `tabi prove` tells all.
const STORIES_MAX: usize = 3;

pub fn lint(input: Input<'_>) -> Vec<Diagnostic> {
    let analysis = prove::prove(input.program);
    let (mut found, mut stories) = (Vec::new(), 0);
    for (index, proof) in analysis.journeys.iter().enumerate() {
        let looked_at = Looked { input, id: JourneyId(index as u16), proof };
        if proof.promises.is_empty() {
            found.push(looked_at.no_promise());
        }
        for (judged, place) in proof.promises.iter().zip(&input.map.journeys[index].promises) {
            let broken = looked_at.judged(&judged.promise, &judged.verdict, *place);
            found.extend(broken.map(|diagnostic| {
                // Looking for a story takes longer than all other checks together.
                let story = matches!(judged.verdict, Verdict::Refuted(_)) && stories < STORIES_MAX;
                stories += usize::from(story);
                if story { looked_at.with_story(diagnostic, judged) } else { diagnostic }
            }));
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

    fn judged(&self, promise: &Promise, verdict: &Verdict, place: Place) -> Option<Diagnostic> {
        match (verdict, promise) {
            (Verdict::Proven, _) => None,
            (Verdict::Refuted(path), Promise::EndsWithin(_)) => Some(self.too_long(path, place)),
            (Verdict::Refuted(path), Promise::Messages { channel, per: None, .. }) => {
                Some(self.too_many(path, *channel, place))
            }
            (Verdict::Refuted(path), Promise::Messages { count, channel, per: Some(per) }) => {
                let what = messages(u64::from(*count) + 1, *channel);
                let diagnostic = Diagnostic::new(
                    Code::E0205,
                    place,
                    format!("`{}` can send {} within {per}", self.name(), what.0),
                    format!("`{}` は {per} の間に{}送ることがある", self.name(), what.1),
                );
                let diagnostic = self.with_sends(diagnostic, path, *channel).help(
                    "let more time pass between them, or promise what holds",
                    "間隔を空けるか、成り立つ約束に直す",
                );
                Some(diagnostic)
            }
            (Verdict::Unproven(why), _) => Some(self.unproven(*why, place)),
        }
    }

    /// The counter-story, as a test that fails.
    fn with_story(&self, diagnostic: Diagnostic, judged: &Judged) -> Diagnostic {
        match witness::counter_story(self.input.program, self.id, &judged.promise, &judged.verdict) {
            Ok(counter) => {
                let test = counter.test(self.input.program);
                let test = test.trim_end();
                diagnostic.note(format!("this test fails:\n{test}"), format!("次のテストは失敗する:\n{test}"))
            }
            // A way that nobody could be led along may still be one: the promise is not proven.
            Err(_) => diagnostic.note(
                "no story that breaks it was found: every step is counted at its longest, and conditions as if all could hold",
                "約束を破る物語は見つかっていない (どの手順も最長とし、条件はどれも成り立ちうるとして数えている)",
            ),
        }
    }

    fn too_many(&self, path: &Path, channel: Option<Channel>, place: Place) -> Diagnostic {
        let most = match channel {
            None => self.proof.bounds.run.all,
            Some(channel) => self.proof.bounds.run.channels[channel.index()],
        };
        let Most::Count(most) = most else { return self.unproven(Unbounded::Reentry, place) };
        let what = messages(most, channel);
        let diagnostic = Diagnostic::new(
            Code::E0205,
            place,
            format!("one run of `{}` can send {}", self.name(), what.0),
            format!("`{}` は1回の参加で{}送ることがある", self.name(), what.1),
        );
        self.with_sends(diagnostic, path, channel).help(
            format!("let fewer ways lead to a send, or promise `at most {most}`"),
            format!("送信に至る道筋を減らすか、`at most {most}` と約束する"),
        )
    }
    fn with_sends(&self, mut diagnostic: Diagnostic, path: &Path, channel: Option<Channel>) -> Diagnostic {
        let program = self.input.program;
        let counts = |edge: &Edge| match &program.journey(self.id).code[edge.from as usize].op {
            Op::Send { message, .. } if edge.way == Way::Sent => {
                let of = program.message(*message).channel;
                channel.map_or(of.is_personal(), |only| only == of)
            }
            _ => false,
        };
        let mut sends: Vec<(u32, u64)> = Vec::new();
        for_each(&path.stretches, 1, &mut |edge, times| {
            if counts(edge) {
                match sends.iter_mut().find(|(pc, _)| *pc == edge.from) {
                    Some((_, known)) => *known += times,
                    None => sends.push((edge.from, times)),
                }
            }
        });
        for (index, (pc, times)) in sends.iter().take(PLACES_MAX).enumerate() {
            let (en, ja) = match times {
                1 => (format!("message {}", index + 1), format!("{} 通目", index + 1)),
                times => (format!("{times} times"), format!("{times} 回")),
            };
            diagnostic = diagnostic.other(self.step(*pc), en, ja);
        }
        diagnostic
    }

    fn too_long(&self, path: &Path, place: Place) -> Diagnostic {
        let name = self.name();
        let mut diagnostic = match self.proof.bounds.stay {
            Longest::Within { time, .. } => Diagnostic::new(
                Code::E0205,
                place,
                format!("`{name}` can last {time}"),
                format!("`{name}` は {time} 続くことがある"),
            )
            .help(
                format!("wait less, or promise `ends within {}`", whole_days(time)),
                format!("待ちを短くするか、`ends within {}` と約束する", whole_days(time)),
            ),
            Longest::Never { .. } => Diagnostic::new(
                Code::E0205,
                place,
                format!("`{name}` can last for any time"),
                format!("`{name}` はいつまでも続くことがある"),
            )
            .help(
                "keep the moment in a bounded `let`, or wait for it with `up to`",
                "時点に上限を設けるか、`up to` を付けて待つ",
            ),
        };
        let mut waits: Vec<(u32, Longest, u64)> = Vec::new();
        for_each(&path.stretches, 1, &mut |edge, times| {
            let Some(longest) = self.proof.takes(edge).map(|elapsed| elapsed.longest) else { return };
            match waits.iter_mut().find(|(pc, ..)| *pc == edge.from) {
                Some((.., known)) => *known += times,
                None if longest.real() == Some(Span(0)) => {}
                None => waits.push((edge.from, longest, times)),
            }
        });
        // The longest say most; in the order of the way.
        let mut longest: Vec<usize> = (0..waits.len()).collect();
        longest.sort_by_key(|i| std::cmp::Reverse(waits[*i].1.real().unwrap_or(Span(i64::MAX))));
        longest.truncate(PLACES_MAX);
        longest.sort_unstable();
        for (pc, longest, times) in longest.into_iter().map(|i| waits[i]) {
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

    fn unproven(&self, why: Unbounded, place: Place) -> Diagnostic {
        let (en, ja) = words(why);
        Diagnostic::new(
            Code::E0205,
            place,
            format!("`{}` cannot promise this: {en}", self.name()),
            format!("`{}` はこれを約束できない: {ja}", self.name()),
        )
        .help(
            "bound it: a longer `reentry after`, a `cap` in the policy without `then hold`; or promise what holds",
            "`reentry after` を長くする、ポリシーに `then hold` のない `cap` を置くなどして上限を設けるか、成り立つ約束に直す",
        )
    }
}

/// Every edge of a way with how often it is taken.
fn for_each(stretches: &[Stretch], times: u64, visit: &mut dyn FnMut(&Edge, u64)) {
    for stretch in stretches {
        match stretch {
            Stretch::Edge(edge) => visit(edge, times),
            Stretch::Passes { passes, body, .. } => for_each(body, times * u64::from(*passes), visit),
        }
    }
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
