//! `docs/experiments.md` is true: what `tabi results` shows on it, and what looking at every pair does to the usual test.
//!
//! `TABI_UPDATE=1 cargo test --test commands` writes both anew.

use std::fs;
use std::path::{Path, PathBuf};

use tabi::stats::chance::Stream;
use tabi::stats::proportions::{Rate, pooled_z};
use tabi::stats::sequential::{Comparison, Mixture};

use super::run::told;

const END: &str = "<!-- /generated -->\n";

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The generated part of the page is this text; or it becomes so.
fn hold(part: &str, text: &str) {
    // Two tests may write the page at once.
    static PAGE: std::sync::Mutex<()> = std::sync::Mutex::new(());
    let _page = PAGE.lock();
    let (path, begin) = (root().join("docs/experiments.md"), format!("<!-- generated: {part} -->\n"));
    let page = fs::read_to_string(&path).unwrap();
    let (before, rest) = page.split_once(&begin).expect("the page has this part");
    let (written, after) = rest.split_once(END).expect("which ends");
    if std::env::var_os("TABI_UPDATE").is_some() {
        fs::write(&path, format!("{before}{begin}{text}{END}{after}")).unwrap();
        return;
    }
    assert!(written == text, "docs/experiments.md is behind: TABI_UPDATE=1 cargo test --test commands\n{text}");
}

/// Experiments that found something though there was nothing.
#[derive(Default)]
struct Fooled {
    runs: u32,
    once: u32,
    naive: u32,
    mixture: u32,
    ours: u32,
}

/// The published demonstration: both arms at 5 %, looked at after every pair from the 200th to the 20,000th.
fn peek(runs: u32) -> Fooled {
    const RATE: f64 = 0.05;
    const LOOKS: std::ops::RangeInclusive<u64> = 200..=20_000;
    let (tau, ours) = (Mixture::Effect(0.01), Mixture::narrowest_at(2_500.0, 0.05));
    let threshold = (RATE * 2f64.powi(32)) as u32;
    let mut fooled = Fooled { runs, ..Fooled::default() };
    for run in 0..runs {
        let mut stream = Stream::new(u64::from(run));
        let (mut a, mut b, mut found) = (0u64, 0u64, [false; 3]);
        for n in 1..=*LOOKS.end() {
            let bits = stream.bits();
            a += u64::from(((bits >> 32) as u32) < threshold);
            b += u64::from((bits as u32) < threshold);
            // 2 n d² / (s (2n − s)) is z² of the pooled test: no test finds anything where it is below 3.5.
            let (d, s) = (a.abs_diff(b), a + b);
            if !LOOKS.contains(&n) || 4 * n * d * d <= 7 * s * (2 * n - s) {
                continue;
            }
            let (a, b) = (Rate::new(a, n), Rate::new(b, n));
            let significant = |mixture: &Mixture| {
                Comparison::new(a.estimate(), b.estimate(), mixture).is_some_and(|compared| compared.p() < 0.05)
            };
            found[0] |= pooled_z(a, b).is_some_and(|tested| tested.z.abs() > 1.96);
            found[1] = found[1] || significant(&tau);
            found[2] = found[2] || significant(&ours);
        }
        let last = pooled_z(Rate::new(a, *LOOKS.end()), Rate::new(b, *LOOKS.end())).expect("two arms");
        fooled.once += u32::from(last.z.abs() > 1.96);
        fooled.naive += u32::from(found[0]);
        fooled.mixture += u32::from(found[1]);
        fooled.ours += u32::from(found[2]);
    }
    fooled
}

#[test]
fn looking_at_every_pair_fools_the_usual_test() {
    let fooled = peek(2_000);
    let share = |n: u32| f64::from(n) / f64::from(fooled.runs);
    // Published for 2,000 runs: 48 % and 2.15 %.
    assert!((share(fooled.naive) - 0.48).abs() < 0.04, "{}", fooled.naive);
    assert!((share(fooled.mixture) - 0.0215).abs() < 0.011, "{}", fooled.mixture);
    assert!(share(fooled.once) < 0.065 && share(fooled.ours) < 0.05, "{} {}", fooled.once, fooled.ours);
    let row = |looks: &str, test: &str, n: u32| format!("| {looks} | {test} | {:.1} % |\n", share(n) * 100.0);
    let often = "after every pair, 200 to 20,000";
    let rows = [
        row("once, after 20,000 pairs", "z beyond 1.96", fooled.once),
        row(often, "z beyond 1.96", fooled.naive),
        row(often, "mixture of effects, τ = 0.01", fooled.mixture),
        row(often, "as `tabi results` judges", fooled.ours),
    ];
    let head =
        format!("\n| looked at | test | of {} experiments without any effect, fooled |\n|---|---|--:|\n", "2,000");
    hold("peeking", &(head + &rows.concat() + "\n"));
}

#[test]
fn what_the_page_shows_is_what_the_command_says() {
    let (text, code) = told(&root().join("campaigns"), &["results", "vip_winback", "--sample"]);
    assert_eq!(code, 0, "{text}");
    let holdout = text.split("\n\n").next().expect("two experiments");
    hold("results", &format!("\n```text\n$ tabi results vip_winback --sample\n{}\n```\n\n", holdout.trim_end()));
    assert!(Path::new(&root()).join("campaigns/tabi.yaml").is_file());
}
