//! Types of filters: one table of what each takes and gives.
//!
//! Filters nothing; the list of names is `ir::content::FILTERS`.

use minijinja::machinery::ast::{self, CallArg, Expr};

use super::At;
use super::typed::{Kind, Length, Link, Typed};
use crate::diag::{Code, Diagnostic, did_you_mean};
use crate::ir::Type;
use crate::ir::content::FILTERS;

/// What a filter is applied to.
struct Input<'e, 's> {
    typed: Typed,
    /// Absent in a block's filter.
    expr: Option<&'e Expr<'s>>,
}

impl At<'_, '_> {
    pub fn filter(&mut self, filter: &ast::Filter<'_>, expr: &Expr<'_>) -> Typed {
        let input = match &filter.expr {
            // Only `default` may see what is missing.
            Some(inner) if matches!(filter.name, "default" | "d") => self.expr(inner),
            Some(inner) => self.definite(inner),
            None => Typed::text(Length::UNKNOWN),
        };
        let input = Input { typed: input, expr: filter.expr.as_ref() };
        let pii = input.typed.pii;
        let typed = self.apply(filter, input, expr);
        Typed { pii: typed.pii || pii, literal: None, path: None, ..typed }
    }

    fn apply(&mut self, filter: &ast::Filter<'_>, input: Input<'_, '_>, expr: &Expr<'_>) -> Typed {
        let arguments = self.values(filter, expr);
        let most = |n: usize| match n {
            0 => "no value".to_owned(),
            n => format!("{n}"),
        };
        let wanted = match filter.name {
            "default" | "round" | "join" => 0..=1,
            "truncate" => 1..=1,
            "replace" => 2..=2,
            _ => 0..=0,
        };
        if FILTERS.contains(&filter.name) && !wanted.contains(&arguments.len()) {
            let (en, ja) = (
                format!("`{}` takes {} between its brackets", filter.name, most(*wanted.end())),
                format!("`{}` の括弧の中の値は {} 個です", filter.name, wanted.end()),
            );
            self.refuse(expr, (&en, &ja), None);
            return Typed::unknown();
        }
        let text = |length| Typed::text(length);
        let short = |least, most| text(Length::between(least, most));
        match filter.name {
            "default" => self.default(input, arguments, expr),
            "money" => self.given(&input, expr, |ty| matches!(ty, Type::Money(_)), ("money", "金額"), short(2, 15)),
            "amount" => {
                let number = Typed::plain(Type::Decimal);
                self.given(&input, expr, |ty| matches!(ty, Type::Money(_)), ("money", "金額"), number)
            }
            "date" => {
                let fits = |ty: &Type| matches!(ty, Type::Date | Type::Instant);
                self.given(&input, expr, fits, ("a date", "日付"), short(6, 16))
            }
            "datetime" => {
                self.given(&input, expr, |ty| *ty == Type::Instant, ("a point in time", "日時"), short(9, 24))
            }
            "time" => {
                let fits = |ty: &Type| matches!(ty, Type::Time | Type::Instant);
                self.given(&input, expr, fits, ("a time of day", "時刻"), short(5, 8))
            }
            "duration" => {
                let fits = |ty: &Type| matches!(ty, Type::Span | Type::Period);
                self.given(&input, expr, fits, ("a length of time", "期間"), short(2, 24))
            }
            "percent" => {
                let fits = |ty: &Type| matches!(ty, Type::Percent | Type::Decimal);
                self.given(&input, expr, fits, ("a share", "割合"), short(2, 12))
            }
            "abs" | "round" | "int" | "float" => {
                if !input.typed.is_number() {
                    return self.unfit(&input, expr, ("a number", "数"));
                }
                let ty = match filter.name {
                    "int" => Type::Int,
                    "abs" => match &input.typed.kind {
                        Kind::Plain(ty) => ty.clone(),
                        _ => Type::Decimal,
                    },
                    _ => Type::Decimal,
                };
                Typed::plain(ty)
            }
            "upper" | "lower" | "capitalize" | "title" | "trim" | "escape" => {
                let Length { most, .. } = input.typed.length;
                let least = if filter.name == "trim" { 0 } else { input.typed.length.least };
                let length = Length { least, most, bytes: 0, wide: false };
                self.given(&input, expr, super::typed::is_textual, ("a text", "文字列"), text(length))
            }
            "replace" => {
                self.given(&input, expr, super::typed::is_textual, ("a text", "文字列"), text(Length::UNKNOWN))
            }
            "truncate" => {
                let Some(most) = arguments.first().and_then(|a| a.1.as_const()).and_then(|v| usize::try_from(v).ok())
                else {
                    self.refuse(expr, ("`truncate` takes a written number", "`truncate` には数を書きます"), None);
                    return Typed::unknown();
                };
                let before = input.typed.length;
                let most = before.most.map_or(most, |before| before.min(most));
                let length = Length { least: before.least.min(most), most: Some(most), bytes: 0, wide: false };
                self.given(&input, expr, super::typed::is_textual, ("a text", "文字列"), text(length))
            }
            "urlencode" => {
                if let Some(inner) = input.expr
                    && !self.printable(&input.typed, inner)
                {
                    return Typed::unknown();
                }
                Typed { link: Link::Part, ..text(Length::UNKNOWN) }
            }
            "string" => {
                if let Some(inner) = input.expr
                    && !self.printable(&input.typed, inner)
                {
                    return Typed::unknown();
                }
                text(input.typed.length)
            }
            "length" | "count" => {
                if !matches!(input.typed.kind, Kind::List(..) | Kind::Unknown) && !input.typed.is_text() {
                    return self.unfit(&input, expr, ("a list or a text", "リストでも文字列でも"));
                }
                Typed { length: Length::between(1, 4), ..Typed::plain(Type::Int) }
            }
            "first" | "last" | "min" | "max" | "sum" | "join" | "sort" | "unique" | "reverse" | "map" => {
                self.of_list(filter, input, &arguments, expr)
            }
            unknown => self.unknown_filter(unknown, expr),
        }
    }

