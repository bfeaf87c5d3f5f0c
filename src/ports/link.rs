//! Addresses that messages carry to us: where people leave, links that count a click, the picture that tells of an open.
//!
//! Serves none of them. What a token stands for is read back out of it, and a link leads only where it was made to lead.

use crate::ir::Channel;
use crate::ir::address::{Leads, leads as leads_to};
use crate::render::encoded;
use crate::render::links::Links;

use super::{Secret, SendKey};

/// A longer target stays as it is and is not counted: some mail readers and proxies cut at 2,000 characters, and a target
/// of Japanese letters is three times as long in an address.
pub const TARGET_BYTES_MAX: usize = 2_000;
const LINK_BYTES: usize = 8;
/// Bytes of the hash of the target within a token.
const HASH_BYTES: usize = 12;

/// A link of one send, as its token tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Click {
    pub send: SendKey,
    /// Name of the link, 16 hexadecimal digits.
    pub link: String,
}

impl Click {
    /// Seals the send, the link and a hash of where it leads. `None` if the link's name is not one of ours.
    pub fn sealed(&self, target: &str, secret: &Secret) -> Option<String> {
        let link = u64::from_str_radix(&self.link, 16).ok().filter(|_| self.link.len() == 2 * LINK_BYTES)?;
        let mut payload = self.send.bytes().to_vec();
        payload.extend(link.to_be_bytes());
        payload.extend(hash(target));
        Some(secret.seal(CLICK, &payload))
    }
    /// The click that a token stands for, if it was made for this very target.
    pub fn opened(token: &str, target: &str, secret: &Secret) -> Option<Click> {
        let payload = secret.open(CLICK, token)?;
        let (send, rest) = payload.split_first_chunk()?;
        let (link, sealed) = rest.split_first_chunk::<LINK_BYTES>()?;
        let link = format!("{:016x}", u64::from_be_bytes(*link));
        (sealed == hash(target)).then_some(Click { send: SendKey::of_bytes(*send), link })
    }
}

const CLICK: &str = "click";
const OPEN: &str = "open";

fn hash(target: &str) -> [u8; HASH_BYTES] {
    let mut hash = [0; HASH_BYTES];
    hash.copy_from_slice(&blake3::hash(target.as_bytes()).as_bytes()[..HASH_BYTES]);
    hash
}

/// Where whoever got the send leaves: for `List-Unsubscribe` and `unsubscribe_url`. `base` is the installation's public
/// address without a slash at its end. What is left is the channel of the message.
pub fn leave_url(base: &str, send: SendKey, channel: Channel, secret: &Secret) -> String {
    let token = send.sealed(secret);
    match channel {
        Channel::Email => format!("{base}/u/{token}"),
        Channel::Line | Channel::Sms | Channel::Push | Channel::Webhook => {
            format!("{base}/u/{token}?on={}", channel.name())
        }
    }
}

/// The picture of one pixel that tells of an open.
pub fn open_url(base: &str, send: SendKey, secret: &Secret) -> String {
    format!("{base}/o/{}.gif", secret.seal(OPEN, &send.bytes()))
}

/// The send whose picture was fetched.
pub fn opened_picture(token: &str, secret: &Secret) -> Option<SendKey> {
    let payload = secret.open(OPEN, token)?;
    Some(SendKey::of_bytes(payload.as_slice().try_into().ok()?))
}

/// Links of one send that count clicks.
#[derive(Debug, Clone)]
pub struct Tracked {
    /// The installation's public address without a slash at its end.
    pub base: String,
    pub send: SendKey,
    pub secret: Secret,
}

impl Links for Tracked {
    fn rewrite(&self, id: &str, target: &str) -> String {
        if target.len() > TARGET_BYTES_MAX || !leads(target) {
            return target.to_owned();
        }
        let click = Click { send: self.send, link: id.to_owned() };
        match click.sealed(target, &self.secret) {
            Some(token) => format!("{}/c/{token}?to={}", self.base, encoded(target)),
            None => target.to_owned(),
        }
    }
}

