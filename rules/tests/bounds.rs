//! Bounds of sums and averages are exact, as they are written.

use segment_rules::canonical::Criterion;
use segment_rules::yaml::{self, Document};
use segment_rules::{Compiled, compile};
use serde_json::json;

/// The bounds of the one sum or average, in billionths.
fn bounds(compiled: &Compiled) -> Vec<i128> {
    assert_eq!(compiled.refused, []);
    let criteria = compiled.accounts["42"].criteria.values();
    let mut bounds: Vec<i128> = criteria
        .filter_map(|criterion| match criterion {
            Criterion::Sum { negative, at_least, .. } => {
                at_least.parse::<i128>().ok().map(|bound| if *negative { 1 - bound } else { bound })
            }
            Criterion::Average { bound, .. } => bound.as_ref()?.parse().ok(),
            _ => None,
        })
        .collect();
    bounds.sort_unstable();
    bounds.dedup();
    bounds
}

fn of_file(aggregate: &str) -> Vec<i128> {
    let text = format!(
        "apiVersion: segmentation.dev/v1alpha1\nkind: Segment\nmetadata: {{name: s}}\nspec:\n  storeRef: {{name: main}}\n  \
         account: \"42\"\n  criteria:\n  - {{name: a, event: {{metric: m, {aggregate}}}}}\n"
    );
    bounds(&compile(&yaml::documents(&text).expect("good YAML")))
}

#[test]
fn all_digits_of_a_file_count() {
    assert_eq!(of_file("sum: {property: p, atLeast: 9007199254740993}"), [9_007_199_254_740_993_000_000_000]);
    assert_eq!(of_file("sum: {property: p, atLeast: 12345678.1234567899}"), [12_345_678_123_456_789]);
    assert_eq!(of_file("sum: {property: p, atLeast: -12345678.123456789}"), [-12_345_678_123_456_789]);
    assert_eq!(of_file("average: {property: p, above: 12345678.123456789}"), [12_345_678_123_456_789]);
    assert_eq!(
        of_file("average: {property: p, above: 123456789012345678.1, below: 123456789012345678.3}"),
        [123_456_789_012_345_678_100_000_000, 123_456_789_012_345_678_300_000_000]
    );
    assert_eq!(of_file("sum: {property: p, atLeast: 2.5e3}"), [2_500_000_000_000]);
}

#[test]
fn whole_numbers_of_a_server_keep_their_digits() {
    let document = json!({
        "apiVersion": "segmentation.dev/v1alpha1",
        "kind": "Segment",
        "metadata": {"name": "s"},
        "spec": {
            "storeRef": {"name": "main"},
            "account": "42",
            "criteria": [
                {"name": "a", "event": {"metric": "m", "sum": {"property": "p", "atLeast": 9_007_199_254_740_993_i64}}},
            ],
        },
    });
    assert_eq!(bounds(&compile(&[Document::new(document)])), [9_007_199_254_740_993_000_000_000]);
}
