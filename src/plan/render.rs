//! A plan for those who sign it off: on a terminal and in a pull request, in English and Japanese.
//!
//! Decides nothing.

use std::fmt::Write as _;

use super::{Class, Group, Outcome, Plan, Problem};
use crate::words::Language;

/// For a terminal. The difference is written above it by whoever has it.
pub fn pretty(plan: &Plan, language: Language) -> String {
    let mut out = String::new();
    let _ = writeln!(out, "{}", title(plan, language));
    for line in &plan.at_once {
        let _ = writeln!(
            out,
            "  {}",
            pick(language, format!("at once, for everybody: {line}"), format!("全員に即時反映: {line}"))
        );
    }
    for (index, group) in plan.groups.iter().enumerate() {
        let _ = writeln!(out, "  {}", head(group, language));
        let _ = writeln!(out, "    {}", fate(group, language));
        for line in outcome(plan, index, language) {
            let _ = writeln!(out, "    {line}");
        }
    }
    for line in channels(plan, language) {
        let _ = writeln!(out, "  {line}");
    }
    for problem in &plan.problems {
        let mark = if problem.is_note() { "!" } else { "✗" };
        let _ = writeln!(out, "{mark} {}", sentence(problem, language));
    }
    let _ = writeln!(out, "{}", summary(plan, language));
    out
}

/// As a comment of a pull request.
pub fn markdown(plan: &Plan, language: Language) -> String {
    let mut out = format!("### {}\n\n", title(plan, language));
    for line in &plan.at_once {
        let _ = writeln!(
            out,
            "- {}",
            pick(language, format!("at once, for everybody: {line}"), format!("全員に即時反映: {line}"))
        );
    }
    if !plan.at_once.is_empty() {
        out.push('\n');
    }
    if !plan.groups.is_empty() {
        let header = pick(
            language,
            "| people | where | what happens to the step | what becomes of them | 24 h / 7 days |".to_owned(),
            "| 人数 | 位置 | ステップの変化 | その人たちの扱い | 24時間 / 7日 |".to_owned(),
        );
        let _ = writeln!(out, "{header}\n|---:|---|---|---|---|");
        for (index, group) in plan.groups.iter().enumerate() {
            let lines = outcome(plan, index, language).join("<br>");
            let _ = writeln!(
                out,
                "| {} | `{}` | {} | {} | {lines} |",
                group.heads,
                place(group),
                class(group.class, language),
                fate(group, language)
            );
        }
        out.push('\n');
    }
    for line in channels(plan, language) {
        let _ = writeln!(out, "- {line}");
    }
    for problem in &plan.problems {
        let mark = if problem.is_note() { "⚠️" } else { "❌" };
        let _ = writeln!(out, "- {mark} {}", sentence(problem, language));
    }
    let _ = writeln!(out, "\n{}", summary(plan, language));
    out
}

fn pick(language: Language, en: String, ja: String) -> String {
    match language {
        Language::English => en,
        Language::Japanese => ja,
    }
}

/// `1 person`, `2 people`.
pub fn people(count: u64) -> String {
    match count {
        1 => "1 person".to_owned(),
        _ => format!("{count} people"),
    }
}

fn title(plan: &Plan, language: Language) -> String {
    let (from, to) = (plan.from.generation, plan.from.generation + 1);
    let (old, new) = (plan.from.bundle.get(..8).unwrap_or_default(), plan.to.get(..8).unwrap_or_default());
    pick(
        language,
        format!("Plan: version {from} ({old}) → {to} ({new}), {}", people(plan.people)),
        format!("計画: 版 {from} ({old}) → {to} ({new})、登録者 {} 人", plan.people),
    )
}

fn place(group: &Group) -> String {
    let step = group.step.as_deref().unwrap_or("held out");
    format!("{} {} / {step}", group.journey, group.version)
}

fn head(group: &Group, language: Language) -> String {
    let (place, what, heads) = (place(group), class(group.class, language), group.heads);
    pick(language, format!("{heads} at {place}: {what}"), format!("{place} に {heads} 人: {what}"))
}

fn class(class: Class, language: Language) -> &'static str {
    let (en, ja) = match class {
        Class::Elsewhere => ("the step is the same, the way around it changed", "このステップは同じ。前後が変わります"),
        Class::Changed => ("the step changed", "このステップが変わります"),
        Class::Removed => ("the step is gone", "このステップはなくなります"),
        Class::JourneyRemoved => ("the journey is gone", "ジャーニーがなくなります"),
        Class::HeldOut => ("held out for comparison", "比較のため対象外"),
    };
    match language {
        Language::English => en,
        Language::Japanese => ja,
    }
}

fn fate(group: &Group, language: Language) -> String {
    let by = match (group.said, language) {
        (true, Language::English) => " (`moves` says so)",
        (true, Language::Japanese) => " (`moves` の指定)",
        (false, Language::English) => " (the rule)",
        (false, Language::Japanese) => " (既定)",
    };
    let fate = &group.fate;
    let said = if fate == "stay" {
        pick(language, "stay: finish on the version they are on".to_owned(), "stay: いまの版で最後まで進む".to_owned())
    } else if fate == "to stop" {
        pick(language, "to stop: their runs end".to_owned(), "to stop: 途中で終了".to_owned())
    } else {
        fate.clone()
    };
    format!("{said}{by}")
}

