//! Reads the declarations of all files into a [`World`].
//!
//! Does not look into conditions, journeys or tests: it only files them under their names.

use super::sink::{Sink, unknown};
use super::table::{Entry, Table, duplicate};
use super::types::{self, TypeNames};
use super::{AT, Action, Event, Field, MAX_PURPOSES, Message, Profile, TAGS, World};
use crate::diag::{Code, Diagnostic};
use crate::ir::{self, Channel, FieldId, MessageClass, Offer, PersonFields, Subject, Type};
use crate::syntax::tree::{self, FieldDecl, Item, Name, PolicyRuleKind, TypeKind};
use crate::value;

/// How long a provider may be silent unless the message says otherwise.
const PATIENCE_DEFAULT: value::Span = value::Span(15 * value::time::MILLIS_PER_MINUTE);

/// Items by kind, as written.
#[derive(Default)]
struct Items<'t> {
    enums: Vec<&'t tree::EnumDecl>,
    records: Vec<&'t tree::RecordDecl>,
    profiles: Vec<&'t tree::ProfileDecl>,
    events: Vec<&'t tree::EventDecl>,
    messages: Vec<&'t tree::MessageDecl>,
    actions: Vec<&'t tree::ActionDecl>,
    policies: Vec<&'t tree::PolicyDecl>,
    segments: Vec<&'t tree::SegmentDecl>,
    journeys: Vec<&'t tree::JourneyDecl>,
    moves: Vec<&'t tree::MovesDecl>,
    tests: Vec<&'t tree::TestDecl>,
}

impl<'t> Items<'t> {
    fn of(files: &'t [tree::File]) -> Items<'t> {
        let mut items = Items::default();
        for item in files.iter().flat_map(|file| &file.items) {
            match item {
                Item::Enum(decl) => items.enums.push(decl),
                Item::Record(decl) => items.records.push(decl),
                Item::Profile(decl) => items.profiles.push(decl),
                Item::Event(decl) => items.events.push(decl),
                Item::Message(decl) => items.messages.push(decl),
                Item::Action(decl) => items.actions.push(decl),
                Item::Policy(decl) => items.policies.push(decl),
                Item::Segment(decl) => items.segments.push(decl),
                Item::Journey(decl) => items.journeys.push(decl),
                Item::Moves(decl) => items.moves.push(decl),
                Item::Test(decl) => items.tests.push(decl),
                Item::Allow(_) | Item::Error(_) => {}
            }
        }
        items
    }

    /// Every list of fields in the project.
    fn field_lists(&self) -> impl Iterator<Item = &'t FieldDecl> {
        let records = self.records.iter().flat_map(|d| &d.fields);
        let profiles = self.profiles.iter().flat_map(|d| &d.fields);
        let events = self.events.iter().flat_map(|d| &d.fields);
        let messages = self.messages.iter().flat_map(|d| &d.takes);
        let actions = self.actions.iter().flat_map(|d| d.takes.iter().chain(&d.gives));
        records.chain(profiles).chain(events).chain(messages).chain(actions)
    }
}

pub(super) fn world<'t>(project: ir::Project, files: &'t [tree::File], sink: &mut Sink) -> World<'t> {
    let items = Items::of(files);
    let enums = enums(&items, sink);
    let records = table(&items.records, |d| &d.name, ("type", "型"), sink);
    for record in records.iter() {
        if let Some(other) = enums.get(&record.name) {
            let (first, again) = (other.span.min(record.span), other.span.max(record.span));
            sink.report(duplicate(("type", "型"), &record.name, again, first));
        }
        refuse_builtin(&record.name, record.span, sink);
    }
    let names = TypeNames { enums: &enums, records: &records };
    let mut fields = |list: &[FieldDecl], sink: &mut Sink| fields(&names, list, sink);

    let record_fields = records
        .iter()
        .map(|r| Entry { name: r.name.clone(), span: r.span, data: fields(&r.data.fields, sink) })
        .collect();
    let profile = profile(&items, &mut fields, sink);
    let events = items.events.iter().map(|d| event(d, &mut fields, sink)).collect();
    let events = Table::new(events, ("event", "イベント"), sink);
    let messages = items.messages.iter().map(|d| message(d, &mut fields, sink)).collect();
    let messages = Table::new(messages, ("message", "メッセージ"), sink);
    let actions = items.actions.iter().map(|d| {
        let data = Action {
            takes: fields(&d.takes, sink),
            gives: fields(&d.gives, sink),
            idempotent: d.idempotent.is_some(),
            patience: d.patience.as_ref().map_or(PATIENCE_DEFAULT, |d| patience(d, sink)),
            grants: d.grants.as_ref().and_then(|name| offer(name, sink)),
            undo: d.undo.clone(),
            writes: d.writes.as_ref().map(|name| name.text.clone()),
        };
        Entry { name: d.name.text.clone(), span: d.name.span, data }
    });
    let actions = actions.collect();
    let actions: Table<Action> = Table::new(actions, ("action", "アクション"), sink);
    for undo in actions.iter().filter_map(|entry| entry.data.undo.as_ref()) {
        if actions.find(&undo.text).is_none() {
            sink.report(unknown(("action", "アクション"), &undo.text, undo.span, actions.candidates()));
        }
    }
    let records = Table::new(record_fields, ("type", "型"), sink);
    World {
        project,
        enums,
        records,
        profile,
        events,
        messages,
        actions,
        policies: table(&items.policies, |d| &d.name, ("policy", "ポリシー"), sink),
        segments: table(&items.segments, |d| &d.name, ("segment", "セグメント"), sink),
        journeys: table(&items.journeys, |d| &d.name, ("journey", "ジャーニー"), sink),
        purposes: purposes(&items, sink),
        tests: items.tests,
        moves: items.moves,
    }
}

