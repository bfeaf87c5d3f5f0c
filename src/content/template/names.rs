//! From a name in a template to what it stands for, and where an expression stands.
//!
//! Computes nothing.

use minijinja::machinery::ast::Expr;

use super::At;
use super::typed::{Kind, Length, Space, Typed};
use crate::diag::{Code, Diagnostic, did_you_mean};
use crate::ir::{Channel, Type};
use crate::schema::Field;
use crate::text::Span;

impl At<'_, '_> {
    /// Where an expression stands. The parser's own spans begin a word early or late for some of them.
    pub fn place(&self, expr: &Expr<'_>) -> Span {
        self.span(start_of(expr)..end_of(expr))
    }

    /// The place of the name at the end of `a.name`.
    fn last_name(&self, expr: &Expr<'_>, name: &str) -> Span {
        let end = end_of(expr);
        self.span(end.saturating_sub(name.len())..end)
    }

    pub fn name(&mut self, name: &str, expr: &Expr<'_>) -> Typed {
        if let Some(own) = self.checker.bindings.iter().rev().find(|own| own.name == name) {
            return self.checked(own.typed.clone());
        }
        let about = self.checker.about;
        if let Some(param) = about.message.data.params.iter().find(|param| param.name == name) {
            self.checker.seen.used.insert(name.to_owned());
            let place = self.place(expr);
            self.checker.seen.mentions.insert((param.span, place));
            let typed = Typed::declared(param.ty.as_ref(), about.world);
            // A parameter labelled `pii` takes it on purpose, and so do its fields.
            return self.checked(Typed { origin: Some(param.span), path: Some(name.to_owned()), ..typed });
        }
        let space = |space| Typed { path: Some(name.to_owned()), ..Typed::new(Kind::Space(space)) };
        match name {
            "profile" => space(Space::Profile),
            "sender" => space(Space::Sender),
            "project" => space(Space::Project),
            "unsubscribe_url" if about.can_unsubscribe => {
                let typed = Typed { path: Some(name.to_owned()), ..Typed::plain(Type::Url) };
                // A host and an opaque token, at the least.
                Typed { length: Length { least: 24, most: Some(120), bytes: 24, wide: false }, ..typed }
            }
            "unsubscribe_url" => self.no_unsubscribe(expr),
            _ => self.unknown_name(name, expr),
        }
    }

    /// A value that may be missing is there once it was checked.
    fn checked(&self, typed: Typed) -> Typed {
        let present = typed.path.as_ref().is_some_and(|path| self.checker.present.contains(path));
        Typed { optional: typed.optional && !present, ..typed }
    }

    fn no_unsubscribe(&mut self, expr: &Expr<'_>) -> Typed {
        let place = self.place(expr);
        let (en, ja) = match self.checker.about.channel {
            Channel::Email | Channel::Sms => (
                "a message that needs no consent has no consent to take back",
                "同意のいらないメッセージに配信停止のリンクはありません",
            ),
            Channel::Line | Channel::Push | Channel::Webhook => (
                "`unsubscribe_url` is given to emails and text messages only",
                "`unsubscribe_url` はメールと SMS にだけあります",
            ),
        };
        let found = Diagnostic::new(Code::E0402, place, en, ja);
        self.report(found.other(self.checker.about.message.span, "the message is declared here", "メッセージの宣言"));
        Typed::unknown()
    }

    fn unknown_name(&mut self, name: &str, expr: &Expr<'_>) -> Typed {
        let place = self.place(expr);
        let about = self.checker.about;
        let message = about.message;
        let found = Diagnostic::new(
            Code::E0402,
            place,
            format!("message `{}` takes no `{name}`", message.name),
            format!("メッセージ `{}` の引数に `{name}` はありません", message.name),
        );
        let found = found.other(message.span, "declared here", "ここで宣言されています");
        let own = self.checker.bindings.iter().map(|own| own.name.as_str());
        let params = message.data.params.iter().map(|param| param.name.as_str());
        let spaces = ["profile", "sender", "project"];
        let alike = did_you_mean(name, own.chain(params).chain(spaces)).map(str::to_owned);
        let found = if let Some(alike) = alike {
            let help = (format!("did you mean `{alike}`?"), format!("`{alike}` のことですか?"));
            found.help(help.0, help.1).fix(place, alike)
        } else if about.world.profile.fields.iter().any(|field| field.name == name) {
            let full = format!("profile.{name}");
            found.help(format!("did you mean `{full}`?"), format!("`{full}` のことですか?")).fix(place, full)
        } else {
            found.help(
                format!("declare it: `takes {{ {name}: text }}`, and give it where the message is sent"),
                format!("`takes {{ {name}: text }}` と宣言し、送るときに渡してください"),
            )
        };
        self.report(found);
        Typed::unknown()
    }

    pub fn attribute(&mut self, base: &Typed, name: &str, expr: &Expr<'_>, base_expr: &Expr<'_>) -> Typed {
        if base.optional {
            self.missing(base, base_expr);
            return Typed::unknown();
        }
        let world = self.checker.about.world;
        match &base.kind {
            Kind::Unknown => Typed::unknown(),
            Kind::Space(Space::Profile) => self.field(&world.profile.fields, base, name, expr, ("profile", "profile")),
            Kind::Space(Space::Sender) => self.of_sender(name, expr),
            Kind::Space(Space::Project) => {
                self.one_of(name, &["name"], expr, "project").map_or_else(Typed::unknown, |_| {
                    let length = Length::of(&world.project.name);
                    Typed { path: Some("project.name".to_owned()), ..Typed::text(length) }
                })
            }
            Kind::Space(Space::Loop) => self.of_loop(name, expr),
            Kind::Plain(ty) => match world.fields_of(ty) {
                Some(fields) => {
                    let shown = world.type_name(ty);
                    self.field(fields, base, name, expr, (&shown, &shown))
                }
                None => self.no_fields(base, name, expr),
            },
            Kind::List(..) | Kind::Nothing => self.no_fields(base, name, expr),
        }
    }

