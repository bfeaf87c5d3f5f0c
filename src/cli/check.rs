//! `tabi check [PROJECT]`: everything the compiler has to say.
//!
//! Finds nothing itself.

use std::path::PathBuf;

use super::args::ReportFormat;
use super::exit::{Exit, Stop};
use super::open::{Opened, open};
use super::speak::Speaker;
use super::watch;
use crate::compile::Exception;
use crate::diag::{Language, Phrase, render};

/// Check a project: names, types, and what no run may come to
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The project's folder, or one inside it
    #[arg(value_name = "PROJECT", default_value = ".")]
    project: PathBuf,

    /// How findings are written: for people, a line each, or for programs, GitHub, code scanning, CI, a pull request
    #[arg(long, value_name = "FORMAT", default_value = "pretty")]
    format: ReportFormat,

    /// Stay, and check again whenever a file of the project changes; Ctrl-C ends
    #[arg(long)]
    watch: bool,
}

pub fn run(args: &Args, speaker: &mut Speaker) -> Result<Exit, Stop> {
    if args.watch {
        return watch::watch(&args.project, speaker, |speaker| once(args, speaker));
    }
    once(args, speaker)
}

fn once(args: &Args, speaker: &mut Speaker) -> Result<Exit, Stop> {
    let opened = open(&args.project);
    speaker.report(&told(&opened, args.format, speaker))?;
    Ok(opened.end())
}

/// What was let pass, and why: a line for each exception in force.
fn exceptions(opened: &Opened, language: Language) -> String {
    let in_force = opened.exceptions.iter().filter(|e| e.excused > 0 && !e.expired);
    let line = |e: &Exception| {
        let source = opened.project.sources.get(e.place.source);
        let until = e.until.map_or_else(String::new, |day| match language {
            Language::English => format!(" until {day}"),
            Language::Japanese => format!(" ({day} まで)"),
        });
        let line = source.line_column(e.place.start).0;
        let word = Phrase::new("allowed", "例外");
        format!("{} {}{until}: {} ({}:{line})\n", word.get(language), e.code.name(), e.because, source.path)
    };
    in_force.map(line).collect()
}

fn told(opened: &Opened, format: ReportFormat, speaker: &Speaker) -> String {
    let (sources, language) = (&opened.project.sources, speaker.language);
    let findings = || render::findings(&opened.diagnostics, sources, language);
    match format {
        ReportFormat::Pretty => {
            let mut text = speaker.diagnostics(&opened.diagnostics, sources);
            if opened.project.found {
                text.push_str(&render::summary(&opened.diagnostics, opened.files, language));
                text.push('\n');
                text.push_str(&exceptions(opened, language));
            }
            text
        }
        ReportFormat::Compact => render::compact(&findings()),
        ReportFormat::Json => render::json(&opened.diagnostics, sources),
        ReportFormat::Github => render::github(&findings(), language),
        ReportFormat::Sarif => render::sarif(&findings(), render::Run { language, exit_code: opened.end().number() }),
        ReportFormat::Junit => {
            let files: Vec<&str> = sources.iter().map(|(_, source)| source.path.as_str()).collect();
            let cases = render::cases_of_files(&findings(), &files, language);
            render::junit("tabi check", &[render::Suite { name: "check".to_string(), cases }])
        }
        ReportFormat::Md => render::markdown("tabi check", &findings(), opened.files, language),
    }
}
