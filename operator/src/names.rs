//! Names that others rely on: labels, annotations, condition types and reasons, and the names of children.

use std::fmt;

use k8s_openapi::api::batch::v1::Job;
use kube::ResourceExt;

/// Who writes children, in server-side apply.
pub(crate) const FIELD_MANAGER: &str = "segment-operator";
/// Who writes status, in server-side apply.
pub(crate) const STATUS_FIELD_MANAGER: &str = "segment-operator-status";

/// Label: who made the object. All children carry it, and only objects that carry it are watched.
pub(crate) const MANAGED_BY: &str = "app.kubernetes.io/managed-by";
/// The value of [`MANAGED_BY`].
pub(crate) const OPERATOR: &str = "segment-operator";
/// Label: name of the store that the object belongs to; it stands in the store's namespace.
pub(crate) const STORE: &str = "segmentation.dev/store";
/// Label: what the object is for.
pub(crate) const COMPONENT: &str = "segmentation.dev/component";
/// Label: the run that a Job works on.
pub(crate) const RUN: &str = "segmentation.dev/run";
/// The component that makes and upgrades the schema.
pub(crate) const SCHEMA: &str = "schema";
/// The component that evaluates new and changed Segments.
pub(crate) const MANUAL: &str = "manual";
/// The component that lists the shards for the pods.
pub(crate) const SHARDS: &str = "shards";

/// Annotation of a store: the store, as databases know it, whose databases it takes over.
pub(crate) const ADOPT: &str = "segmentation.dev/adopt";
/// Annotation of a store: how many Segments may be removed though the brake holds them.
pub(crate) const CONFIRM_REMOVAL: &str = "segmentation.dev/confirm-removal";
/// Annotation of a Segment: a new value asks for an evaluation.
pub(crate) const EVALUATE: &str = "segmentation.dev/evaluate";
/// An annotation of a Job: a hash of what the store said of its pods. The API server writes their fields in other ways than we
/// do, so these cannot be compared.
pub(crate) const PODS: &str = "segmentation.dev/pods";

/// Types of conditions.
pub(crate) mod condition {
    pub(crate) const READY: &str = "Ready";
    pub(crate) const RECONCILING: &str = "Reconciling";
    pub(crate) const STALLED: &str = "Stalled";
    pub(crate) const SPEC_ACCEPTED: &str = "SpecAccepted";
    pub(crate) const EVALUATED: &str = "Evaluated";
    pub(crate) const SUSPENDED: &str = "Suspended";
    pub(crate) const SHARDS_REACHABLE: &str = "ShardsReachable";
    pub(crate) const REMOVAL_HELD: &str = "RemovalHeld";
}

/// Reasons of conditions and events. The documentation explains each.
pub(crate) mod reason {
    // Of a Segment.
    pub(crate) const EVALUATED: &str = "Evaluated";
    pub(crate) const NO_DATA: &str = "NoData";
    pub(crate) const PENDING: &str = "Pending";
    pub(crate) const EVALUATING: &str = "Evaluating";
    pub(crate) const JOB_BLOCKED: &str = "JobBlocked";
    pub(crate) const RUN_FAILED: &str = "RunFailed";
    pub(crate) const EVALUATION_FAILED: &str = "EvaluationFailed";
    pub(crate) const STORE_NOT_FOUND: &str = "StoreNotFound";
    pub(crate) const STORE_NOT_READY: &str = "StoreNotReady";
    pub(crate) const ACCESS_DENIED: &str = "AccessDenied";
    pub(crate) const ACCEPTED: &str = "Accepted";
    pub(crate) const NOT_JUDGED: &str = "NotJudged";
    pub(crate) const SUSPENDED: &str = "Suspended";
    pub(crate) const RESUMED: &str = "Resumed";

    // Of a Segment or a store.
    pub(crate) const SPEC_REFUSED: &str = "SpecRefused";

    // Of a shard: of its store, and of Segments that it holds.
    pub(crate) const SHARD_UNREACHABLE: &str = "ShardUnreachable";
    pub(crate) const SCHEMA_MISSING: &str = "SchemaMissing";
    pub(crate) const CREDENTIALS_REFUSED: &str = "CredentialsRefused";
    pub(crate) const TLS_REFUSED: &str = "TlsRefused";
    pub(crate) const SERVER_TOO_OLD: &str = "ServerTooOld";
    pub(crate) const FOREIGN_DATABASE: &str = "ForeignDatabase";
    pub(crate) const NEWER_SCHEMA: &str = "NewerSchema";
    pub(crate) const SHARD_REFUSED: &str = "ShardRefused";

    // Of a store.
    pub(crate) const ALL_SHARDS_READY: &str = "AllShardsReady";
    pub(crate) const SCHEMA_APPLYING: &str = "SchemaApplying";
    pub(crate) const SCHEMA_NOT_STARTED: &str = "SchemaNotStarted";
    pub(crate) const SCHEMA_FAILED: &str = "SchemaFailed";
    pub(crate) const MALFORMED: &str = "Malformed";
    pub(crate) const SECRET_MISSING: &str = "SecretMissing";
    pub(crate) const SECRET_FORBIDDEN: &str = "SecretForbidden";
    pub(crate) const SECRET_INCOMPLETE: &str = "SecretIncomplete";
    pub(crate) const SECRET_UNREADABLE: &str = "SecretUnreadable";
    pub(crate) const ALL_ANSWER: &str = "AllAnswer";
    pub(crate) const NOT_ASKED: &str = "NotAsked";
    pub(crate) const MANY_REMOVED: &str = "ManyRemoved";

    // Of events alone.
    pub(crate) const RUN_STARTED: &str = "RunStarted";
    pub(crate) const RUN_ENDED: &str = "RunEnded";
    pub(crate) const RUN_NOT_STARTED: &str = "RunNotStarted";
    pub(crate) const DEFINITIONS_OUTDATED: &str = "DefinitionsOutdated";
}

/// A SegmentStore by namespace and name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct StoreKey {
    pub(crate) namespace: String,
    pub(crate) name: String,
}

impl StoreKey {
    /// The store that a Job belongs to.
    pub(crate) fn of_job(job: &Job) -> Option<Self> {
        Some(Self { namespace: job.namespace()?, name: job.labels().get(STORE)?.clone() })
    }

    /// How databases know the store.
    pub(crate) fn identity(&self, cluster: &str) -> String {
        format!("{cluster}/{}/{}", self.namespace, self.name)
    }
}

impl fmt::Display for StoreKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.namespace, self.name)
    }
}

/// The longest name of a store; the CRD refuses longer ones.
const STORE_NAME_MAX: usize = 40;
/// The longest suffix of a child: `-shards-` or `-schema-` and twelve hexadecimal digits.
const SUFFIX_MAX: usize = 20;
// A Job's name becomes a label value and a part of its pods' names.
const _: () = assert!(STORE_NAME_MAX + SUFFIX_MAX <= 63);

/// The name of a child of a store that a hash tells from its siblings.
pub(crate) fn child(store: &str, component: &str, hash: u64) -> String {
    format!("{store}-{component}-{:012x}", hash & 0xffff_ffff_ffff)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_child_fits_into_a_label() {
        let store = "s".repeat(STORE_NAME_MAX);
        for component in [SCHEMA, MANUAL, SHARDS] {
            assert!(child(&store, component, u64::MAX).len() <= 63);
        }
    }
}
