//! The durable runtime: inputs into the log, people stepped in its order, what followed into the store, orders handed out
//! until they are done with.
//!
//! ```text
//! record     what the log holds
//! node       the one who writes the log, knows who is who, and hands everything on in order
//! shard      some of the people, and what they ordered
//! resident   those of them who are in memory
//! pending    an order or a call until it is done with
//! door       where things come in and wait until they are durable
//! dispatcher what may be handed to which provider when
//! bucket     how many a second
//! diary      what happened to each, for the store
//! histories  what happened to everybody, read back from the store
//! outfit     what messages lead back to
//! ```
//!
//! An input is acknowledged when it is durable in the log; everything else follows from the log by the machine, so it is
//! written to the store lazily, whole and at once, with the position of the log that it includes. Recovery reads the store
//! and replays the rest of the log. An order leaves only after the inputs it follows from are durable; that it was tried,
//! and what came of it, are inputs themselves.
//!
//! Everything here but `live` is deterministic: time, disks and providers are handed in.

pub mod answers;
mod apply;
mod bucket;
pub mod clock;
pub mod diary;
pub mod dispatcher;
pub mod door;
pub mod histories;
pub mod lanes;
pub mod library;
pub mod live;
pub mod look;
pub mod node;
pub mod outfit;
pub mod pending;
pub mod proofs;
mod ready;
pub mod record;
pub mod recover;
pub mod resident;
mod rights;
pub mod shard;
pub mod tail;
mod turnover;
mod way;
