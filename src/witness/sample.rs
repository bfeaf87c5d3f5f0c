//! Values that look real, by the name and the type of what they are for.
//!
//! Always the same for the same question; no chance.

use crate::ir::{Channel, EventId, FieldDef, FieldId, Program, Type};
use crate::value::time::{MILLIS_PER_DAY, MILLIS_PER_HOUR};
use crate::value::{CalendarPeriod, Currency, Date, Decimal, Instant, LocalTime, Money, Span, Value};

/// 15 June 1990.
const BORN: Date = Date(7_470);
/// When stories usually begin.
pub(super) const MORNING: LocalTime = LocalTime(10 * 3600);
/// 1 April 2026, a Wednesday.
const FIRST_DAY: Date = Date(20_544);

/// How people and their texts look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Look {
    /// Japanese names and texts of the usual length.
    Japanese,
    /// English names and texts.
    English,
    /// As long as names and texts get, with rare characters and emoji; lists of several.
    Long,
    /// Nothing that may be missing, but for addresses.
    Bare,
}

impl Look {
    pub const ALL: [Look; 4] = [Look::Japanese, Look::English, Look::Long, Look::Bare];

    fn of(self, japanese: &str, english: &str, long: &str) -> String {
        match self {
            Look::Japanese | Look::Bare => japanese.to_owned(),
            Look::English => english.to_owned(),
            Look::Long => long.to_owned(),
        }
    }
}

/// Makes values for one program.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sampler<'p> {
    pub program: &'p Program,
    pub look: Look,
    /// What dates and moments are counted from.
    pub clock: Instant,
    /// How many events there are already: two orders of a person are not one.
    pub ordinal: usize,
}

