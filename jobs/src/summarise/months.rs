//! Counts of events by day and by month as bit planes, so that long windows need not be counted anew.

use clickhouse::Row;
use futures::{StreamExt, TryStreamExt, stream};
use segment_sql::summary as sql;
use serde::Deserialize;

use super::{SCOPE, mark_version};
use crate::shards::{LONG_LIMIT, Shard, ShardError};

/// Months of a unit that are built at the same time, each by a thread of the server.
const MONTHS_AT_ONCE: usize = 4;

#[derive(Row, Deserialize)]
struct Month {
    month: String,
}

/// Marks all months of a unit as changing: evaluations read its events again. `version` rises with each load.
pub async fn invalidate(shard: &Shard, account: u64, bucket: u16, version: u64) -> Result<(), ShardError> {
    mark(shard, account, bucket, false, version).await
}

/// Builds the months of a unit, and marks them.
pub async fn build(shard: &Shard, account: u64, bucket: u16, version: u64) -> Result<(), ShardError> {
    let months: Vec<Month> =
        shard.call(sql::MONTHS, SCOPE).param("account", account).param("bucket", bucket).rows().await?;
    let build = |Month { month }| async move {
        // Months are added up from their days.
        for statement in [sql::BUILD_DAYS, sql::BUILD_MONTH] {
            let call = shard.call(statement, SCOPE).param("account", account).param("bucket", bucket);
            call.param("month", &month).param("version", version).limit(LONG_LIMIT).execute().await?;
        }
        Ok(())
    };
    stream::iter(months).map(build).buffer_unordered(MONTHS_AT_ONCE).try_collect::<()>().await?;
    mark(shard, account, bucket, true, version).await
}

async fn mark(shard: &Shard, account: u64, bucket: u16, built: bool, version: u64) -> Result<(), ShardError> {
    shard
        .call(sql::MARK_MONTHS, SCOPE)
        .param("account", account)
        .param("bucket", bucket)
        .param("built", u8::from(built))
        .param("version", mark_version(version, built))
        .execute()
        .await
}
