//! Events in Segment's shape: what arrives, what is refused and how it is said, and that nothing is acknowledged that is
//! not durable.
//!
//! What a call means is tested in `src/ingest`.

use std::io::Write as _;
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};

use tabi::ingest::What;
use tabi::ports::environment::Unknowns;
use tabi::ports::{Refusal, Submission};
use tabi::value::{Instant, Span};

use super::world::{KEY, NOW, World, told};

const TRACK: &str = r#"{"userId":"u1","event":"Purchase","messageId":"m1","timestamp":"2026-04-01T11:00:00Z","sentAt":"2026-04-01T11:00:05Z","properties":{"order_id":"o1","total":1200,"items":[]}}"#;

fn at(text: &str) -> Instant {
    Instant::parse_rfc3339(text).unwrap()
}

/// `(type, user)` of what was handed in, dead letters with their reason.
pub fn kinds(taken: &[Submission]) -> Vec<String> {
    let one = |submission: &Submission| match submission {
        Submission::Call { arrival, .. } => {
            let what = match &arrival.what {
                What::Event { event, .. } => ["group", "page", "purchase", "screen"][event.index()],
                What::Profile { .. } => "identify",
                What::Alias { .. } => "alias",
                What::Signal { .. } => "signal",
            };
            let who = arrival.who.user.as_deref().or(arrival.who.anonymous.as_deref()).unwrap_or("-");
            format!("{what} {who}")
        }
        Submission::Dead { reason, .. } => format!("dead: {reason}"),
        other => format!("{other:?}"),
    };
    taken.iter().map(one).collect()
}

#[tokio::test]
async fn every_call_arrives_by_its_route_and_stands_alone() {
    let world = World::start().await;
    for (kind, body) in [
        ("identify", json!({ "userId": "u1", "traits": { "firstName": "花", "consent": ["marketing"] } })),
        ("track", serde_json::from_str(TRACK).unwrap()),
        ("page", json!({ "anonymousId": "a1", "properties": { "path": "/cart" } })),
        ("screen", json!({ "anonymousId": "a1", "properties": { "title": "Cart" } })),
        ("group", json!({ "userId": "u1", "groupId": "g", "traits": { "name": "Shop" } })),
        ("alias", json!({ "userId": "u1", "previousId": "a1" })),
    ] {
        let (status, answer) = world.post(&format!("/v1/{kind}"), body.to_string()).await;
        assert_eq!((status, answer), (200, json!({ "success": true })), "{kind}");
    }
    let taken = world.desk.taken();
    assert_eq!(kinds(&taken), ["identify u1", "purchase u1", "page a1", "screen a1", "group u1", "alias u1"]);
    for submission in &taken {
        let Submission::Call { raw, arrival, received_at, source, .. } = submission else { panic!("{submission:?}") };
        assert_eq!((received_at, source.as_str()), (&at(NOW), "web"));
        assert_eq!(arrival.at, Some(at(NOW)), "it arrived when it was received");
        // Replay reads the same out of the same bytes.
        let program = super::world::program();
        let schema = tabi::ingest::Schema::new(&program);
        let mut reader = tabi::ingest::segment::Reader::new(&schema);
        assert_eq!(reader.call_received(raw, *received_at).unwrap().as_ref(), Some(arrival));
    }
    world.stopped().await;
}

#[tokio::test]
async fn clocks_are_corrected_by_segments_rule() {
    let world = World::start().await;
    let own = async |times: Value| {
        let mut call =
            json!({ "userId": "u", "event": "purchase", "properties": { "order_id": 1, "total": 1, "items": [] } });
        call.as_object_mut().unwrap().extend(times.as_object().unwrap().clone());
        let (status, answer) = world.post("/v1/track", call.to_string()).await;
        assert_eq!(status, 200, "{answer}");
        let taken = world.desk.taken();
        let Some(Submission::Call { arrival, .. }) = taken.first() else { panic!("{taken:?}") };
        let What::Event { payload: tabi::value::Value::Record(fields), .. } = &arrival.what else { panic!() };
        let tabi::value::Value::Instant(own) = fields.last().unwrap() else { panic!() };
        (own.to_string(), arrival.skewed)
    };
    // The phone's clock is a day and an hour ahead: five seconds passed between the event and sending.
    let ahead = json!({ "timestamp": "2026-04-02T13:00:00Z", "sentAt": "2026-04-02T13:00:05Z" });
    assert_eq!(own(ahead).await, ("2026-04-01T11:59:55Z".into(), false));
    let original = json!({ "originalTimestamp": "2026-04-01T10:00:00Z", "sentAt": "2026-04-01T10:30:00Z" });
    assert_eq!(own(original).await, ("2026-04-01T11:30:00Z".into(), false));
    let both = json!({ "timestamp": "2026-03-01T10:00:00Z", "originalTimestamp": "2026-04-01T10:00:00Z", "sentAt": "2026-04-01T10:00:01Z" });
    assert_eq!(own(both).await, ("2026-03-01T10:00:00Z".into(), false));
    assert_eq!(own(json!({})).await, (NOW.into(), false));
    assert_eq!(own(json!({ "timestamp": "2026-04-01T09:00:00+09:00" })).await, ("2026-04-01T00:00:00Z".into(), false));
    assert_eq!(own(json!({ "timestamp": "2026-05-01T00:00:00Z" })).await, (NOW.into(), true), "cut to its arrival");
    let lying = json!({ "timestamp": "2026-04-01T09:00:00Z", "receivedAt": "2020-01-01T00:00:00Z" });
    assert_eq!(own(lying).await, ("2026-04-01T09:00:00Z".into(), false), "we know ourselves when we received it");
    world.stopped().await;
}

