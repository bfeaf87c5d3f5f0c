//! Whether a `choose` names every value its subject may have (E0203), and no `else` hides those to come (W0203).
//!
//! Reads the cases after they were typed; checks nothing else of them.

use super::fit::Typed;
use super::steps::Walk;
use crate::diag::{Code, Diagnostic};
use crate::ir::{Expr, Type};
use crate::syntax::tree::{self, Block, Case};
use crate::text::Span;
use crate::value::Value;

pub struct Choice<'s, 't> {
    pub subject: &'t tree::Expr,
    pub typed: &'s Typed,
    pub cases: &'t [Case],
    pub otherwise: Option<&'t Block>,
    /// Of the whole step.
    pub span: Span,
}

/// `tests` are the cases' conditions, in their order.
pub fn chosen<'e>(walk: &mut Walk<'_, '_>, choice: Choice<'_, '_>, tests: impl Iterator<Item = &'e Expr>) {
    let Some(ty) = &choice.typed.ty else { return };
    let (ty, optional) = match ty {
        Type::Optional(inner) => (&**inner, true),
        ty => (ty, false),
    };
    let variants: Vec<(Value, String)> = match ty {
        Type::Bool => vec![(Value::Bool(true), "true".to_owned()), (Value::Bool(false), "false".to_owned())],
        Type::Enum(id) => {
            let names = &walk.context.world.enums.at(id.index()).data;
            names.iter().enumerate().map(|(i, name)| (Value::Enum(i as u16), name.clone())).collect()
        }
        _ => return,
    };
    let mut named = Vec::new();
    for test in tests {
        test.walk(0, &mut |part, _| {
            if let Expr::Const(value) = part {
                named.push(value.clone());
            }
        });
    }
    // A case that was not understood may be any of them.
    if named.iter().any(Value::is_missing) {
        return;
    }
    let forgotten: Vec<&str> =
        variants.iter().filter(|(value, _)| !named.contains(value)).map(|(_, name)| name.as_str()).collect();
    let finding = match choice.otherwise {
        None if !forgotten.is_empty() || optional => unnamed(&choice, &forgotten, optional),
        Some(otherwise) if forgotten.is_empty() && !optional => needless(otherwise),
        None | Some(_) => return,
    };
    walk.sink.report_livable(finding);
}

fn unnamed(choice: &Choice<'_, '_>, forgotten: &[&str], optional: bool) -> Diagnostic {
    let mut names: Vec<String> = forgotten.iter().map(|name| format!("`{name}`")).collect();
    let mut names_ja = names.clone();
    if optional {
        names.push("what happens when it is missing".to_owned());
        names_ja.push("値がない場合".to_owned());
    }
    let cases = match optional {
        true => "else {}".to_owned(),
        false => format!("{} {{}}", forgotten.join(", ")),
    };
    let end = Span { start: choice.span.end.saturating_sub(1), end: choice.span.end.saturating_sub(1), ..choice.span };
    let finding = Diagnostic::new(
        Code::E0203,
        choice.subject.span,
        format!("this choice does not say {}", names.join(", ")),
        format!("この選択には {} がない", names_ja.join("・")),
    )
    .help(
        format!("add the missing cases, or `{cases}` if nothing is to happen then"),
        format!("足りない場合を書く。何もしないなら `{cases}` を加える"),
    );
    match choice.cases.is_empty() {
        true => finding,
        false => finding.fix(end, format!("\n{cases}\n")),
    }
}

fn needless(otherwise: &Block) -> Diagnostic {
    Diagnostic::new(
        Code::W0203,
        otherwise.span,
        "every value is named: this `else` can only hide values to come",
        "すべての値が挙がっており、この `else` は後から増える値を隠すだけ",
    )
    .help(
        "leave the `else` out: a value added later will then be asked for here",
        "`else` を外す。値が増えたときに、ここで確認を求められる",
    )
}
