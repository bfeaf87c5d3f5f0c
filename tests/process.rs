//! The real `tabi run`, as a process of its own: killed, stopped, copied, asked; over HTTP, on a real disk, with a real sink.
//!
//! Holds what only processes show; what a crash may do at every write is in `tests/runtime/faults.rs`.

mod process {
    pub mod kills;
    pub mod operating;
    pub mod sink;
    pub mod traces;
    pub mod world;
}
