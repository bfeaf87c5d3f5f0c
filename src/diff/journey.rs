//! Journeys: what their headers say, and what became of each step.
//!
//! Matching is next door; this says what it found.

use super::align::{self, Pair, Placed};
use super::facet::{self, Facet};
use super::outline::{Branch, Step, outline};
use super::{Change, Kind, Section, Status, Thing};
use crate::ir::places::HeaderLine;
use crate::ir::{Audience, Expr, Journey, JourneyId, Place, Program, Start};
use crate::words::{Both, Exact, Words, percent, period};

pub fn sections(old: &Program, new: &Program) -> Vec<Section> {
    let mut sections = Vec::new();
    for journey in &new.journeys {
        match old.journey_named(&journey.name) {
            None => sections.push(whole(new, &journey.name, Status::Added)),
            Some(_) => sections.extend(changed(old, new, &journey.name)),
        }
    }
    let gone = old.journeys.iter().filter(|j| new.journey_named(&j.name).is_none());
    sections.extend(gone.map(|journey| whole(old, &journey.name, Status::Removed)));
    sections
}

fn whole(program: &Program, name: &str, status: Status) -> Section {
    let id = named(program, name);
    let kind = if status == Status::Added { Kind::Added } else { Kind::Removed };
    let steps = outline(program, id);
    let changes = align::placed(&steps).iter().map(|placed| appearance(placed, kind)).collect();
    Section { status, changes, ..empty(program, id) }
}

fn named(program: &Program, name: &str) -> JourneyId {
    program.journey_named(name).expect("the name was taken from this program")
}

fn empty(program: &Program, id: JourneyId) -> Section {
    let journey = program.journey(id);
    Section {
        of: Thing::Journey,
        name: journey.name.clone(),
        title: journey.title.clone(),
        status: Status::Changed,
        place: place(program, id),
        changes: Vec::new(),
    }
}

fn place(program: &Program, id: JourneyId) -> Option<Place> {
    program.places.journeys.get(id.index()).cloned()
}

fn changed(old: &Program, new: &Program, name: &str) -> Option<Section> {
    let (before, after) = (named(old, name), named(new, name));
    let place = place(new, after);
    let headers = (Header::of(old, before), Header::of(new, after));
    let mut changes = facet::compare(None, place.as_ref(), &headers.0.single, &headers.1.single);
    changes.extend(facet::compare_sets(place.as_ref(), &headers.0.several, &headers.1.several));
    changes.extend(steps(&outline(old, before), &outline(new, after)));
    (!changes.is_empty()).then(|| Section { changes, ..empty(new, after) })
}

// ---- steps -----------------------------------------------------------------------------------------------------------

fn steps(old: &[Step], new: &[Step]) -> Vec<Change> {
    let alignment = align::align(old, new);
    let mut changes: Vec<Change> = alignment.removed.iter().map(|placed| appearance(placed, Kind::Removed)).collect();
    let mut later: Vec<(u32, Vec<Change>)> = Vec::new();
    for pair in &alignment.pairs {
        later.push((pair.new.step.place.line, of_pair(pair)));
    }
    for placed in &alignment.added {
        later.push((placed.step.place.line, vec![appearance(placed, Kind::Added)]));
    }
    later.sort_by_key(|(line, _)| *line);
    changes.extend(later.into_iter().flat_map(|(_, changes)| changes));
    changes
}

/// A step that came or went, with what it says.
fn appearance(placed: &Placed, kind: Kind) -> Change {
    let step = placed.step;
    let shown = in_context(placed);
    let (old, new) = if kind == Kind::Added { (None, Some(shown)) } else { (Some(shown), None) };
    Change { kind, step: Some(step.name.clone()), what: None, old, new, place: Some(step.place.clone()) }
}

/// `send line cart_nudge (in if_1: rank = gold)`
fn in_context(placed: &Placed) -> Both {
    let shown = &placed.step.shown;
    match context(placed) {
        None => shown.clone(),
        Some(context) => Both::new(format!("{} ({})", shown.en, context.en), format!("{} ({})", shown.ja, context.ja)),
    }
}

