//! A comparison laid out for people: in columns, and as the comment of a pull request.
//!
//! Knows no terminal: no colour, no wrapping to a width.

use std::fmt::Write;

use super::super::keys;
use super::super::render::{Language, money, table, thousands};
use super::super::story::{Story, StoryLine};
use super::{ChangedPerson, Comparison, Count, Figures, JourneyFigures, Turn};

/// Lines of one story that are shown.
const LINES_MAX: usize = 25;
/// Characters of a line of a story.
const TEXT_MAX: usize = 120;
/// Lines that two stories have in common before they part, of which the last few are shown.
const SHARED_SHOWN: usize = 2;

/// The whole comparison, ending in a newline.
pub fn pretty(comparison: &Comparison, language: Language) -> String {
    if comparison.is_empty() {
        return nothing(comparison, language) + "\n";
    }
    let mut rows = vec![vec![String::new(), comparison.base.clone(), now(language), change(language)]];
    rows.extend(lines(&comparison.figures, language));
    let mut out = format!("{}\n{}", comparison.project, table(&rows));
    if !comparison.journeys.is_empty() {
        out.push('\n');
        out.push_str(&table(&journeys(comparison, language)));
    }
    let _ = writeln!(out, "\n{}", heading(comparison, language));
    for person in &comparison.people {
        let _ = writeln!(out, "\n{}: {}", person.person, turn(person, language));
        for (name, lines) in parted(comparison, person, language) {
            let _ = writeln!(out, "  {name}");
            lines.iter().for_each(|line| out.extend(["    ", line.as_str(), "\n"]));
        }
    }
    out
}

/// The same as a comment of a pull request: figures in tables, stories folded.
pub fn markdown(comparison: &Comparison, language: Language) -> String {
    let title = match language {
        Language::English => format!("### The same people through `{}` and this change\n\n", comparison.base),
        Language::Japanese => format!("### 同じ人々で `{}` とこの変更を比べた結果\n\n", comparison.base),
    };
    if comparison.is_empty() {
        return title + &nothing(comparison, language) + "\n";
    }
    let mut out = title;
    let head = [String::new(), format!("`{}`", comparison.base), now(language), change(language)];
    grid(&mut out, &head, lines(&comparison.figures, language));
    if !comparison.journeys.is_empty() {
        let mut rows = journeys(comparison, language);
        let head = rows.remove(0);
        out.push('\n');
        grid(&mut out, &head, rows);
    }
    let _ = writeln!(out, "\n{}\n", heading(comparison, language));
    for person in &comparison.people {
        let id = escaped(&person.person);
        let _ = writeln!(out, "<details><summary><b>{id}</b>: {}</summary>\n", turn(person, language));
        for (name, lines) in parted(comparison, person, language) {
            let _ = writeln!(out, "{}\n\n<pre>", escaped(&name));
            lines.iter().for_each(|line| out.extend([escaped(line).as_str(), "\n"]));
            out.push_str("</pre>\n\n");
        }
        out.push_str("</details>\n\n");
    }
    out
}

fn nothing(comparison: &Comparison, language: Language) -> String {
    match language {
        Language::English => format!("no difference for these people between {} and now", comparison.base),
        Language::Japanese => format!("この人々については {} と今とで違いはありません", comparison.base),
    }
}

fn now(language: Language) -> String {
    language.of("now", "今").to_string()
}

fn change(language: Language) -> String {
    language.of("change", "差").to_string()
}

/// The figures, a row each.
fn lines(figures: &Figures, language: Language) -> Vec<Vec<String>> {
    let mut rows = Vec::new();
    let mut row = |name: String, count: Count| {
        rows.push(vec![name, thousands(count.old), thousands(count.new), signed(count.delta)]);
    };
    row(language.of("people", "人数").into(), figures.people);
    row(language.of("reached", "届いた人").into(), figures.reached);
    row(language.of("entered", "参加").into(), figures.entered);
    row(language.of("messages", "メッセージ").into(), figures.messages);
    for (channel, count) in &figures.sent {
        row(format!("{} {channel}", language.of("sent", "送信")), *count);
    }
    for (reason, count) in &figures.dropped {
        row(format!("{} {}", language.of("not sent:", "不送:"), keys::word(reason, language)), *count);
    }
    row(language.of("goals", "ゴール").into(), figures.goals);
    row(language.of("most to one person in a day", "1人への最多 (1日)").into(), figures.most_in_a_day);
    row(language.of("most to one person in 7 days", "1人への最多 (7日)").into(), figures.most_in_7_days);
    for amount in figures.cost.values() {
        let delta = money(&amount.delta);
        let delta = if delta.starts_with(['-', '0']) { delta } else { format!("+{delta}") };
        let name = language.of("cost of messages", "配信費用").to_string();
        rows.push(vec![name, money(&amount.old), money(&amount.new), delta]);
    }
    rows
}

