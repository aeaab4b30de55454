//! What is bad data and what is not. The whole call fails (exit code 4), names the line, and prints nothing.

use anyhow::{Context, Result, ensure};
use segment_tests::evaluator::Segmentctl;
use segment_tests::json::Json;
use segment_tests::oracle::{self, Input, Trouble};
use segment_tests::world::Files;

const LINES: &str = include_str!("bad_data.txt");
const SEGMENT: &str = r#"{"apiVersion": "segmentation.dev/v1alpha1", "kind": "Segment",
  "metadata": {"name": "everyone"}, "spec": {"storeRef": {"name": "main"}, "account": "42"}}"#;
const STORE: &str = r#"{"apiVersion": "segmentation.dev/v1alpha1", "kind": "SegmentStore", "metadata": {"name": "main"},
  "spec": {"timeZone": "America/New_York"}}"#;
/// 2026-06-15T12:00:00Z
const AS_OF: i64 = 1_781_524_800_000;

struct Case {
    is_bad: bool,
    files: Files,
    title: &'static str,
}

fn document(text: &str) -> Result<Json> {
    Json::parse(text).map_err(anyhow::Error::msg)
}

/// The line in question is the third, behind a good one and a blank one.
fn cases() -> Result<Vec<Case>> {
    let lines = LINES.lines().filter(|line| !line.starts_with('#'));
    let read = |title: &'static str| {
        let (file, rest) = title.split_once(' ').context("a file")?;
        let (sign, line) = rest.split_once(' ').context("a sign")?;
        let good = if file == "profiles" {
            r#"{"account": "42", "id": "p0"}"#
        } else {
            r#"{"account": "42", "id": "e0", "profile": "p0", "metric": "m", "time": "2026-06-15T12:00:00Z"}"#
        };
        let text = format!("{good}\n\n{line}\n");
        let (profiles, events) = if file == "profiles" { (text, String::new()) } else { (String::new(), text) };
        Ok(Case { is_bad: sign == "-", files: Files { profiles, events, segments: SEGMENT.to_owned() }, title })
    };
    lines.map(read).collect()
}

#[test]
fn the_oracle_refuses_bad_lines_and_no_others() -> Result<()> {
    let documents = [document(SEGMENT)?];
    for case in cases()? {
        let files = &case.files;
        let input = Input {
            documents: &documents,
            store_time_zone: None,
            profiles: &files.profiles,
            events: &files.events,
            as_of: AS_OF,
        };
        match oracle::evaluate(input) {
            Err(Trouble::BadData(bad)) => ensure!(case.is_bad && bad.line == 3, "{}: {bad:?}", case.title),
            other => ensure!(!case.is_bad && other.is_ok(), "{}: {other:?}", case.title),
        }
    }
    Ok(())
}

#[test]
fn segmentctl_refuses_bad_lines_and_no_others() -> Result<()> {
    let segmentctl = Segmentctl::find()?;
    let (bad, good): (Vec<Case>, Vec<Case>) = cases()?.into_iter().partition(|case| case.is_bad);
    let mut wrong = Vec::new();
    for case in bad {
        let outcome = segmentctl.eval(&case.files, AS_OF)?;
        if outcome.code != Some(4) || !outcome.stdout.is_empty() || !outcome.stderr.contains('3') {
            wrong.push(format!("{}: {outcome:?}", case.title));
        }
    }
    ensure!(wrong.is_empty(), "{}", wrong.join("\n"));
    let all = |lines: fn(&Case) -> &str| good.iter().map(lines).collect::<String>();
    let (profiles, events) = (all(|case| &case.files.profiles), all(|case| &case.files.events));
    let outcome = segmentctl.eval(&Files { profiles, events, segments: SEGMENT.to_owned() }, AS_OF)?;
    ensure!(outcome.code == Some(0) && outcome.stdout.lines().count() == 2, "{outcome:?}");
    Ok(())
}

#[test]
fn a_stores_time_zone_holds_where_a_segment_has_none() -> Result<()> {
    // 03:59:59.999Z is yesterday in New York.
    let criteria = r#""criteria": [{"name": "c", "event": {"metric": "m", "within": {"calendar": "today"}}}]"#;
    let without = SEGMENT.replace(r#""account": "42""#, &format!(r#""account": "42", {criteria}"#));
    let with = without.replace("everyone", "in-utc").replace(r#""account""#, r#""timeZone": "UTC", "account""#);
    let events = r#"{"account": "42", "id": "e0", "profile": "p0", "metric": "m", "time": "2026-06-15T03:59:59.999Z"}"#;
    let documents = [document(&without)?, document(&with)?, document(STORE)?];
    let by = |documents: &[Json], store_time_zone| {
        let input = Input { documents, store_time_zone, profiles: "", events, as_of: AS_OF };
        let members = oracle::evaluate(input).unwrap_or_default();
        members.into_iter().map(|member| member.segment).collect::<Vec<_>>()
    };
    assert_eq!(by(&documents, None), ["default/in-utc"]);
    assert_eq!(by(&documents[..2], Some("America/New_York")), ["default/in-utc"]);
    assert_eq!(by(&documents[..2], None), ["default/everyone", "default/in-utc"]);
    let segmentctl = Segmentctl::find()?;
    let segments = format!("{without}\n---\n{with}\n---\n{STORE}\n");
    let files = Files { profiles: String::new(), events: events.to_owned(), segments };
    let outcome = segmentctl.eval(&files, AS_OF)?;
    ensure!(outcome.stdout.trim() == r#"{"segment":"in-utc","profile":"p0"}"#, "{outcome:?}");
    Ok(())
}
