//! Nothing is called that should not be: literal addresses in every disguise, names that lead inside, redirects.

use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use http_body_util::Full;
use tabi::channels::http::{Failure, Http, Names, Reach};
use tabi::channels::target::{Rules, Target};
use tabi::ports::Attempt;
use tabi::ports::reach::is_public;
use tabi::value::Span;

use super::sink::{Reply, Sink};

const PUBLIC: Rules = Rules { hosts: None, reach: Reach::Public };

#[test]
fn inner_addresses_are_refused_in_every_disguise() {
    let inside = [
        "127.0.0.1",
        "127.255.0.9",
        "127.1",
        "2130706433",
        "0x7f000001",
        "0x7f.1",
        "017700000001",
        "0177.0.0.1",
        "0",
        "0.0.0.0",
        "0.1.2.3",
        "10.0.0.1",
        "10.255.255.255",
        "0xa000001",
        "172.16.0.1",
        "172.31.255.255",
        "192.168.1.1",
        "169.254.169.254",
        "0xa9fea9fe",
        "2852039166",
        "100.64.0.1",
        "192.0.0.192",
        "192.0.2.1",
        "198.18.0.1",
        "198.51.100.1",
        "203.0.113.7",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "[::]",
        "[::1]",
        "[0:0:0:0:0:0:0:1]",
        "[::ffff:10.0.0.1]",
        "[::ffff:7f00:1]",
        "[::ffff:169.254.169.254]",
        "[::127.0.0.1]",
        "[::ffff:0:127.0.0.1]",
        "[64:ff9b::10.0.0.1]",
        "[64:ff9b::a9fe:a9fe]",
        "[64:ff9b:1::1]",
        "[2002:7f00:1::]",
        "[2002:a9fe:a9fe::1]",
        "[2001:0:1::1]",
        "[2001:db8::1]",
        "[3fff::1]",
        "[fc00::1]",
        "[fd00:ec2::254]",
        "[fe80::1]",
        "[fec0::1]",
        "[ff02::1]",
        "[100::1]",
        "127。0。0。1",
        "１２７.0.0.1",
        "%31%32%37.0.0.1",
    ];
    for host in inside {
        for scheme in ["http", "https"] {
            let parsed = Target::parse(&format!("{scheme}://{host}/latest/meta-data"), &PUBLIC);
            assert!(parsed.is_err(), "{host}: {parsed:?}");
        }
    }
    for host in
        ["93.184.216.34", "1.1.1.1", "[2606:4700:4700::1111]", "[2002:101:101::1]", "[64:ff9b::1.1.1.1]", "a.example"]
    {
        assert!(Target::parse(&format!("https://{host}/"), &PUBLIC).is_ok(), "{host}");
        assert!(Target::parse(&format!("http://{host}/"), &PUBLIC).is_err(), "{host} in the clear");
    }
    for odd in
        ["ftp://a.example/", "file:///etc/passwd", "https://u@a.example/", "https://u:p@a.example/", "a.example", ""]
    {
        assert!(Target::parse(odd, &PUBLIC).is_err(), "{odd}");
    }
}

#[test]
fn only_listed_hosts_are_called() {
    let rules = Rules { hosts: Some(vec!["shop.example".to_owned()]), reach: Reach::Public };
    assert!(Target::parse("https://SHOP.example:8443/x", &rules).is_ok());
    for url in [
        "https://shop.example.evil.example/",
        "https://evil.example/#shop.example",
        "https://evil.example\\@shop.example/",
        "https://shop.example@evil.example/",
        "https://ѕhop.example/",
        "https://sub.shop.example/",
    ] {
        let parsed = Target::parse(url, &rules);
        assert!(parsed.is_err(), "{url}: {parsed:?}");
    }
}

/// Names that a test makes up: the next list of addresses at each look-up.
struct MadeUp {
    answers: Vec<Vec<IpAddr>>,
    asked: AtomicUsize,
}

