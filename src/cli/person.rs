//! A person and a message's values from a file: YAML or JSON with `profile` and `params`.
//!
//! Knows no journeys; whoever asks says which fields there are.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use serde_json::Value as Json;

use super::exit::Stop;
use crate::diag::{Phrase, did_you_mean};
use crate::ir::{FieldDef, Program, Type};
use crate::project::parse_moment;
use crate::value::yaml::reason;
use crate::value::{CalendarPeriod, Currency, Date, Decimal, LocalTime, Money, Span, Value, Zone};

/// A larger file is no person.
const FILE_BYTES_MAX: u64 = 1024 * 1024;

/// What the file says.
pub struct Person {
    profile: Json,
    params: Json,
    path: String,
}

fn not_yaml(path: &str, error: &serde_yaml::Error) -> Stop {
    let (en, ja) = reason(&error.to_string());
    let place = error.location().map_or(1, |place| place.line());
    unreadable(path, (&format!("line {place}: {en}"), &format!("{place} 行目: {ja}")))
}

impl Person {
    pub fn read(path: &Path) -> Result<Person, Stop> {
        let shown = path.display().to_string();
        let size = fs::metadata(path).map_err(|error| no_file(&shown, &error))?.len();
        if size > FILE_BYTES_MAX {
            return Err(unreadable(&shown, ("larger than 1 MB", "1 MB を超えています")));
        }
        let text = fs::read_to_string(path).map_err(|error| no_file(&shown, &error))?;
        // JSON is YAML too.
        let whole: Json = serde_yaml::from_str(&text).map_err(|error| not_yaml(&shown, &error))?;
        for name in whole.as_object().into_iter().flat_map(|members| members.keys()) {
            if name != "profile" && name != "params" {
                return Err(wrong(
                    format!("`{name}` does not belong at the top of `{shown}`"),
                    format!("`{shown}` の先頭の階層に `{name}` は書けません"),
                    (
                        "put what is known of the person under `profile`, and what the message takes under `params`",
                        "人についての項目は `profile` の下に、メッセージのパラメータは `params` の下に書く",
                    ),
                ));
            }
        }
        let part = |name: &str| whole.get(name).cloned().unwrap_or(Json::Null);
        Ok(Person { profile: part("profile"), params: part("params"), path: shown })
    }

    pub fn profile(&self, program: &Program) -> Result<Vec<Value>, Stop> {
        self.unknown(&self.profile, &program.profile)?;
        self.fields(program, &self.profile, &program.profile, "profile")
    }

    /// The values of one message's parameters. Names that the message does not have are another message's.
    pub fn params(&self, program: &Program, fields: &[FieldDef]) -> Result<Vec<Value>, Stop> {
        self.fields(program, &self.params, fields, "params")
    }

    fn unknown(&self, object: &Json, fields: &[FieldDef]) -> Result<(), Stop> {
        let names = object.as_object().into_iter().flat_map(|members| members.keys());
        for name in names {
            if fields.iter().any(|field| field.name == *name) {
                continue;
            }
            let meant = did_you_mean(name, fields.iter().map(|field| field.name.as_str()));
            let help = match meant {
                Some(meant) => (format!("did you mean `{meant}`?"), format!("`{meant}` ではありませんか")),
                None => ("take it out".to_owned(), "取り除く".to_owned()),
            };
            return Err(wrong(
                format!("the profile has no field `{name}` (`{}`)", self.path),
                format!("プロフィールに `{name}` という項目はありません (`{}`)", self.path),
                (&help.0, &help.1),
            ));
        }
        Ok(())
    }

    fn fields(&self, program: &Program, from: &Json, fields: &[FieldDef], part: &str) -> Result<Vec<Value>, Stop> {
        let value = |field: &FieldDef| {
            let written = from.get(&field.name).unwrap_or(&Json::Null);
            value(program, &field.ty, written).ok_or_else(|| self.misfit(part, field, written))
        };
        fields.iter().map(value).collect()
    }

    fn misfit(&self, part: &str, field: &FieldDef, written: &Json) -> Stop {
        let name = &field.name;
        let short: String = written.to_string().chars().take(60).collect();
        let (en, ja) = match written {
            Json::Null => (
                format!("`{part}.{name}` is missing in `{}`", self.path),
                format!("`{}` に `{part}.{name}` がありません", self.path),
            ),
            _ => (
                format!("`{part}.{name}` cannot be {short} (`{}`)", self.path),
                format!("`{part}.{name}` に {short} は入れられません (`{}`)", self.path),
            ),
        };
        let (like, like_ja) = like(&field.ty);
        wrong(en, ja, (&format!("write {like}"), &format!("{like_ja}を書く")))
    }
}

fn no_file(path: &str, error: &std::io::Error) -> Stop {
    let why = Phrase::of_io(error);
    unreadable(path, (&why.en, &why.ja))
}

