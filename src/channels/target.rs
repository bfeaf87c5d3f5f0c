//! Where a request goes: an address that may be called, checked before anything is looked up.
//!
//! Connects to nothing. Names that lead to private networks are seen only when they are looked up, by `http`.

use std::fmt;
use std::net::IpAddr;

use hyper::Uri;
use url::{Host, Url};

use super::http::Reach;
use crate::ports::reach::is_public;

/// An address that may be called.
#[derive(Clone, PartialEq, Eq)]
pub struct Target {
    uri: Uri,
}

impl fmt::Debug for Target {
    /// Without its path, which may be a secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Target").field(&self.host()).finish()
    }
}

/// Which addresses may be called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rules {
    /// In lower case; absent: any.
    pub hosts: Option<Vec<String>>,
    pub reach: Reach,
}

impl Rules {
    /// Addresses that the settings of a provider give: its own interface, wherever that is.
    pub const OPERATORS: Rules = Rules { hosts: None, reach: Reach::Anywhere };
}

impl Target {
    /// Reads an address as browsers do (so `http://2130706433` is 127.0.0.1) and holds it against the rules. The error
    /// says what is wrong, without what may be secret in the address.
    pub fn parse(text: &str, rules: &Rules) -> Result<Target, String> {
        let url = Url::parse(text).map_err(|error| format!("not an address: {error}"))?;
        let Some(host) = url.host() else { return Err("not an address: it has no host".to_owned()) };
        let name = host.to_string();
        if !url.username().is_empty() || url.password().is_some() {
            return Err(format!("the address of `{name}` holds a user or a password"));
        }
        if let Some(hosts) = &rules.hosts
            && !hosts.contains(&name)
        {
            return Err(format!("`{name}` is not among the hosts that may be called"));
        }
        let literal = match host {
            Host::Domain(_) => None,
            Host::Ipv4(ip) => Some(IpAddr::V4(ip)),
            Host::Ipv6(ip) => Some(IpAddr::V6(ip)),
        };
        if rules.reach == Reach::Public && literal.is_some_and(|ip| !is_public(ip)) {
            return Err(format!("`{name}` is not an address of the public internet"));
        }
        let clear = match url.scheme() {
            "https" => false,
            "http" => true,
            other => return Err(format!("`{other}` is not a way to call `{name}`")),
        };
        // Only what does not leave the machine may go in the clear.
        let here = name == "localhost" || literal.is_some_and(|ip| ip.is_loopback());
        if clear && !here {
            return Err(format!("`{name}` is called by `http`: use `https`"));
        }
        let uri = url.as_str().parse().map_err(|error| format!("not an address: {error}"))?;
        Ok(Target { uri })
    }

    pub fn uri(&self) -> &Uri {
        &self.uri
    }
    /// For messages to people; the path may hold a secret.
    pub fn host(&self) -> &str {
        self.uri.host().unwrap_or_default()
    }
}
