//! The custom resource SegmentStore: a ClickHouse cluster in which Segments are evaluated, and who may use it.

use std::collections::BTreeMap;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition as StatusCondition;
use kube::{CustomResource, KubeSchema};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::optional::null_as_absent;
use crate::schema;

/// Where Segments are evaluated, and who may use it.
#[derive(CustomResource, KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
#[kube(
    group = "segmentation.dev",
    version = "v1alpha1",
    kind = "SegmentStore",
    namespaced,
    status = "SegmentStoreStatus",
    derive = "PartialEq",
    shortname = "segstore",
    category = "segmentation",
    doc = "A place where Segments are evaluated: a ClickHouse cluster with the schema for it.",
    printcolumn(name = "Ready", type_ = "string", json_path = r#".status.conditions[?(@.type=="Ready")].status"#),
    printcolumn(name = "Reason", type_ = "string", json_path = r#".status.conditions[?(@.type=="Ready")].reason"#),
    printcolumn(name = "Shards", type_ = "integer", json_path = ".status.shards"),
    printcolumn(name = "Shards-Ready", type_ = "integer", json_path = ".status.shardsReady"),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp"),
    validation = Rule::new("self.metadata.name.matches('^[a-z]([-a-z0-9]{0,38}[a-z0-9])?$')")
        .message("a store's name has at most 40 lower case letters, digits and hyphens, from a letter on: objects that belong to it are named after it")
)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SegmentStoreSpec {
    /// The ClickHouse cluster.
    pub clickhouse: ClickHouse,
    /// Which accounts the Segments of which namespaces may name. Default: only Segments of the store's own namespace, which
    /// may name every account.
    #[schemars(length(max = 64))]
    #[x_kube(merge_strategy = ListMerge::Atomic)]
    #[serde(default, skip_serializing_if = "Vec::is_empty", deserialize_with = "null_as_absent")]
    pub access: Vec<AccessGrant>,
    /// The IANA time zone of Segments that state none. Default: UTC.
    #[schemars(length(min = 1, max = 64), regex(pattern = "^[A-Za-z0-9_+/-]+$"))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_zone: Option<String>,
    /// How new and changed Segments are evaluated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub manual: Option<ManualEvaluation>,
    /// What happens when Segments are removed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub removal: Option<Removal>,
    /// The pods in which the store's Jobs run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pods: Option<Pods>,
}

/// A ClickHouse cluster.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ClickHouse {
    /// The database with the tables, of the same name on every shard; no other store may use it.
    #[schemars(length(min = 1, max = 63), regex(pattern = "^[A-Za-z_][A-Za-z0-9_]*$"))]
    pub database: String,
    /// The shards, 1 to 512. They are known by their names; their order means nothing.
    #[schemars(length(min = 1, max = 512))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["name".into()]))]
    pub shards: Vec<Shard>,
    /// The Secret with the keys `username` and `password`, in the store's namespace. Default: the user `default` without a
    /// password.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credentials_secret_ref: Option<SecretRef>,
    /// Certificates, as PEM text, of authorities that may have signed those of `https` shards, beside Mozilla's list. Certificates
    /// are no secret; keys have no place here. Default: none.
    #[schemars(length(min = 1, max = 65536))]
    #[x_kube(validation = Rule::new(
        "self.contains('-----BEGIN CERTIFICATE-----') && !self.contains('PRIVATE KEY-----')"
    ).message("write certificates as PEM, from -----BEGIN CERTIFICATE----- to -----END CERTIFICATE-----, and no keys"))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ca_bundle: Option<String>,
}

/// A shard: a ClickHouse server, or several that hold the same data.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Shard {
    /// The shard's name, which stays the same for as long as the shard has data.
    #[schemars(length(min = 1, max = 63), regex(pattern = "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"))]
    pub name: String,
    /// The HTTP or HTTPS addresses of its replicas, without credentials, 1 to 8. Only the first is used today: there is no failover
    /// to the others.
    #[schemars(length(min = 1, max = 8), inner(length(max = 512), regex(pattern = r"^https?://[^\s/?#@]+/?$")))]
    #[x_kube(merge_strategy = ListMerge::Set)]
    pub urls: Vec<String>,
}

