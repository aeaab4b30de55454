//! The documentation names every reason, event and metric that the operator has, and no metric that it has not. Read from the
//! sources as texts: no list of them stands here, so that none can be forgotten.

#![expect(clippy::unwrap_used, reason = "helpers of tests are tests too")]

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

/// Reasons that only events have.
const EVENTS: [&str; 4] = ["RunStarted", "RunEnded", "RunNotStarted", "DefinitionsOutdated"];
/// Words in quotes in the sources that are no reasons of ours: kinds, states, actions of events, and what Kubernetes says.
const NO_REASONS: [&str; 16] = [
    "Complete",
    "ContainerCreating",
    "Error",
    "Evaluate",
    "Failed",
    "False",
    "Pod",
    "PodInitializing",
    "PodScheduled",
    "Reconcile",
    "Segment",
    "SegmentStore",
    "Start",
    "True",
    "Unknown",
    "Unscheduled",
];

fn text(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)).unwrap()
}

/// A source without its tests.
fn source(name: &str) -> String {
    text(&format!("operator/src/{name}")).split("#[cfg(test)]\nmod tests {").next().unwrap().to_owned()
}

/// All reasons, by the names of their constants.
fn constants() -> BTreeMap<String, String> {
    let names = source("names.rs");
    let (_, module) = names.split_once("mod reason {").unwrap();
    let constants = module.split("\n}").next().unwrap().lines().filter_map(|line| {
        let (name, value) = line.trim().strip_prefix("pub(crate) const ")?.split_once(": &str = ")?;
        Some((name.to_owned(), value.trim_matches(['"', ';']).to_owned()))
    });
    constants.collect()
}

/// The reasons that a source speaks of.
fn reasons_in(name: &str) -> BTreeSet<String> {
    let (constants, source) = (constants(), source(name));
    let used = source.split("reason::").skip(1).map(|rest| {
        let is_part = |character: char| character.is_ascii_uppercase() || character == '_';
        &rest[..rest.find(|character| !is_part(character)).unwrap_or(rest.len())]
    });
    used.filter_map(|name| constants.get(name)).cloned().collect()
}

/// Words in quotes that could be reasons.
fn words(source: &str) -> BTreeSet<&str> {
    let is_word = |word: &&str| {
        word.starts_with(|first: char| first.is_ascii_uppercase())
            && word.chars().all(|character| character.is_ascii_alphabetic())
    };
    source.split('"').filter(is_word).collect()
}

/// All files of a folder and those below it.
fn files(folder: &Path) -> Vec<PathBuf> {
    let paths = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    paths.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

/// Names of metrics as Prometheus reads them, by those under which they are registered: the library adds the unit, and what
/// tells their kind.
fn registered() -> BTreeSet<String> {
    let source = source("metrics.rs");
    let mut names = BTreeSet::new();
    for (call, unit) in [("registry.register(", ""), ("registry.register_with_unit(", "_seconds")] {
        for call in source.split(call).skip(1) {
            let (name, field) = (call.split('"').nth(1).unwrap(), kind_of(&source, call));
            let suffix = match field {
                Some(kind) if kind.contains("Counter") => "_total",
                None => "_info",
                _ => "",
            };
            names.insert(format!("segment_operator_{name}{unit}{suffix}"));
        }
    }
    names
}

/// The type of the field whose metric a call registers; none for the one that is made there.
fn kind_of<'a>(source: &'a str, call: &str) -> Option<&'a str> {
    let call = call.split(");\n").next().unwrap();
    let field = call.split_once("self.")?.1.split('.').next().unwrap();
    let (_, fields) = source.split_once("pub(crate) struct Metrics {").unwrap();
    let line =
        fields.lines().find(|line| line.trim().trim_start_matches("pub(crate) ").starts_with(&format!("{field}:")));
    Some(line.unwrap())
}

/// Names of metrics that a text speaks of.
fn named(text: &str) -> BTreeSet<&str> {
    let is_part = |character: char| character.is_ascii_lowercase() || character == '_';
    text.split(|character| !is_part(character)).filter(|word| word.starts_with("segment_operator_")).collect()
}

#[test]
fn every_reason_stands_in_the_troubleshooting() {
    let (page, operations) = (text("docs/troubleshooting.md"), text("docs/operations.md"));
    let constants = constants();
    assert!(constants.len() > 35, "{constants:?}: reasons are no longer found in the sources");
    for reason in constants.values() {
        let named = format!("`{reason}`");
        assert!(page.contains(&named) || operations.contains(&named), "{reason}");
    }
}

#[test]
fn reasons_are_made_in_one_place() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    // Children are full of words of Kubernetes, tests name the reasons that they expect.
    let others = ["build/", "golden.rs", "names.rs"];
    let sources =
        files(&folder).into_iter().map(|path| path.strip_prefix(&folder).unwrap().to_str().unwrap().to_owned());
    for file in sources.filter(|file| !others.iter().any(|other| file.starts_with(other))) {
        let source = source(&file);
        let more: Vec<_> = words(&source).into_iter().filter(|word| !NO_REASONS.contains(word)).collect();
        assert!(more.is_empty(), "{file}: reasons belong into names::reason, and other words of this test: {more:?}");
    }
}

#[test]
fn every_metric_stands_in_the_operations_and_no_other() {
    let (page, rules) = (text("docs/operations.md"), text("manifests/components/monitoring/rules.yaml"));
    let registered = registered();
    assert!(registered.len() > 10, "{registered:?}");
    for metric in &registered {
        assert!(page.contains(&format!("| `{metric}`")) || page.contains(&format!("| `{metric}{{")), "{metric}");
    }
    for name in named(&page).into_iter().chain(named(&rules)) {
        assert!(registered.contains(name), "{name}");
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
fn alerts_know_every_reason_for_which_a_segment_needs_a_person() {
    let rules = text("manifests/components/monitoring/rules.yaml");
    let known: BTreeSet<&str> =
        rules.split("reason=~\"").skip(1).flat_map(|rest| rest.split('"').next().unwrap().split('|')).collect();
    let others = ["Accepted", "Evaluated", "NoData", "NotJudged", "Resumed", "Suspended"];
    let waiting = ["Evaluating", "JobBlocked", "Pending", "SchemaMissing", "ShardUnreachable", "StoreNotFound"];
    let all = reasons_in("segment/conditions.rs").into_iter().chain(reasons_in("store/trouble.rs"));
    let stalled: BTreeSet<String> =
        all.filter(|reason| !others.contains(&reason.as_str()) && !waiting.contains(&reason.as_str())).collect();
    assert_eq!(stalled.iter().map(String::as_str).collect::<BTreeSet<_>>(), known);
}

#[test]
fn argo_cd_has_a_document_for_every_reason() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../argocd/testdata");
    let documents: String =
        fs::read_dir(folder).unwrap().map(|entry| fs::read_to_string(entry.unwrap().path()).unwrap()).collect();
    for reason in constants().into_values() {
        let is_there = documents.contains(&format!("\"reason\":\"{reason}\""));
        assert!(is_there || EVENTS.contains(&reason.as_str()), "{reason}");
    }
}
