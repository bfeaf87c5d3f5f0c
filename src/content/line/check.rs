//! Walks a message object along its shape.
//!
//! Limits that join several fields are `limits`'.

use super::limits;
use super::shape::{Field, Kind, Label, Shape, Union};
use super::table;
use crate::content::json::Key;
use crate::content::limit::{self, Limit};
use crate::content::node::{Part, PartKind};
use crate::content::piece::Piece;
use crate::content::template::Checker;
use crate::diag::{Code, Diagnostic, did_you_mean};
use crate::text::Span;

pub fn messages(messages: &[Part], checker: &mut Checker<'_>) {
    for message in messages {
        Walk { checker: &mut *checker, label: Label::Free(20), conditions: 0 }.value(
            message,
            &Kind::OneOf(&table::MESSAGE),
            "messages",
        );
    }
}

/// A walk through one message object.
struct Walk<'c, 'a> {
    checker: &'c mut Checker<'a>,
    /// Of the action at hand.
    label: Label,
    /// How many `$if` the value at hand stands in.
    conditions: usize,
}

impl Walk<'_, '_> {
    /// Checks a value that stands under a key; returns the bytes of JSON it takes at least.
    fn value(&mut self, part: &Part, kind: &Kind, key: &str) -> usize {
        let looped = part.each.as_ref().map(|each| self.checker.enter_loop(&each.piece, &each.name, each.list));
        let before = part.when.as_ref().map(|when| self.checker.enter_condition(when));
        self.conditions += usize::from(before.is_some());
        let bytes = self.plain(part, kind, key);
        self.conditions -= usize::from(before.is_some());
        if let Some(before) = before {
            self.checker.leave_condition(before);
        }
        if looped.is_some() {
            self.checker.leave_loop();
        }
        if part.each.is_some() || part.when.is_some() { 0 } else { bytes }
    }

    fn plain(&mut self, part: &Part, kind: &Kind, key: &str) -> usize {
        match (&part.kind, kind) {
            (PartKind::Value(piece), _) => {
                self.value_of(piece, kind, key);
                1
            }
            (PartKind::Text(piece), Kind::Text(most)) => self.text(piece, *most, key),
            (PartKind::Text(piece), Kind::Label) => {
                let (Label::Needed(most) | Label::Free(most)) = self.label;
                self.text(piece, most, key)
            }
            (PartKind::Text(piece), Kind::Link(most, schemes)) => self.link(piece, *most, schemes, key),
            (PartKind::Text(piece), Kind::Word(words)) => {
                if self.fixed(piece) && !words.contains(&piece.text.as_str()) {
                    self.not_a_word(piece, words, key);
                }
                piece.text.len() + 2
            }
            (PartKind::Text(piece), Kind::Form(fits, examples)) => {
                if self.fixed(piece) && !fits(&piece.text) {
                    let wrong = refused(
                        piece.span,
                        format!("`{key}` cannot be `{}`", piece.text),
                        format!("`{key}` に `{}` は書けません", piece.text),
                    );
                    self.checker.report(wrong.help(format!("such as {examples}"), format!("例: {examples}")));
                }
                piece.text.len() + 2
            }
            (PartKind::Number(written), Kind::Int(least, most)) => {
                let fits = written.parse::<i64>().is_ok_and(|n| (*least..=*most).contains(&n));
                self.number(part.span, written, fits, key, *least as f64, *most as f64, true)
            }
            (PartKind::Number(written), Kind::Number(least, most)) => {
                let fits = written.parse::<f64>().is_ok_and(|n| (*least..=*most).contains(&n));
                self.number(part.span, written, fits, key, *least, *most, false)
            }
            (PartKind::Bool(value), Kind::Bool) => {
                if *value {
                    4
                } else {
                    5
                }
            }
            (PartKind::List(items), Kind::List(element, least, most)) => {
                limits::elements(part.span, items, (*least, *most), key, self.conditions > 0, self.checker);
                2 + items.iter().map(|item| self.value(item, element, key) + 1).sum::<usize>()
            }
            (PartKind::Object(members), Kind::Map(value, most)) => {
                if members.len() > *most {
                    let (en, ja) =
                        (format!("`{key}` has more than {most} entries"), format!("`{key}` は {most} 件までです"));
                    self.checker.report(refused(part.span, en, ja));
                }
                members.iter().map(|(name, one)| name.name.len() + 4 + self.value(one, value, &name.name)).sum()
            }
            (PartKind::Object(members), Kind::Object(shape)) => self.object(part.span, members, shape, false),
            (PartKind::Object(members), Kind::OneOf(union)) => self.one_of(part.span, members, union),
            (PartKind::Object(members), Kind::Action(label)) => {
                let outer = std::mem::replace(&mut self.label, *label);
                let bytes = self.one_of(part.span, members, &table::ACTIONS);
                self.label_of(part.span, members);
                self.label = outer;
                bytes
            }
            _ => {
                self.wrong_kind(part, kind, key);
                self.untyped(part);
                0
            }
        }
    }

