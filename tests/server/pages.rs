//! The way out and the links of messages: looking changes nothing, acting is durable, and no link leads where it was not
//! made to lead.
//!
//! The wording of pages is theirs.

use std::time::Duration;

use tabi::ir::Channel;
use tabi::machine::Report;
use tabi::ports::link::{self, Tracked};
use tabi::ports::{About, Notice, Refusal, Subject, Submission, Told};
use tabi::render::Links;
use tabi::value::{Instant, Span};

use super::world::{NOW, SEND, World, secret};

const TARGET: &str = "https://shop.example/商品?a=1&b=%20x#y";

fn left(how: &str, given: bool, channel: Channel, language: &str) -> Submission {
    Submission::Consent {
        who: Subject::Send(SEND.sealed(&secret())),
        purpose: None,
        channel: Some(channel),
        given,
        how: how.into(),
        source: format!("page:{language}:1"),
    }
}

#[tokio::test]
async fn looking_at_the_page_changes_nothing() {
    let world = World::start().await;
    let url = link::leave_url(&world.url(""), SEND, Channel::Email, &secret());
    for (method, language, word) in
        [("GET", "ja-JP", "メールを停止しますか"), ("GET", "fr", "Stop mail"), ("HEAD", "en", "")]
    {
        let request = world.client.request(method.parse().unwrap(), &url).header("accept-language", language);
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), 200);
        let header =
            |name: &str| response.headers().get(name).map(|v| v.to_str().unwrap().to_owned()).unwrap_or_default();
        assert_eq!(header("cache-control"), "no-store");
        assert!(header("x-robots-tag").contains("noindex") && header("referrer-policy") == "no-referrer");
        assert!(header("content-security-policy").contains("default-src 'none'"));
        assert!(header("set-cookie").is_empty() && header("content-type").starts_with("text/html"));
        let html = response.text().await.unwrap();
        assert!(html.contains(word), "{html}");
        assert!(word.is_empty() || (html.contains("花屋 Flora") && html.contains("<form method=\"post\">")), "{html}");
    }
    assert!(world.desk.taken().is_empty());
    world.stopped().await;
}

#[tokio::test]
async fn posting_leaves_at_once_and_can_be_taken_back() {
    let world = World::start().await;
    let url = link::leave_url(&world.url(""), SEND, Channel::Email, &secret());
    let post = async |url: &str, body: &str| {
        let form = "application/x-www-form-urlencoded";
        let request = world.client.post(url).header("content-type", form).header("accept-language", "ja");
        let response = request.body(body.to_owned()).send().await.unwrap();
        (response.status().as_u16(), response.text().await.unwrap())
    };
    let (status, html) = post(&url, "List-Unsubscribe=One-Click").await;
    assert_eq!(status, 200);
    assert!(html.contains("配信を停止しました") && html.contains("name=\"return\""), "{html}");
    assert_eq!(world.desk.taken(), [left("one-click", false, Channel::Email, "ja")]);
    post(&url, "leave=1").await;
    assert_eq!(world.desk.taken(), [left("unsubscribe-link", false, Channel::Email, "ja")]);
    let (_, html) = post(&url, "return=1").await;
    assert!(html.contains("元に戻しました"), "{html}");
    assert_eq!(world.desk.taken(), [left("unsubscribe-undo", true, Channel::Email, "ja")]);
    let line = link::leave_url(&world.url(""), SEND, Channel::Line, &secret());
    post(&line.to_uppercase().replace("HTTP", "http").replace("/U/", "/u/").replace("?ON=LINE", "?on=line"), "").await;
    assert_eq!(world.desk.taken(), [left("unsubscribe-link", false, Channel::Line, "ja")], "mail turns letters large");
    let multipart = "--b\r\nContent-Disposition: form-data; name=\"List-Unsubscribe\"\r\n\r\nOne-Click\r\n--b--\r\n";
    let request = world.client.post(&url).header("content-type", "multipart/form-data; boundary=b").body(multipart);
    assert_eq!(request.send().await.unwrap().status(), 200);
    assert_eq!(world.desk.taken(), [left("one-click", false, Channel::Email, "en")]);

    world.desk.refuse(Some(Refusal::Busy { retry_after: Span(5_000) }));
    let (status, html) = post(&url, "List-Unsubscribe=One-Click").await;
    assert_eq!(status, 429, "a mail program tries again");
    assert!(html.contains("もう一度"), "{html}");
    world.desk.refuse(None);
    for wrong in ["/u/0", "/u/%00", "/u/..%2F..%2Fetc", &format!("/u/{}?on=telegram", SEND.sealed(&secret()))] {
        assert_eq!(post(&world.url(wrong), "leave=1").await.0, 404, "{wrong}");
    }
    let large = "x".repeat(5_000);
    assert_eq!(post(&url, &large).await.0, 413);
    assert!(world.desk.taken().is_empty());
    world.stopped().await;
}

