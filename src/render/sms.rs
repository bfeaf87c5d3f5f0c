//! Text messages of one person, with what they cost in parts.
//!
//! Knows no prices; how parts are counted stands in `value::sms`.

use serde::Serialize;

use crate::value::sms;

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Sms {
    pub body: String,
    /// What is paid for.
    pub segments: usize,
    /// `GSM-7` or `UCS-2`.
    pub encoding: &'static str,
}

pub fn of(body: String) -> Sms {
    let parts = sms::parts(&body);
    Sms { segments: parts.parts, encoding: parts.alphabet.name(), body }
}
