//! Soundness, tested: whatever happens to people in random journeys, no bound that was proven is ever broken.
//!
//! Proves nothing and steps nothing itself: the bounds are `prove`'s, the steps the machine's; what is allowed is modelled
//! here once more. The long run: `TABI_SOUNDNESS_LIVES=100000 cargo test --release --test soundness`; a seed that failed
//! once: `TABI_SOUNDNESS_SEED=… cargo test --test soundness`.

#[path = "generate/mod.rs"]
mod generate;
#[path = "soundness/life.rs"]
mod life;
#[path = "soundness/watch.rs"]
mod watch;

use generate::Draw;
use tabi::compile::{Settings, compile};
use tabi::diag::{Language, render};
use tabi::ir::{Channel, Program, Promise};
use tabi::prove::{self, Analysis, Longest, Messages, Most, Verdict};
use tabi::text::{Source, Sources};
use tabi::value::{CalendarPeriod, Currency, Zone};
use watch::Seen;

/// Lives in CI.
const LIVES: u64 = 2_000;
const LIVES_PER_PROJECT: u64 = 20;
/// Promises of windows that are tried, to see which are proven.
const TRIED: [&str; 5] = ["24h", "36h", "1d", "3d", "1mo"];

fn compiled(text: &str, seed: u64) -> Program {
    let mut sources = Sources::default();
    sources.add(Source::new("generated.tabi", text));
    let settings = Settings {
        zone: Zone::from_name("Asia/Tokyo").unwrap(),
        currency: Currency::from_code("JPY").unwrap(),
        ..Settings::default()
    };
    let found = compile(&sources, &settings);
    found.program.unwrap_or_else(|| {
        let told: String = found
            .diagnostics
            .iter()
            .filter(|d| d.is_error())
            .map(|d| render::pretty(d, &sources, Language::English, false))
            .collect();
        panic!("seed {seed} is not well typed:\n{told}\n{text}")
    })
}

/// Promises set exactly at what was found.
fn at_the_bounds(proof: &prove::Proof) -> Vec<Promise> {
    let mut promises = Vec::new();
    let mut add = |most: Most, channel: Option<Channel>, per: Option<&str>| {
        if let Most::Count(count) = most {
            let (count, per) = (count.try_into().unwrap_or(u32::MAX), per.and_then(CalendarPeriod::parse));
            promises.push(Promise::Messages { count, channel, per });
        }
    };
    let bounds = &proof.bounds;
    for channel in std::iter::once(None).chain([Channel::Email, Channel::Line, Channel::Sms].map(Some)) {
        let of = |messages: &Messages| channel.map_or(messages.all, |c| messages.channels[c.index()]);
        add(of(&bounds.run), channel, None);
        add(of(&bounds.day), channel, Some("1d"));
        add(of(&bounds.week), channel, Some("7d"));
    }
    if let Longest::Within { time, .. } = bounds.stay {
        promises.push(Promise::EndsWithin(CalendarPeriod::exact(time)));
    }
    promises
}

/// Promises of other windows: which of them are proven is seen when they are.
fn tried() -> Vec<Promise> {
    let promise = |window: &&str, count| Promise::Messages { count, channel: None, per: CalendarPeriod::parse(window) };
    TRIED.iter().flat_map(|window| (1..4).map(move |count| promise(window, count))).collect()
}

/// A project with promises at its bounds, which must be proven, and some more.
fn project(seed: u64) -> (String, Program, Analysis) {
    let text = generate::project(seed);
    let mut program = compiled(&text, seed);
    let bounds = prove::prove(&program);
    let mut counts = Vec::new();
    for (journey, proof) in program.journeys.iter_mut().zip(&bounds.journeys) {
        journey.promises = at_the_bounds(proof);
        counts.push(journey.promises.len());
        journey.promises.extend(tried());
    }
    let analysis = prove::prove(&program);
    for ((journey, proof), count) in program.journeys.iter().zip(&analysis.journeys).zip(counts) {
        for judged in &proof.promises[..count] {
            let proven = judged.verdict == Verdict::Proven;
            assert!(proven, "seed {seed}: {}: {:?} is not proven at its bound\n{text}", journey.name, judged);
        }
    }
    (text, program, analysis)
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().and_then(|text| text.parse().ok())
}

#[test]
fn no_life_breaks_what_was_proven() {
    let lives = number("TABI_SOUNDNESS_LIVES").unwrap_or(LIVES);
    let only = number("TABI_SOUNDNESS_SEED");
    let seeds = only.map_or(0..lives / LIVES_PER_PROJECT, |seed| seed..seed + 1);
    let mut total = Seen::default();
    for seed in seeds {
        let (text, program, analysis) = project(seed);
        for life in 0..LIVES_PER_PROJECT {
            match life::live(&program, &analysis, Draw(seed << 16 | life)) {
                Ok(seen) => total.add(&seen),
                Err(broken) => panic!("TABI_SOUNDNESS_SEED={seed}, life {life}: {broken}\n{text}"),
            }
        }
    }
    println!("{total}");
    if only.is_none() {
        assert!(total.is_telling(), "too little happened to tell anything: {total}");
    }
}

/// The watch sees what it is there to see: with a bound one less, some life breaks it.
#[test]
fn a_bound_one_too_low_is_noticed() {
    let mut noticed = [false; 3];
    for seed in 0..40 {
        let (_, program, analysis) = project(seed);
        let mut wrong = [analysis.clone(), analysis.clone(), analysis];
        for index in 0..program.journeys.len() {
            let less = |most: &mut Most| {
                if let Most::Count(count) = most {
                    *count = count.saturating_sub(1);
                }
            };
            less(&mut wrong[0].journeys[index].bounds.run.all);
            less(&mut wrong[1].journeys[index].bounds.day.all);
            let bounds = &mut wrong[2].journeys[index].bounds;
            for elapsed in bounds.leaving.iter_mut().flatten() {
                if let Longest::Within { time, clocks } = &mut elapsed.longest {
                    (time.0, clocks.0) = (time.0 - 1, 0);
                }
            }
        }
        for (wrong, noticed) in wrong.iter().zip(&mut noticed) {
            *noticed |= (0..10).any(|life| life::live(&program, wrong, Draw(seed << 16 | life)).is_err());
        }
    }
    assert_eq!(noticed, [true; 3]);
}
