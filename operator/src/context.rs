//! What every part of the operator is given: the client, the caches, metrics and events. Imports nothing of the parts but their caches.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use k8s_openapi::api::batch::v1::Job;
use kube::{
    Client, Resource, ResourceExt,
    core::DeserializeGuard,
    runtime::{
        events::{Event, EventType, Recorder, Reporter},
        reflector::Store,
    },
};
use segment_crds::SegmentStore;

use crate::{
    args::Args,
    metrics::{Metrics, Reason},
    names::OPERATOR,
    object::SegmentObject,
    watch::Namespaces,
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
    /// Missing where one namespace is watched: no labels of namespaces may be read there.
    pub(crate) namespaces: Option<Namespaces>,
}

impl Context {
    /// The labels of all namespaces, if they may be read.
    pub(crate) fn namespace_labels(&self) -> Option<HashMap<String, BTreeMap<String, String>>> {
        let namespaces = self.namespaces.as_ref()?.there.state();
        Some(namespaces.iter().map(|namespace| (namespace.name_any(), namespace.labels().clone())).collect())
    }

    /// Whether a namespace was there while this process watched, and went or is about to.
    pub(crate) fn has_gone(&self, name: &str) -> bool {
        self.namespaces.as_ref().is_some_and(|namespaces| namespaces.have_lost(name))
    }

    /// Tells people of something, as an event of an object. What is said again within minutes is counted, not repeated.
    pub(crate) async fn tell(&self, object: &impl Resource<DynamicType = ()>, type_: EventType, said: Said<'_>) {
        let Said { reason, action, note } = said;
        if matches!(type_, EventType::Warning) {
            self.metrics.failures.get_or_create(&Reason { reason: reason.to_owned() }).inc();
        }
        let note = note[..note.floor_char_boundary(1000)].to_owned();
        let event =
            Event { type_, reason: reason.to_owned(), note: Some(note), action: action.to_owned(), secondary: None };
        if let Err(error) = self.events.publish(&event, &object.object_ref(&())).await {
            tracing::warn!(%error, reason, "an event was not written");
        }
    }
}

/// Writes events as this replica.
pub(crate) fn recorder(client: Client, args: &Args) -> Recorder {
    Recorder::new(client, Reporter { controller: OPERATOR.to_owned(), instance: Some(args.pod.clone()) })
}

/// What an event says.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Said<'a> {
    pub(crate) reason: &'a str,
    pub(crate) action: &'a str,
    pub(crate) note: &'a str,
}
