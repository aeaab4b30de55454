//! What may be wrong with a shard or its store, and whether it mends itself. Pure.

use segment_jobs::{
    manual::chain,
    shards::{Fault, ShardError},
    store::StoreError,
};

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
            StoreError::SchemaVersion { shard, found, .. } if *found > version => {
                let message = format!(
                    "shard {shard}: a newer build has given it schema version {found}, and this operator knows up to {version}; \
                     upgrade the operator and its image of segment-jobs"
                );
                return Self { kind: TroubleKind::NewerSchema, message };
            }
            StoreError::SchemaVersion { .. } => TroubleKind::SchemaMissing,
            StoreError::Foreign { .. } | StoreError::Shards(_) | StoreError::Several(_) => TroubleKind::Foreign,
        };
        Self { kind, message: error.to_string() }
    }

    pub(crate) fn of_shard(error: &ShardError) -> Self {
        Self { kind: of_fault(error.fault()), message: chain(error) }
    }
}

fn of_fault(fault: Fault) -> TroubleKind {
    match fault {
        Fault::Passing => TroubleKind::Unreachable,
        Fault::Credentials => TroubleKind::Credentials,
        Fault::NoDatabase => TroubleKind::SchemaMissing,
        Fault::Lasting => TroubleKind::Refused,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_schema_of_a_newer_build_says_what_to_upgrade() {
        let of = |found| {
            let error = StoreError::SchemaVersion { shard: "a".to_owned(), found, mend: "use a newer build" };
            Trouble::of_store(&error, 60)
        };
        let newer = of(61);
        assert!(newer.kind == TroubleKind::NewerSchema && newer.kind.needs_a_person());
        assert!(newer.message.starts_with("shard a: ") && newer.message.contains("upgrade the operator"), "{newer:?}");
        assert_eq!(of(59).kind, TroubleKind::SchemaMissing);
    }

    #[test]
    fn a_shard_that_is_down_or_busy_needs_nobody() {
        assert!(!of_fault(Fault::Passing).needs_a_person());
        assert!(!of_fault(Fault::NoDatabase).needs_a_person());
        assert!(of_fault(Fault::Credentials).needs_a_person());
        assert!(of_fault(Fault::Lasting).needs_a_person());
    }
}
