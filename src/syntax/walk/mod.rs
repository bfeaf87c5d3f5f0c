//! From the grammar's pairs to the tree.
//!
//! Judges nothing: a part that could not be read becomes an `Error` node and is explained by `explain`.

mod declarations;
mod expressions;
mod journeys;
mod literals;
mod steps;
mod timelines;

use pest::iterators::{Pair, Pairs};

use super::grammar::Rule;
use super::places::Places;
use super::tree::{Item, Name, Text};
use crate::diag::{Code, Diagnostic};
use crate::text::Span;

pub(super) type Part<'i> = Pair<'i, Rule>;

/// Tallest tree of one expression, in nodes. Keeps every later walk, and dropping it, within its stack.
pub const HEIGHT_MAX: u32 = 256;

/// One walk over one text.
pub(super) struct Walk<'a> {
    /// What the grammar read.
    pub(super) text: &'a str,
    pub(super) places: &'a Places,
    pub(super) found: &'a mut Vec<Diagnostic>,
    /// Height of the tallest expression finished since this was last set.
    tallest: u32,
    /// How often a part was read again with a word replaced.
    pub(super) rereads: u32,
}

impl<'a> Walk<'a> {
    pub(super) fn new(text: &'a str, places: &'a Places, found: &'a mut Vec<Diagnostic>) -> Self {
        Walk { text, places, found, tallest: 0, rereads: 0 }
    }

    pub(super) fn file(&mut self, pairs: Pairs<'_, Rule>) -> Vec<Item> {
        let mut items = Vec::new();
        for file in pairs {
            self.items(file.into_inner(), &mut items);
        }
        items
    }

    fn items(&mut self, parts: Pairs<'_, Rule>, items: &mut Vec<Item>) {
        let mut lost = false;
        let mut said = 0;
        let mut previous: Option<Part<'_>> = None;
        for part in parts {
            match part.as_rule() {
                Rule::EOI => {}
                Rule::line_rest => self.line_rest(previous.take(), &part, said, Rule::strict_item),
                Rule::junk_item => {
                    items.push(self.unknown_item(&part, lost));
                    lost = true;
                }
                _ => {
                    said = self.found.len();
                    previous = Some(part.clone());
                    lost = false;
                    items.push(self.item(part));
                }
            }
        }
    }

    // ---- places and names ----------------------------------------------------------------------------------------

    /// The place of a pair, without the white space the grammar may have taken behind it.
    pub(super) fn span(&self, part: &Part<'_>) -> Span {
        let span = part.as_span();
        let end = span.start() + span.as_str().trim_end_matches([' ', '\n']).len();
        self.places.span(span.start(), end)
    }

    pub(super) fn name(&self, part: &Part<'_>) -> Name {
        Name { text: part.as_str().to_string(), span: self.span(part) }
    }

    /// The first child that is a name; an empty one at the place of the whole when it was not readable.
    pub(super) fn name_in(&self, part: &Part<'_>) -> Name {
        self.names_in(part).next().unwrap_or_else(|| Name { text: String::new(), span: self.span(part) })
    }

    /// The children that are names, in order.
    pub(super) fn names_in<'p>(&self, part: &Part<'p>) -> impl Iterator<Item = Name> + use<'p, 'a, '_> {
        let name_like = |p: &Part<'_>| matches!(p.as_rule(), Rule::name | Rule::dotted | Rule::word | Rule::zone);
        part.clone().into_inner().filter(name_like).map(|p| self.name(&p))
    }

    pub(super) fn text_in(&mut self, part: &Part<'_>) -> Option<Text> {
        let string = child(part, Rule::string)?;
        Some(self.text_literal(&string))
    }

    pub(super) fn say(&mut self, diagnostic: Diagnostic) {
        self.found.push(diagnostic);
    }

    /// A slip that was read as what it means, with the words to put in its place.
    pub(super) fn slip(&mut self, span: Span, written: &str, right: &str) {
        self.say(
            Diagnostic::new(
                Code::E0101,
                span,
                format!("`{written}` is not in the language"),
                format!("`{written}` という書き方はありません"),
            )
            .help(format!("write `{right}`"), format!("`{right}` と書く"))
            .fix(span, right),
        );
    }

    /// What the children hold is part of something one taller.
    fn measured<T>(&mut self, walk: impl FnOnce(&mut Self) -> T) -> (T, u32) {
        let outer = std::mem::replace(&mut self.tallest, 0);
        let result = walk(self);
        (result, std::mem::replace(&mut self.tallest, outer))
    }
}

/// The first child by that rule.
pub(super) fn child<'i>(part: &Part<'i>, rule: Rule) -> Option<Part<'i>> {
    part.clone().into_inner().find(|p| p.as_rule() == rule)
}

pub(super) fn has(part: &Part<'_>, rule: Rule) -> bool {
    child(part, rule).is_some()
}
