//! The template library, set up so that no template can read files, run on, or leave its place.
//!
//! Knows no channel; each part of a message brings its templates here.

use minijinja::{AutoEscape, Environment, Error, ErrorKind, UndefinedBehavior, Value as Jinja};

use super::error::{Fault, Words};
use super::weave::Template;
use super::{filters, links};
use crate::ir::content::RENDER_FUEL;

/// Functions that templates may call.
const FUNCTIONS: &[&str] = &["range"];

/// Blocks within blocks and calls within calls; people write five.
const RECURSION_MAX: usize = 64;
/// A part of a message longer than this reaches nobody: mailboxes cut mails off at a tenth of it, and other channels
/// take far less.
const OUTPUT_BYTES_MAX: usize = 1024 * 1024;

/// All templates of a program, compiled.
pub struct Templates {
    env: Environment<'static>,
    kept: Vec<Kept>,
}

struct Kept {
    name: String,
    template: Template,
    /// The author's own text, to find the place in the file by.
    source: String,
}

/// A compiled template of [`Templates`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TemplateId(usize);

/// How values are escaped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Escape {
    Html,
    /// What comes out is placed whole, as a string, where it belongs.
    None,
}

impl Templates {
    pub fn new() -> Templates {
        let mut env = Environment::new();
        env.set_undefined_behavior(UndefinedBehavior::SemiStrict);
        env.set_fuel(Some(RENDER_FUEL));
        env.set_recursion_limit(RECURSION_MAX);
        env.set_debug(false);
        env.set_auto_escape_callback(|name| if name.ends_with(".html") { AutoEscape::Html } else { AutoEscape::None });
        let globals: Vec<String> = env.globals().map(|(name, _)| name.to_owned()).collect();
        let refused = globals.iter().filter(|name| !FUNCTIONS.contains(&name.as_str()));
        refused.for_each(|name| env.remove_global(name));
        filters::install(&mut env);
        env.add_filter(links::LINK, links::filter);
        Templates { env, kept: Vec::new() }
    }

    /// Compiles a template. `source` is the author's text it was made from.
    pub fn add(&mut self, template: Template, source: &str, escape: Escape) -> Result<TemplateId, Fault> {
        let ending = match escape {
            Escape::Html => "html",
            Escape::None => "txt",
        };
        let name = format!("{}.{ending}", self.kept.len());
        let added = self.env.add_template_owned(name.clone(), template.text.clone());
        if let Err(error) = added {
            return Err(fault(&error, &template, source));
        }
        self.kept.push(Kept { name, template, source: source.to_owned() });
        Ok(TemplateId(self.kept.len() - 1))
    }

    pub fn render(&self, id: TemplateId, context: &Jinja) -> Result<String, Fault> {
        let kept = &self.kept[id.0];
        let wrong = |error: Error| fault(&error, &kept.template, &kept.source);
        let template = self.env.get_template(&kept.name).map_err(wrong)?;
        let text = template.render(context.clone()).map_err(wrong)?;
        match text.len() {
            0..=OUTPUT_BYTES_MAX => Ok(text),
            long => Err(too_long(long).at(&kept.source, Some(1))),
        }
    }

    pub fn evaluate(&self, expression: &str, context: &Jinja) -> Result<Jinja, Fault> {
        let compiled = self.env.compile_expression(expression);
        compiled
            .and_then(|compiled| compiled.eval(context.clone()))
            .map_err(|error| fault(&error, &Template::plain(expression), expression))
    }
}

fn too_long(bytes: usize) -> Fault {
    let most = OUTPUT_BYTES_MAX / 1024;
    Fault::new(
        Words::new(
            format!("the text is too long: {} KB, at most {most} KB", bytes / 1024),
            format!("長すぎます: {} KB (上限 {most} KB)", bytes / 1024),
        ),
        Words::new("show fewer items, or shorten with `truncate`", "件数を減らすか、`truncate` で短くする"),
    )
}

/// What the library says, in the words of the message's author.
fn fault(error: &Error, template: &Template, source: &str) -> Fault {
    let range = error.range();
    let line = match &range {
        Some(range) => template.line(range.start),
        None => error.line().and_then(|line| u32::try_from(line).ok()),
    };
    let piece = range.and_then(|range| template.text.get(range)).unwrap_or("").trim();
    let piece: String = piece.chars().take(60).collect();
    let (what, help) = words(error, &piece);
    Fault::new(what, help).at(source, line)
}

fn words(error: &Error, piece: &str) -> (Words, Words) {
    let detail = error.detail().unwrap_or("");
    match error.kind() {
        ErrorKind::UndefinedError => (
            Words::new(
                format!("`{piece}` is missing for this person"),
                format!("この人には `{piece}` の値がありません"),
            ),
            Words::new(
                "fill it in with `| default(\"…\")`, or ask `{% if … %}` first",
                "`| default(\"…\")` で補うか、`{% if … %}` で確かめてから使う",
            ),
        ),
        ErrorKind::OutOfFuel => (
            Words::new("the template takes too many steps", "テンプレートの処理が多すぎます"),
            Words::new("loop over fewer things, with `[:20]` for example", "繰り返しを減らす (例: `[:20]`)"),
        ),
        ErrorKind::InvalidOperation if detail.starts_with("a link to ") => (
            Words::new(
                format!("{detail} leads nowhere a reader can go"),
                format!("開けないリンク先です: {}", detail.trim_start_matches("a link to ")),
            ),
            Words::new(
                "begin links with `https://`, `mailto:` or `tel:`",
                "リンクは `https://`・`mailto:`・`tel:` で始める",
            ),
        ),
        ErrorKind::SyntaxError => (
            Words::new(format!("the template cannot be read: {detail}"), format!("テンプレートを読めません: {detail}")),
            Words::new("see that every tag is whole and closed", "タグの書き方と閉じ忘れを確かめる"),
        ),
        ErrorKind::UnknownFilter => (
            Words::new(format!("unknown filter: {detail}"), format!("知らないフィルターです: {detail}")),
            Words::new("see the list of filters in docs/messages.md", "docs/messages.md のフィルター一覧を見る"),
        ),
        _ => (
            Words::new(
                format!("`{piece}` cannot be worked out: {detail}"),
                format!("`{piece}` を計算できません: {detail}"),
            ),
            Words::new("see what kind of value it is", "値の種類を確かめる"),
        ),
    }
}