/// Whether a browser may be sent there: `http:` or `https:` with a host, and nothing in it that ends a header.
pub fn leads(target: &str) -> bool {
    let host = target.split_once("://").map(|(_, rest)| rest);
    let has_host = host.is_some_and(|rest| !rest.is_empty() && !rest.starts_with(['/', '\\', '?', '#']));
    leads_to(target) == Leads::Web && has_host
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ir::StepId;
    use crate::machine::{RunNo, SendId};

    const SEND: SendKey = SendKey { seat: 70_000, send: SendId { run: RunNo(3), step: StepId(9), repetition: 2 } };

    #[test]
    fn a_click_opens_for_its_target_alone() {
        let secret = Secret::new([7; 32]);
        let click = Click { send: SEND, link: "00ff00ff00ff00ff".into() };
        let token = click.sealed("https://shop.example/商品?a=1&b=2", &secret).unwrap();
        assert_eq!(Click::opened(&token, "https://shop.example/商品?a=1&b=2", &secret), Some(click));
        assert_eq!(Click::opened(&token, "https://shop.example/商品?a=1&b=3", &secret), None);
        assert_eq!(Click::opened(&token, "https://evil.example/", &secret), None);
        assert_eq!(Click::opened(&SEND.sealed(&secret), "https://shop.example/", &secret), None);
        let other = Secret::new([8; 32]);
        assert_eq!(Click::opened(&token, "https://shop.example/商品?a=1&b=2", &other), None);
        assert_eq!(Click { send: SEND, link: "nothing".into() }.sealed("https://x.example", &secret), None);
    }

    #[test]
    fn links_are_rewritten_where_they_can_be_followed_back() {
        let secret = Secret::new([7; 32]);
        let tracked = Tracked { base: "https://m.shop.example".into(), send: SEND, secret };
        let shown = tracked.rewrite("00ff00ff00ff00ff", "https://shop.example/?a=1&b= 2");
        assert_eq!(shown, "https://shop.example/?a=1&b= 2", "no address at all");
        let shown = tracked.rewrite("00ff00ff00ff00ff", "https://shop.example/é?a=1&b=2");
        let (path, to) = shown.split_once("?to=").unwrap();
        assert!(path.starts_with("https://m.shop.example/c/"), "{shown}");
        assert_eq!(to, "https%3A%2F%2Fshop.example%2F%C3%A9%3Fa%3D1%26b%3D2");
        let long = format!("https://shop.example/{}", "a".repeat(TARGET_BYTES_MAX));
        assert_eq!(tracked.rewrite("00ff00ff00ff00ff", &long), long);
    }

    #[test]
    fn a_browser_is_sent_to_hosts_only() {
        for target in ["https://a.example", "HTTP://a.example/b", "http://[::1]/"] {
            assert!(leads(target), "{target}");
        }
        for target in
            ["https:///a", "https:a.example", "//a.example", "javascript://a.example/%0aalert(1)", "https://a\r\nb"]
        {
            assert!(!leads(target), "{target}");
        }
    }

    #[test]
    fn a_picture_and_a_way_out_name_their_send() {
        let secret = Secret::new([7; 32]);
        let url = open_url("https://m.example", SEND, &secret);
        let token = url.strip_prefix("https://m.example/o/").and_then(|rest| rest.strip_suffix(".gif")).unwrap();
        assert_eq!(opened_picture(token, &secret), Some(SEND));
        assert_eq!(opened_picture(&SEND.sealed(&secret), &secret), None);
        let token = SEND.sealed(&secret);
        assert_eq!(
            leave_url("https://m.example", SEND, Channel::Email, &secret),
            format!("https://m.example/u/{token}")
        );
        assert!(leave_url("https://m.example", SEND, Channel::Line, &secret).ends_with("?on=line"));
    }
}
