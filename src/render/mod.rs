//! Messages filled in for one person: mails, bubbles, texts as they go out.
//!
//! Does not check templates (the language does that), send anything, or read a clock: the time comes in.
//!
//! A [`Renderer`] compiles every template of a program once. MJML becomes HTML with its styles in place at that time,
//! while tags are hidden from the compiler; a person's mail is then one template of Jinja. Where a tag stands in a
//! place at which the compiler must know what comes out, the mail is compiled after it is filled in.

#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

pub mod email;
mod error;
mod filters;
mod jinja;
mod json;
pub mod line;
pub mod links;
mod marks;
pub mod markup;
mod mjml;
pub mod plain;
mod plain_text;
pub mod sample;
pub mod sms;
mod tags;

mod values;
mod weave;

use std::sync::Arc;

use minijinja::Value as Jinja;
use serde::Serialize;
use serde_json::Value as Json;

pub use self::email::Email;
pub use self::error::{Fault, RenderError, Words};
use self::filters::{SCENE, SceneObject};
pub use self::filters::{encoded, grouped, money_text};
use self::jinja::{TemplateId, Templates};
use self::json::{Addresses, Context, Expansion, Preparation, Ready, ReadyItem};
pub use self::line::Line;
use self::links::{GATHERED, Gathered};
pub use self::links::{Link, Links, Target, Untracked};
pub use self::markup::escaped;
pub use self::sms::Sms;
use crate::ir::content::{Content, Push as PushContent};
use crate::ir::{MessageDef, MessageId, Program};
use crate::value::{Instant, Value, Zone};

/// The language that filters write dates, money and durations in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    English,
    Japanese,
}

/// What a rendering depends on besides the message and the person's values.
#[derive(Clone)]
pub struct Scene {
    /// When it goes out.
    pub now: Instant,
    /// The person's own zone.
    pub zone: Zone,
    pub language: Language,
    /// Where this person leaves the list; an `https` address.
    pub unsubscribe_url: String,
    pub links: Arc<dyn Links>,
}

impl std::fmt::Debug for Scene {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Scene").field("now", &self.now).field("zone", &self.zone).finish_non_exhaustive()
    }
}

impl Scene {
    /// For one person, from what the profile says: links as they are, and no list to leave.
    pub fn of(program: &Program, profile: &[Value], now: Instant) -> Scene {
        let zone = program.person.zone.and_then(|field| match profile.get(field.index()) {
            Some(Value::Zone(zone)) => Some(*zone),
            _ => None,
        });
        Scene {
            now,
            zone: zone.unwrap_or(program.project.zone),
            language: language(program, profile),
            unsubscribe_url: "https://example.com/unsubscribe".to_owned(),
            links: Arc::new(Untracked),
        }
    }
}

/// Fields of the profile that name a person's language, as `ja`, `ja-JP`, `japanese`, `en`, ….
const LANGUAGE_FIELDS: &[&str] = &["language", "lang", "locale"];

/// The person's language: from the profile if it has a field for it, else that of the project's currency.
pub fn language(program: &Program, profile: &[Value]) -> Language {
    let field = program.profile.iter().position(|field| LANGUAGE_FIELDS.contains(&field.name.as_str()));
    let said = field.and_then(|at| Some((&program.profile[at].ty, profile.get(at)?)));
    let said = said.map(|(ty, value)| values::jinja(program, ty, value).to_string().to_lowercase());
    match said.as_deref() {
        Some(text) if text.starts_with("ja") => Language::Japanese,
        Some(text) if text.starts_with("en") => Language::English,
        _ if program.project.currency.code() == "JPY" => Language::Japanese,
        _ => Language::English,
    }
}

/// A message for one person.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Rendered {
    pub part: Part,
    /// In the order they are met.
    pub links: Vec<Link>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub enum Part {
    Email(Email),
    Line(Line),
    Sms(Sms),
    Push(Push),
    Webhook(Json),
}

/// A notification of an app.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Push {
    pub title: String,
    pub body: String,
    pub link: Option<String>,
    pub image: Option<String>,
    pub data: Vec<(String, String)>,
}

/// All messages of a program, ready to be filled in.
pub struct Renderer<'p> {
    program: &'p Program,
    templates: Templates,
    /// By [`MessageId`].
    messages: Vec<Result<Prepared, Fault>>,
}

struct Prepared {
    content: PreparedContent,
    links: Vec<Target>,
}

enum PreparedContent {
    /// The message names no file.
    Nothing,
    Email(Box<email::Prepared>),
    Line(Vec<ReadyItem>),
    Sms(TemplateId),
    Push(PreparedPush),
    Webhook(Ready),
}

struct PreparedPush {
    title: TemplateId,
    body: TemplateId,
    link: Option<TemplateId>,
    image: Option<TemplateId>,
    data: Vec<(String, TemplateId)>,
}

