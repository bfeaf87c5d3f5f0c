//! `tabi run` as a program: the README's minute as it is written there, and what keeps a run from beginning.
//!
//! The engine has its own tests in `tests/runtime.rs`, the server in `tests/server.rs`.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::net::{TcpListener, TcpStream};
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use super::run::{output, tabi, told};

/// A machine with much else to do takes its time; nothing here waits that long otherwise.
const PATIENCE: Duration = Duration::from_secs(90);

/// A Tabi that runs until the test is over.
pub struct Running(Child);

impl Running {
    pub fn start(folder: &Path, arguments: &[&str], port: u16) -> Running {
        let child = tabi(folder, arguments).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let mut running = Running(child);
        until(|| {
            assert!(running.0.try_wait().unwrap().is_none(), "it runs: {arguments:?}");
            TcpStream::connect(("127.0.0.1", port)).is_ok() && folder.join(".tabi/admin.sock").exists()
        });
        // It says so once it listens; a run that cannot say so does not begin.
        let said = BufReader::new(running.0.stderr.take().unwrap()).lines().map_while(Result::ok);
        let begun = said.take_while(|line| !line.contains("http://")).count();
        assert!(begun < 100 && running.0.try_wait().unwrap().is_none(), "it runs: {arguments:?}");
        // Nobody reads its logs any more: that must not keep it from ending when it is told to.
        running
    }
    /// As Ctrl-C does.
    pub fn stop(mut self) -> bool {
        let killed = Command::new("kill").args(["-INT", &self.0.id().to_string()]).status().unwrap();
        assert!(killed.success());
        let status = self.0.wait().unwrap();
        status.code() == Some(0) && status.signal().is_none()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

pub fn until(mut is_so: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < PATIENCE, "not within {PATIENCE:?}");
        thread::yield_now();
        thread::park_timeout(Duration::from_millis(20));
    }
}

/// A port that nobody listens on, at the moment.
pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// The blocks of shell under a heading of the README.
fn blocks(heading: &str) -> Vec<String> {
    let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap();
    let section = page.split("\n## ").find(|section| section.starts_with(heading)).expect("the section is there");
    let parts: Vec<&str> = section.split("```sh\n").skip(1).collect();
    parts.iter().map(|part| part.split("```").next().unwrap().to_owned()).collect()
}

pub fn shell(folder: &Path, script: &str) -> String {
    let program = Path::new(env!("CARGO_BIN_EXE_tabi")).parent().unwrap();
    let path = format!("{}:{}", program.display(), std::env::var("PATH").unwrap_or_default());
    let output =
        Command::new("sh").args(["-ec", script]).env("PATH", path).env("LANG", "C").current_dir(folder).output();
    let output = output.unwrap();
    let text = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{script}\n{text}");
    text
}

#[test]
fn the_minute_of_the_readme_is_as_it_says() {
    let parent = tempfile::tempdir().unwrap();
    let blocks = blocks("From check to run");
    let [first, second, third] = &blocks[..] else { panic!("three blocks: {blocks:?}") };
    let (before, run) = first.trim_end().rsplit_once('\n').unwrap();
    let text = shell(parent.path(), before);
    assert!(text.contains("no problems"), "{text}");
    let project = parent.path().join("my-shop");
    let port = free_port();
    let clock = run.split('"').nth(1).expect("a clock in quotes");
    assert_eq!(run, format!("tabi run --clock \"{clock}\""));
    let listen = format!("127.0.0.1:{port}");
    let running = Running::start(&project, &["run", "--clock", clock, "--listen", &listen], port);
    let here = |text: &str| text.replace("127.0.0.1:4040", &listen);
    let answers = shell(&project, &here(second));
    assert_eq!(answers.matches("{\"success\":true}").count(), 3, "{answers}");
    // Whatever the hour: quiet hours end within some seconds of a clock that runs so fast.
    until(|| fs::read_dir(project.join(".tabi/outbox")).is_ok_and(|sheets| sheets.count() >= 2));
    let text = shell(&project, &here(third));
    assert!(text.contains("email `welcome_mail`") && text.contains("line `cart_nudge`"), "{text}");
    assert!(text.contains("-email-welcome_mail-hanako@example.jp.eml"), "{text}");
    assert!(text.contains("-line-cart_nudge-U1.json"), "{text}");
    assert!(running.stop(), "Ctrl-C ends it in order");
    // The figures of what ran, from the folder it left.
    let (text, code) = told(&project, &["report", "--data", ".tabi", "--json"]);
    assert_eq!(code, 0, "{text}");
    let report: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(report["journeys"]["source"], "recorded");
    let journeys = report["journeys"]["journeys"].as_object().unwrap();
    let reached = |name: &str| journeys[name]["reached"].as_u64().unwrap();
    let sent = |channel: &str| report["journeys"]["sent"][channel].as_u64().unwrap();
    assert!(sent("email") >= 1 && sent("line") >= 1, "{text}");
    let names: Vec<&String> = journeys.keys().collect();
    assert_eq!(names.iter().map(|name| reached(name)).sum::<u64>(), 2, "one person was sent each of two: {text}");
    assert_eq!(journeys[names[0]]["signals"]["unsubscribed"], 0);
    // What is live counts, not what the files say by now.
    fs::write(project.join("more.tabi"), "segment everyone = did purchase\n").unwrap();
    assert_eq!(told(&project, &["report", "--data", ".tabi", "--json"]), (text, 0));
}