#[tokio::test]
async fn a_batch_takes_the_good_and_says_which_are_bad() {
    let world = World::start().await;
    let body = json!({
        "sentAt": "2026-04-01T12:00:00Z", "context": { "timezone": "Asia/Tokyo" },
        "batch": [
            { "type": "track", "userId": "u1", "event": "purchase", "properties": { "order_id": "1", "total": 5, "items": [] } },
            { "type": "track", "userId": "u1", "event": "purchase", "properties": { "order_id": "1", "total": "5", "items": [] } },
            { "type": "track", "event": "purchase" },
            { "type": "identify", "anonymousId": "a1" },
            { "type": "nonsense", "userId": "u1" },
            { "type": "track", "userId": "u1", "event": "Nobody Declared This" },
            7,
        ],
    });
    let (status, answer) = world.post("/v1/batch", body.to_string()).await;
    assert_eq!(status, 200);
    assert_eq!(answer["success"], true);
    let refused: Vec<(u64, &str)> = answer["refused"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (one["index"].as_u64().unwrap(), one["reason"].as_str().unwrap()))
        .collect();
    assert_eq!(refused, [(1, "wrong value purchase.total"), (2, "no person"), (4, "unknown type"), (6, "not a call")]);
    assert!(answer["refused"][0]["message_ja"].as_str().unwrap().contains("期待は"), "{answer}");
    let taken = world.desk.taken();
    assert_eq!(
        kinds(&taken),
        [
            "purchase u1",
            "dead: wrong value purchase.total",
            "dead: no person",
            "identify a1",
            "dead: unknown type",
            "dead: not a call"
        ]
    );
    let Submission::Call { raw, .. } = &taken[3] else { panic!() };
    let raw: Value = serde_json::from_slice(raw).unwrap();
    assert_eq!((&raw["sentAt"], &raw["context"]["timezone"]), (&json!("2026-04-01T12:00:00Z"), &json!("Asia/Tokyo")));
    world.stopped().await;
}

