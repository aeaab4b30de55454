//! Whether the cluster's custom resource definitions know all that this build writes and reads.
//!
//! They are installed apart. Upon older ones the API server would refuse every status with a field that they lack, and drop such
//! fields of specs unseen. So a replica waits until they were upgraded: it is not ready, says what lacks, and leaves the lead to
//! replicas of the older build, which a rollout does not end as long as the new one is not ready.

use std::time::Duration;

use k8s_openapi::api::core::v1::ObjectReference;
use kube::{Client, runtime::events::EventType};
use segment_crds::crd::definitions;
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use crate::{
    args::Args,
    context::{Said, event, recorder},
    http::Health,
    names::reason,
};

/// Where the API server shows the schemas that it serves. Everybody who may sign in may read it, as a rule.
const SERVED: &str = "/openapi/v3/apis/segmentation.dev/v1alpha1";
/// A definition that was applied is shown there after a moment.
const AGAIN: Duration = Duration::from_secs(2);
/// So many fields are named.
const NAMED: usize = 8;

/// Waits until the definitions are new enough, or it is stopped. Where they cannot be seen they are taken for good.
pub(crate) async fn wait(client: &Client, args: &Args, health: &Health, stop: &CancellationToken) {
    let mut told = Vec::new();
    loop {
        health.beat();
        let lacking = lacking(client).await;
        if lacking.is_empty() {
            return;
        }
        if lacking != told {
            tell(client, args, &lacking).await;
            told = lacking;
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(AGAIN) => {}
        }
    }
}

/// The fields that the served definitions lack.
async fn lacking(client: &Client) -> Vec<String> {
    let Ok(request) = http::Request::get(SERVED).body(Vec::new()) else { return Vec::new() };
    match client.request::<Value>(request).await {
        Ok(served) => compare(&served),
        Err(error) => {
            tracing::warn!(%error, "the cluster's definitions cannot be compared with those of this build");
            Vec::new()
        }
    }
}

/// Fields of our definitions that the served schemas of the same kinds lack. A kind that is not served is for the watches to tell.
fn compare(served: &Value) -> Vec<String> {
    let mut lacking = Vec::new();
    let schemas = served["components"]["schemas"].as_object();
    for definition in definitions() {
        let kind = definition.spec.names.kind.clone();
        let is_it = |schema: &&Value| {
            let kinds = schema["x-kubernetes-group-version-kind"].as_array();
            kinds.is_some_and(|kinds| kinds.iter().any(|one| one["kind"] == kind.as_str()))
        };
        let ours = serde_json::to_value(&definition.spec.versions[0].schema).unwrap_or_default();
        if let Some(theirs) = schemas.and_then(|schemas| schemas.values().find(is_it)) {
            fields(&ours["openAPIV3Schema"], theirs, &kind, &mut lacking);
        }
    }
    lacking
}

/// Adds the paths of fields of one schema that another one lacks.
fn fields(ours: &Value, theirs: &Value, path: &str, lacking: &mut Vec<String>) {
    if theirs["x-kubernetes-preserve-unknown-fields"] == true {
        return;
    }
    for (name, field) in ours["properties"].as_object().into_iter().flatten() {
        match theirs["properties"].get(name) {
            Some(theirs) => fields(field, theirs, &format!("{path}.{name}"), lacking),
            None => lacking.push(format!("{path}.{name}")),
        }
    }
    for of_each in ["items", "additionalProperties"] {
        if ours[of_each].is_object() {
            fields(&ours[of_each], &theirs[of_each], &format!("{path}[]"), lacking);
        }
    }
}

async fn tell(client: &Client, args: &Args, lacking: &[String]) {
    let named = lacking.iter().take(NAMED).map(String::as_str).collect::<Vec<_>>().join(", ");
    let note = format!(
        "the cluster's custom resource definitions are older than this build and lack {} fields ({named}): apply those of its \
         version, kubectl apply --server-side --kustomize crds. Until then this replica stands by and is not ready",
        lacking.len()
    );
    tracing::error!("{note}");
    let pod = ObjectReference {
        api_version: Some("v1".to_owned()),
        kind: Some("Pod".to_owned()),
        name: Some(args.pod.clone()),
        namespace: Some(args.namespace.clone()),
        // `kubectl describe` looks for events by it.
        uid: args.pod_uid.clone(),
        ..ObjectReference::default()
    };
    let event = event(EventType::Warning, Said { reason: reason::DEFINITIONS_OUTDATED, action: "Start", note: &note });
    if let Err(error) = recorder(client.clone(), args).publish(&event, &pod).await {
        tracing::warn!(%error, "an event was not written");
    }
}

