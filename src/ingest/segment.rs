//! One line in Segment's shape (`identify`, `track`, `alias`, `group`, `page`, `screen`) to one arrival.
//!
//! Reads no stream: `Lines` does. The common fields and the clock rule are those of Segment's public spec.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::collections::HashMap;
use std::fmt;

use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use crate::ir::{EventId, PurposeId};
use crate::value::{Instant, Value, Zone, id::fingerprint};

use super::decode::{self, Unknown};
use super::limits::{EARLIEST, ID_BYTES_MAX, LATEST, UNKNOWN_NAMES_MAX};
use super::reason::{Both, excerpt};
use super::schema::Named;
use super::{Arrival, Reason, Schema, Tally, Traits, What, Who};

/// Text, or a number where people write ids as numbers; borrowed from the line unless it holds escapes.
#[derive(Clone)]
struct Text<'a>(Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Borrow;
        impl<'de> Visitor<'de> for Borrow {
            type Value = Cow<'de, str>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("text")
            }
            fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Cow::Borrowed(text))
            }
            fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Cow::Owned(text.to_string()))
            }
            fn visit_u64<E: Error>(self, number: u64) -> Result<Self::Value, E> {
                Ok(Cow::Owned(number.to_string()))
            }
            fn visit_i64<E: Error>(self, number: i64) -> Result<Self::Value, E> {
                Ok(Cow::Owned(number.to_string()))
            }
        }
        deserializer.deserialize_any(Borrow).map(Text)
    }
}

/// A line taken apart as far as no schema is needed: several readers may understand one call, each in its own way.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Call<'a> {
    #[serde(borrow, rename = "type")]
    kind: Option<Text<'a>>,
    #[serde(borrow)]
    user_id: Option<Text<'a>>,
    #[serde(borrow)]
    anonymous_id: Option<Text<'a>>,
    #[serde(borrow)]
    previous_id: Option<Text<'a>>,
    #[serde(borrow)]
    event: Option<Text<'a>>,
    #[serde(borrow)]
    message_id: Option<Text<'a>>,
    #[serde(borrow)]
    timestamp: Option<Text<'a>>,
    #[serde(borrow)]
    original_timestamp: Option<Text<'a>>,
    #[serde(borrow)]
    sent_at: Option<Text<'a>>,
    #[serde(borrow)]
    received_at: Option<Text<'a>>,
    #[serde(borrow)]
    properties: Option<&'a RawValue>,
    #[serde(borrow)]
    traits: Option<&'a RawValue>,
    #[serde(borrow)]
    context: Option<&'a RawValue>,
    /// When it reached us, if it came to us and not in a file; then what it says of `receivedAt` itself does not count.
    #[serde(skip)]
    taken_at: Option<Instant>,
    /// Worked out when first asked for.
    #[serde(skip)]
    times: OnceCell<Result<Option<Times>, Reason>>,
}

impl<'a> Call<'a> {
    pub fn parse(bytes: &'a [u8]) -> Result<Call<'a>, Reason> {
        let text = std::str::from_utf8(bytes).map_err(|_| Reason::NotUtf8)?;
        // A list would be read as the fields in their order.
        if text.trim_ascii_start().starts_with(|c: char| c != '{') {
            return Err(not_an_object(text));
        }
        serde_json::from_str(text).map_err(|error| not_a_call(bytes, &error))
    }
}

/// The one thing of `context` that is read.
#[derive(Deserialize)]
struct Context<'a> {
    #[serde(borrow)]
    timezone: Option<Text<'a>>,
}

/// A line's own time and when it reached us.
#[derive(Debug, Clone, Copy)]
struct Times {
    own: Instant,
    arrival: Instant,
    skewed: bool,
}

/// Reads lines of one source, and keeps what was unknown in them.
pub struct Reader<'s> {
    schema: &'s Schema,
    names: HashMap<Box<str>, Named>,
    /// By event.
    unknown: Vec<Unknown>,
    unknown_traits: Unknown,
    unknown_events: Tally,
    /// Spellings under which events about things came; a later pass keeps such lines.
    thing_names: Vec<Box<str>>,
    /// Refuse a call with anything that nobody declared, instead of counting it.
    strict: bool,
}

