//! What the tests share: a directory that goes away, a query over a plain socket, and a look at the process table.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use embedded_clickhouse::{Options, Server};

/// A directory of one test, removed at its end.
pub(crate) struct Directory(pub(crate) PathBuf);

impl Directory {
    pub(crate) fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("embedded-clickhouse-test-{}-{count}", std::process::id()));
        std::fs::create_dir_all(&path).expect("a temporary directory");
        Self(path)
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A server of our own, whatever `CLICKHOUSE_URL` says.
pub(crate) fn start(options: Options) -> Server {
    Server::start(Options { ignore_url: true, ..options }).expect("a server")
}

/// The answer's body, error texts included.
pub(crate) fn query(url: &str, sql: &str) -> String {
    try_query(url, sql).expect("an answer")
}

pub(crate) fn try_query(url: &str, sql: &str) -> io::Result<String> {
    let address = url.strip_prefix("http://").unwrap_or(url);
    let mut stream = TcpStream::connect(address)?;
    let length = sql.len();
    write!(stream, "POST / HTTP/1.0\r\nHost: {address}\r\nContent-Length: {length}\r\n\r\n{sql}")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer.split_once("\r\n\r\n").map(|(_, body)| body.trim().to_owned()).unwrap_or_default())
}

/// The ids of all processes whose command line names this directory. A zombie has no command line.
pub(crate) fn processes_of(directory: &Path) -> Vec<u32> {
    let needle = directory.to_string_lossy();
    let entries = std::fs::read_dir("/proc").expect("/proc").filter_map(Result::ok);
    entries
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .filter(|id| std::fs::read(format!("/proc/{id}/cmdline")).is_ok_and(|line| names(&line, &needle)))
        .collect()
}

fn names(command_line: &[u8], needle: &str) -> bool {
    String::from_utf8_lossy(command_line).contains(needle)
}

pub(crate) fn exists(process: u32) -> bool {
    Path::new(&format!("/proc/{process}")).exists()
}

/// Polls until `condition` holds, and fails after a while.
pub(crate) fn wait_until(what: &str, condition: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while !condition() {
        assert!(Instant::now() < deadline, "waited in vain until {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}
