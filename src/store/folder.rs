//! A data folder: what lies where, made when it is not there yet, opened whole.
//!
//! ```text
//! README.txt   what a person who looks here should know
//! bundles/     the sources of every version that was live
//! copy.txt     only in a copy: what it held when it was made
//! lock         held by the process that runs
//! log/         the inputs, in segments
//! programs/    every version that was live, made ready to follow the one before
//! secret       32 bytes, made once: seals links and ids
//! tabi.db      what followed from the inputs, up to a position of the log
//! ```
//!
//! Changes nothing in a folder that another process has.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::ports::Secret;
use crate::ports::store::{Log, Position, Store, StoreError, StoreReader};

use super::disk::{Folder, private, sync_folder};
use super::lock::Lock;
use super::log::FileLog;
use super::sqlite::{SqliteReader, SqliteStore};

pub(super) const README: &str = include_str!("README.txt");

/// Everything of a data folder, for one process. The folder stays locked until both log and store are dropped.
pub struct Opened {
    pub log: Box<dyn Log>,
    pub store: Box<dyn Store>,
    pub secret: Secret,
}

/// Paths inside a data folder.
#[derive(Debug, Clone)]
pub(super) struct Paths {
    pub folder: PathBuf,
}

impl Paths {
    pub fn new(folder: &Path) -> Paths {
        Paths { folder: folder.to_path_buf() }
    }
    pub fn database(&self) -> PathBuf {
        self.folder.join("tabi.db")
    }
    pub fn log(&self) -> PathBuf {
        self.folder.join("log")
    }
    pub fn secret(&self) -> PathBuf {
        self.folder.join("secret")
    }
    pub fn lock(&self) -> PathBuf {
        self.folder.join("lock")
    }
    pub fn copy(&self) -> PathBuf {
        self.folder.join("copy.txt")
    }
    pub fn readme(&self) -> PathBuf {
        self.folder.join("README.txt")
    }
}

/// Opens a data folder, or makes one. The log reaches at least as far as the store when this returns.
pub fn open(folder: &Path) -> Result<Opened, StoreError> {
    let paths = Paths::new(folder);
    make_folder(&paths.folder)?;
    let lock: Arc<Lock> = Arc::new(Lock::take(&paths.lock())?);
    make_folder(&paths.log())?;
    if !paths.readme().exists() {
        write_durably(&paths.readme(), README.as_bytes())?;
    }
    let secret = secret(&paths)?;
    // From now on it is no copy any more.
    match fs::remove_file(paths.copy()) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            return Err(io_error("removing", &paths.copy())(error));
        }
        Ok(()) | Err(_) => {}
    }
    make_private(&paths.database())?;
    let store = SqliteStore::open(&paths.database())?;
    let log = FileLog::open(Box::new(Folder::new(paths.log())))?;
    agree(store.position()?.0, log.begin(), log.end())?;
    sync_folder(&paths.folder).map_err(io_error("syncing", &paths.folder))?;
    Ok(Opened { log: Box::new(log.holding(lock.clone())), store: Box::new(store.holding(lock)), secret })
}

/// A view of what the last checkpoint left, beside the process that runs, if one does.
pub fn look(folder: &Path) -> Result<Box<dyn StoreReader>, StoreError> {
    Ok(Box::new(SqliteReader::open(&Paths::new(folder).database())?))
}

/// Recovery replays the log from the store's position: it must be there.
pub(super) fn agree(store: Position, begin: Position, end: Position) -> Result<(), StoreError> {
    let what = if store < begin {
        format!("the store includes {} records, but the log begins at record {}", store.0, begin.0)
    } else if store > end {
        format!("the store includes {} records, but the log ends after {}", store.0, end.0)
    } else {
        return Ok(());
    };
    Err(StoreError::Damaged { what })
}

/// Only its owner may look into it.
pub(super) fn make_folder(path: &Path) -> Result<(), StoreError> {
    if path.is_dir() {
        return Ok(());
    }
    #[allow(unused_mut)]
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    let making = io_error("making", path);
    builder.recursive(true).create(path).map_err(&making)?;
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => sync_folder(parent).map_err(making),
        _ => Ok(()),
    }
}

/// Only its owner may read it; SQLite makes its other files alike. An existing file is left alone: closing it here would
/// give away the locks of every connection of this process.
pub(super) fn make_private(path: &Path) -> Result<(), StoreError> {
    match private().write(true).create_new(true).open(path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(io_error("making", path)(error)),
        Ok(_) | Err(_) => Ok(()),
    }
}

/// The file is there whole or not at all.
pub(super) fn write_durably(path: &Path, bytes: &[u8]) -> Result<(), StoreError> {
    let writing = io_error("writing", path);
    let aside = path.with_extension("new");
    let mut file = private().write(true).create(true).truncate(true).open(&aside).map_err(&writing)?;
    file.write_all(bytes).and_then(|()| file.sync_all()).map_err(&writing)?;
    fs::rename(&aside, path).map_err(&writing)?;
    path.parent().map_or(Ok(()), sync_folder).map_err(writing)
}

/// Made once. It is never made anew beside data: links that were sent and ids that were forgotten depend on it.
fn secret(paths: &Paths) -> Result<Secret, StoreError> {
    match fs::read(paths.secret()) {
        Ok(bytes) => read_secret(&bytes),
        Err(error) if error.kind() == io::ErrorKind::NotFound && is_new(paths)? => {
            let mut bytes = [0; 32];
            getrandom::fill(&mut bytes).map_err(|error| StoreError::Io {
                doing: "asking the operating system for chance".into(),
                error: io::Error::other(error.to_string()),
            })?;
            write_durably(&paths.secret(), &bytes)?;
            Ok(Secret::new(bytes))
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let what = "the file `secret` is missing; links that were sent cannot be read without it: restore it from a \
                        backup";
            Err(StoreError::Damaged { what: what.into() })
        }
        Err(error) => Err(io_error("reading", &paths.secret())(error)),
    }
}

/// Neither store nor log is there yet. A crash may have left a database of no bytes.
fn is_new(paths: &Paths) -> Result<bool, StoreError> {
    let no_rows = fs::metadata(paths.database()).map_or(true, |metadata| metadata.len() == 0);
    Ok(no_rows && super::log::first(&Folder::new(paths.log()))?.is_none())
}

pub(super) fn read_secret(bytes: &[u8]) -> Result<Secret, StoreError> {
    let bytes: [u8; 32] = bytes.try_into().map_err(|_| StoreError::Damaged {
        what: format!("the file `secret` has {} bytes instead of 32; restore it from a backup", bytes.len()),
    })?;
    Ok(Secret::new(bytes))
}

pub(super) fn io_error(doing: &str, path: &Path) -> impl Fn(io::Error) -> StoreError {
    let doing = format!("{doing} {}", path.display());
    move |error| match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => StoreError::Full,
        _ => StoreError::Io { doing: doing.clone(), error },
    }
}