impl<'s> Reader<'s> {
    pub fn new(schema: &'s Schema) -> Self {
        Reader {
            schema,
            names: HashMap::new(),
            unknown: vec![Unknown::default(); schema.events.len()],
            unknown_traits: Unknown::default(),
            unknown_events: Tally::default(),
            thing_names: Vec::new(),
            strict: false,
        }
    }
    /// Refuses calls with events or fields that nobody declared.
    pub fn strict(schema: &'s Schema) -> Self {
        Reader { strict: true, ..Reader::new(schema) }
    }

    /// `Ok(None)`: understood, and without an effect.
    pub fn line<'l>(&mut self, bytes: &'l [u8]) -> Result<Option<Arrival<'l>>, Reason> {
        self.call(&Call::parse(bytes)?)
    }

    /// A call that came to us at `received_at`. By Segment's clock rule its own time is
    /// `received_at − (sentAt − originalTimestamp)`, where senders write the original time as `timestamp`; without `sentAt`
    /// it is the original time, and without that `received_at`. Where both times are written, `timestamp` is meant as it
    /// stands. The same bytes received at the same time always read alike.
    pub fn call_received<'l>(&mut self, bytes: &'l [u8], received_at: Instant) -> Result<Option<Arrival<'l>>, Reason> {
        let mut call = Call::parse(bytes)?;
        call.taken_at = Some(received_at);
        self.call(&call)
    }

    /// The same of a line that was parsed already.
    pub fn call<'l>(&mut self, call: &Call<'l>) -> Result<Option<Arrival<'l>>, Reason> {
        match call.kind.as_ref().map(|k| &*k.0) {
            Some("track") => self.track(call),
            Some("identify") => self.identify(call),
            Some("alias") => alias(call),
            Some(kind @ ("page" | "screen" | "group")) => match self.schema.event_named(kind) {
                Some(event) => self.event(call, event),
                None => who(call).map(|_| None),
            },
            Some(other) => Err(Reason::UnknownType { found: excerpt(other) }),
            None => Err(Reason::NotACall { detail: "no type".into() }),
        }
    }

    fn track<'l>(&mut self, call: &Call<'l>) -> Result<Option<Arrival<'l>>, Reason> {
        let name = call.event.as_ref().map(|e| &*e.0).filter(|name| !name.is_empty()).ok_or(Reason::NoEvent)?;
        match self.named(name) {
            Named::Event(event) => self.event(call, event),
            Named::Signal(channel, signal) => {
                let times = times(call)?.ok_or(Reason::NoTime)?;
                let who = who(call)?;
                Ok(Some(arrival(Some(times), who, What::Signal { channel, signal })))
            }
            Named::Noted => who(call).map(|_| None),
            Named::Unknown => {
                self.unknown_events.unknown_event(name);
                if self.strict { Err(Reason::UnknownEvent { found: excerpt(name) }) } else { Ok(None) }
            }
        }
    }

    fn named(&mut self, name: &str) -> Named {
        if let Some(known) = self.names.get(name) {
            return *known;
        }
        let named = self.schema.named(name);
        if let Named::Event(event) = named
            && self.schema.about_things[event.index()]
        {
            self.thing_names.push(name.into());
        }
        if self.names.len() < UNKNOWN_NAMES_MAX + self.schema.events.len() {
            self.names.insert(name.into(), named);
        }
        named
    }

    fn event<'l>(&mut self, call: &Call<'l>, event: EventId) -> Result<Option<Arrival<'l>>, Reason> {
        let times = times(call)?.ok_or(Reason::NoTime)?;
        let who = if self.schema.about_things[event.index()] { Who::default() } else { who(call)? };
        let unknown = &mut self.unknown[event.index()];
        let before = unknown.total();
        let raw = call.properties.or(call.traits);
        let shape = self.schema.event(event);
        let payload = decode::record(self.schema, shape, raw, Some(times.own), unknown)?;
        if self.strict && unknown.total() > before {
            return Err(Reason::UnknownField { of: shape.name.clone() });
        }
        let id = call.message_id.as_ref().map(|m| fingerprint(&m.0));
        Ok(Some(arrival(Some(times), who, What::Event { id, event, payload })))
    }

    fn identify<'l>(&mut self, call: &Call<'l>) -> Result<Option<Arrival<'l>>, Reason> {
        let times = times(call)?;
        let who = who(call)?;
        let schema = self.schema;
        let before = self.unknown_traits.total();
        let mut consent = Vec::new();
        let mut fields = match call.traits {
            None => Vec::new(),
            Some(raw) => decode::traits(schema, raw, &mut self.unknown_traits, |name, raw| {
                if name != "consent" {
                    return Ok(false);
                }
                consents(schema, raw).map(|given| {
                    consent = given;
                    true
                })
            })?,
        };
        if self.strict && self.unknown_traits.total() > before {
            return Err(Reason::UnknownField { of: schema.profile.name.clone() });
        }
        if let Some(zone) = schema.zone
            && !fields.iter().any(|f| f.0 == zone.index())
            && let Some(found) = call.context.and_then(zone_of)
        {
            fields.push((zone.index(), Value::Zone(found)));
        }
        let fields = fields.into_iter().map(|(i, value)| (crate::ir::FieldId(i as u16), value)).collect();
        let id = call.message_id.as_ref().map(|m| fingerprint(&m.0));
        Ok(Some(arrival(times, who, What::Profile { id, traits: Traits { fields, consent } })))
    }

    pub fn thing_names(&self) -> &[Box<str>] {
        &self.thing_names
    }

    /// Adds what was unknown to the tally.
    pub fn close(self, tally: &mut Tally) {
        tally.absorb(self.unknown_events);
        let shapes = self.schema.events.iter().chain([&self.schema.profile]);
        for (shape, unknown) in shapes.zip(self.unknown.into_iter().chain([self.unknown_traits])) {
            for (name, n) in unknown.into_counts() {
                *tally.unknown_fields.entry(format!("{}.{name}", shape.name)).or_default() += n;
            }
        }
    }
}

