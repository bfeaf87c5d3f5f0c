//! One process at a time has the data folder.
//!
//! The lock is the operating system's and ends with the process, however it ends; a file left behind locks nothing.

use std::fs::{self, File, TryLockError};
use std::io::{Seek, Write};
use std::path::Path;

use crate::ports::store::StoreError;

use super::disk::private;

/// Held until it is dropped.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

impl Lock {
    pub fn take(path: &Path) -> Result<Lock, StoreError> {
        let io = |error| StoreError::Io { doing: format!("locking {}", path.display()), error };
        let mut file = private().read(true).write(true).create(true).truncate(false).open(path).map_err(io)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(StoreError::Locked { by: holder(path) }),
            Err(TryLockError::Error(error)) => return Err(io(error)),
        }
        // For whoever comes second; says nothing about whether the lock is held.
        let text = format!("{}\n", std::process::id());
        file.set_len(0).and_then(|()| file.rewind()).and_then(|()| file.write_all(text.as_bytes())).map_err(io)?;
        Ok(Lock { _file: file })
    }
}

fn holder(path: &Path) -> String {
    match fs::read_to_string(path).ok().and_then(|text| text.trim().parse::<u32>().ok()) {
        Some(pid) => format!("process {pid}"),
        None => "another process".into(),
    }
}
