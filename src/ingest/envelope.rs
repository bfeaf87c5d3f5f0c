//! What one HTTP request brings, taken apart: each call becomes one JSON object that stands alone.
//!
//! Reads no values and knows no schema: whether a call means anything is for `segment.rs` to say.

use std::borrow::Cow;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use crate::value::Instant;

use super::limits::{BATCH_BYTES_MAX, BATCH_CALLS_MAX, CALL_BYTES_MAX, DEPTH_MAX, MEMBERS_MAX};
use super::{Reason, segment};

/// What a route takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// One call of this type.
    Call(&'static str),
    Batch,
    /// A batch of what happened in the past: every call but `identify` says when, and no clock is corrected.
    Import,
}

/// A call that stands alone, or one that does not, with the reason.
#[derive(Debug, Clone, PartialEq)]
pub struct Piece {
    pub raw: Vec<u8>,
    pub refused: Option<Reason>,
}

/// What a request brought.
#[derive(Debug, Clone, PartialEq)]
pub struct Unpacked {
    /// `writeKey`, which Segment allows in the body. It is in none of the pieces.
    pub write_key: Option<String>,
    pub pieces: Vec<Piece>,
}

/// Takes a body apart. An error is one of the whole: nothing of it can be taken.
pub fn unpack(kind: Kind, body: &[u8]) -> Result<Unpacked, Reason> {
    let text = std::str::from_utf8(body).map_err(|_| Reason::NotUtf8)?;
    let members = members(text)?;
    let write_key = member(&members, "writeKey").and_then(|raw| serde_json::from_str::<String>(raw.get()).ok());
    let pieces = match kind {
        Kind::Call(name) => vec![alone(text, &members, Some(name), &[], false)],
        Kind::Batch | Kind::Import => {
            let calls = member(&members, "batch").ok_or_else(|| not_a_call("no `batch`"))?;
            let calls = Calls.deserialize(&mut serde_json::Deserializer::from_str(calls.get())).map_err(told)?;
            let mut room = BATCH_BYTES_MAX;
            let mut pieces = Vec::with_capacity(calls.len());
            for call in calls {
                let piece = call_of_batch(call.get(), &members, kind == Kind::Import);
                room = room.checked_sub(piece.raw.len()).ok_or(Reason::TooLarge { bytes_max: BATCH_BYTES_MAX })?;
                pieces.push(piece);
            }
            pieces
        }
    };
    Ok(Unpacked { write_key, pieces })
}

/// A call that is handed in again later than it came: as received now, with the time it had then.
pub fn restamped(raw: &[u8], received_at: Instant) -> Result<Vec<u8>, Reason> {
    let own = segment::own_time(raw, received_at)?;
    let text = std::str::from_utf8(raw).map_err(|_| Reason::NotUtf8)?;
    let members = members(text)?;
    let mut writer = Writer::new(raw.len() + 40);
    for (name, value) in &members {
        if !matches!(&**name, "timestamp" | "originalTimestamp" | "sentAt") {
            writer.member(name, value.get());
        }
    }
    writer.member("timestamp", &format!("\"{own}\""));
    Ok(writer.finish())
}

type Members<'a> = Vec<(Cow<'a, str>, &'a RawValue)>;

fn member<'a>(members: &Members<'a>, name: &str) -> Option<&'a RawValue> {
    members.iter().find(|(known, _)| known == name).map(|(_, value)| *value).filter(|value| value.get() != "null")
}

fn call_of_batch(text: &str, shared: &Members, past: bool) -> Piece {
    match members(text) {
        Ok(own) => alone(text, &own, None, shared, past),
        Err(reason) => Piece { raw: text.as_bytes().to_vec(), refused: Some(reason) },
    }
}

/// A call with all that it shares with its batch, without what is not for it to say.
fn alone(text: &str, own: &Members, kind: Option<&str>, shared: &[(Cow<str>, &RawValue)], past: bool) -> Piece {
    let refused = |reason| Piece { raw: text.as_bytes().to_vec(), refused: Some(reason) };
    let shared = |name: &str| {
        shared.iter().find(|(known, _)| known == name).map(|(_, value)| value.get()).filter(|value| *value != "null")
    };
    // Before anything is put together, so that a large context is not copied 2,500 times.
    let context_bytes = shared("context").map_or(0, str::len);
    if text.len() + context_bytes > CALL_BYTES_MAX {
        return refused(Reason::TooLarge { bytes_max: CALL_BYTES_MAX });
    }
    let mut writer = Writer::new(text.len() + context_bytes + 100);
    if let Some(kind) = kind {
        writer.member("type", &format!("\"{kind}\""));
    }
    for (name, value) in own {
        match &**name {
            "writeKey" | "receivedAt" => {}
            "type" if kind.is_some() => {}
            "sentAt" if past => {}
            "context" => match merged(shared("context"), value.get()) {
                Ok(context) => writer.member("context", &context),
                Err(reason) => return refused(reason),
            },
            // A null says nothing, and would hide what the batch says.
            "sentAt" | "userId" | "anonymousId" if value.get() == "null" => {}
            _ => writer.member(name, value.get()),
        }
    }
    let has = |name: &str| member(own, name).is_some();
    let mut inherit = |name: &str, wanted: bool| {
        if let Some(value) = shared(name).filter(|_| wanted) {
            writer.member(name, value);
        }
    };
    inherit("context", own.iter().all(|(name, _)| name != "context"));
    inherit("sentAt", !past && !has("sentAt"));
    let nobody = !has("userId") && !has("anonymousId");
    inherit("userId", nobody);
    inherit("anonymousId", nobody);
    let raw = writer.finish();
    let timed = has("timestamp") || has("originalTimestamp");
    let describes = member(own, "type").is_some_and(|kind| kind.get() == "\"identify\"");
    let reason = if depth(&raw) > DEPTH_MAX {
        Some(Reason::TooDeep)
    } else if past && !timed && !describes {
        Some(Reason::NoTime)
    } else {
        None
    };
    Piece { raw, refused: reason }
}

