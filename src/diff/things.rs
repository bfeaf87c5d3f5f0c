//! Messages, policies, segments, splits, actions and the project's own settings.
//!
//! The types of events and fields are next door.

use super::content;
use super::facet::{self, Facet};
use super::schema::fields;
use super::{Change, Kind, Section, Status, Thing};
use crate::ir::{ActionDef, MessageDef, Policy, Program, Segment, Split};
use crate::words::{Both, Exact, Language, Words, period};

pub fn sections(old: &Program, new: &Program) -> Vec<Section> {
    let mut all = Vec::new();
    let named = |of, old: Vec<Described>, new: Vec<Described>| compared(of, &old, &new);
    all.extend(named(Thing::Message, messages(old), messages(new)));
    all.extend(named(Thing::Policy, policies(old), policies(new)));
    all.extend(named(Thing::Segment, segments(old), segments(new)));
    all.extend(named(Thing::Split, splits(old), splits(new)));
    all.extend(named(Thing::Action, actions(old), actions(new)));
    all.extend(named(Thing::Project, vec![project(old)], vec![project(new)]));
    all
}

/// A declaration with its facets.
pub struct Described {
    pub name: String,
    pub title: Option<String>,
    pub single: Vec<Facet>,
    pub several: Vec<Facet>,
    /// Texts of a message, by where they stand in it.
    pub texts: Vec<(String, String)>,
}

impl Described {
    pub fn new(name: &str, single: Vec<Facet>) -> Described {
        Described { name: name.to_string(), title: None, single, several: Vec::new(), texts: Vec::new() }
    }
}

/// Declarations of one kind, matched by name.
pub fn compared(of: Thing, old: &[Described], new: &[Described]) -> Vec<Section> {
    let section = |thing: &Described, status, changes| Section {
        of,
        name: thing.name.clone(),
        title: thing.title.clone(),
        status,
        place: None,
        changes,
    };
    let mut sections = Vec::new();
    for thing in new {
        match old.iter().find(|t| t.name == thing.name) {
            None => sections.push(section(thing, Status::Added, Vec::new())),
            Some(before) => {
                let mut changes = facet::compare(None, None, &before.single, &thing.single);
                changes.extend(facet::compare_sets(None, &before.several, &thing.several));
                changes.extend(content::compare(&before.texts, &thing.texts));
                if !changes.is_empty() {
                    sections.push(section(thing, Status::Changed, changes));
                }
            }
        }
    }
    let gone = old.iter().filter(|t| new.iter().all(|other| other.name != t.name));
    sections.extend(gone.map(|thing| section(thing, Status::Removed, Vec::<Change>::new())));
    sections
}

fn messages(program: &Program) -> Vec<Described> {
    let described = |message: &MessageDef| {
        let rule = |key, ja, text: &str| Facet::plain(key, ja, Kind::Rule, text);
        let patience = Both::same(message.patience.to_string());
        let mut single = vec![
            rule("channel", "チャネル", message.channel.name()),
            rule("purpose", "目的", &program.purposes[message.purpose.index()]),
            Facet::new("needs consent", "同意", Kind::Rule, message.needs_consent.to_string(), required(message)),
            Facet::new("guarantee", "送信の保証", Kind::Rule, message.at_most_once.to_string(), guarantee(message)),
            Facet::new("patience", "応答を待つ時間", Kind::Retimed, message.patience.to_string(), patience),
        ];
        single.push(rule("class", "分類", message.class.name()));
        single.extend(message.offer.map(|offer| rule("offers", "特典", offer.name())));
        single.extend(message.file.as_ref().map(|file| rule("file", "ファイル", file)));
        single.extend(fields(program, "takes", "受け取る値", &message.params));
        let texts = message.content.as_ref().map(content::texts).unwrap_or_default();
        Described { texts, ..Described::new(&message.name, single) }
    };
    program.messages.iter().map(described).collect()
}

fn required(message: &MessageDef) -> Both {
    match message.needs_consent {
        true => Both::new("required", "必要"),
        false => Both::new("not required", "不要"),
    }
}

fn guarantee(message: &MessageDef) -> Both {
    match message.at_most_once {
        true => Both::new("at most once", "最大 1 回"),
        false => Both::new("at least once", "少なくとも 1 回"),
    }
}

