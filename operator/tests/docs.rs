//! The documentation names every reason, event and metric that the operator has, and no metric that it has not. Read from the
//! sources as texts: no list of them stands anywhere, so that none can be forgotten.

#![expect(clippy::unwrap_used, reason = "helpers of tests are tests too")]

use std::{collections::BTreeSet, fs, path::Path};

/// Where reasons are made. Another file that makes some has to be added.
const REASONS_IN: [&str; 7] = [
    "store.rs",
    "store/conditions.rs",
    "store/dereference.rs",
    "store/trouble.rs",
    "store/versions.rs",
    "segment/conditions.rs",
    "segment/runs.rs",
];
/// Reasons that only events have.
const EVENTS: [&str; 3] = ["RunStarted", "RunEnded", "RunNotStarted"];
/// Words there that are no reasons: the action of events.
const NO_REASONS: [&str; 1] = ["Evaluate"];

fn text(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)).unwrap()
}

/// A source without its tests.
fn source(name: &str) -> String {
    text(&format!("operator/src/{name}")).split("#[cfg(test)]").next().unwrap().to_owned()
}

/// Texts in quotes that are one CamelCase word.
fn reasons(source: &str) -> BTreeSet<String> {
    let is_reason = |word: &&str| {
        word.starts_with(|first: char| first.is_ascii_uppercase())
            && word.chars().all(|character| character.is_ascii_alphabetic())
            && !NO_REASONS.contains(word)
    };
    source.split('"').skip(1).step_by(2).filter(is_reason).map(str::to_owned).collect()
}

/// Names of metrics as they are registered.
fn registered() -> BTreeSet<String> {
    let source = source("metrics.rs");
    let after_name = ["registry.register(", "registry.register_with_unit("];
    let calls = after_name.into_iter().flat_map(|call| source.split(call).skip(1).collect::<Vec<_>>());
    calls.map(|call| format!("segment_operator_{}", call.split('"').nth(1).unwrap())).collect()
}

/// Names of metrics that a text speaks of.
fn named(text: &str) -> BTreeSet<&str> {
    let is_part = |character: char| character.is_ascii_lowercase() || character == '_';
    text.split(|character| !is_part(character)).filter(|word| word.starts_with("segment_operator_")).collect()
}

#[test]
fn every_reason_stands_in_the_troubleshooting() {
    let (page, operations) = (text("docs/troubleshooting.md"), text("docs/operations.md"));
    let mut found = 0;
    for file in REASONS_IN {
        for reason in reasons(&source(file)) {
            found += 1;
            let named = format!("`{reason}`");
            assert!(page.contains(&named) || operations.contains(&named), "{file}: {reason}");
        }
    }
    assert!(found > 35, "{found}: reasons are no longer found in the sources");
}

#[test]
fn every_metric_stands_in_the_operations_and_no_other() {
    let (page, rules) = (text("docs/operations.md"), text("manifests/components/monitoring/rules.yaml"));
    let registered = registered();
    assert!(registered.len() > 10, "{registered:?}");
    for metric in &registered {
        assert!(named(&page).iter().any(|name| name.starts_with(metric.as_str())), "{metric}");
    }
    for name in named(&page).into_iter().chain(named(&rules)) {
        assert!(registered.iter().any(|metric| name.starts_with(metric.as_str())), "{name}");
    }
}

#[test]
fn every_alert_stands_in_the_operations() {
    let (page, rules) = (text("docs/operations.md"), text("manifests/components/monitoring/rules.yaml"));
    let alerts: Vec<&str> = rules.lines().filter_map(|line| line.trim().strip_prefix("- alert: ")).collect();
    assert!(!alerts.is_empty());
    for alert in alerts {
        assert!(page.contains(&format!("| `{alert}` |")), "{alert}");
    }
}

#[test]
fn alerts_know_every_reason_of_a_segment_that_is_not_ready() {
    let rules = text("manifests/components/monitoring/rules.yaml");
    let known: BTreeSet<&str> =
        rules.split("reason=~\"").skip(1).flat_map(|rest| rest.split('"').next().unwrap().split('|')).collect();
    let others = ["Accepted", "Evaluated", "NoData", "NotJudged", "Resumed", "Suspended"];
    let all = [source("segment/conditions.rs"), source("store/trouble.rs")].concat();
    for reason in reasons(&all).iter().filter(|reason| !others.contains(&reason.as_str())) {
        assert!(known.contains(reason.as_str()), "{reason}");
    }
}

#[test]
fn argo_cd_has_a_document_for_every_reason() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../argocd/testdata");
    let documents: String =
        fs::read_dir(folder).unwrap().map(|entry| fs::read_to_string(entry.unwrap().path()).unwrap()).collect();
    for reason in REASONS_IN.iter().flat_map(|file| reasons(&source(file))) {
        let is_there = documents.contains(&format!("\"reason\":\"{reason}\""));
        assert!(is_there || EVENTS.contains(&reason.as_str()), "{reason}");
    }
}
