//! The stages of a customer's life: those no journey is for (W0316), and journeys for stages that do not exist (E0401).
//!
//! Only where the project lists its stages.

use crate::diag::{Code, Diagnostic, did_you_mean};

use super::Input;

pub fn lint(input: Input<'_>, out: &mut Vec<Diagnostic>) {
    let stages = input.lifecycle;
    if stages.is_empty() {
        return;
    }
    let known = || stages.iter().map(|stage| stage.name.as_str());
    for (journey, map) in input.program.journeys.iter().zip(&input.map.journeys) {
        let (Some(stage), Some(at)) = (&journey.stage, map.stage) else { continue };
        if known().any(|name| name == stage) {
            continue;
        }
        let finding = Diagnostic::new(
            Code::E0401,
            at,
            format!("unknown stage `{stage}`"),
            format!("段階 `{stage}` は `lifecycle` にない"),
        );
        let list = known().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
        out.push(match did_you_mean(stage, known()) {
            Some(alike) => finding
                .help(format!("did you mean `{alike}`?"), format!("`{alike}` のことですか?"))
                .fix(at, format!("stage {alike}")),
            None => finding.help(format!("there is {list}"), format!("使えるもの: {list}")),
        });
    }
    for stage in stages {
        let name = &stage.name;
        if !input.program.journeys.iter().any(|journey| journey.stage.as_ref() == Some(name)) {
            out.push(
                Diagnostic::new(
                    Code::W0316,
                    stage.at,
                    format!("no journey is for stage `{name}`"),
                    format!("段階 `{name}` のためのジャーニーがない"),
                )
                .help(
                    format!("write `stage {name}` in the journeys that are for it, or make one"),
                    format!("該当するジャーニーに `stage {name}` と書くか、新しく作る"),
                ),
            );
        }
    }
}
