//! What is refused, with the field's path and the reason: a case for every refusal that the language names.

#![expect(clippy::panic, reason = "helpers of tests, too, stop at the first surprise")]
#![expect(
    clippy::format_push_string,
    clippy::format_collect,
    reason = "the plainest way to put a small document together"
)]

use segment_rules::{Compiled, Refusal, compile, yaml};

/// A Segment whose spec has these lines; the store and the account are added unless they are there.
fn segment(name: &str, spec: &str) -> String {
    let given = |field: &str| spec.lines().any(|line| line.starts_with(field));
    let mut text = format!(
        "apiVersion: segmentation.dev/v1alpha1\nkind: Segment\nmetadata: {{name: {name}, namespace: shop}}\nspec:\n"
    );
    for (field, line) in [("storeRef:", "storeRef: {name: main}"), ("account:", "account: \"42\"")] {
        if !given(field) {
            text.push_str(&format!("  {line}\n"));
        }
    }
    text.extend(spec.lines().map(|line| format!("  {line}\n")));
    text
}

fn compiled(text: &str) -> Compiled {
    compile(&yaml::documents(text).unwrap_or_else(|error| panic!("{error}\n{text}")))
}

fn refused(text: &str) -> Vec<Refusal> {
    compiled(text).refused
}

/// The spec is refused at this path, for a reason with this part; the mend, too, is not empty.
#[track_caller]
fn check(spec: &str, path: &str, reason: &str) {
    check_all(spec, &[(path, reason)]);
}

#[track_caller]
fn check_all(spec: &str, expected: &[(&str, &str)]) {
    let refused = refused(&segment("s", spec));
    let shown: Vec<String> = refused.iter().map(ToString::to_string).collect();
    assert_eq!(refused.len(), expected.len(), "{spec}\n{shown:#?}");
    for (refusal, (path, reason)) in refused.iter().zip(expected) {
        assert_eq!(refusal.path, *path, "{spec}\n{shown:#?}");
        let said = format!("{}; {}", refusal.reason, refusal.mend);
        assert!(said.contains(reason), "{reason:?} is not in {said:?}\n{spec}");
        assert!(!refusal.mend.is_empty() && refusal.namespace == "shop" && refusal.name == "s");
    }
}

/// The one criterion is refused: the path is below it.
#[track_caller]
fn check_criterion(criterion: &str, path: &str, reason: &str) {
    let path = if path.is_empty() { "spec.criteria[0]".to_owned() } else { format!("spec.criteria[0].{path}") };
    check(&format!("criteria:\n- {{name: a, {criterion}}}"), &path, reason);
}

#[track_caller]
fn check_property(test: &str, path: &str, reason: &str) {
    let path = if path.is_empty() { "property".to_owned() } else { format!("property.{path}") };
    check_criterion(&format!("property: {{name: p, {test}}}"), &path, reason);
}

#[track_caller]
fn check_event(fields: &str, path: &str, reason: &str) {
    let path = if path.is_empty() { "event".to_owned() } else { format!("event.{path}") };
    check_criterion(&format!("event: {{metric: m, {fields}}}"), &path, reason);
}

#[track_caller]
fn accept(spec: &str) {
    let refused = refused(&segment("s", spec));
    assert!(refused.is_empty(), "{spec}\n{refused:#?}");
}

#[track_caller]
fn accept_criterion(criterion: &str) {
    accept(&format!("criteria:\n- {{name: a, {criterion}}}"));
}

#[test]
fn refuses_unknown_fields() {
    check("colour: red", "spec.colour", "unknown");
    check_criterion("evnt: {metric: m}", "evnt", "unknown");
    check_criterion("event: {metric: m, wher: []}", "event.wher", "unknown");
    check_event("where: [{property: p, equals: 1, nott: true}]", "where[0].nott", "unknown");
    check_event("within: {lasst: 3d}", "within.lasst", "unknown");
    let text = segment("s", "criteria: []").replace("spec:", "spce: {}\nspec:");
    assert_eq!(refused(&text)[0].path, "spce");
    let text = segment("s", "criteria: []").replace("namespace: shop}", "namespace: shop, lables: {}}");
    assert_eq!(refused(&text)[0].path, "metadata.lables");
}