    /// The positional values in the brackets, with their types.
    fn values<'e, 's>(&mut self, filter: &'e ast::Filter<'s>, expr: &Expr<'_>) -> Vec<(Typed, &'e Expr<'s>)> {
        let mut values = Vec::new();
        for arg in &filter.args {
            match arg {
                CallArg::Pos(value) => values.push((self.definite(value), value)),
                CallArg::Kwarg("attribute", _) if matches!(filter.name, "map" | "sort") => {}
                CallArg::Kwarg(..) | CallArg::PosSplat(_) | CallArg::KwargSplat(_) => {
                    self.refuse(expr, ("no such value between the brackets", "括弧の中のこの書き方は使えません"), None);
                }
            }
        }
        values
    }

    fn default(&mut self, input: Input<'_, '_>, arguments: Vec<(Typed, &Expr<'_>)>, expr: &Expr<'_>) -> Typed {
        let Some((other, place)) = arguments.into_iter().next() else {
            let what = (
                "say what stands there when it is missing: `default(\"…\")`",
                "ないときの値を書いてください: `default(\"…\")`",
            );
            self.refuse(expr, what, None);
            return Typed::unknown();
        };
        let present = Typed { optional: false, ..input.typed };
        if let (Kind::Plain(ty), false) = (&present.kind, other.is_unknown())
            && super::typed::writer(ty).is_some()
            && other.is_text()
        {
            let filter = super::typed::writer(ty).unwrap_or_default();
            let written = input.expr.map(|e| self.written(e)).unwrap_or_default();
            let shown = present.shown(self.checker.about.world);
            let found = Diagnostic::new(
                Code::E0402,
                self.place(place),
                format!("a text in place of `{shown}`"),
                format!("`{shown}` の代わりに文字列は書けません"),
            );
            let found = self.with_origin(found, &present);
            self.report(found.help(
                format!(
                    "ask instead: `{{% if {written} %}}{{{{ {written} | {filter} }}}}{{% else %}} … {{% endif %}}`"
                ),
                format!(
                    "`{{% if {written} %}}{{{{ {written} | {filter} }}}}{{% else %}} … {{% endif %}}` と書いてください"
                ),
            ));
            return Typed::unknown();
        }
        let length = present.length.or(other.length);
        let joined = self.joined(present, other, expr);
        Typed { length, ..joined }
    }

    /// The result if the input fits.
    fn given(
        &mut self,
        input: &Input<'_, '_>,
        expr: &Expr<'_>,
        fits: impl Fn(&Type) -> bool,
        expected: (&str, &str),
        result: Typed,
    ) -> Typed {
        if input.typed.is_unknown() {
            return result;
        }
        if !input.typed.is(fits) {
            return self.unfit(input, expr, expected);
        }
        result
    }

    fn unfit(&mut self, input: &Input<'_, '_>, expr: &Expr<'_>, expected: (&str, &str)) -> Typed {
        self.mismatch(&input.typed, input.expr.unwrap_or(expr), expected);
        Typed::unknown()
    }

    fn of_list(
        &mut self,
        filter: &ast::Filter<'_>,
        input: Input<'_, '_>,
        arguments: &[(Typed, &Expr<'_>)],
        expr: &Expr<'_>,
    ) -> Typed {
        let (element, most) = match &input.typed.kind {
            Kind::List(element, most) => ((**element).clone(), *most),
            Kind::Unknown => return Typed::unknown(),
            Kind::Plain(_) | Kind::Space(_) | Kind::Nothing => return self.unfit(&input, expr, ("a list", "リスト")),
        };
        let list = |element: Typed| Typed::new(Kind::List(Box::new(element), most));
        match filter.name {
            // An empty list has none of these.
            "first" | "last" => Typed { optional: true, ..element },
            "min" | "max" => Typed { optional: true, ..element },
            "sum" => {
                if !element.is_number() {
                    return self.unfit(&input, expr, ("a list of numbers", "数のリスト"));
                }
                Typed::computed(
                    Kind::Plain(if element.is(|ty| *ty == Type::Int) { Type::Int } else { Type::Decimal }),
                    element.pii,
                )
            }
            "join" => {
                if element.is_unknown() || element.is_text() || element.is(|ty| matches!(ty, Type::Int | Type::Decimal))
                {
                    let between = arguments.first().map_or(Length::default(), |a| a.0.length);
                    return Typed { pii: element.pii, ..Typed::text(element.length.then(between).times(most)) };
                }
                self.unfit(&input, expr, ("a list of texts", "文字列のリスト"))
            }
            "map" | "sort" => {
                let by = filter.args.iter().find_map(|arg| match arg {
                    CallArg::Kwarg(_, value) => Some(value),
                    _ => None,
                });
                match by {
                    None if filter.name == "sort" => list(element),
                    None => {
                        let what = (
                            "`map` takes the name of a field: `map(attribute=\"name\")`",
                            "`map(attribute=\"name\")` のように項目を書いてください",
                        );
                        self.refuse(expr, what, None);
                        Typed::unknown()
                    }
                    Some(value) => {
                        let Some(name) = value.as_const().and_then(|v| v.as_str().map(str::to_owned)) else {
                            self.refuse(value, ("a written name is needed", "項目の名前を書いてください"), None);
                            return Typed::unknown();
                        };
                        let field = self.attribute(&element, &name, value, value);
                        if filter.name == "sort" { list(element) } else { list(Typed { path: None, ..field }) }
                    }
                }
            }
            _ => list(element),
        }
    }

    fn unknown_filter(&mut self, name: &str, expr: &Expr<'_>) -> Typed {
        let Expr::Filter(filter) = expr else { return Typed::unknown() };
        let span = filter.span();
        let start = span.start_offset as usize;
        let place = self.span(start..start + name.len());
        let (en, ja) = match name {
            "safe" => (
                "`safe` would let a value break the message around it".to_owned(),
                "`safe` を使うと値が文面を壊しかねません".to_owned(),
            ),
            _ => (format!("there is no filter `{name}`"), format!("フィルター `{name}` はありません")),
        };
        let mut found = Diagnostic::new(Code::E0402, place, en, ja);
        let meant = match name {
            "d" => Some("default"),
            "e" => Some("escape"),
            _ => did_you_mean(name, FILTERS.iter().copied()),
        };
        if name == "safe" {
            found = found.help(
                "delete it: values are escaped where they stand",
                "削除してください。値は場所に応じてエスケープされます",
            );
        } else if name == "tojson" {
            found = found.help(
                "write `{\"$value\": \"…\"}` instead of a text",
                "文字列の代わりに `{\"$value\": \"…\"}` と書いてください",
            );
        } else if let Some(alike) = meant {
            found =
                found.help(format!("did you mean `{alike}`?"), format!("`{alike}` のことですか?")).fix(place, alike);
        } else {
            let list = FILTERS.iter().map(|known| format!("`{known}`")).collect::<Vec<_>>().join(", ");
            found = found.help(format!("there is {list}"), format!("使えるもの: {list}"));
        }
        self.report(found);
        Typed::unknown()
    }
}

#[cfg(test)]
mod tests {
    use crate::content::piece::Piece;
    use crate::content::template::{About, Checker};
    use crate::ir::Channel;
    use crate::ir::content::{FILTERS, FUNCTIONS, TESTS};
    use crate::schema::{Sink, World};
    use crate::text::Span;

    /// What is said of a template of a message without parameters.
    fn said(text: &str) -> Vec<String> {
        let project = crate::ir::Project {
            name: "shop".to_owned(),
            zone: crate::value::Zone::utc(),
            currency: crate::value::Currency::from_code("JPY").unwrap(),
            max_event_age: crate::value::Span(0),
            dedupe_window: crate::value::Span(0),
            sender: Default::default(),
        };
        let world = World::build(project, &[], &mut Sink::default());
        let data = crate::schema::Message {
            channel: Some(Channel::Sms),
            purpose: crate::schema::TRANSACTIONAL.to_owned(),
            file: None,
            params: Vec::new(),
            at_most_once: false,
            patience: crate::value::Span(0),
            offer: None,
            class: None,
        };
        let message = crate::schema::Entry { name: "m".to_owned(), span: Span::default(), data };
        let about = About { world: &world, message: &message, channel: Channel::Sms, can_unsubscribe: false };
        let mut checker = Checker::new(about);
        checker.text(&Piece::literal(text, Span::default()));
        checker.found.into_iter().map(|found| found.headline.en).collect()
    }

    #[test]
    fn what_the_renderer_knows_has_types() {
        for name in FILTERS {
            let found = said(&format!("{{{{ 'x' | {name} }}}}"));
            assert!(!found.iter().any(|text| text.contains("no filter")), "{name}: {found:?}");
        }
        for name in TESTS {
            let found = said(&format!("{{% if 'x' is {name} %}}{{% endif %}}"));
            assert!(!found.iter().any(|text| text.contains("no such test")), "{name}: {found:?}");
        }
        for name in FUNCTIONS {
            assert_eq!(said(&format!("{{% for x in {name}(3) %}}{{{{ x }}}}{{% endfor %}}")), [""; 0], "{name}");
        }
        assert_eq!(said("{{ 'x' | nothing }}"), ["there is no filter `nothing`"]);
    }
}
