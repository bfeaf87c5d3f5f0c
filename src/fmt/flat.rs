//! Everything that can stand on one line, as one line.
//!
//! Decides no line breaks; `expressions` and `steps` ask whether the line fits.

use super::printer::Printer;
use crate::syntax::tree::{
    AggregateOp, BinaryOp, CountOf, Duration, EventPattern, Expr, ExprKind, FieldDecl, Name, Quantifier, RecordLit,
    SinceUnit, SplitArm, TimeOfDay, Type, TypeKind,
};

/// How tightly an expression holds together; the looser needs parentheses inside the tighter.
pub(super) fn level(expr: &Expr) -> u8 {
    match &*expr.kind {
        ExprKind::Binary { op, .. } => binary_level(*op),
        ExprKind::Not(_) => 4,
        ExprKind::IsSet { .. } | ExprKind::In { .. } => 5,
        ExprKind::Negate(_) => 8,
        ExprKind::Did { .. }
        | ExprKind::Count { .. }
        | ExprKind::Aggregate { .. }
        | ExprKind::Nth { .. }
        | ExprKind::Quantifier { .. }
        | ExprKind::NextAnniversary(_)
        | ExprKind::Since { .. }
        | ExprKind::Split { .. }
        | ExprKind::Tagged(_) => 9,
        ExprKind::Number(_)
        | ExprKind::Percent(_)
        | ExprKind::Money { .. }
        | ExprKind::Duration(_)
        | ExprKind::Time(_)
        | ExprKind::Date { .. }
        | ExprKind::Moment { .. }
        | ExprKind::Text(_)
        | ExprKind::Bool(_) => 9,
        ExprKind::Name(_)
        | ExprKind::Field { .. }
        | ExprKind::Narrow { .. }
        | ExprKind::List(_)
        | ExprKind::Record(_)
        | ExprKind::Error => 10,
    }
}

fn binary_level(op: BinaryOp) -> u8 {
    match op {
        BinaryOp::OrElse => 1,
        BinaryOp::Or => 2,
        BinaryOp::And => 3,
        BinaryOp::Equal
        | BinaryOp::NotEqual
        | BinaryOp::Less
        | BinaryOp::LessEqual
        | BinaryOp::Greater
        | BinaryOp::GreaterEqual => 5,
        BinaryOp::Add | BinaryOp::Subtract => 6,
        BinaryOp::Multiply | BinaryOp::Divide => 7,
    }
}

pub(super) fn sign(op: BinaryOp) -> &'static str {
    match op {
        BinaryOp::OrElse => "or else",
        BinaryOp::Or => "or",
        BinaryOp::And => "and",
        BinaryOp::Equal => "==",
        BinaryOp::NotEqual => "!=",
        BinaryOp::Less => "<",
        BinaryOp::LessEqual => "<=",
        BinaryOp::Greater => ">",
        BinaryOp::GreaterEqual => ">=",
        BinaryOp::Add => "+",
        BinaryOp::Subtract => "-",
        BinaryOp::Multiply => "*",
        BinaryOp::Divide => "/",
    }
}

/// Least level an operand of `op` may have without parentheses: (left, right).
/// `and` inside `or` gets them too: nobody should have to know which binds tighter.
pub(super) fn operand_levels(op: BinaryOp) -> (u8, u8) {
    match op {
        BinaryOp::Or => (2, 4),
        other => (binary_level(other), binary_level(other) + 1),
    }
}

pub(super) fn needs_parens(op: BinaryOp, operand: &Expr, least: u8) -> bool {
    let mixed = op == BinaryOp::Or && matches!(&*operand.kind, ExprKind::Binary { op: BinaryOp::And, .. });
    mixed || level(operand) < least
}