fn outcome(plan: &Plan, index: usize, language: Language) -> Vec<String> {
    let Some((before, after)) = plan.forecast.groups.get(index) else { return Vec::new() };
    let mut lines = Vec::new();
    let names: std::collections::BTreeSet<&String> = before.sends.keys().chain(after.sends.keys()).collect();
    for name in names {
        let was = before.sends.get(name).copied().unwrap_or_default();
        let is = after.sends.get(name).copied().unwrap_or_default();
        let change = |was: u64, is: u64| if was == is { is.to_string() } else { format!("{was} → {is}") };
        let (day, week) = (change(was.0, is.0), change(was.1, is.1));
        lines.push(pick(
            language,
            format!("{name}: {day} in 24 h, {week} in 7 days{}", span(after, language)),
            format!("{name}: 24時間で {day} 通、7日で {week} 通{}", span(after, language)),
        ));
    }
    let (was, is) = (before.ended, after.ended);
    if was != is || lines.is_empty() {
        lines.push(pick(
            language,
            format!("runs that end: {} → {} in 24 h, {} → {} in 7 days", was.0, is.0, was.1, is.1),
            format!("終了する人: 24時間で {} → {}、7日で {} → {}", was.0, is.0, was.1, is.1),
        ));
    }
    lines
}

fn span(outcome: &Outcome, language: Language) -> String {
    match (outcome.first, outcome.last) {
        (Some(first), Some(last)) if first != last => {
            pick(language, format!(", {first} to {last}"), format!("、{first} から {last}"))
        }
        (Some(first), Some(_)) => pick(language, format!(", at {first}"), format!("、{first}")),
        _ => String::new(),
    }
}

fn channels(plan: &Plan, language: Language) -> Vec<String> {
    let changed =
        plan.forecast.channels.iter().filter(|(_, [day, new_day, week, new_week])| day != new_day || week != new_week);
    changed
        .map(|(channel, [day, new_day, week, new_week])| {
            pick(
                language,
                format!("{channel} to those inside: {day} → {new_day} in 24 h, {week} → {new_week} in 7 days"),
                format!("途中の人への {channel}: 24時間で {day} → {new_day} 通、7日で {week} → {new_week} 通"),
            )
        })
        .collect()
}

/// A problem with its remedy.
pub fn sentence(problem: &Problem, language: Language) -> String {
    match problem {
        Problem::Unsaid { journey, version, step: Some(step), heads, journey_removed: false } => pick(
            language,
            format!(
                "`{step}` of `{journey}` {version} is gone, with {} at it: say what becomes of them, e.g. \
                 `moves {journey} from \"{version}\" {{ {step} stay }}` (or `to STEP`, `to stop`)",
                people(*heads)
            ),
            format!(
                "`{journey}` {version} のなくなるステップ `{step}` に {heads} 人います。扱いを書いてください。例: \
                 `moves {journey} from \"{version}\" {{ {step} stay }}` (または `to ステップ`、`to stop`)"
            ),
        ),
        Problem::Unsaid { journey, version, heads, .. } => pick(
            language,
            format!(
                "`{journey}` {version} is gone, with {} inside: let them finish with \
                 `moves {journey} from \"{version}\" {{ everyone stay }}`, or end them with `{{ everyone to stop }}`",
                people(*heads)
            ),
            format!(
                "なくなる `{journey}` {version} の途中に {heads} 人います。最後まで進めるなら \
                 `moves {journey} from \"{version}\" {{ everyone stay }}`、終了させるなら `{{ everyone to stop }}` と書いてください"
            ),
        ),
        Problem::NoSuchStep { journey, version, step, .. } => pick(
            language,
            format!(
                "`moves` names the step `{step}`, which `{journey}` {version} or its target does not have; `tabi steps {journey}` lists them"
            ),
            format!(
                "`moves` のステップ `{step}` が `{journey}` {version} か移動先にありません。`tabi steps {journey}` で確かめてください"
            ),
        ),
        Problem::NoSuchVersion { journey, from, known } => {
            let known = if known.is_empty() { "-".to_owned() } else { known.join(", ") };
            pick(
                language,
                format!(
                    "`moves {journey} from \"{from}\"` is about nobody: versions with people are {known}; it has no effect here and can go"
                ),
                format!(
                    "`moves {journey} from \"{from}\"` の対象者はいません (人がいる版: {known})。効果がないので、消してかまいません"
                ),
            )
        }
        Problem::Lacks { journey, step, value } => pick(
            language,
            format!(
                "whoever is moved to `{step}` of `{journey}` would lack `{value}`, which a later step needs: move them to a step before it is captured"
            ),
            format!(
                "`{journey}` の `{step}` へ移した人には、後のステップで使う `{value}` がありません。それを受け取る前のステップへ移してください"
            ),
        ),
        Problem::NotKept { event } => pick(
            language,
            format!(
                "more is asked of the past of `{event}` than was kept until now: what people did before does not count"
            ),
            format!("`{event}` の過去について、これまで保存していない情報を使います。以前の行動は数えられません"),
        ),
        Problem::Unlinkable { why } => pick(
            language,
            format!("this version cannot follow the one that is live: {why}"),
            format!("この版は、稼働中の版の続きにできません: {why}"),
        ),
    }
}

fn summary(plan: &Plan, language: Language) -> String {
    let open = plan.problems.iter().filter(|problem| !problem.is_note()).count();
    if open > 0 {
        return pick(
            language,
            format!("not ready: {open} to decide; nothing was changed"),
            format!("未決定が {open} 件あります。何も変更していません"),
        );
    }
    if plan.is_empty() {
        return pick(language, "nothing changes".to_owned(), "変更はありません".to_owned());
    }
    let inside: u64 = plan.groups.iter().map(|group| group.heads).sum();
    pick(
        language,
        format!("ready: it is decided for {} inside; nothing was changed yet", people(inside)),
        format!("準備完了: 途中の {inside} 人の扱いが決まっています。まだ何も変更していません"),
    )
}
