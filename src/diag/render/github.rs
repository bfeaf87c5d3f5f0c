//! Workflow commands of GitHub Actions: a note on the very line of a pull request.
//!
//! The form is GitHub's ("Workflow commands for GitHub Actions"); nothing but these lines is written.

use super::{Finding, Place};
use crate::diag::Language;

/// `::error file=…,line=…,endLine=…,col=…,endColumn=…,title=…::text`, one per finding.
pub fn github(findings: &[Finding], language: Language) -> String {
    findings.iter().map(|finding| command(finding, language)).collect()
}

fn command(finding: &Finding, language: Language) -> String {
    let mut properties: Vec<String> = Vec::new();
    let mut property = |name: &str, value: &str| properties.push(format!("{name}={}", escaped_property(value)));
    let Place { path, line, column, end_line, end_column } = &finding.place;
    if !path.is_empty() {
        property("file", &path.replace('\\', "/"));
    }
    if finding.place.is_somewhere() {
        property("line", &line.to_string());
        property("endLine", &end_line.to_string());
        // Columns mean something only within one line.
        if line == end_line {
            property("col", &column.to_string());
            property("endColumn", &end_column.to_string());
        }
    }
    property("title", &format!("{}: {}", finding.rule.id(), finding.headline));
    let details = finding.details(language);
    let text = if details.is_empty() { finding.headline.clone() } else { details.join("\n") };
    format!("::{} {}::{}\n", finding.level(), properties.join(","), escaped(&text))
}

/// What must not stand in the text of a command.
fn escaped(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// What must not stand in one of its properties.
fn escaped_property(text: &str) -> String {
    escaped(text).replace(':', "%3A").replace(',', "%2C")
}
