//! Emails: head, HTML and text parts of one person's mail.
//!
//! Builds no MIME and sends nothing.

use minijinja::Value as Jinja;

use super::error::{Fault, Words};
use super::jinja::{Escape, TemplateId, Templates};
use super::links::Target;
use super::markup::escaped;
use super::plain_text;
use super::tags::tags;
use super::weave::{self, Template};
use super::{Scene, mjml};
use crate::ir::content;

/// A mail as it goes out.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Email {
    pub subject: String,
    pub preheader: Option<String>,
    pub from: String,
    pub reply_to: Option<String>,
    pub html: String,
    pub text: String,
    /// Further header fields, by name.
    pub headers: Vec<(String, String)>,
}

/// An email whose templates are compiled.
pub struct Prepared {
    subject: TemplateId,
    preheader: Option<TemplateId>,
    from: String,
    reply_to: Option<String>,
    body: Body,
    text: Option<TemplateId>,
    pub links: Vec<Target>,
}

enum Body {
    /// HTML with its styles in place; only values are missing.
    Html(TemplateId),
    /// MJML, or HTML whose styles hold values: a tag stands where the compiler must know what comes out.
    Later { template: TemplateId, mjml: bool },
}

pub fn prepare(message: &str, email: &content::Email, templates: &mut Templates) -> Result<Prepared, Fault> {
    let mut line = |template: &content::Template| plain(&template.0, templates);
    let subject = line(&email.subject)?;
    let preheader = email.preheader.as_ref().map(&mut line).transpose()?;
    let text = email.text.as_ref().map(&mut line).transpose()?;
    let preview = email.preheader.as_ref().map(|preheader| preheader.0.as_str());
    let (source, mjml) = match &email.body {
        content::Body::Mjml(template) => (&template.0, true),
        content::Body::Html(template) => (&template.0, false),
    };
    let whole = match preview {
        Some(preview) if mjml => mjml::with_preview(source, &for_markup(preview)?),
        Some(preview) => html_with_preview(source, &for_markup(preview)?),
        None => source.clone(),
    };
    let woven = weave::document(message, &whole).map_err(|fault| in_source(fault, source))?;
    if mjml {
        mjml::known_elements(source)?;
    }
    let body = if woven.compiles_once {
        let compiled = compiled(woven.masked(), mjml, source)?;
        Body::Html(templates.add(woven.unmasked(&compiled), source, Escape::Html)?)
    } else {
        Body::Later { template: templates.add(woven.whole(), source, Escape::Html)?, mjml }
    };
    Ok(Prepared {
        subject,
        preheader,
        from: header(&email.from),
        reply_to: email.reply_to.as_deref().map(header),
        body,
        text,
        links: woven.links,
    })
}

fn plain(source: &str, templates: &mut Templates) -> Result<TemplateId, Fault> {
    tags(source)?;
    templates.add(Template::plain(source), source, Escape::None)
}

/// Faults name the author's text, not the one with the preheader put in.
fn in_source(fault: Fault, source: &str) -> Fault {
    let line = fault.line;
    fault.at(source, line)
}

fn compiled(document: &str, mjml: bool, source: &str) -> Result<String, Fault> {
    let html = if mjml { mjml::to_html(document, source)? } else { document.to_owned() };
    mjml::inlined(&html, source)
}

impl Prepared {
    pub fn render(
        &self,
        templates: &Templates,
        context: &Jinja,
        scene: &Scene,
        needs_consent: bool,
    ) -> Result<Email, Fault> {
        let line = |id: TemplateId| templates.render(id, context).map(|text| header(&text));
        let html = match &self.body {
            Body::Html(template) => templates.render(*template, context)?,
            Body::Later { template, mjml } => {
                let document = templates.render(*template, context)?;
                let (shielded, marks, values) = weave::shielded(&document);
                let html = compiled(&shielded, *mjml, &document)?;
                marks.replaced(&html, |number| values.get(number).map(String::as_str))
            }
        };
        let text = match self.text {
            Some(text) => templates.render(text, context)?,
            None => plain_text::of_html(&html),
        };
        let subject = line(self.subject)?;
        let html = html.replacen("<title></title>", &format!("<title>{}</title>", escaped(&subject)), 1);
        Ok(Email {
            subject,
            preheader: self.preheader.map(line).transpose()?,
            from: self.from.clone(),
            reply_to: self.reply_to.clone(),
            html,
            text,
            headers: if needs_consent { unsubscribe_headers(&scene.unsubscribe_url) } else { Vec::new() },
        })
    }
}

/// RFC 2369 and RFC 8058: mailboxes show a button that works with one tap.
fn unsubscribe_headers(url: &str) -> Vec<(String, String)> {
    vec![
        ("List-Unsubscribe".to_owned(), format!("<{}>", header(url))),
        ("List-Unsubscribe-Post".to_owned(), "List-Unsubscribe=One-Click".to_owned()),
    ]
}

/// One line without controls: what stands in a header can never begin another.
pub fn header(text: &str) -> String {
    let spaced: String =
        text.chars().map(|c| if c.is_control() || c == '\u{2028}' || c == '\u{2029}' { ' ' } else { c }).collect();
    let words: Vec<&str> = spaced.split(' ').filter(|word| !word.is_empty()).collect();
    words.join(" ")
}

/// The preheader's own words as markup, its tags left alone.
fn for_markup(preheader: &str) -> Result<String, Fault> {
    let mut out = String::new();
    let mut at = 0;
    for tag in tags(preheader)? {
        out.push_str(&escaped(&preheader[at..tag.range.start]));
        out.push_str(&preheader[tag.range.clone()]);
        at = tag.range.end;
    }
    out.push_str(&escaped(&preheader[at..]));
    Ok(out.replace('\n', " "))
}

fn html_with_preview(html: &str, preview: &str) -> String {
    let hidden = format!("<div style=\"display:none;max-height:0;overflow:hidden\">{preview}</div>");
    let lower = html.to_ascii_lowercase();
    let after = lower.find("<body").and_then(|body| lower[body..].find('>').map(|end| body + end + 1)).unwrap_or(0);
    format!("{}{hidden}{}", &html[..after], &html[after..])
}

/// An unreadable document, and why.
pub fn unreadable(why: Words, source: &str, line: Option<u32>) -> Fault {
    Fault::new(
        Words::new(
            format!("the mail's markup cannot be read: {}", why.en),
            format!("メールのマークアップを読めません: {}", why.ja),
        ),
        Words::new("see that every tag is closed and in its place", "タグの閉じ忘れと置き場所を確かめる"),
    )
    .at(source, line)
}
