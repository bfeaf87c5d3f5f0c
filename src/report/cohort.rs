//! Retention by the month of the first purchase: who of them bought in each later month.
//!
//! Months are the calendar's. Knows no money.

use serde::Serialize;

use super::purchases::Person;
use super::rate;
use crate::value::Date;

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Cohort {
    /// `2011-01`
    pub month: String,
    pub people: u64,
    /// Of them, those who bought in the month itself (all), one month later, and so on to the log's last month.
    pub active: Vec<u64>,
    pub rates: Vec<f64>,
    /// The last of these months was not over at the end of the log.
    pub last_is_partial: bool,
}

/// Of every month from the first to the last, also those in which nobody came.
pub fn cohorts(people: &[Person], end: Date) -> Vec<Cohort> {
    let Some(first) = people.iter().map(|person| month(person.first())).min() else { return Vec::new() };
    let last = month(end).max(first);
    let width = |cohort: i32| (last - cohort + 1) as usize;
    let mut active: Vec<Vec<u64>> = (first..=last).map(|cohort| vec![0; width(cohort)]).collect();
    for person in people {
        let own = month(person.first());
        let row = (own - first) as usize;
        let mut before = None;
        for day in &person.days {
            let offset = month(day.date) - own;
            if before != Some(offset)
                && let Some(count) = active.get_mut(row).and_then(|row| row.get_mut(offset as usize))
            {
                *count += 1;
            }
            before = Some(offset);
        }
    }
    let last_is_partial = month(Date(end.0.saturating_add(1))) == month(end);
    let cohort = |(row, active): (usize, Vec<u64>)| {
        let people = active.first().copied().unwrap_or(0);
        let rates = active.iter().map(|count| rate(*count, people)).collect();
        Cohort { month: name(first + row as i32), people, rates, active, last_is_partial }
    };
    active.into_iter().enumerate().map(cohort).collect()
}

/// Months since the year 0.
pub fn month(date: Date) -> i32 {
    let (year, month, _) = date.ymd();
    i32::from(year) * 12 + i32::from(month) - 1
}

/// `2011-01`
pub fn name(month: i32) -> String {
    format!("{:04}-{:02}", month.div_euclid(12), month.rem_euclid(12) + 1)
}
