//! Bounds and verdicts for programs.
//!
//! `version` grows when a field changes its meaning or goes; new fields may come at any time.

use serde_json::{Value, json};

use super::Told;
use super::words::promise_text;
use crate::ir::{Channel, JourneyId};
use crate::prove::{Bound, Load, Longest, Messages, Most, Part, Path, Unbounded, Verdict};

const VERSION: u32 = 1;

pub fn tell(told: &Told<'_>) -> String {
    let journeys: Vec<Value> = told.chosen.iter().map(|id| journey(told, *id)).collect();
    let mut all = json!({ "version": VERSION, "journeys": journeys });
    if told.whole {
        let pressure = &told.analysis.pressure;
        all["pressure"] = json!({ "day": load(told, &pressure.day), "week": load(told, &pressure.week) });
    }
    format!("{all:#}\n")
}

fn journey(told: &Told<'_>, id: JourneyId) -> Value {
    let (header, proof) = (told.program.journey(id), &told.analysis.journeys[id.index()]);
    let place = &told.program.places.journeys[id.index()];
    let bounds = &proof.bounds;
    let promises: Vec<Value> = proof
        .promises
        .iter()
        .map(|judged| {
            let text = promise_text(&judged.promise);
            match &judged.verdict {
                Verdict::Proven => json!({ "promise": text, "verdict": "proven" }),
                Verdict::Open(doubt) => match told.counter_story(id, judged) {
                    Ok(counter) => {
                        json!({ "promise": text, "verdict": "refuted", "test": counter.test(told.program) })
                    }
                    Err(why) => json!({
                        "promise": text,
                        "verdict": "unproven",
                        "bound": match doubt.bound {
                            Bound::Messages(count) => most(count),
                            Bound::Stay(stay) => longest(told, id, stay),
                        },
                        "no_story": why.en,
                        "path": doubt.ways.first().map(|way| path(told, id, way)),
                    }),
                },
            }
        })
        .collect();
    json!({
        "journey": header.name,
        "path": place.path,
        "line": place.line,
        "stay": longest(told, id, bounds.stay),
        "held_out": bounds.held_out.map(|held| longest(told, id, held)),
        "messages": {
            "run": messages(&bounds.run),
            "day": messages(&bounds.day),
            "week": messages(&bounds.week),
            "ever": messages(&bounds.person),
        },
        "promises": promises,
        "longest_path": path(told, id, &bounds.longest_path),
    })
}

/// Durations are milliseconds.
fn longest(told: &Told<'_>, id: JourneyId, longest: Longest) -> Value {
    match longest {
        Longest::Within { time, clocks } => json!({ "time_ms": time.0, "clock_changes_ms": clocks.0 }),
        Longest::Never { pc, why } => {
            let step = told.program.journey(id).code[pc as usize].step;
            let line = told.program.places.steps[id.index()][step.index()].line;
            json!({ "unbounded": reason(why), "line": line })
        }
    }
}

fn messages(messages: &Messages) -> Value {
    let mut all = json!({ "all": most(messages.all) });
    for channel in Channel::ALL {
        all[channel.name()] = most(messages.channels[channel.index()]);
    }
    all
}

fn most(most: Most) -> Value {
    match most {
        Most::Count(count) => json!(count),
        Most::Unbounded(why) => json!({ "unbounded": reason(why) }),
    }
}

fn reason(why: Unbounded) -> &'static str {
    match why {
        Unbounded::NoLimit => "no_limit",
        Unbounded::MomentRead => "moment_read",
        Unbounded::LengthRead => "length_read",
        Unbounded::CapShared => "cap_shared",
        Unbounded::Reentry => "reentry",
        Unbounded::Keys => "keys",
    }
}

/// Loops unrolled.
fn path(told: &Told<'_>, id: JourneyId, path: &Path) -> Value {
    let journey = told.program.journey(id);
    let edge = |edge: &crate::prove::Edge| {
        let step = journey.code[edge.from as usize].step;
        let place = &told.program.places.steps[id.index()][step.index()];
        json!({
            "step": journey.steps[step.index()].name,
            "path": place.path,
            "line": place.line,
            "way": format!("{:?}", edge.way).to_lowercase(),
        })
    };
    path.edges().iter().map(edge).collect()
}

fn load(told: &Told<'_>, load: &Load) -> Value {
    let name = |id: &JourneyId| told.program.journey(*id).name.clone();
    let parts: Vec<Value> = load
        .parts
        .iter()
        .map(|part| match part {
            Part::Capped { policy, channel, count, journeys } => json!({
                "policy": told.program.policy(*policy).name,
                "channel": channel.map(Channel::name),
                "count": count,
                "journeys": journeys.iter().map(name).collect::<Vec<_>>(),
            }),
            Part::Own { journey, channel, most: own } => json!({
                "journey": name(journey),
                "channel": channel.map(Channel::name),
                "count": most(*own),
            }),
        })
        .collect();
    json!({ "total": most(load.total), "parts": parts })
}
