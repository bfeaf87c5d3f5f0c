//! Declarations that nothing in the project uses (W0705).
//!
//! Fields are not counted: what a shop sends is not what a journey reads.

use std::collections::BTreeSet;

use crate::diag::{Code, Diagnostic};

use super::Input;
use super::uses::{How, Thing, uses};

pub fn lint(input: Input<'_>, out: &mut Vec<Diagnostic>) {
    // A file of declarations is no project yet.
    if input.program.journeys.is_empty() {
        return;
    }
    let all = uses(input);
    let used: BTreeSet<&Thing> = all.iter().filter(|u| u.how != How::Declared).map(|u| &u.thing).collect();
    for unused in all.iter().filter(|u| u.how == How::Declared && !used.contains(&u.thing)) {
        let Some((kind, kind_ja, name)) = named(input, &unused.thing) else { continue };
        out.push(
            Diagnostic::new(
                Code::W0705,
                unused.at,
                format!("nothing uses {kind} `{name}`"),
                format!("{kind_ja} `{name}` はどこからも使われていない"),
            )
            .help("use it or take it out", "使うか、取り除く"),
        );
    }
}

/// The kind, in English and Japanese, and the name, of what should be used.
fn named<'a>(input: Input<'a>, thing: &Thing) -> Option<(&'static str, &'static str, &'a str)> {
    let program = input.program;
    Some(match thing {
        Thing::Segment(id) => ("segment", "セグメント", &program.segments[id.index()].name),
        Thing::Message(id) => ("message", "メッセージ", &program.messages[id.index()].name),
        Thing::Event(id) => ("event", "イベント", &program.events[id.index()].name),
        Thing::Action(id) => ("action", "アクション", &program.actions[id.index()].name),
        Thing::Policy(id) => ("policy", "ポリシー", &program.policies[id.index()].name),
        Thing::Record(id) => ("record", "レコード", &program.records[id.index()].name),
        Thing::Enum(id) => {
            let name = program.enums[id.index()].name.as_str();
            if name.starts_with("one of ") {
                return None;
            }
            ("enum", "列挙", name)
        }
        Thing::Profile(_)
        | Thing::EventField(..)
        | Thing::Split(_)
        | Thing::Journey(_)
        | Thing::Step(..)
        | Thing::RecordField(..)
        | Thing::Param(..)
        | Thing::Tag(_) => return None,
    })
}
