//! Every cell of the language's tables by a case whose members were worked out by hand from the text.

use std::collections::BTreeSet;

use anyhow::{Context, Result, anyhow};
use segment_tests::cells::{self, Cell};
use segment_tests::evaluator::Segmentctl;
use segment_tests::json::Json;

/// The files of cases, with their names.
const FILES: [(&str, &str); 7] = [
    ("values", include_str!("cells/values.txt")),
    ("times", include_str!("cells/times.txt")),
    ("windows", include_str!("cells/windows.txt")),
    ("events", include_str!("cells/events.txt")),
    ("days", include_str!("cells/days.txt")),
    ("kinds", include_str!("cells/kinds.txt")),
    ("data", include_str!("cells/data.txt")),
];

fn all() -> Result<Vec<Cell>> {
    let read = FILES.iter().map(|(name, text)| cells::parse(text).with_context(|| (*name).to_owned()));
    Ok(read.collect::<Result<Vec<_>>>()?.into_iter().flatten().collect())
}

#[test]
fn the_oracle_agrees_with_every_cell() -> Result<()> {
    cells::check(&all()?, &|batch| batch.by_oracle().map_err(|trouble| anyhow!("{trouble:?}")))
}

#[test]
fn segmentctl_agrees_with_every_cell() -> Result<()> {
    let segmentctl = Segmentctl::find()?;
    cells::check(&all()?, &|batch| segmentctl.members(batch))
}

/// What is asked of all kinds of criteria about events.
const RANGE: [&str; 5] = ["equals", "atLeast", "above", "atMost", "below"];
const PAST_WINDOWS: [&str; 14] = [
    "last",
    "between",
    "olderThan",
    "from",
    "to",
    "days",
    "calendar=today",
    "calendar=yesterday",
    "calendar=thisWeek",
    "calendar=lastWeek",
    "calendar=thisMonth",
    "calendar=lastMonth",
    "calendar=thisYear",
    "calendar=lastYear",
];
const TESTS: [&str; 18] = [
    "equals",
    "in",
    "atLeast",
    "above",
    "atMost",
    "below",
    "contains",
    "startsWith",
    "endsWith",
    "ignoreCase",
    "matches",
    "before",
    "after",
    "within.next",
    "anniversary.next",
    "anniversary.last",
    "anniversary.today",
    "hasItem",
];
const OTHERS: [&str; 30] = [
    "property.exists",
    "event.where.not",
    "event.where.exists",
    "lastEvent.metric",
    "lastEvent.where",
    "lastEvent.within",
    "lastEvent.has",
    "firstEvent.metric",
    "firstEvent.where",
    "firstEvent.within",
    "firstEvent.has",
    "regularEvent.where",
    "regularEvent.count",
    "regularEvent.every",
    "regularEvent.of",
    "regularEvent.atLeast",
    "sequence.steps.where",
    "sequence.span",
    "sequence.within",
    "consent.channel",
    "consent.status",
    "location.within",
    "location.of.postalCode",
    "location.of.country",
    "location.of.latitude",
    "location.of.longitude",
    "list.id",
    "segment.name",
    "sample.percent",
    "sample.salt",
];

/// The paths of all fields of a criterion, without numbers of items; a period of the calendar is part of its path.
fn add_paths(value: &Json, path: &str, paths: &mut BTreeSet<String>) {
    match value {
        Json::List(items) => items.iter().for_each(|item| add_paths(item, path, paths)),
        Json::Object(fields) => {
            for (name, value) in fields {
                let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                add_paths(value, &path, paths);
                paths.insert(path);
            }
        }
        Json::Text(text) if path.ends_with("calendar") => drop(paths.insert(format!("{path}={text}"))),
        _ => {}
    }
}

#[test]
fn every_row_of_the_tables_has_a_cell() -> Result<()> {
    let mut seen = BTreeSet::new();
    for cell in all()? {
        for (_, spec) in &cell.world.segments {
            if let Some(criteria) = spec.get("criteria") {
                add_paths(criteria, "", &mut seen);
            }
        }
    }
    let joined = |prefixes: &[&str], fields: &[&str]| -> Vec<String> {
        prefixes.iter().flat_map(|prefix| fields.iter().map(move |field| format!("{prefix}.{field}"))).collect()
    };
    let aggregates = ["event.count", "event.sum", "event.average", "event.min", "event.max", "event.distinctDays"];
    let mut needed = joined(&aggregates, &RANGE);
    needed.extend(joined(&["event.within", "property.within", "consent.within"], &PAST_WINDOWS));
    needed.extend(joined(&["property", "event.where"], &TESTS));
    needed.extend(OTHERS.map(str::to_owned));
    let lacking: Vec<String> = needed.into_iter().filter(|path| !seen.contains(path)).collect();
    assert!(lacking.is_empty(), "no cell has {lacking:?}");
    Ok(())
}
