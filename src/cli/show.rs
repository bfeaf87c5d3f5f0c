//! `tabi show JOURNEY`: its diagram, drawn from the program.
//!
//! Draws nothing itself; picks the form and the place.

use std::fs;
use std::path::{Path, PathBuf};

use clap::ValueEnum;

use super::exit::{Exit, Stop};
use super::open::open;
use super::parts;
use super::speak::Speaker;
use crate::diag::{Phrase, did_you_mean};
use crate::diagram::{self, Diagram};
use crate::ir::{Channel, JourneyId, Program};

/// Show a journey as a diagram
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The journey's name
    #[arg(value_name = "JOURNEY")]
    journey: String,

    /// The form [default: by the ending of --out, else mermaid]
    #[arg(long = "as", value_name = "FORM")]
    form: Option<Form>,

    /// Write to this file instead of the standard output
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,

    /// The project's folder, or one inside it
    #[arg(long, value_name = "DIR", default_value = ".")]
    project: PathBuf,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum Form {
    Mermaid,
    Svg,
    Json,
}

pub fn run(args: &Args, speaker: &mut Speaker) -> Result<Exit, Stop> {
    let opened = open(&args.project);
    let Some(program) = &opened.program else { return opened.refuse(speaker) };
    let id = journey(program, &args.journey)?;
    let mut diagram = diagram::diagram(program, id, speaker.words());
    let costs = &opened.project.settings.costs;
    let price = costs.iter().find(|(channel, _)| *channel == Channel::Sms).map(|(_, price)| *price);
    parts::note(program, id, price, &mut diagram);
    let text = drawn(&diagram, form(args))?;
    match &args.out {
        None => speaker.report(&text)?,
        Some(path) => fs::write(path, text).map_err(|error| unwritable(path, &error))?,
    }
    Ok(Exit::Fine)
}

fn form(args: &Args) -> Form {
    let ending = args.out.as_deref().and_then(Path::extension).map(|e| e.to_ascii_lowercase());
    match (args.form, ending.as_ref().and_then(|e| e.to_str())) {
        (Some(form), _) => form,
        (None, Some("svg")) => Form::Svg,
        (None, Some("json")) => Form::Json,
        (None, _) => Form::Mermaid,
    }
}

fn drawn(diagram: &Diagram, form: Form) -> Result<String, Stop> {
    match form {
        Form::Mermaid => Ok(diagram::mermaid(diagram)),
        Form::Json => Ok(diagram::json(diagram)),
        Form::Svg => diagram::svg(diagram).ok_or_else(|| {
            let (count, most) = (diagram.nodes.len(), diagram::NODES_MAX);
            Stop::Usage {
                what: Phrase::new(
                    format!("the journey is too large for a picture: {count} steps, at most {most}"),
                    format!("図にするには大きすぎます: {count} ステップ (上限 {most})"),
                ),
                help: Phrase::new("use `--as mermaid` or `--as json`", "`--as mermaid` か `--as json` を使う"),
            }
        }),
    }
}

/// A journey by its name; else what was probably meant, or the list of those there are.
pub(super) fn journey(program: &Program, name: &str) -> Result<JourneyId, Stop> {
    /// A list longer than this helps nobody.
    const LISTED_MAX: usize = 20;
    if let Some(id) = program.journey_named(name) {
        return Ok(id);
    }
    let names: Vec<&str> = program.journeys.iter().map(|j| j.name.as_str()).collect();
    let listed = names.iter().take(LISTED_MAX).map(|n| format!("`{n}`")).collect::<Vec<_>>().join(", ");
    let help = match did_you_mean(name, names.iter().copied()) {
        Some(meant) => Phrase::new(format!("did you mean `{meant}`?"), format!("`{meant}` ではありませんか")),
        None if names.is_empty() => {
            Phrase::new("the project has no journeys yet", "このプロジェクトにはまだジャーニーがありません")
        }
        None => Phrase::new(format!("there is {listed}"), format!("あるもの: {listed}")),
    };
    let what = Phrase::new(format!("unknown journey `{name}`"), format!("知らないジャーニー `{name}`"));
    Err(Stop::Usage { what, help })
}

fn unwritable(path: &Path, error: &std::io::Error) -> Stop {
    let path = path.display();
    Stop::Usage {
        what: Phrase::new(format!("cannot write `{path}`: {error}"), format!("`{path}` に書き込めません: {error}")),
        help: Phrase::new("name a file in a folder you may write to", "書き込めるフォルダーのファイルを指定する"),
    }
}
