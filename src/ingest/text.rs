//! One piece of text to one typed value: for CSV cells, and for the strings and numbers inside JSON.
//!
//! Numbers are read from their digits, never through floating point.

use crate::ir::Type;
use crate::value::{CalendarPeriod, Date, Decimal, Instant, LocalTime, Money, Span, Value, Zone};

use super::Schema;

/// A number's digits as written: `mantissa × 10^exponent`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Number {
    pub mantissa: i128,
    pub exponent: i32,
}

/// More digits than this are not a figure of any shop (and would not fit).
const DIGITS_MAX: usize = 36;
const EXPONENT_MAX: i32 = 64;

impl Number {
    /// JSON's notation, also with a leading `+` or point-less forms that CSV files have: `-12`, `2.50`, `1e3`.
    pub fn parse(text: &str) -> Option<Number> {
        let (negative, rest) = match text.as_bytes().first()? {
            b'-' => (true, &text[1..]),
            b'+' => (false, &text[1..]),
            _ => (false, text),
        };
        let (digits, mut exponent) = match rest.find(['e', 'E']) {
            Some(at) => (&rest[..at], rest[at + 1..].parse::<i32>().ok().filter(|e| e.abs() <= EXPONENT_MAX)?),
            None => (rest, 0),
        };
        let (mut mantissa, mut seen, mut point) = (0i128, 0usize, false);
        for byte in digits.bytes() {
            match byte {
                b'0'..=b'9' => {
                    seen += 1;
                    if seen > DIGITS_MAX {
                        return None;
                    }
                    mantissa = mantissa * 10 + i128::from(byte - b'0');
                    exponent -= i32::from(point);
                }
                b'.' if !point => point = true,
                _ => return None,
            }
        }
        (seen > 0).then_some(Number { mantissa: if negative { -mantissa } else { mantissa }, exponent })
    }

    /// In units of `10^-digits`; `None` if that loses a digit or does not fit.
    pub fn exactly(self, digits: u8) -> Option<i64> {
        let shift = self.exponent + i32::from(digits);
        let power = 10i128.checked_pow(shift.unsigned_abs());
        let scaled = match (shift >= 0, power) {
            (true, Some(power)) => self.mantissa.checked_mul(power)?,
            (false, Some(power)) if self.mantissa % power == 0 => self.mantissa / power,
            (_, None) if self.mantissa == 0 => 0,
            (false, Some(_)) | (_, None) => return None,
        };
        i64::try_from(scaled).ok()
    }

    pub fn times(self, other: Number) -> Option<Number> {
        let mantissa = self.mantissa.checked_mul(other.mantissa)?;
        Some(Number { mantissa, exponent: self.exponent + other.exponent })
    }

    pub fn compare(self, other: Number) -> Option<std::cmp::Ordering> {
        let minus = Number { mantissa: -other.mantissa, exponent: other.exponent };
        self.plus(minus).map(|difference| difference.mantissa.cmp(&0))
    }

    pub fn plus(self, other: Number) -> Option<Number> {
        let exponent = self.exponent.min(other.exponent);
        let scale = |n: Number| n.mantissa.checked_mul(10i128.checked_pow((n.exponent - exponent).unsigned_abs())?);
        Some(Number { mantissa: scale(self)?.checked_add(scale(other)?)?, exponent })
    }
}

/// A number as a value of a numeric type; `None` if it is not exact in it.
pub fn number(ty: &Type, number: Number) -> Option<Value> {
    Some(match ty {
        Type::Int => Value::Int(number.exactly(0)?),
        Type::Decimal | Type::Percent => Value::Decimal(Decimal { micro: number.exactly(6)? }),
        Type::Money(currency) => {
            Value::Money(Money { currency: *currency, minor: number.exactly(currency.minor_digits())? })
        }
        Type::Span => Value::Span(Span(number.exactly(3)?)),
        _ => return None,
    })
}

/// Text as a value of a type that JSON writes as a string.
pub fn string(schema: &Schema, ty: &Type, text: &str) -> Option<Value> {
    Some(match ty {
        Type::Text | Type::Id | Type::Email | Type::Phone | Type::LineId | Type::PushToken | Type::Url => {
            Value::text(text)
        }
        Type::Zone => Value::Zone(Zone::from_name(text)?),
        Type::Instant => Value::Instant(Instant::parse_rfc3339(text)?),
        Type::Date => Value::Date(date(text)?),
        Type::Time => Value::Time(time(text)?),
        Type::Period => Value::Period(CalendarPeriod::parse(text)?),
        Type::Enum(id) => {
            let variants = schema.variants(*id);
            Value::Enum(variants.iter().position(|v| **v == *text)? as u16)
        }
        Type::Optional(inner) => string(schema, inner, text)?,
        Type::Int | Type::Decimal | Type::Percent | Type::Bool | Type::Money(_) | Type::Span => return None,
        Type::Record(_) | Type::Event(_) | Type::Result(_) | Type::List(_) => return None,
    })
}

