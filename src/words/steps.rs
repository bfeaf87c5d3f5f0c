//! Steps of a journey in words.
//!
//! One instruction at a time; where a step leads is for whoever walks the code.

use super::plain::{share, weekday};
use super::{Language, Words};
use crate::ir::{Arm, ArmOn, Compare, Expr, Op, SplitId, Until};

impl Words<'_> {
    /// A step as a sentence without subject: `wait 3 days`, `send line cart_nudge`.
    pub fn step(&mut self, op: &Op) -> String {
        let (program, language) = (self.scope.program, self.language);
        let say = |en: &str, name: String, ja: &str| match language {
            Language::English => format!("{en} {name}"),
            Language::Japanese => format!("{name} {ja}"),
        };
        match op {
            Op::Wait { until } => self.until(until),
            Op::Await { arms, up_to, .. } => self.awaited(arms, up_to.as_ref()),
            Op::Send { message, .. } => {
                let message = program.message(*message);
                say("send", format!("{} {}", message.channel.name(), message.name), "を送信")
            }
            Op::Branch { cases, .. } => match (chosen(cases), cases.as_slice()) {
                (Some(of), [_, _, ..]) => say("choose by", self.expr(of), "で分岐"),
                (_, [(condition, _), ..]) => say("if", self.expr(condition), "なら"),
                (_, []) => language.of("branch", "分岐").to_string(),
            },
            Op::Draw { split, .. } => say("split", program.splits[split.index()].name.clone(), "で振り分け"),
            Op::Switch { slot, .. } => {
                let name = self.scope.journey.map_or_else(String::new, |j| j.slots[slot.index()].name.clone());
                say("by", name, "で分岐")
            }
            Op::Repeat { times, .. } => match language {
                Language::English => format!("repeat up to {times} times"),
                Language::Japanese => format!("最大{times}回くり返す"),
            },
            Op::Jump(_) => language.of("go on", "次へ").to_string(),
            Op::Do { action, .. } => say("do", program.actions[action.index()].name.clone(), "を実行"),
            Op::Tag(tag) => say("tag", self.quoted(tag), "のタグを付ける"),
            Op::Untag(tag) => say("untag", self.quoted(tag), "のタグを外す"),
            Op::Set { field, value } => {
                let field = &program.profile[field.index()];
                let value = self.side(value, Some(&field.ty));
                format!("{} profile.{} ← {value}", language.of("set", "設定"), field.name)
            }
            Op::Let { slot, value } => {
                let slot = self.scope.journey.map(|j| &j.slots[slot.index()]);
                let value = self.side(value, slot.map(|s| &s.ty));
                format!("{} {} = {value}", language.of("let", "控え"), slot.map_or("", |s| s.name.as_str()))
            }
            Op::Stop { because } => match (because, language) {
                (None, _) => language.of("stop", "停止").to_string(),
                (Some(because), Language::English) => format!("stop because {}", self.quoted(because)),
                (Some(because), Language::Japanese) => format!("停止 ({because})"),
            },
            Op::End => language.of("end", "終わり").to_string(),
        }
    }

    pub fn until(&mut self, until: &Until) -> String {
        let language = self.language;
        match until {
            Until::After(span) => {
                let span = self.expr(span);
                match language {
                    Language::English => format!("wait {span}"),
                    Language::Japanese => format!("{span}待つ"),
                }
            }
            other => {
                let moment = self.moment(other);
                match language {
                    Language::English => format!("wait until {moment}"),
                    Language::Japanese => format!("{moment}まで待つ"),
                }
            }
        }
    }

    /// The length or end of a wait alone: `3 days`, `Monday 09:00`.
    pub fn moment(&mut self, until: &Until) -> String {
        match until {
            Until::After(span) => self.expr(span),
            Until::Time(time) => time.to_string(),
            Until::Tomorrow(time) => format!("{} {time}", self.language.of("tomorrow", "明日")),
            Until::Weekday(day, time) => format!("{} {time}", weekday(*day, self.language)),
            Until::Moment { moment, at } => {
                let moment = self.expr(moment);
                match (at, self.language) {
                    (None, _) => moment,
                    (Some(time), Language::English) => format!("{moment} at {time}"),
                    (Some(time), Language::Japanese) => format!("{moment}の {time}"),
                }
            }
        }
    }

    fn awaited(&mut self, arms: &[Arm], up_to: Option<&Expr>) -> String {
        let what: Vec<String> = arms.iter().map(|arm| self.arm(arm)).collect();
        let what = what.join(self.language.of(" or ", " か "));
        match (up_to.map(|up_to| self.expr(up_to)), self.language) {
            (None, Language::English) => format!("wait for {what}"),
            (None, Language::Japanese) => format!("{what} を待つ"),
            (Some(up_to), Language::English) => format!("wait up to {up_to} for {what}"),
            (Some(up_to), Language::Japanese) => format!("{what} を最長{up_to}待つ"),
        }
    }

    /// What a wait waits for.
    pub fn arm(&mut self, arm: &Arm) -> String {
        match &arm.on {
            ArmOn::Event { event, filter, .. } => self.event(*event, filter.as_ref()),
            ArmOn::Handle { handle, fact } => self.expr(&Expr::Handle(*handle, *fact)),
            ArmOn::Approval { by } => match self.language {
                Language::English => format!("approval by {by}"),
                Language::Japanese => format!("{by} の承認"),
            },
            ArmOn::Segment { segment, enters } => self.crossing(*segment, *enters),
        }
    }

    /// `60% a`, by arm.
    pub fn arms(&self, split: SplitId) -> Vec<String> {
        let arms = &self.scope.program.splits[split.index()].arms;
        arms.iter().map(|arm| format!("{} {}", share(arm.share), arm.name)).collect()
    }

    pub fn quoted(&self, text: &str) -> String {
        match self.language {
            Language::English => format!("“{text}”"),
            Language::Japanese => format!("「{text}」"),
        }
    }
}

/// What all cases compare with a constant (`choose EXPR`), if they do.
pub fn chosen(cases: &[(Expr, crate::ir::Pc)]) -> Option<&Expr> {
    fn compared(case: &Expr) -> Option<&Expr> {
        match case {
            Expr::Compare { op: Compare::Equal, left, right } => matches!(**right, Expr::Const(_)).then_some(&**left),
            _ => None,
        }
    }
    let first = compared(&cases.first()?.0)?;
    cases.iter().all(|(case, _)| compared(case) == Some(first)).then_some(first)
}
