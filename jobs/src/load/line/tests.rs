use super::*;

fn bad_profile(line: &str) -> String {
    profile(line).map(|line| format!("{line:?}")).unwrap_err()
}

fn bad_event(line: &str) -> String {
    event(line).map(|line| format!("{line:?}")).unwrap_err()
}

/// An event with one field replaced.
fn event_with(name: &str, json: &str) -> String {
    let fields =
        [("account", "\"a\""), ("id", "\"e\""), ("profile", "\"p\""), ("metric", "\"m\""), ("time", "\"2026-01-01\"")];
    let mut line = fields.map(|(key, value)| format!("\"{key}\":{}", if key == name { json } else { value })).join(",");
    if !fields.iter().any(|field| field.0 == name) {
        line = format!("{line},\"{name}\":{json}");
    }
    format!("{{{line}}}")
}

fn profile_with(name: &str, json: &str) -> String {
    format!("{{\"account\":\"a\",\"id\":\"p\",\"{name}\":{json}}}")
}

#[test]
fn lines_that_are_no_objects_are_bad() {
    for (line, reason) in [
        ("x", "expected value at column 1"),
        ("{", "EOF while parsing an object at column 1"),
        ("5", "invalid type: integer `5`, expected an object at column 1"),
        ("null", "expected an object"),
        ("[]", "expected an object"),
        (r#"{"account":"a","id":"p"} x"#, "trailing characters at column 26"),
        (r#"{"account":"a","id":"p",}"#, "trailing comma at column 25"),
        (r#"{"account":"a","id":"p","x":01}"#, "invalid number"),
        (r#"{"account":"a","id":"p","x":{"y":}}"#, "expected value"),
        ("{\"account\":\"a\",\"id\":\"\t\"}", "control character"),
        ("\u{feff}{\"account\":\"a\",\"id\":\"p\"}", "byte order mark"),
    ] {
        let found = bad_profile(line);
        assert!(found.contains(reason), "{line}: {found}");
    }
}

#[test]
fn texts_have_to_be_there() {
    for name in ["account", "id", "profile", "metric", "time"] {
        assert_eq!(bad_event(&event_with(name, "null")), format!("`{name}` is missing"));
        for json in ["5", "true", "[]", "{}", "[\"a\"]"] {
            assert_eq!(bad_event(&event_with(name, json)), format!("`{name}` is no text: {json}"));
        }
    }
    assert_eq!(bad_profile(r#"{"id":"p"}"#), "`account` is missing");
    assert_eq!(bad_profile(r#"{"account":"a"}"#), "`id` is missing");
    assert_eq!(bad_profile(r#"{"account":"a","id":42}"#), "`id` is no text: 42");
    assert_eq!(bad_profile(r#"{"account":"a","id":"\ud800"}"#), r#"`id` is no text: "\ud800""#);
}

#[test]
fn times_have_to_be_times_within_bounds() {
    for (time, reason) in [
        ("", "is no time"),
        ("yesterday", "is no time"),
        ("2026-02-29", "is no time"),
        ("2026-01-01T24:00:00Z", "is no time"),
        ("1969-12-31T23:59:59.999Z", "is not within"),
        ("1970-01-01T00:00:00+00:01", "is not within"),
        ("2149-06-06", "is not within"),
    ] {
        let found = bad_event(&event_with("time", &format!("\"{time}\"")));
        assert!(found.contains(reason), "{time}: {found}");
    }
    let ms = |time: &str| event(&event_with("time", &format!("\"{time}\""))).unwrap().time_ms;
    assert_eq!(ms("1970-01-01"), 0);
    assert_eq!(ms("2149-06-05T23:59:59.999Z"), time::EVENTS_END_MS - 1);
    assert_eq!(ms("2026-01-01T01:00:00+01:00"), ms("2026-01-01"));
}

#[test]
fn parts_of_profiles_are_checked() {
    for (name, json, reason) in [
        ("properties", "5", "`properties`: properties are no object"),
        ("properties", "[]", "`properties`: properties are no object"),
        ("properties", r#"{"a":1e999}"#, "`properties`: "),
        ("consent", "true", "`consent` is no object: true"),
        ("consent", r#"{"sms":5}"#, "the consent for `sms` is neither a text nor an object: 5"),
        ("consent", r#"{"sms":[]}"#, "the consent for `sms` is neither a text nor an object: []"),
        ("consent", r#"{"sms":{}}"#, "the consent for `sms`: `status` is missing"),
        ("consent", r#"{"sms":{"time":"2026-01-01"}}"#, "the consent for `sms`: `status` is missing"),
        ("consent", r#"{"sms":{"status":1}}"#, "the consent for `sms`: `status` is no text: 1"),
        ("consent", r#"{"sms":{"status":"s","time":1}}"#, "the consent for `sms`: `time` is no text: 1"),
        ("consent", r#"{"sms":{"status":"s","time":"x"}}"#, "the consent for `sms`: \"x\" is no time"),
        ("location", "[1,2]", "`location` is no object: [1,2]"),
        ("location", "{}", "`location` has no `latitude`"),
        ("location", r#"{"latitude":1}"#, "`location` has no `longitude`"),
        ("location", r#"{"latitude":null,"longitude":1}"#, "`location` has no `latitude`"),
        ("location", r#"{"latitude":"1","longitude":1}"#, "`location`: `latitude` is no number: \"1\""),
        ("location", r#"{"latitude":90.1,"longitude":1}"#, "`location`: `latitude` is 90.1, beyond 90 degrees"),
        ("location", r#"{"latitude":1,"longitude":-180.5}"#, "`location`: `longitude` is -180.5, beyond 180 degrees"),
        ("location", r#"{"latitude":1e999,"longitude":1}"#, "`location`: `latitude`: number out of range"),
        ("lists", r#""vip""#, "`lists` is no list: \"vip\""),
        ("lists", "[1]", "`lists` holds what is no text: 1"),
        ("lists", "[null]", "`lists` holds what is no text: null"),
    ] {
        let found = bad_profile(&profile_with(name, json));
        assert!(found.starts_with(reason), "{name}: {json}: {found}");
    }
}

#[test]
fn null_is_as_absent_and_unknown_fields_are_ignored() {
    let line = r#" {"account":"a","id":"p","properties":null,"consent":null,"location":null,"lists":null,"x":[{}]}"#;
    let read = profile(line).unwrap();
    assert!(read.properties.is_empty() && read.consents.is_empty() && read.lists.is_empty() && read.location.is_none());
    let read =
        profile(r#"{"account":"a","id":"p","consent":{"sms":null,"email":{"status":"s","time":null}}}"#).unwrap();
    assert_eq!(read.consents, [Consent { channel: "email".to_owned(), status: "s".to_owned(), time_ms: None }]);
}

#[test]
fn the_last_of_equal_keys_counts() {
    let read = profile(r#"{"account":"a","account":"b","id":null,"id":"p","consent":{"c":"x","c":"y"}}"#).unwrap();
    assert_eq!((read.account.as_ref(), read.consents[0].status.as_str()), ("b", "y"));
    assert_eq!(bad_profile(r#"{"account":"a","id":"p","id":null}"#), "`id` is missing");
}

#[test]
fn a_whole_profile_is_read() {
    let read = profile(
        r#"{"account":"4\u0032","id":"","properties":{"a":{"b":1}},"consent":{"sms":{"status":"subscribed","time":"2026-01-01"}},
        "location":{"latitude":-0.0,"longitude":-71.06},"lists":["b","a","b"]}"#,
    )
    .unwrap();
    assert_eq!((read.account.as_ref(), read.id.as_ref()), ("42", ""));
    assert_eq!(read.properties, [("a.b".to_owned(), Value::Number("1".to_owned()))]);
    assert_eq!(read.consents[0].time_ms, Some(1_767_225_600_000));
    assert_eq!(read.location, Some((0.0, -71.06)));
    assert!(read.location.is_some_and(|place| place.0.is_sign_positive()));
    assert_eq!(read.lists, ["a", "b"]);
}

#[test]
fn accounts_are_found_for_counting() {
    assert_eq!(account(r#"{"id":1,"account":"a"}"#).as_deref(), Some("a"));
    assert_eq!(account(r#"{"id":1}"#), None);
}

#[test]
fn a_line_that_is_read_in_one_pass_is_read_as_any_other() {
    let usual = event_with("properties", r#"{"a":1.50,"b":{"c":"2026-01-01"},"d":null,"é":[1]}"#);
    let quick = [
        usual.clone(),
        event_with("metric", "\"m\""),
        usual.replace(':', " :\t").replace(',', " , ") + " ",
        event_with("properties", r#"{"a":1,"a":{"b":2}}"#),
        event_with("id", "\"é \u{7f}\""),
    ];
    for line in &quick {
        let read = quick::event(line);
        assert!(read.is_some(), "{line}");
        assert_eq!(read, any_event(line).ok(), "{line}");
    }
    let slow = [
        event_with("properties", "null"),
        event_with("other", "1"),
        event_with("id", r#""\n""#),
        event_with("id", "\"\t\""),
        event_with("time", "\"soon\""),
        event_with("properties", "{\"a\":01}"),
        usual.replace("\"id\"", "\"metric\""),
        format!("{usual},"),
        usual.replace('}', ",}"),
        usual[..usual.len() - 1].to_owned(),
        "{}".to_owned(),
        String::new(),
    ];
    for line in &slow {
        assert_eq!(quick::event(line), None, "{line}");
    }
}
