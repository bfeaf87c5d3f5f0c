//! Exact money and decimals. Never floating point.

use std::fmt;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A currency of ISO 4217, by its place in [`CURRENCIES`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Currency(u16);

/// Code and number of minor digits, ISO 4217 (2026), sorted by code.
pub const CURRENCIES: &[(&str, u8)] = &[
    ("AED", 2),
    ("ARS", 2),
    ("AUD", 2),
    ("BDT", 2),
    ("BGN", 2),
    ("BHD", 3),
    ("BRL", 2),
    ("CAD", 2),
    ("CHF", 2),
    ("CLP", 0),
    ("CNY", 2),
    ("COP", 2),
    ("CZK", 2),
    ("DKK", 2),
    ("EGP", 2),
    ("EUR", 2),
    ("GBP", 2),
    ("HKD", 2),
    ("HUF", 2),
    ("IDR", 2),
    ("ILS", 2),
    ("INR", 2),
    ("ISK", 0),
    ("JOD", 3),
    ("JPY", 0),
    ("KRW", 0),
    ("KWD", 3),
    ("LKR", 2),
    ("MAD", 2),
    ("MMK", 2),
    ("MXN", 2),
    ("MYR", 2),
    ("NGN", 2),
    ("NOK", 2),
    ("NPR", 2),
    ("NZD", 2),
    ("OMR", 3),
    ("PEN", 2),
    ("PHP", 2),
    ("PKR", 2),
    ("PLN", 2),
    ("QAR", 2),
    ("RON", 2),
    ("RSD", 2),
    ("SAR", 2),
    ("SEK", 2),
    ("SGD", 2),
    ("THB", 2),
    ("TND", 3),
    ("TRY", 2),
    ("TWD", 2),
    ("UAH", 2),
    ("USD", 2),
    ("UYU", 2),
    ("VND", 0),
    ("ZAR", 2),
];

impl Currency {
    pub fn from_code(code: &str) -> Option<Currency> {
        CURRENCIES.binary_search_by_key(&code, |c| c.0).ok().map(|i| Currency(i as u16))
    }
    pub fn code(self) -> &'static str {
        CURRENCIES[self.0 as usize].0
    }
    /// Digits after the point: 0 for JPY, 2 for USD.
    pub fn minor_digits(self) -> u8 {
        CURRENCIES[self.0 as usize].1
    }
}

impl Serialize for Currency {
    /// By code, so that a hash does not depend on the table.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}

impl<'de> Deserialize<'de> for Currency {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let code = std::borrow::Cow::<str>::deserialize(deserializer)?;
        Currency::from_code(&code).ok_or_else(|| D::Error::custom("a currency that is not known"))
    }
}

/// An amount in minor units (yen, cents).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Money {
    pub currency: Currency,
    pub minor: i64,
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = self.currency.minor_digits() as usize;
        let scale = 10u64.pow(digits as u32);
        let (whole, rest) = (self.minor.unsigned_abs() / scale, self.minor.unsigned_abs() % scale);
        let sign = if self.minor < 0 { "-" } else { "" };
        match digits {
            0 => write!(f, "{sign}{whole} {}", self.currency.code()),
            _ => write!(f, "{sign}{whole}.{rest:0digits$} {}", self.currency.code()),
        }
    }
}

/// A number with six digits after the point; exact within ±9.2 × 10^12.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
pub struct Decimal {
    pub micro: i64,
}

impl Decimal {
    pub const ONE: i64 = 1_000_000;

    pub fn from_int(whole: i64) -> Decimal {
        Decimal { micro: whole.saturating_mul(Self::ONE) }
    }
    /// `numerator / denominator`, rounded half to even; `None` for a zero denominator.
    pub fn ratio(numerator: i128, denominator: i128) -> Option<Decimal> {
        let micro = divide_half_even(numerator.checked_mul(Self::ONE as i128)?, denominator)?;
        i64::try_from(micro).ok().map(|micro| Decimal { micro })
    }
}

/// Integer division rounded half to even.
pub fn divide_half_even(numerator: i128, denominator: i128) -> Option<i128> {
    if denominator == 0 {
        return None;
    }
    let (quotient, rest) = (numerator / denominator, numerator % denominator);
    let away = if (numerator < 0) != (denominator < 0) { -1 } else { 1 };
    let twice = rest.unsigned_abs() * 2;
    Some(match twice.cmp(&denominator.unsigned_abs()) {
        std::cmp::Ordering::Less => quotient,
        std::cmp::Ordering::Greater => quotient + away,
        std::cmp::Ordering::Equal => quotient + if quotient % 2 == 0 { 0 } else { away },
    })
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.micro < 0 { "-" } else { "" };
        let (whole, rest) = (self.micro.unsigned_abs() / 1_000_000, self.micro.unsigned_abs() % 1_000_000);
        if rest == 0 {
            return write!(f, "{sign}{whole}");
        }
        let digits = format!("{rest:06}");
        write!(f, "{sign}{whole}.{}", digits.trim_end_matches('0'))
    }
}
