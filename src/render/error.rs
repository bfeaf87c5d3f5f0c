//! Why a message could not be rendered, in words for both languages, with the place and the remedy.
//!
//! Prints nothing; whoever asked decides how to show it.

use std::fmt;

/// The same sentence in English and Japanese.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Words {
    pub en: String,
    pub ja: String,
}

impl Words {
    pub fn new(en: impl Into<String>, ja: impl Into<String>) -> Words {
        Words { en: en.into(), ja: ja.into() }
    }
}

/// What is wrong with one part of a message, before it is known whose message it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    pub what: Box<Words>,
    pub help: Box<Words>,
    /// Line within the template at fault, counted from 1.
    pub line: Option<u32>,
    /// The template at fault as it stands in the program.
    pub template: String,
}

impl Fault {
    pub(super) fn new(what: Words, help: Words) -> Fault {
        Fault { what: Box::new(what), help: Box::new(help), line: None, template: String::new() }
    }
    pub(super) fn at(mut self, template: &str, line: Option<u32>) -> Fault {
        self.template = template.to_owned();
        self.line = line;
        self
    }
}

/// A message that could not be rendered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RenderError {
    pub message: String,
    /// The message's file, as the project names it.
    pub file: Option<String>,
    pub fault: Fault,
}

impl RenderError {
    /// The line of the file, given the file's text: where the template at fault begins, and its own line after that.
    pub fn line_in(&self, text: &str) -> Option<u32> {
        let line = self.fault.line?;
        let start = text.find(&self.fault.template).filter(|_| !self.fault.template.is_empty())?;
        Some(text[..start].matches('\n').count() as u32 + line)
    }
}

impl fmt::Display for RenderError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let file = self.file.as_deref().unwrap_or("no file");
        write!(f, "`{}` ({file}): {} ({})", self.message, self.fault.what.en, self.fault.help.en)
    }
}

impl std::error::Error for RenderError {}
