//! The shop's own system: a server on a thread of its own that takes every webhook and tells what it got.
//!
//! Keeps nothing itself.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{HeaderMap, Request, Response};
use hyper_util::rt::TokioIo;

/// Starts it; `got` is called before each answer, which takes up to `patience`.
pub fn start(patience: Duration, got: impl Fn(&HeaderMap, &[u8]) + Send + Sync + 'static) -> SocketAddr {
    let (tell, told) = std::sync::mpsc::channel();
    let (got, count) = (Arc::new(got), Arc::new(AtomicU64::new(0)));
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
            tell.send(listener.local_addr().expect("an address")).expect("somebody waits");
            loop {
                let Ok((stream, _)) = listener.accept().await else { continue };
                let (got, count) = (got.clone(), count.clone());
                let service = service_fn(move |request: Request<Incoming>| {
                    let (got, nth) = (got.clone(), count.fetch_add(1, Ordering::Relaxed));
                    async move {
                        let (head, body) = request.into_parts();
                        // Whoever is killed in the middle of a body has not told anything.
                        if let Ok(body) = body.collect().await {
                            got(&head.headers, &body.to_bytes());
                        }
                        if !patience.is_zero() {
                            tokio::time::sleep(patience * (nth % 8) as u32 / 8).await;
                        }
                        Ok::<_, Infallible>(Response::new(Full::new(Bytes::from_static(b"{}"))))
                    }
                });
                tokio::spawn(async move {
                    // The other side may be killed at any time.
                    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
                });
            }
        });
    });
    told.recv().expect("the sink starts")
}
