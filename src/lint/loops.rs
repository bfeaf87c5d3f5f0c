//! Journeys that start each other over and over (E0701).
//!
//! A journey starts another by writing a field or a tag that puts people into, or takes them out of, the segment the
//! other starts with, or into the audience of its schedule. What comes round is looked for in strongly connected
//! components. A journey bounds the rounds through it where it is entered once only, where it says itself that people
//! come again a month later or more, where nothing in the component turns back what starts it, or where each run through
//! it moves something that its start needs and that nothing there moves back. What still comes round without such
//! journeys is reported, however slow. Events are not emitted by journeys: they close no circle.

use std::collections::BTreeSet;

use crate::diag::{Code, Diagnostic};
use crate::ir::{Compare, Expr, FieldId, Journey, Op, Operator, Pc, Program, Reentry, Start};
use crate::prove::Graph;
use crate::text::Span;
use crate::value::time::MILLIS_PER_DAY;
use crate::value::{Span as Length, Value};

use super::Input;
use super::code;
use super::facts::Facts;
use super::judge::Judge;

/// Who lets people in again so much later has said that they go round: twelve or thirteen times a year at most.
const SELDOM: i64 = 28 * MILLIS_PER_DAY;
/// How deep segments are looked through.
const SEGMENTS_DEEP: u8 = 8;

/// Segments looked into for one start.
const SEGMENTS_MAX: u8 = 32;

/// A journey writes a field of the profile.
struct Writing<'a> {
    journey: usize,
    pc: Pc,
    field: FieldId,
    what: What<'a>,
    /// What surely passes from entry until then.
    after: Length,
}

enum What<'a> {
    Set(&'a Expr),
    Tag(&'a str),
}

/// One journey starts the next.
struct Link<'a> {
    from: usize,
    to: usize,
    writing: &'a Writing<'a>,
}

pub fn lint(input: Input<'_>, out: &mut Vec<Diagnostic>) {
    let program = input.program;
    let writings = writings(program);
    if writings.is_empty() {
        return;
    }
    let links = links(program, &writings);
    let all: BTreeSet<usize> = links.iter().map(|link| link.from).collect();
    let mut open: Vec<BTreeSet<usize>> = components(&links, &all);
    while let Some(component) = open.pop() {
        let rest: BTreeSet<usize> =
            component.iter().copied().filter(|j| !is_bounded(program, &writings, &links, &component, *j)).collect();
        if rest.len() < component.len() {
            open.extend(components(&links, &rest));
            continue;
        }
        let rounds = component.iter().filter_map(|start| round(&links, &component, *start));
        if let Some(shortest) = rounds.min_by_key(|round| round.len()) {
            out.push(finding(input, &shortest));
            let told: BTreeSet<usize> = shortest.iter().map(|link| link.from).collect();
            open.extend(components(&links, &component.difference(&told).copied().collect()));
        }
    }
}

