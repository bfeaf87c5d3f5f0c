//! Timeline tests: a person, a clock, what happens, as data of the program.
//!
//! Runs nothing. Expectations are read in `expect`.

use super::expr::{Exprs, constants};
use super::flow::Flow;
use super::literal;
use super::record::Given;
use super::typed;
use super::{Checked, Context};
use crate::diag::{Code, Diagnostic};
use crate::ir::timeline::{Line, LineWhat, Reply, ReportVerb, Timeline};
use crate::ir::{ActionId, EventId, Expr, FieldId, JourneyId, Place, PurposeId, SplitId};
use crate::schema::table::duplicate;
use crate::schema::{Sink, unknown};
use crate::syntax::tree::{self, ExprKind, Name, RecordLit, TestDecl, TestLine, TestLineKind, TestStep};
use crate::text::Span;
use crate::value::{CalendarPeriod, Instant, Value, Zone};

/// The words of reports in a test.
const VERBS: &[(&str, ReportVerb)] = &[
    ("deliver", ReportVerb::Deliver),
    ("open", ReportVerb::Open),
    ("click", ReportVerb::Click),
    ("bounce", ReportVerb::Bounce),
    ("block", ReportVerb::Block),
    ("complain", ReportVerb::Complain),
    ("unsubscribe", ReportVerb::Unsubscribe),
    ("refuse", ReportVerb::Refuse),
];

/// Tests without mistakes, in the order of the sources. `place` says where a span is.
pub fn timelines(
    context: Context<'_, '_>,
    checked: &Checked,
    place: &dyn Fn(Span) -> Place,
    sink: &mut Sink,
) -> Vec<Timeline> {
    let mut timelines = Vec::with_capacity(context.world.tests.len());
    for decl in &context.world.tests {
        let before = sink.diagnostics.len();
        let timeline = timeline(context, checked, decl, place, sink);
        let clean = !sink.diagnostics[before..].iter().any(Diagnostic::is_error);
        timelines.extend(timeline.filter(|_| clean));
    }
    timelines
}

fn timeline<'t>(
    context: Context<'_, 't>,
    checked: &Checked,
    decl: &'t TestDecl,
    place: &dyn Fn(Span) -> Place,
    sink: &mut Sink,
) -> Option<Timeline> {
    let world = context.world;
    let journey = world.journeys.find(&decl.journey.text);
    if journey.is_none() {
        let known = world.journeys.candidates();
        sink.report(unknown(("journey", "ジャーニー"), &decl.journey.text, decl.journey.span, known));
    }
    let typed = journey.and_then(|id| checked.journeys[usize::from(id)].as_ref());
    let (clock, zone) = clock(context, decl, sink);
    let mut test = Test { context, journey: typed, clock: clock.unwrap_or_default(), zone, sink, flow: Flow::new() };
    let mut timeline = Timeline {
        journey: JourneyId(journey.unwrap_or(0)),
        title: decl.title.text.clone(),
        place: place(decl.journey.span),
        clock: test.clock,
        zone,
        profile: Vec::new(),
        consent: Vec::new(),
        history: Vec::new(),
        pins: Vec::new(),
        answers: Vec::new(),
        kept: None,
        lines: Vec::new(),
    };
    let mut at = (test.clock, decl.title.span);
    for line in &decl.lines {
        test.line(line, &mut timeline, &mut at, place);
    }
    timeline.history.sort_by_key(|(at, ..)| *at);
    (journey.is_some() && clock.is_some()).then_some(timeline)
}

