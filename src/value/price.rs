//! `3 JPY`: what one message costs. Exact, and finer than the currency's own units, as tariffs are.
//!
//! Knows no tariffs; the project names its own.

use super::{Currency, Decimal};

/// The price of one thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Price {
    pub amount: Decimal,
    pub currency: Currency,
}

impl Price {
    /// At most six digits after the point; never below nothing.
    pub fn parse(text: &str) -> Option<Price> {
        let (number, code) = text.trim().split_once(' ')?;
        let currency = Currency::from_code(code.trim())?;
        let (whole, rest) = number.split_once('.').unwrap_or((number, "0"));
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        if !digits(whole) || !digits(rest) || rest.len() > 6 {
            return None;
        }
        let micro = whole.parse::<i64>().ok()?.checked_mul(Decimal::ONE)?;
        let rest: i64 = format!("{rest:0<6}").parse().ok()?;
        Some(Price { amount: Decimal { micro: micro.checked_add(rest)? }, currency })
    }

    /// What so many come to; saturates.
    pub fn times(self, count: u64) -> Decimal {
        let micro = i128::from(self.amount.micro) * i128::from(count);
        Decimal { micro: i64::try_from(micro).unwrap_or(i64::MAX) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prices_are_read_exactly() {
        let table = [("3 JPY", 3_000_000), ("8.5 JPY", 8_500_000), ("0.0001 USD", 100), (" 0 JPY ", 0)];
        for (text, micro) in table {
            assert_eq!(Price::parse(text).map(|price| price.amount.micro), Some(micro), "{text}");
        }
        for text in ["3", "JPY", "3JPY", "-3 JPY", "3 XXX", "1.2345678 JPY", "3. JPY", "1e3 JPY", "99999999999999 JPY"]
        {
            assert_eq!(Price::parse(text), None, "{text}");
        }
    }
}
