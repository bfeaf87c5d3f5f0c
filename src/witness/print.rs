//! A story as a test in the language, laid out as `tabi fmt` lays it out.
//!
//! Compiles and runs nothing; what it prints passes under `tabi test`, or fails where it is meant to.

use crate::ir::journey::Exit;
use crate::ir::timeline::{LineWhat, Reply, ReportVerb};
use crate::ir::{EventId, Program, Type};
use crate::machine::{EndReason, Entry, What};
use crate::value::{Instant, Value};

use super::notation::{self, Notation, after, before, quoted};
use super::story::{Story, Told};

/// Where what happens stands in a line: behind the column of times.
const TIME_COLUMN: usize = 8;

/// Something a test expects, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expected {
    pub at: Instant,
    /// As it stands behind `expect`.
    pub what: String,
}

/// A test of what the story made happen: it passes.
pub fn passing(program: &Program, told: &Told, title: &str) -> String {
    test(program, &told.story, title, &happened(program, told))
}

/// A test of the story with these expectations, in order of time.
pub fn test(program: &Program, story: &Story, title: &str, expected: &[Expected]) -> String {
    let mut text = format!("test {} {} {{\n", program.journey(story.journey).name, quoted(title));
    let clock = notation::moment(story.zone, story.clock);
    text.push_str(&format!("  clock {clock} {}\n", story.zone.name()));
    text.push_str("  given profile ");
    profile(program, story).put(&mut text, 2, 0);
    text.push('\n');
    past(program, story, &mut text);
    for (split, arm) in &story.pins {
        let split = &program.splits[split.index()];
        text.push_str(&format!("  pin {} = {}\n", split.name, split.arms[usize::from(*arm)].name));
    }
    for (action, replies) in &story.answers {
        let def = &program.actions[action.index()];
        if def.gives.is_empty() && matches!(replies.as_slice(), [Reply::Gives(_)]) {
            continue;
        }
        for reply in replies {
            text.push_str(&format!("  answer {} ", def.name));
            match reply {
                Reply::Fails => text.push_str("fails"),
                Reply::Never => text.push_str("never"),
                Reply::Gives(gives) => {
                    text.push_str("with ");
                    notation::value(program, story.zone, &Type::Result(*action), gives).put(&mut text, 2, 0);
                }
            }
            text.push('\n');
        }
    }
    text.push('\n');
    lines(program, story, expected, &mut text);
    text.push_str("}\n");
    text
}

fn profile(program: &Program, story: &Story) -> Notation {
    let Notation::Record(mut fields) = notation::fields(program, story.zone, &program.profile, &story.profile) else {
        return Notation::Record(Vec::new());
    };
    let purposes = story.consent.iter().map(|p| Notation::Word(program.purposes[p.index()].clone()));
    fields.push(("consent".into(), Notation::List(purposes.collect())));
    Notation::Record(fields)
}

fn past(program: &Program, story: &Story, text: &mut String) {
    let line = |past: &super::story::Past| {
        let ago = before(story.zone, story.clock, past.at);
        (format!("-{ago} {}", program.event(past.event).name), payload(program, story, past.event, &past.payload))
    };
    let all: Vec<(String, Option<Notation>)> = story.history.iter().map(line).collect();
    if let [(head, fields)] = all.as_slice() {
        let flat = fields.as_ref().map_or_else(String::new, |f| format!(" {}", f.flat()));
        let whole = Notation::Word(format!("given history {{ {head}{flat} }}"));
        if unicode_width::UnicodeWidthStr::width(whole.flat().as_str()) + 2 <= 120 {
            text.push_str(&format!("  {}\n", whole.flat()));
            return;
        }
    }
    if all.is_empty() {
        return;
    }
    text.push_str("  given history {\n");
    for (head, fields) in all {
        text.push_str(&format!("    {head}"));
        put_fields(fields, text, 4);
        text.push('\n');
    }
    text.push_str("  }\n");
}
fn put_fields(fields: Option<Notation>, text: &mut String, indent: usize) {
    if let Some(fields) = fields {
        text.push(' ');
        fields.put(text, indent, 0);
    }
}

/// The fields of an event, but for its time; none for an event without fields.
fn payload(program: &Program, story: &Story, event: EventId, payload: &Value) -> Option<Notation> {
    let fields = notation::value(program, story.zone, &Type::Event(event), payload);
    (program.event(event).fields.len() > 1).then_some(fields)
}