fn table<'t, D>(decls: &[&'t D], name: fn(&D) -> &Name, kind: (&str, &str), sink: &mut Sink) -> Table<&'t D> {
    let entry = |d: &&'t D| Entry { name: name(d).text.clone(), span: name(d).span, data: *d };
    Table::new(decls.iter().map(entry).collect(), kind, sink)
}

fn refuse_builtin(name: &str, span: crate::text::Span, sink: &mut Sink) {
    if types::is_builtin(name) {
        sink.report(
            Diagnostic::new(
                Code::E0106,
                span,
                format!("`{name}` is a type of the language"),
                format!("`{name}` は言語の型の名前です"),
            )
            .help("choose another name", "別の名前にしてください"),
        );
    }
}

/// Declared enums, and one for each different `one of [...]`.
fn enums(items: &Items<'_>, sink: &mut Sink) -> Table<Vec<String>> {
    let mut entries = Vec::new();
    for decl in &items.enums {
        refuse_builtin(&decl.name.text, decl.name.span, sink);
        let data = variants(&decl.variants, sink);
        entries.push(Entry { name: decl.name.text.clone(), span: decl.name.span, data });
    }
    let mut seen = std::collections::BTreeSet::new();
    for field in items.field_lists() {
        if let Some((written, span)) = one_of(&field.ty)
            && seen.insert(types::anonymous_name(written))
        {
            let data = variants(written, sink);
            entries.push(Entry { name: types::anonymous_name(written), span, data });
        }
    }
    Table::new(entries, ("type", "型"), sink)
}

fn one_of(ty: &tree::Type) -> Option<(&[Name], crate::text::Span)> {
    match &ty.kind {
        TypeKind::OneOf(variants) => Some((variants, ty.span)),
        TypeKind::List(element) => one_of(element),
        TypeKind::Named(_) | TypeKind::Money(_) | TypeKind::Error => None,
    }
}

fn variants(names: &[Name], sink: &mut Sink) -> Vec<String> {
    for (i, name) in names.iter().enumerate() {
        if let Some(first) = names[..i].iter().find(|n| n.text == name.text) {
            sink.report(duplicate(("variant", "値"), &name.text, name.span, first.span));
        }
    }
    names.iter().map(|n| n.text.clone()).collect()
}

fn fields<R>(names: &TypeNames<'_, R>, list: &[FieldDecl], sink: &mut Sink) -> Vec<Field> {
    let mut fields: Vec<Field> = Vec::with_capacity(list.len());
    for decl in list {
        if let Some(first) = fields.iter().find(|f| f.name == decl.name.text) {
            sink.report(duplicate(("field", "項目"), &decl.name.text, decl.name.span, first.span));
            continue;
        }
        let ty = names.resolve(&decl.ty, sink);
        fields.push(Field { name: decl.name.text.clone(), ty, pii: decl.pii, span: decl.name.span });
    }
    fields
}

type Fields<'a> = &'a mut dyn FnMut(&[FieldDecl], &mut Sink) -> Vec<Field>;

fn profile(items: &Items<'_>, fields: Fields<'_>, sink: &mut Sink) -> Profile {
    let Some((decl, others)) = items.profiles.split_first() else { return Profile::default() };
    for again in others {
        sink.report(duplicate(("the", "宣言"), "profile", again.keyword, decl.keyword));
    }
    let fields = fields(&decl.fields, sink);
    let person = person_fields(&fields);
    if let Some(consent) = fields.iter().find(|f| f.name == "consent") {
        sink.report(
            Diagnostic::new(
                Code::E0106,
                consent.span,
                "`consent` is kept for everyone without being declared",
                "`consent` は宣言しなくても全員に記録されます",
            )
            .help("delete the field, or give it another name", "この項目を削除するか、別の名前にしてください"),
        );
    }
    Profile { span: Some(decl.keyword), fields, person }
}

fn person_fields(fields: &[Field]) -> PersonFields {
    let first = |ty: Type| {
        let position = fields.iter().position(|f| match &f.ty {
            Some(Type::Optional(inner)) => **inner == ty,
            Some(plain) => *plain == ty,
            None => false,
        });
        position.map(|i| FieldId(i as u16))
    };
    let list_of_text = Type::List(Box::new(Type::Text));
    let tags = fields.iter().position(|f| f.name == TAGS && f.ty.as_ref() == Some(&list_of_text));
    let mut addresses = [None; Channel::COUNT];
    addresses[Channel::Email.index()] = first(Type::Email);
    addresses[Channel::Line.index()] = first(Type::LineId);
    addresses[Channel::Sms.index()] = first(Type::Phone);
    addresses[Channel::Push.index()] = first(Type::PushToken);
    PersonFields { zone: first(Type::Zone), tags: tags.map(|i| FieldId(i as u16)), addresses }
}

