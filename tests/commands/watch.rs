//! `--watch`: real files change under a real folder, and the program's own output says when it has looked again.
//!
//! Nothing sleeps; every wait is for a line of output, and has a bound.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::time::Duration;

use super::run::{CONFIG, data, folder, tabi};

/// Long enough for a machine under load; what fails to come fails the test.
const PATIENCE: Duration = Duration::from_secs(60);

struct Watched {
    child: Child,
    out: Receiver<String>,
    err: Receiver<String>,
}

fn lines(stream: impl Read + Send + 'static) -> Receiver<String> {
    let (sender, lines) = mpsc::channel();
    std::thread::spawn(move || {
        for line in BufReader::new(stream).lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                break;
            }
        }
    });
    lines
}

impl Watched {
    fn start(folder: &Path, arguments: &[&str]) -> Watched {
        let mut command = tabi(folder, arguments);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program starts");
        let (out, err) = (lines(child.stdout.take().unwrap()), lines(child.stderr.take().unwrap()));
        Watched { child, out, err }
    }

    /// Waits until the program waits for changes.
    fn rests(&self) {
        loop {
            let line = self.err.recv_timeout(PATIENCE).expect("it says that it waits");
            if line.starts_with("--- ") {
                return;
            }
        }
    }

    /// Waits for a line of the report with these words.
    fn says(&self, words: &str) {
        loop {
            let line = self.out.recv_timeout(PATIENCE).unwrap_or_else(|_| panic!("`{words}` did not come"));
            if line.contains(words) {
                return;
            }
        }
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn every_kind_of_change_is_seen() {
    let project = folder(&[("tabi.yaml", CONFIG), ("deep/a.tabi", "event e about profile {}\n")]);
    let file = project.path().join("deep/a.tabi");
    let watched = Watched::start(project.path(), &["check", "--watch"]);
    watched.says("no problems in 2 files");
    watched.rests();
    fs::write(&file, "event e about profil {}\n").unwrap();
    watched.says("1 error in 2 files");
    watched.rests();
    // As editors save: a file beside it, put in its place.
    let beside = project.path().join("deep/.a.tabi.new");
    fs::write(&beside, "event e about profile {}\n").unwrap();
    fs::rename(&beside, &file).unwrap();
    watched.says("no problems in 2 files");
    watched.rests();
    // The very file that was put there is still watched.
    fs::write(&file, "evnt e about profile {}\n").unwrap();
    watched.says("1 error in 2 files");
    watched.rests();
    fs::remove_file(&file).unwrap();
    watched.says("no problems in 1 file");
    watched.rests();
    // A folder that was not there at the start.
    fs::create_dir(project.path().join("new")).unwrap();
    fs::write(project.path().join("new/b.tabi"), "evnt e about profile {}\n").unwrap();
    watched.says("1 error in 2 files");
    watched.rests();
    fs::rename(project.path().join("new"), project.path().join("old")).unwrap();
    watched.says("old/b.tabi");
}

#[test]
fn tests_run_again_and_ctrl_c_ends_as_the_last_run_did() {
    let shop = fs::read_to_string(data("good/shop.tabi")).unwrap();
    let project = folder(&[("tabi.yaml", CONFIG), ("shop.tabi", &shop)]);
    let mut watched = Watched::start(project.path(), &["test", "--watch"]);
    watched.says("1 passed, 0 failed");
    watched.rests();
    let wrong = shop.replace("+3d expect sent email hello", "+2d expect sent email hello");
    fs::write(project.path().join("shop.tabi"), wrong).unwrap();
    watched.says("0 passed, 1 failed");
    watched.rests();
    interrupt(&watched.child);
    assert_eq!(watched.child.wait().unwrap().code(), Some(2));
}

/// What Ctrl-C sends.
fn interrupt(child: &Child) {
    let killed = std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status();
    assert!(killed.expect("there is a `kill`").success());
}
