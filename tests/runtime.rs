//! The durable runtime in imagined worlds: the same stories as the simulator tells, and no law broken when disks, providers
//! and processes fail.
//!
//! The long run: `TABI_FAULT_SEEDS=20000 cargo test --release --test runtime`; a seed that failed once:
//! `TABI_FAULT_SEED=… cargo test --test runtime`.

#[path = "runtime/changes.rs"]
mod changes;
#[path = "runtime/departures.rs"]
mod departures;
#[path = "runtime/edges.rs"]
mod edges;
#[path = "runtime/faults.rs"]
mod faults;
#[path = "generate/mod.rs"]
mod generate;
#[path = "runtime/lives.rs"]
mod lives;
#[path = "runtime/results.rs"]
mod results;
#[path = "runtime/rig.rs"]
mod rig;
#[path = "runtime/rights.rs"]
mod rights;
#[path = "runtime/semantics.rs"]
mod semantics;
#[path = "runtime/stages.rs"]
mod stages;
#[path = "runtime/whys.rs"]
mod whys;
