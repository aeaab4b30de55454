//! The custom resources of customer segmentation, as Rust types that need no Kubernetes client.
//!
//! [`Segment`] says who belongs to a segment, [`SegmentStore`] where segments are evaluated. The doc comments of their
//! fields are what `kubectl explain` shows. [`crd`] turns the types into the YAML files beside this crate, [`reference`] into a page for people;
//! nothing here judges what a field's text means (crate `segment-rules` does).
//!
//! Read YAML into a `serde_json::Value` first and these types from that: a YAML reader that knows the type it is after
//! takes `id: 1` for a text and `atLeast: "1"` for a number, and both are errors here.

#![expect(unreachable_pub, reason = "the derive KubeSchema declares a public struct inside a function")]
#![expect(clippy::duplicated_attributes, reason = "clippy takes the printer columns of a resource for one list")]

pub mod crd;
mod criterion;
mod optional;
mod property_test;
mod range;
pub mod reference;
mod schema;
mod segment;
mod segment_store;
pub mod shape;
mod window;
mod yaml;

pub use criterion::{
    ConsentCriterion, Criterion, EventCriterion, ListCriterion, LocationCriterion, Place, PropertyCriterion,
    RegularEventCriterion, SampleCriterion, SegmentCriterion, SequenceCriterion, SequenceStep, SingleEventCriterion,
};
pub use property_test::{Anniversary, Condition, PropertyTest};
pub use range::{CountRange, PropertyRange};
pub use segment::{
    EvaluationMode, EvaluationOutcome, FailedRuns, LastEvaluation, Segment, SegmentSpec, SegmentStatus, StoreRef,
};
pub use segment_store::{
    AccessGrant, ClickHouse, ManualEvaluation, NamespaceRequirement, NamespaceSelector, PodResources, Pods, Removal,
    SecretRef, SegmentStore, SegmentStoreSpec, SegmentStoreStatus, SelectorOperator, Shard, ShardVersions, Toleration,
    TolerationOperator, TroubledShard,
};
pub use window::{Between, CalendarPeriod, Window};
