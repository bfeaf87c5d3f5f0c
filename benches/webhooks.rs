//! What one webhook costs this process: the channel as it is, beside bare clients that neither sign nor check.
//!
//! `cargo bench --bench webhooks [-- REQUESTS]`. CPU of the calling thread alone, read from /proc (Linux only); the sink runs on
//! another thread of the same process. The three alternate in one run and medians are compared, so a busy machine shifts all
//! alike. Prints; asserts nothing about time.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::{Request, Response};
use hyper_util::client::legacy::{Client, connect::HttpConnector};
use hyper_util::rt::{TokioExecutor, TokioIo};
use secrecy::SecretString;
use serde_json::json;
use tabi::channels::http::{Http, Reach};
use tabi::channels::webhook::Webhooks;
use tabi::ports::environment::{SecretRef, WebhookSettings};
use tabi::ports::{Delivery, Outcome, Provider};
use tabi::render::Part;
use tabi::value::{Instant, Span};
use tokio::task::JoinSet;

const ROUNDS: usize = 5;
const AT_ONCE: usize = 64;

fn main() {
    let words = std::env::args().skip(1).filter(|word| word != "--bench");
    let requests: usize = words.filter_map(|word| word.parse().ok()).next().unwrap_or(50_000);
    let url = format!("http://{}/tabi/order_paid", sink());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let mut rounds: [Vec<f64>; 3] = Default::default();
    runtime.block_on(async {
        let webhooks = Arc::new(channel(&url));
        let client: Client<HttpConnector, Full<Bytes>> = Client::builder(TokioExecutor::new()).build_http();
        tabi::channels::tls::install();
        let reqwest = reqwest::Client::builder().no_proxy().build().expect("a client");
        for _ in 0..=ROUNDS {
            let channel = cost(requests, || {
                let webhooks = webhooks.clone();
                async move {
                    let outcome = webhooks.deliver(&delivery()).await;
                    assert_eq!(outcome, Outcome::Accepted { provider_id: None });
                }
            });
            rounds[0].push(channel.await);
            let bare = cost(requests, || {
                let (client, url) = (client.clone(), url.clone());
                async move {
                    let request =
                        Request::post(url).body(Full::new(Bytes::from(body().to_string()))).expect("a request");
                    let response = client.request(request).await.expect("an answer");
                    response.into_body().collect().await.expect("its body");
                }
            });
            rounds[1].push(bare.await);
            let other = cost(requests, || {
                let (client, url) = (reqwest.clone(), url.clone());
                async move {
                    let response = client.post(url).body(body().to_string()).send().await.expect("an answer");
                    response.bytes().await.expect("its body");
                }
            });
            rounds[2].push(other.await);
        }
    });
    // The first of each opens the connections.
    let [channel, bare, other] = rounds.map(|all| median(all.into_iter().skip(1).collect()));
    println!("{requests} requests, {AT_ONCE} at once; CPU of the calling thread for each, median of {ROUNDS}");
    println!("  the channel {channel:.1} µs; hyper alone {bare:.1} µs; reqwest alone {other:.1} µs");
    println!("  the channel: {:.2} x hyper, {:.2} x reqwest", channel / bare, channel / other);
}

/// Microseconds of this thread for each request.
async fn cost<F: Future<Output = ()> + Send + 'static>(
    requests: usize,
    one: impl Fn() -> F + Clone + Send + 'static,
) -> f64 {
    let before = thread_nanos();
    let mut all = JoinSet::new();
    for _ in 0..AT_ONCE {
        let one = one.clone();
        all.spawn(async move {
            for _ in 0..requests / AT_ONCE {
                one().await;
            }
        });
    }
    while let Some(done) = all.join_next().await {
        done.expect("no request fails");
    }
    (thread_nanos() - before) / 1_000.0 / (requests / AT_ONCE * AT_ONCE) as f64
}

fn thread_nanos() -> f64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").expect("Linux");
    text.split_whitespace().next().and_then(|word| word.parse().ok()).expect("a number")
}

fn median(mut all: Vec<f64>) -> f64 {
    all.sort_by(f64::total_cmp);
    all[all.len() / 2]
}

fn body() -> serde_json::Value {
    json!({ "order": "A-2026-04-01-0001", "items": ["T-1", "T-2", "T-3"], "total": 12_800, "note": "お届けは 4 月 3 日です".repeat(8) })
}

fn delivery() -> Delivery {
    Delivery {
        key: "k0a1b2c3d4e5f6g7h8i9k0a1b2c3d4e5f6g7h8i9".to_owned(),
        uuid: "0d9c6f5e-8b1a-8c3d-9e2f-001122334455".to_owned(),
        attempt: 1,
        now: Instant(1_775_001_600_000),
        to: vec![String::new()],
        journey: "order".to_owned(),
        message: "order_paid".to_owned(),
        part: Part::Webhook(body()),
        marketing: false,
        unsubscribe: None,
        at_most_once: false,
    }
}

fn channel(url: &str) -> Webhooks {
    let settings = WebhookSettings {
        secret: SecretRef::Env("S".to_owned()),
        hosts: vec!["127.0.0.1".to_owned()],
        private: true,
        messages: vec![("order_paid".to_owned(), url.to_owned())],
        actions: Vec::new(),
        default_url: None,
        timeout: Span(10_000),
        per_second_max: None,
    };
    Webhooks::new(&settings, &SecretString::from("a secret"), Http::new(Reach::Anywhere)).expect("settings that work")
}

/// A server on a thread of its own that takes everything.
fn sink() -> SocketAddr {
    let (tell, told) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
            tell.send(listener.local_addr().expect("an address")).expect("somebody waits");
            loop {
                let Ok((stream, _)) = listener.accept().await else { continue };
                let service = hyper::service::service_fn(|request: Request<Incoming>| async move {
                    let _ = request.into_body().collect().await;
                    Ok::<_, Infallible>(Response::new(Full::new(Bytes::from_static(b"{}"))))
                });
                tokio::spawn(
                    hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service),
                );
            }
        });
    });
    told.recv().expect("the sink starts")
}
