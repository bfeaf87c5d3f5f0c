//! Purchases as they come in, gathered by person and day.
//!
//! Knows no events: the caller says what a purchase is, what a return, and on which day of the project's zone it was.

use crate::value::{Currency, Date, Money};

/// A purchase or a return.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bought {
    pub day: Date,
    /// Absent where the event says nothing of money.
    pub amount: Option<Money>,
}

/// What came in so far, by person.
#[derive(Debug, Clone, Default)]
pub struct Purchases {
    people: Vec<Raw>,
    last: Option<Date>,
}

#[derive(Debug, Clone, Default)]
struct Raw {
    bought: Vec<Bought>,
    returned: Vec<Bought>,
}

/// Somebody who bought.
#[derive(Debug, Clone, PartialEq)]
pub struct Person {
    /// The number the caller knows them by.
    pub seat: u32,
    /// Days with a purchase, ascending; at least one.
    pub days: Vec<Day>,
    pub returned: Vec<Bought>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Day {
    pub date: Date,
    pub purchases: u32,
    /// Purchases with an amount of money, each.
    pub amounts: Vec<Money>,
}

impl Person {
    pub fn first(&self) -> Date {
        self.days.first().map_or(Date(i32::MAX), |day| day.date)
    }
    pub fn last(&self) -> Date {
        self.days.last().map_or(Date(i32::MIN), |day| day.date)
    }
    pub fn purchases(&self) -> u64 {
        self.days.iter().map(|day| u64::from(day.purchases)).sum()
    }
}

impl Day {
    /// What was paid in a currency; `None` where nothing was.
    pub fn amount(&self, currency: Currency) -> Option<i64> {
        let mut own =
            self.amounts.iter().filter(|money| money.currency == currency).map(|money| money.minor).peekable();
        own.peek()?;
        Some(own.fold(0, i64::saturating_add))
    }
}

impl Purchases {
    pub fn bought(&mut self, seat: u32, bought: Bought) {
        self.person(seat).bought.push(bought);
        self.last = self.last.max(Some(bought.day));
    }

    pub fn returned(&mut self, seat: u32, returned: Bought) {
        self.person(seat).returned.push(returned);
        self.last = self.last.max(Some(returned.day));
    }

    /// The two are one person, known as `into` from now on.
    pub fn unite(&mut self, gone: u32, into: u32) {
        if gone == into || gone as usize >= self.people.len() {
            return;
        }
        let Raw { bought, returned } = std::mem::take(&mut self.people[gone as usize]);
        let kept = self.person(into);
        kept.bought.extend(bought);
        kept.returned.extend(returned);
    }

    /// The latest day on which anything was bought or returned.
    pub fn last_day(&self) -> Option<Date> {
        self.last
    }

    /// Everybody with a purchase, by number; and the returns of people without any.
    pub fn people(self) -> (Vec<Person>, u64) {
        let (mut people, mut strays) = (Vec::new(), 0);
        for (seat, Raw { mut bought, mut returned }) in self.people.into_iter().enumerate() {
            if bought.is_empty() {
                strays += returned.len() as u64;
                continue;
            }
            bought.sort_by_key(|b| b.day);
            returned.sort_by_key(|b| b.day);
            let mut days: Vec<Day> = Vec::new();
            for Bought { day, amount } in bought {
                if days.last().is_none_or(|last| last.date != day) {
                    days.push(Day { date: day, purchases: 0, amounts: Vec::new() });
                }
                if let Some(last) = days.last_mut() {
                    last.purchases = last.purchases.saturating_add(1);
                    last.amounts.extend(amount);
                }
            }
            people.push(Person { seat: seat as u32, days, returned });
        }
        (people, strays)
    }

    fn person(&mut self, seat: u32) -> &mut Raw {
        let place = seat as usize;
        if self.people.len() <= place {
            self.people.resize_with(place + 1, Raw::default);
        }
        &mut self.people[place]
    }
}
