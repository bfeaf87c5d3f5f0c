//! From an environment and its secrets to the ways out: one provider for each channel, who does actions, where notices go.
//!
//! Starts nothing and calls nobody. What an environment leaves out goes to paper.

use std::path::Path;
use std::sync::Arc;

use secrecy::SecretString;

use super::chat::{Chatwork, Slack};
use super::email::Smtp;
use super::http::{Http, Reach, SystemNames};
use super::line;
use super::paper::Paper;
use super::push::Push;
use super::secrets::Secrets;
use super::sms::{Sms, SmsIntake};
use super::tls::Roots;
use super::webhook::Webhooks;
use crate::ir::Channel;
use crate::ports::environment::{ChatSettings, Environment, LineSettings, SecretRef};
use crate::ports::{Doer, Noticeboard, Provider};

/// All ways out of one environment.
#[derive(Clone)]
pub struct Channels {
    /// By [`Channel::index`].
    pub providers: [Arc<dyn Provider>; Channel::COUNT],
    pub doer: Arc<dyn Doer>,
    /// Paper, if the environment names none.
    pub noticeboards: Vec<Arc<dyn Noticeboard>>,
    /// What went nowhere.
    pub paper: Paper,
    /// Reads what Twilio tells; present if text messages are live.
    pub sms: Option<Arc<SmsIntake>>,
    /// What stands behind `providers` for LINE; present if LINE is live. To be told of versions of messages.
    pub line: Option<Arc<line::Line>>,
    /// Who is trusted beside those of the operating system.
    pub roots: Roots,
}

impl Channels {
    pub fn provider(&self, channel: Channel) -> &Arc<dyn Provider> {
        let [email, line, sms, push, webhook] = &self.providers;
        match channel {
            Channel::Email => email,
            Channel::Line => line,
            Channel::Sms => sms,
            Channel::Push => push,
            Channel::Webhook => webhook,
        }
    }
}

/// Opens every way out. `folder` is the project's: paths in the settings are relative to it. Every error is one setting that
/// cannot be used, in both languages.
pub fn open(environment: &Environment, secrets: &Secrets, folder: &Path) -> Result<Channels, Vec<Unopened>> {
    let paper = match Paper::open(&environment.paper, folder) {
        Ok(paper) => paper,
        Err(error) => return Err(vec![Unopened::paper(environment, &error)]),
    };
    let roots = environment.extra_root_certificates.as_deref().map(|file| Roots::read(&folder.join(file))).transpose();
    let (roots, unread) = match roots {
        Ok(roots) => (roots.unwrap_or_default(), None),
        Err(why) => (Roots::default(), Some(why)),
    };
    let http = Http::trusting(Reach::Anywhere, Arc::new(SystemNames), roots.certificates.clone());
    let mut opening = Opening { environment, secrets, paper: &paper, http, roots, unopened: Vec::new() };
    if let Some(why) = unread {
        opening.note("extra_root_certificates", why);
    }
    let webhooks = opening.webhooks();
    let webhook: Arc<dyn Provider> = match &webhooks {
        Some(webhooks) => webhooks.clone(),
        None => opening.to_paper(Channel::Webhook),
    };
    let mut doer: Arc<dyn Doer> = match webhooks {
        Some(webhooks) => webhooks,
        None => Arc::new(paper.clone()),
    };
    let (email, mut text, push) = (opening.email(), opening.sms(), opening.push());
    let (mut chat, mut line) = (opening.to_paper(Channel::Line), None);
    if let Some((api, settings)) = opening.line() {
        let live = Arc::new(line::Line::new(api.clone(), settings.per_second_max, settings.aggregation));
        chat = live.clone();
        line = Some(live);
        if !settings.notifications.is_empty() {
            let forms = &settings.notifications;
            text = Arc::new(line::Notifications::new(api.clone(), settings.per_second_max, forms).before(text));
        }
        doer = Arc::new(line::Actions::new(api).before(doer));
    }
    let providers = [email, chat, text, push, webhook];
    let noticeboards = opening.noticeboards();
    let token = environment.sms.as_ref().and_then(|sms| secrets.get(&sms.token));
    let sms = token.zip(environment.public_url.as_deref());
    let sms = sms.map(|(token, url)| Arc::new(SmsIntake::new(token.clone(), url)));
    let Opening { roots, unopened, .. } = opening;
    if unopened.is_empty() {
        Ok(Channels { providers, doer, noticeboards, paper, sms, line, roots })
    } else {
        Err(unopened)
    }
}

/// A setting that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unopened {
    /// `production.webhook`
    pub setting: String,
    /// In English; parts come from systems and libraries.
    pub why: String,
}

