//! Names and fields: what a word means in its scope, and help for the words that mean nothing.
//!
//! Order of scope: the fields of what stands under test (innermost first), names bound by `as` and `let`, the words
//! `now` and `today`, variants of the type that is wanted, segments where they may stand bare.

use super::expr::{Exprs, Subject};
use super::fit::{self, Typed, required};
use super::flow::{Assigned, Bound, Var};
use crate::diag::{Code, Diagnostic};
use crate::ir::expr::Ask;
use crate::ir::{Channel, EnumId, Expr, Fact, FieldId, HandleId, SegmentId, Type};
use crate::schema::{Field, TAGS, unknown};
use crate::syntax::tree::{self, ExprKind, Name};
use crate::text::Span;
use crate::value::Value;

/// The word for the person.
const PROFILE: &str = "profile";

impl<'t> Exprs<'_, 't> {
    /// Whether a field or a binding goes by the name.
    pub fn resolves(&self, name: &str) -> bool {
        self.flow.var(name).is_some() || self.subject_field(name).is_some()
    }

    /// A field of what stands under test.
    fn subject_field(&self, name: &str) -> Option<(Expr, Option<Type>)> {
        let mut depth = 0u8;
        for subject in self.subjects.iter().rev() {
            let fields = match subject {
                Subject::Event(id) => self.world.fields_of(&Type::Event(*id)),
                Subject::Record(id) => self.world.fields_of(&Type::Record(*id)),
                Subject::Plain => None,
                Subject::Person => {
                    if let Some(i) = self.world.profile.fields.iter().position(|f| f.name == name) {
                        return Some((Expr::Profile(FieldId(i as u16)), self.world.profile.fields[i].ty.clone()));
                    }
                    continue;
                }
            };
            if let Some((i, field)) = fields.unwrap_or_default().iter().enumerate().find(|(_, f)| f.name == name) {
                let expr = Expr::Field(Box::new(Expr::Subject(depth)), FieldId(i as u16));
                return Some((expr, field.ty.clone()));
            }
            depth = depth.saturating_add(1);
        }
        None
    }

    pub fn name(&mut self, name: &str, span: Span, hint: Option<&Type>) -> Typed {
        if let Some((expr, ty)) = self.subject_field(name) {
            return self.narrowed(expr, ty);
        }
        if let Some(var) = self.flow.var(name) {
            let var = var.clone();
            return self.var(name, &var, span);
        }
        match name {
            "now" => return Typed::new(Expr::Now, Type::Instant),
            "today" => return Typed::new(Expr::Today, Type::Date),
            _ => {}
        }
        if let Some(Type::Enum(id)) = hint {
            return self.variant(*id, name, span);
        }
        if self.bare_segments
            && let Some(id) = self.world.segments.find(name)
        {
            return Typed::new(Expr::InSegment(SegmentId(id)), Type::Bool);
        }
        let diagnostic = self.unknown_name(name, span);
        self.mistake(diagnostic)
    }

    pub fn variant(&mut self, id: EnumId, name: &str, span: Span) -> Typed {
        let entry = self.world.enums.at(id.index());
        if let Some(i) = entry.data.iter().position(|v| v == name) {
            return Typed::new(Expr::Const(Value::Enum(i as u16)), Type::Enum(id));
        }
        let candidates = entry.data.iter().map(|v| (v.as_str(), Some(entry.span)));
        let what = format!("value of `{}`", entry.name);
        let ja = format!("`{}` の値", entry.name);
        let diagnostic = unknown((&what, &ja), name, span, candidates);
        self.mistake(diagnostic)
    }

    fn var(&mut self, name: &str, var: &Var, span: Span) -> Typed {
        if !self.definite(name, var, span) {
            return Typed::mistaken();
        }
        match &var.bound {
            Bound::Slot(slot, ty) => self.narrowed(Expr::Slot(*slot), ty.clone()),
            Bound::Handle(..) => self.mistake(
                Diagnostic::new(
                    Code::E0403,
                    span,
                    format!("`{name}` is a delivery, not a value"),
                    format!("`{name}` は配信であり、値ではありません"),
                )
                .help(
                    format!("ask what became of it: `{name}.clicked`, `{name}.failed`"),
                    format!("結果は `{name}.clicked` や `{name}.failed` で調べます"),
                ),
            ),
        }
    }

    /// E0413 unless the name is assigned on every path that leads here.
    pub fn definite(&mut self, name: &str, var: &Var, span: Span) -> bool {
        let base = Diagnostic::new(
            Code::E0413,
            span,
            format!("`{name}` is not assigned on every path to here"),
            format!("`{name}` が決まらない経路があります"),
        )
        .other(var.span, "assigned here", "ここで決まる");
        let diagnostic = match var.assigned {
            Assigned::Always => return true,
            Assigned::Sometimes(gap) => base.other(gap, "not on the path through here", "この経路では決まらない").help(
                "use it only where it is assigned, assign it on the other path too, or let that path `stop`",
                "決まる経路の中で使うか、他の経路でも決めるか、その経路を `stop` で終えてください",
            ),
            Assigned::Differently(other) => base
                .other(other, "with another type here", "ここでは別の型")
                .help("give them different names", "別の名前を付けてください"),
        };
        self.sink.report(diagnostic);
        false
    }

    fn unknown_name(&self, name: &str, span: Span) -> Diagnostic {
        let world = self.world;
        let bare = |en: String, ja: String| {
            Diagnostic::new(Code::E0401, span, format!("unknown name `{name}`"), format!("`{name}` は知らない名前です"))
                .help(en, ja)
        };
        if name == PROFILE {
            return Diagnostic::new(
                Code::E0404,
                span,
                "`profile` is not a value by itself",
                "`profile` はそれだけでは値になりません",
            )
            .help("name a field of it: `profile.rank`", "`profile.rank` のように項目を書いてください");
        }
        if let Some(field) = world.profile.fields.iter().find(|f| f.name == name) {
            return bare(format!("write `profile.{name}`"), format!("`profile.{name}` と書いてください"))
                .other(field.span, format!("`{name}` is declared here"), format!("`{name}` の宣言"))
                .fix(span, format!("profile.{name}"));
        }
        if let Some(segment) = world.segments.get(name) {
            return bare(format!("write `profile in {name}`"), format!("`profile in {name}` と書いてください"))
                .other(segment.span, "the segment is declared here", "セグメントの宣言")
                .fix(span, format!("profile in {name}"));
        }
        if let Some(event) = world.events.get(name) {
            return bare(
                format!("ask the history: `did {name}`, `count of {name}`, `last {name}`"),
                format!("履歴は `did {name}`、`count of {name}`、`last {name}` で調べます"),
            )
            .other(event.span, "the event is declared here", "イベントの宣言");
        }
        if let Some(owner) = world.enums.iter().find(|e| e.data.iter().any(|v| v == name)) {
            return bare(
                format!("it is a value of `{}`, which is not wanted here", owner.name),
                format!("`{}` の値ですが、ここでは使えません", owner.name),
            )
            .other(owner.span, "declared here", "宣言");
        }
        let mut known: Vec<(&str, Option<Span>)> = Vec::new();
        for subject in self.subjects.iter().rev() {
            let fields = match subject {
                Subject::Event(id) => self.world.fields_of(&Type::Event(*id)),
                Subject::Record(id) => self.world.fields_of(&Type::Record(*id)),
                Subject::Plain => None,
                Subject::Person => Some(world.profile.fields.as_slice()),
            };
            known.extend(fields.unwrap_or_default().iter().map(|f| (f.name.as_str(), Some(f.span))));
        }
        known.extend(self.flow.vars().map(|(name, var)| (name, Some(var.span))));
        if self.bare_segments {
            known.extend(world.segments.candidates());
        }
        known.extend([(PROFILE, None), ("now", None), ("today", None)]);
        unknown(("name", "名前"), name, span, known)
    }

    pub fn field(&mut self, e: &'t tree::Expr, of: &'t tree::Expr, name: &'t Name) -> Typed {
        if let ExprKind::Name(noun) = &*of.kind {
            if let Some(Bound::Handle(..)) = self.flow.var(noun).map(|v| &v.bound)
                && self.subject_field(noun).is_none()
            {
                return self
                    .handle_fact(noun, of.span, name)
                    .map_or_else(Typed::mistaken, |(handle, fact)| Typed::new(Expr::Handle(handle, fact), Type::Bool));
            }
            if !self.resolves(noun) {
                if noun == PROFILE {
                    return self.profile_field(name);
                }
                if let Some(id) = self.world.enums.find(noun) {
                    return self.variant(EnumId(id), &name.text, name.span);
                }
            }
        }
        let typed = self.infer(of, None);
        self.field_of(typed, of.span, name, e.span)
    }

    fn field_of(&mut self, of: Typed, of_span: Span, name: &Name, span: Span) -> Typed {
        let Some(ty) = of.ty.clone() else { return Typed::mistaken() };
        let plain = required(&ty).clone();
        let Some(fields) = self.world.fields_of(&plain) else {
            if plain == Type::Instant && name.text == "date" {
                let of = self.present(of, of_span);
                return Typed::new(Expr::DateOf(Box::new(of.expr)), Type::Date);
            }
            let diagnostic = self.no_fields(&plain, name, span);
            return self.mistake(diagnostic);
        };
        let Some(index) = fields.iter().position(|f| f.name == name.text) else {
            let kind = format!("field of `{}`", self.world.type_name(&plain));
            let ja = format!("`{}` の項目", self.world.type_name(&plain));
            let candidates = fields.iter().map(|f| (f.name.as_str(), Some(f.span)));
            let diagnostic = unknown((&kind, &ja), &name.text, name.span, candidates);
            return self.mistake(diagnostic);
        };
        let (id, field_ty) = (FieldId(index as u16), fields[index].ty.clone());
        let (of, field_ty) = match whole_event(&of.expr) {
            // `(last purchase).total`: asking the history for the field keeps less of it.
            true => (of, field_ty.map(fit::optional)),
            false => (self.present(of, of_span), field_ty),
        };
        let expr = match of.expr {
            Expr::Behaviour(mut behaviour) if whole_event(&Expr::Behaviour(behaviour.clone())) => {
                behaviour.ask = match behaviour.ask {
                    Ask::Last { .. } => Ask::Last { field: Some(id) },
                    Ask::First { .. } => Ask::First { field: Some(id) },
                    other @ (Ask::Did | Ask::Count | Ask::Sum { .. } | Ask::Average { .. }) => other,
                };
                Expr::Behaviour(behaviour)
            }
            other => Expr::Field(Box::new(other), id),
        };
        self.narrowed(expr, field_ty)
    }

    fn no_fields(&self, ty: &Type, name: &Name, span: Span) -> Diagnostic {
        let type_name = self.world.type_name(ty);
        let diagnostic = Diagnostic::new(
            Code::E0403,
            span,
            format!("`{type_name}` has no fields, so no `{}`", name.text),
            format!("`{type_name}` に項目 `{}` はありません", name.text),
        );
        match ty {
            Type::List(_) => diagnostic.help(
                "ask with `any of`, `all of` or `count of` and a condition in parentheses",
                "`any of`・`all of`・`count of` と括弧内の条件で調べてください",
            ),
            _ => diagnostic,
        }
    }

    fn profile_field(&mut self, name: &Name) -> Typed {
        match self.profile_field_id(name) {
            Some((id, ty)) => self.narrowed(Expr::Profile(id), ty),
            None => Typed::mistaken(),
        }
    }

    /// A field of the profile by name; reported when there is none.
    pub fn profile_field_id(&mut self, name: &Name) -> Option<(FieldId, Option<Type>)> {
        let fields: &[Field] = &self.world.profile.fields;
        if let Some(i) = fields.iter().position(|f| f.name == name.text) {
            return Some((FieldId(i as u16), fields[i].ty.clone()));
        }
        let diagnostic = match name.text.as_str() {
            "consent" => Diagnostic::new(
                Code::E0404,
                name.span,
                "consent is read at the moment of sending, never before",
                "同意は送信の瞬間にだけ確認されます",
            )
            .help(
                "leave it to the send: `otherwise` runs when consent is missing",
                "送信に任せてください。同意がなければ `otherwise` に進みます",
            ),
            TAGS => unknown(("field of the profile", "プロフィールの項目"), TAGS, name.span, []).help(
                "declare `tags: list of text` in the profile",
                "profile に `tags: list of text` を宣言してください",
            ),
            other => {
                let known = fields.iter().map(|f| (f.name.as_str(), Some(f.span)));
                unknown(("field of the profile", "プロフィールの項目"), other, name.span, known)
            }
        };
        self.sink.report(diagnostic);
        None
    }

    /// `nudge.clicked`: the delivery and what is asked of it, if its channels can tell.
    pub fn handle_fact(&mut self, handle: &str, span: Span, fact: &Name) -> Option<(HandleId, Fact)> {
        let Some(var) = self.flow.var(handle).cloned() else {
            let handles = self.flow.vars().filter(|(_, v)| matches!(v.bound, Bound::Handle(..)));
            let known: Vec<_> = handles.map(|(name, v)| (name, Some(v.span))).collect();
            self.sink.report(unknown(("delivery", "配信"), handle, span, known));
            return None;
        };
        let Bound::Handle(id, channels) = var.bound else {
            self.sink.report(
                Diagnostic::new(
                    Code::E0403,
                    span,
                    format!("`{handle}` is not a delivery"),
                    format!("`{handle}` は配信ではありません"),
                )
                .other(var.span, "made here", "ここで作られた値"),
            );
            return None;
        };
        if !self.definite(handle, &var, span) {
            return None;
        }
        let Some(asked) = Fact::ALL.into_iter().find(|f| f.name() == fact.text) else {
            let known = Fact::ALL.iter().map(|f| (f.name(), None));
            self.sink.report(unknown(("fact about a delivery", "配信の結果"), &fact.text, fact.span, known));
            return None;
        };
        for channel in Channel::ALL.into_iter().filter(|c| channels & (1 << c.index()) != 0) {
            if !reports(channel, asked) {
                let diagnostic = cannot_tell(channel, asked, handle, fact.span).other(
                    var.span,
                    format!("`{handle}` can go by {} here", channel.name()),
                    format!("`{handle}` は {} で送られることがあります", channel.name()),
                );
                self.sink.report(diagnostic);
                return None;
            }
        }
        Some((id, asked))
    }
}

