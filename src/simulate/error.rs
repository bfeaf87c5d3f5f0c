//! Why a simulation could not be carried through: plain data, worded in English and Japanese.
//!
//! Rejected lines are no errors unless the run is strict; they are in the report.

use std::fmt;

use crate::ingest::Reason;
use crate::ingest::mapping::MappingError;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SimulateError {
    Open {
        source: String,
        detail: String,
    },
    /// After so many lines.
    Read {
        source: String,
        line: u64,
        detail: String,
    },
    Mapping {
        mapping: String,
        error: Box<MappingError>,
    },
    /// A strict run met a line it had to reject.
    Rejected {
        source: String,
        line: u64,
        reason: Box<Reason>,
    },
    UnknownPerson {
        id: String,
    },
}

impl SimulateError {
    /// One line in Japanese.
    pub fn ja(&self) -> String {
        match self {
            SimulateError::Open { source, detail } => format!("`{source}` を開けません: {detail}"),
            SimulateError::Read { source, line, detail } => {
                format!("`{source}` を{line}行目の後で読めなくなりました: {detail}")
            }
            SimulateError::Mapping { mapping, error } if error.at.is_empty() => format!("`{mapping}`: {}", error.ja),
            SimulateError::Mapping { mapping, error } => format!("`{mapping}` の {}: {}", error.at, error.ja),
            SimulateError::Rejected { source, line, reason } => format!("{source}:{line}: {}", reason.ja()),
            SimulateError::UnknownPerson { id } => format!("入力に `{id}` という人はいません"),
        }
    }
}

impl fmt::Display for SimulateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SimulateError::Open { source, detail } => write!(f, "cannot open `{source}`: {detail}"),
            SimulateError::Read { source, line, detail } => {
                write!(f, "cannot read `{source}` after line {line}: {detail}")
            }
            SimulateError::Mapping { mapping, error } => write!(f, "`{mapping}`: {error}"),
            SimulateError::Rejected { source, line, reason } => write!(f, "{source}:{line}: {reason}"),
            SimulateError::UnknownPerson { id } => write!(f, "nobody in the input has the id `{id}`"),
        }
    }
}

impl std::error::Error for SimulateError {}
