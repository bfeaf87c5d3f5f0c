//! `tabi backup` and `tabi restore`: a copy of all data while everything runs, and data made from such a copy.
//!
//! Knows nothing of what is in the data.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde_json::json;

use super::exit::{Exit, Stop};
use super::remote::{DATA, Remote};
use super::speak::Speaker;
use crate::diag::Phrase;
use crate::ports::store::StoreError;
use crate::store;

/// Copy all data into a new folder, while everything runs
#[derive(Debug, clap::Args)]
pub struct BackupArgs {
    /// The new folder
    #[arg(value_name = "DIR")]
    to: PathBuf,

    #[command(flatten)]
    remote: Remote,
}

/// Make data from a copy; nothing may run on them, and nothing may be there yet
#[derive(Debug, clap::Args)]
pub struct RestoreArgs {
    /// The copy
    #[arg(value_name = "DIR")]
    from: PathBuf,

    /// The folder of the data to make
    #[arg(long, value_name = "DIR", default_value = DATA)]
    data: PathBuf,

    /// Write the answer as JSON
    #[arg(long)]
    json: bool,
}

pub fn backup(args: &BackupArgs, speaker: &mut Speaker) -> Result<Exit, Stop> {
    let to = std::path::absolute(&args.to).map_err(|error| trouble(&args.to, &error))?;
    let answer = args.remote.post("/backup", &json!({ "to": to }))?;
    let shown = args.to.display();
    let said = Phrase::new(format!("copied to `{shown}`"), format!("`{shown}` にコピーしました"));
    args.remote.done(&answer, &said, speaker)
}

pub fn restore(args: &RestoreArgs, speaker: &mut Speaker) -> Result<Exit, Stop> {
    let (from, data) = (&args.from, &args.data);
    if !from.is_dir() {
        let shown = from.display();
        return Err(Stop::Usage {
            what: Phrase::new(format!("there is no folder `{shown}`"), format!("フォルダー `{shown}` がありません")),
            help: Phrase::new("name the folder that `tabi backup` wrote", "`tabi backup` が作ったフォルダーを指定する"),
        });
    }
    let empty = match fs::read_dir(data) {
        Ok(mut entries) => entries.next().is_none(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => true,
        Err(error) => return Err(trouble(data, &error)),
    };
    if !empty {
        let shown = data.display();
        return Err(Stop::Usage {
            what: Phrase::new(format!("there are data in `{shown}`"), format!("`{shown}` にはすでにデータがあります")),
            help: Phrase::new(
                "name a new folder with `--data`, or move the old one away",
                "`--data` で新しいフォルダーを指定するか、古いフォルダーを移す",
            ),
        });
    }
    // Under another name until it is whole, so that half of it is never taken for the data.
    let mut unfinished = data.as_os_str().to_owned();
    unfinished.push(".restoring");
    let unfinished = PathBuf::from(unfinished);
    // Everything in the copy is read and checked before it counts.
    let made = store::restore(from, &unfinished).map_err(|error| not_a_copy(from, &error)).and_then(|summary| {
        let moved = match fs::remove_dir(data) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            Ok(()) | Err(_) => fs::rename(&unfinished, data),
        };
        moved.map(|()| summary).map_err(|error| trouble(data, &error))
    });
    let summary = made.inspect_err(|_| {
        // What is left over is no use to anybody; if it stays, the next attempt says so.
        let _ = fs::remove_dir_all(&unfinished);
    })?;
    let shown = data.display();
    let said = match args.json {
        true => format!("{:#}\n", json!({ "success": true, "people": summary.people })),
        false => {
            let said = Phrase::new(
                format!("restored to `{shown}`, {} people; start with `tabi run --data {shown}`", summary.people),
                format!("`{shown}` に復元しました ({} 人)。`tabi run --data {shown}` で起動できます", summary.people),
            );
            format!("{}\n", speaker.say(&said))
        }
    };
    speaker.report(&said)?;
    Ok(Exit::Fine)
}

fn not_a_copy(from: &Path, error: &StoreError) -> Stop {
    let shown = from.display();
    match error {
        StoreError::Damaged { .. } | StoreError::Newer { .. } => Stop::Wrong {
            what: Phrase::new(
                format!("`{shown}` is no copy that can be used: {error}"),
                format!("`{shown}` は使えるコピーではありません: 「{error}」"),
            ),
            help: Phrase::new("nothing was changed; use another copy", "何も変更していません。別のコピーを使う"),
        },
        StoreError::Io { error, .. } => Stop::Wrong {
            what: Phrase::new(
                format!("`{shown}` is no copy that can be used: {error}"),
                format!("`{shown}` は使えるコピーではありません: {}", Phrase::of_io(error).ja),
            ),
            help: Phrase::new("name the folder that `tabi backup` wrote", "`tabi backup` が作ったフォルダーを指定する"),
        },
        StoreError::Full | StoreError::Locked { .. } => Stop::Later {
            what: Phrase::new(
                format!("`{shown}` cannot be copied: {error}"),
                format!("`{shown}` をコピーできません: 「{error}」"),
            ),
            help: Phrase::new("make room, then try again", "空き容量を作って、もう一度実行する"),
        },
    }
}

fn trouble(path: &Path, error: &io::Error) -> Stop {
    let path = path.display();
    Stop::Later {
        what: Phrase::new(format!("`{path}`: {error}"), format!("`{path}`: {}", Phrase::of_io(error).ja)),
        help: Phrase::new(
            "see that there is room and permission, then try again",
            "空き容量と権限を確かめて、もう一度実行する",
        ),
    }
}
