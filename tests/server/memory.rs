//! Memory is bounded by what the limits say, however much comes in at once: measured by counting what is allocated.
//!
//! Measured in a process of its own, since other tests allocate, too.

use std::alloc::{GlobalAlloc, Layout, System};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::world::World;

pub struct Counting;

static NOW: AtomicUsize = AtomicUsize::new(0);
static MOST: AtomicUsize = AtomicUsize::new(0);

// SAFETY: every call is the system allocator's own; beside it only numbers are counted.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let now = NOW.fetch_add(layout.size(), Ordering::Relaxed) + layout.size();
        MOST.fetch_max(now, Ordering::Relaxed);
        unsafe { System.alloc(layout) }
    }
    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        NOW.fetch_sub(layout.size(), Ordering::Relaxed);
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

/// What each of the flood sends: the largest batch there may be, of calls that grow the most when they are read.
fn batch() -> String {
    let item = r#"{"item_id":"a","price":1},"#;
    let items = item.repeat(80);
    let call = format!(
        r#"{{"type":"track","userId":"u","event":"purchase","properties":{{"order_id":"1","total":5,"items":[{}]}}}}"#,
        items.trim_end_matches(',')
    );
    let calls = vec![call.as_str(); (4 << 20) / (call.len() + 1) - 1];
    format!("{{\"batch\":[{}]}}", calls.join(","))
}

const ROOM: usize = 64 << 20;
/// Connections, the runtime, the test's own.
const BESIDE: usize = 24 << 20;

#[test]
#[ignore = "run by `memory_stays_within_its_bounds`, alone in a process"]
fn alone() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let world = World::with(|wish| {
            wish.settings.limits.in_flight_bytes_max = ROOM;
            // Nothing that was read is let go before the end.
            wish.desk.gate = Some(tokio::sync::Semaphore::new(0));
        })
        .await;
        let batch: &'static [u8] = batch().leak().as_bytes();
        let before = NOW.load(Ordering::Relaxed);
        MOST.store(before, Ordering::Relaxed);
        let address = world.address;
        let flood: Vec<_> = (0..100)
            .map(|_| {
                tokio::spawn(async move {
                    let mut stream = TcpStream::connect(address).await.unwrap();
                    let head = "POST /v1/batch HTTP/1.1\r\nHost: a\r\nAuthorization: Basic d2tfd2ViOg==\r\nConnection: close\r\n";
                    let head = format!("{head}Content-Length: {}\r\n\r\n", batch.len());
                    let _ = stream.write_all(head.as_bytes()).await;
                    let _ = stream.write_all(batch).await;
                    let mut answer = vec![0; 12];
                    let _ = stream.read_exact(&mut answer).await;
                    String::from_utf8_lossy(&answer).into_owned()
                })
            })
            .collect();
        let mut refused = 0;
        let mut waiting = Vec::new();
        for one in flood {
            if one.is_finished() {
                refused += usize::from(one.await.unwrap() != "HTTP/1.1 200");
            } else {
                waiting.push(one);
            }
        }
        // Those for whom there is room wait at the desk; let them through when as many as can have come so far.
        let fits = ROOM / (batch.len() * tabi::server::limits::MEMORY_PER_BYTE);
        for _ in 0..fits {
            let begins = tokio::time::timeout(std::time::Duration::from_secs(60), world.desk.begins());
            begins.await.expect("a batch is let in");
        }
        let most = MOST.load(Ordering::Relaxed) - before;
        world.desk.gate.as_ref().unwrap().add_permits(1_000);
        let mut taken = 0;
        for one in waiting {
            match one.await.unwrap().as_str() {
                "HTTP/1.1 200" => taken += 1,
                _ => refused += 1,
            }
        }
        println!("measured: {most} bytes at most, {taken} taken, {refused} refused of 100 batches of {} bytes", batch.len());
        assert!(taken >= fits, "{taken} of at least {fits}");
        assert!(refused > 0, "there was no room for all");
        assert!(most < ROOM + BESIDE, "{most} bytes");
        world.stopped().await;
    });
}

#[test]
fn memory_stays_within_its_bounds() {
    let program = std::env::current_exe().unwrap();
    let arguments = ["--exact", "server::memory::alone", "--ignored", "--nocapture", "--test-threads=1"];
    let output = Command::new(program).args(arguments).output().unwrap();
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{told}\n{}", String::from_utf8_lossy(&output.stderr));
    assert!(told.contains("measured: "), "{told}");
}
