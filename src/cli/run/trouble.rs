//! Why `tabi run` cannot begin or go on, in words: what is in the way, and what to do about it.
//!
//! Tries nothing again: whoever starts the process does.

use std::fs;
use std::io;
use std::net::SocketAddr;
use std::path::Path;

use crate::cli::exit::Stop;
use crate::diag::Phrase;
use crate::ports::store::StoreError;
use crate::runtime::durable::live::LiveError;
use crate::runtime::durable::recover::OpenError;
use crate::value::Instant;

/// The folder of the data, readable by its owner alone.
pub fn folder(data: &Path) -> Result<(), Stop> {
    use std::os::unix::fs::DirBuilderExt;
    if data.exists() && !data.is_dir() {
        let data = data.display();
        return Err(Stop::Usage {
            what: Phrase::new(
                format!("`{data}` is a file; the data need a folder"),
                format!("`{data}` はファイルです。データにはフォルダーが必要です"),
            ),
            help: Phrase::new("name a folder with `--data`", "`--data` でフォルダーを指定する"),
        });
    }
    let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(data);
    made.map_err(|error| unusable(data, &error))
}

/// What was acknowledged is safe: whoever starts the process anew goes on from there.
pub fn broken(error: &LiveError) -> Stop {
    Stop::Later {
        what: Phrase::new(format!("Tabi had to stop: {error}"), format!("Tabi を続けられなくなりました: 「{error}」")),
        help: Phrase::new(
            "what was acknowledged is safe; see that there is room on the disk, and start again",
            "受け付けたものは失われません。ディスクの空きを確かめて、もう一度起動する",
        ),
    }
}

pub fn occupied(listen: SocketAddr, error: &io::Error) -> Stop {
    if error.kind() == io::ErrorKind::AddrInUse {
        return Stop::Later {
            what: Phrase::new(
                format!("something listens on {listen} already"),
                format!("{listen} はほかのプログラムが使っています"),
            ),
            help: Phrase::new(
                "stop it, or choose another address: `--listen 127.0.0.1:4041`",
                "それを止めるか、別のアドレスを指定する: `--listen 127.0.0.1:4041`",
            ),
        };
    }
    let why = Phrase::of_io(error);
    Stop::Later {
        what: Phrase::new(
            format!("cannot listen on {listen}: {}", why.en),
            format!("{listen} で待ち受けられません: {}", why.ja),
        ),
        help: Phrase::new(
            "choose an address of this machine, and a port above 1023: `--listen 127.0.0.1:4040`",
            "このマシンのアドレスと 1024 以上のポートを指定する: `--listen 127.0.0.1:4040`",
        ),
    }
}

pub fn unusable(data: &Path, error: &io::Error) -> Stop {
    let (data, why) = (data.display(), Phrase::of_io(error));
    Stop::Later {
        what: Phrase::new(
            format!("the data in `{data}` cannot be used: {}", why.en),
            format!("`{data}` のデータを使えません: {}", why.ja),
        ),
        help: Phrase::new(
            "see that the folder may be written, that there is room, and that its path is short; or name another one with `--data`",
            "書き込み権限、空き容量、パスの長さを確かめるか、`--data` で別のフォルダーを指定する",
        ),
    }
}

pub fn store_trouble(data: &Path, error: &StoreError) -> Stop {
    let shown = data.display();
    match error {
        StoreError::Locked { by } => Stop::Later {
            what: Phrase::new(
                format!("another Tabi runs on the data in `{shown}` ({by})"),
                format!("`{shown}` のデータで別の Tabi が動いています ({by})"),
            ),
            help: Phrase::new(
                "stop that one first, or name another folder with `--data`",
                "先にそちらを止めるか、`--data` で別のフォルダーを指定する",
            ),
        },
        StoreError::Full => Stop::Later {
            what: Phrase::new(
                format!("the disk of `{shown}` is full"),
                format!("`{shown}` のディスクに空き容量がありません"),
            ),
            help: Phrase::new(
                "make room and start again; what was acknowledged is safe",
                "空き容量を作って、もう一度起動する。受け付けたものは失われません",
            ),
        },
        StoreError::Newer { found, known } => Stop::Wrong {
            what: Phrase::new(
                format!("the data in `{shown}` were written by a newer Tabi (format {found}, this one knows {known})"),
                format!("`{shown}` のデータは新しい Tabi のものです (形式 {found}。この Tabi は {known} まで)"),
            ),
            help: Phrase::new("use the newer Tabi; nothing was changed", "新しい Tabi を使う。何も変更していません"),
        },
        StoreError::Io { error, .. } => unusable(data, error),
        StoreError::Damaged { .. } => damaged(data, &error.to_string()),
    }
}

fn damaged(data: &Path, why: &str) -> Stop {
    let shown = data.display();
    Stop::Later {
        what: Phrase::new(
            format!("the data in `{shown}` are damaged: {why}"),
            format!("`{shown}` のデータが壊れています: 「{why}」"),
        ),
        help: Phrase::new(
            "nothing was changed; `tabi restore` makes data from a backup",
            "何も変更していません。バックアップからは `tabi restore` で戻せる",
        ),
    }
}

pub fn not_opened(data: &Path, error: &LiveError) -> Stop {
    match error {
        LiveError::Open(OpenError::Store(error)) => store_trouble(data, error),
        // What is live is read from these data: if it is not theirs, they are not whole.
        LiveError::Open(OpenError::OtherProgram { .. } | OpenError::Damaged(_)) | LiveError::Store(_) => {
            damaged(data, &error.to_string())
        }
    }
}

/// A rehearsal that would begin before what the data hold.
pub fn is_behind(data: &Path, clock: &str, reached: Instant) -> Stop {
    let shown = data.display();
    let speed = clock.trim().rsplit_once(" x").map_or(String::new(), |(_, speed)| format!(" x{speed}"));
    Stop::Wrong {
        what: Phrase::new(
            format!("the data in `{shown}` have come to {reached} already; `--clock` begins before that"),
            format!("`{shown}` のデータはすでに {reached} まで進んでいます。`--clock` はそれより前です"),
        ),
        help: Phrase::new(
            format!("go on from there with `--clock \"{reached}{speed}\"`, or begin anew: `--data` and another folder"),
            format!("続きからなら `--clock \"{reached}{speed}\"`、最初からなら `--data` で別のフォルダーを指定する"),
        ),
    }
}
