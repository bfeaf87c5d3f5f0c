//! Completions and manual pages name every command; bash itself takes its script.
//!
//! What the commands do is tested elsewhere.

use std::fs;
use std::process::Command;

use super::run::{data, folder, told};

/// The commands there are, by the program's own word.
pub fn commands() -> Vec<String> {
    let (help, _) = told(&data(""), &["--help"]);
    let listed = help.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    let names = listed.filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    names.filter_map(|line| line.split_whitespace().next()).map(String::from).collect()
}

#[test]
fn completions_of_every_shell_name_every_command() {
    let commands = commands();
    assert!(commands.len() >= 9, "{commands:?}");
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let (script, code) = told(&data(""), &["completions", shell]);
        assert_eq!(code, 0, "{shell}");
        for command in &commands {
            assert!(script.contains(command.as_str()), "{shell}: no `{command}`");
        }
    }
    assert_eq!(told(&data(""), &["completions", "tcsh"]).1, 64);
}

#[test]
fn bash_completes() {
    let home = folder(&[]);
    let (script, _) = told(&data(""), &["completions", "bash"]);
    fs::write(home.path().join("tabi.bash"), script).unwrap();
    let ask = "source ./tabi.bash; complete -p tabi; \
               COMP_WORDS=(tabi che); COMP_CWORD=1; _tabi tabi che tabi; echo \"${COMPREPLY[@]}\"; \
               COMP_WORDS=(tabi check --form); COMP_CWORD=2; _tabi tabi --form check; echo \"${COMPREPLY[@]}\"";
    let output = Command::new("bash").args(["--norc", "-c", ask]).current_dir(home.path()).output();
    let output = output.expect("there is a bash");
    let lines = String::from_utf8_lossy(&output.stdout).into_owned();
    let (errors, lines) = (String::from_utf8_lossy(&output.stderr).into_owned(), lines.lines().collect::<Vec<_>>());
    assert_eq!((lines.get(1), lines.get(2)), (Some(&"check"), Some(&"--format")), "{lines:?}\n{errors}");
}

#[test]
fn manual_pages_are_written_for_every_command() {
    let (page, code) = told(&data(""), &["man"]);
    assert_eq!(code, 0);
    for part in [".TH tabi 1", ".SH NAME", ".SH OPTIONS", "Exit codes"] {
        assert!(page.contains(part), "{part}:\n{page}");
    }
    let out = folder(&[]);
    assert_eq!(told(out.path(), &["man", "--out", "pages/man1"]).1, 0);
    for command in commands() {
        let page = fs::read_to_string(out.path().join(format!("pages/man1/tabi-{command}.1"))).unwrap();
        assert!(page.contains(&format!("tabi\\-{}", command.replace('-', "\\-"))), "{page}");
    }
    let (japanese, _) = told(&data(""), &["man", "--lang", "ja"]);
    assert!(japanese.contains("終了コード"), "{japanese}");
    fs::write(out.path().join("file"), "").unwrap();
    assert_eq!(told(out.path(), &["man", "--out", "file"]).1, 64);
}