fn context(placed: &Placed) -> Option<Both> {
    let (step, block) = placed.inside?;
    Some(match block.branch {
        Branch::Body => Both::new(format!("inside `{}`", step.name), format!("`{}` の中", step.name)),
        Branch::Case | Branch::Arm | Branch::Otherwise => Both::new(
            format!("in `{}`: {}", step.name, block.shown.en),
            format!("`{}` の「{}」", step.name, block.shown.ja),
        ),
    })
}

fn of_pair(pair: &Pair) -> Vec<Change> {
    let (old, new) = (pair.old.step, pair.new.step);
    let place = Some(&new.place);
    let mut changes = Vec::new();
    if pair.moved {
        changes.push(Change {
            kind: Kind::Moved,
            step: Some(new.name.clone()),
            what: Some(new.shown.clone()),
            old: Some(position(&pair.old)),
            new: Some(position(&pair.new)),
            place: place.cloned(),
        });
    }
    if old.name != new.name && (old.is_named() || new.is_named()) {
        changes.push(Change {
            kind: Kind::Step,
            step: Some(new.name.clone()),
            what: Some(Both::new("name", "名前")),
            old: Some(Both::same(&old.name)),
            new: Some(Both::same(&new.name)),
            place: place.cloned(),
        });
    }
    changes.extend(facet::compare(Some(&new.name), place, &old.facets, &new.facets));
    changes.extend(branches(old, new));
    changes
}

/// Where a step stands.
fn position(placed: &Placed) -> Both {
    let after = match placed.after {
        Some(step) => Both::new(format!("after `{}`", step.name), format!("`{}` の後", step.name)),
        None => Both::new("first", "先頭"),
    };
    match context(placed) {
        None => after,
        Some(context) => Both::new(format!("{}, {}", context.en, after.en), format!("{}、{}", context.ja, after.ja)),
    }
}

/// Conditions and arms of two versions of a step; what stands in them has been matched on its own.
fn branches(old: &Step, new: &Step) -> Vec<Change> {
    let pairs = align::blocks(old, new);
    let change = |kind, what: (&str, &str), before: Option<Both>, after: Option<Both>| Change {
        kind,
        step: Some(new.name.clone()),
        what: Some(Both::new(what.0, what.1)),
        old: before,
        new: after,
        place: Some(new.place.clone()),
    };
    let mut changes = Vec::new();
    let mut order = Vec::new();
    for (before, after) in &pairs {
        if let (Some(before), Some(_)) = (before, after) {
            order.push(old.blocks.iter().position(|b| std::ptr::eq(b, *before)));
        }
        let branch = match (before, after) {
            (Some(block), _) | (None, Some(block)) => block.branch,
            (None, None) => continue,
        };
        let (kind, what) = match branch {
            Branch::Case => (Kind::Condition, ("condition", "条件")),
            Branch::Arm => (Kind::Arms, ("arm", "群")),
            // That there is a fallback shows in the steps in it; an empty one does nothing.
            Branch::Otherwise | Branch::Body => continue,
        };
        if before.map(|b| &b.exact) != after.map(|b| &b.exact) {
            changes.push(change(kind, what, before.map(|b| b.shown.clone()), after.map(|b| b.shown.clone())));
        }
    }
    if !order.is_sorted() {
        let list = |step: &Step| {
            let shown = |get: fn(&Both) -> &String| {
                let cases = step.blocks.iter().filter(|b| matches!(b.branch, Branch::Case | Branch::Arm));
                cases.map(|b| get(&b.shown).as_str()).collect::<Vec<_>>().join("; ")
            };
            Some(Both::new(shown(|b| &b.en), shown(|b| &b.ja)))
        };
        // The order of arms that are drawn means nothing; the first condition that holds is taken.
        if new.blocks.iter().any(|b| b.branch == Branch::Case) {
            changes.push(change(Kind::Condition, ("order of conditions", "条件の順序"), list(old), list(new)));
        }
    }
    changes
}

