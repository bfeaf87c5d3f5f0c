//! How many parts a text message takes, since each is paid for.
//!
//! Knows no provider and no price. The alphabet and sizes are those of 3GPP TS 23.038: 160 letters of its default
//! alphabet in one part, or 70 of UCS-2; 153 and 67 where parts must be joined.

/// Letters of the default alphabet that take one place.
const BASIC: &str = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";
/// Letters of its extension, which take two.
const EXTENDED: &str = "\u{c}^{}\\[~]|€";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Alphabet {
    /// Seven bits a letter.
    Plain,
    /// Two bytes a letter: any text with a Japanese letter in it.
    Ucs2,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Parts {
    pub alphabet: Alphabet,
    /// Places taken in that alphabet.
    pub units: usize,
    /// What is paid for; nothing for an empty text.
    pub parts: usize,
}

/// Whether a letter is in the default alphabet or its extension.
pub fn is_plain(letter: char) -> bool {
    BASIC.contains(letter) || EXTENDED.contains(letter)
}

/// The parts of a text. No letter is divided between two.
pub fn parts(text: &str) -> Parts {
    let alphabet = if text.chars().all(is_plain) { Alphabet::Plain } else { Alphabet::Ucs2 };
    let places = |letter: char| match alphabet {
        Alphabet::Plain => 1 + usize::from(EXTENDED.contains(letter)),
        Alphabet::Ucs2 => letter.len_utf16(),
    };
    let units = text.chars().map(places).sum();
    let (alone, joined) = alphabet.sizes();
    if units <= alone {
        return Parts { alphabet, units, parts: usize::from(units > 0) };
    }
    let (mut parts, mut filled) = (1, 0);
    for letter in text.chars().map(places) {
        if filled + letter > joined {
            (parts, filled) = (parts + 1, 0);
        }
        filled += letter;
    }
    Parts { alphabet, units, parts }
}

/// The fewest parts of a text of so many units.
pub fn of_units(alphabet: Alphabet, units: usize) -> Parts {
    let (alone, joined) = alphabet.sizes();
    let parts = if units <= alone { usize::from(units > 0) } else { units.div_ceil(joined) };
    Parts { alphabet, units, parts }
}

impl Alphabet {
    pub fn name(self) -> &'static str {
        match self {
            Alphabet::Plain => "GSM-7",
            Alphabet::Ucs2 => "UCS-2",
        }
    }
    /// Units of a part that stands alone, and of one of several.
    fn sizes(self) -> (usize, usize) {
        match self {
            Alphabet::Plain => (160, 153),
            Alphabet::Ucs2 => (70, 67),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_borders_of_parts() {
        let cases = [
            ("", Alphabet::Plain, 0, 0),
            ("hello", Alphabet::Plain, 5, 1),
            ("{€}", Alphabet::Plain, 6, 1),
            ("あ", Alphabet::Ucs2, 1, 1),
            ("😀", Alphabet::Ucs2, 2, 1),
        ];
        for (text, alphabet, units, count) in cases {
            assert_eq!(parts(text), Parts { alphabet, units, parts: count }, "{text}");
        }
        let of = |letter: &str, times: usize| parts(&letter.repeat(times)).parts;
        assert_eq!([of("a", 160), of("a", 161), of("a", 306), of("a", 307)], [1, 2, 2, 3]);
        // 33 pairs fill 66 of 67 units; the next pair begins the next part.
        assert_eq!([of("😀", 35), of("😀", 36), of("😀", 67), of("€", 80)], [1, 2, 3, 1]);
        assert_eq!([of("あ", 70), of("あ", 71), of("あ", 134), of("あ", 135)], [1, 2, 2, 3]);
    }
}
