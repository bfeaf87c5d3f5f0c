//! The log on a disk that fails, over thousands of seeds: whatever was synced is there, in order; what was not is there up
//! to some record; nothing is invented.

use tabi::ports::store::{Log, Position, StoreError};
use tabi::store::imagined::{ImaginedDisk, Odds};
use tabi::store::log::FileLog;

/// SplitMix64.
struct Dice(u64);

impl Dice {
    fn of(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (((z ^ (z >> 31)) as u128 * n as u128) >> 64) as u64
    }
}

/// How often what was met: a story in which nothing happens proves nothing.
#[derive(Debug, Default)]
struct Met {
    stops: u64,
    stops_while_opening: u64,
    full: u64,
    taken_back: u64,
    poisoned: u64,
    segments: usize,
    kept_unsynced: u64,
    lost_unsynced: u64,
    forgotten: u64,
    records: u64,
}

/// What the log must hold.
#[derive(Default)]
struct Expected {
    /// Durable, by position.
    sure: Vec<Vec<u8>>,
    /// Appended after; may be there up to any of them.
    maybe: Vec<Vec<u8>>,
    /// Records before may be gone.
    forgotten: u64,
}

fn read(log: &FileLog, from: u64) -> Vec<Vec<u8>> {
    let mut records = Vec::new();
    let mut next = from;
    log.read(Position(from), &mut |position, record| {
        assert_eq!(position.0, next);
        next += 1;
        records.push(record.to_vec());
        true
    })
    .unwrap();
    records
}

struct Story {
    seed: u64,
    dice: Dice,
    disk: ImaginedDisk,
    expected: Expected,
    drawn: u64,
}

impl Story {
    fn new(seed: u64) -> Story {
        let expected = Expected::default();
        Story { seed, dice: Dice(seed ^ 0x5eed), disk: ImaginedDisk::new(seed), expected, drawn: 0 }
    }

    /// Unlike any other of the story, so that what comes back can be told from what was taken back.
    fn record(&mut self) -> Vec<u8> {
        self.drawn += 1;
        let bytes = match self.dice.of(10) {
            0 => return format!("{}", self.drawn).into_bytes(),
            1..=7 => 8 + self.dice.of(120),
            _ => 8 + self.dice.of(3000),
        };
        let filler = [0, b'x', 0xff][self.dice.of(3) as usize];
        let mut record = self.drawn.to_le_bytes().to_vec();
        record.resize(bytes as usize, filler);
        record
    }

    fn crash(&mut self) {
        self.disk.set_odds(Odds::default());
        if self.dice.of(3) == 0 { self.disk.kill() } else { self.disk.lose_power() }
    }

    /// Opens until it works; the machine may stop meanwhile.
    fn open(&mut self, met: &mut Met) -> FileLog {
        loop {
            if self.dice.of(4) == 0 {
                self.disk.set_odds(Odds { short: 9000, sync: 6000, write: 3000, ..Odds::default() });
                if self.dice.of(2) == 0 {
                    self.disk.stop_after(self.dice.of(12));
                }
            }
            match FileLog::open(self.disk.folder()) {
                Ok(log) => {
                    self.disk.set_odds(Odds::default());
                    self.disk.stop_after(u64::MAX / 2);
                    return log.with_segment_bytes(200 + self.dice.of(4000));
                }
                Err(StoreError::Io { .. } | StoreError::Full) => {
                    met.stops_while_opening += u64::from(self.disk.has_stopped());
                    self.crash();
                }
                Err(error) => panic!("seed {}: {error}", self.seed),
            }
        }
    }

    /// What is found after a crash is as durable as if it had just been synced.
    fn check_and_adopt(&mut self, log: &FileLog, met: &mut Met) {
        let seed = self.seed;
        let Expected { sure, maybe, forgotten } = &mut self.expected;
        let begin = log.begin().0;
        assert!(begin <= *forgotten, "seed {seed}: records before {begin} are gone, {forgotten} was said");
        let found = read(log, begin);
        let mut all = sure.clone();
        all.append(maybe);
        let end = begin as usize + found.len();
        assert_eq!(log.end().0 as usize, end, "seed {seed}");
        assert!(end >= sure.len(), "seed {seed}: {} were synced, {end} are there", sure.len());
        assert!(end <= all.len(), "seed {seed}: {end} are there, {} were appended", all.len());
        assert!(found[..] == all[begin as usize..end], "seed {seed}: other records than were appended");
        met.kept_unsynced += (end - sure.len()) as u64;
        met.lost_unsynced += (all.len() - end) as u64;
        all.truncate(end);
        *sure = all;
        *forgotten = begin;
    }

