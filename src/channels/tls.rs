//! Which cryptography TLS uses, for every channel alike.
//!
//! Opens no connection and trusts nobody: each channel does.

/// Makes `ring` the cryptography of this process, once. To be called before the first client is made, and as often as wanted:
/// a client made without it panics.
pub fn install() {
    if rustls::crypto::CryptoProvider::get_default().is_none() {
        // Another thread may have been faster; then it installed the same.
        let _ = rustls::crypto::ring::default_provider().install_default();
    }
}
