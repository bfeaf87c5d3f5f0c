//! Journeys that start each other over and over within a day (E0701).
//!
//! A journey starts another by writing a field or a tag that puts people into, or takes them out of, the segment the
//! other starts with. Such a circle ends by itself where a journey is entered once only, where each round takes a day or
//! longer, or where nothing in it ever turns a membership back: then it can come about only once. What is left is
//! reported. Events are not emitted by journeys, and schedules come in their own time: neither closes a circle.

use std::collections::BTreeSet;

use crate::diag::{Code, Diagnostic};
use crate::ir::{Expr, FieldId, Journey, Op, Pc, Program, Reentry, SegmentId, Start};
use crate::prove::Graph;
use crate::text::Span;
use crate::value::time::MILLIS_PER_DAY;
use crate::value::{Span as Length, Value};

use super::Input;
use super::code;
use super::facts::Facts;
use super::judge::Judge;

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
    Tag(&'a str, bool),
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
    let mut told: BTreeSet<usize> = BTreeSet::new();
    for start in 0..program.journeys.len() {
        if told.contains(&start) || !links.iter().any(|link| link.from == start) {
            continue;
        }
        let Some(round) = round(&links, start) else { continue };
        let members: BTreeSet<usize> = round.iter().map(|link| link.from).collect();
        if !members.is_disjoint(&told) || !goes_on(program, &writings, &round, &members) {
            continue;
        }
        out.push(finding(input, &round));
        told.extend(members);
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
                Op::Tag(tag) => (program.person.tags, What::Tag(tag, true)),
                Op::Untag(tag) => (program.person.tags, What::Tag(tag, false)),
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
        let Start::Segment { segment, enters, .. } = journey.start else { continue };
        for writing in writings {
            if brings(program, writing, segment, enters) {
                links.push(Link { from: writing.journey, to, writing });
            }
        }
    }
    links
}

/// Whether what is written can make the membership what is asked for.
fn brings(program: &Program, writing: &Writing<'_>, segment: SegmentId, member: bool) -> bool {
    let condition = &program.segments[segment.index()].condition;
    if !reads(program, condition, writing, 0) {
        return false;
    }
    let mut facts = Facts::default();
    if let What::Set(value) = writing.what {
        let mut judge = Judge::new(program, Some(&program.journeys[writing.journey]));
        let domain = judge.domain(&facts, value);
        facts.learn(&Expr::Profile(writing.field), domain, Span::default());
        return judge.assume(facts, condition, member, Span::default()).is_some();
    }
    if let What::Tag(tag, set) = writing.what {
        let tagged = Expr::InList {
            item: Box::new(Expr::Const(Value::text(tag))),
            list: Box::new(Expr::Profile(writing.field)),
        };
        let mut judge = Judge::new(program, None);
        let Some(known) = judge.assume(facts, &tagged, set, Span::default()) else { return false };
        return judge.assume(known, condition, member, Span::default()).is_some();
    }
    false
}

/// Whether a condition asks for the field, or for the tag, that is written.
fn reads(program: &Program, condition: &Expr, writing: &Writing<'_>, depth: u8) -> bool {
    condition.any(&mut |part| match (part, &writing.what) {
        (Expr::InSegment(inner), _) => {
            depth < 8
                && program
                    .segments
                    .get(inner.index())
                    .is_some_and(|inner| reads(program, &inner.condition, writing, depth + 1))
        }
        (Expr::InList { item, list }, What::Tag(tag, _)) if **list == Expr::Profile(writing.field) => {
            matches!(&**item, Expr::Const(Value::Text(asked)) if **asked == **tag) || !matches!(**item, Expr::Const(_))
        }
        (Expr::Profile(field), What::Set(_)) => *field == writing.field,
        _ => false,
    })
}

/// The shortest way from a journey back to itself.
fn round<'a, 'l>(links: &'a [Link<'l>], start: usize) -> Option<Vec<&'a Link<'l>>> {
    let mut ways: Vec<Vec<&Link<'l>>> = vec![Vec::new()];
    let mut seen = BTreeSet::new();
    while !ways.is_empty() {
        let mut longer = Vec::new();
        for way in ways {
            let here = way.last().map_or(start, |link| link.to);
            for link in links.iter().filter(|link| link.from == here) {
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

/// Nothing bounds the round: no journey in it is for once only, it takes less than a day, and each membership that starts
/// a journey of it is also turned back by one.
fn goes_on(program: &Program, writings: &[Writing<'_>], round: &[&Link<'_>], members: &BTreeSet<usize>) -> bool {
    let journeys = || members.iter().map(|member| &program.journeys[*member]);
    if journeys().any(|journey| journey.reentry == Reentry::Never) {
        return false;
    }
    let stays_away = journeys().map(stays_away).max().unwrap_or(0);
    let passes: i64 = round.iter().map(|link| link.writing.after.0).sum();
    if stays_away.max(passes) >= MILLIS_PER_DAY {
        return false;
    }
    journeys().all(|journey| match journey.start {
        Start::Segment { segment, enters, .. } => {
            writings.iter().any(|w| members.contains(&w.journey) && brings(program, w, segment, !enters))
        }
        Start::Event { .. } | Start::Schedule { .. } | Start::At { .. } => false,
    })
}

fn stays_away(journey: &Journey) -> i64 {
    match journey.reentry {
        Reentry::After(after) => super::facts::shortest(after).0,
        Reentry::Never | Reentry::Always => 0,
    }
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
    if let [_] = round {
        return finding.help(
            "let it be entered once (`reentry never`), or only after a while (`reentry after 7d`)",
            "一度きり (`reentry never`)、または間を空けて (`reentry after 7d`) 始まるようにする",
        );
    }
    finding.help(
        "let one of them be entered once (`reentry never`), or only after a while (`reentry after 7d`)",
        "どれかを一度きり (`reentry never`)、または間を空けて (`reentry after 7d`) 始まるようにする",
    )
}
