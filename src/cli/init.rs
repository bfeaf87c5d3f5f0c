//! `tabi init [DIR]`: a small project that is green from the start, with all that a team needs around it.
//!
//! What is written stands as files under `src/cli/init/`; nothing is written over.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::exit::{Exit, Stop};
use super::speak::Speaker;
use crate::diag::{Language, Phrase};
use crate::project;
use crate::value::{Currency, Zone};

/// Make a new project: two journeys with their messages and tests, CI, editor settings
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Where to
    #[arg(value_name = "DIR", default_value = ".")]
    folder: PathBuf,

    /// The project's name [default: the folder's]
    #[arg(long, value_name = "NAME")]
    name: Option<String>,

    /// The currency of prices
    #[arg(long, value_name = "CODE", default_value = "JPY")]
    currency: String,

    /// The zone of quiet hours and dates
    #[arg(long, value_name = "ZONE", default_value = "Asia/Tokyo")]
    timezone: String,
}

/// Path in the project, and text.
type File = (&'static str, &'static str);

macro_rules! of_language {
    ($language:literal) => {
        &[
            ("tabi.yaml", include_str!(concat!("init/", $language, "/tabi.yaml"))),
            ("world.tabi", include_str!(concat!("init/", $language, "/world.tabi"))),
            ("policies.tabi", include_str!(concat!("init/", $language, "/policies.tabi"))),
            ("messages.tabi", include_str!(concat!("init/", $language, "/messages.tabi"))),
            ("journeys/welcome.tabi", include_str!(concat!("init/", $language, "/journeys/welcome.tabi"))),
            ("journeys/cart.tabi", include_str!(concat!("init/", $language, "/journeys/cart.tabi"))),
            ("messages/welcome.mjml", include_str!(concat!("init/", $language, "/messages/welcome.mjml"))),
            ("messages/guide.mjml", include_str!(concat!("init/", $language, "/messages/guide.mjml"))),
            ("messages/cart_mail.mjml", include_str!(concat!("init/", $language, "/messages/cart_mail.mjml"))),
            (
                "messages/cart_nudge.line.json",
                include_str!(concat!("init/", $language, "/messages/cart_nudge.line.json")),
            ),
            ("README.md", include_str!(concat!("init/", $language, "/README.md"))),
        ]
    };
}

const ENGLISH: &[File] = of_language!("en");
const JAPANESE: &[File] = of_language!("ja");
/// Files whose names begin with a dot stand without it beside the program, where they would take effect.
const BOTH: &[File] = &[
    ("sample/people.ndjson", include_str!("init/both/sample/people.ndjson")),
    ("sample/events.ndjson", include_str!("init/both/sample/events.ndjson")),
    (".gitignore", include_str!("init/both/gitignore")),
    (".editorconfig", include_str!("init/both/editorconfig")),
    (".vscode/settings.json", include_str!("init/both/vscode_settings.json")),
    (".vscode/tasks.json", include_str!("init/both/vscode_tasks.json")),
    (".pre-commit-config.yaml", include_str!("init/both/pre-commit-config.yaml")),
    (".github/workflows/tabi.yml", include_str!("init/both/workflow.yml")),
];

/// A cart worth a reminder, and one in a test, in whole units of a currency with and without cents.
const FLOOR: [&str; 2] = ["3000", "30"];
const TOTAL: [&str; 2] = ["5400", "54"];

pub fn run(args: &Args, speaker: &mut Speaker) -> Result<Exit, Stop> {
    let currency = currency(&args.currency)?;
    let zone = zone(&args.timezone)?;
    let name = name(args)?;
    let of_language = match speaker.language {
        Language::English => ENGLISH,
        Language::Japanese => JAPANESE,
    };
    let files: Vec<&File> = of_language.iter().chain(BOTH).collect();
    free(&args.folder, &files)?;
    let cents = usize::from(currency.minor_digits() > 0);
    for (path, text) in &files {
        let text = text
            .replace("__NAME__", &name)
            .replace("__CURRENCY__", currency.code())
            .replace("__TIMEZONE__", zone.name())
            .replace("__FLOOR__", FLOOR[cents])
            .replace("__TOTAL__", TOTAL[cents])
            .replace("__VERSION__", env!("CARGO_PKG_VERSION"));
        let path = args.folder.join(path);
        written(&path, &laid_out(&path, text)).map_err(|error| unwritable(&path, &error))?;
    }
    let list: String = files.iter().map(|(path, _)| format!("  {path}\n")).collect();
    let told = told(&args.folder, &list);
    speaker.report(speaker.say(&told).to_string().as_str())?;
    Ok(Exit::Fine)
}

/// Campaigns in the one layout whatever the length of names and zones.
fn laid_out(path: &Path, text: String) -> String {
    if path.extension().is_none_or(|ending| ending != "tabi") {
        return text;
    }
    let source = crate::text::Source::new(path.to_string_lossy(), text);
    crate::fmt::format(&source).unwrap_or(source.text)
}

