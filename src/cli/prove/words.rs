//! Bounds and verdicts as people read them.
//!
//! Steps are worded by `words`.

use std::fmt::Write;

use super::Told;
use crate::cli::speak::{GREEN, RED, RESET};
use crate::diag::Language;
use crate::ir::{Channel, Instruction, Journey, JourneyId, Op, Promise};
use crate::prove::{
    Bound, Doubt, Edge, Judged, Load, Longest, Messages, Most, Part, Path, Proof, Stretch, Unbounded, Verdict, Way,
};
use crate::value::Span;
use crate::words::Words;

pub fn tell(told: &Told<'_>, language: Language) -> String {
    let mut text = String::new();
    for id in told.chosen {
        Teller { told, id: *id, language }.journey(&mut text);
    }
    if told.whole {
        pressure(told, language, &mut text);
    }
    text
}

fn of<'t>(language: Language, en: &'t str, ja: &'t str) -> &'t str {
    match language {
        Language::English => en,
        Language::Japanese => ja,
    }
}

struct Teller<'t> {
    told: &'t Told<'t>,
    id: JourneyId,
    language: Language,
}

impl Teller<'_> {
    fn of<'t>(&self, en: &'t str, ja: &'t str) -> &'t str {
        of(self.language, en, ja)
    }
    fn header(&self) -> &Journey {
        self.told.program.journey(self.id)
    }
    fn proof(&self) -> &Proof {
        &self.told.analysis.journeys[self.id.index()]
    }

    // Writing to a text cannot fail.
    fn journey(&self, text: &mut String) {
        let (header, proof) = (self.header(), self.proof());
        let place = &self.told.program.places.journeys[self.id.index()];
        let _ = writeln!(text, "{}  {}:{}", header.name, place.path, place.line);
        let bounds = &proof.bounds;
        let _ = writeln!(text, "  {}  {}", self.of("stays       ", "滞在        "), self.longest(bounds.stay));
        if let Some(held) = bounds.held_out {
            let _ = writeln!(text, "  {}  {}", self.of("if held out ", "対象外の人  "), self.longest(held));
        }
        let rows: [(&str, &str, &Messages); 4] = [
            ("a run       ", "1回の参加   ", &bounds.run),
            ("a day       ", "1日         ", &bounds.day),
            ("7 days      ", "7日間       ", &bounds.week),
            ("ever        ", "生涯        ", &bounds.person),
        ];
        for (en, ja, messages) in rows {
            let _ = writeln!(text, "  {}  {}", self.of(en, ja), self.messages(messages));
        }
        let mut shown = false;
        for judged in &proof.promises {
            shown |= self.promise(judged, text);
        }
        if proof.promises.is_empty() {
            let _ = writeln!(text, "  {}", self.of("promises nothing", "約束なし"));
        }
        if !shown {
            let _ = writeln!(text, "  {}", self.of("the longest way", "最も長い道筋"));
            self.path(&bounds.longest_path, text);
        }
        text.push('\n');
    }

    /// Whether a way was shown with it.
    fn promise(&self, judged: &Judged, text: &mut String) -> bool {
        match &judged.verdict {
            Verdict::Proven => {
                let written = promise_text(&judged.promise);
                let _ = writeln!(text, "  {GREEN}{}{RESET}  {written}", self.of("proven      ", "証明済み    "));
                false
            }
            Verdict::Open(doubt) => self.open(judged, doubt, text),
        }
    }

    /// Refuted by a test that fails, or else not proven.
    fn open(&self, judged: &Judged, doubt: &Doubt, text: &mut String) -> bool {
        let written = promise_text(&judged.promise);
        match self.told.counter_story(self.id, judged) {
            Ok(counter) => {
                let _ = writeln!(text, "  {RED}{}{RESET}  {written}", self.of("not kept    ", "守られない  "));
                let _ = writeln!(text, "    {}", self.of("this test fails", "次のテストは失敗する"));
                for line in counter.test(self.told.program).lines() {
                    let _ = writeln!(text, "      {line}");
                }
                true
            }
            Err(why) => {
                let _ = writeln!(text, "  {RED}{}{RESET}  {written}", self.of("not proven  ", "証明できない"));
                let bound = match doubt.bound {
                    Bound::Messages(most) => self.most(most),
                    Bound::Stay(longest) => self.longest(longest),
                };
                let _ = writeln!(text, "    {}: {bound}", self.of("the bound found", "見つかった上限"));
                let none = self.of("no story that breaks it", "破る物語は見つからず");
                let _ = writeln!(text, "    {none}: {}", self.of(&why.en, &why.ja));
                if let Some(path) = doubt.ways.first() {
                    let _ = writeln!(text, "    {}", self.of("the way in doubt", "疑わしい道筋"));
                    self.path(path, text);
                }
                !doubt.ways.is_empty()
            }
        }
    }

    fn messages(&self, messages: &Messages) -> String {
        let all = self.most(messages.all);
        let by_channel = Channel::ALL.into_iter().filter(|c| c.is_personal()).filter_map(|channel| {
            let most = messages.channels[channel.index()];
            (most != Most::Count(0) && most != messages.all).then(|| format!("{} {}", channel.name(), self.most(most)))
        });
        let by_channel: Vec<String> = by_channel.collect();
        if by_channel.is_empty() { all } else { format!("{all} ({})", by_channel.join(", ")) }
    }
    fn most(&self, most: Most) -> String {
        most_text(most, self.language)
    }
    fn longest(&self, longest: Longest) -> String {
        match longest {
            Longest::Within { time, clocks } => {
                let text = format!("{} {time}", self.of("at most", "最長"));
                let text = text.trim_end().to_owned();
                if clocks == Span(0) {
                    return text;
                }
                let more = self.of("when clocks change", "時計の切り替え時");
                format!("{text} (+{clocks} {more})")
            }
            Longest::Never { pc, why } => {
                let place = &self.told.program.places.steps[self.id.index()][self.instruction(pc).step.index()];
                format!(
                    "{}: {} ({}:{})",
                    self.of("no limit", "上限なし"),
                    unbounded(why, self.language),
                    place.path,
                    place.line
                )
            }
        }
    }
    fn instruction(&self, pc: u32) -> &Instruction {
        &self.header().code[pc as usize]
    }

    fn path(&self, path: &Path, text: &mut String) {
        let mut since = Some(Span(0));
        self.stretches(&path.stretches, 1, &mut since, text);
        let end = self.instruction(path.end);
        if matches!(end.op, Op::Stop { .. }) {
            self.line(path.end, "", since, 1, text);
        }
    }
    fn stretches(&self, stretches: &[Stretch], depth: usize, since: &mut Option<Span>, text: &mut String) {
        for stretch in stretches {
            match stretch {
                Stretch::Edge(edge) => {
                    if let Some(way) = self.way(edge) {
                        self.line(edge.from, &way, *since, depth, text);
                    }
                    self.pass_time(edge, 1, since);
                }
                Stretch::Passes { head, passes, body } => {
                    let word = match self.language {
                        Language::English => format!("{passes} times"),
                        Language::Japanese => format!("{passes}回"),
                    };
                    self.line(*head, &word, *since, depth, text);
                    let before = *since;
                    self.stretches(body, depth + 1, since, text);
                    // The other passes take as long as the one shown.
                    *since = before.zip(*since).map(|(a, b)| Span(a.0 + (b.0 - a.0).saturating_mul((*passes).into())));
                }
            }
        }
    }
    fn pass_time(&self, edge: &Edge, times: i64, since: &mut Option<Span>) {
        let longest = self.proof().takes(edge).map(|elapsed| elapsed.longest);
        *since = match (*since, longest) {
            (Some(so_far), Some(Longest::Within { time, .. })) => Some(Span(so_far.0 + time.0 * times)),
            (_, Some(Longest::Never { .. })) | (None, _) => None,
            (so_far, None) => so_far,
        };
        // Steps that cannot all be at their longest are over earlier than their sum.
        let arrival = self.proof().bounds.arrival.get(edge.to as usize).copied().flatten().map(|at| at.longest);
        if let (Some(so_far), Some(Longest::Within { time, .. })) = (*since, arrival) {
            *since = Some(so_far.min(time));
        }
    }
    fn line(&self, pc: u32, way: &str, since: Option<Span>, depth: usize, text: &mut String) {
        let instruction = self.instruction(pc);
        let place = &self.told.program.places.steps[self.id.index()][instruction.step.index()];
        let language = match self.language {
            Language::English => crate::words::Language::English,
            Language::Japanese => crate::words::Language::Japanese,
        };
        let step = Words::new(self.told.program, Some(self.header()), language).step(&instruction.op);
        let at = since.map_or_else(|| "…".to_owned(), |since| format!("+{since}"));
        let way = if way.is_empty() { String::new() } else { format!(" — {way}") };
        let _ = writeln!(text, "{:indent$}{at:<10} {step}{way}  {}:{}", "", place.path, place.line, indent = depth * 4);
    }

    /// How the step went; nothing for steps of which there is nothing to tell.
    fn way(&self, edge: &Edge) -> Option<String> {
        let plain = |text: &str| Some(text.to_owned());
        let op = &self.instruction(edge.from).op;
        match edge.way {
            Way::Next if matches!(op, Op::Wait { .. } | Op::Tag(_) | Op::Untag(_) | Op::Set { .. }) => plain(""),
            Way::Next | Way::Body | Way::Exit => None,
            Way::Case(i) => Some(format!("{} {}", self.of("case", "条件"), i + 1)),
            Way::Else => plain(self.of("none of it", "どれでもない")),
            Way::Arm(i) => Some(match self.language {
                Language::English => format!("came to pass ({})", i + 1),
                Language::Japanese => format!("起きた ({})", i + 1),
            }),
            Way::TimeUp => plain(self.of("in vain", "起きないまま")),
            Way::Sent => plain(self.of("sent", "送信")),
            Way::Dropped => plain(self.of("dropped", "送らず")),
            Way::Refused => plain(self.of("refused by the provider", "配信事業者が拒否")),
            Way::Drawn(i) => Some(format!("{} {}", self.of("arm", "群"), i + 1)),
            Way::Answered => plain(self.of("answered", "返答あり")),
            Way::Failed => plain(self.of("failed or silent", "失敗か返答なし")),
        }
    }
}