#[test]
fn a_port_that_the_system_chose_is_told() {
    let parent = tempfile::tempdir().unwrap();
    told(parent.path(), &["init", "shop", "--name", "Shop"]);
    let mut command = tabi(&parent.path().join("shop"), &["run", "--listen", "127.0.0.1:0", "--lang", "en"]);
    let mut child = command.stderr(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
    let mut said = BufReader::new(child.stderr.take().unwrap()).lines().map_while(Result::ok);
    let line = said.find(|line| line.contains("Tabi runs: events at http://127.0.0.1:")).unwrap();
    let port = line.split("127.0.0.1:").nth(1).and_then(|rest| rest.split('/').next()).unwrap();
    assert!(port.parse::<u16>().is_ok_and(|port| port != 0), "{line}");
    assert!(TcpStream::connect(format!("127.0.0.1:{port}")).is_ok(), "{line}");
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn what_keeps_a_run_from_beginning_is_said_with_its_remedy() {
    let parent = tempfile::tempdir().unwrap();
    told(parent.path(), &["init", "shop", "--name", "Shop"]);
    let shop = parent.path().join("shop");
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let busy = taken.local_addr().unwrap().to_string();
    fs::write(shop.join("a-file"), "").unwrap();
    let mut secrets = fs::read_to_string(shop.join("tabi.yaml")).unwrap();
    secrets.push_str("  staging:\n    write_keys: { a: env:TABI_TEST_ABSENT_A, b: env:TABI_TEST_ABSENT_B }\n");
    fs::write(shop.join("tabi.yaml"), secrets).unwrap();
    let port = free_port();
    let listen = format!("127.0.0.1:{port}");
    let running =
        Running::start(&shop, &["run", "--listen", &listen, "--clock", "2026-04-01T09:00:00+09:00 x60"], port);
    #[rustfmt::skip]
    let cases: &[(&[&str], i32, &str, &str)] = &[
        (&["--listen", &busy], 75, "something listens on", "ほかのプログラムが使っています"),
        (&["--listen", "127.0.0.1:0"], 75, "another Tabi runs on the data in `.tabi`", "別の Tabi が動いています"),
        (&["--data", "a-file"], 64, "`a-file` is a file", "`a-file` はファイルです"),
        (&["--data", "d1", "--env", "stagin"], 1, "did you mean `staging`?", "`staging` ではありませんか"),
        (&["--data", "d2", "--env", "staging"], 1, "2 secrets cannot be found:\n", "秘密情報が 2 件見つかりません"),
        (&["--data", "d3", "--clock", "tomorrow"], 1, "`tomorrow` is no clock", "時計として読めません"),
        (&["--data", "d4", "--listen", "0.0.0.0:0"], 1, "this machine only", "このマシンの中だけ"),
    ];
    let said = |arguments: &[&str], lang: &str| {
        let output = output(&shop, &[&["run", "--listen", "127.0.0.1:0", "--lang", lang], arguments].concat());
        (String::from_utf8(output.stderr).unwrap(), output.status.code())
    };
    let said = |arguments: &[&str], lang: &str| match arguments[..] {
        // A flag is given once.
        _ if arguments.contains(&"--listen") => {
            let output = output(&shop, &[&["run", "--lang", lang], arguments].concat());
            (String::from_utf8(output.stderr).unwrap(), output.status.code())
        }
        _ => said(arguments, lang),
    };
    for (arguments, code, en, ja) in cases {
        for (lang, words) in [("en", en), ("ja", ja)] {
            let (text, ended) = said(arguments, lang);
            assert!(text.contains(words) && ended == Some(*code), "{arguments:?}: {ended:?} {text}");
        }
    }
    assert!(running.stop());
    // The data are a rehearsal's, at a later hour than it began with.
    let (text, code) = said(&["--env", "production"], "en");
    assert!(code == Some(1) && text.contains("a rehearsal's"), "{text}");
    let (text, code) = said(&["--clock", "2026-04-01T08:00:00+09:00 x60"], "en");
    assert!(code == Some(1) && text.contains("have come to 2026-0"), "{text}");
}

#[test]
fn files_that_changed_keep_no_run_from_going_on_with_what_is_live() {
    let parent = tempfile::tempdir().unwrap();
    told(parent.path(), &["init", "shop", "--name", "Shop"]);
    let shop = parent.path().join("shop");
    // What is said until it runs.
    let said = |lang: &str| {
        let mut command = tabi(&shop, &["run", "--listen", "127.0.0.1:0", "--lang", lang]);
        let mut child = command.stderr(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
        let mut text = String::new();
        for line in BufReader::new(child.stderr.take().unwrap()).lines().map_while(Result::ok) {
            text += &(line.clone() + "\n");
            if line.contains("events at http://") || line.contains("イベントは http://") {
                break;
            }
        }
        until(|| output(&shop, &["status"]).status.success());
        assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
        let ended = child.wait().unwrap().code();
        assert!(ended == Some(0) && text.contains("http://127.0.0.1:"), "{text}");
        text
    };
    let (first, same) = (said("en"), said("en"));
    assert!(!first.contains("is live") && !same.contains("is live"), "{first}{same}");
    let journey = shop.join("journeys/welcome.tabi");
    let changed = fs::read_to_string(&journey).unwrap().replace("  wait 3d", "  wait 4d");
    fs::write(&journey, changed).unwrap();
    for (lang, version, remedy) in [
        ("en", "note: version 1 (", "these files are not it; `tabi plan` shows what would change"),
        ("ja", "注意: 稼働しているのは版 1 (", "このファイルとは異なります。違いは `tabi plan`"),
    ] {
        let text = said(lang);
        assert!(text.contains(version) && text.contains(remedy), "{text}");
    }
    // It is still the first that is live.
    let (text, code) = told(&shop, &["bundles", "--format", "json"]);
    let text: serde_json::Value = serde_json::from_str(&text).unwrap();
    let bundles = text["bundles"].as_array().unwrap();
    assert!(code == 0 && bundles.len() == 1 && bundles[0]["live"] == true, "{text}");
}
