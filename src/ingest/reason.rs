//! Why a line was not taken, as data, and the tally of all of them.
//!
//! Stops nothing: whether a rejected line ends the run is the caller's affair.

use std::collections::BTreeMap;
use std::fmt;

use super::limits::{
    EXCERPT_CHARS_MAX, ID_BYTES_MAX, LINE_BYTES_MAX, REASONS_MAX, SAMPLES_MAX, UNKNOWN_FIELDS_TOTAL_MAX,
    UNKNOWN_NAMES_MAX,
};

/// A text in both languages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Both {
    pub en: String,
    pub ja: String,
}

impl Both {
    /// Boxed: a reason stays small where all goes well.
    pub fn new(en: impl Into<String>, ja: impl Into<String>) -> Box<Both> {
        Box::new(Both { en: en.into(), ja: ja.into() })
    }
}

/// What stands in the input reads the same in every language.
impl From<String> for Box<Both> {
    fn from(text: String) -> Box<Both> {
        Box::new(Both { en: text.clone(), ja: text })
    }
}

/// Why a line (or a group of rows) was rejected. Displayed in English; [`Reason::ja`] words it in Japanese.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reason {
    NotUtf8,
    NulByte,
    TooLong,
    TooDeep,
    NotJson {
        detail: String,
    },
    /// Valid JSON, but not a call of Segment's.
    NotACall {
        detail: String,
    },
    UnknownType {
        found: String,
    },
    NoPerson,
    /// Nobody declared it, and the project takes only what is declared.
    UnknownEvent {
        found: String,
    },
    /// Fields nobody declared, in an event or the profile.
    UnknownField {
        of: String,
    },
    /// One call, or a batch with what its calls share, takes more room than it may.
    TooLarge {
        bytes_max: usize,
    },
    NoEvent,
    NoPreviousId,
    NoTime,
    BadTime {
        found: String,
    },
    TimeOutOfRange {
        found: String,
    },
    /// `of` is the event's name, or `profile`; `path` may lead into lists (`items[2].price`).
    WrongValue {
        of: String,
        path: String,
        expected: Box<Both>,
        found: Box<Both>,
    },
    /// CSV: another number of cells than the header has.
    Cells {
        expected: usize,
        found: usize,
    },
    /// CSV: a row with a cell that a sum or condition cannot read.
    BadCell {
        column: String,
        expected: Box<Both>,
        found: String,
    },
    /// CSV: the rows of one group stand apart in the file.
    SplitGroup {
        group: String,
    },
    GroupTooLong {
        group: String,
    },
}

impl Reason {
    /// The key it is counted under: the kind, and for values the field.
    pub fn key(&self) -> String {
        let fixed = match self {
            Reason::NotUtf8 => "not utf-8",
            Reason::NulByte => "nul byte",
            Reason::TooLong => "line too long",
            Reason::TooDeep => "nested too deep",
            Reason::NotJson { .. } => "not json",
            Reason::NotACall { .. } => "not a call",
            Reason::UnknownType { .. } => "unknown type",
            Reason::NoPerson => "no person",
            Reason::UnknownEvent { .. } => "unknown event",
            Reason::UnknownField { of } => return format!("unknown field {of}"),
            Reason::TooLarge { .. } => "too large",
            Reason::NoEvent => "no event name",
            Reason::NoPreviousId => "no previous id",
            Reason::NoTime => "no time",
            Reason::BadTime { .. } => "bad time",
            Reason::TimeOutOfRange { .. } => "time out of range",
            Reason::Cells { .. } => "wrong number of cells",
            Reason::SplitGroup { .. } => "split group",
            Reason::GroupTooLong { .. } => "group too long",
            Reason::BadCell { column, .. } => return format!("bad cell {column}"),
            Reason::WrongValue { of, path, .. } => return format!("wrong value {of}.{}", without_places(path)),
        };
        fixed.to_string()
    }

