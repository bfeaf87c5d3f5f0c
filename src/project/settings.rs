//! The settings in `tabi.yaml`: read, judged and given their defaults. Pure: text in, settings and diagnostics out.
//!
//! Opens none of the files the settings name.

use serde_yaml::Value as Yaml;

use super::figures::ReportSettings;
use super::moment::parse_moment;
use super::spot;
use crate::diag::{Code, Diagnostic, Phrase, Severity, did_you_mean};
use crate::ir::Channel;
use crate::ir::content::Sender;
use crate::ports::environment::Environment;
use crate::text::{SourceId, Span as TextSpan};
use crate::value::yaml::reason;
use crate::value::{CalendarPeriod, Currency, Decimal, Instant, Price, Span, Zone, time};

#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    pub name: String,
    pub zone: Zone,
    pub currency: Currency,
    /// An event older than this when it arrives updates history only.
    pub max_event_age: Span,
    /// How long the id of an input is remembered.
    pub dedupe_window: Span,
    /// What templates know as `sender`.
    pub sender: Sender,
    pub sample: Sample,
    pub lints: Vec<LintSetting>,
    /// The stages of a customer's life, and where each is named.
    pub lifecycle: Vec<(String, TextSpan)>,
    /// How people are imagined to react, by channel; none reacts on a channel that is not listed.
    pub responses: Vec<(Channel, Response)>,
    /// What one message costs, by channel.
    pub costs: Vec<(Channel, Price)>,
    /// What `tabi report` cannot read from the campaigns.
    pub report: ReportSettings,
    /// How long a simulation of the sample lets timers run on after its last event.
    pub until: Option<Instant>,
    pub environments: Vec<Environment>,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            name: String::new(),
            zone: Zone::utc(),
            currency: Currency::from_code("JPY").expect("JPY is in the table of currencies"),
            max_event_age: Span(time::MILLIS_PER_DAY),
            dedupe_window: Span(7 * time::MILLIS_PER_DAY),
            costs: Vec::new(),
            sender: Sender::default(),
            sample: Sample::default(),
            lints: Vec::new(),
            lifecycle: Vec::new(),
            responses: Vec::new(),
            report: ReportSettings::default(),
            until: None,
            environments: Vec::new(),
        }
    }
}

/// Files to simulate when the command names none; relative to the project's folder.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Sample {
    pub people: Vec<String>,
    pub events: Vec<String>,
    pub mapping: Option<String>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct LintSetting {
    pub code: Code,
    pub level: LintLevel,
    pub reason: Option<String>,
    /// Of the code in `tabi.yaml`.
    pub place: TextSpan,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LintLevel {
    Allow,
    Warn,
    Error,
}

/// Shares of the messages on a channel, and how long after sending the first reaction comes.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Response {
    pub open: Decimal,
    pub click: Decimal,
    pub convert: Decimal,
    pub delay: Span,
}

const KEYS: &[&str] = &[
    "name",
    "timezone",
    "currency",
    "sample",
    "max_event_age",
    "dedupe_window",
    "lints",
    "lifecycle",
    "response",
    "until",
    "sender",
    "costs",
    "report",
    "environments",
];
const SENDER_KEYS: &[&str] = &["name", "address", "contact"];
const SAMPLE_KEYS: &[&str] = &["people", "events", "mapping"];
const RESPONSE_KEYS: &[&str] = &["open", "click", "convert", "delay"];
const LINT_KEYS: &[&str] = &["level", "reason"];
const LINT_LEVELS: &[&str] = &["allow", "warn", "error"];

