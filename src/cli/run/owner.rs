//! Whom the data belong to: one environment, or a rehearsal on paper. What was rehearsed is never sent for real, and what is
//! under way for real never ends on paper.
//!
//! Decides by a file beside the data; a copy has none, and belongs to whoever starts it first.

use std::fs;
use std::io;
use std::path::Path;

use super::trouble::unusable;
use crate::cli::exit::Stop;
use crate::diag::Phrase;

const FILE: &str = "environment";
/// What the file says of a rehearsal; no environment is called so, since names have no blanks.
const PAPER: &str = "on paper";

/// Claims the data for an environment, or refuses where they belong to another.
pub fn claim(data: &Path, environment: Option<&str>) -> Result<(), Stop> {
    let (path, name) = (data.join(FILE), environment.unwrap_or(PAPER));
    match fs::read_to_string(&path) {
        Ok(owner) if owner.trim() == name => Ok(()),
        Ok(owner) => Err(others(data, owner.trim(), environment)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            fs::write(&path, format!("{name}\n")).map_err(|error| unusable(data, &error))
        }
        Err(error) => Err(unusable(data, &error)),
    }
}

/// Whether the data are a rehearsal's, whose clock only whoever starts it knows.
pub fn is_rehearsal(data: &Path) -> bool {
    fs::read_to_string(data.join(FILE)).is_ok_and(|owner| owner.trim() == PAPER)
}

fn others(data: &Path, owner: &str, environment: Option<&str>) -> Stop {
    let data = data.display();
    let what = match (owner == PAPER, environment) {
        (true, _) => Phrase::new(
            format!("the data in `{data}` are a rehearsal's: its people would get real messages"),
            format!("`{data}` はリハーサルのデータです。このまま起動すると本物のメッセージが送られます"),
        ),
        (false, None) => Phrase::new(
            format!("the data in `{data}` belong to the environment `{owner}`: what waits there would end on paper"),
            format!("`{data}` は環境 `{owner}` のデータです。このまま起動すると、送信待ちが紙に出てしまいます"),
        ),
        (false, Some(_)) => Phrase::new(
            format!("the data in `{data}` belong to the environment `{owner}`"),
            format!("`{data}` は環境 `{owner}` のデータです"),
        ),
    };
    let help = match owner == PAPER {
        true => Phrase::new("begin with an empty folder: `--data`", "`--data` で空のフォルダーを指定する"),
        false => Phrase::new(
            format!("run it with `--env {owner}`, or name another folder with `--data`"),
            format!("`--env {owner}` で起動するか、`--data` で別のフォルダーを指定する"),
        ),
    };
    Stop::Wrong { what, help }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_belong_to_who_claimed_them_first() {
        let folder = tempfile::tempdir().unwrap();
        assert!(claim(folder.path(), None).is_ok() && claim(folder.path(), None).is_ok());
        assert!(matches!(claim(folder.path(), Some("production")), Err(Stop::Wrong { .. })));
        let folder = tempfile::tempdir().unwrap();
        assert!(claim(folder.path(), Some("production")).is_ok());
        assert!(claim(folder.path(), None).is_err() && claim(folder.path(), Some("staging")).is_err());
        assert!(claim(folder.path(), Some("production")).is_ok());
    }
}
