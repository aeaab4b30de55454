//! What is published and served, for those who watch a store.

use clickhouse::Row;
use segment_sql::{publish as sql, run as run_sql};
use serde::Deserialize;
use uuid::Uuid;

use crate::{
    shards::{Shard, ShardError},
    store::{Store, fan_out},
};

/// A definition on a shard that is not retired, or is but still has members.
#[derive(Clone, Debug, PartialEq, Eq, Row, Deserialize)]
pub struct PublishedDefinition {
    /// The account's hash.
    pub account: u64,
    /// The segment.
    pub segment: u64,
    /// `namespace/name`.
    pub path: String,
    /// Its newest version.
    pub newest: u64,
    /// `active`, `suspended` or `retired`.
    pub state: String,
}

/// What the units of a shard serve of a segment, and the evaluation that it stems from.
#[derive(Clone, Debug, PartialEq, Eq, Row, Deserialize)]
pub struct Numbers {
    /// The account's hash.
    pub account: u64,
    /// The segment.
    pub segment: u64,
    /// The least version that a unit serves.
    pub least: u64,
    /// The greatest.
    pub greatest: u64,
    /// The latest instant for which a unit's members hold, Unix milliseconds.
    pub as_of_ms: i64,
    /// Members in all units.
    pub members: u64,
    /// How many of them were none before.
    pub entered: u64,
    /// How many ceased to be.
    pub exited: u64,
    /// Of the slowest slice.
    pub duration_ms: u64,
    /// The run that found them.
    pub run: String,
}

/// A segment of a run.
#[derive(Clone, Debug, PartialEq, Eq, Row, Deserialize)]
pub struct RunSegment {
    /// The account's hash.
    pub account: u64,
    /// The segment.
    pub segment: u64,
    /// The version that is evaluated.
    pub version: u64,
    root: u64,
}

#[derive(Row, Deserialize)]
struct MemberRow {
    profile: String,
}

#[derive(Row, Deserialize)]
struct RetiredRow {
    retired: u64,
}

/// All definitions of a shard that are not retired, and those that are but still have members.
pub async fn published(shard: &Shard) -> Result<Vec<PublishedDefinition>, ShardError> {
    shard.call(sql::PUBLISHED, "publish").rows().await
}

/// The segments that a run names on a shard.
pub async fn run_segments(shard: &Shard, run: Uuid) -> Result<Vec<RunSegment>, ShardError> {
    shard.call(run_sql::SEGMENTS, "publish").param("run", run.to_string()).rows().await
}

/// The members of a segment whose ids come after one, at most so many, by id.
pub async fn members(
    store: &Store,
    account: u64,
    segment: u64,
    after: &str,
    limit: u64,
) -> Result<Vec<String>, ShardError> {
    let asked = store.shards.iter().map(|shard| {
        shard
            .call(run_sql::MEMBERS_PAGE, "members")
            .param("account", account)
            .param("segment", segment)
            .param("after", after)
            .param("limit", limit)
            .rows::<MemberRow>()
    });
    let mut members = Vec::new();
    for rows in fan_out(asked.collect()).await {
        members.extend(rows?.into_iter().map(|row| row.profile));
    }
    members.sort_unstable();
    members.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    Ok(members)
}

/// How many definitions were retired with this version or a later one.
pub async fn retired_since(shard: &Shard, version: u64) -> Result<u64, ShardError> {
    let row: Option<RetiredRow> = shard.call(sql::RETIRED_SINCE, "publish").param("version", version).row().await?;
    Ok(row.map_or(0, |row| row.retired))
}

/// What a shard serves of segments of accounts.
pub async fn numbers(shard: &Shard, accounts: &[u64], segments: &[u64]) -> Result<Vec<Numbers>, ShardError> {
    shard.call(sql::NUMBERS, "publish").param("accounts", accounts).param("segments", segments).rows().await
}
