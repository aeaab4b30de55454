//! The children, whole, as the API server gets them.

use segment_crds::{ClickHouse, Pods, SecretRef, SegmentStoreSpec, Shard};
use segment_jobs::shards::Authorities;
use serde_json::{Value, json};
use uuid::Uuid;

use super::*;
use crate::store::validate::validate;

struct Shop {
    key: StoreKey,
    owner: OwnerReference,
    store: ValidStore,
}

impl Shop {
    fn with_shards(count: usize) -> Self {
        let shard = |number| Shard { name: format!("{number:03}"), urls: vec![format!("http://ch-{number}:8123")] };
        let spec = SegmentStoreSpec {
            clickhouse: ClickHouse {
                database: "segments".to_owned(),
                shards: (0..count).map(shard).collect(),
                credentials_secret_ref: Some(SecretRef { name: "clickhouse".to_owned() }),
                ca_bundle: None,
            },
            ..SegmentStoreSpec::default()
        };
        let owner = OwnerReference { name: "main".to_owned(), uid: "u".to_owned(), ..OwnerReference::default() };
        let key = StoreKey { namespace: "shop".to_owned(), name: "main".to_owned() };
        Self { key, owner, store: validate(&spec).unwrap() }
    }

    fn parent(&self) -> Parent<'_> {
        Parent { key: &self.key, owner: &self.owner, store: &self.store, default_image: "jobs:1" }
    }

    fn manual(&self, shards: &[&str]) -> Value {
        let shards: Vec<String> = shards.iter().map(|name| (*name).to_owned()).collect();
        let as_of = jiff::Timestamp::from_millisecond(1_781_524_800_123).unwrap();
        serde_json::to_value(manual_job(self.parent(), ManualWork { run: Uuid::from_u128(7), as_of, shards: &shards }))
            .unwrap()
    }
}

fn schema(shop: &Shop, found: &str, shards: &[&str]) -> k8s_openapi::api::batch::v1::Job {
    let shards: Vec<String> = shards.iter().copied().map(str::to_owned).collect();
    schema_job(shop.parent(), SchemaWork { identity: "c/shop/main", adopt: false, shards: &shards, found })
}

fn schema_name(shop: &Shop, found: &str) -> String {
    schema(shop, found, &["000", "001"]).metadata.name.unwrap()
}

#[test]
fn the_job_of_a_run_is_as_it_should_be() {
    let job = Shop::with_shards(2).manual(&["000", "001"]);
    assert_eq!(
        job["metadata"]["labels"],
        json!({
            "app.kubernetes.io/managed-by": "segment-operator",
            "segmentation.dev/component": "manual",
            "segmentation.dev/run": "00000000-0000-0000-0000-000000000007",
            "segmentation.dev/store": "main",
        })
    );
    assert_eq!(job["metadata"]["ownerReferences"][0]["uid"], "u");
    let mut spec = job["spec"].clone();
    let pod = spec["template"].take();
    assert_eq!(
        spec,
        json!({
            "activeDeadlineSeconds": 21600,
            "backoffLimitPerIndex": 3,
            "completionMode": "Indexed",
            "completions": 1,
            "maxFailedIndexes": 1,
            "parallelism": 1,
            "podFailurePolicy": {"rules": [
                {"action": "Ignore", "onPodConditions": [{"type": "DisruptionTarget", "status": "True"}]},
                {"action": "Ignore", "onExitCodes": {"containerName": "segment-jobs", "operator": "In", "values": [12]}},
                {
                    "action": "FailIndex",
                    "onExitCodes": {"containerName": "segment-jobs", "operator": "In", "values": [2, 3, 4, 11]},
                },
            ]},
            "podReplacementPolicy": "Failed",
            "template": null,
            "ttlSecondsAfterFinished": 3600,
        })
    );
    let container = &pod["spec"]["containers"][0];
    assert_eq!(
        container["args"],
        json!([
            "manual",
            "--shards-file",
            "/etc/segmentation/shards.json",
            "--run",
            "00000000-0000-0000-0000-000000000007",
            "--at",
            "2026-06-15T12:00:00.123Z",
        ])
    );
    assert_eq!(
        container["env"][2],
        json!({
            "name": "CLICKHOUSE_PASSWORD",
            "valueFrom": {"secretKeyRef": {"name": "clickhouse", "key": "password"}},
        })
    );
    assert_eq!(container["securityContext"]["capabilities"]["drop"], json!(["ALL"]));
    assert_eq!(pod["spec"]["automountServiceAccountToken"], json!(false));
    assert_eq!(pod["spec"]["restartPolicy"], "Never");
}

