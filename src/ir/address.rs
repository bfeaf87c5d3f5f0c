//! Where a link of a message may lead, by how its address begins. Asked by whoever checks messages and by whoever
//! renders them.
//!
//! Looks nothing up: an address that is well written may still lead to a page that is gone.

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Leads {
    /// `http:` or `https:`.
    Web,
    /// `mailto:`, `tel:`, `sms:`, `line:`, a place in the page: left as it is.
    Other,
    /// Anything else would run something, or lead nowhere.
    Nowhere,
}

/// Spaces and controls are no part of an address.
pub fn leads(target: &str) -> Leads {
    let lower = target.to_ascii_lowercase();
    let broken = target.chars().any(|c| c.is_control() || c == ' ' || c == '<' || c == '"');
    match lower.split_once(':').map(|(scheme, _)| scheme) {
        _ if broken => Leads::Nowhere,
        Some("http" | "https") => Leads::Web,
        Some("mailto" | "tel" | "sms" | "line") => Leads::Other,
        _ if lower.starts_with('#') => Leads::Other,
        _ => Leads::Nowhere,
    }
}

/// The same for a notification, which may also open a page of an app: `shop://items/5`.
pub fn leads_in_app(target: &str) -> Leads {
    match (leads(target), target.split_once("://")) {
        (Leads::Nowhere, Some((scheme, rest)))
            if is_of_an_app(scheme) && leads(&format!("line://{rest}")) == Leads::Other =>
        {
            Leads::Other
        }
        (leads, _) => leads,
    }
}

/// Of the form that RFC 3986 gives schemes, and none that a browser would run or read from the device.
fn is_of_an_app(scheme: &str) -> bool {
    let lower = scheme.to_ascii_lowercase();
    lower.starts_with(|c: char| c.is_ascii_lowercase())
        && lower.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b))
        && !["javascript", "vbscript", "data", "file", "blob", "content"].contains(&lower.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_that_lead_somewhere_are_links() {
        for web in ["https://x.example/a?b=c#d", "HTTP://x.example"] {
            assert_eq!(leads(web), Leads::Web, "{web}");
        }
        for other in ["mailto:a@b.example", "tel:+81-75", "line://nv/profile", "#top"] {
            assert_eq!(leads(other), Leads::Other, "{other}");
        }
        for refused in ["javascript:alert(1)", "data:text/html,x", "x.example/a", "", "https://a b", "java\nscript:x"] {
            assert_eq!(leads(refused), Leads::Nowhere, "{refused}");
            assert_eq!(leads_in_app(refused), Leads::Nowhere, "{refused}");
        }
        for of_app in ["shop://items/5", "jp.example.shop://"] {
            assert_eq!((leads(of_app), leads_in_app(of_app)), (Leads::Nowhere, Leads::Other), "{of_app}");
        }
        for refused in ["javascript://%0aalert(1)", "file:///etc/passwd", "DATA://x", "shop://a b", "5://x", "://x"] {
            assert_eq!(leads_in_app(refused), Leads::Nowhere, "{refused}");
        }
    }
}