fn event(decl: &tree::EventDecl, fields: Fields<'_>, sink: &mut Sink) -> Entry<Event> {
    let mut fields = fields(&decl.fields, sink);
    if let Some(at) = fields.iter().position(|f| f.name == AT) {
        sink.report(
            Diagnostic::new(
                Code::E0106,
                fields[at].span,
                "every event has `at` already",
                "`at` はすべてのイベントに最初からあります",
            )
            .help("delete it: `at` is when the event happened", "削除してください。`at` はイベントの起きた時刻です"),
        );
        fields.remove(at);
    }
    fields.push(Field { name: AT.to_owned(), ty: Some(Type::Instant), pii: false, span: decl.name.span });
    let subject = match &decl.subject {
        None => Subject::Profile,
        Some(name) if name.text == "profile" => Subject::Profile,
        Some(name) => {
            if crate::diag::did_you_mean(&name.text, ["profile"]).is_some() {
                sink.report(unknown(("subject", "対象"), &name.text, name.span, [("profile", None)]));
            }
            Subject::Other(name.text.clone())
        }
    };
    Entry { name: decl.name.text.clone(), span: decl.name.span, data: Event { subject, fields } }
}

fn message(decl: &tree::MessageDecl, fields: Fields<'_>, sink: &mut Sink) -> Entry<Message> {
    let data = Message {
        channel: channel(&decl.channel, sink),
        purpose: decl.purpose.text.clone(),
        file: decl.file.clone(),
        params: fields(&decl.takes, sink),
        at_most_once: decl.at_most_once.is_some(),
        patience: decl.patience.as_ref().map_or(PATIENCE_DEFAULT, |d| patience(d, sink)),
        offer: decl.offers.as_ref().and_then(|name| offer(name, sink)),
        class: decl.class.as_ref().and_then(|name| class(name, sink)),
    };
    Entry { name: decl.name.text.clone(), span: decl.name.span, data }
}

fn offer(name: &Name, sink: &mut Sink) -> Option<Offer> {
    let found = Offer::ALL.into_iter().find(|offer| offer.name() == name.text);
    if found.is_none() {
        let all = Offer::ALL.iter().map(|offer| (offer.name(), None));
        sink.report(unknown(("kind of offer", "特典の種類"), &name.text, name.span, all));
    }
    found
}

fn class(name: &Name, sink: &mut Sink) -> Option<MessageClass> {
    let found = MessageClass::ALL.into_iter().find(|class| class.name() == name.text);
    if found.is_none() {
        let all = MessageClass::ALL.iter().map(|class| (class.name(), None));
        sink.report(unknown(("class of message", "メッセージの分類"), &name.text, name.span, all));
    }
    found
}

fn patience(written: &tree::Duration, sink: &mut Sink) -> value::Span {
    let period = written.period;
    if !period.is_exact() {
        sink.report(
            Diagnostic::new(
                Code::E0422,
                written.span,
                "patience is counted in hours, minutes or seconds",
                "待つ長さは時間・分・秒で書きます",
            )
            .help("write `24h` instead of `1d`", "`1d` ではなく `24h` と書いてください"),
        );
    } else if period.millis == 0 {
        sink.report(Diagnostic::new(Code::E0104, written.span, "a patience of nothing", "待つ長さが 0 です"));
    }
    value::Span(period.millis)
}

/// A channel by its name.
pub fn channel(name: &Name, sink: &mut Sink) -> Option<Channel> {
    let found = Channel::from_name(&name.text);
    if found.is_none() {
        let all = Channel::ALL.iter().map(|c| (c.name(), None));
        sink.report(unknown(("channel", "チャネル"), &name.text, name.span, all));
    }
    found
}

/// Purposes of messages, and those a policy says people consent to.
fn purposes(items: &Items<'_>, sink: &mut Sink) -> Table<()> {
    let mut all: Vec<&Name> = items.messages.iter().map(|m| &m.purpose).collect();
    for rule in items.policies.iter().flat_map(|p| &p.rules) {
        if let PolicyRuleKind::Consent(names) = &rule.kind {
            all.extend(names);
        }
    }
    all.sort_by(|a, b| a.text.cmp(&b.text));
    all.dedup_by(|a, b| a.text == b.text);
    if let Some(beyond) = all.get(MAX_PURPOSES) {
        sink.report(Diagnostic::new(
            Code::E0404,
            beyond.span,
            format!("more than {MAX_PURPOSES} purposes of messages"),
            format!("メッセージの目的が {MAX_PURPOSES} を超えています"),
        ));
        all.truncate(MAX_PURPOSES);
    }
    let entries = all.iter().map(|n| Entry { name: n.text.clone(), span: n.span, data: () }).collect();
    Table::new(entries, ("purpose", "目的"), sink)
}
