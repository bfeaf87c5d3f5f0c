//! JSON with templates in its strings: each string is rendered by itself and placed whole, so no value breaks the shape.
//!
//! Knows no channel's limits.

use std::collections::BTreeMap;

use minijinja::Value as Jinja;
use serde_json::{Map, Number, Value as Json};

use super::error::{Fault, Words};
use super::filters::amount_of;
use super::jinja::{Escape, TemplateId, Templates};
use super::links::{LINK, Target};
use super::tags::tags;
use super::values::Exact;
use super::weave::{self, Template};
use crate::ir::content::{Each, Item, Member, Node};
use crate::value::Value;

/// What templates are rendered with: names and their values.
pub type Context = BTreeMap<String, Jinja>;

/// More elements than this are a loop over the wrong list; a full carousel of twelve bubbles has some hundreds.
const NODES_MAX: usize = 5_000;

/// Names of members that lead somewhere when a reader taps.
const LINKS: &[&str] = &["uri", "linkUri", "desktop"];
/// Names of other members that are addresses.
const ADDRESSES: &[&str] = &[
    "url",
    "originalContentUrl",
    "previewImageUrl",
    "thumbnailImageUrl",
    "imageUrl",
    "iconUrl",
    "baseUrl",
    "link",
    "image",
];

/// How the members called like addresses are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Addresses {
    /// Values in them are encoded; links are tracked.
    Known,
    /// Every text is like every other.
    Unknown,
}

/// A node whose templates are compiled.
pub enum Ready {
    Null,
    Bool(bool),
    Number(Number),
    Text(TemplateId),
    Value(String),
    List(Vec<ReadyItem>),
    Object(Vec<ReadyMember>),
}

pub struct ReadyMember {
    name: String,
    when: Option<String>,
    value: Ready,
}

pub struct ReadyItem {
    each: Option<Each>,
    when: Option<String>,
    node: Ready,
}

/// Compiles the templates of one message's JSON.
pub struct Preparation<'a> {
    pub message: &'a str,
    pub templates: &'a mut Templates,
    pub addresses: Addresses,
    pub links: Vec<Target>,
    pub seen: BTreeMap<String, u32>,
}

impl Preparation<'_> {
    pub fn items(&mut self, items: &[Item]) -> Result<Vec<ReadyItem>, Fault> {
        items
            .iter()
            .map(|item| {
                let node = self.node(&item.node, "")?;
                Ok(ReadyItem { each: item.each.clone(), when: item.when.as_ref().map(|e| e.0.clone()), node })
            })
            .collect()
    }

    pub fn node(&mut self, node: &Node, name: &str) -> Result<Ready, Fault> {
        Ok(match node {
            Node::Null => Ready::Null,
            Node::Bool(value) => Ready::Bool(*value),
            Node::Number(text) => Ready::Number(text.parse().map_err(|_| no_number(text))?),
            Node::Text(template) => Ready::Text(self.text(&template.0, name)?),
            Node::Value(expression) => Ready::Value(expression.0.clone()),
            Node::List(items) => Ready::List(self.items(items)?),
            Node::Object(members) => Ready::Object(members.iter().map(|m| self.member(m)).collect::<Result<_, _>>()?),
        })
    }

    fn member(&mut self, member: &Member) -> Result<ReadyMember, Fault> {
        let value = self.node(&member.value, &member.name)?;
        Ok(ReadyMember { name: member.name.clone(), when: member.when.as_ref().map(|e| e.0.clone()), value })
    }

    /// A text whose place is named `name`.
    pub fn text(&mut self, source: &str, name: &str) -> Result<TemplateId, Fault> {
        tags(source)?;
        let text = match self.addresses {
            Addresses::Known if LINKS.contains(&name) => self.link(source, "")?,
            Addresses::Known if ADDRESSES.contains(&name) => weave::address(source)?,
            Addresses::Known | Addresses::Unknown => source.to_owned(),
        };
        self.templates.add(Template::plain(&text), source, Escape::None)
    }

    /// What a notification opens.
    pub fn opened(&mut self, source: &str) -> Result<TemplateId, Fault> {
        tags(source)?;
        let text = self.link(source, ", true")?;
        self.templates.add(Template::plain(&text), source, Escape::None)
    }

    fn link(&mut self, source: &str, more: &str) -> Result<String, Fault> {
        let ordinal = self.seen.entry(source.to_owned()).or_insert(0);
        let target = Target::new(self.message, source, *ordinal);
        *ordinal += 1;
        let text =
            format!("{{% filter {LINK}(\"{}\"{more}) %}}{}{{% endfilter %}}", target.id, weave::address(source)?);
        self.links.push(target);
        Ok(text)
    }
}

fn no_number(text: &str) -> Fault {
    Fault::new(
        Words::new(format!("`{text}` is no number"), format!("`{text}` は数ではありません")),
        Words::new("write it as JSON does", "JSON の書き方で書く"),
    )
}

/// Fills in the templates of prepared JSON.
pub struct Expansion<'a> {
    pub templates: &'a Templates,
    pub left: usize,
}

