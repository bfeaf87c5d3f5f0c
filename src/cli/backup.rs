//! `tabi backup` and `tabi restore`: a copy of all data while everything runs, and data made from such a copy.
//!
//! Knows nothing of what is in the data.

use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use serde_json::json;

use super::exit::{Exit, Stop};
use super::remote::{DATA, Remote};
use super::speak::Speaker;
use crate::diag::Phrase;
use crate::server::admin;

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
    let made = copy(from, &unfinished).and_then(|files| {
        match fs::remove_dir(data) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            Ok(()) | Err(_) => {}
        }
        fs::rename(&unfinished, data)?;
        Ok(files)
    });
    let files = made.map_err(|error| {
        // What is left over is no use to anybody; if it stays, the next attempt says so.
        let _ = fs::remove_dir_all(&unfinished);
        trouble(data, &error)
    })?;
    let shown = data.display();
    let said = match args.json {
        true => format!("{:#}\n", json!({ "success": true, "files": files })),
        false => {
            let said = Phrase::new(
                format!("{files} files restored to `{shown}`; start with `tabi run --data {shown}`"),
                format!("{files} ファイルを `{shown}` に復元しました。`tabi run --data {shown}` で起動できます"),
            );
            format!("{}\n", speaker.say(&said))
        }
    };
    speaker.report(&said)?;
    Ok(Exit::Fine)
}

/// Copies regular files and folders, durably, readable by their owner alone; says how many files.
fn copy(from: &Path, to: &Path) -> io::Result<u64> {
    fs::create_dir(to)?;
    fs::set_permissions(to, fs::Permissions::from_mode(0o700))?;
    let mut files = 0;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let (kind, target) = (entry.file_type()?, to.join(entry.file_name()));
        if kind.is_dir() {
            files += copy(&entry.path(), &target)?;
        } else if kind.is_file() && entry.file_name() != admin::SOCKET {
            fs::copy(entry.path(), &target)?;
            let file = fs::File::open(&target)?;
            file.set_permissions(fs::Permissions::from_mode(0o600))?;
            file.sync_all()?;
            files += 1;
        }
    }
    fs::File::open(to)?.sync_all()?;
    Ok(files)
}

fn trouble(path: &Path, error: &io::Error) -> Stop {
    let path = path.display();
    Stop::Later {
        what: Phrase::new(format!("`{path}`: {error}"), format!("`{path}`: {error}")),
        help: Phrase::new(
            "see that there is room and permission, then try again",
            "空き容量と権限を確かめて、もう一度実行する",
        ),
    }
}
