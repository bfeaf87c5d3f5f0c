//! The shop's messages for everyone in its stories, and the pages that show them.
//!
//! Looks at what comes out with other parsers than the ones that made it.

#![allow(clippy::disallowed_methods, reason = "a test reads its files")]

use std::collections::BTreeSet;
use std::path::Path;

use scraper::{Html, Selector};
use serde_json::Value as Json;
use tabi::compile::{self, Attachment, Attachments};
use tabi::ir::{MessageId, Program};
use tabi::preview::{self, Cell, Column, Row};
use tabi::project;
use tabi::render::{Language, Line, Part, Rendered, Renderer, Scene, sample};
use tabi::value::{Instant, Value};
use tabi::witness::personas;

fn shop() -> Program {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("campaigns");
    let mut project = project::load(&root);
    project.all_sources();
    let parsed = compile::parse(&project.sources);
    let read = project.read_messages(&parsed.message_files());
    let files = read.files.into_iter().map(|(path, read)| match read {
        Ok(source) => (path, Attachment::Read(source)),
        Err(trouble) => panic!("{path}: {:?}", trouble.headline),
    });
    let attachments = Attachments { files: files.collect(), known: read.known };
    let settings = compile::Settings {
        name: project.settings.name.clone(),
        zone: project.settings.zone,
        currency: project.settings.currency,
        sender: project.settings.sender.clone(),
        ..compile::Settings::default()
    };
    let compiled = parsed.compile(&project.sources, Some(&attachments), &settings);
    compiled.program.unwrap_or_else(|| panic!("{:?}", compiled.diagnostics))
}

fn now() -> Instant {
    Instant::parse_rfc3339("2026-04-01T09:00:00+09:00").unwrap()
}

/// What comes to whom, and when: the name of the case, the message, its parameters, the profile.
type Case = (String, MessageId, Vec<Value>, Vec<Value>, Instant);

/// Every message for made-up people of every kind.
fn kinds(program: &Program) -> Vec<Case> {
    let mut all = Vec::new();
    for (at, def) in program.messages.iter().enumerate() {
        for kind in sample::KINDS {
            let params = sample::fields(program, &def.params, kind, now());
            let profile = sample::profile(program, kind, now());
            all.push((format!("{} {}", def.name, kind.name), MessageId(at as u16), params, profile, now()));
        }
    }
    all
}

/// The same, and all that is sent in the stories.
fn everyone(program: &Program) -> Vec<Case> {
    let mut all = kinds(program);
    for persona in personas(program).personas {
        for sent in persona.sends() {
            let name = format!("{} {}", program.message(sent.message).name, persona.name.en);
            all.push((name, sent.message, sent.params.clone(), sent.profile.clone(), sent.at));
        }
    }
    all
}

fn each(cases: fn(&Program) -> Vec<Case>, mut look: impl FnMut(&str, &Program, MessageId, Rendered)) {
    let program = shop();
    let renderer = Renderer::new(&program);
    assert_eq!(renderer.faults(), []);
    for (name, id, params, profile, at) in cases(&program) {
        let scene = Scene::of(&program, &profile, at);
        let rendered = renderer.render(id, &params, &profile, &scene).unwrap_or_else(|error| panic!("{name}: {error}"));
        look(&name, &program, id, rendered.unwrap_or_else(|| panic!("{name}: nothing is said")));
    }
}

fn elements(html: &str, selector: &str) -> usize {
    Html::parse_document(html).select(&Selector::parse(selector).unwrap()).count()
}

#[test]
fn every_message_of_the_shop_renders_for_everyone() {
    let mut seen = BTreeSet::new();
    each(everyone, |name, program, id, rendered| {
        let def = program.message(id);
        seen.insert(def.name.clone());
        match &rendered.part {
            Part::Email(email) => {
                assert!(!email.subject.is_empty() && !email.subject.contains(char::is_control), "{name}");
                assert_eq!(elements(&email.html, "script, iframe, object, mj-text, mj-raw"), 0, "{name}");
                assert_eq!(elements(&email.html, "body"), 1, "{name}");
                assert!(email.html.len() < 60_000, "{name}: {} bytes", email.html.len());
                assert!(!email.html.contains("tabi:") && !email.html.contains("\\u{"), "{name}");
                let leave = elements(&email.html, "a[href='https://example.com/unsubscribe']");
                assert_eq!(leave, usize::from(def.needs_consent), "{name}");
                assert_eq!(email.headers.len(), if def.needs_consent { 2 } else { 0 }, "{name}");
                assert!(
                    email.text.contains("つむぎ堂株式会社") && !email.text.contains("<td"),
                    "{name}: {}",
                    email.text
                );
                for link in &rendered.links {
                    assert!(email.text.contains(&link.shown), "{name}: the text part lacks {}", link.shown);
                }
            }
            Part::Line(line) => within_limits(name, line),
            Part::Sms(sms) => assert!(sms.segments <= 4, "{name}: {sms:?}"),
            Part::Push(push) => assert!(!push.title.contains('\n'), "{name}"),
            Part::Webhook(_) => {}
        }
    });
    assert_eq!(seen.len(), shop().messages.len());
}

