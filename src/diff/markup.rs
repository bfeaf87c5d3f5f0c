//! A page of HTML or MJML without what no reader sees: comments, indentation, line ends. A line for each element.
//!
//! Understands no template and no style sheet; white space that may be seen stays, as one space.

/// Elements that stand in a line of text: a space beside them is seen.
const INLINE: &[&str] = &[
    "a", "abbr", "b", "big", "cite", "code", "del", "em", "font", "i", "img", "ins", "kbd", "label", "mark", "q", "s",
    "small", "span", "strike", "strong", "sub", "sup", "tt", "u",
];

/// The page as it is compared. A page in which every space counts stays as it was written.
pub fn laid_out(page: &str) -> String {
    if page.contains("<pre") || page.contains("white-space") {
        return page.to_owned();
    }
    let page = without(&without(page, "{#", "#}", ""), "<!--", "-->", "[if");
    let mut out = String::with_capacity(page.len());
    let mut rest = page.trim();
    while !rest.is_empty() {
        let text = &rest[..rest.find('<').unwrap_or(rest.len())];
        let tag = &rest[text.len()..];
        let tag = &tag[..tag.find('>').map_or(tag.len(), |end| end + 1)];
        rest = &rest[text.len() + tag.len()..];
        write_text(&mut out, text, tag);
        out.extend(one_line(tag));
    }
    out
}

/// The text between two tags: the end of what is written so far, and `after`.
fn write_text(out: &mut String, text: &str, after: &str) {
    let before = out.rfind('<').map_or("", |at| &out[at..]);
    let (seen_before, seen_after) = (is_inline(before), is_inline(after));
    if text.trim().is_empty() {
        match (seen_before && seen_after, text.is_empty()) {
            (true, false) => out.push(' '),
            (true, true) => {}
            (false, _) if out.is_empty() || after.is_empty() || seen_before || seen_after => {}
            (false, _) => out.push('\n'),
        }
        return;
    }
    if seen_before && text.starts_with(char::is_whitespace) {
        out.push(' ');
    }
    out.extend(one_line(text.trim()));
    if seen_after && text.ends_with(char::is_whitespace) {
        out.push(' ');
    }
}

fn is_inline(tag: &str) -> bool {
    let name = tag.trim_start_matches(['<', '/']);
    let name = &name[..name.find(|c: char| !c.is_ascii_alphanumeric() && c != '-').unwrap_or(name.len())];
    INLINE.iter().any(|inline| inline.eq_ignore_ascii_case(name))
}

/// Each run of white space as one space.
fn one_line(text: &str) -> Option<String> {
    let mut words = text.split_whitespace();
    let first = words.next()?;
    Some(words.fold(first.to_owned(), |line, word| line + " " + word))
}

/// Without the parts from `open` to `close`, but for those that go on with `kept`, if that is anything.
fn without(text: &str, open: &str, close: &str, kept: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(open) {
        let inside = &rest[at + open.len()..];
        let end = inside.find(close).map_or(inside.len(), |end| end + close.len());
        let stays = !kept.is_empty() && inside.starts_with(kept);
        out.push_str(&rest[..at + if stays { open.len() + end } else { 0 }]);
        rest = &inside[end..];
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layout_and_comments_are_nothing() {
        let one = "<mjml>\n  <mj-body>\n    <mj-text>one <b>two</b></mj-text>\n  </mj-body>\n</mjml>\n";
        let other = "<mjml><!-- a -->\r\n<mj-body><mj-text>\n one\n <b>two</b>\n</mj-text>{# b #}</mj-body>\n\n</mjml>";
        assert_eq!(laid_out(one), laid_out(other));
        assert_eq!(laid_out(one), "<mjml>\n<mj-body>\n<mj-text>one <b>two</b></mj-text>\n</mj-body>\n</mjml>");
        assert_eq!(laid_out("<p\n  class='a'\n>x</p>"), laid_out("<p class='a' >x</p>"));
    }

    #[test]
    fn what_is_seen_stays() {
        for (one, other) in [
            ("<p>a <b>b</b></p>", "<p>a<b>b</b></p>"),
            ("<p><b>a</b> <i>b</i></p>", "<p><b>a</b><i>b</i></p>"),
            ("<p>a b</p>", "<p>ab</p>"),
            ("<!--[if mso]><p>a</p><![endif]-->", "<!--[if mso]><p>b</p><![endif]-->"),
            ("<pre>a  b</pre>", "<pre>a b</pre>"),
            ("<a href=\"x\">a</a>", "<a href=\"y\">a</a>"),
            ("{% if a %} <p>", "{% if b %} <p>"),
        ] {
            assert_ne!(laid_out(one), laid_out(other), "{one}");
        }
    }

    #[test]
    fn any_text_is_laid_out() {
        for odd in ["", "<", ">", "a < b > c", "<!--", "{#", "<a", "</>", "<<b>>", "{# <!-- #} -->", "あ<い"] {
            assert_eq!(laid_out(&laid_out(odd)), laid_out(odd), "{odd}");
        }
    }
}
