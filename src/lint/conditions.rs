//! Conditions that stand outside journeys and decide nothing (E0202): of segments and of what a policy withholds.
//!
//! Conditions of journeys are judged where runs come to them, in `flow`.

use crate::diag::Diagnostic;

use super::Input;
use super::facts::Facts;
use super::findings::Findings;
use super::judge::Judge;

pub fn lint(input: Input<'_>, out: &mut Vec<Diagnostic>) {
    let Input { program, map, sources, lifecycle: _ } = input;
    let mut findings = Findings::default();
    for (segment, at) in program.segments.iter().zip(&map.segments) {
        let mut judge = Judge::new(program, None);
        findings.condition(&mut judge, &Facts::default(), &segment.condition, at.condition);
    }
    for (policy, at) in program.policies.iter().zip(&map.policies) {
        let rules = at.rules.iter().filter(|rule| sources.get(rule.source).slice(**rule).starts_with("withhold"));
        for (withhold, at) in policy.withhold.iter().zip(rules) {
            let mut judge = Judge::new(program, None);
            findings.condition(&mut judge, &Facts::default(), &withhold.when, *at);
        }
    }
    out.append(&mut findings.found);
}
