//! Statements of templates: what is in scope, what is known to be there, how long the text gets.
//!
//! Types no expressions itself.

use std::collections::BTreeSet;

use minijinja::machinery::ast::{self, Expr, Stmt};

use super::typed::{Kind, Length, Space, Typed};
use super::{At, Setting};
use crate::diag::{Code, Diagnostic};

impl At<'_, '_> {
    /// The length of what the statements write, one after the other.
    pub fn block(&mut self, statements: &[Stmt<'_>]) -> Length {
        statements.iter().fold(Length::default(), |before, statement| before.then(self.statement(statement)))
    }

    fn statement(&mut self, statement: &Stmt<'_>) -> Length {
        match statement {
            Stmt::EmitRaw(raw) => {
                let start = (raw.span().start_offset as usize).saturating_add_signed(self.from);
                self.checker.raw(raw.raw, start, self.piece)
            }
            Stmt::EmitExpr(emit) => {
                let typed = self.expr(&emit.expr);
                let printable = self.printable(&typed, &emit.expr);
                let judged = if printable { typed } else { Typed::unknown() };
                self.write_out(&judged, &emit.expr);
                judged.length
            }
            Stmt::IfCond(cond) => self.branch(cond),
            Stmt::ForLoop(each) => self.each(each),
            Stmt::Set(set) => {
                let value = self.expr(&set.expr);
                self.assign(&set.target, value);
                Length::default()
            }
            Stmt::SetBlock(set) => {
                let setting = std::mem::replace(&mut self.checker.setting, Setting::Text);
                let length = self.block(&set.body);
                self.checker.setting = setting;
                if let Some(filter) = &set.filter {
                    self.expr(filter);
                }
                self.assign(&set.target, Typed::text(length));
                Length::default()
            }
            Stmt::WithBlock(with) => {
                let own = self.checker.bindings.len();
                for (target, value) in &with.assignments {
                    let value = self.expr(value);
                    self.assign(target, value);
                }
                let length = self.block(&with.body);
                self.checker.bindings.truncate(own);
                length
            }
            Stmt::FilterBlock(block) => {
                self.expr(&block.filter);
                self.block(&block.body);
                Length::UNKNOWN
            }
            Stmt::Template(template) => self.block(&template.children),
            Stmt::AutoEscape(block) => {
                let (en, ja) = ("escaping cannot be switched", "エスケープの切り替えはできません");
                self.refused(
                    block.span(),
                    en,
                    ja,
                    (
                        "delete the block: values are escaped where they stand",
                        "このブロックは不要です。値は場所に応じてエスケープされます",
                    ),
                );
                Length::UNKNOWN
            }
            Stmt::Block(block) => self.one_file(block.span()),
            Stmt::Import(import) => self.one_file(import.span()),
            Stmt::FromImport(import) => self.one_file(import.span()),
            Stmt::Extends(extends) => self.one_file(extends.span()),
            Stmt::Include(include) => self.one_file(include.span()),
            Stmt::Macro(define) => {
                let help =
                    ("write it out, or repeat it with `{% for %}`", "その場に書くか、`{% for %}` で繰り返してください");
                self.refused(define.span(), "no macros in a message", "メッセージにマクロは使えません", help);
                Length::UNKNOWN
            }
            Stmt::CallBlock(call) => {
                self.refused(
                    call.span(),
                    "no calls in a message",
                    "メッセージに呼び出しは使えません",
                    ("write it out", "その場に書いてください"),
                );
                Length::UNKNOWN
            }
            Stmt::Do(statement) => {
                self.refused(
                    statement.span(),
                    "a message does nothing",
                    "メッセージは何も実行しません",
                    ("journeys act: `do ACTION`", "動作はジャーニーに書きます: `do ACTION`"),
                );
                Length::default()
            }
        }
    }

    fn refused(&mut self, span: minijinja::machinery::Span, en: &str, ja: &str, help: (&str, &str)) {
        let place = self.span(span.start_offset as usize..span.end_offset as usize);
        // The first line is enough to find a block by.
        self.report(Diagnostic::new(Code::E0402, place, en, ja).help(help.0, help.1));
    }

    fn one_file(&mut self, span: minijinja::machinery::Span) -> Length {
        let help = ("write everything into this file", "すべてこのファイルに書いてください");
        self.refused(
            span,
            "a message is one file and reads no other",
            "メッセージは一つのファイルで、他のファイルは読めません",
            help,
        );
        Length::UNKNOWN
    }

    fn assign(&mut self, target: &Expr<'_>, value: Typed) {
        match target {
            Expr::Var(var) => {
                let value = Typed { literal: value.literal.clone(), ..value };
                self.checker.bind(var.id, value);
            }
            other => {
                let what = ("one name at a time", "名前は一つずつ書きます");
                self.refuse(other, what, None);
            }
        }
    }

    fn branch(&mut self, cond: &ast::IfCond<'_>) -> Length {
        let facts = self.condition(&cond.expr);
        let entry = self.checker.setting.clone();
        let own = self.checker.bindings.len();
        self.checker.conditional += 1;
        let yes = self.assuming(&facts.holding, |at| at.block(&cond.true_body));
        let yes_names: Vec<_> = self.checker.bindings.drain(own..).collect();
        let after_yes = std::mem::replace(&mut self.checker.setting, entry.clone());
        let no = self.assuming(&facts.failing, |at| at.block(&cond.false_body));
        let no_names: Vec<_> = self.checker.bindings.drain(own..).collect();
        self.checker.conditional -= 1;
        self.meet(&after_yes, &cond.expr);
        // A name given on both sides is there afterwards; given on one, it may be missing.
        for own in &yes_names {
            let both = no_names.iter().any(|other| other.name == own.name);
            self.checker
                .bind(&own.name, Typed { optional: own.typed.optional || !both, literal: None, ..own.typed.clone() });
        }
        for own in no_names.iter().filter(|own| !yes_names.iter().any(|other| other.name == own.name)) {
            self.checker.bind(&own.name, Typed { optional: true, literal: None, ..own.typed.clone() });
        }
        yes.or(no)
    }

    /// Two ways through a page come together: the same tags must be open.
    fn meet(&mut self, other: &Setting, expr: &Expr<'_>) {
        match (&mut self.checker.setting, other) {
            (Setting::Page(here), Setting::Page(there)) => {
                let names =
                    |html: &super::html::Html| html.open.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>();
                if names(here) == names(there) {
                    return;
                }
                let there_open = there.open.last().or(here.open.last()).map(|(name, _)| name.clone());
                let tag = super::html::clipped(&there_open.unwrap_or_default());
                let found = Diagnostic::new(
                    Code::E0442,
                    self.place(expr),
                    format!("`<{tag}>` is open after one branch and not after the other"),
                    format!("分岐によって `<{tag}>` が閉じたり開いたままだったりします"),
                );
                self.report(
                    found.help("open and close a tag in one branch", "タグは一つの分岐の中で開いて閉じてください"),
                );
            }
            // The longer way: what follows stands behind a value or a text.
            (Setting::Link(here), Setting::Link(there)) if here.len() < there.len() => here.clone_from(there),
            (Setting::Link(_) | Setting::Text | Setting::Page(_), _) => {}
        }
    }

    fn each(&mut self, each: &ast::ForLoop<'_>) -> Length {
        let (element, most) = self.elements(&each.iter);
        let own = self.checker.bindings.len();
        let entry = self.checker.setting.clone();
        self.checker.conditional += 1;
        self.checker.bind("loop", Typed::new(Kind::Space(Space::Loop)));
        self.assign(&each.target, element);
        let holding: BTreeSet<String> = match &each.filter_expr {
            Some(filter) => self.condition(filter).holding,
            None => BTreeSet::new(),
        };
        if each.recursive {
            self.refuse(&each.iter, ("no loops within themselves", "再帰するループは使えません"), None);
        }
        let body = self.assuming(&holding, |at| at.block(&each.body));
        self.checker.bindings.truncate(own);
        let after = std::mem::replace(&mut self.checker.setting, entry);
        self.meet(&after, &each.iter);
        let otherwise = self.block(&each.else_body);
        self.checker.bindings.truncate(own);
        self.checker.conditional -= 1;
        let times = body.times(most);
        if each.else_body.is_empty() { times } else { times.or(otherwise) }
    }
}
