//! Sections for a terminal, aligned by the width of characters on screen.
//!
//! No colour, and no wrapping to the terminal's width.

use std::fmt::Write;

use unicode_width::UnicodeWidthStr;

use super::block::{Bars, Block, Heat, Section, Table};

/// Columns of the longest bar.
const BAR_COLUMNS: f64 = 30.0;
/// Columns of a note.
const NOTE_COLUMNS: usize = 96;
/// Columns of a grid that a terminal of a usual width still shows.
const GRID_COLUMNS: usize = 12;

/// The title and all sections, ending in a newline.
pub fn text(title: &str, sections: &[Section]) -> String {
    let mut out = format!("{title}\n");
    for section in sections {
        let _ = writeln!(out, "\n{}\n{}", section.title, "─".repeat(section.title.width()));
        for block in &section.blocks {
            out.push_str(&match block {
                Block::Note(note) => wrapped(note),
                Block::Facts(facts) => columns(&facts.iter().map(pair).collect::<Vec<_>>(), 2),
                Block::Table(table) => titled(&table.title, &rows(table)),
                Block::Bars(bars) => titled(&bars.title, &drawn(bars)),
                Block::Heat(heat) => titled(&heat.title, &grid(heat)),
            });
        }
    }
    out
}

/// Between words, and anywhere between characters that are wide (but for signs that must not begin a line).
fn wrapped(note: &str) -> String {
    let mut lines = vec![String::new()];
    let mut word = String::new();
    let mut rest = note.chars().peekable();
    while let Some(c) = rest.next() {
        word.push(c);
        let is_wide = |c: char| unicode_width::UnicodeWidthChar::width(c) == Some(2);
        let next = rest.peek().copied();
        let may_break = c == ' ' || next.is_none_or(|next| is_wide(c) && is_wide(next) && !"、。」）".contains(next));
        if !may_break {
            continue;
        }
        let full = lines.last().is_some_and(|line| line.width() + word.trim_end().width() > NOTE_COLUMNS);
        if full {
            lines.push(String::new());
        }
        if let Some(line) = lines.last_mut() {
            line.push_str(&word);
        }
        word.clear();
    }
    if let Some(line) = lines.last_mut() {
        line.push_str(&word);
    }
    lines.iter().map(|line| format!("  {}\n", line.trim_end())).collect()
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
    let row = |bar: &super::block::Bar| {
        let length = libm::round(bars.share(bar) * BAR_COLUMNS) as usize;
        vec![bar.label.clone(), bar.shown.clone(), "█".repeat(length)]
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
    let wide =
        |column: usize| rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.width()).max().unwrap_or(0);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notes_break_between_words_and_between_wide_characters() {
        let english = wrapped(&"word ".repeat(30));
        assert!(english.lines().all(|line| line.width() <= NOTE_COLUMNS + 2), "{english}");
        assert_eq!(english.split_whitespace().count(), 30);
        let japanese = wrapped(&"購入した人の割合、".repeat(12));
        assert!(japanese.lines().all(|line| line.width() <= NOTE_COLUMNS + 2), "{japanese}");
        assert!(japanese.lines().all(|line| !line.trim_start().starts_with('、')), "{japanese}");
        assert_eq!(wrapped("short"), "  short\n");
    }
}
