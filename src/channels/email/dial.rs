//! The line to a relay: a TCP connection without delay, read one line of reply at a time.
//!
//! Speaks no SMTP. Where tests stand in for the network, they do so here.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use lettre::transport::smtp::client::AsyncTokioStream;
use tokio::io::{AsyncBufRead, AsyncRead, AsyncWrite, BufReader, ReadBuf};
use tokio::net::TcpStream;

use crate::ports::Attempt;

/// Anything that bytes go through, both ways.
pub trait Pipe: AsyncRead + AsyncWrite + Send + Sync + Unpin + fmt::Debug {}
impl<T: AsyncRead + AsyncWrite + Send + Sync + Unpin + fmt::Debug> Pipe for T {}

/// Reaches the relay.
pub trait Dial: Send + Sync {
    fn dial(&self) -> Attempt<'_, io::Result<Box<dyn Pipe>>>;
}

/// By TCP.
#[derive(Debug, Clone)]
pub struct Tcp {
    pub host: String,
    pub port: u16,
    /// Only addresses of this machine: mail in the clear never leaves it, whatever the name resolves to.
    pub loopback_only: bool,
}

impl Dial for Tcp {
    fn dial(&self) -> Attempt<'_, io::Result<Box<dyn Pipe>>> {
        Box::pin(async {
            let mut last = io::Error::new(io::ErrorKind::NotFound, format!("`{}` has no address", self.host));
            for address in tokio::net::lookup_host((self.host.as_str(), self.port)).await? {
                if self.loopback_only && !address.ip().is_loopback() {
                    let why = format!("`{}` is not this machine, and `tls: none` is for this machine only", self.host);
                    return Err(io::Error::new(io::ErrorKind::PermissionDenied, why));
                }
                match TcpStream::connect(address).await {
                    Ok(stream) => {
                        // Verbs are small and wait for their replies: with Nagle's algorithm ten times fewer mails go out.
                        stream.set_nodelay(true)?;
                        return Ok(Box::new(stream) as Box<dyn Pipe>);
                    }
                    Err(fault) => last = fault,
                }
            }
            Err(last)
        })
    }
}

/// Gives out at most one line at a time. Whoever reads through a buffer of its own then holds nothing of what came after
/// the reply to STARTTLS: replies that somebody slipped in before encryption are not taken for the relay's.
#[derive(Debug)]
pub(super) struct Lines(BufReader<Box<dyn Pipe>>);

impl Lines {
    pub(super) fn new(pipe: Box<dyn Pipe>) -> Lines {
        Lines(BufReader::new(pipe))
    }
}

impl AsyncRead for Lines {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, out: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let held = ready!(Pin::new(&mut self.0).poll_fill_buf(cx))?;
        let line = memchr::memchr(b'\n', held).map_or(held.len(), |end| end + 1);
        let (given, _) = held.split_at(line.min(out.remaining()));
        out.put_slice(given);
        let count = given.len();
        Pin::new(&mut self.0).consume(count);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Lines {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, bytes)
    }
    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }
    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}

impl AsyncTokioStream for Lines {
    fn peer_addr(&self) -> io::Result<SocketAddr> {
        Err(io::Error::from(io::ErrorKind::Unsupported))
    }
}
