//! Values from JSON text: text forms, numbers, amounts, and objects as paths.

#![expect(clippy::unwrap_used, reason = "helpers of tests, too, stop at the first surprise")]

use std::collections::BTreeMap;

use proptest::prelude::*;
use segment_rules::{Kind, Value, flatten};

fn value(json: &str) -> Value {
    Value::from_json(json).unwrap().unwrap()
}

#[test]
fn numbers_keep_their_digits_without_exponent() {
    let cases = [
        ("323", "323"),
        ("2.5", "2.5"),
        ("2.0", "2"),
        ("2.50", "2.5"),
        ("1e3", "1000"),
        ("1E+3", "1000"),
        ("-0", "0"),
        ("-0.0", "0"),
        ("-0e5", "0"),
        ("0e-999999999999", "0"),
        ("1.5e-3", "0.0015"),
        ("-12.34e1", "-123.4"),
        ("-12.34e2", "-1234"),
        ("-12.34e3", "-12340"),
        ("0.00012e2", "0.012"),
        ("120e-1", "12"),
        ("0.1e1", "1"),
        ("12345678901234567890.12345678901234567890", "12345678901234567890.1234567890123456789"),
    ];
    for (literal, text) in cases {
        let value = value(literal);
        assert_eq!((value.kind(), value.text()), (Kind::Number, Some(text)), "{literal}");
    }
}

#[test]
fn numbers_beyond_float64_are_bad_data() {
    let beyond = "9".repeat(310);
    for json in ["1e400", "-1e309", "[1e400]", "{\"a\": [{\"b\": 1e400}]}", "1.7976931348623159e308", "1e-999999999"] {
        assert!(Value::from_json(json).is_err(), "{json}");
    }
    assert!(Value::from_json(&beyond).is_err() && Value::from_json(&format!("-{beyond}.5")).is_err());
    assert!(flatten("{\"a\": {\"b\": [[1e400]]}}").is_err());
    assert_eq!(value("1e308").number(), Some(1e308));
    assert_eq!(value("1e-400").number(), Some(0.0));
    // A text is no number of JSON: it stays a text.
    assert_eq!(value(&format!("\"{beyond}\"")).kind(), Kind::Text);
}

#[test]
fn texts_are_sorted_into_kinds() {
    let kind = |text: &str| Value::from_text(text.to_owned()).kind();
    for digits in ["0", "-1", "007", "1.50", "-0", "20"] {
        assert_eq!(kind(digits), Kind::Digits, "{digits}");
    }
    for text in ["", "-", "1.", ".5", "+1", "1e3", " 1", "1 ", "--1", "1.2.3", "\u{661}", "0x10", "NaN", "2026-6-15"] {
        assert_eq!(kind(text), Kind::Text, "{text}");
    }
    assert_eq!(kind("2026-06-15"), Kind::Date);
    assert_eq!(kind("2026-06-15T10:00"), Kind::Time);
    assert_eq!(value("true").text(), Some("true"));
    assert_eq!(value("\"1.50\"").text(), Some("1.50"));
    assert_eq!(value("\"-0\"").number().map(f64::is_sign_negative), Some(false));
    assert_eq!(value("[1.0, \"a\", true, null, [2], {\"b\": 3}, -0]").items(), ["1", "a", "true", "0"]);
    assert_eq!(value("[]").text(), None);
    assert_eq!(Value::from_json("null"), Ok(None));
    assert_eq!(Value::from_json("{\"a\": 1}"), Ok(None));
}

#[test]
fn amounts_are_billionths_cut_off() {
    let cases = [
        ("1", Some(1_000_000_000)),
        ("-0.1234567899", Some(-123_456_789)),
        ("0.0000000009", Some(0)),
        ("99999999999999999999999999999", Some(99_999_999_999_999_999_999_999_999_999_000_000_000)),
        ("1e29", None),
        ("-1e29", None),
        ("\"0000000000000000000000000000000000001.5\"", Some(1_500_000_000)),
        ("\"x\"", None),
    ];
    for (json, amount) in cases {
        assert_eq!(value(json).amount(), amount, "{json}");
    }
}

