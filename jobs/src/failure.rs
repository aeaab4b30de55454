//! What went wrong, by exit code.

use segment_jobs::{
    causes::chain,
    commit::CommitError,
    load::LoadError,
    manual::RunError,
    shards::{Fault, ShardError},
    store::StoreError,
};

/// The exit code of a process that was told to stop.
pub(crate) const STOPPED: u8 = 12;

/// What went wrong, by exit code.
#[derive(Debug)]
pub(crate) enum Failure {
    Other(String),
    Refused,
    BadData(String),
    Temporary(String),
    Permanent(String),
    Stopped(String),
}

impl Failure {
    pub(crate) fn code(&self) -> u8 {
        match self {
            Self::Other(_) => 1,
            Self::Refused => 3,
            Self::BadData(_) => 4,
            Self::Temporary(_) => 10,
            Self::Permanent(_) => 11,
            Self::Stopped(_) => STOPPED,
        }
    }

    pub(crate) fn message(&self) -> Option<&str> {
        match self {
            Self::Refused => None,
            Self::Other(text)
            | Self::BadData(text)
            | Self::Temporary(text)
            | Self::Permanent(text)
            | Self::Stopped(text) => Some(text),
        }
    }

    /// One for all: each is named; while one of them may pass, another try is worth it.
    pub(crate) fn of_all(failures: &[Self]) -> Option<Self> {
        let text = failures.iter().filter_map(Self::message).collect::<Vec<_>>().join("\n");
        if failures.iter().any(|failure| matches!(failure, Self::Stopped(_))) {
            return Some(Self::Stopped(text));
        }
        let may_pass = failures.iter().any(|failure| matches!(failure, Self::Temporary(_)));
        failures.first().map(|_| if may_pass { Self::Temporary(text) } else { Self::Permanent(text) })
    }
}

impl From<ShardError> for Failure {
    fn from(error: ShardError) -> Self {
        let text = chain(&error);
        if error.fault() == Fault::Passing { Self::Temporary(text) } else { Self::Permanent(text) }
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Shard(error) => error.into(),
            StoreError::Several(errors) => {
                let failures: Vec<Self> = errors.into_iter().map(Self::from).collect();
                Self::of_all(&failures).unwrap_or(Self::Permanent(String::new()))
            }
            other => Self::Permanent(other.to_string()),
        }
    }
}

impl From<RunError> for Failure {
    fn from(error: RunError) -> Self {
        let text = error.to_string();
        match error {
            RunError::Shard(_) => Self::Temporary(text),
            RunError::Refused(_) | RunError::Rules { .. } => Self::Permanent(text),
            RunError::Stopped { .. } => Self::Stopped(text),
        }
    }
}

impl From<LoadError> for Failure {
    fn from(error: LoadError) -> Self {
        let text = chain(&error);
        match error {
            LoadError::BadData(_) => Self::BadData(text),
            LoadError::Shard(error) | LoadError::Commit(CommitError::Shard(error)) => error.into(),
            LoadError::Commit(_) | LoadError::Overtaken { .. } => Self::Temporary(text),
            LoadError::Stopped => Self::Stopped(text),
            LoadError::Input { .. } | LoadError::AccountClash { .. } | LoadError::Task(_) => Self::Other(text),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_several_failures_each_is_named_and_one_that_may_pass_decides() {
        let temporary = || Failure::Temporary("a is down".to_owned());
        let permanent = || Failure::Permanent("b is foreign".to_owned());
        let stopped = || Failure::Stopped("c was stopped".to_owned());
        let of_all =
            |failures: &[Failure]| Failure::of_all(failures).map(|all| (all.code(), all.message().map(str::to_owned)));
        let named = |text: &str| Some(text.to_owned());
        assert_eq!(of_all(&[]), None);
        assert_eq!(of_all(&[permanent(), permanent()]), Some((11, named("b is foreign\nb is foreign"))));
        assert_eq!(of_all(&[permanent(), temporary()]), Some((10, named("b is foreign\na is down"))));
        assert_eq!(of_all(&[temporary(), stopped()]), Some((12, named("a is down\nc was stopped"))));
    }
}
