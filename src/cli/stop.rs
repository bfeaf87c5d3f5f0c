//! `tabi stop` and `tabi resume`: the emergency stop of a journey, a channel or everything, and its end; and the end of a pause.
//!
//! A stop is of a running Tabi, needs nothing but its name and takes hold at once; a pause says what becomes of whoever is
//! inside. Each is ended by itself, and whoever ends one is told of the other.
//! Ends no process: a stopped Tabi goes on taking events in, and nothing leaves.

use serde_json::{Map, Value};

use super::deploy::stage;
use super::exit::{Exit, Stop};
use super::remote::Remote;
use super::speak::Speaker;
use crate::diag::{Phrase, did_you_mean};

/// Stop at once what leaves: of a journey, on a channel, or everything
#[derive(Debug, clap::Args)]
pub struct StopArgs {
    #[command(flatten)]
    what: What,
    #[command(flatten)]
    remote: Remote,
}

/// End the pause of a journey, or let go on what was stopped
#[derive(Debug, clap::Args)]
pub struct ResumeArgs {
    /// The journey whose pause ends
    #[arg(value_name = "JOURNEY", conflicts_with_all = ["journey", "channel", "everything"], required_unless_present_any = ["journey", "channel", "everything"])]
    paused: Option<String>,
    #[command(flatten)]
    scope: Optional,
    /// Who says so, for the records [default: the user of this machine]
    #[arg(long, value_name = "NAME")]
    by: Option<String>,
    #[command(flatten)]
    remote: Remote,
}

#[derive(Debug, clap::Args)]
#[group(multiple = false)]
struct Optional {
    /// End the emergency stop of this journey
    #[arg(long, value_name = "JOURNEY")]
    journey: Option<String>,

    /// End the emergency stop of this channel
    #[arg(long, value_name = "CHANNEL")]
    channel: Option<String>,

    /// End the emergency stop of everything
    #[arg(long)]
    everything: bool,
}

#[derive(Debug, clap::Args)]
#[group(required = true, multiple = false)]
struct Scope {
    /// This journey
    #[arg(long, value_name = "JOURNEY")]
    journey: Option<String>,

    /// This channel: email, line, sms, push or webhook
    #[arg(long, value_name = "CHANNEL")]
    channel: Option<String>,

    /// Everything
    #[arg(long)]
    everything: bool,
}

#[derive(Debug, clap::Args)]
struct What {
    #[command(flatten)]
    scope: Scope,

    /// Who says so, for the records [default: the user of this machine]
    #[arg(long, value_name = "NAME")]
    by: Option<String>,
}

impl What {
    fn body(&self) -> Value {
        let Scope { journey, channel, everything } = &self.scope;
        let mut body = Map::new();
        if let Some(journey) = journey {
            body.insert("journey".into(), journey.clone().into());
        }
        if let Some(channel) = channel {
            body.insert("channel".into(), channel.clone().into());
        }
        if *everything {
            body.insert("everything".into(), true.into());
        }
        let by = self.by.clone().or_else(|| std::env::var("USER").ok()).filter(|by| !by.is_empty());
        if let Some(by) = by {
            body.insert("by".into(), by.into());
        }
        Value::Object(body)
    }
    fn named(&self) -> Phrase {
        let Scope { journey, channel, .. } = &self.scope;
        match (journey, channel) {
            (Some(journey), _) => Phrase::new(format!("journey `{journey}`"), format!("ジャーニー `{journey}`")),
            (None, Some(channel)) => Phrase::new(format!("channel `{channel}`"), format!("チャネル `{channel}`")),
            (None, None) => Phrase::new("everything", "すべて"),
        }
    }
}

