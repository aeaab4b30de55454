//! A Segment as the operator keeps it: small, and read whatever its spec holds.
//!
//! The spec stays a text until it is compiled: typed criteria of ten thousand Segments would fill the memory, and an object
//! that was stored past an older definition would end the watch. What is wrong with it says the compiler, by path.

use std::{borrow::Cow, collections::BTreeSet};

use k8s_openapi::{NamespaceResourceScope, apimachinery::pkg::apis::meta::v1::ObjectMeta};
use kube::{Resource, ResourceExt};
use segment_crds::{Segment, SegmentStatus};
use serde::{Deserialize, Deserializer};
use serde_json::{Value, json};

use crate::{
    conditions::cut,
    names::{EVALUATE, StoreKey},
};

/// What annotations of ours begin with. Those of others are long: kubectl keeps the whole object in one once more.
const OURS: &str = "segmentation.dev/";

/// Characters of a request that the definition of the status allows.
const REQUEST_MAX: usize = 256;
/// And the bytes that a status has room for, in JSON.
const REQUEST_BYTES_MAX: usize = 512;

/// A Segment.
#[derive(Clone, Debug)]
pub(crate) struct SegmentObject {
    metadata: ObjectMeta,
    spec: Box<str>,
    /// The account, empty if the spec has none.
    pub(crate) account: Box<str>,
    /// The store that it names.
    pub(crate) store: StoreKey,
    /// Names of the Segments that it refers to.
    pub(crate) references: BTreeSet<Box<str>>,
    /// Whether it is suspended.
    pub(crate) suspended: bool,
    /// As it was last written; empty if it cannot be read.
    pub(crate) status: SegmentStatus,
}

impl SegmentObject {
    /// Its namespace.
    pub(crate) fn space(&self) -> &str {
        self.metadata.namespace.as_deref().unwrap_or_default()
    }

    /// Its name.
    pub(crate) fn title(&self) -> &str {
        self.metadata.name.as_deref().unwrap_or_default()
    }

    /// `namespace/name`.
    pub(crate) fn path(&self) -> String {
        format!("{}/{}", self.space(), self.title())
    }

    /// Which change of the spec it is.
    pub(crate) fn generation(&self) -> i64 {
        self.metadata.generation.unwrap_or(0)
    }

    /// The object as the compiler reads it.
    pub(crate) fn document(&self) -> Value {
        json!({
            "apiVersion": Segment::api_version(&()),
            "kind": Segment::kind(&()),
            "metadata": {"name": self.title(), "namespace": self.space()},
            // It was written from a value, so it can be read.
            "spec": serde_json::from_str::<Value>(&self.spec).unwrap_or_default(),
        })
    }

    /// The value of an annotation.
    pub(crate) fn annotation(&self, key: &str) -> Option<&str> {
        self.annotations().get(key).map(String::as_str)
    }

    /// The request for an evaluation that an annotation makes: as much of it as the status can repeat.
    pub(crate) fn request(&self) -> Option<&str> {
        let value = self.annotation(EVALUATE)?;
        let begin = value.char_indices().nth(REQUEST_MAX).map_or(value, |(end, _)| &value[..end]);
        Some(cut(begin, REQUEST_BYTES_MAX))
    }
}

/// Of the metadata what is asked for. A map takes half a kilobyte, whatever is in it.
fn kept(metadata: ObjectMeta) -> ObjectMeta {
    let mut annotations = metadata.annotations.unwrap_or_default();
    annotations.retain(|key, _| key.starts_with(OURS));
    ObjectMeta {
        annotations: (!annotations.is_empty()).then_some(annotations),
        name: metadata.name,
        namespace: metadata.namespace,
        uid: metadata.uid,
        resource_version: metadata.resource_version,
        generation: metadata.generation,
        creation_timestamp: metadata.creation_timestamp,
        ..ObjectMeta::default()
    }
}

impl<'de> Deserialize<'de> for SegmentObject {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Raw {
            metadata: ObjectMeta,
            #[serde(default)]
            spec: Value,
            #[serde(default)]
            status: Value,
        }
        let Raw { metadata, spec, status } = Raw::deserialize(deserializer)?;
        let metadata = kept(metadata);
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let own = metadata.namespace.clone().unwrap_or_default();
        let store = &spec["storeRef"];
        let criteria = spec["criteria"].as_array().map(Vec::as_slice).unwrap_or_default();
        let references = criteria.iter().filter_map(|criterion| criterion["segment"]["name"].as_str());
        Ok(Self {
            account: text(&spec["account"]).into(),
            store: StoreKey {
                namespace: store["namespace"].as_str().map_or(own, str::to_owned),
                name: text(&store["name"]),
            },
            references: references.map(Into::into).collect(),
            suspended: spec["suspend"].as_bool().unwrap_or(false),
            status: serde_json::from_value(status).unwrap_or_default(),
            spec: spec.to_string().into(),
            metadata,
        })
    }
}

impl Resource for SegmentObject {
    type DynamicType = ();
    type Scope = NamespaceResourceScope;

    fn kind((): &()) -> Cow<'_, str> {
        Segment::kind(&())
    }

    fn group((): &()) -> Cow<'_, str> {
        Segment::group(&())
    }

    fn version((): &()) -> Cow<'_, str> {
        Segment::version(&())
    }

    fn plural((): &()) -> Cow<'_, str> {
        Segment::plural(&())
    }

    fn meta(&self) -> &ObjectMeta {
        &self.metadata
    }

    fn meta_mut(&mut self) -> &mut ObjectMeta {
        &mut self.metadata
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(object: Value) -> SegmentObject {
        serde_json::from_value(object).unwrap()
    }

    #[test]
    fn an_object_of_any_form_can_be_read() {
        for spec in [json!(null), json!([]), json!("x"), json!({"account": 1, "storeRef": [], "criteria": {"a": 1}})] {
            let object = read(json!({"metadata": {"name": "a", "namespace": "b"}, "spec": spec, "status": [1]}));
            assert_eq!(object.document()["spec"], spec);
            assert_eq!((object.path().as_str(), &*object.account), ("b/a", ""));
        }
        assert_eq!(read(json!({"metadata": {"name": "a"}})).store.name, "");
    }

    #[test]
    fn what_is_asked_often_is_at_hand() {
        let annotations = json!({"kubectl.kubernetes.io/last-applied-configuration": "{}", EVALUATE: "now"});
        let object = read(json!({
            "metadata": {"name": "a", "namespace": "b", "labels": {"x": "y"}, "annotations": annotations},
            "spec": {
                "storeRef": {"name": "main"}, "account": "42", "suspend": true,
                "criteria": [{"name": "x", "segment": {"name": "other"}}],
            },
        }));
        assert_eq!(object.store, StoreKey { namespace: "b".to_owned(), name: "main".to_owned() });
        assert!(object.suspended && object.references.contains("other"));
        assert_eq!((object.annotations().len(), object.request()), (1, Some("now")));
        assert!(object.labels().is_empty());
        let long = read(json!({"metadata": {"name": "a", "annotations": {EVALUATE: "\u{e4}".repeat(300)}}}));
        assert_eq!(long.request().map(|request| request.chars().count()), Some(REQUEST_MAX));
    }
}
