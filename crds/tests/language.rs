//! The types read every kind of criterion of the language, and refuse what the language does not have.

use segment_crds::{CalendarPeriod, Criterion, SegmentSpec, SegmentStoreSpec};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

fn value(yaml: &str) -> Value {
    serde_saphyr::from_str(yaml).expect("the test's YAML is well-formed")
}

fn read<T: DeserializeOwned>(yaml: &str) -> Result<T, String> {
    serde_json::from_value(value(yaml)).map_err(|error| format!("{yaml}: {error}"))
}

fn criterion(yaml: &str) -> Criterion {
    read(yaml).expect("the criterion is good")
}

/// A criterion that is written again says the same, so no field is lost.
fn check_kept(yaml: &str) {
    let written = serde_json::to_value(criterion(yaml)).expect("a criterion is JSON");
    assert_eq!(numbers_as_float(written), numbers_as_float(value(yaml)), "{yaml}");
}

fn numbers_as_float(value: Value) -> Value {
    match value {
        Value::Number(number) => json!(number.as_f64()),
        Value::Array(items) => items.into_iter().map(numbers_as_float).collect(),
        Value::Object(fields) => fields.into_iter().map(|(key, value)| (key, numbers_as_float(value))).collect(),
        other => other,
    }
}

fn check_refused<T: DeserializeOwned + std::fmt::Debug>(yaml: &str, reason: &str) {
    let error = read::<T>(yaml).expect_err(yaml);
    assert!(error.contains(reason), "{error}");
}

#[test]
fn a_whole_segment_is_read() {
    let spec: SegmentSpec = read(
        r#"
storeRef: {name: main}
account: "42"
timeZone: Europe/Berlin
suspend: false
criteria:
- {name: loyal,  event: {metric: Placed Order, count: {atLeast: 3}, within: {last: 365d}}}
- {name: recent, event: {metric: Placed Order, within: {last: 30d}}}
- {name: nearby, location: {within: 10mi, of: {postalCode: "02110", country: US}}}
- {name: sms,    consent: {channel: sms, status: subscribed}}
- {name: soon,   property: {name: predicted_next_order, within: {next: 14d}}}
match: loyal && !recent && (nearby || sms || soon)
"#,
    )
    .unwrap();
    assert_eq!(spec.store_ref.name, "main");
    assert_eq!(spec.account, "42");
    assert_eq!(spec.criteria.len(), 5);
    let loyal = spec.criteria[0].event.as_ref().unwrap();
    assert_eq!(loyal.count.as_ref().unwrap().at_least, Some(3));
    assert_eq!(spec.match_.unwrap(), "loyal && !recent && (nearby || sms || soon)");
}

#[test]
fn every_kind_is_kept() {
    for kind in [
        "event: {metric: '*', where: [{property: a.b, equals: 1}], within: {olderThan: 1h}, distinctDays: {equals: 2}}",
        "event: {metric: m, count: {above: 1, below: 9}}",
        "event: {metric: m, sum: {property: p, atLeast: 0.1, atMost: 0.3}}",
        "event: {metric: m, average: {property: p, equals: -1.5}}",
        "event: {metric: m, min: {property: p, above: 1}}",
        "event: {metric: m, max: {property: p, below: 1}}",
        "lastEvent: {metric: m, where: [{property: p, exists: true}], within: {days: 7}, has: [{property: q, equals: x, not: true}]}",
        "firstEvent: {metric: m, within: {calendar: lastMonth}}",
        "regularEvent: {metric: m, where: [{property: p, in: [1]}], count: {atLeast: 2}, every: 7d, of: 12, atLeast: 10}",
        "sequence: {steps: [{metric: a}, {metric: b, where: [{property: p, contains: x}]}], span: 2h, within: {last: 4w}}",
        "property: {name: p, equals: true}",
        "consent: {channel: email, status: subscribed, within: {from: 2026-01-01, to: '2026-02-01T00:00:00Z'}}",
        "location: {within: 2.5km, of: {latitude: 42.36, longitude: -71.06}}",
        "location: {within: 10mi, of: {postalCode: '02110', country: US}}",
        "list: {id: vip-2025}",
        "segment: {name: vip}",
        "sample: {percent: 12.25, salt: winter}",
    ] {
        check_kept(&format!("{{name: c, {kind}}}"));
    }
}