/// Settings with defaults in place of what is missing or wrong, and everything that is wrong.
pub fn parse(text: &str, source: SourceId) -> (Settings, Vec<Diagnostic>) {
    let mut reader = Reader { text, source, diagnostics: Vec::new() };
    let mut settings = Settings::default();
    let yaml = match serde_yaml::from_str::<Yaml>(text.trim_start_matches('\u{feff}')) {
        Ok(yaml) => yaml,
        Err(error) => {
            reader.not_yaml(&error);
            settings.sender = unknown_sender();
            return (settings, reader.diagnostics);
        }
    };
    reader.top(&yaml, &mut settings);
    (settings, reader.diagnostics)
}

/// Of settings that could not be read it is not said as well that they name no sender.
pub(super) fn unknown_sender() -> Sender {
    let unknown = || Some(String::new());
    Sender { name: unknown(), address: unknown(), contact: unknown() }
}

pub(super) struct Reader<'a> {
    pub(super) text: &'a str,
    pub(super) source: SourceId,
    pub(super) diagnostics: Vec<Diagnostic>,
}

impl Reader<'_> {
    fn top(&mut self, yaml: &Yaml, settings: &mut Settings) {
        if !yaml.is_mapping() && !yaml.is_null() {
            return self.wrong(&[], "`key: value` lines", "`キー: 値` の並び", yaml);
        }
        for key in ["name", "timezone", "currency"] {
            // A misspelt key is reported as such, once.
            let misspelt = yaml.as_mapping().is_some_and(|mapping| {
                mapping
                    .keys()
                    .filter_map(Yaml::as_str)
                    .any(|other| !KEYS.contains(&other) && did_you_mean(other, KEYS.iter().copied()) == Some(key))
            });
            if yaml.get(key).is_none_or(Yaml::is_null) && !misspelt {
                self.missing(key);
            }
        }
        if let Some(zone) = yaml.get("timezone") {
            settings.zone = self.zone(zone).unwrap_or(settings.zone);
        }
        for (key, value) in self.entries(yaml, &[], KEYS) {
            let path = &[key][..];
            match key {
                "name" => settings.name = self.text_of(value, path).unwrap_or_default(),
                "currency" => settings.currency = self.currency(value).unwrap_or(settings.currency),
                "sample" => self.sample(value, &mut settings.sample),
                "max_event_age" => {
                    settings.max_event_age = self.exact(value, path).unwrap_or(settings.max_event_age);
                }
                "dedupe_window" => {
                    settings.dedupe_window = self.exact(value, path).unwrap_or(settings.dedupe_window);
                }
                "costs" => settings.costs = self.costs(value),
                "report" => settings.report = self.report_settings(value),
                "sender" => settings.sender = self.sender(value),
                "lints" => settings.lints = self.lints(value),
                "lifecycle" => settings.lifecycle = self.lifecycle(value),
                "response" => settings.responses = self.responses(value),
                "environments" => settings.environments = self.environments(value),
                "until" => settings.until = self.moment(value, settings.zone),
                _ => {}
            }
        }
    }

    /// The entries of a mapping whose keys are known; the others are reported.
    pub(super) fn entries<'y>(
        &mut self,
        yaml: &'y Yaml,
        path: &[&str],
        known: &[&'static str],
    ) -> Vec<(&'static str, &'y Yaml)> {
        let mut found = Vec::new();
        if yaml.is_null() {
            return found;
        }
        let Some(mapping) = yaml.as_mapping() else {
            self.wrong(path, "`key: value` lines", "`キー: 値` の並び", yaml);
            return found;
        };
        for (key, value) in mapping {
            let Some(name) = key.as_str() else {
                self.wrong(path, "keys that are words", "語のキー", key);
                continue;
            };
            match known.iter().find(|k| **k == name) {
                Some(key) => found.push((*key, value)),
                None => self.unknown_key(path, name, known),
            }
        }
        found
    }

    pub(super) fn text_of(&mut self, yaml: &Yaml, path: &[&str]) -> Option<String> {
        match yaml {
            Yaml::String(text) => Some(text.clone()),
            Yaml::Number(number) => Some(number.to_string()),
            Yaml::Null => None,
            Yaml::Bool(_) | Yaml::Sequence(_) | Yaml::Mapping(_) | Yaml::Tagged(_) => {
                self.wrong(path, "a text", "文字列", yaml);
                None
            }
        }
    }

    fn sender(&mut self, yaml: &Yaml) -> Sender {
        let mut sender = Sender::default();
        for (key, value) in self.entries(yaml, &["sender"], SENDER_KEYS) {
            let text = self.text_of(value, &["sender", key]).filter(|text| !text.trim().is_empty());
            match key {
                "name" => sender.name = text,
                "address" => sender.address = text,
                "contact" => sender.contact = text,
                _ => {}
            }
        }
        sender
    }

    /// One text, or a list of texts.
    pub(super) fn texts(&mut self, yaml: &Yaml, path: &[&str]) -> Vec<String> {
        match yaml {
            Yaml::Sequence(list) => list.iter().filter_map(|item| self.text_of(item, path)).collect(),
            _ => self.text_of(yaml, path).into_iter().collect(),
        }
    }

    fn lifecycle(&mut self, yaml: &Yaml) -> Vec<(String, TextSpan)> {
        let mut from = spot::key(self.text, &["lifecycle"]).end;
        let mut stages = Vec::new();
        for name in self.texts(yaml, &["lifecycle"]) {
            let start = self.text[from..].find(&name).map_or(from, |at| from + at);
            let end = (start + name.len()).min(self.text.len());
            from = end;
            stages.push((name, self.span(start..end)));
        }
        stages
    }

    fn zone(&mut self, yaml: &Yaml) -> Option<Zone> {
        let name = self.text_of(yaml, &["timezone"])?;
        let zone = Zone::from_name(&name);
        if zone.is_none() {
            let meant = Zone::common_name(&name).or_else(|| did_you_mean(&name, Zone::names()));
            let help = match meant {
                Some(zone) => (format!("did you mean `{zone}`?"), format!("`{zone}` ではありませんか")),
                None => ("use an IANA name such as `Asia/Tokyo`".into(), "`Asia/Tokyo` のような IANA 名を使う".into()),
            };
            let (en, ja) = (format!("unknown time zone `{name}`"), format!("タイムゾーン `{name}` は存在しません"));
            self.report(&["timezone"], en, ja, help, meant);
        }
        zone
    }

    fn currency(&mut self, yaml: &Yaml) -> Option<Currency> {
        let code = self.text_of(yaml, &["currency"])?;
        let currency = Currency::from_code(&code);
        if currency.is_none() {
            let codes = crate::value::money::CURRENCIES.iter().map(|c| c.0);
            let meant = codes.clone().find(|c| c.eq_ignore_ascii_case(&code)).or_else(|| did_you_mean(&code, codes));
            let help = match meant {
                Some(code) => (format!("did you mean `{code}`?"), format!("`{code}` ではありませんか")),
                None => ("use an ISO 4217 code such as `JPY`".into(), "`JPY` のような ISO 4217 コードを使う".into()),
            };
            self.report(
                &["currency"],
                format!("unknown currency `{code}`"),
                format!("通貨 `{code}` は存在しません"),
                help,
                meant,
            );
        }
        currency
    }

    fn sample(&mut self, yaml: &Yaml, sample: &mut Sample) {
        for (key, value) in self.entries(yaml, &["sample"], SAMPLE_KEYS) {
            let path = &["sample", key][..];
            match key {
                "people" => sample.people = self.texts(value, path),
                "events" => sample.events = self.texts(value, path),
                "mapping" => sample.mapping = self.text_of(value, path),
                _ => {}
            }
        }
    }

    fn period(&mut self, yaml: &Yaml, path: &[&str]) -> Option<CalendarPeriod> {
        let period = yaml.as_str().and_then(CalendarPeriod::parse);
        if period.is_none() {
            self.wrong(path, "a duration such as `24h` or `7d`", "`24h` や `7d` のような期間", yaml);
        }
        period
    }

    /// A length of time that is the same everywhere: days are 24 hours, months are not possible.
    pub(super) fn exact(&mut self, yaml: &Yaml, path: &[&str]) -> Option<Span> {
        let period = self.period(yaml, path)?;
        if period.months != 0 {
            self.wrong(path, "a duration in days, hours or minutes", "日・時間・分での期間", yaml);
            return None;
        }
        Some(Span(i64::from(period.days) * time::MILLIS_PER_DAY + period.millis))
    }

    pub(super) fn share(&mut self, yaml: &Yaml, path: &[&str]) -> Option<Decimal> {
        let share = match yaml {
            Yaml::Number(number) => number.as_f64(),
            Yaml::String(text) => match text.trim().strip_suffix('%') {
                Some(percent) => percent.trim().parse::<f64>().ok().map(|p| p / 100.0),
                None => text.trim().parse().ok(),
            },
            Yaml::Null | Yaml::Bool(_) | Yaml::Sequence(_) | Yaml::Mapping(_) | Yaml::Tagged(_) => None,
        };
        match share {
            Some(share) if (0.0..=1.0).contains(&share) => {
                Some(Decimal { micro: (share * Decimal::ONE as f64).round() as i64 })
            }
            _ => {
                self.wrong(path, "a share from 0% to 100%", "0% から 100% の割合", yaml);
                None
            }
        }
    }

    fn responses(&mut self, yaml: &Yaml) -> Vec<(Channel, Response)> {
        let names = Channel::ALL.map(Channel::name);
        let mut all = Vec::new();
        for (name, value) in self.entries(yaml, &["response"], &names) {
            let Some(channel) = Channel::from_name(name) else { continue };
            let mut response = Response::default();
            for (key, value) in self.entries(value, &["response", name], RESPONSE_KEYS) {
                let path = &["response", name, key][..];
                match key {
                    "open" => response.open = self.share(value, path).unwrap_or_default(),
                    "click" => response.click = self.share(value, path).unwrap_or_default(),
                    "convert" => response.convert = self.share(value, path).unwrap_or_default(),
                    "delay" => response.delay = self.exact(value, path).unwrap_or_default(),
                    _ => {}
                }
            }
            all.push((channel, response));
        }
        all.sort_by_key(|(channel, _)| *channel);
        all
    }

    fn lints(&mut self, yaml: &Yaml) -> Vec<LintSetting> {
        let names: Vec<&'static str> = Code::ALL.iter().map(|c| c.name()).collect();
        let mut lints = Vec::new();
        for (name, value) in self.entries(yaml, &["lints"], &names) {
            let Ok(code) = name.parse::<Code>() else { continue };
            if !code.is_livable() {
                self.not_livable(name);
                continue;
            }
            let (mut level, mut reason) = (None, None);
            if value.is_mapping() {
                for (key, inner) in self.entries(value, &["lints", name], LINT_KEYS) {
                    match key {
                        "level" => level = self.level(inner, &["lints", name, key]),
                        "reason" => reason = self.text_of(inner, &["lints", name, key]),
                        _ => {}
                    }
                }
            } else {
                level = self.level(value, &["lints", name]);
            }
            let reason = reason.filter(|reason| !reason.trim().is_empty());
            let place = self.span(spot::key(self.text, &["lints", name]));
            if reason.is_none()
                && code.severity() == Severity::Error
                && matches!(level, Some(LintLevel::Allow | LintLevel::Warn))
            {
                self.without_reason(name, place);
            }
            lints.extend(level.map(|level| LintSetting { code, level, reason, place }));
        }
        lints
    }

    /// Whoever lowers an error says why, for whoever reads it in half a year.
    fn without_reason(&mut self, name: &str, place: TextSpan) {
        let diagnostic = Diagnostic::new(
            Code::E0108,
            place,
            format!("`{name}` is made less than an error without a reason"),
            format!("エラー `{name}` の水準を下げる理由がありません"),
        );
        self.diagnostics.push(diagnostic.help(
            format!("write `{name}: {{ level: warn, reason: why }}`"),
            format!("`{name}: {{ level: warn, reason: 理由 }}` と書く"),
        ));
    }

    fn not_livable(&mut self, name: &str) {
        let diagnostic = Diagnostic::new(
            Code::E0108,
            self.span(spot::key(self.text, &["lints", name])),
            format!("`{name}` has no level: with it, nobody can say what a journey does"),
            format!("`{name}` の水準は変えられません (残ったままではジャーニーの動作が決まりません)"),
        );
        self.diagnostics.push(diagnostic.help(
            format!("put the mistakes right; `tabi explain {name}` says how"),
            format!("誤りを直す (`tabi explain {name}` を参照)"),
        ));
    }

    fn level(&mut self, yaml: &Yaml, path: &[&str]) -> Option<LintLevel> {
        match yaml.as_str() {
            Some("allow") => Some(LintLevel::Allow),
            Some("warn") => Some(LintLevel::Warn),
            Some("error") => Some(LintLevel::Error),
            other => {
                let meant = other.and_then(|text| did_you_mean(text, LINT_LEVELS.iter().copied()));
                let found = describe(yaml);
                let en = format!("unknown level {} for `{}`", found.en, path.get(1).unwrap_or(&"lints"));
                let ja = format!("`{}` の水準 {} はありません", path.get(1).unwrap_or(&"lints"), found.ja);
                let help = ("use `allow`, `warn` or `error`".into(), "`allow`・`warn`・`error` のどれかにする".into());
                self.report(path, en, ja, help, meant);
                None
            }
        }
    }

    /// An instant, or a date or local time in the project's zone.
    fn moment(&mut self, yaml: &Yaml, zone: Zone) -> Option<Instant> {
        if yaml.is_null() {
            return None;
        }
        let moment = yaml.as_str().and_then(|text| parse_moment(text, zone));
        if moment.is_none() {
            self.wrong(
                &["until"],
                "a time such as `2026-04-01` or `2026-04-01 20:30`",
                "`2026-04-01` や `2026-04-01 20:30` のような日時",
                yaml,
            );
        }
        moment
    }

    fn not_yaml(&mut self, error: &serde_yaml::Error) {
        let twice = error.to_string();
        let twice = twice.split("duplicate entry with key \"").nth(1).and_then(|rest| rest.split('"').next());
        // Of a key that stands twice the reader gives no place.
        let second = twice.and_then(|key| self.text.rfind(&format!("{key}:")));
        let at = second.unwrap_or_else(|| error.location().map_or(0, |l| l.index().min(self.text.len())));
        let at = self.text.floor_char_boundary(at);
        let line_end = self.text[at..].find('\n').map_or(self.text.len(), |i| at + i);
        let span = TextSpan::new(self.source, at, line_end);
        if let Some(key) = twice {
            let diagnostic =
                Diagnostic::new(Code::E0108, span, format!("`{key}` is set twice"), format!("`{key}` が二度あります"));
            let diagnostic = diagnostic.help("keep one of them", "どちらか一つを残す");
            return self.diagnostics.push(diagnostic);
        }
        let (en, ja) = reason(&error.to_string());
        let diagnostic = Diagnostic::new(
            Code::E0108,
            span,
            format!("`tabi.yaml` is not valid YAML: {en}"),
            format!("`tabi.yaml` が YAML として読めません: {ja}"),
        );
        self.diagnostics.push(diagnostic.help(
            "write one `key: value` per line, and indent what belongs to a key by two spaces",
            "`キー: 値` を 1 行に 1 つ書き、下位の項目は半角スペース 2 つで字下げする",
        ));
    }

    fn missing(&mut self, key: &str) {
        let example = match key {
            "timezone" => "timezone: Asia/Tokyo",
            "currency" => "currency: JPY",
            _ => "name: my-shop",
        };
        let diagnostic = Diagnostic::new(
            Code::E0108,
            self.span(0..0),
            format!("`{key}` is missing"),
            format!("`{key}` がありません"),
        );
        let help = (format!("add a line such as `{example}`"), format!("`{example}` のような行を加える"));
        self.diagnostics.push(diagnostic.help(help.0, help.1));
    }

    fn unknown_key(&mut self, path: &[&str], name: &str, known: &[&'static str]) {
        let full: Vec<&str> = path.iter().copied().chain([name]).collect();
        let span = self.span(spot::key(self.text, &full));
        let meant = did_you_mean(name, known.iter().copied());
        let (what, what_ja) = match path.first() {
            Some(&"lints") if path.len() == 1 => ("code", "コード"),
            Some(&"response" | &"costs") if path.len() == 1 => ("channel", "チャネル"),
            _ => ("setting", "設定"),
        };
        let mut diagnostic = Diagnostic::new(
            Code::E0108,
            span,
            format!("unknown {what} `{name}`"),
            format!("知らない{what_ja} `{name}`"),
        );
        diagnostic = match meant {
            Some(key) => {
                diagnostic.help(format!("did you mean `{key}`?"), format!("`{key}` ではありませんか")).fix(span, key)
            }
            None if known.len() <= KEYS.len() => {
                let list = known.iter().map(|k| format!("`{k}`")).collect::<Vec<_>>().join(", ");
                diagnostic.help(format!("known here: {list}"), format!("ここで使えるもの: {list}"))
            }
            None => diagnostic.help(
                "codes are those that `tabi check` prints, such as `E0301`",
                "コードは `tabi check` が表示するもの (`E0301` など)",
            ),
        };
        self.diagnostics.push(diagnostic);
    }

    pub(super) fn wrong(&mut self, path: &[&str], expected: &str, expected_ja: &str, found: &Yaml) {
        let name = path.last().map_or_else(|| "tabi.yaml".to_string(), |key| key.to_string());
        let found = describe(found);
        self.diagnostics.push(Diagnostic::new(
            Code::E0108,
            self.span(spot::value(self.text, path)),
            format!("`{name}` should be {expected}, not {}", found.en),
            format!("`{name}` には {expected_ja}が必要 (実際は {})", found.ja),
        ));
    }

    pub(super) fn report(
        &mut self,
        path: &[&str],
        en: String,
        ja: String,
        help: (String, String),
        meant: Option<&str>,
    ) {
        let span = self.span(spot::value(self.text, path));
        let mut diagnostic = Diagnostic::new(Code::E0108, span, en, ja).help(help.0, help.1);
        if let Some(meant) = meant {
            diagnostic = diagnostic.fix(span, meant);
        }
        self.diagnostics.push(diagnostic);
    }

    pub(super) fn span(&self, range: std::ops::Range<usize>) -> TextSpan {
        TextSpan::new(self.source, range.start, range.end)
    }
}

/// What a person wrote, in their words.
fn describe(yaml: &Yaml) -> Phrase {
    let quoted = |text: String| {
        let text: String = text.chars().take(60).collect();
        Phrase::new(format!("`{text}`"), format!("`{text}`"))
    };
    match yaml {
        Yaml::Null => Phrase::new("nothing", "空"),
        Yaml::Bool(value) => quoted(value.to_string()),
        Yaml::Number(value) => quoted(value.to_string()),
        Yaml::String(value) => quoted(value.clone()),
        Yaml::Sequence(_) => Phrase::new("a list", "リスト"),
        Yaml::Mapping(_) => Phrase::new("`key: value` lines", "`キー: 値` の並び"),
        Yaml::Tagged(_) => Phrase::new("a `!tag`", "`!タグ`"),
    }
}
