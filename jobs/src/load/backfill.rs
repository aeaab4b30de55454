//! Property pairs: their properties of events that are there already, for publication and for the end of a load.

use std::collections::{HashMap, HashSet};

use clickhouse::Row;
use segment_rules::{Compiled, property_pairs, sip_hash_64};
use segment_sql::load as sql;
use serde::Deserialize;

use super::{LoadError, accounts::Accounts};
use crate::{
    shards::{LONG_LIMIT, Shard, ShardError},
    store::Store,
};

/// Begins the query ids. Not a load's: the next load need not end a back-fill, which does no harm.
const SCOPE: &str = "backfill";

/// The pairs that every insert of this load heeds, by shard.
pub(super) struct Pairs(Vec<PairsOfShard>);

/// Metric and property of each pair, by account.
#[derive(Default)]
pub(super) struct PairsOfShard(HashMap<u64, Vec<(String, String)>>);

#[derive(Row, Deserialize)]
struct Bucket {
    bucket: u16,
}

#[derive(Row, Deserialize)]
struct Pair {
    account: u64,
    metric: String,
    property: String,
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
            .limit(LONG_LIMIT)
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
            let mut of_shard = PairsOfShard::default();
            for Pair { account, metric, property } in read_pairs(shard).await? {
                of_shard.0.entry(account).or_default().push((metric, property));
            }
            pairs.push(of_shard);
        }
        Ok(Self(pairs))
    }

    /// Those that rules ask for, for a store of one shard.
    pub(super) fn asked(compiled: &Compiled) -> Self {
        let of_account = |(key, rules): (&String, _)| (sip_hash_64(key), property_pairs(rules).into_iter().collect());
        Self(vec![PairsOfShard(compiled.accounts.iter().map(of_account).collect())])
    }

    /// Those of a shard, by its number.
    pub(super) fn of_shard(&self, shard: usize) -> &PairsOfShard {
        &self.0[shard]
    }

    /// Fills in the pairs that were registered since: neither did the inserts heed them, nor did the back-fill of their
    /// publication see all events.
    pub(super) async fn fill_in(&self, store: &Store, accounts: &Accounts) -> Result<(), LoadError> {
        let touched: HashSet<u64> = accounts.touched().collect();
        if touched.is_empty() {
            return Ok(());
        }
        for (shard, before) in store.shards.iter().zip(&self.0) {
            let pairs = read_pairs(shard).await?;
            for pair in pairs.iter().filter(|pair| touched.contains(&pair.account) && !before.contains(pair)) {
                backfill(shard, pair.account, &pair.metric, &pair.property).await?;
            }
        }
        Ok(())
    }
}

impl PairsOfShard {
    /// The properties that pairs of an account name for a metric; some may come twice.
    pub(super) fn properties(&self, account: u64, metric: &str) -> impl Iterator<Item = &str> {
        let pairs = self.0.get(&account).into_iter().flatten();
        pairs.filter(move |(of, _)| of == metric || of == "*").map(|(_, property)| property.as_str())
    }

    fn contains(&self, pair: &Pair) -> bool {
        let mut pairs = self.0.get(&pair.account).into_iter().flatten();
        pairs.any(|(metric, property)| *metric == pair.metric && *property == pair.property)
    }
}

async fn read_pairs(shard: &Shard) -> Result<Vec<Pair>, ShardError> {
    shard.call(sql::PROPERTY_PAIRS, SCOPE).rows().await
}