/// A slip in a name must not look like a stop. Where the running Tabi does not say what journeys it has, the stop comes first.
fn is_there(journey: &str, remote: &Remote) -> Result<(), Stop> {
    let Ok(status) = remote.get("/status") else { return Ok(()) };
    let rows = status.get("journeys").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let names: Vec<&str> = rows.iter().filter_map(|row| row.get("journey")?.as_str()).collect();
    if names.is_empty() || names.contains(&journey) {
        return Ok(());
    }
    let help = match did_you_mean(journey, names.iter().copied()) {
        Some(meant) => Phrase::new(format!("did you mean `{meant}`?"), format!("`{meant}` ではありませんか")),
        None => Phrase::new("see `tabi status` for their names", "名前は `tabi status` で確かめる"),
    };
    Err(Stop::Wrong {
        what: Phrase::new(
            format!("there is no journey `{journey}`: nothing was stopped"),
            format!("ジャーニー `{journey}` はありません。何も停止していません"),
        ),
        help,
    })
}

pub fn stop(args: &StopArgs, speaker: &mut Speaker) -> Result<Exit, Stop> {
    if let Some(journey) = &args.what.scope.journey {
        is_there(journey, &args.remote)?;
    }
    let answer = args.remote.post("/stop", &args.what.body())?;
    let Phrase { en, ja } = args.what.named();
    let said = Phrase::new(
        format!("stopped: {en}; nothing of it leaves until `tabi resume`"),
        format!("停止しました: {ja}。`tabi resume` まで何も送られません"),
    );
    args.remote.done(&answer, &said, speaker)
}

pub fn resume(args: &ResumeArgs, speaker: &mut Speaker) -> Result<Exit, Stop> {
    if let Some(journey) = &args.paused {
        return unpause(journey, &args.remote, speaker);
    }
    let Optional { journey, channel, everything } = &args.scope;
    let scope = Scope { journey: journey.clone(), channel: channel.clone(), everything: *everything };
    let what = What { scope, by: args.by.clone() };
    let answer = args.remote.post("/resume", &what.body())?;
    let Phrase { en, ja } = what.named();
    let still =
        journey.as_deref().filter(|journey| row(journey, &args.remote).is_some_and(|row| row["paused"].is_string()));
    let said = match still {
        None => Phrase::new(format!("goes on: {en}"), format!("再開しました: {ja}")),
        Some(journey) => Phrase::new(
            format!("no longer stopped: {en}; it is still paused, and `tabi resume {journey}` ends that"),
            format!("停止を解除しました: {ja}。一時停止は続いています (解除は `tabi resume {journey}`)"),
        ),
    };
    args.remote.done(&answer, &said, speaker)
}

fn unpause(journey: &str, remote: &Remote, speaker: &mut Speaker) -> Result<Exit, Stop> {
    let was = stage::resume(&remote.data, journey)?;
    let row = row(journey, remote);
    let is_stopped = row.as_ref().is_some_and(|row| row["stopped"] == true);
    let said = match (was, is_stopped) {
        (true, false) => Phrase::new(
            format!("goes on: journey `{journey}`; what is overdue leaves at the rate of its channels"),
            format!("再開しました: ジャーニー `{journey}`。たまった分は、チャネルの速度で送ります"),
        ),
        (true, true) => Phrase::new(
            format!(
                "no longer paused: journey `{journey}`; an emergency stop still holds it, and `tabi resume --journey {journey}` ends that"
            ),
            format!(
                "一時停止を解除しました: ジャーニー `{journey}`。緊急停止は続いています (解除は `tabi resume --journey {journey}`)"
            ),
        ),
        (false, false) => Phrase::new(
            format!("journey `{journey}` is not paused: nothing was changed"),
            format!("ジャーニー `{journey}` は一時停止中ではありません。何も変更していません"),
        ),
        (false, true) => Phrase::new(
            format!("journey `{journey}` is not paused but stopped; `tabi resume --journey {journey}` ends that"),
            format!(
                "ジャーニー `{journey}` は一時停止ではなく緊急停止中です (解除は `tabi resume --journey {journey}`)"
            ),
        ),
    };
    remote.done(&serde_json::json!({ "success": true, "changed": was, "stopped": is_stopped }), &said, speaker)
}

/// What a running Tabi says of the version of a journey that people enter.
fn row(journey: &str, remote: &Remote) -> Option<Value> {
    let status = remote.get("/status").ok()?;
    let mut rows = status.get("journeys")?.as_array()?.iter();
    rows.find(|row| row["journey"] == journey && row["retired"] != true).cloned()
}