#[test]
fn refuses_wrong_types_and_missing_fields() {
    check("account: 42", "spec.account", "quote it");
    check("suspend: maybe", "spec.suspend", "wrong type");
    check("criteria: {}", "spec.criteria", "wrong type");
    check("match: true", "spec.match", "wrong type");
    check_criterion("event: purchase", "event", "wrong type");
    check_criterion("event: {}", "event.metric", "missing");
    check_criterion("regularEvent: {metric: m, every: 1d, of: 3}", "regularEvent.atLeast", "missing");
    check_criterion("event: {metric: 5}", "event.metric", "quote it");
    check_criterion("list: {id: y}", "list.id", "takes y, yes, on, n, no and off for booleans");
    check_event("count: {atLeast: three}", "count.atLeast", "wrong type");
    check_event("count: {atLeast: 1.5}", "count.atLeast", "wrong type");
    check_event("within: {calendar: tomorrow}", "within.calendar", "tomorrow");
    check_property("atLeast: \"20\"", "atLeast", "wrong type");
    check_property("matches: 5", "matches", "quote it");
    check("storeRef: {}", "spec.storeRef.name", "missing");
    let text = segment("s", "criteria: []").split("spec:").next().unwrap_or_default().to_owned();
    assert_eq!(refused(&text)[0].path, "spec");
    let text = segment("s", "criteria: []").replace("name: s,", "");
    assert_eq!(refused(&text)[0].path, "metadata.name");
}

#[test]
fn refuses_no_kind_and_two_kinds() {
    check("criteria:\n- name: a", "spec.criteria[0]", "no kind");
    check_criterion("event: {metric: m}, list: {id: x}", "", "two kinds, event and list");
    check_event("count: {atLeast: 1}, distinctDays: {atLeast: 1}", "", "two aggregates");
    check_property("equals: 1, contains: x", "", "two tests");
    check_property("before: 2026-01-01, after: 2025-01-01", "", "two tests");
    check_property("ignoreCase: true", "", "no test");
    check_property("atLeast: 3, ignoreCase: true", "ignoreCase", "means nothing");
    check_property("exists: false", "exists", "only be true");
    check_property("equals: null", "", "no test");
    check_property("equals: [1]", "equals", "neither a text nor a number");
    check_property("in: [1, {}]", "in[1]", "neither a text nor a number");
    check_property("hasItem: {}", "hasItem", "neither a text nor a number");
}

#[test]
fn refuses_bad_names_of_criteria() {
    for name in ["Loyal", "_a", "9a", "\"a-b\"", "\"\"", "in", "true1x-", "\"true\"", "while"] {
        check(&format!("criteria:\n- {{name: {name}, list: {{id: x}}}}"), "spec.criteria[0].name", "");
    }
    let long = format!("a{}", "b".repeat(63));
    check(&format!("criteria:\n- {{name: {long}, list: {{id: x}}}}"), "spec.criteria[0].name", "no name");
    accept(&format!("criteria:\n- {{name: {}, list: {{id: x}}}}", &long[..63]));
    let twice = "criteria:\n- {name: a, list: {id: x}}\n- {name: a, list: {id: z}}";
    check(twice, "spec.criteria[1].name", "used twice");
}

#[test]
fn refuses_bad_matches() {
    let criteria = "criteria:\n- {name: a, list: {id: x}}\n- {name: b, list: {id: z}}";
    let check = |expression: &str, expected: &[(&str, &str)]| {
        check_all(&format!("{criteria}\nmatch: {}", serde_json::Value::from(expression)), expected);
    };
    check("a", &[("spec.criteria[1].name", "not used in match")]);
    check("a && b && c", &[("spec.match", "no criterion c")]);
    check("", &[("spec.match", "empty")]);
    check("  ", &[("spec.match", "empty")]);
    for bad in [
        "a && b // c",
        "a && b && 1",
        "a && b && true",
        "a && b ? a : b",
        "a == b",
        "a && b && 'x'",
        "a & b",
        "a | b",
        "a b",
        "a && (b",
        "a && b)",
        "a && b && a.b",
        "a(b)",
        "a && b && has(a)",
        "a in b",
        "a && b && [a]",
        "a &&",
        "! && a && b",
        "a && () && b",
        "a && b && null",
        "-a && b",
    ] {
        check(bad, &[("spec.match", "")]);
    }
    let nested = |levels: usize| format!("a && {}b{}", "!(".repeat(levels / 2), ")".repeat(levels / 2));
    accept(&format!("{criteria}\nmatch: {}", nested(64)));
    accept(&format!("{criteria}\nmatch: \"a\\f&&\\t\\r\\n b\""));
    check(&nested(66), &[("spec.match", "64 levels")]);
    check(&format!("a && {}b", "!".repeat(65)), &[("spec.match", "64 levels")]);
    let long = format!("a && b{}", " ".repeat(4090));
    accept(&format!("{criteria}\nmatch: {long:?}"));
    check(&format!("{long} "), &[("spec.match", "4096 characters")]);
    accept(&format!("{criteria}\nmatch: {}", "a&&b||".repeat(680) + "a"));
}

