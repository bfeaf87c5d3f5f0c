//! Addresses of mail, from what a profile or a file says to what SMTP takes.
//!
//! Asks no server whether anybody is there.

use lettre::Address;
use lettre::message::Mailbox;

/// RFC 5321 4.5.3.1.3: a path has 256 octets, two of them its brackets.
const OCTETS_MAX: usize = 254;
/// RFC 5321 4.5.3.1.1.
const LOCAL_OCTETS_MAX: usize = 64;

/// Why an address takes no mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unusable {
    /// It is no address at all, whoever sends.
    Malformed(String),
    /// Letters outside ASCII before the `@` (RFC 6531): few servers take them, so none is sent.
    International,
}

/// The address as SMTP takes it. A domain outside ASCII becomes its ASCII form (IDNA). Local parts with dots in a row or at an
/// end, which Japanese carriers once gave out (`taro..@docomo.ne.jp`), are quoted, as RFC 5321 wants them.
pub fn recipient(text: &str) -> Result<Address, Unusable> {
    let malformed = |why: &str| Unusable::Malformed(why.to_owned());
    let text = text.trim();
    if text.chars().any(|c| c.is_control() || c.is_whitespace()) {
        return Err(malformed("white space within the address"));
    }
    let (local, domain) = text.rsplit_once('@').ok_or_else(|| malformed("no `@`"))?;
    if !local.is_ascii() {
        return Err(Unusable::International);
    }
    let local = if local.bytes().all(|c| is_atom(c) || c == b'.') && !is_dot_atom(local) {
        format!("\"{local}\"")
    } else {
        local.to_owned()
    };
    let domain = idna::domain_to_ascii(domain).map_err(|_| malformed("no such domain can exist"))?;
    if local.len() > LOCAL_OCTETS_MAX || local.len() + 1 + domain.len() > OCTETS_MAX {
        return Err(malformed("longer than an address can be"));
    }
    if local.len() <= 2 && local.starts_with('"') || !domain.contains('.') && domain != "localhost" {
        return Err(malformed("something is missing before or after the `@`"));
    }
    Address::new(local, domain).map_err(|fault| Unusable::Malformed(fault.to_string()))
}

/// `name <address>` or an address alone, as files of messages and settings write it.
pub fn mailbox(text: &str) -> Result<Mailbox, Unusable> {
    let text = text.trim();
    let Some((name, address)) = text.strip_suffix('>').and_then(|rest| rest.rsplit_once('<')) else {
        return Ok(Mailbox::new(None, recipient(text)?));
    };
    let name = crate::render::email::header(name);
    let name = name.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(&name);
    Ok(Mailbox::new(Some(name.to_owned()).filter(|name| !name.is_empty()), recipient(address)?))
}

/// RFC 5322 3.2.3.
fn is_atom(c: u8) -> bool {
    c.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&c)
}

fn is_dot_atom(local: &str) -> bool {
    local.split('.').all(|word| !word.is_empty() && word.bytes().all(is_atom))
}

impl std::fmt::Display for Unusable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Unusable::Malformed(why) => write!(f, "no mail address: {why}"),
            Unusable::International => {
                f.write_str("letters outside ASCII before the `@` are not sent to (RFC 6531 is not spoken)")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_become_what_smtp_takes() {
        for (given, taken) in [
            ("hana@example.jp", "hana@example.jp"),
            (" hana@example.jp ", "hana@example.jp"),
            ("hana+shop@例え.jp", "hana+shop@xn--r8jz45g.jp"),
            ("taro..yama@docomo.ne.jp", "\"taro..yama\"@docomo.ne.jp"),
            ("taro.@ezweb.ne.jp", "\"taro.\"@ezweb.ne.jp"),
            (".taro@docomo.ne.jp", "\".taro\"@docomo.ne.jp"),
            ("\"taro yama\"@example.jp", "white space"),
            ("花@example.jp", "outside ASCII"),
            ("hana", "no `@`"),
            ("@example.jp", "missing"),
            ("hana@", ""),
            ("hana@localdomain", "missing"),
            ("a@b.jp\r\nRCPT TO:<c@d.jp>", "white space"),
            ("a@b.jp>\u{0}", "white space"),
            ("a,b@example.jp", "user"),
            ("<a@example.jp>", "user"),
            (&format!("{}@example.jp", "a".repeat(65)), "longer"),
            (&format!("a@{}.jp", "b.".repeat(140)), ""),
        ] {
            match recipient(given) {
                Ok(address) => assert_eq!(address.to_string(), taken, "{given}"),
                Err(why) => assert!(why.to_string().contains(taken) && !taken.contains('@'), "{given}: {why}"),
            }
        }
    }

    #[test]
    fn mailboxes_have_names_in_any_script() {
        for (given, name, address) in [
            ("hello@example.jp", None, "hello@example.jp"),
            ("Shop, Inc. <hello@example.jp>", Some("Shop, Inc."), "hello@example.jp"),
            ("\"旅の店\" <hello@example.jp>", Some("旅の店"), "hello@example.jp"),
            ("旅の店<hello@例え.jp>", Some("旅の店"), "hello@xn--r8jz45g.jp"),
            ("a\r\nBcc: x@y.jp <hello@example.jp>", Some("a Bcc: x@y.jp"), "hello@example.jp"),
        ] {
            let mailbox = mailbox(given).unwrap();
            assert_eq!((mailbox.name.as_deref(), mailbox.email.to_string().as_str()), (name, address), "{given}");
        }
        assert!(mailbox("Shop <hello>").is_err());
    }
}
