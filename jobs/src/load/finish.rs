//! The end of a load: the profiles of its units become the universe (segment 0), by commits.
//!
//! Staging goes by the load's name, which its claim keeps, so what a load that died left there is known as such. The
//! newest claim's holder drops it, under the fence: the last commit of the dead has been applied by then. Should one
//! only have been suspended, it finds its roots gone when it wakes, and what it commits changes nothing. All that this
//! load brings is in place by then and its own commits come after, so no older universe replaces a newer one.

use std::time::Instant;

use clickhouse::Row;
use futures::{StreamExt, stream};
use segment_sql::{load as sql, rule_join};
use serde::Deserialize;
use uuid::Uuid;

use super::{
    Context, LoadError,
    accounts::{Accounts, TouchedUnit},
    rows::RootRow,
};
use crate::{
    clock::Clock,
    commit::{self, Batch},
    fence::Fence,
    shards::{LONG_LIMIT, Shard, ShardError},
    staging::{self, Stage},
    store::FAN_OUT,
};

/// Units of one commit.
const SLICE_UNITS: usize = 10_000;
/// Profiles that end a slice too.
const SLICE_PROFILES: u64 = 20_000_000;

#[derive(Row, Deserialize)]
struct Abandoned {
    run: String,
}

/// Commits the units of all shards. Returns how many there are.
pub(super) async fn commit_units(context: &Context<'_>, accounts: &Accounts, clock: Clock) -> Result<u64, LoadError> {
    let counts: Vec<Result<u64, LoadError>> = stream::iter(0..context.store.shards.len())
        .map(|shard| commit_shard(context, shard, accounts.touched_units(shard), clock))
        .buffered(FAN_OUT)
        .collect()
        .await;
    // Each has ended by itself: a commit is not cut short because another shard failed.
    counts.into_iter().sum()
}

async fn commit_shard(
    context: &Context<'_>,
    number: usize,
    units: Vec<TouchedUnit>,
    clock: Clock,
) -> Result<u64, LoadError> {
    let shard = &context.store.shards[number];
    drop_abandoned(context, number).await?;
    let (run, attempt) = (context.claims.name(), Uuid::new_v4());
    for (slice, units) in (0..).zip(slices(&units)) {
        let stage = Stage::of(run, attempt, slice, units.iter().map(|unit| (unit.account, unit.bucket)));
        context.claims.check(number).await?;
        commit_slice(context, number, &stage, units, clock).await?;
    }
    if !units.is_empty() {
        staging::drop_load(shard, &context.claims.scope(number), &run.to_string()).await?;
    }
    Ok(units.len() as u64)
}

/// Drops what loads that died have staged on the shard.
async fn drop_abandoned(context: &Context<'_>, number: usize) -> Result<(), LoadError> {
    let (shard, scope) = (&context.store.shards[number], context.claims.scope(number));
    let call = shard.call(sql::ABANDONED, &scope).param("epoch", context.claims.epoch(number));
    let abandoned: Vec<Abandoned> = call.rows().await?;
    if abandoned.is_empty() {
        return Ok(());
    }
    let fence = Fence::take(shard, &Uuid::new_v4().to_string(), context.stop).await?.ok_or(LoadError::Stopped)?;
    commit::settle(shard, &fence).await?;
    for Abandoned { run } in &abandoned {
        staging::drop_load(shard, &scope, run).await?;
    }
    Ok(fence.release().await?)
}

async fn commit_slice(
    context: &Context<'_>,
    number: usize,
    stage: &Stage,
    units: &[TouchedUnit],
    clock: Clock,
) -> Result<(), LoadError> {
    let shard = &context.store.shards[number];
    let started = Instant::now();
    let read_seq = commit::newest(shard).await?.map_or(0, |newest| newest.seq);
    let scope = context.claims.scope(number);
    context.unless_stopped(stage_universe(shard, stage, units, &scope)).await?;
    let batch = Batch {
        mode: "load",
        reason: "initial",
        as_of_ms: clock.now_ms(),
        read_seq,
        duration_ms: u64::try_from(started.elapsed().as_millis()).unwrap_or(0),
        loaded: units.iter().map(|unit| (unit.account, unit.bucket)).collect(),
    };
    commit::commit(shard, stage, &batch, context.stop).await?;
    Ok(())
}

/// The scope is that of the load, so that a successor ends the statements with all others.
async fn stage_universe(shard: &Shard, stage: &Stage, units: &[TouchedUnit], scope: &str) -> Result<(), ShardError> {
    let roots = (0..).zip(units).map(|(slot, unit)| RootRow {
        run: stage.run,
        attempt: stage.attempt,
        slice: stage.slice,
        account: unit.account,
        bucket: unit.bucket,
        segment: 0,
        version: 0,
        slot,
    });
    shard.insert_all("run_roots", scope, roots).await?;
    stage.bind(shard.call(rule_join::LOADED_UNIVERSE, scope)).limit(LONG_LIMIT).execute().await
}

/// Cuts units into slices.
fn slices(units: &[TouchedUnit]) -> Vec<&[TouchedUnit]> {
    let mut slices = Vec::new();
    let (mut from, mut profiles) = (0, 0);
    for (at, unit) in units.iter().enumerate() {
        if at > from && (at - from >= SLICE_UNITS || profiles + u64::from(unit.profiles) > SLICE_PROFILES) {
            slices.push(&units[from..at]);
            (from, profiles) = (at, 0);
        }
        profiles += u64::from(unit.profiles);
    }
    slices.push(&units[from..]);
    slices
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unit(profiles: u32) -> TouchedUnit {
        TouchedUnit { account: 1, bucket: 0, profiles }
    }

    #[test]
    fn slices_are_bounded_and_hold_all_units() {
        let lengths = |units: &[TouchedUnit]| slices(units).into_iter().map(<[_]>::len).collect::<Vec<_>>();
        assert_eq!(lengths(&[]), [0]);
        assert_eq!(lengths(&vec![unit(1); 20_001]), [10_000, 10_000, 1]);
        assert_eq!(lengths(&[30_000_000, 4_000_000, 15_000_000, 4_000_000].map(unit)), [1, 2, 1]);
    }
}