#[test]
fn refuses_limits_passed() {
    let many: String = (0..65).map(|number| format!("\n- {{name: a{number}, list: {{id: x}}}}")).collect();
    check(&format!("criteria:{many}"), "spec.criteria", "65 criteria");
    check(&format!("account: {}", "x".repeat(254)), "spec.account", "254 characters");
    check("account: \"\"", "spec.account", "0 characters");
    let conditions = vec!["{property: p, exists: true}"; 17].join(", ");
    check_event(&format!("where: [{conditions}]"), "where", "17 conditions");
    check_criterion(&format!("lastEvent: {{metric: m, has: [{conditions}]}}"), "lastEvent.has", "17 conditions");
    let values = vec!["1"; 1001].join(", ");
    check_property(&format!("in: [{values}]"), "in", "1001 values");
    check_property("in: []", "in", "0 values");
    let steps = |count: usize| format!("sequence: {{span: 1d, steps: [{}]}}", vec!["{metric: m}"; count].join(", "));
    check_criterion(&steps(1), "sequence.steps", "1 steps");
    check_criterion(&steps(9), "sequence.steps", "9 steps");
    accept_criterion(&steps(8));
    check_event("within: {days: 0}", "within.days", "out of range");
    check_event("within: {days: 3651}", "within.days", "out of range");
    let regular = |every: &str, of: i64, at_least: i64| {
        format!("regularEvent: {{metric: m, every: {every}, of: {of}, atLeast: {at_least}}}")
    };
    check_criterion(&regular("1d", 0, 1), "regularEvent.of", "out of range");
    check_criterion(&regular("1d", 367, 1), "regularEvent.of", "out of range");
    check_criterion(&regular("1d", 3, 4), "regularEvent.atLeast", "1 to 3");
    check_criterion(&regular("1d", 3, 0), "regularEvent.atLeast", "out of range");
    check_criterion(&regular("11d", 332, 1), "regularEvent.of", "longer than 3650d");
    accept_criterion(&regular("10d", 365, 365));
}

#[test]
fn refuses_bad_durations() {
    for bad in ["30", "d", "0d", "-1d", "1.5d", "30 d", "1y", "\"\"", "+3d", "03d", "1D", "10m30s"] {
        check_event(&format!("within: {{last: {bad}}}"), "within.last", "");
    }
    for bad in ["3651d", "522w", "99999999999999999999s"] {
        check_event(&format!("within: {{last: {bad}}}"), "within.last", "at most 3650d");
    }
    for good in ["3650d", "521w", "315360000s", "1s", "87600h"] {
        accept_criterion(&format!("event: {{metric: m, within: {{last: {good}}}}}"));
    }
    check_event("within: {between: {from: 3d, to: 3d}}", "within.between", "not longer ago");
    check_event("within: {between: {from: 3x, to: 4d}}", "within.between.from", "no duration");
    check_property("anniversary: {next: 12h}", "anniversary.next", "days or weeks");
    check_property("anniversary: {last: 367d}", "anniversary.last", "366d");
    check_property("anniversary: {last: 3d, today: true}", "anniversary", "exactly one");
    check_property("anniversary: {}", "anniversary", "exactly one");
    check_property("anniversary: {today: false}", "anniversary.today", "only be true");
}

