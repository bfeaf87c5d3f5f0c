//! Mail: out by SMTP through a relay, and back in as what providers and mailboxes tell of it.
//!
//! Signs nothing (the relay does), and decides neither on retries nor on consent.

mod address;
pub mod dial;
pub mod feedback;
mod letter;
mod pool;
mod reply;
mod smtp;

pub use letter::{Letter, Sealing};
pub use reply::{Reply, Stage, outcome};
pub use smtp::Smtp;

/// The header that carries the sealed key of a send, so that a mail that comes back names it.
pub const KEY_HEADER: &str = "X-Tabi-Send";
/// Local parts at `mailbox_host`, before `+KEY`.
pub const BOUNCE: &str = "bounce";
pub const UNSUBSCRIBE: &str = "unsub";
/// Subject of a mail that leaves.
const LEAVE: &str = "unsubscribe";
/// A key is longer than this only if it is not ours.
const KEY_CHARS_MAX: usize = 100;

/// Digits of a sealed key, as it stands in a header or an address. Says nothing of whether the seal is whole.
pub(super) fn looks_like_key(text: &str) -> bool {
    (1..=KEY_CHARS_MAX).contains(&text.len()) && text.bytes().all(|c| c.is_ascii_digit() || matches!(c, b'a'..=b'v'))
}
