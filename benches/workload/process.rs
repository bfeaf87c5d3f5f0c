//! What processes and threads cost, as Linux counts it in /proc.
//!
//! Runs nothing but the command it is handed.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// What a process that ended took.
pub struct Cost {
    pub wall: Duration,
    /// Seconds, user and system, all threads.
    pub cpu: f64,
    /// At most.
    pub memory_mb: u64,
    pub status: Option<i32>,
    pub told: String,
}

/// Runs it to its end. No other child may end meanwhile.
pub fn cost(command: &mut Command) -> Cost {
    let (before, began) = (ended_children_micros(), Instant::now());
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
    let pid = child.id();
    let watcher = std::thread::spawn(move || {
        let mut most = 0;
        while let Some(now) = memory_if_there(pid, "VmHWM:") {
            most = most.max(now);
            std::thread::sleep(Duration::from_millis(5));
        }
        most
    });
    let (mut told, mut failed) = (String::new(), String::new());
    let said = child.stdout.take().zip(child.stderr.take());
    if let Some((mut out, mut err)) = said {
        use std::io::Read as _;
        let errors = std::thread::spawn(move || err.read_to_string(&mut failed).map(|_| failed));
        out.read_to_string(&mut told).expect("it speaks UTF-8");
        told += &errors.join().expect("a thread").expect("it speaks UTF-8");
    }
    let status = child.wait().expect("it ends").code();
    let wall = began.elapsed();
    let memory_mb = watcher.join().expect("a thread");
    Cost { wall, cpu: (ended_children_micros() - before) / 1e6, memory_mb, status, told }
}

/// CPU of the calling thread.
pub fn thread_nanos() -> f64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").expect("Linux");
    text.split_whitespace().next().and_then(|word| word.parse().ok()).expect("a number")
}

/// User and system time of all threads of a process, in hundredths of a second as Linux counts them.
pub fn cpu_micros(pid: u32) -> f64 {
    times(&pid.to_string(), [11, 12])
}

fn ended_children_micros() -> f64 {
    times("self", [13, 14])
}

fn times(process: &str, fields: [usize; 2]) -> f64 {
    let text = std::fs::read_to_string(format!("/proc/{process}/stat")).expect("Linux");
    let words: Vec<&str> = text.rsplit(')').next().expect("the name is in brackets").split_whitespace().collect();
    let ticks = |nth: usize| words.get(nth).and_then(|word| word.parse::<f64>().ok()).expect("a time");
    fields.into_iter().map(ticks).sum::<f64>() * 10_000.0
}

/// `VmRSS:` is now, `VmHWM:` at most.
pub fn memory_of(pid: u32, name: &str) -> u64 {
    memory_if_there(pid, name).expect("a figure")
}

fn memory_if_there(pid: u32, name: &str) -> Option<u64> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    Some(line.split_whitespace().next()?.parse::<u64>().ok()? / 1024)
}
