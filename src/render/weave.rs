//! Makes templates of documents safe by where their tags stand: addresses, styles, links, text.
//!
//! Compiles no document and renders nothing; what comes out is again a template of Jinja.

use std::collections::BTreeMap;

use super::error::{Fault, Words};
use super::filters::{ADDRESS_PART, PLAIN, URL_PART};
use super::links::{self, LINK};
use super::marks::Marks;
use super::markup::{self, Attribute, Piece};
use super::tags::{self, Kind, Tag, line_at};

/// Begins the comment that a statement stands in while a document is compiled: compilers move text out of tables, but
/// never a comment.
const COMMENT: &str = "<!--tabi:";
const COMMENT_END: &str = "-->";

/// Attributes that lead somewhere when a reader taps: rewritten where links are tracked.
const LINKS: &[&str] = &["href"];
/// Other attributes that hold addresses.
const ADDRESSES: &[&str] = &["src", "background-url", "background", "poster", "action", "srcset", "thumbnails-src"];
/// Attributes that hold text for readers.
const TEXTS: &[&str] = &["alt", "title", "name", "aria-label", "content", "lang", "value", "placeholder"];
/// Elements whose children a compiler counts, to divide the room among them, or groups: it must see what comes out.
const GATHERING: &[&str] =
    &["mj-section", "mj-group", "mj-social", "mj-navbar", "mj-carousel", "mj-accordion", "mj-table", "table", "select"];
/// Elements whose `href` is no link: a style sheet, a base.
const NOT_LINKS: &[&str] = &["link", "base", "mj-font", "mj-include"];

/// A document whose tags are numbered, so that a compiler of documents takes them for text.
#[derive(Debug, Clone, PartialEq)]
pub struct Woven {
    /// The document with a number in place of each tag, and of each value of an attribute that holds one.
    masked: String,
    marks: Marks,
    tags: Vec<WovenTag>,
    /// Whether the document can be compiled before it is rendered: no tag stands where the compiler must count or
    /// compute.
    pub compiles_once: bool,
    /// Targets of links, as templates, in order; by id.
    pub links: Vec<links::Target>,
}

#[derive(Debug, Clone, PartialEq)]
struct WovenTag {
    text: String,
    /// In the template as its author wrote it.
    line: u32,
}

/// A template that goes back to its author's lines.
#[derive(Debug, Clone, PartialEq)]
pub struct Template {
    pub text: String,
    /// Where each tag begins here, and the author's line.
    pub lines: Vec<(usize, u32)>,
}

impl Template {
    pub fn plain(text: &str) -> Template {
        let starts = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1));
        Template { text: text.to_owned(), lines: starts.zip(1..).collect() }
    }
    /// The author's line of a byte.
    pub fn line(&self, at: usize) -> Option<u32> {
        let after = self.lines.partition_point(|(start, _)| *start <= at);
        self.lines[..after].last().map(|(_, line)| *line)
    }
}

impl Woven {
    /// The template of the document as it stands, for a compiler that comes after rendering.
    pub fn whole(&self) -> Template {
        self.unmasked(&self.masked)
    }
    pub fn masked(&self) -> &str {
        &self.masked
    }
    /// Puts the tags back into what a compiler made of the masked document.
    pub fn unmasked(&self, compiled: &str) -> Template {
        let mut text = String::with_capacity(compiled.len() * 2);
        let mut lines = Vec::new();
        let mut at = 0;
        while let Some(mark) = self.marks.next(compiled, at) {
            // A statement stands in a comment of its own, which is taken off again.
            let before = &compiled[at..mark.start];
            let inside = before.strip_suffix(COMMENT).filter(|_| compiled[mark.end..].starts_with(COMMENT_END));
            text.push_str(inside.unwrap_or(before));
            if let Some(tag) = self.tags.get(mark.number) {
                lines.push((text.len(), tag.line));
                text.push_str(&tag.text);
            }
            at = mark.end + if inside.is_some() { COMMENT_END.len() } else { 0 };
        }
        text.push_str(&compiled[at..]);
        Template { text, lines }
    }
}

