//! `tabi render [MESSAGE]`: messages as people get them, in the terminal or as pages.
//!
//! Renders nothing itself; picks messages, people and places.

use std::fs;
use std::path::{Path, PathBuf};

use super::exit::{Exit, Stop};
use super::open::{Opened, open};
use super::person::Person;
use super::speak::Speaker;
use crate::compile::Attachment;
use crate::diag::{Language as Reader, Phrase, did_you_mean};
use crate::ir::{Channel, MessageDef, MessageId, Program};
use crate::preview::{self, Cell, Column, Row};
use crate::project;
use crate::render::{Language, RenderError, Rendered, Renderer, Scene, sample};
use crate::value::{Instant, Price, Value};
use crate::witness::{Cast, Look, Reason, personas};

/// Show messages as people get them
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The message's name [default: all messages]
    #[arg(value_name = "MESSAGE")]
    message: Option<String>,

    /// The project's folder, or one inside it
    #[arg(long, value_name = "DIR", default_value = ".")]
    project: PathBuf,

    /// A person: YAML or JSON with `profile` and `params`
    #[arg(long, value_name = "FILE", conflicts_with = "all_personas")]
    person: Option<PathBuf>,

    /// For every kind of person, not only the usual one (always with --out)
    #[arg(long)]
    all_personas: bool,

    /// Write a page for each message and person, and `index.html` with all of them side by side
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,

    /// When the messages go out [default: now]
    #[arg(long, value_name = "TIME")]
    at: Option<String>,
}

/// A message as it comes to one kind of person.
struct Seen {
    /// Who gets it in whose story; absent where nobody does and the values are made up by their types.
    who: Option<Reason>,
    params: Vec<Value>,
    profile: Vec<Value>,
    at: Instant,
}

/// A kind of person of the page.
struct Kind {
    /// For names of files, the same in every language.
    name: String,
    column: Column,
    sample: Option<&'static sample::Kind>,
    /// The people of stories who look like this.
    look: Option<Look>,
}

pub fn run(args: &Args, speaker: &mut Speaker) -> Result<Exit, Stop> {
    let opened = open(&args.project);
    let Some(program) = &opened.program else { return opened.refuse(speaker) };
    let chosen = match &args.message {
        Some(name) => vec![message(program, name)?],
        None => (0..program.messages.len()).map(|at| MessageId(at as u16)).collect(),
    };
    let now = match &args.at {
        Some(text) => project::parse_moment(text, program.project.zone).ok_or_else(|| no_time(text))?,
        None => super::open::now(),
    };
    let person = args.person.as_deref().map(Person::read).transpose()?;
    let language = language(speaker);
    let kinds = kinds(args, language);
    let renderer = Renderer::new(program);
    let cast = if person.is_some() { Cast::default() } else { personas(program) };
    let mut rows = Vec::new();
    for id in chosen {
        let def = program.message(id);
        let mut cells = Vec::new();
        for kind in &kinds {
            let seen = match &person {
                Some(person) => given(program, id, person, now)?,
                None => from_story(&cast, id, kind).unwrap_or_else(|| made_up(program, id, kind, now)),
            };
            let scene = Scene::of(program, &seen.profile, seen.at);
            let outcome = renderer.render(id, &seen.params, &seen.profile, &scene).transpose();
            cells.push(Met { kind, who: seen.who, outcome });
        }
        rows.push((def, cells));
    }
    let wrong = told(&opened, &rows, speaker)?;
    let shown = Shown { program, rows, costs: &opened.project.settings.costs, language };
    match &args.out {
        None => speaker.report(&shown.plain())?,
        Some(out) => {
            let count = shown.write(out, &kinds)?;
            let index = out.join("index.html");
            let text = Phrase::new(
                format!("{count} pages; see `{}`\n", index.display()),
                format!("{count} ページを書き出しました。`{}` を開いてください\n", index.display()),
            );
            speaker.aside(speaker.say(&text).to_owned().as_str())?;
        }
    }
    Ok(if wrong { Exit::Findings } else { Exit::Fine })
}

/// A message that came to someone.
struct Met<'k> {
    kind: &'k Kind,
    who: Option<Reason>,
    outcome: Option<Result<Rendered, RenderError>>,
}

type Rows<'p, 'k> = Vec<(&'p MessageDef, Vec<Met<'k>>)>;

fn language(speaker: &Speaker) -> Language {
    match speaker.language {
        Reader::English => Language::English,
        Reader::Japanese => Language::Japanese,
    }
}

