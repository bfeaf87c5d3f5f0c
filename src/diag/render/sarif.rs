//! SARIF 2.1.0 (OASIS): what code scanning services take.
//!
//! The part of the standard that says where, what, why and how to put it right; nothing of code flows or taxonomies.
//! Tests hold it against the standard's own schema.

use std::collections::BTreeSet;

use serde::Serialize;

use super::{Finding, Place, Rule, SuppressedBy, Suppression};
use crate::diag::{Language, Severity};

const SCHEMA: &str = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";
/// What relative paths begin at, by the convention of code scanning services: the top of the repository.
const BASE: &str = "%SRCROOT%";

/// What the log says of the run as a whole.
#[derive(Debug, Clone, Copy)]
pub struct Run {
    pub language: Language,
    /// The number the command ends with.
    pub exit_code: u8,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Log<'a> {
    #[serde(rename = "$schema")]
    schema: &'static str,
    version: &'static str,
    runs: [RunObject<'a>; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RunObject<'a> {
    tool: Tool,
    invocations: [Invocation; 1],
    column_kind: &'static str,
    results: Vec<Outcome<'a>>,
}

#[derive(Serialize)]
struct Tool {
    driver: Driver,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Driver {
    name: &'static str,
    semantic_version: &'static str,
    language: &'static str,
    rules: Vec<RuleObject>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RuleObject {
    id: &'static str,
    short_description: Text,
    help: Help,
    #[serde(skip_serializing_if = "Option::is_none")]
    help_uri: Option<String>,
    default_configuration: Configuration,
}

#[derive(Serialize)]
struct Help {
    text: String,
    markdown: String,
}

#[derive(Serialize)]
struct Configuration {
    level: &'static str,
}

#[derive(Serialize)]
struct Text {
    text: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Invocation {
    /// Whether the tool did its work, whatever it found.
    execution_successful: bool,
    exit_code: u8,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Outcome<'a> {
    rule_id: &'static str,
    rule_index: usize,
    level: &'static str,
    message: Text,
    locations: Vec<Location>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    related_locations: Vec<Location>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    fixes: Vec<Fix<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    suppressions: Vec<Suppressed<'a>>,
}

/// A result that is kept but no longer counts.
#[derive(Serialize)]
struct Suppressed<'a> {
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    justification: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Location {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<usize>,
    physical_location: Physical,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<Text>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Physical {
    artifact_location: Artifact,
    #[serde(skip_serializing_if = "Option::is_none")]
    region: Option<Region>,
}

#[derive(Serialize, PartialEq)]
#[serde(rename_all = "camelCase")]
struct Artifact {
    uri: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    uri_base_id: Option<&'static str>,
}

/// From 1, in characters; the end is exclusive.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Region {
    start_line: usize,
    start_column: usize,
    end_line: usize,
    end_column: usize,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Fix<'a> {
    description: Text,
    artifact_changes: Vec<Change<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Change<'a> {
    artifact_location: Artifact,
    replacements: Vec<Replacement<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Replacement<'a> {
    deleted_region: Region,
    inserted_content: Inserted<'a>,
}

#[derive(Serialize)]
struct Inserted<'a> {
    text: &'a str,
}

/// The log of one run, two spaces deep, with a line end.
pub fn sarif(findings: &[Finding], run: Run) -> String {
    let rules: Vec<Rule> = findings.iter().map(|f| f.rule).collect::<BTreeSet<_>>().into_iter().collect();
    let driver = Driver {
        name: "tabi",
        semantic_version: env!("CARGO_PKG_VERSION"),
        language: match run.language {
            Language::English => "en",
            Language::Japanese => "ja",
        },
        rules: rules.iter().map(|rule| rule_object(*rule, run.language)).collect(),
    };
    let log = Log {
        schema: SCHEMA,
        version: "2.1.0",
        runs: [RunObject {
            tool: Tool { driver },
            invocations: [Invocation { execution_successful: true, exit_code: run.exit_code }],
            column_kind: "unicodeCodePoints",
            results: findings.iter().map(|finding| outcome(finding, &rules, run.language)).collect(),
        }],
    };
    serde_json::to_string_pretty(&log).expect("plain data with string keys") + "\n"
}

fn rule_object(rule: Rule, language: Language) -> RuleObject {
    let page = rule.page(language);
    RuleObject {
        id: rule.id(),
        short_description: Text { text: rule.title(language).to_string() },
        help_uri: first_link(&page),
        help: Help { text: page.clone(), markdown: page },
        default_configuration: Configuration { level: level(rule.severity()) },
    }
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    }
}

/// The source a page itself names: a law, a standard.
fn first_link(page: &str) -> Option<String> {
    let link = &page[page.find("https://")?..];
    let end = link.find(|c: char| !c.is_ascii() || c.is_whitespace() || "<>()[]\"`'".contains(c)).unwrap_or(link.len());
    Some(link[..end].trim_end_matches(['.', ',', ';', ':']).to_string())
}

fn outcome<'a>(finding: &'a Finding, rules: &[Rule], language: Language) -> Outcome<'a> {
    let rule_index = rules.binary_search(&finding.rule).expect("every finding's rule is among the rules, in order");
    let lines: Vec<String> = std::iter::once(finding.headline.clone())
        .chain(Some(finding.label.clone()).filter(|label| !label.is_empty()))
        .chain(finding.notes.iter().cloned())
        .chain(finding.help.clone())
        .collect();
    let related = finding.related.iter().enumerate().map(|(i, (place, text))| Location {
        id: Some(i + 1),
        message: (!text.is_empty()).then(|| Text { text: text.clone() }),
        physical_location: physical(place),
    });
    Outcome {
        rule_id: finding.rule.id(),
        rule_index,
        level: finding.level(),
        message: Text { text: lines.join("\n") },
        locations: match finding.place.path.is_empty() {
            true => Vec::new(),
            false => vec![Location { id: None, physical_location: physical(&finding.place), message: None }],
        },
        related_locations: related.collect(),
        fixes: fix(finding, language).into_iter().collect(),
        suppressions: finding.suppression.iter().map(suppressed).collect(),
    }
}

fn suppressed(suppression: &Suppression) -> Suppressed<'_> {
    let kind = match suppression.by {
        SuppressedBy::Exception => "inSource",
        SuppressedBy::Level => "external",
    };
    Suppressed { kind, justification: suppression.reason.as_deref() }
}

