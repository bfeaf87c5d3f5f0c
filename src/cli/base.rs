//! The other version that a command compares with: a git revision of the project, or a folder.
//!
//! Compares nothing.

use std::path::Path;
use std::sync::Arc;

use super::exit::Stop;
use super::open::{self, Opened};
use super::revision::{self, Checkout};
use super::speak::Speaker;
use crate::compile;
use crate::diag::{Diagnostic, Phrase};
use crate::ir::{Place, Program};
use crate::project;

/// The other version, read.
pub struct Base {
    /// As the person named it.
    pub name: String,
    pub opened: Opened,
    /// Its places are those of the revision: `main:campaigns/welcome.tabi`.
    pub program: Program,
    checkout: Option<Checkout>,
}

/// Errors of a base that are shown before it is refused.
const ERRORS_SHOWN_MAX: usize = 3;

impl Base {
    /// A place in one of the base's sources, under the path people know it by.
    pub fn place(&self, span: crate::text::Span) -> Place {
        let place = self.opened.place(span);
        Place { path: named(self.checkout.as_ref(), &place.path), line: place.line }
    }
}

/// Reads the version `base` of the project that `start` belongs to. A folder goes before a revision of that name.
pub fn open(start: &Path, base: &str, speaker: &Speaker) -> Result<Base, Stop> {
    let folder = Path::new(base);
    let (checkout, mut opened) = if folder.is_dir() {
        (None, open::read(folder))
    } else if folder.is_absolute() || folder.starts_with(".") || folder.starts_with("..") {
        // No revision is called so.
        return Err(no_folder(base));
    } else {
        let root = project::root(start).ok_or_else(|| no_project(start))?;
        let checkout = revision::checkout(&root, base)?;
        // Which files hold messages, the campaigns say.
        let campaigns = project::load(&checkout.folder).sources;
        checkout.add(&compile::parse(&campaigns).message_files())?;
        let opened = open::read(&checkout.folder);
        (Some(checkout), opened)
    };
    let Some(mut program) = opened.program.take() else {
        return Err(refused(base, checkout.as_ref(), &opened, speaker));
    };
    program.places.each(|place| place.path = named(checkout.as_ref(), &place.path));
    Ok(Base { name: base.to_string(), opened, program, checkout })
}

/// The path in the revision of a file in our folder.
fn named(checkout: Option<&Checkout>, path: &str) -> Arc<str> {
    let inside = checkout.and_then(|c| Some((c, Path::new(path).strip_prefix(&*c.folder).ok()?)));
    match inside {
        Some((checkout, inside)) => Arc::from(format!("{}{}", checkout.name, inside.display())),
        None => Arc::from(path),
    }
}

fn no_folder(base: &str) -> Stop {
    Stop::Usage {
        what: Phrase::new(format!("there is no folder `{base}`"), format!("フォルダー `{base}` がありません")),
        help: Phrase::new("check the spelling, and the folder you are in", "つづりと、今いるフォルダーを確かめる"),
    }
}

fn no_project(start: &Path) -> Stop {
    let start = start.display();
    Stop::Usage {
        what: Phrase::new(
            format!("there is no project in `{start}` or above it"),
            format!("`{start}` とその上のフォルダーにプロジェクトがありません"),
        ),
        help: Phrase::new("give the folder that holds `tabi.yaml`", "`tabi.yaml` のあるフォルダーを指定する"),
    }
}

/// A base without a meaning cannot be compared with.
fn refused(base: &str, checkout: Option<&Checkout>, opened: &Opened, speaker: &Speaker) -> Stop {
    let errors: Vec<&Diagnostic> = opened.diagnostics.iter().filter(|d| d.is_error()).collect();
    let shown = errors.iter().take(ERRORS_SHOWN_MAX).map(|error| {
        let place = opened.place(error.primary.span);
        let path = named(checkout, &place.path);
        format!("\n  {path}:{}: {}", place.line, speaker.say(&error.headline))
    });
    let shown: String = shown.collect();
    let count = errors.len();
    let plural = if count == 1 { "" } else { "s" };
    Stop::Wrong {
        what: Phrase::new(
            format!("the version `{base}` has {count} error{plural}, so there is nothing to compare with{shown}"),
            format!("版 `{base}` に {count} 件の誤りがあり、比べられません{shown}"),
        ),
        help: Phrase::new(
            "give a version that `tabi check` accepts, such as the last one that was merged",
            "`tabi check` に通る版 (最後にマージされたものなど) を指定する",
        ),
    }
}
