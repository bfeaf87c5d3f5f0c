//! Findings for the comment of a pull request or a job's summary, in GitHub's Markdown.
//!
//! Short on purpose: headlines and remedies; the rest is one command away.

use super::{Finding, summary};
use crate::diag::Language;

/// Rows of one table; a comment with more is not read.
const ROWS_MAX: usize = 50;

/// A heading, and a table if there is anything to tell. `command` is the one that found
/// them, `files` how many were looked at.
pub fn markdown(command: &str, findings: &[Finding], files: usize, language: Language) -> String {
    let errors = findings.iter().filter(|finding| finding.is_error()).count();
    let mark = match (errors, findings.len()) {
        (0, 0) => "✅",
        (0, _) => "⚠️",
        _ => "❌",
    };
    let counted = summary::counted(errors, findings.len() - errors, files, language);
    let mut text = format!("### {mark} {command}: {counted}\n");
    if findings.is_empty() {
        return text;
    }
    text.push_str(match language {
        Language::English => "\n| | place | what | remedy |\n|---|---|---|---|\n",
        Language::Japanese => "\n| | 場所 | 内容 | 対処 |\n|---|---|---|---|\n",
    });
    for finding in findings.iter().take(ROWS_MAX) {
        text.push_str(&row(finding));
    }
    let hidden = findings.len().saturating_sub(ROWS_MAX);
    if hidden > 0 {
        text.push_str(&match language {
            Language::English => format!("\n… and {hidden} more; `{command}` shows all.\n"),
            Language::Japanese => format!("\n… ほか {hidden} 件。`{command}` で全件を確認できます。\n"),
        });
    }
    text
}

fn row(finding: &Finding) -> String {
    let mark = if finding.is_error() { "❌" } else { "⚠️" };
    let place = match finding.place.is_somewhere() {
        true => format!("{}:{}", finding.place.path, finding.place.line),
        false => finding.place.path.clone(),
    };
    let (what, help) = (cell(&finding.headline), cell(finding.help.as_deref().unwrap_or_default()));
    format!("| {mark} `{}` | {} | {what} | {help} |\n", finding.rule.id(), code_cell(&place))
}

/// Text for a table cell. Words in backticks stay code; outside them nothing becomes a tag, a link, or a call of a
/// person's name.
pub fn cell(text: &str) -> String {
    let one_line = text.replace(['\r', '\n'], " ");
    let parts: Vec<&str> = one_line.split('`').collect();
    // An odd one out opens no code.
    let code_to = if parts.len() % 2 == 1 { parts.len() } else { parts.len() - 1 };
    let mut out = String::new();
    for (i, part) in parts.iter().enumerate() {
        match i % 2 == 1 && i < code_to {
            true => out.push_str(&code_cell(part)),
            false => {
                if i == code_to {
                    out.push_str("\\`");
                }
                out.push_str(&plain(part));
            }
        }
    }
    out
}

/// Text outside code.
fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '@' => out.push_str("&#64;"),
            '|' | '*' | '_' | '[' | ']' | '#' | '~' | '\\' => {
                out.push('\\');
                out.push(c);
            }
            c => out.push(c),
        }
    }
    out
}

/// Text as code in a cell; a fence longer than any run of backticks in it.
fn code_cell(text: &str) -> String {
    let text = text.replace(['\r', '\n'], " ").replace('|', "\\|");
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest + 1);
    match (text.is_empty(), text.starts_with('`') || text.ends_with('`')) {
        (true, _) => String::new(),
        (false, true) => format!("{fence} {text} {fence}"),
        (false, false) => format!("{fence}{text}{fence}"),
    }
}
