//! Values and names of absurd length, and absurd times, evaluated.

use super::{AS_OF, agrees, criterion, segment, yaml};
use anyhow::{Context, Result, ensure};
use segment_tests::json::Json;
use segment_tests::server::Server;
use segment_tests::store::Store;
use segment_tests::world::Files;

/// Loads and evaluates, and asks the oracle.
fn check(files: &Files, criteria: &[(&str, String)]) -> Result<()> {
    let server = Server::start()?;
    let named = criteria.iter().enumerate();
    let documents = named
        .map(|(number, (kind, body))| Ok(segment(&format!("s{number}"), "42", vec![criterion(kind, body)?])))
        .collect::<Result<Vec<Json>>>()?;
    for summarise_from in ["100000", "0"] {
        let store = Store::new(&[&server, &server], AS_OF)?;
        store.load(files, &["--profiles-per-bucket", "2", "--summarise-from", summarise_from])?;
        store.evaluate(&yaml(&documents), &[])?.context("a run")?;
        agrees(&store, &documents, files)?;
    }
    Ok(())
}

#[test]
fn values_of_a_megabyte_are_values() -> Result<()> {
    let large = |end: &str| format!("begin{}{end}", "x".repeat(1 << 20));
    let profile = |id: &str, end: &str| {
        format!(
            "{{\"account\": \"42\", \"id\": \"{id}\", \"properties\": {{\"v\": \"{}\", \"l\": [\"{0}\"]}}}}\n",
            large(end)
        )
    };
    let event = |id: &str, profile: &str, end: &str| {
        format!(
            "{{\"account\": \"42\", \"id\": \"{id}\", \"profile\": \"{profile}\", \"metric\": \"m\", \
             \"time\": \"2026-06-01\", \"properties\": {{\"v\": \"{}\"}}}}\n",
            large(end)
        )
    };
    let files = Files {
        profiles: [profile("one", "end"), profile("two", "ent")].concat(),
        events: [event("e1", "one", "end"), event("e2", "two", "ent"), event("e3", "three", "end")].concat(),
        segments: String::new(),
    };
    let ends = r#"{"metric": "m", "where": [{"property": "v", "endsWith": "xend"}]"#;
    check(
        &files,
        &[
            ("property", r#"{"name": "v", "endsWith": "xend"}"#.to_owned()),
            ("property", r#"{"name": "v", "startsWith": "BEGINx", "ignoreCase": true}"#.to_owned()),
            ("property", r#"{"name": "v", "matches": "^begin"}"#.to_owned()),
            ("property", r#"{"name": "l", "exists": true}"#.to_owned()),
            ("event", format!("{ends}}}")),
            ("event", format!(r#"{ends}, "count": {{"atMost": 1}}}}"#)),
        ],
    )
}

#[test]
fn names_of_ten_thousand_characters_are_names() -> Result<()> {
    let long = |first: char| format!("{first}{}", "ü".repeat(9_999));
    let (id, property, list, channel, metric) = (long('i'), long('p'), long('l'), long('c'), long('m'));
    let profiles = format!(
        "{{\"account\": \"42\", \"id\": \"{id}\", \"properties\": {{\"{property}\": 1, \"short\": \"{property}\"}}, \
         \"lists\": [\"{list}\"], \"consent\": {{\"{channel}\": \"{list}\"}}}}\n\
         {{\"account\": \"42\", \"id\": \"short\", \"properties\": {{\"short\": \"{property}!\"}}}}\n\
         {{\"account\": \"{id}\", \"id\": \"{id}\", \"properties\": {{\"short\": \"{property}\"}}}}\n"
    );
    let event = |account: &str, event: &str, metric: &str| {
        format!(
            "{{\"account\": \"{account}\", \"id\": \"{event}\", \"profile\": \"{id}\", \"metric\": \"{metric}\", \
             \"time\": \"2026-06-01\", \"properties\": {{\"{property}\": 1, \"short\": \"{property}\"}}}}\n"
        )
    };
    // Ids that differ in their last character only.
    let events = [
        event("42", &format!("{id}1"), &metric),
        event("42", &format!("{id}2"), &metric),
        event("42", "short", "m"),
        event(&id, &id, &metric),
    ];
    let files = Files { profiles, events: events.concat(), segments: String::new() };
    check(
        &files,
        &[
            ("property", r#"{"name": "short", "endsWith": "ü"}"#.to_owned()),
            ("property", r#"{"name": "short", "exists": true}"#.to_owned()),
            ("event", r#"{"metric": "*"}"#.to_owned()),
            ("event", r#"{"metric": "*", "count": {"atLeast": 3}}"#.to_owned()),
            ("event", r#"{"metric": "*", "count": {"atLeast": 4}}"#.to_owned()),
            (
                "event",
                r#"{"metric": "*", "where": [{"property": "short", "startsWith": "pü"}], "count": {"equals": 3}}"#
                    .to_owned(),
            ),
            ("lastEvent", r#"{"metric": "*", "has": [{"property": "short", "endsWith": "ü"}]}"#.to_owned()),
        ],
    )
}

#[test]
fn times_of_the_year_1_and_2300_are_bad_data_in_events_and_texts_in_properties() -> Result<()> {
    let server = Server::start()?;
    let store = Store::new(&[&server], AS_OF)?;
    for time in ["0001-01-01T00:00:00Z", "2300-01-01T00:00:00Z", "9999-12-31T23:59:59.999Z"] {
        let events = format!(
            "{{\"account\": \"42\", \"id\": \"e\", \"profile\": \"p\", \"metric\": \"m\", \"time\": \"{time}\"}}\n"
        );
        let files = Files { profiles: String::new(), events, segments: String::new() };
        let refused = store.load(&files, &[]).err().context("bad data")?.to_string();
        ensure!(refused.contains("Some(4)") && refused.contains("line 1"), "{refused}");
    }
    let profile = |id: &str, value: &str| {
        format!("{{\"account\": \"42\", \"id\": \"{id}\", \"properties\": {{\"t\": \"{value}\"}}}}\n")
    };
    let times =
        ["0001-01-01T00:00:00Z", "1899-12-31", "1900-01-01", "2026-06-01", "2299-12-31T23:59:59Z", "2300-01-01"];
    let profiles: String = times.iter().map(|time| profile(time, time)).collect();
    check(
        &Files { profiles, events: String::new(), segments: String::new() },
        &[
            ("property", r#"{"name": "t", "before": "2026-06-15"}"#.to_owned()),
            ("property", r#"{"name": "t", "after": "1950-01-01"}"#.to_owned()),
            ("property", r#"{"name": "t", "within": {"olderThan": "30d"}}"#.to_owned()),
            ("property", r#"{"name": "t", "anniversary": {"next": "366d"}}"#.to_owned()),
            ("property", r#"{"name": "t", "equals": "0001-01-01T00:00:00Z"}"#.to_owned()),
            ("property", r#"{"name": "t", "startsWith": "2300"}"#.to_owned()),
        ],
    )
}
