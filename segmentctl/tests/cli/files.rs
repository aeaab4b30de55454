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