impl Unopened {
    fn paper(environment: &Environment, error: &std::io::Error) -> Unopened {
        let folder = environment.paper.folder.as_deref().unwrap_or(Path::new(""));
        Unopened {
            setting: format!("{}.paper.folder", environment.name),
            why: format!("`{}`: {error}", folder.display()),
        }
    }
    pub fn english(&self) -> String {
        format!("`{}` cannot be used: {}", self.setting, self.why)
    }
    pub fn japanese(&self) -> String {
        format!("`{}` を使えません: {}", self.setting, self.why)
    }
}

struct Opening<'a> {
    environment: &'a Environment,
    secrets: &'a Secrets,
    paper: &'a Paper,
    /// To the interfaces of providers, wherever they are.
    http: Http,
    roots: Roots,
    unopened: Vec<Unopened>,
}

impl<'a> Opening<'a> {
    fn to_paper(&self, channel: Channel) -> Arc<dyn Provider> {
        Arc::new(self.paper.provider(channel))
    }

    /// The live provider, or paper where there is none or it cannot be opened (which is noted).
    fn live<P: Provider + 'static>(&mut self, channel: Channel, made: Result<P, String>) -> Arc<dyn Provider> {
        match made {
            Ok(provider) => Arc::new(provider),
            Err(why) => {
                self.note(channel.name(), why);
                self.to_paper(channel)
            }
        }
    }

    fn note(&mut self, setting: &str, why: String) {
        self.unopened.push(Unopened { setting: format!("{}.{setting}", self.environment.name), why });
    }

    fn email(&mut self) -> Arc<dyn Provider> {
        let Some(settings) = &self.environment.email else { return self.to_paper(Channel::Email) };
        let password = settings.password.as_ref().map(|password| self.secret(password).cloned()).transpose();
        let made =
            password.and_then(|password| Smtp::new(settings, password, &self.roots.pem).map_err(|words| words.en));
        self.live(Channel::Email, made)
    }

    /// The way to LINE, for all that goes there.
    fn line(&mut self) -> Option<(line::Api, &'a LineSettings)> {
        let settings = self.environment.line.as_ref()?;
        let token = self.secret(&settings.token);
        match token.and_then(|token| {
            line::Api::trusting(settings, token, line::TIMEOUT, &self.roots).map_err(|e| e.to_string())
        }) {
            Ok(api) => Some((api, settings)),
            Err(why) => {
                self.note("line", why);
                None
            }
        }
    }

    fn sms(&mut self) -> Arc<dyn Provider> {
        let Some(settings) = &self.environment.sms else { return self.to_paper(Channel::Sms) };
        let url = self.environment.public_url.as_deref();
        let made = self.secret(&settings.token).and_then(|token| Sms::new(settings, token, url, self.http.clone()));
        self.live(Channel::Sms, made)
    }

    fn push(&mut self) -> Arc<dyn Provider> {
        let Some(settings) = &self.environment.push else { return self.to_paper(Channel::Push) };
        let made = self.secret(&settings.key).and_then(|key| Push::new(settings, key, self.http.clone()));
        self.live(Channel::Push, made)
    }

    fn webhooks(&mut self) -> Option<Arc<Webhooks>> {
        let settings = self.environment.webhook.as_ref()?;
        let http = match Webhooks::rules(settings).reach {
            Reach::Anywhere => self.http.clone(),
            Reach::Public => Http::trusting(Reach::Public, Arc::new(SystemNames), self.roots.certificates.clone()),
        };
        match self.secret(&settings.secret).and_then(|secret| Webhooks::new(settings, secret, http)) {
            Ok(webhooks) => Some(Arc::new(webhooks)),
            Err(why) => {
                self.note("webhook", why);
                None
            }
        }
    }

    fn noticeboards(&mut self) -> Vec<Arc<dyn Noticeboard>> {
        let mut boards: Vec<Arc<dyn Noticeboard>> = Vec::new();
        for chat in &self.environment.chat {
            match self.noticeboard(chat) {
                Ok(board) => boards.push(board),
                Err(why) => self.note("chat", why),
            }
        }
        if boards.is_empty() {
            boards.push(Arc::new(self.paper.clone()));
        }
        boards
    }

    fn noticeboard(&self, chat: &ChatSettings) -> Result<Arc<dyn Noticeboard>, String> {
        let http = self.http.clone();
        Ok(match chat {
            ChatSettings::Slack { url } => Arc::new(Slack::new(self.secret(url)?, http)?),
            ChatSettings::Chatwork { base_url, room, token } => {
                Arc::new(Chatwork::new(base_url, room, self.secret(token)?.clone(), http)?)
            }
        })
    }

    fn secret(&self, reference: &SecretRef) -> Result<&SecretString, String> {
        self.secrets.get(reference).ok_or_else(|| format!("`{reference}` was not looked up"))
    }
}
