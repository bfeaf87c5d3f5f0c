//! Memory is bounded by what the limits say, however much comes in at once: measured by counting what is allocated.
//!
//! Measured in a process of its own, since other tests allocate, too.

use std::alloc::{GlobalAlloc, Layout, System};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

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

/// The largest batch there may be, of calls that grow the most when they are read.
fn large() -> String {
    let items = r#"{"item_id":"a","price":1},"#.repeat(80);
    let call = format!(
        r#"{{"type":"track","userId":"u","event":"purchase","properties":{{"order_id":"1","total":5,"items":[{}]}}}}"#,
        items.trim_end_matches(',')
    );
    let calls = vec![call.as_str(); (4 << 20) / (call.len() + 1) - 1];
    format!("{{\"batch\":[{}]}}", calls.join(","))
}

/// The smallest batch that comes to the most: each of its calls is refused, with a reason.
fn many() -> String {
    format!("{{\"batch\":[{}]}}", vec!["0"; 2_500].join(","))
}

const ROOM: usize = 64 << 20;
/// Connections, the runtime, the test's own.
const BESIDE: usize = 24 << 20;

/// Batches of many clients at once before a desk that takes nothing yet: those for whom there is room wait, the others are
/// told to come again.
fn flood(batch: String, clients: usize) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let world = World::with(|wish| {
            wish.settings.limits.in_flight_bytes_max = ROOM;
            wish.desk.gate = Some(tokio::sync::Semaphore::new(0));
        })
        .await;
        let batch: &'static [u8] = batch.leak().as_bytes();
        let before = NOW.load(Ordering::Relaxed);
        MOST.store(before, Ordering::Relaxed);
        let address = world.address;
        let answered = std::sync::Arc::new(tokio::sync::Semaphore::new(0));
        let flood: Vec<_> = (0..clients)
            .map(|_| {
                let answered = answered.clone();
                tokio::spawn(async move {
                    let mut stream = TcpStream::connect(address).await.unwrap();
                    let key = "Authorization: Basic d2tfd2ViOg==";
                    let head = format!("POST /v1/batch HTTP/1.1\r\nHost: a\r\n{key}\r\nConnection: close\r\n");
                    let head = format!("{head}Content-Length: {}\r\n\r\n", batch.len());
                    let _ = stream.write_all(head.as_bytes()).await;
                    let _ = stream.write_all(batch).await;
                    let mut answer = vec![0; 12];
                    let _ = stream.read_exact(&mut answer).await;
                    answered.add_permits(1);
                    answer == b"HTTP/1.1 200"
                })
            })
            .collect();
        // Until each of them waits at the desk or was sent away.
        let mut waiting = 0;
        while waiting + answered.available_permits() < clients {
            let next = tokio::time::timeout(Duration::from_millis(20), world.desk.begins());
            waiting += usize::from(next.await.is_ok());
        }
        world.desk.gate.as_ref().unwrap().add_permits(clients);
        let mut taken = 0;
        for one in flood {
            taken += usize::from(one.await.unwrap());
        }
        let most = MOST.load(Ordering::Relaxed) - before;
        let (length, mib) = (batch.len(), most as f64 / f64::from(1 << 20));
        println!("measured: {mib:.1} MiB at most; {taken} of {clients} batches of {length} bytes taken");
        assert!(taken > 0 && taken == waiting && taken < clients, "{waiting} waited");
        assert!(most < ROOM + BESIDE, "{mib} MiB");
        world.stopped().await;
    });
}

#[test]
#[ignore = "run by `memory_stays_within_its_bounds`, alone in a process"]
fn alone_large() {
    flood(large(), 60);
}

#[test]
#[ignore = "run by `memory_stays_within_its_bounds`, alone in a process"]
fn alone_many() {
    flood(many(), 200);
}

#[test]
fn memory_stays_within_its_bounds() {
    for flood in ["server::memory::alone_large", "server::memory::alone_many"] {
        let program = std::env::current_exe().unwrap();
        let arguments = ["--exact", flood, "--ignored", "--nocapture", "--test-threads=1"];
        let output = Command::new(program).args(arguments).output().unwrap();
        let told = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{told}\n{}", String::from_utf8_lossy(&output.stderr));
        let measured = told.lines().find(|line| line.contains("measured: "));
        println!("{}", measured.unwrap_or_else(|| panic!("it measured: {told}")));
    }
}