#[cfg(test)]
mod tests {
    use std::{
        convert::Infallible,
        sync::{
            Arc, Mutex,
            atomic::{AtomicUsize, Ordering},
        },
    };

    use clap::Parser;
    use http_body_util::BodyExt;
    use kube::client::Body;
    use serde_json::json;

    use super::*;

    /// Our own definitions as the API server shows them.
    fn served() -> Value {
        let schemas = definitions().map(|definition| {
            let mut schema =
                serde_json::to_value(&definition.spec.versions[0].schema).unwrap()["openAPIV3Schema"].take();
            let kind = definition.spec.names.kind;
            schema["x-kubernetes-group-version-kind"] = json!([{"group": "segmentation.dev", "kind": kind}]);
            (format!("dev.segmentation.v1alpha1.{kind}"), schema)
        });
        json!({"components": {"schemas": serde_json::Map::from_iter(schemas)}})
    }

    /// Those of an older build, without a field of a status and one of a list's items.
    fn older() -> Value {
        let mut served = served();
        let segment = &mut served["components"]["schemas"]["dev.segmentation.v1alpha1.Segment"]["properties"];
        segment["status"]["properties"].as_object_mut().unwrap().remove("failedRuns").unwrap();
        let criterion = &mut segment["spec"]["properties"]["criteria"]["items"]["properties"];
        criterion.as_object_mut().unwrap().remove("sample").unwrap();
        served
    }

    #[test]
    fn fields_that_the_cluster_does_not_know_are_named() {
        assert_eq!(compare(&served()), Vec::<String>::new());
        assert_eq!(compare(&older()), ["Segment.spec.criteria[].sample", "Segment.status.failedRuns"]);
        assert_eq!(compare(&json!({})), Vec::<String>::new(), "nobody can tell");
        let mut loose = older();
        let segment = &mut loose["components"]["schemas"]["dev.segmentation.v1alpha1.Segment"];
        *segment = json!({
            "x-kubernetes-preserve-unknown-fields": true,
            "x-kubernetes-group-version-kind": segment["x-kubernetes-group-version-kind"],
        });
        assert_eq!(compare(&loose), Vec::<String>::new());
    }

    #[tokio::test]
    async fn a_replica_waits_until_the_definitions_are_new_enough() {
        let (asked, told) = (Arc::<AtomicUsize>::default(), Arc::<Mutex<Vec<Value>>>::default());
        let (count, events) = (asked.clone(), told.clone());
        let answer = move |request: http::Request<Body>| {
            let (count, events) = (count.clone(), events.clone());
            async move {
                let is_event = request.method() != http::Method::GET;
                let body = request.into_body().collect().await.unwrap().to_bytes();
                let answer = if is_event {
                    let event: Value = serde_json::from_slice(&body).unwrap();
                    events.lock().unwrap().push(event["regarding"].clone());
                    event
                } else if count.fetch_add(1, Ordering::SeqCst) < 2 {
                    older()
                } else {
                    served()
                };
                let answer = serde_json::to_vec(&answer).unwrap();
                Ok::<_, Infallible>(http::Response::new(Body::from(answer)))
            }
        };
        let client = Client::new(tower::service_fn(answer), "a");
        let pod = ["--namespace", "a", "--pod", "operator-0", "--pod-uid", "u"];
        let args = Args::parse_from(["segment-operator", "--jobs-image", "jobs:1"].iter().chain(&pod));
        let health = Health::new();
        wait(&client, &args, &health, &CancellationToken::new()).await;
        assert!(!health.is_ready());
        let pod = json!({"apiVersion": "v1", "kind": "Pod", "name": "operator-0", "namespace": "a", "uid": "u"});
        assert_eq!((asked.load(Ordering::SeqCst), &*told.lock().unwrap()), (3, &vec![pod]), "the same is told once");
    }
}
