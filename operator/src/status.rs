//! Writes a status: by server-side apply, or by a merge where the API server cannot read the object itself.

use std::fmt::Debug;

use kube::{
    Api, Resource,
    api::{PartialObjectMeta, Patch, PatchParams},
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};

use crate::names::STATUS_FIELD_MANAGER;

/// Writes the status of an object that has this uid, over the old one. False if the object is not there any more.
pub(crate) async fn write<K, S>(
    api: &Api<PartialObjectMeta<K>>,
    (name, uid): (&str, Option<&str>),
    (old, new): (&S, &S),
) -> Result<bool, kube::Error>
where
    K: Resource<DynamicType = ()> + Clone + DeserializeOwned + Debug,
    S: Serialize,
{
    let params = PatchParams::apply(STATUS_FIELD_MANAGER);
    let patch = json!({
        "apiVersion": K::api_version(&()),
        "kind": K::kind(&()),
        "metadata": {"name": name, "uid": uid},
        "status": new,
    });
    let mut outcome = api.patch_status(name, &params.clone().force(), &Patch::Apply(&patch)).await;
    if outcome.as_ref().is_err_and(is_of_the_object) {
        let merge = json!({"metadata": patch["metadata"], "status": replacing(&json!(old), &patch["status"])});
        outcome = api.patch_status(name, &params, &Patch::Merge(&merge)).await;
    }
    match outcome {
        Ok(_) => Ok(true),
        // It was deleted, or deleted and made again.
        Err(kube::Error::Api(status)) if status.code == 404 || status.code == 409 => Ok(false),
        Err(error) => Err(error),
    }
}

/// Whether an apply failed because the stored object does not keep to its schema: it was let in by an older definition.
fn is_of_the_object(error: &kube::Error) -> bool {
    matches!(error, kube::Error::Api(status) if status.code == 500 && status.message.contains("failed to create typed live object"))
}

/// A merge that leaves nothing of the old one.
fn replacing(old: &Value, new: &Value) -> Value {
    let mut merge = new.clone();
    for field in old.as_object().into_iter().flat_map(|old| old.keys()) {
        if new.get(field).is_none() {
            merge[field] = Value::Null;
        }
    }
    merge
}

#[cfg(test)]
mod tests {
    use std::{
        convert::Infallible,
        sync::{Arc, Mutex},
    };

    use http_body_util::BodyExt;
    use kube::{Client, client::Body};
    use segment_crds::{Segment, SegmentStatus};

    use super::*;

    #[tokio::test]
    async fn the_status_of_an_object_that_breaks_its_schema_is_merged() {
        let asked = Arc::<Mutex<Vec<(String, Value)>>>::default();
        let seen = asked.clone();
        let answer = move |request: http::Request<Body>| {
            let seen = seen.clone();
            async move {
                let kind = request.headers()["content-type"].to_str().unwrap().to_owned();
                let body = request.into_body().collect().await.unwrap().to_bytes();
                let is_merge = kind.contains("merge-patch");
                seen.lock().unwrap().push((kind, serde_json::from_slice(&body).unwrap()));
                let (code, body) = if is_merge {
                    (200, json!({"apiVersion": "v1", "kind": "Segment", "metadata": {"name": "a"}}))
                } else {
                    let message =
                        "failed to create typed live object (b/a; v1, Kind=Segment): .spec.criteria: expected list";
                    (500, json!({"kind": "Status", "status": "Failure", "code": 500, "message": message, "reason": ""}))
                };
                let body = Body::from(serde_json::to_vec(&body).unwrap());
                Ok::<_, Infallible>(http::Response::builder().status(code).body(body).unwrap())
            }
        };
        let api: Api<PartialObjectMeta<Segment>> = Api::namespaced(Client::new(tower::service_fn(answer), "b"), "b");
        let old = SegmentStatus { member_count: Some(3), ..SegmentStatus::default() };
        let new = SegmentStatus { observed_generation: Some(2), ..SegmentStatus::default() };
        assert!(write(&api, ("a", Some("1")), (&old, &new)).await.unwrap());
        let asked = asked.lock().unwrap();
        assert!(asked[0].0.contains("apply-patch"), "{asked:?}");
        assert_eq!((&asked[1].1["status"]["memberCount"], &asked[1].1["metadata"]["uid"]), (&Value::Null, &json!("1")));
        assert_eq!(asked[1].1["status"]["observedGeneration"], 2);
        assert!(asked[1].1["status"].as_object().unwrap().contains_key("memberCount"), "it is taken away");
    }
}
