//! The rules in the schema refuse what they are there for, and nothing else. They run here without an API server;
//! `tests/crd-validation` has the API server's own code judge the rules themselves.

use std::sync::LazyLock;

use kube::core::cel::Validator;
use segment_crds::crd::definitions;
use serde_json::{Value, json};

static SCHEMAS: LazyLock<[Value; 2]> = LazyLock::new(|| {
    definitions().map(|definition| {
        let definition = serde_json::to_value(definition).expect("a definition is JSON");
        definition["spec"]["versions"][0]["schema"]["openAPIV3Schema"].clone()
    })
});

fn refusals(schema: &Value, object: &Value, old: Option<&Value>) -> String {
    match Validator::new().validate(schema, object, old) {
        Ok(()) => String::new(),
        Err(errors) => errors.to_string(),
    }
}

fn of_segment(object: &Value, old: Option<&Value>) -> String {
    refusals(&SCHEMAS[0], object, old)
}

fn of_store(object: &Value) -> String {
    refusals(&SCHEMAS[1], object, None)
}

fn segment(spec: &str) -> Value {
    let mut spec: Value = serde_saphyr::from_str(spec).expect("the test's YAML is well-formed");
    spec["storeRef"] = json!({"name": "main"});
    json!({"metadata": {"name": "s"}, "spec": spec})
}

fn check_accepted(spec: &str) {
    assert_eq!(of_segment(&segment(spec), None), "", "{spec}");
}

fn check_refused(spec: &str, message: &str) {
    let refusals = of_segment(&segment(spec), None);
    assert!(refusals.contains(message), "{spec}: {refusals}");
}

fn criterion_of(kind: &str) -> String {
    format!("{{account: a, criteria: [{{name: c, {kind}}}]}}")
}

#[test]
fn a_whole_segment_is_accepted() {
    check_accepted(
        r#"
account: "42"
timeZone: Europe/Berlin
criteria:
- {name: loyal,  event: {metric: Placed Order, count: {atLeast: 3}, within: {last: 365d}}}
- {name: recent, event: {metric: Placed Order, within: {last: 30d}}}
- {name: nearby, location: {within: 10mi, of: {postalCode: "02110", country: US}}}
- {name: sms,    consent: {channel: sms, status: subscribed}}
- {name: soon,   property: {name: predicted_next_order, within: {next: 14d}}}
match: loyal && !recent && (nearby || sms || soon)
"#,
    );
    check_accepted("{account: a}");
    check_accepted("{account: a, criteria: []}");
}

#[test]
fn a_criterion_has_exactly_one_kind() {
    check_refused("{account: a, criteria: [{name: c}]}", "exactly one kind");
    check_refused(&criterion_of("list: {id: l}, segment: {name: s}"), "exactly one kind");
}

#[test]
fn a_keyword_of_cel_is_no_name() {
    check_refused("{account: a, criteria: [{name: in, list: {id: l}}]}", "keyword");
    check_accepted("{account: a, criteria: [{name: inn, list: {id: l}}]}");
}

#[test]
fn an_event_has_at_most_one_aggregate() {
    check_refused(
        &criterion_of("event: {metric: m, count: {atLeast: 1}, distinctDays: {atLeast: 1}}"),
        "at most one of",
    );
    check_accepted(&criterion_of("event: {metric: m, distinctDays: {atLeast: 1}}"));
}

#[test]
fn a_window_has_exactly_one_form() {
    for window in [
        "{last: 1d}",
        "{between: {from: 2d, to: 1d}}",
        "{olderThan: 1d}",
        "{from: 2026-01-01}",
        "{to: 2026-01-01}",
        "{from: 2026-01-01, to: 2026-01-02}",
        "{calendar: today}",
        "{days: 7}",
    ] {
        check_accepted(&criterion_of(&format!("event: {{metric: m, within: {window}}}")));
    }
    for window in ["{}", "{last: 1d, days: 7}", "{from: 2026-01-01, olderThan: 1d}"] {
        check_refused(
            &criterion_of(&format!("consent: {{channel: a, status: b, within: {window}}}")),
            "exactly one form",
        );
    }
}

#[test]
fn only_times_of_properties_have_a_window_to_come() {
    let within = "within: {next: 1d}";
    check_accepted(&criterion_of(&format!("property: {{name: p, {within}}}")));
    check_accepted(&criterion_of(&format!("event: {{metric: m, where: [{{property: p, {within}}}]}}")));
    for kind in [
        "event: {metric: m, WITHIN}",
        "lastEvent: {metric: m, WITHIN}",
        "firstEvent: {metric: m, WITHIN}",
        "sequence: {steps: [{metric: a}, {metric: b}], span: 1d, WITHIN}",
        "consent: {channel: a, status: b, WITHIN}",
    ] {
        check_refused(&criterion_of(&kind.replace("WITHIN", within)), "no window `next`");
    }
}

