//! The only door of the front wing: sources in, program, tests and diagnostics out.
//!
//! Reads no files and no settings' files; the faces bring both as data.

#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

mod exceptions;
mod moves;

use std::collections::{BTreeMap, BTreeSet};

use crate::check::{self, Context, splits};
use crate::content;
use crate::diag::{Code, Diagnostic, Severity};
use crate::ir::{self, timeline::Timeline};
use crate::lint;
pub use crate::lint::Stage;
use crate::lower;
pub use crate::lower::SourceMap;
pub use crate::schema::{Attachment, Attachments};
use crate::schema::{Sink, World};
use crate::syntax::{self, tree};
use crate::text::{SourceKind, Sources};
use crate::value::time::MILLIS_PER_HOUR;
use crate::value::{Currency, Date, Span, Zone};
pub use exceptions::Exception;

/// What `tabi.yaml` says of a project, as far as it changes what the sources mean.
#[derive(Debug, Clone)]
pub struct Settings {
    pub name: String,
    /// Where a policy names none.
    pub zone: Zone,
    pub currency: Currency,
    /// An event older than this when it arrives updates history only.
    pub max_event_age: Span,
    /// How long an input's id is remembered.
    pub dedupe_window: Span,
    /// What templates know as `sender`.
    pub sender: ir::content::Sender,
    /// The stages of a customer's life, where the project lists them.
    pub lifecycle: Vec<lint::Stage>,
    /// How grave a finding is, where the project says otherwise than the code itself.
    pub levels: BTreeMap<Code, Level>,
    /// The day by which exceptions are judged; without it none has expired.
    pub today: Option<Date>,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            name: "project".to_owned(),
            zone: Zone::utc(),
            currency: Currency::from_code("USD").expect("USD is in the table of currencies"),
            max_event_age: Span(24 * MILLIS_PER_HOUR),
            dedupe_window: Span(7 * 24 * MILLIS_PER_HOUR),
            sender: ir::content::Sender::default(),
            lifecycle: Vec::new(),
            levels: BTreeMap::new(),
            today: None,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    Allow,
    Warn,
    Error,
}

#[derive(Debug)]
pub struct Compiled {
    /// `None` if something has no meaning. There may be errors all the same, by which it must not be run: a promise that
    /// does not hold, a mail without consent.
    pub program: Option<ir::Program>,
    /// Where everything in the program stands.
    pub map: Option<SourceMap>,
    /// Tests that mean something, in the order of the sources; those with mistakes are left out.
    pub timelines: Vec<Timeline>,
    /// What campaigns except from checks, in the order of the text.
    pub exceptions: Vec<Exception>,
    /// In the order of their places.
    pub diagnostics: Vec<Diagnostic>,
    /// What was let pass.
    pub suppressed: Vec<Suppressed>,
}

/// A finding that counts no more, and why.
#[derive(Debug, Clone)]
pub struct Suppressed {
    pub diagnostic: Diagnostic,
    /// The reason of the exception that excused it; absent if a level let it pass.
    pub exception: Option<String>,
}

/// Parses, checks and lowers a whole project. The files of messages are not looked at.
pub fn compile(sources: &Sources, settings: &Settings) -> Compiled {
    parse(sources).compile(sources, None, settings)
}

/// Campaigns that were read but not yet understood.
pub struct Parsed {
    files: Vec<tree::File>,
    sink: Sink,
}

/// Reads all campaigns among the sources. Never fails: mistakes come with the result of [`Parsed::compile`].
pub fn parse(sources: &Sources) -> Parsed {
    let mut sink = Sink::default();
    let mut files = Vec::with_capacity(sources.len());
    for (id, source) in sources.iter().filter(|(_, source)| source.kind == SourceKind::Campaign) {
        let (file, diagnostics) = syntax::parse(id, &source.text);
        diagnostics.into_iter().for_each(|d| sink.report(d));
        files.push(file);
    }
    sink.silence_reported();
    Parsed { files, sink }
}

