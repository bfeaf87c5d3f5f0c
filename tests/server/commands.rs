//! The commands for a running Tabi, run as programs: what they ask, what they say in both languages, how they end.
//!
//! What the desk does with it is the engine's affair.

use std::fs;
use std::io::Write as _;
use std::process::{Command, Output};

use serde_json::{Value, json};

use tabi::ir::Channel;
use tabi::ports::{Question, Refusal, Scope, Submission};
use tabi::value::{Instant, Span};

use super::ingest::kinds;
use super::world::{KEY, World};

async fn tabi(world: &World, arguments: &[&str]) -> (String, String, i32) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tabi"));
    for name in ["LC_ALL", "LC_MESSAGES", "LANG", "NO_COLOR", "CLICOLOR_FORCE"] {
        command.env_remove(name);
    }
    command.env("TABI_WRITE_KEY", KEY).env("USER", "aya").args(arguments).current_dir(world.folder.path());
    let Output { status, stdout, stderr } =
        tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
    (String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap(), status.code().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_it_is_at_is_told_in_both_languages() {
    let world = World::start().await;
    world.desk.answer(Ok(json!({ "journeys": [{ "name": "welcome", "waiting": 3 }], "stopped": [] })));
    let (told, _, code) = tabi(&world, &["status", "--data", "."]).await;
    assert!(code == 0 && told.contains("welcome  3") && told.contains("undeclared events"), "{told}");
    let (told, _, _) = tabi(&world, &["status", "--data", ".", "--lang", "ja"]).await;
    assert!(told.contains("ジャーニー") && told.contains("停止中"), "{told}");
    let (told, _, _) = tabi(&world, &["status", "--data", ".", "--json"]).await;
    assert_eq!(serde_json::from_str::<Value>(&told).unwrap()["journeys"][0]["waiting"], 3);
    let (_, why, code) = tabi(&world, &["status", "--data", "nowhere", "--lang", "ja"]).await;
    assert!(code == 75 && why.contains("動いている Tabi がありません"), "{why}");
    world.stopped().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn orders_reach_the_desk() {
    let world = World::start().await;
    world.desk.answer(Ok(json!({ "runs": [{ "approvals": ["@crm"] }] })));
    let stop = |scope, stopped, by: &str| Submission::Stop { scope, stopped, by: by.into() };
    for (arguments, expected) in [
        (&["stop", "--everything"][..], stop(Scope::Everything, true, "aya")),
        (&["stop", "--channel", "line", "--by", "ken"], stop(Scope::Channel(Channel::Line), true, "ken")),
        (&["resume", "--journey", "welcome"], stop(Scope::Journey("welcome".into()), false, "aya")),
        (&["person", "forget", "a/b 花", "--yes"], Submission::Forget { person: "a/b 花".into() }),
        (
            &["approve", "u1", "--by", "@crm", "--refuse"],
            Submission::Approval { person: "u1".into(), by: Some("@crm".into()), approved: false },
        ),
    ] {
        let (told, why, code) = tabi(&world, &[arguments, &["--data", "."]].concat()).await;
        assert!(code == 0 && !told.is_empty(), "{arguments:?}: {told}{why}");
        assert_eq!(world.desk.taken(), [expected]);
    }
    for (arguments, expected) in [
        (&["stop"][..], 64),
        (&["stop", "--everything", "--journey", "a"], 64),
        (&["stop", "--channel", "telegram"], 64),
        (&["person", "forget", "u1"], 64),
        (&["dead", "replay"], 64),
        (&["dead", "replay", "1", "--all"], 64),
    ] {
        let (_, why, code) = tabi(&world, &[arguments, &["--data", "."]].concat()).await;
        assert_eq!(code, expected, "{arguments:?}: {why}");
    }
    // Who says yes to nothing is told so.
    for (lang, by, expected) in [
        ("en", "@ceo", "nothing of `u1` waits for an approval by `@ceo`"),
        ("ja", "@ceo", "承認を待つものはありません"),
    ] {
        let (told, why, code) = tabi(&world, &["approve", "u1", "--by", by, "--lang", lang, "--data", "."]).await;
        assert!(code == 1 && why.contains(expected) && told.is_empty(), "{why}");
    }
    assert!(world.desk.taken().is_empty());
    // A slip in a name is no stop.
    world.desk.answer(Ok(json!({ "journeys": [{ "journey": "welcome" }] })));
    let (_, why, code) = tabi(&world, &["stop", "--journey", "welcom", "--data", "."]).await;
    assert!(code == 1 && why.contains("nothing was stopped") && why.contains("did you mean `welcome`"), "{why}");
    assert!(world.desk.taken().is_empty());
    world.stopped().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_is_shown_and_handed_over() {
    let world = World::start().await;
    world.desk.answer(Ok(json!({ "id": "u1", "profile": { "email": "a@b.example" } })));
    let (told, _, code) = tabi(&world, &["person", "show", "u1", "--data", ".", "--lang", "ja"]).await;
    assert!(code == 0 && told.contains("プロフィール\n  email  a@b.example"), "{told}");
    let (told, _, _) = tabi(&world, &["person", "export", "u1", "--data", "."]).await;
    assert_eq!(serde_json::from_str::<Value>(&told).unwrap()["id"], "u1");
    assert_eq!(world.desk.asked(), [Question::Person { id: "u1".into() }, Question::Export { id: "u1".into() }]);
    world.desk.answer(Err(Refusal::Unknown("there is no person `u9`".into())));
    let (_, why, code) = tabi(&world, &["person", "show", "u9", "--data", "."]).await;
    assert!(code == 1 && why.contains("there is no person `u9`"), "{why}");
    let (_, why, _) = tabi(&world, &["person", "show", "u9", "--data", ".", "--lang", "ja"]).await;
    assert!(why.contains("`u9` は見つかりません"), "{why}");
    world.desk.answer(Err(Refusal::Stopping));
    assert_eq!(tabi(&world, &["person", "show", "u9", "--data", "."]).await.2, 75);
    world.stopped().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn dead_letters_are_listed_replayed_and_let_go() {
    let world = World::start().await;
    let (told, _, code) = tabi(&world, &["dead", "list", "--data", "."]).await;
    assert_eq!((told.as_str(), code), ("nothing was refused\n", 0));
    world.post("/v1/track", r#"{"userId":"u","event":"purchase","properties":{"order_id":1}}"#).await;
    let (told, _, _) = tabi(&world, &["dead", "list", "--data", "."]).await;
    assert!(told.contains("wrong value purchase.total") && !told.contains("order_id"), "no bodies: {told}");
    let (told, _, _) = tabi(&world, &["dead", "list", "--data", ".", "--json"]).await;
    assert!(told.contains("order_id"), "{told}");
    let (told, _, code) = tabi(&world, &["dead", "replay", "--all", "--data", "."]).await;
    assert_eq!((told.as_str(), code), ("0 handed in again, 1 refused again\n", 1));
    let (told, _, code) = tabi(&world, &["dead", "dismiss", "1", "--data", "."]).await;
    assert_eq!((told.as_str(), code, world.desk.dead()), ("1 let go\n", 0, 0));
    world.stopped().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn copies_are_made_and_data_are_made_of_them() {
    let world = World::start().await;
    let (_, why, code) = tabi(&world, &["backup", "copy", "--data", "."]).await;
    assert_eq!(code, 0, "{why}");
    let to = fs::canonicalize(world.folder.path()).unwrap().join("copy");
    assert_eq!(world.desk.asked(), [Question::Backup { to: to.clone() }]);
    // A copy of real data, in place of the one that this desk does not make.
    let data = world.folder.path().join("data");
    drop(tabi::store::open(&data).unwrap());
    tabi::store::backup(&data, &to).unwrap();
    let (told, why, code) = tabi(&world, &["restore", "copy", "--data", "new"]).await;
    assert!(code == 0 && told.starts_with("restored to `new`, 0 people"), "{told}{why}");
    assert!(tabi::store::open(&world.folder.path().join("new")).is_ok());
    let database = to.join("tabi.db");
    let whole = fs::read(&database).unwrap();
    fs::write(&database, &whole[..whole.len() / 2]).unwrap();
    let (_, why, code) = tabi(&world, &["restore", "copy", "--data", "half"]).await;
    assert!(code == 1 && why.contains("no copy that can be used"), "{code} {why}");
    assert!(!world.folder.path().join("half").exists());
    let (_, why, code) = tabi(&world, &["restore", "copy", "--data", "new"]).await;
    assert!(code == 64 && why.contains("there are data in `new`"), "{why}");
    assert_eq!(tabi(&world, &["restore", "nothing", "--data", "newer"]).await.2, 64);
    assert!(!world.folder.path().join("newer").exists());
    world.stopped().await;
}

fn purchases(from: usize, to: usize) -> String {
    let one = |i| {
        format!(
            r#"{{"type":"track","userId":"u{i}","event":"purchase","messageId":"m{i}","timestamp":"2025-01-01T00:00:00Z","properties":{{"order_id":{i},"total":1,"items":[]}}}}"#
        )
    };
    (from..to).map(|i| format!("{}\n", one(i))).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn files_are_sent_whole_and_gone_on_with() {
    let world = World::start().await;
    let path = world.folder.path().join("a.ndjson");
    fs::write(&path, format!("{}not json\n\n{{\"type\":\"track\"}}\n{}", purchases(0, 700), purchases(700, 710)))
        .unwrap();
    let url = world.url("");
    let arguments = ["ingest", "a.ndjson", "--url", &url, "--position", "position"];
    let (told, why, code) = tabi(&world, &arguments).await;
    assert_eq!(code, 1, "{told}{why}");
    assert!(told.starts_with("711 sent, 2 refused\n  a.ndjson:701: not an object of JSON\n  a.ndjson:703: "), "{told}");
    let taken = kinds(&world.desk.taken());
    assert_eq!((taken.len(), taken[0].as_str(), taken[710].as_str()), (711, "purchase u0", "purchase u709"));
    // Nothing new: nothing is sent. Then ten more.
    assert_eq!(tabi(&world, &arguments).await.0, "0 sent, 0 refused, 713 lines done before\n");
    let mut file = fs::OpenOptions::new().append(true).open(&path).unwrap();
    file.write_all(purchases(710, 720).as_bytes()).unwrap();
    let (told, _, code) = tabi(&world, &[&arguments[..], &["--json"]].concat()).await;
    let told: Value = serde_json::from_str(&told).unwrap();
    assert_eq!((code, &told["sent"], &told["skipped"]), (0, &json!(10), &json!(713)));
    assert_eq!(world.desk.taken().len(), 10);
    world.stopped().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sending_waits_where_it_is_told_to_and_ends_where_waiting_is_no_use() {
    let world = World::start().await;
    fs::write(world.folder.path().join("a.ndjson"), purchases(0, 3)).unwrap();
    let url = world.url("");
    world.desk.refuse(Some(Refusal::Busy { retry_after: Span(1_000) }));
    let desk = world.desk.clone();
    let relieved = tokio::spawn(async move {
        desk.begins().await;
        desk.refuse(None);
    });
    let (told, _, code) = tabi(&world, &["ingest", "a.ndjson", "--url", &url, "--lang", "ja", "--live"]).await;
    relieved.await.unwrap();
    assert_eq!((told.as_str(), code), ("3 件を送信、拒否 0 件\n", 0));
    assert_eq!(world.desk.taken().len(), 3);
    fs::write(world.folder.path().join("key"), "wrong\n").unwrap();
    for (extra, expected, why) in [
        (&["--key", "file:key"][..], 64, "refused (401"),
        (&["--key", "file:nothing"], 64, "there is no secret"),
        (&["--key", "wk_web"], 64, "invalid value"),
        (&["--url", "ftp://a"], 64, "neither http nor https"),
        (&["--url", &world.url("/nowhere")], 64, "refused (404"),
    ] {
        let arguments = [&["ingest", "a.ndjson", "--url", &url][..], extra].concat();
        let arguments = if extra[0] == "--url" { [&["ingest", "a.ndjson"][..], extra].concat() } else { arguments };
        let (_, told, code) = tabi(&world, &arguments).await;
        assert!(code == expected && told.contains(why), "{extra:?}: {code} {told}");
    }
    assert!(world.desk.taken().is_empty());
    world.stopped().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn files_of_csv_are_sent_by_the_mapping_of_the_project() {
    let world = World::start().await;
    let shop = world.folder.path().join("shop");
    fs::create_dir_all(&shop).unwrap();
    fs::write(
        shop.join("tabi.yaml"),
        "name: shop\ntimezone: Asia/Tokyo\ncurrency: JPY\nsample: { mapping: orders.yaml }\n",
    )
    .unwrap();
    fs::write(shop.join("shop.tabi"), include_str!("shop.tabi")).unwrap();
    let mapping = "zone: Asia/Tokyo\nevents:\n  - event: purchase\n    person: customer\n    id: order\n    \
                   time: { column: at, format: \"%Y-%m-%d %H:%M\" }\n    group by: order\n    fields:\n      \
                   order_id: order\n      total: { sum: price }\n      items: { rows: { item_id: item, price: price } }\n\
                   profile:\n  first_name: \"{customer}\"\n";
    fs::write(shop.join("orders.yaml"), mapping).unwrap();
    let row = |n: usize| {
        format!("o{n},u{n},2026-03-01 10:{:02},rose,500\no{n},u{n},2026-03-01 10:{:02},lily,300\n", n % 60, n % 60)
    };
    let rows = |from: usize, to: usize| (from..to).map(row).collect::<String>();
    let path = world.folder.path().join("orders.csv");
    fs::write(&path, format!("order,customer,at,item,price\n{}x,u9,yesterday,rose,1\n", rows(0, 400))).unwrap();
    let url = world.url("");
    let arguments = ["ingest", "orders.csv", "--url", &url, "--project", "shop", "--position", "position"];
    let (told, why, code) = tabi(&world, &arguments).await;
    assert!(code == 1 && told.starts_with("800 sent, 1 refused\n  orders.csv:802: "), "{told}{why}");
    let taken = world.desk.taken();
    let all = kinds(&taken);
    assert_eq!((all.len(), all[1].as_str(), all[799].as_str()), (800, "purchase u0", "purchase u399"));
    let call = |n: usize| -> Value {
        let Submission::Call { raw, .. } = &taken[n] else { panic!("{:?}", taken[n]) };
        serde_json::from_slice(raw).unwrap()
    };
    let (introduction, call) = (call(10), call(11));
    assert_eq!((&introduction["type"], &introduction["traits"]), (&json!("identify"), &json!({ "first_name": "u5" })));
    let at = Instant::parse_rfc3339(call["timestamp"].as_str().unwrap());
    assert_eq!(at, Instant::parse_rfc3339("2026-03-01T10:05:00+09:00"));
    let items = json!([{ "item_id": "rose", "price": 500 }, { "item_id": "lily", "price": 300 }]);
    assert_eq!(call["properties"], json!({ "order_id": "o5", "total": 800, "items": items }));
    assert!(call["messageId"].as_str().is_some_and(|id| id.starts_with("csv:")), "{call}");
    // Nothing new, then two more.
    assert_eq!(tabi(&world, &arguments).await.0, "0 sent, 0 refused, 801 lines done before\n");
    let mut file = fs::OpenOptions::new().append(true).open(&path).unwrap();
    file.write_all(rows(700, 702).as_bytes()).unwrap();
    assert_eq!(tabi(&world, &arguments).await.0, "4 sent, 0 refused, 801 lines done before\n");
    let new = kinds(&world.desk.taken());
    assert_eq!((new.len(), new[1].as_str(), new[3].as_str()), (4, "purchase u700", "purchase u701"));
    let (_, why, code) =
        tabi(&world, &["ingest", "orders.csv", "--url", &url, "--project", "shop", "--mapping", "no.yaml"]).await;
    assert!(code == 64 && why.contains("no.yaml"), "{why}");
    world.stopped().await;
}
