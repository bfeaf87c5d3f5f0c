//! How far a file was sent, noted beside it, so that what was broken off goes on instead of beginning again.
//!
//! A call sent twice is still taken once if it has a `messageId`; this spares sending it.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::cli::exit::Stop;
use crate::diag::Phrase;

/// Lines done of each file; without a file of its own nothing is noted.
pub struct Position {
    path: Option<PathBuf>,
    noted: Noted,
}

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Noted {
    /// By the file as it was named.
    lines: BTreeMap<String, u64>,
}

impl Position {
    pub fn read(path: Option<&Path>) -> Result<Position, Stop> {
        let Some(path) = path else { return Ok(Position { path: None, noted: Noted::default() }) };
        let noted = match fs::read(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Noted::default(),
            Err(error) => return Err(wrong(path, &error.to_string())),
            Ok(bytes) => serde_json::from_slice(&bytes).map_err(|error| wrong(path, &error.to_string()))?,
        };
        Ok(Position { path: Some(path.to_owned()), noted })
    }

    /// The last line that was done.
    pub fn of(&self, file: &str) -> u64 {
        self.noted.lines.get(file).copied().unwrap_or(0)
    }

    /// Everything up to this line is done.
    pub fn note(&mut self, file: &str, line: u64) -> Result<(), Stop> {
        let Some(path) = &self.path else { return Ok(()) };
        self.noted.lines.insert(file.to_owned(), line);
        let text = serde_json::to_vec_pretty(&self.noted).expect("positions are plain data");
        // Whole or not at all.
        let mut new = path.as_os_str().to_owned();
        new.push(".new");
        let new = PathBuf::from(new);
        let written = fs::File::create(&new)
            .and_then(|mut file| file.write_all(&text).and_then(|()| file.sync_all()))
            .and_then(|()| fs::rename(&new, path));
        written.map_err(|error| wrong(path, &error.to_string()))
    }
}

fn wrong(path: &Path, why: &str) -> Stop {
    let path = path.display();
    Stop::Usage {
        what: Phrase::new(
            format!("the position in `{path}` cannot be used: {why}"),
            format!("`{path}` の位置を使えません: {why}"),
        ),
        help: Phrase::new(
            "name another file, or remove it to begin again",
            "別のファイルを指定するか、削除して最初から始める",
        ),
    }
}
