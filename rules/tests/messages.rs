//! What a refusal leads to: the right path, a reason in words of the language, and a good next step.

#![expect(clippy::panic, reason = "helpers of tests, too, stop at the first surprise")]

use segment_rules::{Refusal, compile, yaml};

/// What is wrong with a Segment whose spec has these lines; the store and the account are added unless they are there.
fn refused(spec: &str) -> Vec<Refusal> {
    let given = |field: &str| spec.lines().any(|line| line.starts_with(field));
    let mut lines: Vec<&str> = spec.lines().collect();
    for (field, line) in [("storeRef:", "storeRef: {name: main}"), ("account:", "account: x")] {
        if !given(field) {
            lines.push(line);
        }
    }
    let text = format!(
        "apiVersion: segmentation.dev/v1alpha1\nkind: Segment\nmetadata: {{name: s}}\nspec:\n  {}\n",
        lines.join("\n  ")
    );
    compile(&yaml::documents(&text).unwrap_or_else(|error| panic!("{error}\n{text}"))).refused
}

#[track_caller]
fn check_all(spec: &str, expected: &[(&str, &str)]) {
    let refused = refused(spec);
    let shown: Vec<String> = refused.iter().map(ToString::to_string).collect();
    assert_eq!(refused.len(), expected.len(), "{spec}\n{shown:#?}");
    for (refusal, (path, said)) in refused.iter().zip(expected) {
        assert_eq!(refusal.path, *path, "{spec}\n{shown:#?}");
        assert!(refusal.to_string().contains(said), "{said:?} is not in {refusal}\n{spec}");
    }
}

#[track_caller]
fn check(spec: &str, path: &str, said: &str) {
    check_all(spec, &[(path, said)]);
}

/// The one criterion is refused, at a path below it.
#[track_caller]
fn check_criterion(criterion: &str, path: &str, said: &str) {
    check(&format!("criteria:\n- {{name: a, {criterion}}}"), &format!("spec.criteria[0].{path}"), said);
}

#[track_caller]
fn check_property(test: &str, path: &str, said: &str) {
    check_criterion(&format!("property: {{name: p, {test}}}"), &format!("property.{path}"), said);
}

#[track_caller]
fn check_event(fields: &str, path: &str, said: &str) {
    check_criterion(&format!("event: {{metric: m, {fields}}}"), &format!("event.{path}"), said);
}

#[track_caller]
fn accept(spec: &str) {
    assert_eq!(refused(spec), [], "{spec}");
}

#[test]
fn refuses_lists_where_objects_belong() {
    check("storeRef: [main]", "spec.storeRef", "a list instead of an object");
    check_all("criteria: [[a, {metric: m}]]", &[("spec.criteria[0]", "a list instead of an object")]);
    for (criterion, path) in [
        ("event: [Placed Order]", "event"),
        ("event: {metric: m, within: [30d]}", "event.within"),
        ("event: {metric: m, within: [7d, 3d]}", "event.within"),
        ("event: {metric: m, within: {between: [7d, 3d]}}", "event.within.between"),
        ("event: {metric: m, count: [3]}", "event.count"),
        ("event: {metric: m, count: [null, 3]}", "event.count"),
        ("event: {metric: m, sum: [p, 3]}", "event.sum"),
        ("event: {metric: m, where: [[p, false, x]]}", "event.where[0]"),
        ("lastEvent: [m]", "lastEvent"),
        ("regularEvent: [m, [], null, 1d, 3, 1]", "regularEvent"),
        ("sequence: {span: 1d, steps: [[m], {metric: m}]}", "sequence.steps[0]"),
        ("property: {name: p, anniversary: [14d]}", "property.anniversary"),
        ("consent: [sms, subscribed]", "consent"),
        ("location: {within: 1km, of: [\"02110\", US]}", "location.of"),
        ("list: [vip]", "list"),
        ("segment: [other]", "segment"),
        ("sample: [10, x]", "sample"),
    ] {
        check_criterion(criterion, path, "a list instead of an object");
    }
    check_event("within: {calendar: {today: null}}", "within.calendar", "an object instead of a text");
    check_event("within: {calendar: [today]}", "within.calendar", "write one of");
    let text = "apiVersion: segmentation.dev/v1alpha1\nkind: Segment\nmetadata: {name: s}\nspec: [[main], \"42\"]\n";
    assert_eq!(compile(&yaml::documents(text).unwrap_or_default()).refused[0].path, "spec");
}

