//! Secrets by where they are found: `env:NAME` or `file:/path`. None is written into settings or on a command line.
//!
//! Shows none, not even in errors.

use std::fs;
use std::path::PathBuf;

use secrecy::SecretString;

use super::exit::Stop;
use crate::diag::Phrase;
use crate::ports::environment::SecretRef;

/// For arguments; what it says of anything else is a person's to read.
pub fn parse(text: &str) -> Result<SecretRef, String> {
    match text.split_once(':') {
        Some(("env", name)) if !name.is_empty() => Ok(SecretRef::Env(name.to_owned())),
        Some(("file", path)) if !path.is_empty() => Ok(SecretRef::File(PathBuf::from(path))),
        Some(_) | None => Err("a secret is named by `env:NAME` or `file:/path`, and not written here".to_owned()),
    }
}

/// What a name in the settings stands for. `of` says what it is for, in the error.
pub fn resolve(secret: &SecretRef, of: &str) -> Result<SecretString, Stop> {
    let (found, place) = match secret {
        SecretRef::Env(name) => (std::env::var(name).ok(), format!("env:{name}")),
        SecretRef::File(path) => {
            let text = fs::read_to_string(path).ok().map(|text| text.trim_end().to_owned());
            (text, format!("file:{}", path.display()))
        }
    };
    found.filter(|text| !text.is_empty()).map(SecretString::from).ok_or_else(|| Stop::Usage {
        what: Phrase::new(
            format!("there is no secret at `{place}` ({of})"),
            format!("`{place}` に秘密情報がありません ({of})"),
        ),
        help: Phrase::new(
            "set the variable, or write the file, for the user that Tabi runs as",
            "Tabi を動かすユーザーのために、環境変数またはファイルを用意する",
        ),
    })
}
