//! `docs/changing.md` is true: a new project is changed while people are inside, and everything the page shows is said.
//! And what `tabi plan`, `apply` and `rollback` refuse.
//!
//! `TABI_UPDATE=1` writes what is shown anew. What a change does to each kind of run, `tests/runtime/changes.rs` holds.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value as Json, json};

use super::live::{Running, free_port, shell, until};
use super::run::output;

const PAGE: &str = "docs/changing.md";
const END: &str = "<!-- /generated -->\n";

/// A new project whose clock is set by hand, so that what is shown is the same each time.
struct Shop {
    _parent: tempfile::TempDir,
    project: PathBuf,
    port: u16,
}

impl Shop {
    fn new() -> Shop {
        let parent = tempfile::tempdir().unwrap();
        let project = parent.path().join("my-shop");
        output(parent.path(), &["init", "my-shop", "--lang", "en"]);
        Shop { _parent: parent, project, port: free_port() }
    }
    /// `10:00`, on the first of April, in Tokyo.
    fn runs(&self, at: &str) -> Running {
        let (clock, listen) = (format!("2026-04-{at}:00+09:00 x1"), format!("127.0.0.1:{}", self.port));
        Running::start(&self.project, &["run", "--clock", &clock, "--listen", &listen], self.port)
    }
    fn send(&self, call: &str, body: &Json) {
        let url = format!("http://127.0.0.1:{}/v1/{call}", self.port);
        let told =
            shell(&self.project, &format!("curl -sS -u paper: {url} -H 'Content-Type: application/json' -d '{body}'"));
        assert!(told.contains("\"success\":true"), "{told}");
    }
    fn signs_up(&self, who: &str) {
        let traits =
            json!({ "email": format!("{who}@example.jp"), "line_user": format!("U-{who}"), "consent": ["marketing"] });
        self.send("identify", &json!({ "userId": who, "traits": traits }));
        self.send("track", &json!({ "userId": who, "event": "signed_up" }));
    }
    /// Waits until so many stand at the first wait of a version of a journey.
    fn stand(&self, journey: &str, version: &str, heads: u64) {
        until(|| {
            let steps = self.json(&["steps", journey, "--format", "json"]);
            let of = steps["versions"].as_array().into_iter().flatten().find(|of| of["version"] == version);
            let steps = of.and_then(|of| of["steps"].as_array()).into_iter().flatten();
            steps.filter(|step| step["step"] == "wait_1").map(|step| step["heads"].as_u64().unwrap()).sum::<u64>()
                == heads
        });
    }
    fn json(&self, arguments: &[&str]) -> Json {
        serde_json::from_slice(&output(&self.project, arguments).stdout).unwrap_or_default()
    }
    /// Everything that was said, and the number it ended with.
    fn said(&self, arguments: &[&str]) -> (String, i32) {
        let output = output(&self.project, arguments);
        let text = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).unwrap()).concat();
        (text, output.status.code().unwrap())
    }
    fn edit(&self, file: &str, from: &str, to: &str) {
        let path = self.project.join(file);
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.contains(from), "{file}: {from}");
        fs::write(&path, text.replace(from, to)).unwrap();
    }
    fn append(&self, file: &str, text: &str) {
        let path = self.project.join(file);
        fs::write(&path, fs::read_to_string(&path).unwrap() + "\n" + text).unwrap();
    }
    /// As a terminal shows it.
    fn console(&self, commands: &[(&str, i32)]) -> String {
        let mut text = "```console\n".to_owned();
        for (command, code) in commands {
            let words: Vec<&str> = command.split_whitespace().skip(1).collect();
            let (said, ended) = self.said(&words);
            assert_eq!(ended, *code, "{command}\n{said}");
            text += &format!("$ {command}\n{}\n", masked(said.trim_end()));
            if ended != 0 {
                text += &format!("$ echo $?\n{ended}\n");
            }
        }
        text + "```\n"
    }
}

/// Without what is different each time: minutes and seconds, and hashes.
fn masked(text: &str) -> String {
    let is_hash =
        |word: &str| word.len() == 8 && word.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
    let mut out = String::new();
    let mut word = String::new();
    let put = |word: &mut String, out: &mut String| {
        let is_time =
            word.len() > 16 && word.starts_with("2026-") && word.as_bytes()[10] == b'T' && word.ends_with('Z');
        match (is_time, is_hash(word)) {
            (true, _) => *out += &format!("{}:…Z", &word[..13]),
            (_, true) => *out += "········",
            _ => *out += word,
        }
        word.clear();
    };
    for c in text.chars() {
        match c.is_ascii_alphanumeric() || matches!(c, '-' | ':' | '.') {
            true => word.push(c),
            false => {
                put(&mut word, &mut out);
                out.push(c);
            }
        }
    }
    put(&mut word, &mut out);
    out
}

