//! What every part of the operator is given: the client, the caches, metrics and events. Imports nothing of the parts.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use k8s_openapi::api::{batch::v1::Job, core::v1::Namespace};
use kube::{
    Client, Resource, ResourceExt,
    core::{DeserializeGuard, PartialObjectMeta},
    runtime::{
        events::{Event, EventType, Recorder},
        reflector::Store,
    },
};
use segment_crds::SegmentStore;

use crate::{
    args::Args,
    metrics::{Metrics, Reason},
    object::SegmentObject,
};

/// What every part is given.
pub(crate) struct Context {
    pub(crate) client: Client,
    pub(crate) args: Args,
    /// Name of this cluster in the databases of its stores.
    pub(crate) cluster: String,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) events: Recorder,
    pub(crate) stores: Store<DeserializeGuard<SegmentStore>>,
    pub(crate) segments: Store<SegmentObject>,
    pub(crate) jobs: Store<Job>,
    /// Missing where one namespace is watched: nobody else's labels count there.
    pub(crate) namespaces: Option<Store<PartialObjectMeta<Namespace>>>,
}

impl Context {
    /// The labels of all namespaces.
    pub(crate) fn namespace_labels(&self) -> HashMap<String, BTreeMap<String, String>> {
        let namespaces = self.namespaces.iter().flat_map(Store::state);
        namespaces.map(|namespace| (namespace.name_any(), namespace.labels().clone())).collect()
    }

    /// Whether a namespace is there and not about to go.
    pub(crate) fn has_namespace(&self, name: &str) -> bool {
        let Some(namespaces) = &self.namespaces else { return true };
        let there = |namespace: &PartialObjectMeta<Namespace>| {
            namespace.name_any() == name && namespace.metadata.deletion_timestamp.is_none()
        };
        namespaces.find(there).is_some()
    }

    /// Tells people of something, as an event of an object. What is said again within minutes is counted, not repeated.
    pub(crate) async fn tell(&self, object: &impl Resource<DynamicType = ()>, type_: EventType, said: Said<'_>) {
        let Said { reason, action, note } = said;
        if matches!(type_, EventType::Warning) {
            self.metrics.failures.get_or_create(&Reason { reason: reason.to_owned() }).inc();
        }
        let mut note = note.to_owned();
        note.truncate((0..=1000.min(note.len())).rev().find(|end| note.is_char_boundary(*end)).unwrap_or(0));
        let event =
            Event { type_, reason: reason.to_owned(), note: Some(note), action: action.to_owned(), secondary: None };
        if let Err(error) = self.events.publish(&event, &object.object_ref(&())).await {
            tracing::warn!(%error, reason, "an event was not written");
        }
    }
}

/// What an event says.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Said<'a> {
    pub(crate) reason: &'a str,
    pub(crate) action: &'a str,
    pub(crate) note: &'a str,
}
