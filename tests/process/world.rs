//! A shop's project in a folder of its own, processes that run it, and a wire to them. Shared with `benches/run.rs`.
//!
//! Asserts nothing but that the tools of the test work.

use std::fs;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::{Duration, Instant};

use base64::Engine;

/// The write key that the environment names.
pub const KEY: &str = "wk_process";
/// Whatever a test waits for has come by then, or never comes.
pub const DEADLINE: Duration = Duration::from_secs(60);

pub struct Shop {
    pub folder: tempfile::TempDir,
    pub listen: SocketAddr,
}

impl Shop {
    pub fn new(sink: SocketAddr) -> Shop {
        let folder = tempfile::tempdir().expect("a folder");
        let project = folder.path().join("shop");
        fs::create_dir_all(project.join("messages")).expect("a folder");
        let write = |name: &str, text: &str| fs::write(project.join(name), text).expect("a file");
        write("carts.tabi", include_str!("shop/carts.tabi"));
        write("messages/nudge.json", include_str!("shop/messages/nudge.json"));
        write(
            "tabi.yaml",
            &format!(
                "name: carts\ntimezone: Asia/Tokyo\ncurrency: JPY\nenvironments:\n  local:\n    write_keys:\n      shop: env:TABI_KEY\n    \
                 webhook:\n      secret: env:TABI_WEBHOOK_SECRET\n      private: true\n      hosts: [127.0.0.1]\n      \
                 default_url: \"http://{sink}/{{name}}\"\n"
            ),
        );
        Shop { folder, listen: free() }
    }
    pub fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }
    /// A command of the program, in this shop's folder.
    pub fn tabi(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tabi"));
        command.args(words).current_dir(self.folder.path()).stdin(Stdio::null());
        for name in ["LC_ALL", "LC_MESSAGES", "LANG"] {
            command.env_remove(name);
        }
        command.env("TABI_KEY", KEY).env("TABI_WEBHOOK_SECRET", "a secret of the shop").env("TABI_LOG", "warn");
        command
    }
    /// What a command says, and the number it ends with.
    pub fn told(&self, words: &[&str]) -> (String, i32) {
        let output = self.tabi(words).output().expect("the program starts");
        let text = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        (text, output.status.code().expect("it was not killed"))
    }
    /// `tabi run` on these data.
    pub fn run(&self, data: &Path) -> Running {
        self.run_with(data, &[])
    }
    /// The same, with more variables.
    pub fn run_with(&self, data: &Path, variables: &[(&str, &str)]) -> Running {
        let listen = self.listen.to_string();
        let data = data.to_str().expect("a path in UTF-8");
        let mut command = self.tabi(&["run", "shop", "--data", data, "--listen", &listen, "--env", "local"]);
        let started = Instant::now();
        command.envs(variables.iter().copied());
        let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the program starts");
        Running { child, listen: self.listen, started }
    }
    pub fn wire(&self) -> Wire {
        Wire { address: self.listen, stream: None }
    }
}

/// A port outside the range from which the system takes those of clients: it is free again and again. Shops of one test
/// binary never get the same.
fn free() -> SocketAddr {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    loop {
        let nth = NEXT.fetch_add(1, Ordering::Relaxed);
        let port = 20_000 + (std::process::id() as u16).wrapping_mul(7).wrapping_add(nth) % 10_000;
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        if TcpListener::bind(address).is_ok() {
            return address;
        }
    }
}

/// A process; killed with the test.
pub struct Running {
    pub child: Child,
    listen: SocketAddr,
    started: Instant,
}

