//! The commands around the compiler: formats for CI, exit codes, new projects, watching, fixes, the tour.
//!
//! Each file in `tests/commands/` holds one of them; `tests/cli.rs` has the transcripts of the others.

mod commands {
    pub mod changing;
    pub mod editors;
    pub mod experiments;
    pub mod fix;
    pub mod formats;
    pub mod init;
    pub mod japanese;
    pub mod live;
    pub mod reference;
    pub mod report;
    pub mod results;
    pub mod run;
    pub mod settings;
    pub mod shells;
    pub mod slips;
    pub mod stages;
    pub mod tour;
    pub mod watch;
    pub mod who;
    pub mod why;
}
