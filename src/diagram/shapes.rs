//! How each kind of node looks: its colours, its icon, its outline, its text.
//!
//! Draws at a given centre; sizes follow from the text alone.

use super::curve::number;
use super::layout::{Point, Size};
use super::wrap::{width, wrap};
use super::{Kind, Node};
use crate::ir::Channel;
use crate::words::Language;

const LABEL_SIZE: f64 = 14.0;
const DETAIL_SIZE: f64 = 12.0;
const LABEL_COLUMNS: usize = 33;
const DETAIL_COLUMNS: usize = 38;
const LINE_HEIGHT: f64 = 1.4;
const PADDING: f64 = 12.0;
const ICON_RADIUS: f64 = 13.0;
/// The slant at both ends of a question.
const SLANT: f64 = 16.0;

pub struct Look {
    /// Of the border and the icon.
    pub strong: &'static str,
    /// Of the inside.
    pub tint: &'static str,
    /// In the legend.
    name: &'static str,
    name_ja: &'static str,
    /// Drawn around 0,0 within a radius of 8.
    icon: &'static str,
}

impl Look {
    pub fn name(&self, language: Language) -> &'static str {
        language.of(self.name, self.name_ja)
    }
}

pub fn look(kind: Kind) -> Look {
    let look = |strong, tint, (name, name_ja), icon| Look { strong, tint, name, name_ja, icon };
    match kind {
        Kind::Start => look("#1F2937", "#1F2937", ("start", "開始"), "<path d=\"M-4,-6L7,0L-4,6Z\"/>"),
        Kind::Wait => look("#B7791F", "#FFFBEB", ("wait", "待つ"), CLOCK),
        Kind::Send(Channel::Line) => look("#06A94A", "#ECFDF3", ("LINE", "LINE"), BUBBLE),
        Kind::Send(Channel::Email) => look("#2563EB", "#EFF6FF", ("email", "メール"), ENVELOPE),
        Kind::Send(Channel::Sms) => look("#0891B2", "#ECFEFF", ("SMS", "SMS"), BUBBLE),
        Kind::Send(Channel::Push) => look("#EA580C", "#FFF7ED", ("push", "プッシュ"), BELL),
        Kind::Send(Channel::Webhook) => look("#475569", "#F8FAFC", ("webhook", "webhook"), ANGLES),
        Kind::Branch => look("#6D5BD0", "#F5F3FF", ("question", "条件"), QUESTION),
        Kind::Split => look("#DB2777", "#FDF2F8", ("split", "振り分け"), FORK),
        Kind::Repeat => look("#6D5BD0", "#F5F3FF", ("repeat", "繰り返し"), CIRCLE_ARROW),
        Kind::Action => look("#0D9488", "#F0FDFA", ("action", "アクション"), LIGHTNING),
        Kind::Change => look("#64748B", "#F8FAFC", ("profile change", "プロフィールの変更"), TAG),
        Kind::End => look("#6B7280", "#F3F4F6", ("end", "終わり"), SQUARE),
        Kind::Stop => look("#6B7280", "#F3F4F6", ("stop", "途中で終了"), SQUARE),
    }
}

const CLOCK: &str = "<g class=\"l\"><circle r=\"7\"/><path d=\"M0,-4V0L3,2\"/></g>";
const BUBBLE: &str = "<path d=\"M-8,-2C-8,-9 8,-9 8,-2C8,2 3,4 0,4L-4,8L-4,3.5C-6.5,2.5 -8,1 -8,-2Z\"/>";
const ENVELOPE: &str = "<g class=\"l\"><rect x=\"-7.5\" y=\"-5.5\" width=\"15\" height=\"11\" rx=\"1.5\"/><path d=\"M-7,-4.5L0,1.5L7,-4.5\"/></g>";
const BELL: &str = "<path d=\"M-7,4C-4.5,2 -5.5,-7 0,-7C5.5,-7 4.5,2 7,4Z\"/><circle cy=\"6\" r=\"2\"/>";
const ANGLES: &str = "<g class=\"l\"><path d=\"M-3,-5L-7.5,0L-3,5M3,-5L7.5,0L3,5\"/></g>";
const QUESTION: &str = "<g class=\"l\"><path d=\"M-3.5,-3C-3.5,-8 4,-7.5 3.5,-3C3.2,-0.5 0,-0.5 0,2.5M0,6V6.2\"/></g>";
const FORK: &str = "<g class=\"l\"><path d=\"M0,7V2C0,-2 -6,0 -6,-6M0,2C0,-2 6,0 6,-6\"/></g>";
const CIRCLE_ARROW: &str = "<g class=\"l\"><path d=\"M5,-4.5A6.5,6.5 0 1 0 6.5,1M6,-8V-4H2\"/></g>";
const LIGHTNING: &str = "<path d=\"M2,-8L-6,1.5H-1L-2,8L6,-2H1Z\"/>";
const TAG: &str = "<path fill-rule=\"evenodd\" d=\"M-7,-7H0L7.5,0.5L0.5,7.5L-7,0ZM-5,-3.5A1.5,1.5 0 1 0 -2,-3.5A1.5,1.5 0 1 0 -5,-3.5Z\"/>";
const SQUARE: &str = "<rect x=\"-5\" y=\"-5\" width=\"10\" height=\"10\" rx=\"2\"/>";

/// A node's text, broken into lines, with the size it needs.
pub struct Card {
    kind: Kind,
    labels: Vec<String>,
    details: Vec<String>,
    pub size: Size,
}

