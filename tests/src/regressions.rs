//! Worlds that once differed: they are kept in a file, and every evaluator is asked about them again.

use crate::cases::{Evaluate, Regression};
use crate::world::{Batch, World};
use anyhow::{Result, anyhow};
use std::io::Write;

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/regressions.jsonl");

/// All of them, each a batch of its own.
pub fn all() -> Result<Vec<Batch>> {
    let text = std::fs::read_to_string(FILE)?;
    let lines = text.lines().filter(|line| line.starts_with('{'));
    lines
        .map(|line| {
            let Regression { as_of, world } = Regression::parse(line)?;
            Ok(Batch { as_of, worlds: vec![world] })
        })
        .collect()
}

/// Adds a world to the file, and tells what differs.
pub fn keep(as_of: i64, world: World, evaluate: Evaluate<'_>) -> Result<String> {
    let line = Regression { as_of, world: world.clone() }.to_line();
    writeln!(std::fs::OpenOptions::new().append(true).create(true).open(FILE)?, "{line}")?;
    let batch = Batch { as_of, worlds: vec![world] };
    let files = batch.render();
    let difference = difference(&batch, evaluate)?.unwrap_or_default();
    let as_of = jiff::Timestamp::from_millisecond(as_of)?;
    Ok(format!("as of {as_of}\n{}\n{}\n{}\n{difference}\n{line}", files.segments, files.profiles, files.events))
}

/// What an evaluator finds otherwise than the oracle.
pub fn difference(batch: &Batch, evaluate: Evaluate<'_>) -> Result<Option<String>> {
    let expected = batch.by_oracle().map_err(|trouble| anyhow!("{trouble:?}"))?;
    Ok(match evaluate(batch) {
        Ok(found) if found == expected => None,
        Ok(found) => Some(format!("lacking {:?}, too many {:?}", &expected - &found, &found - &expected)),
        Err(error) => Some(format!("{error:#}")),
    })
}
