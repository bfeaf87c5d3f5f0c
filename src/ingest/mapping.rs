//! The mapping that says what the columns of a CSV file mean: a YAML text, judged against the program.
//!
//! Reads no rows: `rows.rs` does. The format is described in `docs/simulate.md`.

use std::collections::BTreeMap;
use std::fmt;

use serde_yaml::Value as Yaml;

use crate::ir::{EventId, FieldId, PurposeId, Type};
use crate::value::yaml::reason;
use crate::value::{Value, Zone};

use super::limits::MAPPING_BYTES_MAX;
use super::schema::Shape;
use super::text::{self, Number};
use super::written::{FileYaml, NameYaml, RuleYaml, SourceYaml, TimeYaml};
use super::{Schema, reason::excerpt};

/// Index into [`Mapping::columns`].
pub type Column = usize;

#[derive(Debug, Clone, PartialEq)]
pub struct Mapping {
    pub delimiter: u8,
    /// Every column the mapping speaks of.
    pub columns: Vec<String>,
    /// Columns in which a spreadsheet wrote whole numbers as `17850.0`.
    pub whole: Vec<bool>,
    pub rules: Vec<Rule>,
    pub introduction: Vec<(FieldId, Source)>,
    pub consent: Vec<PurposeId>,
}

/// How rows become events of one kind.
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    pub event: EventName,
    /// Absent for an event about a thing.
    pub person: Option<Source>,
    pub id: Option<Source>,
    pub time: Time,
    pub conditions: Vec<Condition>,
    /// Consecutive rows with the same text here are one event.
    pub group_by: Option<Column>,
    /// By field, without the implicit `at`; one list per event the rule can make.
    pub fields: Vec<(EventId, Vec<Option<Source>>)>,
}

#[derive(Debug, Clone, PartialEq)]
pub enum EventName {
    Fixed(EventId),
    /// By the cell's text; other texts make no event.
    Mapped {
        column: Column,
        names: BTreeMap<String, EventId>,
    },
}

#[derive(Debug, Clone, PartialEq)]
pub struct Time {
    pub column: Column,
    pub format: TimeFormat,
    pub zone: Zone,
}

#[derive(Debug, Clone, PartialEq)]
pub enum TimeFormat {
    Rfc3339,
    UnixSeconds,
    UnixMillis,
    Pattern(String),
}

#[derive(Debug, Clone, PartialEq)]
pub struct Condition {
    pub column: Column,
    pub test: Test,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Test {
    Empty(bool),
    Is(bool, String),
    StartsWith(bool, String),
    Number(std::cmp::Ordering, bool, Number),
}

/// Where a value comes from.
#[derive(Debug, Clone, PartialEq)]
pub enum Source {
    Constant(Value),
    Column(Column),
    /// Text with `{Column}` in it.
    Template(Vec<Piece>),
    Amount(Amount),
    /// A list with one record for each row of the group; by the record's fields.
    Rows(Vec<Option<Source>>),
}

#[derive(Debug, Clone, PartialEq)]
pub enum Piece {
    Text(String),
    Column(Column),
}

/// A product of columns and numbers; with `sum`, added up over the rows of the group.
#[derive(Debug, Clone, PartialEq)]
pub struct Amount {
    pub sum: bool,
    pub columns: Vec<Column>,
    pub factor: Number,
    /// Absent: an amount with more digits than its type holds is rejected.
    pub round: Option<Round>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Round {
    HalfEven,
    HalfUp,
    Down,
}

/// What is wrong with a mapping, and where in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MappingError {
    /// Such as `events[0].fields.total`; empty at the top.
    pub at: String,
    pub en: String,
    pub ja: String,
}

impl fmt::Display for MappingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.at.is_empty() { f.write_str(&self.en) } else { write!(f, "{}: {}", self.at, self.en) }
    }
}

