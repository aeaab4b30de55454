//! The manifests against what the operator reads and does, wherever it is installed.

#![expect(clippy::unwrap_used, reason = "helpers of tests are tests too")]

use std::{collections::BTreeSet, fs, path::Path};

use clap::CommandFactory;
use segment_operator::Args;
use serde_json::{Value, json};

/// The objects of a file of `manifests/base`.
fn objects(file: &str) -> Vec<Value> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../manifests/base").join(file);
    let documents = segment_rules::yaml::documents(&fs::read_to_string(path).unwrap()).unwrap();
    documents.into_iter().map(|document| document.value).collect()
}

#[test]
fn the_operator_reads_what_its_pod_is_told_and_is_told_all_about_its_pod() {
    let deployment = objects("deployment.yaml").remove(0);
    let variables = deployment["spec"]["template"]["spec"]["containers"][0]["env"].as_array().unwrap().clone();
    let told: BTreeSet<&str> = variables.iter().map(|variable| variable["name"].as_str().unwrap()).collect();
    let command = Args::command();
    let read: BTreeSet<&str> = command.get_arguments().filter_map(|argument| argument.get_env()?.to_str()).collect();
    let of_others = BTreeSet::from(["MALLOC_ARENA_MAX"]);
    assert!(told.difference(&read).all(|name| of_others.contains(name)), "{told:?}, {read:?}");
    let of_pod: BTreeSet<&str> = read.iter().copied().filter(|name| name.starts_with("POD_")).collect();
    assert!(of_pod.len() > 2 && of_pod.is_subset(&told), "{told:?}, {read:?}");
}

/// The ClusterRole may hold in another namespace alone.
#[test]
fn a_replica_may_tell_of_itself_in_its_own_namespace_whatever_it_watches() {
    let roles = objects("roles.yaml");
    let own = roles.iter().find(|role| role["kind"] == "Role").unwrap();
    let is_it = |rule: &&Value| rule["apiGroups"] == json!(["events.k8s.io"]) && rule["resources"] == json!(["events"]);
    let granted = own["rules"].as_array().unwrap().iter().find(is_it).unwrap();
    assert_eq!(granted["verbs"], json!(["create"]));
}
