//! Bounds before and after: how long a journey can last, how many messages it can send, whether its promises hold.
//!
//! Proves nothing: `prove` does.

use super::facet::{self, Facet};
use super::{Change, Kind, Section, Status, Thing};
use crate::ir::{Place, Program};
use crate::prove::{self, Analysis, Judged, Longest, Most, Proof, Verdict};
use crate::value::CalendarPeriod;
use crate::value::time::MILLIS_PER_DAY;
use crate::words::{Both, Words, period};

/// Adds what became of the bounds to the sections of journeys, and a section of what all journeys send together.
pub fn add(old: &Program, new: &Program, sections: &mut Vec<Section>) {
    let (before, after) = (prove::prove(old), prove::prove(new));
    for (id, journey) in new.journeys.iter().enumerate() {
        let facets = of_journey(new, id, &after.journeys[id]);
        let known = old.journeys.iter().position(|j| j.name == journey.name);
        let was = known.map_or_else(Vec::new, |id| of_journey(old, id, &before.journeys[id]));
        let place = new.places.journeys.get(id);
        let changes = facet::compare(None, place, &was, &facets);
        if !changes.is_empty() {
            note(sections, &journey.name, journey.title.as_ref(), place, changes);
        }
    }
    let changes = facet::compare(None, None, &together(&before), &together(&after));
    if !changes.is_empty() {
        sections.push(Section {
            of: Thing::Pressure,
            name: String::new(),
            title: None,
            status: Status::Changed,
            place: None,
            changes,
        });
    }
}

fn note(sections: &mut Vec<Section>, name: &str, title: Option<&String>, place: Option<&Place>, changes: Vec<Change>) {
    match sections.iter_mut().find(|section| section.of == Thing::Journey && section.name == name) {
        Some(section) => section.changes.extend(changes),
        None => sections.push(Section {
            of: Thing::Journey,
            name: name.to_string(),
            title: title.cloned(),
            status: Status::Changed,
            place: place.cloned(),
            changes,
        }),
    }
}

fn of_journey(program: &Program, id: usize, proof: &Proof) -> Vec<Facet> {
    let bounds = &proof.bounds;
    let bound = |key, ja, shown: Both| Facet::new(key, ja, Kind::Bound, shown.en.clone(), shown);
    let mut facets = vec![
        bound("longest stay", "最長の滞在", longest(bounds.stay)),
        bound("most messages of a run", "1 回の最多メッセージ", most(bounds.run.all)),
        bound("most messages a day", "1 日の最多メッセージ", most(bounds.day.all)),
        bound("most messages in 7 days", "7 日の最多メッセージ", most(bounds.week.all)),
    ];
    let journey = &program.journeys[id];
    facets.extend(proof.promises.iter().map(|judged: &Judged| {
        let said = Both::of(|language| Words::new(program, Some(journey), language).promise(&judged.promise));
        let mut facet = bound("promise", "約束", verdict(&judged.verdict));
        facet.key = format!("promise {}", said.en);
        facet.label = Both::new(format!("promise “{}”", said.en), format!("約束「{}」", said.ja));
        facet
    }));
    facets
}

fn together(analysis: &Analysis) -> Vec<Facet> {
    let bound = |key, ja, shown: Both| Facet::new(key, ja, Kind::Bound, shown.en.clone(), shown);
    vec![
        bound("most messages a day", "1 日の最多メッセージ", most(analysis.pressure.day.total)),
        bound("most messages in 7 days", "7 日の最多メッセージ", most(analysis.pressure.week.total)),
    ]
}

fn longest(longest: Longest) -> Both {
    match longest {
        Longest::Within { time, clocks: _ } => {
            let whole = CalendarPeriod {
                days: i32::try_from(time.0 / MILLIS_PER_DAY).unwrap_or(i32::MAX),
                millis: time.0 % MILLIS_PER_DAY,
                ..CalendarPeriod::default()
            };
            Both::of(|language| period(whole, language))
        }
        Longest::Never { .. } => no_bound(),
    }
}

fn most(most: Most) -> Both {
    match most {
        Most::Count(count) => Both::same(count.to_string()),
        Most::Unbounded(_) => no_bound(),
    }
}

fn no_bound() -> Both {
    Both::new("no bound", "上限なし")
}

fn verdict(verdict: &Verdict) -> Both {
    match verdict {
        Verdict::Proven => Both::new("proven", "証明済み"),
        Verdict::Open(_) => Both::new("not proven", "証明できず"),
    }
}