fn unreadable(path: &str, why: (&str, &str)) -> Stop {
    wrong(
        format!("`{path}` cannot be read: {}", why.0),
        format!("`{path}` を読めません: {}", why.1),
        (
            "give a YAML or JSON file with `profile` and `params`",
            "`profile` と `params` を書いた YAML か JSON を指定する",
        ),
    )
}

fn wrong(en: String, ja: String, help: (&str, &str)) -> Stop {
    Stop::Wrong { what: Phrase::new(en, ja), help: Phrase::new(help.0, help.1) }
}

/// How a value of a type is written in a file.
fn like(ty: &Type) -> (&'static str, &'static str) {
    match ty {
        Type::Optional(inner) => like(inner),
        Type::Text | Type::Id | Type::Email | Type::Phone | Type::LineId | Type::PushToken | Type::Url => {
            ("a text", "文字列")
        }
        Type::Int | Type::Decimal | Type::Percent => ("a number", "数"),
        Type::Bool => ("`true` or `false`", "`true` か `false` "),
        Type::Money(_) => ("a number in units of the currency", "通貨の単位での数"),
        Type::Zone => ("a zone such as `Asia/Tokyo`", "`Asia/Tokyo` のようなタイムゾーン"),
        Type::Instant => ("a time such as `2026-04-01 20:30`", "`2026-04-01 20:30` のような日時"),
        Type::Date => ("a date such as `2026-04-01`", "`2026-04-01` のような日付"),
        Type::Time => ("a time such as `20:30`", "`20:30` のような時刻"),
        Type::Span | Type::Period => ("a duration such as `3d`", "`3d` のような期間"),
        Type::Enum(_) => ("one of its names", "定義された名前のどれか"),
        Type::Record(_) | Type::Event(_) | Type::Result(_) => ("its fields by name", "名前ごとの項目"),
        Type::List(_) => ("a list", "リスト"),
    }
}

fn value(program: &Program, ty: &Type, written: &Json) -> Option<Value> {
    let text = written.as_str();
    Some(match ty {
        Type::Optional(_) if written.is_null() => Value::Missing,
        Type::Optional(inner) => value(program, inner, written)?,
        Type::Text | Type::Id | Type::Email | Type::Phone | Type::LineId | Type::PushToken | Type::Url => match written
        {
            Json::Number(number) => Value::text(number.to_string()),
            _ => Value::text(text?),
        },
        Type::Int => Value::Int(written.as_i64()?),
        Type::Decimal | Type::Percent => Value::Decimal(decimal(written)?),
        Type::Bool => Value::Bool(written.as_bool()?),
        Type::Money(currency) => Value::Money(money(*currency, written)?),
        Type::Zone => Value::Zone(Zone::from_name(text?)?),
        Type::Instant => Value::Instant(parse_moment(text?, program.project.zone)?),
        Type::Date => Value::Date(Date::parse(text?)?),
        Type::Time => {
            let (hour, minute) = text?.split_once(':')?;
            Value::Time(LocalTime::from_hm(hour.parse().ok()?, minute.parse().ok()?)?)
        }
        Type::Span => Value::Span(Span(CalendarPeriod::parse(text?).filter(|p| p.is_exact())?.millis)),
        Type::Period => Value::Period(CalendarPeriod::parse(text?)?),
        Type::Enum(id) => {
            let variants = &program.enums[id.index()].variants;
            Value::Enum(u16::try_from(variants.iter().position(|name| Some(name.as_str()) == text)?).ok()?)
        }
        Type::Record(id) => record(program, &program.records[id.index()].fields, written)?,
        Type::Event(id) => record(program, &program.events[id.index()].fields, written)?,
        Type::Result(id) => record(program, &program.actions[id.index()].gives, written)?,
        Type::List(element) => {
            let items = written.as_array()?;
            Value::List(items.iter().map(|item| value(program, element, item)).collect::<Option<Vec<_>>>()?.into())
        }
    })
}

fn record(program: &Program, fields: &[FieldDef], written: &Json) -> Option<Value> {
    let members = written.as_object()?;
    let of = |field: &FieldDef| value(program, &field.ty, members.get(&field.name).unwrap_or(&Json::Null));
    Some(Value::Record(fields.iter().map(of).collect::<Option<Arc<[_]>>>()?))
}

fn decimal(written: &Json) -> Option<Decimal> {
    let micro = (written.as_f64()? * 1e6).round();
    (micro.abs() < 9e18).then_some(Decimal { micro: micro as i64 })
}

fn money(currency: Currency, written: &Json) -> Option<Money> {
    let scale = 10f64.powi(i32::from(currency.minor_digits()));
    let minor = written.as_f64()? * scale;
    (minor.abs() < 9e15 && (minor - minor.round()).abs() < 1e-6)
        .then_some(Money { currency, minor: minor.round() as i64 })
}
