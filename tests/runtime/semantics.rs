//! One semantics: every timeline and every random life tells the same story in the simulator and in the durable runtime.
//!
//! Expects nothing of the stories themselves; other tests do.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value as Json, json};
use tabi::compile::{Compiled, Settings, compile};
use tabi::ingest::segment::Reader;
use tabi::ir::timeline::{LineWhat, Reply, ReportVerb, Timeline};
use tabi::ir::{HandleId, JourneyId, Op, Program, PurposeId, StepId, Subject};
use tabi::machine::{Person, Report};
use tabi::ports::store::{Checkpoint, IdKind, IdRow, PersonRow, Position, Store};
use tabi::ports::{About, CallOutcome, Idempotency, Notice, Outcome, SendKey, Submission, Told};
use tabi::render::plain;
use tabi::runtime::durable::node::Work;
use tabi::simulate::counts::Scene;
use tabi::simulate::story::{self, StoryLine};
use tabi::simulate::timeline::{self, TEST_PERSON};
use tabi::store::imagined::ImaginedDisk;
use tabi::store::memory::Memory;
use tabi::text::{Source, Sources};
use tabi::value::{Instant, Value, Zone};

use crate::rig::{Ground, Rig, World, free, secret};

/// Plays what the timeline says of providers and actions.
struct Stage<'t> {
    program: &'t Program,
    timeline: &'t Timeline,
    /// Moments at which the timeline itself says what a provider answers.
    decided: BTreeSet<(Instant, HandleId)>,
    refusals: Vec<HandleId>,
    /// Sends of the journey under test, by handle, in order.
    sent: Vec<(HandleId, SendKey, bool)>,
}

fn handle_of(program: &Program, journey: JourneyId, step: StepId) -> Option<HandleId> {
    program.journey(journey).code.iter().find_map(|i| match &i.op {
        Op::Send { handle, .. } if i.step == step => Some(*handle),
        _ => None,
    })
}

fn handle_named(program: &Program, timeline: &Timeline, name: &str) -> Option<HandleId> {
    let handles = &program.journey(timeline.journey).handles;
    handles.iter().position(|h| h.name == name).map(|i| HandleId(i as u16))
}

impl<'t> Stage<'t> {
    fn new(program: &'t Program, timeline: &'t Timeline) -> Self {
        let decides = |line: &tabi::ir::timeline::Line| match &line.what {
            LineWhat::Report { verb: ReportVerb::Refuse | ReportVerb::Bounce, handle } => {
                handle_named(program, timeline, handle).map(|h| (line.at, h))
            }
            _ => None,
        };
        let decided = timeline.lines.iter().filter_map(decides).collect();
        Stage { program, timeline, decided, refusals: Vec::new(), sent: Vec::new() }
    }
}

impl World for Stage<'_> {
    fn deliver(&mut self, at: Instant, work: &Work) -> Option<Outcome> {
        let Work::Deliver { key, delivery, .. } = work else { return None };
        let journey = self.program.journey_named(&delivery.journey)?;
        let tested = (journey == self.timeline.journey).then(|| handle_of(self.program, journey, StepId(key.step)));
        let tested = tested.flatten();
        if let Some(handle) = tested {
            self.sent.push((handle, key.send(), false));
        }
        match tested.and_then(|handle| self.refusals.iter().position(|h| *h == handle)) {
            Some(index) => {
                self.refusals.remove(index);
                Some(Outcome::Refused { why: "told to".into(), address: None })
            }
            None if tested.is_some_and(|handle| self.decided.contains(&(at, handle))) => {
                if let Some(last) = self.sent.last_mut() {
                    last.2 = true;
                }
                None
            }
            None => Some(Outcome::Accepted { provider_id: None }),
        }
    }
    fn call(&mut self, _: Instant, work: &Work) -> Option<CallOutcome> {
        let Work::Call { call, .. } = work else { return None };
        let action = self.program.actions.iter().position(|a| a.name == call.action)?;
        let def = &self.program.actions[action];
        let said = self.timeline.answers.iter().find(|(a, _)| a.index() == action).map(|(_, reply)| reply);
        match said {
            Some(Reply::Gives(Value::Record(values))) => {
                Some(CallOutcome::Answered(plain::object(self.program, &def.gives, values)))
            }
            Some(Reply::Gives(_)) | Some(Reply::Fails) => Some(CallOutcome::Failed { why: "told to".into() }),
            Some(Reply::Never) => None,
            None => {
                let imagined = timeline::imagined_answer(self.program, action, call.now);
                let Value::Record(values) = &imagined else { return None };
                Some(CallOutcome::Answered(plain::object(self.program, &def.gives, values)))
            }
        }
    }
}

