//! The ladder of repeat purchases, F1 → F2 → F3 …, by distinct days with a purchase; and how long the first step takes.
//!
//! Counts people, not money. Two purchases on one day are one rung.

use serde::Serialize;

use super::purchases::Person;
use super::{percentile, rate};
use crate::value::Date;

/// Rungs above the first that are told.
const RUNGS: usize = 9;
/// Within how many days of the first purchase the second came.
pub const WITHIN_DAYS: [i32; 5] = [30, 60, 90, 180, 365];
/// Steps whose gaps are told.
const GAPS: usize = 3;

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Ladder {
    /// From F1 on, as far as anybody got.
    pub steps: Vec<Step>,
    pub second_within: Vec<Within>,
    pub gaps: Vec<Gap>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Step {
    /// Days with a purchase: 1 is F1.
    pub from: u32,
    /// People who got that far.
    pub people: u64,
    /// Of these, those who went on.
    pub next: u64,
    pub rate: f64,
}

/// F2 within so many days, of those only whose first purchase is that long ago.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Within {
    pub days: i32,
    pub people: u64,
    pub reached: u64,
    pub rate: f64,
}

/// Days between two rungs, over those who took the step; nearest rank.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Gap {
    pub from: u32,
    pub p10: i32,
    pub p25: i32,
    pub p50: i32,
    pub p75: i32,
    pub p90: i32,
}

impl Ladder {
    pub fn of(people: &[Person], end: Date) -> Ladder {
        let reached = |rung: usize| people.iter().filter(|person| person.days.len() >= rung).count() as u64;
        let mut steps = Vec::new();
        for rung in 1..=RUNGS {
            let (people, next) = (reached(rung), reached(rung + 1));
            if people == 0 {
                break;
            }
            steps.push(Step { from: rung as u32, people, next, rate: rate(next, people) });
        }
        let within = |days: i32| {
            let seen = || people.iter().filter(move |person| end.0 - person.first().0 >= days);
            let came = |person: &&Person| gap(person, 0).is_some_and(|gap| gap <= days);
            let (people, reached) = (seen().count() as u64, seen().filter(came).count() as u64);
            Within { days, people, reached, rate: rate(reached, people) }
        };
        let gaps = (0..GAPS).filter_map(|step| {
            let mut gaps: Vec<i32> = people.iter().filter_map(|person| gap(person, step)).collect();
            gaps.sort_unstable();
            let at = |percent| percentile(&gaps, percent);
            let from = step as u32 + 1;
            Some(Gap { from, p10: at(10)?, p25: at(25)?, p50: at(50)?, p75: at(75)?, p90: at(90)? })
        });
        Ladder { steps, second_within: WITHIN_DAYS.map(within).to_vec(), gaps: gaps.collect() }
    }
}

/// Days between the rungs `step` and `step + 1`, from 0.
fn gap(person: &Person, step: usize) -> Option<i32> {
    Some(person.days.get(step + 1)?.date.0 - person.days.get(step)?.date.0)
}
