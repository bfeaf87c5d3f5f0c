//! Applying the edits that diagnostics carry, each proven by judging the text again.
//!
//! Finds no mistakes and writes no files: who calls it brings a judge and takes the texts.

use std::collections::{BTreeMap, BTreeSet};

use super::render::Place;
use super::{Code, Diagnostic, Fix, Phrase};
use crate::text::{SourceId, Sources};

/// Rounds of judging and applying; edits that call for each other for ever end here.
pub const ROUNDS_MAX: usize = 16;

/// The edits of one diagnostic, and where it stood when they were looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    pub code: Code,
    pub headline: Phrase,
    pub place: Place,
}

/// What became of the texts.
#[derive(Debug)]
pub struct Repaired {
    pub sources: Sources,
    /// In the order in which they were made.
    pub done: Vec<Step>,
    /// Those that would bring more errors, or that do not remove what they are for.
    pub left: Vec<Step>,
    /// What the judge says in the end.
    pub diagnostics: Vec<Diagnostic>,
}

/// Applies the edits of all diagnostics that are `wanted`, until nothing changes. The number of errors never grows: an
/// edit that would make it grow is left out.
pub fn repair(
    mut sources: Sources,
    wanted: impl Fn(&Diagnostic) -> bool,
    judge: impl Fn(&Sources) -> Vec<Diagnostic>,
) -> Repaired {
    let (mut done, mut left) = (Vec::new(), Vec::<Step>::new());
    let mut diagnostics = judge(&sources);
    for _ in 0..ROUNDS_MAX {
        let untried = |d: &&Diagnostic| wanted(d) && !left.iter().any(|step| is_of(step, d, &sources));
        let chosen = apart(diagnostics.iter().filter(untried));
        if chosen.is_empty() {
            break;
        }
        let round = Round { sources: &sources, before: &diagnostics, judge: &judge };
        let (kept, refused) = round.sift(&chosen);
        let step = |diagnostic: &&Diagnostic| step(diagnostic, &sources);
        left.extend(refused.iter().map(step));
        done.extend(kept.iter().map(step));
        let next = applied(&sources, &kept);
        if !kept.is_empty() {
            sources = next;
            diagnostics = judge(&sources);
        }
    }
    Repaired { sources, done, left, diagnostics }
}

fn step(diagnostic: &Diagnostic, sources: &Sources) -> Step {
    let place = Place::of(diagnostic.primary.span, sources);
    Step { code: diagnostic.code, headline: diagnostic.headline.clone(), place }
}

/// Lines may have moved since; the same mistake of the same file was looked at.
fn is_of(step: &Step, diagnostic: &Diagnostic, sources: &Sources) -> bool {
    step.code == diagnostic.code
        && step.headline == diagnostic.headline
        && step.place.path == sources.get(diagnostic.primary.span.source).path
}

/// Those with edits none of which touches one of another; the earlier wins.
fn apart<'d>(diagnostics: impl Iterator<Item = &'d Diagnostic>) -> Vec<&'d Diagnostic> {
    let mut chosen: Vec<&Diagnostic> = Vec::new();
    for diagnostic in diagnostics.filter(|d| !d.fix.is_empty()) {
        let clashes = chosen.iter().flat_map(|d| &d.fix).any(|a| diagnostic.fix.iter().any(|b| touch(a, b)));
        if !clashes {
            chosen.push(diagnostic);
        }
    }
    chosen
}

fn touch(a: &Fix, b: &Fix) -> bool {
    let (a, b) = (a.span, b.span);
    a.source == b.source && (a.start < b.end && b.start < a.end || a.start == b.start || a.end == b.end)
}

struct Round<'r, J> {
    sources: &'r Sources,
    before: &'r [Diagnostic],
    judge: &'r J,
}

impl<J: Fn(&Sources) -> Vec<Diagnostic>> Round<'_, J> {
    /// Which of the chosen do good: all at once if they do, else one after the other.
    fn sift<'d>(&self, chosen: &[&'d Diagnostic]) -> (Vec<&'d Diagnostic>, Vec<&'d Diagnostic>) {
        if self.good(chosen) {
            return (chosen.to_vec(), Vec::new());
        }
        let (mut kept, mut refused) = (Vec::new(), Vec::new());
        for diagnostic in chosen {
            kept.push(*diagnostic);
            if !self.good(&kept) {
                kept.pop();
                refused.push(*diagnostic);
            }
        }
        (kept, refused)
    }

    /// No more errors than before, and each mistake that was to go is gone.
    fn good(&self, chosen: &[&Diagnostic]) -> bool {
        let after = (self.judge)(&applied(self.sources, chosen));
        let errors = |list: &[Diagnostic]| list.iter().filter(|d| d.is_error()).count();
        errors(&after) <= errors(self.before)
            && chosen.iter().all(|mistake| {
                let same = |other: &Diagnostic| other.code == mistake.code && other.headline == mistake.headline;
                let gone = chosen.iter().filter(|other| same(other)).count();
                let count = |list: &[Diagnostic]| list.iter().filter(|other| same(other)).count();
                count(&after) + gone <= count(self.before)
            })
    }
}

