//! Opening a project: reading and compiling it, for every command that needs a program.
//!
//! Judges nothing itself; says what the rooms found.

use std::path::Path;
use std::time::SystemTime;

use super::exit::{Exit, Stop};
use super::speak::Speaker;
use crate::compile::{self, Attachment, Attachments, Compiled, Exception, Level, SourceMap, Stage, Suppressed};
use crate::diag::{Code, Diagnostic, render};
use crate::ir::timeline::Timeline;
use crate::ir::{Place, Program};
use crate::project::{self, LintLevel, Project};
use crate::render::{RenderError, Renderer};
use crate::text::Span;
use crate::value::{Date, Instant, Zone};

/// A project with all that can be said of it.
pub struct Opened {
    pub project: Project,
    /// `None` if there is any error.
    pub program: Option<Program>,
    /// Where everything in the program stands.
    pub map: Option<SourceMap>,
    pub timelines: Vec<Timeline>,
    /// What the campaigns except from checks.
    pub exceptions: Vec<Exception>,
    /// What was let pass.
    pub suppressed: Vec<Suppressed>,
    /// Of the files and of the campaigns, in order of place.
    pub diagnostics: Vec<Diagnostic>,
    /// How many files were looked at.
    pub files: usize,
    /// The files of messages that were read.
    pub attachments: Attachments,
}

/// A project whose program may be run: there is none if there is any error.
pub fn open(start: &Path) -> Opened {
    let mut opened = read(start);
    if opened.diagnostics.iter().any(Diagnostic::is_error) {
        opened.program = None;
    }
    opened
}

/// A project to be looked at: there is a program if the campaigns have a meaning, even one that must not be run.
pub fn read(start: &Path) -> Opened {
    let mut project = project::load(start);
    let files = project.file_count();
    let mut diagnostics = std::mem::take(&mut project.diagnostics);
    // Names declared in a file that could not be read would all look unknown.
    let readable = project.found && !diagnostics.iter().any(|d| d.code == Code::E0100);
    let (mut program, mut map, mut timelines, mut exceptions) = (None, None, Vec::new(), Vec::new());
    let (mut attachments, mut suppressed) = (Attachments::default(), Vec::new());
    project.all_sources();
    if readable {
        let compiled = compiled(&mut project, &mut attachments);
        diagnostics.extend(compiled.diagnostics);
        // While a setting is wrong, a secret may stand on any of its lines.
        let sound = !diagnostics.iter().any(|d| d.code == Code::E0108);
        let program_of_sound = compiled.program.iter().filter(|_| sound);
        let unfit: Vec<Diagnostic> = program_of_sound.flat_map(|program| project.unfit_environments(program)).collect();
        diagnostics.extend(unfit);
        (program, map) = (compiled.program, compiled.map);
        timelines = compiled.timelines;
        exceptions = compiled.exceptions;
        suppressed = compiled.suppressed;
    }
    render::sort(&mut diagnostics);
    Opened { project, program, map, timelines, exceptions, suppressed, diagnostics, files, attachments }
}

/// The project compiled with the files of its messages.
pub fn compiled(project: &mut Project, attachments: &mut Attachments) -> Compiled {
    let parsed = compile::parse(&project.sources);
    let read = project.read_messages(&parsed.message_files());
    let files = read.files.into_iter().map(|(path, read)| {
        let attachment = match read {
            Ok(source) => Attachment::Read(source),
            Err(trouble) => Attachment::Unreadable { why: trouble.headline, help: trouble.help },
        };
        (path, attachment)
    });
    *attachments = Attachments { files: files.collect(), known: read.known };
    parsed.compile(&project.sources, Some(attachments), &settings(&project.settings))
}

impl Opened {
    /// Adds what keeps messages from being made ready to go out: what only shows when their markup is turned into mails.
    pub fn add_faults_of_messages(&mut self) {
        let Some(program) = &self.program else { return };
        let faults = Renderer::new(program).faults();
        let found: Vec<Diagnostic> = faults.iter().filter_map(|fault| self.fault(fault)).collect();
        self.diagnostics.extend(found);
        render::sort(&mut self.diagnostics);
    }
    fn fault(&self, error: &RenderError) -> Option<Diagnostic> {
        let Attachment::Read(id) = *self.attachments.files.get(error.file.as_ref()?)? else { return None };
        let source = self.project.sources.get(id);
        let line = error.line_in(&source.text).unwrap_or(1).max(1) as usize;
        let start: usize = source.text.split_inclusive('\n').take(line - 1).map(str::len).sum();
        let end = start + source.line(line).len();
        let (what, help) = (&error.fault.what, &error.fault.help);
        let place = Span::new(id, start, end);
        Some(Diagnostic::new(Code::E0442, place, &what.en, &what.ja).help(&help.en, &help.ja))
    }

    /// The path and line of a place in the sources.
    pub fn place(&self, span: Span) -> Place {
        let source = self.project.sources.get(span.source);
        Place { path: source.path.as_str().into(), line: source.line_column(span.start).0 as u32 }
    }

    /// The end of a command that needed a program and got none; the reasons go to the standard error.
    pub fn refuse(&self, speaker: &mut Speaker) -> Result<Exit, Stop> {
        let errors: Vec<Diagnostic> = self.diagnostics.iter().filter(|d| d.is_error()).cloned().collect();
        let mut text = speaker.diagnostics(&errors, &self.project.sources);
        text.push_str(&render::summary(&errors, self.files, speaker.language));
        text.push('\n');
        speaker.aside(&text)?;
        Ok(self.end())
    }

    /// How a command ends that found nothing but what the diagnostics say.
    pub fn end(&self) -> Exit {
        match (self.project.found, self.diagnostics.iter().any(Diagnostic::is_error)) {
            (false, _) => Exit::NoProject,
            (true, true) => Exit::Findings,
            (true, false) => Exit::Fine,
        }
    }
}

/// The part of the settings that changes what the campaigns mean.
pub fn settings(settings: &project::Settings) -> compile::Settings {
    compile::Settings {
        name: settings.name.clone(),
        zone: settings.zone,
        currency: settings.currency,
        max_event_age: settings.max_event_age,
        dedupe_window: settings.dedupe_window,
        sender: settings.sender.clone(),
        lifecycle: settings.lifecycle.iter().map(|(name, at)| Stage { name: name.clone(), at: *at }).collect(),
        levels: settings.lints.iter().map(|lint| (lint.code, level(lint.level))).collect(),
        today: Some(today(settings.zone)),
    }
}

/// The day by which exceptions are judged.
fn today(zone: Zone) -> Date {
    zone.date(now())
}

/// What the machine's clock shows.
pub fn now() -> Instant {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    Instant(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

fn level(level: LintLevel) -> Level {
    match level {
        LintLevel::Allow => Level::Allow,
        LintLevel::Warn => Level::Warn,
        LintLevel::Error => Level::Error,
    }
}
