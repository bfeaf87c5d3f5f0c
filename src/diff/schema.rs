//! The schema: fields of the profile, events and records, and the variants of enums.
//!
//! Order of fields is no change: nothing is told by it.

use super::facet::Facet;
use super::things::{Described, compared};
use super::{Kind, Section, Thing};
use crate::ir::{EnumDef, EventDef, FieldDef, Program, RecordDef, Subject};
use crate::words::{Both, type_name};

pub fn sections(old: &Program, new: &Program) -> Vec<Section> {
    let mut all = compared(Thing::Profile, &[profile(old)], &[profile(new)]);
    all.extend(compared(Thing::Event, &events(old), &events(new)));
    all.extend(compared(Thing::Record, &records(old), &records(new)));
    all.extend(compared(Thing::Enum, &enums(old), &enums(new)));
    all
}

/// A facet for each field: its type, and whether it is personal.
pub fn fields(program: &Program, key: &str, ja: &str, fields: &[FieldDef]) -> Vec<Facet> {
    let facet = |field: &FieldDef| {
        let ty = type_name(program, &field.ty);
        let shown = match field.pii {
            true => Both::new(format!("{ty}, personal data"), format!("{ty}、個人情報")),
            false => Both::same(ty.clone()),
        };
        Facet::new(key, ja, Kind::Schema, format!("{ty} {}", field.pii), shown).named(&field.name)
    };
    fields.iter().map(facet).collect()
}

fn profile(program: &Program) -> Described {
    Described::new("profile", fields(program, "field", "項目", &program.profile))
}

fn events(program: &Program) -> Vec<Described> {
    let described = |event: &EventDef| {
        let about = match &event.subject {
            Subject::Profile => Both::new("a person", "人"),
            Subject::Other(thing) => Both::same(thing),
        };
        let mut single = vec![Facet::new("about", "対象", Kind::Schema, format!("{:?}", event.subject), about)];
        single.extend(fields(program, "field", "項目", &event.fields));
        Described::new(&event.name, single)
    };
    program.events.iter().map(described).collect()
}

fn records(program: &Program) -> Vec<Described> {
    let described = |record: &RecordDef| Described::new(&record.name, fields(program, "field", "項目", &record.fields));
    program.records.iter().map(described).collect()
}

/// Those with a name; the others stand where they are used.
fn enums(program: &Program) -> Vec<Described> {
    let described = |def: &EnumDef| {
        let variant = |name: &String| {
            let there = Both::new("known", "あり");
            Facet::new("variant", "値", Kind::Schema, "", there).named(name)
        };
        Described::new(&def.name, def.variants.iter().map(variant).collect())
    };
    program.enums.iter().filter(|def| !def.name.starts_with("one of")).map(described).collect()
}
