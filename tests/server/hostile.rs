//! Whoever means harm: broken heads, lying lengths, bombs, dripping bodies, keys by guessing. Nobody panics, nobody waits
//! for ever, and whoever is honest is served meanwhile.
//!
//! What memory it may take is measured in `memory.rs`.

use std::io::Write as _;
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;
use proptest::prelude::*;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::world::{KEY, World};

/// `wk_web:` in base64.
const BASIC: &str = "Basic d2tfd2ViOg==";

/// The status of every answer in what came back.
fn statuses(answer: &str) -> Vec<u16> {
    let heads = answer.match_indices("HTTP/1.1 ").filter_map(|(at, _)| answer.get(at + 9..at + 12)?.parse().ok());
    heads.collect()
}

#[tokio::test]
async fn broken_heads_are_refused() {
    let world = World::start().await;
    let host = "Host: a\r\n";
    let many = (0..100).map(|i| format!("X-{i}: a\r\n")).collect::<String>();
    let long = "a".repeat(60_000);
    for (what, request, expected) in [
        ("no HTTP", "hello\r\n\r\n".to_owned(), vec![400]),
        ("no version", format!("GET /healthz\r\n{host}\r\n"), vec![400]),
        ("HTTP/2 preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_owned(), vec![]),
        ("NUL in a header", format!("GET /healthz HTTP/1.1\r\n{host}X: a\0b\r\n\r\n"), vec![400]),
        ("space before colon", format!("GET /healthz HTTP/1.1\r\n{host}X : a\r\n\r\n"), vec![400]),
        ("folded header", format!("GET /healthz HTTP/1.1\r\n{host}X: a\r\n b\r\n\r\n"), vec![400]),
        ("bare CR", format!("GET /healthz HTTP/1.1\r\n{host}X: a\rb\r\n\r\n"), vec![400]),
        ("too many headers", format!("GET /healthz HTTP/1.1\r\n{host}{many}\r\n"), vec![431]),
        ("a large header", format!("GET /healthz HTTP/1.1\r\n{host}X: {long}\r\n\r\n"), vec![431]),
        ("a long address", format!("GET /{long} HTTP/1.1\r\n{host}\r\n"), vec![431]),
        ("path traversal", format!("GET /u/../admin.sock HTTP/1.1\r\n{host}Connection: close\r\n\r\n"), vec![404]),
        (
            "encoded traversal",
            format!("GET /v1/..%2f..%2fstatus HTTP/1.1\r\n{host}Connection: close\r\n\r\n"),
            vec![404],
        ),
        (
            "absolute address",
            format!("GET http://evil.example/status HTTP/1.1\r\n{host}Connection: close\r\n\r\n"),
            vec![404],
        ),
        ("broken escape", format!("GET /u/%zz HTTP/1.1\r\n{host}Connection: close\r\n\r\n"), vec![404]),
        ("not UTF-8", format!("GET /hooks/%ff HTTP/1.1\r\n{host}Connection: close\r\n\r\n"), vec![405]),
        (
            "not UTF-8 posted",
            format!("POST /hooks/%ff HTTP/1.1\r\n{host}Connection: close\r\nContent-Length: 0\r\n\r\n"),
            vec![400],
        ),
        ("CONNECT", format!("CONNECT evil.example:443 HTTP/1.1\r\n{host}Connection: close\r\n\r\n"), vec![404]),
        ("TRACE", format!("TRACE /v1/track HTTP/1.1\r\n{host}Connection: close\r\n\r\n"), vec![405]),
    ] {
        assert_eq!(statuses(&world.raw(request.as_bytes()).await), expected, "{what}");
    }
    assert!(world.desk.taken().is_empty());
    world.stopped().await;
}

/// Requests that two servers could read differently: the second one in them must never be served.
#[tokio::test]
async fn nothing_is_smuggled() {
    let world = World::start().await;
    let hidden = "GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
    let length = hidden.len();
    let head = format!("POST /v1/track HTTP/1.1\r\nHost: a\r\nAuthorization: {BASIC}\r\n");
    for (what, request) in [
        (
            "length, then pieces",
            format!("{head}Content-Length: {length}\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n{hidden}"),
        ),
        ("pieces, then length", format!("{head}Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n5c\r\n{hidden}")),
        ("two lengths", format!("{head}Content-Length: 0\r\nContent-Length: {length}\r\n\r\n{hidden}")),
        ("lengths in one", format!("{head}Content-Length: 0, {length}\r\n\r\n{hidden}")),
        ("a signed length", format!("{head}Content-Length: +0\r\n\r\n{hidden}")),
        ("a negative length", format!("{head}Content-Length: -1\r\n\r\n{hidden}")),
        ("a huge length", format!("{head}Content-Length: 99999999999999999999\r\n\r\n{hidden}")),
        ("pieces not last", format!("{head}Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n{hidden}")),
        ("pieces misspelt", format!("{head}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n{hidden}")),
        (
            "HTTP/1.0 in pieces",
            format!(
                "POST /v1/track HTTP/1.0\r\nAuthorization: {BASIC}\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n{hidden}"
            ),
        ),
        ("a broken piece", format!("{head}Transfer-Encoding: chunked\r\n\r\nxyz\r\n{hidden}")),
        ("a huge piece", format!("{head}Transfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n{hidden}")),
    ] {
        let answer = world.raw(request.as_bytes()).await;
        assert!(!statuses(&answer).contains(&200), "{what}: {answer}");
        assert!(statuses(&answer).iter().all(|status| (400..500).contains(status)), "{what}: {answer}");
    }
    assert!(world.desk.taken().is_empty());
    world.stopped().await;
}

#[tokio::test]
async fn bombs_do_not_go_off() {
    let world = World::start().await;
    let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
    let zeros = vec![b' '; 1 << 20];
    for _ in 0..200 {
        gzip.write_all(&zeros).unwrap();
    }
    let bomb = gzip.finish().unwrap();
    assert!(bomb.len() < 300 << 10, "200 MB in {} bytes", bomb.len());
    for path in ["/v1/batch", "/v1/import"] {
        let request = world.client.post(world.url(path)).basic_auth(KEY, Some("")).header("content-encoding", "gzip");
        assert_eq!(request.body(bomb.clone()).send().await.unwrap().status(), 413, "{path}");
    }
    let deep = |n: usize| {
        format!("{{\"userId\":\"u\",\"event\":\"purchase\",\"properties\":{}{}}}", "[".repeat(n), "]".repeat(n))
    };
    for (n, expected) in [(150, 400), (1_000, 400), (15_000, 400)] {
        let (status, answer) = world.post("/v1/track", deep(n)).await;
        assert_eq!(status, expected, "{answer}");
    }
    let deep = "[".repeat(4_000_000);
    assert_eq!(world.post("/v1/batch", deep.clone()).await.0, 400);
    assert_eq!(world.post("/v1/batch", format!("{{\"batch\":{deep}")).await.0, 400);
    let many = format!("{{\"batch\":[{}]}}", vec!["0"; 1_000_000].join(","));
    assert_eq!(world.post("/v1/batch", many).await.0, 413);
    let wide = format!("{{{}\"batch\":[]}}", (0..100_000).map(|i| format!("\"{i}\":0,")).collect::<String>());
    assert_eq!(world.post("/v1/batch", wide).await.0, 400);
    let numbers = format!("{{\"batch\":[{{\"userId\":{}}}]}}", "9".repeat(30_000));
    let (status, answer) = world.post("/v1/batch", numbers).await;
    assert!(status == 200 && answer["refused"][0]["index"] == 0, "{answer}");
    world.stopped().await;
}

/// Sends a head, then a byte at a time; says what came back and that it ended.
async fn drip(world: &World, head: &str, body: &[u8]) -> String {
    let mut stream = TcpStream::connect(world.address).await.unwrap();
    stream.write_all(head.as_bytes()).await.unwrap();
    let (mut reading, mut writing) = stream.split();
    let mut answer = Vec::new();
    let dripping = async {
        for byte in body.iter().cycle() {
            if writing.write_all(&[*byte]).await.is_err() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        std::future::pending::<()>().await;
    };
    tokio::select! {
        _ = reading.read_to_end(&mut answer) => {}
        () = dripping => {}
    }
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn whoever_is_slow_is_cut_off() {
    let world = World::with(|wish| {
        wish.settings.limits.head_timeout = Duration::from_millis(100);
        wish.settings.limits.body_timeout = Duration::from_millis(100);
    })
    .await;
    let head = format!("POST /v1/track HTTP/1.1\r\nHost: a\r\nAuthorization: {BASIC}\r\n");
    let slow_head = drip(&world, "GET /healthz HTTP/1.1\r\nX: ", b"a").await;
    assert!(!slow_head.contains("200"), "{slow_head}");
    let slow_body = drip(&world, &format!("{head}Content-Length: 30000\r\n\r\n"), b"a").await;
    assert_eq!(statuses(&slow_body), [408]);
    let slow_pieces = drip(&world, &format!("{head}Transfer-Encoding: chunked\r\n\r\n"), b"1\r\na\r\n").await;
    assert_eq!(statuses(&slow_pieces), [408]);
    // A connection that rests after its answer is closed, too.
    let resting = drip(&world, "GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n", b"").await;
    assert_eq!(statuses(&resting), [200]);
    assert!(world.desk.taken().is_empty());
    world.stopped().await;
}

#[tokio::test]
async fn a_full_house_serves_those_who_are_in_and_then_the_next() {
    let world = World::with(|wish| {
        wish.settings.limits.connections_max = 4;
        wish.settings.limits.head_timeout = Duration::from_millis(200);
    })
    .await;
    let mut idle = Vec::new();
    for _ in 0..50 {
        idle.push(TcpStream::connect(world.address).await.unwrap());
    }
    // The idle are cut off, four at a time, and somebody honest gets a turn.
    let answer = world.raw(b"GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").await;
    assert_eq!(statuses(&answer), [200]);
    drop(idle);
    world.stopped().await;
}

/// Asks for much and reads nothing: forty answers of half a megabyte each do not fit into what the system holds for us.
#[tokio::test]
async fn whoever_does_not_read_is_cut_off() {
    let world = World::with(|wish| {
        wish.settings.limits.connections_max = 1;
        wish.settings.limits.write_timeout = Duration::from_millis(100);
    })
    .await;
    let mut deaf = TcpStream::connect(world.address).await.unwrap();
    let body = format!("{{\"batch\":[{}]}}", vec!["0"; 2_500].join(","));
    let head = format!("POST /v1/batch HTTP/1.1\r\nHost: a\r\nAuthorization: {BASIC}\r\n");
    let request = format!("{head}Content-Length: {}\r\n\r\n{body}", body.len());
    deaf.write_all(request.repeat(40).as_bytes()).await.unwrap();
    // There is one connection only, and the deaf one has it until it is cut off.
    let answer = world.raw(b"GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").await;
    assert_eq!(statuses(&answer), [200]);
    assert!(world.desk.taken().len() < 40 * 2_500, "it was cut off before the end");
    drop(deaf);
    world.stopped().await;
}

#[tokio::test]
async fn keep_alive_serves_many_requests_on_one_connection() {
    let world = World::start().await;
    let one = "GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n".repeat(50);
    let answer =
        world.raw(format!("{one}GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").as_bytes()).await;
    assert_eq!(statuses(&answer), vec![200; 51]);
    world.stopped().await;
}

/// A valid body, and how it is spoilt.
fn spoilt() -> impl Strategy<Value = Vec<u8>> {
    let valid = br#"{"writeKey":"wk_web","sentAt":"2026-04-01T12:00:00Z","context":{"timezone":"Asia/Tokyo"},"batch":[{"type":"track","userId":"u","event":"purchase","properties":{"order_id":"1","total":5,"items":[{"item_id":"a","price":1}]}},{"type":"identify","userId":"u","traits":{"email":"a@b.example"}},{"type":"alias","userId":"u","previousId":"a"}]}"#;
    let edits = prop::collection::vec((any::<prop::sample::Index>(), 0u8..5, any::<u8>()), 0..12);
    let mangled = edits.prop_map(move |edits| {
        let mut bytes = valid.to_vec();
        for (at, how, byte) in edits {
            if bytes.is_empty() {
                break;
            }
            let at = at.index(bytes.len());
            match how {
                0 => bytes[at] = byte,
                1 => bytes.truncate(at.max(1)),
                2 => bytes.insert(at, byte),
                3 => drop(bytes.drain(at..(at + 9).min(bytes.len()))),
                _ => {
                    let piece = bytes[at / 2..at].to_vec();
                    bytes.splice(at..at, piece);
                }
            }
        }
        bytes
    });
    prop_oneof![4 => mangled, 1 => prop::collection::vec(any::<u8>(), 0..300)]
}

#[test]
fn no_body_and_no_head_brings_it_down() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let world = runtime.block_on(World::start());
    let routes =
        ["/v1/batch", "/v1/import", "/v1/track", "/v1/identify", "/v1/alias", "/v1/page", "/hooks/x", "/u/0?on=x"];
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig { cases: 300, ..ProptestConfig::default() });
    let letters = prop::collection::vec(0x20u8..0x7f, 0..40);
    let kinds = ["", "content-encoding: gzip\r\n", "content-type: application/json\r\n", "content-type: text/html\r\n"];
    let inputs = (spoilt(), 0..routes.len(), prop::sample::select(kinds.to_vec()), any::<bool>(), letters);
    let ran = runner.run(&inputs, |(body, route, kind, known, letters)| {
        let key = if known { format!("Authorization: {BASIC}\r\n") } else { String::new() };
        let odd = String::from_utf8(letters).unwrap();
        let head =
            format!("POST {} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n{kind}{key}X-Odd: {odd}\r\n", routes[route]);
        let request = [format!("{head}Content-Length: {}\r\n\r\n", body.len()).as_bytes(), &body].concat();
        let answer = runtime.block_on(world.raw(&request));
        let found = statuses(&answer);
        prop_assert!(found.len() == 1 && found[0] < 500, "{answer}");
        Ok(())
    });
    ran.unwrap();
    assert_eq!(runtime.block_on(world.post("/v1/identify", r#"{"userId":"u"}"#)).0, 200, "and it still serves");
    runtime.block_on(world.stopped());
}
