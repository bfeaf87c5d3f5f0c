//! Blocks of fields within mails: delivery reports (RFC 3464), complaints (RFC 5965), heads of returned mails.
//!
//! Decodes no MIME: `mail-parser` has done so.

use crate::channels::email::reply::{Status, status};

/// A block has more fields than this only to hurt.
const FIELDS_MAX: usize = 200;
/// A delivery report has one block for each recipient; ours have one.
const BLOCKS_MAX: usize = 50;

/// Fields by name in lower case, values unfolded.
pub(super) type Fields = Vec<(String, String)>;

/// Blocks are told apart by empty lines.
pub(super) fn blocks(text: &str) -> Vec<Fields> {
    let mut blocks: Vec<Fields> = Vec::new();
    let mut open = false;
    for line in text.lines() {
        if line.trim().is_empty() {
            open = false;
            continue;
        }
        if !open {
            if blocks.len() == BLOCKS_MAX {
                break;
            }
            blocks.push(Vec::new());
            open = true;
        }
        let Some(block) = blocks.last_mut() else { continue };
        if line.starts_with([' ', '\t']) {
            if let Some((_, value)) = block.last_mut() {
                value.push(' ');
                value.push_str(line.trim());
            }
        } else if let Some((name, value)) = line.split_once(':')
            && block.len() < FIELDS_MAX
        {
            block.push((name.trim().to_ascii_lowercase(), value.trim().to_owned()));
        }
    }
    blocks
}

pub(super) fn field<'a>(fields: &'a Fields, name: &str) -> Option<&'a str> {
    fields.iter().find(|(named, _)| named == name).map(|(_, value)| value.as_str())
}

/// One recipient's fate by RFC 3464.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fate {
    pub action: Action,
    pub status: Option<Status>,
    pub diagnosis: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Action {
    Failed,
    Delayed,
    Delivered,
    /// Handed to a server that reports nothing, or to a list.
    PassedOn,
}

/// Fates of the recipients of a `message/delivery-status`, in its order.
pub(super) fn fates(text: &str) -> Vec<Fate> {
    blocks(text)
        .iter()
        .filter_map(|fields| {
            let action = match field(fields, "action")?.to_ascii_lowercase().as_str() {
                "failed" => Action::Failed,
                "delayed" => Action::Delayed,
                "delivered" => Action::Delivered,
                "relayed" | "expanded" => Action::PassedOn,
                _ => return None,
            };
            // Comments may follow: `5.1.1 (bad destination mailbox address)`.
            let word = field(fields, "status").and_then(|value| value.split([' ', '(']).next());
            let diagnosis = field(fields, "diagnostic-code").unwrap_or_default().to_owned();
            Some(Fate { action, status: word.and_then(status), diagnosis })
        })
        .collect()
}
