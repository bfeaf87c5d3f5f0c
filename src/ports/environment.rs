//! An environment of `tabi.yaml` as data: which providers bring messages, who may send events, what the outside sees.
//!
//! Reads no file and holds no secret: a secret is named here and looked up when the runtime starts.

use std::fmt;
use std::path::PathBuf;

use crate::value::Span;

/// Where a secret is found. Never in the project itself.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum SecretRef {
    /// `env:NAME`
    Env(String),
    /// `file:/path`; its content without white space at the end.
    File(PathBuf),
}

impl fmt::Display for SecretRef {
    /// As it is written in `tabi.yaml`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SecretRef::Env(name) => write!(f, "env:{name}"),
            SecretRef::File(path) => write!(f, "file:{}", path.display()),
        }
    }
}

/// One entry under `environments:`. A channel without settings goes to paper.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Environment {
    pub name: String,
    /// `https://m.shop.example`: links, unsubscribe pages and webhooks of providers lead here. Needed to go live by mail.
    pub public_url: Option<String>,
    pub write_keys: Vec<WriteKey>,
    /// Authorities that are trusted beside those of the operating system, in PEM; relative to the project.
    pub extra_root_certificates: Option<PathBuf>,
    pub email: Option<EmailSettings>,
    pub line: Option<LineSettings>,
    pub sms: Option<SmsSettings>,
    pub push: Option<PushSettings>,
    pub webhook: Option<WebhookSettings>,
    pub chat: Vec<ChatSettings>,
    /// Where channels without settings leave what they take.
    pub paper: PaperSettings,
    /// What happens with events and fields that the project does not declare.
    pub unknown: Unknowns,
}

/// A key by which one source of events is known.
#[derive(Debug, Clone, PartialEq)]
pub struct WriteKey {
    pub name: String,
    pub key: SecretRef,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Unknowns {
    /// Taken, without effect, and counted.
    #[default]
    Accept,
    /// Refused into the list of dead letters, and counted.
    Refuse,
}

/// Mail by SMTP.
#[derive(Debug, Clone, PartialEq)]
pub struct EmailSettings {
    pub host: String,
    pub port: u16,
    pub tls: Tls,
    pub user: Option<String>,
    pub password: Option<SecretRef>,
    /// Where mail comes from when its file does not say.
    pub from: Option<String>,
    /// Domain of Message-IDs; else that of the sender.
    pub domain: Option<String>,
    /// Host of addresses `unsub+TOKEN@…` and `bounce+TOKEN@…`, if a mailbox there is read.
    pub mailbox_host: Option<String>,
    pub connections_max: usize,
    pub per_second_max: Option<u32>,
    /// Who tells of bounces: how to check that it is they.
    pub feedback: Vec<EmailFeedback>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tls {
    /// From the first byte (port 465).
    Implicit,
    /// STARTTLS or nothing is sent (port 587).
    StartTls,
    /// In the clear: only to this machine.
    None,
}

#[derive(Debug, Clone, PartialEq)]
pub enum EmailFeedback {
    /// Amazon SES by SNS; only of this topic.
    Ses { topic_arn: String },
    /// Twilio SendGrid's event webhook, by its public key (base64, P-256).
    SendGrid { public_key: String },
}

#[derive(Debug, Clone, PartialEq)]
pub struct LineSettings {
    pub token: SecretRef,
    /// Checks webhooks.
    pub secret: SecretRef,
    /// `https://api.line.me`, unless it is somebody else who stands in for it.
    pub base_url: String,
    pub per_second_max: Option<u32>,
    /// One aggregation unit for each message, `tabi_…`, at most 1,000 a month.
    pub aggregation: bool,
    /// Messages on `sms` that go as LINE notification messages, by name: `flexible`, or the key of a template.
    pub notifications: Vec<(String, String)>,
}

/// Twilio's API, or one of its shape.
#[derive(Debug, Clone, PartialEq)]
pub struct SmsSettings {
    pub base_url: String,
    pub account: String,
    pub token: SecretRef,
    pub from: SmsSender,
    pub per_second_max: Option<u32>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SmsSender {
    Number(String),
    Service(String),
}

/// FCM's HTTP v1.
#[derive(Debug, Clone, PartialEq)]
pub struct PushSettings {
    pub base_url: String,
    pub project: String,
    /// The JSON key of a service account.
    pub key: SecretRef,
    pub per_second_max: Option<u32>,
}

/// Webhook messages and actions.
#[derive(Debug, Clone, PartialEq)]
pub struct WebhookSettings {
    /// Signs every request.
    pub secret: SecretRef,
    /// Hosts that may be called; nothing else is. In lower case, without ports.
    pub hosts: Vec<String>,
    /// Hosts of private networks, and of this machine, may be among them.
    pub private: bool,
    /// By message's name.
    pub messages: Vec<(String, String)>,
    /// By action's name.
    pub actions: Vec<(String, String)>,
    /// For those that are not named: `{name}` in it is replaced.
    pub default_url: Option<String>,
    pub timeout: Span,
    pub per_second_max: Option<u32>,
}

/// Where notices to the people of the shop go.
#[derive(Debug, Clone, PartialEq)]
pub enum ChatSettings {
    /// An incoming webhook; its address is a secret.
    Slack {
        url: SecretRef,
    },
    Chatwork {
        base_url: String,
        room: String,
        token: SecretRef,
    },
}

/// Messages that nobody gets: counted, kept to be looked at, never sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PaperSettings {
    /// One file for each message is written here, if anywhere. Relative to the project's folder.
    pub folder: Option<PathBuf>,
    /// The oldest are removed beyond this.
    pub files_max: usize,
}

impl Default for PaperSettings {
    fn default() -> Self {
        PaperSettings { folder: None, files_max: 1_000 }
    }
}

impl Environment {
    /// Every secret it names, with the setting that names it: `sms.token`.
    pub fn secrets(&self) -> Vec<(String, &SecretRef)> {
        let mut all: Vec<(String, &SecretRef)> = Vec::new();
        all.extend(self.write_keys.iter().map(|key| (format!("write_keys.{}", key.name), &key.key)));
        if let Some(email) = &self.email {
            all.extend(email.password.iter().map(|password| ("email.password".to_owned(), password)));
        }
        if let Some(line) = &self.line {
            all.push(("line.token".to_owned(), &line.token));
            all.push(("line.secret".to_owned(), &line.secret));
        }
        all.extend(self.sms.iter().map(|sms| ("sms.token".to_owned(), &sms.token)));
        all.extend(self.push.iter().map(|push| ("push.key".to_owned(), &push.key)));
        all.extend(self.webhook.iter().map(|webhook| ("webhook.secret".to_owned(), &webhook.secret)));
        all.extend(self.chat.iter().map(|chat| match chat {
            ChatSettings::Slack { url } => ("chat.slack".to_owned(), url),
            ChatSettings::Chatwork { token, .. } => ("chat.chatwork.token".to_owned(), token),
        }));
        all
    }
}
