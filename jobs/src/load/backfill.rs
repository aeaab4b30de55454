//! Property pairs: their properties of events that are there already, for publication and for the end of a load.

use std::collections::HashSet;

use clickhouse::Row;
use segment_sql::load as sql;
use serde::Deserialize;

use super::{LoadError, accounts::Accounts};
use crate::{
    shards::{Shard, ShardError},
    store::Store,
};

/// Begins the query ids. Not a load's: the next load need not end a back-fill, which does no harm.
const SCOPE: &str = "backfill";

/// The pairs that every insert of this load sees, by shard.
pub(super) struct Pairs(Vec<HashSet<u64>>);

#[derive(Row, Deserialize)]
struct Bucket {
    bucket: u16,
}

#[derive(Row, Deserialize)]
struct Known {
    hash: u64,
}

#[derive(Row, Deserialize)]
struct Pair {
    account: u64,
    metric: String,
    property: String,
    hash: u64,
}

/// Writes the property of all events of the account on this shard into `event_properties`, bucket by bucket. A metric of
/// `*` means all. Rows are replaced by themselves, so that it can be repeated.
pub async fn backfill(shard: &Shard, account: u64, metric: &str, property: &str) -> Result<(), ShardError> {
    let buckets: Vec<Bucket> = shard.call(sql::BUCKETS_WITH_EVENTS, SCOPE).param("account", account).rows().await?;
    for Bucket { bucket } in buckets {
        shard
            .call(sql::BACKFILL_PAIR, SCOPE)
            .param("account", account)
            .param("bucket", bucket)
            .param("metric", metric)
            .param("property", property)
            // A block of profiles may hold events of any number of months.
            .setting("max_partitions_per_insert_block", "0")
            .execute()
            .await?;
    }
    Ok(())
}

impl Pairs {
    /// Reads the pairs that are there before the first insert.
    pub(super) async fn read(store: &Store) -> Result<Self, LoadError> {
        let mut pairs = Vec::with_capacity(store.shards.len());
        for shard in &store.shards {
            let rows: Vec<Known> = shard.call(sql::PAIR_HASHES, SCOPE).rows().await?;
            pairs.push(rows.into_iter().map(|row| row.hash).collect());
        }
        Ok(Self(pairs))
    }

    /// Fills in the pairs that were registered since: neither did all inserts see them, nor did the back-fill of their
    /// publication see all events.
    pub(super) async fn fill_in(&self, store: &Store, accounts: &Accounts) -> Result<(), LoadError> {
        let touched: HashSet<u64> = accounts.touched().collect();
        if touched.is_empty() {
            return Ok(());
        }
        for (shard, before) in store.shards.iter().zip(&self.0) {
            let pairs: Vec<Pair> = shard.call(sql::PROPERTY_PAIRS, SCOPE).rows().await?;
            for pair in pairs.iter().filter(|pair| !before.contains(&pair.hash) && touched.contains(&pair.account)) {
                backfill(shard, pair.account, &pair.metric, &pair.property).await?;
            }
        }
        Ok(())
    }
}