impl<'a> Expansion<'a> {
    pub fn new(templates: &'a Templates) -> Expansion<'a> {
        Expansion { templates, left: NODES_MAX }
    }

    pub fn items(&mut self, items: &[ReadyItem], context: &Context) -> Result<Vec<Json>, Fault> {
        let mut out = Vec::new();
        for item in items {
            match &item.each {
                None => self.item(item, context, &mut out)?,
                Some(each) => self.each(each, item, context, &mut out)?,
            }
        }
        Ok(out)
    }

    fn each(&mut self, each: &Each, item: &ReadyItem, context: &Context, out: &mut Vec<Json>) -> Result<(), Fault> {
        let list = self.evaluate(&each.list.0, context)?;
        let Ok(values) = list.try_iter() else { return Err(no_list(&each.list.0)) };
        // A list that cannot end is not taken as a whole.
        let values: Vec<Jinja> = values.take(NODES_MAX).collect();
        let length = values.len();
        for (index, value) in values.into_iter().enumerate() {
            let mut inner = context.clone();
            inner.insert(each.name.clone(), value);
            inner.insert("loop".to_owned(), loop_object(index, length));
            self.item(item, &inner, out)?;
        }
        Ok(())
    }

    fn item(&mut self, item: &ReadyItem, context: &Context, out: &mut Vec<Json>) -> Result<(), Fault> {
        if self.holds(item.when.as_deref(), context)? {
            out.push(self.node(&item.node, context)?);
        }
        Ok(())
    }

    pub fn node(&mut self, node: &Ready, context: &Context) -> Result<Json, Fault> {
        self.left = self.left.checked_sub(1).ok_or_else(too_many)?;
        Ok(match node {
            Ready::Null => Json::Null,
            Ready::Bool(value) => Json::Bool(*value),
            Ready::Number(number) => Json::Number(number.clone()),
            Ready::Text(template) => Json::String(self.templates.render(*template, &Jinja::from(context.clone()))?),
            Ready::Value(expression) => self.bare(&self.evaluate(expression, context)?, 0)?,
            Ready::List(items) => Json::Array(self.items(items, context)?),
            Ready::Object(members) => {
                let mut object = Map::new();
                for member in members {
                    if self.holds(member.when.as_deref(), context)? {
                        object.insert(member.name.clone(), self.node(&member.value, context)?);
                    }
                }
                Json::Object(object)
            }
        })
    }

    fn evaluate(&self, expression: &str, context: &Context) -> Result<Jinja, Fault> {
        self.templates.evaluate(expression, &Jinja::from(context.clone()))
    }

    fn holds(&self, when: Option<&str>, context: &Context) -> Result<bool, Fault> {
        when.map_or(Ok(true), |when| Ok(self.evaluate(when, context)?.is_true()))
    }

    /// A value as JSON's own kinds: money as a number of its units, times as ISO 8601.
    fn bare(&mut self, value: &Jinja, depth: usize) -> Result<Json, Fault> {
        self.left = self.left.checked_sub(1).ok_or_else(too_many)?;
        if depth > 32 {
            return Err(too_many());
        }
        if let Some(exact) = value.downcast_object_ref::<Exact>() {
            return Ok(match &exact.0 {
                Value::Money(money) => serde_json::to_value(amount_of(*money)).unwrap_or_default(),
                _ => Json::String(value.to_string()),
            });
        }
        if value.is_undefined() || value.is_none() {
            return Ok(Json::Null);
        }
        if let Some(text) = value.as_str() {
            return Ok(Json::String(text.to_owned()));
        }
        match value.kind() {
            minijinja::value::ValueKind::Map => {
                let mut object = Map::new();
                for key in value.try_iter().into_iter().flatten() {
                    let inner = value.get_item(&key).unwrap_or_default();
                    object.insert(key.to_string(), self.bare(&inner, depth + 1)?);
                }
                Ok(Json::Object(object))
            }
            minijinja::value::ValueKind::Seq | minijinja::value::ValueKind::Iterable => {
                let items = value.try_iter().into_iter().flatten().take(NODES_MAX);
                items.map(|item| self.bare(&item, depth + 1)).collect::<Result<_, _>>().map(Json::Array)
            }
            _ => Ok(serde_json::to_value(value).unwrap_or_default()),
        }
    }
}

fn loop_object(index: usize, length: usize) -> Jinja {
    Jinja::from_pairs([
        ("index", Jinja::from(index + 1)),
        ("index0", Jinja::from(index)),
        ("revindex", Jinja::from(length - index)),
        ("revindex0", Jinja::from(length - index - 1)),
        ("first", Jinja::from(index == 0)),
        ("last", Jinja::from(index + 1 == length)),
        ("length", Jinja::from(length)),
    ])
}

fn too_many() -> Fault {
    Fault::new(
        Words::new(
            format!("the JSON grows beyond {NODES_MAX} elements"),
            format!("JSON の要素が {NODES_MAX} 個を超えます"),
        ),
        Words::new("loop over fewer things, with `[:20]` for example", "繰り返しを減らす (例: `[:20]`)"),
    )
}

fn no_list(expression: &str) -> Fault {
    Fault::new(
        Words::new(format!("`{expression}` is no list"), format!("`{expression}` はリストではありません")),
        Words::new("name a list after `in`", "`in` の後にリストを書く"),
    )
    .at(expression, Some(1))
}