impl<'p> Renderer<'p> {
    /// Compiles what the program's messages say. What cannot be compiled is kept with its message.
    pub fn new(program: &'p Program) -> Renderer<'p> {
        let mut templates = Templates::new();
        let messages = program.messages.iter().map(|message| prepare(message, &mut templates)).collect();
        Renderer { program, templates, messages }
    }

    /// Messages that nobody can be sent, and why.
    pub fn faults(&self) -> Vec<RenderError> {
        let all = self.program.messages.iter().zip(&self.messages);
        all.filter_map(|(def, prepared)| prepared.as_ref().err().map(|fault| of_message(def, fault.clone()))).collect()
    }

    /// Every link of a message, whoever gets it.
    pub fn targets(&self, message: MessageId) -> &[Target] {
        self.messages[message.index()].as_ref().map_or(&[], |prepared| &prepared.links)
    }

    /// Fills in a message. `params` stand in the order of the message's parameters, `profile` in that of the profile's
    /// fields; those that are left out are missing. `None` if the message has no file.
    pub fn render(
        &self,
        message: MessageId,
        params: &[Value],
        profile: &[Value],
        scene: &Scene,
    ) -> Result<Option<Rendered>, RenderError> {
        let def = self.program.message(message);
        let prepared = self.messages[message.index()].as_ref().map_err(|fault| of_message(def, fault.clone()))?;
        let gathered = Jinja::from_object(Gathered::default());
        let context = self.context(def, params, profile, scene, &gathered);
        let part = self.part(def, &prepared.content, &context, scene).map_err(|fault| of_message(def, fault))?;
        let links = gathered.downcast_object::<Gathered>().map(|links| links.taken()).unwrap_or_default();
        Ok(part.map(|part| Rendered { part, links }))
    }

    fn context(&self, def: &MessageDef, params: &[Value], profile: &[Value], scene: &Scene, links: &Jinja) -> Context {
        let mut context = Context::new();
        for (field, value) in def.params.iter().zip(params) {
            context.insert(field.name.clone(), values::jinja(self.program, &field.ty, value));
        }
        context.insert("profile".to_owned(), values::object(self.program, &self.program.profile, profile));
        let project = &self.program.project;
        let sender = [
            ("name", &project.sender.name),
            ("address", &project.sender.address),
            ("contact", &project.sender.contact),
        ];
        let known = sender.iter().filter_map(|(name, text)| text.as_ref().map(|text| (*name, Jinja::from(text))));
        context.insert("sender".to_owned(), Jinja::from_pairs(known));
        context.insert("project".to_owned(), Jinja::from_pairs([("name", Jinja::from(&project.name))]));
        if def.needs_consent {
            context.insert("unsubscribe_url".to_owned(), Jinja::from(&scene.unsubscribe_url));
        }
        context.insert(SCENE.to_owned(), Jinja::from_object(SceneObject(scene.clone())));
        context.insert(GATHERED.to_owned(), links.clone());
        context
    }

    fn part(
        &self,
        def: &MessageDef,
        content: &PreparedContent,
        context: &Context,
        scene: &Scene,
    ) -> Result<Option<Part>, Fault> {
        let whole = || Jinja::from(context.clone());
        let text = |id: TemplateId| self.templates.render(id, &whole());
        Ok(Some(match content {
            PreparedContent::Nothing => return Ok(None),
            PreparedContent::Email(email) => {
                Part::Email(email.render(&self.templates, &whole(), scene, def.needs_consent)?)
            }
            PreparedContent::Line(items) => {
                Part::Line(line::finished(Expansion::new(&self.templates).items(items, context)?)?)
            }
            PreparedContent::Sms(template) => Part::Sms(sms::of(text(*template)?.trim().to_owned())),
            PreparedContent::Push(push) => Part::Push(Push {
                title: email::header(&text(push.title)?),
                body: text(push.body)?,
                link: push.link.map(text).transpose()?,
                image: push.image.map(text).transpose()?,
                data: push
                    .data
                    .iter()
                    .map(|(name, template)| Ok((name.clone(), text(*template)?)))
                    .collect::<Result<_, Fault>>()?,
            }),
            PreparedContent::Webhook(node) => Part::Webhook(Expansion::new(&self.templates).node(node, context)?),
        }))
    }
}

fn of_message(def: &MessageDef, fault: Fault) -> RenderError {
    RenderError { message: def.name.clone(), file: def.file.clone(), fault }
}

fn prepare(def: &MessageDef, templates: &mut Templates) -> Result<Prepared, Fault> {
    let addresses = match &def.content {
        Some(Content::Webhook(_)) => Addresses::Unknown,
        Some(Content::Email(_) | Content::Line(_) | Content::Sms(_) | Content::Push(_)) | None => Addresses::Known,
    };
    let mut preparation =
        Preparation { message: &def.name, templates, addresses, links: Vec::new(), seen: Default::default() };
    let content = match &def.content {
        None => PreparedContent::Nothing,
        Some(Content::Email(email)) => {
            let mut prepared = email::prepare(&def.name, email, preparation.templates)?;
            preparation.links = std::mem::take(&mut prepared.links);
            PreparedContent::Email(Box::new(prepared))
        }
        Some(Content::Line(line)) => PreparedContent::Line(preparation.items(&line.messages)?),
        Some(Content::Sms(sms)) => PreparedContent::Sms(preparation.text(&sms.text.0, "text")?),
        Some(Content::Push(push)) => PreparedContent::Push(prepare_push(push, &mut preparation)?),
        Some(Content::Webhook(webhook)) => PreparedContent::Webhook(preparation.node(&webhook.json, "")?),
    };
    Ok(Prepared { content, links: preparation.links })
}

fn prepare_push(push: &PushContent, preparation: &mut Preparation<'_>) -> Result<PreparedPush, Fault> {
    Ok(PreparedPush {
        title: preparation.text(&push.title.0, "title")?,
        body: preparation.text(&push.body.0, "body")?,
        // Tapped like a link of LINE, so named and rewritten like one.
        link: push.link.as_ref().map(|link| preparation.opened(&link.0)).transpose()?,
        image: push.image.as_ref().map(|image| preparation.text(&image.0, "image")).transpose()?,
        data: push
            .data
            .iter()
            .map(|(name, template)| Ok((name.clone(), preparation.text(&template.0, "text")?)))
            .collect::<Result<_, Fault>>()?,
    })
}
