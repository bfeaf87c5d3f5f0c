//! The files that messages name: read within limits, and only inside the project.
//!
//! Does not look into them.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Component, Path};

use super::Project;
use super::load::{Trouble, read_text, shown};
use crate::diag::Phrase;
use crate::text::{Source, SourceId};

/// A mail of more than this is clipped by every mailbox provider long before; LINE takes 2 MB a request.
const MESSAGE_BYTES_MAX: u64 = 2 * 1024 * 1024;
/// All files of messages together.
const MESSAGES_BYTES_MAX: u64 = 128 * 1024 * 1024;
/// How many names near a missing file are worth comparing.
const NEIGHBOURS_MAX: usize = 2_000;

/// What became of the files of messages.
pub struct MessageFiles {
    /// By the path as written; a file that was read is a source of the project.
    pub files: Vec<(String, Result<SourceId, Trouble>)>,
    /// Paths as authors would write them of the files near those that are missing.
    pub known: Vec<String>,
}

impl Project {
    /// Reads the files that messages name, as written there: relative to the project's folder. To be called after
    /// [`Project::all_sources`], since they become sources.
    pub fn read_messages(&mut self, paths: &[String]) -> MessageFiles {
        let mut left = MESSAGES_BYTES_MAX;
        let mut known = BTreeSet::new();
        let mut files = Vec::with_capacity(paths.len());
        for written in paths {
            let read = within(written).and_then(|relative| {
                let full = self.root.join(relative);
                if leads_out(&self.root, &full) {
                    return Err(outside(written));
                }
                let text = read_text(&full, MESSAGE_BYTES_MAX.min(left))?;
                left -= text.len() as u64;
                Ok(self.sources.add(Source::other(shown(&full), text)))
            });
            if read.is_err() {
                known.extend(neighbours(&self.root, Path::new(written)));
            }
            files.push((written.clone(), read));
        }
        MessageFiles { files, known: known.into_iter().collect() }
    }
}

/// The path, if it stays inside the project.
fn within(written: &str) -> Result<&Path, Trouble> {
    let path = Path::new(written);
    let plain = path.components().all(|c| matches!(c, Component::Normal(_) | Component::CurDir));
    if plain && path.components().next().is_some() {
        return Ok(path);
    }
    Err(outside(written))
}

/// Whether links take a path that stays inside out of the project after all: what a campaign shows of its files is to
/// be in its own folder.
fn leads_out(root: &Path, full: &Path) -> bool {
    match (root.canonicalize(), full.canonicalize()) {
        (Ok(root), Ok(full)) => !full.starts_with(root),
        _ => false,
    }
}

fn outside(written: &str) -> Trouble {
    Trouble {
        headline: Phrase::new(
            format!("`{written}` is not a file inside the project"),
            format!("`{written}` はプロジェクトの中のファイルではありません"),
        ),
        help: Phrase::new(
            "write the path from the folder of `tabi.yaml`: `messages/hello.mjml`",
            "`tabi.yaml` のあるフォルダーからのパスを書く: `messages/hello.mjml`",
        ),
    }
}

/// The files in the folder that a path leads to.
fn neighbours(root: &Path, written: &Path) -> Vec<String> {
    let folder = written.parent().unwrap_or(Path::new(""));
    if within(&written.to_string_lossy()).is_err() {
        return Vec::new();
    }
    let Ok(entries) = fs::read_dir(root.join(folder)) else { return Vec::new() };
    let names = entries.filter_map(|entry| entry.ok()).take(NEIGHBOURS_MAX);
    let files = names.filter(|entry| entry.path().is_file());
    files.map(|entry| folder.join(entry.file_name()).to_string_lossy().into_owned()).collect()
}