impl MadeUp {
    fn new(answers: &[&[&str]]) -> Arc<MadeUp> {
        let addresses = |list: &&[&str]| list.iter().map(|ip| ip.parse().unwrap()).collect();
        Arc::new(MadeUp { answers: answers.iter().map(addresses).collect(), asked: AtomicUsize::new(0) })
    }
}

impl Names for MadeUp {
    fn addresses(&self, _: String) -> Attempt<'static, io::Result<Vec<IpAddr>>> {
        let at = self.asked.fetch_add(1, Ordering::Relaxed);
        let answer = self.answers.get(at).or(self.answers.last()).cloned().unwrap_or_default();
        Box::pin(async move { Ok(answer) })
    }
}

async fn sent(http: &Http, url: &str) -> Result<u16, Failure> {
    let target = Target::parse(url, &Rules::OPERATORS).unwrap();
    let request = Http::post(&target).body(Full::new(Bytes::new())).unwrap();
    http.send(request, Span(5_000)).await.map(|answer| answer.status.as_u16())
}

#[tokio::test]
async fn names_that_lead_inside_are_refused_before_a_connection() {
    let sink = Sink::saying(200, "").await;
    let url = format!("http://localhost:{}/", sink.address.port());
    let inside: &[&[&str]] = &[
        &["127.0.0.1"],
        &["::1"],
        &["10.0.0.1"],
        &["169.254.169.254"],
        &["fd00:ec2::254"],
        &["::ffff:10.0.0.1"],
        // One among public ones.
        &["93.184.216.34", "127.0.0.1"],
    ];
    for addresses in inside {
        let http = Http::with_names(Reach::Public, MadeUp::new(&[addresses]));
        let failure = sent(&http, &url).await.unwrap_err();
        assert!(matches!(failure, Failure::Forbidden(_)), "{addresses:?}: {failure:?}");
    }
    // As the operating system has it, `localhost` is this machine.
    assert!(matches!(sent(&Http::new(Reach::Public), &url).await, Err(Failure::Forbidden(_))));
    assert_eq!(sink.connections(), 0);
    assert_eq!(sent(&Http::new(Reach::Anywhere), &url).await, Ok(200));
}

#[tokio::test]
async fn the_connection_is_made_to_the_address_that_was_looked_at() {
    // The name leads to 127.0.0.2 when it is looked up first, and elsewhere afterwards.
    let sink = Sink::on("127.0.0.2:0", |_| Reply::Say(200, Vec::new(), String::new())).await;
    let names = MadeUp::new(&[&["127.0.0.2"], &["10.0.0.1"]]);
    let http = Http::with_names(Reach::Anywhere, names.clone());
    let url = format!("http://localhost:{}/", sink.address.port());
    assert_eq!(sent(&http, &url).await, Ok(200));
    assert_eq!(names.asked.load(Ordering::Relaxed), 1, "looked up once, and connected to what was found");
    assert_eq!(sink.only().header("host"), format!("localhost:{}", sink.address.port()));
    assert_eq!(sent(&http, &url).await, Ok(200), "a kept connection needs no name");
    assert_eq!((names.asked.load(Ordering::Relaxed), sink.connections()), (1, 1));
}

#[tokio::test]
async fn redirects_are_not_followed() {
    let inner = Sink::saying(200, "secret").await;
    let location = inner.url();
    for status in [301, 302, 303, 307, 308] {
        let location = location.clone();
        let outer = Sink::start(move |_| Reply::Say(status, vec![("location", location.clone())], String::new())).await;
        assert_eq!(sent(&Http::new(Reach::Anywhere), &outer.url()).await, Ok(status));
    }
    assert_eq!(inner.connections(), 0);
}

#[test]
fn everybodys_addresses_are_everybodys() {
    for (ip, public) in
        [("8.8.8.8", true), ("172.32.0.1", true), ("100.128.0.1", true), ("172.15.0.1", true), ("192.88.99.1", false)]
    {
        assert_eq!(is_public(ip.parse().unwrap()), public, "{ip}");
    }
}
