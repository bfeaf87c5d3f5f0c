//! The log where nothing fails by chance: its files, its limits, what it says of damage.

use std::fs;

use tabi::ports::store::{Log, Position, StoreError};
use tabi::store::disk::Folder;
use tabi::store::imagined::ImaginedDisk;
use tabi::store::log::{FileLog, RECORD_BYTES_MAX};

const FIRST: &str = "00000000000000000000.log";

fn read(log: &dyn Log, from: u64) -> Vec<Vec<u8>> {
    let mut records = Vec::new();
    log.read(Position(from), &mut |_, record| {
        records.push(record.to_vec());
        true
    })
    .unwrap();
    records
}

fn append(log: &mut FileLog, records: &[&[u8]]) {
    log.append(records).unwrap();
    log.sync().unwrap();
}

fn message(result: Result<FileLog, StoreError>) -> String {
    match result {
        Ok(_) => panic!("it opened"),
        Err(error) => error.to_string(),
    }
}

#[test]
fn a_segment_that_is_spent_goes_before_it_is_full() {
    let folder = tempfile::tempdir().unwrap();
    let open = || FileLog::open(Box::new(Folder::new(folder.path()))).unwrap().with_segment_bytes(1_600);
    let mut log = open();
    append(&mut log, &[&[1; 40]]);
    log.forget_before(log.end()).unwrap();
    assert_eq!(log.begin(), Position(0), "too small to be worth a new one");
    append(&mut log, &[&[2; 40]]);
    log.forget_before(Position(1)).unwrap();
    assert_eq!(log.begin(), Position(0), "one of its records is needed");
    log.append(&[&[3; 40]]).unwrap();
    log.forget_before(log.end()).unwrap();
    assert_eq!(log.begin(), Position(0), "what is not durable yet is nobody's");
    log.sync().unwrap();
    log.forget_before(log.end()).unwrap();
    assert_eq!((log.begin(), log.end()), (Position(3), Position(3)));
    log.forget_before(log.end()).unwrap();
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "one is enough");
    drop(log);
    let mut log = open();
    assert_eq!((log.begin(), log.end()), (Position(3), Position(3)));
    append(&mut log, &[b"on"]);
    assert_eq!(read(&log, 3), [b"on"]);
}

#[test]
fn on_a_real_disk() {
    let folder = tempfile::tempdir().unwrap();
    let open = || FileLog::open(Box::new(Folder::new(folder.path()))).unwrap().with_segment_bytes(100);
    let mut log = open();
    for n in 0..20u8 {
        append(&mut log, &[&[n; 50], b""]);
    }
    assert_eq!(log.end(), Position(40));
    drop(log);
    let mut log = open();
    assert_eq!(log.end(), Position(40));
    assert_eq!(read(&log, 0).len(), 40);
    assert_eq!(read(&log, 38), [vec![19; 50], vec![]]);
    assert_eq!(read(&log, 40), Vec::<Vec<u8>>::new());
    assert!(log.read(Position(41), &mut |_, _| true).is_err());
    log.forget_before(Position(21)).unwrap();
    assert_eq!(log.begin(), Position(20));
    let gone = log.read(Position(19), &mut |_, _| true).unwrap_err().to_string();
    assert_eq!(gone, "damaged: the log begins at record 20; record 19 is gone");
    drop(log);
    let mut names: Vec<_> =
        fs::read_dir(folder.path()).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    assert_eq!(names.first().unwrap(), "00000000000000000020.log");
    let log = open();
    assert_eq!(read(&log, 20).len(), 20);
    let mut seen = 0;
    log.read(Position(30), &mut |_, _| {
        seen += 1;
        seen < 3
    })
    .unwrap();
    assert_eq!(seen, 3);
}

#[test]
fn a_torn_end_is_cut_at_every_byte() {
    let whole = {
        let disk = ImaginedDisk::new(1);
        let mut log = FileLog::open(disk.folder()).unwrap();
        append(&mut log, &[b"first", b"second"]);
        append(&mut log, &[b"third"]);
        disk.bytes(FIRST).unwrap()
    };
    let mut counts = Vec::new();
    for cut in 0..=whole.len() {
        let disk = ImaginedDisk::new(1);
        drop(FileLog::open(disk.folder()).unwrap());
        disk.tamper(FIRST, |bytes| *bytes = whole[..cut].to_vec());
        let mut log = FileLog::open(disk.folder()).unwrap();
        let found = read(&log, 0);
        assert!([&b"first"[..], b"second", b"third"].starts_with(&found.iter().map(Vec::as_slice).collect::<Vec<_>>()));
        counts.push(found.len());
        // What follows is appended where the whole records end.
        append(&mut log, &[b"after"]);
        drop(log);
        let log = FileLog::open(disk.folder()).unwrap();
        assert_eq!(read(&log, 0).len(), found.len() + 1);
    }
    counts.dedup();
    assert_eq!(counts, [0, 1, 2, 3]);
}