impl Mapping {
    /// `zone` is the project's, for times without a zone of their own.
    pub fn parse(yaml: &str, schema: &Schema, zone: Zone) -> Result<Mapping, MappingError> {
        if yaml.len() > MAPPING_BYTES_MAX {
            return Err(error("", "the mapping is larger than 64 KiB", "マッピングが 64 KiB を超えています"));
        }
        let file: FileYaml =
            serde_yaml::from_str(yaml.trim_start_matches('\u{feff}')).map_err(|e| yaml_error("", &e))?;
        let zone = file.zone.as_deref().map_or(Ok(zone), |name| zone_named("zone", name))?;
        let mut reading = Reading { schema, columns: Vec::new() };
        let mut rules = Vec::new();
        if file.events.is_empty() {
            return Err(error("events", "no event is mapped", "イベントが一つもありません"));
        }
        for (i, rule) in file.events.into_iter().enumerate() {
            rules.push(reading.rule(&format!("events[{i}]"), rule, zone)?);
        }
        let mut profile = file.profile;
        let consent = match profile.remove("consent") {
            None => Vec::new(),
            Some(list) => reading.consent(&list)?,
        };
        let introduction = reading.sources("profile", &schema.profile, schema.profile.fields.len(), profile, false)?;
        let introduction =
            introduction.into_iter().enumerate().filter_map(|(i, s)| Some((FieldId(i as u16), s?))).collect();
        for name in &file.whole {
            reading.column(name);
        }
        let whole = reading.columns.iter().map(|c| file.whole.contains(c)).collect();
        let delimiter = delimiter(file.delimiter.as_deref())?;
        Ok(Mapping { delimiter, columns: reading.columns, whole, rules, introduction, consent })
    }

    /// Where the mapping's columns stand in a file, by its header.
    pub fn positions(&self, header: &[&str]) -> Result<Vec<usize>, MappingError> {
        let place = |name: &String| {
            header.iter().position(|h| h.trim() == name).ok_or_else(|| {
                let all = header.iter().map(|h| format!("`{}`", excerpt(h.trim()))).collect::<Vec<_>>().join(", ");
                error(
                    "",
                    format!("the file has no column `{name}`; it has {all}"),
                    format!("ファイルに列 `{name}` がありません。ある列: {all}"),
                )
            })
        };
        self.columns.iter().map(place).collect()
    }
}

fn error(at: &str, en: impl Into<String>, ja: impl Into<String>) -> MappingError {
    MappingError { at: at.to_string(), en: en.into(), ja: ja.into() }
}

fn yaml_error(at: &str, cause: &serde_yaml::Error) -> MappingError {
    let (en, ja) = reason(&cause.to_string());
    let place = cause.location().map(|place| (place.line(), place.column()));
    let (at_en, at_ja) = place.map_or_else(Default::default, |(line, column)| {
        (format!(" at line {line}, column {column}"), format!(" ({line}行{column}列)"))
    });
    error(at, format!("{en}{at_en}"), format!("YAMLとして読めません: {ja}{at_ja}"))
}

fn zone_named(at: &str, name: &str) -> Result<Zone, MappingError> {
    let unknown = || {
        let (en, ja) = (format!("unknown time zone `{name}`"), format!("タイムゾーン `{name}` は存在しません"));
        error(at, en, ja)
    };
    Zone::from_name(name).ok_or_else(unknown)
}

fn delimiter(text: Option<&str>) -> Result<u8, MappingError> {
    match text {
        None => Ok(b','),
        Some("tab" | "\t") => Ok(b'\t'),
        Some(text) if text.len() == 1 && text.is_ascii() && !text.contains(['"', '\n', '\r']) => Ok(text.as_bytes()[0]),
        Some(_) => Err(error("delimiter", "expected one character, or `tab`", "1文字か `tab` を書く")),
    }
}

struct Reading<'s> {
    schema: &'s Schema,
    columns: Vec<String>,
}

