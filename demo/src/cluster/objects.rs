//! What is applied to the cluster, and what is said of it at the end.

use anyhow::Context;
use segment_rules::yaml;
use serde_json::{Value, json};

use super::NAMESPACE;
use crate::{
    examples,
    shop::{Door, Shop},
};

/// Where to look next when all has ended.
pub(super) const NEXT: &str = "   make demo ARGS=--keep   leaves it up, to look around and to change Segments
   examples/*.yaml         change a segment and run this again
   docs/README.md          quickstart, concepts, operations, all fields of the objects
   data/README.md          what of this is real and what was made up";

/// And while it is up.
pub(super) fn next_while_up(kubectl: &str) -> String {
    format!(
        "   {kubectl} get segments,segmentstores,jobs -n {NAMESPACE}
   {kubectl} describe segment loyal-but-lapsing -n {NAMESPACE}
   {kubectl} edit segment near-boston -n {NAMESPACE}
   {kubectl} logs -n segmentation-system deployment/segment-operator
   docs/README.md    quickstart, concepts, operations, all fields of the objects"
    )
}

/// The store of the examples on these shards, its Secret, and the leave to read it.
pub(super) fn store(shop: &Shop, door: &Door) -> anyhow::Result<Value> {
    let urls = shop.ports().map(|port| format!("http://{}:{port}", door.address));
    let (_, database) = shop.places().next().context("a shop has shards")?;
    store_at(urls.collect(), database, door)
}

fn store_at(urls: Vec<String>, database: &str, door: &Door) -> anyhow::Result<Value> {
    let mut store = yaml::documents(examples::FILES[0].1)?.swap_remove(0).value;
    let shard = |(number, url): (usize, String)| json!({"name": number.to_string(), "urls": [url]});
    let clickhouse = &mut store["spec"]["clickhouse"];
    clickhouse["database"] = json!(database);
    clickhouse["shards"] = urls.into_iter().enumerate().map(shard).collect();
    let secret = clickhouse["credentialsSecretRef"]["name"].clone();
    let metadata = |name: &Value| json!({"name": name, "namespace": NAMESPACE});
    let reader = metadata(&json!("segment-store-main"));
    let role = json!({"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "segment-store-main"});
    let operator = json!({"kind": "ServiceAccount", "name": "segment-operator", "namespace": "segmentation-system"});
    let read = json!({"apiGroups": [""], "resources": ["secrets"], "resourceNames": [secret], "verbs": ["get"]});
    let (rights, login) = ("rbac.authorization.k8s.io/v1", json!({"username": door.user, "password": door.password}));
    let items = json!([
        {"apiVersion": "v1", "kind": "Secret", "metadata": metadata(&secret), "stringData": login},
        {"apiVersion": rights, "kind": "Role", "metadata": reader, "rules": [read]},
        {"apiVersion": rights, "kind": "RoleBinding", "metadata": reader, "roleRef": role, "subjects": [operator]},
        store,
    ]);
    Ok(json!({"apiVersion": "v1", "kind": "List", "items": items}))
}

/// The Segments, as their files say them.
pub(super) fn segments() -> String {
    examples::FILES.iter().skip(1).map(|(_, text)| *text).collect::<Vec<_>>().join("\n---\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_store_is_that_of_the_examples_on_other_servers() {
        let door = Door { address: "192.0.2.1".to_owned(), user: "u".to_owned(), password: "p".to_owned() };
        let urls = vec!["http://192.0.2.1:1".to_owned(), "http://192.0.2.1:2".to_owned()];
        let objects = store_at(urls, "d", &door).unwrap();
        let store: segment_crds::SegmentStore = serde_json::from_value(objects["items"][3].clone()).unwrap();
        let clickhouse = store.spec.clickhouse;
        let shards: Vec<_> = clickhouse.shards.iter().map(|shard| (shard.name.as_str(), &*shard.urls[0])).collect();
        assert_eq!(shards, [("0", "http://192.0.2.1:1"), ("1", "http://192.0.2.1:2")]);
        assert_eq!(store.metadata.namespace.as_deref(), Some(NAMESPACE));
        assert_eq!(store.spec.time_zone.as_deref(), Some("America/New_York"));
        let secret = clickhouse.credentials_secret_ref.unwrap().name;
        assert_eq!(objects["items"][0]["metadata"]["name"], secret);
        assert_eq!(objects["items"][1]["rules"][0]["resourceNames"], json!([secret]));
    }

    #[test]
    fn every_segment_is_applied_into_the_demos_namespace() {
        let documents = yaml::documents(&segments()).unwrap();
        assert_eq!(documents.len(), examples::FILES.len() - 1);
        for document in documents {
            assert_eq!(document.value["metadata"]["namespace"], NAMESPACE);
        }
    }
}
