//! What may be wrong with a shard or its store, and whether it mends itself. Pure.

use segment_jobs::{manual::chain, shards::ShardError, store::StoreError};

/// Why a shard cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Trouble {
    pub(crate) kind: TroubleKind,
    /// For a person.
    pub(crate) message: String,
}

/// What sort of trouble.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum TroubleKind {
    /// It does not answer; tried again.
    Unreachable,
    /// It has no schema, or an old one: the schema Job mends that.
    SchemaMissing,
    /// It does not take the credentials, or they allow too little.
    Credentials,
    /// The server is too old.
    OldServer,
    /// The database belongs to another store.
    Taken,
    /// The database does not fit the list of shards, or is none of ours.
    Foreign,
    /// The schema is that of a newer build.
    NewerSchema,
    /// It refuses for another reason.
    Refused,
}

impl TroubleKind {
    /// One word for conditions, events and metrics.
    pub(crate) fn reason(self) -> &'static str {
        match self {
            Self::Unreachable => "ShardUnreachable",
            Self::SchemaMissing => "SchemaMissing",
            Self::Credentials => "CredentialsRefused",
            Self::OldServer => "ServerTooOld",
            Self::Taken | Self::Foreign => "ForeignDatabase",
            Self::NewerSchema => "NewerSchema",
            Self::Refused => "ShardRefused",
        }
    }

    /// Whether a person has to do something.
    pub(crate) fn needs_a_person(self) -> bool {
        !matches!(self, Self::Unreachable | Self::SchemaMissing)
    }
}

impl Trouble {
    pub(crate) fn of_store(error: &StoreError, version: u32) -> Self {
        let kind = match error {
            StoreError::Shard(error) => return Self::of_shard(error),
            StoreError::OldServer { .. } => TroubleKind::OldServer,
            StoreError::SchemaVersion { found, .. } if *found > version => TroubleKind::NewerSchema,
            StoreError::SchemaVersion { .. } => TroubleKind::SchemaMissing,
            StoreError::Foreign { .. } | StoreError::Shards(_) => TroubleKind::Foreign,
        };
        Self { kind, message: error.to_string() }
    }

    pub(crate) fn of_shard(error: &ShardError) -> Self {
        let message = chain(error);
        let kind = match error.refused() {
            None => TroubleKind::Unreachable,
            Some(said) => refusal(said),
        };
        Self { kind, message }
    }
}

/// What the server means, by the code of its error.
fn refusal(said: &str) -> TroubleKind {
    let has = |codes: &[&str]| codes.iter().any(|code| said.contains(&format!("Code: {code}.")));
    if has(&["516", "192", "193", "194", "497"]) {
        TroubleKind::Credentials
    } else if has(&["81"]) {
        TroubleKind::SchemaMissing
    } else if has(&["159", "202", "209", "210", "241", "394"]) {
        // Time limits, too many queries, the network, memory, a killed query: another try may do.
        TroubleKind::Unreachable
    } else {
        TroubleKind::Refused
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_servers_code_tells_what_is_wrong() {
        let refused = "Code: 516. DB::Exception: default: Authentication failed. (AUTHENTICATION_FAILED)";
        assert_eq!(refusal(refused), TroubleKind::Credentials);
        assert_eq!(refusal("Code: 81. DB::Exception: Database x does not exist."), TroubleKind::SchemaMissing);
        assert_eq!(refusal("Code: 202. DB::Exception: Too many simultaneous queries."), TroubleKind::Unreachable);
        assert_eq!(refusal("Code: 62. DB::Exception: Syntax error"), TroubleKind::Refused);
    }

    #[test]
    fn a_shard_that_is_down_needs_nobody() {
        assert!(!TroubleKind::Unreachable.needs_a_person());
        assert!(TroubleKind::Credentials.needs_a_person());
    }
}
