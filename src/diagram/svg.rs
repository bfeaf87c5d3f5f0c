//! The diagram as one SVG for a slide: title, facts, flow, legend. No script, no outside font, the same bytes each time.
//!
//! Chooses between downward and rightward flow by which can be shown larger on a wide slide.

use super::curve::{self, Ends, number};
use super::layout::{Direction, Layout, Link, Point, Size, layout};
use super::shapes::{self, Card, escape, text};
use super::wrap::{cut, width};
use super::{Diagram, Edge, Kind};

/// Above this a picture is neither readable nor quick to lay out (the layout takes more than a second).
pub const NODES_MAX: usize = 500;

const MARGIN: f64 = 36.0;
const TITLE_SIZE: f64 = 24.0;
const SMALL_SIZE: f64 = 12.0;
const CHIP_HEIGHT: f64 = 26.0;
const LABEL_COLUMNS: usize = 40;
/// What a slide of 1,600 by 900 pixels leaves beside title, facts and legend.
const SLIDE: Size = Size { width: 1600.0, height: 640.0 };

const STYLE: &str = "text{font-family:\"Noto Sans JP\",\"Noto Sans CJK JP\",\"Hiragino Sans\",\"Yu Gothic UI\",\"Segoe UI\",sans-serif;fill:#1F2937}\
.t{font-size:24px;font-weight:700}.s{font-size:13px;fill:#6B7280}.n{font-size:14px;font-weight:600}.d{font-size:12px;fill:#4B5563}\
.w{fill:#FFFFFF}.v{fill:#D1D5DB}.c{font-size:12px}.k{font-size:12px;fill:#6B7280}.e{font-size:12px;fill:#374151;text-anchor:middle}\
.p{fill:none;stroke:#94A3B8;stroke-width:1.8}.f{stroke-dasharray:6 5}.i{fill:#FFFFFF}\
.l{fill:none;stroke:#FFFFFF;stroke-width:1.8;stroke-linecap:round;stroke-linejoin:round}";

/// The picture; `None` when the journey has more than [`NODES_MAX`] nodes.
pub fn svg(diagram: &Diagram) -> Option<String> {
    if diagram.nodes.len() > NODES_MAX {
        return None;
    }
    let cards: Vec<Card> = diagram.nodes.iter().map(shapes::card).collect();
    let flow = arrange(diagram, &cards);
    let inner = flow.size.width.max(width(title(diagram), TITLE_SIZE, true)).max(640.0);
    let (head, head_height) = header(diagram, inner);
    let (foot, foot_height) = legend(diagram, inner);
    let (page_width, page_height) = (inner + MARGIN * 2.0, MARGIN * 2.0 + head_height + flow.size.height + foot_height);
    let (w, h) = (number(page_width.ceil()), number(page_height.ceil()));
    let (x, y) = (MARGIN + (inner - flow.size.width) / 2.0, MARGIN + head_height);
    Some(format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{w}\" height=\"{h}\" viewBox=\"0 0 {w} {h}\" role=\"img\">\n\
         <title>{}</title>\n<style>{STYLE}</style>\n\
         <defs><marker id=\"a\" viewBox=\"0 0 10 10\" refX=\"8.5\" refY=\"5\" markerWidth=\"7\" markerHeight=\"7\" orient=\"auto\">\
         <path d=\"M1,1L9,5L1,9Z\" fill=\"#94A3B8\"/></marker></defs>\n\
         <rect width=\"{w}\" height=\"{h}\" fill=\"#FFFFFF\"/>\n\
         <g transform=\"translate({m},{m})\">\n{head}</g>\n\
         <g transform=\"translate({},{})\">\n{}</g>\n\
         <g transform=\"translate({m},{})\">\n{foot}</g>\n</svg>\n",
        escape(title(diagram)),
        number(x),
        number(y),
        body(diagram, &cards, &flow),
        number(y + flow.size.height),
        m = number(MARGIN),
    ))
}

fn title(diagram: &Diagram) -> &str {
    diagram.title.as_deref().unwrap_or(&diagram.journey)
}

fn arrange(diagram: &Diagram, cards: &[Card]) -> Layout {
    let sizes: Vec<Size> = cards.iter().map(|card| card.size).collect();
    let links: Vec<Link> =
        diagram.edges.iter().map(|edge| Link { from: edge.from, to: edge.to, label: label_size(edge) }).collect();
    let scale = |flow: &Layout| (SLIDE.width / flow.size.width).min(SLIDE.height / flow.size.height).min(1.0);
    let down = layout(&sizes, &links, Direction::Down);
    let right = layout(&sizes, &links, Direction::Right);
    if scale(&right) > scale(&down) { right } else { down }
}

fn label(edge: &Edge) -> Option<String> {
    edge.label.as_ref().map(|label| cut(label, LABEL_COLUMNS))
}

