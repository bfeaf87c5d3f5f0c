//! What personas are called: who they look like, what reaches them, what becomes of them.
//!
//! Changes nothing else about them.

use std::collections::BTreeSet;

use crate::ir::expr::Fact;
use crate::ir::journey::Exit;
use crate::ir::{ArmOn, Channel, Journey, Op, Program};
use crate::machine::{EndReason, What};
use crate::prove::{Edge, Way};

use super::personas::Persona;
use super::sample::Look;
use super::story::Reason;

/// Words that say something about one of them; more would be a sentence.
const TRAITS_MAX: usize = 3;

pub(super) fn name(program: &Program, personas: &mut [Persona]) {
    for index in 0..personas.len() {
        let traits = traits(program, &personas[index]);
        let (en, ja) = match personas[index].look {
            Look::Japanese => ("Hanako", "花子"),
            Look::English => ("Emily", "エミリー"),
            Look::Long => ("Maximiliane", "マクシミリアーネ"),
            Look::Bare => ("Anonymous", "名無し"),
        };
        let mut name = Reason::new(en, ja);
        for said in traits.into_iter().take(TRAITS_MAX) {
            name.en.push_str(&format!(" · {}", said.en));
            name.ja.push_str(&format!("・{}", said.ja));
        }
        let alike = personas[..index].iter().filter(|p| plain(&p.name.en) == name.en).count();
        if alike > 0 {
            name.en.push_str(&format!(" #{}", alike + 1));
            name.ja.push_str(&format!(" #{}", alike + 1));
        }
        personas[index].name = name;
    }
}
/// Without the number.
fn plain(name: &str) -> &str {
    name.rsplit_once(" #").map_or(name, |(name, _)| name)
}

fn traits(program: &Program, persona: &Persona) -> Vec<Reason> {
    let journey = program.journey(persona.journey);
    let mut traits: Vec<Reason> = reach(program, persona).into_iter().collect();
    for edge in &persona.told.edges {
        let said = way(program, journey, *edge).filter(|_| edge.way != Way::Else);
        traits.extend(said.filter(|said| !traits.contains(said)));
    }
    // That a condition was false is worth a word only where there is no other.
    if traits.is_empty() {
        traits.extend(persona.told.edges.iter().filter_map(|edge| way(program, journey, *edge)));
    }
    // The end says most; the beginning of a long way least.
    let end = end(program, persona);
    let room = TRAITS_MAX - usize::from(end.is_some());
    if traits.len() > room {
        let reach = usize::from(!traits.is_empty()).min(room);
        traits.drain(reach..traits.len() - (room - reach));
    }
    traits.extend(end.filter(|end| !traits.contains(end)));
    traits
}

/// Which of the journey's channels reach them, if not all do.
fn reach(program: &Program, persona: &Persona) -> Option<Reason> {
    let journey = program.journey(persona.journey);
    let sends = journey.code.iter().filter_map(|i| match &i.op {
        Op::Send { message, .. } => Some(program.message(*message)),
        _ => None,
    });
    let used: BTreeSet<Channel> = sends.map(|m| m.channel).filter(|c| c.is_personal()).collect();
    let has = |channel: &Channel| {
        let field = program.person.addresses[channel.index()];
        field.is_some_and(|f| !persona.told.story.profile[f.index()].is_missing())
    };
    let known: Vec<Channel> = used.iter().copied().filter(has).collect();
    if persona.told.story.consent.is_empty() && program.messages.iter().any(|m| m.needs_consent) {
        return Some(Reason::new("no consent", "同意なし"));
    }
    match known.as_slice() {
        _ if known.len() == used.len() => None,
        [] => Some(Reason::new("unreachable", "連絡先なし")),
        [only] => Some(Reason::new(format!("{} only", channel(*only)), format!("{}のみ", channel_ja(*only)))),
        _ => {
            let missing: Vec<Channel> = used.into_iter().filter(|c| !known.contains(c)).collect();
            let list =
                |name: fn(Channel) -> &'static str| missing.iter().map(|c| name(*c)).collect::<Vec<_>>().join("/");
            Some(Reason::new(format!("no {}", list(channel)), format!("{}なし", list(channel_ja))))
        }
    }
}
fn channel(channel: Channel) -> &'static str {
    match channel {
        Channel::Email => "mail",
        Channel::Line => "LINE",
        Channel::Sms => "SMS",
        Channel::Push => "push",
        Channel::Webhook => "webhook",
    }
}
fn channel_ja(of: Channel) -> &'static str {
    match of {
        Channel::Email => "メール",
        Channel::Push => "プッシュ",
        Channel::Line | Channel::Sms | Channel::Webhook => channel(of),
    }
}

fn fact_ja(fact: Fact) -> &'static str {
    match fact {
        Fact::Sent => "の送信",
        Fact::Delivered => "の到達",
        Fact::Opened => "の開封",
        Fact::Clicked => "のクリック",
        Fact::Bounced => "の不達",
        Fact::Failed => "の失敗",
    }
}

/// What a branch says about a person, in a word or two.
fn way(program: &Program, journey: &Journey, edge: Edge) -> Option<Reason> {
    let instruction = journey.code.get(edge.from as usize)?;
    let step = &journey.steps[instruction.step.index()].name;
    match (&instruction.op, edge.way) {
        (Op::Await { arms, .. }, Way::Arm(arm)) => Some(match &arms.get(usize::from(arm))?.on {
            ArmOn::Event { event, .. } => {
                let name = &program.event(*event).name;
                Reason::new(name.clone(), name.clone())
            }
            ArmOn::Handle { handle, fact } => {
                let name = &journey.handles[handle.index()].name;
                Reason::new(format!("{name} {}", fact.name()), format!("{name} {}", fact_ja(*fact)))
            }
            ArmOn::Approval { by } => Reason::new(format!("approved by {by}"), format!("{by} が承認")),
            ArmOn::Segment { segment, enters } => {
                let name = &program.segments[segment.index()].name;
                match enters {
                    true => Reason::new(format!("enters {name}"), format!("{name} に入る")),
                    false => Reason::new(format!("leaves {name}"), format!("{name} から出る")),
                }
            }
        }),
        (Op::Await { .. }, Way::TimeUp) => Some(Reason::new("no reaction", "反応なし")),
        (Op::Switch { slot, .. }, Way::Drawn(arm)) => {
            let split = journey.code.iter().find_map(|i| match &i.op {
                Op::Draw { split, slot: drawn } if drawn == slot => Some(*split),
                _ => None,
            })?;
            let name = &program.splits[split.index()].arms.get(usize::from(arm))?.name;
            Some(Reason::new(name.clone(), name.clone()))
        }
        (Op::Branch { .. }, Way::Case(_)) => Some(Reason::new(format!("{step} yes"), format!("{step} 該当"))),
        (Op::Branch { .. }, Way::Else) => Some(Reason::new(format!("{step} no"), format!("{step} 非該当"))),
        _ => None,
    }
}

fn end(program: &Program, persona: &Persona) -> Option<Reason> {
    persona.told.entries.iter().rev().find_map(|entry| match &entry.what {
        What::Ended { reason: EndReason::Stopped(Some(because)) } => {
            Some(Reason::new(because.clone(), because.clone()))
        }
        What::Ended { reason: EndReason::Exited(index) } => {
            let name = match program.journey(persona.journey).exits.get(usize::from(*index))? {
                Exit::Event { event, .. } => &program.event(*event).name,
                Exit::Segment { segment, .. } => &program.segments[segment.index()].name,
            };
            Some(Reason::new(format!("leaves by {name}"), format!("{name} で離脱")))
        }
        _ => None,
    })
}
