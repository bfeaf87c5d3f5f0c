//! `tabi apply`: carries out exactly what a plan says, or nothing.
//!
//! Plans nothing: it makes the plan again and refuses if the world has moved since.

use std::path::{Path, PathBuf};

use serde_json::json;

use super::bundle::Bundle;
use super::prepare::{self, Prepared};
use super::{offline, plan, stored};
use crate::cli::exit::{Exit, Stop};
use crate::cli::open;
use crate::cli::remote::DATA;
use crate::cli::run::trouble::store_trouble;
use crate::cli::speak::Speaker;
use crate::diag::Phrase;
use crate::ir::Program;
use crate::plan::{Class, Group, PLAN_VERSION, Plan};
use crate::server::admin::client::{self, Trouble};

/// A plan is larger than this only if it is none.
const PLAN_BYTES_MAX: u64 = 256 << 20;
/// More people than planned may have come to a place where something happens to them: this many, and a tenth.
const MORE_HEADS: u64 = 10;

/// Carry out a plan: exactly that, or nothing
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The plan, as `tabi plan` wrote it
    #[arg(value_name = "PLAN", default_value = plan::FILE)]
    plan: PathBuf,

    /// Where the data are kept
    #[arg(long, value_name = "DIR", default_value = DATA)]
    data: PathBuf,
}

pub fn run(args: &Args, speaker: &mut Speaker) -> Result<Exit, Stop> {
    let plan = read(&args.plan)?;
    if let Some(problem) = plan.problems.iter().find(|problem| !problem.is_note()) {
        let language = [crate::words::Language::English, crate::words::Language::Japanese];
        let [en, ja] = language.map(|language| crate::plan::sentence(problem, language));
        return Err(refused(
            Phrase::new(format!("the plan is not ready: {en}"), format!("計画が未完成です: {ja}")),
            Phrase::new("decide that, and plan again", "決めてから、計画し直す"),
        ));
    }
    let trouble = |error| store_trouble(&args.data, &error);
    let (_alone, mut data) = prepare::to_change(&args.data)?;
    let now = data.program.generation();
    if now != plan.from.generation || super::bundle::hex(data.program.bundle()) != plan.from.bundle {
        return Err(moved(
            format!("the plan is against version {}, and version {now} is live", plan.from.generation),
            format!("計画は版 {} に対するもので、稼働中は版 {now} です", plan.from.generation),
        ));
    }
    if plan.is_empty() {
        speaker.aside(&format!("{}\n", speaker.say(&Phrase::new("nothing changes", "変更はありません"))))?;
        return Ok(Exit::Fine);
    }
    let bundle = Bundle {
        hash: plan.to.clone(),
        project: plan.project.clone(),
        tabi: env!("CARGO_PKG_VERSION").to_owned(),
        kept_at: data.at.to_string(),
        files: plan.files.clone(),
    };
    let unpacked = bundle.unpacked()?;
    let mut opened = open::open(&unpacked);
    let Some(mut new) = opened.program.take() else { return opened.refuse(speaker) };
    prepare::told_from(&opened.project.root, &mut new);
    if super::bundle::hex(new.content_hash()) != plan.to {
        return Err(moved(
            "this Tabi reads the plan's files differently than the one that made it".to_owned(),
            "この Tabi は、計画を作ったものと同じ読み方をしません".to_owned(),
        ));
    }
    let Prepared { plan: again, program, .. } = prepare::prepare(&args.data, &opened, &new, &mut data)?;
    let Some(program) = program else {
        return Err(moved("it cannot be made any more".to_owned(), "もう作れません".to_owned()));
    };
    if let Some((en, ja)) = differs(&plan, &again) {
        return Err(moved(en, ja));
    }
    bundle.keep(&args.data).map_err(trouble)?;
    stored::keep(&args.data, &program).map_err(trouble)?;
    put_live(&args.data, &program)?;
    let (generation, inside) = (program.generation(), again.groups.iter().map(|group| group.heads).sum::<u64>());
    let said = Phrase::new(
        format!("version {generation} is live; what the plan says of {} is done\n", crate::plan::people(inside)),
        format!("版 {generation} が稼働しています。途中の {inside} 人は計画どおりに進みます\n"),
    );
    speaker.report(speaker.say(&said).to_owned().as_str())?;
    Ok(Exit::Fine)
}

