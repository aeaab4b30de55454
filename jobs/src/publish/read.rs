//! What is published and served, for those who watch a store.

use clickhouse::Row;
use segment_rules::sip_hash_64;
use segment_sql::{publish as sql, run as run_sql};
use serde::Deserialize;
use uuid::Uuid;

use crate::{
    shards::{Shard, ShardError},
    store::{Missing, Store, fan_out},
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
#[expect(dead_code, reason = "a row has all columns of its statement")]
struct AccountRow {
    account: u64,
    buckets: u16,
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

/// The members of a segment whose ids come after one, at most so many.
#[derive(Clone, Copy, Debug)]
pub struct Page<'a> {
    /// The account's hash.
    pub account: u64,
    /// The segment.
    pub segment: u64,
    /// The id that theirs come after.
    pub after: &'a str,
    /// At most so many.
    pub limit: u64,
}

/// A page of members by id, of the shards that are not missing. One that fails is missing from then on.
pub async fn members(store: &Store, page: Page<'_>, missing: &mut Missing) -> Vec<String> {
    let here: Vec<usize> = (0..store.shards.len()).filter(|index| !missing.contains_key(index)).collect();
    let asked = here.iter().map(|index| {
        store.shards[*index]
            .call(run_sql::MEMBERS_PAGE, "members")
            .param("account", page.account)
            .param("segment", page.segment)
            .param("after", page.after)
            .param("limit", page.limit)
            .rows::<MemberRow>()
    });
    let mut members = Vec::new();
    for (index, rows) in here.iter().zip(fan_out(asked.collect()).await) {
        match rows {
            Ok(rows) => members.extend(rows.into_iter().map(|row| row.profile)),
            Err(error) => drop(missing.insert(*index, error.into())),
        }
    }
    members.sort_unstable();
    members.truncate(usize::try_from(page.limit).unwrap_or(usize::MAX));
    members
}

/// Into how many buckets an account is cut; none if no shard that is not missing knows the account.
pub(crate) async fn buckets(store: &Store, account_key: &str, missing: &Missing) -> Result<Option<u16>, ShardError> {
    let accounts = vec![sip_hash_64(account_key)];
    for (index, shard) in store.shards.iter().enumerate() {
        if missing.contains_key(&index) {
            continue;
        }
        let row: Option<AccountRow> = shard.call(sql::ACCOUNTS, "publish").param("accounts", &accounts).row().await?;
        if let Some(AccountRow { buckets, .. }) = row {
            return Ok(Some(buckets.max(1)));
        }
    }
    Ok(None)
}

/// Whether nothing of an account lies on shards that are missing. If nobody knows where it lies, it may.
pub async fn is_whole(store: &Store, account_key: &str, missing: &Missing) -> Result<bool, ShardError> {
    if missing.is_empty() {
        return Ok(true);
    }
    let Some(buckets) = buckets(store, account_key, missing).await? else { return Ok(false) };
    let homes = store.shards_of(account_key, buckets);
    Ok(!homes.into_iter().any(|home| store.is_missing(home, missing)))
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