fn edited(file: &str, lines: &str) -> String {
    format!("```diff\n# {file}\n{lines}```\n\n")
}

#[test]
fn the_page_about_changes_is_as_it_says() {
    let shop = Shop::new();
    let mut parts: Vec<(&str, String)> = Vec::new();
    let running = shop.runs("01T10:00");
    shop.signs_up("hanako");
    shop.signs_up("jiro");
    let items = json!([{ "name": "Roasted tea", "price": 5400 }]);
    let cart = json!({ "cart_id": "c1", "total": 5400, "items": items });
    shop.send("track", &json!({ "userId": "hanako", "event": "cart_updated", "properties": cart }));
    shop.stand("welcome", "v1", 2);
    assert!(running.stop());
    let running = shop.runs("01T11:30");
    shop.stand("cart", "v1", 1);
    parts.push(("begin", shop.console(&[("tabi steps welcome", 0), ("tabi steps cart", 0)])));

    // While it runs.
    shop.edit("journeys/welcome.tabi", "  wait 3d\n", "  wait 5d\n");
    let lines = edited("journeys/welcome.tabi", "-  wait 3d\n+  wait 5d\n");
    let commands = [("tabi plan", 0), ("tabi apply", 0), ("tabi bundles", 0)];
    parts.push(("wait", lines + &shop.console(&commands)));
    shop.signs_up("saburo");
    shop.stand("welcome", "v2", 1);
    parts.push(("entered", shop.console(&[("tabi steps welcome", 0)])));
    assert!(running.stop());

    // While it is stopped.
    shop.edit("journeys/welcome.tabi", "  wait 5d\n", "");
    let lines = edited("journeys/welcome.tabi", "-  wait 5d\n   send email guide_mail\n");
    parts.push(("step", lines + &shop.console(&[("tabi plan", 2)])));
    let moves = "moves welcome from \"v2\" {\n  wait_1 to send_2\n}\n";
    shop.append("journeys/welcome.tabi", moves);
    let commands = [("tabi plan", 0), ("tabi apply", 0), ("tabi steps welcome", 0)];
    parts.push(("moves", format!("```tabi part\n{moves}```\n\n{}", shop.console(&commands))));

    shop.edit("journeys/cart.tabi", "journey cart ", "journey basket ");
    shop.edit("journeys/cart.tabi", "test cart ", "test basket ");
    let (said, code) = shop.said(&["plan"]);
    assert!(code == 2 && said.contains("everyone stay"), "{said}");
    let moves = "moves cart from \"v1\" to basket {\n  wait_1 to wait_1 keeping deadline\n}\n";
    shop.append("journeys/cart.tabi", moves);
    let text = shop.console(&[("tabi plan", 0), ("tabi apply", 0)]);
    let (before, after) = (text.find("\njourney basket").unwrap(), text.find("\nPlan: ").unwrap());
    let text = format!("{}\n…{}", &text[..before], &text[after..]);
    parts.push(("rename", format!("```tabi part\n{moves}```\n\n{text}")));

    shop.edit("policies.tabi", "cap 3 messages per 7d", "cap 1 message per 7d");
    let lines = edited("policies.tabi", "-  cap 3 messages per 7d\n+  cap 1 message per 7d\n");
    parts.push(("cap", lines + &shop.console(&[("tabi plan", 0), ("tabi apply", 0)])));
    shop.edit("policies.tabi", "# Everything", "# All");
    parts.push(("nothing", shop.console(&[("tabi plan", 0)])));

    parts.push(("rollback", shop.console(&[("tabi rollback", 0), ("tabi apply", 0), ("tabi bundles", 0)])));
    // What was planned has come: the guide at once, and the cart's mail a day after its message on LINE.
    let running = shop.runs("02T12:30");
    until(|| {
        let told = shell(&shop.project, "tabi person show saburo; tabi person show hanako");
        told.contains("guide_mail") && told.contains("cart_mail")
    });
    assert!(running.stop());

    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(PAGE);
    let page = fs::read_to_string(&path).unwrap();
    let (mut written, mut wrong) = (page.clone(), Vec::new());
    for (name, text) in parts {
        let begin = format!("<!-- generated: {name} -->\n");
        let (before, rest) = written.split_once(&begin).unwrap_or_else(|| panic!("the page has no part {name}"));
        let (shown, after) = rest.split_once(END).expect("a part ends");
        if shown.trim() != text.trim() {
            wrong.push(format!("{name}:\n{text}\non the page:\n{shown}"));
        }
        written = format!("{before}{begin}\n{text}\n{END}{after}");
    }
    if std::env::var_os("TABI_UPDATE").is_some() {
        fs::write(&path, written).unwrap();
        return;
    }
    assert!(wrong.is_empty(), "{PAGE} is behind: TABI_UPDATE=1 cargo test --test commands\n{}", wrong.join("\n\n"));
}

