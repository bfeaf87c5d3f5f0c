//! A program in words a marketer reads on a slide, in English and Japanese; and, for comparing, in exact words.
//!
//! For reading only: what it writes is not the language and need not parse. Knows neither how a journey runs nor where
//! its text came from.

#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

mod exact;
mod expr;
mod plain;
mod rules;
mod scope;
mod steps;

use serde::Serialize;

pub use exact::{Exact, type_name};
pub use expr::Words;
pub use plain::{clip, grouped, percent, period, share, weekday};
pub use scope::Scope;
pub use steps::chosen;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Language {
    #[default]
    English,
    Japanese,
}

impl Language {
    pub const ALL: [Language; 2] = [Language::English, Language::Japanese];

    pub fn of<'t>(self, en: &'t str, ja: &'t str) -> &'t str {
        match self {
            Language::English => en,
            Language::Japanese => ja,
        }
    }
}

/// A text in both languages.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default, Serialize)]
pub struct Both {
    pub en: String,
    pub ja: String,
}

impl Both {
    pub fn new(en: impl Into<String>, ja: impl Into<String>) -> Both {
        Both { en: en.into(), ja: ja.into() }
    }
    /// A text that reads the same in both: a name, a time.
    pub fn same(text: impl Into<String>) -> Both {
        let text = text.into();
        Both { en: text.clone(), ja: text }
    }
    /// What `write` says in each language.
    pub fn of(mut write: impl FnMut(Language) -> String) -> Both {
        Both { en: write(Language::English), ja: write(Language::Japanese) }
    }
    pub fn get(&self, language: Language) -> &str {
        language.of(&self.en, &self.ja)
    }
}

#[cfg(test)]
mod tests;