#[test]
fn refuses_bad_windows() {
    check_event("within: {}", "within", "no form");
    check_event("within: {last: 3d, days: 3}", "within", "more than one form");
    check_event("within: {next: 3d}", "within.next", "no window next");
    check_criterion("consent: {channel: sms, status: s, within: {next: 3d}}", "consent.within.next", "no window next");
    check_event("within: {from: 2026-02-30}", "within.from", "no time");
    check_event("within: {to: \"2026-01-01T24:00Z\"}", "within.to", "no time");
    check_event("within: {from: 2026-01-02, to: 2026-01-02}", "within", "not before");
    // The day begins in New York five hours later.
    let zoned = |hour: u8| {
        format!(
            "timeZone: America/New_York\ncriteria:\n- {{name: a, event: {{metric: m, within: \
             {{from: 2026-01-02, to: \"2026-01-02T{hour:02}:00:00Z\"}}}}}}"
        )
    };
    check(&zoned(5), "spec.criteria[0].event.within", "not before");
    accept(&zoned(6));
    for bad in ["soon", "\"2026-6-15\"", "\"1899-12-31\"", "\"2300-01-01\"", "\"2026-06-15T10:00:60Z\"", "\"\""] {
        check_property(&format!("before: {bad}"), "before", "no time");
        check_property(&format!("after: {bad}"), "after", "no time");
    }
    accept_criterion("property: {name: p, within: {next: 3d}}");
    accept_criterion("event: {metric: m, where: [{property: p, within: {next: 3d}}]}");
}

#[test]
fn refuses_bad_zones() {
    check("timeZone: Europe/Berln", "spec.timeZone", "unknown");
    check("timeZone: \"+02:00\"", "spec.timeZone", "unknown");
    check("timeZone: Etc/Unknown", "spec.timeZone", "unknown");
    accept("timeZone: Europe/Berlin");
    let store = "apiVersion: segmentation.dev/v1alpha1\nkind: SegmentStore\nmetadata: {name: main, namespace: shop}\n\
                 spec: {timeZone: Nowhere/Land}\n---\n";
    let refused = refused(&format!("{store}{}", segment("s", "")));
    assert_eq!((refused[0].path.as_str(), refused.len()), ("spec.storeRef", 1));
}

#[test]
fn refuses_bad_distances_and_places() {
    for bad in ["10", "mi", "10 mi", "10MI", "-1mi", "1.2345km", "1.km", ".5km", "1e3m", "10yd", "\"\""] {
        check_criterion(
            &format!("location: {{within: {bad}, of: {{latitude: 1, longitude: 2}}}}"),
            "location.within",
            "",
        );
    }
    let near = |within: &str, of: &str| format!("location: {{within: {within}, of: {{{of}}}}}");
    check_criterion(&near("0km", "latitude: 1, longitude: 2"), "location.within", "above 0");
    check_criterion(&near("20040.001km", "latitude: 1, longitude: 2"), "location.within", "20040km");
    check_criterion(&near("99999999999999999999km", "latitude: 1, longitude: 2"), "location.within", "20040km");
    accept_criterion(&near("20040km", "latitude: -90, longitude: 180"));
    check_criterion(&near("1km", "latitude: 90.1, longitude: 2"), "location.of.latitude", "out of range");
    check_criterion(&near("1km", "latitude: 9, longitude: -180.5"), "location.of.longitude", "out of range");
    check_criterion(&near("1km", "latitude: 9"), "location.of", "neither");
    check_criterion(&near("1km", ""), "location.of", "neither");
    check_criterion(&near("1km", "postalCode: \"02110\""), "location.of", "neither");
    check_criterion(&near("1km", "postalCode: \"02110\", country: US, latitude: 1"), "location.of", "neither");
    check_criterion(&near("1km", "postalCode: 02110, country: US"), "location.of.postalCode", "quote it");
    check_criterion(&near("1km", "postalCode: \"2110\", country: US"), "location.of.postalCode", "no postal code");
    check_criterion(&near("1km", "postalCode: \"00000\", country: US"), "location.of.postalCode", "unknown");
    check_criterion(&near("1km", "postalCode: k1a, country: CA"), "location.of.postalCode", "no postal code");
    check_criterion(&near("1km", "postalCode: K1A 0B1, country: CA"), "location.of.postalCode", "no postal code");
    check_criterion(&near("1km", "postalCode: \"10115\", country: DE"), "location.of.country", "US or CA");
    check_criterion(&near("1km", "postalCode: \"02110\", country: us"), "location.of.country", "US or CA");
    accept_criterion(&near("1km", "postalCode: K1A, country: CA"));
}