#[test]
fn a_plan_is_carried_out_as_it_was_made_or_not_at_all() {
    let shop = Shop::new();
    let (said, code) = shop.said(&["plan"]);
    assert!(code == 1 && said.contains("nothing is live in `.tabi` yet"), "{said}");
    let running = shop.runs("01T10:00");
    shop.signs_up("hanako");
    shop.stand("welcome", "v1", 1);
    assert!(running.stop());

    // Comments, layout and the order of files mean nothing.
    shop.append("journeys/welcome.tabi", "# To be read again in May.\n");
    fs::rename(shop.project.join("journeys/cart.tabi"), shop.project.join("journeys/zz_cart.tabi")).unwrap();
    let (said, code) = shop.said(&["plan", "--detailed-exitcode"]);
    assert!(code == 0 && said.contains("nothing changes"), "{said}");
    let (said, code) = shop.said(&["apply"]);
    assert!(code == 0 && said.contains("nothing changes"), "{said}");

    // Two plans against one world: the first that is carried out is the only one.
    shop.edit("journeys/welcome.tabi", "  wait 3d\n", "  wait 5d\n");
    let (said, code) = shop.said(&["plan", "--out", "a.json", "--detailed-exitcode", "--format", "md"]);
    assert!(code == 3 && said.contains("| 1 | `welcome v1 / wait_1` |"), "{said}");
    let (said, code) = shop.said(&["plan", "--out", "b.json", "--format", "json"]);
    let plan: Json = serde_json::from_str(&said).unwrap();
    assert_eq!((code, said), (0, fs::read_to_string(shop.project.join("b.json")).unwrap()));
    assert_eq!((&plan["plan_version"], &plan["from"]["generation"]), (&json!(1), &json!(1)));
    assert_eq!((&plan["groups"][0]["step"], &plan["groups"][0]["fate"]), (&json!("wait_1"), &json!("stay")));
    assert!(plan["files"]["journeys/welcome.tabi"].as_str().unwrap().contains("wait 5d"));
    let (said, code) = shop.said(&["plan", "--out", "c.json", "--lang", "ja"]);
    assert!(
        code == 0 && said.contains("いまの版で最後まで進む") && said.contains("まだ何も変更していません"),
        "{said}"
    );
    assert_eq!(shop.said(&["apply", "a.json"]).1, 0);
    for (lang, words) in [("en", "against version 1, and version 2 is live"), ("ja", "稼働中は版 2 です")] {
        let (said, code) = shop.said(&["apply", "b.json", "--lang", lang]);
        assert!(code == 1 && said.contains(words), "{said}");
    }

    // More people have come to where something happens to them.
    shop.edit("journeys/welcome.tabi", "  wait 5d\n", "");
    let (said, code) = shop.said(&["plan"]);
    assert!(code == 0, "nobody is inside the second version: {said}");
    shop.append("journeys/welcome.tabi", "moves welcome from \"v1\" {\n  wait_1 to stop\n}\n");
    let (said, code) = shop.said(&["plan"]);
    assert!(code == 0 && said.contains("to stop: their runs end"), "{said}");
    let mut fewer: Json =
        serde_json::from_str(&fs::read_to_string(shop.project.join("tabi.plan.json")).unwrap()).unwrap();
    fewer["groups"][0]["fate"] = "stay".into();
    fs::write(shop.project.join("other.json"), fewer.to_string()).unwrap();
    let (said, code) = shop.said(&["apply", "other.json"]);
    assert!(code == 1 && said.contains("`wait_1` of `welcome` was planned as `stay`"), "{said}");

    // What is no plan.
    let huge = fs::File::create(shop.project.join("huge.json")).unwrap();
    huge.set_len(257 << 20).unwrap();
    // Names that are no hash lead out of a folder, or end within a letter.
    for (file, to) in
        [("outside.json", format!("a/../../zzzz{:052}", 0)), ("within.json", format!("x{}y", "é".repeat(31)))]
    {
        let mut forged = fewer.clone();
        forged["to"] = to.into();
        fs::write(shop.project.join(file), forged.to_string()).unwrap();
    }
    fewer["plan_version"] = 9.into();
    fs::write(shop.project.join("newer.json"), fewer.to_string()).unwrap();
    fs::write(shop.project.join("broken.json"), "{\"plan_version\": 1").unwrap();
    let no_plans = [
        ("huge.json", "too large", "大きすぎます"),
        ("newer.json", "another Tabi made it", "別の版の Tabi"),
        ("outside.json", "changed after it was made", "書き換えられています"),
        ("within.json", "changed after it was made", "書き換えられています"),
        ("broken.json", "is no plan", "計画として読めません"),
        ("absent.json", "is no plan", "計画として読めません"),
    ];
    for (file, en, ja) in no_plans {
        for (lang, words) in [("en", en), ("ja", ja)] {
            let (said, code) = shop.said(&["apply", file, "--lang", lang]);
            assert!(code == 1 && said.contains(words), "{file}: {said}");
        }
    }
    // A way back to nowhere, and one to where we are.
    for name in ["v9", "0", "abcdef"] {
        let (said, code) = shop.said(&["rollback", name]);
        assert!(code == 64 && said.contains(&format!("there is no version `{name}`")), "{said}");
    }
    let (said, code) = shop.said(&["rollback", "v2"]);
    assert!(code == 0 && said.contains("nothing changes"), "{said}");
    let (said, code) = shop.said(&["steps", "welcom"]);
    assert!(code == 64 && said.contains("did you mean `welcome`?"), "{said}");
}