    fn field(&mut self, fields: &[Field], base: &Typed, name: &str, expr: &Expr<'_>, of: (&str, &str)) -> Typed {
        let world = self.checker.about.world;
        let Some(field) = fields.iter().find(|field| field.name == name) else {
            let place = self.last_name(expr, name);
            let candidates = fields.iter().map(|field| (field.name.as_str(), Some(field.span)));
            let found = crate::schema::unknown(("field", "項目"), name, place, candidates);
            self.report(found.note(format!("in `{}`", of.0), format!("`{}` の項目として", of.1)));
            return Typed::unknown();
        };
        let place = self.last_name(expr, name);
        self.checker.seen.mentions.insert((field.span, place));
        let path = base.path.as_ref().map(|path| format!("{path}.{name}"));
        let typed = Typed::declared(field.ty.as_ref(), world);
        let pii = base.pii || (field.pii && !self.given_on_purpose(base));
        self.checked(Typed { origin: Some(field.span), path, pii, ..typed })
    }

    /// Whether the value came by a parameter labelled `pii`.
    fn given_on_purpose(&self, base: &Typed) -> bool {
        let root = base.path.as_ref().and_then(|path| path.split('.').next());
        let params = &self.checker.about.message.data.params;
        root.is_some_and(|root| params.iter().any(|param| param.name == root && param.pii))
    }

    fn of_sender(&mut self, name: &str, expr: &Expr<'_>) -> Typed {
        let known = self.one_of(name, &["name", "address", "contact"], expr, "sender");
        let Some(name) = known else { return Typed::unknown() };
        let sender = &self.checker.about.world.project.sender;
        let text = match name {
            "name" => &sender.name,
            "address" => &sender.address,
            _ => &sender.contact,
        };
        let Some(text) = text else {
            let place = self.place(expr);
            let found = Diagnostic::new(
                Code::E0402,
                place,
                format!("`tabi.yaml` does not say what `sender.{name}` is"),
                format!("`tabi.yaml` に `sender.{name}` がありません"),
            );
            let found = found.help(
                format!("add it to `tabi.yaml`: `sender: {{ {name}: \"…\" }}`"),
                format!("`tabi.yaml` に `sender: {{ {name}: \"…\" }}` と書いてください"),
            );
            self.report(found.once());
            return Typed::unknown();
        };
        Typed { path: Some(format!("sender.{name}")), ..Typed::text(Length::of(text)) }
    }

    fn of_loop(&mut self, name: &str, expr: &Expr<'_>) -> Typed {
        const KNOWN: &[&str] = &["first", "index", "index0", "last", "length", "revindex", "revindex0"];
        match self.one_of(name, KNOWN, expr, "loop") {
            None => Typed::unknown(),
            Some("first" | "last") => Typed::plain(Type::Bool),
            Some(_) => Typed::plain(Type::Int),
        }
    }

    /// The name if it is among those, or a mistake.
    fn one_of<'n>(&mut self, name: &str, known: &[&'n str], expr: &Expr<'_>, of: &str) -> Option<&'n str> {
        let found = known.iter().copied().find(|one| *one == name);
        if found.is_none() {
            let place = self.last_name(expr, name);
            let unknown = crate::schema::unknown(("field", "項目"), name, place, known.iter().map(|one| (*one, None)));
            self.report(unknown.note(format!("in `{of}`"), format!("`{of}` の項目として")));
        }
        found
    }

    fn no_fields(&mut self, base: &Typed, name: &str, expr: &Expr<'_>) -> Typed {
        let world = self.checker.about.world;
        let place = self.last_name(expr, name);
        let shown = base.shown(world);
        let mut found = Diagnostic::new(
            Code::E0402,
            place,
            format!("`{shown}` has no fields"),
            format!("`{shown}` に項目はありません"),
        );
        if matches!(base.kind, Kind::List(..)) {
            found = found.help(
                "go through it: `{% for item in … %}`, or take one: `| first`",
                "`{% for item in … %}` で一つずつ、または `| first` で取り出してください",
            );
        }
        self.report(found);
        Typed::unknown()
    }
}

pub fn start_of(expr: &Expr<'_>) -> usize {
    match expr {
        Expr::BinOp(op) => start_of(&op.left),
        Expr::Compare(compare) => start_of(&compare.expr),
        Expr::IfExpr(either) => start_of(&either.true_expr),
        Expr::Filter(filter) => filter.expr.as_ref().map_or(filter.span().start_offset as usize, start_of),
        Expr::Test(test) => start_of(&test.expr),
        Expr::GetAttr(get) => start_of(&get.expr),
        Expr::GetItem(get) => start_of(&get.expr),
        Expr::Slice(slice) => start_of(&slice.expr),
        Expr::Call(call) => start_of(&call.expr),
        Expr::UnaryOp(op) => (op.span().start_offset as usize).min(start_of(&op.expr)),
        Expr::Var(_) | Expr::Const(_) | Expr::List(_) | Expr::Tuple(_) | Expr::Map(_) => {
            expr.span().start_offset as usize
        }
    }
}

pub fn end_of(expr: &Expr<'_>) -> usize {
    expr.span().end_offset as usize
}
