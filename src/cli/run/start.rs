//! The engine behind the server: log, store, channels and the runtime put together for one project.
//!
//! Serves nothing.

use std::future::Future;
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;

use crate::cli::exit::Stop;
use crate::cli::open::Opened;
use crate::diag::Phrase;
use crate::ir::Program;
use crate::ports::environment::Unknowns;
use crate::ports::{Desk, Secret};
use crate::server::{Hooks, Key};

/// What the engine is made of.
pub struct Start<'a> {
    pub opened: &'a Opened,
    pub program: &'a Program,
    /// The folder of the data; it is there.
    pub data: &'a Path,
    /// Name of an environment in `tabi.yaml`; absent: everything goes to paper.
    pub environment: Option<&'a str>,
    /// The installation's key.
    pub secret: &'a Secret,
}

/// An engine that runs.
pub struct Engine {
    pub desk: Arc<dyn Desk>,
    /// What providers may tell us, by their names.
    pub hooks: Hooks,
    pub write_keys: Vec<Key>,
    pub unknown: Unknowns,
    /// Ends it in order, once nobody hands anything in any more.
    pub close: Close,
}

pub type Close = Box<dyn FnOnce() -> Pin<Box<dyn Future<Output = Result<(), Stop>> + Send>> + Send>;

// ENGINE: the runtime's desk over the store and the channels of the environment is put together here.
pub async fn start(start: Start<'_>) -> Result<Engine, Stop> {
    let Start { opened, program, data, environment, secret } = start;
    let _ = (opened, program, data, environment, secret);
    Err(Stop::Later {
        what: Phrase::new("this build of Tabi has no engine to run", "このビルドの Tabi には実行エンジンがありません"),
        help: Phrase::new("use a later one", "新しい版を使う"),
    })
}
