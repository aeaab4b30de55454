//! Summaries of large units: counts of events by month as bit planes, so that long windows need not be counted anew.
//!
//! A month is marked as not summarised before events are added to its unit, and as summarised when it has been built from
//! deduplicated events afterwards; an evaluation uses marked months only.

use clickhouse::Row;
use segment_sql::summary as sql;
use serde::Deserialize;

use crate::shards::{Shard, ShardError};

#[derive(Row, Deserialize)]
struct Month {
    month: String,
}

/// Marks all months of a unit as changing: evaluations read its events again. `version` rises with each load.
pub async fn invalidate(shard: &Shard, account: u64, bucket: u16, version: u64) -> Result<(), ShardError> {
    mark(shard, account, bucket, false, version).await
}

/// Builds the months of a unit, and marks them.
pub async fn summarise(shard: &Shard, account: u64, bucket: u16, version: u64) -> Result<(), ShardError> {
    let months: Vec<Month> =
        shard.call(sql::MONTHS, "summarise").param("account", account).param("bucket", bucket).rows().await?;
    for Month { month } in months {
        shard
            .call(sql::BUILD_MONTH, "summarise")
            .param("account", account)
            .param("bucket", bucket)
            .param("month", month)
            .param("version", version)
            .execute()
            .await?;
    }
    mark(shard, account, bucket, true, version).await
}

async fn mark(shard: &Shard, account: u64, bucket: u16, built: bool, version: u64) -> Result<(), ShardError> {
    shard
        .call(sql::MARK_MONTHS, "summarise")
        .param("account", account)
        .param("bucket", bucket)
        .param("built", u8::from(built))
        // Of one version, built comes after changing.
        .param("version", version * 2 + u64::from(built))
        .execute()
        .await
}
