//! What the text messages of a journey take in parts and cost, beside their steps in a diagram.
//!
//! Renders them for the sample people; bounds over all people are not claimed.

use crate::diagram::{Diagram, Kind};
use crate::ir::{Channel, Journey, JourneyId, MessageId, Op, Program};
use crate::render::{Part, Renderer, Scene, Sms, sample};
use crate::value::{Instant, Price};
use crate::words::Language;

/// When the sample messages go out: a date as long as dates get, and the same at every call.
const SENT: Instant = Instant(1_798_426_800_000);

/// Adds a line to every step that sends a text message.
pub fn note(program: &Program, id: JourneyId, price: Option<Price>, diagram: &mut Diagram) {
    let journey = program.journey(id);
    let language = diagram.language;
    let mut renderer = None;
    for node in &mut diagram.nodes {
        let Some(message) = sent(program, journey, node.kind, node.step.as_deref()) else { continue };
        let renderer = renderer.get_or_insert_with(|| Renderer::new(program));
        let texts = texts(program, renderer, message);
        node.details.extend(told(&texts, price, language));
    }
}

/// The text message of a step.
fn sent(program: &Program, journey: &Journey, kind: Kind, step: Option<&str>) -> Option<MessageId> {
    if kind != Kind::Send(Channel::Sms) {
        return None;
    }
    journey.code.iter().find_map(|instruction| match &instruction.op {
        Op::Send { message, .. }
            if program.message(*message).channel == Channel::Sms
                && Some(journey.steps[instruction.step.index()].name.as_str()) == step =>
        {
            Some(*message)
        }
        _ => None,
    })
}

fn texts(program: &Program, renderer: &Renderer<'_>, id: MessageId) -> Vec<Sms> {
    let now = SENT;
    let one = |kind: &sample::Kind| {
        let params = sample::fields(program, &program.message(id).params, kind, now);
        let profile = sample::profile(program, kind, now);
        let scene = Scene::of(program, &profile, now);
        match renderer.render(id, &params, &profile, &scene).ok()??.part {
            Part::Sms(sms) => Some(sms),
            Part::Email(_) | Part::Line(_) | Part::Push(_) | Part::Webhook(_) => None,
        }
    };
    sample::KINDS.iter().filter_map(one).collect()
}

/// `1 to 2 parts, 8.5 to 17 JPY, for sample people`.
fn told(texts: &[Sms], price: Option<Price>, language: Language) -> Option<String> {
    let least = texts.iter().map(|sms| sms.segments).min()?;
    let most = texts.iter().map(|sms| sms.segments).max()?;
    let (to, unit) = match language {
        Language::English => (" to ", if most == 1 { "part" } else { "parts" }),
        Language::Japanese => ("～", "通分"),
    };
    let range = |least: String, most: String| if least == most { least } else { format!("{least}{to}{most}") };
    let parts = range(least.to_string(), most.to_string());
    let cost = price.map(|price| {
        let of = |parts: usize| price.times(parts as u64).to_string();
        format!("{} {}", range(of(least), of(most)), price.currency.code())
    });
    Some(match (language, cost) {
        (Language::English, Some(cost)) => format!("{parts} {unit}, {cost}, for sample people"),
        (Language::English, None) => format!("{parts} {unit}, for sample people"),
        (Language::Japanese, Some(cost)) => format!("料金 {parts} {unit}、{cost} (見本の人の場合)"),
        (Language::Japanese, None) => format!("料金 {parts} {unit} (見本の人の場合)"),
    })
}