/// The limits of the Messaging API that depend on what is filled in, told once more.
fn within_limits(name: &str, line: &Line) {
    assert!((1..=5).contains(&line.messages.len()), "{name}");
    assert!(line.bytes.iter().all(|bytes| *bytes <= 30 * 1024), "{name}: {:?}", line.bytes);
    let mut open: Vec<(&str, &Json)> = line.messages.iter().map(|message| ("", message)).collect();
    while let Some((key, node)) = open.pop() {
        match node {
            Json::String(text) => {
                let most = match key {
                    "text" => 5_000,
                    "altText" => 400,
                    "label" => 40,
                    "uri" => 1_000,
                    "url" => 2_000,
                    "data" | "displayText" => 300,
                    _ => continue,
                };
                let units = text.encode_utf16().count();
                assert!(units <= most && !text.trim().is_empty(), "{name}: `{key}` has {units} units");
                assert!(!text.contains("{{") || name.contains("markup"), "{name}: {text}");
                if key == "uri" {
                    assert!(text.starts_with("https://www.tsumugido.example/"), "{name}: {text}");
                }
            }
            Json::Array(items) => open.extend(items.iter().map(|item| (key, item))),
            Json::Object(members) => open.extend(members.iter().map(|(key, inner)| (key.as_str(), inner))),
            Json::Null | Json::Bool(_) | Json::Number(_) => {}
        }
    }
}

/// A page shows what it holds and asks nobody for more.
fn holds_everything(name: &str, page: &str) {
    let document = Html::parse_document(page);
    let all = Selector::parse("*").unwrap();
    for element in document.select(&all) {
        let element = element.value();
        assert!(!["script", "link", "object", "embed", "base"].contains(&element.name()), "{name}: {}", element.name());
        for (attribute, value) in element.attrs() {
            assert!(!attribute.starts_with("on"), "{name}: {attribute}");
            if ["src", "srcset", "background", "poster"].contains(&attribute) {
                assert!(value.starts_with("data:") || !value.contains(':'), "{name}: {attribute}={value}");
            }
            if attribute == "style" {
                assert!(!value.contains("url("), "{name}: {value}");
            }
        }
    }
    assert_eq!(elements(page, "meta[http-equiv='Content-Security-Policy']"), 1, "{name}");
}

#[test]
fn pages_hold_everything_they_show() {
    let mut rows: Vec<Row> = Vec::new();
    each(kinds, |name, program, id, rendered| {
        holds_everything(name, &preview::page(name, "つむぎ堂 <b>", &rendered, Language::Japanese));
        let def = program.message(id);
        let cell = Cell { page: Some("x.html".to_owned()), who: Some(name.to_owned()), outcome: Some(Ok(rendered)) };
        rows.push(Row {
            message: def.name.clone(),
            channel: def.channel.name(),
            purpose: "marketing".to_owned(),
            file: def.file.clone(),
            price: None,
            cells: vec![cell],
        });
    });
    let columns = [Column { name: "a<b".to_owned(), about: "c&d".to_owned() }];
    let index = preview::index("<shop>", "つむぎ堂", &columns, &rows, Language::Japanese);
    holds_everything("index", &index);
    assert_eq!(elements(&index, "tbody > tr"), rows.len());
}

#[test]
fn messages_read_well_in_a_terminal() {
    let program = shop();
    let renderer = Renderer::new(&program);
    let mut text = String::new();
    for name in ["birthday_card_mail", "cart_nudge", "survey_invite", "unpaid_sms", "restock_push"] {
        let id = MessageId(program.messages.iter().position(|m| m.name == name).unwrap() as u16);
        let kind = &sample::KINDS[0];
        let params = sample::fields(&program, &program.message(id).params, kind, now());
        let profile = sample::profile(&program, kind, now());
        let rendered = renderer.render(id, &params, &profile, &Scene::of(&program, &profile, now())).unwrap().unwrap();
        text += &format!("=== {name}\n{}\n", preview::plain(&rendered, None, Language::Japanese));
    }
    insta::assert_snapshot!(text);
}