pub fn card(node: &Node) -> Card {
    let labels = wrap(&node.label, LABEL_COLUMNS);
    let details: Vec<String> = node.details.iter().flat_map(|detail| wrap(detail, DETAIL_COLUMNS)).collect();
    let widest = labels
        .iter()
        .map(|line| width(line, LABEL_SIZE, true))
        .chain(details.iter().map(|line| width(line, DETAIL_SIZE, false)))
        .fold(0.0, f64::max);
    let text_height = (labels.len() as f64 * LABEL_SIZE + details.len() as f64 * DETAIL_SIZE) * LINE_HEIGHT;
    let size = Size {
        width: (widest + text_left(node.kind) + right_padding(node.kind)).ceil(),
        height: (text_height.max(ICON_RADIUS * 2.0) + PADDING * 1.5).ceil(),
    };
    Card { kind: node.kind, labels, details, size }
}

fn slanted(kind: Kind) -> bool {
    matches!(kind, Kind::Branch | Kind::Split | Kind::Repeat)
}

fn left_padding(kind: Kind) -> f64 {
    if slanted(kind) { PADDING + SLANT * 0.6 } else { PADDING }
}

fn right_padding(kind: Kind) -> f64 {
    if slanted(kind) { PADDING + SLANT * 0.7 } else { PADDING + 3.0 }
}

fn text_left(kind: Kind) -> f64 {
    left_padding(kind) + ICON_RADIUS * 2.0 + 10.0
}

/// The card as SVG.
pub fn draw(card: &Card, centre: Point) -> String {
    let look = look(card.kind);
    let (left, top) = (centre.x - card.size.width / 2.0, centre.y - card.size.height / 2.0);
    let mut svg = String::from("<g>");
    svg.push_str(&outline(card, left, top, &look));
    let icon_left = left + left_padding(card.kind) + ICON_RADIUS;
    svg.push_str(&icon(card.kind, Point { x: icon_left, y: centre.y }));
    let text_height = (card.labels.len() as f64 * LABEL_SIZE + card.details.len() as f64 * DETAIL_SIZE) * LINE_HEIGHT;
    let (x, mut y) = (left + text_left(card.kind), centre.y - text_height / 2.0);
    let dark = card.kind == Kind::Start;
    for (lines, size, class) in [
        (&card.labels, LABEL_SIZE, if dark { "n w" } else { "n" }),
        (&card.details, DETAIL_SIZE, if dark { "d v" } else { "d" }),
    ] {
        for line in lines {
            svg.push_str(&text(x, y + size * 1.05, class, line));
            y += size * LINE_HEIGHT;
        }
    }
    svg.push_str("</g>\n");
    svg
}

/// The round icon of a kind.
pub fn icon(kind: Kind, at: Point) -> String {
    let look = look(kind);
    let ground = if kind == Kind::Start { "#FFFFFF\" fill-opacity=\".16" } else { look.strong };
    format!(
        "<g transform=\"translate({},{})\"><circle r=\"{}\" fill=\"{ground}\"/><g class=\"i\">{}</g></g>",
        number(at.x),
        number(at.y),
        number(ICON_RADIUS),
        look.icon
    )
}

fn outline(card: &Card, left: f64, top: f64, look: &Look) -> String {
    let Size { width, height } = card.size;
    let style = format!("fill=\"{}\" stroke=\"{}\" stroke-width=\"1.5\"", look.tint, look.strong);
    if slanted(card.kind) {
        let (right, bottom, middle) = (left + width, top + height, top + height / 2.0);
        let corners = [
            (left + SLANT, top),
            (right - SLANT, top),
            (right, middle),
            (right - SLANT, bottom),
            (left + SLANT, bottom),
            (left, middle),
        ];
        return format!("<path d=\"{}\" {style}/>", rounded(&corners, 6.0));
    }
    let radius = match card.kind {
        Kind::Start | Kind::End | Kind::Stop => height.min(44.0) / 2.0,
        Kind::Wait | Kind::Send(_) | Kind::Action | Kind::Change | Kind::Branch | Kind::Split | Kind::Repeat => 10.0,
    };
    let numbers = [left, top, width, height, radius].map(number);
    let [x, y, w, h, r] = numbers;
    format!("<rect x=\"{x}\" y=\"{y}\" width=\"{w}\" height=\"{h}\" rx=\"{r}\" {style}/>")
}

/// A closed outline whose corners are cut by curves that begin `radius` before each corner.
fn rounded(corners: &[(f64, f64)], radius: f64) -> String {
    let mut data = String::new();
    for (i, corner) in corners.iter().enumerate() {
        let before = corners[(i + corners.len() - 1) % corners.len()];
        let after = corners[(i + 1) % corners.len()];
        let (enter, leave) = (towards(*corner, before, radius), towards(*corner, after, radius));
        let command = if i == 0 { 'M' } else { 'L' };
        let numbers = [enter, *corner, leave].map(|(x, y)| format!("{},{}", number(x), number(y)));
        data.push_str(&format!("{command}{}Q{} {}", numbers[0], numbers[1], numbers[2]));
    }
    data + "Z"
}

fn towards(from: (f64, f64), to: (f64, f64), distance: f64) -> (f64, f64) {
    let (dx, dy) = (to.0 - from.0, to.1 - from.1);
    let length = (dx * dx + dy * dy).sqrt().max(0.001);
    let part = (distance / length).min(0.5);
    (from.0 + dx * part, from.1 + dy * part)
}

/// A line of text with its baseline at `y`.
pub fn text(x: f64, y: f64, class: &str, line: &str) -> String {
    format!("<text x=\"{}\" y=\"{}\" class=\"{class}\">{}</text>", number(x), number(y), escape(line))
}

pub fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            c if c.is_control() => escaped.push(' '),
            c => escaped.push(c),
        }
    }
    escaped
}
