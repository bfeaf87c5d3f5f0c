//! `docs/why.md` is true: its commands are run against a Tabi that runs, and answer what the page shows, but for times.
//!
//! `TABI_UPDATE=1` writes the answers anew.

use std::fs;
use std::path::Path;
use std::process::Stdio;

use super::live::{Running, free_port, shell, until};
use super::run::{output, tabi};

const PAGE: &str = "docs/why.md";

/// Without what is different each time: moments, and how far they are apart. Spaces only line things up.
fn without_times(text: &str) -> Vec<String> {
    let is_time = |word: &str| {
        let word = word.trim_matches(|c: char| !c.is_ascii_digit());
        let parts: Vec<&str> = word.split(['-', ':']).collect();
        parts.len() > 1 && parts.iter().all(|part| part.len() >= 2 && part.bytes().all(|b| b.is_ascii_digit()))
    };
    let is_later = |word: &str| word.starts_with('+') && word.ends_with(['d', 'h', 'm', 's']);
    let line = |line: &str| {
        let mut words: Vec<&str> = Vec::new();
        for word in line.split_whitespace() {
            let word = if is_time(word) {
                "TIME"
            } else if is_later(word) {
                "LATER"
            } else {
                word
            };
            if word != "TIME" || words.last() != Some(&"TIME") {
                words.push(word);
            }
        }
        words.join(" ")
    };
    text.lines().map(line).filter(|line| !line.is_empty()).collect()
}

/// Everything that was said, and the number it ended with.
fn said(folder: &Path, arguments: &[&str]) -> (String, Option<i32>) {
    let output = output(folder, arguments);
    let text = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).unwrap()).concat();
    (text, output.status.code())
}

/// A switch of the operator's is named.
fn is_stopped(project: &Path, listen: &str) {
    shell(project, "tabi stop --channel email");
    let send = |call: &str, body: &str| {
        shell(
            project,
            &format!("curl -sS -u paper: http://{listen}/v1/{call} -H 'Content-Type: application/json' -d '{body}'"),
        );
    };
    send("identify", r#"{"userId":"saburo","traits":{"email":"s@example.jp","consent":["marketing"]}}"#);
    send("track", r#"{"userId":"saburo","event":"signed_up"}"#);
    until(|| {
        let text = shell(project, "tabi why-not saburo welcome");
        // Unless the night has begun meanwhile.
        text.contains("the channel email is stopped") || text.contains("quiet hours")
    });
    shell(project, "tabi resume --channel email");
}

/// What is decided is shown, without ids unless they are asked for.
fn watches(project: &Path, listen: &str, command: &str) {
    let words: Vec<&str> = command.split_whitespace().skip(1).collect();
    let tail = |more: &[&str]| {
        let mut words = words.clone();
        words.extend(more);
        tabi(project, &words).stdout(Stdio::piped()).spawn().unwrap()
    };
    let (coded, plain) = (tail(&["--lines", "1"]), tail(&["--lines", "1", "--show-ids", "--format", "json"]));
    let mut carts = 0;
    let mut both = [Some(coded), Some(plain)];
    let mut said = Vec::new();
    until(|| {
        carts += 1;
        // Until both have begun to read, nobody knows of which cart they hear.
        let event = format!(
            r#"{{"userId":"hanako","event":"cart_updated","properties":{{"cart_id":"d{carts}","total":9000,"items":[]}}}}"#
        );
        let send =
            format!("curl -sS -u paper: http://{listen}/v1/track -H 'Content-Type: application/json' -d '{event}'");
        shell(project, &send);
        for child in &mut both {
            if child.as_mut().is_some_and(|child| child.try_wait().unwrap().is_some()) {
                let output = child.take().unwrap().wait_with_output().unwrap();
                said.push(String::from_utf8(output.stdout).unwrap());
            }
        }
        both.iter().all(Option::is_none)
    });
    let (json, text): (Vec<&String>, Vec<&String>) = said.iter().partition(|text| text.starts_with('{'));
    let json: serde_json::Value = serde_json::from_str(json[0]).unwrap();
    assert_eq!((&json["id"], &json["journey"]), (&"hanako".into(), &"cart".into()));
    let code = json["person"].as_str().unwrap();
    assert!(text[0].contains(code) && text[0].contains("cart") && !text[0].contains("hanako"), "{text:?}");
}

#[test]
fn the_page_about_why_is_as_it_says() {
    let parent = tempfile::tempdir().unwrap();
    said(parent.path(), &["init", "my-shop", "--lang", "en"]);
    let project = parent.path().join("my-shop");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(PAGE);
    let page = fs::read_to_string(&path).unwrap();
    let port = free_port();
    let listen = format!("127.0.0.1:{port}");
    let clock = page.split("--clock \"").nth(1).and_then(|rest| rest.split('"').next()).expect("a clock");
    let running = Running::start(&project, &["run", "--clock", clock, "--listen", &listen], port);
    let blocks: Vec<&str> = page.split("```").skip(1).step_by(2).collect();
    let (watching, blocks) = blocks.split_last().expect("how to watch");
    let set_up = blocks[0].strip_prefix("sh\n").expect("how it begins");
    let answers = shell(&project, &set_up.replace("127.0.0.1:4040", &listen));
    assert_eq!(answers.matches("{\"success\":true}").count(), 6, "{answers}");
    until(|| shell(&project, "tabi why hanako cart").contains("waits at"));
    let (mut written, mut wrong) = (page.clone(), Vec::new());
    for pair in blocks[1..].chunks(2) {
        let [command, shown] = pair else { panic!("a command and its answer: {pair:?}") };
        let (command, shown) = (command.strip_prefix("sh\n").unwrap(), shown.strip_prefix("text\n").unwrap());
        let came = shell(&project, command);
        if without_times(&came) != without_times(shown) {
            wrong.push(format!("{command}{came}\non the page:\n{shown}"));
        }
        written = written.replacen(
            &format!("```sh\n{command}```\n\n```text\n{shown}```"),
            &format!("```sh\n{command}```\n\n```text\n{}\n```", came.trim_end()),
            1,
        );
    }
    is_stopped(&project, &listen);
    watches(&project, &listen, watching.strip_prefix("text\n").unwrap());
    assert!(running.stop(), "Ctrl-C ends it in order");
    // The data of one that was stopped answer as well; what is pasted into the project passes.
    assert!(shell(&project, "tabi why hanako welcome").contains("sent email `welcome_mail`"));
    shell(&project, "tabi test --from-run hanako cart > journeys/from_run.tabi && tabi fmt --check && tabi test cart");
    let json = shell(&project, "tabi why-not jiro cart --format json");
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!((&json["version"], &json["basis"]), (&1.into(), &"replay".into()));
    let (text, code) = said(&project, &["why", "nobody", "cart", "--lang", "en"]);
    assert!(code == Some(1) && text.contains("nobody has the id `nobody`"), "{text}");
    let (text, code) = said(&project, &["why", "jiro", "crt", "--lang", "en"]);
    assert!(code == Some(64) && text.contains("did you mean `cart`?"), "{text}");
    let (text, code) = said(&project, &["test", "--from-run", "jiro", "cart", "--lang", "en"]);
    assert!(code == Some(1) && text.contains("no such run"), "{text}");
    if std::env::var_os("TABI_UPDATE").is_some() {
        fs::write(&path, written).unwrap();
        return;
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}
