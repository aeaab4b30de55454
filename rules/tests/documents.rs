//! Files of documents, read as kubectl reads them.

#![expect(clippy::panic, clippy::unwrap_used, reason = "helpers of tests, too, stop at the first surprise")]
#![expect(clippy::format_push_string, reason = "the plainest way to put a small document together")]

use segment_rules::yaml::{Document, documents};
use serde_json::{Value, json};

#[track_caller]
fn values(text: &str) -> Vec<Value> {
    documents(text)
        .unwrap_or_else(|error| panic!("{error}\n{text}"))
        .into_iter()
        .map(|document| document.value)
        .collect()
}

#[track_caller]
fn check(text: &str, expected: &Value) {
    assert_eq!(values(text), std::slice::from_ref(expected), "{text}");
}

/// The numbers that Float64 does not keep.
fn lossy(document: &Document) -> Vec<(&str, &str)> {
    document.lossy_numbers.iter().map(|(pointer, literal)| (pointer.as_str(), literal.as_str())).collect()
}

/// What a plain scalar becomes.
#[track_caller]
fn check_scalar(scalar: &str, expected: &Value) {
    check(&format!("a: {scalar}"), &json!({"a": expected}));
}

#[track_caller]
fn check_error(text: &str, line: usize, reason: &str) {
    let error = documents(text).map(|found| format!("{found:?}")).unwrap_err();
    assert!(error.reason.contains(reason), "{error}\n{text}");
    assert_eq!(error.line, line, "{error}\n{text}");
}

#[test]
fn several_documents_and_lists() {
    assert_eq!(
        values("a: 1\n---\nb: 2\n...\n---\n# nothing\n---\nnull\n---\nc: 3\n"),
        [json!({"a": 1}), json!({"b": 2}), json!({"c": 3})]
    );
    assert!(values("").is_empty() && values("# nothing\n").is_empty() && values("---\n---\n").is_empty());
    let list =
        "kind: List\napiVersion: v1\nitems:\n- {a: 1}\n- {kind: List, items: [{b: 2}]}\n- {c: 9007199254740993}\n";
    let found = documents(list).unwrap();
    assert_eq!(
        found.iter().map(|one| one.value.clone()).collect::<Vec<_>>(),
        [json!({"a": 1}), json!({"b": 2}), json!({"c": 9_007_199_254_740_993_i64})]
    );
    assert_eq!(lossy(&found[2]), [("/c", "9007199254740993")]);
    check("{\"a\": [1, {\"b\": \"\\u00e9\"}], \"c\": null}", &json!({"a": [1, {"b": "é"}], "c": null}));
    check("\u{feff}a: 1", &json!({"a": 1}));
    check("a: |\n  x\n  y\nb: >-\n  x\n  y\n", &json!({"a": "x\ny\n", "b": "x y"}));
}

#[test]
fn json_values_one_after_the_other() {
    assert_eq!(
        values("{\"a\": 1}\n{\"b\": [\n2]} {\"kind\": \"List\", \"items\": [{\"c\": 3}]}\n\n"),
        [json!({"a": 1}), json!({"b": [2]}), json!({"c": 3})]
    );
    // A first document in braces does not make JSON of the rest.
    assert_eq!(values("{a: 1}\n---\nb: 2\n"), [json!({"a": 1}), json!({"b": 2})]);
    assert_eq!(values("{\"a\": 1}\n---\n{\"b\": 2}\n"), [json!({"a": 1}), json!({"b": 2})]);
    let found = documents("{\"a\": 1}\n{\"b\": 9007199254740993}").unwrap();
    assert_eq!(lossy(&found[1]), [("/b", "9007199254740993")]);
    check_error("{\"a\": 1}\n{\"b\": 2,\n \"b\": 3}", 3, "stands twice");
    check_error("{\"a\": 1}\n5", 2, "no object");
}

#[test]
fn an_unquoted_negation_is_told_to_be_quoted() {
    for text in ["match: !a && (a || b)", "match: !a && a", "match: !(a) && b"] {
        check_error(&format!("spec:\n  {text}\n"), 2, "quote");
    }
    check("match: a && !b", &json!({"match": "a && !b"}));
    check("match: \"!a && b\"", &json!({"match": "!a && b"}));
}

#[test]
fn booleans_and_nulls_of_yaml_1_1() {
    for truth in ["y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"] {
        check_scalar(truth, &json!(true));
        check_scalar(&format!("'{truth}'"), &json!(truth));
    }
    for falsehood in ["n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"] {
        check_scalar(falsehood, &json!(false));
    }
    for null in ["", "~", "null", "Null", "NULL"] {
        check_scalar(null, &json!(null));
    }
    for text in [
        "yEs",
        "tRUE",
        "nul",
        "\"\"",
        "!!str yes",
        "! 5",
        "!custom 5",
        "2026-06-15",
        "2026-06-15T10:00:00Z",
        "12:30:45",
    ] {
        let plain = text.trim_start_matches(['!', ' ']).trim_start_matches("str ").trim_start_matches("custom ");
        check_scalar(text, &json!(plain.trim_matches('"')));
    }
    check("on: 1\n2: x\n", &json!({"true": 1, "2": "x"}));
}

