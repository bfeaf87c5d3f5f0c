//! A stand-in for LINE: takes what LINE's description allows and refuses the rest, remembers retry keys, and can be told
//! to misbehave.
//!
//! Delivers to nobody.

use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::sync::{Arc, Mutex};

use axum::body::Body;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::{Value as Json, json};
use tokio::net::{TcpListener, TcpStream};

use crate::TOKEN;
use crate::contract::{Contract, Request};

/// What is done with the next request, instead of what LINE would do.
#[derive(Debug, Clone)]
pub enum Act {
    /// As LINE does; what stands in front of the others where the order matters.
    Properly,
    Answer(u16, Json),
    /// With more headers.
    Headers(u16, &'static [(&'static str, &'static str)], Json),
    /// This very text, whatever it is.
    Raw(u16, String),
    /// Takes the message and breaks the line without a word.
    CutAfterTaking,
    Cut,
    /// Takes the message and never answers.
    SilentAfterTaking,
}

pub struct Mock {
    pub url: String,
    contract: &'static Contract,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    script: VecDeque<Act>,
    seen: Vec<Request>,
    broken: Vec<String>,
    /// Retry keys and the requests that were accepted under them.
    keys: BTreeMap<String, String>,
    /// Messages that reached somebody: user and message objects.
    delivered: Vec<(String, Json)>,
}

impl Mock {
    pub async fn start() -> Arc<Mock> {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let mock = Arc::new(Mock { url, contract: Contract::messaging(), state: Mutex::default() });
        let served = Arc::clone(&mock);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(Arc::clone(&served).serve(stream));
            }
        });
        mock
    }

    pub fn next(&self, act: Act) {
        self.state.lock().unwrap().script.push_back(act);
    }
    pub fn seen(&self) -> Vec<Request> {
        self.state.lock().unwrap().seen.clone()
    }
    pub fn delivered(&self) -> Vec<(String, Json)> {
        self.state.lock().unwrap().delivered.clone()
    }
    /// Every request and every answer so far was as LINE describes.
    pub fn kept(&self) {
        let state = self.state.lock().unwrap();
        assert!(state.broken.is_empty(), "{}", state.broken.join("\n\n"));
    }
    async fn serve(self: Arc<Mock>, stream: TcpStream) {
        let service = service_fn(move |request: hyper::Request<Incoming>| {
            let mock = Arc::clone(&self);
            async move {
                let request = read(request).await;
                mock.answer(request).await
            }
        });
        // An error is a line that was cut, by either side.
        let _ = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
    }

    async fn answer(&self, request: Request) -> io::Result<hyper::Response<Body>> {
        let act = {
            let mut state = self.state.lock().unwrap();
            state.seen.push(request.clone());
            state.script.pop_front().unwrap_or(Act::Properly)
        };
        let cut = || Err(io::Error::other("cut"));
        match act {
            Act::Properly => {
                let (status, headers, body) = self.properly(&request);
                let headers: Vec<(&str, &str)> = headers.iter().map(|(n, t)| (*n, t.as_str())).collect();
                self.respond(&request, status, &headers, body)
            }
            Act::Answer(status, body) => self.respond(&request, status, &[], body),
            Act::Headers(status, headers, body) => self.respond(&request, status, headers, body),
            Act::Raw(status, text) => Ok(hyper::Response::builder().status(status).body(Body::from(text)).unwrap()),
            Act::CutAfterTaking => {
                self.properly(&request);
                cut()
            }
            Act::Cut => cut(),
            Act::SilentAfterTaking => {
                self.properly(&request);
                std::future::pending().await
            }
        }
    }

    fn respond(
        &self,
        request: &Request,
        status: u16,
        headers: &[(&str, &str)],
        body: Json,
    ) -> io::Result<hyper::Response<Body>> {
        let (_, operation) = self.contract.broken_by(request);
        if !(300..400).contains(&status) {
            let wrong = self.contract.answer_broken(operation, status, &body);
            self.state.lock().unwrap().broken.extend(wrong);
        }
        let mut response = hyper::Response::builder().status(status).header("content-type", "application/json");
        if !headers.iter().any(|(name, _)| *name == "x-line-request-id") {
            let number = self.state.lock().unwrap().seen.len();
            response = response.header("x-line-request-id", format!("request-{number}"));
        }
        for (name, text) in headers {
            response = response.header(*name, *text);
        }
        Ok(response.body(Body::from(body.to_string())).unwrap())
    }

    /// What LINE would do.
    fn properly(&self, request: &Request) -> (u16, Vec<(&'static str, String)>, Json) {
        let plain = |status: u16, body: Json| (status, vec![], body);
        if request.header("authorization") != Some(&format!("Bearer {TOKEN}")) {
            let text = "Authentication failed. Confirm that the access token in the authorization header is valid.";
            return plain(401, json!({ "message": text }));
        }
        let (wrong, _) = self.contract.broken_by(request);
        let mut state = self.state.lock().unwrap();
        if !wrong.is_empty() {
            let details: Vec<Json> = wrong.iter().map(|what| json!({ "message": what })).collect();
            state.broken.extend(wrong);
            return plain(400, json!({ "message": "The request body has errors", "details": details }));
        }
        let body = request.json();
        let id = format!("request-{}", state.seen.len());
        if let Some(key) = request.header("x-line-retry-key") {
            if let Some(first) = state.keys.get(key) {
                let accepted = vec![("x-line-accepted-request-id", first.clone())];
                return (409, accepted, json!({ "message": "The retry key is already accepted" }));
            }
            state.keys.insert(key.to_owned(), id.clone());
        }
        let to = match &body["to"] {
            Json::Array(several) => several.iter().filter_map(Json::as_str).map(String::from).collect(),
            Json::String(one) => vec![one.clone()],
            _ => Vec::new(),
        };
        state.delivered.extend(to.into_iter().map(|to| (to, body["messages"].clone())));
        match request.path.as_str() {
            "/v2/bot/message/push" => {
                let sent: Vec<Json> = body["messages"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .map(|_| json!({ "id": "461230966842064897", "quoteToken": "IStG5h1Tz7b" }))
                    .collect();
                plain(200, json!({ "sentMessages": sent }))
            }
            "/v2/bot/message/quota" => plain(200, json!({ "type": "limited", "value": 5_000 })),
            "/v2/bot/message/quota/consumption" => plain(200, json!({ "totalUsage": 1_234 })),
            "/v2/bot/message/aggregation/list" => plain(200, json!({ "customAggregationUnits": [] })),
            path if path.ends_with("/linkToken") => {
                plain(200, json!({ "linkToken": "NMZTNuVrPTqlr2IF8Bnymkb7rXfYv5EY" }))
            }
            _ => plain(200, json!({})),
        }
    }
}

async fn read(request: hyper::Request<Incoming>) -> Request {
    let (head, body) = request.into_parts();
    let text = |value: &hyper::header::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    let query = head.uri.query().unwrap_or("").split('&').filter(|pair| !pair.is_empty());
    let pair =
        |pair: &str| pair.split_once('=').map_or((pair.to_owned(), String::new()), |(a, b)| (a.into(), b.into()));
    Request {
        method: head.method.to_string(),
        path: head.uri.path().to_owned(),
        query: query.map(pair).collect(),
        headers: head.headers.iter().map(|(name, value)| (name.to_string(), text(value))).collect(),
        body: axum::body::to_bytes(Body::new(body), 4 << 20).await.unwrap().to_vec(),
    }
}
