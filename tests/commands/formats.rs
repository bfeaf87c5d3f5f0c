//! `--format`: what CI systems read, read by their own readers: the official schema of SARIF, a JUnit parser.
//!
//! Transcripts of the plain text formats are snapshots.

use std::fs;
use std::path::Path;

use serde_json::Value;

use super::run::{CONFIG, data, folder, told};

/// Validated against the schema the committee publishes, formats such as `uri-reference` included.
fn valid_sarif(text: &str) -> Value {
    let log: Value = serde_json::from_str(text).expect("it is JSON");
    let schema = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/schemas/sarif-schema-2.1.0.json");
    let schema: Value = serde_json::from_str(&fs::read_to_string(schema).unwrap()).unwrap();
    let (mut schemas, mut compiler) = (boon::Schemas::new(), boon::Compiler::new());
    compiler.enable_format_assertions();
    compiler.add_resource("sarif.json", schema).unwrap();
    let index = compiler.compile("sarif.json", &mut schemas).unwrap();
    if let Err(error) = schemas.validate(&log, index) {
        panic!("not valid SARIF: {error:#}\n{text}");
    }
    log
}

/// A project with a name that must be encoded, a fix, other places, and text that is not plain.
fn odd_project() -> tempfile::TempDir {
    let campaigns = "profile { given_name: text? }\nevent e about profile { price: money JPY }\nevent e about profile {}\n\
                     event f about profil { a｛b }\n";
    folder(&[("tabi.yaml", CONFIG), ("冬 100%/a#b,c:d.tabi", campaigns)])
}

#[test]
fn sarif_is_valid_by_the_official_schema() {
    for (project, arguments) in [
        (data("good"), vec!["check", "--format", "sarif"]),
        (data("bad"), vec!["check", "--format", "sarif"]),
        (data("bad"), vec!["check", "--format", "sarif", "--lang", "ja"]),
        (odd_project().path().to_path_buf(), vec!["check", "nowhere", "--format", "sarif"]),
        (data("bad"), vec!["fmt", "--check", "--format", "sarif"]),
        (data("good"), vec!["test", "--format", "sarif"]),
    ] {
        let (text, code) = told(&project, &arguments);
        let log = valid_sarif(&text);
        assert_eq!(log["runs"][0]["invocations"][0]["exitCode"], code, "{arguments:?}");
    }
}

#[test]
fn the_schema_would_notice() {
    let (text, _) = told(&data("bad"), &["check", "--format", "sarif"]);
    let broken = text.replace("\"startLine\": ", "\"startLine\": -");
    assert_ne!(broken, text);
    assert!(std::panic::catch_unwind(|| valid_sarif(&broken)).is_err());
}

