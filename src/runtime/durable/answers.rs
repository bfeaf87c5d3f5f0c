//! What a running node says of itself and of one person, as JSON.
//!
//! Formats nothing for readers; the faces do. Shows people's data only to who asked for that person.

use std::sync::Arc;

use serde_json::{Value as Json, json};

use crate::ir::{ArmOn, Channel, FieldId, JourneyId, Op, Program, Stage};
use crate::machine::{Person, RunState, rest};
use crate::ports::store::{ConsentRow, DeadRow, LedgerRow, PendingKey, StoreError};
use crate::ports::{Question, Refusal, Scope, Seat};
use crate::render::plain;
use crate::value::{Instant, Value, Zone};

use super::apply::is_public;
use super::diary::{self, Line};
use super::dispatcher::{ACTIONS, Obstacle, WAYS};
use super::node::Node;
use super::pending::{Pending, Thing};
use super::resident::lock;

/// Lines of a story shown where not everything is asked for.
const RECENT_LINES: usize = 200;
/// Dead letters told at once.
const DEAD_MAX: usize = 1_000;

/// Tells a story in words; the faces bring it along.
pub type Teller = Arc<dyn Fn(&Program, &str, Zone, Vec<Line>) -> Json + Send + Sync>;

pub fn way_name(way: usize) -> &'static str {
    match way {
        ACTIONS => "action",
        way => Channel::ALL[way].name(),
    }
}

pub fn status(node: &Node<'_, '_, '_>) -> Json {
    let program = node.program();
    let figures = &node.figures;
    let entered = |index: usize| figures.iter().map(|f| f.entered.get(index).copied().unwrap_or_default()).sum::<u64>();
    let inside = |index: usize| figures.iter().map(|f| f.inside.get(index).copied().unwrap_or_default()).sum::<u64>();
    let is_stopped = |scope: &Scope| node.stops().contains(&Scope::Everything) || node.stops().contains(scope);
    let journeys: Vec<Json> = (0..program.journeys.len())
        .map(|index| {
            let name = &program.journeys[index].name;
            let stage = program.stage(JourneyId(index as u16)).filter(|_| !program.is_retired(JourneyId(index as u16)));
            let pause = stage.and_then(|stage| stage.pause);
            json!({
                "journey": name,
                "since": program.since(JourneyId(index as u16)),
                "retired": program.is_retired(JourneyId(index as u16)),
                "entered": entered(index),
                "inside_in_memory": inside(index),
                "stopped": is_stopped(&Scope::Journey(name.clone())),
                "share": stage.filter(|stage| stage.share < Stage::WHOLE).map(Stage::percent),
                "paused": pause.map(|pause| pause.mode.name()),
                "paused_since": pause.and_then(|pause| program.live_at(pause.since)).map(|at| at.to_string()),
                "on_hold": stage.and_then(|stage| stage.hold).map(|hold| hold.first),
            })
        })
        .collect();
    let channels: Vec<Json> = (0..WAYS)
        .map(|way| {
            let (state, why) = match node.dispatcher().obstacle(way) {
                Obstacle::Clear => ("ok", None),
                Obstacle::Open { why, .. } => ("failing", Some(why)),
                Obstacle::Exhausted { why } => ("quota used up", Some(why)),
                Obstacle::Misconfigured { why } => ("settings refused", Some(why)),
            };
            let stopped = match way {
                ACTIONS => node.stops().contains(&Scope::Everything),
                way => is_stopped(&Scope::Channel(Channel::ALL[way])),
            };
            let settled = node.dispatcher().settled.iter().filter(|((of, _), _)| *of == way);
            let settled: serde_json::Map<String, Json> =
                settled.map(|((_, ending), n)| ((*ending).to_owned(), (*n).into())).collect();
            json!({
                "channel": way_name(way),
                "state": state,
                "why": why,
                "stopped": stopped,
                "waiting": node.dispatcher().waiting(way),
                "under_way": node.dispatcher().under_way(way),
                "settled": settled,
            })
        })
        .collect();
    let stops: Vec<String> = node.stops().iter().map(scope_name).collect();
    let counters = &node.counters;
    json!({
        "now": node.now().to_string(),
        "generation": program.generation(),
        "bundle": blake3::Hash::from_bytes(program.bundle()).to_hex().as_str(),
        "people": node.identities().people_count(),
        "in_memory": figures.iter().map(|f| f.resident).sum::<usize>(),
        "pending": node.dispatcher().len(),
        "fan_outs": node.jobs_waiting(),
        "stops": stops,
        "journeys": journeys,
        "channels": channels,
        "since_start": {
            "records": counters.records,
            "calls": counters.calls,
            "notices": counters.notices,
            "dead": counters.dead,
            "turned_away": counters.turned_away,
            "ticks": counters.ticks,
            "merges": counters.merges,
            "checkpoints": counters.checkpoints,
        },
    })
}

