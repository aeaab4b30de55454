//! The children of a store, built from what was validated. Pure, and cannot fail: a file for each.
//!
//! What they are named after is what they are for, never the operator's version: a new operator leaves children alone.

mod job;
mod manual;
mod pod;
mod schema;
mod shards;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ObjectMeta, OwnerReference};
use segment_rules::sip_hash_64;

pub(crate) use self::{
    manual::{ManualWork, instant, manual_job},
    schema::{SchemaWork, schema_job},
    shards::{shards_config_map, shards_file},
};
use crate::{
    names::{COMPONENT, MANAGED_BY, OPERATOR, PODS, STORE, StoreKey, child},
    store::validate::ValidStore,
};

/// The store whose children are built.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Parent<'a> {
    pub(crate) key: &'a StoreKey,
    pub(crate) owner: &'a OwnerReference,
    pub(crate) store: &'a ValidStore,
    /// The image of segment-jobs, for stores that name none.
    pub(crate) default_image: &'a str,
}

impl Parent<'_> {
    /// The image of segment-jobs.
    pub(crate) fn image(&self) -> &str {
        self.store.pods.image.as_deref().unwrap_or(self.default_image)
    }

    /// Labels of a child. None is copied from the store: other tools would take the child for their own.
    fn labels(&self, component: &str) -> BTreeMap<String, String> {
        let labels = [(MANAGED_BY, OPERATOR), (STORE, self.key.name.as_str()), (COMPONENT, component)];
        labels.map(|(key, value)| (key.to_owned(), value.to_owned())).into()
    }

    /// What the store says of the pods, in short.
    fn pods(&self) -> String {
        // Texts and numbers only, so it can always be written.
        format!("{:016x}", hash_of(&[&serde_json::to_string(&self.store.pods).unwrap_or_default()]))
    }

    /// Metadata of a Job, which also tell what the store said of its pods.
    fn job_metadata(&self, component: &str, hash: u64) -> ObjectMeta {
        let annotations = Some([(PODS.to_owned(), self.pods())].into());
        ObjectMeta { annotations, ..self.metadata(component, hash) }
    }

    fn metadata(&self, component: &str, hash: u64) -> ObjectMeta {
        ObjectMeta {
            name: Some(child(&self.key.name, component, hash)),
            namespace: Some(self.key.namespace.clone()),
            labels: Some(self.labels(component)),
            owner_references: Some(vec![self.owner.clone()]),
            ..ObjectMeta::default()
        }
    }
}

/// A hash of texts, none of which can be taken for a part of another.
pub(crate) fn hash_of(parts: &[&str]) -> u64 {
    sip_hash_64(&parts.join("\0"))
}
