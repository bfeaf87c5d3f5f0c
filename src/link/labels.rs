//! Which id a thing of a new program has in the program that is live.
//!
//! Whatever has a name that is known and still means the same keeps its id; everything else gets one behind the last.

use crate::ir::{
    ActionDef, ActionId, EnumId, EventDef, EventId, FieldDef, FieldId, JourneyId, MessageId, PolicyId, Program,
    PurposeId, RecordDef, RecordId, SegmentId, SplitId, Type,
};

/// By the id in the new program: the id in the live one.
#[derive(Debug, Default)]
pub struct Labels {
    pub enums: Vec<EnumId>,
    pub records: Vec<RecordId>,
    /// By record, then by field.
    pub record_fields: Vec<Vec<FieldId>>,
    pub events: Vec<EventId>,
    pub event_fields: Vec<Vec<FieldId>>,
    pub profile: Vec<FieldId>,
    /// Fields of the profile with a new type: where the value was, and where it is.
    pub retyped: Vec<(FieldId, FieldId)>,
    pub purposes: Vec<PurposeId>,
    pub actions: Vec<ActionId>,
    pub messages: Vec<MessageId>,
    pub policies: Vec<PolicyId>,
    pub segments: Vec<SegmentId>,
    pub splits: Vec<SplitId>,
    pub journeys: Vec<JourneyId>,
}

/// Purposes that one program can have over its life: consent is a bit for each.
pub const PURPOSES_MAX: usize = 32;

/// Adds the schema of a new program to the live one, and says what everything is called there.
pub fn schema(live: &mut Program, new: &Program, generation: u32) -> Labels {
    let mut labels = Labels::default();
    for def in &new.enums {
        // Variants have an order, so they may only be added at the end.
        let known = live.enums.iter().rposition(|e| e.name == def.name && def.variants.starts_with(&e.variants));
        let index = known.unwrap_or(live.enums.len());
        match known {
            Some(index) => live.enums[index].variants.clone_from(&def.variants),
            None => live.enums.push(def.clone()),
        }
        labels.enums.push(EnumId(index as u16));
    }
    for def in &new.records {
        let known = live.records.iter().rposition(|r| r.name == def.name);
        let index = known.unwrap_or(live.records.len());
        if known.is_none() {
            live.records.push(RecordDef { name: def.name.clone(), fields: Vec::new() });
        }
        labels.records.push(RecordId(index as u16));
    }
    for def in &new.events {
        let known = live.events.iter().rposition(|e| e.name == def.name && e.subject == def.subject);
        let index = known.unwrap_or(live.events.len());
        if known.is_none() {
            let (name, subject) = (def.name.clone(), def.subject.clone());
            live.events.push(EventDef { name, subject, fields: Vec::new() });
        }
        labels.events.push(EventId(index as u16));
    }
    for def in &new.actions {
        labels.actions.push(ActionId(action(live, &labels, def)));
    }
    // An action may be undone by one that comes after it.
    for (def, id) in new.actions.iter().zip(&labels.actions) {
        live.actions[id.index()].undo = def.undo.map(|undo| labels.actions[undo.index()]);
    }
    for (index, def) in new.records.iter().enumerate() {
        let at = labels.records[index].index();
        let mut fields = std::mem::take(&mut live.records[at].fields);
        let (ids, _) = self::fields(&mut fields, &def.fields, &labels, generation);
        live.records[at].fields = fields;
        labels.record_fields.push(ids);
    }
    for (index, def) in new.events.iter().enumerate() {
        let at = labels.events[index].index();
        let mut fields = std::mem::take(&mut live.events[at].fields);
        let (ids, _) = self::fields(&mut fields, &def.fields, &labels, generation);
        live.events[at].fields = fields;
        labels.event_fields.push(ids);
    }
    let mut profile = std::mem::take(&mut live.profile);
    (labels.profile, labels.retyped) = fields(&mut profile, &new.profile, &labels, generation);
    live.profile = profile;
    for purpose in &new.purposes {
        let known = live.purposes.iter().position(|p| p == purpose);
        let index = known.unwrap_or(live.purposes.len());
        if known.is_none() {
            live.purposes.push(purpose.clone());
        }
        labels.purposes.push(PurposeId(index as u16));
    }
    labels
}

