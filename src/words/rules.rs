//! What starts, ends and bounds a journey, in words.
//!
//! Steps are next door.

use super::Language;
use super::Words;
use super::plain::{percent, period, weekday};
use crate::ir::journey::Exit;
use crate::ir::{
    Audience, Budget, Cap, Channel, Goal, Journey, Overflow, Promise, Quiet, Reentry, Schedule, ScheduleWhen,
    SegmentId, Start,
};

impl Words<'_> {
    pub fn audience(&mut self, audience: &Audience) -> String {
        let english = self.language == Language::English;
        let who = match (audience.segment, english) {
            (Some(segment), true) => format!("everyone in {}", self.segment(segment)),
            (Some(segment), false) => format!("「{}」の全員", self.segment(segment)),
            (None, _) => self.language.of("everyone", "全員").to_string(),
        };
        match (&audience.condition, english) {
            (Some(condition), true) => format!("{who} with {}", self.expr(condition)),
            (Some(condition), false) => format!("{who} (条件: {})", self.expr(condition)),
            (None, _) => who,
        }
    }

    pub fn schedule(&self, schedule: &Schedule) -> String {
        let language = self.language;
        let english = language == Language::English;
        let when = match &schedule.when {
            ScheduleWhen::Day { at } => format!("{} {at}", language.of("every day at", "毎日")),
            ScheduleWhen::Week { on, at } => {
                let days: Vec<&str> = on.iter().map(|day| weekday(*day, language)).collect();
                match english {
                    true => format!("every {} at {at}", days.join(", ")),
                    false => format!("毎週{} {at}", days.join("・")),
                }
            }
            ScheduleWhen::Month { on, at } => {
                let days: Vec<String> = on.iter().map(u8::to_string).collect();
                match english {
                    true => format!("every month on day {} at {at}", days.join(", ")),
                    false => format!("毎月{}日 {at}", days.join("・")),
                }
            }
            ScheduleWhen::Cron(cron) => format!("{} {cron}", language.of("by the schedule", "スケジュール")),
        };
        let place = schedule.zone.map_or(language.of("local time", "現地時間"), crate::value::Zone::name);
        format!("{when} ({place})")
    }

    /// `enters Regulars`
    pub fn crossing(&self, segment: SegmentId, enters: bool) -> String {
        let name = self.segment(segment);
        match (self.language, enters) {
            (Language::English, true) => format!("enters {name}"),
            (Language::English, false) => format!("leaves {name}"),
            (Language::Japanese, true) => format!("「{name}」に入ったとき"),
            (Language::Japanese, false) => format!("「{name}」から出たとき"),
        }
    }

    pub fn exit(&mut self, exit: &Exit) -> String {
        match exit {
            Exit::Event { event, filter } => self.event(*event, filter.as_ref()),
            Exit::Segment { segment, enters } => self.crossing(*segment, *enters),
        }
    }

    /// What sets the journey going, without whom and when exactly.
    pub fn trigger(&mut self, journey: &Journey) -> String {
        match &journey.start {
            Start::Event { event, filter, .. } => self.event(*event, filter.as_ref()),
            Start::Segment { segment, enters, .. } => self.crossing(*segment, *enters),
            Start::Schedule { schedule, .. } => self.schedule(schedule),
            Start::At { at, .. } => {
                let zone = self.scope.program.policy(journey.policy).zone;
                let (date, time) = zone.local(*at);
                format!("{date} {time} ({zone})")
            }
        }
    }

    /// `purchase within 3 days, target 12%`
    pub fn goal(&mut self, goal: &Goal) -> String {
        let event = self.event(goal.event, goal.filter.as_ref());
        let within = period(goal.within, self.language);
        let target = goal.target.map(|share| percent(share.micro));
        match self.language {
            Language::English => {
                format!("{event} within {within}{}", target.map_or_else(String::new, |t| format!(", target {t}")))
            }
            Language::Japanese => {
                format!("{within}以内に {event}{}", target.map_or_else(String::new, |t| format!("、目標 {t}")))
            }
        }
    }

    pub fn reentry(&self, reentry: Reentry) -> String {
        match (reentry, self.language) {
            (Reentry::Never, language) => language.of("never", "なし").to_string(),
            (Reentry::Always, language) => language.of("always", "いつでも").to_string(),
            (Reentry::After(after), Language::English) => format!("after {}", period(after, self.language)),
            (Reentry::After(after), Language::Japanese) => format!("{}後から", period(after, self.language)),
        }
    }

    pub fn promise(&self, promise: &Promise) -> String {
        match promise {
            Promise::EndsWithin(within) => {
                let within = period(*within, self.language);
                match self.language {
                    Language::English => format!("ends within {within}"),
                    Language::Japanese => format!("{within}以内に終わる"),
                }
            }
            Promise::Messages { count, channel, per } => {
                self.at_most(u64::from(*count), *channel, per.map(|per| period(per, self.language)))
            }
        }
    }

    pub fn cap(&self, cap: &Cap) -> String {
        let most = self.at_most(u64::from(cap.count), cap.channel, Some(period(cap.window, self.language)));
        format!("{most}{}", self.overflow(cap.overflow))
    }

    pub fn budget(&self, budget: &Budget) -> String {
        self.at_most(budget.count, budget.channel, Some(period(budget.window, self.language)))
    }

    pub fn quiet(&self, quiet: &Quiet) -> String {
        let then = match quiet.overflow {
            Overflow::Hold => self.language.of(", then hold", "は保留"),
            Overflow::Drop => self.language.of(", then drop", "は送らない"),
        };
        format!("{}–{}{then}", quiet.from, quiet.to)
    }

    fn overflow(&self, overflow: Overflow) -> &'static str {
        match overflow {
            Overflow::Hold => self.language.of(", then hold", "、超過分は保留"),
            Overflow::Drop => self.language.of(", then drop", "、超過分は送らない"),
        }
    }

    fn at_most(&self, count: u64, channel: Option<Channel>, per: Option<String>) -> String {
        let channel = channel.map(Channel::name);
        match self.language {
            Language::English => {
                let what = channel.map_or_else(|| "messages".to_string(), |channel| format!("{channel} messages"));
                format!("at most {count} {what}{}", per.map_or_else(String::new, |per| format!(" per {per}")))
            }
            Language::Japanese => {
                let what = channel.map_or_else(|| "メッセージ".to_string(), |channel| format!("{channel} "));
                format!("{}{what}{count}通まで", per.map_or_else(String::new, |per| format!("{per}に")))
            }
        }
    }
}
