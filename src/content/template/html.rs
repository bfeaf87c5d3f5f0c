//! Where in a page of HTML or MJML a value would stand, and whether MJML's own tags are in order.
//!
//! Follows the raw text between the template's tags; knows no expressions.

use std::ops::Range;

use crate::ir::address::{Leads, leads};
use crate::value::mjml;

/// What surrounds a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Around {
    /// Text that people read, or a comment.
    Text,
    /// A quoted attribute that is no address.
    Attribute,
    /// An address, of which this stands in front of the value.
    Link(String),
    /// `style="…"`.
    Style,
    /// An attribute without quotes.
    Unquoted,
    /// The name of a tag or an attribute.
    Name,
    /// `<script>`, `<style>` or an attribute such as `onclick`.
    Code,
}

/// Attributes that hold addresses.
const LINKS: &[&str] = &["href", "src", "action", "background", "background-url", "cite", "poster", "srcset"];
/// Elements whose `href` is no link: a style sheet, a base.
const NOT_LINKS: &[&str] = &["link", "base", "mj-font", "mj-include"];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Text,
    TagName,
    InTag,
    AttributeName,
    BeforeValue,
    Value(Option<u8>),
    Comment,
    /// Inside `<script>`, `<style>` or `<mj-style>`.
    Code,
}

/// Something out of order with a tag of MJML.
#[derive(Debug, Clone)]
pub struct Misfit {
    pub range: Range<usize>,
    pub kind: MisfitKind,
}