/// The promise as it is written.
pub fn promise_text(promise: &Promise) -> String {
    match promise {
        Promise::EndsWithin(period) => format!("promise ends within {period}"),
        Promise::Messages { count, channel, per } => {
            let what = channel.map_or(if *count == 1 { "message" } else { "messages" }, Channel::name);
            let per = per.map_or_else(String::new, |period| format!(" per {period}"));
            format!("promise at most {count} {what}{per}")
        }
    }
}

fn most_text(most: Most, language: Language) -> String {
    match most {
        Most::Count(count) => match language {
            Language::English => format!("at most {count}"),
            Language::Japanese => format!("最大 {count}"),
        },
        Most::Unbounded(why) => format!("{} ({})", of(language, "no limit", "上限なし"), unbounded(why, language)),
    }
}

pub fn unbounded(why: Unbounded, language: Language) -> &'static str {
    let (en, ja) = match why {
        Unbounded::NoLimit => ("a wait without `up to`", "`up to` のない待ち"),
        Unbounded::MomentRead => ("a moment that is read may lie far ahead", "読み取った時点はいくらでも先になりうる"),
        Unbounded::LengthRead => ("a length that is read may be long", "読み取った長さはいくらでも長くなりうる"),
        Unbounded::CapShared => {
            ("others may take the cap's room first, again and again", "上限の空きを他が先に使い続けることがある")
        }
        Unbounded::Reentry => ("people may come again", "同じ人が何度でも入りうる"),
        Unbounded::Keys => ("runs of different keys go on side by side", "キーごとに並行して進む"),
    };
    match language {
        Language::English => en,
        Language::Japanese => ja,
    }
}

