//! What may be typed: global options and the list of commands. Each command's own options stand in its file.
//!
//! Reads nothing but the arguments.

use clap::{Parser, Subcommand, ValueEnum};

use super::{check, diff, explain, fix, fmt, render, show, simulate, test};

/// Campaigns as code: check, test with time travel, and simulate customer journeys.
#[derive(Debug, Parser)]
#[command(name = "tabi", version, arg_required_else_help = true, disable_help_subcommand = true)]
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
    Check(check::Args),
    Fix(fix::Args),
    Fmt(fmt::Args),
    Test(test::Args),
    Simulate(simulate::Args),
    Render(render::Args),
    Show(show::Args),
    Diff(diff::Args),
    Explain(explain::Args),
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
