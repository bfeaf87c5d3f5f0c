//! A project folder: `tabi.yaml` and all `.tabi` files under it.
//!
//! Finds and reads files and judges the settings; what the campaigns say is the compiler's to judge.

mod environments;
mod figures;
mod load;
mod messages;
mod moment;
mod settings;
mod spot;

use std::path::PathBuf;

use crate::diag::Diagnostic;
use crate::text::{Source, SourceId, Sources};
pub use figures::ReportSettings;
pub use load::{CONFIG_FILE, Trouble, campaign_files, load, read_campaign, root};
pub use messages::MessageFiles;
pub use moment::parse_moment;
pub use settings::{LintLevel, LintSetting, Response, Sample, Settings, parse as parse_settings};

/// What was found in a project folder. Diagnostics about files or settings are in it, not instead of it: whatever could
/// be read is there to be checked as well.
#[derive(Debug)]
pub struct Project {
    /// Whether there is a project at all; if not, `diagnostics` says why.
    pub found: bool,
    /// The folder that holds `tabi.yaml`; paths in the settings are relative to it.
    pub root: PathBuf,
    pub settings: Settings,
    /// The `.tabi` files, by path.
    pub sources: Sources,
    /// Files that diagnostics may point to but that hold no campaigns; their ids follow those of `sources`.
    pub others: Vec<Source>,
    pub diagnostics: Vec<Diagnostic>,
}

impl Project {
    /// The number of files that were looked at.
    pub fn file_count(&self) -> usize {
        self.sources.len() + self.others.len()
    }
    /// Everything diagnostics may point to so far.
    pub fn all_sources(&mut self) -> &Sources {
        for source in self.others.drain(..) {
            self.sources.add(source);
        }
        &self.sources
    }
    fn next_id(&self) -> SourceId {
        SourceId(self.file_count() as u32)
    }
}
