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

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_key_is_made_once_for_its_owner_alone() {
        let folder = tempfile::tempdir().unwrap();
        let first = installation(folder.path()).unwrap();
        assert_eq!(installation(folder.path()).unwrap().bytes(), first.bytes());
        assert_ne!(installation(tempfile::tempdir().unwrap().path()).unwrap().bytes(), first.bytes());
        let path = folder.path().join(FILE);
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        fs::write(&path, "short").unwrap();
        assert!(matches!(installation(folder.path()), Err(Stop::Wrong { .. })), "a damaged key is not replaced");
        assert!(matches!(installation(&folder.path().join("nothing")), Err(Stop::Later { .. })));
    }
}
