//! The outbox as files, one for each message: mails as `.eml`, texts as `.txt`, everything else as `.json`.
//!
//! Removes its own oldest files beyond a number, and never another file.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart};
use serde_json::{Value as Json, json};

use super::{Sheet, What};
use crate::render::{Email, Part};

/// Kinds of files, as in `000001-email-welcome-hanako@example.com.eml`.
const KINDS: &[&str] = &["email", "line", "sms", "push", "webhook", "action", "notice"];
/// Letters of a name or an address in a file's name; some file systems take 255 bytes in all.
const NAME_CHARS_MAX: usize = 40;

#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    files_max: usize,
    last: u64,
    /// By number.
    files: Mutex<BTreeMap<u64, PathBuf>>,
}

impl Folder {
    pub fn open(path: &Path, files_max: usize) -> io::Result<Folder> {
        fs::create_dir_all(path)?;
        let mut files = BTreeMap::new();
        for entry in fs::read_dir(path)? {
            let entry = entry?;
            if let Some(number) = number_of(&entry.file_name().to_string_lossy()) {
                files.insert(number, entry.path());
            }
        }
        let last = files.last_key_value().map_or(0, |(number, _)| *number);
        Ok(Folder { path: path.to_path_buf(), files_max, last, files: Mutex::new(files) })
    }

    /// The highest number there was when the folder was opened.
    pub fn last(&self) -> u64 {
        self.last
    }

    pub fn write(&self, sheet: &Sheet) -> io::Result<()> {
        let (ending, bytes) = written(sheet);
        let to = sheet.to.first().map_or("", String::as_str);
        let parts = [sheet.what.kind(), &safe(&sheet.name), &safe(to)];
        let parts: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        let path = self.path.join(format!("{:06}-{}.{ending}", sheet.number, parts.join("-")));
        fs::write(&path, bytes)?;
        let mut files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        files.insert(sheet.number, path);
        while files.len() > self.files_max {
            let Some((_, oldest)) = files.pop_first() else { break };
            match fs::remove_file(oldest) {
                // Somebody tidied up.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                other => other?,
            }
        }
        Ok(())
    }
}

/// The number of a file that was written here.
fn number_of(name: &str) -> Option<u64> {
    let (number, rest) = name.split_once('-')?;
    let kind = rest.split('-').next()?;
    (number.len() >= 6 && KINDS.contains(&kind)).then(|| number.parse().ok()).flatten()
}

/// What may stand in a file's name on any system.
fn safe(text: &str) -> String {
    let sound = |c: char| c.is_alphanumeric() || ['_', '.', '@', '+'].contains(&c);
    text.chars().take(NAME_CHARS_MAX).map(|c| if sound(c) { c } else { '_' }).collect()
}

fn written(sheet: &Sheet) -> (&'static str, Vec<u8>) {
    match &sheet.what {
        What::Message(Part::Email(email)) => match mail(sheet, email) {
            Ok(bytes) => ("eml", bytes),
            // An address that no mail could have.
            Err(why) => ("json", pretty(sheet, json!({ "not_a_mail": why, "email": email }))),
        },
        What::Message(Part::Sms(sms)) => {
            let to = sheet.to.join(", ");
            ("txt", format!("To: {to}\nParts: {} ({})\n\n{}\n", sms.segments, sms.encoding, sms.body).into_bytes())
        }
        What::Message(Part::Line(line)) => ("json", pretty(sheet, json!({ "messages": line.messages }))),
        What::Message(Part::Push(push)) => ("json", pretty(sheet, json!({ "push": push }))),
        What::Message(Part::Webhook(body)) => ("json", pretty(sheet, json!({ "body": body }))),
        What::Action { person, params } => ("json", pretty(sheet, json!({ "person": person, "params": params }))),
        What::Notice { text, link, urgent } => {
            ("json", pretty(sheet, json!({ "text": text, "link": link, "urgent": urgent })))
        }
    }
}

fn pretty(sheet: &Sheet, content: Json) -> Vec<u8> {
    let mut whole = json!({
        sheet.what.kind(): sheet.name,
        "at": sheet.at.to_string(),
        "journey": sheet.journey,
        "to": sheet.to,
        "key": sheet.key,
    });
    if let (Some(whole), Json::Object(content)) = (whole.as_object_mut(), content) {
        whole.extend(content);
    }
    let mut text = serde_json::to_string_pretty(&whole).unwrap_or_default();
    text.push('\n');
    text.into_bytes()
}

/// The mail as it could have been sent; opens in any mail reader.
fn mail(sheet: &Sheet, email: &Email) -> Result<Vec<u8>, String> {
    let mailbox = |text: &str| text.parse::<Mailbox>().map_err(|error| format!("`{text}`: {error}"));
    let at = SystemTime::UNIX_EPOCH + Duration::from_millis(u64::try_from(sheet.at.0).unwrap_or(0));
    let mut mail = lettre::Message::builder().from(mailbox(&email.from)?).subject(&email.subject).date(at);
    for to in &sheet.to {
        mail = mail.to(mailbox(to)?);
    }
    if let Some(reply_to) = &email.reply_to {
        mail = mail.reply_to(mailbox(reply_to)?);
    }
    let tags = [("X-Tabi-Journey", &sheet.journey), ("X-Tabi-Message", &sheet.name), ("X-Tabi-Key", &sheet.key)];
    let extra = email.headers.iter().map(|(name, value)| (name.as_str(), value));
    for (name, value) in tags.into_iter().chain(extra) {
        let name = HeaderName::new_from_ascii(name.to_owned()).map_err(|_| format!("`{name}` is not a header"))?;
        mail = mail.raw_header(HeaderValue::new(name, value.replace(['\r', '\n'], " ")));
    }
    let body = MultiPart::alternative_plain_html(email.text.clone(), email.html.clone());
    mail.multipart(body).map(|mail| mail.formatted()).map_err(|error| error.to_string())
}