/// Weaves MJML or HTML. `message` names the links.
pub fn document(message: &str, source: &str) -> Result<Woven, Fault> {
    let tags = tags::tags(source)?;
    let marks = Marks::of(source);
    let (masked, numbers) = mask(source, &tags, &marks);
    let mut weaver = Weaver {
        source,
        masked: &masked,
        marks: &marks,
        tags: tags
            .iter()
            .map(|tag| WovenTag { text: source[tag.range.clone()].to_owned(), line: line_at(source, tag.range.start) })
            .collect(),
        kinds: tags.iter().map(|tag| tag.kind).collect(),
        numbers,
        seen: BTreeMap::new(),
        out: String::with_capacity(masked.len()),
        compiles_once: true,
        links: Vec::new(),
        message,
    };
    weaver.weave()?;
    let Weaver { out, tags, compiles_once, links, .. } = weaver;
    Ok(Woven { masked: out, marks: marks.clone(), tags, compiles_once, links })
}

/// Weaves a text that is an address as a whole: every value in it is encoded, save one that begins it.
pub fn address(source: &str) -> Result<String, Fault> {
    let tags = tags::tags(source)?;
    let mut out = String::with_capacity(source.len() + tags.len() * 20);
    let mut at = 0;
    for tag in &tags {
        out.push_str(&source[at..tag.range.start]);
        let text = &source[tag.range.clone()];
        match tag.kind {
            Kind::Print if is_number(&out) => out.push_str(&filtered(text, ADDRESS_PART)),
            Kind::Print if !out.trim().is_empty() => out.push_str(&filtered(text, URL_PART)),
            Kind::Print | Kind::Statement | Kind::Comment => out.push_str(text),
        }
        at = tag.range.end;
    }
    out.push_str(&source[at..]);
    Ok(out)
}

/// Whether an address or a telephone number stands next, whose own marks must stay.
fn is_number(before: &str) -> bool {
    ["mailto:", "tel:", "sms:"].iter().any(|scheme| before.trim_start().eq_ignore_ascii_case(scheme))
}

/// Replaces tags by their numbers; says where in the masked text each stands.
fn mask(source: &str, tags: &[Tag], marks: &Marks) -> (String, Vec<usize>) {
    let mut masked = String::with_capacity(source.len());
    let mut places = Vec::with_capacity(tags.len());
    let mut at = 0;
    for (number, tag) in tags.iter().enumerate() {
        masked.push_str(&source[at..tag.range.start]);
        places.push(masked.len());
        masked.push_str(&marks.write(number));
        at = tag.range.end;
    }
    masked.push_str(&source[at..]);
    (masked, places)
}

/// `{{ x }}` as `{{ (x) | filter }}`, its trimming marks kept.
fn filtered(tag: &str, filter: &str) -> String {
    let inner = &tag[2..tag.len() - 2];
    let (front, inner) = split_mark(inner);
    let (inner, back) = match inner.strip_suffix(['-', '+']) {
        Some(rest) => (rest, &inner[rest.len()..]),
        None => (inner, ""),
    };
    format!("{{{{{front} ({}) | {filter} {back}}}}}", inner.trim())
}

fn split_mark(inner: &str) -> (&str, &str) {
    match inner.strip_prefix(['-', '+']) {
        Some(rest) => (&inner[..1], rest),
        None => ("", inner),
    }
}

/// Whether the compiler of MJML would write a value of an attribute otherwise than it stands: it writes quotes,
/// backslashes, full-width spaces and joined emoji as escapes that only programs read.
pub fn is_rewritten(value: &str) -> bool {
    format!("{value:?}").len() != value.len() + 2
}

