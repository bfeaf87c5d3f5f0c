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

/// The parts of a text.
pub fn parts(text: &str) -> Parts {
    if text.chars().all(is_plain) {
        let units = text.chars().map(|c| if EXTENDED.contains(c) { 2 } else { 1 }).sum();
        of_units(Alphabet::Plain, units)
    } else {
        of_units(Alphabet::Ucs2, text.encode_utf16().count())
    }
}

/// The parts of a text of so many units.
pub fn of_units(alphabet: Alphabet, units: usize) -> Parts {
    let (alone, joined) = match alphabet {
        Alphabet::Plain => (160, 153),
        Alphabet::Ucs2 => (70, 67),
    };
    let parts = if units <= alone { usize::from(units > 0) } else { units.div_ceil(joined) };
    Parts { alphabet, units, parts }
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
        assert_eq!([of("あ", 70), of("あ", 71), of("あ", 134), of("あ", 135)], [1, 2, 2, 3]);
    }
}