/// A Secret in the store's namespace.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SecretRef {
    /// The Secret's name.
    #[schemars(length(min = 1, max = 253))]
    pub name: String,
}

/// Accounts that the Segments of some namespaces may name.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AccessGrant {
    /// The namespaces, by their labels; an empty selector means every namespace.
    pub namespace_selector: NamespaceSelector,
    /// The accounts, 1 to 1,000.
    #[schemars(length(min = 1, max = 1000), inner(length(min = 1, max = 253)))]
    #[x_kube(merge_strategy = ListMerge::Set)]
    pub accounts: Vec<String>,
}

/// A choice of namespaces: all requirements have to be met.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NamespaceSelector {
    /// Labels that the namespace has with these values.
    #[schemars(schema_with = "schema::labels")]
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty", deserialize_with = "null_as_absent")]
    pub match_labels: BTreeMap<String, String>,
    /// Requirements of the namespace's labels.
    #[schemars(length(max = 16))]
    #[x_kube(merge_strategy = ListMerge::Atomic)]
    #[serde(default, skip_serializing_if = "Vec::is_empty", deserialize_with = "null_as_absent")]
    pub match_expressions: Vec<NamespaceRequirement>,
}

/// What a label of a namespace has to be.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[x_kube(validation = Rule::new(
    "(self.operator in ['In', 'NotIn']) == (has(self.values) && size(self.values) > 0)"
).message("In and NotIn need values, Exists and DoesNotExist have none"))]
pub struct NamespaceRequirement {
    /// The label's key.
    #[schemars(length(min = 1, max = 317))]
    pub key: String,
    /// How the label is compared with the values.
    pub operator: SelectorOperator,
    /// The values of In and NotIn.
    #[schemars(length(max = 64), inner(length(max = 63)))]
    #[x_kube(merge_strategy = ListMerge::Atomic)]
    #[serde(default, skip_serializing_if = "Vec::is_empty", deserialize_with = "null_as_absent")]
    pub values: Vec<String>,
}

/// How a label is compared.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq)]
pub enum SelectorOperator {
    /// It is one of the values.
    In,
    /// It is none of the values, or missing.
    NotIn,
    /// It is there.
    Exists,
    /// It is missing.
    DoesNotExist,
}

/// How new and changed Segments are gathered into evaluations.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ManualEvaluation {
    /// How long the operator waits for further changes before it evaluates: a whole number with ms, s or m. Default 1s.
    #[schemars(length(max = 8), regex(pattern = "^[0-9]+(ms|s|m)$"))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub debounce: Option<String>,
    /// How many Segments one evaluation takes on, 1 to 100,000. Default 1000.
    #[schemars(range(min = 1, max = 100_000))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_segments_per_run: Option<i64>,
}

/// What happens when Segments are removed.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Removal {
    /// If more than so many percent of the store's Segments, and more than 20, disappear within 5 minutes, their members stay
    /// until the annotation `segmentation.dev/confirm-removal` has their number. Default 20; 100 never waits.
    #[schemars(range(min = 0, max = 100))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub brake_percent: Option<i64>,
}

/// The pods in which a store's Jobs run.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Pods {
    /// The image of the program segment-jobs. Default: the one that the operator was installed with.
    #[schemars(length(min = 1, max = 512))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<String>,
    /// What a pod asks for and may use.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resources: Option<PodResources>,
    /// Labels of the nodes on which pods may run.
    #[schemars(schema_with = "schema::labels")]
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty", deserialize_with = "null_as_absent")]
    pub node_selector: BTreeMap<String, String>,
    /// Taints of nodes that pods bear.
    #[schemars(length(max = 16))]
    #[x_kube(merge_strategy = ListMerge::Atomic)]
    #[serde(default, skip_serializing_if = "Vec::is_empty", deserialize_with = "null_as_absent")]
    pub tolerations: Vec<Toleration>,
    /// The PriorityClass of the pods.
    #[schemars(length(min = 1, max = 253))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub priority_class_name: Option<String>,
}