/// Puts numbers in place of the values of attributes that the compiler of MJML would rewrite.
pub fn shielded(document: &str) -> (String, Marks, Vec<String>) {
    let marks = Marks::of(document);
    let (mut out, mut values, mut at) = (String::with_capacity(document.len()), Vec::new(), 0);
    for piece in markup::pieces(document) {
        let Piece::Open { attributes, .. } = piece else { continue };
        for attribute in attributes {
            let value = &document[attribute.value.clone()];
            if is_rewritten(value) {
                out.push_str(&document[at..attribute.whole.start]);
                out.push_str(&format!("\"{}\"", marks.write(values.len())));
                values.push(value.replace('"', "&quot;"));
                at = attribute.whole.end;
            }
        }
    }
    out.push_str(&document[at..]);
    (out, marks, values)
}

struct Weaver<'a> {
    source: &'a str,
    masked: &'a str,
    marks: &'a Marks,
    tags: Vec<WovenTag>,
    kinds: Vec<Kind>,
    /// Where the tags stand in `masked`, ascending.
    numbers: Vec<usize>,
    /// How often a target came before.
    seen: BTreeMap<String, u32>,
    out: String,
    compiles_once: bool,
    links: Vec<links::Target>,
    message: &'a str,
}

impl Weaver<'_> {
    fn weave(&mut self) -> Result<(), Fault> {
        let mut inside: Vec<String> = Vec::new();
        let mut at = 0;
        for piece in markup::pieces(self.masked) {
            match piece {
                Piece::Text(range) => {
                    self.out.push_str(&self.masked[at..range.start]);
                    self.text(&self.masked[range.clone()], inside.last().map(String::as_str));
                    at = range.end;
                }
                Piece::Open { name, range, attributes, closed } => {
                    self.out.push_str(&self.masked[at..range.start]);
                    self.open(&name, range.start, range.end, &attributes)?;
                    at = range.end;
                    if !closed {
                        inside.push(name);
                    }
                }
                Piece::Close { name, .. } => {
                    if let Some(depth) = inside.iter().rposition(|open| *open == name) {
                        inside.truncate(depth);
                    }
                }
                Piece::Comment | Piece::Declaration => {}
            }
        }
        self.out.push_str(&self.masked[at..]);
        Ok(())
    }

    /// Numbers of the tags in a part of the masked text.
    fn numbers_in(&self, from: usize, to: usize) -> std::ops::Range<usize> {
        self.numbers.partition_point(|at| *at < from)..self.numbers.partition_point(|at| *at < to)
    }

    fn text(&mut self, text: &str, parent: Option<&str>) {
        let start = text.as_ptr() as usize - self.masked.as_ptr() as usize;
        let range = self.numbers_in(start, start + text.len());
        let parent = parent.unwrap_or("");
        let verbatim = markup::is_verbatim(parent);
        if !range.is_empty() && (GATHERING.contains(&parent) || matches!(parent, "style" | "script" | "mj-style")) {
            self.compiles_once = false;
        }
        let mut at = 0;
        for number in range {
            let here = self.numbers[number] - start;
            self.out.push_str(&text[at..here]);
            if matches!(parent, "style" | "script" | "mj-style") && self.kinds[number] == Kind::Print {
                self.tags[number].text = filtered(&self.tags[number].text, PLAIN);
            }
            let marker = self.marks.write(number);
            match self.kinds[number] {
                Kind::Statement | Kind::Comment if !verbatim => {
                    self.out.push_str(COMMENT);
                    self.out.push_str(&marker);
                    self.out.push_str(COMMENT_END);
                }
                Kind::Statement | Kind::Comment | Kind::Print => self.out.push_str(&marker),
            }
            at = here + marker.len();
        }
        self.out.push_str(&text[at..]);
    }

    fn open(&mut self, element: &str, start: usize, end: usize, attributes: &[Attribute]) -> Result<(), Fault> {
        let mut at = start;
        for attribute in attributes {
            self.outside_values(at, attribute.whole.start)?;
            self.out.push_str(&self.masked[at..attribute.whole.start]);
            self.attribute(element, attribute);
            at = attribute.whole.end;
        }
        self.outside_values(at, end)?;
        self.out.push_str(&self.masked[at..end]);
        Ok(())
    }

    /// A tag among attributes cannot be made safe, and a compiler cannot read past it.
    fn outside_values(&self, from: usize, to: usize) -> Result<(), Fault> {
        let Some(number) = self.numbers_in(from, to).next() else { return Ok(()) };
        let line = self.tags[number].line;
        Err(Fault::new(
            Words::new(
                "a template tag stands inside an element's tag, outside of a value",
                "要素のタグの中で、属性値の外にテンプレートのタグがあります",
            ),
            Words::new(
                "put it into a quoted value, or around the whole element",
                "引用符で囲んだ属性値の中か、要素全体の外側に書く",
            ),
        )
        .at(self.source, Some(line)))
    }

    fn attribute(&mut self, element: &str, attribute: &Attribute) {
        let value = &self.masked[attribute.value.clone()];
        let numbers = self.numbers_in(attribute.value.start, attribute.value.end);
        let name = attribute.name.as_str();
        if LINKS.contains(&name) && !NOT_LINKS.contains(&element) && !value.is_empty() {
            return self.link(value, numbers);
        }
        if numbers.is_empty() && !is_rewritten(value) {
            self.out.push_str(&self.masked[attribute.whole.clone()]);
            return;
        }
        let address = ADDRESSES.contains(&name) || LINKS.contains(&name);
        let filter = match (address, TEXTS.contains(&name)) {
            (true, _) => Some(URL_PART),
            (false, true) => None,
            (false, false) => Some(PLAIN),
        };
        if filter == Some(PLAIN) && !numbers.is_empty() {
            self.compiles_once = false;
        }
        let line = numbers.clone().next().map_or(1, |number| self.tags[number].line);
        if let Some(filter) = filter {
            for number in numbers {
                let begins = self.numbers[number] == attribute.value.start;
                if self.kinds[number] == Kind::Print && !(address && begins) {
                    self.tags[number].text = filtered(&self.tags[number].text, filter);
                }
            }
        }
        let text = self.restored(&value.replace('"', "&quot;"), str::to_owned);
        self.value(text, line);
    }

    /// Writes the value of an attribute as one number, in quotes whatever the author wrote: an unquoted value would end
    /// at a space.
    fn value(&mut self, text: String, line: u32) {
        self.tags.push(WovenTag { text, line });
        self.out.push('"');
        self.out.push_str(&self.marks.write(self.tags.len() - 1));
        self.out.push('"');
    }

    /// The whole target becomes one tag: what it says, handed to the filter that knows links.
    fn link(&mut self, value: &str, numbers: std::ops::Range<usize>) {
        let line = numbers.clone().next().map(|n| self.tags[n].line);
        let target = self.restored(value, markup::unescaped);
        let line = line.unwrap_or_else(|| self.line_of(&target));
        let ordinal = self.seen.entry(target.clone()).or_insert(0);
        let link = links::Target::new(self.message, &target, *ordinal);
        *ordinal += 1;
        // Tags were found to be whole before.
        let woven = address(&target).unwrap_or_default();
        let text = format!(
            "{{% filter {LINK}(\"{}\") %}}{{% autoescape false %}}{woven}{{% endautoescape %}}{{% endfilter %}}",
            link.id
        );
        self.links.push(link);
        self.value(text, line);
    }

    /// The value with its tags, and between them what `read` makes of the author's own text.
    fn restored(&self, value: &str, read: impl Fn(&str) -> String) -> String {
        let mut out = String::new();
        let mut at = 0;
        while let Some(mark) = self.marks.next(value, at) {
            out.push_str(&read(&value[at..mark.start]));
            out.push_str(self.tags.get(mark.number).map_or("", |tag| &tag.text));
            at = mark.end;
        }
        out.push_str(&read(&value[at..]));
        out
    }

    fn line_of(&self, target: &str) -> u32 {
        self.source.find(target).map_or(1, |at| line_at(self.source, at))
    }
}
