//! One line per finding, for `grep` and for the error lists of editors.
//!
//! `error` and `warning` stay English in every language: patterns look for them.

use super::Finding;

/// `path:line:column: error[E0412]: headline`, each with a line end.
pub fn compact(findings: &[Finding]) -> String {
    findings.iter().map(line).collect()
}

fn line(finding: &Finding) -> String {
    let place = finding.place.short();
    let place = if place.is_empty() { String::new() } else { format!("{}: ", one_line(&place)) };
    format!("{place}{}[{}]: {}\n", finding.level(), finding.rule.id(), one_line(&finding.headline))
}

/// A text without line ends: names of files may hold them too.
fn one_line(text: &str) -> String {
    text.replace(['\r', '\n'], " ")
}
