//! Logs and metrics name no one: what people and senders wrote is in neither, whatever happens.
//!
//! The form of logs is the program's affair.

use std::io::Write;
use std::sync::{Arc, Mutex};

use tabi::ports::Refusal;
use tabi::ports::link;
use tracing_subscriber::fmt::MakeWriter;

use super::world::{KEY, SEND, World, secret};

#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Vec<u8>>>);

impl Write for Kept {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Kept {
    type Writer = Kept;
    fn make_writer(&'a self) -> Kept {
        self.clone()
    }
}

#[test]
fn nobody_is_named_in_logs_or_metrics() {
    let kept = Kept::default();
    let subscriber = tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_writer(kept.clone()).finish();
    // One thread, so that everything that happens is heard here and nowhere else.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    tracing::subscriber::with_default(subscriber, || {
        runtime.block_on(async {
            let world = World::with(|wish| wish.settings.metrics_public = true).await;
            let hanako = "hanako-4711";
            let calls = [
                format!(r#"{{"userId":"{hanako}","traits":{{"email":"{hanako}@shop.example"}}}}"#),
                format!(r#"{{"userId":"{hanako}","traits":{{"email":7,"{hanako}":1}}}}"#),
                format!("broken {hanako}"),
            ];
            for refusal in [None, Some(Refusal::Disk(hanako.into())), Some(Refusal::Wrong(hanako.into()))] {
                // Another test may have asked first, when nobody listened: what nobody wants is not asked for again.
                tracing::callsite::rebuild_interest_cache();
                world.desk.refuse(refusal);
                for call in &calls {
                    world.post("/v1/identify", call.clone()).await;
                    world.post(&format!("/v1/{hanako}"), call.clone()).await;
                }
                let leave = link::leave_url(&world.url(""), SEND, tabi::ir::Channel::Email, &secret());
                world.client.post(leave).body(hanako).send().await.unwrap();
                world.client.get(world.url(&format!("/c/{hanako}?to=https://{hanako}.example"))).send().await.unwrap();
                let method = reqwest::Method::from_bytes(hanako.to_uppercase().as_bytes()).unwrap();
                world.client.request(method, world.url("/healthz")).send().await.unwrap();
            }
            let metrics = world.client.get(world.url("/metrics")).send().await.unwrap().text().await.unwrap();
            let secrets = [hanako.to_owned(), hanako.to_uppercase(), KEY.to_owned(), SEND.sealed(&secret())];
            for secret in &secrets {
                assert!(!metrics.contains(secret.as_str()), "{secret}: {metrics}");
            }
            world.stopped().await;
            let logs = String::from_utf8(kept.0.lock().unwrap().clone()).unwrap();
            let ours: Vec<&str> = logs.lines().filter(|line| line.contains(" tabi::")).collect();
            assert!(ours.len() > 10, "it logs at all: {logs}");
            for line in ours {
                for secret in &secrets {
                    assert!(!line.contains(secret.as_str()), "{secret}: {line}");
                }
            }
        });
    });
}
