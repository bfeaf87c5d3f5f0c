//! Nonces of account links: sealed tokens that carry the shop's user id and when they were made, so that nothing is stored.
//!
//! Knows no login: whoever asks for a nonce has made sure who the person is.

use crate::ports::Secret;
use crate::value::time::MILLIS_PER_MINUTE;
use crate::value::{Instant, Span};

const PURPOSE: &str = "link";
/// LINE's link tokens live for 10 minutes; the rest is for clocks that differ.
pub const NONCE_LIFE: Span = Span(15 * MILLIS_PER_MINUTE);
const CLOCKS_DIFFER_MAX: Span = Span(5 * MILLIS_PER_MINUTE);
/// LINE takes nonces of 10 to 255 characters. Sealed, these bytes with the time and the mark are 255 at most.
const USER_BYTES_MAX: usize = 139;

/// For `https://access.line.me/dialog/bot/accountLink?linkToken=…&nonce=…`, as soon as the person has logged in to the
/// shop as `user`. `None` if the id is empty or too long for LINE (139 bytes).
pub fn nonce(secret: &Secret, user: &str, now: Instant) -> Option<String> {
    if user.is_empty() || user.len() > USER_BYTES_MAX {
        return None;
    }
    let mut payload = now.0.to_be_bytes().to_vec();
    payload.extend_from_slice(user.as_bytes());
    Some(secret.seal(PURPOSE, &payload))
}

/// Whom a nonce was made for, if it is ours and was fresh when LINE linked the accounts.
pub(super) fn user_of(secret: &Secret, nonce: &str, linked_at: Instant) -> Option<String> {
    let payload = secret.open(PURPOSE, nonce)?;
    let (made, user) = payload.split_first_chunk::<8>()?;
    let made = i64::from_be_bytes(*made);
    let age = linked_at.0.saturating_sub(made);
    let fresh = (-CLOCKS_DIFFER_MAX.0..=NONCE_LIFE.0).contains(&age);
    let user = String::from_utf8(user.to_vec()).ok().filter(|user| !user.is_empty())?;
    fresh.then_some(user)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: Instant = Instant(1_780_000_000_000);

    #[test]
    fn a_nonce_tells_its_user_for_a_quarter_of_an_hour() {
        let secret = Secret::new([3; 32]);
        let text = nonce(&secret, "会員-42", NOON).unwrap();
        assert!((10..=255).contains(&text.len()));
        assert_eq!(user_of(&secret, &text, NOON.plus(NONCE_LIFE)).as_deref(), Some("会員-42"));
        assert_eq!(user_of(&secret, &text, NOON.plus(Span(NONCE_LIFE.0 + 1))), None);
        assert_eq!(user_of(&secret, &text, NOON.minus(Span(CLOCKS_DIFFER_MAX.0 + 1))), None);
        assert_eq!(user_of(&Secret::new([4; 32]), &text, NOON), None);
        assert_eq!(
            user_of(&secret, &secret.seal("send", b"\0\0\0\0\0\0\0\0u"), NOON),
            None,
            "sealed for something else"
        );
    }

    #[test]
    fn nonces_have_the_length_that_line_takes() {
        let secret = Secret::new([3; 32]);
        assert_eq!(nonce(&secret, "", NOON), None);
        assert!(nonce(&secret, "u", NOON).unwrap().len() >= 10);
        let longest = nonce(&secret, &"u".repeat(USER_BYTES_MAX), NOON).unwrap();
        assert!(longest.len() <= 255, "{}", longest.len());
        assert!(user_of(&secret, &longest, NOON).is_some());
        assert_eq!(nonce(&secret, &"u".repeat(USER_BYTES_MAX + 1), NOON), None);
        for payload in [&b""[..], b"1234567", b"12345678", b"12345678\xff"] {
            assert_eq!(user_of(&secret, &secret.seal(PURPOSE, payload), NOON), None);
        }
    }
}