#[test]
fn says_what_to_write_instead() {
    for (fields, path) in
        [("within: {last: 30}", "within.last"), ("within: {between: {from: 30, to: 1d}}", "within.between.from")]
    {
        check_event(fields, path, "with its unit, such as 30d");
    }
    check_criterion("location: {within: 10, of: {latitude: 1, longitude: 2}}", "location.within", "such as 10mi");
    check_property("before: 2026", "before", "write a time, such as 2026-06-15");
    check_property("within: {from: 2026}", "within.from", "write a time");
    check_property("atLeast: \"20\"", "atLeast", "without quotes");
    check_property("atLeast: many", "atLeast", "write a number");
    check_event("count: {atLeast: 1.5}", "count.atLeast", "without a fraction");
    check_event("count: {atLeast: 1e30}", "count.atLeast", "write at most 9223372036854775807");
    accept("criteria:\n- {name: a, event: {metric: m, count: {atLeast: 1000000000000001}}}");
    check("criteria: {name: a}", "spec.criteria", "each item with a dash");
    check_criterion("event: [{metric: m}]", "event", "its fields are average, count");
    check_criterion("event: {metric: [m]}", "event.metric", "write one text");
    check_event("where: [null]", "where[0]", "null instead of an object");
    check("storeRef: null", "spec.storeRef", "missing");
    check("storeRef: {name: \"\"}", "spec.storeRef.name", "0 characters");
    check("storeRef: {name: main, namespace: \"\"}", "spec.storeRef.namespace", "0 characters");
    let spec = "acount: x\ncriteria:\n- {name: a, event: {metric: 5, within: [3d]}}\n- {nam: b}";
    check_all(
        spec,
        &[
            ("spec.acount", "unknown"),
            ("spec.criteria[0].event.metric", "quote it"),
            ("spec.criteria[0].event.within", "a list"),
            ("spec.criteria[1].nam", "unknown"),
            ("spec.criteria[1].name", "missing"),
        ],
    );
}

#[test]
fn says_where_a_match_breaks() {
    let criteria = "criteria:\n- {name: a, list: {id: x}}\n- {name: b, list: {id: z}}";
    for (expression, reason) in [
        ("a AND b", "at character 3 && or || has to stand, not AND"),
        ("a && && b", "at character 6 a name, ! or ( has to stand, not &&"),
        ("a &&", "at the end a name, ! or ( has to stand"),
        ("(a) (b)", "at character 5 && or || has to stand, not (b)"),
        ("a & b", "at character 3 && or || has to stand, not &"),
        ("a && in", "at character 6 a name, ! or ( has to stand, not in, a keyword of CEL"),
        ("(in) || a", "at character 2 a name, ! or ( has to stand, not in, a keyword of CEL"),
        ("a && 1st", "at character 6 a name, ! or ( has to stand, not 1st"),
        ("a == b", "has no place in match"),
        ("a()", "functions, such as a()"),
        ("a in b", "match has no in"),
        ("", "quote an expression that begins with !"),
    ] {
        let refused = refused(&format!("{criteria}\nmatch: {expression:?}"));
        let said = refused.iter().map(ToString::to_string).collect::<String>();
        assert!(refused[0].path == "spec.match" && said.contains(reason), "{expression}: {said}");
        for word in ["expecting", "EOF", "struct", "@", "_"] {
            assert!(!said.replace("digits and _", "").contains(word), "{expression}: {said}");
        }
    }
}

#[test]
fn accepts_a_match_of_as_many_nodes_as_it_can_say() {
    let names: Vec<String> = ('a'..='z').map(String::from).chain((0..38).map(|number| format!("x{number}"))).collect();
    let count = |name: &String| {
        format!("\n- {{name: \"{name}\", event: {{metric: \"{name}\", count: {{atLeast: 1, atMost: 2}}}}}}")
    };
    let criteria: String = names.iter().map(count).collect();
    // Every pair is three nodes: each criterion negated, and both together; every triple is a fourth of its own.
    let names = &names;
    let pair = |left: usize, right: usize| format!("||!{}&&!{}", names[left], names[right]);
    let pairs = (0..26).flat_map(|left| (left + 1..26).map(move |right| pair(left, right)));
    let triples = (0..24)
        .flat_map(|left| (left + 2..26).map(move |right| format!("{}&&!{}", pair(left, left + 1), names[right])));
    let mut expression = names[26..].join("||");
    for group in pairs.chain(triples) {
        if expression.len() + group.len() <= 4096 {
            expression.push_str(&group);
        }
    }
    assert!(expression.len() > 4080);
    accept(&format!("criteria:{criteria}\nmatch: {expression:?}"));
}