    fn text(&mut self, piece: &Piece, most: usize, key: &str) -> usize {
        let length = self.checker.text(piece);
        if piece.text.trim().is_empty() && matches!(key, "text" | "altText" | "label" | "title") {
            let (en, ja) = (format!("`{key}` is empty"), format!("`{key}` が空です"));
            self.checker.report(refused(piece.span, en, ja));
        }
        let of = Limit { what: key, most, channel: "LINE" };
        if let Some(found) = limit::judge(length, piece.span, &of) {
            self.checker.report(found);
        }
        length.bytes + 2
    }

    fn link(&mut self, piece: &Piece, most: usize, schemes: &[&str], key: &str) -> usize {
        let length = self.checker.link(piece);
        let literal = piece.text.split("{{").next().unwrap_or_default();
        let scheme = literal.split_once(':').map(|(scheme, _)| scheme);
        let begins_with_value = literal.is_empty() && !piece.text.is_empty();
        let fits = begins_with_value || scheme.is_some_and(|scheme| schemes.contains(&scheme));
        if !fits {
            let list = schemes.iter().map(|s| format!("`{s}:`")).collect::<Vec<_>>().join(", ");
            let wrong = refused(
                piece.span,
                format!("`{key}` is no address that LINE takes"),
                format!("`{key}` は LINE で使える URL ではありません"),
            );
            let mut wrong = wrong.help(format!("it begins with {list}"), format!("先頭は {list} です"));
            if scheme == Some("http") && schemes.contains(&"https") {
                let start = piece.place(0..4);
                wrong = wrong.help("LINE takes `https` only", "LINE では `https` だけが使えます").fix(start, "https");
            }
            self.checker.report(wrong);
        }
        let of = Limit { what: key, most, channel: "LINE" };
        if let Some(found) = limit::judge(length, piece.span, &of) {
            self.checker.report(found);
        }
        length.bytes + 2
    }

    /// Whether a text is written out; one with a template in it is checked as such.
    fn fixed(&mut self, piece: &Piece) -> bool {
        let fixed = !piece.text.contains("{{") && !piece.text.contains("{%");
        if !fixed {
            self.checker.text(piece);
        }
        fixed
    }

    fn not_a_word(&mut self, piece: &Piece, words: &[&str], key: &str) {
        let wrong = refused(
            piece.span,
            format!("`{key}` cannot be `{}`", piece.text),
            format!("`{key}` に `{}` は書けません", piece.text),
        );
        let wrong = match did_you_mean(&piece.text, words.iter().copied()) {
            Some(alike) => wrong
                .help(format!("did you mean `{alike}`?"), format!("`{alike}` のことですか?"))
                .fix(piece.span, format!("\"{alike}\"")),
            None => {
                let list = words.iter().map(|w| format!("`{w}`")).collect::<Vec<_>>().join(", ");
                wrong.help(format!("there is {list}"), format!("使えるもの: {list}"))
            }
        };
        self.checker.report(wrong);
    }

