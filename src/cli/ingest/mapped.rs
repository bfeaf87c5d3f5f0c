//! Rows of CSV as calls in Segment's shape, by a mapping of the project: what `tabi simulate` would read, sent.
//!
//! Sends nothing, and judges nothing that the Tabi which takes the calls judges too.

use std::borrow::Cow;
use std::collections::HashSet;
use std::io::Read;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value as Json, json};

use crate::cli::exit::Stop;
use crate::cli::open::{Opened, open};
use crate::cli::simulate;
use crate::cli::speak::Speaker;
use crate::diag::Phrase;
use crate::ingest::mapping::Mapping;
use crate::ingest::rows::{self, StartError};
use crate::ingest::{Arrival, Reason, Schema, Tally, Traits, What};
use crate::ir::Program;
use crate::render::plain;
use crate::simulate::SimulateError;
use crate::value::Value;
use crate::value::id::fingerprint;

/// A project and its mapping, ready to read files with.
pub struct Mapped {
    opened: Opened,
    name: String,
    yaml: String,
}

impl Mapped {
    /// `None` if the project has mistakes; they have been said.
    pub fn open(project: &Path, mapping: Option<&Path>, speaker: &mut Speaker) -> Result<Option<Mapped>, Stop> {
        let opened = open(project);
        if opened.program.is_none() {
            opened.refuse(speaker)?;
            return Ok(None);
        }
        let sample = opened.project.settings.sample.mapping.as_ref().map(|file| opened.project.root.join(file));
        let Some(path) = mapping.map(PathBuf::from).or(sample) else {
            return Err(Stop::Usage {
                what: Phrase::new("nothing says what the columns mean", "列の意味を示すものがありません"),
                help: Phrase::new(
                    "give `--mapping FILE`, or name one under `sample` in `tabi.yaml`",
                    "`--mapping FILE` を指定するか、`tabi.yaml` の `sample` に `mapping` を書く",
                ),
            });
        };
        let name = simulate::shown(&path);
        let yaml = std::fs::read_to_string(&path).map_err(|error| {
            simulate::stopped(&SimulateError::Open { source: name.clone(), detail: error.to_string() })
        })?;
        Ok(Some(Mapped { opened, name, yaml }))
    }

    /// Reads a file to its end: each call with its number in the file and the line it began on. What `each` returns ends it.
    pub fn calls(
        &self,
        file: &str,
        source: impl Read,
        each: &mut dyn FnMut(u64, u64, Result<Vec<u8>, Reason>) -> Result<(), Stop>,
    ) -> Result<(), Stop> {
        let Some(program) = &self.opened.program else { return Ok(()) };
        let schema = Schema::new(program);
        let wrong = |error| {
            let (mapping, error) = (self.name.clone(), Box::new(error));
            simulate::stopped(&SimulateError::Mapping { mapping, error })
        };
        let unreadable = |error: std::io::Error| super::unreadable(file, &error);
        let mapping = Mapping::parse(&self.yaml, &schema, program.project.zone).map_err(wrong)?;
        let mut reader = rows::Reader::start(&schema, &mapping, source).map_err(|error| match error {
            StartError::Read(error) => unreadable(error),
            StartError::Mapping(error) => wrong(error),
        })?;
        let (mut tally, mut number, mut known) = (Tally::default(), 0, HashSet::new());
        while let Some((line, read)) = reader.next_arrival(&mut tally).map_err(unreadable)? {
            let calls = match read {
                Ok(arrival) => calls_of(program, &arrival, &mut known).into_iter().map(Ok).collect(),
                Err(reason) => vec![Err(reason)],
            };
            for call in calls {
                number += 1;
                // The same at every attempt: what is sent twice is taken once.
                let named = call.map(|mut call| {
                    let id = fingerprint(&format!("{file}\0{number}\0{}", Json::Object(call.clone())));
                    call.insert("messageId".into(), format!("csv:{id:016x}").into());
                    Json::Object(call).to_string().into_bytes()
                });
                each(number, line, named)?;
            }
        }
        Ok(())
    }
}

/// The event; before it, what is to be known of a person who is met in the file for the first time.
fn calls_of(program: &Program, arrival: &Arrival<'_>, known: &mut HashSet<u64>) -> Vec<Map<String, Json>> {
    let who = |id: &Option<Cow<'_, str>>| id.as_deref().unwrap_or_default().to_owned();
    let person = fingerprint(&format!("{}\0{}", who(&arrival.who.user), who(&arrival.who.anonymous)));
    let is_new = known.insert(person);
    let call = |kind: &str, more: Vec<(&str, Json)>| {
        let ids = [("userId", &arrival.who.user), ("anonymousId", &arrival.who.anonymous)];
        let ids = ids.into_iter().filter_map(|(name, id)| Some((name, Json::from(id.as_deref()?))));
        let at = arrival.at.map(|at| ("timestamp", Json::from(at.to_string())));
        let all = [("type", Json::from(kind))].into_iter().chain(ids).chain(at).chain(more);
        all.map(|(name, value)| (name.to_owned(), value)).collect::<Map<String, Json>>()
    };
    let mut calls = Vec::new();
    if let Some(traits) = arrival.introduction.as_ref().filter(|_| is_new) {
        calls.push(call("identify", vec![("traits", traits_of(program, traits))]));
    }
    match &arrival.what {
        What::Event { event, payload, .. } => {
            let event = program.event(*event);
            let Value::Record(values) = payload else { return calls };
            let mut properties = plain::object(program, &event.fields, values);
            // Its time is the call's.
            if let Some(properties) = properties.as_object_mut() {
                properties.remove("at");
            }
            calls.push(call("track", vec![("event", event.name.clone().into()), ("properties", properties)]));
        }
        What::Profile { traits, .. } => calls.push(call("identify", vec![("traits", traits_of(program, traits))])),
        // Rows of CSV become neither.
        What::Alias { .. } | What::Signal { .. } => {}
    }
    calls
}

fn traits_of(program: &Program, traits: &Traits) -> Json {
    let mut all = Map::new();
    for (field, value) in &traits.fields {
        let field = &program.profile[field.index()];
        all.insert(field.name.clone(), plain::json(program, &field.ty, value));
    }
    if !traits.consent.is_empty() {
        let name = |purpose: &crate::ir::PurposeId| program.purposes[purpose.index()].clone();
        let given: Map<String, Json> = traits.consent.iter().map(|(p, given)| (name(p), json!(given))).collect();
        all.insert("consent".into(), Json::Object(given));
    }
    Json::Object(all)
}