/// One row for each journey that changed, the heads first.
fn journeys(comparison: &Comparison, language: Language) -> Vec<Vec<String>> {
    let heads = match language {
        Language::English => ["journey", "entered", "sent", "not sent", "goals"],
        Language::Japanese => ["ジャーニー", "参加", "送信", "不送", "ゴール"],
    };
    let sum = |counts: &std::collections::BTreeMap<String, Count>| {
        Count::of(counts.values().map(|c| c.old).sum(), counts.values().map(|c| c.new).sum())
    };
    let row = |(name, figures): (&String, &JourneyFigures)| {
        let cells = [figures.entered, sum(&figures.sent), sum(&figures.dropped), figures.goals];
        [name.clone()].into_iter().chain(cells.map(became)).collect()
    };
    [heads.map(String::from).to_vec()].into_iter().chain(comparison.journeys.iter().map(row)).collect()
}

/// `120 → 130 (+10)`
fn became(count: Count) -> String {
    match count.is_changed() {
        true => format!("{} → {} ({})", thousands(count.old), thousands(count.new), signed(count.delta)),
        false => thousands(count.new),
    }
}

fn signed(delta: i64) -> String {
    match delta {
        0 => "–".to_string(),
        1.. => format!("+{}", thousands(delta.unsigned_abs())),
        _ => format!("-{}", thousands(delta.unsigned_abs())),
    }
}

fn heading(comparison: &Comparison, language: Language) -> String {
    let (all, told) = (thousands(comparison.people_changed), comparison.people.len());
    match language {
        Language::English if comparison.people_changed == 1 => "1 person had another outcome:".to_string(),
        Language::English => format!("{all} people had another outcome; {told} of them:"),
        Language::Japanese => format!("結果が変わった人: {all}人。うち{told}人の経過"),
    }
}

/// `3 more messages (1 → 4)`
fn turn(person: &ChangedPerson, language: Language) -> String {
    let (old, new) = (person.outcome.old, person.outcome.new);
    let went = |what: (&str, &str), old: u32, new: u32| match language {
        Language::English => format!("{} {old} → {new}", what.0),
        Language::Japanese => format!("{} {old} → {new}", what.1),
    };
    match person.turn {
        Turn::MoreMessages => went(("more messages:", "メッセージ増:"), old.messages, new.messages),
        Turn::FewerMessages => went(("fewer messages:", "メッセージ減:"), old.messages, new.messages),
        Turn::Goals => went(("goals:", "ゴール:"), old.goals, new.goals),
        Turn::Entries => went(("journeys entered:", "参加:"), old.entered, new.entered),
        Turn::Channels => language.of("other channels", "別のチャネル").to_string(),
        Turn::Drops => went(("not sent:", "不送:"), old.dropped, new.dropped),
        Turn::Times => language.of("other messages or times", "別のメッセージまたは時刻").to_string(),
    }
}

/// Both stories from where they part.
fn parted(comparison: &Comparison, person: &ChangedPerson, language: Language) -> Vec<(String, Vec<String>)> {
    let none: &[StoryLine] = &[];
    let all = |story: &Option<Story>| story.as_ref().map_or(none.to_vec(), |story| story.lines.clone());
    let (old, new) = (all(&person.stories.old), all(&person.stories.new));
    let shared = old.iter().zip(&new).take_while(|(a, b)| a == b).count().saturating_sub(SHARED_SHOWN);
    // One line takes no more room than to say that there is one.
    let shared = if shared > 1 { shared } else { 0 };
    let sides = [(&comparison.base, &person.stories.old, old), (&now(language), &person.stories.new, new)];
    let told = sides.map(|(name, story, lines)| {
        let Some(story) = story else {
            return (name.clone(), vec![language.of("is not known", "この版には現れない").to_string()]);
        };
        let mut shown = Vec::new();
        if shared > 0 {
            shown.push(match language {
                Language::English => format!("… {shared} lines that both have"),
                Language::Japanese => format!("… 共通の{shared}行"),
            });
        }
        shown.extend(lines.iter().skip(shared).take(LINES_MAX).map(|line| told_line(line, language)));
        let more = lines.len().saturating_sub(shared + LINES_MAX) as u64 + story.left_out;
        if more > 0 {
            shown.push(match language {
                Language::English => format!("… {more} more lines"),
                Language::Japanese => format!("… 他に{more}行"),
            });
        }
        (name.clone(), shown)
    });
    told.to_vec()
}

fn told_line(line: &StoryLine, language: Language) -> String {
    let journey = line.journey.as_ref().map_or(String::new(), |journey| format!("{journey}: "));
    let text = language.of(&line.words.en, &line.words.ja);
    let cut = text.char_indices().nth(TEXT_MAX).map_or(text.to_string(), |(at, _)| format!("{}…", &text[..at]));
    format!("{}  {journey}{cut}", line.time)
}

/// A table of Markdown, numbers to the right.
fn grid(out: &mut String, head: &[String], rows: Vec<Vec<String>>) {
    let line = |cells: &[String]| format!("| {} |\n", cells.iter().map(|c| escaped(c)).collect::<Vec<_>>().join(" | "));
    out.push_str(&line(head));
    out.push_str(&format!("|---|{}\n", "---:|".repeat(head.len().saturating_sub(1))));
    rows.iter().for_each(|row| out.push_str(&line(row)));
}

/// Text in which nothing is taken for HTML or for a cell's end.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('|', "&#124;").replace('@', "&#64;")
}