#[test]
fn a_range_has_a_bound_and_a_number_in_it() {
    let count = |range: &str| criterion_of(&format!("event: {{metric: m, count: {{{range}}}}}"));
    let sum = |range: &str| criterion_of(&format!("event: {{metric: m, sum: {{property: p, {range}}}}}"));
    for range in ["equals: 0", "atLeast: 2, atMost: 2", "above: 1, below: 3", "equals: 2, atLeast: 2, below: 3"] {
        check_accepted(&count(range));
        check_accepted(&sum(range));
    }
    for range in [
        "atLeast: 3, atMost: 2",
        "above: 2, atMost: 2",
        "atLeast: 2, below: 2",
        "above: 2, below: 2",
        "equals: 1, atLeast: 2",
        "equals: 2, above: 2",
        "equals: 3, atMost: 2",
        "equals: 2, below: 2",
    ] {
        check_refused(&count(range), "no whole number lies in this range");
        check_refused(&sum(range), "no number lies in this range");
    }
    check_refused(&count("above: 1, below: 2"), "no whole number lies in this range");
    check_accepted(&sum("above: 1, below: 2"));
    check_refused(&count(""), "at least one of");
    check_refused(&sum(""), "at least one of");
    check_accepted(&criterion_of("property: {name: p, above: 1, below: 2}"));
    check_refused(&criterion_of("property: {name: p, above: 2, below: 2}"), "no number lies in this range");
}

#[test]
fn case_is_ignored_only_where_texts_are_compared() {
    for test in ["equals: a", "in: [a]", "contains: a", "startsWith: a", "endsWith: a"] {
        check_accepted(&criterion_of(&format!("property: {{name: p, {test}, ignoreCase: true}}")));
    }
    for test in ["atLeast: 1", "matches: a", "before: 2026-01-01", "within: {days: 1}", "exists: true"] {
        check_accepted(&criterion_of(&format!("property: {{name: p, {test}, ignoreCase: false}}")));
        check_refused(&criterion_of(&format!("property: {{name: p, {test}, ignoreCase: true}}")), "ignoreCase");
    }
}

#[test]
fn an_anniversary_has_exactly_one_stretch() {
    check_accepted(&criterion_of("property: {name: p, anniversary: {today: true}}"));
    check_refused(&criterion_of("property: {name: p, anniversary: {}}"), "exactly one of next, last and today");
    check_refused(&criterion_of("property: {name: p, anniversary: {next: 1d, last: 1d}}"), "exactly one of next");
}

#[test]
fn regular_events_need_no_more_periods_than_there_are() {
    check_accepted(&criterion_of("regularEvent: {metric: m, every: 7d, of: 3, atLeast: 3}"));
    check_refused(&criterion_of("regularEvent: {metric: m, every: 7d, of: 3, atLeast: 4}"), "atLeast is at most of");
}

#[test]
fn a_place_is_a_postal_code_or_a_point() {
    for place in
        ["postalCode: '02110'", "latitude: 1", "postalCode: '02110', country: US, latitude: 1, longitude: 1", ""]
    {
        check_refused(&criterion_of(&format!("location: {{within: 1km, of: {{{place}}}}}")), "a place is either");
    }
    check_accepted(&criterion_of("location: {within: 1km, of: {latitude: 0, longitude: 0}}"));
}

#[test]
fn match_names_every_criterion_and_no_other() {
    let matching = |expression: &str| {
        format!(
            "{{account: a, criteria: [{{name: a, list: {{id: l}}}}, {{name: ab, list: {{id: m}}}}], match: '{expression}'}}"
        )
    };
    check_accepted(&matching("a && !(ab || a)"));
    check_refused(&matching("ab"), "every criterion has to be used in match");
    check_refused(&matching("a && ab && abc"), "every name in match has to be that of a criterion");
    check_refused("{account: a, match: a}", "every name in match has to be that of a criterion");
}

#[test]
fn the_account_cannot_be_changed() {
    let change = |account: &str| of_segment(&segment(account), Some(&segment("{account: a}")));
    assert_eq!(change("{account: a, suspend: true}"), "");
    assert!(change("{account: b}").contains("account cannot be changed"));
}

fn store(name: &str, requirement: &str) -> Value {
    let requirement: Value = serde_saphyr::from_str(requirement).expect("the test's YAML is well-formed");
    json!({"metadata": {"name": name}, "spec": {
        "clickhouse": {"database": "d", "shards": [{"name": "0", "urls": ["http://ch-0:8123"]}]},
        "access": [{"namespaceSelector": {"matchExpressions": [requirement]}, "accounts": ["42"]}],
    }})
}

#[test]
fn a_stores_name_leaves_room_for_the_names_of_its_objects() {
    let named = |name: &str| of_store(&store(name, "{key: k, operator: Exists}"));
    for name in ["m", "main", &"m".repeat(40)] {
        assert_eq!(named(name), "", "{name}");
    }
    for name in ["0main", "main.eu", "main-", &"m".repeat(41)] {
        assert!(named(name).contains("a store's name"), "{name}");
    }
}

#[test]
fn a_bundle_of_authorities_holds_certificates_and_no_keys() {
    let with = |bundle: &str| {
        let mut store = store("main", "{key: k, operator: Exists}");
        store["spec"]["clickhouse"]["caBundle"] = json!(bundle);
        of_store(&store)
    };
    let (certificate, key) = ("-----BEGIN CERTIFICATE-----\nAAAA\n", "-----BEGIN EC PRIVATE KEY-----\nAAAA\n");
    assert_eq!(with(certificate), "");
    for bundle in ["AAAA", key, &[certificate, key].concat()] {
        assert!(with(bundle).contains("write certificates as PEM"), "{bundle}");
    }
}

#[test]
fn a_requirement_has_values_where_it_compares() {
    let required = |requirement: &str| of_store(&store("main", requirement));
    assert_eq!(required("{key: k, operator: NotIn, values: [a]}"), "");
    for requirement in
        ["{key: k, operator: In}", "{key: k, operator: In, values: []}", "{key: k, operator: Exists, values: [a]}"]
    {
        assert!(required(requirement).contains("In and NotIn need values"), "{requirement}");
    }
}
