//! Names for what leaves: derived, never drawn, so that a repeat after a crash carries the same one; and sealed, so that
//! nobody outside can make one up.
//!
//! Stores nothing. What a sealed name stands for is read back out of it.

use std::fmt;

use crate::ir::StepId;
use crate::machine::{CallId, RunNo, SendId};

use super::Seat;

/// Bytes of the mark that makes a token unguessable: 96 bits.
const MARK_BYTES: usize = 12;
/// A longer token is not ours.
const TOKEN_CHARS_MAX: usize = 400;
/// Digits of base32hex in lower case: safe in headers, addresses of mail, paths, and where case is lost.
const DIGITS: &[u8; 32] = b"0123456789abcdefghijklmnopqrstuv";

/// The key of one installation, made once and kept beside its data. Whoever has it can make tokens.
#[derive(Clone)]
pub struct Secret([u8; 32]);

impl Secret {
    pub fn new(bytes: [u8; 32]) -> Secret {
        Secret(bytes)
    }
    pub fn bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The payload with a mark over it and over what it is for, in base32hex of lower case.
    pub fn seal(&self, purpose: &str, payload: &[u8]) -> String {
        let mut bytes = payload.to_vec();
        bytes.extend(self.mark(purpose, payload));
        encode(&bytes)
    }
    /// The payload of a token sealed for this purpose; `None` if it is anything else. Upper case is taken too.
    pub fn open(&self, purpose: &str, token: &str) -> Option<Vec<u8>> {
        let mut bytes = decode(token)?;
        let at = bytes.len().checked_sub(MARK_BYTES)?;
        let (payload, mark) = bytes.split_at(at);
        // Every byte is looked at, so that the time taken tells nothing of how much was right.
        let differing = mark.iter().zip(self.mark(purpose, payload)).fold(0, |all, (a, b)| all | (a ^ b));
        bytes.truncate(at);
        (differing == 0).then_some(bytes)
    }
    fn mark(&self, purpose: &str, payload: &[u8]) -> [u8; MARK_BYTES] {
        let mut hasher = blake3::Hasher::new_keyed(&self.0);
        hasher.update(&(purpose.len() as u64).to_le_bytes());
        hasher.update(purpose.as_bytes());
        hasher.update(payload);
        let mut mark = [0; MARK_BYTES];
        mark.copy_from_slice(&hasher.finalize().as_bytes()[..MARK_BYTES]);
        mark
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// One send of one person in this installation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SendKey {
    /// The person's seat when the send was ordered; a merge does not change it.
    pub seat: Seat,
    pub send: SendId,
}

/// One action call of one person in this installation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CallKey {
    pub seat: Seat,
    pub call: CallId,
}

impl SendKey {
    /// As it goes out: in a Message-ID, an `Idempotency-Key`, an address for bounces.
    pub fn sealed(self, secret: &Secret) -> String {
        secret.seal("send", &bytes_of(self.seat, self.send.run, self.send.step, self.send.repetition))
    }
    pub fn opened(token: &str, secret: &Secret) -> Option<SendKey> {
        let (seat, run, step, repetition) = read(&secret.open("send", token)?)?;
        Some(SendKey { seat, send: SendId { run, step, repetition } })
    }
    /// What is sealed: 12 bytes.
    pub fn bytes(self) -> [u8; 12] {
        bytes_of(self.seat, self.send.run, self.send.step, self.send.repetition)
    }
    pub fn of_bytes(bytes: [u8; 12]) -> SendKey {
        let (seat, run, step, repetition) = parts(bytes);
        SendKey { seat, send: SendId { run, step, repetition } }
    }
    /// In the shape of a UUID (version 8, RFC 9562), for those who ask for one, such as LINE's retry key.
    pub fn uuid(self, secret: &Secret) -> String {
        let bytes = bytes_of(self.seat, self.send.run, self.send.step, self.send.repetition);
        let hash = blake3::keyed_hash(&secret.0, &bytes);
        let mut id = [0u8; 16];
        id.copy_from_slice(&hash.as_bytes()[..16]);
        id[6] = id[6] & 0x0f | 0x80;
        id[8] = id[8] & 0x3f | 0x80;
        let hex: String = id.iter().map(|byte| format!("{byte:02x}")).collect();
        format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
    }
}