    /// One life of a process, until it stops, is refused or has had enough.
    fn live(&mut self, log: &mut FileLog, met: &mut Met) {
        let wild = self.dice.of(3) > 0;
        if wild {
            self.disk.set_odds(Odds { short: 4000, full: 2500, write: 1500, sync: 1200 });
        }
        if self.dice.of(3) > 0 {
            self.disk.stop_after(self.dice.of(60));
        }
        for _ in 0..5 + self.dice.of(30) {
            let goes_on = match self.dice.of(10) {
                0..=4 => self.append(log, met),
                5..=7 => self.sync(log, met),
                8 => self.forget(log, met),
                _ => self.reread(log),
            };
            if !goes_on {
                break;
            }
        }
        met.stops += u64::from(self.disk.has_stopped());
        met.segments = met.segments.max(self.disk.names().len());
    }

    fn append(&mut self, log: &mut FileLog, met: &mut Met) -> bool {
        let records: Vec<Vec<u8>> = (0..1 + self.dice.of(6)).map(|_| self.record()).collect();
        let slices: Vec<&[u8]> = records.iter().map(Vec::as_slice).collect();
        let before = log.end();
        match log.append(&slices) {
            Ok(()) => {
                assert_eq!(log.end().0, before.0 + records.len() as u64, "seed {}", self.seed);
                met.records += records.len() as u64;
                self.expected.maybe.extend(records);
                true
            }
            Err(error) => {
                met.full += u64::from(matches!(error, StoreError::Full));
                assert_eq!(log.end(), before, "seed {}: positions after a failed append", self.seed);
                if self.disk.has_stopped() || log.append(&[]).is_err() {
                    // Whether they are there is known to nobody.
                    met.poisoned += u64::from(!self.disk.has_stopped());
                    self.expected.maybe.extend(records);
                    return false;
                }
                met.taken_back += 1;
                true
            }
        }
    }

    fn sync(&mut self, log: &mut FileLog, met: &mut Met) -> bool {
        match log.sync() {
            Ok(()) => {
                self.expected.sure.append(&mut self.expected.maybe);
                true
            }
            Err(error) => {
                assert!(matches!(error, StoreError::Io { .. }));
                if !self.disk.has_stopped() {
                    met.poisoned += 1;
                    self.disk.set_odds(Odds::default());
                    assert!(log.sync().is_err(), "seed {}: a failed sync was tried again", self.seed);
                    assert!(log.append(&[b"x"]).is_err());
                }
                false
            }
        }
    }

    fn forget(&mut self, log: &mut FileLog, met: &mut Met) -> bool {
        let upto = self.dice.of(self.expected.sure.len() as u64 + 1);
        let begin = log.begin();
        self.expected.forgotten = self.expected.forgotten.max(upto);
        let result = log.forget_before(Position(upto));
        met.forgotten += log.begin().0 - begin.0;
        assert!(log.begin().0 <= self.expected.forgotten);
        result.is_ok()
    }

    fn reread(&mut self, log: &FileLog) -> bool {
        let expected: Vec<&Vec<u8>> = self.expected.sure.iter().chain(&self.expected.maybe).collect();
        let from = log.begin().0 + self.dice.of(log.end().0 - log.begin().0 + 1);
        let mut next = from as usize;
        let result = log.read(Position(from), &mut |position, record| {
            assert_eq!((position.0 as usize, record), (next, expected[next].as_slice()), "seed {}", self.seed);
            next += 1;
            true
        });
        assert!(result.is_err() || next == expected.len(), "seed {}", self.seed);
        result.is_ok()
    }
}

fn tell(seeds: std::ops::Range<u64>) -> Met {
    let mut met = Met::default();
    for seed in seeds {
        let mut story = Story::new(seed);
        for _ in 0..2 + story.dice.of(5) {
            let mut log = story.open(&mut met);
            story.check_and_adopt(&log, &mut met);
            story.live(&mut log, &mut met);
            drop(log);
            story.crash();
        }
        let log = story.open(&mut met);
        story.check_and_adopt(&log, &mut met);
    }
    met
}

#[test]
fn synced_records_survive_and_nothing_is_invented() {
    let met = tell(0..6_000);
    println!("{met:?}");
    assert!(met.stops > 1000 && met.stops_while_opening > 100, "{met:?}");
    assert!(met.full > 1000 && met.taken_back > 1000 && met.poisoned > 500, "{met:?}");
    assert!(met.kept_unsynced > 1000 && met.lost_unsynced > 1000, "{met:?}");
    assert!(met.forgotten > 1000 && met.segments > 10, "{met:?}");
}

/// The same seed tells the same story, byte for byte.
#[test]
fn the_imagined_disk_is_the_same_for_the_same_seed() {
    let bytes = |seed| {
        let mut story = Story::new(seed);
        let mut met = Met::default();
        let mut log = story.open(&mut met);
        story.live(&mut log, &mut met);
        story.crash();
        let files: Vec<_> = story.disk.names().into_iter().map(|name| (story.disk.bytes(&name), name)).collect();
        (files, story.disk.operations())
    };
    let mut different = 0;
    for seed in 0..50 {
        assert_eq!(bytes(seed), bytes(seed));
        different += u64::from(bytes(seed) != bytes(seed + 1));
    }
    assert!(different > 40);
}
