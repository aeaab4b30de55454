//! How FILEs are read: lists, stores, other kinds, notes.

use anyhow::{Result, ensure};

use crate::support::{Call, profiles, segment};

/// Yesterday in UTC, today in Berlin.
const LATE: (&str, &str) = ("late", r#""properties":{"seen":"2026-06-14T22:30:00Z"}"#);
const TODAY: &str = "criteria: [{name: c, property: {name: seen, within: {calendar: today}}}]";

fn store(name: &str) -> String {
    format!(
        "---\napiVersion: segmentation.dev/v1alpha1\nkind: SegmentStore\nmetadata: {{name: {name}}}\n\
         spec: {{timeZone: Europe/Berlin}}\n"
    )
}

fn members(files: &str) -> Result<(Vec<String>, String)> {
    let call = Call::eval(&["--profiles", "p.ndjson", "s.yaml"])?;
    let outcome = call.file("p.ndjson", profiles(&[LATE]))?.file("s.yaml", files)?.run()?.ended(0)?;
    Ok((outcome.members()?, outcome.stderr))
}

#[test]
fn a_store_gives_its_zone() -> Result<()> {
    let own = segment("own", &format!("timeZone: UTC\n{TODAY}"));
    let (found, stderr) = members(&(segment("berlin", TODAY) + &own + &store("main")))?;
    ensure!(found == ["berlin/late"], "{found:?}");
    ensure!(stderr.is_empty(), "{stderr}");
    Ok(())
}

#[test]
fn utc_is_used_with_a_note() -> Result<()> {
    let (found, stderr) = members(&(segment("a", TODAY) + &store("another")))?;
    ensure!(found.is_empty(), "{found:?}");
    ensure!(stderr.starts_with("note: UTC is used: 1 Segment"), "{stderr}");
    Ok(())
}

#[test]
fn lists_are_unfolded_and_other_kinds_skipped_with_a_note() -> Result<()> {
    let item = r#"{"apiVersion": "segmentation.dev/v1alpha1", "kind": "Segment", "metadata": {"name": "listed"},
        "spec": {"storeRef": {"name": "main"}, "account": "42", "timeZone": "Europe/Berlin"}}"#;
    let other = r#"{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "settings"}}"#;
    let list = format!(r#"{{"apiVersion": "v1", "kind": "List", "items": [{item}, {other}]}}"#);
    let (found, stderr) = members(&format!("{list}\n---\n# nothing\n---\n"))?;
    ensure!(found == ["listed/late"], "{found:?}");
    ensure!(stderr.starts_with("note: skipped: kind ConfigMap"), "{stderr}");
    Ok(())
}

#[test]
fn json_objects_one_after_the_other_are_read() -> Result<()> {
    let one = |name: &str| {
        format!(
            "{{\"apiVersion\": \"segmentation.dev/v1alpha1\", \"kind\": \"Segment\", \"metadata\": {{\"name\": \"{name}\"}}, \
             \"spec\": {{\"storeRef\": {{\"name\": \"main\"}}, \"account\": \"42\", \"timeZone\": \"UTC\"}}}}\n"
        )
    };
    let (found, stderr) = members(&(one("a") + &one("b")))?;
    ensure!(found == ["a/late", "b/late"] && stderr.is_empty(), "{found:?} {stderr}");
    Ok(())
}

#[test]
fn a_segment_of_another_version_is_skipped_also_without_a_name() -> Result<()> {
    let named =
        segment("a", "timeZone: UTC").replace("v1alpha1", "v2").replace("namespace: default", "namespace: other");
    let nameless = named.replace("name: a, ", "");
    let (found, stderr) = members(&(segment("b", "timeZone: UTC") + &named + &nameless))?;
    ensure!(found == ["b/late"], "{found:?}");
    ensure!(stderr.matches("note: skipped: kind Segment, apiVersion segmentation.dev/v2").count() == 2, "{stderr}");
    Ok(())
}

#[test]
fn a_pattern_that_only_the_server_refuses_is_told_with_its_path() -> Result<()> {
    // RE2 finds it too large.
    let large = "{property: p, matches: \"\\\\pL{1000}\"}";
    let criteria =
        format!("criteria: [{{name: a, list: {{id: x}}}}, {{name: b, event: {{metric: m, where: [{large}]}}}}]");
    let refers = "criteria: [{name: a, segment: {name: large}}]";
    let files = segment("large", &format!("timeZone: UTC\n{criteria}"))
        + &segment("refers", &format!("timeZone: UTC\n{refers}"))
        + &segment("good", "timeZone: UTC");
    let call = Call::eval(&["--profiles", "p.ndjson", "s.yaml"])?;
    let outcome = call.file("p.ndjson", profiles(&[LATE]))?.file("s.yaml", &files)?.run()?.ended(3)?;
    ensure!(outcome.members()? == ["good/late"], "{outcome:?}");
    outcome.says(&[
        "s.yaml: default/large: spec.criteria[1].event.where[0].matches: the pattern `",
        "s.yaml: default/refers: spec.criteria[0].segment.name: the Segment default/large is refused itself; mend that",
    ])
}
