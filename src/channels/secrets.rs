//! Secrets looked up once, when the runtime starts: from variables of the environment and from files.
//!
//! Prints none: what is missing is told by the name of its variable or file.

use std::collections::BTreeMap;
use std::fmt;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use secrecy::{ExposeSecret, SecretString};

use crate::ports::environment::{Environment, SecretRef};

/// The key of a service account takes less than 4 KiB; a longer file is another one.
const SECRET_BYTES_MAX: u64 = 64 * 1024;

/// The secrets of one environment.
#[derive(Debug, Clone, Default)]
pub struct Secrets {
    found: BTreeMap<SecretRef, SecretString>,
}

/// A secret that could not be had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missing {
    /// `production.sms.token`
    pub setting: String,
    pub reference: SecretRef,
    pub why: Why,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Why {
    /// There is no such variable or file.
    Absent,
    Empty,
    /// Not UTF-8.
    NotText,
    TooLong,
    /// In the words of the operating system.
    Unreadable(String),
}

impl Secrets {
    /// Looks up all secrets of an environment in this process's variables and in files.
    pub fn resolve(environment: &Environment) -> Result<Secrets, Vec<Missing>> {
        Secrets::resolve_with(environment, |name| std::env::var_os(name).map(|value| value.into_encoded_bytes()))
    }

    /// The same with variables from elsewhere.
    pub fn resolve_with(
        environment: &Environment,
        variable: impl Fn(&str) -> Option<Vec<u8>>,
    ) -> Result<Secrets, Vec<Missing>> {
        let (mut found, mut missing) = (BTreeMap::new(), Vec::new());
        for (setting, reference) in environment.secrets() {
            let bytes = match reference {
                SecretRef::Env(name) => variable(name).ok_or(Why::Absent),
                SecretRef::File(path) => read(path),
            };
            match bytes.and_then(text) {
                Ok(secret) => {
                    found.insert(reference.clone(), secret);
                }
                Err(why) => missing.push(Missing::new(environment, &setting, reference, why)),
            }
        }
        if missing.is_empty() { Ok(Secrets { found }) } else { Err(missing) }
    }

    /// The secret itself; `None` if it is not of the environment that was resolved.
    pub fn get(&self, reference: &SecretRef) -> Option<&SecretString> {
        self.found.get(reference)
    }
}

fn read(path: &Path) -> Result<Vec<u8>, Why> {
    let unreadable = |error: std::io::Error| match error.kind() {
        std::io::ErrorKind::NotFound => Why::Absent,
        _ => Why::Unreadable(error.to_string()),
    };
    let file = File::open(path).map_err(unreadable)?;
    let mut bytes = Vec::new();
    file.take(SECRET_BYTES_MAX + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() as u64 > SECRET_BYTES_MAX { Err(Why::TooLong) } else { Ok(bytes) }
}

fn text(bytes: Vec<u8>) -> Result<SecretString, Why> {
    let secret = SecretString::from(String::from_utf8(bytes).map_err(|_| Why::NotText)?);
    match secret.expose_secret().trim_end() {
        "" => Err(Why::Empty),
        trimmed => Ok(SecretString::from(trimmed)),
    }
}

impl Missing {
    fn new(environment: &Environment, setting: &str, reference: &SecretRef, why: Why) -> Missing {
        Missing { setting: format!("{}.{setting}", environment.name), reference: reference.clone(), why }
    }

    pub fn english(&self) -> String {
        let (setting, place) = (&self.setting, self.place());
        match &self.why {
            Why::Absent => match &self.reference {
                SecretRef::Env(name) => {
                    format!("`{setting}` needs the variable `{name}`, which is not set: set it where Tabi runs")
                }
                SecretRef::File(_) => format!("`{setting}` needs the file `{place}`, which is not there"),
            },
            Why::Empty => format!("`{setting}`: `{place}` is empty"),
            Why::NotText => format!("`{setting}`: `{place}` is not UTF-8 text"),
            Why::TooLong => {
                format!("`{setting}`: `{place}` has more than {SECRET_BYTES_MAX} bytes: is it the right file?")
            }
            Why::Unreadable(error) => format!("`{setting}`: `{place}` cannot be read: {error}"),
        }
    }

    pub fn japanese(&self) -> String {
        let (setting, place) = (&self.setting, self.place());
        match &self.why {
            Why::Absent => match &self.reference {
                SecretRef::Env(name) => {
                    format!("`{setting}` に必要な環境変数 `{name}` が設定されていません。実行環境で設定してください")
                }
                SecretRef::File(_) => format!("`{setting}` に必要なファイル `{place}` がありません"),
            },
            Why::Empty => format!("`{setting}`: `{place}` が空です"),
            Why::NotText => format!("`{setting}`: `{place}` が UTF-8 のテキストではありません"),
            Why::TooLong => {
                format!("`{setting}`: `{place}` が {SECRET_BYTES_MAX} バイトを超えています。ファイルを確かめてください")
            }
            Why::Unreadable(error) => format!("`{setting}`: `{place}` を読めません: {error}"),
        }
    }

    fn place(&self) -> String {
        match &self.reference {
            SecretRef::Env(name) => name.clone(),
            SecretRef::File(path) => path.display().to_string(),
        }
    }
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.english())
    }
}
