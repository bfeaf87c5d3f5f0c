//! JUnit XML, which every CI system reads: suites of cases that pass or fail.
//!
//! Runs nothing. JUnit has no standard; what is written is the part that all readers share: one failure per case.

use super::Finding;
use crate::diag::Language;

/// Cases that belong together: one journey's tests, one project's files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suite {
    pub name: String,
    pub cases: Vec<Case>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Case {
    pub name: String,
    /// What the case belongs to; readers group by it.
    pub class: String,
    pub file: String,
    /// From 1; 0 when it is about the whole file.
    pub line: usize,
    pub failure: Option<Failure>,
    /// Said of a case that passes all the same.
    pub aside: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// One line.
    pub message: String,
    /// What kind of failure: a code, or `test`.
    pub kind: String,
    /// All that is to be said.
    pub text: String,
}

/// The document, two spaces deep.
pub fn junit(name: &str, suites: &[Suite]) -> String {
    let count = |suites: &[Suite]| {
        let cases = || suites.iter().flat_map(|suite| &suite.cases);
        let failures = cases().filter(|case| case.failure.is_some()).count();
        format!("tests=\"{}\" failures=\"{failures}\" errors=\"0\" skipped=\"0\" time=\"0\"", cases().count())
    };
    let mut text = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    text.push_str(&format!("<testsuites name=\"{}\" {}>\n", escaped(name), count(suites)));
    for suite in suites {
        let of_suite = count(std::slice::from_ref(suite));
        text.push_str(&format!("  <testsuite name=\"{}\" {of_suite}>\n", escaped(&suite.name)));
        suite.cases.iter().for_each(|case| text.push_str(&written(case)));
        text.push_str("  </testsuite>\n");
    }
    text.push_str("</testsuites>\n");
    text
}

fn written(case: &Case) -> String {
    let mut head = format!("    <testcase name=\"{}\" classname=\"{}\"", escaped(&case.name), escaped(&case.class));
    head.push_str(&format!(" file=\"{}\"", escaped(&case.file)));
    if case.line > 0 {
        head.push_str(&format!(" line=\"{}\"", case.line));
    }
    head.push_str(" time=\"0\"");
    let mut body = String::new();
    if let Some(Failure { message, kind, text }) = &case.failure {
        let (message, kind, text) = (escaped(message), escaped(kind), escaped(text));
        body.push_str(&format!("      <failure message=\"{message}\" type=\"{kind}\">{text}</failure>\n"));
    }
    if !case.aside.is_empty() {
        body.push_str(&format!("      <system-out>{}</system-out>\n", escaped(&case.aside.join("\n"))));
    }
    if body.is_empty() { format!("{head}/>\n") } else { format!("{head}>\n{body}    </testcase>\n") }
}

/// The findings as one case per file; a file with errors fails, and what are only warnings stand beside it.
pub fn cases_of_files(findings: &[Finding], files: &[&str], language: Language) -> Vec<Case> {
    let mut names: Vec<&str> = files.to_vec();
    for finding in findings {
        if !names.contains(&finding.place.path.as_str()) {
            names.push(&finding.place.path);
        }
    }
    names.into_iter().map(|file| case_of_file(file, findings, language)).collect()
}

fn case_of_file(file: &str, findings: &[Finding], language: Language) -> Case {
    let (errors, warnings): (Vec<&Finding>, Vec<&Finding>) =
        findings.iter().filter(|finding| finding.place.path == file).partition(|finding| finding.is_error());
    let told = |list: &[&Finding]| list.iter().map(|finding| told(finding, language)).collect::<Vec<_>>();
    let failure = errors.first().map(|first| Failure {
        message: match (errors.len(), language) {
            (1, _) => first.headline.clone(),
            (n, Language::English) => format!("{} (and {} more)", first.headline, n - 1),
            (n, Language::Japanese) => format!("{} (ほか {} 件)", first.headline, n - 1),
        },
        kind: first.rule.id().to_string(),
        text: told(&errors).join("\n"),
    });
    Case {
        name: file.to_string(),
        class: "check".to_string(),
        file: file.to_string(),
        line: 0,
        failure,
        aside: told(&warnings),
    }
}

/// A finding with everything it says, a line each.
fn told(finding: &Finding, language: Language) -> String {
    let head = format!("{}: {}[{}]: {}", finding.place.short(), finding.level(), finding.rule.id(), finding.headline);
    let details = finding.details(language);
    std::iter::once(head).chain(details.iter().map(|line| format!("  {line}"))).collect::<Vec<_>>().join("\n")
}

/// Text as it may stand in XML 1.0: what the standard forbids altogether becomes U+FFFD.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\t' | '\n' => out.push(c),
            '\r' => out.push_str("&#13;"),
            '\u{fffe}' | '\u{ffff}' => out.push('\u{fffd}'),
            c if c < ' ' => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}
