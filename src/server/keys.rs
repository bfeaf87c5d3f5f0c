//! Who may send events: write keys, compared in a time that tells nothing.
//!
//! Decides nothing else: a key is a name for a source, and every source may send everything.

use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use secrecy::{ExposeSecret, SecretString};

use super::answer::Answer;

/// A source of events, and the key it is known by.
#[derive(Debug, Clone)]
pub struct Key {
    pub name: String,
    pub key: SecretString,
}

/// What a request says of its key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Claim {
    /// By the header.
    Source(usize),
    /// Nothing yet; it may stand in the body.
    Silent,
}

/// All keys, as hashes of one length, so that no comparison tells how long a key is.
#[derive(Debug)]
pub struct Keys {
    keys: Vec<(String, [u8; 32])>,
}

impl Keys {
    pub fn new(keys: &[Key]) -> Keys {
        let hashed = |key: &Key| (key.name.clone(), *blake3::hash(key.key.expose_secret().as_bytes()).as_bytes());
        Keys { keys: keys.iter().map(hashed).collect() }
    }

    /// Name of the source with this ordinal.
    pub fn name(&self, source: usize) -> &str {
        self.keys.get(source).map_or("", |(name, _)| name)
    }

    /// Looks at every byte of every key.
    pub fn source(&self, key: &str) -> Option<usize> {
        let hash = blake3::hash(key.as_bytes());
        let mut found = None;
        for (i, (_, known)) in self.keys.iter().enumerate() {
            let differing = known.iter().zip(hash.as_bytes()).fold(0, |all, (a, b)| all | (a ^ b));
            if differing == 0 && !key.is_empty() {
                found = Some(i);
            }
        }
        found
    }

    /// What the headers say; a wrong key is refused before the body is read.
    pub fn claim(&self, headers: &HeaderMap) -> Result<Claim, Answer> {
        let mut all = headers.get_all(AUTHORIZATION).iter();
        let Some(value) = all.next() else { return Ok(Claim::Silent) };
        if all.next().is_some() {
            return Err(Answer::no_key().closing());
        }
        let user = value.to_str().ok().and_then(user_of);
        let source = user.and_then(|user| self.source(&user));
        source.map(Claim::Source).ok_or_else(|| Answer::no_key().closing())
    }
}

/// The user name of Basic authorization; the password is not looked at.
fn user_of(header: &str) -> Option<String> {
    let (scheme, rest) = header.split_once(' ')?;
    let decoded = scheme.eq_ignore_ascii_case("basic").then(|| STANDARD.decode(rest.trim()).ok()).flatten()?;
    let text = String::from_utf8(decoded).ok()?;
    Some(text.split_once(':').map_or(text.as_str(), |(user, _)| user).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_names_its_source_and_nothing_near_it_does() {
        let key = |name: &str, key: &str| Key { name: name.into(), key: SecretString::from(key) };
        let keys = Keys::new(&[key("web", "wk_one"), key("shop", "wk_two")]);
        assert_eq!(keys.source("wk_two").map(|i| keys.name(i)), Some("shop"));
        for wrong in ["", "wk_", "wk_twoo", "WK_TWO", "wk_one:"] {
            assert_eq!(keys.source(wrong), None, "{wrong}");
        }
        assert_eq!(user_of(&format!("Basic {}", STANDARD.encode("wk_one:"))).as_deref(), Some("wk_one"));
        assert_eq!(user_of(&format!("basic {}", STANDARD.encode("wk_one"))).as_deref(), Some("wk_one"));
        for wrong in ["", "Basic", "Basic ???", "Bearer wk_one", "Basic\twk"] {
            assert_eq!(user_of(wrong), None, "{wrong}");
        }
        assert!(!format!("{:?}", key("web", "wk_one")).contains("wk_one"));
        assert_eq!(Keys::new(&[key("empty", "")]).source(""), None);
    }
}
