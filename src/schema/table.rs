//! Declarations of one kind, in the order of their names; the place in it is the id.
//!
//! Does not know what is declared.

use super::Sink;
use crate::diag::{Code, Diagnostic};
use crate::text::Span;

#[derive(Debug)]
pub struct Entry<T> {
    pub name: String,
    /// Of the name where it is declared.
    pub span: Span,
    pub data: T,
}

#[derive(Debug)]
pub struct Table<T> {
    entries: Vec<Entry<T>>,
}

impl<T> Default for Table<T> {
    fn default() -> Self {
        Table { entries: Vec::new() }
    }
}

impl<T> Table<T> {
    /// Sorts by name. Of several with one name the first written stays and the others are reported (E0106).
    /// `kind` is the word for it in English and Japanese.
    pub fn new(mut entries: Vec<Entry<T>>, kind: (&str, &str), sink: &mut Sink) -> Table<T> {
        entries.sort_by(|a, b| (&a.name, a.span).cmp(&(&b.name, b.span)));
        let mut kept: Vec<Entry<T>> = Vec::with_capacity(entries.len());
        for entry in entries {
            match kept.last() {
                Some(first) if first.name == entry.name => {
                    sink.report(duplicate(kind, &entry.name, entry.span, first.span))
                }
                _ => kept.push(entry),
            }
        }
        // Ids are 16 bits wide.
        if let Some(beyond) = kept.get(usize::from(u16::MAX)) {
            sink.report(Diagnostic::new(
                Code::E0404,
                beyond.span,
                format!("more than {} declarations of one kind", u16::MAX),
                format!("同じ種類の宣言が {} 個を超えています", u16::MAX),
            ));
            kept.truncate(usize::from(u16::MAX));
        }
        Table { entries: kept }
    }

    pub fn find(&self, name: &str) -> Option<u16> {
        self.entries.binary_search_by(|e| e.name.as_str().cmp(name)).ok().map(|i| i as u16)
    }
    pub fn get(&self, name: &str) -> Option<&Entry<T>> {
        self.find(name).map(|i| &self.entries[usize::from(i)])
    }
    pub fn at(&self, index: usize) -> &Entry<T> {
        &self.entries[index]
    }
    pub fn iter(&self) -> std::slice::Iter<'_, Entry<T>> {
        self.entries.iter()
    }
    pub fn len(&self) -> usize {
        self.entries.len()
    }
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
    /// For "did you mean".
    pub fn candidates(&self) -> impl Iterator<Item = (&str, Option<Span>)> {
        self.entries.iter().map(|e| (e.name.as_str(), Some(e.span)))
    }
}

/// E0106: the same name twice.
pub fn duplicate(kind: (&str, &str), name: &str, again: Span, first: Span) -> Diagnostic {
    Diagnostic::new(
        Code::E0106,
        again,
        format!("{} `{name}` is declared twice", kind.0),
        format!("{} `{name}` が二度宣言されています", kind.1),
    )
    .other(first, "first declared here", "最初の宣言")
    .help("give one of them another name, or delete it", "どちらかの名前を変えるか、削除してください")
}