impl Running {
    /// Waits until it is ready: how long that took from its start.
    pub fn ready(&mut self) -> Duration {
        let mut wire = Wire { address: self.listen, stream: None };
        within(DEADLINE, "the process is ready", || {
            if let Ok(Some(status)) = self.child.try_wait() {
                panic!("it ended while it started: {status}");
            }
            matches!(wire.ask("GET", "/readyz", ""), Ok((200, _))).then_some(())
        });
        self.started.elapsed()
    }
    /// `kill -9`.
    pub fn kill(mut self) {
        self.child.kill().expect("it can be killed");
        self.child.wait().expect("it ends");
    }
    /// SIGTERM: how it ended.
    pub fn terminate(mut self) -> ExitStatus {
        let told = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status().expect("kill");
        assert!(told.success());
        within(DEADLINE, "the process ends", || self.child.try_wait().expect("a process"))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Asks again and again until there is an answer.
pub fn within<T>(limit: Duration, what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let until = Instant::now() + limit;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < until, "not in time: {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// A connection that is made anew after a fault.
pub struct Wire {
    address: SocketAddr,
    stream: Option<BufReader<TcpStream>>,
}

impl Wire {
    pub fn post(&mut self, path: &str, body: &str) -> io::Result<(u16, String)> {
        self.ask("POST", path, body)
    }
    pub fn ask(&mut self, method: &str, path: &str, body: &str) -> io::Result<(u16, String)> {
        let answer = self.exchange(method, path, body);
        if answer.is_err() {
            self.stream = None;
        }
        answer
    }
    /// Until it is acknowledged, whatever happens to the other side meanwhile.
    pub fn insist(&mut self, path: &str, body: &str) {
        within(DEADLINE, "it is acknowledged", || match self.post(path, body) {
            Ok((200, answer)) => {
                assert!(!answer.contains("refused"), "{answer}");
                Some(())
            }
            Ok((400..=428, answer)) => panic!("{answer}"),
            Ok(_) | Err(_) => None,
        });
    }
    fn exchange(&mut self, method: &str, path: &str, body: &str) -> io::Result<(u16, String)> {
        let stream = match &mut self.stream {
            Some(stream) => stream,
            none => {
                let stream = TcpStream::connect(self.address)?;
                stream.set_nodelay(true)?;
                stream.set_read_timeout(Some(Duration::from_secs(30)))?;
                none.insert(BufReader::new(stream))
            }
        };
        let key = base64::engine::general_purpose::STANDARD.encode(format!("{KEY}:"));
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: shop\r\nAuthorization: Basic {key}\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\n\r\n{body}",
            body.len()
        );
        stream.get_mut().write_all(request.as_bytes())?;
        let torn = || io::Error::from(io::ErrorKind::UnexpectedEof);
        let mut line = String::new();
        stream.read_line(&mut line)?;
        let status = line.split(' ').nth(1).and_then(|code| code.parse().ok()).ok_or_else(torn)?;
        let mut length = 0;
        loop {
            line.clear();
            if stream.read_line(&mut line)? == 0 {
                return Err(torn());
            }
            let Some((name, value)) = line.trim_end().split_once(':') else { break };
            if name.eq_ignore_ascii_case("content-length") {
                length = value.trim().parse().map_err(|_| torn())?;
            }
        }
        let mut answer = vec![0; length];
        stream.read_exact(&mut answer)?;
        Ok((status, String::from_utf8_lossy(&answer).into_owned()))
    }
}

/// Whether the condition of the journey lets somebody pass: nine of ten.
pub fn passes(person: usize) -> bool {
    !person.is_multiple_of(10)
}

/// Two calls: who somebody is, and a cart of theirs.
pub fn calls(person: usize, cart: usize) -> String {
    format!("{},{}", identify(person), cart_of(person, cart))
}

pub fn identify(person: usize) -> String {
    let plan = if passes(person) { "full" } else { "free" };
    format!(r#"{{"type":"identify","userId":"u{person}","messageId":"i{person}","traits":{{"plan":"{plan}"}}}}"#)
}

pub fn cart_of(person: usize, cart: usize) -> String {
    format!(
        r#"{{"type":"track","event":"cart_updated","userId":"u{person}","messageId":"c{cart}","properties":{{"cart_id":"{cart}","total":{}}}}}"#,
        cart % 1_000
    )
}

pub fn batch(calls: impl IntoIterator<Item = String>) -> String {
    format!("{{\"batch\":[{}]}}", calls.into_iter().collect::<Vec<_>>().join(","))
}
