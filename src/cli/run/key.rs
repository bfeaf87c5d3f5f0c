//! The installation's own key: made at the first start and kept beside the data.
//!
//! Shown to nobody, not even in errors.

use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use crate::cli::exit::Stop;
use crate::diag::Phrase;
use crate::ports::Secret;

/// The file of the installation's key, in the folder of the data.
const FILE: &str = "secret.key";

/// The installation's key: made once, and then always the same. Whoever loses it loses every link that was sent.
pub fn installation(data: &Path) -> Result<Secret, Stop> {
    let path = data.join(FILE);
    let read = match fs::read(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => make(data, &path),
        read => read,
    };
    let bytes = read.map_err(|error| {
        let shown = path.display();
        Stop::Later {
            what: Phrase::new(format!("cannot read `{shown}`: {error}"), format!("`{shown}` を読めません: {error}")),
            help: Phrase::new("see that there is room and permission", "空き容量と権限を確かめる"),
        }
    })?;
    let bytes: [u8; 32] = bytes.try_into().map_err(|_| {
        let shown = path.display();
        Stop::Wrong {
            what: Phrase::new(format!("`{shown}` is not a key"), format!("`{shown}` は鍵ではありません")),
            help: Phrase::new(
                "restore it from a backup; links already sent need it",
                "バックアップから戻す。送信済みのリンクに必要です",
            ),
        }
    })?;
    Ok(Secret::new(bytes))
}

fn make(data: &Path, path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; 32];
    let random = rustls::crypto::ring::default_provider().secure_random;
    random.fill(&mut bytes).map_err(|_| io::Error::other("the system gives no random bytes"))?;
    // Whole or not at all, and never over one that is there.
    let new = data.join(format!("{FILE}.new"));
    let mut file = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&new)?;
    file.write_all(&bytes)?;
    file.sync_all()?;
    fs::rename(&new, path)?;
    fs::File::open(data)?.sync_all()?;
    Ok(bytes)
}
