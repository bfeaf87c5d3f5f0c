//! `environments:` of `tabi.yaml`: which providers bring messages in production, in staging, anywhere else.
//!
//! Looks up no secret and calls nobody; a secret that stands in the file itself is an error that never repeats it.

mod program;
mod values;

use std::path::PathBuf;

use serde_yaml::Value as Yaml;

use super::settings::Reader;
use crate::ports::environment::{
    ChatSettings, EmailFeedback, EmailSettings, Environment, LineSettings, PaperSettings, PushSettings, SmsSettings,
    Tls, Unknowns, WebhookSettings, WriteKey,
};
use crate::value::{Span, time};
use values::{LINE_API, PUSH_API, SMS_API, Urls};

/// More is a mistake: an environment is a place where messages go out from.
const ENVIRONMENTS_MAX: usize = 20;
/// Keys by which sources of events are known; more is one for each person.
const WRITE_KEYS_MAX: usize = 200;
/// Attempts a second that no provider takes.
const PER_SECOND_MAX: u64 = 100_000;
/// Connections to one mail server; servers refuse far fewer.
const CONNECTIONS_MAX: u64 = 200;
/// What a mail server takes without asking.
const CONNECTIONS: usize = 8;
/// A webhook that takes longer should answer at once and work afterwards.
const TIMEOUT_MAX: Span = Span(60 * time::MILLIS_PER_SECOND);
const TIMEOUT: Span = Span(10 * time::MILLIS_PER_SECOND);
const FILES_MAX: u64 = 100_000;

const KEYS: &[&str] = &[
    "public_url",
    "unknown",
    "write_keys",
    "extra_root_certificates",
    "email",
    "line",
    "sms",
    "push",
    "webhook",
    "chat",
    "paper",
];
const EMAIL_KEYS: &[&str] = &[
    "host",
    "port",
    "tls",
    "user",
    "password",
    "from",
    "domain",
    "mailbox_host",
    "connections_max",
    "per_second_max",
    "feedback",
];
const FEEDBACK_KEYS: &[&str] = &["ses", "sendgrid"];
const LINE_KEYS: &[&str] = &["token", "secret", "base_url", "per_second_max", "aggregation", "notifications"];
const SMS_KEYS: &[&str] = &["account", "token", "from", "base_url", "per_second_max"];
const PUSH_KEYS: &[&str] = &["project", "key", "base_url", "per_second_max"];
const WEBHOOK_KEYS: &[&str] =
    &["secret", "hosts", "private", "messages", "actions", "default_url", "timeout", "per_second_max"];
const CHAT_KEYS: &[&str] = &["slack", "chatwork"];
const CHATWORK_KEYS: &[&str] = &["room", "token", "base_url"];
const PAPER_KEYS: &[&str] = &["folder", "files_max"];

/// What a required setting looks like, for those who left it out.
const EXAMPLES: &[(&str, &str)] = &[
    ("public_url", "public_url: https://m.shop.example"),
    ("host", "host: smtp.shop.example"),
    ("account", "account: AC0123456789abcdef0123456789abcdef"),
    ("from", "from: \"+815012345678\""),
    ("project", "project: shop-app"),
    ("key", "key: file:/run/secrets/fcm.json"),
    ("token", "token: env:TOKEN"),
    ("secret", "secret: env:SECRET"),
    ("password", "password: env:SMTP_PASSWORD"),
    ("room", "room: 12345678"),
];

impl Reader<'_> {
    pub(super) fn environments(&mut self, yaml: &Yaml) -> Vec<Environment> {
        let mut all = Vec::new();
        let mut literals = Vec::new();
        for (name, value) in self.named(yaml, &["environments"], ENVIRONMENTS_MAX) {
            let mut inside = Inside { reader: self, path: vec!["environments", name], literals: &mut literals };
            all.push(inside.environment(name, value));
        }
        self.hide(&literals);
        all
    }
}

/// The reader inside one environment.
struct Inside<'i, 'r, 't> {
    reader: &'i mut Reader<'t>,
    /// The keys that lead to what is being read.
    path: Vec<&'r str>,
    /// Secrets that stand in the file; no diagnostic may show a line with one.
    literals: &'i mut Vec<String>,
}