// ---- headers ---------------------------------------------------------------------------------------------------------

/// What stands above the steps.
struct Header {
    single: Vec<Facet>,
    /// Lines of which there may be several: exits, promises.
    several: Vec<Facet>,
}

impl Header {
    fn of(program: &Program, id: JourneyId) -> Header {
        let journey = program.journey(id);
        let mut single = texts(program, journey);
        single.extend(goal(program, journey));
        single.extend(start(program, journey));
        let at = |line| program.places.header(id, line);
        let single = single.into_iter().map(|facet| match line_of(&facet.key) {
            Some(line) => facet.at(at(line)),
            None => facet,
        });
        Header { single: single.collect(), several: several(program, id) }
    }
}

/// The line of the header that says what a facet is of; the title stands where the journey is named.
fn line_of(facet: &str) -> Option<HeaderLine> {
    Some(match facet {
        "purpose" => HeaderLine::Purpose,
        "owner" => HeaderLine::Owner,
        "policy" => HeaderLine::Policy,
        "priority" => HeaderLine::Priority,
        "reentry" => HeaderLine::Reentry,
        "stage" => HeaderLine::Stage,
        "about" => HeaderLine::About,
        "review by" | "review every" => HeaderLine::Review,
        "holdout" => HeaderLine::Holdout,
        "goal" | "goal within" | "goal target" => HeaderLine::Goal,
        "start when" | "settled for" | "one run per" | "for" | "including members" => HeaderLine::Start,
        "only if" => HeaderLine::OnlyIf,
        _ => return None,
    })
}

fn said(program: &Program, journey: &Journey, write: impl Fn(&mut Words) -> String) -> Both {
    Both::of(|language| write(&mut Words::new(program, Some(journey), language)))
}

fn texts(program: &Program, journey: &Journey) -> Vec<Facet> {
    let text = |key, ja, text: &str| Facet::plain(key, ja, Kind::Rule, text);
    let mut facets = vec![
        text("purpose", "目的", &journey.purpose),
        text("owner", "担当", &journey.owner),
        text("policy", "ポリシー", &program.policy(journey.policy).name),
        text("priority", "優先度", &journey.priority.to_string()),
        Facet::new(
            "reentry",
            "再参加",
            Kind::Rule,
            format!("{:?}", journey.reentry),
            said(program, journey, |words| words.reentry(journey.reentry)),
        ),
    ];
    facets.extend(journey.title.as_ref().map(|title| text("title", "題名", title)));
    facets.extend(journey.stage.as_ref().map(|stage| text("stage", "段階", stage)));
    facets.extend(journey.about.as_ref().map(|about| text("about", "説明", about)));
    facets.extend(journey.review_by.as_ref().map(|by| text("review by", "見直しの担当", by)));
    facets.extend(journey.review_every.map(|every| {
        let shown = Both::of(|language| period(every, language));
        Facet::new("review every", "見直しの間隔", Kind::Rule, every.to_string(), shown)
    }));
    facets.extend(journey.holdout.map(|holdout| {
        let split = &program.splits[holdout.split.index()];
        let shown = said(program, journey, |words| words.arms(holdout.split).first().cloned().unwrap_or_default());
        let exact = format!("{} {:?}", split.name, split.arms.first().map(|arm| arm.share));
        let named = Both::new(format!("{} ({})", split.name, shown.en), format!("{} ({})", split.name, shown.ja));
        Facet::new("holdout", "比較対象", Kind::Arms, exact, named)
    }));
    facets
}

