//! Text messages: how many parts a phone network makes of a text.
//!
//! Knows no prices. Source: 3GPP TS 23.038 (alphabets) and TS 23.040 (concatenation).

use serde::Serialize;

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Sms {
    pub body: String,
    pub segments: usize,
    pub encoding: Encoding,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum Encoding {
    /// The 7-bit alphabet: 160 characters, or 153 in each of several parts.
    Gsm7,
    /// UTF-16, for Japanese and whatever else the 7-bit alphabet lacks: 70 units, or 67 in each of several parts.
    Ucs2,
}

impl Encoding {
    pub fn name(self) -> &'static str {
        match self {
            Encoding::Gsm7 => "GSM-7",
            Encoding::Ucs2 => "UCS-2",
        }
    }
    fn sizes(self) -> (usize, usize) {
        match self {
            Encoding::Gsm7 => (160, 153),
            Encoding::Ucs2 => (70, 67),
        }
    }
}

/// The default alphabet of TS 23.038, 6.2.1.
const GSM7: &str = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";
/// Its extension, 6.2.1.1: two places each.
const GSM7_TWICE: &str = "\u{c}^{}\\[~]|€";

pub fn of(body: String) -> Sms {
    let septets: Option<Vec<usize>> = body.chars().map(septets).collect();
    let (encoding, units) = match septets {
        Some(units) => (Encoding::Gsm7, units),
        None => (Encoding::Ucs2, body.chars().map(char::len_utf16).collect()),
    };
    Sms { segments: segments(&units, encoding), encoding, body }
}

fn septets(c: char) -> Option<usize> {
    if GSM7.contains(c) { Some(1) } else { GSM7_TWICE.contains(c).then_some(2) }
}

/// No character is divided between two parts.
fn segments(units: &[usize], encoding: Encoding) -> usize {
    let (alone, each) = encoding.sizes();
    if units.iter().sum::<usize>() <= alone {
        return 1;
    }
    let (mut count, mut filled) = (1, 0);
    for unit in units {
        if filled + unit > each {
            count += 1;
            filled = 0;
        }
        filled += unit;
    }
    count
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_counted_as_networks_count_them() {
        let count = |text: String| (of(text.clone()).segments, of(text).encoding);
        assert_eq!(count("a".repeat(160)), (1, Encoding::Gsm7));
        assert_eq!(count("a".repeat(161)), (2, Encoding::Gsm7));
        assert_eq!(count("a".repeat(306)), (2, Encoding::Gsm7));
        assert_eq!(count("a".repeat(307)), (3, Encoding::Gsm7));
        assert_eq!(count("€".repeat(80)), (1, Encoding::Gsm7));
        assert_eq!(count("あ".repeat(70)), (1, Encoding::Ucs2));
        assert_eq!(count("あ".repeat(71)), (2, Encoding::Ucs2));
        assert_eq!(count("あ".repeat(134)), (2, Encoding::Ucs2));
        assert_eq!(count("あ".repeat(135)), (3, Encoding::Ucs2));
        // 33 pairs fill 66 of 67 units; the next pair begins the second part.
        assert_eq!(count("😀".repeat(36)), (2, Encoding::Ucs2));
        assert_eq!(count("😀".repeat(67)), (3, Encoding::Ucs2));
        assert_eq!(count(String::new()), (1, Encoding::Gsm7));
    }
}
