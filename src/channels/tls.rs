//! The one library under all TLS that goes out.
//!
//! Chooses no certificates and no versions: those who connect do.

use std::sync::OnceLock;

/// Must have run before the first client of HTTP or mail is built; again does nothing.
pub fn install() {
    static DONE: OnceLock<()> = OnceLock::new();
    DONE.get_or_init(|| {
        // An error means that one is installed already, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
    });
}
