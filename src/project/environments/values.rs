//! Single values of an environment: secrets by reference, addresses, hosts, numbers; each with its remedy when it is wrong.
//!
//! Knows no channel.

use std::net::IpAddr;
use std::path::Path;

use serde_yaml::Value as Yaml;
use url::{Host, Url};

use super::{Inside, PER_SECOND_MAX, TIMEOUT_MAX, example};
use crate::diag::{Code, Diagnostic, did_you_mean};
use crate::ports::environment::{SecretRef, SmsSender};
use crate::ports::reach;
use crate::project::settings::Reader;
use crate::project::spot;
use crate::text::{SourceId, Span as TextSpan};
use crate::value::Span;

pub(super) const LINE_API: &str = "https://api.line.me";
pub(super) const SMS_API: &str = "https://api.twilio.com";
pub(super) const PUSH_API: &str = "https://fcm.googleapis.com";
pub(super) const CHATWORK_API: &str = "https://api.chatwork.com";

/// Names of environments, keys, messages; longer ones are not names.
const NAME_CHARS_MAX: usize = 64;
/// Browsers and proxies take no longer ones.
const URL_CHARS_MAX: usize = 2_000;
/// Pieces of a secret shorter than this give nothing away and stand on many lines.
const TELLING_CHARS_MIN: usize = 4;
/// Stands for `{name}` while an address is read, since braces would be encoded.
const NAME_MARK: &str = "TABI-NAME-PLACE";

/// The addresses of the webhook section.
#[derive(Default)]
pub(super) struct Urls<'r> {
    pub hosts: Option<Vec<String>>,
    pub private: bool,
    pub messages: Vec<(&'r str, Url)>,
    pub actions: Vec<(&'r str, Url)>,
    pub default: Option<Url>,
}

impl Urls<'_> {
    fn all(&self) -> impl Iterator<Item = (Vec<&str>, &Url)> {
        let messages = self.messages.iter().map(|(name, url)| (vec!["messages", *name], url));
        let actions = self.actions.iter().map(|(name, url)| (vec!["actions", *name], url));
        messages.chain(actions).chain(self.default.iter().map(|url| (vec!["default_url"], url)))
    }

    /// The hosts that were listed, else those of the addresses.
    pub fn allowed(&self) -> Vec<String> {
        let mut hosts = match &self.hosts {
            Some(hosts) => hosts.clone(),
            None => self.all().filter_map(|(_, url)| url.host_str().map(str::to_owned)).collect(),
        };
        hosts.sort();
        hosts.dedup();
        hosts
    }
}

/// The address as the channel takes it, with `{name}` where it stood.
pub(super) fn with_name(url: &Url) -> String {
    url.as_str().replace(NAME_MARK, "{name}")
}

/// This machine, by name or number. Other names may lead here too: that is seen when they are called.
pub(super) fn is_loopback(host: &str) -> bool {
    host == "localhost" || host.trim_matches(['[', ']']).parse().is_ok_and(|ip: IpAddr| ip.is_loopback())
}

