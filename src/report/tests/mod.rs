//! Figures of made-up people: those that the sample of a real shop does not show.
//!
//! What a real log comes to, and how a report looks, is tested through the command.

use super::*;
use crate::value::Money;

const START: Date = Date(20_000);

fn yen(minor: i64) -> Option<Money> {
    Currency::from_code("JPY").map(|currency| Money { currency, minor })
}

/// People who buy every few days for a while and then are gone, each at a pace and for a while of their own.
fn fickle(people: u32) -> Purchases {
    let mut purchases = Purchases::default();
    for person in 0..people {
        let (pace, stay) = (4 + person * 7 % 23, (person * 13 % 31) * 12);
        let first = person * 5 % 120;
        let mut day = first;
        while day <= first + stay && day < 365 {
            let amount = yen(i64::from(1_000 + person * 37 % 900 * 10 + day % 7 * 100));
            purchases.bought(person, Bought { day: Date(START.0 + day as i32), amount });
            day += pace + day % 3;
        }
    }
    purchases
}

fn figures(purchases: Purchases, options: &Options) -> Figures {
    let (people, _) = purchases.people();
    Figures::of(&people, Date(START.0 + 365), options).expect("somebody bought")
}

fn report(figures: Figures) -> Report {
    Report {
        version: REPORT_VERSION,
        project: "p".to_owned(),
        zone: "UTC".to_owned(),
        input: Input::default(),
        purchases: Some(figures),
        journeys: None,
    }
}

#[test]
fn people_who_are_gone_are_told_from_those_who_are_not() {
    let figures = figures(fickle(600), &Options::default());
    let future::Future::Estimated(estimate) = &figures.future else { panic!("{:?}", figures.future) };
    assert_eq!(estimate.model, "bg/nbd");
    let tenths = estimate.alive.as_ref().expect("somebody leaves");
    assert_eq!(tenths.iter().sum::<u64>(), 600);
    assert!(tenths[0] > 200, "most are long gone: {tenths:?}");
    let alive = estimate.alive_people.expect("somebody leaves");
    assert!(alive > 50.0 && alive < 350.0, "{alive}");
    // Who bought last week is likelier still there than who did so half a year ago.
    let chance = |seat: u32| estimate.people_values.iter().find(|(s, ..)| *s == seat).map(|(_, _, alive)| *alive);
    let regulars = figures.ladder.steps[0].next;
    assert!(regulars > 400 && chance(30).is_some() && chance(31).is_some());
    let english = text::text("t", &report(figures.clone()).sections(Language::English));
    assert!(english.contains("Careful: the model sees leaving") && english.contains("0–10%"), "{english}");
    let japanese = text::text("t", &report(figures).sections(Language::Japanese));
    assert!(japanese.contains("継続確率ごとの人数"), "{japanese}");
}

#[test]
fn margin_and_discount_lower_lifetime_values_as_they_should() {
    let total = |margin: f64, discount: f64, periods: u32| {
        let figures = figures(fickle(300), &Options { margin, discount, periods });
        let book::Value::Estimated(estimate) = &figures.books[0].value else { panic!("{:?}", figures.books[0].value) };
        estimate.people_values.iter().map(|(_, money)| money.minor as f64).sum::<f64>()
    };
    let whole = total(1.0, 0.0, 13);
    let near = |found: f64, expected: f64| assert!((found / expected - 1.0).abs() < 1e-3, "{found}, not {expected}");
    near(total(0.4, 0.0, 13), whole * 0.4);
    let discounted = total(1.0, 0.1, 13);
    assert!(discounted < whole && discounted > whole / 1.1, "{discounted} of {whole}");
    assert!(total(1.0, 0.0, 26) > whole);
}

#[test]
fn order_of_arrival_and_merges_do_not_matter() {
    let one = figures(fickle(150), &Options::default());
    let mut merged = Purchases::default();
    let (people, _) = fickle(150).people();
    // The other way round, and every person under two numbers until the end.
    for person in people.iter().rev() {
        for (place, day) in person.days.iter().enumerate().rev() {
            for amount in &day.amounts {
                let seat = if place % 2 == 0 { person.seat } else { person.seat + 1_000 };
                merged.bought(seat, Bought { day: day.date, amount: Some(*amount) });
            }
        }
    }
    (0..150).for_each(|seat| merged.unite(seat + 1_000, seat));
    assert_eq!(report(figures(merged, &Options::default())).to_json(), report(one).to_json());
}

#[test]
fn too_much_money_stays_in_its_bounds_and_nobody_is_nobody() {
    let mut purchases = Purchases::default();
    for seat in 0..3 {
        purchases.bought(seat, Bought { day: START, amount: yen(i64::MAX) });
        purchases.returned(seat, Bought { day: START, amount: yen(i64::MIN) });
    }
    purchases.returned(9, Bought { day: START, amount: None });
    let (people, strays) = purchases.clone().people();
    assert_eq!((people.len(), strays), (3, 1));
    let figures = figures(purchases, &Options::default());
    assert_eq!(figures.books[0].gross, format!("{} JPY", i64::MAX));
    assert_eq!(Figures::of(&[], START, &Options::default()), None);
    let nobody = Report { purchases: None, ..report(figures) };
    assert!(text::text("t", &nobody.sections(Language::English)).contains("Nobody bought anything"));
}

#[test]
fn quarters_end_where_the_calendar_says() {
    let day = |text: &str| Date::parse(text).expect("a day");
    let mut purchases = Purchases::default();
    for (seat, text) in [(0, "2024-12-31"), (0, "2025-03-31"), (1, "2025-01-01"), (1, "2025-07-01"), (2, "2025-10-01")]
    {
        purchases.bought(seat, Bought { day: day(text), amount: yen(100) });
    }
    let (people, _) = purchases.people();
    let figures = Figures::of(&people, day("2025-10-02"), &Options::default()).expect("somebody bought");
    let moves: Vec<(String, u64, u64)> =
        figures.books[0].rfm.moves.iter().map(|m| (format!("{} {}", m.from, m.to), m.people, m.newcomers)).collect();
    let expected = [
        ("2024-12-31 2025-03-31", 1, 1),
        ("2025-03-31 2025-06-30", 2, 0),
        ("2025-06-30 2025-09-30", 2, 0),
        ("2025-09-30 2025-10-02", 2, 1),
    ];
    assert_eq!(moves, expected.map(|(days, people, new)| (days.to_owned(), people, new)));
    assert_eq!(figures.cohorts.iter().map(|c| c.people).collect::<Vec<_>>(), [1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
    assert!(figures.cohorts[0].last_is_partial);
}