fn whole_event(e: &Expr) -> bool {
    matches!(e, Expr::Behaviour(b) if matches!(b.ask, Ask::Last { field: None } | Ask::First { field: None }))
}

/// Which channels report what. LINE and SMS tell nobody who opened; only mail bounces by itself.
pub fn reports(channel: Channel, fact: Fact) -> bool {
    match fact {
        Fact::Sent | Fact::Failed | Fact::Delivered => true,
        Fact::Opened => matches!(channel, Channel::Email | Channel::Push),
        Fact::Clicked => channel.is_personal(),
        Fact::Bounced => matches!(channel, Channel::Email | Channel::Sms | Channel::Push),
    }
}

pub fn cannot_tell(channel: Channel, fact: Fact, handle: &str, span: Span) -> Diagnostic {
    let (channel_name, fact_name) = (channel.name(), fact.name());
    let diagnostic = Diagnostic::new(
        Code::E0404,
        span,
        format!("{channel_name} does not tell whether `{handle}` was {fact_name}"),
        format!("{channel_name} では `{handle}` の `{fact_name}` はわかりません"),
    );
    match fact {
        Fact::Opened => diagnostic
            .help(
                format!("tracked links are known per person: ask `{handle}.clicked`"),
                format!("計測リンクのクリックは個人ごとにわかります: `{handle}.clicked`"),
            )
            .fix(span, "clicked"),
        Fact::Bounced => {
            diagnostic.help(format!("ask `{handle}.failed`"), format!("`{handle}.failed` で調べてください"))
        }
        Fact::Sent | Fact::Delivered | Fact::Clicked | Fact::Failed => diagnostic,
    }
}
