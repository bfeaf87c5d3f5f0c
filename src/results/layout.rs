//! Tables and lines as text for a terminal, aligned by the width of characters on screen, or as Markdown.
//!
//! Knows nothing of what they say.

use unicode_width::UnicodeWidthStr;

/// A piece of a page.
#[derive(Debug, Clone, PartialEq)]
pub enum Block {
    Title(String),
    Line(String),
    /// Something is wrong.
    Alarm(String),
    /// The first row is the heading; the first column reads from the left, numbers from the right.
    Table(Vec<Vec<String>>),
}

/// Ends in a newline.
pub fn text(blocks: &[Block]) -> String {
    let mut out = String::new();
    for block in blocks {
        match block {
            Block::Title(title) => {
                let gap = if out.is_empty() { "" } else { "\n" };
                out.push_str(&format!("{gap}{title}\n"));
            }
            Block::Line(line) => out.push_str(&format!("{line}\n")),
            Block::Alarm(line) => out.push_str(&format!("! {line}\n")),
            Block::Table(rows) => out.push_str(&aligned(rows)),
        }
    }
    out
}

pub fn markdown(blocks: &[Block]) -> String {
    let mut out = String::new();
    for (index, block) in blocks.iter().enumerate() {
        match block {
            Block::Title(title) => out.push_str(&format!("### {}\n\n", escaped(title))),
            Block::Line(line) => out.push_str(&format!("- {}\n", escaped(line))),
            Block::Alarm(line) => out.push_str(&format!("- **{}**\n", escaped(line))),
            Block::Table(rows) => out.push_str(&piped(rows)),
        }
        let is_list = |block: &Block| matches!(block, Block::Line(_) | Block::Alarm(_));
        let ends = is_list(block) && blocks.get(index + 1).is_none_or(|next| !is_list(next));
        if ends || matches!(block, Block::Table(_)) {
            out.push('\n');
        }
    }
    out.trim_end().to_owned() + "\n"
}

fn aligned(rows: &[Vec<String>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width =
        |column: usize| rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.width()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let mut out = String::new();
    for row in rows {
        let mut line = String::from(" ");
        for (column, (cell, width)) in row.iter().zip(&widths).enumerate() {
            let space = " ".repeat(width.saturating_sub(cell.width()));
            match column {
                0 => line.extend([" ", cell, space.as_str()]),
                _ => line.extend(["  ", space.as_str(), cell]),
            }
        }
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out
}

fn piped(rows: &[Vec<String>]) -> String {
    let mut out = String::new();
    for (index, row) in rows.iter().enumerate() {
        let cells: Vec<String> = row.iter().map(|cell| escaped(cell)).collect();
        out.push_str(&format!("| {} |\n", cells.join(" | ")));
        if index == 0 {
            let rules: Vec<&str> = (0..row.len()).map(|column| if column == 0 { "---" } else { "--:" }).collect();
            out.push_str(&format!("| {} |\n", rules.join(" | ")));
        }
    }
    out
}

/// Names and titles are the author's: nothing in them is markup.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if "\\|*_<>[]#`&".contains(c) && c != '`' {
            out.push('\\');
        }
        out.push(c);
    }
    out
}