/// Journeys of which each leads to each other one, and those that lead back to themselves.
fn components(links: &[Link<'_>], among: &BTreeSet<usize>) -> Vec<BTreeSet<usize>> {
    let reached = |start: usize, forward: bool| {
        let (mut reached, mut open) = (BTreeSet::new(), vec![start]);
        while let Some(here) = open.pop() {
            for link in links.iter().filter(|link| among.contains(&link.from) && among.contains(&link.to)) {
                let (from, to) = if forward { (link.from, link.to) } else { (link.to, link.from) };
                if from == here && reached.insert(to) {
                    open.push(to);
                }
            }
        }
        reached
    };
    let (mut found, mut left) = (Vec::new(), among.clone());
    while let Some(start) = left.pop_first() {
        let component: BTreeSet<usize> = reached(start, true).intersection(&reached(start, false)).copied().collect();
        left.retain(|journey| !component.contains(journey));
        if component.contains(&start) {
            found.push(component);
        }
    }
    found
}

/// Nobody goes through the journey again and again, as far as the component's journeys are concerned.
fn is_bounded(
    program: &Program,
    writings: &[Writing<'_>],
    links: &[Link<'_>],
    component: &BTreeSet<usize>,
    index: usize,
) -> bool {
    let journey = &program.journeys[index];
    match journey.reentry {
        Reentry::Never => return true,
        Reentry::After(after) if super::facts::shortest(after).0 >= SELDOM => return true,
        Reentry::After(_) | Reentry::Always => {}
    }
    let within = || writings.iter().filter(|w| component.contains(&w.journey));
    let turned_back = |(condition, holds): &(Expr, bool)| within().any(|w| brings(program, w, condition, !holds));
    if !starts(journey).iter().any(turned_back) {
        return true;
    }
    // What each run that goes on does on its way.
    let graph = Graph::new(journey, &BTreeSet::new());
    let leads_on: Vec<Pc> = links
        .iter()
        .filter(|link| link.from == index && component.contains(&link.to))
        .map(|link| link.writing.pc)
        .collect();
    let always = |w: &&Writing<'_>| w.journey == index && leads_on.iter().all(|pc| is_passed(&graph, w.pc, *pc));
    needed(program, journey).iter().any(|(condition, holds)| {
        within().filter(always).any(|w| {
            let moved =
                brings(program, w, condition, !holds) && !within().any(|w| brings(program, w, condition, *holds));
            moved || (*holds && counts_away(within(), w, condition))
        })
    })
}
/// Every way to `to` passes `through`.
fn is_passed(graph: &Graph, through: Pc, to: Pc) -> bool {
    let (mut seen, mut open) = (BTreeSet::from([through]), if through == 0 { vec![] } else { vec![0] });
    while let Some(pc) = open.pop() {
        if seen.insert(pc) {
            open.extend(graph.leaving(pc).iter().map(|edge| edge.to));
        }
    }
    through == to || !seen.contains(&to)
}
/// What must hold, or must not, for the journey to start.
fn needed<'p>(program: &'p Program, journey: &'p Journey) -> Vec<(&'p Expr, bool)> {
    let mut needed: Vec<(&Expr, bool)> = journey.only_if.iter().map(|condition| (condition, true)).collect();
    match &journey.start {
        Start::Segment { segment, enters, .. } => {
            needed.push((&program.segments[segment.index()].condition, *enters));
        }
        Start::Schedule { audience, .. } | Start::At { audience, .. } => {
            needed.extend(audience.condition.iter().map(|condition| (condition, true)));
            needed.extend(audience.segment.map(|s| (&program.segments[s.index()].condition, true)));
        }
        Start::Event { .. } => {}
    }
    let (mut parts, mut looked_into) = (Vec::new(), 0);
    while let Some((condition, holds)) = needed.pop() {
        match (condition, holds) {
            (Expr::And(all), true) | (Expr::Or(all), false) => needed.extend(all.iter().map(|part| (part, holds))),
            (Expr::Not(inner), _) => needed.push((inner, !holds)),
            (Expr::InSegment(segment), _) if looked_into < SEGMENTS_MAX => {
                looked_into += 1;
                needed.push((&program.segments[segment.index()].condition, holds));
            }
            _ => parts.push((condition, holds)),
        }
    }
    parts
}
/// A number that only grows and must be small, or only shrinks and must be large.
fn counts_away<'w, 'a: 'w>(
    mut within: impl Iterator<Item = &'w Writing<'a>>,
    writing: &Writing<'_>,
    condition: &Expr,
) -> bool {
    let Expr::Compare { op, left, right } = condition else { return false };
    let is_it = |side: &Expr| *side == Expr::Profile(writing.field);
    let up =
        match (op, is_it(left), is_it(right)) {
            (Compare::Less | Compare::LessEqual, true, false)
            | (Compare::Greater | Compare::GreaterEqual, false, true) => true,
            (Compare::Less | Compare::LessEqual, false, true)
            | (Compare::Greater | Compare::GreaterEqual, true, false) => false,
            _ => return false,
        };
    let limit = if is_it(left) { right } else { left };
    matches!(**limit, Expr::Const(_))
        && within.all(|w| {
            w.field != writing.field || matches!(w.what, What::Set(value) if steps(value, w.field) == Some(up))
        })
}
/// Whether what is written is the field itself and something more, or something less.
fn steps(value: &Expr, field: FieldId) -> Option<bool> {
    let Expr::Arithmetic { op, left, right } = value else { return None };
    let by = |side: &Expr| match side {
        Expr::Const(Value::Int(by)) if *by > 0 => Some(()),
        _ => None,
    };
    let is_it = |side: &Expr| *side == Expr::Profile(field);
    match op {
        Operator::Add if is_it(left) => by(right).map(|()| true),
        Operator::Add if is_it(right) => by(left).map(|()| true),
        Operator::Subtract if is_it(left) => by(right).map(|()| false),
        Operator::Add | Operator::Subtract | Operator::Multiply | Operator::Divide => None,
    }
}

fn writings(program: &Program) -> Vec<Writing<'_>> {
    let mut found = Vec::new();
    for (index, journey) in program.journeys.iter().enumerate() {
        let writes = |op: &Op| matches!(op, Op::Set { .. } | Op::Tag(_) | Op::Untag(_));
        if !journey.code.iter().any(|instruction| writes(&instruction.op)) {
            continue;
        }
        let least = code::least(journey, &Graph::new(journey, &BTreeSet::new()), 0, false);
        for (pc, instruction) in journey.code.iter().enumerate() {
            let (field, what) = match &instruction.op {
                Op::Set { field, value } => (Some(*field), What::Set(value)),
                Op::Tag(tag) => (program.person.tags, What::Tag(tag)),
                Op::Untag(tag) => (program.person.tags, What::Tag(tag)),
                _ => continue,
            };
            if let (Some(field), Some(after)) = (field, least[pc]) {
                found.push(Writing { journey: index, pc: pc as Pc, field, what, after });
            }
        }
    }
    found
}