/// A call as it comes over HTTP, read as it is read there.
fn call(ground: Ground, at: Instant, call: Json) -> Submission {
    let raw = call.to_string().into_bytes();
    let arrival = Reader::new(ground.schema).call_received(&raw, at).unwrap_or_else(|why| panic!("{why:?}: {call}"));
    let arrival = arrival.unwrap_or_else(|| panic!("without effect: {call}")).into_owned();
    Submission::Call { raw: raw.into(), arrival, received_at: at, source: "test".into(), generation: 0 }
}

fn identify(ground: Ground, at: Instant, traits: Json) -> Submission {
    let at_text = at.to_string();
    call(ground, at, json!({ "type": "identify", "userId": TEST_PERSON, "timestamp": at_text, "traits": traits }))
}

/// The person as given, in a store that nobody ran on before.
fn seed(ground: Ground, timeline: &Timeline, memory: &Memory) {
    let mut person = Person::new(TEST_PERSON);
    let consent: Vec<(PurposeId, bool)> = timeline.consent.iter().map(|p| (*p, true)).collect();
    ground.engine.record_profile(&mut person, &timeline.profile, &consent, timeline.clock);
    timeline.pins.iter().for_each(|(split, arm)| person.pin(*split, *arm));
    for (at, event, payload) in &timeline.history {
        ground.engine.record_past(&mut person, *event, payload, *at);
    }
    let row = PersonRow { wake: person.wake(), state: person.to_bytes() };
    let id = |kind| IdRow { id: TEST_PERSON.to_owned(), seat: 0, kind };
    let ids = vec![id(IdKind::Anonymous), id(IdKind::Name), id(IdKind::User)];
    let checkpoint = Checkpoint {
        position: Position(1),
        at: Instant(timeline.clock.0 - 1),
        people: vec![(0, Some(row))],
        ids,
        ..Checkpoint::default()
    };
    memory.open().write(&checkpoint).expect("memory takes it");
}

fn report_of(verb: ReportVerb) -> Report {
    match verb {
        ReportVerb::Deliver => Report::Delivered,
        ReportVerb::Open => Report::Opened,
        ReportVerb::Click => Report::Clicked,
        ReportVerb::Bounce => Report::Bounced,
        ReportVerb::Block => Report::Blocked,
        ReportVerb::Complain => Report::Complained,
        ReportVerb::Unsubscribe => Report::Unsubscribed,
        ReportVerb::Refuse => Report::Refused,
    }
}

/// Lives the timeline in the durable runtime; every so many lines the process dies and starts anew.
fn lived(ground: Ground, timeline: &Timeline, shards: usize, dies_every: Option<usize>) -> Vec<StoryLine> {
    let program = ground.program;
    let (disk, memory) = (ImaginedDisk::new(1), Memory::new(1));
    seed(ground, timeline, &memory);
    // The log goes on where the store ends.
    let open = |now| {
        let mut log = tabi::store::log::FileLog::open_or_begin(disk.folder(), Position(1)).expect("a log");
        tabi::ports::store::Log::sync(&mut log).expect("an imagined disk that works");
        drop(log);
        Rig::open(ground, &disk, &memory, shards, free(Idempotency::Recognisable), now).expect("a node")
    };
    let mut rig = open(timeline.clock);
    let mut stage = Stage::new(program, timeline);
    rig.settle(timeline.clock, &mut stage).unwrap();
    for (index, line) in timeline.lines.iter().enumerate() {
        if dies_every.is_some_and(|every| index % every == every - 1) {
            if index % 2 == 0 {
                rig.checkpoint().unwrap();
            }
            drop(rig);
            rig = open(line.at.min(timeline.clock));
        }
        rig.run_until(line.at, &mut stage).unwrap();
        for submission in submissions(program, timeline, &mut stage, &mut rig, line) {
            rig.node.submit(submission);
        }
        rig.settle(line.at, &mut stage).unwrap();
    }
    rig.checkpoint().unwrap();
    let scenes = rig.lines(0).into_iter().filter_map(Scene::of).collect();
    told(story::of(program, TEST_PERSON, timeline.zone, scenes, 0).lines)
}

