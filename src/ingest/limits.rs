//! The limits of what is taken in, each with its reason.
//!
//! Enforces nothing itself.

use crate::value::Instant;

/// A longer line is skipped unread. Segment takes 32 KB per call and RudderStack 4 MB per batch of many.
pub const LINE_BYTES_MAX: usize = 1 << 20;
/// How many examples of rejected lines are kept, of all reasons together.
pub const SAMPLES_MAX: usize = 20;
/// Characters of an offending text that are shown.
pub const EXCERPT_CHARS_MAX: usize = 60;
/// Different unknown event names counted by name; the rest is counted together.
pub const UNKNOWN_NAMES_MAX: usize = 200;
/// Different unknown fields counted by name for one event; the rest is counted together.
pub const UNKNOWN_FIELDS_MAX: usize = 32;
/// Different unknown fields counted by name over all events, in a process that runs for months.
pub const UNKNOWN_FIELDS_TOTAL_MAX: usize = 2_000;
/// Different reasons counted by name; a reason names a declared field or a column, so there are more only on purpose.
pub const REASONS_MAX: usize = 10_000;
/// One call as it comes in by HTTP, with what it shares with its batch. Segment's limit.
pub const CALL_BYTES_MAX: usize = 32 << 10;
/// A batch, unpacked, with what its calls share repeated in each. Segment takes 500 KB, RudderStack 4 MB; a client that was
/// made for the larger limit would lose what it sent, so the larger one holds.
pub const BATCH_BYTES_MAX: usize = 4 << 20;
/// Calls of one batch. Segment's limit.
pub const BATCH_CALLS_MAX: usize = 2_500;
/// JSON nested deeper than this is an attack. RudderStack's limit.
pub const DEPTH_MAX: usize = 200;
/// Members at the top of a call; Segment's spec knows about 20.
pub const MEMBERS_MAX: usize = 200;
/// Rows of one group (lines of one invoice).
pub const GROUP_ROWS_MAX: usize = 10_000;
/// Segment's own limit is 100; ids of 255 characters are seen from others.
pub const ID_BYTES_MAX: usize = 1_024;
/// No event is earlier than this …
pub const EARLIEST: Instant = Instant(0);
/// … or later than this (2100-01-01): one such line would drag virtual time past every other.
pub const LATEST: Instant = Instant(4_102_444_800_000);
/// A larger mapping is a mistake, and deeply nested YAML takes time that grows with the square of its size.
pub const MAPPING_BYTES_MAX: usize = 64 * 1024;
