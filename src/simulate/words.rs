//! Values, times and reasons as people read them, in English and Japanese.
//!
//! Formats only.

use crate::ir::{FieldDef, Program, Type};
use crate::machine::{EndReason, NotEntered, Reason};
use crate::value::{Instant, Value, Zone};

/// Entries of a list and fields of a record that are shown.
const SHOWN_MAX: usize = 4;

/// A sentence in both languages.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize)]
pub struct Words {
    pub en: String,
    pub ja: String,
}

impl Words {
    pub fn new(en: impl Into<String>, ja: impl Into<String>) -> Words {
        Words { en: en.into(), ja: ja.into() }
    }
}

/// `2026-04-01 20:30`, with seconds if there are any.
pub fn moment(zone: Zone, at: Instant) -> String {
    let (date, time) = zone.local(at);
    format!("{date} {time}")
}

/// As the language writes text, cut where it is long.
fn quoted(text: &str) -> String {
    let text = crate::ingest::reason::excerpt(text).replace('\\', "\\\\").replace('"', "\\\"");
    format!("\"{text}\"")
}

/// The value as its declaration reads it.
pub fn value(program: &Program, zone: Zone, ty: &Type, value: &Value) -> String {
    let fields = |fields: &[FieldDef], values: &[Value]| {
        let shown = fields.iter().zip(values).filter(|(f, v)| f.name != "at" && !v.is_missing());
        let mut parts: Vec<String> =
            shown.map(|(f, v)| format!("{}: {}", f.name, self::value(program, zone, &f.ty, v))).collect();
        cut(&mut parts);
        match parts.is_empty() {
            true => "{}".to_owned(),
            false => format!("{{ {} }}", parts.join(", ")),
        }
    };
    match (value, ty) {
        (Value::Missing, _) => "missing".into(),
        (value, Type::Optional(inner)) => self::value(program, zone, inner, value),
        (Value::Enum(variant), Type::Enum(id)) => {
            program.enums[id.index()].variants.get(*variant as usize).cloned().unwrap_or_default()
        }
        (Value::Record(values), Type::Record(id)) => fields(&program.records[id.index()].fields, values),
        (Value::Record(values), Type::Event(id)) => fields(&program.event(*id).fields, values),
        (Value::Record(values), Type::Result(id)) => fields(&program.actions[id.index()].gives, values),
        (Value::List(items), Type::List(element)) => {
            let mut parts: Vec<String> = items.iter().map(|v| self::value(program, zone, element, v)).collect();
            cut(&mut parts);
            format!("[{}]", parts.join(", "))
        }
        (Value::Decimal(number), Type::Percent) => {
            let percent = crate::value::Decimal { micro: number.micro.saturating_mul(100) };
            format!("{percent}%")
        }
        (Value::Text(text), _) => quoted(text),
        (Value::Instant(at), _) => moment(zone, *at),
        (Value::Bool(v), _) => v.to_string(),
        (Value::Int(v), _) => v.to_string(),
        (Value::Decimal(v), _) => v.to_string(),
        (Value::Money(v), _) => v.to_string(),
        (Value::Date(v), _) => v.to_string(),
        (Value::Time(v), _) => v.to_string(),
        (Value::Span(v), _) => v.to_string(),
        (Value::Period(v), _) => v.to_string(),
        (Value::Zone(v), _) => v.to_string(),
        // A value that does not fit its declaration cannot be: the checker and the reader saw to it.
        (Value::Enum(_) | Value::Record(_) | Value::List(_), _) => "?".into(),
    }
}

fn cut(parts: &mut Vec<String>) {
    if parts.len() > SHOWN_MAX {
        parts.truncate(SHOWN_MAX);
        parts.push("…".into());
    }
}

/// Why a message was not sent, or not yet.
pub fn reason(reason: Reason) -> Words {
    match reason {
        Reason::Holdout => Words::new("held out for comparison", "比較のための対象外"),
        Reason::Withhold => Words::new("withheld by the policy", "ポリシーによる差し止め"),
        Reason::Consent => Words::new("no consent", "同意がない"),
        Reason::Unreachable => Words::new("cannot be reached on this channel", "このチャネルでは届かない"),
        Reason::Deadline => Words::new("past its deadline", "期限切れ"),
        Reason::Quiet => Words::new("quiet hours", "静かな時間帯"),
        Reason::Cap => Words::new("a cap is reached", "上限に達した"),
        Reason::Budget => Words::new("the budget is used up", "予算を使い切った"),
        Reason::Refused => Words::new("refused by the provider", "配信事業者が拒否"),
        Reason::Late => Words::new("it came due while the journey was paused", "一時停止中に送信時刻が来た"),
        Reason::Discarded => Words::new("discarded before release", "確認のうえ破棄"),
    }
}

pub fn not_entered(why: NotEntered) -> Words {
    match why {
        NotEntered::Live => Words::new("is in it already", "すでに参加中"),
        NotEntered::Reentry => Words::new("too soon to enter again", "再参加にはまだ早い"),
        NotEntered::OnlyIf => Words::new("`only if` was false", "`only if` を満たさない"),
        NotEntered::TooOld => Words::new("the event arrived too late", "イベントの到着が遅すぎた"),
        NotEntered::Ramp => Words::new("not in the share that may enter yet", "公開割合の対象外"),
        NotEntered::Paused => Words::new("the journey is paused", "ジャーニーは一時停止中"),
    }
}

/// The key of a refusal of entry in reports.
pub fn not_entered_key(why: NotEntered) -> &'static str {
    match why {
        NotEntered::Live => "live",
        NotEntered::Reentry => "reentry",
        NotEntered::OnlyIf => "only if",
        NotEntered::TooOld => "too old",
        NotEntered::Ramp => "ramp",
        NotEntered::Paused => "paused",
    }
}

/// The key of an end in reports: `finished`, `stopped`, `stopped: came back`, `exit: purchase`, ….
pub fn end_key(program: &Program, journey: crate::ir::JourneyId, reason: &EndReason) -> String {
    match reason {
        EndReason::Finished => "finished".into(),
        EndReason::Stopped(None) => "stopped".into(),
        EndReason::Stopped(Some(because)) => format!("stopped: {because}"),
        EndReason::Exited(index) => format!("exit: {}", exit_name(program, journey, *index)),
        EndReason::HeldOut => "held out".into(),
        EndReason::Removed => "removed".into(),
        EndReason::Merged => "merged".into(),
        EndReason::Overrun => "overrun".into(),
    }
}

/// What an `exit when` is for: the event, or the segment.
pub fn exit_name(program: &Program, journey: crate::ir::JourneyId, index: u16) -> String {
    use crate::ir::journey::Exit;
    match program.journey(journey).exits.get(index as usize) {
        Some(Exit::Event { event, .. }) => program.event(*event).name.clone(),
        Some(Exit::Segment { segment, enters }) => {
            let name = &program.segments[segment.index()].name;
            if *enters { name.clone() } else { format!("not {name}") }
        }
        None => String::new(),
    }
}
