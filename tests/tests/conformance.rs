//! The cases of a peer, against the oracle and against the real program.

use anyhow::{Result, anyhow};
use segment_tests::conformance;
use segment_tests::evaluator::Segmentctl;

const CASES: &str = include_str!("conformance/cases.jsonl");

#[test]
fn oracle_agrees_with_the_peers_cases() -> Result<()> {
    let steps = conformance::parse(CASES)?;
    assert!(steps.iter().map(|step| step.expected.len()).sum::<usize>() >= 30);
    conformance::check(&steps, &|batch| batch.by_oracle().map_err(|trouble| anyhow!("{trouble:?}")))
}

#[test]
fn segmentctl_agrees_with_the_peers_cases() -> Result<()> {
    let segmentctl = Segmentctl::find()?;
    conformance::check(&conformance::parse(CASES)?, &|batch| segmentctl.members(batch))
}
