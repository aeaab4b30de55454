//! What runs stage on their way to a commit: the tables `run_*`, in which each run has a partition of its own.

use clickhouse::Row;
use futures::future::try_join_all;
use segment_sql::run as sql;
use serde::Deserialize;
use uuid::Uuid;

use crate::shards::{Call, Shard, ShardError};

/// Names the statements that end the staging of a run.
const SCOPE: &str = "drop";

/// The staging of one slice by one attempt of a run: names rows in the `run_*` tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stage {
    /// The run.
    pub run: Uuid,
    /// This process's try at it.
    pub attempt: Uuid,
    /// Number of the slice within the attempt.
    pub slice: u32,
    /// Least account of the slice.
    pub account_from: u64,
    /// Greatest account of the slice.
    pub account_to: u64,
    /// Least bucket of the slice: parts of an account that other slices have are not read.
    pub bucket_from: u16,
    /// Greatest bucket of the slice.
    pub bucket_to: u16,
}

impl Stage {
    /// The staging of a slice with these units, each an account and a bucket.
    pub fn of(run: Uuid, attempt: Uuid, slice: u32, units: impl Iterator<Item = (u64, u16)> + Clone) -> Self {
        let (accounts, buckets) = (units.clone().map(|unit| unit.0), units.map(|unit| unit.1));
        Self {
            run,
            attempt,
            slice,
            account_from: accounts.clone().min().unwrap_or(0),
            account_to: accounts.max().unwrap_or(0),
            bucket_from: buckets.clone().min().unwrap_or(0),
            bucket_to: buckets.max().unwrap_or(0),
        }
    }

    /// Begins the query ids of this attempt's statements.
    pub fn scope(&self) -> String {
        format!("run/{}/{}/{}", self.run, self.attempt, self.slice)
    }

    /// Gives a call the parameters that name this staging.
    pub fn bind<'a>(&self, call: Call<'a>) -> Call<'a> {
        call.param("run", self.run.to_string())
            .param("attempt", self.attempt.to_string())
            .param("slice", self.slice)
            .param("account_from", self.account_from)
            .param("account_to", self.account_to)
            .param("bucket_from", self.bucket_from)
            .param("bucket_to", self.bucket_to)
    }
}

#[derive(Row, Deserialize)]
struct StagedRow {
    table: String,
}

/// The tables that hold rows of a run, by any of its attempts.
pub(crate) async fn tables(shard: &Shard, run: &str) -> Result<Vec<String>, ShardError> {
    let rows: Vec<StagedRow> = shard.call(sql::STAGED, SCOPE).param("run", run).rows().await?;
    Ok(rows.into_iter().map(|row| row.table).collect())
}

/// Drops what a run has staged in these tables, in any order.
pub(crate) async fn drop_from(shard: &Shard, run: &str, tables: &[String]) -> Result<(), ShardError> {
    try_join_all(tables.iter().map(|table| drop_table(shard, SCOPE, run, table))).await?;
    Ok(())
}

/// Drops all that a run has staged.
pub(crate) async fn drop_all(shard: &Shard, run: &str) -> Result<(), ShardError> {
    drop_from(shard, run, &tables(shard, run).await?).await
}

/// Drops what a load has staged. Roots go first: pages without roots are never committed.
pub async fn drop_load(shard: &Shard, scope: &str, run: &str) -> Result<(), ShardError> {
    drop_table(shard, scope, run, "run_roots").await?;
    drop_table(shard, scope, run, "run_results").await
}

async fn drop_table(shard: &Shard, scope: &str, run: &str, table: &str) -> Result<(), ShardError> {
    shard.call(sql::DROP_STAGED, scope).param("table", table).param("run", run).execute().await
}
