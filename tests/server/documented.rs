//! `docs/ingest.md` is true: each request on it is answered as the page says.
//!
//! The words around the examples are read by people only.

use std::fs;
use std::path::Path;

use serde_json::Value;

use super::world::World;

/// The texts of blocks marked `http`, with the line each begins at.
fn blocks() -> Vec<(usize, String)> {
    let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/ingest.md")).unwrap();
    let mut blocks = Vec::new();
    let mut open: Option<(usize, String)> = None;
    for (i, line) in page.lines().enumerate() {
        match (&mut open, line) {
            (None, "```http") => open = Some((i + 1, String::new())),
            (Some(_), "```") => blocks.extend(open.take()),
            (Some((_, text)), line) => text.push_str(&format!("{line}\n")),
            (None, _) => {}
        }
    }
    blocks
}

/// Head and body.
fn parts(text: &str) -> (Vec<&str>, &str) {
    let (head, body) = text.split_once("\n\n").unwrap_or((text.trim_end(), ""));
    (head.lines().collect(), body.trim())
}

#[tokio::test]
async fn every_example_is_answered_as_the_page_says() {
    let blocks = blocks();
    assert!(blocks.len() >= 10 && blocks.len().is_multiple_of(2), "requests and answers in turn: {}", blocks.len());
    let world = World::start().await;
    for pair in blocks.chunks(2) {
        let [(line, request), (_, expected)] = pair else { unreachable!() };
        let (head, body) = parts(request);
        let head = head.join("\r\n");
        let length = body.len();
        let sent = format!("{head}\r\nHost: a\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{body}");
        let answer = world.raw(sent.as_bytes()).await;
        let (expected_head, expected_body) = parts(expected);
        assert!(answer.starts_with(&format!("{}\r\n", expected_head[0])), "line {line}: {answer}");
        if !expected_body.is_empty() {
            let (_, found) = answer.split_once("\r\n\r\n").unwrap();
            let read = |text: &str| {
                serde_json::from_str::<Value>(text).unwrap_or_else(|error| panic!("line {line}: {error}: {text}"))
            };
            assert_eq!(read(found), read(expected_body), "line {line}");
        }
    }
    world.stopped().await;
}
