//! A relay that does as it is told at each verb, over pipes in memory, so that the clock of a test can be moved.
//!
//! Checks nothing of what it is sent.

use std::io;
use std::sync::{Arc, Mutex};

use tabi::channels::email::dial::{Dial, Pipe};
use tabi::ports::Attempt;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, DuplexStream};

/// What happens at a verb.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Fault {
    /// Nothing more is heard.
    Hangs,
    /// The connection ends.
    Drops,
    /// This instead of what is usual; 421 also ends the connection.
    Says(&'static str),
}

/// `CONNECT`, `GREETING`, `EHLO`, `AUTH`, `MAIL`, `RCPT`, `DATA`, `TEXT` (in its midst), `DOT`, `RSET`, `QUIT`; and what
/// happens there, on the first so many occasions.
#[derive(Debug, Clone, Copy)]
pub struct Scene {
    pub at: &'static str,
    pub fault: Fault,
    pub times: usize,
}

#[derive(Debug, Default)]
pub struct Seen {
    /// Verbs and their arguments, one list for each connection.
    pub conversations: Vec<Vec<String>>,
    /// Mails whose final dot came, whatever was answered.
    pub stored: usize,
    pub open: usize,
    pub open_at_once: usize,
    pub scene: Option<Scene>,
}

#[derive(Clone, Default)]
pub struct Relay {
    pub seen: Arc<Mutex<Seen>>,
}

impl Relay {
    pub fn with(at: &'static str, fault: Fault) -> Relay {
        let relay = Relay::default();
        relay.from_now(Scene { at, fault, times: usize::MAX });
        relay
    }
    pub fn from_now(&self, scene: Scene) {
        self.seen.lock().unwrap().scene = Some(scene);
    }

    fn fault(&self, at: &str) -> Option<Fault> {
        let mut seen = self.seen.lock().unwrap();
        let scene = seen.scene.as_mut().filter(|scene| scene.at == at && scene.times > 0)?;
        scene.times -= 1;
        Some(scene.fault)
    }

    async fn serve(self, stream: DuplexStream, number: usize) {
        {
            let mut seen = self.seen.lock().unwrap();
            seen.open += 1;
            seen.open_at_once = seen.open_at_once.max(seen.open);
        }
        let _ = self.converse(BufReader::new(stream), number).await;
        self.seen.lock().unwrap().open -= 1;
    }

    async fn converse(&self, mut stream: BufReader<DuplexStream>, number: usize) -> io::Result<()> {
        self.answer(&mut stream, "GREETING", "220 relay.test ESMTP").await?;
        loop {
            let mut line = String::new();
            if stream.read_line(&mut line).await? == 0 {
                return Ok(());
            }
            self.seen.lock().unwrap().conversations[number].push(line.trim_end().to_owned());
            let verb = line.split([' ', ':', '\r']).next().unwrap().to_uppercase();
            let usual = match verb.as_str() {
                "EHLO" => "250-relay.test\r\n250-8BITMIME\r\n250 AUTH PLAIN LOGIN",
                "AUTH" => "235 2.7.0 Authentication successful",
                "DATA" => "354 End data with <CR><LF>.<CR><LF>",
                "QUIT" => "221 2.0.0 Bye",
                _ => "250 2.0.0 Ok",
            };
            let took = self.answer(&mut stream, &verb, usual).await?;
            if verb == "QUIT" {
                return Ok(());
            }
            if verb == "DATA" && took {
                loop {
                    let mut line = String::new();
                    if self.fault("TEXT").is_some() {
                        return Ok(());
                    }
                    if stream.read_line(&mut line).await? == 0 {
                        return Ok(());
                    }
                    if line == ".\r\n" {
                        break;
                    }
                }
                self.seen.lock().unwrap().stored += 1;
                self.answer(&mut stream, "DOT", "250 2.0.0 Ok: queued as 4F0C12E0B2").await?;
            }
        }
    }

    /// Whether the usual was said.
    async fn answer(&self, stream: &mut BufReader<DuplexStream>, at: &str, usual: &str) -> io::Result<bool> {
        let fault = self.fault(at);
        let said = match fault {
            None => usual,
            Some(Fault::Says(said)) => said,
            Some(Fault::Drops) => return Err(io::ErrorKind::BrokenPipe.into()),
            Some(Fault::Hangs) => std::future::pending().await,
        };
        stream.write_all(said.as_bytes()).await?;
        stream.write_all(b"\r\n").await?;
        if said.starts_with("421") {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        Ok(fault.is_none())
    }
}

impl Dial for Relay {
    fn dial(&self) -> Attempt<'_, io::Result<Box<dyn Pipe>>> {
        Box::pin(async {
            match self.fault("CONNECT") {
                None => {}
                Some(Fault::Hangs) => std::future::pending().await,
                Some(Fault::Drops | Fault::Says(_)) => return Err(io::ErrorKind::ConnectionRefused.into()),
            }
            // Small, so that a text does not fit into the pipe.
            let (ours, theirs) = tokio::io::duplex(256);
            let number = {
                let conversations = &mut self.seen.lock().unwrap().conversations;
                conversations.push(Vec::new());
                conversations.len() - 1
            };
            tokio::spawn(self.clone().serve(theirs, number));
            Ok(Box::new(ours) as Box<dyn Pipe>)
        })
    }
}
