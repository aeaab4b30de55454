//! The list of shards as pods read it: an immutable ConfigMap, named after what it holds.

use k8s_openapi::api::core::v1::ConfigMap;
use segment_jobs::shards::ShardAddress;

use super::{Parent, hash_of};
use crate::names::SHARDS;

/// Name of the file in the ConfigMap.
pub(super) const FILE: &str = "shards.json";

/// The text of the file: what `segment-jobs --shards-file` reads.
pub(crate) fn shards_file(shards: &[ShardAddress]) -> String {
    // Texts only, so it can always be written.
    serde_json::to_string_pretty(shards).unwrap_or_default()
}

/// The ConfigMap with the store's shards.
pub(crate) fn shards_config_map(parent: Parent<'_>) -> ConfigMap {
    let text = shards_file(&parent.store.shards);
    ConfigMap {
        metadata: parent.metadata(SHARDS, hash_of(&[&text])),
        data: Some([(FILE.to_owned(), text)].into()),
        immutable: Some(true),
        ..ConfigMap::default()
    }
}