fn policies(program: &Program) -> Vec<Described> {
    let described = |policy: &Policy| {
        let said =
            |write: &dyn Fn(&mut Words) -> String| Both::of(|language| write(&mut Words::new(program, None, language)));
        let rule = |key, ja, exact: String, shown| Facet::new(key, ja, Kind::Rule, exact, shown);
        let mut several = Vec::new();
        for quiet in &policy.quiet {
            several.push(rule("quiet", "静かな時間帯", format!("{quiet:?}"), said(&|words| words.quiet(quiet))));
        }
        for cap in &policy.caps {
            several.push(rule("cap", "上限", format!("{cap:?}"), said(&|words| words.cap(cap))));
        }
        for budget in &policy.budgets {
            several.push(rule("budget", "予算", format!("{budget:?}"), said(&|words| words.budget(budget))));
        }
        for withhold in &policy.withhold {
            let purpose = &program.purposes[withhold.purpose.index()];
            let exact = format!("{purpose} {}", Exact::new(program, None).expr(&withhold.when, None));
            let shown = Both::of(|language| {
                let when = Words::new(program, None, language).expr(&withhold.when);
                match language {
                    Language::English => format!("{purpose} when {when}"),
                    Language::Japanese => format!("{purpose} ({when} のとき)"),
                }
            });
            several.push(rule("withhold", "差し止め", exact, shown));
        }
        for purpose in &policy.consents {
            several.push(Facet::plain("consent", "同意", Kind::Rule, &program.purposes[purpose.index()]));
        }
        let nurture = policy.nurture.map(|share| {
            Facet::plain("nurture at least", "育成の下限", Kind::Rule, crate::words::percent(share.micro))
        });
        let zone = Facet::plain("zone", "タイムゾーン", Kind::Rule, policy.zone.name());
        Described { several, ..Described::new(&policy.name, [zone].into_iter().chain(nurture).collect()) }
    };
    program.policies.iter().map(described).collect()
}

fn segments(program: &Program) -> Vec<Described> {
    let described = |segment: &Segment| {
        let exact = Exact::new(program, None).expr(&segment.condition, None);
        let shown = Both::of(|language| Words::new(program, None, language).expr(&segment.condition));
        let mut single = vec![Facet::new("condition", "条件", Kind::Condition, exact, shown)];
        single.extend(segment.title.as_ref().map(|title| Facet::plain("title", "題名", Kind::Rule, title)));
        Described { title: segment.title.clone(), ..Described::new(&segment.name, single) }
    };
    program.segments.iter().map(described).collect()
}

fn splits(program: &Program) -> Vec<Described> {
    let described = |split: &Split| {
        let drawn = match split.per_run {
            true => Both::new("per run", "実行ごと"),
            false => Both::new("per person", "人ごと"),
        };
        let mut single = vec![Facet::new("drawn", "割り当て", Kind::Arms, split.per_run.to_string(), drawn)];
        single.extend(
            split
                .arms
                .iter()
                .map(|arm| Facet::plain("arm", "群", Kind::Arms, crate::words::share(arm.share)).named(&arm.name)),
        );
        Described::new(&split.name, single)
    };
    program.splits.iter().map(described).collect()
}

fn actions(program: &Program) -> Vec<Described> {
    let described = |action: &ActionDef| {
        let mut single = fields(program, "takes", "受け取る値", &action.takes);
        single.extend(fields(program, "gives", "返す値", &action.gives));
        let rule = |key, ja, text: &str| Facet::plain(key, ja, Kind::Rule, text);
        let again = match action.idempotent {
            true => Both::new("safe", "可"),
            false => Both::new("not safe", "不可"),
        };
        single.push(Facet::new("repeating", "くり返し実行", Kind::Rule, action.idempotent.to_string(), again));
        let patience = Both::same(action.patience.to_string());
        single.push(Facet::new("patience", "応答を待つ時間", Kind::Retimed, action.patience.to_string(), patience));
        single.extend(action.grants.map(|offer| rule("grants", "付与", offer.name())));
        let undo = action.undo.map(|undo| &program.actions[undo.index()].name);
        single.extend(undo.map(|undo| rule("undo", "取り消し", undo)));
        single.extend(action.writes.as_ref().map(|thing| rule("writes", "書き込み先", thing)));
        Described::new(&action.name, single)
    };
    program.actions.iter().map(described).collect()
}

fn project(program: &Program) -> Described {
    let project = &program.project;
    let exact =
        |span: crate::value::Span| Both::of(|language| period(crate::value::CalendarPeriod::exact(span), language));
    let rule = |key, ja, text: &str| Facet::plain(key, ja, Kind::Rule, text);
    let mut single = vec![
        rule("name", "名前", &project.name),
        rule("timezone", "タイムゾーン", project.zone.name()),
        rule("currency", "通貨", project.currency.code()),
        Facet::new(
            "max_event_age",
            "イベントの最大経過時間",
            Kind::Retimed,
            project.max_event_age.to_string(),
            exact(project.max_event_age),
        ),
        Facet::new(
            "dedupe_window",
            "重複を見る期間",
            Kind::Retimed,
            project.dedupe_window.to_string(),
            exact(project.dedupe_window),
        ),
    ];
    let sender = &project.sender;
    for (key, ja, value) in [
        ("sender name", "送信者の名称", &sender.name),
        ("sender address", "送信者の住所", &sender.address),
        ("sender contact", "送信者の連絡先", &sender.contact),
    ] {
        single.extend(value.as_ref().map(|value| rule(key, ja, value)));
    }
    // Of two projects with different names, the settings are still compared with each other.
    Described::new("tabi.yaml", single)
}
