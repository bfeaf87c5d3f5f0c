//! A folder of our own among the system's temporary files, which goes away with what it was made for.
//!
//! Puts nothing in it.

use std::fs;
use std::io;
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

#[derive(Debug)]
pub struct OwnFolder(PathBuf);

impl OwnFolder {
    /// A new one, that only this user may enter.
    pub fn new() -> io::Result<OwnFolder> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| d.as_nanos());
        let folder = std::env::temp_dir().join(format!("tabi-{}-{now}", std::process::id()));
        let mut builder = fs::DirBuilder::new();
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder
            .create(&folder)
            .map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", folder.display())))?;
        Ok(OwnFolder(folder))
    }
}

impl Deref for OwnFolder {
    type Target = Path;
    fn deref(&self) -> &Path {
        &self.0
    }
}

impl Drop for OwnFolder {
    fn drop(&mut self) {
        // What cannot be removed is left to the system, as all of its temporary files.
        let _ = fs::remove_dir_all(&self.0);
    }
}
