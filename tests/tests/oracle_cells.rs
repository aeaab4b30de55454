//! Every cell of the language's tables by a case whose members were worked out by hand from the text.

use anyhow::{Context, Result, anyhow};
use segment_tests::cells::{self, Cell};
use segment_tests::evaluator::Segmentctl;

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
    let Some(segmentctl) = Segmentctl::find()? else { return Ok(()) };
    cells::check(&all()?, &|batch| segmentctl.members(batch))
}

#[test]
fn there_are_cells_for_every_table() -> Result<()> {
    assert!(all()?.len() >= 150, "{}", all()?.len());
    Ok(())
}
