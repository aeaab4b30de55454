//! Why a load ended early.

use std::io;

use crate::{commit::CommitError, shards::ShardError};

/// A line that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{file}, line {line}: {reason}")]
pub struct BadLine {
    /// Name of the input.
    pub file: String,
    /// From 1.
    pub line: u64,
    /// What is wrong with it.
    pub reason: String,
}

/// Why a load ended early.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// A line cannot be used.
    #[error("{0}; lines before it may be loaded already, and to load the mended input as a whole is safe")]
    BadData(BadLine),
    /// An input cannot be read.
    #[error("{name} cannot be read")]
    Input {
        /// Name of the input.
        name: String,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// Two accounts have the same hash.
    #[error("the accounts `{known}` and `{new}` have the same hash; give one of them another name")]
    AccountClash {
        /// The account that is in the store.
        known: String,
        /// The account that cannot be added.
        new: String,
    },
    /// A statement failed.
    #[error(transparent)]
    Shard(#[from] ShardError),
    /// The last step failed.
    #[error(transparent)]
    Commit(CommitError),
    /// Another load has taken the lanes because this one gave no sign of life.
    #[error("shard {shard}: another load has taken over the lanes; run this load again when it has ended")]
    Overtaken {
        /// Name of the shard.
        shard: String,
    },
    /// It was asked to stop.
    #[error("stopped; what was read until then is loaded, and to load the input again is safe")]
    Stopped,
    /// A part of the program failed.
    #[error("a part of the load failed")]
    Task(#[from] tokio::task::JoinError),
}

impl From<CommitError> for LoadError {
    fn from(error: CommitError) -> Self {
        match error {
            CommitError::Stopped { .. } => Self::Stopped,
            CommitError::Shard(error) => Self::Shard(error),
            CommitError::Overtaken { .. } => Self::Commit(error),
        }
    }
}

impl LoadError {
    /// Whether statements may still be under way, so that the next load has to mend.
    pub(super) fn is_unfinished(&self) -> bool {
        match self {
            Self::Shard(_) | Self::Commit(_) | Self::Overtaken { .. } | Self::Task(_) | Self::AccountClash { .. } => {
                true
            }
            // All inserts before were waited for, and what was stopped has been ended.
            Self::BadData(_) | Self::Input { .. } | Self::Stopped => false,
        }
    }
}
