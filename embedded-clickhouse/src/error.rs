//! What can go wrong between "I want a ClickHouse" and a server that answers. Each text says what to do about it.

use std::io;
use std::path::PathBuf;

/// Why there is no server. The source of an error is not part of its text: print the chain.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// `CLICKHOUSE_URL` cannot be read.
    #[error("CLICKHOUSE_URL is not of the form http[s]://[user[:password]@]host[:port]: {reason}")]
    InvalidUrl {
        /// What is wrong with it, without the password.
        reason: String,
    },
    /// The server of `CLICKHOUSE_URL` does not answer.
    #[error("no ClickHouse answers at CLICKHOUSE_URL ({url}): {reason}")]
    ExternalSilent {
        /// The URL without user and password.
        url: String,
        /// The last refusal.
        reason: String,
    },
    /// A server that we did not start cannot be killed or restarted.
    #[error("cannot {action} the server of CLICKHOUSE_URL: it was not started here (Options::ignore_url starts one)")]
    External {
        /// What was asked for.
        action: &'static str,
    },
    /// There is no pinned library for this machine.
    #[error(
        "no ClickHouse for {os} on {arch}: set CLICKHOUSE_URL to a running server, put `clickhouse` on PATH, or set \
         EMBEDDED_CLICKHOUSE_LIBRARY to a libchdb.so (a pinned one exists for linux on x86_64 only)"
    )]
    UnsupportedPlatform {
        /// The operating system.
        os: &'static str,
        /// The processor.
        arch: &'static str,
    },
    /// None of the variables that name a cache directory is set.
    #[error("no cache directory: set SEGMENTATION_CACHE (XDG_CACHE_HOME and HOME are unset too)")]
    NoCacheDirectory,
    /// A program that fetching needs did not do its work.
    #[error(
        "could not fetch ClickHouse: {program} failed: {reason}; without it set CLICKHOUSE_URL or put `clickhouse` on \
         PATH"
    )]
    Fetch {
        /// The program: npm, tar or sha256sum.
        program: &'static str,
        /// What it said.
        reason: String,
    },
    /// The fetched file is not the pinned one.
    #[error(
        "{} is not the pinned file: its SHA-256 is {actual}, expected {expected}; it was not used (look at npm's \
         registry setting, then try again)",
        path.display()
    )]
    Checksum {
        /// The file.
        path: PathBuf,
        /// The checksum that the source pins.
        expected: &'static str,
        /// The checksum of the file.
        actual: String,
    },
    /// No executable can become the server process.
    #[error(
        "no program can run the server: call embedded_clickhouse::run_if_child() first in main, or build the helper \
         (cargo build -p embedded-clickhouse) beside this program, or set EMBEDDED_CLICKHOUSE_BIN to it"
    )]
    NoChildProgram,
    /// The named port is taken.
    #[error("port {port} is in use")]
    PortInUse {
        /// The port.
        port: u16,
    },
    /// No port is free.
    #[error("found no free port after {tries} tries")]
    NoFreePort {
        /// How often we tried.
        tries: u32,
    },
    /// Another server runs on the directory.
    #[error("{} is in use by another server", directory.display())]
    DirectoryInUse {
        /// The directory.
        directory: PathBuf,
    },
    /// The server process ended before it answered.
    #[error("ClickHouse ({engine}) ended before it answered ({status}); the end of {}:\n{log}", log_path.display())]
    EndedEarly {
        /// The program or library.
        engine: String,
        /// How it ended; the library's exit codes mean little.
        status: String,
        /// Its log.
        log_path: PathBuf,
        /// The last lines of its log.
        log: String,
    },
    /// The server process runs but does not answer.
    #[error(
        "ClickHouse ({engine}) did not answer within {seconds} s ({reason}); the end of {}:\n{log}",
        log_path.display()
    )]
    NotReady {
        /// The program or library.
        engine: String,
        /// The deadline.
        seconds: u64,
        /// The last refusal.
        reason: String,
        /// Its log.
        log_path: PathBuf,
        /// The last lines of its log.
        log: String,
    },
    /// The operating system refused something.
    #[error("could not {action}")]
    Io {
        /// What was tried, with the path.
        action: String,
        /// Why not.
        #[source]
        source: io::Error,
    },
}

impl Error {
    /// Names the action that failed, for `map_err`.
    pub(crate) fn io(action: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io { action: action.into(), source }
    }
}
