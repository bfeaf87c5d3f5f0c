//! A person's story in plain prose: what happened to them and what each journey did, line by line.
//!
//! Tells what the journal says; explains nothing that is not in it.

use serde::Serialize;

use crate::ir::{Program, Type};
use crate::machine::{EndReason, Entry, Input, InputKind, Report, What};
use crate::value::{Instant, Zone};

use super::counts::Scene;
use super::words::{self, Words};

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Story {
    pub person: String,
    /// The zone of the times: the person's, else the project's.
    pub zone: String,
    pub lines: Vec<StoryLine>,
    /// Lines beyond the limit.
    pub left_out: u64,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StoryLine {
    #[serde(skip)]
    pub at: Instant,
    /// Local: `2026-04-01 20:30`.
    pub time: String,
    /// Absent on what happened to the person themselves.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub journey: Option<String>,
    #[serde(flatten)]
    pub words: Words,
}

/// Scenes in the order in which they happened.
pub fn of(program: &Program, person: &str, zone: Zone, mut scenes: Vec<Scene>, left_out: u64) -> Story {
    // Scenes of one shard are in order; of several, sorted by time they are too.
    scenes.sort_by_key(at);
    let lines = scenes.iter().filter_map(|scene| line(program, zone, scene)).collect();
    Story { person: person.to_string(), zone: zone.name().to_string(), lines, left_out }
}

/// When it happened.
pub fn at(scene: &Scene) -> Instant {
    match scene {
        Scene::Taken(input) => input.at,
        Scene::Wrote(entry) => entry.at,
    }
}

/// One scene; none for what is not worth a line.
pub fn line(program: &Program, zone: Zone, scene: &Scene) -> Option<StoryLine> {
    let (journey, words) = match scene {
        Scene::Taken(input) => (None, taken(program, zone, input)?),
        Scene::Wrote(entry) => (Some(program.journey(entry.journey).name.clone()), wrote(program, zone, entry)),
    };
    Some(StoryLine { at: at(scene), time: words::moment(zone, at(scene)), journey, words })
}

fn taken(program: &Program, zone: Zone, input: &Input) -> Option<Words> {
    Some(match &input.kind {
        InputKind::Event { event, payload, .. } => {
            let name = &program.event(*event).name;
            let fields = words::value(program, zone, &Type::Event(*event), payload);
            // An event without properties is its name.
            let told = if fields == "{}" { name.clone() } else { format!("{name} {fields}") };
            Words::new(told.clone(), told)
        }
        InputKind::Profile { fields, consent, .. } => {
            let mut parts: Vec<String> = Vec::new();
            for (field, value) in fields {
                let known = &program.profile[field.index()];
                parts.push(format!("{} = {}", known.name, words::value(program, zone, &known.ty, value)));
            }
            let needed = |purpose| program.messages.iter().all(|m| m.purpose != purpose || m.needs_consent);
            for (purpose, given) in consent.iter().filter(|(purpose, _)| needed(*purpose)) {
                let sign = if *given { "+" } else { "-" };
                parts.push(format!("consent {sign}{}", program.purposes[purpose.index()]));
            }
            if parts.is_empty() {
                return None;
            }
            let list = parts.join(", ");
            Words::new(format!("profile: {list}"), format!("プロフィール: {list}"))
        }
        InputKind::Reach { channel, report } => {
            let told = report_words(*report);
            Words::new(format!("{}: {}", channel.name(), told.en), format!("{}: {}", channel.name(), told.ja))
        }
        InputKind::Approval { by, approved } => {
            let who = by.as_deref().unwrap_or("@");
            match approved {
                true => Words::new(format!("{who} approved"), format!("{who} が承認")),
                false => Words::new(format!("{who} refused"), format!("{who} が却下")),
            }
        }
        InputKind::Wake
        | InputKind::Report { .. }
        | InputKind::Answer { .. }
        | InputKind::Tick { .. }
        | InputKind::Live => return None,
    })
}

fn wrote(program: &Program, zone: Zone, entry: &Entry) -> Words {
    let step = entry.step.map(|s| program.journey(entry.journey).steps[s.index()].name.as_str()).unwrap_or_default();
    let until = |at: Instant| words::moment(zone, at);
    let message = |id: crate::ir::MessageId| {
        let def = program.message(id);
        format!("{} `{}`", def.channel.name(), def.name)
    };
    match &entry.what {
        What::Settling { until: at } => {
            let at = until(*at);
            Words::new(
                format!("will start at {at} unless it happens again"),
                format!("このまま動きがなければ {at} に開始"),
            )
        }
        What::Unsettled => Words::new("will not start after all", "開始は取り消し"),
        What::NotEntered { why } => {
            let why = words::not_entered(*why);
            Words::new(format!("did not enter: {}", why.en), format!("参加せず: {}", why.ja))
        }
        What::Entered => Words::new("entered", "参加"),
        What::HeldOut => {
            Words::new("is held out for comparison: nothing will be sent", "比較のための対象外。何も送らない")
        }
        What::Arm { split, arm } => {
            let split = &program.splits[split.index()];
            let arm = split.arms.get(*arm as usize).map_or("", |a| a.name.as_str());
            Words::new(format!("`{}` drew `{arm}`", split.name), format!("`{}` は `{arm}` に割り当て", split.name))
        }
        What::Waiting { until: Some(at) } => {
            let at = until(*at);
            Words::new(format!("waits at `{step}` until {at}"), format!("`{step}` で {at} まで待つ"))
        }
        What::Waiting { until: None } => Words::new(format!("waits at `{step}`"), format!("`{step}` で待つ")),
        What::Woke { arm: Some(_) } => {
            Words::new(format!("what `{step}` waited for came"), format!("`{step}` で待っていたことが起きた"))
        }
        What::Woke { arm: None } => Words::new(format!("time was up at `{step}`"), format!("`{step}` の時間が来た")),
        What::Sent { message: id, .. } => {
            let what = message(*id);
            Words::new(format!("sent {what}"), format!("{what} を送信"))
        }
        What::Held { message: id, reason, until: at } => {
            let (what, why, at) = (message(*id), words::reason(*reason), until(*at));
            Words::new(format!("holds {what} until {at}: {}", why.en), format!("{what} を {at} まで保留: {}", why.ja))
        }
        What::Dropped { message: id, reason } => {
            let (what, why) = (message(*id), words::reason(*reason));
            Words::new(format!("did not send {what}: {}", why.en), format!("{what} は送らず: {}", why.ja))
        }
        What::Withdrawn { message: id } => {
            let what = message(*id);
            Words::new(format!("withdrew {what}"), format!("{what} を取り下げ"))
        }
        What::Reported { message: id, report } => {
            let (what, told) = (message(*id), report_words(*report));
            Words::new(format!("{what}: {}", told.en), format!("{what}: {}", told.ja))
        }
        What::Called { action } => {
            let name = &program.actions[action.index()].name;
            Words::new(format!("asked for `{name}`"), format!("`{name}` を実行"))
        }
        What::CallFailed { action, answered: true } => {
            let name = &program.actions[action.index()].name;
            Words::new(format!("`{name}` failed"), format!("`{name}` は失敗"))
        }
        What::CallFailed { action, answered: false } => {
            let name = &program.actions[action.index()].name;
            Words::new(format!("no answer from `{name}` in time"), format!("`{name}` から時間内に返答なし"))
        }
        What::Tagged { tag } => Words::new(format!("tagged \"{tag}\""), format!("タグ「{tag}」を付けた")),
        What::Untagged { tag } => Words::new(format!("removed the tag \"{tag}\""), format!("タグ「{tag}」を外した")),
        What::Set { field } => {
            let name = &program.profile[field.index()].name;
            Words::new(format!("set profile.{name}"), format!("profile.{name} を書き換えた"))
        }
        What::Goal { event, .. } => {
            let name = &program.event(*event).name;
            Words::new(format!("goal reached: {name}"), format!("ゴール達成: {name}"))
        }
        What::Moved { journey, step } => {
            let step = &program.journey(*journey).steps[step.index()].name;
            Words::new(format!("moved to `{step}` of the new version"), format!("新しい版の `{step}` へ移動"))
        }
        What::Membership { segment, member } => {
            let name = &program.segments[segment.index()].name;
            match member {
                true => Words::new(format!("is now in `{name}`"), format!("`{name}` に入った")),
                false => Words::new(format!("is no longer in `{name}`"), format!("`{name}` から出た")),
            }
        }
        What::Ended { reason } => ended(program, entry, reason),
        What::Paused => Words::new("the journey was paused", "ジャーニーが一時停止"),
        What::Resumed => Words::new("the journey went on", "ジャーニーが再開"),
        What::CallSkipped { action } => {
            let name = &program.actions[action.index()].name;
            let en = format!("did not ask for `{name}`: it came due while the journey was paused");
            Words::new(en, format!("`{name}` は実行せず: 一時停止中に時刻が来た"))
        }
    }
}

fn ended(program: &Program, entry: &Entry, reason: &EndReason) -> Words {
    match reason {
        EndReason::Finished => Words::new("finished", "最後まで完了"),
        EndReason::Stopped(None) => Words::new("stopped", "停止"),
        EndReason::Stopped(Some(because)) => Words::new(format!("stopped: {because}"), format!("停止: {because}")),
        EndReason::Exited(index) => {
            let name = words::exit_name(program, entry.journey, *index);
            Words::new(format!("left because of `{name}`"), format!("`{name}` により離脱"))
        }
        EndReason::HeldOut => Words::new("the comparison is over", "比較期間の終わり"),
        EndReason::Removed => Words::new("ended by a change of the campaigns", "キャンペーンの変更により終了"),
        EndReason::Merged => {
            Words::new("ended: the same journey goes on under another id", "別のIDの同じジャーニーに統合")
        }
        EndReason::Overrun => Words::new("cut off: its steps did not come to rest", "打ち切り: 手順が終わらない"),
    }
}

fn report_words(report: Report) -> Words {
    match report {
        Report::Accepted => Words::new("accepted by the provider", "配信事業者が受理"),
        Report::Refused => Words::new("refused by the provider", "配信事業者が拒否"),
        Report::OverBudget => Words::new("over budget", "予算超過"),
        Report::Late => Words::new("dropped in a pause", "一時停止により破棄"),
        Report::Discarded => Words::new("discarded", "破棄"),
        Report::Delivered => Words::new("delivered", "到達"),
        Report::Opened => Words::new("opened", "開封"),
        Report::Clicked => Words::new("clicked", "クリック"),
        Report::Bounced => Words::new("bounced", "不達"),
        Report::Complained => Words::new("marked as spam", "迷惑メール報告"),
        Report::Blocked => Words::new("blocked", "ブロック"),
        Report::Unblocked => Words::new("unblocked", "ブロック解除"),
        Report::Unsubscribed => Words::new("unsubscribed", "配信停止"),
        Report::Resubscribed => Words::new("subscribed again", "配信再開"),
    }
}