fn tracked(world: &World, target: &str) -> String {
    Tracked { base: world.url(""), send: SEND, secret: secret() }.rewrite("00ff00ff00ff00ff", target)
}

fn clicked() -> Submission {
    let at = Instant::parse_rfc3339(NOW).unwrap();
    let about = About::Send(SEND.sealed(&secret()));
    let notice = Notice { id: None, about, at, told: Told::Report(Report::Clicked) };
    Submission::Notice { notice, received_at: at, source: "link:00ff00ff00ff00ff".into() }
}

#[tokio::test]
async fn a_click_is_told_and_sent_on() {
    let world = World::start().await;
    let url = tracked(&world, TARGET);
    let response = world.client.get(&url).send().await.unwrap();
    assert_eq!(response.status(), 302);
    assert_eq!(response.headers()["location"], "https://shop.example/%E5%95%86%E5%93%81?a=1&b=%20x#y");
    assert_eq!(world.desk.taken(), [clicked()]);
    for (name, value) in [("purpose", "prefetch"), ("user-agent", "facebookexternalhit/1.1;line-poker/1.0")] {
        assert_eq!(world.client.get(&url).header(name, value).send().await.unwrap().status(), 302);
    }
    assert_eq!(world.client.head(&url).send().await.unwrap().status(), 302);
    assert!(world.desk.taken().is_empty(), "nobody clicked");
    world.stopped().await;
}

#[tokio::test]
async fn no_link_leads_elsewhere() {
    let world = World::start().await;
    let url = tracked(&world, TARGET);
    let (own, _) = url.split_once("?to=").unwrap();
    for to in [
        "?to=https%3A%2F%2Fevil.example%2F",
        "?to=%2F%2Fevil.example",
        "?to=javascript%3Aalert(1)",
        "?to=https%3A%2F%2Fshop.example%2F%0d%0aSet-Cookie%3A%20a",
        "?to=",
        "?TO=https%3A%2F%2Fshop.example",
        "",
        "?to=%FF%FE",
    ] {
        let response = world.client.get(format!("{own}{to}")).send().await.unwrap();
        assert_eq!(response.status(), 404, "{to}");
        assert!(response.headers().get("location").is_none());
    }
    // Both an own and a foreign target: neither.
    let both = world.client.get(format!("{url}&to=https%3A%2F%2Fevil.example")).send().await.unwrap();
    assert!(both.headers().get("location").is_none_or(|to| to.to_str().unwrap().starts_with("https://shop.example/")));
    let (_, query) = url.split_once('?').unwrap();
    let leave = SEND.sealed(&secret());
    let stranger = world.client.get(world.url(&format!("/c/{leave}?{query}"))).send().await.unwrap();
    assert_eq!(stranger.status(), 404, "a token of another kind");
    assert!(world.desk.taken().is_empty());
    world.stopped().await;
}

