//! How a journey starts and ends from outside: `start`, `only if`, `exit`, and the goal's parts.
//!
//! Steps are not read here.

use super::expr::{Exprs, Subject};
use super::flow::{Bound, Flow, places_set};
use super::literal;
use super::schedule;
use super::steps::Walk;
use crate::diag::{Code, Diagnostic};
use crate::ir::journey::Exit;
use crate::ir::{self, Audience, Compare, EventId, Expr, FieldId, SlotId, Start, Type};
use crate::schema::Sink;
use crate::schema::table::duplicate;
use crate::syntax::tree::{self, ExitOn, JourneyDecl, JourneyLine, Number, StartKind};
use crate::text::Span;
use crate::value::{Decimal, Value};

/// The start of a journey; binds what it binds.
pub fn start<'t>(walk: &mut Walk<'_, 't>, decl: &'t JourneyDecl, flow: &mut Flow<'t>) -> Option<Start> {
    let mut starts = decl.lines.iter().filter_map(|line| match line {
        JourneyLine::Start(start) => Some(start),
        JourneyLine::Header(_) | JourneyLine::Exit { .. } | JourneyLine::OnlyIf { .. } | JourneyLine::Step(_) => None,
    });
    let first = starts.next()?;
    for again in starts {
        walk.sink.report(duplicate(("the", "行"), "start", again.span, first.span).help(
            "a journey has one start: make the other a journey of its own",
            "開始は一つだけです。もう一方は別のジャーニーにしてください",
        ));
    }
    match &first.kind {
        StartKind::Event { event, bind, per, settled, audience } => {
            let id = walk.exprs(flow).event(&event.event)?;
            let filter = walk.exprs(flow).filter(id, event);
            let slot = walk.slots.named(bind.as_ref().map_or(&event.event.text, |b| &b.text), &Type::Event(id));
            if let Some(bind) = bind {
                flow.assign(&bind.text, Bound::Slot(slot, Some(Type::Event(id))), bind.span);
                learn_bound(flow, filter.as_ref(), slot, event.span);
            }
            let key = per.as_ref().and_then(|key| run_key(walk, key, flow));
            let settled = settled.as_ref().map(|d| literal::lasting(d, ("`settled for`", "`settled for` "), walk.sink));
            let audience = event_audience(walk, flow, id, audience.as_ref(), first.span)?;
            Some(Start::Event { event: id, filter, bind: slot, key, settled, audience })
        }
        StartKind::Segment { enters, segment, including_members } => {
            let segment = walk.exprs(flow).segment(&segment.text, segment.span)?;
            if let (Some(span), false) = (including_members, *enters) {
                walk.sink.report(
                    Diagnostic::new(
                        Code::E0404,
                        *span,
                        "`including members` goes with `enters`",
                        "`including members` は `enters` と一緒に使います",
                    )
                    .help("members have not left", "メンバーはまだ離れていません"),
                );
            }
            Some(Start::Segment { segment, enters: *enters, including_members: including_members.is_some() })
        }
        StartKind::Every { schedule, audience } => {
            let schedule = schedule::schedule(walk, schedule)?;
            let audience = scheduled_audience(walk, flow, audience.as_ref(), first.span)?;
            Some(Start::Schedule { schedule, audience })
        }
        StartKind::At { moment, audience } => {
            let at = walk.exprs(flow).wanted(moment, &Type::Instant);
            let audience = scheduled_audience(walk, flow, audience.as_ref(), first.span)?;
            match at {
                Expr::Const(Value::Instant(at)) => Some(Start::At { at, audience }),
                Expr::Const(Value::Missing) => None,
                _ => {
                    walk.sink.report(
                        Diagnostic::new(
                            Code::E0404,
                            moment.span,
                            "a journey starts at a moment that is written down",
                            "開始の日時は固定の値で書きます",
                        )
                        .help(
                            "write `2026-12-01 10:00 Asia/Tokyo`",
                            "`2026-12-01 10:00 Asia/Tokyo` のように書いてください",
                        ),
                    );
                    None
                }
            }
        }
        StartKind::Error => None,
    }
}