    #[allow(clippy::too_many_arguments)]
    fn number(
        &mut self,
        span: Span,
        written: &str,
        fits: bool,
        key: &str,
        least: f64,
        most: f64,
        whole: bool,
    ) -> usize {
        if !fits {
            let wrong =
                refused(span, format!("`{key}` cannot be `{written}`"), format!("`{key}` に `{written}` は書けません"));
            let unbounded = most >= i64::MAX as f64;
            let (word, word_ja) = if whole { ("a whole number", "整数") } else { ("a number", "数") };
            let help = match (unbounded, least == most) {
                (true, _) => (format!("{word}, {least} or more"), format!("{least} 以上の{word_ja}")),
                (false, true) => (format!("it is always {least}"), format!("常に {least} です")),
                (false, false) => (format!("{word} from {least} to {most}"), format!("{least}～{most} の{word_ja}")),
            };
            self.checker.report(wrong.help(help.0, help.1));
        }
        written.len()
    }

    fn one_of(&mut self, span: Span, members: &[(Key, Part)], union: &Union) -> usize {
        let words = || union.shapes.iter().map(|(word, _)| *word);
        let Some((_, tag)) = members.iter().find(|(key, _)| key.name == "type") else {
            let list = words().map(|w| format!("`{w}`")).collect::<Vec<_>>().join(", ");
            let wrong = refused(
                first_line(span),
                format!("this {} has no `type`", union.name),
                "`type` がありません".to_owned(),
            );
            self.checker.report(wrong.help(format!("one of {list}"), format!("次のどれか: {list}")));
            members.iter().for_each(|(_, part)| self.untyped(part));
            return 0;
        };
        let PartKind::Text(piece) = &tag.kind else {
            self.wrong_kind(tag, &Kind::Text(0), "type");
            members.iter().for_each(|(_, part)| self.untyped(part));
            return 0;
        };
        match union.shapes.iter().find(|(word, _)| *word == piece.text) {
            Some((_, shape)) => self.object(span, members, shape, true),
            None => {
                let all: Vec<&str> = words().collect();
                self.not_a_word(piece, &all, "type");
                members.iter().filter(|(key, _)| key.name != "type").for_each(|(_, part)| self.untyped(part));
                0
            }
        }
    }

    fn object(&mut self, span: Span, members: &[(Key, Part)], shape: &'static Shape, tagged: bool) -> usize {
        let mut bytes = 2;
        for (key, part) in members {
            bytes += key.name.len() + 4;
            match shape.field(&key.name) {
                Some(field) => bytes += self.value(part, &field.kind, &key.name),
                None if tagged && key.name == "type" => {
                    bytes += if let PartKind::Text(piece) = &part.kind { piece.text.len() + 2 } else { 0 };
                }
                None => {
                    self.unknown_field(key, shape);
                    self.untyped(part);
                }
            }
        }
        for field in shape.fields().filter(|field| field.required) {
            match members.iter().find(|(key, _)| key.name == field.name) {
                None => self.missing(span, field, shape),
                Some((key, part)) if part.when.is_some() => self.needed_always(key, shape),
                Some(_) => {}
            }
        }
        limits::together(span, members, shape.name, bytes, self.checker);
        bytes
    }

    fn missing(&mut self, span: Span, field: &Field, shape: &Shape) {
        let wrong = refused(
            first_line(span),
            format!("this {} has no `{}`", shape.name, field.name),
            format!("{} に `{}` がありません", shape.name, field.name),
        );
        self.checker.report(wrong.help(
            format!("LINE refuses it without: add `\"{0}\": …`", field.name),
            format!("LINE では必須です。`\"{0}\": …` を加えてください", field.name),
        ));
    }

    fn needed_always(&mut self, key: &Key, shape: &Shape) {
        self.checker.report(refused(
            key.span,
            format!("a {} always needs `{}`", shape.name, key.name),
            format!("{} の `{}` は省けません", shape.name, key.name),
        ));
    }

    fn unknown_field(&mut self, key: &Key, shape: &Shape) {
        let names = || shape.fields().map(|field| field.name);
        let wrong = refused(
            key.span,
            format!("a {} has no `{}`", shape.name, key.name),
            format!("{} に `{}` という項目はありません", shape.name, key.name),
        );
        let wrong = match did_you_mean(&key.name, names()) {
            Some(alike) => wrong
                .help(format!("did you mean `{alike}`?"), format!("`{alike}` のことですか?"))
                .fix(key.span, format!("\"{alike}\"")),
            None => {
                let list = names().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
                wrong.help(format!("it may have {list}"), format!("使えるもの: {list}"))
            }
        };
        self.checker.report(wrong);
    }

