//! The limits of what the outside may ask of us, each with its reason.
//!
//! Those of a single call and of a batch stand in `ingest::limits`; nothing here enforces anything.

use std::time::Duration;

/// Limits that depend on the machine Tabi runs on, or that tests make small.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// A request's head must be here by then; also how long a connection may rest between two requests.
    pub head_timeout: Duration,
    /// And its body, since the head.
    pub body_timeout: Duration,
    /// A reader of our answer who takes nothing for so long is gone.
    pub write_timeout: Duration,
    /// Connections at one time; the next ones wait in the operating system's queue.
    pub connections_max: usize,
    /// Memory for bodies and what is read out of them, over all requests.
    pub in_flight_bytes_max: usize,
    /// A click is not held up longer than this by its own report.
    pub click_wait: Duration,
    /// How long requests under way may take when we stop.
    pub grace: Duration,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            head_timeout: Duration::from_secs(15),
            body_timeout: Duration::from_secs(30),
            write_timeout: Duration::from_secs(30),
            connections_max: 1_024,
            in_flight_bytes_max: 256 << 20,
            click_wait: Duration::from_millis(200),
            grace: Duration::from_secs(20),
        }
    }
}

/// Room for one request's head: a click's address with a target of 2,000 bytes, each written as `%XX`, fits with its headers.
pub const HEAD_BYTES_MAX: usize = 32 << 10;
/// Browsers and proxies send about 20.
pub const HEADERS_MAX: usize = 64;
/// What is read and thrown away of a body that was refused, so that its sender reads why.
pub const DISCARD_BYTES_MAX: usize = 8 << 20;
pub const DISCARD_WAIT: Duration = Duration::from_secs(3);
/// A webhook's body. LINE and SendGrid send up to some hundred events at once, SNS 256 KB.
pub const HOOK_BYTES_MAX: usize = 1 << 20;
/// SNS waits for 15 seconds, LINE for less; whoever is told to come again does.
pub const HOOK_WAIT: Duration = Duration::from_secs(8);
/// The body of the page on which people leave: one field.
pub const FORM_BYTES_MAX: usize = 4 << 10;
/// Bytes of memory that a byte of a body may come to: the body, the calls taken out of it, the values read from them.
/// `tests/server/memory.rs` measures that this is enough.
pub const MEMORY_PER_BYTE: usize = 6;
/// And that a call may come to beside its bytes: why it was refused, twice, and that again in the answer. Small calls are
/// many: 2,500 fit into 5 KB.
pub const MEMORY_PER_CALL: usize = 2 << 10;
/// Reports of clicks and opens that may be under way by themselves; further ones are not told.
pub const REPORTS_MAX: usize = 1_024;
/// What is asked of the door for operators: a name, a number, a folder.
pub const ADMIN_BYTES_MAX: usize = 64 << 10;
/// Dead letters that are listed or handed in again at one time.
pub const DEAD_MAX: usize = 500;
