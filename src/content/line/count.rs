//! How many elements of a list there are in the end: the fewest and the most over all ways its conditions may turn out.
//!
//! Refuses nothing; who knows the limit does.

use std::collections::BTreeMap;

use crate::content::node::Part;
use crate::content::template::Checker;
use crate::content::template::truth::{Order, Truth};

/// Ways for conditions to turn out that are gone through; with more, each is taken for itself.
const WAYS_MAX: usize = 4096;

/// How many elements a list may come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Count {
    pub least: usize,
    /// Absent: as many as a list without a known end has.
    pub most: Option<usize>,
}

pub fn count(items: &[Part], checker: &mut Checker<'_>) -> Count {
    let (mut sure, mut looped) = (0, Some(0usize));
    let mut conditions = Vec::new();
    for item in items {
        match (&item.each, &item.when) {
            (Some(each), _) => {
                let told = checker.found.len();
                let times = checker.enter_loop(&each.piece, &each.name, each.list);
                checker.leave_loop();
                checker.found.truncate(told);
                looped = looped.zip(times).map(|(sum, times)| sum.saturating_add(times));
            }
            (None, Some(when)) => conditions.push(checker.truth(when)),
            (None, None) => sure += 1,
        }
    }
    let (least, most) = ways(&conditions);
    Count { least: sure + least, most: looped.map(|looped| looped.saturating_add(sure + most)) }
}

/// What a condition asks of, and the answers that make a difference.
enum Asked {
    Holds,
    /// Texts; whether there are others.
    Texts(Vec<String>, bool),
    /// Numbers in their order.
    Numbers(Vec<f64>),
}

impl Asked {
    fn answers(&self) -> usize {
        match self {
            Asked::Holds => 2,
            Asked::Texts(texts, others) => texts.len() + usize::from(*others),
            // Each number, and what lies before, between and behind.
            Asked::Numbers(numbers) => 2 * numbers.len() + 1,
        }
    }
}

/// The fewest and the most of these that hold at once; one that is no condition may hold or not.
fn ways(conditions: &[Option<Truth>]) -> (usize, usize) {
    let mut asked: BTreeMap<(u8, &str), Asked> = BTreeMap::new();
    conditions.iter().flatten().for_each(|truth| ask(truth, &mut asked));
    let all: Vec<(&(u8, &str), &Asked)> = asked.iter().collect();
    let count = all.iter().try_fold(1usize, |count, (_, asked)| count.checked_mul(asked.answers()));
    let unknown = conditions.iter().filter(|truth| truth.is_none()).count();
    let Some(count) = count.filter(|count| *count <= WAYS_MAX) else { return (0, conditions.len()) };
    let (mut least, mut most) = (usize::MAX, 0);
    for way in 0..count {
        let mut rest = way;
        let mut answers: BTreeMap<(u8, &str), usize> = BTreeMap::new();
        for (key, asked) in &all {
            answers.insert(**key, rest % asked.answers());
            rest /= asked.answers();
        }
        let holding = conditions.iter().flatten().filter(|truth| holds(truth, &asked, &answers)).count();
        (least, most) = (least.min(holding), most.max(holding + unknown));
    }
    (least, most)
}

fn ask<'t>(truth: &'t Truth, asked: &mut BTreeMap<(u8, &'t str), Asked>) {
    match truth {
        Truth::Not(inner) => ask(inner, asked),
        Truth::And(a, b) | Truth::Or(a, b) => {
            ask(a, asked);
            ask(b, asked);
        }
        Truth::Holds(of) => drop(asked.entry((0, of)).or_insert(Asked::Holds)),
        Truth::Is { of, text, all } => {
            let texts = || Asked::Texts(all.clone().unwrap_or_default(), all.is_none());
            if let Asked::Texts(texts, _) = asked.entry((1, of)).or_insert_with(texts)
                && !texts.contains(text)
            {
                texts.push(text.clone());
            }
        }
        Truth::Against { of, number, .. } => {
            if let Asked::Numbers(numbers) = asked.entry((2, of)).or_insert_with(|| Asked::Numbers(Vec::new())) {
                let at = numbers.partition_point(|known| known < number);
                if numbers.get(at) != Some(number) {
                    numbers.insert(at, *number);
                }
            }
        }
    }
}

