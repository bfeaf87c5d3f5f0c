//! Links of a message: a stable name for each, and the one place where their targets are rewritten.
//!
//! Signs and counts nothing; whoever renders says what a link becomes.

use std::sync::{Arc, Mutex, PoisonError};

use minijinja::value::Object;
use minijinja::{Error, ErrorKind, State};
use serde::Serialize;

use crate::ir::address::{Leads, leads, leads_in_app};

use super::filters::scene_of;

/// Where a link leads, as a template, and its name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Target {
    /// 16 hexadecimal digits; the same as long as the message and the link's target keep theirs.
    pub id: String,
    /// As its author wrote it.
    pub template: String,
}

impl Target {
    /// Named by the message, the target and, among equal targets of one message, its place.
    pub fn new(message: &str, template: &str, ordinal: u32) -> Target {
        let mut hasher = blake3::Hasher::new();
        for part in [message, template.trim(), &ordinal.to_string()] {
            hasher.update(&(part.len() as u64).to_le_bytes());
            hasher.update(part.as_bytes());
        }
        let id = hasher.finalize().to_hex()[..16].to_owned();
        Target { id, template: template.to_owned() }
    }
}

/// A link of a rendered message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Link {
    pub id: String,
    /// Where it leads.
    pub target: String,
    /// What stands in the message.
    pub shown: String,
}

/// Says what stands in a message in place of a link's target.
pub trait Links: Send + Sync {
    /// Both are addresses; `target` begins with `https:` or `http:`.
    fn rewrite(&self, id: &str, target: &str) -> String;
}

/// Links stay as they are: for previews and for messages that are not tracked.
#[derive(Debug, Clone, Copy)]
pub struct Untracked;

impl Links for Untracked {
    fn rewrite(&self, _id: &str, target: &str) -> String {
        target.to_owned()
    }
}

/// The filter that the weaver puts around every link.
pub const LINK: &str = "tabi_link";
/// Where the links of one rendering are gathered; a name that no template can write.
pub const GATHERED: &str = "the links";

/// The links of one rendering, in the order they are met.
#[derive(Default)]
pub struct Gathered {
    links: Mutex<Vec<Link>>,
}

impl std::fmt::Debug for Gathered {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("links")
    }
}

impl Object for Gathered {}

impl Gathered {
    pub fn add(&self, link: Link) {
        self.links.lock().unwrap_or_else(PoisonError::into_inner).push(link);
    }
    pub fn taken(&self) -> Vec<Link> {
        std::mem::take(&mut self.links.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// The filter itself: checks where the link leads, rewrites it, notes it.
/// With `in_app` it may also open a page of an app.
pub fn filter(state: &State, target: &str, id: &str, in_app: Option<bool>) -> Result<String, Error> {
    let scene = scene_of(state)?;
    let gathered: Option<Arc<Gathered>> = state.lookup(GATHERED).and_then(|value| value.downcast_object());
    let target = target.trim();
    let kind = if in_app.unwrap_or(false) { leads_in_app(target) } else { leads(target) };
    let shown = match kind {
        Leads::Web if target != scene.unsubscribe_url => scene.links.rewrite(id, target),
        Leads::Web | Leads::Other => target.to_owned(),
        Leads::Nowhere => return Err(Error::new(ErrorKind::InvalidOperation, refusal(target))),
    };
    if let (Leads::Web, Some(gathered)) = (kind, gathered) {
        gathered.add(Link { id: id.to_owned(), target: target.to_owned(), shown: shown.clone() });
    }
    Ok(shown)
}

pub fn refusal(target: &str) -> String {
    let start: String = target.chars().take(40).collect();
    format!("a link to `{start}`")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_keeps_its_name_wherever_it_stands() {
        let name = |message, target, ordinal| Target::new(message, target, ordinal).id;
        assert_eq!(name("a", "https://x.example/", 0), name("a", " https://x.example/ ", 0));
        assert_ne!(name("a", "https://x.example/", 0), name("a", "https://x.example/", 1));
        assert_ne!(name("a", "https://x.example/", 0), name("b", "https://x.example/", 0));
        assert_eq!(name("a", "https://x.example/", 0).len(), 16);
    }
}
