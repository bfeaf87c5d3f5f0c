//! Secrets that were left in a campaign file (E0431): keys and tokens that anyone who reads the project could use.
//!
//! Knows them by the forms their makers give them, or, in journeys, by being long and random.

use std::collections::BTreeMap;
use std::ops::Range;

use super::Input;
use crate::content;
use crate::diag::{Code, Diagnostic};
use crate::text::{SourceKind, Span};

/// Words shorter than this are names, ids and codes, however random.
const RANDOM_LENGTH_MIN: usize = 40;
/// Bits per character; words and paths stay below 4.2, random base64 of this length is above.
const RANDOM_BITS_MIN: f64 = 4.5;

pub fn secrets(input: Input<'_>, found: &mut Vec<Diagnostic>) {
    for (id, source) in input.sources.iter().filter(|(_, source)| source.kind == SourceKind::Campaign) {
        let known = content::secret::find(&source.text);
        let place = |range: &Range<usize>| Span::new(id, range.start, range.end);
        found.extend(known.iter().map(|secret| told(place(&secret.range), secret.name)));
        for range in words(&source.text).filter(|range| is_random(&source.text[range.clone()])) {
            // Tests are full of addresses and tokens that were made up; only what has a maker's form counts there.
            let runs = input.map.journeys.iter().any(|journey| holds(journey.whole, place(&range)));
            let told_already =
                known.iter().any(|secret| secret.range.start < range.end && range.start < secret.range.end);
            if runs && !told_already {
                found.push(told(place(&range), ("a long random token", "長い乱数のトークン")));
            }
        }
    }
}

/// Runs of characters that tokens are made of.
fn words(text: &str) -> impl Iterator<Item = Range<usize>> {
    let is_token = |c: char| c.is_ascii_alphanumeric() || "_-.+/=".contains(c);
    text.split_inclusive(move |c| !is_token(c)).scan(0, move |end, word| {
        let start = *end;
        *end += word.len();
        Some(start..start + word.trim_end_matches(|c| !is_token(c)).len())
    })
}

fn holds(whole: Span, place: Span) -> bool {
    whole.source == place.source && whole.start <= place.start && place.end <= whole.end
}

/// Long, of all kinds of characters, and without the order of words, numbers or paths.
fn is_random(word: &str) -> bool {
    let has = |test: fn(&u8) -> bool| word.bytes().filter(test).count() >= 3;
    word.len() >= RANDOM_LENGTH_MIN
        && !word.contains("//")
        && word.bytes().filter(|b| b"._-/".contains(b)).count() * 12 < word.len()
        && has(u8::is_ascii_digit)
        && has(u8::is_ascii_uppercase)
        && has(u8::is_ascii_lowercase)
        && bits_per_character(word) >= RANDOM_BITS_MIN
}

/// Shannon's entropy of the word's own characters.
fn bits_per_character(word: &str) -> f64 {
    let mut counts: BTreeMap<u8, u32> = BTreeMap::new();
    word.bytes().for_each(|byte| *counts.entry(byte).or_default() += 1);
    let all = word.len() as f64;
    -counts.values().map(|count| f64::from(*count) / all).map(|share| share * share.log2()).sum::<f64>()
}

fn told(place: Span, what: (&str, &str)) -> Diagnostic {
    let (en, ja) = (format!("a secret in the source: {}", what.0), format!("ソースに秘密情報があります: {}", what.1));
    Diagnostic::new(Code::E0431, place, en, ja).help(
        "take it out and have it replaced where it was issued: whoever has read the project has it",
        "削除し、発行元で無効にして作り直す (プロジェクトを読める人は誰でも使えます)",
    )
}

#[cfg(test)]
mod tests {
    use super::{is_random, words};

    #[test]
    fn what_is_random_and_what_is_only_long() {
        assert!(is_random("Jx7Qm2Zr9Tf4Kc8Wv1Bn6Hs3Ld5Gp0YaUeIoRtPqAsDfGhJkLzXcVbNm"));
        for word in [
            "messages/a_rather_long_name_of_a_file_2026_v3.line.json",
            "0123456789012345678901234567890123456789",
            "3f2504e0-4f89-11d3-9a0c-0305e82c3301-3f2504e0-4f89",
            "ThisIsALongNameOfAThingThatSomebodyWrote2026Times",
            "2026-04-01T20:30:00+09:00-and-something-more-behind-it",
        ] {
            assert!(!is_random(word), "{word}");
        }
    }

    #[test]
    fn words_are_found_where_they_stand() {
        let text = "送る \"abc-1\" x";
        let found: Vec<&str> = words(text).map(|range| &text[range]).filter(|word| !word.is_empty()).collect();
        assert_eq!(found, ["abc-1", "x"]);
    }
}
