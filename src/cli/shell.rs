//! `tabi completions SHELL` and `tabi man`: what shells and `man` know of the commands, written from their definition.
//!
//! Installs nothing.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use clap_complete::Shell;
use clap_mangen::Man;

use super::args;
use super::exit::{Exit, Stop};
use super::speak::Speaker;
use crate::diag::Phrase;

/// Print the completions of a shell
#[derive(Debug, clap::Args)]
pub struct CompletionsArgs {
    /// The shell
    #[arg(value_name = "SHELL")]
    shell: Shell,
}

/// Print the manual page, or write those of all commands
#[derive(Debug, clap::Args)]
pub struct ManArgs {
    /// Write a page per command into this folder
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

pub fn completions(args: &CompletionsArgs, speaker: &mut Speaker) -> Result<Exit, Stop> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut args::command(speaker.language), "tabi", &mut script);
    speaker.report(&String::from_utf8_lossy(&script))?;
    Ok(Exit::Fine)
}

pub fn man(args: &ManArgs, speaker: &mut Speaker) -> Result<Exit, Stop> {
    let command = args::command(speaker.language);
    match &args.out {
        None => speaker.report(&page(command)?)?,
        Some(folder) => {
            for (name, text) in pages(command)? {
                let path = folder.join(name);
                let written = fs::create_dir_all(folder).and_then(|()| fs::write(&path, text));
                written.map_err(|error| unwritable(&path, &error))?;
            }
        }
    }
    Ok(Exit::Fine)
}

/// `tabi.1`, `tabi-check.1`, …
fn pages(mut command: clap::Command) -> io::Result<Vec<(String, String)>> {
    command.build();
    let mut pages = vec![("tabi.1".to_string(), page(command.clone())?)];
    for sub in command.get_subcommands() {
        pages.push((format!("tabi-{}.1", sub.get_name()), page(sub.clone())?));
    }
    Ok(pages)
}

fn page(command: clap::Command) -> io::Result<String> {
    let mut page = Vec::new();
    Man::new(command).manual("Tabi").render(&mut page)?;
    Ok(String::from_utf8_lossy(&page).into_owned())
}

fn unwritable(path: &Path, error: &io::Error) -> Stop {
    let path = path.display();
    Stop::Usage {
        what: Phrase::new(
            format!("cannot write `{path}`: {error}"),
            format!("`{path}` に書き込めません: {}", Phrase::of_io(error).ja),
        ),
        help: Phrase::new("name a folder you may write to", "書き込めるフォルダーを指定する"),
    }
}