#[test]
fn a_plan_for_few_is_not_carried_out_on_many() {
    let shop = Shop::new();
    let running = shop.runs("01T10:00");
    shop.signs_up("hanako");
    shop.stand("welcome", "v1", 1);
    shop.edit("journeys/welcome.tabi", "  wait 3d\n", "");
    let (said, code) = shop.said(&["plan"]);
    assert!(code == 2 && said.contains("moves welcome from \"v1\" { wait_1 stay }"), "{said}");
    let (said, code) = shop.said(&["apply"]);
    assert!(code == 1 && said.contains("the plan is not ready"), "{said}");
    shop.append("journeys/welcome.tabi", "moves welcome from \"v1\" {\n  wait_1 to stop\n}\n");
    assert_eq!(shop.said(&["plan"]).1, 0);
    let calls: Vec<Json> =
        (0..12).map(|n| json!({ "type": "track", "userId": format!("p{n}"), "event": "signed_up" })).collect();
    shop.send("batch", &json!({ "batch": calls }));
    shop.stand("welcome", "v1", 13);
    for (lang, words) in [("en", "there are 13 people now; the plan was for 1"), ("ja", "13 人います。計画では 1 人")]
    {
        let (said, code) = shop.said(&["apply", "--lang", lang]);
        assert!(code == 1 && said.contains(words), "{said}");
    }
    assert_eq!(shop.said(&["plan"]).1, 0);
    assert_eq!(shop.said(&["apply"]).1, 0);
    let steps = shop.json(&["steps", "welcome", "--format", "json"]);
    assert!(steps["versions"].as_array().unwrap().iter().all(|of| of["inside"] == 0), "{steps}");
    assert!(running.stop());
}

#[test]
fn what_was_carried_out_just_before_the_process_died_stands_under_what_follows() {
    let shop = Shop::new();
    let running = shop.runs("01T10:00");
    shop.signs_up("hanako");
    shop.stand("welcome", "v1", 1);
    shop.edit("journeys/welcome.tabi", "  wait 3d", "  wait 5d");
    for command in [&["plan"], &["apply"]] {
        let (said, code) = shop.said(command);
        assert_eq!(code, 0, "{said}");
    }
    // Killed: the change stands in the log, and not in the store yet.
    drop(running);
    let (said, code) = shop.said(&["ramp", "welcome", "10%"]);
    assert_eq!(code, 0, "{said}");
    let told = shop.json(&["bundles", "--format", "json"]);
    let bundles: Vec<&Json> = told["bundles"].as_array().into_iter().flatten().map(|row| &row["bundle"]).collect();
    assert_eq!(bundles.len(), 3, "{told}");
    assert!(bundles[0] != bundles[1] && bundles[1] == bundles[2], "{told}");
}
