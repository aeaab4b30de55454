//! Random worlds: the oracle against the real program, and what has to hold of the oracle alone.
//!
//! `SEGMENT_TESTS_SEED` (default 1), `SEGMENT_TESTS_ROUNDS` (3) and `SEGMENT_TESTS_WORLDS` (a round's accounts, 100) say
//! how much is tried. A world that differs is made small, printed, and added to `regressions.jsonl`; commit that line.

use anyhow::{Result, anyhow, bail, ensure};
use segment_tests::cases::{self, Regression};
use segment_tests::evaluator::Segmentctl;
use segment_tests::regressions;
use segment_tests::world::{Batch, Found, World};
use std::collections::BTreeSet;

fn setting(name: &str, default: u64) -> Result<u64> {
    std::env::var(name).map_or(Ok(default), |text| text.parse().map_err(|_| anyhow!("{name} is no number: {text}")))
}

fn seeds() -> Result<std::ops::Range<u64>> {
    let seed = setting("SEGMENT_TESTS_SEED", 1)?;
    Ok(seed..seed + setting("SEGMENT_TESTS_ROUNDS", 3)?)
}

fn worlds() -> Result<usize> {
    Ok(usize::try_from(setting("SEGMENT_TESTS_WORLDS", 100)?)?)
}

fn by_oracle(batch: &Batch) -> Result<BTreeSet<Found>> {
    batch.by_oracle().map_err(|trouble| anyhow!("{trouble:?}"))
}

#[test]
fn segmentctl_agrees_with_the_oracle_on_random_worlds() -> Result<()> {
    let segmentctl = Segmentctl::find()?;
    let evaluate = |batch: &Batch| segmentctl.members(batch);
    for seed in seeds()? {
        println!("seed {seed}");
        let batch = cases::batch(seed, worlds()?);
        let differs = cases::mismatches(&batch, &evaluate)?;
        let count = differs.iter().filter(|differs| **differs).count();
        if let Some(index) = differs.iter().position(|differs| *differs) {
            let world = cases::shrink(batch.as_of, batch.worlds[index].clone(), &evaluate)?;
            bail!(
                "seed {seed}: {count} of {} worlds differ; the first, made small:\n{}",
                differs.len(),
                regressions::keep(batch.as_of, world, &evaluate)?
            );
        }
    }
    Ok(())
}

#[test]
fn segmentctl_agrees_on_what_once_differed() -> Result<()> {
    let segmentctl = Segmentctl::find()?;
    for batch in regressions::all()? {
        let difference = regressions::difference(&batch, &|batch| segmentctl.members(batch))?;
        ensure!(difference.is_none(), "{difference:?} in {:?}", batch.worlds);
    }
    Ok(())
}

#[test]
fn the_oracle_reads_every_random_world_and_the_same_seed_gives_the_same() -> Result<()> {
    for seed in seeds()? {
        let batch = cases::batch(seed, worlds()?);
        assert_eq!(batch.worlds, cases::batch(seed, worlds()?).worlds);
        by_oracle(&batch)?;
    }
    Ok(())
}

#[test]
fn random_segments_are_neither_empty_nor_whole_as_a_rule() -> Result<()> {
    let batch = cases::batch(7, 200);
    let found = by_oracle(&batch)?;
    let (mut partial, mut all) = (0, 0);
    for (index, world) in batch.worlds.iter().enumerate() {
        let ids: BTreeSet<_> = world.profiles.iter().filter_map(|line| line.get("id")?.as_text()).collect();
        for (name, _) in &world.segments {
            let members = found.iter().filter(|found| found.0 == index && found.1 == *name).count();
            all += 1;
            partial += usize::from(members > 0 && members < ids.len());
        }
    }
    println!("{partial} of {all} segments have some members, and not all profiles");
    ensure!(partial * 3 > all, "{partial} of {all}");
    Ok(())
}

#[test]
fn accounts_do_not_see_each_other() -> Result<()> {
    let batch = cases::batch(11, 40);
    let merged = by_oracle(&batch)?;
    let segmentctl = Segmentctl::find()?;
    // A place keeps its index (odd keys, samples): the others are emptied.
    for index in 0..batch.worlds.len() {
        let keep = |(place, world): (usize, &World)| if place == index { world.clone() } else { World::default() };
        let alone = Batch { as_of: batch.as_of, worlds: batch.worlds.iter().enumerate().map(keep).collect() };
        let of_merged: BTreeSet<Found> = merged.iter().filter(|found| found.0 == index).cloned().collect();
        assert_eq!(by_oracle(&alone)?, of_merged);
        // A call each would take long.
        if index % 10 == 0 {
            assert_eq!(segmentctl.members(&alone)?, of_merged);
        }
    }
    // The evaluator sees all of them at once.
    assert_eq!(segmentctl.members(&batch)?, merged);
    Ok(())
}

#[test]
fn the_order_of_different_events_makes_no_difference() -> Result<()> {
    let mut batch = cases::batch(13, 60);
    for world in &mut batch.worlds {
        // Ids of their own make every event another one.
        for (index, event) in world.events.iter_mut().enumerate() {
            event.set("id", segment_tests::json::Json::text(format!("n{index}")));
        }
    }
    let forward = by_oracle(&batch)?;
    for world in &mut batch.worlds {
        world.events.reverse();
    }
    assert_eq!(by_oracle(&batch)?, forward);
    assert_eq!(Segmentctl::find()?.members(&batch)?, forward);
    Ok(())
}

#[test]
fn a_planted_fault_is_found_and_made_small() -> Result<()> {
    // This evaluator lets every window end a millisecond late.
    let late = |batch: &Batch| by_oracle(&Batch { as_of: batch.as_of + 1, worlds: batch.worlds.clone() });
    let batch = cases::batch(17, 30);
    let differs = cases::mismatches(&batch, &late)?;
    let index = differs.iter().position(|differs| *differs).ok_or_else(|| anyhow!("not found"))?;
    let world = cases::shrink(batch.as_of, batch.worlds[index].clone(), &late)?;
    assert_eq!(world.segments.len(), 1, "{world:?}");
    assert!(world.events.len() + world.profiles.len() <= 5, "{world:?}");
    assert!(world.events.iter().all(|event| event.get("properties").is_none()), "{world:?}");
    let kept = Regression { as_of: batch.as_of, world };
    assert_eq!(Regression::parse(&kept.to_line())?, kept);
    Ok(())
}
