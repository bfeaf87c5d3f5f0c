//! `tabi ramp` and `tabi pause`: how far a journey is let run, of a Tabi that runs or of data at rest.
//!
//! Changes no campaign: the same program goes live at another stage, and is in the log like any other change.

use std::path::{Path, PathBuf};

use super::{apply, prepare, stored};
use crate::cli::exit::{Exit, Stop};
use crate::cli::remote::DATA;
use crate::cli::run::trouble::store_trouble;
use crate::cli::speak::Speaker;
use crate::diag::{Phrase, did_you_mean};
use crate::ir::{JourneyId, Pause, PauseMode, Program, Stage};
use crate::link;

/// Let only a share of people enter a journey, and more of them later; the same people stay in
#[derive(Debug, clap::Args)]
pub struct RampArgs {
    /// The journey
    #[arg(value_name = "JOURNEY")]
    journey: String,

    /// The share: `1%`, `0.5%`, `100%`
    #[arg(value_name = "SHARE", value_parser = share)]
    share: u32,

    /// Where the data are kept
    #[arg(long, value_name = "DIR", default_value = DATA)]
    data: PathBuf,
}

/// Pause a journey: nobody enters until `tabi resume`
#[derive(Debug, clap::Args)]
pub struct PauseArgs {
    /// The journey
    #[arg(value_name = "JOURNEY")]
    journey: String,

    #[command(flatten)]
    mode: Mode,

    /// Where the data are kept
    #[arg(long, value_name = "DIR", default_value = DATA)]
    data: PathBuf,
}

#[derive(Debug, clap::Args)]
#[group(required = true, multiple = false)]
struct Mode {
    /// Whoever is inside goes on to the end
    #[arg(long)]
    drain: bool,

    /// Whoever is inside stands still, nothing leaves, and waits go on afterwards with what was left of them
    #[arg(long)]
    freeze: bool,

    /// The clock goes on: what comes due meanwhile is dropped, and whoever is inside goes on to where they would stand
    #[arg(long)]
    skip_late: bool,
}

impl Mode {
    fn mode(&self) -> PauseMode {
        match (self.freeze, self.skip_late) {
            (true, _) => PauseMode::Freeze,
            (_, true) => PauseMode::SkipLate,
            (false, false) => PauseMode::Drain,
        }
    }
}

/// `0.5%` in parts of [`Stage::WHOLE`].
fn share(text: &str) -> Result<u32, String> {
    let wrong = || format!("`{text}` is no share of people; write one from 0.001% to 100%, such as 1%");
    let number = text.trim().strip_suffix(['%', '％']).ok_or_else(wrong)?.trim();
    let (whole, rest) = number.split_once('.').unwrap_or((number, ""));
    let is_plain = |digits: &str, most| digits.len() <= most && digits.bytes().all(|b| b.is_ascii_digit());
    if whole.is_empty() || !is_plain(whole, 3) || !is_plain(rest, 3) {
        return Err(wrong());
    }
    let thousandths: u32 = format!("{rest:0<3}").parse().map_err(|_| wrong())?;
    let share = whole.parse::<u32>().map_err(|_| wrong())? * (Stage::WHOLE / 100) + thousandths;
    (1..=Stage::WHOLE).contains(&share).then_some(share).ok_or_else(wrong)
}

pub fn ramp(args: &RampArgs, speaker: &mut Speaker) -> Result<Exit, Stop> {
    let share = args.share;
    let changed = put(&args.data, &args.journey, |stage, _| stage.share = share)?;
    let name = &args.journey;
    let of = Stage { share, ..Stage::whole(JourneyId(0)) }.percent();
    let said = match (changed, share == Stage::WHOLE) {
        (None, _) => unchanged(),
        (Some(_), true) => Phrase::new(
            format!("`{name}`: everybody may enter from now on"),
            format!("`{name}`: これから全員が参加できます"),
        ),
        (Some(_), false) => Phrase::new(
            format!("`{name}`: {of} of people may enter from now on; whoever is inside goes on"),
            format!("`{name}`: これから参加できるのは {of} の人です。途中の人はそのまま進みます"),
        ),
    };
    say(&said, speaker)
}

pub fn pause(args: &PauseArgs, speaker: &mut Speaker) -> Result<Exit, Stop> {
    let mode = args.mode.mode();
    let changed = put(&args.data, &args.journey, |stage, generation| {
        // Again in the same way is still the same pause.
        if stage.pause.is_none_or(|pause| pause.mode != mode) {
            stage.pause = Some(Pause { mode, since: generation });
        }
    })?;
    let name = &args.journey;
    let said = match (changed, mode) {
        (None, _) => unchanged(),
        (Some(_), PauseMode::Drain) => Phrase::new(
            format!(
                "`{name}` is paused (drain): nobody enters; whoever is inside goes on. `tabi resume {name}` ends it"
            ),
            format!(
                "`{name}` を一時停止しました (drain): 新しい参加はなく、途中の人は進みます。再開は `tabi resume {name}`"
            ),
        ),
        (Some(_), PauseMode::Freeze) => Phrase::new(
            format!(
                "`{name}` is paused (freeze): nobody enters, nobody moves, nothing leaves. `tabi resume {name}` ends it"
            ),
            format!("`{name}` を一時停止しました (freeze): 参加も進行も送信もありません。再開は `tabi resume {name}`"),
        ),
        (Some(_), PauseMode::SkipLate) => Phrase::new(
            format!(
                "`{name}` is paused (skip late): nobody enters, and what comes due is dropped. `tabi resume {name}` ends it"
            ),
            format!(
                "`{name}` を一時停止しました (skip late): 新しい参加はなく、その間の送信は破棄します。再開は `tabi resume {name}`"
            ),
        ),
    };
    say(&said, speaker)
}

