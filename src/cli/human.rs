//! `tabi person`: what a running Tabi keeps of one person: to look at, to hand over, to erase.
//!
//! Finds nobody by name or address: a person is asked for by the shop's id.

use clap::ValueEnum;

use super::exit::{Exit, Stop};
use super::remote::{Remote, part};
use super::speak::Speaker;
use crate::diag::Phrase;

/// Show, hand over or erase what is kept of a person
#[derive(Debug, clap::Args)]
pub struct Args {
    /// What to do: look, write all of it as JSON, or erase all of it for good
    #[arg(value_name = "WHAT")]
    what: What,

    /// The person's id
    #[arg(value_name = "ID")]
    id: String,

    /// With `forget`: yes, for good
    #[arg(long)]
    yes: bool,

    #[command(flatten)]
    remote: Remote,
}

// No variant has a text of its own in the help: together they make one line of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum What {
    Show,
    Export,
    Forget,
}

pub fn run(args: &Args, speaker: &mut Speaker) -> Result<Exit, Stop> {
    let path = format!("/person/{}", part(&args.id));
    match args.what {
        What::Show => {
            let answer = args.remote.get(&path)?;
            args.remote.tell(&answer, speaker)
        }
        What::Export => {
            let answer = args.remote.get(&format!("{path}/export"))?;
            speaker.report(&format!("{answer:#}\n"))?;
            Ok(Exit::Fine)
        }
        What::Forget if !args.yes => Err(Stop::Usage {
            what: Phrase::new(
                "this erases all that is kept of the person, and cannot be undone",
                "この人について保存されているすべてを消去します。元に戻せません",
            ),
            help: Phrase::new(
                "look with `tabi person show`, keep a copy with `tabi person export`, then add `--yes`",
                "`tabi person show` で確かめ、必要なら `tabi person export` で控えを取り、`--yes` を付けて実行する",
            ),
        }),
        What::Forget => {
            let answer = args.remote.delete(&path)?;
            let said = Phrase::new(
                "erased; the id does not come back by a replay",
                "消去しました。同じ ID が再生で戻ることはありません",
            );
            args.remote.done(&answer, &said, speaker)
        }
    }
}
