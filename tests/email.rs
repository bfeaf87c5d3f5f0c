//! Mail: what goes out to relays of every temper, and what comes back of it.
//!
//! The relays are aiosmtpd (a real server, by itself in a process) and a scripted one that hangs, drops and refuses at will.

#[path = "email/deliveries.rs"]
mod deliveries;
#[path = "email/documented.rs"]
mod documented;
#[path = "email/mailbox.rs"]
mod mailbox;
#[path = "email/real.rs"]
mod real;
#[path = "email/scripted.rs"]
mod scripted;
#[path = "email/server.rs"]
mod server;
#[path = "email/troubles.rs"]
mod troubles;
#[path = "email/webhooks.rs"]
mod webhooks;
