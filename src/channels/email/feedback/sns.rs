//! Amazon SNS's envelope: whose it is, and whether its signature holds.
//!
//! Fetches no certificate: it says where one is, and takes it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{
    AlgorithmIdentifier, CertificateDer, InvalidSignature, SignatureVerificationAlgorithm, alg_id,
};
use serde::Deserialize;
use webpki::EndEntityCert;

use crate::ports::Distrust;

/// SNS's messages have at most 256 KiB; as JSON within JSON somewhat more.
const BODY_MAX: usize = 1024 * 1024;

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Envelope {
    #[serde(rename = "Type")]
    pub kind: String,
    pub message_id: String,
    topic_arn: String,
    subject: Option<String>,
    pub message: String,
    pub timestamp: String,
    signature_version: String,
    signature: String,
    #[serde(rename = "SigningCertURL")]
    pub signing_cert_url: String,
    #[serde(rename = "SubscribeURL")]
    pub subscribe_url: Option<String>,
    token: Option<String>,
}

impl Envelope {
    /// Of this topic and no other; with addresses that are Amazon's own.
    pub fn read(body: &[u8], topic_arn: &str) -> Result<Envelope, Distrust> {
        if body.len() > BODY_MAX {
            return Err(Distrust::Form(format!("more than {BODY_MAX} bytes")));
        }
        let envelope: Envelope =
            serde_json::from_slice(body).map_err(|fault| Distrust::Form(format!("no message of SNS: {fault}")))?;
        let of_amazon =
            is_of_amazon(&envelope.signing_cert_url) && envelope.subscribe_url.as_deref().is_none_or(is_of_amazon);
        if envelope.topic_arn != topic_arn || !of_amazon || !envelope.signing_cert_url.ends_with(".pem") {
            return Err(Distrust::Signature);
        }
        Ok(envelope)
    }

    /// Signed by the key of this certificate (PEM), which came from [`Self::signing_cert_url`] by TLS: that is what makes it
    /// Amazon's.
    pub fn verify(&self, certificate: &[u8]) -> Result<(), Distrust> {
        let algorithm: &dyn SignatureVerificationAlgorithm = match self.signature_version.as_str() {
            "1" => &RsaSha1,
            "2" => webpki::ring::RSA_PKCS1_2048_8192_SHA256,
            other => {
                return Err(Distrust::Form(format!("a SignatureVersion of `{}`", super::words(other))));
            }
        };
        let certificate = CertificateDer::from_pem_slice(certificate).map_err(|_| Distrust::Signature)?;
        let certificate = EndEntityCert::try_from(&certificate).map_err(|_| Distrust::Signature)?;
        let signature = STANDARD.decode(&self.signature).map_err(|_| Distrust::Signature)?;
        certificate
            .verify_signature(algorithm, self.signed_text().as_bytes(), &signature)
            .map_err(|_| Distrust::Signature)
    }

    /// The fields that SNS signs, in the order in which it does.
    fn signed_text(&self) -> String {
        let mut text = String::new();
        let mut line = |name: &str, value: &str| {
            for part in [name, "\n", value, "\n"] {
                text.push_str(part);
            }
        };
        line("Message", &self.message);
        line("MessageId", &self.message_id);
        if self.kind == "Notification" {
            if let Some(subject) = &self.subject {
                line("Subject", subject);
            }
            line("Timestamp", &self.timestamp);
        } else {
            line("SubscribeURL", self.subscribe_url.as_deref().unwrap_or_default());
            line("Timestamp", &self.timestamp);
            line("Token", self.token.as_deref().unwrap_or_default());
        }
        line("TopicArn", &self.topic_arn);
        line("Type", &self.kind);
        text
    }
}

/// `https://sns.REGION.amazonaws.com/…`, or its Chinese counterpart. Read by hand, so that nothing before the first slash can
/// be anything but the host.
fn is_of_amazon(url: &str) -> bool {
    let Some((host, _)) = url.strip_prefix("https://").and_then(|rest| rest.split_once('/')) else { return false };
    let region = host
        .strip_prefix("sns.")
        .and_then(|rest| rest.strip_suffix(".amazonaws.com").or_else(|| rest.strip_suffix(".amazonaws.com.cn")));
    let letters = |text: &str| !text.is_empty() && text.bytes().all(|c| c.is_ascii_alphanumeric() || c == b'-');
    region.is_some_and(letters) && url.bytes().all(|c| c.is_ascii_graphic())
}

/// What SNS signs by unless a topic is told otherwise (`SignatureVersion` 1). SHA-1 no longer holds against somebody who
/// may choose what is signed; SNS signs only what the topic's owner lets in.
#[derive(Debug)]
struct RsaSha1;

impl SignatureVerificationAlgorithm for RsaSha1 {
    fn verify_signature(&self, key: &[u8], message: &[u8], signature: &[u8]) -> Result<(), InvalidSignature> {
        use ring::signature::{RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY, UnparsedPublicKey};
        UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY, key)
            .verify(message, signature)
            .map_err(|_| InvalidSignature)
    }
    fn public_key_alg_id(&self) -> AlgorithmIdentifier {
        alg_id::RSA_ENCRYPTION
    }
    fn signature_alg_id(&self) -> AlgorithmIdentifier {
        // sha1WithRSAEncryption, 1.2.840.113549.1.1.5, with NULL for parameters.
        AlgorithmIdentifier::from_slice(&[0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x05, 0x05, 0x00])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_amazons_own_hosts_are_asked_for_certificates() {
        for (url, own) in [
            ("https://sns.ap-northeast-1.amazonaws.com/SimpleNotificationService-1.pem", true),
            ("https://sns.cn-north-1.amazonaws.com.cn/x.pem", true),
            ("http://sns.ap-northeast-1.amazonaws.com/x.pem", false),
            ("https://sns.evil.example/x.pem", false),
            ("https://sns.ap-northeast-1.amazonaws.com.evil.example/x.pem", false),
            ("https://evil.example/sns.ap-northeast-1.amazonaws.com/x.pem", false),
            ("https://sns.a@evil.example/.amazonaws.com/x.pem", false),
            ("https://sns.evil.example#.amazonaws.com/x.pem", false),
            ("https://sns.a.b.amazonaws.com/x.pem", false),
            ("https://sns..amazonaws.com/x.pem", false),
            ("https://s3.ap-northeast-1.amazonaws.com/x.pem", false),
            ("https://sns.ap-northeast-1.amazonaws.com:8443/x.pem", false),
            ("https://sns.ap-northeast-1.amazonaws.com", false),
        ] {
            assert_eq!(is_of_amazon(url), own, "{url}");
        }
    }
}