fn arrival<'l>(times: Option<Times>, who: Who<'l>, what: What<'l>) -> Arrival<'l> {
    let skewed = times.is_some_and(|t| t.skewed);
    Arrival { at: times.map(|t| t.arrival), who, what, introduction: None, skewed }
}

fn not_an_object(text: &str) -> Reason {
    match serde_json::from_str::<serde::de::IgnoredAny>(text) {
        Ok(_) => Reason::NotACall { detail: "it is not an object".into() },
        Err(error) => not_a_call(text.as_bytes(), &error),
    }
}

fn not_a_call(bytes: &[u8], error: &serde_json::Error) -> Reason {
    let detail = error.to_string();
    if memchr::memchr(0, bytes).is_some() {
        return Reason::NulByte;
    }
    if detail.starts_with("recursion limit") {
        return Reason::TooDeep;
    }
    // Every line is line 1 to the parser.
    let detail = detail.replace(" at line 1 column ", " at column ");
    if error.is_data() { Reason::NotACall { detail } } else { Reason::NotJson { detail } }
}

fn who<'l>(call: &Call<'l>) -> Result<Who<'l>, Reason> {
    let id = |text: &Option<Text<'l>>| {
        text.as_ref().map(|t| t.0.clone()).filter(|t| !t.trim().is_empty() && t.len() <= ID_BYTES_MAX)
    };
    let who = Who { user: id(&call.user_id), anonymous: id(&call.anonymous_id) };
    if who.user.is_none() && who.anonymous.is_none() { Err(Reason::NoPerson) } else { Ok(who) }
}

fn alias<'l>(call: &Call<'l>) -> Result<Option<Arrival<'l>>, Reason> {
    let times = times(call)?.ok_or(Reason::NoTime)?;
    let who = who(call)?;
    let previous =
        call.previous_id.as_ref().map(|p| p.0.clone()).filter(|p| !p.trim().is_empty() && p.len() <= ID_BYTES_MAX);
    let previous = previous.ok_or(Reason::NoPreviousId)?;
    Ok(Some(arrival(Some(times), who, What::Alias { previous })))
}

