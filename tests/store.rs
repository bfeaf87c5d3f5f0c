//! The log and the store: what they keep when disks fail, and what they cost.
//!
//! Knows nothing of what the records and rows mean.

mod store {
    mod crashes;
    mod log;
}