#[test]
fn every_test_is_kept() {
    for test in [
        "equals: '20'",
        "in: [a, 1, 2.5, false], ignoreCase: true",
        "atLeast: 1, below: 2.5",
        "above: -1, atMost: 2",
        "contains: x",
        "startsWith: x, ignoreCase: true",
        "endsWith: x",
        "matches: ^a",
        "before: 2026-06-15",
        "after: 2026-06-15T12:00:00+02:00",
        "within: {between: {from: 3d, to: 1d}}",
        "anniversary: {next: 14d}",
        "anniversary: {last: 2w}",
        "anniversary: {today: true}",
        "hasItem: red",
        "exists: true",
    ] {
        check_kept(&format!("{{name: c, property: {{name: p, {test}}}}}"));
        check_kept(&format!("{{name: c, lastEvent: {{metric: m, has: [{{property: p, not: true, {test}}}]}}}}"));
    }
}

#[test]
fn every_calendar_period_is_read() {
    use CalendarPeriod::{LastMonth, LastWeek, LastYear, ThisMonth, ThisWeek, ThisYear, Today, Yesterday};
    let periods: Vec<CalendarPeriod> =
        read("[today, yesterday, thisWeek, lastWeek, thisMonth, lastMonth, thisYear, lastYear]").unwrap();
    assert_eq!(periods, [Today, Yesterday, ThisWeek, LastWeek, ThisMonth, LastMonth, ThisYear, LastYear]);
}

#[test]
fn a_test_comes_without_what_stands_beside_it() {
    let property = criterion("{name: c, property: {name: p, in: [a], ignoreCase: true}}").property.unwrap();
    let event =
        criterion("{name: c, event: {metric: m, where: [{property: p, not: true, in: [a], ignoreCase: true}]}}");
    assert_eq!(property.test(), event.event.unwrap().where_[0].test());
    assert_eq!(property.test().in_, Some(vec![json!("a")]));
}

#[test]
fn null_is_as_absent() {
    let absent: SegmentSpec = read("{storeRef: {name: s}, account: a}").unwrap();
    let null: SegmentSpec =
        read("{storeRef: {name: s, namespace: null}, account: a, timeZone: ~, suspend: ~, criteria: ~, match: ~}")
            .unwrap();
    assert_eq!(null, absent);
    assert_eq!(
        criterion("{name: c, event: ~, property: {name: p, equals: ~, in: ~, ignoreCase: ~, within: ~, exists: true}}"),
        criterion("{name: c, property: {name: p, exists: true}}"),
    );
}

#[test]
fn unknown_fields_are_refused_everywhere() {
    for yaml in [
        "{name: c, evnt: {metric: m}}",
        "{name: c, event: {metric: m, witin: {last: 1d}}}",
        "{name: c, event: {metric: m, within: {lst: 1d}}}",
        "{name: c, event: {metric: m, within: {between: {from: 2d, to: 1d, by: 1d}}}}",
        "{name: c, event: {metric: m, count: {more: 1}}}",
        "{name: c, event: {metric: m, sum: {property: p, more: 1}}}",
        "{name: c, event: {metric: m, where: [{property: p, equal: 1}]}}",
        "{name: c, lastEvent: {metric: m, count: {atLeast: 1}}}",
        "{name: c, regularEvent: {metric: m, every: 1d, of: 2, atLeast: 1, within: {last: 1d}}}",
        "{name: c, sequence: {steps: [{metric: a, within: {last: 1d}}, {metric: b}], span: 1d}}",
        "{name: c, sequence: {steps: [{metric: a}, {metric: b}], span: 1d, gap: 1d}}",
        "{name: c, property: {name: p, equals: 1, not: true}}",
        "{name: c, property: {name: p, anniversary: {next: 1d, soon: true}}}",
        "{name: c, consent: {channel: a, status: b, since: c}}",
        "{name: c, location: {within: 1km, of: {latitude: 1, longitude: 1, height: 1}}}",
        "{name: c, location: {within: 1km, of: {latitude: 1, longitude: 1}, from: 1}}",
        "{name: c, list: {name: l}}",
        "{name: c, segment: {id: s}}",
        "{name: c, sample: {percent: 1, seed: s}}",
    ] {
        check_refused::<Criterion>(yaml, "unknown field");
    }
    check_refused::<SegmentSpec>("{storeRef: {name: s}, account: a, matches: x}", "unknown field `matches`");
    check_refused::<SegmentSpec>("{storeRef: {name: s, kind: k}, account: a}", "unknown field `kind`");
}

