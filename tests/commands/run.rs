//! Running the program in a folder, in English unless asked otherwise.
//!
//! Judges nothing.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// The program with `arguments`, to be run in `folder`, untouched by the environment of whoever runs the tests.
pub fn tabi(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tabi"));
    command.args(arguments).current_dir(folder).stdin(Stdio::null());
    for name in ["LC_ALL", "LC_MESSAGES", "LANG", "NO_COLOR", "CLICOLOR_FORCE", "RUST_BACKTRACE"] {
        command.env_remove(name);
    }
    command
}

pub fn output(folder: &Path, arguments: &[&str]) -> Output {
    tabi(folder, arguments).output().expect("the program starts")
}

/// The standard output and the number it ended with.
pub fn told(folder: &Path, arguments: &[&str]) -> (String, i32) {
    let output = output(folder, arguments);
    let text = String::from_utf8(output.stdout).expect("the output is UTF-8");
    (text, output.status.code().expect("it was not killed"))
}

/// A new folder with these files.
pub fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder can be made");
    for (name, text) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().expect("it is inside the folder")).expect("a folder can be made");
        fs::write(path, text).expect("a file can be written");
    }
    folder
}

/// A project of `tests/cli/`.
pub fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cli").join(name)
}

pub const CONFIG: &str = "name: tiny\ntimezone: Asia/Tokyo\ncurrency: JPY\n";
