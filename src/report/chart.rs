//! Charts as SVG inside a page: bars and grids, with all their figures as a text alternative.
//!
//! No script, no outside font, the same bytes each time. Colours are told by their depth alone, so they survive a
//! printer without colours; each figure also stands on the chart.

use unicode_width::UnicodeWidthStr;

use super::block::{Bars, Heat, Spot};

const ROW: usize = 24;
const BAR: usize = 380;
const CELL_WIDTH: usize = 56;
const CELL_HEIGHT: usize = 26;
/// Of text of 13 pixels, half an em and some.
const PIXELS_PER_COLUMN: usize = 8;
const GAP: usize = 10;
/// Of a grid's colour, in hundredths.
const DEEPEST: f64 = 60.0;

/// The text with the characters that mean something in HTML told as such.
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            _ => out.push(c),
        }
    }
    out
}

fn pixels(text: &str) -> usize {
    text.width() * PIXELS_PER_COLUMN
}

/// `id` is unique on the page.
pub fn bars(bars: &Bars, id: &str) -> String {
    let labels = bars.bars.iter().map(|bar| pixels(&bar.label)).max().unwrap_or(0) + GAP;
    let figures = bars.bars.iter().map(|bar| pixels(&bar.shown)).max().unwrap_or(0) + GAP * 2;
    let told: Vec<String> = bars.bars.iter().map(|bar| format!("{}: {}", bar.label, bar.shown)).collect();
    let mut body = String::new();
    for (row, bar) in bars.bars.iter().enumerate() {
        let (y, wide) = (row * ROW, libm::round(bars.share(bar) * BAR as f64) as usize);
        body.push_str(&format!(
            "<text x=\"{}\" y=\"{}\" class=\"l\">{}</text><rect x=\"{labels}\" y=\"{}\" width=\"{wide}\" height=\"16\" rx=\"2\" \
             class=\"b\"/><text x=\"{}\" y=\"{}\">{}</text>\n",
            labels - GAP,
            y + 16,
            escape(&bar.label),
            y + 4,
            labels + wide + GAP,
            y + 16,
            escape(&bar.shown),
        ));
    }
    svg(id, (labels + BAR + figures, bars.bars.len() * ROW), &bars.title, &told.join(" / "), &body)
}

pub fn heat(heat: &Heat, id: &str) -> String {
    let names = heat.rows.iter().map(|(name, _)| pixels(name)).max().unwrap_or(0).max(pixels(&heat.corner)) + GAP;
    let columns = heat.columns.len().max(heat.rows.iter().map(|(_, spots)| spots.len()).max().unwrap_or(0));
    let mut body = format!("<text x=\"{}\" y=\"17\" class=\"l\">{}</text>", names - GAP, escape(&heat.corner));
    for (column, name) in heat.columns.iter().enumerate() {
        let middle = names + column * CELL_WIDTH + CELL_WIDTH / 2;
        body.push_str(&format!("<text x=\"{middle}\" y=\"17\" class=\"m\">{}</text>", escape(name)));
    }
    body.push('\n');
    let mut told = Vec::new();
    for (row, (name, spots)) in heat.rows.iter().enumerate() {
        let y = (row + 1) * CELL_HEIGHT;
        body.push_str(&format!("<text x=\"{}\" y=\"{}\" class=\"l\">{}</text>", names - GAP, y + 17, escape(name)));
        for (column, spot) in spots.iter().enumerate() {
            body.push_str(&cell(spot, names + column * CELL_WIDTH, y));
        }
        body.push('\n');
        let figures: Vec<&str> =
            spots.iter().map(|spot| spot.shown.as_str()).filter(|shown| !shown.is_empty()).collect();
        told.push(format!("{name}: {}", figures.join(", ")));
    }
    let size = (names + columns * CELL_WIDTH, (heat.rows.len() + 1) * CELL_HEIGHT);
    svg(id, size, &heat.title, &told.join(" / "), &body)
}

fn cell(spot: &Spot, x: usize, y: usize) -> String {
    if spot.shown.is_empty() {
        return String::new();
    }
    // Never so dark that dark letters lose their contrast.
    let opacity = libm::round(spot.depth.clamp(0.0, 1.0) * DEEPEST) as u32;
    format!(
        "<rect x=\"{x}\" y=\"{y}\" width=\"{}\" height=\"{}\" class=\"b\" fill-opacity=\"{}.{:02}\"/>\
         <text x=\"{}\" y=\"{}\" class=\"m\">{}</text>",
        CELL_WIDTH - 2,
        CELL_HEIGHT - 2,
        opacity / 100,
        opacity % 100,
        x + CELL_WIDTH / 2 - 1,
        y + 17,
        escape(&spot.shown),
    )
}

fn svg(id: &str, (width, height): (usize, usize), title: &str, told: &str, body: &str) -> String {
    format!(
        "<svg viewBox=\"0 0 {width} {height}\" width=\"{width}\" role=\"img\" aria-labelledby=\"{id}-t {id}-d\">\n\
         <title id=\"{id}-t\">{}</title><desc id=\"{id}-d\">{}</desc>\n{body}</svg>\n",
        escape(title),
        escape(told),
    )
}
