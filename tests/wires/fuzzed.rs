//! What the fuzzer begins with and what it found, read once more.
//!
//! Finds nothing new: `tests/fuzz/README.txt` says how to look.

use std::fs;
use std::path::Path;

use super::readers::READERS;

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
