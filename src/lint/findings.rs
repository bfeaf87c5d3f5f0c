//! Conditions that are the same for everyone who comes to them (E0202): collected here, each place once.
//!
//! Knows no steps; whoever walks the program brings the condition and what is known where it stands.

use crate::diag::{Code, Diagnostic};
use crate::ir::Expr;
use crate::text::Span;

use super::facts::Facts;
use super::judge::Judge;
use super::words;

#[derive(Debug, Default)]
pub struct Findings {
    pub found: Vec<Diagnostic>,
}

impl Findings {
    pub fn push(&mut self, finding: Diagnostic) {
        let said = self.found.iter().any(|f| f.code == finding.code && f.primary.span == finding.primary.span);
        if !said {
            self.found.push(finding);
        }
    }

    /// Judges a condition, and what it is made of. `Some` if it is the same for everyone, which is reported.
    pub fn condition(&mut self, judge: &mut Judge<'_>, facts: &Facts, condition: &Expr, at: Span) -> Option<bool> {
        let judged = judge.judged(facts, condition, at);
        match judged {
            // Said where the segment is declared.
            Some(_) if is_constant_segment(judge, condition, at) => {}
            Some(holds) => self.push(constant(judge, holds, at)),
            None => self.parts(judge, facts, condition, at),
        }
        if judged.is_none() {
            self.within(judge, facts, condition, at);
        }
        judged
    }

    /// Judges a case of a `choose` by what is known before any case: if everyone takes it, nothing is chosen. One that
    /// nobody takes is no finding, since a `choose` names every variant.
    pub fn case(&mut self, judge: &mut Judge<'_>, facts: &Facts, condition: &Expr, at: Span) {
        if judge.judged(facts, condition, at) == Some(true) {
            let mut finding = constant(judge, true, at);
            finding.headline =
                crate::diag::Phrase::new("everyone who comes here takes this case", "ここに来る人は全員この場合になる");
            self.push(finding.help(
                "leave `choose` out, or choose by what was meant",
                "`choose` を外すか、本来分けたいもので分ける",
            ));
        }
    }

    /// A part of an `or` that can never hold, of an `and` that always does.
    fn parts(&mut self, judge: &mut Judge<'_>, facts: &Facts, condition: &Expr, at: Span) {
        let (parts, idle) = match condition {
            Expr::And(parts) => (parts, true),
            Expr::Or(parts) => (parts, false),
            _ => return,
        };
        for part in parts {
            if judge.judged(facts, part, at) == Some(idle) {
                let finding = constant(judge, idle, at);
                self.push(partial(finding, idle));
                return;
            }
        }
    }

    /// Conditions in parentheses: of a list's elements, of past events.
    fn within(&mut self, judge: &mut Judge<'_>, facts: &Facts, condition: &Expr, at: Span) {
        let (subject, inner) = match condition {
            Expr::Narrow { list, condition } => (judge.type_of(list).and_then(element), Some(&**condition)),
            Expr::Quantify { list, condition, .. } => (judge.type_of(list).and_then(element), condition.as_deref()),
            Expr::Behaviour(behaviour) => (Some(crate::ir::Type::Event(behaviour.event)), behaviour.filter.as_ref()),
            _ => (None, None),
        };
        if let Some(inner) = inner {
            let mut outside = facts.clone();
            outside.forget(&mut |e| matches!(e, Expr::Subject(_)));
            judge.subjects.push(subject);
            if judge.judged(&outside, inner, at) == Some(false) {
                let finding = constant(judge, false, at);
                self.push(within_parentheses(finding));
            }
            self.within(judge, &outside, inner, at);
            judge.subjects.pop();
        }
        condition.parts(&mut |part, added| {
            if added == 0 {
                self.within(judge, facts, part, at);
            }
        });
    }
}

/// Membership in a segment that everyone is in, or nobody, whatever is known.
fn is_constant_segment(judge: &mut Judge<'_>, condition: &Expr, at: Span) -> bool {
    matches!(condition, Expr::InSegment(_)) && judge.judged(&Facts::default(), condition, at).is_some()
}

fn element(ty: crate::ir::Type) -> Option<crate::ir::Type> {
    match ty {
        crate::ir::Type::List(element) => Some(*element),
        crate::ir::Type::Optional(inner) => element(*inner),
        _ => None,
    }
}

fn constant(judge: &Judge<'_>, holds: bool, at: Span) -> Diagnostic {
    let (en, ja) = match holds {
        true => ("this condition is always true", "この条件はいつも成り立つ"),
        false => ("this condition is never true", "この条件は決して成り立たない"),
    };
    let (help, help_ja) = match holds {
        true => ("leave it out, or test what was meant", "条件を外すか、本来確かめたいことを書く"),
        false => (
            "test what was meant, or leave out what depends on it",
            "本来確かめたいことを書くか、この条件に続く部分を外す",
        ),
    };
    let finding = Diagnostic::new(Code::E0202, at, en, ja).help(help, help_ja);
    words::explained(finding, judge, judge.conflict.as_ref())
}

fn partial(mut finding: Diagnostic, holds: bool) -> Diagnostic {
    finding.headline = match holds {
        true => crate::diag::Phrase::new("a part of this condition is always true", "条件の一部がいつも成り立つ"),
        false => crate::diag::Phrase::new("a part of this condition is never true", "条件の一部が決して成り立たない"),
    };
    finding.help("leave that part out, or test what was meant", "その部分を外すか、本来確かめたいことを書く")
}

fn within_parentheses(mut finding: Diagnostic) -> Diagnostic {
    finding.headline = crate::diag::Phrase::new(
        "nothing can pass the condition in these parentheses",
        "括弧の中の条件を満たすものはありえない",
    );
    finding
}
