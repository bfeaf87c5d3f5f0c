//! Segment's own SDKs and RudderStack's, as they are published, against a running server: every kind of call arrives with its fields.
//!
//! They are installed once, under `target/`, by the package managers of their languages.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Mutex;

use serde_json::Value;

use tabi::ingest::What;
use tabi::ports::{Refusal, Submission};
use tabi::value::{Instant, Span};

use super::ingest::kinds;
use super::world::{KEY, World};

static INSTALLING: Mutex<()> = Mutex::new(());

/// A folder in which this was installed once.
fn installed(name: &str, install: impl FnOnce(&Path) -> Command) -> PathBuf {
    let _one_at_a_time = INSTALLING.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/sdks").join(name);
    let done = folder.join("installed");
    if !done.exists() {
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        let output = install(&folder).output().unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!(output.status.success(), "{name} cannot be installed: {}", String::from_utf8_lossy(&output.stderr));
        fs::write(done, "").unwrap();
    }
    folder
}

fn node(name: &str, package: &str) -> Command {
    let folder = installed(name, |folder| {
        let mut npm = Command::new("npm");
        npm.args(["install", "--no-audit", "--no-fund", "--prefix"]).arg(folder).arg(package);
        npm
    });
    let mut node = Command::new("node");
    node.env("NODE_PATH", folder.join("node_modules")).arg(script(&format!("{name}.cjs")));
    node
}

fn segment() -> Command {
    node("node", "@segment/analytics-node@3")
}

fn rudderstack() -> Command {
    node("rudder", "@rudderstack/rudder-sdk-node@3")
}

fn python(package: &str) -> Command {
    let name = package.split("==").next().unwrap().to_owned();
    let folder = installed(&name, |folder| {
        let mut pip = Command::new("python3");
        pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--target"])
            .arg(folder)
            .arg(package);
        pip
    });
    let mut python = Command::new("python3");
    python.env("PYTHONPATH", folder).arg(script("python.py"));
    python
}

fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/server/sdks").join(name)
}

async fn run(mut command: Command) -> Output {
    tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap()
}

fn flushed(output: &Output) {
    let (told, errors) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success() && told.contains("flushed"), "{told}\n{errors}");
}

/// What one SDK sent: one of each kind.
fn arrived(taken: &[Submission], name: &str) {
    let mut found = kinds(taken);
    found.sort();
    let (person, anonymous) = (format!("{name}-1"), format!("{name}-anon"));
    let mut expected: Vec<String> =
        ["alias", "group", "identify", "purchase"].map(|kind| format!("{kind} {person}")).to_vec();
    expected.extend(["page", "screen"].map(|kind| format!("{kind} {anonymous}")));
    expected.sort();
    assert_eq!(found, expected);
    for submission in taken {
        let Submission::Call { raw, arrival, received_at, source, .. } = submission else { panic!("{submission:?}") };
        assert_eq!((source.as_str(), arrival.at), ("web", Some(*received_at)));
        let raw: Value = serde_json::from_slice(raw).unwrap();
        assert!(raw.get("writeKey").is_none() && raw["sentAt"].is_string(), "{raw}");
        match &arrival.what {
            What::Event { id, event, payload } => {
                assert!(id.is_some(), "an SDK names each message: {raw}");
                if event.index() == 2 {
                    let payload = format!("{payload:?}");
                    assert!(payload.contains("1200") && payload.contains("600"), "{payload}");
                    // What the SDK was told, less what the two clocks differ, unless the SDK settles that itself.
                    let own = Instant::parse_rfc3339(raw["timestamp"].as_str().unwrap()).unwrap();
                    let sent = Instant::parse_rfc3339(raw["sentAt"].as_str().unwrap()).unwrap();
                    assert_eq!(own, Instant::parse_rfc3339("2026-03-31T09:00:00Z").unwrap());
                    let settled = raw.get("originalTimestamp").is_some();
                    let expected = if settled { own } else { received_at.minus(sent.since(own)) };
                    assert!(
                        payload.contains(&format!("Instant(Instant({}))", expected.0)) || arrival.skewed,
                        "{payload}"
                    );
                }
            }
            What::Profile { traits, .. } => {
                let traits = format!("{traits:?}");
                for part in ["花子", "hanako@shop.example", "Zone("] {
                    assert!(traits.contains(part), "{part}: {traits}");
                }
            }
            What::Alias { previous } => assert_eq!(*previous, anonymous),
            What::Signal { .. } => panic!("{raw}"),
        }
    }
}

/// The clock of this machine, so that the SDK's `sentAt` is at hand.
fn now(world: &World) {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    world.desk.set_now(&Instant(i64::try_from(now.as_millis()).unwrap()).to_string());
}

#[tokio::test(flavor = "multi_thread")]
async fn node_arrives() {
    let mut node = tokio::task::spawn_blocking(segment).await.unwrap();
    let world = World::start().await;
    now(&world);
    node.args([&world.url(""), KEY]);
    flushed(&run(node).await);
    arrived(&world.desk.taken(), "node");
    world.stopped().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn node_comes_back_when_it_is_told_to() {
    let mut node = tokio::task::spawn_blocking(segment).await.unwrap();
    let world = World::start().await;
    now(&world);
    world.desk.refuse(Some(Refusal::Busy { retry_after: Span(1_000) }));
    node.args([&world.url(""), KEY]);
    let desk = world.desk.clone();
    let relieved = tokio::spawn(async move {
        desk.begins().await;
        desk.refuse(None);
    });
    flushed(&run(node).await);
    relieved.await.unwrap();
    let taken = world.desk.taken();
    assert!(kinds(&taken).iter().any(|kind| kind == "purchase node-1"), "{taken:?}");
    world.stopped().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rudderstack_arrives_plain_and_packed() {
    for packing in ["plain", "gzip"] {
        let mut node = tokio::task::spawn_blocking(rudderstack).await.unwrap();
        let world = World::start().await;
        now(&world);
        node.args([&world.url(""), KEY, packing]);
        flushed(&run(node).await);
        arrived(&world.desk.taken(), "rudder");
        world.stopped().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn python_arrives_plain_and_packed() {
    for package in ["segment-analytics-python==2.4.0", "analytics-python==1.4.post1"] {
        for packing in ["plain", "gzip"] {
            let mut python = tokio::task::spawn_blocking(move || python(package)).await.unwrap();
            let world = World::start().await;
            now(&world);
            python.args([&world.url(""), KEY, packing]);
            flushed(&run(python).await);
            arrived(&world.desk.taken(), "python");
            world.stopped().await;
        }
    }
}
