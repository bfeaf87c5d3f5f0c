//! Expressions: values, missing, arithmetic, lists; and what a person weighs.

use super::*;

fn eval(expr: &Expr) -> Value {
    let program = program(vec![journey("j", on_event(CART), vec![Op::End])]);
    let story = Story::new(&program);
    story.engine.evaluate(&story.person, JourneyId(0), None, expr, at("04-01 10:00"))
}
fn arithmetic(op: Operator, left: Value, right: Value) -> Value {
    eval(&Expr::Arithmetic { op, left: Box::new(constant(left)), right: Box::new(constant(right)) })
}
fn decimal(micro: i64) -> Value {
    Value::Decimal(crate::value::Decimal { micro })
}

#[test]
fn arithmetic_is_exact_saturates_and_lets_missing_through() {
    use Operator::{Add, Divide, Multiply, Subtract};
    let half = decimal(500_000);
    for (op, left, right, expected) in [
        (Add, Value::Int(i64::MAX), Value::Int(1), Value::Int(i64::MAX)),
        (Subtract, Value::Int(1), Value::Int(3), Value::Int(-2)),
        (Divide, Value::Int(1), Value::Int(3), decimal(333_333)),
        (Divide, Value::Int(1), Value::Int(0), Value::Missing),
        (Multiply, yen(5), half.clone(), yen(2)),
        (Multiply, yen(15), decimal(100_000), yen(2)),
        (Divide, yen(7), Value::Int(2), yen(4)),
        (Divide, yen(1), yen(4), decimal(250_000)),
        (Add, yen(1), yen(2), yen(3)),
        (Multiply, half.clone(), half, decimal(250_000)),
        (Add, Value::text("a"), Value::text("b"), Value::text("ab")),
        (Subtract, Value::Instant(Instant(5)), Value::Instant(Instant(3)), Value::Span(Span(2))),
        (Add, Value::Instant(at("01-31 10:00")), Value::Period(period(1, 0, 0)), Value::Instant(at("02-28 10:00"))),
        (Add, Value::Int(1), Value::Missing, Value::Missing),
        (Add, Value::Bool(true), Value::Int(1), Value::Missing),
    ] {
        assert_eq!(arithmetic(op, left.clone(), right.clone()), expected, "{left:?} {op:?} {right:?}");
    }
}

/// Holds 2.16.
#[test]
fn missing_is_equal_only_to_missing_and_in_no_order() {
    let (missing, one) = (Value::Missing, Value::Int(1));
    for (op, left, right, expected) in [
        (Compare::Equal, &missing, &missing, true),
        (Compare::NotEqual, &missing, &one, true),
        (Compare::Less, &missing, &one, false),
        (Compare::GreaterEqual, &missing, &one, false),
        (Compare::Equal, &one, &decimal(1_000_000), true),
        (Compare::Less, &one, &decimal(1_000_001), true),
    ] {
        let expr = compare(op, constant(left.clone()), constant(right.clone()));
        assert_eq!(eval(&expr), Value::Bool(expected), "{left:?} {op:?} {right:?}");
    }
    assert_eq!(eval(&Expr::OrElse(Box::new(constant(missing)), Box::new(constant(one.clone())))), one);
}

#[test]
fn lists_are_narrowed_quantified_and_counted() {
    let list = || Box::new(constant(Value::List([1, 2, 3].map(Value::Int).into())));
    let big = || compare(Compare::Greater, Expr::Subject(0), constant(Value::Int(1)));
    let quantify =
        |quantifier, condition| Expr::Quantify { quantifier, list: list(), condition: Some(Box::new(condition)) };
    for (expr, expected) in [
        (Expr::Length(Box::new(Expr::Narrow { list: list(), condition: Box::new(big()) })), Value::Int(2)),
        (quantify(Quantifier::Any, big()), Value::Bool(true)),
        (quantify(Quantifier::None, big()), Value::Bool(false)),
        (quantify(Quantifier::All, big()), Value::Bool(false)),
        (Expr::InList { item: Box::new(constant(Value::Int(3))), list: list() }, Value::Bool(true)),
        (Expr::InList { item: Box::new(constant(Value::Missing)), list: list() }, Value::Bool(false)),
    ] {
        assert_eq!(eval(&expr), expected, "{expr:?}");
    }
}

#[test]
fn an_inner_condition_sees_the_outer_subject() {
    let mut program = program(vec![journey("j", on_event(CART), vec![Op::End])]);
    // any of [o1, o9] that was bought: purchase(id == element)
    let bought = behaviour(PURCHASE, Some(compare(Compare::Equal, of_event(ID), Expr::Subject(1))), None, Ask::Did);
    let list = |id: &str| Box::new(constant(Value::List([Value::text(id)].into())));
    let any = |id: &str| Expr::Quantify {
        quantifier: Quantifier::Any,
        list: list(id),
        condition: Some(Box::new(bought.clone())),
    };
    program.journeys[0].only_if = Some(any("o1"));
    let mut story = Story::new(&program);
    story.purchase("04-01 09:00");
    let read = |id| story.engine.evaluate(&story.person, JourneyId(0), None, &any(id), at("04-01 10:00"));
    assert_eq!((read("o1"), read("o9")), (Value::Bool(true), Value::Bool(false)));
}

#[test]
fn only_what_is_needed_is_kept_and_old_entries_go() {
    let mut program = program(vec![]);
    program.history[PURCHASE.index()] =
        HistoryNeed { fields: vec![TOTAL], total: false, ends: false, log: HistoryLog::Within(days(30)) };
    program.history[CART.index()] = HistoryNeed::default();
    let mut story = Story::new(&program);
    for month in 1..=12 {
        story.purchase(&format!("{month:02}-01 10:00"));
        story.cart(&format!("{month:02}-01 11:00"));
    }
    let rows: Vec<usize> =
        story.person.history.iter().map(|h| h.rows(&program.history[h.event.index()]).len()).collect();
    assert_eq!(rows, [2], "November's is within 30 days and an hour of December's");
}

/// Holds 2.7.
#[test]
fn late_events_stand_in_history_by_their_own_time() {
    let program = program(vec![]);
    let mut story = Story::new(&program);
    story.event("04-02 10:00", PURCHASE, "second", 1);
    let payload = record("first", 1, at("04-01 10:00"));
    story.input(at("04-03 10:00"), InputKind::Event { id: None, event: PURCHASE, payload });
    let last = &story.person.history[0];
    assert_eq!(last.last().unwrap().values[0], Value::text("second"));
    assert_eq!(last.first().unwrap().values[0], Value::text("first"));
}

#[test]
fn a_person_with_little_history_is_small() {
    let mut program = program(vec![journey("j", on_event(CART), vec![send(MAIL, None), Op::End])]);
    program.history[PURCHASE.index()].ends = false;
    let mut story = Story::of_nobody(&program);
    story.purchase("04-01 10:00");
    assert!(story.person.heap_bytes() < 400, "{} bytes", story.person.heap_bytes());
}