fn goal(program: &Program, journey: &Journey) -> Vec<Facet> {
    let Some(goal) = &journey.goal else { return Vec::new() };
    let exact = Exact::new(program, Some(journey)).event(goal.event, goal.filter.as_ref());
    let shown = said(program, journey, |words| words.event(goal.event, goal.filter.as_ref()));
    let within = Both::of(|language| period(goal.within, language));
    let mut facets = vec![
        Facet::new("goal", "ゴール", Kind::Condition, exact, shown),
        Facet::new("goal within", "ゴールの期間", Kind::Retimed, goal.within.to_string(), within),
    ];
    facets.extend(
        goal.target.map(|target| Facet::plain("goal target", "ゴールの目標", Kind::Rule, percent(target.micro))),
    );
    facets
}

fn start(program: &Program, journey: &Journey) -> Vec<Facet> {
    let mut exact = Exact::new(program, Some(journey));
    let trigger = |exact: String| {
        let shown = said(program, journey, |words| words.trigger(journey));
        Facet::new("start when", "開始", Kind::Condition, exact, shown)
    };
    let mut facets = Vec::new();
    let condition = |exact: &mut Exact, key, ja, of: &Expr| {
        let shown = said(program, journey, |words| words.expr(of));
        Facet::new(key, ja, Kind::Condition, exact.expr(of, None), shown)
    };
    let for_whom = |exact: &mut Exact, audience: &Audience| {
        let segment = audience.segment.map_or("", |segment| exact.segment(segment)).to_string();
        let condition = audience.condition.as_ref().map_or_else(String::new, |c| exact.expr(c, None));
        let shown = said(program, journey, |words| words.audience(audience));
        Facet::new("for", "対象", Kind::Condition, format!("{segment} {condition}"), shown)
    };
    match &journey.start {
        Start::Event { event, filter, key, settled, audience, bind: _ } => {
            facets.push(trigger(format!("event {}", exact.event(*event, filter.as_ref()))));
            facets.extend(settled.map(|quiet| {
                let shown = Both::of(|language| period(quiet, language));
                Facet::new("settled for", "落ち着くまで", Kind::Retimed, quiet.to_string(), shown)
            }));
            facets.extend(key.as_ref().map(|key| condition(&mut exact, "one run per", "実行の単位", key)));
            facets.extend(audience.as_ref().map(|audience| for_whom(&mut exact, audience)));
        }
        Start::Segment { segment, enters, including_members } => {
            facets.push(trigger(format!("segment {} {enters}", exact.segment(*segment))));
            if *including_members {
                facets.push(Facet::new("including members", "現在の該当者", Kind::Rule, "yes", yes()));
            }
        }
        Start::Schedule { schedule, audience } => {
            facets.push(trigger(format!("schedule {}", exact.schedule(schedule))));
            facets.push(for_whom(&mut exact, audience));
        }
        Start::At { at, audience } => {
            facets.push(trigger(format!("at {at}")));
            facets.push(for_whom(&mut exact, audience));
        }
    }
    facets.extend(journey.only_if.as_ref().map(|of| condition(&mut exact, "only if", "参加条件", of)));
    facets
}

fn yes() -> Both {
    Both::new("yes", "含む")
}

fn several(program: &Program, id: JourneyId) -> Vec<Facet> {
    use crate::ir::journey::Exit;
    let journey = program.journey(id);
    let mut exact = Exact::new(program, Some(journey));
    let exits = journey.exits.iter().enumerate().map(|(i, exit)| {
        let text = match exit {
            Exit::Event { event, filter } => format!("event {}", exact.event(*event, filter.as_ref())),
            Exit::Segment { segment, enters } => format!("segment {} {enters}", exact.segment(*segment)),
        };
        Facet::new("exit when", "離脱", Kind::Condition, text, said(program, journey, |words| words.exit(exit)))
            .at(program.places.header(id, HeaderLine::Exit(i)))
    });
    let exits: Vec<Facet> = exits.collect();
    let promises = journey.promises.iter().enumerate().map(|(i, promise)| {
        let shown = said(program, journey, |words| words.promise(promise));
        Facet::new("promise", "約束", Kind::Rule, format!("{promise:?}"), shown)
            .at(program.places.header(id, HeaderLine::Promise(i)))
    });
    exits.into_iter().chain(promises).collect()
}