fn links<'a>(program: &Program, writings: &'a [Writing<'a>]) -> Vec<Link<'a>> {
    let mut links = Vec::new();
    for (to, journey) in program.journeys.iter().enumerate() {
        for writing in writings {
            if starts(journey).iter().any(|(condition, holds)| brings(program, writing, condition, *holds)) {
                links.push(Link { from: writing.journey, to, writing });
            }
        }
    }
    links
}

/// What starts the journey when it comes to hold, or not to: what others' writing can bring about.
fn starts(journey: &Journey) -> Vec<(Expr, bool)> {
    match &journey.start {
        Start::Segment { segment, enters, .. } => vec![(Expr::InSegment(*segment), *enters)],
        Start::Schedule { audience, .. } => {
            let member = audience.segment.map(Expr::InSegment);
            member.into_iter().chain(audience.condition.clone()).map(|condition| (condition, true)).collect()
        }
        Start::Event { .. } | Start::At { .. } => Vec::new(),
    }
}

/// Whether what is written can make the condition, which asks for it, what is wanted.
fn brings(program: &Program, writing: &Writing<'_>, condition: &Expr, wanted: bool) -> bool {
    if !reads(program, condition, writing, 0) {
        return false;
    }
    let journey = &program.journeys[writing.journey];
    let mut judge = Judge::new(program, Some(journey));
    let mut facts = Facts::default();
    for pc in at_once(journey, writing.pc) {
        let told = match &journey.code[pc].op {
            Op::Set { field, value } => {
                let domain = judge.domain(&facts, value);
                facts.learn(&Expr::Profile(*field), domain, Span::default());
                Some(facts)
            }
            Op::Tag(tag) => tagged(program, &mut judge, facts, tag, true),
            Op::Untag(tag) => tagged(program, &mut judge, facts, tag, false),
            _ => Some(facts),
        };
        let Some(told) = told else { return false };
        facts = told;
    }
    judge.assume(facts, condition, wanted, Span::default()).is_some()
}
/// Everything that is written in one go with an instruction: others heed it only when the run rests. Of several writings
/// of the same thing the last.
fn at_once(journey: &Journey, pc: Pc) -> Vec<usize> {
    let writes = |op: &Op| matches!(op, Op::Set { .. } | Op::Tag(_) | Op::Untag(_));
    let is_one = |pc: &usize| journey.code.get(*pc).is_some_and(|i| writes(&i.op));
    let first = (0..=pc as usize).rev().take_while(|pc| is_one(pc)).last().unwrap_or(pc as usize);
    let block: Vec<usize> = (first..journey.code.len()).take_while(|pc| is_one(pc)).collect();
    let same = |a: &Op, b: &Op| match (a, b) {
        (Op::Set { field: a, .. }, Op::Set { field: b, .. }) => a == b,
        (Op::Tag(a) | Op::Untag(a), Op::Tag(b) | Op::Untag(b)) => a == b,
        _ => false,
    };
    let op = |pc: &usize| &journey.code[*pc].op;
    let is_last = |pc: &&usize| !block.iter().any(|later| later > pc && same(op(pc), op(later)));
    block.iter().filter(is_last).copied().collect()
}
fn tagged(program: &Program, judge: &mut Judge<'_>, facts: Facts, tag: &str, set: bool) -> Option<Facts> {
    let list = Box::new(Expr::Profile(program.person.tags?));
    let tagged = Expr::InList { item: Box::new(Expr::Const(Value::text(tag))), list };
    judge.assume(facts, &tagged, set, Span::default())
}

/// Whether a condition asks for the field, or for the tag, that is written.
fn reads(program: &Program, condition: &Expr, writing: &Writing<'_>, depth: u8) -> bool {
    condition.any(&mut |part| match (part, &writing.what) {
        (Expr::InSegment(inner), _) => {
            depth < SEGMENTS_DEEP
                && program
                    .segments
                    .get(inner.index())
                    .is_some_and(|inner| reads(program, &inner.condition, writing, depth + 1))
        }
        (Expr::InList { item, list }, What::Tag(tag)) if **list == Expr::Profile(writing.field) => {
            matches!(&**item, Expr::Const(Value::Text(asked)) if **asked == **tag) || !matches!(**item, Expr::Const(_))
        }
        (Expr::Profile(field), What::Set(_)) => *field == writing.field,
        _ => false,
    })
}

/// The shortest way from a journey back to itself.
fn round<'a, 'l>(links: &'a [Link<'l>], among: &BTreeSet<usize>, start: usize) -> Option<Vec<&'a Link<'l>>> {
    let mut ways: Vec<Vec<&Link<'l>>> = vec![Vec::new()];
    let mut seen = BTreeSet::new();
    while !ways.is_empty() {
        let mut longer = Vec::new();
        for way in ways {
            let here = way.last().map_or(start, |link| link.to);
            for link in links.iter().filter(|link| link.from == here && among.contains(&link.to)) {
                let mut next = way.clone();
                next.push(link);
                if link.to == start {
                    return Some(next);
                }
                if seen.insert(link.to) {
                    longer.push(next);
                }
            }
        }
        ways = longer;
    }
    None
}

