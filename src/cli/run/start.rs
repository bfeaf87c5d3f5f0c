//! The engine behind the server: log, store, channels and the runtime put together for one project.
//!
//! Serves nothing.

use std::future::Future;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::{Arc, PoisonError, RwLock};

use secrecy::SecretString;
use serde_json::{Value as Json, json};
use tokio::sync::oneshot;

use super::trouble::{is_behind, not_opened, store_trouble};
use super::{hooks, owner, quota};
use crate::channels::line::versions;
use crate::channels::open::{Channels, open as open_channels};
use crate::channels::paper::{Paper, Sheet, What};
use crate::channels::secrets::Secrets;
use crate::cli::deploy::bundle::Bundle;
use crate::cli::deploy::{library, stored};
use crate::cli::exit::Stop;
use crate::cli::open::{Opened, now};
use crate::diag::{Phrase, did_you_mean};
use crate::ingest::{Current, Schema};
use crate::ir::Program;
use crate::link;
use crate::ports::environment::{Environment, Unknowns};
use crate::ports::store::{Log, Position, Store, StoreError};
use crate::ports::{Attempt, Desk, Question, Refusal, Secret, Submission};
use crate::runtime::durable::answers::Teller;
use crate::runtime::durable::clock::{Clock, Rehearsal, WallClock};
use crate::runtime::durable::door::Door;
use crate::runtime::durable::live::{self, Base, Carriers, Keeping, LiveError};
use crate::runtime::durable::outfit::Outfit;
use crate::runtime::durable::recover::{Deployment, Recovered};
use crate::runtime::durable::tail::{Decision, Read, Tail};
use crate::server::{Hooks, Key, Nonces};
use crate::simulate::counts::Scene;
use crate::simulate::story;
use crate::store as data;
use crate::value::time::MILLIS_PER_DAY;
use crate::value::{Instant, Span};

/// People in memory at most; the others are read when something happens to them.
const KEEP_PEOPLE: usize = 500_000;
/// How long is kept what happened; consents as long as the law asks (three years: 特定商取引法), and the ledger as long as
/// somebody may ask who got what.
const KEEP_JOURNAL: Span = Span(400 * MILLIS_PER_DAY);
const KEEP_PROOFS: Span = Span((3 * 366 + 31) * MILLIS_PER_DAY);
const KEEP_DEAD: Span = Span(90 * MILLIS_PER_DAY);
/// The write key of a rehearsal on this machine, where no environment names one.
const PAPER_KEY: &str = "paper";

/// What the engine is made of.
pub struct Start<'a> {
    pub opened: &'a Opened,
    pub program: &'a Program,
    /// The folder of the data; it is there.
    pub data: &'a Path,
    /// Name of an environment in `tabi.yaml`; absent: everything goes to paper.
    pub environment: Option<&'a str>,
    pub listen: SocketAddr,
    /// A rehearsal's clock.
    pub clock: Option<&'a str>,
}

/// An engine that runs.
pub struct Engine {
    pub desk: Arc<dyn Desk>,
    pub secret: Secret,
    /// What providers may tell us, by their names.
    pub hooks: Hooks,
    pub nonces: Option<Nonces>,
    pub write_keys: Vec<Key>,
    pub unknown: Unknowns,
    pub schema: Current,
    /// What is live, where the project's files are not it.
    pub differs: Option<Deployment>,
    pub recovered: Recovered,
    /// Ends it in order, once nobody hands anything in any more.
    pub close: Close,
    /// Ready if the engine ends by itself.
    pub ended: oneshot::Receiver<Result<(), LiveError>>,
}

pub type Close = Box<dyn FnOnce() -> Pin<Box<dyn Future<Output = ()> + Send>> + Send>;

