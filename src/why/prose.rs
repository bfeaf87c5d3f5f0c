//! An account as people read it.
//!
//! Adds nothing to it.

use unicode_width::UnicodeWidthStr;

use super::account::{Account, Basis, Ground, Line, Question};
use crate::words::Language;

/// Where places stand, if what is before them is not longer.
const PLACE_COLUMN: usize = 84;
const TIME: usize = 21;

pub fn text(account: &Account, language: Language) -> String {
    let of = |en: &str, ja: &str| language.of(en, ja).to_owned();
    let mut out = format!(
        "{} · {} · {} {} ({})\n",
        clean(&account.person),
        account.journey,
        of("up to", "時点"),
        account.until.local,
        account.zone
    );
    if let Some(caveat) = &account.caveat {
        out.push_str(&format!("{}: {}\n", of("note", "注意"), caveat.get(language)));
    }
    if let Some(answer) = &account.answer {
        out.push_str(&format!("\n{}\n", clean(answer.get(language))));
    }
    if account.left_out > 0 {
        out.push_str(&match language {
            Language::English => format!("\n… {} earlier lines\n", account.left_out),
            Language::Japanese => format!("\n… 以前の {} 行を省略\n", account.left_out),
        });
    }
    if account.lines.is_empty() && account.question == Question::Why {
        out.push_str(&of(
            "\nnothing of this journey happened to them; ask `tabi why-not`\n",
            "\nこのジャーニーでは何も起きていません。`tabi why-not` で理由を調べられます\n",
        ));
    }
    if !account.lines.is_empty() {
        out.push('\n');
    }
    let runs: std::collections::BTreeSet<u32> = account.lines.iter().filter_map(|line| line.run).collect();
    for told in &account.lines {
        line(told, runs.len() > 1, account.basis, language, &mut out);
    }
    out
}

fn line(told: &Line, several: bool, basis: Basis, language: Language, out: &mut String) {
    let run = match (told.run, several) {
        (Some(run), true) => format!("[{run}] "),
        _ => String::new(),
    };
    let text = format!("{:TIME$}{run}{}", told.when.local, clean(told.what.get(language)));
    put(out, &text, told.place.as_deref());
    if basis == Basis::Replay {
        told.because.iter().for_each(|because| ground(because, 1, language, out));
    }
}

fn ground(told: &Ground, depth: usize, language: Language, out: &mut String) {
    let mark = match told.holds {
        Some(true) => "✓",
        Some(false) => "✗",
        None => "·",
    };
    let values: Vec<String> =
        told.values.iter().map(|r| format!("{} = {}", r.of.get(language), r.value.get(language))).collect();
    let is_said = |value: &String| *value == told.what.get(language);
    let values: Vec<String> = values.into_iter().filter(|value| !is_said(value)).collect();
    let values = if values.is_empty() { String::new() } else { format!("  [{}]", values.join("; ")) };
    let text = format!("{:1$}{mark} {2}{values}", "", TIME + 2 * (depth - 1), clean(told.what.get(language)));
    put(out, &clean(&text), told.place.as_deref());
    told.parts.iter().for_each(|part| ground(part, depth + 1, language, out));
}

fn put(out: &mut String, text: &str, place: Option<&str>) {
    out.push_str(text.trim_end());
    if let Some(place) = place {
        out.push_str(&" ".repeat(PLACE_COLUMN.saturating_sub(text.trim_end().width()).max(2)));
        out.push_str(place);
    }
    out.push('\n');
}

/// Nothing in it commands a terminal.
fn clean(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}
