//! Secrets that were left in a campaign file (E0431): keys and tokens that anyone who reads the project could use.
//!
//! Knows them by the prefixes their issuers gave them, or by being long and random; says never what they are worth.

use std::collections::BTreeMap;

use super::Input;
use crate::diag::{Code, Diagnostic};
use crate::text::{SourceKind, Span};

/// A prefix, how many characters follow at least, and what it is.
const PREFIXES: &[(&str, usize, &str)] = &[
    ("AKIA", 16, "an AWS access key"),
    ("ASIA", 16, "an AWS access key"),
    ("AIza", 35, "a Google API key"),
    ("ghp_", 36, "a GitHub token"),
    ("gho_", 36, "a GitHub token"),
    ("ghs_", 36, "a GitHub token"),
    ("github_pat_", 22, "a GitHub token"),
    ("glpat-", 20, "a GitLab token"),
    ("sk_live_", 16, "a Stripe key"),
    ("rk_live_", 16, "a Stripe key"),
    ("sk-ant-", 20, "an API key"),
    ("sk-proj-", 20, "an API key"),
    ("shpat_", 32, "a Shopify token"),
    ("shpss_", 32, "a Shopify secret"),
    ("xoxb-", 20, "a Slack token"),
    ("xoxp-", 20, "a Slack token"),
    ("SG.", 60, "a SendGrid key"),
    ("whsec_", 24, "a webhook secret"),
    ("eyJhbGciOi", 40, "a signed token"),
];
const PRIVATE_KEY: &str = "PRIVATE KEY-----";

/// Words in journeys that are shorter than this are names, ids and codes, however random.
const RANDOM_LENGTH_MIN: usize = 40;
/// Bits per character; words and paths stay below 4.2, random base64 of this length is above.
const RANDOM_BITS_MIN: f64 = 4.5;

pub fn secrets(input: Input<'_>, found: &mut Vec<Diagnostic>) {
    for (id, source) in input.sources.iter().filter(|(_, source)| source.kind == SourceKind::Campaign) {
        for (start, word) in words(&source.text) {
            let place = Span::new(id, start, start + word.len());
            // Tests are full of addresses and tokens that were made up; only what has an issuer's mark counts there.
            let runs = || input.map.journeys.iter().any(|journey| holds(journey.whole, place));
            let what = known(word).or_else(|| (is_random(word) && runs()).then_some("a long random token"));
            found.extend(what.map(|what| told(place, what)));
        }
        for (start, found_key) in source.text.match_indices(PRIVATE_KEY) {
            found.push(told(Span::new(id, start, start + found_key.len()), "a private key"));
        }
    }
}

/// Runs of characters that tokens are made of, each with its first byte.
fn words(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let is_token = |c: char| c.is_ascii_alphanumeric() || "_-.+/=".contains(c);
    text.split(move |c| !is_token(c)).filter(|word| word.len() >= 20).map(move |word| {
        let start = word.as_ptr() as usize - text.as_ptr() as usize;
        (start, word)
    })
}

fn holds(whole: Span, place: Span) -> bool {
    whole.source == place.source && whole.start <= place.start && place.end <= whole.end
}

/// By the prefix its issuer gave it.
fn known(word: &str) -> Option<&'static str> {
    let known = PREFIXES.iter().find(|(prefix, rest, _)| {
        word.strip_prefix(prefix).is_some_and(|tail| tail.len() >= *rest && tail.bytes().any(|b| b.is_ascii_digit()))
    });
    known.map(|(_, _, what)| *what)
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

fn told(place: Span, what: &str) -> Diagnostic {
    Diagnostic::new(Code::E0431, place, format!("a secret in the source: {what}"), "ソースに秘密情報があります").help(
        "take it out and have it replaced where it was issued: whoever has read the project has it",
        "削除し、発行元で無効にして作り直す (プロジェクトを読める人は誰でも使えます)",
    )
}

#[cfg(test)]
mod tests {
    use super::{is_random, known};

    fn secret(word: &str) -> Option<&'static str> {
        known(word).or_else(|| is_random(word).then_some("random"))
    }

    #[test]
    fn what_is_a_secret_and_what_is_not() {
        let line = "Jx7Qm2Zr9Tf4Kc8Wv1Bn6Hs3Ld5Gp0YaUeIoRtPqAsDfGhJkLzXcVbNm";
        // Put together here so that no scanner takes this file for a leak.
        let aws = format!("{}{}", "AKIA", "IOSFODNN7EXAMPLE");
        let stripe = format!("{}{}", "sk_live_", "4eC39HqLyjWDarjtT1zdp7dc");
        for word in [line, aws.as_str(), stripe.as_str()] {
            assert!(secret(word).is_some(), "{word}");
        }
        for word in [
            "messages/a_rather_long_name_of_a_file_2026_v3.line.json",
            "0123456789012345678901234567890123456789",
            "3f2504e0-4f89-11d3-9a0c-0305e82c3301-3f2504e0-4f89",
            "ThisIsALongNameOfAThingThatSomebodyWrote2026Times",
            "AKIAAAAAAAAAAAAAAAAAAAA",
            "2026-04-01T20:30:00+09:00-and-something-more-behind-it",
        ] {
            assert_eq!(secret(word), None, "{word}");
        }
    }
}
