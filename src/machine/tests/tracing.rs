//! What a tracing engine tells of the way of a run.

use super::*;
use crate::machine::{Passage, Way};

fn ways(program: &Program, tracing: bool) -> Vec<(Pc, Way)> {
    let mut story = Story::new(program);
    if tracing {
        story.engine = Engine::tracing(program);
    }
    story.cart("04-01 10:00");
    story.until(at("04-01 12:00"));
    story.purchase("04-01 12:00");
    story.until(at("04-30 12:00"));
    let way = |e: &Effect| match e {
        Effect::Passed(Passage { pc, way, .. }) => Some((*pc, *way)),
        Effect::Send(_) | Effect::Call(_) | Effect::Journal(_) | Effect::Looked(_) => None,
    };
    story.effects.iter().filter_map(way).collect()
}

#[test]
fn every_instruction_left_is_told_with_the_way_taken() {
    let loyal = Expr::IsSet(Box::new(Expr::Profile(FieldId(4))));
    let arm = |on, target| Arm { on, target };
    let bought = ArmOn::Event { event: PURCHASE, filter: None, bind: None };
    let ops = vec![
        Op::Branch { cases: vec![(loyal.clone(), 6), (Expr::Not(Box::new(loyal)), 1)], otherwise: 6 },
        Op::Await { arms: vec![arm(bought, 2)], up_to: Some(span(days(1))), otherwise: 6 },
        wait(hours(1)),
        send(MessageId(1), Some(6)),
        Op::Repeat { counter: SlotId(2), times: 1, exit: 6 },
        Op::Jump(4),
        Op::End,
    ];
    let mut program = program(vec![journey("j", on_event(CART), ops)]);
    let expected = [
        (0, Way::Arm(1)),
        (1, Way::Arm(0)),
        (2, Way::On),
        (3, Way::On),
        (4, Way::On),
        (5, Way::On),
        (4, Way::Otherwise),
    ];
    assert_eq!(ways(&program, true), expected);
    assert!(ways(&program, false).is_empty(), "only who asks is told");
    program.messages[1].channel = Channel::Sms;
    let unreachable = [(0, Way::Arm(1)), (1, Way::Arm(0)), (2, Way::On), (3, Way::Otherwise)];
    assert_eq!(ways(&program, true), unreachable);
}
