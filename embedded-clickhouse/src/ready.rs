//! Waits until a server that was just started answers, or says why it does not.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;
use std::time::{Duration, Instant};

use crate::config::Layout;
use crate::engine::Engine;
use crate::error::Error;
use crate::ping;
use crate::process::Process;

/// Asks for the server's own directory, so that the answer of a stranger on the same port is not taken for ours.
const QUERY: &str = "/?query=SELECT%20path%20FROM%20system.disks%20WHERE%20name=%27default%27%20FORMAT%20TSVRaw";
const POLL_INTERVAL: Duration = Duration::from_millis(2);
/// How much of the log an error shows.
const LOG_TAIL_BYTES: u64 = 4096;

/// The server that should come up.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Expected<'a> {
    pub(crate) engine: &'a Engine,
    pub(crate) layout: Layout<'a>,
    pub(crate) http_port: u16,
    pub(crate) timeout: Duration,
}

/// Returns when the server answered.
pub(crate) fn wait(process: &mut Process, expected: Expected<'_>) -> Result<(), Error> {
    let deadline = Instant::now() + expected.timeout;
    let engine = || expected.engine.path().display().to_string();
    let log_path = expected.layout.log();
    loop {
        let reason = match ask(expected) {
            Ok(()) => return Ok(()),
            Err(reason) => reason,
        };
        if let Some(status) = process.exit_status() {
            let (status, log) = (status.to_string(), tail(&log_path));
            return Err(Error::EndedEarly { engine: engine(), status, log_path, log });
        }
        if Instant::now() > deadline {
            let (seconds, log) = (expected.timeout.as_secs(), tail(&log_path));
            return Err(Error::NotReady { engine: engine(), seconds, reason, log_path, log });
        }
        std::thread::sleep(POLL_INTERVAL);
    }
}

fn ask(expected: Expected<'_>) -> Result<(), String> {
    let answer = ping::get(&format!("127.0.0.1:{}", expected.http_port), QUERY).map_err(|error| error.to_string())?;
    if ping::is_ok(&answer) && answer.contains(&*expected.layout.data().to_string_lossy()) {
        return Ok(());
    }
    Err(format!("another answer than expected: {}", answer.lines().last().unwrap_or_default()))
}

/// The end of a log, or why it cannot be read: this text goes into another error.
fn tail(log: &Path) -> String {
    let read = || -> io::Result<String> {
        let mut file = File::open(log)?;
        let length = file.metadata()?.len();
        file.seek(SeekFrom::Start(length.saturating_sub(LOG_TAIL_BYTES)))?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        Ok(String::from_utf8_lossy(&bytes).trim().to_owned())
    };
    match read() {
        Ok(text) if text.is_empty() => "(it is empty: look for a mistake in the XML that the options add)".to_owned(),
        Ok(text) => text,
        Err(error) => format!("({error})"),
    }
}
