//! A story in the making: where its values stand, what was asked of them, and how they are changed.
//!
//! Chooses no value.

use crate::ir::timeline::{LineWhat, Reply};
use crate::ir::{ActionId, Compare, FieldId, Program, Type};
use crate::value::{CalendarPeriod, Instant, Value};

use super::choices::Choices;
use super::sample::{Look, Sampler};
use super::story::{Line, Past, Story};

/// Where a value of the story stands.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    pub root: Root,
    /// Fields of records and indices of lists, outermost first.
    pub path: Vec<u16>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Root {
    Profile(FieldId),
    /// The payload of an event that a line brings.
    Line(usize),
    /// The payload of a past event.
    Past(usize),
    /// What the call of an action gave, before which there were so many.
    Answer(ActionId, usize),
}

impl Place {
    pub fn root(root: Root) -> Place {
        Place { root, path: Vec::new() }
    }
    pub fn inside(&self, index: u16) -> Place {
        let mut path = self.path.clone();
        path.push(index);
        Place { root: self.root, path }
    }
}

/// The story, and what the attempt knows of it. Lines and past events keep their index while it is being made.
#[derive(Debug)]
pub(super) struct Draft<'p> {
    pub program: &'p Program,
    pub story: Story,
    pub look: Look,
    pub choices: Choices,
    /// What was asked of a place so far, by conditions that were seen.
    pub asked: Vec<(Place, Compare, Value)>,
    /// The line of the event that starts the run, if an event does.
    pub start: Option<usize>,
    /// The lines that end a wait, by how many edges the run had taken.
    pub arms: Vec<(usize, usize)>,
    /// Waits end as late as they can.
    pub late: bool,
    /// What can end a wait comes soon, though the wait might end by itself.
    pub hurry: bool,
    /// Waits that end by themselves all the same, by how many edges the run had taken.
    pub waited: Vec<usize>,
    /// The run is to go on longer than this.
    pub beyond: Option<CalendarPeriod>,
    /// Waits that were made as long as they can be, by how many edges the run had taken.
    pub stretched: Vec<usize>,
}

impl<'p> Draft<'p> {
    /// A finished story, to be run again.
    pub fn of(program: &'p Program, story: Story) -> Draft<'p> {
        Draft {
            program,
            story,
            look: Look::Japanese,
            choices: Choices::default(),
            asked: Vec::new(),
            start: None,
            arms: Vec::new(),
            late: false,
            hurry: false,
            waited: Vec::new(),
            beyond: None,
            stretched: Vec::new(),
        }
    }
    pub fn sampler(&self) -> Sampler<'p> {
        let ordinal = self.story.lines.len() + self.story.history.len();
        Sampler { program: self.program, look: self.look, clock: self.story.clock, ordinal }
    }
    pub fn add_line(&mut self, at: Instant, what: LineWhat) -> usize {
        self.story.lines.push(Line { at, what });
        self.story.lines.len() - 1
    }
    /// A line that is no more: it keeps its index and lets time pass.
    pub fn drop_line(&mut self, index: usize) {
        self.story.lines[index].what = LineWhat::Pass;
    }
    pub fn add_past(&mut self, at: Instant, event: crate::ir::EventId) -> usize {
        let payload = self.sampler().event(event, at);
        self.story.history.push(Past { at, event, payload });
        self.story.history.len() - 1
    }

    // ---- values at places ----------------------------------------------------------------------------------------

