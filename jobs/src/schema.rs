//! Makes and upgrades the schema of a store's shards: numbered, idempotent, additive steps.
//!
//! A database that holds tables of somebody else, or belongs to another store or shard, is refused. Killed at any point
//! and run again it goes on, because every step can be repeated.

use std::collections::BTreeSet;

use clickhouse::Row;
use futures::{StreamExt, TryStreamExt, stream};
use segment_sql::{
    Statement,
    schema::{STEPS, VERSION},
    store as sql,
};
use serde::Serialize;

use crate::{
    clock::Clock,
    shards::{LONG_LIMIT, Shard, ShardError},
    store::{self, FAN_OUT, Identity, Lane, Store, StoreError, fan_out},
};

/// What a new store is made with.
#[derive(Clone, Debug)]
pub struct NewStore {
    /// Its name, written into every shard.
    pub name: String,
    /// Number of lanes, fixed for ever.
    pub lanes: u16,
    /// The clock, whose kind is fixed too.
    pub clock: Clock,
    /// Whether a database of another store is taken over.
    pub adopt: bool,
}

#[derive(Row, Serialize)]
struct LaneRow {
    lane: u16,
    shard: String,
    version: u64,
}

/// Brings every shard to this build's schema; makes the store where there is none. Returns it open.
pub async fn apply(shards: Vec<Shard>, new: &NewStore) -> Result<Store, StoreError> {
    let all: Vec<usize> = (0..shards.len()).collect();
    apply_on(shards, &all, new).await
}

/// As [`apply`], on some of the shards by their indices: the others are not asked, for they may be down.
pub async fn apply_on(shards: Vec<Shard>, on: &[usize], new: &NewStore) -> Result<Store, StoreError> {
    let chosen: Vec<&Shard> = on.iter().filter_map(|index| shards.get(*index)).collect();
    let found = fan_out(chosen.iter().map(|shard| find(shard, new)).collect()).await;
    let found: Vec<Found> = store::all(found)?;
    let lanes = lanes(&shards, &found, new)?;
    let applied = chosen.iter().zip(&found).map(|(shard, found)| apply_to(shard, found, &lanes, new));
    store::all(fan_out(applied.collect()).await)?;
    // Each of these has just been found or made to be of this store, this clock and this schema.
    let lanes_on = on.first().copied().unwrap_or(0);
    Store::of_checked(shards, lanes_on).await
}

/// Where the lanes are. A shard that is added to a store learns it from the others: lanes stay where they were put.
fn lanes(shards: &[Shard], found: &[Found], new: &NewStore) -> Result<Vec<Lane>, StoreError> {
    match found.iter().map(|found| &found.lanes).find(|lanes| !lanes.is_empty()) {
        Some(lanes) => Ok(lanes.clone()),
        None if found.len() == shards.len() => Ok(dealt(shards, new.lanes)),
        None => Err(StoreError::Shards(
            "none of the chosen shards knows where the lanes are, and another one may; choose that, too, or all"
                .to_owned(),
        )),
    }
}

/// What a shard has before anything is done to it.
struct Found {
    identity: Option<Identity>,
    lanes: Vec<Lane>,
}

/// Makes the database, and refuses one that belongs to somebody else.
async fn find(shard: &Shard, new: &NewStore) -> Result<Found, StoreError> {
    store::check_server(shard).await?;
    shard.server_call(sql::CREATE_DATABASE, "schema").param("database", &shard.address().database).execute().await?;
    let tables: BTreeSet<String> = store::tables(shard).await?.into_iter().collect();
    let identity = if tables.contains("store_identity") { store::identity(shard).await? } else { None };
    if let Some(identity) = &identity {
        // First, since the tables of a newer build would pass for somebody else's.
        refuse_others(shard, identity, new)?;
    }
    refuse_strangers(shard, &tables)?;
    let lanes = if tables.contains("lanes") { store::lane_rows(shard).await? } else { Vec::new() };
    Ok(Found { identity, lanes })
}

