//! What may be typed: global options and the list of commands. Each command's own options stand in its file.
//!
//! Reads nothing but the arguments.

use std::ffi::{OsStr, OsString};

use clap::{CommandFactory, Parser, Subcommand, ValueEnum};

use super::{
    approve, backup, check, dead, deploy, diff, explain, fix, fmt, human, ingest, init, japanese, personas, prove,
    render, report, results, run, shell, show, simulate, status, stop, tail, test, who, why,
};
use crate::diag::Language;

/// The numbers of `exit.rs`, in a line.
const EXIT_CODES: &str = "Exit codes: 0 fine, 1 findings, 2 tests or promises failed, 3 changes present (with \
                          --detailed-exitcode), 64 usage, 70 our fault, 75 try again";

/// Campaigns as code: check, test with time travel, and simulate customer journeys.
#[derive(Debug, Parser)]
#[command(name = "tabi", version, arg_required_else_help = true, disable_help_subcommand = true)]
#[command(after_help = EXIT_CODES)]
pub struct Args {
    /// Language of messages [default: from LC_ALL, LC_MESSAGES or LANG]
    #[arg(long, global = true, value_name = "LANGUAGE")]
    pub lang: Option<Lang>,

    /// When to colour
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub color: Color,

    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    Init(init::Args),
    Check(check::Args),
    Fix(fix::Args),
    Fmt(fmt::Args),
    Test(test::Args),
    Simulate(simulate::Args),
    Report(report::Args),
    Results(results::Args),
    Personas(personas::Args),
    Render(render::Args),
    Prove(prove::Args),
    Show(show::Args),
    Who(who::Args),
    Diff(diff::Args),
    Explain(explain::Args),
    Run(run::Args),
    Ingest(ingest::Args),
    Status(status::Args),
    Plan(deploy::plan::Args),
    Apply(deploy::apply::Args),
    Rollback(deploy::plan::RollbackArgs),
    Bundles(deploy::list::BundlesArgs),
    Steps(deploy::list::StepsArgs),
    Ramp(deploy::stage::RampArgs),
    Hold(deploy::hold::Args),
    Pause(deploy::stage::PauseArgs),
    Stop(stop::StopArgs),
    Resume(stop::ResumeArgs),
    Person(human::Args),
    Why(why::WhyArgs),
    WhyNot(why::WhyNotArgs),
    Tail(tail::Args),
    Dead(dead::Args),
    Approve(approve::Args),
    Backup(backup::BackupArgs),
    Restore(backup::RestoreArgs),
    Completions(shell::CompletionsArgs),
    Man(shell::ManArgs),
}

/// The definition of the command line, explained in a language.
pub fn command(language: Language) -> clap::Command {
    match language {
        Language::English => Args::command(),
        Language::Japanese => japanese::translated(Args::command()),
    }
}

/// The language to speak before the arguments are understood: what `--lang` says, wherever it stands, else the locale's.
pub fn language(args: &[OsString]) -> Language {
    let words = args.iter().take_while(|word| *word != OsStr::new("--"));
    let mut asked = None;
    let mut follows = false;
    for word in words.filter_map(|word| word.to_str()) {
        let value = if follows { Some(word) } else { word.strip_prefix("--lang=") };
        asked = value.and_then(|value| Lang::from_str(value, false).ok()).or(asked);
        follows = word == "--lang";
    }
    match asked {
        Some(Lang::En) => Language::English,
        Some(Lang::Ja) => Language::Japanese,
        None => of_locale(),
    }
}

fn of_locale() -> Language {
    let locale = ["LC_ALL", "LC_MESSAGES", "LANG"]
        .iter()
        .filter_map(|name| std::env::var(name).ok())
        .find(|value| !value.is_empty());
    if locale.is_some_and(|l| l.starts_with("ja")) { Language::Japanese } else { Language::English }
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum Lang {
    En,
    Ja,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum Color {
    Auto,
    Always,
    Never,
}

/// For people, or for programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    Pretty,
    Json,
}

/// How findings are written. No variant has a text of its own in the help: together they make one line of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ReportFormat {
    // For people.
    Pretty,
    // One line each, for grep and editors.
    Compact,
    // For programs, in both languages.
    Json,
    // Workflow commands of GitHub Actions.
    Github,
    // SARIF 2.1.0, for code scanning.
    Sarif,
    // JUnit XML.
    Junit,
    // Markdown for a pull request.
    Md,
}