    fn label_of(&mut self, span: Span, members: &[(Key, Part)]) {
        if matches!(self.label, Label::Needed(_)) && !members.iter().any(|(key, _)| key.name == "label") {
            let wrong = refused(
                first_line(span),
                "this action has no `label`".to_owned(),
                "アクションに `label` がありません".to_owned(),
            );
            self.checker.report(wrong.help("it is what the button says", "ボタンに表示する文字を書いてください"));
        }
    }

    /// The value of an expression in place of a number or a truth value.
    fn value_of(&mut self, piece: &Piece, kind: &Kind, key: &str) {
        let typed = self.checker.value(piece);
        let fits = match kind {
            Kind::Int(..) => typed.is(|ty| *ty == crate::ir::Type::Int),
            Kind::Number(..) => typed.is_number(),
            Kind::Bool => typed.is(|ty| *ty == crate::ir::Type::Bool),
            _ => false,
        } && !typed.optional;
        if !fits && !typed.is_unknown() {
            let (en, ja) = (format!("`$value` does not fit `{key}`"), format!("`$value` の型が `{key}` に合いません"));
            let wrong = Diagnostic::new(Code::E0402, piece.span, en, ja);
            self.checker.report(wrong.help(
                "`$value` is for numbers and truth values; texts are written with `{{ … }}`",
                "`$value` は数と真偽値に使います。文字列には `{{ … }}` を書いてください",
            ));
        }
    }

    fn wrong_kind(&mut self, part: &Part, kind: &Kind, key: &str) {
        let found = match &part.kind {
            PartKind::Null => ("`null`", "`null`"),
            PartKind::Bool(_) => ("`true` or `false`", "真偽値"),
            PartKind::Number(_) => ("a number", "数"),
            PartKind::Text(_) | PartKind::Value(_) => ("a text", "文字列"),
            PartKind::List(_) => ("a list", "リスト"),
            PartKind::Object(_) => ("an object", "オブジェクト"),
        };
        let wanted = match kind {
            Kind::Text(_) | Kind::Label | Kind::Link(..) | Kind::Word(_) | Kind::Form(..) => ("a text", "文字列"),
            Kind::Int(..) => ("a whole number", "整数"),
            Kind::Number(..) => ("a number", "数"),
            Kind::Bool => ("`true` or `false`", "真偽値"),
            Kind::List(..) => ("a list", "リスト"),
            Kind::Map(..) | Kind::Object(_) | Kind::OneOf(_) | Kind::Action(_) => ("an object", "オブジェクト"),
        };
        let whole = matches!(part.kind, PartKind::List(_) | PartKind::Object(_));
        let wrong = refused(
            if whole { first_line(part.span) } else { part.span },
            format!("`{key}` is {}, not {}", wanted.0, found.0),
            format!("`{key}` には{}が必要です (実際は{})", wanted.1, found.1),
        );
        let templated = matches!(&part.kind, PartKind::Text(piece) if piece.text.contains("{{"));
        let wrong = match (templated, kind) {
            (true, Kind::Int(..) | Kind::Number(..) | Kind::Bool) => wrong.help(
                "write `{\"$value\": \"…\"}`: it becomes the value and not a text",
                "`{\"$value\": \"…\"}` と書くと、文字列ではなく値になります",
            ),
            _ => wrong,
        };
        self.checker.report(wrong);
    }

    /// Templates in what has no shape are typed all the same.
    fn untyped(&mut self, part: &Part) {
        match &part.kind {
            PartKind::Text(piece) => drop(self.checker.text(piece)),
            PartKind::List(items) => items.iter().for_each(|item| self.untyped(item)),
            PartKind::Object(members) => members.iter().for_each(|(_, member)| self.untyped(member)),
            PartKind::Null | PartKind::Bool(_) | PartKind::Number(_) | PartKind::Value(_) => {}
        }
    }
}

/// What LINE would refuse.
pub fn refused(span: Span, en: String, ja: String) -> Diagnostic {
    Diagnostic::new(Code::E0443, span, en, ja)
}

/// A caret under a whole bubble helps nobody: its opening brace does.
pub fn first_line(span: Span) -> Span {
    Span { end: span.end.min(span.start + 1), ..span }
}
