//! Paper: takes every message, action and notice at once, keeps the last ones to be looked at, and sends nothing.
//!
//! Nothing leaves the machine. With a folder, each becomes a file that mail readers, browsers or editors open.

mod folder;

use std::collections::{BTreeSet, VecDeque};
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::{Value as Json, json};

use crate::ir::Channel;
use crate::ports::environment::PaperSettings;
use crate::ports::{
    Attempt, Call, CallOutcome, Delivery, Doer, Idempotency, Manifest, Noticeboard, Outcome, Posting, Provider,
};
use crate::render::Part;
use crate::value::{Instant, Span, time};

use folder::Folder;

/// Sheets held in memory: enough to look at, little enough for large mails.
pub const KEPT_MAX: usize = 1_000;
const AT_ONCE_MAX: usize = 1_024;
const TIMEOUT: Span = Span(10 * time::MILLIS_PER_SECOND);

/// What would have gone out.
#[derive(Debug, Clone, PartialEq)]
pub struct Sheet {
    /// From 1, in the order they came.
    pub number: u64,
    pub at: Instant,
    /// The sealed key; empty for notices.
    pub key: String,
    pub journey: String,
    /// Of the message or action, or the title of the notice.
    pub name: String,
    pub to: Vec<String>,
    pub what: What,
}

#[derive(Debug, Clone, PartialEq)]
pub enum What {
    Message(Part),
    Action { person: String, params: Json },
    Notice { text: String, link: Option<String>, urgent: bool },
}

impl What {
    /// `email`, …, `action`, `notice`.
    pub fn kind(&self) -> &'static str {
        match self {
            What::Message(part) => channel_of(part).name(),
            What::Action { .. } => "action",
            What::Notice { .. } => "notice",
        }
    }
}

fn channel_of(part: &Part) -> Channel {
    match part {
        Part::Email(_) => Channel::Email,
        Part::Line(_) => Channel::Line,
        Part::Sms(_) => Channel::Sms,
        Part::Push(_) => Channel::Push,
        Part::Webhook(_) => Channel::Webhook,
    }
}

/// The pile. Clones share it.
#[derive(Debug, Clone)]
pub struct Paper {
    pile: Arc<Mutex<Pile>>,
    folder: Option<Arc<Folder>>,
}

#[derive(Debug, Default)]
struct Pile {
    count: u64,
    sheets: VecDeque<Sheet>,
    /// Of the sheets: what comes twice under one key is one.
    keys: BTreeSet<String>,
}

impl Paper {
    /// A folder in the settings is made, below `root` unless it is absolute, and its numbers are carried on.
    pub fn open(settings: &PaperSettings, root: &Path) -> io::Result<Paper> {
        let folder = settings.folder.as_ref().map(|folder| Folder::open(&root.join(folder), settings.files_max));
        let folder = folder.transpose()?.map(Arc::new);
        let count = folder.as_ref().map_or(0, |folder| folder.last());
        Ok(Paper { pile: Arc::new(Mutex::new(Pile { count, ..Pile::default() })), folder })
    }

    /// The provider of one channel.
    pub fn provider(&self, channel: Channel) -> PaperProvider {
        let manifest = Manifest {
            channel,
            provider: "paper",
            reports: &[],
            idempotency: Idempotency::Recognisable,
            per_second_max: None,
            at_once_max: AT_ONCE_MAX,
            recipients_max: 1,
            timeout: TIMEOUT,
        };
        PaperProvider { manifest, paper: self.clone() }
    }

    /// How many came, and the last of them, oldest first.
    pub fn kept(&self) -> (u64, Vec<Sheet>) {
        let pile = self.pile();
        (pile.count, pile.sheets.iter().cloned().collect())
    }

    /// The number it got; `None` if it was here before. The error is the folder's.
    async fn keep(&self, mut sheet: Sheet) -> Result<Option<u64>, String> {
        let number = {
            let mut pile = self.pile();
            if !sheet.key.is_empty() && !pile.keys.insert(sheet.key.clone()) {
                return Ok(None);
            }
            pile.count += 1;
            sheet.number = pile.count;
            pile.sheets.push_back(sheet.clone());
            if pile.sheets.len() > KEPT_MAX
                && let Some(oldest) = pile.sheets.pop_front()
            {
                pile.keys.remove(&oldest.key);
            }
            pile.count
        };
        if let Some(folder) = self.folder.clone() {
            let key = sheet.key.clone();
            let written = tokio::task::spawn_blocking(move || folder.write(&sheet)).await;
            let written = written.unwrap_or_else(|error| Err(io::Error::other(error)));
            if let Err(error) = written {
                // It is to be tried again.
                let mut pile = self.pile();
                pile.sheets.retain(|sheet| sheet.number != number);
                pile.keys.remove(&key);
                return Err(format!("the outbox cannot be written: {error}"));
            }
        }
        Ok(Some(number))
    }

    fn pile(&self) -> MutexGuard<'_, Pile> {
        // Whoever panicked left whole sheets behind.
        self.pile.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One channel that goes to paper.
#[derive(Debug)]
pub struct PaperProvider {
    manifest: Manifest,
    paper: Paper,
}

impl Provider for PaperProvider {
    fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    fn deliver<'a>(&'a self, delivery: &'a Delivery) -> Attempt<'a, Outcome> {
        let sheet = Sheet {
            number: 0,
            at: delivery.now,
            key: delivery.key.clone(),
            journey: delivery.journey.clone(),
            name: delivery.message.clone(),
            to: delivery.to.clone(),
            what: What::Message(delivery.part.clone()),
        };
        Box::pin(async move {
            match self.paper.keep(sheet).await {
                Ok(number) => Outcome::Accepted { provider_id: number.map(|number| format!("paper-{number}")) },
                Err(why) => Outcome::Misconfigured { why },
            }
        })
    }
}

/// Every action is done and gives nothing: an action that must give something fails, as nobody is there to give it.
impl Doer for Paper {
    fn call<'a>(&'a self, call: &'a Call) -> Attempt<'a, CallOutcome> {
        let sheet = Sheet {
            number: 0,
            at: call.now,
            key: call.key.clone(),
            journey: call.journey.clone(),
            name: call.action.clone(),
            to: vec![call.person.clone()],
            what: What::Action { person: call.person.clone(), params: call.params.clone() },
        };
        Box::pin(async move {
            match self.keep(sheet).await {
                Ok(_) => CallOutcome::Answered(json!({})),
                Err(why) => CallOutcome::Misconfigured { why },
            }
        })
    }
}

impl Noticeboard for Paper {
    fn post<'a>(&'a self, notice: &'a Posting) -> Attempt<'a, Result<(), String>> {
        let what = What::Notice { text: notice.text.clone(), link: notice.link.clone(), urgent: notice.urgent };
        let sheet = Sheet {
            number: 0,
            at: Instant(0),
            key: String::new(),
            journey: String::new(),
            name: notice.title.clone(),
            to: Vec::new(),
            what,
        };
        Box::pin(async move { self.keep(sheet).await.map(|_| ()) })
    }
}
