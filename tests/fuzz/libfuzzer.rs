//! The fuzzer: LibFuzzer over one of the readers, by its name in `TABI_FUZZ`.
//!
//! Needs no nightly: see README.txt beside it.

#![no_main]

use std::sync::LazyLock;

mod readers;

static READER: LazyLock<readers::Reader> = LazyLock::new(|| {
    let name = std::env::var("TABI_FUZZ").expect("TABI_FUZZ names a reader");
    let found = readers::READERS.iter().find(|(known, _)| *known == name);
    found.unwrap_or_else(|| panic!("one of {:?}", readers::READERS.map(|(name, _)| name))).1
});

libfuzzer_sys::fuzz_target!(|data: &[u8]| READER(data));
