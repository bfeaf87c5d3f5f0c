//! The socket itself: a file in the folder of the data that only its owner may open.
//!
//! Serves nothing.

use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::path::Path;

use tokio::net::UnixListener;

/// Name of the socket in the folder of the data.
pub const SOCKET: &str = "admin.sock";

/// Opens the socket for others to connect. One that was left behind is replaced, one that somebody answers on is not.
pub fn bind(folder: &Path) -> io::Result<UnixListener> {
    let path = folder.join(SOCKET);
    if UnixStream::connect(&path).is_ok() {
        return Err(io::Error::new(io::ErrorKind::AddrInUse, "another Tabi runs on these data"));
    }
    // Made under another name, so that nobody meets it before it is closed to others.
    let new = folder.join(format!("{SOCKET}.new"));
    match fs::remove_file(&new) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        Ok(()) | Err(_) => {}
    }
    let listener = UnixListener::bind(&new)?;
    fs::set_permissions(&new, fs::Permissions::from_mode(0o600))?;
    fs::rename(&new, &path)?;
    Ok(listener)
}