#[test]
fn refuses_bad_patterns() {
    for bad in ["a**", "(a", "a)", "[a", "(?=a)", "(?<!a)", "\\\\1", "a{1001}", "\\\\Z", "*a", "[b-a]", "\\\\p{Nope}"] {
        check_property(&format!("matches: \"{bad}\""), "matches", "RE2");
    }
}

#[test]
fn refuses_bad_ranges() {
    check_event("count: {}", "count", "no bounds");
    check_event("count: {atLeast: -1}", "count.atLeast", "below 0");
    check_event("count: {atLeast: 3, atMost: 2}", "count", "no whole number");
    check_event("count: {above: 3, below: 4}", "count", "no whole number");
    check_event("count: {below: 0}", "count", "no whole number");
    check_event("count: {equals: 3, above: 3}", "count", "no whole number");
    check_event("distinctDays: {equals: 3, below: 3}", "distinctDays", "no whole number");
    for aggregate in ["sum", "average", "min", "max"] {
        check_event(&format!("{aggregate}: {{property: p}}"), aggregate, "no bounds");
        check_event(&format!("{aggregate}: {{property: p, above: 3, atMost: 3}}"), aggregate, "satisfies the range");
        check_event(&format!("{aggregate}: {{property: p, atLeast: 3, below: 3}}"), aggregate, "satisfies the range");
        accept_criterion(&format!("event: {{metric: m, {aggregate}: {{property: p, atLeast: 3, atMost: 3}}}}"));
        check_event(
            &format!("{aggregate}: {{property: \"\", above: 3}}"),
            &format!("{aggregate}.property"),
            "0 characters",
        );
    }
    check_event("sum: {property: p, atLeast: 1e29}", "sum.atLeast", "10^29");
    // The digits after the ninth are cut off.
    check_event("sum: {property: p, above: 0.1, below: 0.1000000001}", "sum", "no sum");
    check_property("atLeast: 3, below: 3", "", "no number");
    check_property("above: 1.7976931348623157e308", "", "no number");
    accept_criterion("property: {name: p, atMost: 1.7976931348623157e308}");
}

#[test]
fn refuses_bad_percentages() {
    for bad in ["-0.01", "100.01", "0.001", "33.333"] {
        check_criterion(&format!("sample: {{percent: {bad}}}"), "sample.percent", "0 to 100");
    }
    for good in ["0", "100", "0.01", "99.99", "33.3", "29.17"] {
        accept_criterion(&format!("sample: {{percent: {good}}}"));
    }
}

#[test]
fn refuses_numbers_with_more_digits_than_float64_keeps() {
    for bad in ["9007199254740993", "0.10000000000000001", "12345678901234567890", "1e400", "1.00000000000000000001"] {
        check_property(&format!("equals: {bad}"), "equals", "quote it");
        check_property(&format!("in: [1, {bad}]"), "in[1]", "quote it");
        check_property(&format!("hasItem: {bad}"), "hasItem", "quote it");
        check_event(&format!("where: [{{property: p, equals: {bad}}}]"), "where[0].equals", "quote it");
        accept_criterion(&format!("property: {{name: p, equals: \"{bad}\"}}"));
    }
    for good in ["9007199254740992", "0.1", "1e22", "1.10", "123456789012345", "-0"] {
        accept_criterion(&format!("property: {{name: p, equals: {good}}}"));
    }
    accept_criterion("property: {name: p, atLeast: 0.10000000000000001}");
    accept_criterion("event: {metric: m, sum: {property: p, equals: 0.10000000000000001}}");
}

