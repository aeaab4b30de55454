//! Random worlds, the same for the same seed; what differs between two evaluators; and the smallest world that does.

mod counts;
mod criteria;
mod data;
mod random;
mod segments;
mod shrink;
mod sums;
mod traits;
mod values;

use crate::oracle;
use crate::world::{Batch, World};
use random::Random;
use std::collections::BTreeSet;
use values::Vocabulary;

pub use shrink::{Evaluate, Regression, mismatches, shrink};

/// The zones of the worlds, each with instants at which something happens to its clocks.
const ZONES: [(&str, &[&str]); 10] = [
    ("America/New_York", &["2026-03-08T07:00:00Z", "2026-11-01T06:00:00Z"]),
    ("Europe/Berlin", &["2026-03-29T01:00:00Z", "2026-10-25T01:00:00Z", "2028-02-28T23:00:00Z"]),
    ("Asia/Kolkata", &["2026-06-15T18:30:00Z"]),
    ("America/St_Johns", &["2026-03-08T05:30:00Z", "2026-11-01T04:30:00Z"]),
    ("Australia/Lord_Howe", &["2026-04-04T15:00:00Z", "2026-10-03T15:30:00Z"]),
    ("America/Santiago", &["2026-04-05T03:00:00Z", "2026-09-06T04:00:00Z"]),
    ("Asia/Beirut", &["2026-03-28T22:00:00Z", "2026-10-24T21:00:00Z"]),
    ("Africa/Cairo", &["2026-04-23T22:00:00Z", "2026-10-29T21:00:00Z"]),
    ("Pacific/Apia", &["2011-12-30T10:00:00Z", "2011-12-31T10:00:00Z"]),
    ("UTC", &["2026-06-15T12:00:00Z", "2027-01-01T00:00:00Z", "2027-03-01T00:00:00Z", "2028-02-29T00:00:00Z"]),
];

/// So many worlds that are all about counts of events over long windows.
pub fn counts(seed: u64, worlds: usize, as_of: i64) -> Vec<World> {
    let mut random = Random::new(seed);
    (0..worlds).map(|_| counts::world(&mut random, as_of)).collect()
}

/// So many worlds that are all about sums of events that a text chooses.
pub fn sums(seed: u64, worlds: usize, as_of: i64) -> Vec<World> {
    let mut random = Random::new(seed);
    (0..worlds).map(|_| sums::world(&mut random, as_of)).collect()
}

/// So many worlds that are all about the traits of many profiles.
pub fn traits(seed: u64, worlds: usize, as_of: i64) -> Vec<World> {
    let mut random = Random::new(seed);
    (0..worlds).map(|_| traits::world(&mut random, as_of)).collect()
}

const HOUR: i64 = 3_600_000;
const DAY: i64 = 24 * HOUR;

/// So many worlds at one instant.
pub fn batch(seed: u64, worlds: usize) -> Batch {
    let mut random = Random::new(seed);
    let (zone, instants) = *random.pick(&ZONES);
    let instant = *random.pick(instants);
    let instant = oracle::instant(instant).unwrap_or(0);
    let moved = match random.below(4) {
        0 => *random.pick(&[0, 1, -1]),
        1 => *random.pick(&[HOUR, -HOUR, HOUR / 2, 12 * HOUR, -12 * HOUR, 24 * HOUR, 36 * HOUR]),
        _ => random.between(-2 * DAY, 30 * DAY),
    };
    let as_of = instant + moved;
    let worlds = (0..worlds).map(|_| world(Random::new(random.next()), zone, as_of)).collect();
    Batch { as_of, worlds }
}

/// How many segments are drawn for a world, to keep those that tell profiles apart.
const DRAWN: usize = 20;

/// One account; `theme` is the zone to whose changes the instant is near.
fn world(mut random: Random, theme: &str, as_of: i64) -> World {
    let zone = if random.chance(50) { theme } else { random.pick(&ZONES).0 };
    let mut vocabulary = Vocabulary::new(&mut random, zone, as_of);
    let segments = segments::some(&mut random, &mut vocabulary, DRAWN);
    let profiles = data::profiles(&mut random, &vocabulary);
    let events = data::events(&mut random, &vocabulary);
    let count = 1 + random.below(8);
    keep_some(&mut random, World { segments, profiles, events }, as_of, count)
}

/// Keeps so many segments, and those that they refer to. One that takes all profiles or none shows less than one that
/// tells them apart, so few of those are kept.
fn keep_some(random: &mut Random, world: World, as_of: i64, count: usize) -> World {
    let batch = Batch { as_of, worlds: vec![world] };
    let members = batch.by_oracle().unwrap_or_default();
    let world = batch.worlds.into_iter().next().unwrap_or_default();
    let ids: BTreeSet<_> = world.profiles.iter().filter_map(|line| line.get("id")?.as_text()).collect();
    let mut kept = BTreeSet::new();
    for (name, _) in &world.segments {
        let size = members.iter().filter(|member| member.1 == *name).count();
        let tells_apart = size > 0 && size < ids.len();
        if kept.len() < count && (tells_apart || random.chance(10)) {
            kept.insert(name.clone());
        }
    }
    // A segment refers to earlier ones only: going back finds them all.
    for (name, spec) in world.segments.iter().rev() {
        if kept.contains(name) {
            kept.extend(segments::references(spec));
        }
    }
    let mut segments = world.segments.clone();
    segments.retain(|(name, _)| kept.contains(name));
    if segments.is_empty() {
        segments = world.segments[..1].to_vec();
    }
    World { segments, ..world }
}
