//! Stable hashes: who meets which arm, and which input was seen.
//!
//! xxh3-64 over `salt NUL unit`: a published function, so that any other host computes the same.

use xxhash_rust::xxh3::xxh3_64;

/// A number in `0..buckets`, the same for the same salt and unit on every machine and in every replay.
pub fn bucket(salt: &str, unit: &str, buckets: u32) -> u32 {
    let mut bytes = Vec::with_capacity(salt.len() + unit.len() + 1);
    bytes.extend_from_slice(salt.as_bytes());
    bytes.push(0);
    bytes.extend_from_slice(unit.as_bytes());
    ((u128::from(xxh3_64(&bytes)) * u128::from(buckets)) >> 64) as u32
}

/// The 64-bit name under which a message id is remembered.
pub fn fingerprint(text: &str) -> u64 {
    xxh3_64(text.as_bytes())
}