/// What a filter says of the event holds for the name it is bound to.
pub fn learn_bound(flow: &mut Flow<'_>, filter: Option<&Expr>, slot: SlotId, at: Span) {
    let places = filter.map(|f| places_set(f, true)).unwrap_or_default();
    let bound = places.into_iter().filter_map(|place| match place {
        Expr::Field(of, field) if *of == Expr::Subject(0) => Some(Expr::Field(Box::new(Expr::Slot(slot)), field)),
        _ => None,
    });
    flow.learn(bound.collect(), at);
}

fn run_key<'t>(walk: &mut Walk<'_, 't>, key: &'t tree::Expr, flow: &mut Flow<'t>) -> Option<Expr> {
    let mut exprs = walk.exprs(flow);
    let typed = exprs.infer(key, None);
    let typed = exprs.present(typed, key.span);
    match typed.ty? {
        Type::Text
        | Type::Id
        | Type::Email
        | Type::Phone
        | Type::LineId
        | Type::PushToken
        | Type::Url
        | Type::Int
        | Type::Instant
        | Type::Date
        | Type::Time
        | Type::Enum(_) => Some(typed.expr),
        other @ (Type::Decimal
        | Type::Percent
        | Type::Bool
        | Type::Money(_)
        | Type::Zone
        | Type::Span
        | Type::Period
        | Type::Record(_)
        | Type::Event(_)
        | Type::Result(_)
        | Type::List(_)
        | Type::Optional(_)) => {
            let name = exprs.world.type_name(&other);
            exprs.sink.report(
                Diagnostic::new(
                    Code::E0403,
                    key.span,
                    format!("a run's key names one thing, which `{name}` does not"),
                    format!("`per` のキーに `{name}` は使えません"),
                )
                .help(
                    "choose an id, a text, an int or a time of the event: `per order.order_id`",
                    "id・text・int・日時の項目を選んでください: `per order.order_id`",
                ),
            );
            None
        }
    }
}

/// An event about something else fans out and must say over whom; one about a person must not.
fn event_audience<'t>(
    walk: &mut Walk<'_, 't>,
    flow: &mut Flow<'t>,
    event: EventId,
    audience: Option<&'t tree::Audience>,
    span: Span,
) -> Option<Option<Audience>> {
    let entry = walk.context.world.events.at(event.index());
    let (name, declared) = (&entry.name, entry.span);
    match (&entry.data.subject, audience) {
        (ir::Subject::Profile, None) => Some(None),
        (ir::Subject::Profile, Some(audience)) => {
            walk.sink.report(
                Diagnostic::new(
                    Code::E0404,
                    audience.span,
                    format!("`{name}` happens to one person: there is no `everyone`"),
                    format!("`{name}` は一人に起きるイベントです。`everyone` は使えません"),
                )
                .other(declared, "declared about `profile` here", "`about profile` の宣言")
                .help("write `only if` with the condition", "条件は `only if` で書いてください"),
            );
            None
        }
        (ir::Subject::Other(about), None) => {
            walk.sink.report(
                Diagnostic::new(
                    Code::E0404,
                    span,
                    format!("`{name}` is about `{about}`: say whom it starts the journey for"),
                    format!("`{name}` は `{about}` についてのイベントです。誰に対して始めるかが必要です"),
                )
                .other(declared, "declared here", "宣言")
                .help(
                    "add `for everyone in SEGMENT` or `for everyone (CONDITION)`",
                    "`for everyone in セグメント` か `for everyone (条件)` を加えてください",
                ),
            );
            None
        }
        (ir::Subject::Other(_), Some(written)) => Some(Some(self::audience(walk, flow, written)?)),
    }
}