/// The one `clock` line: the moment, and the zone it is written in.
fn clock(context: Context<'_, '_>, decl: &TestDecl, sink: &mut Sink) -> (Option<Instant>, Zone) {
    let zone = context.world.project.zone;
    let mut lines = decl.lines.iter().filter_map(|line| match &line.kind {
        TestLineKind::Clock(e) => Some((e, line.span)),
        TestLineKind::GivenProfile(_)
        | TestLineKind::GivenHistory(_)
        | TestLineKind::Pin { .. }
        | TestLineKind::Answer { .. }
        | TestLineKind::At { .. }
        | TestLineKind::Error => None,
    });
    let Some((written, span)) = lines.next() else {
        if !decl.lines.iter().any(|line| matches!(line.kind, TestLineKind::Error)) {
            sink.report(
                Diagnostic::new(Code::E0404, decl.title.span, "a test without a clock", "時計のないテスト").help(
                    "begin with a line such as `clock 2026-04-01 20:30 Asia/Tokyo`",
                    "`clock 2026-04-01 20:30 Asia/Tokyo` のような行から始めてください",
                ),
            );
        }
        return (None, zone);
    };
    if let Some((_, again)) = lines.next() {
        sink.report(duplicate(("the", "行"), "clock", again, span));
    }
    let ExprKind::Moment { year, month, day, time, zone: own } = &*written.kind else {
        if !matches!(*written.kind, ExprKind::Error) {
            sink.report(
                Diagnostic::new(Code::E0403, written.span, "a clock shows a moment", "時計には日時が必要です").help(
                    "write `2026-04-01 20:30 Asia/Tokyo`",
                    "`2026-04-01 20:30 Asia/Tokyo` のように書いてください",
                ),
            );
        }
        return (None, zone);
    };
    let zone = match own {
        None => zone,
        Some(name) => match literal::zone(&name.text, name.span, sink) {
            Some(zone) => zone,
            None => return (None, zone),
        },
    };
    let date = literal::date(*year, *month, *day, written.span, sink);
    (date.map(|date| literal::moment(date, time, zone)), zone)
}

/// One test being read.
pub(super) struct Test<'c, 't> {
    pub context: Context<'c, 't>,
    /// Absent when the journey itself could not be understood.
    pub journey: Option<&'c typed::Journey>,
    pub clock: Instant,
    pub zone: Zone,
    pub sink: &'c mut Sink,
    pub flow: Flow<'t>,
}

