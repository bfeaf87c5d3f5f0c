//! The program `tabi`: hands its arguments to the command line's room.

use std::process::ExitCode;

fn main() -> ExitCode {
    tabi::cli::run(std::env::args_os())
}
