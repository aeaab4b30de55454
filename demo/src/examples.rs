//! The Segments of the folder `examples`, which are part of this program.

use anyhow::{Context, bail};
use segment_rules::{AccountRules, Compiled, Definition, compile, yaml};

use crate::ndjson::ACCOUNT;

macro_rules! files {
    ($($name:literal),+ $(,)?) => { &[$(($name, include_str!(concat!("../../examples/", $name, ".yaml")))),+] };
}

/// Name and text of each file; the demo's tables keep this order.
pub const FILES: &[(&str, &str)] = files![
    "store",
    "ordered-last-30-days",
    "clicked-spring-campaign",
    "near-boston",
    "sms-subscribers",
    "order-expected-soon",
    "loyal-but-lapsing",
    "big-baskets",
    "frequent-buyers",
    "last-order-was-large",
    "began-with-one-cd",
    "one-time-buyers",
    "regular-buyers",
    "clicked-then-ordered",
    "offers-work",
    "birthday-next-week",
    "new-sms-subscribers-this-month",
    "big-spenders-gone-quiet",
    "experiment-new-england",
];

/// Compiles all of them; none may be refused.
pub fn compiled() -> anyhow::Result<Compiled> {
    let mut documents = Vec::new();
    for (name, text) in FILES {
        documents.extend(yaml::documents(text).with_context(|| format!("examples/{name}.yaml"))?);
    }
    let compiled = compile(&documents);
    if let Some(refusal) = compiled.refused.first() {
        bail!("an example was refused: {refusal}");
    }
    Ok(compiled)
}

/// The definitions in the order of [`FILES`].
pub fn definitions(compiled: &Compiled) -> Vec<&Definition> {
    let definitions = compiled.accounts.get(ACCOUNT).map(|rules: &AccountRules| rules.definitions.as_slice());
    let mut sorted: Vec<&Definition> = definitions.unwrap_or_default().iter().collect();
    sorted.sort_by_key(|definition| FILES.iter().position(|(name, _)| *name == definition.name));
    sorted
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_file_of_the_folder_is_listed() {
        let folder = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../examples")).unwrap();
        let names = folder.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let found: BTreeSet<String> = names.filter_map(|name| name.strip_suffix(".yaml").map(str::to_owned)).collect();
        let listed: BTreeSet<String> = FILES.iter().map(|(name, _)| (*name).to_owned()).collect();
        assert_eq!(found, listed);
    }

    #[test]
    fn every_example_compiles_without_a_note() {
        let compiled = compiled().unwrap();
        assert_eq!(compiled.notes, Vec::<String>::new());
        assert_eq!(definitions(&compiled).len(), FILES.len() - 1);
    }

    #[test]
    fn every_kind_of_criterion_has_an_example() {
        let compiled = compiled().unwrap();
        let kinds: BTreeSet<&str> = definitions(&compiled)
            .iter()
            .flat_map(|definition| definition.criteria.values().map(|criterion| criterion.kind))
            .collect();
        let all = [
            "consent",
            "event",
            "firstEvent",
            "lastEvent",
            "list",
            "location",
            "property",
            "regularEvent",
            "sample",
            "segment",
            "sequence",
        ];
        assert_eq!(kinds, BTreeSet::from(all));
    }

    #[test]
    fn a_file_is_named_after_its_segment_and_fits_the_custom_resource() {
        for (name, text) in &FILES[1..] {
            let document = yaml::documents(text).unwrap().remove(0);
            let segment: segment_crds::Segment = serde_json::from_value(document.value).unwrap();
            assert_eq!(segment.metadata.name.as_deref(), Some(*name));
            assert!(text.starts_with("# "), "{name} has no comment");
        }
        let store = yaml::documents(FILES[0].1).unwrap().remove(0);
        serde_json::from_value::<segment_crds::SegmentStore>(store.value).unwrap();
    }
}
