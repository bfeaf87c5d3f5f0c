//! Units, currencies, and how each line is written: what slips are mended to and help shows.
//!
//! Reads no text; only answers what a word stands for.

/// The unit a word stands for, in the language's own notation.
pub(super) fn unit(word: &str) -> Option<&'static str> {
    Some(match word {
        "y" | "year" | "years" | "年" => "y",
        "mo" | "month" | "months" | "か月" | "ヶ月" | "カ月" | "ヵ月" => "mo",
        "w" | "week" | "weeks" | "週" | "週間" => "w",
        "d" | "day" | "days" | "日" | "日間" => "d",
        "h" | "hr" | "hrs" | "hour" | "hours" | "時間" => "h",
        "m" | "min" | "mins" | "minute" | "minutes" | "分" | "分間" => "m",
        "s" | "sec" | "secs" | "second" | "seconds" | "秒" => "s",
        _ => return None,
    })
}

/// The currency a word stands for.
pub(super) fn currency(word: &str) -> Option<&'static str> {
    let code = match word {
        "円" | "yen" => "JPY",
        "ドル" | "dollars" => "USD",
        "euros" => "EUR",
        other => return crate::value::Currency::from_code(&other.to_ascii_uppercase()).map(|c| c.code()),
    };
    Some(code)
}

/// How a line that begins with `word` is written.
pub(super) fn usage(word: &str) -> Option<&'static str> {
    Some(match word {
        "enum" => "enum NAME { one, two }",
        "record" => "record NAME { field: type, … }",
        "profile" => "profile { field: type, … }",
        "event" => "event NAME about profile { field: type, … }",
        "message" => {
            "message NAME on CHANNEL for PURPOSE [from \"FILE\"] [at most once] [patience 10m] [offers discount] [class sell] [takes { … }]"
        }
        "action" => {
            "action NAME [idempotent] [patience 10m] [grants discount] [undo ACTION] [writes NAME] takes { … } gives { … }"
        }
        "policy" => "policy NAME { … }",
        "segment" => "segment NAME = CONDITION",
        "journey" => "journey NAME \"title\" { … }",
        "moves" => "moves JOURNEY from \"VERSION\" [to OTHER] { … }",
        "test" => "test JOURNEY \"title\" { … }",
        "timezone" => "timezone Asia/Tokyo",
        "quiet" => "quiet 21:00..08:00 then hold",
        "cap" => "cap 1 CHANNEL per 1d [then hold]",
        "consent" => "consent marketing",
        "budget" => "budget 30_000 CHANNEL per 1mo",
        "withhold" => "withhold PURPOSE when CONDITION",
        "nurture" => "nurture at least 30%",
        "purpose" => "purpose convert",
        "owner" => "owner \"@team\"",
        "about" => "about \"what it is for\"",
        "under" => "under policy NAME",
        "goal" => "goal EVENT(condition) within 3d [target 12%]",
        "review" => "review every 3mo by \"@team\"",
        "reentry" => "reentry never | after 7d | always",
        "holdout" => "holdout 10% as NAME",
        "priority" => "priority 10",
        "promise" => "promise at most 2 messages [per 7d] | promise ends within 5d",
        "stage" => "stage NAME",
        "allow" => "allow CODE because \"reason\" [until 2026-12-31]",
        "start" => "start when EVENT(condition) [as NAME] [per NAME.key] [settled for 1h] [for everyone in SEGMENT]",
        "exit" => "exit when EVENT(condition) | exit when profile leaves SEGMENT",
        "only" => "only if CONDITION",
        "wait" => "wait 3d | wait until 19:00 | wait up to 3d for EVENT { … } otherwise { … }",
        "send" => "send CHANNEL MESSAGE [with { … }] [before MOMENT] [as NAME] [otherwise …]",
        "if" => "if CONDITION { … } else { … }",
        "choose" => "choose VALUE { one { … } else { … } }",
        "split" => "split NAME { 50% one { … } 50% two { … } }",
        "repeat" => "repeat up to 3 times { … }",
        "do" => "do ACTION [with { … }] [as NAME] [otherwise { … }]",
        "tag" => "tag \"name\"",
        "untag" => "untag \"name\"",
        "set" => "set profile.FIELD = VALUE",
        "let" => "let NAME = VALUE",
        "stop" => "stop [because \"reason\"]",
        "clock" => "clock 2026-04-01 20:30 Asia/Tokyo",
        "given" => "given profile { … } | given history { -5d EVENT { … } }",
        "pin" => "pin SPLIT = ARM",
        "answer" => "answer ACTION with { … } | fails | never",
        "expect" => "expect [not] sent CHANNEL MESSAGE { … } | held by quiet | waiting | exited | that CONDITION",
        "approve" => "approve \"@who\"",
        "deliver" | "open" | "click" | "bounce" | "block" | "refuse" | "complain" | "unsubscribe" => "click HANDLE",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::syntax::layout::lines::{DECLARATIONS, HEADERS, RULES, STEPS, TEST_LINES};

    #[test]
    fn every_first_word_has_its_usage() {
        for word in [DECLARATIONS, HEADERS, RULES, STEPS, TEST_LINES].concat() {
            assert!(usage(word).is_some(), "`{word}` has no usage");
        }
    }
}
