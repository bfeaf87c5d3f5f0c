//! What the fuzzer begins with and what it found, read once more.
//!
//! And inputs near them, by chance: `TABI_FUZZ_INPUTS=100000 cargo test --test wires fuzzed` looks longer, and
//! `tests/fuzz/README.txt` says how to look with coverage. Says not what they are read as; each reader's own tests do.

use std::fs;
use std::path::Path;

use tabi::value::id::fingerprint;

use super::readers::READERS;

/// Pieces that readers heed.
const PIECES: &[&[u8]] = &[
    b"\"",
    b"{",
    b"}",
    b"[",
    b"]",
    b":",
    b",",
    b"null",
    b"true",
    b"-1",
    b"1e999",
    b"99999999999999999999",
    b"\\u0000",
    b"\\ud800",
    b"\r\n",
    b"\n\n",
    b"--b",
    b"=",
    b"&",
    b"%",
    b"%00",
    b"+",
    b"\0",
    b"\xff",
    b"\xe3\x81",
    b"<>",
    b"@",
    b"5.1.1",
    b"550 ",
];

/// An input near the seeds: pieces cut, doubled, put in, taken from another.
fn near(seeds: &[Vec<u8>], name: &str, number: u64) -> Vec<u8> {
    let mut draws = 0;
    let mut draw = |below: usize| {
        draws += 1;
        (fingerprint(&format!("{name} {number} {draws}")) % below.max(1) as u64) as usize
    };
    let mut input = seeds[draw(seeds.len())].clone();
    for _ in 0..=draw(6) {
        let at = draw(input.len() + 1);
        let end = (at + draw(24)).min(input.len());
        match draw(6) {
            0 => input.truncate(at),
            1 => drop(input.drain(at..end)),
            2 => {
                let doubled = input[at..end].to_vec();
                input.splice(at..at, doubled);
            }
            3 => drop(input.splice(at..end, PIECES[draw(PIECES.len())].iter().copied()).collect::<Vec<_>>()),
            4 if at < input.len() => input[at] ^= 1 << draw(8),
            _ => {
                let other = &seeds[draw(seeds.len())];
                let from = draw(other.len());
                let to = (from + draw(200)).min(other.len());
                input.splice(at..end, other[from..to].iter().copied());
            }
        }
    }
    input
}

#[test]
fn no_reader_fails_on_what_is_near() {
    let inputs = std::env::var("TABI_FUZZ_INPUTS").ok().and_then(|n| n.parse().ok()).unwrap_or(300);
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz/corpus");
    for (name, read) in READERS {
        let mut files: Vec<_> = fs::read_dir(corpus.join(name)).unwrap().map(|file| file.unwrap().path()).collect();
        files.sort();
        let seeds: Vec<Vec<u8>> = files.iter().map(|file| fs::read(file).unwrap()).collect();
        for number in 0..inputs {
            let input = near(&seeds, name, number);
            let failed = std::panic::catch_unwind(|| read(&input)).is_err();
            assert!(!failed, "{name} {number}: {:?}", String::from_utf8_lossy(&input));
        }
    }
}

#[test]
fn no_reader_fails_on_what_was_found() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz/corpus");
    for (name, read) in READERS {
        let mut files: Vec<_> = fs::read_dir(corpus.join(name)).unwrap().map(|file| file.unwrap().path()).collect();
        files.sort();
        assert!(files.len() > 1, "{name} has inputs");
        for file in files {
            let bytes = fs::read(&file).unwrap();
            // A panic names the reader; the file is said before it.
            println!("{}", file.display());
            read(&bytes);
            for cut in [bytes.len() / 2, bytes.len() / 3] {
                read(&bytes[..cut]);
            }
        }
    }
}
