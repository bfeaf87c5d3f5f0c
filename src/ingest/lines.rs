//! Lines of a byte stream, handed out from one buffer without copying.
//!
//! Never holds more than the longest line allowed: the rest of a longer one is skipped as it is read.

use std::io::{self, Read};

use super::limits::LINE_BYTES_MAX;

const CHUNK_BYTES: usize = 256 << 10;

/// A line without its end.
#[derive(Debug, PartialEq, Eq)]
pub enum Line<'a> {
    Text(&'a [u8]),
    TooLong,
}

pub struct Lines<R> {
    reader: R,
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    number: u64,
    finished: bool,
}

impl<R: Read> Lines<R> {
    pub fn new(reader: R) -> Self {
        Lines { reader, buffer: vec![0; CHUNK_BYTES], start: 0, end: 0, number: 0, finished: false }
    }

    /// The next line and its number from 1; `None` at the end.
    pub fn next_line(&mut self) -> io::Result<Option<(u64, Line<'_>)>> {
        let mut searched = 0;
        loop {
            if let Some(at) = memchr::memchr(b'\n', &self.buffer[self.start + searched..self.end]) {
                let (from, to) = (self.start, self.start + searched + at);
                self.start = to + 1;
                return Ok(Some(self.line(from, to)));
            }
            searched = self.end - self.start;
            if self.finished {
                let (from, to) = (self.start, self.end);
                self.start = to;
                return Ok((from < to).then(|| self.line(from, to)));
            }
            if searched > LINE_BYTES_MAX {
                self.skip_rest()?;
                self.number += 1;
                return Ok(Some((self.number, Line::TooLong)));
            }
            self.fill()?;
        }
    }

    fn line(&mut self, from: usize, to: usize) -> (u64, Line<'_>) {
        self.number += 1;
        let mut bytes = &self.buffer[from..to];
        if let [rest @ .., b'\r'] = bytes {
            bytes = rest;
        }
        if self.number == 1 {
            bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        }
        if bytes.len() > LINE_BYTES_MAX {
            return (self.number, Line::TooLong);
        }
        (self.number, Line::Text(bytes))
    }

    /// Reads more behind what is left, moving it to the front first.
    fn fill(&mut self) -> io::Result<()> {
        if self.start > 0 {
            self.buffer.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.start = 0;
        }
        if self.end == self.buffer.len() {
            self.buffer.resize(self.buffer.len() * 2, 0);
        }
        loop {
            match self.reader.read(&mut self.buffer[self.end..]) {
                Ok(n) => {
                    self.end += n;
                    self.finished = n == 0;
                    return Ok(());
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    fn skip_rest(&mut self) -> io::Result<()> {
        loop {
            self.start = self.end;
            self.fill()?;
            if self.finished {
                return Ok(());
            }
            if let Some(at) = memchr::memchr(b'\n', &self.buffer[self.start..self.end]) {
                self.start += at + 1;
                return Ok(());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives few bytes at a time, so that lines cross reads.
    struct Drip<'a>(&'a [u8], usize);

    impl Read for Drip<'_> {
        fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
            let n = self.1.min(into.len()).min(self.0.len());
            into[..n].copy_from_slice(&self.0[..n]);
            self.0 = &self.0[n..];
            Ok(n)
        }
    }

    fn all(bytes: &[u8], drip: usize) -> Vec<(u64, Option<String>)> {
        let mut lines = Lines::new(Drip(bytes, drip));
        let mut out = Vec::new();
        while let Some((number, line)) = lines.next_line().unwrap() {
            out.push((
                number,
                match line {
                    Line::Text(text) => Some(String::from_utf8_lossy(text).into_owned()),
                    Line::TooLong => None,
                },
            ));
        }
        out
    }

    #[test]
    fn ends_blank_lines_and_the_mark_at_the_beginning() {
        let expected: Vec<(u64, Option<String>)> =
            [(1, "a"), (2, ""), (3, "b"), (4, "c")].map(|(n, t)| (n, Some(t.to_string()))).to_vec();
        for drip in [1, 2, 3, 100] {
            assert_eq!(all(b"\xef\xbb\xbfa\r\n\nb\nc", drip), expected);
            assert_eq!(all(b"a\n\nb\nc\n", drip), expected);
        }
        assert!(all(b"", 1).is_empty());
    }

    #[test]
    fn a_line_of_ten_megabytes_is_skipped_without_being_held() {
        let mut bytes = b"first\n".to_vec();
        bytes.extend(std::iter::repeat_n(b'x', 10 << 20));
        bytes.extend(b"\nlast\n");
        let mut lines = Lines::new(Drip(&bytes, 100_000));
        assert_eq!(lines.next_line().unwrap(), Some((1, Line::Text(b"first"))));
        assert_eq!(lines.next_line().unwrap(), Some((2, Line::TooLong)));
        assert_eq!(lines.next_line().unwrap(), Some((3, Line::Text(b"last"))));
        assert_eq!(lines.next_line().unwrap(), None);
        assert!(lines.buffer.len() <= 4 << 20, "{}", lines.buffer.len());
    }

    #[test]
    fn exactly_the_limit_is_taken_and_one_more_is_not() {
        let mut bytes = vec![b'x'; LINE_BYTES_MAX];
        bytes.push(b'\n');
        bytes.extend(vec![b'y'; LINE_BYTES_MAX + 1]);
        bytes.extend(b"\nz");
        let seen: Vec<bool> = all(&bytes, 70_000).into_iter().map(|(_, text)| text.is_some()).collect();
        assert_eq!(seen, [true, false, true]);
    }
}