fn submissions(
    program: &Program,
    timeline: &Timeline,
    stage: &mut Stage<'_>,
    rig: &mut Rig,
    line: &tabi::ir::timeline::Line,
) -> Vec<Submission> {
    let ground = rig.ground;
    match &line.what {
        LineWhat::Event { event, payload } => {
            let def = program.event(*event);
            let Value::Record(values) = payload else { panic!("an event is a record") };
            let fields = &def.fields[..def.fields.len() - 1];
            let mut track = json!({
                "type": "track",
                "event": def.name,
                "timestamp": line.at.to_string(),
                "properties": plain::object(program, fields, values),
            });
            if def.subject == Subject::Profile {
                track["userId"] = TEST_PERSON.into();
            }
            vec![call(ground, line.at, track)]
        }
        LineWhat::Set { field, value } => {
            let def = &program.profile[field.index()];
            vec![identify(ground, line.at, json!({ &def.name: plain::json(program, &def.ty, value) }))]
        }
        LineWhat::Consent { given } => {
            let names: Vec<&str> = given.iter().map(|p| program.purposes[p.index()].as_str()).collect();
            vec![identify(ground, line.at, json!({ "consent": names }))]
        }
        LineWhat::Approve { approved, by } => {
            vec![Submission::Approval { person: TEST_PERSON.to_owned(), by: by.clone(), approved: *approved }]
        }
        LineWhat::Report { verb, handle } => {
            let Some(handle) = handle_named(program, timeline, handle) else { return Vec::new() };
            let latest = stage.sent.iter_mut().rev().find(|(h, ..)| *h == handle);
            let report = report_of(*verb);
            let Some((_, key, open)) = latest else {
                return match verb {
                    ReportVerb::Refuse => {
                        stage.refusals.push(handle);
                        Vec::new()
                    }
                    _ => by_address(program, timeline, rig, line.at, handle, report),
                };
            };
            if *verb == ReportVerb::Refuse && std::mem::take(open) {
                let pending = tabi::ports::store::PendingKey::of_send(*key);
                rig.node.delivered(pending, Outcome::Refused { why: "told to".into(), address: None }, line.at);
                return Vec::new();
            }
            let about = About::Send(key.sealed(&secret()));
            let notice = Notice { id: None, about, at: line.at, told: Told::Report(report) };
            vec![Submission::Notice { notice, received_at: line.at, source: "test".into() }]
        }
        LineWhat::Pass | LineWhat::Expect(_) => Vec::new(),
    }
}

/// What people do to a channel needs no message of ours.
fn by_address(
    program: &Program,
    timeline: &Timeline,
    rig: &mut Rig,
    at: Instant,
    handle: HandleId,
    report: Report,
) -> Vec<Submission> {
    let ground = rig.ground;
    rig.checkpoint().unwrap();
    let Some(person) = rig.person(0) else { return Vec::new() };
    let code = program.journey(timeline.journey).code.iter();
    let channel = |op: &Op| match op {
        Op::Send { message, handle: h, .. } if *h == handle => Some(program.message(*message).channel),
        _ => None,
    };
    let channels: BTreeSet<_> = code.filter_map(|i| channel(&i.op)).collect();
    let submission = |channel: tabi::ir::Channel| {
        let field = program.person.addresses[channel.index()]?;
        let Value::Text(address) = person.field(field) else { return None };
        // It was given, not told: nobody claimed it yet.
        let traits = json!({ &program.profile[field.index()].name: &**address });
        let about = About::Address { channel, address: address.to_string() };
        let notice = Notice { id: None, about, at, told: Told::Report(report) };
        let notice = Submission::Notice { notice, received_at: at, source: "test".into() };
        Some([identify(ground, at, traits), notice])
    };
    channels.into_iter().filter_map(submission).flatten().collect()
}