#[tokio::test]
async fn a_click_does_not_wait_for_the_disk() {
    let world = World::with(|wish| {
        wish.desk.gate = Some(tokio::sync::Semaphore::new(0));
        wish.settings.limits.click_wait = Duration::from_millis(1);
    })
    .await;
    let url = tracked(&world, TARGET);
    assert_eq!(world.client.get(&url).send().await.unwrap().status(), 302);
    assert!(world.desk.taken().is_empty());
    world.desk.gate.as_ref().unwrap().add_permits(1);
    let desk = world.desk.clone();
    world.stopped().await;
    assert_eq!(desk.taken(), [clicked()], "and is not lost when we stop");
}

#[tokio::test]
async fn opens_are_counted_only_where_that_is_wished() {
    let path = |world: &World| link::open_url(&world.url(""), SEND, &secret());
    let world = World::start().await;
    assert_eq!(world.client.get(path(&world)).send().await.unwrap().status(), 404);
    world.stopped().await;
    let world = World::with(|wish| wish.settings.opens = true).await;
    let response = world.client.get(path(&world)).send().await.unwrap();
    assert_eq!((response.status().as_u16(), &response.headers()["content-type"]), (200, &"image/gif".parse().unwrap()));
    assert!(response.bytes().await.unwrap().starts_with(b"GIF89a"));
    let taken = world.desk.taken();
    assert!(
        matches!(&taken[..], [Submission::Notice { notice, .. }] if notice.told == Told::Report(Report::Opened)),
        "{taken:?}"
    );
    assert_eq!(world.client.get(world.url("/o/0.gif")).send().await.unwrap().status(), 404);
    world.stopped().await;
}

#[tokio::test]
async fn hooks_are_believed_or_not() {
    let world = World::with(|wish| {
        wish.hooks.add("line", |told: tabi::server::Told| match told.headers.get("x-line-signature") {
            None => Err(tabi::ports::Distrust::Signature),
            Some(_) if told.body == b"later" => Err(tabi::ports::Distrust::Unavailable("no certificate".into())),
            Some(_) if told.body != b"[]" => Err(tabi::ports::Distrust::Form(format!("at {}", told.path_and_query))),
            Some(_) => {
                let about = About::Address { channel: Channel::Line, address: "U1".into() };
                Ok(vec![Notice { id: None, about, at: told.received_at, told: Told::Report(Report::Blocked) }])
            }
        });
    })
    .await;
    let post = |path: &str, signed: bool, body: &'static str| {
        let request = world.client.post(world.url(path)).body(body);
        let request = if signed { request.header("x-line-signature", "s") } else { request };
        async { super::world::told(request.send().await.unwrap()).await }
    };
    assert_eq!(post("/hooks/line", false, "[]").await.0, 401);
    let (status, answer) = post("/hooks/line?a=b", true, "{}").await;
    assert_eq!((status, answer["message"].as_str()), (400, Some("at /hooks/line?a=b")));
    let (status, answer) = post("/hooks/line", true, "later").await;
    assert_eq!((status, answer["error"].as_str()), (503, Some("unavailable")), "so that it is told again");
    for nowhere in ["/hooks/ses", "/hooks/line/status", "/hooks/", "/hooks"] {
        assert_eq!(post(nowhere, true, "[]").await.0, 404, "{nowhere}");
    }
    assert!(world.desk.taken().is_empty());
    assert_eq!(post("/hooks/line", true, "[]").await.0, 200);
    let taken = world.desk.taken();
    assert!(matches!(&taken[..], [Submission::Notice { source, .. }] if source == "line"), "{taken:?}");
    world.desk.refuse(Some(Refusal::Stopping));
    assert_eq!(post("/hooks/line", true, "[]").await.0, 503, "so that it is sent again");
    world.stopped().await;
}