fn finding(input: Input<'_>, round: &[&Link<'_>]) -> Diagnostic {
    let name = |journey: usize| &input.program.journeys[journey].name;
    let at = |link: &Link<'_>| {
        let journey = &input.program.journeys[link.from];
        input.map.journeys[link.from].steps[journey.code[link.writing.pc as usize].step.index()]
    };
    let way = round.iter().map(|link| format!("`{}`", name(link.from))).collect::<Vec<_>>().join(" → ");
    let first = round[0];
    let (en, ja) = match round {
        [_] => (format!("{way} starts itself again and again"), format!("{way} は自分自身を何度も始めてしまう")),
        _ => (
            format!("these journeys start each other again and again: {way}"),
            format!("互いに何度も始め合ってしまう: {way}"),
        ),
    };
    let mut finding = Diagnostic::new(Code::E0701, at(first), en, ja);
    for link in round {
        let next = name(link.to);
        let (en, ja) = (format!("this starts `{next}`"), format!("これで `{next}` が始まる"));
        if link.from == first.from {
            finding = finding.here(en, ja);
        } else {
            finding = finding.other(at(link), en, ja);
        }
    }
    let passes: i64 = round.iter().map(|link| link.writing.after.0).sum();
    if passes >= MILLIS_PER_DAY {
        let passes = Length(passes);
        finding = finding.note(
            format!("a round takes {passes} at least, but nothing ends it"),
            format!("一周に少なくとも {passes} かかるが、終わりがない"),
        );
    }
    finding.help(
        "let one of them be entered once (`reentry never`), or say that people come again (`reentry after 30d` or longer)",
        "どれかを一度きりにする (`reentry never`) か、繰り返すことを明示する (`reentry after 30d` 以上)",
    )
}