async fn apply_to(shard: &Shard, found: &Found, lanes: &[Lane], new: &NewStore) -> Result<(), StoreError> {
    let identity = found.identity.as_ref();
    let done = identity.map_or(0, |identity| identity.schema_version);
    apply_steps(shard, done).await?;
    if found.lanes.is_empty() {
        write_lanes(shard, lanes).await?;
    }
    if done < VERSION || identity.is_some_and(|identity| identity.store != new.name) {
        write_identity(shard, identity, new).await?;
    }
    Ok(())
}

/// Applies the steps after the last that was done; those of a new store at the same time.
async fn apply_steps(shard: &Shard, done: u32) -> Result<(), ShardError> {
    let steps = &STEPS[usize::try_from(done).unwrap_or(usize::MAX).min(STEPS.len())..];
    if done > 0 {
        for step in steps {
            shard.call(*step, "schema").limit(LONG_LIMIT).execute().await?;
        }
        return Ok(());
    }
    make_all(shard, steps).await
}

/// Makes tables and views where there are none: tables do not depend on each other, views come after all of them.
pub(crate) async fn make_all(shard: &Shard, steps: &[Statement]) -> Result<(), ShardError> {
    let (tables, views): (Vec<Statement>, Vec<Statement>) =
        steps.iter().partition(|step| step.text().contains("CREATE TABLE"));
    for wave in [tables, views] {
        stream::iter(wave)
            .map(|step| shard.call(step, "schema").execute())
            .buffered(FAN_OUT)
            .try_collect::<()>()
            .await?;
    }
    Ok(())
}

fn refuse_strangers(shard: &Shard, tables: &BTreeSet<String>) -> Result<(), StoreError> {
    let ours: BTreeSet<&str> =
        STEPS.iter().filter_map(|step| step.name().split_once('_')).map(|(_, name)| name).collect();
    match tables.iter().find(|table| !ours.contains(table.as_str())) {
        Some(stranger) => Err(store::foreign(
            shard,
            format!("holds the table `{stranger}`, which is not ours; name a database of its own"),
        )),
        None => Ok(()),
    }
}

fn refuse_others(shard: &Shard, identity: &Identity, new: &NewStore) -> Result<(), StoreError> {
    store::fits(shard, identity, new.clock)?;
    if identity.store != new.name && !new.adopt {
        return Err(store::foreign(shard, format!("belongs to the store `{}`", identity.store)));
    }
    if identity.lanes != new.lanes {
        return Err(store::foreign(shard, format!("was made with {} lanes, which are fixed", identity.lanes)));
    }
    if identity.schema_version > VERSION {
        return Err(store::foreign(
            shard,
            format!("has schema version {}, newer than this build's {VERSION}", identity.schema_version),
        ));
    }
    Ok(())
}

/// Lanes of a new store, dealt to its shards in turn.
fn dealt(shards: &[Shard], lanes: u16) -> Vec<Lane> {
    let shard_of = |lane: u16| shards[usize::from(lane) % shards.len()].name().to_owned();
    (0..lanes).map(|lane| Lane { lane, shard: shard_of(lane) }).collect()
}

async fn write_lanes(shard: &Shard, lanes: &[Lane]) -> Result<(), ShardError> {
    let rows = lanes.iter().map(|Lane { lane, shard }| LaneRow { lane: *lane, shard: shard.clone(), version: 1 });
    shard.insert_all("lanes", "schema", rows).await
}

async fn write_identity(shard: &Shard, found: Option<&Identity>, new: &NewStore) -> Result<(), ShardError> {
    shard
        .call(sql::WRITE_IDENTITY, "schema")
        .param("store", &new.name)
        .param("shard", shard.name())
        .param("database_uid", found.map_or("", |identity| identity.database_uid.as_str()))
        .param("clock", new.clock.kind().to_string())
        .param("lanes", new.lanes)
        .param("schema_version", VERSION)
        .execute()
        .await
}
