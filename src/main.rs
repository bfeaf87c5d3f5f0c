//! The program `tabi`: hands its arguments to the command line's room.
//!
//! Does nothing else, but names the allocator: under load a running Tabi frees on other threads than those it allocates on,
//! and glibc's allocator spends a fifth of all CPU on that, and keeps what a rush took for good.

use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    tabi::cli::run(std::env::args_os())
}