impl CallKey {
    pub fn sealed(self, secret: &Secret) -> String {
        secret.seal("call", &bytes_of(self.seat, self.call.run, self.call.step, self.call.repetition))
    }
}

fn bytes_of(seat: Seat, run: RunNo, step: StepId, repetition: u16) -> [u8; 12] {
    let mut bytes = [0; 12];
    bytes[..4].copy_from_slice(&seat.to_be_bytes());
    bytes[4..8].copy_from_slice(&run.0.to_be_bytes());
    bytes[8..10].copy_from_slice(&step.0.to_be_bytes());
    bytes[10..].copy_from_slice(&repetition.to_be_bytes());
    bytes
}

fn read(bytes: &[u8]) -> Option<(Seat, RunNo, StepId, u16)> {
    Some(parts(bytes.try_into().ok()?))
}

fn parts(bytes: [u8; 12]) -> (Seat, RunNo, StepId, u16) {
    let [a, b, c, d, e, f, g, h, i, j, k, l] = bytes;
    let (seat, run) = (u32::from_be_bytes([a, b, c, d]), u32::from_be_bytes([e, f, g, h]));
    (seat, RunNo(run), StepId(u16::from_be_bytes([i, j])), u16::from_be_bytes([k, l]))
}

fn encode(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 8 / 5 + 1);
    let (mut held, mut bits) = (0u32, 0);
    for byte in bytes {
        held = held << 8 | u32::from(*byte);
        bits += 8;
        while bits >= 5 {
            bits -= 5;
            text.push(DIGITS[(held >> bits) as usize & 31] as char);
        }
    }
    if bits > 0 {
        text.push(DIGITS[(held << (5 - bits)) as usize & 31] as char);
    }
    text
}

fn decode(text: &str) -> Option<Vec<u8>> {
    if text.len() > TOKEN_CHARS_MAX {
        return None;
    }
    let mut bytes = Vec::with_capacity(text.len() * 5 / 8);
    let (mut held, mut bits) = (0u32, 0);
    for letter in text.bytes() {
        let digit = DIGITS.iter().position(|d| *d == letter.to_ascii_lowercase())?;
        held = held << 5 | digit as u32;
        bits += 5;
        if bits >= 8 {
            bits -= 8;
            bytes.push((held >> bits) as u8);
        }
    }
    // One payload has one token: no digits to spare, and the bits left over are zero.
    (bits < 5 && held & ((1 << bits) - 1) == 0).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: SendKey = SendKey { seat: 70_000, send: SendId { run: RunNo(3), step: StepId(9), repetition: 2 } };

    #[test]
    fn what_is_sealed_opens_and_nothing_else_does() {
        let secret = Secret::new([7; 32]);
        let token = KEY.sealed(&secret);
        assert_eq!(SendKey::opened(&token, &secret), Some(KEY));
        assert_eq!(SendKey::opened(&token.to_uppercase(), &secret), Some(KEY));
        assert_eq!(SendKey::opened(&token, &Secret::new([8; 32])), None);
        assert_eq!(secret.open("call", &token), None, "sealed for something else");
        for at in 0..token.len() {
            let mut wrong = token.clone().into_bytes();
            wrong[at] = if wrong[at] == b'0' { b'1' } else { b'0' };
            assert_eq!(SendKey::opened(std::str::from_utf8(&wrong).unwrap(), &secret), None, "digit {at}");
        }
        for wrong in ["", "0", "é", "xyz", &format!("{token}0"), &token[1..], &"0".repeat(10_000)] {
            assert_eq!(SendKey::opened(wrong, &secret), None, "{wrong}");
        }
    }

    #[test]
    fn a_send_keeps_its_uuid() {
        let secret = Secret::new([7; 32]);
        let uuid = KEY.uuid(&secret);
        assert_eq!(uuid, KEY.uuid(&secret));
        assert_eq!((uuid.len(), &uuid[14..15]), (36, "8"));
        assert_ne!(uuid, SendKey { seat: 1, ..KEY }.uuid(&secret));
    }

    #[test]
    fn payloads_of_every_length_come_back() {
        let secret = Secret::new([1; 32]);
        for length in 0..64 {
            let payload: Vec<u8> = (0..length).map(|i| (i * 37) as u8).collect();
            assert_eq!(secret.open("x", &secret.seal("x", &payload)), Some(payload));
        }
    }
}
