//! How a command speaks: reports to the standard output, everything else to the standard error, in the reader's
//! language, coloured only where a terminal shows it.
//!
//! Every write may fail and says so: a closed pipe ends a command quietly instead of in a panic.

use std::io::{self, IsTerminal, Write};

use anstream::{AutoStream, ColorChoice};

use super::args::Color;
use crate::diag::{Diagnostic, Language, Phrase, render};
use crate::text::Sources;
use crate::words;

pub struct Speaker {
    pub language: Language,
    out: AutoStream<io::Stdout>,
    err: AutoStream<io::Stderr>,
}

impl Speaker {
    pub fn new(language: Language, color: Color) -> Speaker {
        let choice = match color {
            Color::Auto => ColorChoice::Auto,
            Color::Always => ColorChoice::Always,
            Color::Never => ColorChoice::Never,
        };
        Speaker { language, out: AutoStream::new(io::stdout(), choice), err: AutoStream::new(io::stderr(), choice) }
    }

    /// The reader's language, for rooms that do not know diagnostics.
    pub fn words(&self) -> words::Language {
        match self.language {
            Language::English => words::Language::English,
            Language::Japanese => words::Language::Japanese,
        }
    }

    /// Writes a report; it may hold ANSI colours, which are taken out where nothing shows them.
    pub fn report(&mut self, text: &str) -> io::Result<()> {
        self.out.write_all(text.as_bytes())?;
        self.out.flush()
    }

    /// Writes something that is not the answer itself.
    pub fn aside(&mut self, text: &str) -> io::Result<()> {
        self.err.write_all(text.as_bytes())?;
        self.err.flush()
    }

    /// `text` in the reader's language.
    pub fn say<'a>(&self, phrase: &'a Phrase) -> &'a str {
        phrase.get(self.language)
    }

    /// All diagnostics as people read them, in order of place.
    pub fn diagnostics(&self, diagnostics: &[Diagnostic], sources: &Sources) -> String {
        let mut text = String::new();
        for diagnostic in diagnostics.iter().take(SHOWN_MAX) {
            text.push_str(&render::pretty(diagnostic, sources, self.language, true));
            text.push('\n');
        }
        let hidden = diagnostics.len().saturating_sub(SHOWN_MAX);
        if hidden > 0 {
            let more = Phrase::new(
                format!("… and {hidden} more; mend these first, or see all with `--format json`\n\n"),
                format!("… ほか {hidden} 件。まず上のものから直すか、`--format json` で全件を見る\n\n"),
            );
            text.push_str(self.say(&more));
        }
        text
    }

    /// Says why a command did not run, and the remedy.
    pub fn refusal(&mut self, what: &Phrase, help: &Phrase) {
        let (error, remedy) = match self.language {
            Language::English => ("error", "help"),
            Language::Japanese => ("エラー", "対処"),
        };
        let text = format!("{BOLD_RED}{error}{RESET}: {}\n  = {remedy}: {}\n", self.say(what), self.say(help));
        // Where even this cannot be written, the exit code still tells.
        let _ = self.aside(&text);
    }

    /// Whether a moving bar would be seen by a person.
    pub fn shows_progress(&self) -> bool {
        io::stderr().is_terminal()
    }
}

/// More than anyone reads; the rest is counted.
const SHOWN_MAX: usize = 200;

const BOLD_RED: &str = "\u{1b}[1;91m";
pub const RED: &str = "\u{1b}[91m";
pub const GREEN: &str = "\u{1b}[32m";
pub const RESET: &str = "\u{1b}[0m";