impl Printer<'_> {
    pub(super) fn flat(&self, expr: &Expr) -> String {
        match &*expr.kind {
            ExprKind::Number(n) => self.slice(n.span).to_string(),
            ExprKind::Percent(n) => format!("{}%", self.slice(n.span)),
            ExprKind::Money { amount, currency } => format!("{} {}", self.slice(amount.span), currency.text),
            ExprKind::Duration(d) => self.flat_duration(d),
            ExprKind::Time(t) => flat_time(*t),
            ExprKind::Date { year, month, day } => format!("{year:04}-{month:02}-{day:02}"),
            ExprKind::Moment { year, month, day, time, zone } => {
                let zone = zone.as_ref().map_or_else(String::new, |z| format!(" {}", z.text));
                format!("{year:04}-{month:02}-{day:02} {}{zone}", flat_time(*time))
            }
            ExprKind::Text(_) | ExprKind::Error => self.slice(expr.span).to_string(),
            ExprKind::Bool(true) => "true".into(),
            ExprKind::Bool(false) => "false".into(),
            ExprKind::Name(name) => name.clone(),
            ExprKind::Field { of, name } => format!("{}.{}", self.flat_at(of, 10), name.text),
            ExprKind::Narrow { of, condition } => format!("{}({})", self.flat_at(of, 10), self.flat(condition)),
            ExprKind::List(values) => self.flat_list(values),
            ExprKind::Record(record) => self.flat_record(record),
            ExprKind::Not(of) => format!("not {}", self.flat_at(of, 4)),
            ExprKind::Negate(of) => format!("-{}", self.flat_at(of, 8)),
            ExprKind::Binary { op, left, right, .. } => {
                let (l, r) = operand_levels(*op);
                format!("{} {} {}", self.flat_operand(*op, left, l), sign(*op), self.flat_operand(*op, right, r))
            }
            ExprKind::IsSet { of, set } => {
                format!("{} is {}", self.flat_at(of, 5), if *set { "set" } else { "missing" })
            }
            ExprKind::In { of, list, negated } => {
                let sign = if *negated { "not in" } else { "in" };
                format!("{} {sign} {}", self.flat_at(of, 5), self.flat_at(list, 6))
            }
            ExprKind::Did { .. }
            | ExprKind::Count { .. }
            | ExprKind::Aggregate { .. }
            | ExprKind::Nth { .. }
            | ExprKind::Quantifier { .. }
            | ExprKind::Split { .. }
            | ExprKind::NextAnniversary(_)
            | ExprKind::Since { .. }
            | ExprKind::Tagged(_) => self.flat_form(expr),
        }
    }

    fn flat_form(&self, expr: &Expr) -> String {
        match &*expr.kind {
            ExprKind::Did { negated, event, window } => {
                let not = if *negated { "not " } else { "" };
                format!("did {not}{}{}", self.flat_pattern(event), self.flat_window(window))
            }
            ExprKind::Count { of, window } => {
                let of = match of {
                    CountOf::Event(event) => self.flat_pattern(event),
                    CountOf::List(list) => self.flat(list),
                };
                format!("count of {of}{}", self.flat_window(window))
            }
            ExprKind::Aggregate { op, event, field, window } => {
                let op = match op {
                    AggregateOp::Sum => "sum",
                    AggregateOp::Average => "average",
                };
                format!("{op} of {}.{}{}", self.flat_pattern(event), field.text, self.flat_window(window))
            }
            ExprKind::Nth { last, event, field, window } => {
                let which = if *last { "last" } else { "first" };
                let field = field.as_ref().map_or_else(String::new, |f| format!(".{}", f.text));
                format!("{which} {}{field}{}", self.flat_pattern(event), self.flat_window(window))
            }
            ExprKind::Quantifier { quantifier, list } => {
                let word = match quantifier {
                    Quantifier::Any => "any",
                    Quantifier::None => "none",
                    Quantifier::All => "all",
                };
                format!("{word} of {}", self.flat(list))
            }
            ExprKind::Split { name, per_run, arms } => {
                let arms = arms.iter().map(|a| self.flat_value_arm(a)).collect::<Vec<_>>().join(", ");
                format!("split {}{} {{ {arms} }}", name.text, if per_run.is_some() { " per run" } else { "" })
            }
            ExprKind::NextAnniversary(of) => format!("next anniversary of {}", self.flat_plain(of)),
            ExprKind::Since { unit, of } => {
                let unit = match unit {
                    SinceUnit::Days => "days",
                    SinceUnit::Months => "months",
                    SinceUnit::Years => "years",
                };
                format!("{unit} since {}", self.flat_plain(of))
            }
            ExprKind::Tagged(tag) => format!("tagged {}", self.slice(tag.span)),
            _ => self.slice(expr.span).to_string(),
        }
    }

    pub(super) fn flat_value_arm(&self, arm: &SplitArm<Expr>) -> String {
        format!(
            "{}% {}: {}",
            self.slice(arm.share.span).trim_end_matches(['%', ' ']),
            arm.name.text,
            self.flat(&arm.then)
        )
    }

    /// Behind `since` and `next anniversary of`: a name, a literal or a `last …`; anything else in parentheses.
    fn flat_plain(&self, of: &Expr) -> String {
        let plain = matches!(
            &*of.kind,
            ExprKind::Name(_)
                | ExprKind::Nth { .. }
                | ExprKind::Field { .. }
                | ExprKind::Narrow { .. }
                | ExprKind::Date { .. }
                | ExprKind::Moment { .. }
        );
        if plain { self.flat(of) } else { format!("({})", self.flat(of)) }
    }

    /// In parentheses unless it holds together at least as tightly as `least`.
    pub(super) fn flat_at(&self, expr: &Expr, least: u8) -> String {
        if level(expr) < least { format!("({})", self.flat(expr)) } else { self.flat(expr) }
    }

    fn flat_operand(&self, op: BinaryOp, operand: &Expr, least: u8) -> String {
        if needs_parens(op, operand, least) { format!("({})", self.flat(operand)) } else { self.flat(operand) }
    }

    fn flat_list(&self, values: &[Expr]) -> String {
        format!("[{}]", values.iter().map(|v| self.flat(v)).collect::<Vec<_>>().join(", "))
    }

    pub(super) fn flat_record(&self, record: &RecordLit) -> String {
        let fields: Vec<String> = record.fields.iter().map(|(n, v)| format!("{}: {}", n.text, self.flat(v))).collect();
        if fields.is_empty() { "{}".into() } else { format!("{{ {} }}", fields.join(", ")) }
    }

    pub(super) fn flat_pattern(&self, pattern: &EventPattern) -> String {
        let filter = pattern.filter.as_ref().map_or_else(String::new, |f| format!("({})", self.flat(f)));
        format!("{}{filter}", pattern.event.text)
    }

    pub(super) fn flat_window(&self, window: &Option<Duration>) -> String {
        window.as_ref().map_or_else(String::new, |w| format!(" in last {}", self.flat_duration(w)))
    }

    pub(super) fn flat_duration(&self, duration: &Duration) -> String {
        self.slice(duration.span).to_string()
    }

    // ---- types ---------------------------------------------------------------------------------------------------

    pub(super) fn flat_type(&self, ty: &Type) -> String {
        let optional = if ty.optional { "?" } else { "" };
        let kind = match &ty.kind {
            TypeKind::Named(name) => name.text.clone(),
            TypeKind::Money(currency) => format!("money {}", currency.text),
            TypeKind::OneOf(names) => format!("one of [{}]", flat_names(names)),
            TypeKind::List(element) => format!("list of {}", self.flat_type(element)),
            TypeKind::Error => self.slice(ty.span).to_string(),
        };
        format!("{kind}{optional}")
    }

    pub(super) fn flat_fields(&self, fields: &[FieldDecl]) -> String {
        let pii = |f: &FieldDecl| if f.pii { " pii" } else { "" };
        let fields: Vec<String> =
            fields.iter().map(|f| format!("{}: {}{}", f.name.text, self.flat_type(&f.ty), pii(f))).collect();
        if fields.is_empty() { "{}".into() } else { format!("{{ {} }}", fields.join(", ")) }
    }
}

pub(super) fn flat_names(names: &[Name]) -> String {
    names.iter().map(|n| n.text.as_str()).collect::<Vec<_>>().join(", ")
}

pub(super) fn flat_time(time: TimeOfDay) -> String {
    crate::value::LocalTime(time.seconds).to_string()
}
