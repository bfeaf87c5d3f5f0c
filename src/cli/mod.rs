//! The command line: one file per command; what they share is how they speak and how they end.
//!
//! Decides nothing about campaigns: every command asks a room and shows the answer.

mod args;
mod check;
mod exit;
mod explain;
mod fmt;
mod open;
mod speak;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::Parser;

use args::{Args, Command};
use speak::Speaker;

/// Runs the command line `args` (the program's name first) and says how it ended.
pub fn run(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let args = match Args::try_parse_from(args) {
        Ok(args) => args,
        Err(error) => return exit::of_arguments(&error),
    };
    let mut speaker = Speaker::new(&args);
    let result = match args.command {
        Command::Check(args) => check::run(&args, &mut speaker),
        Command::Fmt(args) => fmt::run(&args, &mut speaker),
        Command::Explain(args) => explain::run(&args, &mut speaker),
    };
    exit::code(result, &mut speaker)
}
