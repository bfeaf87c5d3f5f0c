//! Budgets: at most so many sends of all people together in a window, decided in order of time.
//!
//! Counts only what it admits. Caps per person are the machine's.

use crate::ir::Channel;
use crate::ir::{Budget, JourneyId, Program};
use crate::value::{Date, Instant, Zone};

/// What is used up of the windows under way.
#[derive(Debug, Clone)]
pub struct Budgets<'p> {
    program: &'p Program,
    /// By policy, then by budget: start of the window and sends admitted in it.
    used: Vec<Vec<(Instant, u64)>>,
}

impl<'p> Budgets<'p> {
    pub fn new(program: &'p Program) -> Self {
        let used = program.policies.iter().map(|p| vec![(Instant(i64::MIN), 0); p.budgets.len()]).collect();
        Budgets { program, used }
    }

    /// Whether any policy has a budget: then all people share a decision.
    pub fn are_declared(program: &Program) -> bool {
        program.policies.iter().any(|p| !p.budgets.is_empty())
    }

    /// As they stand, to be kept and restored.
    pub fn used(&self) -> &[Vec<(Instant, u64)>] {
        &self.used
    }
    /// Takes back what was kept of the same program; of another, nothing.
    pub fn restore(&mut self, used: Vec<Vec<(Instant, u64)>>) {
        if used.len() == self.used.len() && used.iter().zip(&self.used).all(|(a, b)| a.len() == b.len()) {
            self.used = used;
        }
    }

    /// Under a program that took over: what is used up stays used up of budgets that stay.
    pub fn following<'q>(&self, program: &'q Program) -> Budgets<'q> {
        let mut next = Budgets::new(program);
        for (index, policy) in program.policies.iter().enumerate() {
            let before = self.program.policies.get(index).map_or(&[][..], |p| &p.budgets);
            for (budget, window) in policy.budgets.iter().zip(&mut next.used[index]) {
                let is_same = |b: &Budget| b.channel == budget.channel && b.window == budget.window;
                if let Some(at) = before.iter().position(is_same) {
                    *window = self.used[index][at];
                }
            }
        }
        next
    }
    /// Admits a send if every budget it falls under has room, and counts it in all of them.
    pub fn admit(&mut self, journey: JourneyId, channel: Channel, at: Instant) -> bool {
        let id = self.program.journey(journey).policy;
        let policy = self.program.policy(id);
        let falls_under = |budget: &Budget| match budget.channel {
            Some(only) => only == channel,
            None => channel.is_personal(),
        };
        let windows = &mut self.used[id.index()];
        for (budget, window) in policy.budgets.iter().zip(windows.iter_mut()).filter(|(b, _)| falls_under(b)) {
            let start = window_start(budget, policy.zone, at);
            if window.0 != start {
                *window = (start, 0);
            }
            if window.1 >= budget.count {
                return false;
            }
        }
        for (_, window) in policy.budgets.iter().zip(windows).filter(|(b, _)| falls_under(b)) {
            window.1 += 1;
        }
        true
    }
}

/// Calendar months (January first) or days of the policy's zone; exact windows count from the epoch.
fn window_start(budget: &Budget, zone: Zone, at: Instant) -> Instant {
    let window = budget.window;
    if window.is_exact() {
        return Instant(at.0 - at.0.rem_euclid(window.millis.max(1)));
    }
    let today = zone.date(at);
    if window.months > 0 {
        let (year, month, _) = today.ymd();
        let months = i32::from(year) * 12 + i32::from(month) - 1;
        let first = months - months.rem_euclid(window.months);
        let day = Date::from_ymd(first.div_euclid(12) as i16, first.rem_euclid(12) as i8 + 1, 1);
        return zone.midnight(day.unwrap_or(today));
    }
    zone.midnight(Date(today.0 - today.0.rem_euclid(window.days.max(1))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::CalendarPeriod;

    #[test]
    fn windows_begin_where_the_calendar_does() {
        let tokyo = Zone::from_name("Asia/Tokyo").unwrap();
        let at = Instant::parse_rfc3339("2026-08-31T23:30:00+09:00").unwrap();
        let start = |months, days, millis| {
            let window = CalendarPeriod { months, days, millis };
            window_start(&Budget { count: 1, channel: None, window }, tokyo, at).to_string()
        };
        assert_eq!(start(1, 0, 0), "2026-07-31T15:00:00Z");
        assert_eq!(start(3, 0, 0), "2026-06-30T15:00:00Z");
        assert_eq!(start(12, 0, 0), "2025-12-31T15:00:00Z");
        assert_eq!(start(0, 1, 0), "2026-08-30T15:00:00Z");
        assert_eq!(start(0, 0, 3_600_000), "2026-08-31T14:00:00Z");
    }
}
