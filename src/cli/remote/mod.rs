//! Asking a running Tabi, for commands: where its data are, the question, and what is said when nobody answers.
//!
//! Knows no command; the way over the socket is the server's own.

mod tell;

use std::path::PathBuf;

use serde_json::Value;

use super::exit::{Exit, Stop};
use super::speak::Speaker;
use crate::diag::Phrase;
use crate::server::admin::client::{self, Trouble};

/// Where the Tabi runs that is asked, and how its answer is written.
#[derive(Debug, clap::Args)]
pub struct Remote {
    /// The folder of the data of the Tabi that runs
    #[arg(long, value_name = "DIR", default_value = DATA)]
    pub data: PathBuf,

    /// Write the answer as JSON
    #[arg(long)]
    pub json: bool,
}

/// Where `tabi run` keeps its data unless it is told otherwise.
pub const DATA: &str = ".tabi";

impl Remote {
    pub fn get(&self, path: &str) -> Result<Value, Stop> {
        self.ask("GET", path, None)
    }
    pub fn post(&self, path: &str, body: &Value) -> Result<Value, Stop> {
        self.ask("POST", path, Some(body))
    }
    pub fn delete(&self, path: &str) -> Result<Value, Stop> {
        self.ask("DELETE", path, None)
    }
    fn ask(&self, method: &str, path: &str, body: Option<&Value>) -> Result<Value, Stop> {
        let method = method.parse().expect("methods are fixed and valid");
        client::ask(&self.data, method, path, body).map_err(|trouble| self.stop(trouble))
    }

    /// The answer as it is, or in words.
    pub fn tell(&self, answer: &Value, speaker: &mut Speaker) -> Result<Exit, Stop> {
        let text = if self.json { json(answer) } else { tell::told(answer, speaker.language) };
        speaker.report(&text)?;
        Ok(Exit::Fine)
    }
    /// That it was done.
    pub fn done(&self, answer: &Value, said: &Phrase, speaker: &mut Speaker) -> Result<Exit, Stop> {
        let text = if self.json { json(answer) } else { format!("{}\n", speaker.say(said)) };
        speaker.report(&text)?;
        Ok(Exit::Fine)
    }

    fn stop(&self, trouble: Trouble) -> Stop {
        let data = self.data.display();
        match trouble {
            Trouble::NotRunning => Stop::Later {
                what: Phrase::new(
                    format!("no Tabi runs on the data in `{data}`"),
                    format!("`{data}` のデータで動いている Tabi がありません"),
                ),
                help: Phrase::new(
                    "start it with `tabi run`, or name its folder with `--data`",
                    "`tabi run` で起動するか、`--data` でフォルダーを指定する",
                ),
            },
            Trouble::Denied => Stop::Usage {
                what: Phrase::new(
                    format!("the Tabi on `{data}` is somebody else's"),
                    format!("`{data}` の Tabi は別のユーザーのものです"),
                ),
                help: Phrase::new("run this as the user that Tabi runs as", "Tabi を動かしているユーザーで実行する"),
            },
            Trouble::Broken(why) => Stop::Later {
                what: Phrase::new(format!("Tabi did not answer: {why}"), format!("Tabi から応答がありません: {why}")),
                help: Phrase::new("look at its logs, then try again", "ログを確かめてから、もう一度実行する"),
            },
            Trouble::Refused { status, error, message, .. } => {
                let ja = in_japanese(&error, &message);
                let what = Phrase::new(format!("Tabi says no: {message}"), format!("Tabi が断りました: {ja}"));
                match status {
                    404 if error == "nothing_waits" => Stop::Wrong {
                        what,
                        help: Phrase::new(
                            "see what waits with `tabi person ID`; it may have been answered, or its time is up",
                            "待っているものは `tabi person ID` で確かめる。回答済みか、期限切れかもしれません",
                        ),
                    },
                    404 => Stop::Wrong {
                        what,
                        help: Phrase::new(
                            "check the spelling; ids are those that the shop sends",
                            "つづりを確かめる。ID は、ショップが送っているものです",
                        ),
                    },
                    429 | 500.. => Stop::Later {
                        what,
                        help: Phrase::new("try again in a moment", "少し待ってから、もう一度実行する"),
                    },
                    _ => Stop::Usage {
                        what,
                        help: Phrase::new("see `--help` of this command", "このコマンドの `--help` を見る"),
                    },
                }
            }
        }
    }
}

/// The running Tabi answers programs, in English; what it says by a word is said in Japanese here.
fn in_japanese(error: &str, message: &str) -> String {
    let named = message.split('`').nth(1).unwrap_or_default();
    match error {
        "unknown" if !named.is_empty() => format!("`{named}` は見つかりません"),
        "unknown" | "not_found" => "見つかりません".to_owned(),
        "nothing_waits" => format!("`{named}` に承認を待つものはありません"),
        "busy" => "いまは混み合っています".to_owned(),
        "stopping" => "停止の途中です".to_owned(),
        "disk" => "いまはディスクに書き込めません".to_owned(),
        _ => format!("「{message}」"),
    }
}

fn json(answer: &Value) -> String {
    format!("{answer:#}\n")
}

/// A name as one part of a path.
pub fn part(name: &str) -> String {
    crate::render::encoded(name)
}
