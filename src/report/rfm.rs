//! Recency, frequency and monetary value in fifths, and how people move between them from quarter to quarter.
//!
//! A score is 1 + ⌊5 · (people who do worse) / people⌋: who are equal have the same score, whatever their order. The
//! fifths are therefore not always equally large.

use std::collections::BTreeMap;

use serde::Serialize;

use super::book::Account;
use super::rate;
use crate::value::{Date, Money};

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Rfm {
    /// The day by which it is told.
    pub on: String,
    /// Scores from 1 to 5, those that occur, best first.
    pub cells: Vec<Cell>,
    /// From the end of a quarter to the end of the next one, oldest first.
    pub moves: Vec<Moves>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Cell {
    pub r: u8,
    pub f: u8,
    pub m: u8,
    pub people: u64,
    /// What they paid less what they returned.
    pub money: String,
}

/// Between two days; `people` have scores on both.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Moves {
    pub from: String,
    pub to: String,
    pub people: u64,
    /// Bought for the first time in between.
    pub newcomers: u64,
    /// R and F as before.
    pub stayed: u64,
    pub r_up: u64,
    pub r_down: u64,
    pub f_up: u64,
    pub f_down: u64,
    /// Of R and F, largest first: `R5 F1` to `R3 F1`.
    pub cells: Vec<Move>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Move {
    pub from: String,
    pub to: String,
    pub people: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Score {
    pub r: u8,
    pub f: u8,
    pub m: u8,
}

impl Rfm {
    pub fn of(accounts: &[Account], end: Date) -> Rfm {
        let now = scores(accounts, end);
        let mut cells: BTreeMap<(u8, u8, u8), (u64, i64)> = BTreeMap::new();
        for (account, score) in accounts.iter().zip(&now) {
            let Some(Score { r, f, m }) = score else { continue };
            let cell = cells.entry((*r, *f, *m)).or_default();
            cell.0 += 1;
            cell.1 = cell.1.saturating_add(account.net_until(end));
        }
        let money =
            |minor| accounts.first().map_or_else(String::new, |a| Money { currency: a.currency, minor }.to_string());
        let cell = |((r, f, m), (people, minor))| Cell { r, f, m, people, money: money(minor) };
        let mut days: Vec<Date> = quarter_ends(accounts, end);
        days.push(end);
        let at: Vec<Vec<Option<Score>>> = days.iter().map(|day| scores(accounts, *day)).collect();
        let moves = days.windows(2).zip(at.windows(2));
        let moves = moves.filter_map(|(days, at)| match (days, at) {
            ([from, to], [before, after]) => Some(Moves::of((*from, *to), before, after)),
            _ => None,
        });
        Rfm { on: end.to_string(), cells: cells.into_iter().rev().map(cell).collect(), moves: moves.collect() }
    }
}

impl Moves {
    fn of((from, to): (Date, Date), before: &[Option<Score>], after: &[Option<Score>]) -> Moves {
        let mut moves = Moves {
            from: from.to_string(),
            to: to.to_string(),
            people: 0,
            newcomers: 0,
            stayed: 0,
            r_up: 0,
            r_down: 0,
            f_up: 0,
            f_down: 0,
            cells: Vec::new(),
        };
        let mut counted: BTreeMap<(u8, u8, u8, u8), u64> = BTreeMap::new();
        for pair in before.iter().zip(after) {
            match pair {
                (Some(old), Some(new)) => {
                    moves.people += 1;
                    moves.stayed += u64::from((old.r, old.f) == (new.r, new.f));
                    moves.r_up += u64::from(new.r > old.r);
                    moves.r_down += u64::from(new.r < old.r);
                    moves.f_up += u64::from(new.f > old.f);
                    moves.f_down += u64::from(new.f < old.f);
                    if (old.r, old.f) != (new.r, new.f) {
                        *counted.entry((old.r, old.f, new.r, new.f)).or_default() += 1;
                    }
                }
                (None, Some(_)) => moves.newcomers += 1,
                (_, None) => {}
            }
        }
        let mut cells: Vec<_> = counted.into_iter().collect();
        cells.sort_by_key(|(cell, people)| (std::cmp::Reverse(*people), *cell));
        let named = |((r, f, new_r, new_f), people)| Move {
            from: format!("R{r} F{f}"),
            to: format!("R{new_r} F{new_f}"),
            people,
        };
        moves.cells = cells.into_iter().map(named).collect();
        moves
    }

    pub fn stayed_rate(&self) -> f64 {
        rate(self.stayed, self.people)
    }
}

/// By account, as things stood at the end of a day; `None` for those who had not bought by then.
pub fn scores(accounts: &[Account], on: Date) -> Vec<Option<Score>> {
    let facts: Vec<Option<(i64, i64, i64)>> = accounts
        .iter()
        .map(|account| {
            let last = account.days.iter().rev().map(|(day, _)| *day).find(|day| *day <= on)?;
            let often = account.days.iter().filter(|(day, _)| *day <= on).count() as i64;
            Some((i64::from(last.0), often, account.net_until(on)))
        })
        .collect();
    let sorted = |of: fn(&(i64, i64, i64)) -> i64| {
        let mut values: Vec<i64> = facts.iter().flatten().map(of).collect();
        values.sort_unstable();
        values
    };
    let (r, f, m) = (sorted(|fact| fact.0), sorted(|fact| fact.1), sorted(|fact| fact.2));
    let score = |fact: &(i64, i64, i64)| Score { r: fifth(&r, fact.0), f: fifth(&f, fact.1), m: fifth(&m, fact.2) };
    facts.iter().map(|fact| fact.as_ref().map(score)).collect()
}

/// 1 to 5; `sorted` holds the value.
fn fifth(sorted: &[i64], value: i64) -> u8 {
    let worse = sorted.partition_point(|other| *other < value);
    (1 + worse * 5 / sorted.len().max(1)).min(5) as u8
}

/// Quarters whose moves are told: three years; each means scoring everybody once more.
const QUARTERS_MAX: usize = 12;

/// The last days of the calendar's quarters from the first purchase on, before the end.
fn quarter_ends(accounts: &[Account], end: Date) -> Vec<Date> {
    let Some(first) = accounts.iter().filter_map(|a| a.days.first()).map(|(day, _)| *day).min() else {
        return Vec::new();
    };
    let (year, month, _) = first.ymd();
    let (mut year, mut month) = (year, (month - 1) / 3 * 3 + 4);
    let mut days = Vec::new();
    loop {
        if month > 12 {
            (year, month) = (year.saturating_add(1), 1);
        }
        let Some(next) = Date::from_ymd(year, month, 1) else { return days };
        let last = Date(next.0 - 1);
        if last >= end {
            return days.split_off(days.len().saturating_sub(QUARTERS_MAX));
        }
        days.push(last);
        month += 3;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equals_share_a_score_and_order_does_not_matter() {
        let sorted = [1, 1, 1, 1, 1, 1, 2, 2, 3, 9];
        assert_eq!(fifth(&sorted, 1), 1);
        assert_eq!(fifth(&sorted, 2), 4);
        assert_eq!(fifth(&sorted, 3), 5);
        assert_eq!(fifth(&sorted, 9), 5);
        let ten: Vec<i64> = (0..10).collect();
        let scores: Vec<u8> = ten.iter().map(|v| fifth(&ten, *v)).collect();
        assert_eq!(scores, [1, 1, 2, 2, 3, 3, 4, 4, 5, 5]);
    }
}
