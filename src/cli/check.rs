//! `tabi check [PROJECT]`: everything the compiler has to say.
//!
//! Finds nothing itself.

use std::path::PathBuf;

use super::args::ReportFormat;
use super::exit::{Exit, Stop};
use super::open::{Opened, read};
use super::speak::Speaker;
use super::watch;
use crate::diag::Language;
use crate::diag::render::{self, Place, SuppressedBy, Suppression, Waivers};
use crate::project::LintLevel;

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
    let mut opened = read(&args.project);
    opened.add_faults_of_messages();
    speaker.report(&told(&opened, args.format, speaker))?;
    Ok(opened.end())
}

/// What was let pass, and why.
fn waivers(opened: &Opened, language: Language) -> Waivers {
    let sources = &opened.project.sources;
    let exceptions = opened.exceptions.iter().map(|exception| render::Exception {
        code: exception.code.name(),
        because: exception.because.clone(),
        until: exception.until.map(|day| day.to_string()),
        expired: exception.expired,
        findings: exception.excused,
        place: Place::of(exception.place, sources),
    });
    let lints = &opened.project.settings.lints;
    let levels = lints.iter().map(|lint| render::Level {
        code: lint.code.name(),
        level: match lint.level {
            LintLevel::Allow => "allow",
            LintLevel::Warn => "warn",
            LintLevel::Error => "error",
        },
        reason: lint.reason.clone(),
        place: Place::of(lint.place, sources),
    });
    let suppressed = opened.suppressed.iter().flat_map(|suppressed| {
        let by_level = || lints.iter().find(|lint| lint.code == suppressed.diagnostic.code)?.reason.clone();
        let suppression = match &suppressed.exception {
            Some(because) => Suppression { by: SuppressedBy::Exception, reason: Some(because.clone()) },
            None => Suppression { by: SuppressedBy::Level, reason: by_level() },
        };
        let found = render::findings(std::slice::from_ref(&suppressed.diagnostic), sources, language);
        found.into_iter().map(move |finding| render::Finding { suppression: Some(suppression.clone()), ..finding })
    });
    Waivers { exceptions: exceptions.collect(), levels: levels.collect(), suppressed: suppressed.collect() }
}

fn told(opened: &Opened, format: ReportFormat, speaker: &Speaker) -> String {
    let (sources, language) = (&opened.project.sources, speaker.language);
    let findings = || render::findings(&opened.diagnostics, sources, language);
    let waivers = waivers(opened, language);
    match format {
        ReportFormat::Pretty => {
            let mut text = speaker.diagnostics(&opened.diagnostics, sources);
            if opened.project.found {
                text.push_str(&render::summary(&opened.diagnostics, opened.files, language));
                text.push('\n');
                text.push_str(&waivers.lines(language));
            }
            text
        }
        ReportFormat::Compact => render::compact(&findings()),
        ReportFormat::Json => render::json(&opened.diagnostics, &waivers, sources),
        ReportFormat::Github => render::github(&findings(), language),
        ReportFormat::Sarif => {
            let all: Vec<_> = findings().into_iter().chain(waivers.suppressed).collect();
            render::sarif(&all, render::Run { language, exit_code: opened.end().number() })
        }
        ReportFormat::Junit => {
            let files: Vec<&str> = sources.iter().map(|(_, source)| source.path.as_str()).collect();
            let cases = render::cases_of_files(&findings(), &files, language);
            render::junit("tabi check", &[render::Suite { name: "check".to_string(), cases }])
        }
        ReportFormat::Md => {
            let table = render::markdown("tabi check", &findings(), opened.files, language);
            table + &waivers.markdown(language)
        }
    }
}
