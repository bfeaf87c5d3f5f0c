//! A server on a port of its own, with a shop's schema and the desk that writes down.
//!
//! Asserts nothing.

use std::net::SocketAddr;
use std::sync::{Arc, Once, OnceLock};
use std::time::Duration;

use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use secrecy::SecretString;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use tabi::compile::{self, compile};
use tabi::ingest::Schema;
use tabi::ir::{Program, StepId};
use tabi::machine::{RunNo, SendId};
use tabi::ports::environment::Unknowns;
use tabi::ports::{Secret, SendKey};
use tabi::server::{Hooks, Key, Language, Limits, Server, Settings, admin};
use tabi::text::{Source, Sources};

use super::desk::FakeDesk;

pub const NOW: &str = "2026-04-01T12:00:00Z";
/// The write key of `web`.
pub const KEY: &str = "wk_web";
pub const SEND: SendKey = SendKey { seat: 7, send: SendId { run: RunNo(3), step: StepId(2), repetition: 1 } };

pub fn secret() -> Secret {
    Secret::new([9; 32])
}

pub fn program() -> Program {
    let mut sources = Sources::default();
    sources.add(Source::new("shop.tabi", include_str!("shop.tabi").to_owned()));
    let compiled = compile(&sources, &compile::Settings::default());
    compiled.program.unwrap_or_else(|| panic!("{:?}", compiled.diagnostics))
}

pub struct World {
    pub desk: Arc<FakeDesk>,
    pub address: SocketAddr,
    pub client: reqwest::Client,
    pub folder: tempfile::TempDir,
    stop: watch::Sender<bool>,
    serving: JoinHandle<()>,
}

/// What a test may want otherwise.
pub struct Wish {
    pub settings: Settings,
    pub hooks: Hooks,
    pub desk: FakeDesk,
}

impl World {
    pub async fn start() -> World {
        World::with(|_| {}).await
    }

    pub async fn with(change: impl FnOnce(&mut Wish)) -> World {
        let key = |name: &str, key: &str| Key { name: name.into(), key: SecretString::from(key) };
        let settings = Settings {
            write_keys: vec![key("web", KEY), key("till", "wk_till")],
            unknown: Unknowns::Accept,
            secret: secret(),
            shop: "花屋 Flora".into(),
            language: Language::English,
            opens: false,
            metrics_public: false,
            limits: Limits::default(),
            nonces: Some(tabi::channels::line::nonce),
        };
        let mut wish = Wish { settings, hooks: Hooks::default(), desk: FakeDesk::at(NOW) };
        change(&mut wish);
        let desk = Arc::new(wish.desk);
        let server = Server::new(wish.settings, Schema::new(&program()), wish.hooks, Some(metrics()), desk.clone());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let folder = tempfile::tempdir().unwrap();
        let socket = admin::bind(folder.path()).unwrap();
        let (stop, stopped) = watch::channel(false);
        let serving = tokio::spawn(async move { server.serve(listener, Some(socket), stopped).await });
        World { desk, address, client: client(), folder, stop, serving }
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Posts with the key of `web`; status and answer.
    pub async fn post(&self, path: &str, body: impl Into<reqwest::Body>) -> (u16, serde_json::Value) {
        let request = self.client.post(self.url(path)).basic_auth(KEY, Some(""));
        told(request.header("content-type", "application/json").body(body).send().await.unwrap()).await
    }

    /// Sends bytes as they are and reads all that comes back until the other side closes, or has said `enough`.
    pub async fn raw(&self, bytes: &[u8]) -> String {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        // The other side may close before it has read everything.
        let _ = stream.write_all(bytes).await;
        let mut answer = Vec::new();
        let _ = tokio::time::timeout(Duration::from_secs(10), stream.read_to_end(&mut answer)).await;
        String::from_utf8_lossy(&answer).into_owned()
    }

    /// As somebody does who shuts Tabi down.
    pub fn stop(&self) {
        self.stop.send(true).unwrap();
    }
    pub async fn stopped(self) {
        self.stop.send(true).unwrap();
        self.serving.await.unwrap();
    }
}

pub async fn told(response: reqwest::Response) -> (u16, serde_json::Value) {
    let status = response.status().as_u16();
    let text = response.text().await.unwrap();
    (status, serde_json::from_str(&text).unwrap_or(serde_json::Value::String(text)))
}

pub fn client() -> reqwest::Client {
    static PROVIDER: Once = Once::new();
    PROVIDER.call_once(|| {
        let _ = rustls::crypto::ring::default_provider().install_default();
    });
    reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap()
}

/// One recorder for the process.
pub fn metrics() -> PrometheusHandle {
    static HANDLE: OnceLock<PrometheusHandle> = OnceLock::new();
    HANDLE.get_or_init(|| PrometheusBuilder::new().install_recorder().unwrap()).clone()
}