impl Parsed {
    /// The files that messages name, as written, each once: whoever opens the project reads them and brings them to
    /// [`Parsed::compile`] as [`Attachments`].
    pub fn message_files(&self) -> Vec<String> {
        let items = self.files.iter().flat_map(|file| &file.items);
        let named = items.filter_map(|item| match item {
            tree::Item::Message(message) => message.file.as_ref().map(|file| file.text.clone()),
            _ => None,
        });
        named.collect::<BTreeSet<String>>().into_iter().collect()
    }

    /// Checks and lowers. `sources` are those that were parsed, and may have grown since. Without `attachments` the files
    /// of messages are not looked at.
    pub fn compile(self, sources: &Sources, attachments: Option<&Attachments>, settings: &Settings) -> Compiled {
        checked(sources, &self.files, attachments, settings, self.sink)
    }
}

fn checked(
    sources: &Sources,
    files: &[tree::File],
    attachments: Option<&Attachments>,
    settings: &Settings,
    mut sink: Sink,
) -> Compiled {
    let project = ir::Project {
        name: settings.name.clone(),
        zone: settings.zone,
        currency: settings.currency,
        max_event_age: settings.max_event_age,
        dedupe_window: settings.dedupe_window,
        sender: settings.sender.clone(),
    };
    let world = World::build(project, files, &mut sink);
    let splits = splits::collect(&world, &mut sink);
    let context = Context { world: &world, sources, splits: &splits };
    let checked = check::check(context, &mut sink);
    let read = attachments.map(|files| content::read(&world, sources, files, &mut sink)).unwrap_or_default();
    let placer = lower::Placer::new(sources);
    let mut timelines = check::tests(context, &checked, &|span| placer.place(span), &mut sink);
    let mut exceptions = exceptions::collect(files, settings.today, &mut sink);
    let meaningful = !sink.diagnostics.iter().any(Diagnostic::is_error);
    let moves = moves::read(&world);
    let (mut program, mut map) =
        meaningful.then(|| lower::program(&world, splits, checked, read.contents, sources)).unzip();
    if let Some(program) = &mut program {
        program.moves = moves;
    }
    if let (Some(program), Some(map)) = (&program, &mut map) {
        map.mentions = read.mentions;
        timelines.iter_mut().for_each(|timeline| timeline.kept = lower::kept_for(program, timeline));
        sink.livable.extend(lint::lint(lint::Input { program, map, sources, lifecycle: &settings.lifecycle }));
    }
    let (errors, warnings) = std::mem::take(&mut sink.diagnostics).into_iter().partition(Diagnostic::is_error);
    sink.diagnostics = errors;
    sink.livable.extend::<Vec<_>>(warnings);
    let mut suppressed = Vec::new();
    // Where something has no meaning most checks have not been made, and an exception may wait for them.
    if program.is_some() {
        suppressed = exceptions::excuse(&mut exceptions, &mut sink.livable);
    }
    let diagnostics = levelled(sink, &settings.levels, &mut suppressed);
    Compiled { program, map, timelines, exceptions, diagnostics, suppressed }
}

/// Diagnostics in the order of their places, as grave as the project says. An error without which there is no program
/// stays one.
fn levelled(sink: Sink, levels: &BTreeMap<Code, Level>, suppressed: &mut Vec<Suppressed>) -> Vec<Diagnostic> {
    let (errors, mut livable) = (sink.diagnostics, sink.livable);
    livable.retain_mut(|diagnostic| match levels.get(&diagnostic.code) {
        None => true,
        Some(Level::Allow) => {
            suppressed.push(Suppressed { diagnostic: diagnostic.clone(), exception: None });
            false
        }
        Some(Level::Warn) => {
            diagnostic.severity = Severity::Warning;
            true
        }
        Some(Level::Error) => {
            diagnostic.severity = Severity::Error;
            true
        }
    });
    let mut all = errors;
    all.append(&mut livable);
    all.sort_by_key(|d| (d.primary.span, d.code));
    let mut said = BTreeSet::new();
    all.retain(|d| !d.once || said.insert((d.code, d.headline.en.clone())));
    all
}