/// Never over a line somebody wrote: a file that is already there, or an existing project, ends it.
fn free(folder: &Path, files: &[&File]) -> Result<(), Stop> {
    if let Some((path, _)) = files.iter().find(|(path, _)| folder.join(path).symlink_metadata().is_ok()) {
        let path = folder.join(path);
        let path = path.strip_prefix(".").unwrap_or(&path).display();
        return Err(Stop::Usage {
            what: Phrase::new(format!("`{path}` is already there"), format!("`{path}` がすでにあります")),
            help: Phrase::new("name a new folder: `tabi init shop`", "新しいフォルダーを指定する: `tabi init shop`"),
        });
    }
    let nearest = folder.ancestors().find(|above| above.is_dir()).unwrap_or(Path::new("."));
    let inside = project::root(nearest);
    if let Some(root) = inside {
        let root = root.display();
        return Err(Stop::Usage {
            what: Phrase::new(
                format!("this is inside the project in `{root}`"),
                format!("ここは `{root}` のプロジェクトの中です"),
            ),
            help: Phrase::new(
                "a project inside a project would be read as part of it; name a folder outside",
                "中に作ると元のプロジェクトの一部として読まれます。外のフォルダーを指定する",
            ),
        });
    }
    Ok(())
}

fn name(args: &Args) -> Result<String, Stop> {
    let folder = || {
        let full = std::path::absolute(&args.folder).ok()?;
        full.components().next_back().map(|name| name.as_os_str().to_string_lossy().into_owned())
    };
    let name = args.name.clone().or_else(folder).unwrap_or_default();
    let name = name.trim();
    // It stands in YAML, in quotes and in mail headers.
    let plain = |c: char| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_' | '.');
    let begins = name.chars().next().is_some_and(char::is_alphabetic);
    if begins && name.chars().all(plain) && !matches!(name, "true" | "false" | "null" | "yes" | "no") {
        return Ok(name.to_string());
    }
    Err(Stop::Usage {
        what: Phrase::new(format!("`{name}` cannot be a project's name"), format!("`{name}` は名前にできません")),
        help: Phrase::new(
            "give one of letters, digits, spaces, `-`, `_` and `.` that begins with a letter: `--name my-shop`",
            "文字で始まり、文字・数字・空白・`-`・`_`・`.` だけの名前を付ける: `--name my-shop`",
        ),
    })
}

fn currency(code: &str) -> Result<Currency, Stop> {
    Currency::from_code(code).ok_or_else(|| Stop::Usage {
        what: Phrase::new(format!("unknown currency `{code}`"), format!("通貨 `{code}` は存在しません")),
        help: Phrase::new("use an ISO 4217 code such as `JPY`", "`JPY` のような ISO 4217 コードを使う"),
    })
}

fn zone(name: &str) -> Result<Zone, Stop> {
    Zone::from_name(name).ok_or_else(|| Stop::Usage {
        what: Phrase::new(format!("unknown time zone `{name}`"), format!("タイムゾーン `{name}` は存在しません")),
        help: Phrase::new("use an IANA name such as `Asia/Tokyo`", "`Asia/Tokyo` のような IANA 名を使う"),
    })
}

fn written(path: &Path, text: &str) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let mut file = fs::OpenOptions::new().write(true).create_new(true).open(path)?;
    io::Write::write_all(&mut file, text.as_bytes())
}

fn unwritable(path: &Path, error: &io::Error) -> Stop {
    let path = path.display();
    Stop::Usage {
        what: Phrase::new(
            format!("cannot write `{path}`: {error}"),
            format!("`{path}` に書き込めません: {}", Phrase::of_io(error).ja),
        ),
        help: Phrase::new("name a folder you may write to", "書き込めるフォルダーを指定する"),
    }
}

/// What was written, and what to do next.
fn told(folder: &Path, list: &str) -> Phrase {
    let here = folder == Path::new(".");
    let enter = if here { String::new() } else { format!("  cd {}\n", folder.display()) };
    Phrase::new(
        format!(
            "Written:\n{list}\nNext:\n{enter}  tabi check       every journey is sound\n  tabi test        \
             and does what its tests say\n  tabi simulate    what would have happened to the people in sample/\n  \
             tabi show cart   a journey as a diagram\n  tabi run         \
             live, with events over HTTP, and messages as files in .tabi/outbox\nThen change a wait in journeys/welcome.tabi and test again.\n"
        ),
        format!(
            "作成したもの:\n{list}\n次に:\n{enter}  tabi check --lang ja       どのジャーニーも筋が通っているか\n  tabi test --lang ja        \
             テストに書いたとおりに動くか\n  tabi simulate --lang ja    sample/ の人たちに何が起きていたはずか\n  \
             tabi show cart --lang ja   ジャーニーの図\n  tabi run --lang ja         \
             実際に動かす。イベントは HTTP で受け、メッセージは .tabi/outbox のファイルに\nそれから journeys/welcome.tabi の待ち時間を変えて、もう一度テストしてみてください。\n"
        ),
    )
}
