//! `tabi diff BASE [PROJECT]`: what changed for people since another version of the project.
//!
//! Reads both versions and shows the difference; finding it is `diff`'s.

use std::path::PathBuf;

use clap::ValueEnum;

use super::base::{self, Base};
use super::exit::{Exit, Stop};
use super::open::{self, Opened};
use super::speak::Speaker;
use crate::compile::SourceMap;
use crate::diff::{self, Section, Status, Thing};
use crate::ir::{Place, Program};
use crate::text::Span;

/// Show what changed in meaning since another version: steps, timing, conditions, messages, rules
#[derive(Debug, clap::Args)]
pub struct Args {
    /// A git revision (`main`, `HEAD~1`, a tag), or the folder of the other version
    #[arg(value_name = "BASE")]
    base: String,

    /// The project's folder, or one inside it
    #[arg(value_name = "PROJECT", default_value = ".")]
    project: PathBuf,

    /// For people, for programs, or for a pull request
    #[arg(long, value_name = "FORMAT", default_value = "pretty")]
    format: Form,

    /// End with 3 if there are changes
    #[arg(long)]
    detailed_exitcode: bool,
}

/// The forms of what compares two versions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Form {
    Pretty,
    Json,
    Md,
}

pub fn run(args: &Args, speaker: &mut Speaker) -> Result<Exit, Stop> {
    let mut opened = open::read(&args.project);
    let Some(program) = opened.program.take() else { return opened.refuse(speaker) };
    let base = base::open(&args.project, &args.base, speaker)?;
    let mut difference = diff::difference(&base.program, &program);
    for section in difference.sections.iter_mut().filter(|section| section.place.is_none()) {
        section.place = place(section, &opened, &program, &base);
    }
    let language = speaker.words();
    speaker.report(&match args.format {
        Form::Pretty => diff::pretty(&difference, &base.name, language),
        Form::Json => diff::json(&difference, &base.name),
        Form::Md => diff::markdown(&difference, &base.name, language),
    })?;
    Ok(if args.detailed_exitcode && !difference.is_empty() { Exit::Changed } else { Exit::Fine })
}

/// Where a declaration stands: in the new version, or in the old one if it is gone.
fn place(section: &Section, opened: &Opened, program: &Program, base: &Base) -> Option<Place> {
    match section.status {
        Status::Removed => {
            let span = declared(section, base.opened.map.as_ref()?, &base.program)?;
            Some(base.place(span))
        }
        Status::Added | Status::Changed => {
            let span = declared(section, opened.map.as_ref()?, program)?;
            Some(opened.place(span))
        }
    }
}

fn declared(section: &Section, map: &SourceMap, program: &Program) -> Option<Span> {
    let name = section.name.as_str();
    fn at<'t>(mut names: impl Iterator<Item = &'t String>, name: &str) -> Option<usize> {
        names.position(|other| other == name)
    }
    match section.of {
        Thing::Journey | Thing::Profile | Thing::Project | Thing::Pressure => None,
        Thing::Message => map.messages.get(at(program.messages.iter().map(|m| &m.name), name)?).map(|m| m.name),
        Thing::Policy => map.policies.get(at(program.policies.iter().map(|p| &p.name), name)?).map(|p| p.name),
        Thing::Segment => map.segments.get(at(program.segments.iter().map(|s| &s.name), name)?).map(|s| s.name),
        Thing::Split => map.splits.get(at(program.splits.iter().map(|s| &s.name), name)?).copied(),
        Thing::Action => map.actions.get(at(program.actions.iter().map(|a| &a.name), name)?).copied(),
        Thing::Event => map.events.get(at(program.events.iter().map(|e| &e.name), name)?).map(|e| e.name),
        Thing::Record => map.records.get(at(program.records.iter().map(|r| &r.name), name)?).map(|r| r.name),
        Thing::Enum => map.enums.get(at(program.enums.iter().map(|e| &e.name), name)?).copied(),
    }
}