/// The batch's context with the call's own over it, one level deep.
fn merged<'a>(shared: Option<&'a str>, own: &'a str) -> Result<Cow<'a, str>, Reason> {
    let Some(shared) = shared else { return Ok(Cow::Borrowed(own)) };
    if own == "null" {
        return Ok(Cow::Borrowed(shared));
    }
    let (shared, own) = (members(shared)?, members(own)?);
    let mut writer = Writer::new(0);
    for (name, value) in shared.iter().filter(|(name, _)| !own.iter().any(|(known, _)| known == name)).chain(&own) {
        writer.member(name, value.get());
    }
    Ok(Cow::Owned(String::from_utf8_lossy(&writer.finish()).into_owned()))
}

/// How deep brackets stand in each other, outside of texts.
fn depth(json: &[u8]) -> usize {
    let (mut depth, mut deepest, mut in_text, mut escaped) = (0usize, 0, false, false);
    for byte in json {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_text => escaped = true,
            b'"' => in_text = !in_text,
            b'{' | b'[' if !in_text => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b'}' | b']' if !in_text => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

/// Puts an object together out of pieces of JSON.
struct Writer {
    out: Vec<u8>,
}

impl Writer {
    fn new(bytes: usize) -> Writer {
        let mut out = Vec::with_capacity(bytes + 2);
        out.push(b'{');
        Writer { out }
    }
    fn member(&mut self, name: &str, value: &str) {
        if self.out.len() > 1 {
            self.out.push(b',');
        }
        self.out.extend(serde_json::Value::from(name).to_string().as_bytes());
        self.out.push(b':');
        self.out.extend(value.as_bytes());
    }
    fn finish(mut self) -> Vec<u8> {
        self.out.push(b'}');
        self.out
    }
}

fn not_a_call(detail: &str) -> Reason {
    Reason::NotACall { detail: detail.to_string() }
}

fn told(error: serde_json::Error) -> Reason {
    let text = error.to_string();
    if text.starts_with(TOO_MANY) {
        return Reason::TooLarge { bytes_max: BATCH_BYTES_MAX };
    }
    let detail = text.replace(" at line 1 column ", " at column ");
    if error.is_data() { Reason::NotACall { detail } } else { Reason::NotJson { detail } }
}

const TOO_MANY: &str = "too many calls";

/// The members of an object, none of them looked into.
fn members(text: &str) -> Result<Members<'_>, Reason> {
    struct Object;
    impl<'de> Visitor<'de> for Object {
        type Value = Members<'de>;
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object")
        }
        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members<'de>, A::Error> {
            let mut members = Vec::new();
            while let Some(Name(name)) = map.next_key()? {
                if members.len() == MEMBERS_MAX {
                    return Err(A::Error::custom(format!("more than {MEMBERS_MAX} members")));
                }
                members.push((name, map.next_value()?));
            }
            Ok(members)
        }
    }
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let members = deserializer.deserialize_map(Object).map_err(told)?;
    deserializer.end().map_err(told)?;
    Ok(members)
}

/// A key that is borrowed where it can be.
#[derive(serde::Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

/// The calls of a batch, at most so many.
struct Calls;

impl<'de> DeserializeSeed<'de> for Calls {
    type Value = Vec<&'de RawValue>;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Calls {
    type Value = Vec<&'de RawValue>;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of calls")
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let mut calls = Vec::new();
        while let Some(call) = list.next_element()? {
            if calls.len() == BATCH_CALLS_MAX {
                return Err(A::Error::custom(TOO_MANY));
            }
            calls.push(call);
        }
        Ok(calls)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pieces(kind: Kind, body: &str) -> Vec<String> {
        let unpacked = unpack(kind, body.as_bytes()).unwrap();
        let shown = |piece: &Piece| {
            let raw = String::from_utf8(piece.raw.clone()).unwrap();
            piece.refused.as_ref().map_or(raw, |reason| reason.key())
        };
        unpacked.pieces.iter().map(shown).collect()
    }

