//! Things kept beside the data under a name: the programs that were live, and the sources they were made of.
//!
//! Written once, whole, and durable when told so; never changed. Knows bytes, not what they mean.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::ports::store::StoreError;

use super::folder::{io_error, make_folder, write_durably};

/// What is kept, and in which folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// By generation.
    Program,
    /// By the hash of what the sources mean.
    Bundle,
}

impl Kind {
    pub const ALL: [Kind; 2] = [Kind::Program, Kind::Bundle];

    fn folder(self) -> &'static str {
        match self {
            Kind::Program => "programs",
            Kind::Bundle => "bundles",
        }
    }
    fn path(self, data: &Path, name: &str) -> PathBuf {
        data.join(self.folder()).join(format!("{name}.zst"))
    }
}

/// Ends what a name may be made of: no path leads out of the folder.
fn is_name(name: &str) -> bool {
    !name.is_empty() && name.len() <= 64 && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
}

/// Where things of a kind are kept.
pub fn folder(data: &Path, kind: Kind) -> PathBuf {
    data.join(kind.folder())
}

pub fn keep(data: &Path, kind: Kind, name: &str, bytes: &[u8]) -> Result<(), StoreError> {
    if !is_name(name) {
        return Err(StoreError::Damaged { what: format!("`{name}` is no name to keep something under") });
    }
    make_folder(&data.join(kind.folder()))?;
    let path = kind.path(data, name);
    let packed = zstd::encode_all(bytes, 0).map_err(io_error("packing", &path))?;
    write_durably(&path, &packed)
}

/// Absent when nothing is kept under the name.
pub fn kept(data: &Path, kind: Kind, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
    if !is_name(name) {
        return Ok(None);
    }
    let path = kind.path(data, name);
    match fs::read(&path) {
        Ok(packed) => zstd::decode_all(&packed[..]).map(Some).map_err(io_error("unpacking", &path)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(io_error("reading", &path)(error)),
    }
}

/// All names, in order.
pub fn names(data: &Path, kind: Kind) -> Result<Vec<String>, StoreError> {
    let folder = data.join(kind.folder());
    let entries = match fs::read_dir(&folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(io_error("reading", &folder)(error)),
    };
    let mut names = Vec::new();
    for entry in entries {
        let name = entry.map_err(io_error("reading", &folder))?.file_name();
        names.extend(name.to_str().and_then(|name| name.strip_suffix(".zst")).map(str::to_owned));
    }
    names.sort_unstable();
    Ok(names)
}

/// Into another data folder, before the log that speaks of them.
pub(super) fn copy(from: &Path, to: &Path) -> Result<(), StoreError> {
    for kind in Kind::ALL {
        for name in names(from, kind)? {
            if let Some(bytes) = kept(from, kind, &name)? {
                keep(to, kind, &name, &bytes)?;
            }
        }
    }
    Ok(())
}