#[test]
fn numbers_as_kubernetes_reads_them() {
    let cases = [
        ("0", json!(0)),
        ("-7", json!(-7)),
        ("+7", json!(7)),
        ("1_000", json!(1000)),
        ("0x1F", json!(31)),
        ("0b101", json!(5)),
        ("0o17", json!(15)),
        ("017", json!(15)),
        ("02110", json!(1096)),
        ("08", json!(8)),
        ("3.0", json!(3)),
        ("1e3", json!(1000)),
        ("1.5", json!(1.5)),
        (".5", json!(0.5)),
        ("1.", json!(1)),
        ("-1.5e-3", json!(-0.0015)),
        ("18446744073709551615", json!(18_446_744_073_709_551_615_u64)),
        ("-9223372036854775808", json!(i64::MIN)),
        ("1e22", json!(1e22)),
        ("1.2.3", json!("1.2.3")),
        ("1e", json!("1e")),
        ("0x", json!("0x")),
        ("-a", json!("-a")),
        (".", json!(".")),
        ("1 000", json!("1 000")),
        ("!!float 3", json!(3)),
        ("!!int 3", json!(3)),
    ];
    for (text, expected) in cases {
        check_scalar(text, &expected);
    }
    for kept in ["1.10", "0.1", "\"1e400\""] {
        assert_eq!(lossy(&documents(&format!("a: [{kept}]")).unwrap()[0]), [], "{kept}");
    }
    for (text, literal) in [
        ("123456789012345678901234567890", "123456789012345678901234567890"),
        ("1e400", "1e400"),
        ("+12345678.1234567890", "12345678.1234567890"),
        ("0x20_0000_0000_0001", "9007199254740993"),
    ] {
        assert_eq!(lossy(&documents(&format!("a: [{text}]")).unwrap()[0]), [("/a/0", literal)], "{text}");
    }
    check_error("a: .inf", 1, "no number that JSON can hold");
    check_error("a: !!int x", 1, "its tag");
}

#[test]
fn anchors_and_merges() {
    check("a: &x {b: 1}\nc: *x\n", &json!({"a": {"b": 1}, "c": {"b": 1}}));
    check("a: &x {b: 1, c: 2}\nd: {<<: *x, c: 3}\n", &json!({"a": {"b": 1, "c": 2}, "d": {"b": 1, "c": 3}}));
    check("d: {c: 3, <<: [{b: 1}, {b: 2, e: 5}]}\n", &json!({"d": {"b": 1, "c": 3, "e": 5}}));
    check("a: &x 1\nb: &x 2\nc: *x\n", &json!({"a": 1, "b": 2, "c": 2}));
    let twice = documents("a: &x 9007199254740993\nb: {c: *x}\n").unwrap();
    assert_eq!(lossy(&twice[0]), [("/a", "9007199254740993"), ("/b/c", "9007199254740993")]);
    check("a: &x-1_Y 1\nb: *x-1_Y\n", &json!({"a": 1, "b": 1}));
    for anchor in ["&", "é", "a:b", "a.b"] {
        check_error(&format!("b: 1\na: &{anchor} 1\n"), 2, "for an anchor");
    }
    check_error("a: *x", 1, "");
    check_error("a: 1\nd: {<<: 5}", 2, "<< takes");
    check_error("a: &x 1\n---\nb: *x", 3, "");
}

#[test]
fn what_is_no_file_of_documents() {
    check_error("a: 1\n---\n- 1\n", 3, "no object");
    check_error("text", 1, "no object");
    check_error("kind: List\nitems:\n- 5\n", 3, "no object");
    check_error("a: 1\nb: 2\na: 3\n", 3, "stands twice");
    check_error("a: [1\n", 1, "unclosed");
    check_error("? [a]\n: 1\n", 1, "has to be a text");
    check_error("~: 1\n", 1, "has to be a text");
    check_error("a: !!binary aGk=\n", 1, "no place");
}

#[test]
fn hostile_files_do_not_fill_the_memory() {
    let mut laughs = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned();
    for number in 1..20 {
        let alias = format!("*a{}", number - 1);
        laughs.push_str(&format!("a{number}: &a{number} [{}]\n", vec![alias; 9].join(", ")));
    }
    assert!(documents(&laughs).unwrap_err().reason.contains("aliases add"));
    assert!(documents(&format!("a: {}", "[".repeat(100_000))).is_err());
    assert!(documents(&format!("a: {}{}", "[".repeat(200), "]".repeat(200))).unwrap_err().reason.contains("deeper"));
    let mut tower = "a0: &a0 {x: 1}\n".to_owned();
    for number in 1..200 {
        tower.push_str(&format!("a{number}: &a{number} {{x: *a{}}}\n", number - 1));
    }
    assert!(documents(&tower).unwrap_err().reason.contains("deeper"));
}
