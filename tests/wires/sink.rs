//! A server on this machine that acts as somebody else, by a script.
//!
//! Understands nothing: what it is asked is kept, what it says is the test's.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{HeaderMap, Request, Response};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

/// One request as it came.
#[derive(Debug, Clone)]
pub struct Seen {
    pub target: String,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Seen {
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap()
    }
    /// The fields of a form, in their order.
    pub fn form(&self) -> Vec<(String, String)> {
        url::form_urlencoded::parse(&self.body).map(|(k, v)| (k.into_owned(), v.into_owned())).collect()
    }
    pub fn field(&self, name: &str) -> String {
        self.form().into_iter().find(|(key, _)| key == name).map(|(_, value)| value).unwrap_or_default()
    }
}

#[derive(Debug, Clone)]
pub enum Reply {
    Say(u16, Vec<(&'static str, String)>, String),
    /// Reads the request and is silent.
    Hang,
    /// Reads the request and closes.
    Drop,
}

pub fn say(status: u16, body: &str) -> Reply {
    Reply::Say(status, Vec::new(), body.to_owned())
}

#[derive(Clone)]
pub struct Sink {
    pub address: SocketAddr,
    seen: Arc<Mutex<Vec<Seen>>>,
    connections: Arc<AtomicUsize>,
}

type Script = dyn Fn(&Seen) -> Reply + Send + Sync;

impl Sink {
    pub async fn start(script: impl Fn(&Seen) -> Reply + Send + Sync + 'static) -> Sink {
        Sink::on("127.0.0.1:0", script).await
    }

    pub async fn on(address: &str, script: impl Fn(&Seen) -> Reply + Send + Sync + 'static) -> Sink {
        let listener = TcpListener::bind(address).await.unwrap();
        let sink = Sink { address: listener.local_addr().unwrap(), seen: Arc::default(), connections: Arc::default() };
        let (own, script): (Sink, Arc<Script>) = (sink.clone(), Arc::new(script));
        tokio::spawn(async move {
            loop {
                let Ok((stream, _)) = listener.accept().await else { return };
                own.connections.fetch_add(1, Ordering::Relaxed);
                let (own, script) = (own.clone(), script.clone());
                tokio::spawn(async move {
                    let service = service_fn(|request| answer(&own, &*script, request));
                    // A script that drops a connection ends it with an error.
                    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
                });
            }
        });
        sink
    }

    /// Says the same to everybody.
    pub async fn saying(status: u16, body: &str) -> Sink {
        let reply = say(status, body);
        Sink::start(move |_| reply.clone()).await
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }
    pub fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }
    /// The only request.
    pub fn only(&self) -> Seen {
        let seen = self.seen();
        assert_eq!(seen.len(), 1, "{seen:?}");
        seen[0].clone()
    }
    pub fn connections(&self) -> usize {
        self.connections.load(Ordering::Relaxed)
    }
}

async fn answer(sink: &Sink, script: &Script, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, String> {
    let (head, body) = request.into_parts();
    let body = body.collect().await.map_err(|error| error.to_string())?.to_bytes().to_vec();
    let target = head.uri.path_and_query().map_or_else(String::new, |target| target.to_string());
    let seen = Seen { target, headers: head.headers, body };
    let reply = script(&seen);
    sink.seen.lock().unwrap().push(seen);
    match reply {
        Reply::Say(status, headers, body) => {
            let mut response = Response::builder().status(status);
            for (name, value) in headers {
                response = response.header(name, value);
            }
            Ok(response.body(Full::new(Bytes::from(body))).unwrap())
        }
        Reply::Hang => std::future::pending().await,
        Reply::Drop => Err("dropped".to_owned()),
    }
}
