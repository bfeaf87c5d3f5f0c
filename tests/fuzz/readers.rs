//! Readers of bytes from outside, each as one function: for the fuzzer, and for the inputs that it left.
//!
//! Asserts only what must hold for all bytes; a panic is the finding.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair, RSA_PKCS1_SHA256, RsaKeyPair};
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::pki_types::pem::PemObject;
use secrecy::SecretString;
use std::sync::LazyLock;

use tabi::channels::email::feedback::{mailbox, sendgrid, ses};
use tabi::channels::line::Intake;
use tabi::channels::sms::SmsIntake;
use tabi::compile::{Settings, compile};
use tabi::ingest::envelope::{self, Kind};
use tabi::ingest::{Schema, segment};
use tabi::ports::{Distrust, Notice, Secret};
use tabi::text::{Source, Sources};
use tabi::value::Instant;

/// Takes any bytes.
pub type Reader = fn(&[u8]);

/// By name, each with its corpus in `tests/fuzz/corpus/NAME/`.
pub const READERS: [(&str, Reader); 6] = [
    ("ingest", ingest),
    ("line", line),
    ("mailbox", mailbox),
    ("sendgrid", sendgrid),
    ("ses", ses),
    ("twilio", twilio),
];

/// 2026-12-01
const NOW: Instant = Instant(1_796_083_200_000);

fn sound(notices: Result<Vec<Notice>, Distrust>) {
    let Ok(notices) = notices else { return };
    for notice in notices {
        assert!(notice.at <= NOW, "what lies ahead of its arrival: {notice:?}");
    }
}

/// A request's body: taken apart, and each call read as the schema says.
fn ingest(data: &[u8]) {
    static SCHEMA: LazyLock<Schema> = LazyLock::new(|| {
        let mut sources = Sources::default();
        sources.add(Source::new("shop.tabi", include_str!("../server/shop.tabi").to_owned()));
        Schema::new(&compile(&sources, &Settings::default()).program.expect("the shop compiles"))
    });
    let Some((first, body)) = data.split_first() else { return };
    let kind = match first % 8 {
        0 => Kind::Call("identify"),
        1 => Kind::Call("track"),
        2 => Kind::Call("alias"),
        3 => Kind::Call("group"),
        4 => Kind::Import,
        _ => Kind::Batch,
    };
    let Ok(unpacked) = envelope::unpack(kind, body) else { return };
    for piece in unpacked.pieces.into_iter().filter(|piece| piece.refused.is_none()) {
        let read = |raw: &[u8]| {
            let mut reader = match first & 0x80 {
                0 => segment::Reader::new(&SCHEMA),
                _ => segment::Reader::strict(&SCHEMA),
            };
            reader.call_received(raw, NOW).map(|read| read.map(|arrival| arrival.into_owned()))
        };
        let once = read(&piece.raw);
        // What is taken into the log reads back as the same.
        assert_eq!(once, read(&piece.raw));
        if let Err(reason) = once {
            assert!(!reason.key().is_empty() && !reason.to_string().is_empty() && !reason.ja().is_empty());
        }
    }
}

fn line(data: &[u8]) {
    let mut mac = Hmac::<sha2::Sha256>::new_from_slice(b"channel").expect("any length will do");
    mac.update(data);
    let signature = STANDARD.encode(mac.finalize().into_bytes());
    sound(Intake::new(SecretString::from("channel"), Secret::new([1; 32])).take(Some(&signature), data, NOW));
}

fn mailbox(data: &[u8]) {
    sound(mailbox::notices(data, None, NOW));
    sound(mailbox::notices(data, Some("bounce+abc@m.shop.example"), NOW));
}

fn sendgrid(data: &[u8]) {
    static KEY: LazyLock<EcdsaKeyPair> = LazyLock::new(|| {
        let random = ring::rand::SystemRandom::new();
        let made = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &random).expect("a key");
        EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, made.as_ref(), &random).expect("reads back")
    });
    // The head of a public key on this curve, before its point.
    const HEAD: [u8; 26] = [
        0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48,
        0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
    ];
    let public = STANDARD.encode([&HEAD[..], KEY.public_key().as_ref()].concat());
    let stamp = (NOW.0 / 1_000).to_string();
    let signed = [stamp.as_bytes(), data].concat();
    let signature = KEY.sign(&ring::rand::SystemRandom::new(), &signed).expect("signs");
    sound(sendgrid::notices(Some(&STANDARD.encode(signature.as_ref())), Some(&stamp), data, &public, NOW));
}

/// The bytes are the event of SES within a message of SNS; what is not text is the whole body.
fn ses(data: &[u8]) {
    const TOPIC: &str = "arn:aws:sns:ap-northeast-1:123456789012:mail";
    static KEY: LazyLock<RsaKeyPair> = LazyLock::new(|| {
        let key = PrivatePkcs8KeyDer::from_pem_slice(include_bytes!("../email/sns/key.pem")).expect("a key");
        RsaKeyPair::from_pkcs8(key.secret_pkcs8_der()).expect("a key")
    });
    const CERTIFICATE: &[u8] = include_bytes!("../email/sns/certificate.pem");
    if let Ok(sealed) = ses::open(data, TOPIC) {
        let _ = sealed.told(CERTIFICATE, NOW);
    }
    let Ok(message) = std::str::from_utf8(data) else { return };
    let stamp = "2026-12-01T00:00:00.000Z";
    let text = format!("Message\n{message}\nMessageId\nm\nTimestamp\n{stamp}\nTopicArn\n{TOPIC}\nType\nNotification\n");
    let mut signature = vec![0; KEY.public().modulus_len()];
    let random = ring::rand::SystemRandom::new();
    KEY.sign(&RSA_PKCS1_SHA256, &random, text.as_bytes(), &mut signature).expect("signs");
    let body = serde_json::json!({
        "Type": "Notification", "MessageId": "m", "TopicArn": TOPIC, "Message": message, "Timestamp": stamp,
        "SignatureVersion": "2", "Signature": STANDARD.encode(signature),
        "SigningCertURL": "https://sns.ap-northeast-1.amazonaws.com/SimpleNotificationService-1.pem",
    });
    let told = ses::open(body.to_string().as_bytes(), TOPIC).and_then(|sealed| sealed.told(CERTIFICATE, NOW));
    assert_ne!(told, Err(Distrust::Signature), "what is signed is believed");
    if let Ok(ses::Brought::Notices(notices)) = told {
        sound(Ok(notices));
    }
}

fn twilio(data: &[u8]) {
    const PUBLIC: &str = "https://m.shop.example";
    let intake = SmsIntake::new(SecretString::from("token"), PUBLIC);
    let mut fields: Vec<(String, String)> = url::form_urlencoded::parse(data).into_owned().collect();
    fields.sort();
    fields.dedup();
    for target in ["/hooks/sms", "/hooks/sms-status?key=k"] {
        let mut mac = Hmac::<sha1::Sha1>::new_from_slice(b"token").expect("any length will do");
        mac.update(format!("{PUBLIC}{target}").as_bytes());
        fields.iter().for_each(|(name, value)| mac.update(format!("{name}{value}").as_bytes()));
        let signature = STANDARD.encode(mac.finalize().into_bytes());
        sound(match target {
            "/hooks/sms" => intake.incoming(target, Some(&signature), data, NOW),
            _ => intake.status(target, Some(&signature), data, NOW),
        });
    }
}