    /// One line in Japanese.
    pub fn ja(&self) -> String {
        match self {
            Reason::NotUtf8 => "UTF-8として読めません".into(),
            Reason::NulByte => "NULバイトが含まれています".into(),
            Reason::TooLong => format!("1行が{LINE_BYTES_MAX}バイトを超えています"),
            Reason::TooDeep => "入れ子が深すぎます".into(),
            Reason::NotJson { detail } => format!("JSONとして読めません: {}", parser_words_ja(detail)),
            Reason::NotACall { detail } => format!("Segment形式の呼び出しではありません: {}", parser_words_ja(detail)),
            Reason::UnknownType { found } => {
                format!("種類 `{found}` は不明です(identify, track, alias, group, page, screen)")
            }
            Reason::NoPerson => format!("1〜{ID_BYTES_MAX}バイトのuserIdもanonymousIdもありません"),
            Reason::UnknownEvent { found } => format!("イベント `{found}` は宣言されていません"),
            Reason::UnknownField { of } => format!("`{of}` に宣言されていない項目があります"),
            Reason::TooLarge { bytes_max } => format!("{bytes_max}バイトを超えています"),
            Reason::NoEvent => "イベント名がありません".into(),
            Reason::NoPreviousId => "aliasにpreviousIdがありません".into(),
            Reason::NoTime => "timestampがありません".into(),
            Reason::BadTime { found } => format!("日時 `{found}` が読めません"),
            Reason::TimeOutOfRange { found } => format!("日時 `{found}` は1970年から2099年の範囲外です"),
            Reason::WrongValue { of, path, expected, found } => {
                format!("`{of}` の `{path}` の値が違います: 期待は{}、実際は{}", expected.ja, found.ja)
            }
            Reason::Cells { expected, found } => format!("列の数が違います: 見出しは{expected}列、この行は{found}列"),
            Reason::BadCell { column, expected, found } => {
                format!("列 `{column}` の値が違います: 期待は{}、実際は `{found}`", expected.ja)
            }
            Reason::SplitGroup { group } => format!("グループ `{group}` の行が離れています"),
            Reason::GroupTooLong { group } => format!("グループ `{group}` の行が多すぎます"),
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Reason::NotUtf8 => f.write_str("not valid UTF-8"),
            Reason::NulByte => f.write_str("contains a NUL byte"),
            Reason::TooLong => write!(f, "longer than {LINE_BYTES_MAX} bytes"),
            Reason::TooDeep => f.write_str("nested too deep"),
            Reason::NotJson { detail } => write!(f, "not JSON: {detail}"),
            Reason::NotACall { detail } => write!(f, "not a Segment call: {detail}"),
            Reason::UnknownType { found } => {
                write!(f, "unknown type `{found}` (identify, track, alias, group, page, screen)")
            }
            Reason::NoPerson => write!(f, "no userId or anonymousId of 1 to {ID_BYTES_MAX} bytes"),
            Reason::UnknownEvent { found } => write!(f, "nobody declared the event `{found}`"),
            Reason::UnknownField { of } => write!(f, "`{of}` has fields that nobody declared"),
            Reason::TooLarge { bytes_max } => write!(f, "more than {bytes_max} bytes"),
            Reason::NoEvent => f.write_str("no event name"),
            Reason::NoPreviousId => f.write_str("alias without previousId"),
            Reason::NoTime => f.write_str("no timestamp"),
            Reason::BadTime { found } => write!(f, "cannot read the time `{found}`"),
            Reason::TimeOutOfRange { found } => write!(f, "the time `{found}` is not between 1970 and 2099"),
            Reason::WrongValue { of, path, expected, found } => {
                write!(f, "`{path}` of `{of}`: expected {}, found {}", expected.en, found.en)
            }
            Reason::Cells { expected, found } => {
                write!(f, "the header has {expected} cells, this row has {found}")
            }
            Reason::BadCell { column, expected, found } => {
                write!(f, "column `{column}`: expected {}, found `{found}`", expected.en)
            }
            Reason::SplitGroup { group } => write!(f, "the rows of group `{group}` stand apart"),
            Reason::GroupTooLong { group } => write!(f, "group `{group}` has too many rows"),
        }
    }
}

/// What the JSON reader says, in Japanese; what it says elsewhere than here stays as it is.
const PARSER_WORDS: &[(&str, &str)] = &[
    ("EOF while parsing a value", "値の途中で終わっています"),
    ("EOF while parsing an object", "オブジェクトの途中で終わっています"),
    ("EOF while parsing a list", "リストの途中で終わっています"),
    ("EOF while parsing a string", "文字列の途中で終わっています"),
    ("expected value", "値がありません"),
    ("expected ident", "`true`・`false`・`null` のつづりが違います"),
    ("expected `,` or `}`", "`,` か `}` が必要です"),
    ("expected `,` or `]`", "`,` か `]` が必要です"),
    ("expected `:`", "`:` が必要です"),
    ("expected `\"`", "`\"` が必要です"),
    ("trailing comma", "末尾に余分な `,` があります"),
    ("trailing characters", "後ろに余分な文字があります"),
    ("key must be a string", "キーが文字列ではありません"),
    ("control character (\\u0000-\\u001F) found while parsing a string", "文字列に制御文字があります"),
    ("invalid escape", "誤ったエスケープです"),
    ("invalid number", "誤った数値です"),
    ("number out of range", "数値が大きすぎます"),
    ("invalid unicode code point", "誤った Unicode の符号です"),
    ("lone leading surrogate in hex escape", "片方だけのサロゲートです"),
    ("unexpected end of hex escape", "エスケープの途中で終わっています"),
    ("it is not an object", "オブジェクトではありません"),
    ("no type", "`type` がありません"),
    ("invalid type: ", "型が違います: "),
    ("duplicate field ", "項目の重複: "),
    ("missing field ", "項目がありません: "),
];

