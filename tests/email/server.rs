//! Starts aiosmtpd, fetched from PyPI into `target/` on first use, with a certificate made on the spot.
//!
//! Asserts nothing.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use serde_json::Value as Json;
use tempfile::TempDir;

/// Exactly these, so that every machine tests against the same server.
const PACKAGES: &[&str] = &["aiosmtpd==1.4.6", "atpublic==5.1", "attrs==25.3.0"];

/// A mail server in a process of its own; it ends with this.
pub struct Server {
    child: Child,
    folder: TempDir,
    pub ports: Json,
    /// The authority that its certificate is from, in PEM.
    pub authority: String,
}

impl Server {
    pub fn start() -> Server {
        let packages = packages();
        let folder = TempDir::new().unwrap();
        let (authority, certificate, key) = certificate("localhost");
        fs::write(folder.path().join("certificate.pem"), certificate).unwrap();
        fs::write(folder.path().join("key.pem"), key).unwrap();
        let mut child = Command::new("python3")
            .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/email/server.py"))
            .arg(folder.path())
            .args([folder.path().join("certificate.pem"), folder.path().join("key.pem")])
            .env("PYTHONPATH", packages)
            .env("PYTHONWARNINGS", "ignore")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("python3 starts");
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let ports = serde_json::from_str(&line).expect("the server says its ports");
        Server { child, folder, ports, authority }
    }
    /// A certificate of nobody in particular, in PEM.
    pub fn certificate() -> String {
        certificate("sns.amazonaws.com").1
    }
    pub fn port(&self, kind: &str) -> u16 {
        self.ports[kind].as_u64().unwrap() as u16
    }
    /// The `number`th mail, from 1: as Python read it, and its bytes.
    pub fn mail(&self, number: usize) -> (Json, Vec<u8>) {
        let at = |kind: &str| self.folder.path().join(format!("{number}.{kind}"));
        let read = fs::read(at("json")).expect("the server has the mail");
        (serde_json::from_slice(&read).unwrap(), fs::read(at("eml")).unwrap())
    }
    pub fn count(&self) -> usize {
        (1..).take_while(|number| self.folder.path().join(format!("{number}.json")).exists()).count()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// An authority, and a certificate and key from it for a name, all in PEM.
fn certificate(name: &str) -> (String, String, String) {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.distinguished_name.push(rcgen::DnType::CommonName, "An authority made by a test");
    let key = KeyPair::generate().unwrap();
    let authority = params.self_signed(&key).unwrap();
    let issuer = Issuer::new(params, key);
    let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
    params.extended_key_usages.push(rcgen::ExtendedKeyUsagePurpose::ServerAuth);
    let key = KeyPair::generate().unwrap();
    let certificate = params.signed_by(&key, &issuer).unwrap();
    (authority.pem(), certificate.pem(), key.serialize_pem())
}

/// Where the packages are; fetched once for each set of versions.
fn packages() -> PathBuf {
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let _guard = ONE_AT_A_TIME.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    let root = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let there = root.join(format!("python-{}", PACKAGES.join("-").replace("==", "-")));
    if !there.exists() {
        let fetching = TempDir::new_in(root).unwrap();
        let fetched = Command::new("python3")
            .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps", "--target"])
            .arg(fetching.path().join("packages"))
            .args(PACKAGES)
            .status()
            .expect("python3 starts");
        assert!(fetched.success(), "pip fetches {PACKAGES:?} from PyPI");
        // Another process may have been faster.
        if fs::rename(fetching.path().join("packages"), &there).is_err() {
            assert!(there.exists());
        }
    }
    there
}
