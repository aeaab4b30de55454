//! What can go wrong, and the exit code that says so; the same for every command.

use std::{fmt, io, process::ExitCode};

use segment_jobs::{causes::chain, shards::ShardError, store::StoreError};

/// Why a command did not do all that it was asked for.
#[derive(Debug)]
pub(crate) enum Failure {
    /// Anything that has no code of its own: a missing file, a server that does not start.
    Other(String),
    /// The call itself makes no sense.
    Usage(String),
    /// A Segment was refused, which has been said already; all else was done.
    Refused,
    /// Data or a FILE that cannot be used.
    BadData(String),
    /// Shards of a store are missing, and what is on them; what the others have was printed.
    Missing(String),
}

impl Failure {
    /// An error about something, such as a path.
    pub(crate) fn about(what: impl fmt::Display, error: &dyn std::error::Error) -> Self {
        Self::Other(format!("{what}: {}", chain(error)))
    }

    /// A signal ended the call.
    pub(crate) fn stopped() -> Self {
        Self::Other("stopped".to_owned())
    }

    fn code(&self) -> u8 {
        match self {
            Self::Other(_) => 1,
            Self::Usage(_) => 2,
            Self::Refused => 3,
            Self::BadData(_) => 4,
            Self::Missing(_) => 5,
        }
    }

    fn message(&self) -> Option<&str> {
        match self {
            Self::Other(text) | Self::Usage(text) | Self::BadData(text) | Self::Missing(text) => Some(text),
            Self::Refused => None,
        }
    }
}

impl From<ShardError> for Failure {
    fn from(error: ShardError) -> Self {
        Self::Other(chain(&error))
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::Other(chain(&error))
    }
}

impl From<embedded_clickhouse::Error> for Failure {
    fn from(error: embedded_clickhouse::Error) -> Self {
        Self::Other(chain(&error))
    }
}

/// What is written to standard output.
pub(crate) fn written(outcome: io::Result<()>) -> Result<(), Failure> {
    match outcome {
        // Whoever read our output has seen enough.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        Err(error) => Err(Failure::about("standard output", &error)),
        Ok(()) => Ok(()),
    }
}

/// Says what went wrong and gives the exit code.
pub(crate) fn exit_code(outcome: Result<(), Failure>) -> ExitCode {
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            if let Some(message) = failure.message() {
                eprintln!("error: {message}");
            }
            ExitCode::from(failure.code())
        }
    }
}
