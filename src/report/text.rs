//! Sections for a terminal, aligned by the width of characters on screen.
//!
//! No colour, and no wrapping to the terminal's width.

use std::fmt::Write;

use unicode_width::UnicodeWidthStr;

use super::block::{Bars, Block, Heat, Section, Table};

/// Columns of the longest bar.
const BAR_COLUMNS: f64 = 30.0;
/// Columns of a grid that a terminal of a usual width still shows.
const GRID_COLUMNS: usize = 12;

/// All sections, ending in a newline.
pub fn text(sections: &[Section]) -> String {
    let mut out = String::new();
    for (number, section) in sections.iter().enumerate() {
        if number > 0 {
            out.push('\n');
        }
        let _ = writeln!(out, "{}\n{}", section.title, "─".repeat(section.title.width()));
        for block in &section.blocks {
            out.push_str(&match block {
                Block::Note(note) => format!("  {note}\n"),
                Block::Facts(facts) => columns(&facts.iter().map(pair).collect::<Vec<_>>(), 1),
                Block::Table(table) => titled(&table.title, &rows(table)),
                Block::Bars(bars) => titled(&bars.title, &drawn(bars)),
                Block::Heat(heat) => titled(&heat.title, &grid(heat)),
            });
        }
    }
    out
}

fn pair((name, figure): &(String, String)) -> Vec<String> {
    vec![name.clone(), figure.clone()]
}

fn titled(title: &str, body: &str) -> String {
    format!("\n  {title}\n{body}")
}

fn rows(table: &Table) -> String {
    let all: Vec<Vec<String>> = std::iter::once(&table.head).chain(&table.rows).cloned().collect();
    columns(&all, table.words)
}

fn drawn(bars: &Bars) -> String {
    let longest = bars.bars.iter().map(|bar| bar.length).fold(0.0, f64::max);
    let row = |bar: &super::block::Bar| {
        let share = if longest > 0.0 { bar.length / longest } else { 0.0 };
        vec![bar.label.clone(), bar.shown.clone(), "█".repeat(libm::round(share * BAR_COLUMNS) as usize)]
    };
    let rows: Vec<Vec<String>> = bars.bars.iter().map(row).collect();
    aligned(&rows, |column| column != 1)
}

fn grid(heat: &Heat) -> String {
    let cut = |cells: Vec<String>| cells.into_iter().take(GRID_COLUMNS).collect::<Vec<_>>();
    let mut all = vec![[vec![heat.corner.clone()], cut(heat.columns.clone())].concat()];
    for (name, spots) in &heat.rows {
        all.push([vec![name.clone()], cut(spots.iter().map(|spot| spot.shown.clone()).collect())].concat());
    }
    columns(&all, 1)
}

/// The first `words` columns stand at the left.
fn columns(rows: &[Vec<String>], words: usize) -> String {
    aligned(rows, |column| column < words)
}

fn aligned(rows: &[Vec<String>], is_left: impl Fn(usize) -> bool) -> String {
    let count = rows.iter().map(Vec::len).max().unwrap_or(0);
    let wide = |column: usize| rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.width()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..count).map(wide).collect();
    let mut out = String::new();
    for row in rows {
        let mut line = String::from("  ");
        for (column, (cell, width)) in row.iter().zip(&widths).enumerate() {
            let gap = " ".repeat(width - cell.width());
            line.push_str(if column > 0 { "  " } else { "" });
            line.push_str(&if is_left(column) { format!("{cell}{gap}") } else { format!("{gap}{cell}") });
        }
        let _ = writeln!(out, "{}", line.trim_end());
    }
    out
}
