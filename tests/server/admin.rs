//! The operators' door: on its socket and nowhere else, and what each question and order comes to.
//!
//! The commands that use it are tested as programs in `commands.rs`.

use std::os::unix::fs::PermissionsExt;

use serde_json::{Value, json};

use tabi::ir::Channel;
use tabi::ports::{Question, Refusal, Scope, Submission};
use tabi::server::admin::{self, client, client::Trouble};

use super::world::{NOW, World};

pub async fn ask(world: &World, method: &str, path: &str, body: Option<Value>) -> Result<Value, Trouble> {
    let (folder, method, path) = (world.folder.path().to_owned(), method.parse().unwrap(), path.to_owned());
    tokio::task::spawn_blocking(move || client::ask(&folder, method, &path, body.as_ref())).await.unwrap()
}

#[tokio::test]
async fn the_socket_is_its_owners_alone() {
    let world = World::start().await;
    let socket = world.folder.path().join(admin::SOCKET);
    assert_eq!(std::fs::metadata(&socket).unwrap().permissions().mode() & 0o777, 0o600);
    let second = admin::bind(world.folder.path()).unwrap_err();
    assert_eq!(second.kind(), std::io::ErrorKind::AddrInUse, "somebody answers there");
    let folder = world.folder.path().to_owned();
    world.desk.answer(Ok(json!({ "journeys": [] })));
    assert!(ask(&world, "GET", "/status", None).await.is_ok());
    let kept = std::mem::replace(&mut World::start().await.folder, tempfile::tempdir().unwrap());
    drop(kept);
    world.stopped().await;
    let gone = tokio::task::spawn_blocking(move || client::ask(&folder, "GET".parse().unwrap(), "/status", None));
    assert!(matches!(gone.await.unwrap(), Err(Trouble::NotRunning)));
}

#[tokio::test]
async fn what_was_left_behind_is_replaced() {
    let folder = tempfile::tempdir().unwrap();
    drop(admin::bind(folder.path()).unwrap());
    assert!(folder.path().join(admin::SOCKET).exists());
    assert!(admin::bind(folder.path()).is_ok());
}

#[tokio::test]
async fn orders_become_submissions() {
    let world = World::start().await;
    world.desk.answer(Ok(json!({ "runs": [{ "approvals": ["@crm"] }] })));
    for (method, path, body, expected) in [
        (
            "POST",
            "/stop",
            json!({ "everything": true, "by": "aya" }),
            Submission::Stop { scope: Scope::Everything, stopped: true, by: "aya".into() },
        ),
        (
            "POST",
            "/stop",
            json!({ "channel": "line" }),
            Submission::Stop { scope: Scope::Channel(Channel::Line), stopped: true, by: "operator".into() },
        ),
        (
            "POST",
            "/resume",
            json!({ "journey": "welcome" }),
            Submission::Stop { scope: Scope::Journey("welcome".into()), stopped: false, by: "operator".into() },
        ),
        ("DELETE", "/person/a%2Fb%20%E8%8A%B1", Value::Null, Submission::Forget { person: "a/b 花".into() }),
        (
            "POST",
            "/approve",
            json!({ "person": "u1", "by": "@crm", "approved": false }),
            Submission::Approval { person: "u1".into(), by: Some("@crm".into()), approved: false },
        ),
    ] {
        let body = (!body.is_null()).then_some(body);
        assert_eq!(ask(&world, method, path, body).await.unwrap(), json!({ "success": true }), "{path}");
        assert_eq!(world.desk.taken(), [expected]);
    }
    world.desk.answer(Ok(json!({ "runs": [{ "approvals": [] }, { "approvals": ["@lead"] }] })));
    for by in [json!("@crm"), json!("")] {
        let body = json!({ "person": "u1", "by": by, "approved": true });
        let refused = ask(&world, "POST", "/approve", Some(body)).await;
        assert!(matches!(refused, Err(Trouble::Refused { status: 404, .. })), "{by}: {refused:?}");
    }
    let anyone = json!({ "person": "u1", "by": null, "approved": true });
    ask(&world, "POST", "/approve", Some(anyone)).await.unwrap();
    assert_eq!(world.desk.taken().len(), 1);
    for (path, body) in [
        ("/stop", json!({})),
        ("/stop", json!({ "everything": true, "journey": "a" })),
        ("/stop", json!({ "channel": "telegram" })),
        ("/stop", json!({ "journy": "a" })),
        ("/approve", json!({ "person": "u" })),
        ("/backup", json!({ "to": "relative" })),
        ("/dead/replay", json!({ "numbers": "all" })),
    ] {
        let refused = ask(&world, "POST", path, Some(body)).await;
        assert!(matches!(refused, Err(Trouble::Refused { status: 400, .. })), "{path}: {refused:?}");
    }
    assert!(world.desk.taken().is_empty());
    world.stopped().await;
}