fn scope_name(scope: &Scope) -> String {
    match scope {
        Scope::Everything => "everything".to_owned(),
        Scope::Channel(channel) => format!("channel {}", channel.name()),
        Scope::Journey(name) => format!("journey {name}"),
    }
}

/// Figures for Prometheus.
pub fn figures(node: &Node<'_, '_, '_>) {
    let counters = &node.counters;
    metrics::gauge!("tabi_people").set(node.identities().people_count() as f64);
    metrics::gauge!("tabi_people_in_memory").set(node.figures.iter().map(|f| f.resident).sum::<usize>() as f64);
    metrics::gauge!("tabi_pending").set(node.dispatcher().len() as f64);
    metrics::gauge!("tabi_fan_outs").set(node.jobs_waiting() as f64);
    metrics::gauge!("tabi_log_position").set(node.log_end().0 as f64);
    metrics::counter!("tabi_records_total").absolute(counters.records);
    metrics::counter!("tabi_calls_total").absolute(counters.calls);
    metrics::counter!("tabi_dead_letters_total").absolute(counters.dead);
    metrics::counter!("tabi_checkpoints_total").absolute(counters.checkpoints);
    for way in 0..WAYS {
        let channel = way_name(way);
        metrics::gauge!("tabi_waiting", "channel" => channel).set(node.dispatcher().waiting(way) as f64);
        metrics::gauge!("tabi_under_way", "channel" => channel).set(node.dispatcher().under_way(way) as f64);
        let blocked = *node.dispatcher().obstacle(way) != Obstacle::Clear;
        metrics::gauge!("tabi_channel_blocked", "channel" => channel).set(f64::from(u8::from(blocked)));
    }
    for ((way, ending), n) in &node.dispatcher().settled {
        metrics::counter!("tabi_settled_total", "channel" => way_name(*way), "outcome" => *ending).absolute(*n);
    }
}

/// Answers from the last checkpoint, which must be recent enough.
pub fn answer(node: &Node<'_, '_, '_>, question: &Question, teller: &Teller) -> Result<Json, Refusal> {
    let broken = |error: StoreError| Refusal::Disk(error.to_string());
    match question {
        Question::Person { id } => person(node, id, teller, Some(RECENT_LINES)),
        Question::Export { id } => person(node, id, teller, None),
        Question::Dead { after, limit } => {
            let rows = lock(&node.shelf).dead(*after, (*limit).min(DEAD_MAX)).map_err(broken)?;
            Ok(json!({ "dead": rows.iter().map(dead_row).collect::<Vec<_>>() }))
        }
        Question::Status | Question::Settled => Ok(status(node)),
        Question::Backup { .. } | Question::Paper { .. } | Question::Tail { .. } => {
            Err(Refusal::Wrong("this is answered by whoever has the files".to_owned()))
        }
    }
}

fn person(node: &Node<'_, '_, '_>, id: &str, teller: &Teller, recent: Option<usize>) -> Result<Json, Refusal> {
    let broken = |error: StoreError| Refusal::Disk(error.to_string());
    let unknown = || Refusal::Unknown(format!("nobody has the id `{id}`"));
    let seat = node.identities().find(id).filter(|_| is_public(id)).ok_or_else(unknown)?;
    let (mut journal, mut ledger, mut consents, mut pending) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let row = {
        let mut shelf = lock(&node.shelf);
        // What was written of somebody before a merge stays under their old seat.
        for seat in node.seats_of(seat) {
            journal.extend(shelf.journal(seat).map_err(broken)?);
            ledger.extend(shelf.ledger(seat).map_err(broken)?);
            consents.extend(shelf.consents(seat).map_err(broken)?);
        }
        shelf.pending(&mut |key, bytes| pending.push((key, bytes))).map_err(broken)?;
        shelf.person(seat).map_err(broken)?
    };
    let program = node.program();
    let pending: Vec<Json> =
        pending.iter().filter_map(|(key, bytes)| pending_json(program, seat, *key, bytes)).collect();
    journal.sort_by_key(|piece| (piece.position, piece.seat));
    ledger.sort_by_key(|row| (row.settled_at, row.key));
    consents.sort_by_key(|row| (row.position, row.ordinal));
    let row = row.ok_or_else(unknown)?;
    let person = Person::from_bytes(&row.state).map_err(|_| Refusal::Disk("the person cannot be read".to_owned()))?;
    let fields: Vec<Value> = (0..program.profile.len()).map(|i| person.field(FieldId(i as u16)).clone()).collect();
    let zone = match program.person.zone.map(|field| person.field(field)) {
        Some(Value::Zone(zone)) => *zone,
        _ => program.project.zone,
    };
    let mut lines: Vec<Line> = journal.iter().flat_map(diary::lines_of).collect();
    if let Some(recent) = recent {
        lines.drain(..lines.len().saturating_sub(recent));
    }
    let purposes: Vec<&String> = (0..program.purposes.len() as u16)
        .filter(|p| person.consents_to(crate::ir::PurposeId(*p)))
        .map(|p| &program.purposes[usize::from(p)])
        .collect();
    let ids: Vec<String> =
        node.identities().ids_of(seat).iter().filter(|id| is_public(id)).map(|id| id.to_string()).collect();
    Ok(json!({
        "id": node.identities().name(seat).as_ref(),
        "ids": ids,
        "profile": plain::object(program, &program.profile, &fields),
        "consents_to": purposes,
        "next_wake": person.wake().map(|at| at.to_string()),
        "runs": person.runs().iter().map(|run| run_json(node, run)).collect::<Vec<_>>(),
        "consents": consents.iter().map(consent_row).collect::<Vec<_>>(),
        "under_way": pending,
        "messages": ledger.iter().map(|row| ledger_row(seat, row)).collect::<Vec<_>>(),
        "story": teller(program, node.identities().name(seat), zone, lines),
    }))
}