impl Reader<'_> {
    /// The entries of a mapping whose keys are names that the project gives.
    pub(super) fn named<'y>(&mut self, yaml: &'y Yaml, path: &[&str], max: usize) -> Vec<(&'y str, &'y Yaml)> {
        let mut found = Vec::new();
        if yaml.is_null() {
            return found;
        }
        let Some(mapping) = yaml.as_mapping() else {
            self.wrong(path, "`name: …` lines", "`名前: …` の並び", yaml);
            return found;
        };
        for (key, value) in mapping {
            let name = key.as_str().unwrap_or_default();
            let sound = |c: char| c.is_alphanumeric() || ['_', '-', '.'].contains(&c);
            if name.is_empty() || name.chars().count() > NAME_CHARS_MAX || !name.chars().all(sound) {
                self.wrong(
                    path,
                    "names of letters, digits, `_`, `-` and `.`",
                    "文字・数字・`_`・`-`・`.` だけの名前",
                    key,
                );
                continue;
            }
            if found.len() == max {
                let help = ("leave out what is not used".to_owned(), "使わないものを除く".to_owned());
                let (en, ja) = (format!("more than {max} entries"), format!("項目が {max} 個を超えています"));
                self.report(path, en, ja, help, None);
                break;
            }
            found.push((name, value));
        }
        found
    }

    /// Moves diagnostics off lines on which a secret stands, since lines are shown.
    pub(super) fn hide(&mut self, literals: &[String]) {
        let pieces = literals.iter().flat_map(|literal| literal.split_whitespace());
        let pieces: Vec<&str> = pieces.filter(|piece| piece.chars().count() >= TELLING_CHARS_MIN).collect();
        let text = self.text;
        let shows = |line: &str| pieces.iter().any(|piece| line.contains(piece));
        let lines = |span: TextSpan| {
            let range = span.range();
            let start = text.get(..range.start).and_then(|t| t.rfind('\n')).map_or(0, |at| at + 1);
            let end = text.get(range.end..).and_then(|t| t.find('\n')).map_or(text.len(), |at| range.end + at);
            text.get(start..end).unwrap_or(text)
        };
        let heading = self.span(spot::key(text, &["environments"]));
        // A place in no file is shown without a line.
        let elsewhere = if shows(lines(heading)) { TextSpan::new(SourceId(u32::MAX), 0, 0) } else { heading };
        for diagnostic in &mut self.diagnostics {
            if shows(lines(diagnostic.primary.span)) {
                diagnostic.primary.span = elsewhere;
                diagnostic.fix.clear();
            }
        }
    }
}

impl<'r> Inside<'_, 'r, '_> {
    pub(super) fn refuse(&mut self, en: String, ja: String, help: (&str, &str)) {
        self.reader.report(&self.path, en, ja, (help.0.to_owned(), help.1.to_owned()), None);
    }

    pub(super) fn unfit(&mut self, expected: &str, expected_ja: &str, found: &Yaml) {
        self.reader.wrong(&self.path, expected, expected_ja, found);
    }

    /// A reference to a secret. What else is written there is taken for the secret itself and never repeated.
    pub(super) fn secret(&mut self, yaml: &Yaml) -> Option<SecretRef> {
        let key = self.path.last().copied().unwrap_or_default();
        let text = match yaml {
            Yaml::String(text) => text.trim().to_owned(),
            Yaml::Number(number) => number.to_string(),
            Yaml::Null | Yaml::Bool(_) | Yaml::Sequence(_) | Yaml::Mapping(_) | Yaml::Tagged(_) => {
                self.unfit("`env:NAME` or `file:/path`", "`env:名前` か `file:/パス` ", yaml);
                return None;
            }
        };
        if let Some(name) = text.strip_prefix("env:") {
            let sound = |c: char| c.is_ascii_alphanumeric() || c == '_';
            let digit = name.starts_with(|c: char| c.is_ascii_digit());
            if !name.is_empty() && !digit && name.len() <= NAME_CHARS_MAX && name.chars().all(sound) {
                return Some(SecretRef::Env(name.to_owned()));
            }
        }
        if let Some(path) = text.strip_prefix("file:") {
            if Path::new(path).is_absolute() && path.len() > 1 {
                return Some(SecretRef::File(path.into()));
            }
        }
        if text == "env:" || text.starts_with("file:") {
            self.unfit(
                "`env:NAME`, or `file:` and a path from `/`",
                "`env:名前` か、`file:` と `/` から始まるパス",
                yaml,
            );
            return None;
        }
        self.literals.push(text);
        let (en, ja) = (
            format!("the secret `{key}` is written in the file itself"),
            format!("`{key}` の秘密の値がファイルに直接書かれています"),
        );
        self.reader.report(
            &self.path,
            en,
            ja,
            (
                format!(
                    "write `{key}: env:NAME` and set that variable where Tabi runs, or `{key}: file:/run/secrets/NAME`; \
                     withdraw the one written here, since git remembers it"
                ),
                format!(
                    "`{key}: env:名前` と書いて実行環境の変数に入れるか、`{key}: file:/run/secrets/名前` にする。\
                     書いた値は git に残るため、無効にして作り直す"
                ),
            ),
            None,
        );
        None
    }