fn kinds(args: &Args, language: Language) -> Vec<Kind> {
    let kind = |sample: &'static sample::Kind| {
        let (name, about) = match language {
            Language::English => (sample.name, sample.about.0),
            Language::Japanese => (sample.name_ja, sample.about.1),
        };
        Kind {
            name: sample.name.to_owned(),
            column: Column { name: name.to_owned(), about: about.to_owned() },
            sample: Some(sample),
            look: look(sample),
        }
    };
    if let Some(path) = &args.person {
        let name = path.file_stem().map_or("person".into(), |stem| stem.to_string_lossy().into_owned());
        let column = Column { name: name.clone(), about: path.display().to_string() };
        return vec![Kind { name, column, sample: None, look: None }];
    }
    let all = args.all_personas || args.out.is_some();
    sample::KINDS.iter().take(if all { usize::MAX } else { 1 }).map(kind).collect()
}

/// How people of this kind look in stories; nobody there has markup in their name.
fn look(sample: &sample::Kind) -> Option<Look> {
    match sample.name {
        "usual" => Some(Look::Japanese),
        "english" => Some(Look::English),
        "long" => Some(Look::Long),
        "bare" => Some(Look::Bare),
        _ => None,
    }
}

/// The first time the message comes to someone who looks like this.
fn from_story(cast: &Cast, id: MessageId, kind: &Kind) -> Option<Seen> {
    let look = kind.look?;
    let alike = cast.personas.iter().filter(|persona| persona.look == look);
    let mut sends = alike.flat_map(|persona| persona.sends().iter().map(move |sent| (persona, sent)));
    let (persona, sent) = sends.find(|(_, sent)| sent.message == id)?;
    let (params, profile) = (sent.params.clone(), sent.profile.clone());
    Some(Seen { who: Some(persona.name.clone()), params, profile, at: sent.at })
}

fn given(program: &Program, id: MessageId, person: &Person, now: Instant) -> Result<Seen, Stop> {
    let params = person.params(program, &program.message(id).params)?;
    Ok(Seen { who: None, params, profile: person.profile(program)?, at: now })
}

fn made_up(program: &Program, id: MessageId, kind: &Kind, now: Instant) -> Seen {
    let sample = kind.sample.unwrap_or(&sample::KINDS[0]);
    Seen {
        who: None,
        params: sample::fields(program, &program.message(id).params, sample, now),
        profile: sample::profile(program, sample, now),
        at: now,
    }
}

/// Says what could not be rendered, each fault once; whether there was any.
fn told(opened: &Opened, rows: &Rows<'_, '_>, speaker: &mut Speaker) -> Result<bool, Stop> {
    let mut before: Vec<&RenderError> = Vec::new();
    for Met { kind, outcome, .. } in rows.iter().flat_map(|(_, cells)| cells) {
        let Some(Err(error)) = outcome else { continue };
        if before.contains(&error) {
            continue;
        }
        before.push(error);
        let place = place(opened, error);
        let (en, ja) = (&error.fault.what.en, &error.fault.what.ja);
        let who = &kind.column.name;
        speaker.refusal(
            &Phrase::new(
                format!("{place}: `{}` for `{who}`: {en}", error.message),
                format!("{place}: `{}` (`{who}`): {ja}", error.message),
            ),
            &Phrase::new(error.fault.help.en.clone(), error.fault.help.ja.clone()),
        );
    }
    Ok(!before.is_empty())
}

/// `path:line` as far as they are known.
fn place(opened: &Opened, error: &RenderError) -> String {
    let Some(file) = &error.file else { return error.message.clone() };
    let line = match opened.attachments.files.get(file) {
        Some(Attachment::Read(source)) => error.line_in(&opened.project.sources.get(*source).text),
        Some(Attachment::Unreadable { .. }) | None => None,
    };
    line.map_or_else(|| file.clone(), |line| format!("{file}:{line}"))
}

struct Shown<'p, 'k> {
    program: &'p Program,
    rows: Rows<'p, 'k>,
    costs: &'p [(Channel, Price)],
    language: Language,
}

impl Shown<'_, '_> {
    /// Who the messages come from, for chats.
    fn sender(&self) -> &str {
        let project = &self.program.project;
        project.sender.name.as_deref().unwrap_or(&project.name)
    }

