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
    /// Of these, let through and not counted yet.
    under_way: Vec<Vec<u64>>,
}

impl<'p> Budgets<'p> {
    pub fn new(program: &'p Program) -> Self {
        let used = program.policies.iter().map(|p| vec![(Instant(i64::MIN), 0); p.budgets.len()]).collect();
        let under_way = program.policies.iter().map(|p| vec![0; p.budgets.len()]).collect();
        Budgets { program, used, under_way }
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
        let admitted = self.let_through(journey, channel, at);
        if admitted {
            self.count(journey, channel, at);
        }
        admitted
    }
    /// Lets a send through if every budget it falls under has room. It takes that room at once, and is counted when it is
    /// written down: [`Budgets::count`].
    pub fn let_through(&mut self, journey: JourneyId, channel: Channel, at: Instant) -> bool {
        let all = self.falling_under(journey, channel, at);
        let has_room = all.iter().all(|(budget, window, under_way)| window.1 + **under_way < budget.count);
        if has_room {
            all.into_iter().for_each(|(_, _, under_way)| *under_way += 1);
        }
        has_room
    }
    /// Counts a send that was let through, in the windows of the time at which it was written down: the same live and in a
    /// replay. Whatever was let through fits into the next window, too, since it did into the one before.
    pub fn count(&mut self, journey: JourneyId, channel: Channel, at: Instant) {
        for (_, window, under_way) in self.falling_under(journey, channel, at) {
            *under_way = under_way.saturating_sub(1);
            window.1 += 1;
        }
    }
    /// The budgets that a send falls under, each with its window at that time and what is under way.
    fn falling_under(
        &mut self,
        journey: JourneyId,
        channel: Channel,
        at: Instant,
    ) -> Vec<(&'p Budget, &mut (Instant, u64), &mut u64)> {
        let id = self.program.journey(journey).policy;
        let policy = self.program.policy(id);
        let falls_under = |budget: &Budget| match budget.channel {
            Some(only) => only == channel,
            None => channel.is_personal(),
        };
        let windows = self.used[id.index()].iter_mut().zip(&mut self.under_way[id.index()]);
        let meant = policy.budgets.iter().zip(windows).filter(|(budget, _)| falls_under(budget));
        let mut all = Vec::new();
        for (budget, (window, under_way)) in meant {
            let start = window_start(budget, policy.zone, at);
            if window.0 != start {
                *window = (start, 0);
            }
            all.push((budget, window, under_way));
        }
        all
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
