//! The custom resource Segment: which profiles of an account belong together, and what became of its evaluation.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition as StatusCondition;
use kube::{CustomResource, KubeSchema};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::criterion::Criterion;
use crate::optional::{is_off, null_as_absent};
use crate::schema;

/// Who belongs to the segment.
#[derive(CustomResource, KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
#[kube(
    group = "segmentation.dev",
    version = "v1alpha1",
    kind = "Segment",
    namespaced,
    status = "SegmentStatus",
    derive = "PartialEq",
    shortname = "seg",
    category = "segmentation",
    selectable = ".spec.account",
    doc = "A customer segment: the set of an account's profiles that match its criteria.",
    printcolumn(name = "Ready", type_ = "string", json_path = r#".status.conditions[?(@.type=="Ready")].status"#),
    printcolumn(name = "Reason", type_ = "string", json_path = r#".status.conditions[?(@.type=="Ready")].reason"#),
    printcolumn(name = "Members", type_ = "integer", json_path = ".status.memberCount"),
    printcolumn(name = "Last-Eval", type_ = "date", json_path = ".status.lastEvaluation.asOf"),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp"),
    printcolumn(name = "Hash", type_ = "string", json_path = ".status.lastEvaluation.definitionHash", priority = 1)
)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[x_kube(validation = Rule::new(
    "!has(self.match) || !has(self.criteria) || \
     [self.match.findAll('[A-Za-z_][A-Za-z0-9_]*')].all(words, self.criteria.all(c, c.name in words))"
).message("every criterion has to be used in match"))]
#[x_kube(validation = Rule::new(
    "!has(self.match) || [has(self.criteria) ? self.criteria.map(c, c.name) : []].all(names, \
     self.match.findAll('[A-Za-z_][A-Za-z0-9_]*').all(word, word in names))"
).message("every name in match has to be that of a criterion"))]
pub struct SegmentSpec {
    /// The SegmentStore in which the segment is evaluated.
    pub store_ref: StoreRef,
    /// The account whose profiles it is about: any text of 1 to 253 characters. It cannot be changed.
    #[schemars(length(min = 1, max = 253))]
    #[x_kube(validation = Rule::new("self == oldSelf").message("account cannot be changed").reason(Reason::FieldValueForbidden))]
    pub account: String,
    /// The IANA time zone in which days begin. Default: the store's, then UTC.
    #[schemars(length(min = 1, max = 64), regex(pattern = "^[A-Za-z0-9_+/-]+$"))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_zone: Option<String>,
    /// While true, members stay as last committed and nothing is handed on; Segments that refer to this one still use its
    /// definition. Setting it to false evaluates afresh. Default false.
    #[serde(default, skip_serializing_if = "is_off", deserialize_with = "null_as_absent")]
    pub suspend: bool,
    /// Named statements about a profile, at most 64. Without any, every profile is a member.
    #[schemars(length(max = 64))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["name".into()]))]
    #[serde(default, skip_serializing_if = "Vec::is_empty", deserialize_with = "null_as_absent")]
    pub criteria: Vec<Criterion>,
    /// How the criteria are combined: their names with `&&`, `||`, `!` and parentheses, at most 4,096 characters and 64
    /// levels. Every criterion has to be used. Default: all criteria must hold.
    #[schemars(length(min = 1, max = 4096), regex(pattern = r"^[A-Za-z0-9_&|!()\s]+$"))]
    #[serde(rename = "match", default, skip_serializing_if = "Option::is_none")]
    pub match_: Option<String>,
}

/// A SegmentStore by its name.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct StoreRef {
    /// The store's name.
    #[schemars(length(min = 1, max = 253))]
    pub name: String,
    /// The store's namespace; the store's `access` has to allow it. Default: the Segment's own.
    #[schemars(length(min = 1, max = 63))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
}

/// What became of the segment, written by the operator. The shards hold the truth; this is a copy of it.
// Unlike what users write it bears unknown fields, so that the status of a newer operator can be read.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct SegmentStatus {
    /// The metadata.generation that this status speaks of; -1 until the operator has seen the object.
    #[schemars(range(min = -1))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    /// Ready, Reconciling and Stalled sum up; SpecAccepted, Evaluated and Suspended say more.
    #[schemars(schema_with = "schema::conditions")]
    #[serde(default, skip_serializing_if = "Vec::is_empty", deserialize_with = "null_as_absent")]
    pub conditions: Vec<StatusCondition>,
    /// How many members the segment has: counted when it becomes ready, and after every further evaluation.
    #[schemars(range(min = 0))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub member_count: Option<i64>,
    /// The last value of the annotation `segmentation.dev/evaluate` that an evaluation followed.
    #[schemars(length(max = 256))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub handled_request: Option<String>,
    /// The runs that failed to evaluate a version, one after the other; missing once one has not. From the third on the
    /// Segment is Stalled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failed_runs: Option<FailedRuns>,
    /// The last evaluation of all profiles.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_evaluation: Option<LastEvaluation>,
}

/// Runs that failed one after the other.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Copy, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct FailedRuns {
    /// The version of the definition that they were to evaluate.
    #[schemars(range(min = 0))]
    pub version: i64,
    /// How many they are.
    #[schemars(range(min = 1))]
    pub count: i64,
}

/// An evaluation of a definition over all profiles of the account.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct LastEvaluation {
    /// The hash of the definition, that of the Segments it refers to included.
    #[schemars(length(max = 64))]
    pub definition_hash: String,
    /// The version of the definition; a later one is greater.
    #[schemars(range(min = 0))]
    pub version: i64,
    /// What made the evaluation run.
    pub mode: EvaluationMode,
    /// The instant for which the members hold.
    #[schemars(length(max = 64), extend("format" = "date-time"))]
    pub as_of: String,
    /// How long the evaluation took, such as `2.5s`.
    #[schemars(length(max = 32))]
    pub duration: String,
    /// How many profiles became members.
    #[schemars(range(min = 0))]
    pub entered: i64,
    /// How many profiles ceased to be members.
    #[schemars(range(min = 0))]
    pub exited: i64,
    /// How it ended.
    pub outcome: EvaluationOutcome,
    /// The run that made it: the label `segmentation.dev/run` of its Job.
    #[schemars(length(max = 64))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<String>,
}

/// What made an evaluation run.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq)]
pub enum EvaluationMode {
    /// The definition is new or was changed, profiles were loaded, or somebody asked for it.
    Manual,
}

/// How an evaluation ended.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq)]
pub enum EvaluationOutcome {
    /// Its members are those of the segment.
    Committed,
}
