//! `tabi init`: what it writes is green by every command, in both languages, and nothing is written over.
//!
//! The files themselves stand in `src/cli/init/`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::run::{folder, output, told};

fn made(arguments: &[&str]) -> tempfile::TempDir {
    let parent = folder(&[]);
    let (text, code) = told(parent.path(), &[&["init", "shop"], arguments].concat());
    assert_eq!(code, 0, "{text}");
    parent
}

/// Every command finds nothing wrong with a new project.
fn green(project: &Path, language: &str) {
    for arguments in
        [&["fmt", "--check"][..], &["check"], &["test"], &["simulate"], &["fix", "--dry-run"], &["show", "cart"]]
    {
        let output = output(project, &[arguments, &["--lang", language]].concat());
        let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        assert_eq!(output.status.code(), Some(0), "{arguments:?}\n{said}");
    }
    let (found, _) = told(project, &["check", "--format", "compact"]);
    assert_eq!(found, "", "not even a warning");
    let (report, _) = told(project, &["simulate", "--json"]);
    let report: serde_json::Value = serde_json::from_str(&report).unwrap();
    assert!(report["journeys"]["welcome"]["entered"].as_u64() > Some(0), "{report:#}");
    assert!(report["journeys"]["cart"]["entered"].as_u64() > Some(0), "{report:#}");
}

#[test]
fn new_projects_are_green_in_both_languages() {
    for language in ["en", "ja"] {
        green(&made(&["--lang", language]).path().join("shop"), language);
    }
}

#[test]
fn every_currency_and_zone_has_its_project() {
    for (currency, zone) in [("USD", "America/Argentina/Buenos_Aires"), ("KRW", "UTC"), ("KWD", "Asia/Kuwait")] {
        green(&made(&["--currency", currency, "--timezone", zone]).path().join("shop"), "en");
    }
}

fn files(folder: &Path, all: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap().flatten() {
        if entry.path().is_dir() { files(&entry.path(), all) } else { all.push(entry.path()) }
    }
}

#[test]
fn every_file_is_listed_and_no_placeholder_is_left() {
    let parent = folder(&[]);
    let (text, _) = told(parent.path(), &["init", "shop", "--name", "Tsumugi"]);
    insta::assert_snapshot!("init", text);
    let mut all = Vec::new();
    files(&parent.path().join("shop"), &mut all);
    assert_eq!(
        all.len(),
        text.lines().filter(|line| line.starts_with("  ") && !line.contains("   ") && line.contains('.')).count()
    );
    for path in all {
        let inside = path.strip_prefix(parent.path().join("shop")).unwrap();
        assert!(text.contains(&format!("  {}\n", inside.display())), "{} is not listed", inside.display());
        let written = fs::read_to_string(&path).unwrap();
        assert!(!written.contains("__"), "{}", inside.display());
        if path.extension().is_some_and(|e| e == "json") {
            serde_json::from_str::<serde_json::Value>(&written).unwrap_or_else(|e| panic!("{}: {e}", inside.display()));
        }
    }
}

#[test]
fn nothing_is_written_over() {
    for (mine, text) in [("tabi.yaml", "name: mine\n"), (".github/workflows/tabi.yml", "mine"), ("README.md", "mine")] {
        let folder = folder(&[(mine, text)]);
        let (_, code) = told(folder.path(), &["init", "--name", "shop"]);
        assert_eq!(code, 64, "{mine}");
        let mut all = Vec::new();
        files(folder.path(), &mut all);
        assert_eq!((all.len(), fs::read_to_string(folder.path().join(mine)).unwrap().as_str()), (1, text));
    }
    let project = folder(&[("tabi.yaml", "name: outer\n")]);
    assert_eq!(told(project.path(), &["init", "inner"]).1, 64, "a project inside a project");
    let other = folder(&[("LICENSE", "mine")]);
    assert_eq!(told(other.path(), &["init", "--name", "shop"]).1, 0, "other files do not matter");
}

#[test]
fn wrong_wishes_are_refused() {
    let parent = folder(&[]);
    for arguments in
        [["--currency", "YEN"], ["--timezone", "Tokyo"], ["--name", "a: b"], ["--name", "42"], ["--name", ""]]
    {
        assert_eq!(told(parent.path(), &[&["init", "shop"], &arguments[..]].concat()).1, 64, "{arguments:?}");
    }
    assert!(!parent.path().join("shop").exists());
}

/// The lines of the workflow that call the program do what they are there for.
#[test]
fn the_workflow_calls_commands_there_are() {
    let parent = made(&[]);
    let project = parent.path().join("shop");
    let text = fs::read_to_string(project.join(".github/workflows/tabi.yml")).unwrap();
    let workflow: serde_yaml::Value = serde_yaml::from_str(&text).expect("it is YAML");
    let steps = workflow["jobs"]["campaigns"]["steps"].as_sequence().expect("it has steps");
    let scripts: Vec<&str> = steps.iter().filter_map(|step| step["run"].as_str()).collect();
    let calls: Vec<&str> = scripts.iter().flat_map(|s| s.lines()).filter(|line| line.starts_with("tabi ")).collect();
    assert!(calls.len() >= 8, "{calls:?}");
    let git = |arguments: &[&str]| {
        let identity = ["-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "init.defaultBranch=main"];
        let status = Command::new("git").args(identity).args(arguments).current_dir(&project).output();
        assert!(status.expect("there is a git").status.success(), "{arguments:?}");
    };
    git(&["init", "-q"]);
    git(&["add", "."]);
    git(&["commit", "-q", "-m", "new"]);
    git(&["update-ref", "refs/remotes/origin/main", "HEAD"]);
    let program = Path::new(env!("CARGO_BIN_EXE_tabi")).parent().unwrap();
    let path = format!("{}:{}", program.display(), std::env::var("PATH").unwrap_or_default());
    for call in calls {
        let mut shell = Command::new("bash");
        shell.args(["-ec", call.trim_end_matches("|| true")]).current_dir(&project);
        shell.env("PATH", &path).env("BASE", "main").env("GITHUB_STEP_SUMMARY", parent.path().join("summary.md"));
        let output = shell.output().expect("there is a bash");
        assert!(output.status.success(), "{call}\n{}", String::from_utf8_lossy(&output.stderr));
    }
    let summary = fs::read_to_string(parent.path().join("summary.md")).unwrap();
    assert!(summary.contains("tabi check: no problems") && summary.contains("tabi test: 9 passed"), "{summary}");
}