#[tokio::test]
async fn questions_reach_the_desk_and_its_refusals_come_back() {
    let world = World::start().await;
    for (method, path, body, expected) in [
        ("GET", "/person/u1", None, Question::Person { id: "u1".into() }),
        ("GET", "/person/u1/export", None, Question::Export { id: "u1".into() }),
        ("GET", "/paper?limit=3", None, Question::Paper { limit: 3 }),
        ("GET", "/tail?from=7", None, Question::Tail { from: Some(7), limit: 2_000 }),
        ("GET", "/dead?after=7&limit=1000000", None, Question::Dead { after: 7, limit: 500 }),
        ("POST", "/backup", Some(json!({ "to": "/b" })), Question::Backup { to: "/b".into() }),
    ] {
        ask(&world, method, path, body).await.unwrap();
        assert_eq!(world.desk.asked(), [expected]);
    }
    world.desk.answer(Err(Refusal::Unknown("there is no person `u9`".into())));
    match ask(&world, "GET", "/person/u9", None).await {
        Err(Trouble::Refused { status: 404, message, .. }) => assert_eq!(message, "there is no person `u9`"),
        other => panic!("{other:?}"),
    }
    let nothing = ask(&world, "GET", "/nothing", None).await;
    assert!(matches!(nothing, Err(Trouble::Refused { status: 404, .. })), "{nothing:?}");
    world.stopped().await;
}

#[tokio::test]
async fn dead_letters_are_handed_in_again_with_the_time_they_had() {
    let world = World::start().await;
    // 600 letters: more than one page. Those with an odd number have no person and stay.
    for chunk in 0..3 {
        let call = |i: usize| match i % 2 {
            0 => json!({ "type": "track", "userId": "u", "event": "purchase", "properties": { "order_id": i } }),
            _ => json!({ "type": "track", "event": "purchase" }),
        };
        let batch: Vec<Value> = (0..200).map(|i| call(chunk * 200 + i)).collect();
        let (_, answer) = world.post("/v1/batch", json!({ "batch": batch, "sentAt": NOW }).to_string()).await;
        assert_eq!(answer["refused"].as_array().unwrap().len(), 200);
    }
    world.desk.taken();
    let answer = ask(&world, "POST", "/dead/replay", Some(json!({ "all": true }))).await.unwrap();
    assert_eq!((answer["replayed"].as_u64(), answer["refused"].as_array().unwrap().len()), (Some(0), 600));
    let answer = ask(&world, "POST", "/dead/dismiss", Some(json!({ "numbers": [1, 3, 599] }))).await.unwrap();
    assert_eq!((answer["dismissed"].as_u64(), world.desk.dead()), (Some(3), 597));
    world.stopped().await;

    // What was refused two days ago because of a field that has been declared since.
    let world = World::start().await;
    let body = r#"{"type":"track","userId":"u","event":"purchase","timestamp":"2026-04-01T10:00:00Z","sentAt":"2026-04-01T10:00:10Z","properties":{"order_id":1,"total":1,"items":[]}}"#;
    let letter = |number: u64, body: &str| {
        let at = "2026-04-01T12:00:00Z";
        json!({ "number": number, "at": at, "source": "till", "reason": "r", "detail": "d", "body": body })
    };
    for (number, body) in
        [(3, body), (5, "broken"), (8, body), (9, r#"{"type":"track","userId":"u","event":"nobody"}"#)]
    {
        world.desk.bury(letter(number, body));
    }
    world.desk.set_now("2026-04-03T00:00:00Z");
    let answer = ask(&world, "POST", "/dead/replay", Some(json!({ "numbers": [3, 5, 9, 77] }))).await.unwrap();
    assert_eq!((&answer["replayed"], &answer["refused"][0]["number"]), (&json!(2), &json!(5)), "{answer}");
    let taken = world.desk.taken();
    let [Submission::Call { raw, arrival, received_at, source, .. }, Submission::DeadGone { numbers }] = &taken[..]
    else {
        panic!("{taken:?}")
    };
    assert_eq!((source.as_str(), received_at.to_string()), ("till", "2026-04-03T00:00:00Z".to_owned()));
    assert_eq!(arrival.at, Some(*received_at), "it is received now, and too old to start a journey");
    let raw: Value = serde_json::from_slice(raw).unwrap();
    assert_eq!((&raw["timestamp"], raw.get("sentAt")), (&json!("2026-04-01T11:59:50Z"), None));
    assert_eq!(numbers, &[3, 9], "understood, even where it has no effect");
    assert_eq!(world.desk.dead(), 2);
    world.stopped().await;
}
