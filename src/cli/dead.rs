//! `tabi dead`: calls that were refused: to look at, to hand in again, to let go.
//!
//! Mends none: a mended call is sent like any other (`tabi ingest`).

use clap::ValueEnum;
use serde_json::{Value, json};

use super::exit::{Exit, Stop};
use super::remote::Remote;
use super::speak::Speaker;
use crate::diag::Phrase;

/// Show calls that were refused, hand them in again, or let them go
#[derive(Debug, clap::Args)]
pub struct Args {
    /// What to do: look, hand in again as if received now with the time they had, or let go
    #[arg(value_name = "WHAT")]
    what: What,

    /// Their numbers
    #[arg(value_name = "NUMBER")]
    numbers: Vec<u64>,

    /// All of them
    #[arg(long, conflicts_with = "numbers")]
    all: bool,

    /// With `list`: those after this number
    #[arg(long, value_name = "NUMBER", default_value_t = 0)]
    after: u64,

    /// With `list`: at most this many
    #[arg(long, value_name = "COUNT", default_value_t = 50)]
    limit: usize,

    #[command(flatten)]
    remote: Remote,
}

// No variant has a text of its own in the help: together they make one line of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum What {
    List,
    Replay,
    Dismiss,
}

pub fn run(args: &Args, speaker: &mut Speaker) -> Result<Exit, Stop> {
    match args.what {
        What::List => list(args, speaker),
        What::Replay => {
            let answer = args.remote.post("/dead/replay", &which(args)?)?;
            let count = answer.get("replayed").and_then(Value::as_u64).unwrap_or(0);
            let refused = answer.get("refused").and_then(Value::as_array).map_or(0, Vec::len);
            let said = Phrase::new(
                format!("{count} handed in again, {refused} refused again"),
                format!("{count} 件を再投入しました。再び拒否: {refused} 件"),
            );
            args.remote.done(&answer, &said, speaker)?;
            Ok(if refused == 0 { Exit::Fine } else { Exit::Findings })
        }
        What::Dismiss => {
            let answer = args.remote.post("/dead/dismiss", &which(args)?)?;
            let count = answer.get("dismissed").and_then(Value::as_u64).unwrap_or(0);
            let said = Phrase::new(format!("{count} let go"), format!("{count} 件を破棄しました"));
            args.remote.done(&answer, &said, speaker)
        }
    }
}

fn list(args: &Args, speaker: &mut Speaker) -> Result<Exit, Stop> {
    let mut answer = args.remote.get(&format!("/dead?after={}&limit={}", args.after, args.limit))?;
    if args.remote.json {
        return args.remote.tell(&answer, speaker);
    }
    let letters = answer.get_mut("dead").and_then(Value::as_array_mut);
    let letters = letters.map(std::mem::take).unwrap_or_default();
    if letters.is_empty() {
        let nothing = Phrase::new("nothing was refused", "拒否された呼び出しはありません");
        return args.remote.done(&answer, &nothing, speaker);
    }
    // The calls themselves are for programs: `--json`.
    let rows = letters.into_iter().map(|mut letter| {
        if let Some(members) = letter.as_object_mut() {
            members.remove("body");
        }
        letter
    });
    args.remote.tell(&Value::Array(rows.collect()), speaker)
}

fn which(args: &Args) -> Result<Value, Stop> {
    if args.all == args.numbers.is_empty() {
        return Ok(json!({ "numbers": args.numbers, "all": args.all }));
    }
    Err(Stop::Usage {
        what: Phrase::new("which ones is not said", "どれかが指定されていません"),
        help: Phrase::new("name their numbers, or say `--all`", "番号を並べるか、`--all` を付ける"),
    })
}
