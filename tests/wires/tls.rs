//! `https` with a certificate made for the test: taken where its maker is trusted and the name is right, else nothing is sent.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use rcgen::CertifiedKey;
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};
use tabi::channels::http::{Failure, Http, Reach, SystemNames};
use tabi::channels::target::{Rules, Target};
use tabi::value::Span;
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

/// A server for `localhost`, the port it listens on, its certificate and how many requests it got.
async fn server() -> (u16, CertificateDer<'static>, Arc<AtomicUsize>) {
    tabi::channels::tls::install();
    let CertifiedKey { cert, signing_key } = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let key = PrivatePkcs8KeyDer::from(signing_key.serialize_der());
    let config = rustls::ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(vec![cert.der().clone()], key.into())
        .unwrap();
    let (acceptor, listener) = (TlsAcceptor::from(Arc::new(config)), TcpListener::bind("127.0.0.1:0").await.unwrap());
    let (port, requests) = (listener.local_addr().unwrap().port(), Arc::new(AtomicUsize::new(0)));
    let counted = requests.clone();
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            // Whoever does not trust the certificate leaves.
            let Ok(stream) = acceptor.accept(stream).await else { continue };
            let counted = counted.clone();
            let service = service_fn(move |_: Request<Incoming>| {
                counted.fetch_add(1, Ordering::Relaxed);
                async { Ok::<_, std::convert::Infallible>(Response::new(Full::new(Bytes::from_static(b"{}")))) }
            });
            tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
        }
    });
    (port, cert.der().clone(), requests)
}

async fn sent(http: &Http, url: &str) -> Result<u16, Failure> {
    let target = Target::parse(url, &Rules::OPERATORS).unwrap();
    let request = Http::post(&target).body(Full::new(Bytes::new())).unwrap();
    http.send(request, Span(10_000)).await.map(|answer| answer.status.as_u16())
}

#[tokio::test]
async fn a_certificate_is_taken_from_those_who_are_trusted_for_its_own_name() {
    let (port, certificate, requests) = server().await;
    let trusting = Http::trusting(Reach::Anywhere, Arc::new(SystemNames), vec![certificate]);
    assert_eq!(sent(&trusting, &format!("https://localhost:{port}/")).await, Ok(200));
    assert_eq!(requests.load(Ordering::Relaxed), 1);
    let wrong_name = sent(&trusting, &format!("https://127.0.0.1:{port}/")).await.unwrap_err();
    assert!(matches!(&wrong_name, Failure::Unreached(why) if why.contains("certificate")), "{wrong_name:?}");
    // On a machine without any authorities it is those that are missing.
    let stranger = sent(&Http::new(Reach::Anywhere), &format!("https://localhost:{port}/")).await.unwrap_err();
    let said = matches!(&stranger, Failure::Unreached(why) | Failure::Untrusting(why) if why.contains("certificate"));
    assert!(said, "{stranger:?}");
    assert_eq!(requests.load(Ordering::Relaxed), 1, "nothing was sent to it");
}