#[test]
fn an_object_and_a_dotted_key_are_one_property_and_the_last_counts() {
    let cases = [
        (r#"{"a":{"b":1},"a.b":2}"#, "a.b=2"),
        (r#"{"a.b":2,"a":{"b":1}}"#, "a.b=1"),
        (r#"{"a.b":2,"a":{"b":null}}"#, ""),
        (r#"{"a":{"b":null},"a.b":2}"#, "a.b=2"),
        (r#"{"a":{"b.c":1,"b":{"c":2}},"a.b":{"c":3}}"#, "a.b.c=3"),
        (r#"{"a.b":1,"a":null}"#, "a.b=1"),
        (r#"{"a.b":1,"a":{}}"#, "a.b=1"),
        (r#"{"a":1,"a":{"b":2}}"#, "a.b=2"),
        (r#"{"a":{"b":1},"a":{"c":2}}"#, "a.c=2"),
        (r#"{"a":{"b":1},"a":2}"#, "a=2"),
        (r#"{"a":1,"a":null}"#, ""),
        (r#"{"a":{"b":1},"a.b":2,"a":null}"#, "a.b=2"),
        (r#"{"":{"":1},"x":[]}"#, ".=1 x=[]"),
        (r#"{"\u0061":"\u00e9\n\ud83d\ude00","b":"\/"}"#, "a=é\n😀 b=/"),
        ("null", ""),
        (" { } ", ""),
    ];
    for (json, expected) in cases {
        let found = flatten(json).unwrap();
        let shown: Vec<String> =
            found.iter().map(|(path, value)| format!("{path}={}", value.text().unwrap_or("[]"))).collect();
        assert_eq!(shown.join(" "), expected, "{json}");
    }
}

#[test]
fn what_is_no_json_is_refused() {
    let bad = [
        "",
        "{",
        "[]",
        "1",
        "{\"a\"}",
        "{\"a\":}",
        "{\"a\":1,}",
        "{,}",
        "{\"a\":1 \"b\":2}",
        "{\"a\":01}",
        "{\"a\":1.}",
        "{\"a\":.5}",
        "{\"a\":-}",
        "{\"a\":1e}",
        "{\"a\":tru}",
        "{\"a\":[1,]}",
        "{\"a\":[1 2]}",
        "{\"a\":\"\n\"}",
        "{\"a\":\"\\x\"}",
        "{\"a\":\"\\ud800\"}",
        "{\"a\":\"\\ud800\\u0041\"}",
        "{\"a\":\"\\u12\"}",
        "{\"a\":1} x",
        "{a:1}",
        "{\"a\":[{\"b\":[}]}",
        "{\"a\":[[{]]}",
    ];
    for json in bad {
        assert!(flatten(json).is_err(), "{json}");
    }
    let deep = |levels: usize| format!("{}1{}", "{\"a\":".repeat(levels), "}".repeat(levels));
    assert!(flatten(&deep(128)).is_ok() && flatten(&deep(129)).is_err());
    // Lists may nest as they like: nothing is kept of them, and nothing is recursive.
    assert!(flatten(&format!("{{\"a\":{}{}}}", "[".repeat(100_000), "]".repeat(100_000))).is_ok());
}

/// The same by a tree: duplicate keys of one object do not occur here, for that drops the earlier ones.
fn by_tree(path: &str, value: &serde_json::Value, found: &mut BTreeMap<String, Option<Value>>) {
    match value {
        serde_json::Value::Object(fields) => {
            for (key, value) in fields {
                by_tree(&if path.is_empty() { key.clone() } else { format!("{path}.{key}") }, value, found);
            }
        }
        other => drop(found.insert(path.to_owned(), Value::from_json(&other.to_string()).unwrap())),
    }
}

fn json() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(serde_json::Value::from),
        any::<i64>().prop_map(serde_json::Value::from),
        any::<f64>().prop_map(serde_json::Value::from),
        ".*".prop_map(serde_json::Value::from),
    ];
    leaf.prop_recursive(4, 40, 20, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(serde_json::Value::from),
            prop::collection::btree_map("[a-c\"é]{1,3}", inner, 0..20)
                .prop_map(|fields| serde_json::Value::Object(fields.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn flattening_is_as_by_a_tree(fields in prop::collection::btree_map("[a-c\"é]{1,3}", json(), 0..24)) {
        let object = serde_json::Value::Object(fields.into_iter().collect());
        let mut expected = BTreeMap::new();
        by_tree("", &object, &mut expected);
        expected.retain(|_, value| value.is_some());
        for text in [object.to_string(), serde_json::to_string_pretty(&object).unwrap()] {
            let found = flatten(&text).unwrap();
            prop_assert_eq!(found.len(), expected.len());
            for (path, value) in found {
                prop_assert_eq!(Some(&Some(value)), expected.get(&path));
            }
        }
    }

    #[test]
    fn dotted_keys_count_by_their_place(keys in prop::collection::vec("[ab](\\.[ab]){0,2}", 0..8), nested in prop::collection::vec(any::<bool>(), 8)) {
        // Each key once dotted or nested, in the order of the text; equal keys of one object replace each other whole.
        let mut text = Vec::new();
        let mut expected: BTreeMap<String, usize> = BTreeMap::new();
        let mut spelled = std::collections::HashMap::new();
        // Every path once: what an earlier one of the same path had said would not come back.
        let mut seen = std::collections::HashSet::new();
        let keys: Vec<&String> = keys.iter().filter(|key| seen.insert(*key)).collect();
        for (number, (key, nested)) in keys.iter().zip(&nested).enumerate() {
            let outer = if *nested { key.split('.').next().unwrap() } else { key };
            if let Some((earlier, path)) = spelled.insert(outer.to_owned(), (number, (*key).clone()))
                && expected.get(&path) == Some(&earlier)
            {
                expected.remove(&path);
            }
            expected.insert((*key).clone(), number);
            let parts: Vec<&str> = if *nested { key.split('.').collect() } else { vec![key] };
            let inner = parts.iter().rev().fold(number.to_string(), |inner, part| format!("{{{part:?}:{inner}}}"));
            text.push(inner[1..inner.len() - 1].to_owned());
        }
        let found: BTreeMap<String, usize> = flatten(&format!("{{{}}}", text.join(",")))
            .unwrap()
            .into_iter()
            .map(|(path, value)| (path, value.text().unwrap().parse().unwrap()))
            .collect();
        prop_assert_eq!(found, expected);
    }

    #[test]
    fn decoding_gives_back_what_was_encoded(json in json()) {
        if let Some(value) = Value::from_json(&json.to_string()).unwrap() {
            prop_assert_eq!(Value::decode(&value.encode()), Some(value));
        }
    }

    #[test]
    fn times_are_decoded(text in "(1[89]|2[0-3])[0-9]{2}-[01][0-9]-[0-3][0-9]([T ][0-2][0-9]:[0-6][0-9](:[0-6][0-9](\\.[0-9]{1,5})?)?(Z|[+-][012][0-9](:?[0-6][0-9])?)?)?") {
        let value = Value::from_text(text);
        prop_assert_eq!(Value::decode(&value.encode()), Some(value));
    }

    #[test]
    fn numbers_are_the_nearest_float64(number in any::<f64>().prop_filter("finite", |number| number.is_finite())) {
        for text in [format!("{number:e}"), format!("{number}"), format!("{number:.17e}")] {
            let value = value(&text.replace("e+", "e"));
            prop_assert_eq!(value.number(), Some(number), "{}", text);
        }
    }

    #[test]
    fn no_text_breaks_the_reader(text in ".*") {
        let _ = flatten(&text);
        let _ = Value::from_json(&text);
        let _ = Value::decode(&text);
    }
}
