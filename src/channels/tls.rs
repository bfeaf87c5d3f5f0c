//! Which cryptography TLS uses, for every channel alike.
//!
//! Opens no connection and trusts nobody: each channel does.

use std::fs;
use std::io::Read as _;
use std::path::Path;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

/// A file of certificates is this large at most: those of an operating system have 200 KB.
const FILE_BYTES_MAX: u64 = 1 << 20;

/// Authorities that are trusted beside those of the operating system.
#[derive(Debug, Clone, Default)]
pub struct Roots {
    pub pem: Vec<u8>,
    pub certificates: Vec<CertificateDer<'static>>,
}

impl Roots {
    /// Reads a file in PEM; one without a certificate is a mistake.
    pub fn read(path: &Path) -> Result<Roots, String> {
        let shown = path.display();
        let mut pem = Vec::new();
        let file = fs::File::open(path).map_err(|error| format!("`{shown}`: {error}"))?;
        file.take(FILE_BYTES_MAX + 1).read_to_end(&mut pem).map_err(|error| format!("`{shown}`: {error}"))?;
        if pem.len() as u64 > FILE_BYTES_MAX {
            return Err(format!("`{shown}` has more than {FILE_BYTES_MAX} bytes"));
        }
        Roots::of_pem(pem).map_err(|why| format!("`{shown}` {why}"))
    }
    pub fn of_pem(pem: Vec<u8>) -> Result<Roots, String> {
        let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem).collect();
        let certificates = certificates.map_err(|error| format!("is no PEM: {error}"))?;
        if certificates.is_empty() {
            return Err("has no certificate (`-----BEGIN CERTIFICATE-----`)".to_owned());
        }
        for certificate in &certificates {
            webpki::anchor_from_trusted_cert(certificate)
                .map_err(|error| format!("has a certificate that cannot be read: {error}"))?;
        }
        Ok(Roots { pem, certificates })
    }
}

/// Makes `ring` the cryptography of this process, once. To be called before the first client is made, and as often as wanted:
/// a client made without it panics.
pub fn install() {
    if rustls::crypto::CryptoProvider::get_default().is_none() {
        // Another thread may have been faster; then it installed the same.
        let _ = rustls::crypto::ring::default_provider().install_default();
    }
}