#[test]
fn values_of_the_wrong_type_are_refused() {
    for yaml in [
        "{name: 1, list: {id: l}}",
        "{name: c, list: {id: 1}}",
        "{name: c, event: {metric: true}}",
        "{name: c, event: {metric: m, count: {atLeast: '1'}}}",
        "{name: c, event: {metric: m, count: {atLeast: 1.5}}}",
        "{name: c, event: {metric: m, sum: {property: p, atLeast: '1'}}}",
        "{name: c, event: {metric: m, where: {property: p, equals: 1}}}",
        "{name: c, event: {metric: m, within: 30d}}",
        "{name: c, event: {metric: m, within: {days: '7'}}}",
        "{name: c, event: {metric: m, within: {calendar: today}, where: [1]}}",
        "{name: c, property: {name: p, in: a}}",
        "{name: c, property: {name: p, contains: 1}}",
        "{name: c, property: {name: p, atLeast: '1'}}",
        "{name: c, property: {name: p, exists: 'true'}}",
        "{name: c, property: {name: p, equals: a, ignoreCase: 1}}",
        "{name: c, location: {within: 5, of: {latitude: 1, longitude: 1}}}",
        "{name: c, location: {within: 1km, of: {postalCode: 12345, country: US}}}",
        "{name: c, sample: {percent: '1'}}",
    ] {
        check_refused::<Criterion>(yaml, "invalid type");
    }
    check_refused::<SegmentSpec>("{storeRef: {name: s}, account: 42}", "invalid type");
    check_refused::<SegmentSpec>("{storeRef: s, account: a}", "invalid type");
    check_refused::<CalendarPeriod>("nextWeek", "unknown variant");
}

#[test]
fn required_fields_are_required() {
    for yaml in [
        "{list: {id: l}}",
        "{name: c, event: {count: {atLeast: 1}}}",
        "{name: c, regularEvent: {metric: m, of: 2, atLeast: 1}}",
        "{name: c, regularEvent: {metric: m, every: 1d, atLeast: 1}}",
        "{name: c, regularEvent: {metric: m, every: 1d, of: 2}}",
        "{name: c, sequence: {steps: [{metric: a}, {metric: b}]}}",
        "{name: c, property: {equals: 1}}",
        "{name: c, consent: {channel: email}}",
        "{name: c, location: {within: 1km}}",
        "{name: c, sample: {salt: s}}",
    ] {
        check_refused::<Criterion>(yaml, "missing field");
    }
    check_refused::<SegmentSpec>("{account: a}", "missing field `storeRef`");
    check_refused::<SegmentSpec>("{storeRef: {name: s}}", "missing field `account`");
}

#[test]
fn a_whole_store_is_read() {
    let spec: SegmentStoreSpec = read(
        r#"
clickhouse:
  database: segmentation
  shards:
  - {name: "0", urls: ["http://ch-0.clickhouse:8123"]}
  - {name: "1", urls: ["http://ch-1.clickhouse:8123"]}
  credentialsSecretRef: {name: clickhouse}
access:
- {namespaceSelector: {}, accounts: ["42"]}
- {namespaceSelector: {matchLabels: {team: crm}, matchExpressions: [{key: env, operator: In, values: [prod]}]}, accounts: ["7"]}
timeZone: America/New_York
manual: {debounce: 1s, maxSegmentsPerRun: 1000}
"#,
    )
    .unwrap();
    assert_eq!(spec.clickhouse.shards[1].name, "1");
    assert_eq!(spec.access[1].namespace_selector.match_labels["team"], "crm");
    assert_eq!(spec.manual.unwrap().max_segments_per_run, Some(1000));
    check_refused::<SegmentStoreSpec>(
        "{clickhouse: {database: d, shards: []}, access: [{namespaceSelector: {matchLabel: {a: b}}, accounts: [a]}]}",
        "unknown field `matchLabel`",
    );
}
