//! `docs/stages.md` is true: its commands, on a Tabi that runs, and again on data at rest.
//!
//! What a stage means to people has its own tests in `tests/runtime/stages.rs`.

use std::fs;
use std::path::Path;

use super::live::{Running, free_port, shell, until};
use super::run::{output, told};

/// The blocks of shell of the page, in order.
fn blocks() -> Vec<String> {
    let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/stages.md")).unwrap();
    let parts: Vec<&str> = page.split("```sh\n").skip(1).collect();
    parts.iter().map(|part| part.split("```").next().unwrap().to_owned()).collect()
}

fn mails(project: &Path) -> usize {
    let sheets = fs::read_dir(project.join(".tabi/outbox")).into_iter().flatten().flatten();
    sheets.filter(|sheet| sheet.file_name().to_string_lossy().contains("welcome_mail")).count()
}

#[test]
fn the_page_of_stages_is_as_it_says() {
    let parent = tempfile::tempdir().unwrap();
    told(parent.path(), &["init", "my-shop", "--lang", "en"]);
    let project = parent.path().join("my-shop");
    let port = free_port();
    let listen = format!("127.0.0.1:{port}");
    let clock = "2026-04-01T09:00:00+09:00 x60";
    let running = Running::start(&project, &["run", "--clock", clock, "--listen", &listen], port);
    let [ramp, hold, release, pause, bundles] = &blocks()[..] else { panic!("five blocks") };

    let text = shell(&project, ramp);
    assert!(text.contains("`welcome`: 10% of people may enter"), "{text}");
    assert!(text.contains("`welcome`: everybody may enter"), "{text}");

    let text = shell(&project, hold);
    assert!(text.contains("`welcome` is on hold"), "{text}");
    let call = |what: &str, body: &str| {
        let url = format!("http://{listen}/v1/{what}");
        shell(&project, &format!("curl -sS -u paper: {url} -H 'Content-Type: application/json' -d '{body}'"));
    };
    let traits = r#"{"given_name":"Hanako","email":"hanako@example.jp","consent":["marketing"]}"#;
    call("identify", &format!(r#"{{"userId":"hanako","traits":{traits}}}"#));
    call("track", r#"{"userId":"hanako","event":"signed_up"}"#);
    until(|| {
        let (text, _) = told(&project, &["status", "--json"]);
        serde_json::from_str::<serde_json::Value>(&text).is_ok_and(|status| status["pending"] == 1)
    });
    assert_eq!(mails(&project), 0);
    let text = shell(&project, release);
    assert!(text.contains("=== 1 · welcome_mail · email · hanako@example.jp"), "{text}");
    assert!(text.contains("1 of 1 that wait; 0 more"), "{text}");
    until(|| mails(&project) == 1);

    let text = shell(&project, pause);
    assert!(text.contains("`welcome` is paused (freeze)"), "{text}");
    let row = text.lines().find(|line| line.trim_start().starts_with("welcome ")).expect("a row");
    assert!(row.contains("freeze"), "{text}");
    assert!(text.contains("goes on: journey `welcome`"), "{text}");

    // The one is told of the other.
    told(&project, &["stop", "--journey", "welcome"]);
    let (text, code) = told(&project, &["resume", "welcome"]);
    assert!(code == 0 && text.contains("not paused but stopped"), "{text}");
    told(&project, &["pause", "welcome", "--drain"]);
    let (text, code) = told(&project, &["resume", "--journey", "welcome"]);
    assert!(code == 0 && text.contains("it is still paused"), "{text}");

    assert!(running.stop());
    // At rest, too: the next run goes on from there.
    let (text, code) = told(&project, &["resume", "welcome"]);
    assert!(code == 0 && text.contains("goes on: journey `welcome`"), "{text}");
    let text = shell(&project, bundles);
    for change in [
        "welcome for 10% of people",
        "welcome on hold",
        "welcome released",
        "welcome paused (freeze)",
        "welcome paused (drain)",
        "welcome resumed",
    ] {
        assert!(text.contains(change), "{change}: {text}");
    }
    for (arguments, code, en, ja) in [
        (&["ramp", "welcom", "10%"][..], 64, "did you mean `welcome`?", "`welcome` ではありませんか"),
        (&["ramp", "welcome", "10"], 64, "", ""),
        (&["pause", "welcome"], 64, "", ""),
        (&["hold", "welcome", "--release"], 1, "is not on hold", "確認待ちではありません"),
        (&["resume", "welcome"], 0, "is not paused", "一時停止中ではありません"),
        (&["ramp", "welcome", "100%"], 0, "nothing changes", "変更はありません"),
    ] {
        for (lang, words) in [("en", en), ("ja", ja)] {
            let output = output(&project, &[&["--lang", lang], arguments].concat());
            let ended = output.status.code().unwrap();
            let text = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
            assert!(text.contains(words) && ended == code, "{arguments:?}: {ended}: {text}");
        }
    }
}