/// With a `/` in them, `a` + `b/c` and `a/b` + `c` would be one path, and so one segment.
#[test]
fn refuses_names_that_kubernetes_refuses() {
    let refused_at = |from: &str, to: &str| -> Vec<String> {
        let refused = refused(&segment("s", "criteria: []").replace(from, to));
        refused.into_iter().map(|refusal| format!("{}: {}; {}", refusal.path, refusal.reason, refusal.mend)).collect()
    };
    let name = refused_at("name: s,", "name: b/c,");
    assert!(
        matches!(&name[..], [only] if only.starts_with("metadata.name: ") && only.contains("\"b/c\"; write")),
        "{name:?}"
    );
    let namespace = refused_at("namespace: shop", "namespace: a/b");
    assert!(matches!(&namespace[..], [only] if only.starts_with("metadata.namespace: ")), "{namespace:?}");
    assert!(refused_at("account: \"42\"", "account: \"A/b c\"").is_empty(), "accounts are any text");
}

#[test]
fn refuses_every_segment_of_a_name() {
    let refused = refused(&format!("{}---\n{}", segment("s", "criteria: []"), segment("s", "account: 42")));
    let paths: Vec<&str> = refused.iter().map(|refusal| refusal.path.as_str()).collect();
    assert_eq!(paths, ["metadata.name"]);
    assert!(compiled(&format!("{}---\n{}", segment("s", ""), segment("t", ""))).refused.is_empty());
}

fn referring(name: &str, to: &[&str]) -> String {
    let criteria: String = to.iter().map(|to| format!("\n- {{name: {to}, segment: {{name: {to}}}}}")).collect();
    segment(name, &format!("criteria:{}", if to.is_empty() { " []" } else { &criteria }))
}

#[test]
fn refuses_bad_references() {
    check_criterion("segment: {name: other}", "segment.name", "there is no Segment shop/other");
    let text = format!("{}---\n{}---\n{}", referring("a", &["b"]), referring("b", &["c"]), segment("c", "account: 7"));
    let refused_names: Vec<String> = refused(&text).into_iter().map(|refusal| refusal.name).collect();
    assert_eq!(refused_names, ["a", "b", "c"]);
    let text = format!("{}---\n{}", referring("a", &["b"]), segment("b", "account: \"7\""));
    let refused_here = refused(&text);
    assert_eq!(refused_here.len(), 1);
    assert!(refused_here[0].reason.contains("another account"), "{refused_here:?}");
    let text = format!("{}---\n{}", referring("a", &["b"]), segment("b", "storeRef: {name: second}"));
    assert!(refused(&text)[0].reason.contains("another store"));
}

#[test]
fn refuses_circles_and_prints_them() {
    let text = [
        referring("a", &["b"]),
        referring("b", &["c"]),
        referring("c", &["a"]),
        referring("d", &["a"]),
        referring("e", &[]),
        referring("f", &["f"]),
    ];
    let compiled = compiled(&text.join("---\n"));
    let reasons: Vec<(&str, &str)> =
        compiled.refused.iter().map(|refusal| (refusal.name.as_str(), refusal.reason.as_str())).collect();
    let circle = |names: &str| format!("the Segments refer to each other in a circle: {names}");
    assert_eq!(reasons[0], ("a", circle("a -> b -> c -> a").as_str()));
    assert_eq!(reasons[1], ("b", circle("b -> c -> a -> b").as_str()));
    assert_eq!(reasons[2], ("c", circle("c -> a -> b -> c").as_str()));
    assert_eq!(reasons[3], ("d", "the Segment shop/a is refused itself"));
    assert_eq!(reasons[4], ("f", circle("f -> f").as_str()));
    assert_eq!(compiled.accounts["42"].definitions.len(), 1);
}

#[test]
fn names_every_trouble_of_a_segment() {
    let spec = "timeZone: Nowhere\ncriteria:\n- {name: A, list: {id: \"\"}}\n- {name: b, event: {metric: m, \
                where: [{property: p}, {property: p, matches: \"(\"}], within: {last: 3x}, count: {}}}\nmatch: b";
    check_all(
        spec,
        &[
            ("spec.timeZone", "unknown"),
            ("spec.criteria[0].name", "no name"),
            ("spec.criteria[0].list.id", "0 characters"),
            ("spec.criteria[1].event.where[0]", "no test"),
            ("spec.criteria[1].event.where[1].matches", "RE2"),
            ("spec.criteria[1].event.within.last", "no duration"),
            ("spec.criteria[1].event.count", "no bounds"),
            ("spec.criteria[0].name", "not used"),
        ],
    );
}
