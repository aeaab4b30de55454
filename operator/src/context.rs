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
use segment_rules::sip_hash_64;

use crate::{
    args::Args,
    metrics::{Metrics, Reason},
    names::OPERATOR,
    object::SegmentObject,
    watch::Namespaces,
};

/// The longest note, somewhat below what the API server takes.
const NOTE_MAX: usize = 1000;

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
        let reason = said.reason;
        if matches!(type_, EventType::Warning) {
            self.metrics.failures.get_or_create(&Reason { reason: reason.to_owned() }).inc();
        }
        if let Err(error) = self.events.publish(&event(type_, said), &object.object_ref(&())).await {
            tracing::warn!(%error, reason, "an event was not written");
        }
    }
}

/// The event that says this. The recorder counts events that differ in nothing but their notes as one, with the first note: a
/// warning that says something else is another event, so its action tells the notes apart, but for their digits: a server that
/// is short of memory says how many bytes, each time others. Of what is as it should be there may be one every few seconds; it
/// is counted, and its note has to be true of all.
pub(crate) fn event(type_: EventType, said: Said<'_>) -> Event {
    let Said { reason, action, note } = said;
    let note = note[..note.floor_char_boundary(NOTE_MAX)].to_owned();
    let action = match type_ {
        EventType::Warning => format!("{action}-{:016x}", sip_hash_64(&note.replace(|c: char| c.is_ascii_digit(), ""))),
        EventType::Normal => action.to_owned(),
    };
    Event { type_, reason: reason.to_owned(), note: Some(note), action, secondary: None }
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

#[cfg(test)]
mod tests {
    use std::{convert::Infallible, sync::Mutex};

    use clap::Parser;
    use http_body_util::BodyExt;
    use k8s_openapi::api::core::v1::ObjectReference;
    use kube::client::Body;
    use serde_json::Value;

    use super::*;

    #[tokio::test]
    async fn a_warning_that_says_something_else_is_an_event_of_its_own_and_the_same_again_is_counted() {
        let written = Arc::<Mutex<Vec<String>>>::default();
        let seen = written.clone();
        let answer = move |request: http::Request<Body>| {
            let seen = seen.clone();
            async move {
                let method = request.method().clone();
                let body = request.into_body().collect().await.unwrap().to_bytes();
                let event: Value = serde_json::from_slice(&body).unwrap();
                seen.lock().unwrap().push(format!("{method} {} {}", event["note"], event["series"]["count"]));
                Ok::<_, Infallible>(http::Response::new(Body::from(body)))
            }
        };
        let args = Args::parse_from(["segment-operator", "--jobs-image", "jobs:1"]);
        let recorder = recorder(Client::new(tower::service_fn(answer), "shop"), &args);
        let object = ObjectReference { name: Some("main".to_owned()), ..ObjectReference::default() };
        for (type_, note) in [
            (EventType::Warning, "no quota for 5 pods"),
            (EventType::Warning, "no image"),
            (EventType::Warning, "no quota for 6 pods"),
            (EventType::Normal, "a run"),
            (EventType::Normal, "a run"),
        ] {
            let said = Said { reason: "RunFailed", action: "Evaluate", note };
            recorder.publish(&event(type_, said), &object).await.unwrap();
        }
        let expected = [
            "POST \"no quota for 5 pods\" null",
            "POST \"no image\" null",
            "PATCH \"no quota for 5 pods\" 2",
            "POST \"a run\" null",
            "PATCH \"a run\" 2",
        ];
        assert_eq!(*written.lock().unwrap(), expected);
    }
}