fn read(path: &Path) -> Result<Plan, Stop> {
    let shown = path.display();
    let no = |en: String, ja: String| {
        refused(
            Phrase::new(format!("`{shown}` is no plan: {en}"), format!("`{shown}` は計画として読めません: {ja}")),
            Phrase::new("`tabi plan` writes one", "`tabi plan` で作る"),
        )
    };
    let size = std::fs::metadata(path).map_err(|error| no(error.to_string(), error.to_string()))?.len();
    if size > PLAN_BYTES_MAX {
        return Err(no("it is too large".to_owned(), "大きすぎます".to_owned()));
    }
    let text = std::fs::read(path).map_err(|error| no(error.to_string(), error.to_string()))?;
    let plan: Plan = serde_json::from_slice(&text).map_err(|error| no(error.to_string(), error.to_string()))?;
    if plan.plan_version != PLAN_VERSION {
        return Err(no("another Tabi made it".to_owned(), "別の版の Tabi が作ったものです".to_owned()));
    }
    if blake3::Hash::from_hex(&plan.to).is_err() {
        return Err(no("it was changed after it was made".to_owned(), "作成後に書き換えられています".to_owned()));
    }
    Ok(plan)
}

/// What is not as the plan has it.
fn differs(plan: &Plan, again: &Plan) -> Option<(String, String)> {
    if again.problems.iter().any(|problem| !problem.is_note()) {
        return Some((
            "people have come to a step of which the plan says nothing".to_owned(),
            "計画にないステップに人が来ています".to_owned(),
        ));
    }
    for group in &again.groups {
        let of = |other: &&Group| {
            (&other.journey, &other.version, &other.step) == (&group.journey, &group.version, &group.step)
        };
        let step = group.step.as_deref().unwrap_or("held out");
        match plan.groups.iter().find(of) {
            Some(planned) if planned.fate != group.fate => {
                return Some((
                    format!("`{step}` of `{}` was planned as `{}`", group.journey, planned.fate),
                    format!("`{}` の `{step}` の扱いが計画 (`{}`) と異なります", group.journey, planned.fate),
                ));
            }
            Some(planned) if group.fate != "stay" && group.heads > planned.heads + planned.heads / 10 + MORE_HEADS => {
                return Some((
                    format!(
                        "at `{step}` of `{}` there are {} now; the plan was for {}",
                        group.journey,
                        crate::plan::people(group.heads),
                        planned.heads
                    ),
                    format!(
                        "`{}` の `{step}` に {} 人います。計画では {} 人でした",
                        group.journey, group.heads, planned.heads
                    ),
                ));
            }
            Some(_) => {}
            None if group.fate != "stay" && group.heads > MORE_HEADS
                || matches!(group.class, Class::Removed | Class::JourneyRemoved) && !group.said =>
            {
                return Some((
                    format!("{} came to `{step}` of `{}` since", crate::plan::people(group.heads), group.journey),
                    format!("その後 `{}` の `{step}` に {} 人が来ています", group.journey, group.heads),
                ));
            }
            None => {}
        }
    }
    None
}

/// Tells the Tabi that runs, or writes it down for the next that does.
pub(super) fn put_live(data: &Path, program: &Program) -> Result<(), Stop> {
    let (generation, bundle) = (program.generation(), super::bundle::hex(program.bundle()));
    let body = json!({ "generation": generation, "bundle": bundle });
    let status = match client::ask(data, hyper::Method::POST, "/change", Some(&body)) {
        Ok(status) => status,
        Err(Trouble::NotRunning) => return offline::change(data, program),
        Err(trouble) => {
            let why = trouble.to_string();
            return Err(Stop::Later {
                what: Phrase::new(
                    format!("Tabi did not take the plan: {why}"),
                    format!("Tabi が計画を受け付けません: {why}"),
                ),
                help: Phrase::new("nothing was changed; see its logs", "何も変更していません。ログを確かめる"),
            });
        }
    };
    let live = status.get("generation").and_then(serde_json::Value::as_u64);
    let is_ours = status.get("bundle").and_then(serde_json::Value::as_str) == Some(bundle.as_str());
    match live == Some(u64::from(generation)) && is_ours {
        true => Ok(()),
        false => Err(moved(
            "another change went live in the meantime".to_owned(),
            "その間に別の変更が行われました".to_owned(),
        )),
    }
}

fn refused(what: Phrase, help: Phrase) -> Stop {
    Stop::Wrong { what, help }
}

fn moved(en: String, ja: String) -> Stop {
    refused(
        Phrase::new(format!("the world has moved since the plan: {en}"), format!("計画の後に状況が変わりました: {ja}")),
        Phrase::new("nothing was changed; plan again", "何も変更していません。計画し直す"),
    )
}