/// Fields keep their places; new ones stand behind, and those that are no more stay under a name of their own.
fn fields(
    live: &mut Vec<FieldDef>,
    new: &[FieldDef],
    labels: &Labels,
    generation: u32,
) -> (Vec<FieldId>, Vec<(FieldId, FieldId)>) {
    let (mut ids, mut retyped) = (Vec::with_capacity(new.len()), Vec::new());
    for def in new {
        let ty = labels.ty(&def.ty);
        let known = live.iter().rposition(|f| f.name == def.name);
        if let Some(at) = known.filter(|at| is_readable_as(&live[*at].ty, &ty)) {
            (live[at].ty, live[at].pii) = (ty, def.pii);
            ids.push(FieldId(at as u16));
            continue;
        }
        let at = live.len();
        if let Some(old) = known {
            live[old].name = gone(&def.name, generation);
            retyped.push((FieldId(old as u16), FieldId(at as u16)));
        }
        live.push(FieldDef { name: def.name.clone(), ty, pii: def.pii });
        ids.push(FieldId(at as u16));
    }
    for (index, field) in live.iter_mut().enumerate() {
        if !field.is_gone() && !ids.contains(&FieldId(index as u16)) {
            field.name = gone(&field.name, generation);
        }
    }
    (ids, retyped)
}

fn gone(name: &str, generation: u32) -> String {
    format!("{name}{}{generation}", FieldDef::GONE)
}

/// Values of the one are values of the other: a field may become optional, and back.
fn is_readable_as(old: &Type, new: &Type) -> bool {
    old.bare() == new.bare()
}

/// An action that takes or gives something else is another.
fn action(live: &mut Program, labels: &Labels, def: &ActionDef) -> u16 {
    let labelled = |fields: &[FieldDef]| -> Vec<FieldDef> {
        fields.iter().map(|f| FieldDef { ty: labels.ty(&f.ty), ..f.clone() }).collect()
    };
    let (takes, gives) = (labelled(&def.takes), labelled(&def.gives));
    let is_same = |a: &ActionDef| a.name == def.name && a.takes == takes && a.gives == gives;
    let known = live.actions.iter().rposition(is_same);
    let linked = ActionDef { takes, gives, undo: None, ..def.clone() };
    match known {
        Some(index) => {
            live.actions[index] = linked;
            index as u16
        }
        None => {
            live.actions.push(linked);
            live.actions.len() as u16 - 1
        }
    }
}

impl Labels {
    pub fn ty(&self, ty: &Type) -> Type {
        match ty {
            Type::Enum(id) => Type::Enum(self.enums[id.index()]),
            Type::Record(id) => Type::Record(self.records[id.index()]),
            Type::Event(id) => Type::Event(self.events[id.index()]),
            // Actions are labelled one after the other; a result of a later one is met in a slot only.
            Type::Result(id) => Type::Result(self.actions.get(id.index()).copied().unwrap_or(*id)),
            Type::List(inner) => Type::List(Box::new(self.ty(inner))),
            Type::Optional(inner) => Type::Optional(Box::new(self.ty(inner))),
            Type::Text
            | Type::Id
            | Type::Email
            | Type::Phone
            | Type::LineId
            | Type::PushToken
            | Type::Url
            | Type::Int
            | Type::Decimal
            | Type::Percent
            | Type::Bool
            | Type::Money(_)
            | Type::Zone
            | Type::Instant
            | Type::Date
            | Type::Time
            | Type::Span
            | Type::Period => ty.clone(),
        }
    }
    /// What a field of a value of this type is called; types are the new program's.
    pub fn field(&self, of: Option<&Type>, field: FieldId) -> FieldId {
        let labelled = match of {
            Some(Type::Optional(inner)) => return self.field(Some(inner), field),
            Some(Type::Record(id)) => self.record_fields[id.index()].get(field.index()),
            Some(Type::Event(id)) => self.event_fields[id.index()].get(field.index()),
            // What an action gives keeps its order: with other fields it is another action.
            Some(_) | None => None,
        };
        labelled.copied().unwrap_or(field)
    }
}