#[test]
fn an_index_drives_32_shards_of_those_that_the_run_is_about() {
    let shop = Shop::with_shards(70);
    let names: Vec<String> = shop.store.shards.iter().map(|shard| shard.name.clone()).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    assert_eq!(shop.manual(&names)["spec"]["completions"], 3);
    let few = shop.manual(&names[..33]);
    assert_eq!((&few["spec"]["completions"], &few["spec"]["parallelism"]), (&json!(2), &json!(2)));
    let args = &few["spec"]["template"]["spec"]["containers"][0]["args"];
    assert!(args[8].as_str().unwrap().starts_with("000,001,"));
}

#[test]
fn the_list_of_shards_is_immutable_and_named_after_what_it_holds() {
    let (two, three) = (Shop::with_shards(2), Shop::with_shards(3));
    let [two, three] = [&two, &three].map(|shop| shards_config_map(shop.parent()));
    assert_eq!(two.immutable, Some(true));
    assert_ne!(two.metadata.name, three.metadata.name);
    let list: Value = serde_json::from_str(&two.data.unwrap()["shards.json"]).unwrap();
    assert_eq!(list[0], json!({"name": "000", "url": "http://ch-0:8123", "database": "segments"}));
}

#[test]
fn whom_to_trust_is_passed_with_the_list_of_shards_and_changes_nothing_where_nobody_is_named() {
    let plain = Shop::with_shards(2);
    let trusting = || {
        let mut shop = Shop::with_shards(2);
        let pem = rcgen::generate_simple_self_signed(["authority".to_owned()]).unwrap().cert.pem();
        shop.store.authorities = Authorities::of_pem(&pem).unwrap();
        (shop, pem)
    };
    let ((one, pem), (other, _)) = (trusting(), trusting());
    let [none, first, second] = [&plain, &one, &other].map(|shop| shards_config_map(shop.parent()));
    assert!(first.metadata.name != none.metadata.name && first.metadata.name != second.metadata.name);
    assert_eq!(first.data.unwrap()["ca.pem"], pem);
    assert_eq!(none.data.unwrap().len(), 1);
    assert_ne!(schema_name(&one, "none"), schema_name(&other, "none"), "it may be what the last one lacked");
    let path = json!(["--shards-file", "/etc/segmentation/shards.json", "--ca", "/etc/segmentation/ca.pem"]);
    let job = one.manual(&["000", "001"]);
    let arguments = job["spec"]["template"]["spec"]["containers"][0]["args"].as_array().unwrap().clone();
    assert_eq!(json!(arguments[1..5]), path);
    let schema = serde_json::to_value(schema(&one, "none", &["000", "001"])).unwrap();
    let arguments = schema["spec"]["template"]["spec"]["containers"][0]["args"].as_array().unwrap().clone();
    assert_eq!(json!(arguments[4..8]), path);
}

#[test]
fn the_schema_job_is_made_once_for_what_was_found() {
    let shop = Shop::with_shards(2);
    assert_eq!(schema_name(&shop, "none"), schema_name(&shop, "none"));
    assert_ne!(schema_name(&shop, "none"), schema_name(&shop, "an older one"));
    let mut other = Shop::with_shards(2);
    other.store.pods = Pods { image: Some("jobs:2".to_owned()), ..Pods::default() };
    assert_ne!(schema_name(&shop, "none"), schema_name(&other, "none"), "a new image brings the schema up to date");
}

#[test]
fn the_schema_job_names_its_shards_only_if_they_are_not_all() {
    let shop = Shop::with_shards(2);
    let args = |shards: &[&str]| {
        let pod = schema(&shop, "none", shards).spec.unwrap().template.spec.unwrap();
        pod.containers.into_iter().next().unwrap().args.unwrap()
    };
    let all = args(&["000", "001"]);
    assert!(!all.contains(&"--shards".to_owned()), "{all:?}");
    assert_eq!(args(&["001"]), [&all[..], &["--shards".to_owned(), "001".to_owned()]].concat());
}