#[tokio::test]
async fn those_who_watch_see_whether_it_lives_and_takes() {
    let world = World::start().await;
    let get = async |path: &str| {
        let response = world.client.get(world.url(path)).send().await.unwrap();
        (response.status().as_u16(), response.text().await.unwrap())
    };
    assert_eq!(get("/healthz").await, (200, "ok\n".into()));
    assert_eq!(get("/readyz").await, (200, "ready\n".into()));
    world.desk.refuse(Some(Refusal::Stopping));
    assert_eq!(get("/readyz").await, (503, "not ready: stopping\n".into()));
    assert_eq!(get("/healthz").await.0, 200);
    assert_eq!(get("/metrics").await.0, 404);
    world.stopped().await;
    let world = World::with(|wish| wish.settings.metrics_public = true).await;
    world.client.get(world.url("/v1/secret-in-a-path")).send().await.unwrap();
    let text = world.client.get(world.url("/metrics")).send().await.unwrap().text().await.unwrap();
    assert!(text.contains("tabi_http_requests_total{") && !text.contains("secret-in-a-path"), "{text}");
    world.stopped().await;
}

#[tokio::test]
async fn a_shop_gets_nonces_and_nobody_else_does() {
    let world = World::start().await;
    let ask = async |key: Option<&str>, body: &str| {
        let request = world.client.post(world.url("/v1/line/nonce")).header("content-type", "application/json");
        let request = match key {
            Some(key) => request.basic_auth(key, Some("")),
            None => request,
        };
        super::world::told(request.body(body.to_owned()).send().await.unwrap()).await
    };
    let key = Some(super::world::KEY);
    let (status, answer) = ask(key, r#"{"userId":"会員-42","linkToken":"a+b"}"#).await;
    let nonce = answer["nonce"].as_str().unwrap();
    assert_eq!((status, &answer["success"]), (200, &serde_json::json!(true)));
    let url = format!("https://access.line.me/dialog/bot/accountLink?nonce={nonce}&linkToken=a%2Bb");
    assert_eq!(answer["url"], url);
    // It is LINE that brings it back, to a process that may have begun since: all that is needed is the secret.
    let event = serde_json::json!({ "events": [{
        "type": "accountLink", "mode": "active", "timestamp": Instant::parse_rfc3339(super::world::NOW).unwrap().0 + 60_000, "webhookEventId": "w",
        "source": { "type": "user", "userId": "U1" }, "link": { "result": "ok", "nonce": nonce },
    }] });
    let body = event.to_string();
    let told = tabi::channels::line::Intake::new("s".into(), secret())
        .take(
            Some(&signed_by_line(&body)),
            body.as_bytes(),
            Instant::parse_rfc3339(super::world::NOW).unwrap().plus(tabi::value::Span(60_000)),
        )
        .unwrap();
    assert!(told.iter().any(|notice| notice.told == Told::Linked { user: "会員-42".into() }), "{told:?}");
    let open = ask(key, r#"{"userId":"u"}"#).await.1;
    assert!(open["url"].as_str().unwrap().ends_with("&linkToken="), "{open}");
    let long = format!(r#"{{"userId":"{}"}}"#, "u".repeat(140));
    for (key, body, expected) in [
        (None, r#"{"userId":"u"}"#, 401),
        (None, r#"{"userId":"u","writeKey":"wk_web"}"#, 401),
        (Some("wk"), r#"{"userId":"u"}"#, 401),
        (key, r#"{"userId":""}"#, 400),
        (key, r#"{"userId":" u"}"#, 400),
        (key, r#"{"userId":"u","linkToken":""}"#, 400),
        (key, r#"{"user":"u"}"#, 400),
        (key, "u", 400),
        (key, &long, 400),
        (key, &"x".repeat(5_000), 413),
    ] {
        assert_eq!(ask(key, body).await.0, expected, "{body}");
    }
    assert!(world.desk.taken().is_empty());
    world.stopped().await;
    let world = World::with(|wish| wish.settings.nonces = None).await;
    assert_eq!(world.post("/v1/line/nonce", r#"{"userId":"u"}"#).await.0, 404);
    world.stopped().await;
}

fn signed_by_line(body: &str) -> String {
    use base64::Engine as _;
    use hmac::{KeyInit as _, Mac as _};
    let mut mac = hmac::Hmac::<sha2::Sha256>::new_from_slice(b"s").unwrap();
    mac.update(body.as_bytes());
    base64::engine::general_purpose::STANDARD.encode(mac.finalize().into_bytes())
}