fn pressure(told: &Told<'_>, language: Language, text: &mut String) {
    let _ = writeln!(text, "{}", of(language, "all journeys together, to one person", "全ジャーニー合計、1人あたり"));
    let loads = [("a day ", "1日  ", &told.analysis.pressure.day), ("7 days", "7日間", &told.analysis.pressure.week)];
    for (en, ja, load) in loads {
        let _ = writeln!(text, "  {}  {}", of(language, en, ja), most_text(load.total, language));
        parts(told, load, language, text);
    }
}

fn parts(told: &Told<'_>, load: &Load, language: Language, text: &mut String) {
    let program = told.program;
    let channel = |channel: Option<Channel>| channel.map_or(String::new(), |c| format!(" {}", c.name()));
    for part in &load.parts {
        let line = match part {
            Part::Capped { policy, channel: which, count, journeys } => {
                let names: Vec<&str> = journeys.iter().map(|j| program.journey(*j).name.as_str()).collect();
                let by = of(language, "caps of policy", "ポリシーの上限:");
                format!("{count}{}: {by} {} — {}", channel(*which), program.policy(*policy).name, names.join(", "))
            }
            Part::Own { journey, channel: which, most } => {
                format!("{}{}: {}", most_text(*most, language), channel(*which), program.journey(*journey).name)
            }
        };
        let _ = writeln!(text, "    {line}");
    }
}