/// Opens everything and recovers; ready when the engine runs.
pub async fn start(start: Start<'_>) -> Result<Engine, Stop> {
    let environment = environment(&start)?;
    let live = start.environment.is_some();
    let clock = clock(&start, live)?;
    let secrets = Secrets::resolve(&environment).map_err(|missing| {
        let told = |say: fn(&crate::channels::secrets::Missing) -> String| {
            missing.iter().map(say).collect::<Vec<_>>().join("\n  ")
        };
        let (en, ja) = (told(|m| m.english()), told(|m| m.japanese()));
        let what = match missing.len() {
            1 => Phrase::new(en, ja),
            n => Phrase::new(
                format!("{n} secrets cannot be found:\n  {en}"),
                format!("秘密情報が {n} 件見つかりません:\n  {ja}"),
            ),
        };
        Stop::Wrong {
            what,
            help: Phrase::new(
                "set the variables or files that `tabi.yaml` names, and start again",
                "`tabi.yaml` にある環境変数やファイルを用意して、もう一度起動する",
            ),
        }
    })?;
    let root = start.opened.project.root.clone();
    let channels = open_channels(&environment, &secrets, &root).map_err(|unopened| Stop::Wrong {
        what: Phrase::new(
            unopened.iter().map(|u| u.english()).collect::<Vec<_>>().join("; "),
            unopened.iter().map(|u| u.japanese()).collect::<Vec<_>>().join("; "),
        ),
        help: Phrase::new("mend it in `tabi.yaml`", "`tabi.yaml` を直す"),
    })?;
    let data::Opened { log, store, secret } =
        data::open(start.data).map_err(|error| store_trouble(start.data, &error))?;
    owner::claim(start.data, start.environment)?;
    let deployed = deployed(&start, &*log, &*store, clock.now())?;
    let kept = Deployment::of(&deployed);
    let differs = (kept.bundle != start.program.content_hash()).then_some(kept);
    let base_url = environment.public_url.clone().unwrap_or_else(|| format!("http://{}", start.listen));
    let mailbox_host = environment.email.as_ref().and_then(|email| email.mailbox_host.clone());
    let outfit = Arc::new(Outfit {
        secret: secret.clone(),
        public_url: Some(base_url.trim_end_matches('/').to_owned()),
        mailbox_host,
        whole_diary: false,
        tail: Arc::default(),
    });
    let tail = outfit.tail.clone();
    let hooks = hooks::all(&environment, &secrets, &channels, &secret);
    if let Some(line) = channels.line.clone() {
        line.set_versions(versions(&deployed));
        // Until it is known which names were used before, this run counts its own.
        tokio::spawn(async move {
            if let Err(why) = line.recall_units(now()).await {
                tracing::warn!(%why, "names under which LINE counts messages could not be asked for");
            }
        });
    }
    let write_keys = write_keys(&environment, &secrets, live, start.listen)?;
    let Channels { providers, doer, noticeboards, paper, line: channels_line, .. } = channels;
    tokio::spawn(quota::watch(providers.clone(), noticeboards.clone()));
    let schema = Current::from(Schema::new(&deployed));
    let loaded = library::loaded(deployed);
    let live = Arc::new(RwLock::new(loaded.engine.program()));
    let (line, current, program) = (channels_line, schema.clone(), live.clone());
    let told: library::Told = Arc::new(move |now: &'static Program| {
        *program.write().unwrap_or_else(PoisonError::into_inner) = now;
        current.set(Schema::new(now));
        if let Some(line) = &line {
            line.set_versions(versions(now));
        }
    });
    let ahead = library::Ahead::default();
    let library = Box::new(library::Disk::new(start.data, told, ahead.clone()));
    let (tell, told) = oneshot::channel();
    let (over, ended) = oneshot::channel();
    let tasks = tokio::runtime::Handle::current();
    let thread = std::thread::Builder::new().name("tabi-node".to_owned());
    let spawned = thread.spawn(move || {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let base = Base {
            loaded,
            library,
            outfit,
            log,
            store,
            carriers: Carriers { providers, doer, boards: noticeboards },
            clock,
            shards: cores.clamp(1, 16),
            keep: KEEP_PEOPLE,
            retention: Keeping {
                journal: Some(KEEP_JOURNAL),
                ledger: Some(KEEP_PROOFS),
                consents: Some(KEEP_PROOFS),
                dead: Some(KEEP_DEAD),
            },
            teller: teller(),
            tasks,
        };
        let result = live::run(base, |door, recovered| drop(tell.send((door, recovered))));
        let _ = over.send(result);
    });
    spawned.map_err(Stop::Write)?;
    let Ok((door, recovered)) = told.await else {
        return Err(match ended.await {
            Ok(Err(error)) => not_opened(start.data, &error),
            Ok(Ok(())) | Err(_) => not_opened(start.data, &LiveError::Store("the engine did not start".to_owned())),
        });
    };
    if start.clock.is_some() {
        not_behind(&start, &door).await?;
    }
    let data = start.data.to_path_buf();
    let desk =
        Arc::new(Counter { door: door.clone(), data, paper, tail, program: live, ahead, secret: secret.clone() });
    let close: Close = Box::new(move || Box::pin(async move { door.close() }));
    let nonces = environment.line.is_some().then_some(crate::channels::line::nonce as Nonces);
    let unknown = environment.unknown;
    Ok(Engine { desk, secret, hooks, nonces, write_keys, unknown, schema, differs, recovered, close, ended })
}