    pub fn root_value(&self, root: Root) -> Option<&Value> {
        match root {
            Root::Profile(field) => self.story.profile.get(field.index()),
            Root::Line(index) => match &self.story.lines.get(index)?.what {
                LineWhat::Event { payload, .. } => Some(payload),
                _ => None,
            },
            Root::Past(index) => self.story.history.get(index).map(|p| &p.payload),
            Root::Answer(action, call) => match self.story.reply(action, call)? {
                Reply::Gives(value) => Some(value),
                Reply::Fails | Reply::Never => None,
            },
        }
    }
    pub fn value(&self, place: &Place) -> Value {
        let mut value = match self.root_value(place.root) {
            Some(value) => value,
            None => return Value::Missing,
        };
        for index in &place.path {
            value = match value {
                Value::Record(items) | Value::List(items) => match items.get(usize::from(*index)) {
                    Some(value) => value,
                    None => return Value::Missing,
                },
                _ => return Value::Missing,
            };
        }
        value.clone()
    }
    /// The type of a place, and the name of the field it stands in.
    pub fn kind(&self, place: &Place) -> Option<(Type, String)> {
        let program = self.program;
        let (mut ty, mut name) = match place.root {
            Root::Profile(field) => {
                let field = program.profile.get(field.index())?;
                (field.ty.clone(), field.name.clone())
            }
            Root::Line(index) => match &self.story.lines.get(index)?.what {
                LineWhat::Event { event, .. } => (Type::Event(*event), String::new()),
                _ => return None,
            },
            Root::Past(index) => (Type::Event(self.story.history.get(index)?.event), String::new()),
            Root::Answer(action, _) => (Type::Result(action), String::new()),
        };
        for index in &place.path {
            let inner = match &ty {
                Type::Optional(inner) => (**inner).clone(),
                plain => plain.clone(),
            };
            let fields = match &inner {
                Type::Record(id) => &program.records[id.index()].fields,
                Type::Event(id) => &program.event(*id).fields,
                Type::Result(id) => &program.actions[id.index()].gives,
                Type::List(element) => {
                    ty = (**element).clone();
                    continue;
                }
                _ => return None,
            };
            let field = fields.get(usize::from(*index))?;
            (ty, name) = (field.ty.clone(), field.name.clone());
        }
        Some((ty, name))
    }
    /// Writes a value; one of a past event's own time moves the event.
    pub fn write(&mut self, place: &Place, value: Value) {
        match place.root {
            Root::Profile(field) => {
                if let Some(root) = self.story.profile.get_mut(field.index()) {
                    put(root, &place.path, value);
                }
            }
            Root::Line(index) => {
                if let Some(Line { what: LineWhat::Event { payload, .. }, .. }) = self.story.lines.get_mut(index) {
                    put(payload, &place.path, value);
                }
            }
            Root::Past(index) => {
                if let Some(past) = self.story.history.get_mut(index) {
                    put(&mut past.payload, &place.path, value);
                    if let Value::Record(fields) = &past.payload
                        && let Some(Value::Instant(at)) = fields.last()
                    {
                        past.at = *at;
                    }
                }
            }
            Root::Answer(action, call) => {
                if let Some(Reply::Gives(root)) = self.reply_mut(action, call) {
                    put(root, &place.path, value);
                }
            }
        }
    }
    /// What comes of one call, apart from those before it.
    pub fn reply_mut(&mut self, action: ActionId, call: usize) -> Option<&mut Reply> {
        let replies = self.story.answers.get_mut(&action)?;
        while let Some(last) = replies.last().filter(|_| replies.len() <= call).cloned() {
            replies.push(last);
        }
        replies.get_mut(call)
    }
    /// One call answers, or fails.
    pub fn set_outcome(&mut self, action: ActionId, call: usize, answers: bool) {
        let gives = Reply::Gives(self.sampler().record(&self.program.actions[action.index()].gives));
        let fails = if self.late { Reply::Never } else { Reply::Fails };
        if let Some(reply) = self.reply_mut(action, call) {
            *reply = if answers { gives } else { fails };
        }
    }
    pub fn move_past(&mut self, index: usize, at: Instant) {
        let event = self.story.history[index].event;
        let field = self.program.event(event).at_field();
        self.write(&Place { root: Root::Past(index), path: vec![field.0] }, Value::Instant(at));
    }
    /// Moves everything by the same time: the clock, the past and the lines.
    pub fn shift(&mut self, by: i64) {
        let moved = |at: Instant| Instant(at.0.saturating_add(by));
        self.story.clock = moved(self.story.clock);
        self.story.until = moved(self.story.until);
        for index in 0..self.story.history.len() {
            let at = moved(self.story.history[index].at);
            self.move_past(index, at);
        }
        for line in &mut self.story.lines {
            line.at = moved(line.at);
            retime(self.program, line);
        }
    }
    pub fn move_line(&mut self, index: usize, at: Instant) {
        if let Some(line) = self.story.lines.get_mut(index) {
            line.at = at;
            retime(self.program, line);
        }
    }
}

/// The time of an event is that of its line.
pub(super) fn retime(program: &Program, line: &mut Line) {
    if let LineWhat::Event { event, payload } = &mut line.what {
        put(payload, &[program.event(*event).at_field().0], Value::Instant(line.at));
    }
}

pub(super) fn put(root: &mut Value, path: &[u16], value: Value) {
    let Some((index, rest)) = path.split_first() else {
        *root = value;
        return;
    };
    let (items, is_record) = match root {
        Value::Record(items) => (items, true),
        Value::List(items) => (items, false),
        _ => return,
    };
    let mut items = items.to_vec();
    if let Some(item) = items.get_mut(usize::from(*index)) {
        put(item, rest, value);
    }
    *root = if is_record { Value::Record(items.into()) } else { Value::List(items.into()) };
}
