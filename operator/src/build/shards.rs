//! The list of shards as pods read it, and whom to trust: an immutable ConfigMap, named after what it holds.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::ConfigMap;
use segment_jobs::shards::ShardAddress;

use super::{Parent, hash_of};
use crate::names::SHARDS;

/// Name of the file with the shards in the ConfigMap.
pub(super) const FILE: &str = "shards.json";
/// Name of that with the certificates of authorities, if there are any.
pub(super) const AUTHORITIES: &str = "ca.pem";

/// The text of the file: what `segment-jobs --shards-file` reads.
pub(crate) fn shards_file(shards: &[ShardAddress]) -> String {
    // Texts only, so it can always be written.
    serde_json::to_string_pretty(shards).unwrap_or_default()
}

/// The ConfigMap with the store's shards.
pub(crate) fn shards_config_map(parent: Parent<'_>) -> ConfigMap {
    let mut data = BTreeMap::from([(FILE.to_owned(), shards_file(&parent.store.shards))]);
    if let Some(pem) = parent.store.authorities.pem() {
        data.insert(AUTHORITIES.to_owned(), pem.to_owned());
    }
    let texts: Vec<&str> = [FILE, AUTHORITIES].iter().filter_map(|file| data.get(*file)).map(String::as_str).collect();
    ConfigMap {
        metadata: parent.metadata(SHARDS, hash_of(&texts)),
        data: Some(data),
        immutable: Some(true),
        ..ConfigMap::default()
    }
}