/// The program that the data were written under; of new data the project's, as the first.
fn deployed(start: &Start<'_>, log: &dyn Log, store: &dyn Store, at: Instant) -> Result<Program, Stop> {
    let trouble = |error: StoreError| store_trouble(start.data, &error);
    let mut reader = store.reader().map_err(trouble)?;
    let kept = Deployment::kept(&mut *reader).map_err(|error| not_opened(start.data, &LiveError::Open(error)))?;
    match kept {
        Some(kept) => stored::kept(start.data, kept.generation, Some(kept.at)).map_err(trouble),
        // Something was written, but no checkpoint yet.
        None if log.end() > Position(0) => stored::kept(start.data, 1, None).map_err(trouble),
        None => {
            let first = link::first(start.program, at);
            Bundle::of(start.opened, first.bundle(), at).keep(start.data).map_err(trouble)?;
            stored::keep(start.data, &first).map_err(trouble)?;
            Ok(first)
        }
    }
}

/// Where questions are answered that need the files beside the engine.
struct Counter {
    door: Arc<Door>,
    data: PathBuf,
    paper: Paper,
    tail: Arc<Tail>,
    /// What is live now.
    program: Arc<RwLock<&'static Program>>,
    ahead: library::Ahead,
    secret: Secret,
}

impl Desk for Counter {
    fn now(&self) -> Instant {
        self.door.now()
    }
    fn submit(&self, batch: Vec<Submission>) -> Attempt<'_, Result<(), Refusal>> {
        match batch.as_slice() {
            [Submission::Change { generation, bundle }] if *generation == self.live().generation() + 1 => {
                Box::pin(self.change(*generation, *bundle, batch))
            }
            _ => self.door.submit(batch),
        }
    }
    fn ask(&self, question: Question) -> Attempt<'_, Result<Json, Refusal>> {
        match question {
            Question::Backup { to } => Box::pin(self.backup(to)),
            Question::Paper { limit } => {
                let (count, sheets) = self.paper.kept();
                let newest: Vec<Json> = sheets.iter().rev().take(limit).map(sheet_json).collect();
                Box::pin(async move { Ok(json!({ "count": count, "sheets": newest })) })
            }
            Question::Tail { from, limit } => {
                let Read { lines, next, lost } = self.tail.read(from, limit);
                let lines: Vec<Json> = lines.iter().map(|line| self.decision(line)).collect();
                Box::pin(async move { Ok(json!({ "next": next, "lost": lost, "lines": lines })) })
            }
            other => self.door.ask(other),
        }
    }
}

/// A rehearsal does not begin before what the data hold already: time would stand still, and new events count as late.
async fn not_behind(start: &Start<'_>, door: &Door) -> Result<(), Stop> {
    let clock = door.now();
    let status = door.ask(Question::Status).await.ok();
    let reached = status.as_ref().and_then(|told| told.get("now")).and_then(Json::as_str);
    match reached.and_then(Instant::parse_rfc3339) {
        Some(reached) if reached > clock => Err(is_behind(start.data, start.clock.unwrap_or_default(), reached)),
        Some(_) | None => Ok(()),
    }
}

fn sheet_json(sheet: &Sheet) -> Json {
    let content = match &sheet.what {
        What::Message(part) => serde_json::to_value(part).unwrap_or_default(),
        What::Action { params, .. } => params.clone(),
        What::Notice { text, .. } => Json::String(text.clone()),
    };
    json!({
        "number": sheet.number,
        "at": sheet.at.to_string(),
        "kind": sheet.what.kind(),
        "journey": sheet.journey,
        "name": sheet.name,
        "to": sheet.to,
        "content": content,
    })
}

impl Counter {
    /// In words, with a code for the person that is the same in this installation and tells nothing outside it.
    fn decision(&self, decision: &Decision) -> Json {
        let Decision { person, entry } = decision;
        let code = blake3::keyed_hash(self.secret.bytes(), person.as_bytes()).to_hex();
        let program = self.live();
        let journey = program.journey(entry.journey);
        let told = story::line(program, program.project.zone, &Scene::Wrote(entry.clone()));
        let (time, words) = told.map(|line| (line.time, line.words)).unwrap_or_default();
        json!({
            "at": entry.at.to_string(),
            "time": time,
            "person": code[..12],
            "id": person.trim_start_matches('\u{1}'),
            "journey": journey.name,
            "run": entry.run.map(|run| run.0),
            "step": entry.step.map(|step| journey.steps[step.index()].name.as_str()),
            "en": words.en,
            "ja": words.ja,
        })
    }
    fn live(&self) -> &'static Program {
        *self.program.read().unwrap_or_else(PoisonError::into_inner)
    }
    /// A program that cannot be read is refused before it is written down.
    async fn change(&self, generation: u32, bundle: [u8; 32], batch: Vec<Submission>) -> Result<(), Refusal> {
        let (ahead, data) = (self.ahead.clone(), self.data.clone());
        let read = tokio::task::spawn_blocking(move || ahead.read(&data, generation, bundle)).await;
        match read {
            Ok(Ok(())) => self.door.submit(batch).await,
            Ok(Err(error)) => Err(Refusal::Wrong(error.to_string())),
            Err(error) => Err(Refusal::Wrong(error.to_string())),
        }
    }
    async fn backup(&self, to: PathBuf) -> Result<Json, Refusal> {
        let from = self.data.clone();
        let shown = to.display().to_string();
        let copied = tokio::task::spawn_blocking(move || data::backup(&from, &to)).await;
        match copied {
            Ok(Ok(summary)) => Ok(json!({ "to": shown, "summary": format!("{summary:?}") })),
            Ok(Err(error)) => Err(Refusal::Disk(error.to_string())),
            Err(error) => Err(Refusal::Disk(error.to_string())),
        }
    }
}