/// A cell of a table as a value: everything is text there, and an empty cell is a missing value.
pub fn cell(schema: &Schema, ty: &Type, text: &str) -> Option<Value> {
    match ty {
        Type::Optional(_) if text.is_empty() => Some(Value::Missing),
        Type::Optional(inner) => cell(schema, inner, text),
        Type::Int | Type::Decimal | Type::Percent | Type::Money(_) | Type::Span => {
            number(ty, Number::parse(text.trim())?)
        }
        Type::Bool => match text.trim() {
            "true" | "TRUE" | "True" | "1" | "yes" => Some(Value::Bool(true)),
            "false" | "FALSE" | "False" | "0" | "no" => Some(Value::Bool(false)),
            _ => None,
        },
        _ => string(schema, ty, text),
    }
}

/// `2026-04-01`, or the same as a time at midnight UTC, as JavaScript writes a date.
fn date(text: &str) -> Option<Date> {
    let (day, rest) = text.split_at_checked(10)?;
    matches!(rest, "" | "T00:00:00Z" | "T00:00:00.000Z").then(|| Date::parse(day)).flatten()
}

/// `09:00` or `09:00:30`.
fn time(text: &str) -> Option<LocalTime> {
    let mut parts = text.split(':').map(|p| if p.len() == 2 { p.parse::<u32>().ok() } else { None });
    let (hour, minute) = (parts.next()??, parts.next()??);
    let second = parts.next().unwrap_or(Some(0))?;
    if parts.next().is_some() || second >= 60 {
        return None;
    }
    LocalTime::from_hm(hour, minute).map(|t| LocalTime(t.0 + second))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::Currency;

    #[test]
    fn numbers_are_exact_or_refused() {
        let usd = Type::Money(Currency::from_code("USD").unwrap());
        let jpy = Type::Money(Currency::from_code("JPY").unwrap());
        let minor = |ty: &Type, text: &str| match number(ty, Number::parse(text)?)? {
            Value::Money(money) => Some(money.minor),
            other => panic!("{other:?}"),
        };
        for (ty, text, expected) in [
            (&usd, "19.99", Some(1999)),
            (&usd, "19.990", Some(1999)),
            (&usd, "19.999", None),
            (&usd, "0.07", Some(7)),
            (&usd, "-5", Some(-500)),
            (&usd, "1e2", Some(10_000)),
            (&usd, "1.5e1", Some(1_500)),
            (&usd, "92233720368547758.07", Some(i64::MAX)),
            (&usd, "92233720368547758.08", None),
            (&jpy, "3000", Some(3000)),
            (&jpy, "3000.0", Some(3000)),
            (&jpy, "3000.5", None),
            (&jpy, "1e99999", None),
            (&jpy, "0e-60", Some(0)),
            (&jpy, "1e-60", None),
            (&jpy, "", None),
            (&jpy, "-", None),
            (&jpy, ".", None),
            (&jpy, "1.2.3", None),
            (&jpy, "0x10", None),
            (&jpy, "1234567890123456789012345678901234567", None),
        ] {
            assert_eq!(minor(ty, text), expected, "{text}");
        }
    }

    #[test]
    fn sums_of_products_stay_exact() {
        let n = |t: &str| Number::parse(t).unwrap();
        let sum = n("6.0").times(n("2.55")).unwrap().plus(n("8.0").times(n("0.001")).unwrap()).unwrap();
        assert_eq!(sum.exactly(3), Some(15_308));
        assert_eq!(sum.exactly(2), None);
    }

    #[test]
    fn times_and_dates() {
        assert_eq!(time("09:30"), LocalTime::from_hm(9, 30));
        assert_eq!(time("09:30:05"), Some(LocalTime(34_205)));
        for bad in ["24:00", "9:30", "09:60", "09", "09:30:60", "09:30:00:00", ""] {
            assert_eq!(time(bad), None, "{bad}");
        }
        assert_eq!(date("1990-02-28T00:00:00.000Z"), Date::from_ymd(1990, 2, 28));
        for bad in ["1990-02-30", "1990-02-28T01:00:00Z", "1990-2-8", "１９９０-02", ""] {
            assert_eq!(date(bad), None, "{bad}");
        }
    }
}
