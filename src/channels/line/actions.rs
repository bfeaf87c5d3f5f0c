//! What journeys can have LINE do besides sending: a rich menu for one person, a token to link accounts.
//!
//! Makes no rich menus: they are made once, by hand or in the console, and named by their id.

use serde_json::{Map, Value as Json, json};

use crate::ports::{Attempt, Call, CallOutcome, Doer};

use super::answer::call_outcome;
use super::api::Api;

/// Actions of these names are done here; `docs/channels/line.md` shows their declarations.
pub const ACTIONS: [&str; 3] = ["line.link_rich_menu", "line.unlink_rich_menu", "line.issue_link_token"];

/// User ids have 33 characters, ids of rich menus 41.
const ID_CHARS_MAX: usize = 100;

/// Does the actions of [`ACTIONS`]. Linking and unlinking a menu twice is as once; a second link token leaves the first
/// one valid. So all may be declared `idempotent`.
#[derive(Debug, Clone)]
pub struct Actions {
    api: Api,
}

impl Actions {
    pub fn new(api: Api) -> Actions {
        Actions { api }
    }

    async fn act(&self, call: &Call) -> CallOutcome {
        let params = match call.params.as_object() {
            Some(params) => params,
            None => return failed("the parameters are no object"),
        };
        let Some(user) = id(params, "line_user") else { return failed("`line_user` is missing or no id of LINE") };
        match call.action.as_str() {
            "line.link_rich_menu" => {
                let Some(menu) = id(params, "rich_menu") else { return failed("`rich_menu` is missing or no id") };
                let answer = self.api.call(&["v2", "bot", "user", user, "richmenu", menu]).await;
                call_outcome(answer, call.attempt, |_| Some(json!({})))
            }
            "line.unlink_rich_menu" => {
                let answer = self.api.delete(&["v2", "bot", "user", user, "richmenu"]).await;
                call_outcome(answer, call.attempt, |_| Some(json!({})))
            }
            "line.issue_link_token" => {
                let answer = self.api.call(&["v2", "bot", "user", user, "linkToken"]).await;
                let token = |body: &Json| body.get("linkToken")?.as_str().map(|t| json!({ "link_token": t }));
                call_outcome(answer, call.attempt, token)
            }
            other => CallOutcome::Misconfigured { why: format!("LINE has no action `{other}`") },
        }
    }
}

impl Doer for Actions {
    fn call<'a>(&'a self, call: &'a Call) -> Attempt<'a, CallOutcome> {
        Box::pin(self.act(call))
    }
}

/// An id that can only be one segment of a path.
fn id<'a>(params: &'a Map<String, Json>, name: &str) -> Option<&'a str> {
    let text = params.get(name)?.as_str()?;
    let letters = text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
    (letters && (1..=ID_CHARS_MAX).contains(&text.len())).then_some(text)
}

fn failed(why: &str) -> CallOutcome {
    CallOutcome::Failed { why: why.into() }
}