#[test]
fn zeros_and_old_blocks_are_no_records() {
    let disk = ImaginedDisk::new(1);
    let mut log = FileLog::open(disk.folder()).unwrap();
    append(&mut log, &[b"one", b"two"]);
    let whole = disk.bytes(FIRST).unwrap();
    drop(log);
    // A file that grew over blocks that never came, and over blocks that held the same frames elsewhere.
    for tail in [vec![0; 4096], whole[24..].to_vec()] {
        disk.tamper(FIRST, |bytes| {
            *bytes = whole.clone();
            bytes.extend(&tail);
        });
        let log = FileLog::open(disk.folder()).unwrap();
        assert_eq!(read(&log, 0), [b"one".to_vec(), b"two".to_vec()]);
        assert_eq!(disk.bytes(FIRST).unwrap().len(), whole.len());
    }
}

#[test]
fn damage_is_told_from_a_torn_end() {
    let disk = ImaginedDisk::new(1);
    let mut log = FileLog::open(disk.folder()).unwrap().with_segment_bytes(300);
    for n in 0..20u8 {
        append(&mut log, &[&[n; 40]]);
    }
    let names = disk.names();
    assert!(names.len() > 2);
    drop(log);
    // In the last segment, where a later mark says that it had been durable.
    let last = names.last().unwrap();
    let sound = disk.bytes(last).unwrap();
    disk.tamper(last, |bytes| bytes[40] ^= 1);
    assert_eq!(
        message(FileLog::open(disk.folder())),
        format!("damaged: log/{last} at byte 24: what lies there is not what was written; what follows is")
    );
    disk.tamper(last, |bytes| *bytes = sound);
    // In an older one: seen when it is read.
    disk.tamper(&names[1], |bytes| bytes[200] ^= 1);
    let log = FileLog::open(disk.folder()).unwrap();
    let error = log.read(Position(0), &mut |_, _| true).unwrap_err().to_string();
    assert!(error.starts_with(&format!("damaged: log/{} at byte 200", names[1])), "{error}");
    assert!(error.ends_with("what lies there is not what was written"), "{error}");
    // A segment that is missing.
    drop(log);
    disk.folder().remove(&names[1]).unwrap();
    let log = FileLog::open(disk.folder()).unwrap();
    let error = log.read(Position(0), &mut |_, _| true).unwrap_err().to_string();
    assert!(error.contains("and the next segment begins at"), "{error}");
}

#[test]
fn a_header_that_is_not_ours() {
    let disk = ImaginedDisk::new(1);
    let mut log = FileLog::open(disk.folder()).unwrap();
    append(&mut log, &[b"one"]);
    drop(log);
    let sound = disk.bytes(FIRST).unwrap();
    disk.tamper(FIRST, |bytes| bytes[3] ^= 1);
    assert_eq!(
        message(FileLog::open(disk.folder())),
        format!("damaged: log/{FIRST} at byte 0: its header is not whole")
    );
    disk.tamper(FIRST, |bytes| {
        *bytes = sound;
        bytes[8] = 9;
        let sum = crc32fast::hash(&bytes[..20]);
        bytes[20..24].copy_from_slice(&sum.to_le_bytes());
    });
    assert_eq!(message(FileLog::open(disk.folder())), "written in format 9; this Tabi knows up to 1");
}

#[test]
fn a_full_disk_takes_nothing_and_later_everything() {
    let disk = ImaginedDisk::new(1);
    let mut log = FileLog::open(disk.folder()).unwrap();
    append(&mut log, &[b"one"]);
    let before = disk.bytes(FIRST).unwrap();
    disk.set_capacity(Some(before.len() as u64 + 100));
    assert!(matches!(log.append(&[&[7; 50], &[7; 50]]), Err(StoreError::Full)));
    assert_eq!(log.end(), Position(1));
    assert_eq!(disk.bytes(FIRST).unwrap(), before);
    disk.set_capacity(None);
    append(&mut log, &[&[8; 50], &[8; 50]]);
    disk.lose_power();
    let log = FileLog::open(disk.folder()).unwrap();
    assert_eq!(read(&log, 0), [b"one".to_vec(), vec![8; 50], vec![8; 50]]);
}

#[test]
fn limits() {
    let disk = ImaginedDisk::new(1);
    let mut log = FileLog::open(disk.folder()).unwrap();
    let large = vec![0; RECORD_BYTES_MAX + 1];
    let error = log.append(&[&large]).unwrap_err().to_string();
    assert!(error.contains("a record of 16777217 bytes; at most 16777216"), "{error}");
    append(&mut log, &[&large[1..]]);
    let error = log.append(&[&large[1..]; 5]).unwrap_err().to_string();
    assert!(error.contains("a batch of 83886080 bytes"), "{error}");
    assert_eq!(log.end(), Position(1));
    drop(log);
    let log = FileLog::open(disk.folder()).unwrap();
    assert_eq!(read(&log, 0)[0].len(), RECORD_BYTES_MAX);
}
