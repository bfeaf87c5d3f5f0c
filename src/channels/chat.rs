//! Notices to the people of the shop: Slack by an incoming webhook, Chatwork by its API.
//!
//! Best effort: sends once, and nothing depends on it.

use bytes::Bytes;
use http_body_util::Full;
use hyper::Request;
use hyper::header::{self, HeaderValue};
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;
use url::form_urlencoded;

use super::http::Http;
use super::target::{Rules, Target};
use super::webhook::quoted;
use crate::ports::{Attempt, Noticeboard, Posting};
use crate::value::{Span, time};

const TIMEOUT: Span = Span(10 * time::MILLIS_PER_SECOND);
/// Slack: the text of a section.
const SLACK_TEXT_MAX: usize = 3_000;
/// Slack: the text of a header.
const SLACK_TITLE_MAX: usize = 150;
/// Chatwork takes more; nobody reads it.
const CHATWORK_TEXT_MAX: usize = 10_000;

#[derive(Debug)]
pub struct Slack {
    http: Http,
    /// Its path is the secret.
    target: Target,
}

#[derive(Debug)]
pub struct Chatwork {
    http: Http,
    target: Target,
    token: SecretString,
}

impl Slack {
    /// Fails with what is wrong with the address, without the address.
    pub fn new(url: &SecretString, http: Http) -> Result<Slack, String> {
        Ok(Slack { http, target: Target::parse(url.expose_secret(), &Rules::OPERATORS)? })
    }
}

impl Chatwork {
    pub fn new(base_url: &str, room: &str, token: SecretString, http: Http) -> Result<Chatwork, String> {
        let target = Target::parse(&format!("{base_url}/v2/rooms/{room}/messages"), &Rules::OPERATORS)?;
        Ok(Chatwork { http, target, token })
    }
}

impl Noticeboard for Slack {
    fn post<'a>(&'a self, notice: &'a Posting) -> Attempt<'a, Result<(), String>> {
        let title = if notice.urgent { format!("🚨 {}", notice.title) } else { notice.title.clone() };
        let link = notice.link.as_ref().map(|link| format!("\n<{}>", escaped(link))).unwrap_or_default();
        let text = escaped_within(&notice.text, SLACK_TEXT_MAX.saturating_sub(link.chars().count())) + &link;
        let mut blocks = vec![
            json!({ "type": "header", "text": { "type": "plain_text", "text": cut(&title, SLACK_TITLE_MAX), "emoji": true } }),
        ];
        // An empty section is an error.
        if !text.trim().is_empty() {
            blocks.push(json!({ "type": "section", "text": { "type": "mrkdwn", "text": text } }));
        }
        let body = json!({ "text": escaped(&cut(&title, SLACK_TITLE_MAX)), "blocks": blocks });
        let request = Http::post(&self.target)
            .header(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))
            .body(Full::new(Bytes::from(body.to_string())));
        Box::pin(posted(&self.http, request))
    }
}

impl Noticeboard for Chatwork {
    fn post<'a>(&'a self, notice: &'a Posting) -> Attempt<'a, Result<(), String>> {
        // Its own marks stand in square brackets; what we were given may not make any.
        let plain = |text: &str| text.replace('[', "［").replace(']', "］");
        let mark = if notice.urgent { "🚨 " } else { "" };
        let link = notice.link.as_ref().map(|link| format!("\n{link}")).unwrap_or_default();
        let text = cut(&plain(&notice.text), CHATWORK_TEXT_MAX);
        let body = format!("[info][title]{mark}{}[/title]{text}{link}[/info]", plain(&notice.title));
        let form = form_urlencoded::Serializer::new(String::new())
            .append_pair("body", &body)
            .append_pair("self_unread", "1")
            .finish();
        let request = HeaderValue::from_str(self.token.expose_secret()).map(|mut token| {
            token.set_sensitive(true);
            Http::post(&self.target)
                .header(header::CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"))
                .header("x-chatworktoken", token)
                .body(Full::new(Bytes::from(form)))
        });
        Box::pin(async move {
            match request {
                Ok(request) => posted(&self.http, request).await,
                Err(_) => Err("the token cannot stand in a header: is there a line break in it?".to_owned()),
            }
        })
    }
}

async fn posted(http: &Http, request: hyper::http::Result<Request<Full<Bytes>>>) -> Result<(), String> {
    let request = request.map_err(|error| error.to_string())?;
    let answer = http.send(request, TIMEOUT).await.map_err(|failure| failure.why().to_owned())?;
    match answer.status.is_success() {
        true => Ok(()),
        false => Err(format!("{}: {}", answer.status.as_u16(), quoted(&answer.body))),
    }
}

/// The three characters that Slack reads as markup.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// As much of a text as stays within `max` characters once it is escaped.
fn escaped_within(text: &str, max: usize) -> String {
    let mut length = max;
    loop {
        let short = escaped(&cut(text, length));
        if short.chars().count() <= max || length == 0 {
            return short;
        }
        length -= length.div_ceil(8);
    }
}

fn cut(text: &str, max: usize) -> String {
    match text.char_indices().nth(max) {
        None => text.to_owned(),
        Some(_) => text.chars().take(max.saturating_sub(1)).chain(['…']).take(max).collect(),
    }
}
