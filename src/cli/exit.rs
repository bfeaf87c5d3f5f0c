//! How a command ends, and the number the shell sees.
//!
//! The numbers are part of the interface: scripts depend on them.

use std::io;

use super::args::Color;
use super::japanese;
use super::speak::Speaker;
use crate::diag::{Language, Phrase};

/// How a command that ran to its end found things.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    Fine,
    /// Mistakes in the project, or files not in the one layout.
    Findings,
    /// A test or a promise failed.
    Failed,
    /// There are differences, and the command was asked to tell by its number.
    Changed,
    /// There is nothing where a project or a file was named; it has been said.
    NoProject,
}

impl Exit {
    /// What the shell sees.
    pub fn number(self) -> u8 {
        match self {
            Exit::Fine => FINE,
            Exit::Findings => FINDINGS,
            Exit::Failed => FAILED,
            Exit::Changed => CHANGED,
            Exit::NoProject => USAGE,
        }
    }
}

/// Why a command could not run to its end.
#[derive(Debug)]
pub enum Stop {
    /// What was asked for does not make sense: what, and the remedy.
    Usage { what: Phrase, help: Phrase },
    /// Something that was read is wrong, outside the campaigns: what, and the remedy.
    Wrong { what: Phrase, help: Phrase },
    /// Something that is needed is not there now, and may be later: what, and the remedy.
    Later { what: Phrase, help: Phrase },
    /// Writing failed: the reader of our output is gone, or the disk is full.
    Write(io::Error),
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Stop {
        Stop::Write(error)
    }
}

const FINE: u8 = 0;
const FINDINGS: u8 = 1;
const FAILED: u8 = 2;
const CHANGED: u8 = 3;
const USAGE: u8 = 64;
const OUR_FAULT: u8 = 70;
const TRY_AGAIN: u8 = 75;

/// The number for a command's end; says what stopped it.
pub fn code(result: Result<Exit, Stop>, speaker: &mut Speaker) -> u8 {
    match result {
        Ok(exit) => exit.number(),
        Err(Stop::Usage { what, help }) => {
            speaker.refusal(&what, &help);
            USAGE
        }
        Err(Stop::Wrong { what, help }) => {
            speaker.refusal(&what, &help);
            FINDINGS
        }
        Err(Stop::Later { what, help }) => {
            speaker.refusal(&what, &help);
            TRY_AGAIN
        }
        // `tabi … | head`: whoever read our output has seen enough.
        Err(Stop::Write(error)) if error.kind() == io::ErrorKind::BrokenPipe => FINE,
        Err(Stop::Write(error)) => {
            let what =
                Phrase::new(format!("cannot write: {error}"), format!("書き込めません: {}", Phrase::of_io(&error).ja));
            let help = Phrase::new(
                "see that there is room and permission, then try again",
                "空き容量と権限を確かめて、もう一度実行する",
            );
            speaker.refusal(&what, &help);
            TRY_AGAIN
        }
    }
}

/// The number for a panic; what and where it was has been printed by then.
pub fn our_fault(speaker: &mut Speaker) -> u8 {
    let what = Phrase::new("tabi itself failed; this is not your project's fault", "tabi 自体の不具合です");
    let help = Phrase::new(
        "please report the lines above with the files that led to them",
        "上の行と、そのとき使ったファイルを添えて報告してください",
    );
    speaker.refusal(&what, &help);
    OUR_FAULT
}

/// The number for arguments that could not be read, or that asked for help; says what is to be said.
pub fn of_arguments(error: &clap::Error, language: Language) -> u8 {
    match (language, japanese::refusal(error)) {
        (Language::Japanese, Some((what, help))) => {
            let phrase = |text: &str| Phrase::new(text, text);
            Speaker::new(language, Color::Auto).refusal(&phrase(&what), &phrase(&help));
        }
        (Language::Japanese, None) | (Language::English, _) => {
            // Nothing is left to be done when even this cannot be written.
            let _ = error.print();
        }
    }
    if error.use_stderr() { USAGE } else { FINE }
}
