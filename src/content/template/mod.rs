//! Types of templates: every expression against the message's parameters, the profile and the few other names there are.
//!
//! Renders nothing. What may be asked of a value is stated in `ir::content`; the tree is the library's own.

mod around;
mod binary;
mod expr;
mod filters;
pub mod html;
mod names;
mod parse;
pub mod truth;
pub mod typed;
mod walk;
mod words;

pub use around::leads_nowhere;

use std::collections::BTreeSet;

use minijinja::machinery::ast::{Expr, Stmt};

use super::piece::Piece;
use crate::diag::Diagnostic;
use crate::ir::Channel;
use crate::schema::{Entry, Message, World};
use crate::text::Span;
use html::Html;
use typed::{Kind, Length, Typed};

/// The message whose templates are looked at.
#[derive(Clone, Copy)]
pub struct About<'a> {
    pub world: &'a World<'a>,
    pub message: &'a Entry<Message>,
    pub channel: Channel,
    /// Whether `unsubscribe_url` is given to it.
    pub can_unsubscribe: bool,
}

/// More of one file nobody reads.
pub const FINDINGS_MAX: usize = 100;

/// What was seen in all templates of a message.
#[derive(Debug, Default)]
pub struct Seen {
    /// Names of parameters.
    pub used: BTreeSet<String>,
    /// Paths such as `sender.name` that are written out to everyone.
    pub always: BTreeSet<String>,
    /// The same, but only in a branch or a loop.
    pub sometimes: BTreeSet<String>,
    /// Declared names: where each is declared, and where it is written.
    pub mentions: BTreeSet<(Span, Span)>,
    /// Whether the address to leave by is a link, or is written out.
    pub unsubscribe_link: bool,
    /// What everyone reads, without white space.
    pub words: String,
}

/// Where a template stands.
#[derive(Debug, Clone)]
enum Setting {
    Text,
    /// An address: what was written of it so far.
    Link(String),
    Page(Html),
}

/// A name of the template's own.
#[derive(Debug, Clone)]
struct Binding {
    name: String,
    typed: Typed,
}

/// Looks at the templates of one message, one after the other.
pub struct Checker<'a> {
    about: About<'a>,
    pub seen: Seen,
    pub found: Vec<Diagnostic>,
    bindings: Vec<Binding>,
    /// Paths that were checked to be there.
    present: BTreeSet<String>,
    /// Branches and loops around.
    conditional: u32,
    setting: Setting,
}

impl<'a> Checker<'a> {
    pub fn new(about: About<'a>) -> Checker<'a> {
        Checker {
            about,
            seen: Seen::default(),
            found: Vec::new(),
            bindings: Vec::new(),
            present: BTreeSet::new(),
            conditional: 0,
            setting: Setting::Text,
        }
    }

    pub fn report(&mut self, diagnostic: Diagnostic) {
        if self.found.len() < FINDINGS_MAX {
            self.found.push(diagnostic);
        }
    }

    /// A text without markup.
    pub fn text(&mut self, piece: &Piece) -> Length {
        self.setting = Setting::Text;
        self.whole(piece)
    }

    /// An address on the web.
    pub fn link(&mut self, piece: &Piece) -> Length {
        self.setting = Setting::Link(String::new());
        self.whole(piece)
    }

    /// A page of HTML or MJML.
    pub fn page(&mut self, piece: &Piece, mjml: bool) -> Length {
        self.setting = Setting::Page(Html::new(mjml));
        let length = self.whole(piece);
        if let Setting::Page(html) = std::mem::replace(&mut self.setting, Setting::Text) {
            self.left_open(piece, &html);
        }
        length
    }

    fn whole(&mut self, piece: &Piece) -> Length {
        if !piece.text.contains('{') {
            self.raw(&piece.text, 0, piece);
            return Length::of(&piece.text);
        }
        let tree = match parse::template(piece) {
            Ok(tree) => tree,
            Err(found) => {
                self.report(*found);
                return Length::UNKNOWN;
            }
        };
        let Stmt::Template(template) = &tree else { return Length::UNKNOWN };
        let own = self.bindings.len();
        let length = At { checker: self, piece, from: 0 }.block(&template.children);
        self.bindings.truncate(own);
        length
    }

    /// A condition of `$if`; the checks in it hold until [`Checker::leave`].
    pub fn enter_condition(&mut self, piece: &Piece) -> BTreeSet<String> {
        let before = self.present.clone();
        self.conditional += 1;
        self.with_expression(piece, 0, |at, expr| {
            let facts = at.condition(expr);
            at.checker.present.extend(facts.holding);
        });
        before
    }

    pub fn leave_condition(&mut self, before: BTreeSet<String>) {
        self.present = before;
        self.conditional -= 1;
    }

    /// A loop of `$for`: its name is in scope until [`Checker::leave_loop`]. `list` begins at `from` in the piece.
    /// Returns the most times it runs.
    pub fn enter_loop(&mut self, piece: &Piece, name: &str, from: usize) -> Option<usize> {
        self.conditional += 1;
        let mut most = None;
        let mut element = Typed::unknown();
        self.with_expression(piece, from, |at, expr| (element, most) = at.elements(expr));
        self.bind("loop", Typed::new(Kind::Space(typed::Space::Loop)));
        self.bind(name, element);
        most
    }

    pub fn leave_loop(&mut self) {
        self.conditional -= 1;
        self.bindings.truncate(self.bindings.len().saturating_sub(2));
    }

    /// The value of `$value`.
    pub fn value(&mut self, piece: &Piece) -> Typed {
        let mut value = Typed::unknown();
        self.with_expression(piece, 0, |at, expr| {
            value = at.expr(expr);
            let place = at.place(expr);
            at.may_leave(&value, place);
        });
        value
    }

    fn with_expression(&mut self, piece: &Piece, from: usize, then: impl FnOnce(&mut At<'_, 'a>, &Expr<'_>)) {
        let wrapped = parse::wrap(&piece.text[from..]);
        match parse::expression(piece, from, &wrapped) {
            Ok(Stmt::Template(template)) => {
                if let Some(Stmt::EmitExpr(emit)) = template.children.first() {
                    let mut at = At { checker: self, piece, from: from as isize - parse::OPEN.len() as isize };
                    then(&mut at, &emit.expr);
                }
            }
            Ok(_) => {}
            Err(found) => self.report(*found),
        }
    }

    fn bind(&mut self, name: &str, typed: Typed) {
        // Its own path: a name that hides another does not inherit the checks on that one.
        let path = format!("{name}#{}", self.bindings.len());
        self.bindings.push(Binding { name: name.to_owned(), typed: Typed { path: Some(path), ..typed } });
    }
}

/// A checker at work on one text. Offsets of the tree plus `from` are offsets of the piece.
struct At<'c, 'a> {
    checker: &'c mut Checker<'a>,
    piece: &'c Piece,
    from: isize,
}

impl At<'_, '_> {
    fn span(&self, range: std::ops::Range<usize>) -> Span {
        let shift = |at: usize| at.saturating_add_signed(self.from).min(self.piece.text.len());
        self.piece.place(shift(range.start)..shift(range.end))
    }
    fn report(&mut self, diagnostic: Diagnostic) {
        self.checker.report(diagnostic);
    }
}

/// What a condition says of paths: there where it holds, there where it does not.
#[derive(Debug, Default)]
struct Facts {
    holding: BTreeSet<String>,
    failing: BTreeSet<String>,
}
