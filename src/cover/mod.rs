//! What the tests of a project visit: steps, branches, arms, fallbacks, exits; and what none of them does.
//!
//! Runs no test: it is given where each run went.

#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

mod points;
mod render;

use serde::Serialize;

use crate::ir::places::HeaderLine;
use crate::ir::timeline::Timeline;
use crate::ir::{JourneyId, Place, Program};
use crate::simulate::timeline::Trail;
use crate::words::Both;
pub use points::Kind;
pub use render::{compact, json, markdown, pretty};

/// Version of the JSON shape.
pub const COVERAGE_VERSION: u32 = 1;

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Coverage {
    /// Of all points of all journeys looked at; one decimal, rounded down, so that 100 is all.
    pub percent: f64,
    pub visited: usize,
    pub points: usize,
    pub journeys: Vec<JourneyCoverage>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct JourneyCoverage {
    pub journey: String,
    pub path: String,
    pub line: u32,
    pub tests: usize,
    pub percent: f64,
    pub visited: usize,
    pub points: usize,
    /// In the order of the text. Of a step that no test visits, its branches are not listed again.
    pub missed: Vec<Missed>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Missed {
    pub kind: Kind,
    /// Absent for exits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub step: Option<String>,
    #[serde(flatten)]
    pub what: Both,
    pub path: String,
    pub line: u32,
}

/// What the trails of tests visit, of the journeys that `names` asks for. A test counts for its own journey.
pub fn coverage(program: &Program, trails: &[(&Timeline, Trail)], asked: &dyn Fn(&str) -> bool) -> Coverage {
    let journeys = program.journeys.iter().enumerate().filter(|(_, journey)| asked(&journey.name));
    let journeys: Vec<JourneyCoverage> = journeys.map(|(id, _)| of_journey(program, id, trails)).collect();
    let visited = journeys.iter().map(|journey| journey.visited).sum();
    let points = journeys.iter().map(|journey| journey.points).sum();
    Coverage { percent: percent(visited, points), visited, points, journeys }
}

fn of_journey(program: &Program, id: usize, trails: &[(&Timeline, Trail)]) -> JourneyCoverage {
    let journey = &program.journeys[id];
    let own: Vec<&Trail> =
        trails.iter().filter(|(test, _)| test.journey.index() == id).map(|(_, trail)| trail).collect();
    let points = points::points(program, id);
    let visits = |point: &points::Point| own.iter().any(|trail| point.is_visited(program, id, trail));
    let missed: Vec<&points::Point> = points.iter().filter(|point| !visits(point)).collect();
    let visited = points.len() - missed.len();
    let steps: Vec<_> = missed.iter().filter(|p| p.kind == Kind::Step).filter_map(|p| p.step).collect();
    let listed = missed.iter().filter(|p| p.kind == Kind::Step || p.step.is_none_or(|step| !steps.contains(&step)));
    let place = program.places.journeys.get(id).cloned().unwrap_or_default();
    JourneyCoverage {
        journey: journey.name.clone(),
        path: place.path.to_string(),
        line: place.line,
        tests: own.len(),
        percent: percent(visited, points.len()),
        visited,
        points: points.len(),
        missed: listed
            .map(|point| {
                let at = match (point.step, point.exit()) {
                    (Some(step), _) => program.places.steps.get(id).and_then(|steps| steps.get(step.index())),
                    (None, Some(exit)) => program.places.header(JourneyId(id as u16), HeaderLine::Exit(exit)),
                    (None, None) => None,
                };
                let at: &Place = at.unwrap_or(&place);
                Missed {
                    kind: point.kind,
                    step: point.step.map(|step| journey.steps[step.index()].name.clone()),
                    what: point.what.clone(),
                    path: at.path.to_string(),
                    line: at.line,
                }
            })
            .collect(),
    }
}

/// One decimal, rounded down: whatever is left shows. Of nothing, everything is visited.
fn percent(part: usize, whole: usize) -> f64 {
    (part * 1_000).checked_div(whole).map_or(100.0, |tenths| tenths as f64 / 10.0)
}
