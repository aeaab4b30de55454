//! The operator's rights against what it asked of the API server, by the server's own audit log: it was refused nothing but
//! Secrets that nobody has granted, and has no right that the tests before this one did not need. Files of tests run in the
//! order of their names, this one last.

use std::collections::BTreeSet;

use anyhow::{Result, ensure};
use k8s_openapi::api::rbac::v1::{ClusterRole, PolicyRule, Role};
use kube::api::Api;
use segment_operator_tests::{Cluster, operators_requests};
use serde_json::Value;

/// What a run of these tests need not show, and why it is granted.
const NOT_SEEN: [(&str, &str); 4] = [
    ("configmaps", "create"), // asked besides `patch` by an apply that creates; the log has the request once, as a patch
    ("configmaps", "delete"), // of lists of shards that no Job needs any more
    ("jobs", "delete"),       // of a schema Job whose work was undone by someone else
    ("events", "patch"),      // of an event that repeats itself
];

type Right = (String, String, String);

fn granted(rules: &[PolicyRule]) -> BTreeSet<Right> {
    let mut rights = BTreeSet::new();
    for rule in rules {
        for group in rule.api_groups.iter().flatten() {
            for resource in rule.resources.iter().flatten() {
                rights.extend(rule.verbs.iter().map(|verb| (group.clone(), resource.clone(), verb.clone())));
            }
        }
    }
    rights
}

/// What was asked for, and of that what was refused.
fn asked(entries: &[Value]) -> (BTreeSet<Right>, BTreeSet<Right>) {
    let (mut asked, mut refused) = (BTreeSet::new(), BTreeSet::new());
    for entry in entries {
        let object = &entry["objectRef"];
        if !object.is_object() {
            continue;
        }
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let mut resource = text(&object["resource"]);
        if let Some(subresource) = object["subresource"].as_str() {
            resource = format!("{resource}/{subresource}");
        }
        let right = (text(&object["apiGroup"]), resource, text(&entry["verb"]));
        // Other refusals, as in a namespace that is going, have the same code.
        if entry["annotations"]["authorization.k8s.io/decision"] == "forbid" {
            refused.insert(right.clone());
        }
        asked.insert(right);
    }
    (asked, refused)
}

#[tokio::test]
async fn the_operator_has_the_rights_that_it_uses_and_no_others() -> Result<()> {
    let Some(entries) = operators_requests()? else {
        eprintln!("LEFT OUT: only the cluster of tests/cluster has an audit log that we can read");
        return Ok(());
    };
    let cluster = Cluster::connect().await?;
    let cluster_roles: Api<ClusterRole> = Api::all(cluster.client());
    let roles: Api<Role> = Api::namespaced(cluster.client(), "segmentation-system");
    let mut rights = granted(&roles.get("segment-operator-lease").await?.rules.unwrap_or_default());
    for name in ["segment-operator", "segment-operator-cluster"] {
        rights.extend(granted(&cluster_roles.get(name).await?.rules.unwrap_or_default()));
    }
    let (asked, refused) = asked(&entries);
    let secrets = |right: &Right| right.1 == "secrets" && right.2 == "get";
    let refused: Vec<_> = refused.into_iter().filter(|right| !secrets(right)).collect();
    ensure!(refused.is_empty(), "refused: {refused:?}");
    let not_seen = |right: &Right| NOT_SEEN.contains(&(right.1.as_str(), right.2.as_str()));
    let unused: Vec<_> = rights.difference(&asked).filter(|right| !not_seen(right)).collect();
    ensure!(unused.is_empty(), "granted and never used: {unused:?}");
    Ok(())
}