impl<'r> Inside<'_, 'r, '_> {
    /// Reads what is under a key.
    fn under<T>(&mut self, key: &'r str, read: impl FnOnce(&mut Self) -> T) -> T {
        self.path.push(key);
        let read = read(self);
        self.path.pop();
        read
    }

    fn entries<'y>(&mut self, yaml: &'y Yaml, known: &[&'static str]) -> Vec<(&'static str, &'y Yaml)> {
        if !self.has_lines(yaml) {
            return Vec::new();
        }
        self.note_misspelt_secrets(yaml, known);
        self.reader.entries(yaml, &self.path, known)
    }

    /// A channel's own settings; `None` where the channel goes to paper, said or unsaid.
    fn channel<'y>(&mut self, yaml: &'y Yaml, known: &[&'static str]) -> Option<Vec<(&'static str, &'y Yaml)>> {
        let paper = yaml.is_null() || yaml.as_str() == Some("paper");
        (!paper).then(|| self.entries(yaml, known))
    }

    fn environment(&mut self, name: &str, yaml: &'r Yaml) -> Environment {
        let mut env = Environment { name: name.to_owned(), ..Environment::default() };
        let mut live = None;
        for (key, value) in self.entries(yaml, KEYS) {
            self.under(key, |at| match key {
                "public_url" => env.public_url = at.public_url(value),
                "unknown" => {
                    let choices = [("accept", Unknowns::Accept), ("refuse", Unknowns::Refuse)];
                    env.unknown = at.choice(value, &choices).unwrap_or_default();
                }
                "write_keys" => env.write_keys = at.write_keys(value),
                "extra_root_certificates" => env.extra_root_certificates = at.word(value).map(PathBuf::from),
                "email" => env.email = at.email(value),
                "line" => env.line = at.line(value),
                "sms" => env.sms = at.sms(value),
                "push" => env.push = at.push(value),
                "webhook" => env.webhook = at.webhook(value),
                "chat" => env.chat = at.chats(value),
                "paper" => env.paper = at.paper(value),
                _ => {}
            });
            // Whatever goes to a person leads somewhere: links, a page to leave, reports of the provider.
            let personal = ["email", "line", "sms", "push"].contains(&key);
            if live.is_none() && personal && value.is_mapping() {
                live = Some(key);
            }
        }
        if let Some(channel) = live.filter(|_| yaml.get("public_url").is_none_or(Yaml::is_null)) {
            self.without_public_url(channel);
        }
        env
    }

    fn write_keys(&mut self, yaml: &'r Yaml) -> Vec<WriteKey> {
        let mut keys: Vec<WriteKey> = Vec::new();
        if !self.has_lines(yaml) {
            return keys;
        }
        for (name, value) in self.reader.named(yaml, &self.path.clone(), WRITE_KEYS_MAX) {
            let Some(key) = self.under(name, |at| at.secret(value)) else { continue };
            if let Some(first) = keys.iter().find(|other| other.key == key) {
                let en = format!("`{name}` has the same key as `{}`: their events could not be told apart", first.name);
                let ja = format!("`{name}` と `{}` のキーが同じで、イベントの送り元を区別できません", first.name);
                self.under(name, |at| {
                    at.refuse(en, ja, ("give each source a key of its own", "送り元ごとに別のキーを使う"))
                });
            }
            keys.push(WriteKey { name: name.to_owned(), key });
        }
        keys
    }