impl<'t> Test<'_, 't> {
    pub fn exprs(&mut self) -> Exprs<'_, 't> {
        Exprs::plain(self.context, self.zone, true, self.sink, &mut self.flow)
    }

    fn line(
        &mut self,
        line: &'t TestLine,
        timeline: &mut Timeline,
        at: &mut (Instant, Span),
        place: &dyn Fn(Span) -> Place,
    ) {
        match &line.kind {
            TestLineKind::Clock(_) | TestLineKind::Error => {}
            TestLineKind::GivenProfile(record) => self.profile(record, timeline),
            TestLineKind::GivenHistory(events) => {
                for (ago, event, fields) in events {
                    let then = self.zone.plus(self.clock, ago.period.negated());
                    if let Some((event, payload)) = self.event(event, fields.as_ref(), then) {
                        timeline.history.push((then, event, payload));
                    }
                }
            }
            TestLineKind::Pin { split, arm } => timeline.pins.extend(self.pin(split, arm)),
            TestLineKind::Answer { action, reply } => timeline.answers.extend(self.answer(action, reply)),
            TestLineKind::At { after, what } => {
                if let Some(after) = after {
                    self.advance(after.period, after.span, at);
                }
                let text = self.context.sources.get(line.span.source).slice(line.span).trim().to_owned();
                if let Some(what) = self.step(what, at.0) {
                    timeline.lines.push(Line { at: at.0, place: place(line.span), text, what });
                }
            }
        }
    }

    /// Times count from the clock and never run backwards.
    fn advance(&mut self, after: CalendarPeriod, span: Span, at: &mut (Instant, Span)) {
        let next = self.zone.plus(self.clock, after);
        if next < at.0 {
            self.sink.report(
                Diagnostic::new(Code::E0404, span, "time runs backwards here", "時間が逆に進んでいます")
                    .other(at.1, "this line is later", "この行の方が後です")
                    .help(
                        "every time counts from the clock: put the lines in order",
                        "時間はすべて `clock` から数えます。順に並べてください",
                    ),
            );
            return;
        }
        *at = (next, span);
    }

    fn profile(&mut self, record: &'t RecordLit, timeline: &mut Timeline) {
        let mut seen: Vec<&Name> = Vec::new();
        for (name, value) in &record.fields {
            if let Some(first) = seen.iter().find(|n| n.text == name.text) {
                self.sink.report(duplicate(("field", "項目"), &name.text, name.span, first.span));
                continue;
            }
            seen.push(name);
            if name.text == "consent" {
                timeline.consent = self.purposes(value);
                continue;
            }
            if let Some(field) = self.field_value(name, value) {
                timeline.profile.push(field);
            }
        }
    }

    fn field_value(&mut self, name: &Name, value: &'t tree::Expr) -> Option<(FieldId, Value)> {
        let mut exprs = self.exprs();
        let (id, ty) = exprs.profile_field_id(name)?;
        let ty = ty?;
        let expr = exprs.wanted(value, &ty);
        Some((id, self.plain_value(expr, value.span)?))
    }

    /// `[marketing, news]`
    fn purposes(&mut self, value: &tree::Expr) -> Vec<PurposeId> {
        let ExprKind::List(items) = &*value.kind else {
            self.sink.report(
                Diagnostic::new(Code::E0403, value.span, "consent is a list of purposes", "同意は目的のリストです")
                    .help("write `consent: [marketing]`", "`consent: [marketing]` のように書いてください"),
            );
            return Vec::new();
        };
        let mut purposes = Vec::new();
        for item in items {
            let name = match &*item.kind {
                ExprKind::Name(name) => Name { text: name.clone(), span: item.span },
                ExprKind::Text(text) => Name { text: text.clone(), span: item.span },
                _ => {
                    self.sink.report(Diagnostic::new(
                        Code::E0403,
                        item.span,
                        "a purpose is a name",
                        "目的は名前で書きます",
                    ));
                    continue;
                }
            };
            purposes.extend(super::policy::purpose_id(self.context, &name, self.sink));
        }
        purposes.sort_unstable();
        purposes.dedup();
        purposes
    }

    /// An event at a time: the record of its fields, `at` last.
    fn event(&mut self, name: &Name, fields: Option<&'t RecordLit>, at: Instant) -> Option<(EventId, Value)> {
        let world = self.context.world;
        let mut exprs = self.exprs();
        let id = exprs.event(name)?;
        let entry = world.events.at(id.index());
        let declared = &entry.data.fields[..entry.data.fields.len() - 1];
        let given = Given { kind: ("event", "イベント"), name: &entry.name, params: false };
        let mut parts = exprs.with(fields, declared, given, name.span);
        parts.push(Expr::Const(Value::Instant(at)));
        let payload = constants(parts, Expr::Record, Value::Record);
        let span = fields.map_or(name.span, |f| f.span);
        Some((id, self.plain_value(payload, span)?))
    }

    /// A test is made of plain values.
    pub fn plain_value(&mut self, expr: Expr, span: Span) -> Option<Value> {
        if let Expr::Const(value) = expr {
            return Some(value);
        }
        self.sink.report(
            Diagnostic::new(Code::E0404, span, "a test needs plain values here", "テストでは固定の値だけを書けます")
                .help("write the value itself", "値そのものを書いてください"),
        );
        None
    }

    fn pin(&mut self, split: &Name, arm: &Name) -> Option<(SplitId, u16)> {
        let splits = self.context.splits;
        let Some(id) = splits.find(&split.text) else {
            self.sink.report(unknown(("split", "分岐"), &split.text, split.span, splits.candidates()));
            return None;
        };
        let entry = splits.at(usize::from(id));
        let arms = &entry.data.arms;
        let Some(index) = arms.iter().position(|a| a.name == arm.text) else {
            let what = (format!("arm of `{}`", entry.name), format!("`{}` の枝", entry.name));
            let known = arms.iter().map(|a| (a.name.as_str(), Some(entry.span)));
            self.sink.report(unknown((&what.0, &what.1), &arm.text, arm.span, known));
            return None;
        };
        Some((SplitId(id), index as u16))
    }

    pub fn action(&mut self, name: &Name) -> Option<ActionId> {
        let actions = &self.context.world.actions;
        let id = actions.find(&name.text);
        if id.is_none() {
            self.sink.report(unknown(("action", "アクション"), &name.text, name.span, actions.candidates()));
        }
        id.map(ActionId)
    }

    fn answer(&mut self, action: &Name, reply: &'t tree::Reply) -> Option<(ActionId, Reply)> {
        let world = self.context.world;
        let id = self.action(action)?;
        let gives = match reply {
            tree::Reply::Gives(gives) => gives,
            tree::Reply::Fails => return Some((id, Reply::Fails)),
            tree::Reply::Never => return Some((id, Reply::Never)),
        };
        let entry = world.actions.at(id.index());
        let given = Given { kind: ("result of", "結果"), name: &entry.name, params: false };
        let parts = self.exprs().with(Some(gives), &entry.data.gives, given, gives.span);
        let result = constants(parts, Expr::Record, Value::Record);
        Some((id, Reply::Gives(self.plain_value(result, gives.span)?)))
    }

    fn step(&mut self, step: &'t TestStep, at: Instant) -> Option<LineWhat> {
        match step {
            TestStep::Event { event, fields } => {
                let (event, payload) = self.event(event, fields.as_ref(), at)?;
                Some(LineWhat::Event { event, payload })
            }
            TestStep::Set { field, value: Some(value) } if field.text == "consent" => {
                Some(LineWhat::Consent { given: self.purposes(value) })
            }
            TestStep::Set { field, value: None } if field.text == "consent" => {
                Some(LineWhat::Consent { given: Vec::new() })
            }
            TestStep::Set { field, value: Some(value) } => {
                let (field, value) = self.field_value(field, value)?;
                Some(LineWhat::Set { field, value })
            }
            TestStep::Set { field, value: None } => {
                let (field, _) = self.exprs().profile_field_id(field)?;
                Some(LineWhat::Set { field, value: Value::Missing })
            }
            TestStep::Report { verb, handle } => self.report(verb, handle),
            TestStep::Approve { approved, by } => {
                Some(LineWhat::Approve { approved: *approved, by: by.as_ref().map(|b| b.text.clone()) })
            }
            TestStep::Pass => Some(LineWhat::Pass),
            TestStep::Expect(expectation) => self.expectation(expectation).map(LineWhat::Expect),
        }
    }

    fn report(&mut self, verb: &Name, handle: &Name) -> Option<LineWhat> {
        let found = VERBS.iter().find(|(word, _)| *word == verb.text).map(|(_, verb)| *verb);
        let Some(verb_found) = found else {
            let known = VERBS.iter().map(|(word, _)| (*word, None));
            self.sink.report(unknown(("report", "報告"), &verb.text, verb.span, known));
            return None;
        };
        let journey = self.journey?;
        let handles = &journey.header.handles;
        if !handles.iter().any(|h| h.name == handle.text) {
            let known = handles.iter().map(|h| (h.name.as_str(), None));
            self.sink.report(unknown(("delivery", "配信"), &handle.text, handle.span, known));
            return None;
        }
        Some(LineWhat::Report { verb: verb_found, handle: handle.text.clone() })
    }

    /// A condition about the person.
    pub fn condition(&mut self, e: &'t tree::Expr) -> Expr {
        self.exprs().condition(e)
    }

    /// Only the parameters that are written, as plain values.
    pub fn params(
        &mut self,
        written: Option<&'t RecordLit>,
        declared: &[crate::schema::Field],
        given: Given<'_>,
    ) -> Vec<(u16, Value)> {
        let Some(written) = written else { return Vec::new() };
        let parts = self.exprs().fields(written, declared, given);
        let mut params = Vec::new();
        for (i, part) in parts.into_iter().enumerate() {
            if let Some(value) = part.and_then(|part| self.plain_value(part, written.span)) {
                params.push((i as u16, value));
            }
        }
        params
    }
}