fn environment(start: &Start<'_>) -> Result<Environment, Stop> {
    let known = &start.opened.project.settings.environments;
    let Some(name) = start.environment else {
        let mut paper = Environment { name: PAPER_KEY.to_owned(), ..Environment::default() };
        paper.paper.folder = Some(absolute(start.data).join("outbox"));
        return Ok(paper);
    };
    known.iter().find(|environment| environment.name == name).cloned().ok_or_else(|| {
        let meant = did_you_mean(name, known.iter().map(|e| e.name.as_str()));
        let help = match meant {
            Some(meant) => Phrase::new(format!("did you mean `{meant}`?"), format!("`{meant}` ではありませんか")),
            None => Phrase::new(
                "name one of `environments:` in `tabi.yaml`, or leave `--env` out to send to paper",
                "`tabi.yaml` の `environments:` にある名前を指定するか、`--env` を省いて紙に出す",
            ),
        };
        Stop::Wrong {
            what: Phrase::new(format!("there is no environment `{name}`"), format!("環境 `{name}` はありません")),
            help,
        }
    })
}

/// Relative paths of an environment begin at the project; those of the data where the command was called.
fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf())
}

fn clock(start: &Start<'_>, live: bool) -> Result<Arc<dyn Clock>, Stop> {
    let Some(text) = start.clock else { return Ok(Arc::new(WallClock::default())) };
    if live {
        return Err(Stop::Wrong {
            what: Phrase::new(
                "a rehearsal's clock does not go together with an environment",
                "リハーサルの時計と環境は同時に指定できません",
            ),
            help: Phrase::new(
                "leave `--clock` out to send for real, or `--env` to rehearse on paper",
                "本番なら `--clock` を、紙でのリハーサルなら `--env` を省く",
            ),
        });
    }
    match Rehearsal::parse(text) {
        Some(clock) => Ok(Arc::new(clock)),
        None => Err(Stop::Wrong {
            what: Phrase::new(format!("`{text}` is no clock"), format!("`{text}` は時計として読めません")),
            help: Phrase::new(
                "write a moment and, if you like, a speed: `2026-04-01T09:00:00+09:00 x3600`",
                "時刻と、必要なら速さを書く: `2026-04-01T09:00:00+09:00 x3600`",
            ),
        }),
    }
}

fn write_keys(environment: &Environment, secrets: &Secrets, live: bool, listen: SocketAddr) -> Result<Vec<Key>, Stop> {
    let keys = environment
        .write_keys
        .iter()
        .filter_map(|key| secrets.get(&key.key).map(|secret| Key { name: key.name.clone(), key: secret.clone() }));
    let mut keys: Vec<Key> = keys.collect();
    if !live {
        if !listen.ip().is_loopback() {
            return Err(Stop::Wrong {
                what: Phrase::new(
                    "without an environment Tabi listens on this machine only",
                    "環境を指定しない場合は、このマシンの中だけで待ち受けます",
                ),
                help: Phrase::new(
                    "name an environment with `--env`, or listen on 127.0.0.1",
                    "`--env` で環境を指定するか、127.0.0.1 で待ち受ける",
                ),
            });
        }
        keys.push(Key { name: PAPER_KEY.to_owned(), key: SecretString::from(PAPER_KEY.to_owned()) });
    }
    Ok(keys)
}

/// Stories in the words of the simulator: one meaning, one wording.
fn teller() -> Teller {
    Arc::new(|program: &Program, name, zone, lines| {
        let story = story::of(program, name, zone, lines.into_iter().filter_map(Scene::of).collect(), 0);
        serde_json::to_value(story.lines).unwrap_or_default()
    })
}