fn label_size(edge: &Edge) -> Size {
    match label(edge) {
        Some(label) => Size { width: width(&label, SMALL_SIZE, false) + 16.0, height: 22.0 },
        None => Size { width: 0.0, height: 0.0 },
    }
}

fn body(diagram: &Diagram, cards: &[Card], flow: &Layout) -> String {
    let mut svg = String::new();
    for (edge, (bends, _)) in diagram.edges.iter().zip(&flow.links) {
        let end = |node: usize| (flow.nodes[node], cards[node].size);
        let ends = Ends { from: end(edge.from), to: end(edge.to) };
        let class = if edge.fallback { "p f" } else { "p" };
        let data = curve::path(bends, &ends, flow.direction);
        svg.push_str(&format!("<path class=\"{class}\" d=\"{data}\" marker-end=\"url(#a)\"/>\n"));
    }
    for (card, centre) in cards.iter().zip(&flow.nodes) {
        svg.push_str(&shapes::draw(card, *centre));
    }
    for (edge, (_, at)) in diagram.edges.iter().zip(&flow.links) {
        if let (Some(label), Some(at)) = (label(edge), at) {
            svg.push_str(&edge_label(&label, label_size(edge), *at));
        }
    }
    svg
}

fn edge_label(label: &str, size: Size, at: Point) -> String {
    let [x, y, w, h] = [at.x - size.width / 2.0, at.y - size.height / 2.0, size.width, size.height].map(number);
    format!(
        "<rect x=\"{x}\" y=\"{y}\" width=\"{w}\" height=\"{h}\" rx=\"11\" fill=\"#FFFFFF\" stroke=\"#E2E8F0\"/>{}\n",
        text(at.x, at.y + 4.2, "e", label)
    )
}

/// Title, name, and the facts as chips that flow over as many lines as they need; with the height it takes.
fn header(diagram: &Diagram, inner: f64) -> (String, f64) {
    let mut svg = text(0.0, TITLE_SIZE, "t", title(diagram));
    let mut y = TITLE_SIZE + 10.0;
    if diagram.title.is_some() {
        svg.push_str(&text(0.0, y + 14.0, "s", &diagram.journey));
        y += 24.0;
    }
    y += 8.0;
    let mut x = 0.0;
    for fact in &diagram.facts {
        let content = cut(&fact.text, 80);
        let (name_width, text_width) = (width(fact.label, SMALL_SIZE, false), width(&content, SMALL_SIZE, false));
        let chip = name_width + text_width + 30.0;
        if x > 0.0 && x + chip > inner {
            (x, y) = (0.0, y + CHIP_HEIGHT + 8.0);
        }
        let [left, top, wide, high] = [x, y, chip, CHIP_HEIGHT].map(number);
        svg.push_str(&format!(
            "<rect x=\"{left}\" y=\"{top}\" width=\"{wide}\" height=\"{high}\" rx=\"13\" fill=\"#F8FAFC\" stroke=\"#E2E8F0\"/>"
        ));
        svg.push_str(&text(x + 12.0, y + 17.2, "k", fact.label));
        svg.push_str(&text(x + name_width + 19.0, y + 17.2, "c", &content));
        x += chip + 8.0;
    }
    (svg + "\n", y + CHIP_HEIGHT + 30.0)
}

/// The kinds that occur, in a fixed order; with the height it takes.
fn legend(diagram: &Diagram, inner: f64) -> (String, f64) {
    let mut kinds: Vec<Kind> = Vec::new();
    for node in &diagram.nodes {
        let plain = !matches!(node.kind, Kind::Start | Kind::End | Kind::Stop);
        if plain && !kinds.contains(&node.kind) {
            kinds.push(node.kind);
        }
    }
    let fallback = diagram.edges.iter().any(|edge| edge.fallback);
    let (mut svg, mut x, mut y) = (String::new(), 0.0, 44.0);
    for kind in kinds {
        let name = shapes::look(kind).name(diagram.language);
        let wide = 26.0 + width(name, SMALL_SIZE, false) + 18.0;
        if x > 0.0 && x + wide > inner {
            (x, y) = (0.0, y + 26.0);
        }
        let icon = shapes::icon(kind, Point { x: 0.0, y: 0.0 });
        let at = format!("{},{}", number(x + 9.0), number(y));
        svg.push_str(&format!("<g transform=\"translate({at}) scale(.65)\">{icon}</g>"));
        svg.push_str(&text(x + 24.0, y + 4.2, "k", name));
        x += wide;
    }
    if fallback {
        let [from, to, at] = [x, x + 34.0, y].map(number);
        svg.push_str(&format!("<path class=\"p f\" d=\"M{from},{at}H{to}\"/>"));
        svg.push_str(&text(x + 42.0, y + 4.2, "k", diagram.language.of("otherwise", "そうでなければ")));
    }
    (svg + "\n", y + 14.0)
}
