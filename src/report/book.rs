//! Money in one currency: revenue, what people are worth so far and will be worth, and their fifths.
//!
//! Adds nothing of another currency. Amounts are exact; only the expectations of the models are not.

use serde::Serialize;

use super::cohort::{month, name};
use super::future::{Buying, buyer_of_days, four_weeks_rate, in_four_weeks};
use super::purchases::Person;
use super::rfm::Rfm;
use super::{Options, percentile, rounded, six_digits};
use crate::lifetime::{self, Spender, Spending, present_value, spending};
use crate::value::{Currency, Date, Money};

/// A person's purchases and returns in one currency, in minor units.
#[derive(Debug, Clone, PartialEq)]
pub struct Account {
    pub seat: u32,
    pub currency: Currency,
    /// Days with a purchase, ascending.
    pub days: Vec<(Date, i64)>,
    pub returned: Vec<(Date, i64)>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Book {
    pub currency: String,
    pub people: u64,
    /// Purchases with an amount in this currency.
    pub purchases: u64,
    /// Of these, those that came to nothing or less.
    pub worthless: u64,
    pub gross: String,
    pub returned: String,
    pub returns: u64,
    pub net: String,
    /// Of the gross.
    pub returned_share: f64,
    /// Gross by purchase.
    pub mean_purchase: String,
    /// Net by person.
    pub per_person: PerPerson,
    /// Share of the net of the tenth and the fifth of people who bring the most.
    pub top_tenth_share: f64,
    pub top_fifth_share: f64,
    pub months: Vec<Month>,
    pub rfm: Rfm,
    pub value: Value,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PerPerson {
    pub mean: String,
    pub p10: String,
    pub p50: String,
    pub p90: String,
    pub max: String,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Month {
    pub month: String,
    pub purchases: u64,
    pub gross: String,
    pub returned: String,
    /// The gross in units of the currency, for charts.
    #[serde(skip)]
    pub height: f64,
}

/// What people will be worth.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Value {
    Estimated(Box<Estimate>),
    /// Why not, in both languages.
    Unknown {
        why: String,
        why_ja: String,
    },
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Estimate {
    /// Gamma–Gamma; `v` in units of the currency.
    pub p: f64,
    pub q: f64,
    pub v: f64,
    pub log_likelihood: f64,
    /// People it is fitted to: with a purchase after the first day, and an amount above nothing.
    pub people: u64,
    /// Of repeats and amounts; the model takes it as 0.
    pub correlation: Option<f64>,
    /// What a day with a purchase brings, of somebody of whom nothing is known.
    pub expected_purchase: String,
    pub weeks: u32,
    pub margin: f64,
    pub discount: f64,
    /// Lifetime value from now on, of all people together, and by person.
    pub total: String,
    pub mean: String,
    pub p50: String,
    pub p90: String,
    pub top_tenth_share: f64,
    /// By person, in the order of the accounts; for profiles.
    #[serde(skip)]
    pub people_values: Vec<(u32, Money)>,
}

impl Account {
    /// What was paid less what was returned, to the end of a day.
    pub fn net_until(&self, on: Date) -> i64 {
        let sum = |list: &[(Date, i64)]| {
            list.iter().take_while(|(day, _)| *day <= on).fold(0_i64, |sum, (_, minor)| sum.saturating_add(*minor))
        };
        sum(&self.days).saturating_sub(sum(&self.returned))
    }

    /// Days after the first, and what they brought on average; `None` without any, or where they brought nothing.
    fn spender(&self) -> Option<Spender> {
        let later = self.days.get(1..).filter(|later| !later.is_empty())?;
        let sum = later.iter().map(|(_, minor)| *minor as f64).sum::<f64>();
        let mean = sum / later.len() as f64 / units(self.currency);
        (mean > 0.0).then_some(Spender { repeats: later.len() as u32, mean })
    }
}

/// Those who paid in the currency.
pub fn accounts(people: &[Person], currency: Currency) -> Vec<Account> {
    let account = |person: &Person| {
        let days: Vec<(Date, i64)> =
            person.days.iter().filter_map(|day| Some((day.date, day.amount(currency)?))).collect();
        let own = person.returned.iter().filter_map(|r| Some((r.day, r.amount.filter(|m| m.currency == currency)?)));
        let returned = own.map(|(day, money)| (day, money.minor)).collect();
        (!days.is_empty()).then_some(Account { seat: person.seat, currency, days, returned })
    };
    people.iter().filter_map(account).collect()
}

impl Book {
    pub(super) fn of(people: &[Person], currency: Currency, end: Date, buying: Buying<'_>, options: &Options) -> Book {
        let accounts = accounts(people, currency);
        let money = |minor: i64| Money { currency, minor }.to_string();
        let amounts =
            people.iter().flat_map(|p| &p.days).flat_map(|day| &day.amounts).filter(|m| m.currency == currency);
        let (mut purchases, mut worthless) = (0, 0);
        for amount in amounts {
            purchases += 1;
            worthless += u64::from(amount.minor <= 0);
        }
        let total = |list: &dyn Fn(&Account) -> i64| accounts.iter().map(list).fold(0, i64::saturating_add);
        let sum = |list: &[(Date, i64)]| list.iter().fold(0_i64, |sum, (_, minor)| sum.saturating_add(*minor));
        let (gross, returned) = (total(&|a| sum(&a.days)), total(&|a| sum(&a.returned)));
        let mut nets: Vec<i64> = accounts.iter().map(|a| a.net_until(Date(i32::MAX))).collect();
        nets.sort_unstable();
        let net = gross.saturating_sub(returned);
        let per = |whole: i64, parts: u64| money(divided(whole, parts));
        let at = |percent| money(percentile(&nets, percent).unwrap_or(0));
        Book {
            currency: currency.code().to_owned(),
            people: accounts.len() as u64,
            purchases,
            worthless,
            gross: money(gross),
            returned: money(returned),
            returns: accounts.iter().map(|a| a.returned.len() as u64).sum(),
            net: money(net),
            returned_share: share(returned, gross),
            mean_purchase: per(gross, purchases),
            per_person: PerPerson {
                mean: per(net, accounts.len() as u64),
                p10: at(10),
                p50: at(50),
                p90: at(90),
                max: at(100),
            },
            top_tenth_share: top_share(&nets, 10),
            top_fifth_share: top_share(&nets, 5),
            months: months(people, currency),
            rfm: Rfm::of(&accounts, end),
            value: value(&accounts, currency, end, buying, options),
        }
    }
}

/// Rounded half to even; 0 of nothing.
fn divided(whole: i64, parts: u64) -> i64 {
    let exact = crate::value::money::divide_half_even(i128::from(whole), i128::from(parts)).unwrap_or(0);
    i64::try_from(exact).unwrap_or(i64::MAX)
}

fn share(part: i64, whole: i64) -> f64 {
    if whole > 0 { rounded(part as f64 / whole as f64, 6) } else { 0.0 }
}

/// What the best one in so many brings of the whole; `sorted` ascends.
fn top_share(sorted: &[i64], one_in: usize) -> f64 {
    let best = sorted.len().div_ceil(one_in);
    let sum = |list: &[i64]| list.iter().copied().fold(0, i64::saturating_add);
    share(sum(&sorted[sorted.len() - best..]), sum(sorted))
}

fn months(people: &[Person], currency: Currency) -> Vec<Month> {
    let own = |amount: &&Money| amount.currency == currency;
    let bought = || people.iter().flat_map(|p| &p.days).map(|day| (month(day.date), day));
    let returned = || people.iter().flat_map(|p| &p.returned).filter_map(|r| Some((month(r.day), r.amount?)));
    let all = bought().map(|(m, _)| m).chain(returned().map(|(m, _)| m));
    let Some((first, last)) = all.fold(None, |range: Option<(i32, i32)>, m| {
        Some(range.map_or((m, m), |(first, last)| (first.min(m), last.max(m))))
    }) else {
        return Vec::new();
    };
    let mut rows = vec![(0_u64, 0_i64, 0_i64); (last - first + 1) as usize];
    for (m, day) in bought() {
        let row = &mut rows[(m - first) as usize];
        for amount in day.amounts.iter().filter(own) {
            row.0 += 1;
            row.1 = row.1.saturating_add(amount.minor);
        }
    }
    for (m, amount) in returned().filter(|(_, amount)| own(&amount)) {
        let row = &mut rows[(m - first) as usize];
        row.2 = row.2.saturating_add(amount.minor);
    }
    let money = |minor: i64| Money { currency, minor }.to_string();
    let month = |(row, (purchases, gross, returned)): (usize, (u64, i64, i64))| Month {
        month: name(first + row as i32),
        purchases,
        gross: money(gross),
        returned: money(returned),
        height: gross as f64 / units(currency),
    };
    rows.into_iter().enumerate().map(month).collect()
}

/// Minor units in a unit of the currency.
fn units(currency: Currency) -> f64 {
    libm::pow(10.0, f64::from(currency.minor_digits()))
}

fn value(accounts: &[Account], currency: Currency, end: Date, buying: Buying<'_>, options: &Options) -> Value {
    let unknown = |refusal: &lifetime::Refusal| Value::Unknown { why: refusal.to_string(), why_ja: refusal.ja() };
    let buying = match buying {
        Ok(buying) => buying,
        Err(refusal) => return unknown(refusal),
    };
    let spenders: Vec<Spender> = accounts.iter().filter_map(Account::spender).collect();
    let fit = match Spending::fit(&spenders) {
        Ok(fit) => fit,
        Err(refusal) => return unknown(&refusal),
    };
    let money = |amount: f64| Money { currency, minor: libm::round(amount * units(currency)) as i64 };
    let discount = four_weeks_rate(options.discount);
    let mut values = Vec::new();
    for account in accounts {
        let days: Vec<Date> = account.days.iter().map(|(day, _)| *day).collect();
        // Periods of four weeks: the model's time in these, as its α.
        let Some(buyer) = buyer_of_days(&days, end) else { continue };
        let Some(often) = present_value(&buying.in_four_weeks(), &in_four_weeks(&buyer), options.periods, discount)
        else {
            return unknown(&lifetime::Refusal::NoRest);
        };
        let spender = account.spender().unwrap_or(Spender { repeats: 0, mean: 0.0 });
        values.push((account.seat, often * fit.spending.expected(spender.repeats, spender.mean) * options.margin));
    }
    let mut sorted: Vec<f64> = values.iter().map(|(_, value)| *value).collect();
    sorted.sort_by(f64::total_cmp);
    let total: f64 = sorted.iter().sum();
    let best: f64 = sorted[sorted.len() - sorted.len().div_ceil(10)..].iter().sum();
    let at = |percent| money(percentile(&sorted, percent).unwrap_or(0.0)).to_string();
    Value::Estimated(Box::new(Estimate {
        p: six_digits(fit.spending.p),
        q: six_digits(fit.spending.q),
        v: six_digits(fit.spending.v),
        log_likelihood: rounded(fit.log_likelihood, 3),
        people: spenders.len() as u64,
        correlation: spending::correlation(&spenders).map(|c| rounded(c, 4)),
        expected_purchase: money(fit.spending.expected(0, 0.0)).to_string(),
        weeks: options.periods * 4,
        margin: options.margin,
        discount: options.discount,
        total: money(total).to_string(),
        mean: money(total / sorted.len().max(1) as f64).to_string(),
        p50: at(50),
        p90: at(90),
        top_tenth_share: if total > 0.0 { rounded(best / total, 6) } else { 0.0 },
        people_values: values.into_iter().map(|(seat, value)| (seat, money(value))).collect(),
    }))
}