    fn email(&mut self, yaml: &'r Yaml) -> Option<EmailSettings> {
        let entries = self.channel(yaml, EMAIL_KEYS)?;
        let (mut host, mut port, mut tls) = (None, None, None);
        let mut email = EmailSettings {
            host: String::new(),
            port: 0,
            tls: Tls::StartTls,
            user: None,
            password: None,
            from: None,
            domain: None,
            mailbox_host: None,
            connections_max: CONNECTIONS,
            per_second_max: None,
            feedback: Vec::new(),
        };
        for (key, value) in entries {
            self.under(key, |at| match key {
                "host" => host = at.host(value),
                "port" => port = at.whole(value, u64::from(u16::MAX)).map(|port| port as u16),
                "tls" => {
                    let kinds = [("starttls", Tls::StartTls), ("implicit", Tls::Implicit), ("none", Tls::None)];
                    tls = at.choice(value, &kinds);
                }
                "user" => email.user = at.word(value),
                "password" => email.password = at.secret(value),
                "from" => email.from = at.mail_address(value),
                "domain" => email.domain = at.host(value),
                "mailbox_host" => email.mailbox_host = at.host(value),
                "connections_max" => {
                    email.connections_max = at.whole(value, CONNECTIONS_MAX).map_or(CONNECTIONS, |n| n as usize);
                }
                "per_second_max" => email.per_second_max = at.rate(value),
                "feedback" => email.feedback = at.feedback(value),
                _ => {}
            });
        }
        email.tls = tls.unwrap_or(if port == Some(465) { Tls::Implicit } else { Tls::StartTls });
        email.port = port.unwrap_or(match email.tls {
            Tls::Implicit => 465,
            Tls::StartTls => 587,
            Tls::None => 25,
        });
        self.require(yaml, &["host"]);
        if email.user.is_some() {
            self.require(yaml, &["password"]);
        }
        email.host = host?;
        if email.tls == Tls::None && !values::is_loopback(&email.host) {
            let en = format!("mail to `{}` would travel in the clear", email.host);
            let ja = format!("`{}` へのメールが暗号化されずに送られます", email.host);
            self.under("tls", |at| {
                at.refuse(
                    en,
                    ja,
                    ("use `tls: starttls` or `tls: implicit`", "`tls: starttls` か `tls: implicit` にする"),
                );
            });
        }
        Some(email)
    }

    fn feedback(&mut self, yaml: &'r Yaml) -> Vec<EmailFeedback> {
        let mut all = Vec::new();
        for item in self.list(yaml) {
            for (key, value) in self.entries(item, FEEDBACK_KEYS) {
                let text = self.under(key, |at| at.word(value));
                let Some(text) = text else { continue };
                match key {
                    "ses" if text.starts_with("arn:") => all.push(EmailFeedback::Ses { topic_arn: text }),
                    "ses" => self.under(key, |at| {
                        at.unfit(
                            "the ARN of an SNS topic, `arn:aws:sns:…`",
                            "SNS トピックの ARN (`arn:aws:sns:…`)",
                            value,
                        );
                    }),
                    _ => all.push(EmailFeedback::SendGrid { public_key: text }),
                }
            }
        }
        all
    }

    fn line(&mut self, yaml: &'r Yaml) -> Option<LineSettings> {
        let entries = self.channel(yaml, LINE_KEYS)?;
        let (mut token, mut secret, mut base_url) = (None, None, LINE_API.to_owned());
        let (mut per_second_max, mut aggregation, mut notifications) = (None, true, Vec::new());
        for (key, value) in entries {
            self.under(key, |at| match key {
                "token" => token = at.secret(value),
                "secret" => secret = at.secret(value),
                "base_url" => base_url = at.base_url(value).unwrap_or_default(),
                "per_second_max" => per_second_max = at.rate(value),
                "aggregation" => aggregation = at.flag(value).unwrap_or(true),
                "notifications" => notifications = at.names(value),
                _ => {}
            });
        }
        self.require(yaml, &["token", "secret"]);
        Some(LineSettings { token: token?, secret: secret?, base_url, per_second_max, aggregation, notifications })
    }

    fn sms(&mut self, yaml: &'r Yaml) -> Option<SmsSettings> {
        let entries = self.channel(yaml, SMS_KEYS)?;
        let (mut account, mut token, mut from) = (None, None, None);
        let (mut base_url, mut per_second_max) = (SMS_API.to_owned(), None);
        for (key, value) in entries {
            self.under(key, |at| match key {
                "account" => account = at.name(value),
                "token" => token = at.secret(value),
                "from" => from = at.sms_sender(value),
                "base_url" => base_url = at.base_url(value).unwrap_or_default(),
                "per_second_max" => per_second_max = at.rate(value),
                _ => {}
            });
        }
        self.require(yaml, &["account", "token", "from"]);
        Some(SmsSettings { base_url, account: account?, token: token?, from: from?, per_second_max })
    }