#[tokio::test]
async fn a_single_bad_call_is_told_so_and_kept() {
    let world = World::start().await;
    let (status, answer) = world.post("/v1/track", r#"{"userId":"u","event":"purchase","properties":{}}"#).await;
    assert_eq!((status, &answer["reason"]), (400, &json!("wrong value purchase.order_id")), "{answer}");
    assert_eq!(kinds(&world.desk.taken()), ["dead: wrong value purchase.order_id"]);
    for body in ["", "{", "[]", "7", "null", "\"x\"", "{\"a\":1}{}", "\u{feff}{}"] {
        let (status, answer) = world.post("/v1/track", body).await;
        assert_eq!((status, &answer["error"]), (400, &json!("not_a_call")), "{body}: {answer}");
    }
    let (status, _) = world.post("/v1/track", b"{\"userId\":\"\xff\"}".to_vec()).await;
    assert_eq!(status, 400);
    assert!(world.desk.taken().is_empty(), "what is no call at all is nobody's letter");
    world.stopped().await;
}

#[tokio::test]
async fn the_past_is_imported_with_its_own_times() {
    let world = World::start().await;
    let body = json!({ "sentAt": "2026-04-01T11:00:00Z", "batch": [
        { "type": "track", "userId": "u1", "event": "purchase", "timestamp": "2019-05-01T00:00:00Z",
          "sentAt": "2026-04-01T11:00:00Z", "properties": { "order_id": "1", "total": 5, "items": [] } },
        { "type": "track", "userId": "u1", "event": "purchase", "properties": { "order_id": "1", "total": 5, "items": [] } },
    ] });
    let (status, answer) = world.post("/v1/import", body.to_string()).await;
    assert_eq!((status, &answer["refused"][0]["reason"]), (200, &json!("no time")), "{answer}");
    let taken = world.desk.taken();
    let Submission::Call { arrival, .. } = &taken[0] else { panic!() };
    let What::Event { payload: tabi::value::Value::Record(fields), .. } = &arrival.what else { panic!() };
    assert_eq!(fields.last(), Some(&tabi::value::Value::Instant(at("2019-05-01T00:00:00Z"))));
    world.stopped().await;
}

#[tokio::test]
async fn keys_open_by_header_or_body_and_nothing_else_does() {
    let world = World::start().await;
    let post = |request: reqwest::RequestBuilder| async { told(request.body(TRACK).send().await.unwrap()).await };
    let url = world.url("/v1/track");
    let client = &world.client;
    assert_eq!(post(client.post(&url).basic_auth("wk_till", None::<&str>)).await.0, 200);
    let taken = world.desk.taken();
    assert!(matches!(&taken[0], Submission::Call { source, .. } if source == "till"), "{taken:?}");
    let with_key = TRACK.replacen('{', &format!("{{\"writeKey\":\"{KEY}\","), 1);
    assert_eq!(told(client.post(&url).body(with_key).send().await.unwrap()).await.0, 200);
    let taken = world.desk.taken();
    let Submission::Call { source, raw, .. } = &taken[0] else { panic!() };
    assert!(source == "web" && !String::from_utf8_lossy(raw).contains(KEY), "a key is not stored");
    let mut answers = Vec::new();
    for request in [
        client.post(&url),
        client.post(&url).basic_auth("wk_", Some("")),
        client.post(&url).basic_auth("", Some(KEY)),
        client.post(&url).bearer_auth(KEY),
        client.post(&url).header("authorization", "Basic !!!"),
        client.post(&url).basic_auth(KEY, Some("")).basic_auth("wk_till", Some("")),
    ] {
        let (status, answer) = post(request).await;
        assert_eq!(status, 401);
        answers.push(answer);
    }
    let wrong = TRACK.replacen('{', "{\"writeKey\":\"wk\",", 1);
    answers.push(told(client.post(&url).body(wrong).send().await.unwrap()).await.1);
    answers.push(told(client.post(&url).body("not json").send().await.unwrap()).await.1);
    assert!(answers.iter().all(|answer| *answer == answers[0]), "no answer tells more than another: {answers:?}");
    assert!(world.desk.taken().is_empty());
    world.stopped().await;
}

#[tokio::test]
async fn nothing_is_acknowledged_that_is_not_durable() {
    let world = World::with(|wish| wish.desk.gate = Some(tokio::sync::Semaphore::new(0))).await;
    {
        let posting = world.post("/v1/track", TRACK);
        tokio::pin!(posting);
        tokio::select! {
            _ = &mut posting => panic!("it is answered before it is durable"),
            () = world.desk.begins() => {}
        }
        assert!(tokio::time::timeout(Duration::from_millis(50), &mut posting).await.is_err(), "it waits");
        world.desk.gate.as_ref().unwrap().add_permits(1);
        assert_eq!(posting.await.0, 200);
    }
    world.desk.gate.as_ref().unwrap().add_permits(100);
    for (refusal, status, retry) in [
        (Refusal::Busy { retry_after: Span(1_500) }, 429, Some("2")),
        (Refusal::Busy { retry_after: Span(0) }, 429, Some("1")),
        (Refusal::Stopping, 503, Some("10")),
        (Refusal::Disk("/dev/sda1: no space".into()), 503, Some("10")),
    ] {
        world.desk.refuse(Some(refusal.clone()));
        for (path, body) in [("/v1/track", TRACK.to_string()), ("/v1/batch", format!("{{\"batch\":[{TRACK}]}}"))] {
            let request = world.client.post(world.url(path)).basic_auth(KEY, Some("")).body(body);
            let response = request.send().await.unwrap();
            assert_eq!(response.status().as_u16(), status, "{refusal:?}");
            assert_eq!(response.headers().get("retry-after").map(|v| v.to_str().unwrap()), retry);
            assert!(!response.text().await.unwrap().contains("sda1"), "disks are not the outside's affair");
        }
    }
    world.stopped().await;
}

#[tokio::test]
async fn sizes_types_encodings_and_methods_have_their_answers() {
    let world = World::start().await;
    let url = world.url("/v1/track");
    let post = || world.client.post(&url).basic_auth(KEY, Some(""));
    let status = |request: reqwest::RequestBuilder| async {
        let (status, answer) = told(request.send().await.unwrap()).await;
        assert!(status == 200 || answer["success"] == false, "{status}: answered in JSON: {answer}");
        status
    };
    assert_eq!(status(post().body(vec![b' '; 32 << 10])).await, 400);
    assert_eq!(status(post().body(vec![b' '; (32 << 10) + 1])).await, 413);
    // Those who send far too much, or without a key, still read why.
    assert_eq!(status(post().body(vec![b' '; 5 << 20])).await, 413);
    let batch = world.url("/v1/batch");
    assert_eq!(status(world.client.post(&batch).body(vec![b' '; (4 << 20) + 1])).await, 413);
    assert_eq!(status(world.client.post(&batch).basic_auth("wk", Some("")).body(vec![b' '; 4 << 20])).await, 401);
    for (kind, expected) in [
        ("application/json; charset=utf-8", 200),
        ("text/plain", 200),
        ("APPLICATION/JSON", 200),
        ("application/xml", 415),
        ("multipart/form-data", 415),
        ("", 415),
    ] {
        assert_eq!(status(post().header("content-type", kind).body(TRACK)).await, expected, "{kind}");
    }
    let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
    gzip.write_all(TRACK.as_bytes()).unwrap();
    let gzip = gzip.finish().unwrap();
    for (encoding, body, expected) in [
        ("gzip", gzip.clone(), 200),
        ("identity", TRACK.as_bytes().to_vec(), 200),
        ("br", gzip.clone(), 415),
        ("gzip, gzip", gzip.clone(), 415),
        ("gzip", TRACK.as_bytes().to_vec(), 400),
        ("gzip", gzip[..gzip.len() / 2].to_vec(), 400),
    ] {
        assert_eq!(status(post().header("content-encoding", encoding).body(body)).await, expected, "{encoding}");
    }
    assert_eq!(status(world.client.get(&url)).await, 405);
    assert_eq!(status(world.client.put(&url).body(TRACK)).await, 405);
    for nowhere in
        ["/", "/v1", "/v1/", "/v1/i", "/v2/track", "/v1/track/x", "/status", "/dead", "/metrics", "/person/u1"]
    {
        assert_eq!(status(world.client.get(world.url(nowhere))).await, 404, "{nowhere}");
    }
    world.stopped().await;
}

#[tokio::test]
async fn the_unknown_is_counted_and_refused_where_that_is_wished() {
    let call = |event: &str, extra: &str| {
        format!(r#"{{"userId":"u","event":"{event}","properties":{{"order_id":1,"total":1,"items":[]{extra}}}}}"#)
    };
    let world = World::start().await;
    for body in [call("nobody", ""), call("purchase", ",\"gift\":true")] {
        assert_eq!(world.post("/v1/track", body).await.0, 200);
    }
    assert_eq!(kinds(&world.desk.taken()), ["purchase u"]);
    let status = super::admin::ask(&world, "GET", "/status", None).await.unwrap();
    assert_eq!(status["ingest"]["unknown_events"], json!({ "nobody": 1 }));
    assert_eq!(status["ingest"]["unknown_fields"], json!({ "purchase.gift": 1 }));
    world.stopped().await;

    let world = World::with(|wish| wish.settings.unknown = Unknowns::Refuse).await;
    for (body, reason) in
        [(call("nobody", ""), "unknown event"), (call("purchase", ",\"gift\":true"), "unknown field purchase")]
    {
        let (status, answer) = world.post("/v1/track", body).await;
        assert_eq!((status, &answer["reason"]), (400, &json!(reason)));
    }
    assert_eq!(world.post("/v1/identify", r#"{"userId":"u","traits":{"plan":"x"}}"#).await.0, 400);
    assert_eq!(world.post("/v1/track", call("Email Opened", "")).await.0, 200, "known, and without an effect");
    assert_eq!(
        kinds(&world.desk.taken()),
        ["dead: unknown event", "dead: unknown field purchase", "dead: unknown field profile"]
    );
    world.stopped().await;
}

#[tokio::test]
async fn what_is_under_way_finishes_when_we_stop() {
    let world = World::with(|wish| wish.desk.gate = Some(tokio::sync::Semaphore::new(0))).await;
    let (client, url) = (world.client.clone(), world.url("/v1/track"));
    let posting = tokio::spawn(async move {
        told(client.post(url).basic_auth(KEY, Some("")).body(TRACK).send().await.unwrap()).await
    });
    world.desk.begins().await;
    world.stop();
    world.desk.gate.as_ref().unwrap().add_permits(1);
    let desk = world.desk.clone();
    world.stopped().await;
    assert_eq!(posting.await.unwrap().0, 200);
    assert_eq!(desk.taken().len(), 1);
}