fn times(call: &Call) -> Result<Option<Times>, Reason> {
    call.times.get_or_init(|| clock_rule(call)).clone()
}

/// Segment's clock rule: `timestamp`, or else `receivedAt − (sentAt − originalTimestamp)`. A time after the arrival is
/// cut to it. `None` when there is no time at all.
fn clock_rule(call: &Call) -> Result<Option<Times>, Reason> {
    let read = |text: &Option<Text>| text.as_ref().map(|t| instant(&t.0)).transpose();
    let received = match call.taken_at {
        Some(taken_at) => Some(taken_at),
        None => read(&call.received_at)?,
    };
    let (written, original) = match (call.taken_at, &call.original_timestamp) {
        // One who writes only `timestamp` means what it was by the sender's clock, as Segment's SDKs do.
        (Some(_), None) => (None, read(&call.timestamp)?),
        // One who writes both has corrected or chosen `timestamp`: exports of Segment's, RudderStack's SDKs.
        (Some(_), Some(_)) | (None, _) => (read(&call.timestamp)?, None),
    };
    let original = match (written, original) {
        (None, None) => read(&call.original_timestamp)?,
        (_, original) => original,
    };
    let own = match written {
        Some(own) => Some(own),
        None => match (original, read(&call.sent_at)?, received) {
            (Some(original), Some(sent), Some(received)) => Some(received.minus(sent.since(original))),
            (Some(original), _, _) => Some(original),
            (None, _, Some(received)) => Some(received),
            (None, sent, None) => sent,
        },
    };
    let Some(own) = own else { return Ok(None) };
    if own < EARLIEST {
        return Err(Reason::TimeOutOfRange { found: own.to_string() });
    }
    let arrival = received.unwrap_or(own);
    Ok(Some(Times { own: own.min(arrival), arrival, skewed: own > arrival }))
}

/// The own time of a call that came to us at `received_at`.
pub fn own_time(bytes: &[u8], received_at: Instant) -> Result<Instant, Reason> {
    let mut call: Call = serde_json::from_slice(bytes).map_err(|error| not_a_call(bytes, &error))?;
    call.taken_at = Some(received_at);
    Ok(times(&call)?.map_or(received_at, |times| times.own))
}

fn instant(text: &str) -> Result<Instant, Reason> {
    let at = Instant::parse_rfc3339(text).ok_or_else(|| Reason::BadTime { found: excerpt(text) })?;
    if at < EARLIEST || at >= LATEST {
        return Err(Reason::TimeOutOfRange { found: excerpt(text) });
    }
    Ok(at)
}

/// `["marketing"]` is the whole set; `{"marketing": true}` names some.
fn consents(schema: &Schema, raw: &RawValue) -> Result<Vec<(PurposeId, bool)>, Reason> {
    let named = |name: &str| {
        schema.purpose_named(name).ok_or_else(|| unknown_purpose(schema, format!("\"{}\"", excerpt(name))))
    };
    if let Ok(list) = serde_json::from_str::<Vec<Cow<str>>>(raw.get()) {
        let given = list.iter().map(|name| named(name)).collect::<Result<Vec<_>, _>>()?;
        let all = (0..schema.purposes.len() as u16).map(PurposeId);
        return Ok(all.map(|p| (p, given.contains(&p))).collect());
    }
    match serde_json::from_str::<std::collections::BTreeMap<Cow<str>, bool>>(raw.get()) {
        Ok(some) => some.iter().map(|(name, &yes)| Ok((named(name)?, yes))).collect(),
        Err(_) => Err(unknown_purpose(schema, excerpt(raw.get()))),
    }
}

fn unknown_purpose(schema: &Schema, found: String) -> Reason {
    let all = schema.purposes.join(", ");
    let expected = Both::new(format!("purposes among {all}"), format!("目的 ({all})"));
    Reason::WrongValue { of: "profile".into(), path: "consent".into(), expected, found: found.into() }
}

/// A zone that does not exist is not the person's fault; the policy's stands in.
fn zone_of(context: &RawValue) -> Option<Zone> {
    let context: Context = serde_json::from_str(context.get()).ok()?;
    Zone::from_name(&context.timezone?.0)
}