#[derive(Debug, Clone)]
pub enum MisfitKind {
    Unknown(String),
    /// A tag that MJML has and messages have not.
    Refused(String),
    /// An attribute that its tag does not take: the tag, the attribute as written.
    Attribute(&'static mjml::Tag, String),
    /// A quotation mark where an attribute would begin: one in front of it was never closed; the place of the tag.
    Quote(Range<usize>),
    /// A tag that may not stand in its parent.
    Misplaced(String, &'static mjml::Tag),
    /// A value without quotation marks.
    Unquoted(String),
    /// Text in a tag that holds none.
    Text(&'static mjml::Tag),
    /// Closed, but another is open; its place.
    Crossed(String, String, Range<usize>),
    /// Closed and never opened.
    NeverOpened(String),
    /// A written link that no reader could follow.
    LeadsNowhere(String),
}

/// What a page ends within.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unfinished {
    Tag(String),
    Comment,
    Code(String),
}

/// A position in a page.
#[derive(Debug, Clone)]
pub struct Html {
    state: State,
    mjml: bool,
    tag: String,
    tag_start: usize,
    closing: bool,
    self_closing: bool,
    attribute: String,
    /// Where it begins, and how it is written: MJML tells letter cases apart.
    attribute_start: usize,
    attribute_written: String,
    value: String,
    /// Whether something was told to stand where only MJML's tags may, since the last of these.
    loose: bool,
    /// Where the value begins, if all of it so far is raw text.
    value_start: Option<usize>,
    /// Open tags of MJML, with their places.
    pub open: Vec<(String, Range<usize>)>,
}

impl Html {
    pub fn new(mjml: bool) -> Html {
        Html {
            state: State::Text,
            mjml,
            tag: String::new(),
            tag_start: 0,
            closing: false,
            self_closing: false,
            attribute: String::new(),
            attribute_start: 0,
            attribute_written: String::new(),
            value: String::new(),
            loose: false,
            value_start: None,
            open: Vec::new(),
        }
    }

    /// What surrounds a value that stands here.
    pub fn around(&self) -> Around {
        match self.state {
            State::Text | State::Comment => Around::Text,
            State::TagName | State::InTag | State::AttributeName => Around::Name,
            State::BeforeValue | State::Value(None) => Around::Unquoted,
            State::Code => Around::Code,
            State::Value(Some(_)) if LINKS.contains(&self.attribute.as_str()) => Around::Link(self.value.clone()),
            State::Value(Some(_)) if self.attribute == "style" => Around::Style,
            State::Value(Some(_)) if self.attribute.starts_with("on") => Around::Code,
            State::Value(Some(_)) => Around::Attribute,
        }
    }

    /// Goes on behind a value.
    pub fn value(&mut self) {
        if self.state == State::BeforeValue {
            self.state = State::Value(None);
        }
        if matches!(self.state, State::Value(_)) {
            self.value.push('\u{fffc}');
        }
    }

    /// Goes on over raw text that begins at `from`; text that people read goes to `seen`.
    pub fn raw(&mut self, text: &str, from: usize, seen: &mut dyn FnMut(char), misfits: &mut Vec<Misfit>) {
        // A value that goes on from before a tag is not all written.
        self.value_start = None;
        let mut chars = text.char_indices().peekable();
        while let Some((at, c)) = chars.next() {
            let rest = &text[at..];
            match self.state {
                State::Text if rest.starts_with("<!--") => (self.state, self.tag_start) = (State::Comment, from + at),
                State::Text if c == '<' && starts_tag(rest) => {
                    self.closing = rest.starts_with("</");
                    if self.closing {
                        chars.next();
                    }
                    self.tag.clear();
                    (self.tag_start, self.self_closing) = (from + at, false);
                    self.state = State::TagName;
                }
                State::Text => {
                    if !c.is_whitespace() {
                        self.loose_text(rest, from + at, misfits);
                    }
                    seen(c);
                }
                State::Comment => {
                    if rest.starts_with("-->") {
                        self.state = State::Text;
                        chars.next();
                        chars.next();
                    }
                }
                State::Code => {
                    let close = format!("</{}", self.tag);
                    if rest.len() >= close.len()
                        && rest.is_char_boundary(close.len())
                        && rest[..close.len()].eq_ignore_ascii_case(&close)
                    {
                        (self.state, self.closing, self.self_closing) = (State::InTag, true, false);
                        self.tag_start = from + at;
                        for _ in 1..close.chars().count() {
                            chars.next();
                        }
                    }
                }
                State::TagName if c == '>' => self.tag_end(from + at + 1, misfits),
                State::TagName if c == '/' => self.self_closing = true,
                State::TagName if c.is_whitespace() => self.state = State::InTag,
                State::TagName => self.tag.extend(c.to_lowercase()),
                State::InTag if c == '>' => self.tag_end(from + at + 1, misfits),
                State::InTag if c == '/' => self.self_closing = true,
                State::InTag if c.is_whitespace() => {}
                State::InTag => {
                    self.attribute_start = from + at;
                    self.attribute.clear();
                    self.attribute.extend(c.to_lowercase());
                    self.attribute_written.clear();
                    self.attribute_written.push(c);
                    (self.state, self.self_closing) = (State::AttributeName, false);
                }
                State::AttributeName if c == '=' => {
                    self.attribute_end(misfits);
                    self.value.clear();
                    self.state = State::BeforeValue;
                }
                State::AttributeName if c == '>' => {
                    self.attribute_end(misfits);
                    self.tag_end(from + at + 1, misfits);
                }
                State::AttributeName if c.is_whitespace() => self.after_name(text, at, misfits),
                State::AttributeName if c == '/' => {
                    self.attribute_end(misfits);
                    (self.state, self.self_closing) = (State::InTag, true);
                }
                State::AttributeName => {
                    self.attribute.extend(c.to_lowercase());
                    self.attribute_written.push(c);
                }
                State::BeforeValue if c.is_whitespace() => {}
                State::BeforeValue if c == '"' || c == '\'' => {
                    self.state = State::Value(Some(c as u8));
                    self.value_start = Some(from + at + 1);
                }
                State::BeforeValue if c == '>' => self.tag_end(from + at + 1, misfits),
                State::BeforeValue => {
                    if self.mjml {
                        let long = rest.split(|c: char| c.is_whitespace() || c == '>').next().unwrap_or_default();
                        let range = from + at..from + at + long.len();
                        misfits.push(Misfit { range, kind: MisfitKind::Unquoted(long.to_owned()) });
                    }
                    self.value.push(c);
                    self.state = State::Value(None);
                }
                State::Value(Some(quote)) if c as u32 == u32::from(quote) => {
                    self.state = State::InTag;
                    self.written_link(from + at, misfits);
                }
                State::Value(None) if c == '>' => self.tag_end(from + at + 1, misfits),
                State::Value(None) if c.is_whitespace() => self.state = State::InTag,
                State::Value(_) => self.value.push(c),
            }
        }
    }

    /// The tag that a text would stand in where only tags may stand.
    pub fn holds_no_text(&self) -> Option<&'static mjml::Tag> {
        let parent = self.open.last().filter(|_| self.mjml && self.state == State::Text)?;
        mjml::find(&parent.0).filter(|parent| parent.holds.is_some())
    }

    /// Text between tags that hold none, once for each stretch without MJML's tags.
    fn loose_text(&mut self, rest: &str, at: usize, misfits: &mut Vec<Misfit>) {
        if let Some(parent) = self.holds_no_text().filter(|_| !self.loose) {
            self.loose = true;
            let line = rest.split(['<', '\n', '\r']).next().unwrap_or_default().trim_end();
            misfits.push(Misfit { range: at..at + line.len(), kind: MisfitKind::Text(parent) });
        }
    }

    /// A link without a tag in it is judged as it is written.
    fn written_link(&mut self, end: usize, misfits: &mut Vec<Misfit>) {
        let Some(start) = self.value_start.take() else { return };
        let is_link = self.attribute == "href" && !NOT_LINKS.contains(&self.tag.as_str());
        let target = self.value.replace("&amp;", "&");
        if is_link && leads(target.trim()) == Leads::Nowhere {
            let kind = MisfitKind::LeadsNowhere(target.trim().to_owned());
            misfits.push(Misfit { range: start..end, kind });
        }
    }

    /// White space behind an attribute's name: a `=` may still follow.
    fn after_name(&mut self, text: &str, at: usize, misfits: &mut Vec<Misfit>) {
        if !text[at..].trim_start().starts_with('=') {
            self.attribute_end(misfits);
            self.state = State::InTag;
        }
    }

    /// What stands open where the page ends: a tag without its `>`, a comment, a script or a style sheet. A mailbox shows
    /// nothing of what follows.
    pub fn unfinished(&self) -> Option<(Unfinished, Range<usize>)> {
        let what = match self.state {
            State::Text => return None,
            State::Comment => Unfinished::Comment,
            State::Code => Unfinished::Code(self.tag.clone()),
            State::TagName | State::InTag | State::AttributeName | State::BeforeValue | State::Value(_) => {
                Unfinished::Tag(self.tag.clone())
            }
        };
        let long = match &what {
            Unfinished::Comment => "<!--".len(),
            Unfinished::Tag(tag) | Unfinished::Code(tag) => 1 + tag.len(),
        };
        Some((what, self.tag_start..self.tag_start + long))
    }

    /// The name of an attribute is complete; one of a tag of MJML must be among those it takes.
    fn attribute_end(&mut self, misfits: &mut Vec<Misfit>) {
        if !self.mjml || self.closing {
            return;
        }
        let Some(tag) = mjml::find(&self.tag) else { return };
        let name = self.attribute_written.as_str();
        let range = self.attribute_start..self.attribute_start + name.len();
        if name.contains(['"', '\'', '<']) {
            let open = self.tag_start..self.tag_start + 1 + self.tag.len();
            misfits.push(Misfit { range, kind: MisfitKind::Quote(open) });
        } else if !tag.takes().contains(&name) {
            misfits.push(Misfit { range, kind: MisfitKind::Attribute(tag, name.to_owned()) });
        }
    }

    fn tag_end(&mut self, end: usize, misfits: &mut Vec<Misfit>) {
        let code = !self.closing && !self.self_closing && matches!(self.tag.as_str(), "script" | "style" | "mj-style");
        self.state = if code { State::Code } else { State::Text };
        if !self.mjml {
            return;
        }
        let range = self.tag_start..end.max(self.tag_start);
        if self.tag == "mjml" || self.tag.starts_with("mj-") {
            self.loose = false;
            self.mjml_tag(range, misfits);
        } else if let Some(parent) = self.open.last().and_then(|(parent, _)| mjml::find(parent))
            && parent.holds.is_some()
            && !self.closing
            && !self.loose
        {
            self.loose = true;
            misfits.push(Misfit { range, kind: MisfitKind::Misplaced(self.tag.clone(), parent) });
        }
    }

    fn mjml_tag(&mut self, range: Range<usize>, misfits: &mut Vec<Misfit>) {
        let tag = self.tag.clone();
        let mut misfit = |kind| misfits.push(Misfit { range: range.clone(), kind });
        if self.closing {
            match self.open.iter().rposition(|(name, _)| *name == tag) {
                Some(at) if at + 1 == self.open.len() => drop(self.open.pop()),
                Some(at) => {
                    let (inner, place) = self.open[self.open.len() - 1].clone();
                    misfit(MisfitKind::Crossed(tag, inner, place));
                    self.open.truncate(at);
                }
                None => misfit(MisfitKind::NeverOpened(tag)),
            }
            return;
        }
        let parent = self.open.last().map(|(name, _)| name.clone());
        let parent = parent.and_then(|parent| mjml::find(&parent));
        if mjml::REFUSED.contains(&tag.as_str()) {
            misfit(MisfitKind::Refused(tag.clone()));
        } else if mjml::find(&tag).is_none() {
            misfit(MisfitKind::Unknown(tag.clone()));
        } else if let Some(parent) = parent.filter(|parent| !parent.may_hold(&tag)) {
            misfit(MisfitKind::Misplaced(tag.clone(), parent));
        }
        if !self.self_closing {
            self.open.push((tag, range));
        }
    }
}

fn starts_tag(rest: &str) -> bool {
    let mut chars = rest.chars().skip(1);
    let first = chars.next();
    let first = if first == Some('/') { chars.next() } else { first };
    // Where the raw text ends, a value would be the name.
    first.is_none_or(|c| c.is_ascii_alphabetic())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn around(raw: &str) -> Around {
        let mut html = Html::new(false);
        html.raw(raw, 0, &mut |_| {}, &mut Vec::new());
        html.around()
    }

    #[test]
    fn what_surrounds_a_value() {
        let cases = [
            ("<p>hello ", Around::Text),
            ("a < b ", Around::Text),
            ("<!-- note ", Around::Text),
            ("<!-- note --><a href=\"", Around::Link(String::new())),
            ("<a href = 'https://x.example/", Around::Link("https://x.example/".to_owned())),
            ("<a title=\"x\" href=\"mailto:", Around::Link("mailto:".to_owned())),
            ("<img alt=\"", Around::Attribute),
            ("<p style=\"color:", Around::Style),
            ("<p onclick=\"", Around::Code),
            ("<p title=", Around::Unquoted),
            ("<p ", Around::Name),
            ("<", Around::Name),
            ("<p", Around::Name),
            ("<style>p { color: ", Around::Code),
            ("<style>p {}</style>", Around::Text),
            ("<SCRIPT>a</SCRIPT><b>", Around::Text),
            ("<br/>", Around::Text),
        ];
        for (raw, expected) in cases {
            assert_eq!(around(raw), expected, "{raw}");
        }
    }
}