fn run_json(node: &Node<'_, '_, '_>, run: &crate::machine::Run) -> Json {
    let program = node.program();
    let journey = program.journey(run.journey());
    let step = run.step(program).map(|step| journey.steps[step.index()].name.clone());
    let state = match run.state() {
        _ if run.is_frozen() => "paused",
        RunState::Moving => "moving",
        RunState::HeldOut { .. } => "held out",
        RunState::Waiting { .. } => "waiting",
        RunState::Held { .. } => "held",
        RunState::Asked { .. } => "sending",
        RunState::Called { .. } => "calling",
    };
    json!({
        "journey": journey.name,
        "run": run.no().0,
        "entered": run.entered_at().to_string(),
        "step": step,
        "state": state,
        "approvals": approvals_of(program, run),
        "until": run.due().filter(|at| *at < Instant::NEVER).map(|at| at.to_string()),
    })
}
/// By whom it waits for an approval.
fn approvals_of<'p>(program: &'p Program, run: &crate::machine::Run) -> Vec<&'p str> {
    let waits = matches!(run.state(), RunState::Waiting { .. });
    let step = run.step(program).filter(|_| waits);
    let code = program.journey(run.journey()).code.iter().filter(|i| Some(i.step) == step);
    let arms = code.filter_map(|i| match &i.op {
        Op::Await { arms, .. } => Some(arms),
        _ => None,
    });
    let by = arms.flatten().filter_map(|arm| match &arm.on {
        ArmOn::Approval { by } => Some(by.as_str()),
        ArmOn::Event { .. } | ArmOn::Handle { .. } | ArmOn::Segment { .. } => None,
    });
    by.collect()
}
/// An order or a call of this person that is not done with.
fn pending_json(program: &Program, seat: Seat, key: PendingKey, bytes: &[u8]) -> Option<Json> {
    let (pending, _) = rest::read::<Pending>(bytes).ok().filter(|(pending, _)| pending.owner == seat)?;
    let (what, channel, params) = match &pending.thing {
        Thing::Order(order) => {
            let message = program.message(order.message);
            (&message.name, order.channel.name(), plain::object(program, &message.params, &order.params))
        }
        Thing::Call(call) => {
            let action = &program.actions[call.action.index()];
            (&action.name, "action", plain::object(program, &action.takes, &call.params))
        }
    };
    Some(json!({
        "run": key.run,
        "journey": program.journey(pending.thing.journey()).name,
        "message": what,
        "channel": channel,
        "with": params,
        "ordered": pending.ordered_at.to_string(),
        "tried": pending.attempted_at.map(|at| at.to_string()),
    }))
}
fn ledger_row(seat: Seat, row: &LedgerRow) -> Json {
    json!({
        "under_another_id": row.key.seat != seat,
        "run": row.key.run,
        "journey": row.journey,
        "message": row.what,
        "channel": row.channel,
        "ordered": row.ordered_at.to_string(),
        "settled": row.settled_at.to_string(),
        "attempts": row.attempts,
        "outcome": row.outcome,
        "provider_id": row.provider_id,
        "why": row.why,
    })
}
fn consent_row(row: &ConsentRow) -> Json {
    json!({
        "at": row.at.to_string(),
        "purpose": row.purpose,
        "channel": row.channel,
        "given": row.given,
        "how": row.how,
        "source": row.source,
    })
}
fn dead_row(row: &DeadRow) -> Json {
    json!({
        "number": row.number,
        "at": row.at.to_string(),
        "source": row.source,
        "reason": row.reason,
        "detail": row.detail,
        "body": String::from_utf8_lossy(&row.body),
    })
}
