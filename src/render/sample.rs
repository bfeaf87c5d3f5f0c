//! People and values made up by their types, for previews where no story brings any.
//!
//! The same every time. Knows nothing of journeys: a made-up person may be one whom no journey writes to.

use std::sync::Arc;

use crate::ir::{FieldDef, Program, Type};
use crate::value::{CalendarPeriod, Date, Decimal, Instant, LocalTime, Money, Span, Value, Zone};

/// What a made-up person is like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kind {
    /// For names of files, and for English readers.
    pub name: &'static str,
    /// What Japanese readers call it.
    pub name_ja: &'static str,
    /// What it is there for, in English and Japanese.
    pub about: (&'static str, &'static str),
    /// What texts say: a person's name, and the name of a thing.
    texts: &'static [&'static str],
    /// Whether optionals are missing.
    bare: bool,
    items: usize,
    zone: &'static str,
}

/// The people every message should be seen with: an ordinary one, names longer than any layout expects, no optionals,
/// markup and template marks in names, another script and zone.
pub const KINDS: &[Kind] = &[
    Kind {
        name: "usual",
        name_ja: "ふつう",
        about: ("an ordinary customer", "ふつうのお客さま"),
        texts: &["花子", "宇治ほうじ茶 100g"],
        bare: false,
        items: 2,
        zone: "Asia/Tokyo",
    },
    Kind {
        name: "long",
        name_ja: "長い名前",
        about: ("long names, emoji, long lists", "長い名前・絵文字・長いリスト"),
        texts: &[
            "寿限無寿限無五劫の擦り切れ海砂利水魚の水行末雲来末風来末食う寝る処に住む処藪ら柑子の藪柑子",
            "【数量限定】宇治田原の茶師が二代で守る釜で煎った、冬のあいだだけの深煎りほうじ茶と湯呑みの贈りもの 100g×6袋 🎁👨‍👩‍👧‍👦",
        ],
        bare: false,
        items: 12,
        zone: "Asia/Tokyo",
    },
    Kind {
        name: "bare",
        name_ja: "項目なし",
        about: ("nothing optional known", "任意の項目がすべて空"),
        texts: &["茶"],
        bare: true,
        items: 1,
        zone: "Asia/Tokyo",
    },
    Kind {
        name: "markup",
        name_ja: "記号入り",
        about: ("markup and template marks in names", "名前にタグやテンプレート記号"),
        texts: &[
            "<script>alert(1)</script>\"'&{{ 7*7 }}{% if %}\r\nBcc: x@example.com",
            "</td></table>\u{202e}\\\"},{\"a\":\"b",
        ],
        bare: false,
        items: 2,
        zone: "Asia/Tokyo",
    },
    Kind {
        name: "english",
        name_ja: "英語",
        about: ("English names, another zone", "英語の名前・別のタイムゾーン"),
        texts: &["Maximiliana-Antoinette Featherstonehaugh-Cholmondeley", "Roasted green tea, 100 g"],
        bare: false,
        items: 3,
        zone: "America/New_York",
    },
];

/// A person of one kind: values of the profile, in the order of its fields.
pub fn profile(program: &Program, kind: &Kind, now: Instant) -> Vec<Value> {
    let of = |(at, field): (usize, &FieldDef)| match &field.ty {
        // The first text is a person's name, and the profile is a person's.
        Type::Text => Value::text(kind.texts[0]),
        Type::Optional(inner) if !kind.bare && **inner == Type::Text => Value::text(kind.texts[0]),
        ty => value(program, ty, kind, now, at),
    };
    program.profile.iter().enumerate().map(of).collect()
}

/// Values of fields, in their order.
pub fn fields(program: &Program, fields: &[FieldDef], kind: &Kind, now: Instant) -> Vec<Value> {
    let of = |(at, field): (usize, &FieldDef)| match &field.ty {
        // What a shop hands out is made by the shop.
        Type::Text if field.name.contains("code") => Value::text("HARU-2K7Q"),
        ty => value(program, ty, kind, now, at),
    };
    fields.iter().enumerate().map(of).collect()
}

/// Records within records deeper than this are left empty.
const DEPTH_MAX: usize = 8;

fn value(program: &Program, ty: &Type, kind: &Kind, now: Instant, at: usize) -> Value {
    deep(program, ty, kind, now, at, 0)
}

fn deep(program: &Program, ty: &Type, kind: &Kind, now: Instant, at: usize, depth: usize) -> Value {
    let zone = Zone::from_name(kind.zone).unwrap_or(program.project.zone);
    let seed = at as i64 + depth as i64;
    match ty {
        Type::Optional(_) if kind.bare => Value::Missing,
        Type::Optional(inner) => deep(program, inner, kind, now, at, depth),
        Type::Text => Value::text(kind.texts[kind.texts.len() - 1]),
        Type::Id => Value::text(format!("A-{}", 10_423 + seed * 101)),
        Type::Email => Value::text("hanako@example.com"),
        Type::Phone => Value::text("+819012345678"),
        Type::LineId => Value::text("U4af4980629f4af4980629f4af4980629f"),
        Type::PushToken => Value::text("c1d2e3f4a5"),
        Type::Url => Value::text("https://www.example.com/p/1"),
        Type::Int => Value::Int(if kind.bare { 1 } else { 3 + seed * 120 }),
        Type::Decimal => Value::Decimal(Decimal { micro: 1_500_000 + seed * 250_000 }),
        Type::Percent => Value::Decimal(Decimal { micro: 125_000 }),
        Type::Bool => Value::Bool(!kind.bare),
        Type::Money(currency) => {
            let units = if kind.items > 10 { 1_234_567 } else { 1_480 + seed * 220 };
            let scale = 10i64.pow(u32::from(currency.minor_digits()));
            Value::Money(Money { currency: *currency, minor: units * scale })
        }
        Type::Zone => Value::Zone(zone),
        Type::Instant => Value::Instant(zone.plus(now, CalendarPeriod { months: 0, days: 7, millis: 0 })),
        Type::Date => {
            let days = if kind.items > 10 { 400 } else { 14 };
            Value::Date(Date(zone.date(now).0 + days))
        }
        Type::Time => Value::Time(LocalTime(10 * 3600 + 30 * 60)),
        Type::Span => Value::Span(Span(36 * 3_600_000)),
        Type::Period => Value::Period(CalendarPeriod { months: 0, days: 30, millis: 0 }),
        Type::Enum(id) => {
            let count = program.enums[id.index()].variants.len().max(1);
            Value::Enum((kind.texts[0].len() % count) as u16)
        }
        Type::Record(_) | Type::Event(_) | Type::Result(_) if depth >= DEPTH_MAX => Value::Record(Arc::from([])),
        Type::Record(_) | Type::Event(_) | Type::Result(_) => {
            let fields = super::values::fields_of(program, ty);
            let values = fields.iter().enumerate();
            Value::Record(values.map(|(i, field)| deep(program, &field.ty, kind, now, i + at, depth + 1)).collect())
        }
        Type::List(element) => {
            let count = if depth == 0 { kind.items } else { 1 };
            Value::List((0..count).map(|i| deep(program, element, kind, now, at + i, depth + 1)).collect())
        }
    }
}