    /// Reports settings that must be there and are not, at the section they belong to.
    pub(super) fn require(&mut self, yaml: &Yaml, keys: &[&'static str]) {
        for key in keys {
            if yaml.get(*key).is_some_and(|value| !value.is_null()) {
                continue;
            }
            let mut known = yaml.as_mapping().into_iter().flatten().filter_map(|(name, _)| name.as_str());
            // A misspelt key is reported as such, once.
            if known.any(|name| did_you_mean(name, [*key]).is_some()) {
                continue;
            }
            let section = self.path.last().copied().unwrap_or_default();
            let example = example(key);
            let (en, ja) =
                (format!("`{key}` is missing under `{section}`"), format!("`{section}` に `{key}` がありません"));
            let help = (format!("add a line such as `{example}`"), format!("`{example}` のような行を加える"));
            self.at_key(en, ja, help);
        }
    }

    pub(super) fn without_public_url(&mut self, channel: &str) {
        let example = example("public_url");
        self.at_key(
            format!("`{channel}` goes to people, and there is no `public_url` for its links and reports"),
            format!("`{channel}` を送信するのに、リンクや配信通知の宛先となる `public_url` がありません"),
            (format!("add a line such as `{example}`"), format!("`{example}` のような行を加える")),
        );
    }

    fn at_key(&mut self, en: String, ja: String, help: (String, String)) {
        let span = self.reader.span(spot::key(self.reader.text, &self.path));
        self.reader.diagnostics.push(Diagnostic::new(Code::E0108, span, en, ja).help(help.0, help.1));
    }

    /// A text that is not empty.
    pub(super) fn word(&mut self, yaml: &Yaml) -> Option<String> {
        let text = self.reader.text_of(yaml, &self.path)?;
        let text = text.trim();
        if text.is_empty() {
            self.unfit("a text", "文字列", yaml);
        }
        (!text.is_empty()).then(|| text.to_owned())
    }

    /// What stands in the path of an address: letters, digits, `_` and `-`.
    pub(super) fn name(&mut self, yaml: &Yaml) -> Option<String> {
        let text = self.word(yaml)?;
        let sound = text.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
        if !sound || text.len() > NAME_CHARS_MAX {
            self.unfit("an id of letters, digits, `-` and `_`", "英数字・`-`・`_` の ID ", yaml);
            return None;
        }
        Some(text)
    }

    pub(super) fn choice<T: Copy>(&mut self, yaml: &Yaml, choices: &[(&'static str, T)]) -> Option<T> {
        let text = yaml.as_str().unwrap_or_default();
        if let Some((_, value)) = choices.iter().find(|(name, _)| *name == text) {
            return Some(*value);
        }
        let names = || choices.iter().map(|(name, _)| *name);
        let meant = did_you_mean(text, names());
        let list: Vec<String> = names().map(|name| format!("`{name}`")).collect();
        let key = self.path.last().copied().unwrap_or_default();
        let found: String = text.chars().take(NAME_CHARS_MAX).collect();
        let help = (format!("use {}", list.join(" or ")), format!("{} のどれかにする", list.join("・")));
        let (en, ja) = (format!("`{key}` cannot be `{found}`"), format!("`{key}` に `{found}` は使えません"));
        self.reader.report(&self.path, en, ja, help, meant);
        None
    }

    pub(super) fn flag(&mut self, yaml: &Yaml) -> Option<bool> {
        let flag = yaml.as_bool();
        if flag.is_none() {
            self.unfit("`true` or `false`", "`true` か `false` ", yaml);
        }
        flag
    }

    /// A whole number from 1 to `max`.
    pub(super) fn whole(&mut self, yaml: &Yaml, max: u64) -> Option<u64> {
        let number = yaml.as_u64().filter(|number| (1..=max).contains(number));
        if number.is_none() {
            self.unfit(&format!("a whole number from 1 to {max}"), &format!("1 から {max} までの整数"), yaml);
        }
        number
    }

    pub(super) fn rate(&mut self, yaml: &Yaml) -> Option<u32> {
        self.whole(yaml, PER_SECOND_MAX).and_then(|rate| u32::try_from(rate).ok())
    }

    pub(super) fn timeout(&mut self, yaml: &Yaml) -> Option<Span> {
        let span = self.reader.exact(yaml, &self.path)?;
        if !(1..=TIMEOUT_MAX.0).contains(&span.0) {
            self.unfit("a duration from 1s to 60s", "1s から 60s までの期間", yaml);
            return None;
        }
        Some(span)
    }

    /// One item or a list of them.
    pub(super) fn list(&mut self, yaml: &'r Yaml) -> Vec<&'r Yaml> {
        match yaml {
            Yaml::Null => Vec::new(),
            Yaml::Sequence(items) => items.iter().collect(),
            Yaml::Bool(_) | Yaml::Number(_) | Yaml::String(_) | Yaml::Mapping(_) | Yaml::Tagged(_) => vec![yaml],
        }
    }

    pub(super) fn host(&mut self, yaml: &Yaml) -> Option<String> {
        let text = self.word(yaml)?;
        match Host::parse(&text) {
            Ok(host) => Some(host.to_string()),
            Err(_) => {
                self.unfit(
                    "the name of a host, such as `smtp.shop.example`",
                    "`smtp.shop.example` のようなホスト名",
                    yaml,
                );
                None
            }
        }
    }

    pub(super) fn hosts(&mut self, yaml: &'r Yaml) -> Vec<String> {
        self.list(yaml).into_iter().filter_map(|item| self.host(item)).collect()
    }

    pub(super) fn mail_address(&mut self, yaml: &Yaml) -> Option<String> {
        let text = self.word(yaml)?;
        let address = text.rsplit_once('<').map_or(text.as_str(), |(_, rest)| rest.trim_end_matches('>'));
        let sound = address.split_once('@').is_some_and(|(local, host)| !local.is_empty() && Host::parse(host).is_ok());
        if !sound || text.contains(['\r', '\n']) {
            self.unfit(
                "an address such as `Shop <hello@shop.example>`",
                "`店名 <hello@shop.example>` のようなアドレス",
                yaml,
            );
            return None;
        }
        Some(text)
    }

    /// A telephone number in E.164, or a messaging service.
    pub(super) fn sms_sender(&mut self, yaml: &Yaml) -> Option<SmsSender> {
        if yaml.is_number() {
            let (en, ja) = ("`from` lost its `+`: YAML read a number", "`from` が数値として読まれ、`+` が失われました");
            self.refuse(
                en.into(),
                ja.into(),
                ("write it in quotes: `from: \"+815012345678\"`", "`from: \"+815012345678\"` のように引用符で囲む"),
            );
            return None;
        }
        let text = self.word(yaml)?;
        let digits = |text: &str| text.chars().all(|c| c.is_ascii_digit());
        if text.strip_prefix('+').is_some_and(|rest| (7..=15).contains(&rest.len()) && digits(rest)) {
            return Some(SmsSender::Number(text));
        }
        if text.starts_with("MG") && text.len() == 34 && text.chars().all(|c| c.is_ascii_alphanumeric()) {
            return Some(SmsSender::Service(text));
        }
        self.unfit(
            "a number such as `\"+815012345678\"` or a messaging service `MG…`",
            "`\"+815012345678\"` のような番号か、メッセージングサービスの `MG…`",
            yaml,
        );
        None
    }

    /// `https`, or `http` to this machine; with no user, password or fragment.
    fn url(&mut self, yaml: &Yaml) -> Option<Url> {
        let text = self.word(yaml)?;
        let url = Url::parse(&text.replace("{name}", NAME_MARK)).ok().filter(|_| text.len() <= URL_CHARS_MAX);
        let Some(url) = url.filter(|url| url.host().is_some()) else {
            self.unfit("an address such as `https://shop.example`", "`https://shop.example` のような URL ", yaml);
            return None;
        };
        if !url.username().is_empty() || url.password().is_some() {
            self.literals.push(text);
            let (en, ja) = ("a password stands in the address", "URL にパスワードが含まれています");
            self.refuse(
                en.into(),
                ja.into(),
                ("leave it out, and withdraw it: git remembers it", "取り除き、git に残るため作り直す"),
            );
            return None;
        }
        let loopback = match url.host() {
            Some(Host::Domain(name)) => name == "localhost",
            Some(Host::Ipv4(ip)) => ip.is_loopback(),
            Some(Host::Ipv6(ip)) => ip.is_loopback(),
            None => false,
        };
        if url.scheme() != "https" && !(url.scheme() == "http" && loopback) {
            self.unfit("an address that begins with `https://`", "`https://` で始まる URL ", yaml);
            return None;
        }
        if url.fragment().is_some() {
            self.unfit("an address without `#…`", "`#…` のない URL ", yaml);
            return None;
        }
        Some(url)
    }

    /// An address that others are built on, without `/` at its end.
    pub(super) fn base_url(&mut self, yaml: &Yaml) -> Option<String> {
        let url = self.url(yaml)?;
        if url.query().is_some() || url.as_str().contains(NAME_MARK) {
            self.unfit("an address without `?…` and `{name}`", "`?…` や `{name}` のない URL ", yaml);
            return None;
        }
        Some(url.as_str().trim_end_matches('/').to_owned())
    }

    pub(super) fn public_url(&mut self, yaml: &Yaml) -> Option<String> {
        self.base_url(yaml)
    }

    /// Where a webhook goes.
    pub(super) fn target(&mut self, yaml: &Yaml) -> Option<Url> {
        let url = self.url(yaml)?;
        if url.host_str().is_some_and(|host| host.contains(&NAME_MARK.to_lowercase())) {
            self.unfit(
                "an address with `{name}` behind its host only",
                "`{name}` をホスト名より後ろに置いた URL ",
                yaml,
            );
            return None;
        }
        Some(url)
    }

    pub(super) fn targets(&mut self, yaml: &'r Yaml) -> Vec<(&'r str, Url)> {
        /// A project has fewer messages and actions.
        const TARGETS_MAX: usize = 10_000;
        let named = self.reader.named(yaml, &self.path.clone(), TARGETS_MAX);
        named.into_iter().filter_map(|(name, value)| Some((name, self.under(name, |at| at.target(value))?))).collect()
    }

    /// Whether the hosts of addresses are among those listed, and private ones said to be.
    pub(super) fn judge_urls(&mut self, urls: &Urls<'r>) {
        for (path, url) in urls.all() {
            let host = url.host_str().unwrap_or_default();
            let listed = urls.hosts.as_ref().is_none_or(|hosts| hosts.iter().any(|other| other == host));
            let private = match url.host() {
                Some(Host::Domain(name)) => name == "localhost",
                Some(Host::Ipv4(ip)) => !reach::is_public(ip.into()),
                Some(Host::Ipv6(ip)) => !reach::is_public(ip.into()),
                None => false,
            };
            let (host, reader) = (host.to_owned(), &mut *self.reader);
            let full: Vec<&str> = self.path.iter().copied().chain(path).collect();
            if !listed {
                let help = (format!("add `{host}` to `hosts`"), format!("`hosts` に `{host}` を加える"));
                let (en, ja) = (format!("`{host}` is not among `hosts`"), format!("`{host}` が `hosts` にありません"));
                reader.report(&full, en, ja, help, None);
            } else if private && !urls.private {
                let help =
                    ("add `private: true` if that is meant".into(), "意図したものなら `private: true` を加える".into());
                let (en, ja) = (
                    format!("`{host}` is this machine or a private network"),
                    format!("`{host}` はこのマシンか内部ネットワークです"),
                );
                reader.report(&full, en, ja, help, None);
            }
        }
    }
}
