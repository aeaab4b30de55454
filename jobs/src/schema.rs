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
    shards::{Shard, ShardError},
    store::{self, FAN_OUT, Identity, Store, StoreError},
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
}

#[derive(Row, Serialize)]
struct LaneRow {
    lane: u16,
    shard: String,
    version: u64,
}

/// Brings every shard to this build's schema; makes the store where there is none. Returns it open.
pub async fn apply(shards: Vec<Shard>, new: &NewStore) -> Result<Store, StoreError> {
    stream::iter(&shards).map(|shard| apply_to(shard, &shards, new)).buffered(FAN_OUT).try_collect::<()>().await?;
    // Each shard has just been found or made to be of this store, this clock and this schema.
    Store::of_checked(shards).await
}

async fn apply_to(shard: &Shard, all: &[Shard], new: &NewStore) -> Result<(), StoreError> {
    store::check_server(shard).await?;
    shard.server_call(sql::CREATE_DATABASE, "schema").param("database", &shard.address().database).execute().await?;
    let tables: BTreeSet<String> = store::tables(shard).await?.into_iter().collect();
    let found = if tables.contains("store_identity") { store::identity(shard).await? } else { None };
    if let Some(identity) = &found {
        // First, since the tables of a newer build would pass for somebody else's.
        refuse_others(shard, identity, new)?;
    }
    refuse_strangers(shard, &tables)?;
    let done = found.as_ref().map_or(0, |identity| identity.schema_version);
    apply_steps(shard, done).await?;
    if found.is_none() {
        write_lanes(shard, all, new.lanes).await?;
    }
    if done < VERSION {
        write_identity(shard, found.as_ref(), new).await?;
    }
    Ok(())
}

/// Applies the steps after the last that was done; those of a new store at the same time.
async fn apply_steps(shard: &Shard, done: u32) -> Result<(), ShardError> {
    let steps = &STEPS[usize::try_from(done).unwrap_or(usize::MAX).min(STEPS.len())..];
    if done > 0 {
        for step in steps {
            shard.call(*step, "schema").execute().await?;
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
    if identity.store != new.name {
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

async fn write_lanes(shard: &Shard, all: &[Shard], lanes: u16) -> Result<(), ShardError> {
    let rows = (0..lanes).map(|lane| LaneRow {
        lane,
        shard: all[usize::from(lane) % all.len()].name().to_owned(),
        version: 1,
    });
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
