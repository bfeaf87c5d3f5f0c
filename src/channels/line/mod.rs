//! LINE: messages, quota, rich menus and account links by its Messaging API, and what its webhooks tell.
//!
//! Answers no reply tokens and manages no audiences: people are chosen here, not there.

mod actions;
mod answer;
mod api;
mod intake;
mod link;
mod notification;
mod provider;
mod units;

pub use actions::{ACTIONS, Actions};
pub use api::{Api, SetupError};
pub use intake::{BODY_BYTES_MAX, Intake, SIGNATURE_HEADER};
pub use link::{NONCE_LIFE, nonce};
pub use notification::{Form, Notifications, phone_hash};
pub use provider::{IDEMPOTENT_FOR, Line, RECIPIENTS_MAX};
pub use units::{UNITS_A_MONTH_MAX, unit};
