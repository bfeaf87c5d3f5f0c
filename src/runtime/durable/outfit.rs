//! What an installation looks like from outside: its address, its secret, what its messages lead back to.
//!
//! Sends nothing.

use std::sync::Arc;

use crate::ir::{Channel, MessageDef, Program};
use crate::ports::link::{Tracked, leave_url};
use crate::ports::{Secret, SendKey, Unsubscribe};
use crate::render::{Links, Scene, Untracked, language};
use crate::value::{Instant, Value, Zone};

use super::tail::Tail;

#[derive(Debug, Clone)]
pub struct Outfit {
    pub secret: Secret,
    /// Where links and pages for people lead, without a slash at the end; absent: links are not tracked.
    pub public_url: Option<String>,
    /// Host of mailboxes `unsub+TOKEN@…` that are read.
    pub mailbox_host: Option<String>,
    /// Every input is written into the journal, also those of which nothing came.
    pub whole_diary: bool,
    /// For whoever watches.
    pub tail: Arc<Tail>,
}

impl Outfit {
    /// What a message of this send is rendered in, and where its reader leaves.
    pub fn scene(
        &self,
        program: &Program,
        key: SendKey,
        profile: &[Value],
        message: &MessageDef,
        zone: Zone,
        now: Instant,
    ) -> (Scene, Option<Unsubscribe>) {
        let base = self.public_url.as_ref();
        let unsubscribe = base.filter(|_| message.needs_consent).map(|base| {
            let mailbox = self.mailbox_host.as_ref().filter(|_| message.channel == Channel::Email);
            let mailto = mailbox.map(|host| format!("unsub+{}@{host}", key.sealed(&self.secret)));
            Unsubscribe { url: leave_url(base, key, message.channel, &self.secret), mailto }
        });
        let links: Arc<dyn Links> = match base {
            Some(base) => Arc::new(Tracked { base: base.clone(), send: key, secret: self.secret.clone() }),
            None => Arc::new(Untracked),
        };
        let scene = Scene {
            now,
            zone,
            language: language(program, profile),
            unsubscribe_url: unsubscribe.as_ref().map(|u| u.url.clone()).unwrap_or_default(),
            links,
        };
        (scene, unsubscribe)
    }
}