    /// What one part of a message costs.
    fn price(&self, def: &MessageDef) -> Option<Price> {
        self.costs.iter().find(|(channel, _)| *channel == def.channel).map(|(_, price)| *price)
    }

    fn plain(&self) -> String {
        let several = self.rows.iter().map(|(_, cells)| cells.len()).sum::<usize>() > 1;
        let mut out = String::new();
        for (def, cells) in &self.rows {
            for Met { kind, outcome, .. } in cells {
                if several {
                    out.push_str(&format!("=== {} · {} · {}\n", def.name, def.channel.name(), kind.column.name));
                }
                match outcome {
                    Some(Ok(rendered)) => out.push_str(&preview::plain(rendered, self.price(def), self.language)),
                    Some(Err(_)) => out.push_str("!\n"),
                    None => out.push_str("-\n"),
                }
                if several {
                    out.push('\n');
                }
            }
        }
        out
    }

    /// Writes every page and the one with all of them; says how many.
    fn write(self, out: &Path, kinds: &[Kind]) -> Result<usize, Stop> {
        fs::create_dir_all(out).map_err(|error| unwritable(out, &error))?;
        let sender = self.sender().to_owned();
        let mut count = 0;
        let mut rows = Vec::new();
        let prices: Vec<Option<Price>> = self.rows.iter().map(|(def, _)| self.price(def)).collect();
        for ((def, cells), price) in self.rows.into_iter().zip(prices) {
            let mut shown = Vec::new();
            for Met { kind, who, outcome } in cells {
                let title = format!("{} · {}", def.name, kind.column.name);
                let name = format!("{}.{}.html", file_name(&def.name), file_name(&kind.name));
                let page = match &outcome {
                    Some(Ok(rendered)) => {
                        let path = out.join(&name);
                        let text = preview::page(&title, &sender, rendered, self.language);
                        fs::write(&path, text).map_err(|error| unwritable(&path, &error))?;
                        count += 1;
                        Some(name)
                    }
                    Some(Err(_)) | None => None,
                };
                let who = who.map(|who| match self.language {
                    Language::English => who.en,
                    Language::Japanese => who.ja,
                });
                shown.push(Cell { page, who, outcome: outcome.map(|o| o.map_err(|error| error.fault)) });
            }
            rows.push(Row {
                message: def.name.clone(),
                channel: def.channel.name(),
                purpose: self.program.purposes[def.purpose.index()].clone(),
                file: def.file.clone(),
                price,
                cells: shown,
            });
        }
        let columns: Vec<Column> = kinds.iter().map(|kind| kind.column.clone()).collect();
        let index = out.join("index.html");
        let text = preview::index(&self.program.project.name, &sender, &columns, &rows, self.language);
        fs::write(&index, text).map_err(|error| unwritable(&index, &error))?;
        Ok(count + 1)
    }
}

/// Letters and digits of any script, and what else names need; never a path.
fn file_name(name: &str) -> String {
    name.chars().map(|c| if c.is_alphanumeric() || "-_".contains(c) { c } else { '_' }).collect()
}

/// A message by its name; else what was probably meant.
fn message(program: &Program, name: &str) -> Result<MessageId, Stop> {
    if let Some(at) = program.messages.iter().position(|message| message.name == name) {
        return Ok(MessageId(at as u16));
    }
    let names = program.messages.iter().map(|message| message.name.as_str());
    let help = match did_you_mean(name, names) {
        Some(meant) => Phrase::new(format!("did you mean `{meant}`?"), format!("`{meant}` ではありませんか")),
        None => Phrase::new("leave the name out to see all messages", "名前を省くと全件を表示します"),
    };
    let what = Phrase::new(format!("unknown message `{name}`"), format!("知らないメッセージ `{name}`"));
    Err(Stop::Usage { what, help })
}

fn no_time(text: &str) -> Stop {
    Stop::Usage {
        what: Phrase::new(format!("`{text}` is no time"), format!("`{text}` は日時ではありません")),
        help: Phrase::new("write `2026-04-01` or `2026-04-01 20:30`", "`2026-04-01` か `2026-04-01 20:30` と書く"),
    }
}

fn unwritable(path: &Path, error: &std::io::Error) -> Stop {
    let path = path.display();
    Stop::Usage {
        what: Phrase::new(
            format!("cannot write `{path}`: {error}"),
            format!("`{path}` に書き込めません: {}", Phrase::of_io(error).ja),
        ),
        help: Phrase::new("name a folder you may write to", "書き込めるフォルダーを指定する"),
    }
}
