//! A change written down in the data of a Tabi that does not run.
//!
//! Sends nothing: the next `tabi run` goes on from there.

use std::path::Path;
use std::sync::Arc;

use super::library::{Ahead, Disk, loaded};
use super::stored;
use crate::cli::exit::Stop;
use crate::cli::open;
use crate::cli::run::owner;
use crate::cli::run::trouble::{not_opened, store_trouble};
use crate::ir::Program;
use crate::ports::Submission;
use crate::ports::store::StoreError;
use crate::runtime::durable::dispatcher::Allowance;
use crate::runtime::durable::lanes::Lanes;
use crate::runtime::durable::live::LiveError;
use crate::runtime::durable::node::Node;
use crate::runtime::durable::outfit::Outfit;
use crate::runtime::durable::recover::{Deployment, OpenError, Opening, shelf_of};
use crate::runtime::durable::shard::Shard;
use crate::store;

/// People who stay in memory: none need to.
const KEEP: usize = 0;

pub fn change(data: &Path, program: &Program) -> Result<(), Stop> {
    opened(data, Some(Submission::Change { generation: program.generation(), bundle: program.bundle() }))
}

/// Everything that the log says is in the store. Somebody who runs does so by themselves.
pub fn settle(data: &Path) -> Result<(), Stop> {
    opened(data, None)
}

fn opened(data: &Path, submission: Option<Submission>) -> Result<(), Stop> {
    let opened = store::open(data).map_err(|error| store_trouble(data, &error))?;
    written(data, opened, submission).map_err(|error| not_opened(data, &LiveError::Open(error)))
}

fn written(data: &Path, opened: store::Opened, submission: Option<Submission>) -> Result<(), OpenError> {
    let store::Opened { log, mut store, secret } = opened;
    let kept = Deployment::kept(&mut *store.reader()?)?;
    // A rehearsal's clock stands still while nobody runs it: by ours, everything of years could be due at once.
    let now = match owner::is_rehearsal(data) {
        true => store.reader()?.position()?.1,
        false => open::now(),
    };
    let (before, at) = kept.map_or((1, None), |kept| (kept.generation, Some(kept.at)));
    let loaded = loaded(stored::kept(data, before, at)?);
    let shelf = shelf_of(&*store)?;
    let outfit =
        Arc::new(Outfit { secret, public_url: None, mailbox_host: None, whole_diary: false, tail: Arc::default() });
    let shard = Shard::new(loaded.engine, loaded.renderer, outfit.clone(), shelf.clone());
    let allowances = std::array::from_fn(|_| Allowance {
        per_second_max: None,
        at_once_max: 0,
        idempotency: crate::ports::Idempotency::Recognisable,
    });
    let library = Box::new(Disk::new(data, Arc::new(|_| {}), Ahead::default()));
    let opening = Opening { loaded, library, outfit, log, allowances, now };
    let (mut node, _) = Node::open(opening, &*store, shelf, Lanes::Here(vec![shard]), &mut Vec::new)?;
    // What was due before is done by the program before.
    node.advance(now);
    node.commit(now)?;
    submission.into_iter().for_each(|submission| node.submit(submission));
    node.commit(now)?;
    if !node.may_cut() {
        node.commit(now)?;
    }
    node.cut();
    if let Some(why) = &node.failed {
        return Err(OpenError::Damaged(why.clone()));
    }
    let checkpoint = node.checkpoint();
    let checkpoint = checkpoint.ok_or_else(|| StoreError::Damaged { what: "a checkpoint was not whole".to_owned() })?;
    store.write(&checkpoint)?;
    node.written(checkpoint.position, KEEP)?;
    Ok(())
}
