//! The command line: one file per command; what they share is how they speak and how they end.
//!
//! Decides nothing about campaigns: every command asks a room and shows the answer.

mod approve;
mod args;
mod backup;
mod base;
mod check;
mod dead;
mod deploy;
mod diff;
mod exit;
mod explain;
mod fix;
mod fmt;
mod human;
mod ingest;
mod init;
mod japanese;
mod open;
mod own_folder;
mod parts;
mod person;
mod personas;
mod prove;
mod remote;
mod render;
mod report;
mod results;
mod revision;
mod run;
mod secrets;
mod shell;
mod show;
mod simulate;
mod speak;
mod status;
mod stop;
mod tail;
mod test;
mod watch;
mod who;
mod why;

use std::ffi::OsString;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;

use clap::FromArgMatches;

use args::{Args, Command};
use exit::{Exit, Stop};
use speak::Speaker;

/// Runs the command line `args` (the program's name first) and says how it ended.
pub fn run(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let args: Vec<OsString> = args.into_iter().collect();
    let language = args::language(&args);
    let understood =
        args::command(language).try_get_matches_from(args).and_then(|found| Args::from_arg_matches(&found));
    let args = match understood {
        Ok(args) => args,
        Err(error) => return ExitCode::from(exit::of_arguments(&error, language)),
    };
    let mut speaker = Speaker::new(language, args.color);
    ExitCode::from(guarded(&mut speaker, |speaker| perform(&args.command, speaker)))
}

/// A panic is a fault of ours, never of the project: it ends with its own number and says where to turn.
fn guarded(speaker: &mut Speaker, work: impl FnOnce(&mut Speaker) -> Result<Exit, Stop>) -> u8 {
    match catch_unwind(AssertUnwindSafe(|| work(speaker))) {
        Ok(result) => exit::code(result, speaker),
        Err(_) => exit::our_fault(speaker),
    }
}

fn perform(command: &Command, speaker: &mut Speaker) -> Result<Exit, Stop> {
    match command {
        Command::Init(args) => init::run(args, speaker),
        Command::Check(args) => check::run(args, speaker),
        Command::Fix(args) => fix::run(args, speaker),
        Command::Fmt(args) => fmt::run(args, speaker),
        Command::Test(args) => test::run(args, speaker),
        Command::Simulate(args) => simulate::run(args, speaker),
        Command::Report(args) => report::run(args, speaker),
        Command::Render(args) => render::run(args, speaker),
        Command::Results(args) => results::run(args, speaker),
        Command::Personas(args) => personas::run(args, speaker),
        Command::Prove(args) => prove::run(args, speaker),
        Command::Show(args) => show::run(args, speaker),
        Command::Who(args) => who::run(args, speaker),
        Command::Diff(args) => diff::run(args, speaker),
        Command::Explain(args) => explain::run(args, speaker),
        Command::Run(args) => run::run(args, speaker),
        Command::Ingest(args) => ingest::run(args, speaker),
        Command::Status(args) => status::run(args, speaker),
        Command::Plan(args) => deploy::plan::run(args, speaker),
        Command::Apply(args) => deploy::apply::run(args, speaker),
        Command::Rollback(args) => deploy::plan::rollback(args, speaker),
        Command::Bundles(args) => deploy::list::bundles(args, speaker),
        Command::Steps(args) => deploy::list::steps(args, speaker),
        Command::Ramp(args) => deploy::stage::ramp(args, speaker),
        Command::Hold(args) => deploy::hold::run(args, speaker),
        Command::Pause(args) => deploy::stage::pause(args, speaker),
        Command::Stop(args) => stop::stop(args, speaker),
        Command::Resume(args) => stop::resume(args, speaker),
        Command::Person(args) => human::run(args, speaker),
        Command::Why(args) => why::why_run(args, speaker),
        Command::WhyNot(args) => why::why_not_run(args, speaker),
        Command::Tail(args) => tail::run(args, speaker),
        Command::Dead(args) => dead::run(args, speaker),
        Command::Approve(args) => approve::run(args, speaker),
        Command::Backup(args) => backup::backup(args, speaker),
        Command::Restore(args) => backup::restore(args, speaker),
        Command::Completions(args) => shell::completions(args, speaker),
        Command::Man(args) => shell::man(args, speaker),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diag::Language;

    #[test]
    fn a_panic_ends_with_the_number_of_our_fault() {
        let mut speaker = Speaker::new(Language::English, args::Color::Never);
        assert_eq!(guarded(&mut speaker, |_| panic!("on purpose, to see the number")), 70);
        assert_eq!(guarded(&mut speaker, |_| Ok(Exit::Fine)), 0);
    }
}
