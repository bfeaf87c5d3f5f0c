//! The log and the store: what they keep when disks fail, and what they cost.
//!
//! Knows nothing of what the records and rows mean.

mod store {
    mod backup;
    mod crashes;
    mod figures;
    mod folder;
    mod log;
    mod model;
    mod rows;
}