impl Reading<'_> {
    fn column(&mut self, name: &str) -> Column {
        let name = name.trim();
        self.columns.iter().position(|c| c == name).unwrap_or_else(|| {
            self.columns.push(name.to_string());
            self.columns.len() - 1
        })
    }

    fn rule(&mut self, at: &str, yaml: RuleYaml, zone: Zone) -> Result<Rule, MappingError> {
        let event = self.event_name(&format!("{at}.event"), yaml.event)?;
        let events: Vec<EventId> = match &event {
            EventName::Fixed(event) => vec![*event],
            EventName::Mapped { names, .. } => {
                names.values().copied().collect::<std::collections::BTreeSet<_>>().into_iter().collect()
            }
        };
        let person = yaml.person.map(|p| self.text_source(&format!("{at}.person"), p)).transpose()?;
        let about_person = events.iter().any(|e| !self.schema.about_things[e.index()]);
        if about_person && person.is_none() {
            return Err(error(
                at,
                "`person` is missing: the column with the person's id",
                "`person` がありません: 人のidの列を書く",
            ));
        }
        let grouped = yaml.group_by.is_some();
        let mut fields = Vec::new();
        for event in events {
            let shape = self.schema.event(event);
            let own = shape.fields.len() - 1;
            let sources = self.sources(&format!("{at}.fields"), shape, own, yaml.fields.clone(), grouped)?;
            fields.push((event, sources));
        }
        Ok(Rule {
            event,
            person,
            id: yaml.id.map(|p| self.text_source(&format!("{at}.id"), p)).transpose()?,
            time: self.time(&format!("{at}.time"), yaml.time, zone)?,
            conditions: yaml
                .conditions
                .iter()
                .map(|c| self.condition(&format!("{at}.where"), c))
                .collect::<Result<_, _>>()?,
            group_by: yaml.group_by.map(|c| self.column(&c)),
            fields,
        })
    }

    fn event_name(&mut self, at: &str, yaml: Yaml) -> Result<EventName, MappingError> {
        let schema = self.schema;
        let named = |name: &str| {
            schema.event_named(name).ok_or_else(|| {
                let all = schema.events.iter().map(|e| e.name.as_str()).collect::<Vec<_>>().join(", ");
                error(
                    at,
                    format!("unknown event `{name}`; declared are {all}"),
                    format!("イベント `{name}` は宣言されていません。宣言: {all}"),
                )
            })
        };
        if let Yaml::String(name) = &yaml {
            return named(name).map(EventName::Fixed);
        }
        let yaml: NameYaml = serde_yaml::from_value(yaml).map_err(|e| yaml_error(at, &e))?;
        let names = yaml.map.iter().map(|(text, name)| Ok((text.clone(), named(name)?))).collect::<Result<_, _>>()?;
        Ok(EventName::Mapped { column: self.column(&yaml.column), names })
    }

    fn time(&mut self, at: &str, yaml: Yaml, zone: Zone) -> Result<Time, MappingError> {
        if let Yaml::String(column) = &yaml {
            return Ok(Time { column: self.column(column), format: TimeFormat::Rfc3339, zone });
        }
        let yaml: TimeYaml = serde_yaml::from_value(yaml).map_err(|e| yaml_error(at, &e))?;
        let format = match yaml.format.as_str() {
            "rfc3339" => TimeFormat::Rfc3339,
            "unix" => TimeFormat::UnixSeconds,
            "unix ms" => TimeFormat::UnixMillis,
            pattern if pattern.contains('%') => TimeFormat::Pattern(pattern.to_string()),
            other => {
                let (en, ja) = (
                    "expected `rfc3339`, `unix`, `unix ms` or a pattern such as `%Y-%m-%d %H:%M:%S`",
                    "`rfc3339`、`unix`、`unix ms`、または `%Y-%m-%d %H:%M:%S` のような書式を書く",
                );
                return Err(error(
                    at,
                    format!("unknown format `{other}`: {en}"),
                    format!("書式 `{other}` は不明: {ja}"),
                ));
            }
        };
        let zone = yaml.zone.as_deref().map_or(Ok(zone), |name| zone_named(at, name))?;
        Ok(Time { column: self.column(&yaml.column), format, zone })
    }

    fn condition(&mut self, at: &str, text: &str) -> Result<Condition, MappingError> {
        use std::cmp::Ordering::{Greater, Less};
        let wrong = || {
            let (en, ja) = (
                format!(
                    "cannot read the condition `{text}`: write `COLUMN is [not] empty`, `COLUMN is [not] TEXT`, `COLUMN starts with TEXT`, `COLUMN does not start with TEXT` or `COLUMN > NUMBER`"
                ),
                format!(
                    "条件 `{text}` が読めません: `列 is [not] empty`、`列 is [not] 文字列`、`列 starts with 文字列`、`列 does not start with 文字列`、`列 > 数` のいずれかを書く"
                ),
            );
            error(at, en, ja)
        };
        let marks = [" does not start with ", " starts with ", " is not ", " is ", " >= ", " <= ", " > ", " < "];
        let (mark, place) =
            marks.iter().filter_map(|m| Some((*m, text.find(m)?))).min_by_key(|m| m.1).ok_or_else(wrong)?;
        let (column, operand) = (&text[..place], text[place + mark.len()..].trim());
        let number = || Number::parse(operand).ok_or_else(wrong);
        let test = match (mark, operand) {
            (" is ", "empty") => Test::Empty(true),
            (" is ", "not empty") | (" is not ", "empty") => Test::Empty(false),
            (" is ", text) => Test::Is(true, text.to_string()),
            (" is not ", text) => Test::Is(false, text.to_string()),
            (" starts with ", text) => Test::StartsWith(true, text.to_string()),
            (" does not start with ", text) => Test::StartsWith(false, text.to_string()),
            (" > ", _) => Test::Number(Greater, false, number()?),
            (" >= ", _) => Test::Number(Greater, true, number()?),
            (" < ", _) => Test::Number(Less, false, number()?),
            (_, _) => Test::Number(Less, true, number()?),
        };
        Ok(Condition { column: self.column(column), test })
    }

    /// Sources by the first `count` fields of the shape. Every field that is not optional must have one, except in the
    /// profile, where anything may be unknown.
    fn sources(
        &mut self,
        at: &str,
        shape: &Shape,
        count: usize,
        yaml: BTreeMap<String, Yaml>,
        grouped: bool,
    ) -> Result<Vec<Option<Source>>, MappingError> {
        let mut sources = vec![None; count];
        for (name, yaml) in yaml {
            let Some(index) = shape.field_named(&name).filter(|i| *i < count) else {
                let all = shape.fields[..count].iter().map(|f| &*f.name).collect::<Vec<_>>().join(", ");
                return Err(error(
                    at,
                    format!("`{}` has no field `{name}`; it has {all}", shape.name),
                    format!("`{}` にフィールド `{name}` はありません。あるもの: {all}", shape.name),
                ));
            };
            sources[index] = Some(self.source(&format!("{at}.{name}"), &shape.fields[index].ty, yaml, grouped)?);
        }
        let forgotten =
            sources.iter().zip(&shape.fields).find(|(s, f)| s.is_none() && !matches!(f.ty, Type::Optional(_)));
        match forgotten {
            Some((_, field)) if at != "profile" => Err(error(
                at,
                format!("`{}` needs `{}`, and nothing is mapped to it", shape.name, field.name),
                format!("`{}` の `{}` に対応する列がありません", shape.name, field.name),
            )),
            _ => Ok(sources),
        }
    }

    fn source(&mut self, at: &str, ty: &Type, yaml: Yaml, grouped: bool) -> Result<Source, MappingError> {
        match yaml {
            Yaml::String(text) => Ok(self.template(&text)),
            Yaml::Mapping(_) => {
                let yaml: SourceYaml = serde_yaml::from_value(yaml).map_err(|e| yaml_error(at, &e))?;
                self.built(at, ty, yaml, grouped)
            }
            other => self.constant(at, ty, &other),
        }
    }

    fn built(&mut self, at: &str, ty: &Type, yaml: SourceYaml, grouped: bool) -> Result<Source, MappingError> {
        let SourceYaml { is, column, product, sum, times, round, rows } = yaml;
        if (sum.is_some() || rows.is_some()) && !grouped {
            return Err(error(at, "`sum` and `rows` need `group by`", "`sum` と `rows` には `group by` が要ります"));
        }
        match (is, rows, sum, product.or(column)) {
            (Some(value), None, None, None) => self.constant(at, ty, &value),
            (None, Some(rows), None, None) => self.rows(at, ty, rows),
            (None, None, Some(text), None) => self.amount(at, ty, &text, true, times, round),
            (None, None, None, Some(text)) if times.is_none() && round.is_none() && !text.contains(['×', '*']) => {
                Ok(Source::Column(self.column(&text)))
            }
            (None, None, None, Some(text)) => self.amount(at, ty, &text, false, times, round),
            _ => Err(error(
                at,
                "expected one of `is`, `column`, `product`, `sum`, `rows`",
                "`is`、`column`、`product`、`sum`、`rows` のどれか一つを書く",
            )),
        }
    }

    fn rows(&mut self, at: &str, ty: &Type, rows: BTreeMap<String, Yaml>) -> Result<Source, MappingError> {
        let Type::List(element) = ty else {
            return Err(error(
                at,
                "`rows` makes a list, and this field is none",
                "`rows` はリストのフィールドにだけ書けます",
            ));
        };
        let Type::Record(id) = **element else {
            return Err(error(at, "`rows` makes a list of records", "`rows` はレコードのリストにだけ書けます"));
        };
        let shape = self.schema.record(id);
        self.sources(at, shape, shape.fields.len(), rows, false).map(Source::Rows)
    }

    fn amount(
        &mut self,
        at: &str,
        ty: &Type,
        text: &str,
        sum: bool,
        times: Option<Yaml>,
        round: Option<String>,
    ) -> Result<Source, MappingError> {
        let inner = if let Type::Optional(inner) = ty { inner } else { ty };
        if !matches!(inner, Type::Int | Type::Decimal | Type::Percent | Type::Money(_)) {
            return Err(error(
                at,
                "a calculation needs a field that is a number or an amount",
                "計算は数か金額のフィールドにだけ書けます",
            ));
        }
        let mut amount = Amount { sum, columns: Vec::new(), factor: Number { mantissa: 1, exponent: 0 }, round: None };
        let wrong = || error(at, "`times` must be a number", "`times` には数を書く");
        if let Some(times) = times {
            let text = scalar(&times).ok_or_else(wrong)?;
            amount.factor = Number::parse(&text).ok_or_else(wrong)?;
        }
        for part in text.split(['×', '*']) {
            amount.columns.push(self.column(part));
        }
        amount.round = match round.as_deref() {
            None => None,
            Some("half even") => Some(Round::HalfEven),
            Some("half up") => Some(Round::HalfUp),
            Some("down") => Some(Round::Down),
            Some(other) => {
                return Err(error(
                    at,
                    format!("unknown rounding `{other}`: `half even`, `half up` or `down`"),
                    format!("丸め `{other}` は不明: `half even`、`half up`、`down`"),
                ));
            }
        };
        Ok(Source::Amount(amount))
    }

    fn constant(&self, at: &str, ty: &Type, yaml: &Yaml) -> Result<Source, MappingError> {
        let wrong = || {
            let expected = self.schema.describe(ty);
            error(at, format!("expected {}", expected.en), format!("値の型が違います: 期待は{}", expected.ja))
        };
        let inner = if let Type::Optional(inner) = ty { inner } else { ty };
        match (yaml, inner) {
            (Yaml::Null, _) if matches!(ty, Type::Optional(_)) => Ok(Source::Constant(Value::Missing)),
            (Yaml::Sequence(items), Type::List(element)) => {
                let items = items.iter().map(|item| match self.constant(at, element, item)? {
                    Source::Constant(value) => Ok(value),
                    Source::Column(_) | Source::Template(_) | Source::Amount(_) | Source::Rows(_) => Err(wrong()),
                });
                Ok(Source::Constant(Value::List(items.collect::<Result<Vec<_>, _>>()?.into())))
            }
            _ => {
                let text = scalar(yaml).ok_or_else(wrong)?;
                text::cell(self.schema, inner, &text).map(Source::Constant).ok_or_else(wrong)
            }
        }
    }

    /// A column, or with braces a text with columns in it.
    fn template(&mut self, text: &str) -> Source {
        if !text.contains('{') {
            return Source::Column(self.column(text));
        }
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('{') {
            let Some((name, after)) = after.split_once('}') else { break };
            if !before.is_empty() {
                pieces.push(Piece::Text(before.to_string()));
            }
            pieces.push(Piece::Column(self.column(name)));
            rest = after;
        }
        if !rest.is_empty() {
            pieces.push(Piece::Text(rest.to_string()));
        }
        Source::Template(pieces)
    }

    fn text_source(&mut self, at: &str, yaml: Yaml) -> Result<Source, MappingError> {
        self.source(at, &Type::Text, yaml, false)
    }

    fn consent(&self, yaml: &Yaml) -> Result<Vec<PurposeId>, MappingError> {
        let wrong = || {
            let all = self.schema.purposes.join(", ");
            error(
                "profile.consent",
                format!("expected a list of purposes among {all}"),
                format!("目的のリストを書く: {all}"),
            )
        };
        let list = yaml.as_sequence().ok_or_else(wrong)?;
        list.iter().map(|p| p.as_str().and_then(|p| self.schema.purpose_named(p)).ok_or_else(wrong)).collect()
    }
}

fn scalar(yaml: &Yaml) -> Option<String> {
    match yaml {
        Yaml::String(text) => Some(text.clone()),
        Yaml::Number(number) => Some(number.to_string()),
        Yaml::Bool(flag) => Some(flag.to_string()),
        Yaml::Null | Yaml::Sequence(_) | Yaml::Mapping(_) | Yaml::Tagged(_) => None,
    }
}