#[test]
fn sarif_says_where_why_and_how_to_put_it_right() {
    let project = odd_project();
    let (text, code) = told(project.path(), &["check", "--format", "sarif"]);
    assert_eq!(code, 1);
    let log = valid_sarif(&text);
    let run = &log["runs"][0];
    assert_eq!(run["columnKind"], "unicodeCodePoints");
    let results = run["results"].as_array().unwrap();
    let of = |code: &str| results.iter().find(|result| result["ruleId"] == code).unwrap_or_else(|| panic!("{text}"));
    let full_width = of("E0103");
    let place = &full_width["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], "%E5%86%AC%20100%25/a%23b%2Cc%3Ad.tabi");
    assert_eq!(place["artifactLocation"]["uriBaseId"], "%SRCROOT%");
    assert_eq!((&place["region"]["startLine"], &place["region"]["startColumn"]), (&4.into(), &25.into()));
    assert_eq!(full_width["fixes"][0]["artifactChanges"][0]["replacements"][0]["insertedContent"]["text"], "{");
    let rule = full_width["ruleIndex"].as_u64().unwrap() as usize;
    let rule = &run["tool"]["driver"]["rules"][rule];
    assert_eq!(rule["id"], "E0103");
    assert!(rule["help"]["markdown"].as_str().unwrap().contains("```"), "the page, with its examples");
}

#[test]
fn related_places_are_told() {
    let twice = folder(&[("tabi.yaml", CONFIG), ("a.tabi", "event e about profile {}\nevent e about profile {}\n")]);
    let (text, _) = told(twice.path(), &["check", "--format", "sarif", "--lang", "ja"]);
    let log = valid_sarif(&text);
    let result = &log["runs"][0]["results"][0];
    assert_eq!(log["runs"][0]["tool"]["driver"]["language"], "ja");
    assert_eq!(result["relatedLocations"][0]["physicalLocation"]["region"]["startLine"], 1, "{text}");
}

fn junit(text: &str) -> junit_parser::TestSuites {
    junit_parser::from_reader(text.as_bytes()).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

#[test]
fn junit_of_tests_has_a_suite_per_journey() {
    let (text, code) = told(&data("good"), &["test", "--format", "junit"]);
    let suites = junit(&text);
    assert_eq!((code, suites.failures, suites.errors), (0, 0, 0));
    assert_eq!(suites.suites[0].name, "welcome");
    assert!(suites.suites[0].cases.iter().all(|case| case.status.is_success()), "{text}");
    let failing = failing();
    let (text, code) = told(failing.path(), &["test", "--format", "junit"]);
    let suites = junit(&text);
    assert_eq!((code, suites.failures), (2, 1));
    let case = suites.suites[0].cases.iter().find(|case| case.status.is_failure()).expect("one fails");
    assert_eq!(case.file.as_deref(), Some("shop.tabi"));
    let message = format!("{:?}", case.status);
    assert!(message.contains("taro") || message.contains("expected"), "{message}");
}

#[test]
fn junit_of_a_check_has_a_case_per_file() {
    let odd = folder(&[
        ("tabi.yaml", CONFIG),
        ("<&>\".tabi", "event e about profile {}\nevent e about profile {}\nenum \u{1} { a }\n"),
        ("fine.tabi", "event f about profile {}\n"),
    ]);
    let (text, code) = told(odd.path(), &["check", "--format", "junit"]);
    let suites = junit(&text);
    assert_eq!((code, suites.suites.len(), suites.suites[0].cases.len()), (1, 1, 3), "{text}");
    let failed: Vec<&str> =
        suites.suites[0].cases.iter().filter(|case| case.status.is_failure()).map(|case| case.name.as_str()).collect();
    assert_eq!(failed, ["check::<&>\".tabi"]);
    assert!(!text.contains('\u{1}'), "XML 1.0 forbids it");
}

/// A project of which one test fails.
fn failing() -> tempfile::TempDir {
    let shop = fs::read_to_string(data("good/shop.tabi")).unwrap();
    let wrong = shop.replace("+3d expect sent email hello", "+2d expect sent email hello");
    assert_ne!(wrong, shop);
    folder(&[("tabi.yaml", CONFIG), ("shop.tabi", &wrong)])
}

#[test]
fn plain_formats_are_as_they_were() {
    let mut seen = String::new();
    let failing = failing();
    let odd = odd_project();
    let messy = folder(&[
        ("tabi.yaml", CONFIG),
        ("a.tabi", "# fine\nevent  e about profile {   a:text }\n"),
        ("b.tabi", "evnt x\n"),
    ]);
    let all: &[(&str, &Path, &[&str])] = &[
        ("bad", &data("bad"), &["check", "--format", "compact"]),
        ("bad", &data("bad"), &["check", "--format", "compact", "--lang", "ja"]),
        ("odd", odd.path(), &["check", "--format", "github"]),
        ("odd", odd.path(), &["check", "--format", "md"]),
        ("bad", &data("bad"), &["check", "--format", "md", "--lang", "ja"]),
        ("good", &data("good"), &["check", "--format", "md"]),
        ("failing", failing.path(), &["test", "--format", "compact"]),
        ("failing", failing.path(), &["test", "--format", "github"]),
        ("failing", failing.path(), &["test", "--format", "md"]),
        ("failing", failing.path(), &["test", "--format", "md", "--lang", "ja"]),
        ("good", &data("good"), &["test", "--format", "md"]),
        ("messy", messy.path(), &["fmt", "--check", "--format", "compact"]),
        ("messy", messy.path(), &["fmt", "--check", "--format", "json"]),
        ("messy", messy.path(), &["fmt", "--check", "--format", "github", "--lang", "ja"]),
    ];
    for (name, project, arguments) in all {
        let (text, code) = told(project, arguments);
        seen.push_str(&format!("$ cd {name}; tabi {}\n{text}--- exit {code}\n\n", arguments.join(" ")));
    }
    insta::assert_snapshot!("formats", seen);
}
