//! Whether a value fits where another type is wanted, and the wording when it does not.
//!
//! Converts nothing at run time: only literals turn into what is wanted of them.

use crate::diag::{Code, Diagnostic};
use crate::ir::{Expr, Type};
use crate::schema::World;
use crate::text::Span;
use crate::value::{CalendarPeriod, Decimal, Value};

/// An expression with its type; no type after a mistake, and then it fits everywhere.
#[derive(Debug, Clone)]
pub struct Typed {
    pub expr: Expr,
    pub ty: Option<Type>,
}

impl Typed {
    pub fn new(expr: Expr, ty: Type) -> Typed {
        Typed { expr, ty: Some(ty) }
    }
    /// Stands where a mistake was reported.
    pub fn mistaken() -> Typed {
        Typed { expr: Expr::Const(Value::Missing), ty: None }
    }
}

/// The type without its `?`.
pub fn required(ty: &Type) -> &Type {
    match ty {
        Type::Optional(inner) => inner,
        plain => plain,
    }
}

pub fn optional(ty: Type) -> Type {
    match ty {
        Type::Optional(_) => ty,
        plain => Type::Optional(Box::new(plain)),
    }
}

/// Text in all but name.
pub fn is_textual(ty: &Type) -> bool {
    matches!(ty, Type::Text | Type::Id | Type::Email | Type::Phone | Type::LineId | Type::PushToken | Type::Url)
}

/// Dates, times, zones and durations: mixing them is a mistake of its own (E0422).
pub fn is_temporal(ty: &Type) -> bool {
    matches!(ty, Type::Instant | Type::Date | Type::Time | Type::Zone | Type::Span | Type::Period)
}

pub fn is_number(ty: &Type) -> bool {
    matches!(ty, Type::Int | Type::Decimal)
}

/// A value of the type itself, or text by another name.
fn is_a(found: &Type, wanted: &Type) -> bool {
    match (found, wanted) {
        (Type::Optional(found), Type::Optional(wanted)) => is_a(found, wanted),
        (found, Type::Optional(wanted)) => is_a(found, wanted),
        (Type::List(found), Type::List(wanted)) => is_a(found, wanted),
        _ => found == wanted || (*wanted == Type::Text && is_textual(found)),
    }
}

/// A literal as what is wanted of it.
fn literal_as(expr: &Expr, wanted: &Type) -> Option<Expr> {
    let Expr::Const(value) = expr else { return None };
    let value = match (value, required(wanted)) {
        (Value::Text(text), wanted) if is_textual(wanted) => Value::Text(text.clone()),
        (Value::Int(whole), Type::Decimal) => Value::Decimal(Decimal::from_int(*whole)),
        (Value::Span(span), Type::Period) => Value::Period(CalendarPeriod::exact(*span)),
        _ => return None,
    };
    Some(Expr::Const(value))
}

/// The expression as a value of the wanted type, or what is wrong with that.
pub fn fit(world: &World<'_>, typed: Typed, wanted: &Type, span: Span) -> Result<Expr, Box<Diagnostic>> {
    let Some(found) = &typed.ty else { return Ok(typed.expr) };
    if is_a(found, wanted) {
        return Ok(typed.expr);
    }
    if let Some(literal) = literal_as(&typed.expr, wanted) {
        return Ok(literal);
    }
    Err(Box::new(mismatch(world, &typed.expr, found, wanted, span)))
}

/// Both sides as values of one type: the type, and the sides (literals adapted).
pub fn unify(left: Typed, right: Typed) -> Result<(Expr, Expr, Type), (Type, Type)> {
    let (Some(a), Some(b)) = (&left.ty, &right.ty) else {
        return Ok((left.expr, right.expr, Type::Bool));
    };
    let (a, b) = (required(a).clone(), required(b).clone());
    if a == b || (is_textual(&a) && b == Type::Text) || (is_textual(&b) && a == Type::Text) {
        return Ok((left.expr, right.expr, a));
    }
    if is_number(&a) && is_number(&b) {
        return Ok((left.expr, right.expr, Type::Decimal));
    }
    if let Some(adapted) = literal_as(&right.expr, &a) {
        return Ok((left.expr, adapted, a));
    }
    if let Some(adapted) = literal_as(&left.expr, &b) {
        return Ok((adapted, right.expr, b));
    }
    Err((a, b))
}

/// Which mistake it is to have one type where another is wanted.
pub fn mismatch_code(found: &Type, wanted: &Type) -> Code {
    match (required(found), required(wanted)) {
        (Type::Money(_), Type::Money(_)) => Code::E0421,
        (a, b) if is_temporal(a) && is_temporal(b) => Code::E0422,
        _ => Code::E0403,
    }
}

fn mismatch(world: &World<'_>, expr: &Expr, found: &Type, wanted: &Type, span: Span) -> Diagnostic {
    let (found_name, wanted_name) = (world.type_name(found), world.type_name(wanted));
    let diagnostic = Diagnostic::new(
        mismatch_code(found, wanted),
        span,
        format!("expected `{wanted_name}`, found `{found_name}`"),
        format!("`{wanted_name}` が必要ですが、`{found_name}` です"),
    );
    explain(world, diagnostic, Some(expr), found, wanted, span)
}

/// Adds the help that fits the pair.
pub fn explain(
    world: &World<'_>,
    diagnostic: Diagnostic,
    expr: Option<&Expr>,
    found: &Type,
    wanted: &Type,
    span: Span,
) -> Diagnostic {
    let plain_text = match expr {
        Some(Expr::Const(Value::Text(text))) => Some(text.as_ref()),
        _ => None,
    };
    match (required(found), required(wanted)) {
        (Type::Money(from), Type::Money(to)) => diagnostic.help(
            format!("amounts in {} and {} never mix: convert before they come in", from.code(), to.code()),
            format!("{} と {} の金額は混ぜられません。取り込む前に換算してください", from.code(), to.code()),
        ),
        (Type::Int | Type::Decimal, Type::Money(currency)) => diagnostic.help(
            format!("write the currency: `3_000 {}`", currency.code()),
            format!("通貨を書いてください: `3_000 {}`", currency.code()),
        ),
        (Type::Int | Type::Decimal, Type::Percent) => {
            diagnostic.help("write a percent sign: `12%`", "パーセント記号を書いてください: `12%`")
        }
        (Type::Text, Type::Enum(id)) => {
            let variants = &world.enums.at(id.index()).data;
            match plain_text.filter(|text| variants.iter().any(|v| v == text)) {
                Some(text) => diagnostic
                    .help(format!("write `{text}` without quotes"), format!("引用符なしで `{text}` と書いてください"))
                    .fix(span, text),
                None => diagnostic,
            }
        }
        (Type::Instant, Type::Date) => {
            diagnostic.help("the day of an instant is `.date`", "日時の日付は `.date` で取り出せます")
        }
        (Type::Date, Type::Instant) => diagnostic
            .help("a date has no time: write `2026-04-01 09:00`", "日付に時刻がありません: `2026-04-01 09:00`"),
        (Type::Period, Type::Span) => diagnostic.help(
            "days, weeks, months and years have no exact length: write hours, such as `72h`",
            "日・週・月・年の長さは一定ではありません。`72h` のように時間で書いてください",
        ),
        _ => diagnostic,
    }
}
