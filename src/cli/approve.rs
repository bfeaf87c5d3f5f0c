//! `tabi approve`: yes or no to what waits for somebody in charge.
//!
//! Asks nobody: who runs this is who decides, and is noted by name.

use serde_json::json;

use super::exit::{Exit, Stop};
use super::remote::Remote;
use super::speak::Speaker;
use crate::diag::Phrase;

/// Say yes, or no, to what waits for an approval
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The id of the person whose journey waits
    #[arg(value_name = "ID")]
    id: String,

    /// Only what waits for this one, as the campaign names them: `@crm`
    #[arg(long, value_name = "NAME")]
    by: Option<String>,

    /// Say no
    #[arg(long)]
    refuse: bool,

    #[command(flatten)]
    remote: Remote,
}

pub fn run(args: &Args, speaker: &mut Speaker) -> Result<Exit, Stop> {
    let body = json!({ "person": args.id, "by": args.by, "approved": !args.refuse });
    let answer = args.remote.post("/approve", &body)?;
    let said = match args.refuse {
        false => Phrase::new("approved", "承認しました"),
        true => Phrase::new("refused", "却下しました"),
    };
    args.remote.done(&answer, &said, speaker)
}
