//! Segments: their conditions, and that none asks for itself.
//!
//! Does not derive when membership can change; `lower::track` does.

use super::Context;
use super::expr::Exprs;
use super::flow::Flow;
use crate::diag::{Code, Diagnostic};
use crate::ir::{Expr, Segment};
use crate::schema::{Entry, Sink, Table};
use crate::syntax::tree;

/// By the order of names.
pub fn segments(context: Context<'_, '_>, sink: &mut Sink) -> Vec<Segment> {
    let zone = context.world.project.zone;
    let mut segments = Vec::with_capacity(context.world.segments.len());
    for entry in context.world.segments.iter() {
        let mut flow = Flow::new();
        let condition = Exprs::plain(context, zone, true, sink, &mut flow).condition(&entry.data.condition);
        let title = entry.data.title.as_ref().map(|t| t.text.clone());
        segments.push(Segment { name: entry.name.clone(), title, condition });
    }
    cycles(&segments, &context.world.segments, sink);
    segments
}

/// How many segments may ask one another in a row; the machine follows them no further.
const CHAIN_MAX: usize = 64;

fn too_long(segment: &Entry<&tree::SegmentDecl>) -> Diagnostic {
    let name = &segment.name;
    Diagnostic::new(
        Code::E0107,
        segment.span,
        format!("more than {CHAIN_MAX} segments ask one another from `{name}` on"),
        format!("`{name}` から {CHAIN_MAX} を超えるセグメントが連なっています"),
    )
}

#[derive(Clone, Copy, PartialEq)]
enum Mark {
    New,
    Open,
    Done,
}

/// E0404 for each segment that leads back to itself, once per circle.
fn cycles(segments: &[Segment], table: &Table<&tree::SegmentDecl>, sink: &mut Sink) {
    let asks: Vec<Vec<usize>> = segments.iter().map(|s| asked(&s.condition)).collect();
    let mut marks = vec![Mark::New; segments.len()];
    let mut depths = vec![1usize; segments.len()];
    for start in 0..segments.len() {
        // Depth first with an own stack: a chain of segments may be long.
        let mut path: Vec<(usize, usize)> = Vec::new();
        if marks[start] == Mark::New {
            marks[start] = Mark::Open;
            path.push((start, 0));
        }
        while let Some((at, next)) = path.last_mut() {
            let Some(&asked) = asks[*at].get(*next) else {
                let at = *at;
                marks[at] = Mark::Done;
                depths[at] = 1 + asks[at].iter().map(|asked| depths[*asked]).max().unwrap_or(0);
                if depths[at] == CHAIN_MAX + 1 {
                    sink.report(too_long(table.at(at)));
                }
                path.pop();
                continue;
            };
            *next += 1;
            match marks[asked] {
                Mark::New => {
                    marks[asked] = Mark::Open;
                    path.push((asked, 0));
                }
                Mark::Open => {
                    let from = path.iter().position(|(s, _)| *s == asked).unwrap_or(0);
                    let circle: Vec<usize> = path[from..].iter().map(|(s, _)| *s).collect();
                    sink.report(circular(&circle, table));
                }
                Mark::Done => {}
            }
        }
    }
}

fn asked(condition: &Expr) -> Vec<usize> {
    let mut asked = Vec::new();
    condition.walk(0, &mut |e, _| {
        if let Expr::InSegment(id) = e {
            asked.push(id.index());
        }
    });
    asked
}

fn circular(circle: &[usize], table: &Table<&tree::SegmentDecl>) -> Diagnostic {
    let names: Vec<&str> = circle.iter().map(|s| table.at(*s).name.as_str()).collect();
    let (first, rest) = (table.at(circle[0]), &circle[1..]);
    let chain = names.iter().chain(names.first()).map(|n| format!("`{n}`")).collect::<Vec<_>>().join(" → ");
    let mut diagnostic = Diagnostic::new(
        Code::E0404,
        first.span,
        format!("segment `{}` asks for itself", first.name),
        format!("セグメント `{}` が自分自身を参照しています", first.name),
    )
    .note(chain.clone(), chain)
    .help("take one of these conditions out", "どれかの条件を外してください");
    for segment in rest {
        let entry = table.at(*segment);
        diagnostic = diagnostic.other(entry.span, "by way of this one", "これを経由");
    }
    diagnostic
}
