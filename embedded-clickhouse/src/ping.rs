//! One HTTP request over a plain socket: enough to ask whether a server answers, so no HTTP client is needed.

use std::io::{self, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::time::Duration;

/// The longest that one request may take; a server that just comes up answers in milliseconds.
const TIMEOUT: Duration = Duration::from_secs(5);

/// Sends `GET path` to `address` (`host:port`) and gives the whole answer, head and body.
pub(crate) fn get(address: &str, path: &str) -> io::Result<String> {
    let unknown = || io::Error::new(io::ErrorKind::NotFound, "the host has no address");
    let socket = address.to_socket_addrs()?.next().ok_or_else(unknown)?;
    let mut stream = TcpStream::connect_timeout(&socket, TIMEOUT)?;
    stream.set_read_timeout(Some(TIMEOUT))?;
    stream.set_write_timeout(Some(TIMEOUT))?;
    stream.write_all(format!("GET {path} HTTP/1.0\r\nHost: {address}\r\nConnection: close\r\n\r\n").as_bytes())?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

/// Whether the answer's status is 200.
pub(crate) fn is_ok(answer: &str) -> bool {
    answer.split(' ').nth(1) == Some("200")
}