    #[test]
    fn a_call_is_of_the_type_of_its_route_and_carries_no_key() {
        let body =
            r#"{ "writeKey": "k", "type": "page", "userId": 7, "receivedAt": "2026-01-01T00:00:00Z", "event": "a" }"#;
        assert_eq!(pieces(Kind::Call("track"), body), [r#"{"type":"track","userId":7,"event":"a"}"#]);
        assert_eq!(unpack(Kind::Call("track"), body.as_bytes()).unwrap().write_key.as_deref(), Some("k"));
    }

    #[test]
    fn what_a_batch_shares_is_in_each_of_its_calls() {
        let body = r#"{"batch":[{"type":"track","event":"a","context":{"ip":"2"}},{"type":"identify","anonymousId":"x","sentAt":null},3],
            "sentAt":"2026-01-01T00:00:00Z","userId":"u","context":{"ip":"1","timezone":"Asia/Tokyo"},"writeKey":"k"}"#;
        assert_eq!(
            pieces(Kind::Batch, body),
            [
                r#"{"type":"track","event":"a","context":{"timezone":"Asia/Tokyo","ip":"2"},"sentAt":"2026-01-01T00:00:00Z","userId":"u"}"#,
                r#"{"type":"identify","anonymousId":"x","context":{"ip":"1","timezone":"Asia/Tokyo"},"sentAt":"2026-01-01T00:00:00Z"}"#,
                "not a call",
            ]
        );
    }

    #[test]
    fn what_is_imported_has_its_own_time() {
        let body = r#"{"batch":[{"type":"track","event":"a","timestamp":"2020-01-01T00:00:00Z","sentAt":"2026-01-01T00:00:00Z"},
            {"type":"track","event":"a"},{"type":"identify"}],"sentAt":"2026-01-01T00:00:00Z"}"#;
        assert_eq!(
            pieces(Kind::Import, body),
            [r#"{"type":"track","event":"a","timestamp":"2020-01-01T00:00:00Z"}"#, "no time", r#"{"type":"identify"}"#]
        );
    }

    #[test]
    fn nothing_grows_beyond_its_limit() {
        let context = format!("{{\"a\":\"{}\"}}", "x".repeat(30_000));
        let calls = vec![r#"{"type":"track","event":"a"}"#; 2_500].join(",");
        let body = format!("{{\"batch\":[{calls}],\"context\":{context}}}");
        assert_eq!(unpack(Kind::Batch, body.as_bytes()), Err(Reason::TooLarge { bytes_max: BATCH_BYTES_MAX }));
        let many = format!("{{\"batch\":[{}]}}", vec!["0"; 2_501].join(","));
        assert_eq!(unpack(Kind::Batch, many.as_bytes()).unwrap_err().key(), "too large");
        let long = format!("{{\"event\":\"{}\"}}", "x".repeat(CALL_BYTES_MAX));
        assert_eq!(pieces(Kind::Call("track"), &long), ["too large"]);
        for (deep, expected) in [(DEPTH_MAX - 1, true), (DEPTH_MAX, false)] {
            let body = format!("{{\"properties\":{}{}}}", "[".repeat(deep), "]".repeat(deep));
            assert_eq!(pieces(Kind::Call("track"), &body)[0] != "nested too deep", expected, "{deep}");
        }
        let wide: Vec<String> = (0..=MEMBERS_MAX).map(|i| format!("\"{i}\":0")).collect();
        assert!(unpack(Kind::Call("track"), format!("{{{}}}", wide.join(",")).as_bytes()).is_err());
        let bottomless = "[".repeat(BATCH_BYTES_MAX);
        assert!(unpack(Kind::Batch, bottomless.as_bytes()).is_err());
        assert!(unpack(Kind::Batch, format!("{{\"batch\":{bottomless}").as_bytes()).is_err());
    }

    #[test]
    fn handed_in_again_a_call_keeps_its_time() {
        let at = |text: &str| Instant::parse_rfc3339(text).unwrap();
        let received = at("2026-04-01T12:00:00Z");
        let raw = br#"{"type":"track","event":"a","userId":"u","timestamp":"2026-04-01T10:00:00Z","sentAt":"2026-04-01T10:00:30Z"}"#;
        let again = restamped(raw, received).unwrap();
        assert_eq!(
            String::from_utf8(again.clone()).unwrap(),
            r#"{"type":"track","event":"a","userId":"u","timestamp":"2026-04-01T11:59:30Z"}"#
        );
        assert_eq!(segment::own_time(&again, at("2026-05-01T00:00:00Z")), Ok(at("2026-04-01T11:59:30Z")));
        assert_eq!(segment::own_time(br#"{"type":"track"}"#, received), Ok(received));
    }
}
