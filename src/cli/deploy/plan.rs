//! `tabi plan` and `tabi rollback`: what a new version means for everybody inside, as a file that can be carried out.
//!
//! Changes nothing.

use std::path::{Path, PathBuf};

use super::bundle::Bundle;
use super::prepare::{self, Prepared};
use super::stored;
use crate::cli::diff::Form;
use crate::cli::exit::{Exit, Stop};
use crate::cli::open;
use crate::cli::remote::DATA;
use crate::cli::run::trouble::store_trouble;
use crate::cli::speak::Speaker;
use crate::diag::Phrase;
use crate::diff;
use crate::plan::{markdown, pretty};

/// Where a plan is written unless it is told otherwise.
pub const FILE: &str = "tabi.plan.json";

/// Show what a new version means for everybody inside, and write it down as a plan
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The project's folder, or one inside it
    #[arg(value_name = "PROJECT", default_value = ".")]
    project: PathBuf,

    #[command(flatten)]
    common: Common,
}

/// Make a plan that goes back to an earlier version
#[derive(Debug, clap::Args)]
pub struct RollbackArgs {
    /// The version to go back to: its number or the beginning of its hash, as `tabi bundles` shows [default: the one before]
    #[arg(value_name = "VERSION")]
    version: Option<String>,

    #[command(flatten)]
    common: Common,
}

#[derive(Debug, clap::Args)]
struct Common {
    /// Where the data are kept
    #[arg(long, value_name = "DIR", default_value = DATA)]
    data: PathBuf,

    /// Where the plan is written
    #[arg(long, value_name = "FILE", default_value = FILE)]
    out: PathBuf,

    /// For people, for programs, or for a pull request
    #[arg(long, value_name = "FORMAT", default_value = "pretty")]
    format: Form,

    /// End with 3 if there are changes
    #[arg(long)]
    detailed_exitcode: bool,
}

pub fn run(args: &Args, speaker: &mut Speaker) -> Result<Exit, Stop> {
    plan(&args.project, &args.common, speaker)
}

pub fn rollback(args: &RollbackArgs, speaker: &mut Speaker) -> Result<Exit, Stop> {
    let folder = &args.common.data;
    let trouble = |error| store_trouble(folder, &error);
    let live = prepare::data(folder)?.program;
    let bundle = match &args.version {
        Some(name) => match name.trim_start_matches('v').parse::<u32>() {
            Ok(number) if (1..=live.generation()).contains(&number) => {
                let of = stored::kept(folder, number, None).map_err(trouble)?;
                Bundle::kept(folder, &super::bundle::hex(of.bundle())).map_err(trouble)?
            }
            Ok(_) | Err(_) => Bundle::kept(folder, name).map_err(trouble)?,
        },
        None => {
            // The campaigns before these: a ramp or a pause since is none of them.
            let mut before = live.generation();
            let mut bundle = live.bundle();
            while bundle == live.bundle() && before > 1 {
                before -= 1;
                bundle = stored::kept(folder, before, None).map_err(trouble)?.bundle();
            }
            Bundle::kept(folder, &super::bundle::hex(bundle)).map_err(trouble)?
        }
    };
    let bundle = bundle.ok_or_else(|| no_version(args.version.as_deref().unwrap_or_default()))?;
    plan(&bundle.unpacked()?, &args.common, speaker)
}

fn plan(project: &Path, common: &Common, speaker: &mut Speaker) -> Result<Exit, Stop> {
    let mut opened = open::open(project);
    let Some(mut program) = opened.program.take() else { return opened.refuse(speaker) };
    prepare::told_from(&opened.project.root, &mut program);
    let mut data = prepare::data(&common.data)?;
    let Prepared { plan, difference, .. } = prepare::prepare(&common.data, &opened, &program, &mut data)?;
    let json = serde_json::to_string_pretty(&plan).unwrap_or_default() + "\n";
    std::fs::write(&common.out, &json)?;
    let language = speaker.words();
    let base = format!("v{}", plan.from.generation);
    speaker.report(&match common.format {
        Form::Pretty => {
            let above =
                if difference.is_empty() { String::new() } else { diff::pretty(&difference, &base, language) + "\n" };
            above + &pretty(&plan, language)
        }
        Form::Json => json,
        Form::Md => diff::markdown(&difference, &base, language) + "\n" + &markdown(&plan, language),
    })?;
    if plan.problems.iter().any(|problem| !problem.is_note()) {
        return Ok(Exit::Failed);
    }
    if common.format == Form::Pretty && !plan.is_empty() {
        let file = common.out.display();
        let said = Phrase::new(
            format!("written to `{file}`; `tabi apply {file}` carries it out"),
            format!("`{file}` に書きました。実行は `tabi apply {file}`"),
        );
        speaker.aside(&format!("{}\n", speaker.say(&said)))?;
    }
    Ok(if common.detailed_exitcode && !plan.is_empty() { Exit::Changed } else { Exit::Fine })
}

fn no_version(name: &str) -> Stop {
    Stop::Usage {
        what: Phrase::new(format!("there is no version `{name}`"), format!("版 `{name}` はありません")),
        help: Phrase::new("`tabi bundles` lists them", "`tabi bundles` で確かめる"),
    }
}