    fn push(&mut self, yaml: &'r Yaml) -> Option<PushSettings> {
        let entries = self.channel(yaml, PUSH_KEYS)?;
        let (mut project, mut secret) = (None, None);
        let (mut base_url, mut per_second_max) = (PUSH_API.to_owned(), None);
        for (key, value) in entries {
            self.under(key, |at| match key {
                "project" => project = at.name(value),
                "key" => secret = at.secret(value),
                "base_url" => base_url = at.base_url(value).unwrap_or_default(),
                "per_second_max" => per_second_max = at.rate(value),
                _ => {}
            });
        }
        self.require(yaml, &["project", "key"]);
        Some(PushSettings { base_url, project: project?, key: secret?, per_second_max })
    }

    fn webhook(&mut self, yaml: &'r Yaml) -> Option<WebhookSettings> {
        let entries = self.channel(yaml, WEBHOOK_KEYS)?;
        let mut secret = None;
        let mut urls = Urls::default();
        let (mut timeout, mut per_second_max) = (TIMEOUT, None);
        for (key, value) in entries {
            self.under(key, |at| match key {
                "secret" => secret = at.secret(value),
                "hosts" => urls.hosts = Some(at.hosts(value)),
                "private" => urls.private = at.flag(value).unwrap_or(false),
                "messages" => urls.messages = at.targets(value),
                "actions" => urls.actions = at.targets(value),
                "default_url" => urls.default = at.target(value),
                "timeout" => timeout = at.timeout(value).unwrap_or(TIMEOUT),
                "per_second_max" => per_second_max = at.rate(value),
                _ => {}
            });
        }
        self.require(yaml, &["secret"]);
        self.judge_urls(&urls);
        let hosts = urls.allowed();
        let plain = |targets: Vec<(&str, url::Url)>| -> Vec<(String, String)> {
            targets.into_iter().map(|(name, url)| (name.to_owned(), values::with_name(&url))).collect()
        };
        Some(WebhookSettings {
            secret: secret?,
            hosts,
            private: urls.private,
            messages: plain(urls.messages),
            actions: plain(urls.actions),
            default_url: urls.default.as_ref().map(values::with_name),
            timeout,
            per_second_max,
        })
    }

    fn chats(&mut self, yaml: &'r Yaml) -> Vec<ChatSettings> {
        let mut all = Vec::new();
        for item in self.list(yaml) {
            for (key, value) in self.entries(item, CHAT_KEYS) {
                let chat = self.under(key, |at| match key {
                    "slack" => at.secret(value).map(|url| ChatSettings::Slack { url }),
                    _ => at.chatwork(value),
                });
                all.extend(chat);
            }
        }
        all
    }

    fn chatwork(&mut self, yaml: &'r Yaml) -> Option<ChatSettings> {
        let (mut room, mut token, mut base_url) = (None, None, values::CHATWORK_API.to_owned());
        for (key, value) in self.entries(yaml, CHATWORK_KEYS) {
            self.under(key, |at| match key {
                "room" => room = at.name(value),
                "token" => token = at.secret(value),
                "base_url" => base_url = at.base_url(value).unwrap_or_default(),
                _ => {}
            });
        }
        self.require(yaml, &["room", "token"]);
        Some(ChatSettings::Chatwork { base_url, room: room?, token: token? })
    }

    fn paper(&mut self, yaml: &'r Yaml) -> PaperSettings {
        let mut paper = PaperSettings::default();
        for (key, value) in self.entries(yaml, PAPER_KEYS) {
            self.under(key, |at| match key {
                "folder" => paper.folder = at.word(value).map(PathBuf::from),
                "files_max" => {
                    paper.files_max = at.whole(value, FILES_MAX).map_or(paper.files_max, |n| n as usize);
                }
                _ => {}
            });
        }
        paper
    }
}

fn example(key: &str) -> &'static str {
    EXAMPLES.iter().find(|(name, _)| *name == key).map_or("", |(_, example)| example)
}