fn parser_words_ja(detail: &str) -> String {
    let (what, column) = match detail.rsplit_once(" at column ") {
        Some((what, column)) => (what, format!(" ({column} 文字目)")),
        None => (detail, String::new()),
    };
    let known = PARSER_WORDS.iter().find(|(en, _)| what.starts_with(en));
    match known {
        Some((en, ja)) => format!("{ja}{}{column}", what[en.len()..].replace(", expected ", "、期待は ")),
        None => format!("{what}{column}"),
    }
}

/// `items[2].price` -> `items.price`, so that mistakes of one field count together.
fn without_places(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    let mut inside = false;
    for c in path.chars() {
        match c {
            '[' => inside = true,
            ']' => inside = false,
            _ if !inside => out.push(c),
            _ => {}
        }
    }
    out
}

/// The beginning of an offending text, on one line; nothing in it commands a terminal or turns the line around.
pub fn excerpt(text: &str) -> String {
    let commands = |c: char| {
        c.is_control() || matches!(c, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    let mut out: String = text.chars().take(EXCERPT_CHARS_MAX).map(|c| if commands(c) { ' ' } else { c }).collect();
    if text.chars().nth(EXCERPT_CHARS_MAX).is_some() {
        out.push('…');
    }
    out
}

/// A rejected line, kept as an example.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sample {
    /// The place of the source among those given.
    pub source: usize,
    /// From 1.
    pub line: u64,
    pub reason: Reason,
}

/// What became of the lines of all sources.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Tally {
    /// Lines read, blank ones apart; for CSV, rows without the header.
    pub lines: u64,
    /// Arrivals handed on.
    pub accepted: u64,
    /// Accepted lines that mean nothing here: page views, `group` calls, mail opens of another time.
    pub without_effect: u64,
    /// CSV: rows that the mapping's `where` leaves out.
    pub left_out: u64,
    /// Own time after arrival, cut.
    pub skewed: u64,
    /// Earlier than a line before it; processed late.
    pub out_of_order: u64,
    pub rejected: BTreeMap<String, u64>,
    pub samples: Vec<Sample>,
    /// Events nobody declared, by name.
    pub unknown_events: BTreeMap<String, u64>,
    /// Fields nobody declared, by `event.field`.
    pub unknown_fields: BTreeMap<String, u64>,
}

impl Tally {
    pub fn reject(&mut self, source: usize, line: u64, reason: Reason) {
        *self.rejected.entry(reason.key()).or_default() += 1;
        if self.samples.len() < SAMPLES_MAX {
            self.samples.push(Sample { source, line, reason });
        }
    }
    pub fn rejected_total(&self) -> u64 {
        self.rejected.values().sum()
    }
    pub fn unknown_event(&mut self, name: &str) {
        count_bounded(&mut self.unknown_events, &excerpt(name), 1, UNKNOWN_NAMES_MAX);
    }
    /// Adds another tally, of a source read later.
    pub fn absorb(&mut self, other: Tally) {
        self.lines += other.lines;
        self.accepted += other.accepted;
        self.without_effect += other.without_effect;
        self.left_out += other.left_out;
        self.skewed += other.skewed;
        self.out_of_order += other.out_of_order;
        for (into, from, max) in [
            (&mut self.rejected, other.rejected, REASONS_MAX),
            (&mut self.unknown_events, other.unknown_events, UNKNOWN_NAMES_MAX),
            (&mut self.unknown_fields, other.unknown_fields, UNKNOWN_FIELDS_TOTAL_MAX),
        ] {
            for (name, n) in from {
                count_bounded(into, &name, n, max);
            }
        }
        let room = SAMPLES_MAX.saturating_sub(self.samples.len());
        self.samples.extend(other.samples.into_iter().take(room));
    }
}

/// Counts a name; once there are `max` names, new ones are counted under `…`.
fn count_bounded(counts: &mut BTreeMap<String, u64>, name: &str, times: u64, max: usize) {
    if let Some(n) = counts.get_mut(name) {
        *n += times;
        return;
    }
    let name = if counts.len() < max { name } else { "…" };
    *counts.entry(name.to_string()).or_default() += times;
}