fn holds(truth: &Truth, asked: &BTreeMap<(u8, &str), Asked>, answers: &BTreeMap<(u8, &str), usize>) -> bool {
    let answer = |kind: u8, of: &str| answers.get(&(kind, of)).copied().unwrap_or(0);
    match truth {
        Truth::Not(inner) => !holds(inner, asked, answers),
        Truth::And(a, b) => holds(a, asked, answers) && holds(b, asked, answers),
        Truth::Or(a, b) => holds(a, asked, answers) || holds(b, asked, answers),
        Truth::Holds(of) => answer(0, of) == 1,
        Truth::Is { of, text, .. } => match asked.get(&(1, of.as_str())) {
            Some(Asked::Texts(texts, _)) => texts.get(answer(1, of)) == Some(text),
            Some(Asked::Holds | Asked::Numbers(_)) | None => false,
        },
        Truth::Against { of, order, number } => match asked.get(&(2, of.as_str())) {
            Some(Asked::Numbers(numbers)) => {
                let at = 2 * numbers.partition_point(|known| known < number) + 1;
                let here = answer(2, of);
                match order {
                    Order::Below => here < at,
                    Order::AtMost => here <= at,
                    Order::Equal => here == at,
                    Order::AtLeast => here >= at,
                    Order::Above => here > at,
                }
            }
            Some(Asked::Holds | Asked::Texts(..)) | None => false,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holds(of: &str) -> Truth {
        Truth::Holds(of.to_owned())
    }
    fn not(truth: Truth) -> Truth {
        Truth::Not(Box::new(truth))
    }
    fn is(text: &str, all: Option<&[&str]>) -> Truth {
        let all = all.map(|all| all.iter().map(|text| (*text).to_owned()).collect());
        Truth::Is { of: "rank".to_owned(), text: text.to_owned(), all }
    }
    fn than(order: Order, number: f64) -> Truth {
        Truth::Against { of: "n".to_owned(), order, number }
    }
    fn of(conditions: Vec<Truth>) -> (usize, usize) {
        ways(&conditions.into_iter().map(Some).collect::<Vec<_>>())
    }

    #[test]
    fn what_excludes_what() {
        let ranks: Option<&[&str]> = Some(&["bronze", "silver", "gold"]);
        assert_eq!(of(vec![]), (0, 0));
        assert_eq!(of(vec![holds("a"), holds("b"), holds("a")]), (0, 3));
        assert_eq!(of(vec![holds("a"), not(holds("a"))]), (1, 1));
        assert_eq!(of(vec![is("gold", ranks), is("silver", ranks), is("bronze", ranks)]), (1, 1));
        assert_eq!(of(vec![is("gold", None), is("silver", None)]), (0, 1));
        assert_eq!(of(vec![not(is("gold", ranks)), not(is("silver", ranks))]), (1, 2));
        assert_eq!(of(vec![than(Order::Below, 3.0), than(Order::AtLeast, 3.0)]), (1, 1));
        assert_eq!(of(vec![than(Order::AtMost, 3.0), than(Order::AtLeast, 3.0)]), (1, 2));
        assert_eq!(of(vec![than(Order::Below, 1.0), than(Order::Equal, 1.0), than(Order::Above, 2.0)]), (0, 1));
        let both = Truth::And(Box::new(holds("a")), Box::new(not(holds("b"))));
        assert_eq!(of(vec![both, holds("b"), Truth::Or(Box::new(holds("a")), Box::new(holds("b")))]), (0, 2));
        assert_eq!(ways(&[None, Some(holds("a"))]), (0, 2));
        // Too many to go through: each for itself.
        assert_eq!(of((0..20).map(|i| holds(&i.to_string())).collect()), (0, 20));
    }
}
