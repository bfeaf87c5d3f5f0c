//! Traces: what a collector gets, in the words of the protocol; and what is said where a Tabi has none.
//!
//! Built with the feature `otel` it tests the one, without it the other.

use super::sink;
#[cfg(feature = "otel")]
use super::world;
use super::world::Shop;

#[cfg(not(feature = "otel"))]
#[test]
fn who_asks_for_traces_of_a_tabi_without_them_is_told() {
    use std::io::{BufRead, BufReader};
    use std::process::Stdio;
    let shop = Shop::new(sink::start(std::time::Duration::ZERO, |_, _| {}));
    for (language, said) in [
        ("en", "OTEL_EXPORTER_OTLP_ENDPOINT is set, but this Tabi was built without traces"),
        ("ja", "OTEL_EXPORTER_OTLP_ENDPOINT が設定されていますが"),
    ] {
        let listen = shop.listen.to_string();
        let mut command = shop.tabi(&["run", "shop", "--lang", language, "--listen", &listen, "--env", "local"]);
        command.env("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:4318");
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("the program starts");
        let lines = BufReader::new(child.stderr.take().expect("a pipe")).lines();
        // It goes on all the same: the next line says that it runs.
        let told: Vec<String> = lines.take(2).map(|line| line.expect("text")).collect();
        child.kill().expect("it can be killed");
        child.wait().expect("it ends");
        assert!(told[0].contains(said), "{told:?}");
        assert!(told[1].contains(&listen), "{told:?}");
    }
}

#[cfg(feature = "otel")]
mod exported {
    use std::fs;
    use std::io::{Read, Write};
    use std::net::TcpStream;
    use std::sync::{Arc, Mutex};
    use std::time::Duration;

    use base64::Engine;
    use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
    use opentelemetry_proto::tonic::common::v1::any_value::Value;
    use opentelemetry_proto::tonic::trace::v1::Span;
    use prost::Message;

    use super::{Shop, sink, world};

    const JOURNEY: &str = r#"
journey at_once {
  purpose service
  owner "@shop"
  about "Tells the shop's system of a purchase."
  under policy plain
  goal cart_updated within 1d
  review every 1y by "@shop"
  reentry always
  promise at most 1 message
  promise ends within 1d

  start when purchase as p
  send webhook nudge with { cart: p.cart_id, total: 0 }
}
"#;
    const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
    const CALLER: &str = "b7ad6b7169203331";

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }
    fn text(span: &Span, name: &str) -> String {
        let value = span.attributes.iter().find(|a| a.key == name).and_then(|a| a.value.as_ref());
        match value.and_then(|v| v.value.as_ref()) {
            Some(Value::StringValue(text)) => text.clone(),
            Some(Value::IntValue(number)) => number.to_string(),
            other => panic!("{name}: {other:?}"),
        }
    }

    #[test]
    fn a_request_its_commit_its_turns_and_its_message_are_one_trace_and_name_nobody() {
        let heads = Arc::new(Mutex::new(Vec::new()));
        let own = heads.clone();
        let receiver = sink::start(Duration::ZERO, move |headers, _| {
            let parent = headers.get("traceparent").map(|value| value.to_str().expect("text").to_owned());
            own.lock().expect("a lock").push(parent);
        });
        let bodies = Arc::new(Mutex::new(Vec::new()));
        let own = bodies.clone();
        let collector = sink::start(Duration::ZERO, move |_, body| own.lock().expect("a lock").push(body.to_vec()));

        let shop = Shop::new(receiver);
        fs::write(shop.folder.path().join("shop/at_once.tabi"), JOURNEY).expect("a file");
        let endpoint = format!("http://{collector}");
        let variables = [("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint.as_str()), ("OTEL_SERVICE_NAME", "the-shop")];
        let mut running = shop.run_with(&shop.data(), &variables);
        running.ready();
        let body = r#"{"type":"track","event":"purchase","userId":"hanako.private","messageId":"m.private","properties":{"cart_id":"cart.private"}}"#;
        let key = base64::engine::general_purpose::STANDARD.encode(format!("{}:", world::KEY));
        let mut stream = TcpStream::connect(shop.listen).expect("a connection");
        write!(
            stream,
            "POST /v1/track HTTP/1.1\r\nHost: shop\r\nAuthorization: Basic {key}\r\nContent-Type: application/json\r\n\
             traceparent: 00-{TRACE}-{CALLER}-01\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        )
        .expect("a request");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("an answer");
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        let head = world::within(world::DEADLINE, "the webhook", || heads.lock().expect("a lock").first().cloned());
        // What is gathered goes out at the end.
        assert!(running.terminate().success());

        let bodies = bodies.lock().expect("a lock");
        let all: Vec<u8> = bodies.concat();
        for private in ["private", &receiver.to_string(), world::KEY] {
            assert!(!all.windows(private.len()).any(|w| w == private.as_bytes()), "{private} was exported");
        }
        let mut spans = Vec::new();
        for body in bodies.iter() {
            let request = ExportTraceServiceRequest::decode(body.as_slice()).expect("OTLP");
            for of in request.resource_spans {
                let resource = of.resource.expect("a resource");
                let name = resource.attributes.iter().find(|a| a.key == "service.name").expect("a name");
                let value = name.value.as_ref().and_then(|v| v.value.clone());
                assert_eq!(value, Some(Value::StringValue("the-shop".to_owned())));
                spans.extend(of.scope_spans.into_iter().flat_map(|scope| scope.spans));
            }
        }
        let named = |name: &str| -> &Span {
            let of_trace = |span: &&Span| hex(&span.trace_id) == TRACE && span.name == name;
            let found: Vec<&Span> = spans.iter().filter(of_trace).collect();
            assert_eq!(found.len(), 1, "{name}: {spans:#?}");
            found[0]
        };
        let (request, commit) = (named("POST /v1/track"), named("commit"));
        let (turns, deliver) = (named("turns"), named("deliver webhook"));
        assert_eq!(hex(&request.parent_span_id), CALLER);
        assert_eq!(commit.parent_span_id, request.span_id);
        assert_eq!(turns.parent_span_id, commit.span_id);
        assert_eq!(deliver.parent_span_id, turns.span_id);
        assert_eq!(head, Some(format!("00-{TRACE}-{}-01", hex(&deliver.span_id))));
        assert_eq!(
            (text(request, "http.route").as_str(), text(request, "http.response.status_code").as_str()),
            ("/v1/track", "200")
        );
        assert_eq!(text(commit, "tabi.requests"), "1");
        assert_eq!(
            ["tabi.journey", "tabi.what", "tabi.channel", "tabi.outcome", "tabi.attempt"]
                .map(|name| text(deliver, name)),
            ["at_once", "nudge", "webhook", "accepted", "1"]
        );
        // A span ends with its work, whatever follows from it.
        assert!(commit.end_time_unix_nano <= deliver.start_time_unix_nano);
    }
}
