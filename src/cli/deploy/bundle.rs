//! The sources of a version that was live, as they were: for looking at them and for going back.
//!
//! Compiles nothing.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Component, Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::cli::open::Opened;
use crate::cli::own_folder::OwnFolder;
use crate::ports::store::StoreError;
use crate::store::kept::{self, Kind};
use crate::value::Instant;

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Bundle {
    /// In hex: [`crate::ir::Program::content_hash`].
    pub hash: String,
    pub project: String,
    /// Of the Tabi that kept it.
    pub tabi: String,
    /// When it was kept first.
    pub kept_at: String,
    /// Paths relative to the project, and texts.
    pub files: BTreeMap<String, String>,
}

pub fn hex(hash: [u8; 32]) -> String {
    blake3::Hash::from_bytes(hash).to_hex().to_string()
}

/// As people read it.
pub fn short(hash: [u8; 32]) -> String {
    hex(hash)[..8].to_owned()
}

impl Bundle {
    /// Of a project that compiled.
    pub fn of(opened: &Opened, hash: [u8; 32], now: Instant) -> Bundle {
        let root = &opened.project.root;
        let files = opened.project.sources.iter().map(|(_, source)| {
            let path = Path::new(&source.path);
            let inside = path.strip_prefix(root).unwrap_or(path);
            (inside.display().to_string(), source.text.clone())
        });
        Bundle {
            hash: hex(hash),
            project: opened.program.as_ref().map_or_else(String::new, |program| program.project.name.clone()),
            tabi: env!("CARGO_PKG_VERSION").to_owned(),
            kept_at: now.to_string(),
            files: files.collect(),
        }
    }
    pub fn keep(&self, data: &Path) -> Result<(), StoreError> {
        if kept::kept(data, Kind::Bundle, &self.hash)?.is_some() {
            return Ok(());
        }
        kept::keep(data, Kind::Bundle, &self.hash, &serde_json::to_vec(self).unwrap_or_default())
    }
    /// By its hash or the beginning of it.
    pub fn kept(data: &Path, name: &str) -> Result<Option<Bundle>, StoreError> {
        let name = name.to_ascii_lowercase();
        let mut found = kept::names(data, Kind::Bundle)?.into_iter().filter(|hash| hash.starts_with(&name));
        let (Some(hash), None) = (found.next(), found.next()) else { return Ok(None) };
        let Some(bytes) = kept::kept(data, Kind::Bundle, &hash)? else { return Ok(None) };
        let read = serde_json::from_slice(&bytes);
        read.map(Some).map_err(|error| StoreError::Damaged { what: format!("the bundle {hash}: {error}") })
    }
    pub fn all(data: &Path) -> Result<Vec<Bundle>, StoreError> {
        let names = kept::names(data, Kind::Bundle)?;
        names.iter().filter_map(|name| Bundle::kept(data, name).transpose()).collect()
    }
    /// The files in a folder that is gone when this is.
    pub fn unpacked(&self) -> std::io::Result<OwnFolder> {
        let folder = OwnFolder::new()?;
        for (path, text) in &self.files {
            // Only what was inside the project: nothing leads out of the folder.
            let inside: PathBuf =
                Path::new(path).components().filter(|part| matches!(part, Component::Normal(_))).collect();
            let path = folder.join(inside);
            if let Some(parent) = path.parent() {
                fs::create_dir_all(parent)?;
            }
            fs::write(path, text)?;
        }
        Ok(folder)
    }
}