/// What happens and what is expected, in order of time; of one moment, what happens comes first.
fn lines(program: &Program, story: &Story, expected: &[Expected], text: &mut String) {
    let mut moments: Vec<Instant> = story.lines.iter().map(|l| l.at).chain(expected.iter().map(|e| e.at)).collect();
    moments.sort_unstable();
    moments.dedup();
    for at in moments {
        let mut time = format!("+{}", after(story.zone, story.clock, at));
        let mut begin = |text: &mut String| {
            let time = std::mem::take(&mut time);
            match time.len() < TIME_COLUMN {
                true => text.push_str(&format!("  {time:TIME_COLUMN$}")),
                false => text.push_str(&format!("  {time} ")),
            }
        };
        for line in story.lines.iter().filter(|line| line.at == at) {
            begin(text);
            happens(program, story, &line.what, text);
            text.push('\n');
        }
        for expected in expected.iter().filter(|e| e.at == at) {
            begin(text);
            text.push_str(&format!("expect {}\n", expected.what));
        }
    }
}

fn happens(program: &Program, story: &Story, what: &LineWhat, text: &mut String) {
    match what {
        LineWhat::Event { event, payload: value } => {
            text.push_str(&program.event(*event).name);
            put_fields(payload(program, story, *event, value), text, 2);
        }
        LineWhat::Set { field, value } => {
            let def = &program.profile[field.index()];
            text.push_str(&format!("set profile.{} = ", def.name));
            notation::value(program, story.zone, &def.ty, value).put(text, 2, 0);
        }
        LineWhat::Consent { given } => {
            let given: Vec<&str> = given.iter().map(|p| program.purposes[p.index()].as_str()).collect();
            text.push_str(&format!("set profile.consent = [{}]", given.join(", ")));
        }
        LineWhat::Report { verb, handle } => text.push_str(&format!("{} {handle}", verb_name(*verb))),
        LineWhat::Approve { approved, by } => {
            let by = by.as_ref().map_or_else(String::new, |by| format!(" {}", quoted(by)));
            text.push_str(&format!("{}{by}", if *approved { "approve" } else { "refuse" }));
        }
        // A story holds none of them.
        LineWhat::Pass | LineWhat::Expect(_) => {}
    }
}

fn verb_name(verb: ReportVerb) -> &'static str {
    match verb {
        ReportVerb::Deliver => "deliver",
        ReportVerb::Open => "open",
        ReportVerb::Click => "click",
        ReportVerb::Bounce => "bounce",
        ReportVerb::Block => "block",
        ReportVerb::Complain => "complain",
        ReportVerb::Unsubscribe => "unsubscribe",
        ReportVerb::Refuse => "refuse",
    }
}

/// What the machine did, as expectations.
pub fn happened(program: &Program, told: &Told) -> Vec<Expected> {
    let mut expected: Vec<Expected> = Vec::new();
    for entry in &told.entries {
        let Some(what) = expectation(program, entry) else { continue };
        let one = Expected { at: entry.at, what };
        if !expected.contains(&one) {
            expected.push(one);
        }
    }
    expected
}

/// How a test says what the journal says; nothing where tests have no word for it, or need none.
pub fn expectation(program: &Program, entry: &Entry) -> Option<String> {
    let message = |id: crate::ir::MessageId| {
        let def = program.message(id);
        format!("{} {}", def.channel.name(), def.name)
    };
    Some(match &entry.what {
        What::Entered => "entered".into(),
        What::HeldOut => "held out".into(),
        What::Sent { message: id, .. } => format!("sent {}", message(*id)),
        What::Held { reason, .. } => format!("held by {}", reason.name()),
        What::Dropped { reason, .. } => format!("dropped by {}", reason.name()),
        What::Called { action } => format!("did {}", program.actions[action.index()].name),
        What::Tagged { tag } => format!("tagged {}", quoted(tag)),
        What::Goal { .. } => "goal reached".into(),
        What::Ended { reason } => match reason {
            EndReason::Stopped(Some(because)) => format!("exited by {}", quoted(because)),
            EndReason::Exited(index) => match program.journey(entry.journey).exits.get(usize::from(*index)) {
                Some(Exit::Event { event, .. }) => format!("exited by {}", program.event(*event).name),
                Some(Exit::Segment { segment, enters: true }) => {
                    format!("exited by {}", program.segments[segment.index()].name)
                }
                Some(Exit::Segment { segment, enters: false }) => {
                    format!("exited by {}", quoted(&format!("not {}", program.segments[segment.index()].name)))
                }
                None => "exited".into(),
            },
            EndReason::Stopped(None)
            | EndReason::Finished
            | EndReason::HeldOut
            | EndReason::Merged
            | EndReason::Removed
            | EndReason::Overrun => "exited".into(),
        },
        What::Settling { .. }
        | What::Unsettled
        | What::NotEntered { .. }
        | What::Arm { .. }
        | What::Waiting { .. }
        | What::Woke { .. }
        | What::Withdrawn { .. }
        | What::Reported { .. }
        | What::CallFailed { .. }
        | What::Untagged { .. }
        | What::Set { .. }
        | What::Moved { .. }
        | What::Paused
        | What::Resumed
        | What::CallSkipped { .. }
        | What::Membership { .. } => return None,
    })
}
