//! Copies of a data folder made while it is written, and the way back.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use tabi::ports::store::{Log, Position, StoreError};
use tabi::store::disk::Folder;
use tabi::store::log::FileLog;
use tabi::store::{self, Opened};

use super::rows::*;

/// What the runtime does: records, a sync, now and then a checkpoint. The state of seat 0 is the sum of its records.
struct Host {
    opened: Opened,
    sum: u64,
}

impl Host {
    fn open(folder: &Path) -> Host {
        let opened = store::open(folder).unwrap();
        let sum = recover(&opened);
        Host { opened, sum }
    }
    fn take(&mut self, records: u64) {
        let from = self.opened.log.end().0;
        let bytes: Vec<Vec<u8>> = (from..from + records).map(|n| n.to_le_bytes().repeat(9)).collect();
        self.opened.log.append(&bytes.iter().map(Vec::as_slice).collect::<Vec<_>>()).unwrap();
        self.opened.log.sync().unwrap();
        self.sum += (from..from + records).sum::<u64>();
    }
    fn checkpoint(&mut self) {
        let mut next = checkpoint(self.opened.log.end().0);
        next.people.push((0, Some(person(None, &self.sum.to_le_bytes()))));
        // Something that is different in every page, so that a copy of several states would show.
        for seat in 1..200u32 {
            next.people.push((seat, Some(person(Some(1), &next.position.0.to_le_bytes().repeat(20)))));
        }
        self.opened.store.write(&next).unwrap();
    }
}

/// The sum after recovery: the state of the last checkpoint, and the records since.
fn recover(opened: &Opened) -> u64 {
    let (position, _) = opened.store.position().unwrap();
    let mut reader = opened.store.reader().unwrap();
    let state = reader.person(0).unwrap();
    let mut sum = state.map_or(0, |person| u64::from_le_bytes(person.state.try_into().unwrap()));
    for seat in 1..200u32 {
        let Some(person) = reader.person(seat).unwrap() else { break };
        assert_eq!(person.state, position.0.to_le_bytes().repeat(20), "of another checkpoint");
    }
    opened
        .log
        .read(position, &mut |at, record| {
            assert_eq!(record, at.0.to_le_bytes().repeat(9));
            sum += at.0;
            true
        })
        .unwrap();
    sum
}

fn refusal<T: std::fmt::Debug>(result: Result<T, StoreError>) -> String {
    result.unwrap_err().to_string()
}

#[test]
fn a_copy_made_while_running_fits_together() {
    let place = tempfile::tempdir().unwrap();
    let data = place.path().join("data");
    let mut host = Host::open(&data);
    host.take(10);
    host.checkpoint();
    let done = AtomicBool::new(false);
    let acknowledged = std::sync::atomic::AtomicU64::new(10);
    let secret = *host.opened.secret.bytes();
    thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(Ordering::SeqCst) {
                host.take(37);
                acknowledged.store(host.opened.log.end().0, Ordering::SeqCst);
                if host.opened.log.end().0 % 3 == 0 {
                    host.checkpoint();
                }
            }
        });
        for n in 0..8 {
            let copy = place.path().join(format!("copy-{n}"));
            let before = acknowledged.load(Ordering::SeqCst);
            let summary = store::backup(&data, &copy).unwrap();
            assert!(summary.end.0 >= before, "an acknowledged record is missing");
            assert_eq!(summary.begin, summary.store);
            let back = place.path().join(format!("back-{n}"));
            assert_eq!(store::restore(&copy, &back).unwrap(), summary);
            let restored = Host::open(&back);
            let end = restored.opened.log.end();
            assert_eq!(end, summary.end);
            assert_eq!(restored.sum, end.0 * (end.0 - 1) / 2);
            assert_eq!(restored.opened.secret.bytes(), &secret);
        }
        done.store(true, Ordering::SeqCst);
    });
    // And life goes on from a copy.
    let mut restored = Host::open(&place.path().join("back-3"));
    restored.take(5);
    restored.checkpoint();
    restored.take(5);
    let end = restored.opened.log.end().0;
    drop(restored);
    assert_eq!(Host::open(&place.path().join("back-3")).sum, end * (end - 1) / 2);
}

