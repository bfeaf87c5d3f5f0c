//! `tabi check [PROJECT]`: everything the compiler has to say.
//!
//! Finds nothing itself.

use std::path::PathBuf;

use super::args::Format;
use super::exit::{Exit, Stop};
use super::open::open;
use super::speak::Speaker;
use crate::diag::render;

/// Check a project: names, types, and what no run may come to
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The project's folder, or one inside it
    #[arg(value_name = "PROJECT", default_value = ".")]
    project: PathBuf,

    /// For people, or for programs
    #[arg(long, value_name = "FORMAT", default_value = "pretty")]
    format: Format,
}

pub fn run(args: &Args, speaker: &mut Speaker) -> Result<Exit, Stop> {
    let opened = open(&args.project);
    let text = match args.format {
        Format::Json => render::json(&opened.diagnostics, &opened.project.sources),
        Format::Pretty => {
            let mut text = speaker.diagnostics(&opened.diagnostics, &opened.project.sources);
            if opened.project.found {
                text.push_str(&render::summary(&opened.diagnostics, opened.files, speaker.language));
                text.push('\n');
            }
            text
        }
    };
    speaker.report(&text)?;
    Ok(opened.end())
}
