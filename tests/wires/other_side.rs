//! Asks `other_side.py`: what Tabi signs and writes is read by libraries that others wrote, and what they sign is read by Tabi.
//!
//! The libraries come from PyPI once and stay below `target/`.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use serde_json::Value as Json;

/// Installed apart from what they depend on: only single modules of them are used.
const ALONE: &[&str] = &["twilio==9.13.0", "standardwebhooks==1.1.0"];
const WHOLE: &[&str] = &["PyJWT==2.15.1", "cryptography"];

fn libraries() -> &'static Path {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| {
        let target = Path::new(env!("CARGO_TARGET_TMPDIR"));
        let folder = target.join("wires-python-1");
        if !folder.is_dir() {
            // Another run of this test may do the same at this time: whoever is first gives the folder its name.
            let fresh = tempfile::tempdir_in(target).unwrap();
            let fresh = fresh.keep();
            install(&fresh, &[&["--no-deps"], ALONE].concat());
            install(&fresh, WHOLE);
            if fs::rename(&fresh, &folder).is_err() {
                fs::remove_dir_all(&fresh).unwrap();
            }
        }
        folder
    })
}

fn install(folder: &Path, what: &[&str]) {
    let mut pip = Command::new("python3");
    pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--target"]).arg(folder).args(what);
    let output = pip.output().expect("python3 runs");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "the other side needs PyPI once: {said}");
}

pub fn ask(question: Json) -> Json {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/wires/other_side.py");
    let mut child = Command::new("python3")
        .arg(script)
        .env("PYTHONPATH", libraries())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("python3 runs");
    child.stdin.take().unwrap().write_all(question.to_string().as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{question}\n{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}
