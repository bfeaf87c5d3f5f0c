//! `--watch`: a command again and again, whenever a file of the project changes.
//!
//! Knows no command; compares what lies in the folder before and after, so that an event without a change (a file only
//! read, an editor's own copy written and removed) starts nothing.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, Receiver, Sender};
use std::time::{Duration, SystemTime};

use notify::{Config, PollWatcher, RecommendedWatcher, RecursiveMode, Watcher};

use super::exit::{Exit, Stop};
use super::speak::Speaker;
use crate::diag::Phrase;
use crate::project;

/// So long nothing may happen before a change counts as whole: editors save in several steps.
const QUIET: Duration = Duration::from_millis(60);
/// How often folders are looked at where the system cannot tell of changes.
const POLL: Duration = Duration::from_millis(700);
/// Steps of quiet that are waited for at most; a file that never rests is looked at all the same.
const QUIET_STEPS_MAX: usize = 20;
/// Files that are compared; more is not a project but a disk.
const FILES_MAX: usize = 50_000;
const FOLDER_DEPTH_MAX: usize = 32;

enum Signal {
    Stirred,
    End,
}

/// What lies in a folder: size and time of change of each file.
type Seen = BTreeMap<PathBuf, (u64, Option<SystemTime>)>;

/// Runs `once`, and again after each change under the project of `start`; ends on Ctrl-C as the last run did.
pub fn watch(
    start: &Path,
    speaker: &mut Speaker,
    mut once: impl FnMut(&mut Speaker) -> Result<Exit, Stop>,
) -> Result<Exit, Stop> {
    let root = project::root(start).unwrap_or_else(|| start.to_path_buf());
    let (sender, signals) = mpsc::channel();
    let interrupted = sender.clone();
    ctrlc::set_handler(move || drop(interrupted.send(Signal::End))).map_err(|error| impossible(&error.to_string()))?;
    // Before the first run: what changes while it runs is not missed.
    let _watcher = watcher(&root, sender).map_err(|error| impossible(&error.to_string()))?;
    let mut seen = look(&root);
    let mut last = once(speaker)?;
    loop {
        speaker.aside(speaker.say(&separator()).to_string().as_str())?;
        loop {
            match changed(&signals) {
                Signal::End => return Ok(last),
                Signal::Stirred => {}
            }
            let now = look(&root);
            if now != seen {
                seen = now;
                break;
            }
        }
        last = again(&mut once, speaker)?;
    }
}

/// A further run: what cannot run now (the project's folder is being moved, a test was renamed) may run after the next
/// change.
fn again(once: &mut impl FnMut(&mut Speaker) -> Result<Exit, Stop>, speaker: &mut Speaker) -> Result<Exit, Stop> {
    match once(speaker) {
        Err(Stop::Usage { what, help } | Stop::Wrong { what, help } | Stop::Later { what, help }) => {
            speaker.refusal(&what, &help);
            Ok(Exit::Findings)
        }
        other => other,
    }
}

fn watcher(root: &Path, sender: Sender<Signal>) -> notify::Result<Box<dyn Watcher>> {
    let told = sender.clone();
    let stirred = move |_| drop(told.send(Signal::Stirred));
    let native = RecommendedWatcher::new(stirred, Config::default());
    let native = native.and_then(|mut watcher| watcher.watch(root, RecursiveMode::Recursive).map(|()| watcher));
    if let Ok(watcher) = native {
        return Ok(Box::new(watcher));
    }
    // Network drives, and systems whose number of watches is used up.
    let stirred = move |_| drop(sender.send(Signal::Stirred));
    let mut watcher = PollWatcher::new(stirred, Config::default().with_poll_interval(POLL))?;
    watcher.watch(root, RecursiveMode::Recursive)?;
    Ok(Box::new(watcher))
}

/// Waits for the next signal; after a change, until things have come to rest.
fn changed(signals: &Receiver<Signal>) -> Signal {
    // The watcher, which holds the other end, lives as long as the loop.
    let Ok(Signal::Stirred) = signals.recv() else { return Signal::End };
    for _ in 0..QUIET_STEPS_MAX {
        match signals.recv_timeout(QUIET) {
            Ok(Signal::Stirred) => {}
            Ok(Signal::End) => return Signal::End,
            Err(_) => break,
        }
    }
    Signal::Stirred
}

fn look(root: &Path) -> Seen {
    let mut seen = Seen::new();
    look_into(root, 0, &mut seen);
    seen
}

fn look_into(folder: &Path, depth: usize, seen: &mut Seen) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if name.starts_with('.') || name == "target" || name.ends_with('~') || seen.len() >= FILES_MAX {
            continue;
        }
        let Ok(meta) = fs::metadata(entry.path()) else { continue };
        if !meta.is_dir() {
            seen.insert(entry.path(), (meta.len(), meta.modified().ok()));
        } else if depth < FOLDER_DEPTH_MAX && !entry.path().is_symlink() {
            look_into(&entry.path(), depth + 1, seen);
        }
    }
}

fn separator() -> Phrase {
    Phrase::new("--- waiting for changes (Ctrl-C ends)\n", "--- 変更を待っています (Ctrl-C で終了)\n")
}

fn impossible(detail: &str) -> Stop {
    Stop::Usage {
        what: Phrase::new(
            format!("changes cannot be watched here: {detail}"),
            format!("ここでは変更を監視できません: {detail}"),
        ),
        help: Phrase::new("run the command without `--watch`", "`--watch` を付けずに実行する"),
    }
}