fn fix(finding: &Finding, language: Language) -> Option<Fix<'_>> {
    if finding.edits.is_empty() {
        return None;
    }
    let mut changes: Vec<Change> = Vec::new();
    for (place, text) in &finding.edits {
        let replacement = Replacement { deleted_region: region(place), inserted_content: Inserted { text } };
        let artifact_location = artifact(&place.path);
        match changes.iter_mut().find(|change| change.artifact_location == artifact_location) {
            Some(change) => change.replacements.push(replacement),
            None => changes.push(Change { artifact_location, replacements: vec![replacement] }),
        }
    }
    let otherwise = match language {
        Language::English => "what `tabi fix` would do",
        Language::Japanese => "`tabi fix` による修正",
    };
    let text = finding.help.clone().unwrap_or_else(|| otherwise.to_string());
    Some(Fix { description: Text { text }, artifact_changes: changes })
}

fn physical(place: &Place) -> Physical {
    Physical { artifact_location: artifact(&place.path), region: place.is_somewhere().then(|| region(place)) }
}

fn region(place: &Place) -> Region {
    Region {
        start_line: place.line,
        start_column: place.column,
        end_line: place.end_line,
        end_column: place.end_column,
    }
}

/// A relative path hangs on the repository's top; an absolute one is a `file:` address.
fn artifact(path: &str) -> Artifact {
    let path = path.replace('\\', "/");
    let encoded = percent_encoded(path.strip_prefix("./").unwrap_or(&path));
    if path.starts_with('/') {
        return Artifact { uri: format!("file://{encoded}"), uri_base_id: None };
    }
    if path.as_bytes().get(1) == Some(&b':') {
        return Artifact { uri: format!("file:///{}", encoded.replacen("%3A", ":", 1)), uri_base_id: None };
    }
    Artifact { uri: encoded, uri_base_id: Some(BASE) }
}

/// A path as it may stand in an address (RFC 3986): all but unreserved characters and `/` as bytes of UTF-8.
fn percent_encoded(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    for byte in path.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => out.push(byte as char),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}