impl Sampler<'_> {
    /// The record of an event, `at` last.
    pub fn event(&self, event: EventId, at: Instant) -> Value {
        let fields = &self.program.event(event).fields;
        let last = fields.len() - 1;
        let values = fields.iter().enumerate();
        Value::Record(
            values.map(|(i, f)| if i == last { Value::Instant(at) } else { self.value(&f.name, &f.ty) }).collect(),
        )
    }
    pub fn record(&self, fields: &[FieldDef]) -> Value {
        Value::Record(fields.iter().map(|f| self.value(&f.name, &f.ty)).collect())
    }
    pub fn profile(&self) -> Vec<Value> {
        let fields = self.program.profile.iter().enumerate();
        fields.map(|(i, field)| self.profile_field(FieldId(i as u16), field)).collect()
    }
    fn profile_field(&self, id: FieldId, field: &FieldDef) -> Value {
        let known = &self.program.person;
        // The policy's zone will do; an own one moves every hour of the day.
        if known.zone == Some(id) && matches!(field.ty, Type::Optional(_)) {
            return Value::Missing;
        }
        let is_address = Channel::ALL.iter().any(|c| known.addresses[c.index()] == Some(id));
        match (&field.ty, self.look) {
            (Type::Optional(inner), Look::Bare) if is_address => self.value(&field.name, inner),
            _ => self.value(&field.name, &field.ty),
        }
    }
    /// What stands in for a value of this type; present, if the look is not bare.
    pub fn value(&self, name: &str, ty: &Type) -> Value {
        match ty {
            Type::Text => Value::text(self.text(name)),
            Type::Id => Value::text(self.id(name)),
            Type::Email => Value::text(self.look.of(
                "hanako.sato@example.jp",
                "emily.carter@example.com",
                "maximiliane-theodora.von-und-zu-hohenlohe+tea-and-seasons@mail.example.jp",
            )),
            Type::Phone => Value::text(self.look.of("+819012345678", "+447700900123", "+819098765432")),
            Type::LineId => Value::text("U4af4980629f0c1b7a2d83e95b60c17de"),
            Type::PushToken => Value::text("fcm-dQw4w9WgXcQ-APA91bHun4MxP5egoKMwt2KZFBaFUH"),
            Type::Url => Value::text(self.look.of(
                "https://shop.example.jp/items/1001",
                "https://shop.example.jp/en/items/1001",
                "https://shop.example.jp/items/1001?utm_source=line&utm_medium=message&utm_campaign=long%20address",
            )),
            Type::Int => Value::Int(whole(name)),
            Type::Decimal => Value::Decimal(Decimal { micro: Decimal::ONE * 3 / 2 }),
            Type::Percent => Value::Decimal(Decimal { micro: Decimal::ONE / 10 }),
            Type::Bool => Value::Bool(false),
            Type::Money(currency) => money(name, *currency),
            Type::Zone => Value::Zone(self.program.project.zone),
            Type::Instant => Value::Instant(self.noon(self.day(7))),
            Type::Date if name.contains("birth") => Value::Date(BORN),
            Type::Date => Value::Date(self.day(30)),
            Type::Time => Value::Time(LocalTime(12 * 3600)),
            Type::Span => Value::Span(Span(MILLIS_PER_HOUR)),
            Type::Period => Value::Period(CalendarPeriod { months: 0, days: 30, millis: 0 }),
            Type::Enum(id) => Value::Enum(self.variant(&self.program.enums[id.index()].variants)),
            Type::Record(id) => self.record(&self.program.records[id.index()].fields),
            Type::Event(id) => self.event(*id, self.clock),
            Type::Result(id) => self.record(&self.program.actions[id.index()].gives),
            Type::List(element) => self.list(name, element),
            Type::Optional(_) if self.look == Look::Bare => Value::Missing,
            Type::Optional(inner) => self.value(name, inner),
        }
    }
    /// A value that is there, whatever the look.
    pub fn present(&self, name: &str, ty: &Type) -> Value {
        match ty {
            Type::Optional(inner) => self.value(name, inner),
            plain => self.value(name, plain),
        }
    }

    fn day(&self, days: i32) -> Date {
        Date(self.program.project.zone.date(self.clock).0.saturating_add(days))
    }
    fn noon(&self, day: Date) -> Instant {
        self.program.project.zone.instant(day, LocalTime(12 * 3600))
    }
    /// Records and the like are shown; lists of plain words (tags, ids) start empty.
    fn list(&self, name: &str, element: &Type) -> Value {
        let plain = !matches!(element, Type::Record(_) | Type::Event(_) | Type::Result(_));
        let count = match self.look {
            Look::Bare => 0,
            _ if plain => 0,
            Look::Japanese => 1,
            Look::English => 2,
            Look::Long => 3,
        };
        Value::List((0..count).map(|_| self.value(name, element)).collect())
    }
    /// A variant that names the person's language, if there is one; else the first.
    fn variant(&self, variants: &[String]) -> u16 {
        let wanted: &[&str] = match self.look {
            Look::English => &["en", "english", "en_us", "en_gb"],
            Look::Japanese | Look::Long | Look::Bare => &["ja", "japanese", "jp", "ja_jp"],
        };
        let place = variants.iter().position(|v| wanted.contains(&v.to_lowercase().as_str()));
        place.unwrap_or(0) as u16
    }
    fn id(&self, name: &str) -> String {
        let of = name.strip_suffix("_id").unwrap_or(name);
        format!("{of}-{}", 1_001 + self.ordinal)
    }
    fn text(&self, name: &str) -> String {
        let name = name.to_lowercase();
        let has = |words: &[&str]| words.iter().any(|w| name.contains(w));
        if has(&["given", "first_name", "nickname", "名"]) {
            return self.look.of("花子", "Emily", "寿限無寿限無五劫の擦り切れ・マクシミリアーネ🌸");
        }
        if has(&["family", "last_name", "surname", "姓", "氏"]) {
            return self.look.of("佐藤", "Carter", "勅使河原・𠮷田・フォン＝ウント＝ツー＝ホーエンローエ");
        }
        if has(&["lang", "locale"]) {
            return self.look.of("ja", "en", "ja");
        }
        if has(&["source", "entry", "channel", "referr"]) {
            return self.look.of("store", "newsletter", "instagram-spring-collaboration-2026");
        }
        if has(&["code", "coupon"]) {
            return self.look.of("HARU-7F3K", "SPRING-7F3K", "HARU-NO-KANSHASAI-2026-7F3K-9Q2M");
        }
        if has(&["name", "title", "item", "product", "品"]) {
            return self.look.of(
                "宇治抹茶「朝霧」100g",
                "Morning Mist matcha, 100 g",
                "【数量限定・送料無料】宇治抹茶「朝霧」特別栽培一番茶 石臼挽き 100g×3缶 桐箱入りギフトセット🍵🎁（のし対応）",
            );
        }
        self.look.of(
            "とても良い香りでした。",
            "It smells wonderful.",
            "とても良い香りで、家族みんなで毎朝いただいています。贈りものにも喜ばれました🍵✨ また季節が変わるころにお願いします。",
        )
    }
}

fn whole(name: &str) -> i64 {
    let has = |words: &[&str]| words.iter().any(|w| name.contains(w));
    if has(&["point", "amount"]) {
        return 1_200;
    }
    if has(&["stock", "available"]) {
        return 12;
    }
    if has(&["rating", "star"]) {
        return 4;
    }
    if has(&["age"]) {
        return 34;
    }
    1
}

/// Prices as they stand on tags: in hundreds of yen or whole dollars.
fn money(name: &str, currency: Currency) -> Value {
    let has = |words: &[&str]| words.iter().any(|w| name.contains(w));
    let units: i64 = if has(&["old", "before"]) {
        48
    } else if has(&["new", "price"]) {
        24
    } else {
        54
    };
    let per_unit = if currency.minor_digits() == 0 { 100 } else { 10i64.pow(u32::from(currency.minor_digits())) };
    Value::Money(Money { currency, minor: units * per_unit })
}

/// The clock that stories begin with, local to the policy: a Wednesday morning in spring.
pub(super) fn first_clock(zone: crate::value::Zone) -> Instant {
    zone.instant(FIRST_DAY, MORNING)
}

/// So many whole days.
pub(super) fn days(count: i64) -> Span {
    Span(count * MILLIS_PER_DAY)
}
