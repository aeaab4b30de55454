//! What a look at a store has shown.

use std::collections::BTreeMap;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::OwnerReference;
use segment_jobs::store::{Store, Versions};

use super::{
    apply::SchemaState,
    dereference::SecretTrouble,
    trouble::Trouble,
    validate::{BadField, ValidStore},
};
use crate::names::reason;

/// What is wrong with a store as a whole.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Obstacle {
    #[error("the object cannot be read: {0}")]
    Malformed(String),
    #[error(transparent)]
    Spec(#[from] BadField),
    #[error(transparent)]
    Secret(#[from] SecretTrouble),
    #[error("the shards do not fit together: {0}")]
    Lanes(String),
}

impl Obstacle {
    /// One word for conditions, events and metrics.
    pub(crate) fn reason(&self) -> &'static str {
        match self {
            Self::Malformed(_) => reason::MALFORMED,
            Self::Spec(_) => reason::SPEC_REFUSED,
            Self::Secret(trouble) => trouble.reason(),
            Self::Lanes(_) => reason::FOREIGN_DATABASE,
        }
    }

    /// Whether a person has to do something.
    pub(crate) fn needs_a_person(&self) -> bool {
        !matches!(self, Self::Secret(SecretTrouble::Api(_)))
    }
}

/// A store as it was last seen.
#[derive(Clone, Debug, Default)]
pub(crate) struct Seen {
    pub(crate) valid: Option<ValidStore>,
    pub(crate) owner: OwnerReference,
    /// What keeps the store from being used at all.
    pub(crate) obstacle: Option<Obstacle>,
    /// What the shards run, by index; empty if they were not asked.
    pub(crate) versions: Vec<Versions>,
    /// The troubles of shards, by index.
    pub(crate) troubles: BTreeMap<usize, Trouble>,
    pub(crate) schema: SchemaState,
    /// Open while at least one shard is well.
    pub(crate) open: Option<Store>,
}

impl Seen {
    /// The shards, by index, that are not to be asked.
    pub(crate) fn down(&self) -> Vec<usize> {
        self.troubles.keys().copied().collect()
    }

    /// Whether everything is as it should be.
    pub(crate) fn is_well(&self) -> bool {
        self.obstacle.is_none() && self.troubles.is_empty() && self.open.is_some()
    }
}
