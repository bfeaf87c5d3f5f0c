//! Flex messages: boxes, texts, pictures and buttons with LINE's own sizes.
//!
//! Sizes and spaces: Messaging API reference, "Flex Message elements" (2026). Every value that reaches a style is checked
//! to be a colour, a number or a known word first.

use serde_json::Value as Json;

use super::lines;
use crate::render::escaped;

/// A bubble or a carousel of bubbles.
pub fn container(contents: &Json) -> String {
    match word(contents, "type") {
        "carousel" => {
            let bubbles: String = children(contents).map(bubble).collect();
            format!("<div class=\"carousel\">{bubbles}</div>")
        }
        _ => bubble(contents),
    }
}

/// Widths of bubbles in pixels.
const BUBBLES: &[(&str, u32)] =
    &[("nano", 120), ("micro", 160), ("deca", 220), ("hecto", 241), ("kilo", 260), ("mega", 300), ("giga", 386)];

fn bubble(bubble: &Json) -> String {
    let width = known(BUBBLES, word(bubble, "size")).unwrap_or(300);
    let mut out = format!("<div class=\"bubble\" style=\"width:{width}px\">");
    for (block, padding) in [("header", "20px"), ("hero", "0"), ("body", "20px"), ("footer", "10px")] {
        let Some(inner) = bubble.get(block) else { continue };
        let styles = bubble.get("styles").and_then(|styles| styles.get(block));
        let ground = styles.and_then(|s| color(s, "backgroundColor")).map(|c| format!("background:{c};"));
        let line = styles.is_some_and(|s| s.get("separator").and_then(Json::as_bool) == Some(true));
        let line = if line { "border-top:1px solid #d4d6da;" } else { "" };
        let own = if word(inner, "type") == "box" { padding } else { "0" };
        out.push_str(&format!(
            "<div class=\"block\" style=\"{}{line}\">{}</div>",
            ground.unwrap_or_default(),
            component(inner, Layout::Vertical, Some(own))
        ));
    }
    out.push_str("</div>");
    out
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Layout {
    Vertical,
    Horizontal,
    Baseline,
}

/// `padding` is what a box has where it says none.
fn component(node: &Json, parent: Layout, padding: Option<&str>) -> String {
    let place = placed(node, parent);
    match word(node, "type") {
        "box" => boxed(node, &place, padding.unwrap_or("0")),
        "text" => text(node, &place),
        "button" => button(node, &place),
        "image" => image(node, &place),
        "video" => {
            let shown = picture(word(node, "previewUrl"), ratio(node), "wide video");
            format!("<div style=\"{place}\">{shown}</div>")
        }
        "icon" => format!("<span class=\"icon\" style=\"{place}\"></span>"),
        "separator" => {
            let color = color(node, "color").unwrap_or("#d4d6da");
            let side = if parent == Layout::Vertical { "border-top" } else { "border-left" };
            format!("<div style=\"{place}{side}:1px solid {color};\"></div>")
        }
        "filler" => "<div style=\"flex:1\"></div>".to_owned(),
        "spacer" => format!("<div style=\"height:{}\"></div>", space(word(node, "size")).unwrap_or("8px".to_owned())),
        other => format!("<div class=\"unknown\">{}</div>", escaped(other)),
    }
}

/// How an element shares its parent's room, and its distance from the one before it.
fn placed(node: &Json, parent: Layout) -> String {
    let flex = node.get("flex").and_then(Json::as_u64).map(|flex| flex.min(100));
    let mut style = match (flex, parent) {
        (Some(0), _) | (None, Layout::Vertical) => "flex:0 0 auto;".to_owned(),
        (Some(flex), _) => format!("flex:{flex} {flex} 0;min-width:0;"),
        (None, Layout::Horizontal | Layout::Baseline) if word(node, "type") == "separator" => {
            "flex:0 0 auto;".to_owned()
        }
        (None, Layout::Baseline) if word(node, "type") == "icon" => "flex:0 0 auto;".to_owned(),
        (None, Layout::Horizontal | Layout::Baseline) => "flex:1 1 0;min-width:0;".to_owned(),
    };
    if let Some(margin) = space(word(node, "margin")) {
        let side = if parent == Layout::Vertical { "top" } else { "left" };
        style.push_str(&format!("margin-{side}:{margin};"));
    }
    if word(node, "position") == "absolute" {
        style.push_str("position:absolute;");
    }
    for side in ["Top", "Bottom", "Start", "End"] {
        if let Some(offset) = space(word(node, &format!("offset{side}"))) {
            let css = match side {
                "Top" => "top",
                "Bottom" => "bottom",
                "Start" => "left",
                _ => "right",
            };
            style.push_str(&format!("{css}:{offset};"));
            if word(node, "position") != "absolute" {
                style.push_str("position:relative;");
            }
        }
    }
    style
}

fn boxed(node: &Json, place: &str, padding: &str) -> String {
    let layout = match word(node, "layout") {
        "horizontal" => Layout::Horizontal,
        "baseline" => Layout::Baseline,
        _ => Layout::Vertical,
    };
    let mut style = format!("display:flex;position:relative;{place}");
    style.push_str(match layout {
        Layout::Vertical => "flex-direction:column;",
        Layout::Horizontal => "flex-direction:row;",
        Layout::Baseline => "flex-direction:row;align-items:baseline;",
    });
    if let Some(gap) = space(word(node, "spacing")) {
        style.push_str(&format!("gap:{gap};"));
    }
    style.push_str(&format!("padding:{};", space(word(node, "paddingAll")).unwrap_or_else(|| padding.to_owned())));
    for (member, css) in
        [("paddingTop", "top"), ("paddingBottom", "bottom"), ("paddingStart", "left"), ("paddingEnd", "right")]
    {
        if let Some(padding) = space(word(node, member)) {
            style.push_str(&format!("padding-{css}:{padding};"));
        }
    }
    if let Some(color) = color(node, "backgroundColor") {
        style.push_str(&format!("background:{color};"));
    }
    if let Some(radius) = space(word(node, "cornerRadius")) {
        style.push_str(&format!("border-radius:{radius};overflow:hidden;"));
    }
    if let Some(border) = space(word(node, "borderWidth")) {
        style.push_str(&format!("border:{border} solid {};", color(node, "borderColor").unwrap_or("#000")));
    }
    for name in ["width", "height", "maxWidth", "maxHeight"] {
        if let Some(size) = space(word(node, name)) {
            let css = name.replace("W", "-w").replace("H", "-h");
            style.push_str(&format!("{css}:{size};"));
        }
    }
    for (member, css) in [("justifyContent", "justify-content"), ("alignItems", "align-items")] {
        let value = word(node, member);
        if ["flex-start", "center", "flex-end", "space-between", "space-around", "space-evenly"].contains(&value) {
            style.push_str(&format!("{css}:{value};"));
        }
    }
    let inner: String = children(node).map(|child| component(child, layout, None)).collect();
    format!("<div style=\"{style}\">{inner}</div>")
}

/// Sizes of letters in pixels.
const LETTERS: &[(&str, u32)] = &[
    ("xxs", 11),
    ("xs", 13),
    ("sm", 14),
    ("md", 16),
    ("lg", 19),
    ("xl", 22),
    ("xxl", 29),
    ("3xl", 35),
    ("4xl", 48),
    ("5xl", 74),
];

fn letters(node: &Json) -> String {
    let mut style = String::new();
    match known(LETTERS, word(node, "size")) {
        Some(size) => style.push_str(&format!("font-size:{size}px;")),
        None => {
            if let Some(size) = space(word(node, "size")) {
                style.push_str(&format!("font-size:{size};"));
            }
        }
    }
    if let Some(color) = color(node, "color") {
        style.push_str(&format!("color:{color};"));
    }
    if word(node, "weight") == "bold" {
        style.push_str("font-weight:700;");
    }
    if word(node, "style") == "italic" {
        style.push_str("font-style:italic;");
    }
    match word(node, "decoration") {
        "underline" => style.push_str("text-decoration:underline;"),
        "line-through" => style.push_str("text-decoration:line-through;"),
        _ => {}
    }
    style
}

fn text(node: &Json, place: &str) -> String {
    let mut style = letters(node);
    style.push_str(match word(node, "align") {
        "center" => "text-align:center;",
        "end" => "text-align:right;",
        _ => "",
    });
    if let Some(spacing) = space(word(node, "lineSpacing")) {
        style.push_str(&format!("line-height:calc(1.4em + {spacing});"));
    }
    let wraps = node.get("wrap").and_then(Json::as_bool) == Some(true);
    let class = if wraps { "words" } else { "words one" };
    if let Some(most) = node.get("maxLines").and_then(Json::as_u64).filter(|most| *most > 0 && wraps) {
        let most = most.min(100);
        style.push_str(&format!(
            "display:-webkit-box;-webkit-box-orient:vertical;-webkit-line-clamp:{most};overflow:hidden;"
        ));
    }
    let spans: String = children(node)
        .map(|span| format!("<span style=\"{}\">{}</span>", letters(span), lines(word(span, "text"))))
        .collect();
    let inner = if spans.is_empty() { lines(word(node, "text")) } else { spans };
    format!("<div class=\"{class}\" style=\"{place}{style}\">{inner}</div>")
}

fn button(node: &Json, place: &str) -> String {
    let label = node.get("action").map_or("", |action| word(action, "label"));
    let own = color(node, "color");
    let colors = match word(node, "style") {
        "primary" => format!("background:{};color:#fff;", own.unwrap_or("#17c950")),
        "secondary" => format!("background:{};color:#111;", own.unwrap_or("#dcdfe5")),
        _ => format!("color:{};", own.unwrap_or("#42659a")),
    };
    let height = if word(node, "height") == "sm" { 40 } else { 52 };
    format!("<div class=\"button\" style=\"{place}{colors}height:{height}px\"><span>{}</span></div>", escaped(label))
}

/// Widths of pictures in pixels.
const PICTURES: &[(&str, u32)] = &[
    ("xxs", 40),
    ("xs", 60),
    ("sm", 80),
    ("md", 100),
    ("lg", 120),
    ("xl", 140),
    ("xxl", 160),
    ("3xl", 180),
    ("4xl", 200),
    ("5xl", 220),
];

fn image(node: &Json, place: &str) -> String {
    let size = word(node, "size");
    let width = match known(PICTURES, if size.is_empty() { "md" } else { size }) {
        Some(width) => format!("{width}px"),
        None if size == "full" => "100%".to_owned(),
        None => space(size).unwrap_or_else(|| "100px".to_owned()),
    };
    let align = match word(node, "align") {
        "start" => "flex-start",
        "end" => "flex-end",
        _ => "center",
    };
    let shown = picture(word(node, "url"), ratio(node), "");
    format!(
        "<div style=\"{place}display:flex;justify-content:{align}\"><div style=\"width:{width};max-width:100%\">{shown}</div></div>"
    )
}

/// Width to height, from `20:13`; a square without.
fn ratio(node: &Json) -> f64 {
    let parts = word(node, "aspectRatio").split_once(':');
    let number = |text: &str| text.parse::<f64>().ok().filter(|n| *n > 0.0 && *n < 100_000.0);
    parts.and_then(|(w, h)| Some(number(w)? / number(h)?)).unwrap_or(1.0)
}

/// A box in a picture's place, with the name of its file.
pub fn picture(url: &str, ratio: f64, class: &str) -> String {
    let name = url.split(['?', '#']).next().unwrap_or("").rsplit('/').next().unwrap_or("");
    let name: String = name.chars().take(40).collect();
    let ratio = ratio.clamp(0.1, 10.0);
    format!("<div class=\"picture {class}\" style=\"aspect-ratio:{ratio:.3}\"><span>{}</span></div>", escaped(&name))
}

fn children(node: &Json) -> impl Iterator<Item = &Json> {
    node.get("contents").and_then(Json::as_array).into_iter().flatten()
}

fn word<'a>(node: &'a Json, name: &str) -> &'a str {
    node.get(name).and_then(Json::as_str).unwrap_or("")
}

fn known(table: &[(&str, u32)], name: &str) -> Option<u32> {
    table.iter().find(|(known, _)| *known == name).map(|(_, size)| *size)
}

/// A distance: LINE's words, pixels or percents.
fn space(text: &str) -> Option<String> {
    const WORDS: &[(&str, u32)] = &[("none", 0), ("xs", 2), ("sm", 4), ("md", 8), ("lg", 12), ("xl", 16), ("xxl", 20)];
    if let Some(pixels) = known(WORDS, text) {
        return Some(format!("{pixels}px"));
    }
    let number = text.strip_suffix("px").or_else(|| text.strip_suffix('%'))?;
    number.parse::<f64>().ok().filter(|n| n.is_finite()).map(|_| text.to_owned())
}

/// `#rrggbb` or `#rrggbbaa`.
fn color<'a>(node: &'a Json, name: &str) -> Option<&'a str> {
    let text = word(node, name);
    let digits = text.strip_prefix('#')?;
    (matches!(digits.len(), 6 | 8) && digits.chars().all(|c| c.is_ascii_hexdigit())).then_some(text)
}