#[test]
fn a_copy_is_made_of_what_a_crash_left() {
    let place = tempfile::tempdir().unwrap();
    let data = place.path().join("data");
    let mut host = Host::open(&data);
    host.take(10);
    host.checkpoint();
    host.take(10);
    // As if the process had been killed: the WAL is not moved into the file, and nobody cleans up.
    let left = place.path().join("left");
    let copied = Command::new("cp").args(["-r".as_ref(), data.as_os_str(), left.as_os_str()]).status().unwrap();
    assert!(copied.success());
    fs::remove_file(left.join("tabi.db-shm")).unwrap();
    assert!(fs::metadata(left.join("tabi.db-wal")).unwrap().len() > 0);
    let copy = place.path().join("copy");
    let summary = store::backup(&left, &copy).unwrap();
    assert_eq!((summary.store, summary.end, summary.people), (Position(10), Position(20), 200));
    assert_eq!(Host::open(&copy).sum, host.sum);
    assert_eq!(Host::open(&left).sum, host.sum);
}

#[test]
fn what_is_damaged_is_not_restored() {
    let place = tempfile::tempdir().unwrap();
    let data = place.path().join("data");
    let mut host = Host::open(&data);
    host.take(10);
    host.checkpoint();
    for _ in 0..20 {
        host.take(10);
    }
    drop(host);
    let sound = place.path().join("sound");
    store::backup(&data, &sound).unwrap();
    let said = refusal(store::backup(&data, &sound));
    assert!(said.ends_with("the folder is not empty"), "{said}");
    let into = place.path().join("into");
    fs::create_dir(&into).unwrap();
    fs::write(into.join("note"), "mine").unwrap();
    let said = refusal(store::restore(&sound, &into));
    assert!(said.ends_with("the folder is not empty"), "{said}");
    assert_eq!(fs::read_dir(&into).unwrap().count(), 1);

    let log = sound.join("log").join("00000000000000000010.log");
    let whole = fs::read(&log).unwrap();
    let fresh = place.path().join("fresh");
    for at in [30, whole.len() / 2, whole.len() - 1] {
        let mut bytes = whole.clone();
        bytes[at] ^= 0x10;
        fs::write(&log, bytes).unwrap();
        let said = refusal(store::restore(&sound, &fresh));
        assert!(said.starts_with("damaged: "), "{said}");
        assert!(!fresh.exists(), "a folder was made of damage");
    }
    fs::write(&log, &whole[..whole.len() - 3]).unwrap();
    let said = refusal(store::restore(&sound, &fresh));
    let was = "damaged: the copy was made with store 10, log from 10, log to 210, people 200; what can be read is store 10, \
               log from 10, log to 209, people 200";
    assert_eq!(said, was);
    fs::write(&log, &whole).unwrap();

    let database = fs::read(sound.join("tabi.db")).unwrap();
    let mut bytes = database.clone();
    let page = bytes.len() / 4096 / 2 * 4096;
    bytes[page..page + 200].fill(0xa5);
    fs::write(sound.join("tabi.db"), bytes).unwrap();
    let said = refusal(store::restore(&sound, &fresh));
    assert!(said.starts_with("damaged: tabi.db"), "{said}");
    fs::write(sound.join("tabi.db"), database).unwrap();

    // A copy that was not finished.
    fs::rename(sound.join("secret"), sound.join("secret-aside")).unwrap();
    assert!(refusal(store::restore(&sound, &fresh)).contains("secret"));
    fs::rename(sound.join("secret-aside"), sound.join("secret")).unwrap();
    assert!(!fresh.exists());
    store::restore(&sound, &fresh).unwrap();
    assert_eq!(Host::open(&fresh).sum, 210 * 209 / 2);
}

#[test]
fn a_log_may_begin_anywhere() {
    let place = tempfile::tempdir().unwrap();
    let folder = || Box::new(Folder::new(place.path()));
    let mut log = FileLog::open_or_begin(folder(), Position(77)).unwrap();
    log.append(&[b"x"]).unwrap();
    log.sync().unwrap();
    drop(log);
    let log = FileLog::open(folder()).unwrap();
    assert_eq!((log.begin(), log.end()), (Position(77), Position(78)));
}
