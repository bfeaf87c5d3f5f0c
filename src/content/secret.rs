//! Keys and passwords that were pasted into a text: found by the forms their makers give them.
//!
//! Guesses nothing by how random a word looks, since ids and tokens of links look so too.

use std::ops::Range;

/// A form of secret: a word it begins with, what it is, and the letters that must follow.
struct Form {
    prefix: &'static str,
    name: (&'static str, &'static str),
    /// How many letters of a key follow at least.
    least: usize,
}

const fn form(prefix: &'static str, en: &'static str, ja: &'static str, least: usize) -> Form {
    Form { prefix, name: (en, ja), least }
}

const FORMS: &[Form] = &[
    form("-----BEGIN ", "a private key", "秘密鍵", 0),
    form("AKIA", "a key of AWS", "AWS のアクセスキー", 16),
    form("ASIA", "a key of AWS", "AWS のアクセスキー", 16),
    form("AIza", "a key of Google", "Google の API キー", 35),
    form("ghp_", "a token of GitHub", "GitHub のトークン", 36),
    form("gho_", "a token of GitHub", "GitHub のトークン", 36),
    form("ghs_", "a token of GitHub", "GitHub のトークン", 36),
    form("glpat-", "a token of GitLab", "GitLab のトークン", 20),
    form("sk-ant-", "an API key", "API キー", 20),
    form("sk-proj-", "an API key", "API キー", 20),
    form("github_pat_", "a token of GitHub", "GitHub のトークン", 36),
    form("sk_live_", "a key of Stripe", "Stripe の秘密鍵", 16),
    form("rk_live_", "a key of Stripe", "Stripe の秘密鍵", 16),
    form("whsec_", "a webhook's secret", "Webhook の秘密鍵", 24),
    form("SG.", "a key of SendGrid", "SendGrid の API キー", 40),
    form("xoxb-", "a token of Slack", "Slack のトークン", 20),
    form("xoxp-", "a token of Slack", "Slack のトークン", 20),
    form("https://hooks.slack.com/services/", "a webhook of Slack", "Slack の Webhook URL", 20),
    form("shpss_", "a secret of Shopify", "Shopify の秘密鍵", 32),
    form("shpat_", "a token of Shopify", "Shopify のトークン", 32),
    form("Bearer ", "an access token", "アクセストークン", 24),
    form("eyJhbGciOi", "a signed token", "署名付きトークン", 24),
];

/// A secret in a text, and what it is in English and Japanese.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Secret {
    pub range: Range<usize>,
    pub name: (&'static str, &'static str),
}

/// Secrets in a text, in order.
pub fn find(text: &str) -> Vec<Secret> {
    let mut found: Vec<Secret> = Vec::new();
    for form in FORMS {
        for (at, prefix) in text.match_indices(form.prefix) {
            let start = at + prefix.len();
            let key = |c: &char| c.is_ascii_alphanumeric() || "-_./+=".contains(*c);
            let length: usize = text[start..].chars().take_while(key).count();
            let whole = !text[..at].ends_with(|c: char| c.is_ascii_alphanumeric());
            let private =
                form.least > 0 || text[start..].lines().next().is_some_and(|line| line.contains("PRIVATE KEY"));
            if whole && private && length >= form.least {
                found.push(Secret { range: at..start + length, name: form.name });
            }
        }
    }
    found.sort_by_key(|secret| (secret.range.start, std::cmp::Reverse(secret.range.end)));
    found.dedup_by(|later, first| later.range.start < first.range.end);
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_of_secrets() {
        let long = "a1".repeat(30);
        for (text, name) in [
            ("key AKIAABCDEFGHIJKLMNOP!".to_owned(), "a key of AWS"),
            (format!("Authorization: Bearer {long}"), "an access token"),
            (format!("https://hooks.slack.com/services/{long}"), "a webhook of Slack"),
            ("-----BEGIN RSA PRIVATE KEY-----".to_owned(), "a private key"),
            (format!("sk_live_{long}"), "a key of Stripe"),
        ] {
            assert_eq!(find(&text).iter().map(|secret| secret.name.0).collect::<Vec<_>>(), [name], "{text}");
        }
        for text in [
            "Bearer {{ token }}",
            "-----BEGIN CERTIFICATE-----",
            "AKIA",
            "https://www.example.jp/p/{{ order_id }}",
            "SG.1",
        ] {
            assert_eq!(find(text), [], "{text}");
        }
    }
}
