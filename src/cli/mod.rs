//! The command line: one file per command; what they share is how they speak and how they end.
//!
//! Decides nothing about campaigns: every command asks a room and shows the answer.

mod args;
mod base;
mod check;
mod diff;
mod exit;
mod explain;
mod fix;
mod fmt;
mod open;
mod person;
mod render;
mod revision;
mod show;
mod simulate;
mod speak;
mod test;
mod watch;

use std::ffi::OsString;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;

use clap::Parser;

use args::{Args, Command};
use exit::{Exit, Stop};
use speak::Speaker;

/// Runs the command line `args` (the program's name first) and says how it ended.
pub fn run(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let args = match Args::try_parse_from(args) {
        Ok(args) => args,
        Err(error) => return exit::of_arguments(&error),
    };
    let mut speaker = Speaker::new(&args);
    // A panic is a fault of ours, never of the project: it ends with its own number and says where to turn.
    let result = catch_unwind(AssertUnwindSafe(|| perform(&args.command, &mut speaker)));
    match result {
        Ok(result) => exit::code(result, &mut speaker),
        Err(_) => exit::our_fault(&mut speaker),
    }
}

fn perform(command: &Command, speaker: &mut Speaker) -> Result<Exit, Stop> {
    match command {
        Command::Check(args) => check::run(args, speaker),
        Command::Fix(args) => fix::run(args, speaker),
        Command::Fmt(args) => fmt::run(args, speaker),
        Command::Test(args) => test::run(args, speaker),
        Command::Simulate(args) => simulate::run(args, speaker),
        Command::Render(args) => render::run(args, speaker),
        Command::Show(args) => show::run(args, speaker),
        Command::Diff(args) => diff::run(args, speaker),
        Command::Explain(args) => explain::run(args, speaker),
    }
}