/// What journeys did; what was done to the person is the same by construction.
fn told(lines: Vec<StoryLine>) -> Vec<StoryLine> {
    lines.into_iter().filter(|line| line.journey.is_some()).collect()
}

fn differs(program: &Program, timeline: &Timeline) -> Option<String> {
    let kept = match &timeline.kept {
        Some(kept) => Program { history: kept.clone(), ..program.clone() },
        None => program.clone(),
    };
    let wanted = told(timeline::run(program, timeline).story.lines);
    let ground = Ground::new(kept);
    for (shards, dies_every) in [(1, None), (3, Some(2)), (1, Some(1))] {
        let came = lived(ground, timeline, shards, dies_every);
        if came != wanted {
            let text = |lines: &[StoryLine]| {
                let line = |l: &StoryLine| format!("  {} {}\n", l.time, l.words.en);
                lines.iter().map(line).collect::<String>()
            };
            return Some(format!(
                "`{}` ({}:{}), {shards} shards, dying every {dies_every:?} lines\nsimulator:\n{}runtime:\n{}",
                timeline.title,
                timeline.place.path,
                timeline.place.line,
                text(&wanted),
                text(&came)
            ));
        }
    }
    None
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_path_buf()
}

/// All timelines of a program; how many there were, and what differed.
fn compare(compiled: &Compiled, differing: &mut Vec<String>) -> usize {
    let Some(program) = &compiled.program else { panic!("{:#?}", compiled.diagnostics) };
    differing.extend(compiled.timelines.iter().filter_map(|timeline| differs(program, timeline)));
    compiled.timelines.len()
}

#[test]
fn conformance_cases_tell_the_same_story_in_both() {
    let world = fs::read_to_string(root().join("tests/conformance/world.tabi")).unwrap();
    let (mut count, mut differing) = (0, Vec::new());
    let mut files: Vec<PathBuf> =
        fs::read_dir(root().join("tests/conformance")).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    for path in files.iter().filter(|path| !path.ends_with("world.tabi")) {
        let mut sources = Sources::default();
        sources.add(Source::new("world.tabi", world.clone()));
        sources.add(Source::new(path.file_name().unwrap().to_string_lossy(), fs::read_to_string(path).unwrap()));
        let settings = Settings { zone: Zone::from_name("Asia/Tokyo").unwrap(), ..Settings::default() };
        count += compare(&compile(&sources, &settings), &mut differing);
    }
    assert!(differing.is_empty(), "{} of {count} differ\n{}", differing.len(), differing.join("\n"));
    assert!(count > 60, "only {count} cases were found");
}

#[test]
fn timelines_of_all_projects_tell_the_same_story_in_both() {
    let (mut count, mut differing) = (0, Vec::new());
    let examples = fs::read_dir(root().join("examples")).unwrap().map(|entry| entry.unwrap().path());
    let mut projects: Vec<PathBuf> = examples.filter(|path| path.join("tabi.yaml").exists()).collect();
    projects.push(root().join("campaigns"));
    projects.sort();
    for path in projects {
        let project = tabi::project::load(&path);
        let settings = Settings {
            name: project.settings.name.clone(),
            zone: project.settings.zone,
            currency: project.settings.currency,
            max_event_age: project.settings.max_event_age,
            dedupe_window: project.settings.dedupe_window,
            sender: project.settings.sender.clone(),
            ..Settings::default()
        };
        count += compare(&compile(&project.sources, &settings), &mut differing);
    }
    assert!(differing.is_empty(), "{} of {count} differ\n{}", differing.len(), differing.join("\n"));
    assert!(count > 100, "only {count} timelines were found");
}