/// Ends the pause of a journey; says whether there was one.
pub fn resume(data: &Path, journey: &str) -> Result<bool, Stop> {
    put(data, journey, |stage, _| stage.pause = None).map(|changed| changed.is_some())
}

pub(super) fn say(said: &Phrase, speaker: &mut Speaker) -> Result<Exit, Stop> {
    let text = format!("{}\n", speaker.say(said));
    speaker.report(&text)?;
    Ok(Exit::Fine)
}

pub(super) fn unchanged() -> Phrase {
    Phrase::new("nothing changes: it is so already", "変更はありません。すでにその状態です")
}

/// Puts the program live at another stage; absent where nothing changes.
pub(super) fn put(folder: &Path, journey: &str, edit: impl FnOnce(&mut Stage, u32)) -> Result<Option<Program>, Stop> {
    let (_alone, data) = prepare::to_change(folder)?;
    let id = find(&data.program, journey)?;
    let staged = link::staged(&data.program, id, data.at, edit);
    if staged.stages() == data.program.stages() {
        return Ok(None);
    }
    stored::keep(folder, &staged).map_err(|error| store_trouble(folder, &error))?;
    apply::put_live(folder, &staged)?;
    Ok(Some(staged))
}

/// The version of a journey that people enter.
pub(super) fn find(program: &Program, name: &str) -> Result<JourneyId, Stop> {
    let found = program.live_journeys().find(|id| program.journey(*id).name == name);
    found.ok_or_else(|| {
        let names = program.live_journeys().map(|id| program.journey(id).name.as_str());
        let help = match did_you_mean(name, names) {
            Some(meant) => Phrase::new(format!("did you mean `{meant}`?"), format!("`{meant}` ではありませんか")),
            None => Phrase::new("`tabi status` lists them", "`tabi status` で確かめる"),
        };
        Stop::Usage {
            what: Phrase::new(
                format!("there is no journey `{name}`: nothing was changed"),
                format!("ジャーニー `{name}` はありません。何も変更していません"),
            ),
            help,
        }
    })
}

/// What a program lets journeys do that the one before did not, in words.
pub fn changes(before: &Program, after: &Program) -> Vec<Phrase> {
    let lines = before.stages().iter().chain(after.stages()).map(|stage| stage.line);
    let mut lines: Vec<JourneyId> = lines.collect();
    lines.sort_unstable();
    lines.dedup();
    let mut told = Vec::new();
    for line in lines {
        let of = |program: &Program| program.stage(line).copied().unwrap_or_else(|| Stage::whole(line));
        let (was, is) = (of(before), of(after));
        let name = &after.journey(line).name;
        if was.share != is.share {
            let share = is.percent();
            told.push(Phrase::new(format!("{name} for {share} of people"), format!("{name} の対象 {share}")));
        }
        match (was.pause, is.pause) {
            (before, Some(pause)) if before != is.pause => {
                let mode = pause.mode.name();
                told.push(Phrase::new(format!("{name} paused ({mode})"), format!("{name} 一時停止 ({mode})")));
            }
            (Some(_), None) => told.push(Phrase::new(format!("{name} resumed"), format!("{name} 再開"))),
            (_, _) => {}
        }
        match (was.hold, is.hold) {
            (before, Some(_)) if before != is.hold => {
                told.push(Phrase::new(format!("{name} on hold"), format!("{name} 確認待ち")));
            }
            (Some(_), None) if is.discarded != was.discarded => {
                told.push(Phrase::new(format!("{name} discarded"), format!("{name} 破棄")));
            }
            (Some(_), None) => told.push(Phrase::new(format!("{name} released"), format!("{name} 送信開始"))),
            (_, _) => {}
        }
    }
    told
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_read_exactly_or_not_at_all() {
        for (text, parts) in
            [("1%", 1_000), ("0.5%", 500), ("100%", 100_000), ("0.001%", 1), ("12.25 %", 12_250), ("5％", 5_000)]
        {
            assert_eq!(share(text), Ok(parts), "{text}");
        }
        for text in ["", "%", "1", "0%", "100.001%", "101%", "-1%", "1.0001%", "1e1%", ".5%", "1,5%", "9999999999%"] {
            assert!(share(text).is_err(), "{text}");
        }
        assert_eq!(Stage { share: 12_250, ..Stage::whole(JourneyId(0)) }.percent(), "12.25%");
        assert_eq!(Stage { share: 1, ..Stage::whole(JourneyId(0)) }.percent(), "0.001%");
        assert_eq!(Stage { share: 1_000, ..Stage::whole(JourneyId(0)) }.percent(), "1%");
    }
}