/// The texts with the edits of these diagnostics, none of which touches another's. An edit outside its text, or of no
/// text at all, is not made.
pub fn applied(sources: &Sources, diagnostics: &[&Diagnostic]) -> Sources {
    let mut edits: BTreeMap<SourceId, BTreeSet<(u32, u32, &str)>> = BTreeMap::new();
    for fix in diagnostics.iter().flat_map(|diagnostic| &diagnostic.fix) {
        let edit = (fix.span.start, fix.span.end, fix.replacement.as_str());
        edits.entry(fix.span.source).or_default().insert(edit);
    }
    let mut after = sources.clone();
    for (source, edits) in edits.into_iter().filter(|(source, _)| (source.0 as usize) < sources.len()) {
        let mut text = sources.get(source).text.clone();
        // From the end: earlier places stay where they are.
        for (start, end, replacement) in edits.into_iter().rev() {
            if text.get(start as usize..end as usize).is_some() {
                text.replace_range(start as usize..end as usize, replacement);
            }
        }
        after.replace(source, text);
    }
    after
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::{Source, Span};

    fn sources(text: &str) -> Sources {
        let mut sources = Sources::default();
        sources.add(Source::new("a.tabi", text));
        sources
    }

    /// Every `x` is a mistake that becomes what stands for it; every `!` is a mistake without a remedy.
    fn judge(becomes: &str) -> impl Fn(&Sources) -> Vec<Diagnostic> {
        move |sources| {
            let text = &sources.get(SourceId(0)).text;
            let found = text.match_indices(['x', '!']).map(|(at, what)| {
                let span = Span::new(SourceId(0), at, at + 1);
                let diagnostic = Diagnostic::new(Code::E0101, span, what, what);
                if what == "x" { diagnostic.fix(span, becomes) } else { diagnostic }
            });
            found.collect()
        }
    }

    fn repaired(text: &str, becomes: &str) -> (String, usize, usize) {
        let after = repair(sources(text), |_| true, judge(becomes));
        (after.sources.get(SourceId(0)).text.clone(), after.done.len(), after.left.len())
    }

    #[test]
    fn edits_are_applied_where_they_do_good() {
        assert_eq!(repaired("ax日xb", "か"), ("aか日かb".to_string(), 2, 0));
        assert_eq!(repaired("a!", "か"), ("a!".to_string(), 0, 0));
    }

    #[test]
    fn no_edit_brings_more_errors_or_goes_on_for_ever() {
        assert_eq!(repaired("x", "!!"), ("x".to_string(), 0, 1), "two for one");
        assert_eq!(repaired("x", "!"), ("!".to_string(), 1, 0), "another for one is no more");
        assert_eq!(repaired("x", "x"), ("x".to_string(), 0, 1), "the same again");
        assert_eq!(repaired("x", "xx"), ("x".to_string(), 0, 1), "more of the same");
    }

    #[test]
    fn edits_that_touch_wait_for_the_next_round() {
        let judge = |sources: &Sources| {
            let text = &sources.get(SourceId(0)).text;
            let pair = |at: usize| Span::new(SourceId(0), at, at + 2);
            let found = (0..text.len().saturating_sub(1)).filter(|at| text[*at..].starts_with("aa"));
            found.map(|at| Diagnostic::new(Code::E0101, pair(at), "aa", "aa").fix(pair(at), "b")).collect()
        };
        let after = repair(sources("aaaa"), |_| true, judge);
        assert_eq!((after.sources.get(SourceId(0)).text.as_str(), after.done.len()), ("bb", 2));
    }

    #[test]
    fn impossible_edits_change_nothing() {
        let diagnostic = Diagnostic::new(Code::E0101, Span::new(SourceId(0), 0, 1), "日", "日");
        let within = diagnostic.clone().fix(Span::new(SourceId(0), 1, 2), "z");
        let outside = diagnostic.fix(Span::new(SourceId(0), 50, 60), "z").fix(Span::new(SourceId(7), 0, 1), "z");
        let after = applied(&sources("日本"), &[&within, &outside]);
        assert_eq!(after.get(SourceId(0)).text, "日本");
    }
}
