//! `tabi status`: what a running Tabi is at.
//!
//! Changes nothing.

use super::exit::{Exit, Stop};
use super::remote::Remote;
use super::speak::Speaker;

/// Show what a running Tabi is at: journeys, channels, what waits, what is stopped, alarms
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    remote: Remote,
}

pub fn run(args: &Args, speaker: &mut Speaker) -> Result<Exit, Stop> {
    let answer = args.remote.get("/status")?;
    args.remote.tell(&answer, speaker)
}
