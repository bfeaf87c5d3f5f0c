//! LINE's other side: a stand-in made from LINE's own description of its API, and LINE's own SDK.
//!
//! Sends nothing to LINE. The SDK is installed from npm at the first run, into the build's folder.

#[path = "line/contract.rs"]
mod contract;
#[path = "line/mock.rs"]
mod mock;
#[path = "line/notifications.rs"]
mod notifications;
#[path = "line/sdk.rs"]
mod sdk;
#[path = "line/sending.rs"]
mod sending;
#[path = "line/webhooks.rs"]
mod webhooks;

use std::sync::Arc;

use secrecy::SecretString;
use tabi::channels::line::Api;
use tabi::ports::environment::{LineSettings, SecretRef};
use tabi::value::Span;

const TOKEN: &str = "token+of/the+channel=";
const USER: &str = "U4af4980629f4af4980629f4af4980629";

fn settings(base_url: &str) -> LineSettings {
    LineSettings {
        token: SecretRef::Env("LINE_TOKEN".into()),
        secret: SecretRef::Env("LINE_SECRET".into()),
        base_url: base_url.to_owned(),
        per_second_max: None,
        aggregation: true,
    }
}

fn api(mock: &Arc<mock::Mock>) -> Api {
    Api::new(&settings(&mock.url), &SecretString::from(TOKEN), Span(10_000)).unwrap()
}