/// What a pod asks for and may use, such as `cpu: 500m` and `memory: 256Mi`.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PodResources {
    /// What the node has to have free.
    #[schemars(schema_with = "schema::labels")]
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty", deserialize_with = "null_as_absent")]
    pub requests: BTreeMap<String, String>,
    /// What the pod may use at most.
    #[schemars(schema_with = "schema::labels")]
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty", deserialize_with = "null_as_absent")]
    pub limits: BTreeMap<String, String>,
}

/// A taint of nodes that pods bear.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Toleration {
    /// The taint's key. Default: every key.
    #[schemars(length(max = 317))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// How the value is compared. Default Equal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operator: Option<TolerationOperator>,
    /// The taint's value.
    #[schemars(length(max = 63))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// The taint's effect: NoSchedule, PreferNoSchedule or NoExecute. Default: every effect.
    #[schemars(length(max = 32))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effect: Option<String>,
}

/// How a taint is compared.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq)]
pub enum TolerationOperator {
    /// It has the value.
    Equal,
    /// It is there.
    Exists,
}

/// How the store is, written by the operator.
// Unlike what users write it bears unknown fields, so that the status of a newer operator can be read.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct SegmentStoreStatus {
    /// The metadata.generation that this status speaks of; -1 until the operator has seen the object.
    #[schemars(range(min = -1))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    /// Ready, Reconciling and Stalled sum up the store's state; ShardsReachable says whether all shards answer, and what they
    /// run; RemovalHeld that Segments that are gone keep their members.
    #[schemars(schema_with = "schema::conditions")]
    #[serde(default, skip_serializing_if = "Vec::is_empty", deserialize_with = "null_as_absent")]
    pub conditions: Vec<StatusCondition>,
    /// How many shards the store has.
    #[schemars(range(min = 0))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shards: Option<i64>,
    /// How many of them can be reached and have the schema.
    #[schemars(range(min = 0))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shards_ready: Option<i64>,
    /// The shards that are not ready: the first 16 by name, or as many as fit into a status of 4 KB.
    #[schemars(length(max = 16))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["name".into()]))]
    #[serde(default, skip_serializing_if = "Vec::is_empty", deserialize_with = "null_as_absent")]
    pub troubled_shards: Vec<TroubledShard>,
    /// What shards run, by name: all, or of more than 16 those 16 whose like are the fewest, or as many as fit into a status of 4 KB. Missing while the shards cannot be asked.
    #[schemars(length(max = 512))]
    #[x_kube(merge_strategy = ListMerge::Atomic)]
    #[serde(default, skip_serializing_if = "Vec::is_empty", deserialize_with = "null_as_absent")]
    pub shard_versions: Vec<ShardVersions>,
}

/// What a shard runs.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct ShardVersions {
    /// The shard's name.
    #[schemars(length(max = 63))]
    pub name: String,
    /// Whether it answers.
    pub answers: bool,
    /// The version of its ClickHouse, if it says that.
    #[schemars(length(max = 64))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clickhouse: Option<String>,
    /// The version of its schema, which is the number of its last step; missing if it has none.
    #[schemars(range(min = 0))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schema: Option<i64>,
}

/// A shard that is not ready.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct TroubledShard {
    /// The shard's name.
    #[schemars(length(max = 63))]
    pub name: String,
    /// Why it is not ready, as one CamelCase word.
    #[schemars(length(max = 64))]
    pub reason: String,
    /// What a person should know about it.
    #[schemars(length(max = 256))]
    pub message: String,
}