fn scheduled_audience<'t>(
    walk: &mut Walk<'_, 't>,
    flow: &mut Flow<'t>,
    audience: Option<&'t tree::Audience>,
    span: Span,
) -> Option<Audience> {
    let Some(written) = audience else {
        walk.sink.report(
            Diagnostic::new(Code::E0404, span, "a schedule needs people", "スケジュールには対象が必要です").help(
                "add `for everyone` or `for everyone in SEGMENT`",
                "`for everyone` か `for everyone in セグメント` を加えてください",
            ),
        );
        return None;
    };
    self::audience(walk, flow, written)
}

fn audience<'t>(walk: &mut Walk<'_, 't>, flow: &mut Flow<'t>, written: &'t tree::Audience) -> Option<Audience> {
    let mut exprs = walk.exprs(flow);
    exprs.bare_segments = true;
    let segment = match &written.segment {
        Some(name) => Some(exprs.segment(&name.text, name.span)?),
        None => None,
    };
    let condition = written.condition.as_ref().map(|c| exprs.about(Subject::Person, |me| me.condition(c)));
    Some(Audience { segment, condition })
}

/// `only if`; what it checks holds until the first suspension.
pub fn only_if<'t>(walk: &mut Walk<'_, 't>, decl: &'t JourneyDecl, flow: &mut Flow<'t>) -> Option<Expr> {
    let mut all = Vec::new();
    for line in &decl.lines {
        if let JourneyLine::OnlyIf { condition, .. } = line {
            let checked = walk.exprs(flow).condition(condition);
            flow.learn(places_set(&checked, true), condition.span);
            all.push(checked);
        }
    }
    match all.len() {
        0 | 1 => all.pop(),
        _ => Some(Expr::And(all)),
    }
}

pub fn exits<'t>(walk: &mut Walk<'_, 't>, decl: &'t JourneyDecl, flow: &mut Flow<'t>) -> Vec<Exit> {
    let mut exits = Vec::new();
    for line in &decl.lines {
        let JourneyLine::Exit { on, .. } = line else { continue };
        let mut exprs: Exprs<'_, 't> = walk.exprs(flow);
        match on {
            ExitOn::Event(pattern) => {
                if let Some(event) = exprs.personal_event(&pattern.event) {
                    let filter = exprs.filter(event, pattern);
                    exits.push(Exit::Event { event, filter });
                }
            }
            ExitOn::Segment { enters, segment } => {
                if let Some(segment) = exprs.segment(&segment.text, segment.span) {
                    exits.push(Exit::Segment { segment, enters: *enters });
                }
            }
        }
    }
    exits
}

/// `target 12%`
pub fn target(number: &Number, sink: &mut Sink) -> Option<Decimal> {
    let share = literal::percent(number, sink)?;
    if share.micro <= 0 || share.micro > Decimal::ONE {
        let text = &number.text;
        sink.report(
            Diagnostic::new(
                Code::E0104,
                number.span,
                format!("a target of {text} % says nothing possible"),
                format!("{text} % という目標はありえません"),
            )
            .help("write a share above 0 % and up to 100 %", "0 % より大きく 100 % 以下で書いてください"),
        );
        return None;
    }
    Some(share)
}

/// Conjuncts `field == EXPR` of a goal's filter: how such an event would look.
pub fn template(filter: &Expr) -> Vec<(FieldId, Expr)> {
    let conjuncts: Vec<&Expr> = match filter {
        Expr::And(parts) => parts.iter().collect(),
        other => vec![other],
    };
    let mut template: Vec<(FieldId, Expr)> = Vec::new();
    for conjunct in conjuncts {
        let Expr::Compare { op: Compare::Equal, left, right } = conjunct else { continue };
        for (side, other) in [(left, right), (right, left)] {
            if let Expr::Field(of, field) = &**side
                && **of == Expr::Subject(0)
                && !other.any(&mut |e| matches!(e, Expr::Subject(_)))
                && !template.iter().any(|(known, _)| known == field)
            {
                template.push((*field, (**other).clone()));
            }
        }
    }
    template
}
