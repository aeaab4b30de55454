//! Property pairs: their properties of events that are there already, for publication and for the end of a load.

use std::collections::{BTreeSet, HashMap, HashSet};

use clickhouse::Row;
use segment_rules::{Compiled, PropertyPair, property_pairs, sip_hash_64};
use segment_sql::load as sql;
use serde::Deserialize;

use super::{LoadError, accounts::Accounts};
use crate::{
    pairs::KeptPair,
    shards::{Shard, ShardError},
    store::Store,
};

/// Begins the query ids. Not a load's: the next load need not end a back-fill, which does no harm.
const SCOPE: &str = "backfill";

/// The pairs that every insert of this load heeds, by shard.
pub(super) struct Pairs(Vec<PairsOfShard>);

/// Pairs by account.
#[derive(Default)]
pub(super) struct PairsOfShard(HashMap<u64, BTreeSet<PropertyPair>>);

#[derive(Row, Deserialize)]
struct Bucket {
    bucket: u16,
}

/// Writes a pair of all events of the account on this shard, bucket by bucket. A metric of `*` means all. Rows are
/// replaced by themselves, so that it can be repeated.
pub async fn backfill(shard: &Shard, account: u64, pair: &PropertyPair) -> Result<(), ShardError> {
    let buckets: Vec<Bucket> = shard.call(sql::BUCKETS_WITH_EVENTS, SCOPE).param("account", account).rows().await?;
    let statement = if pair.summed.is_empty() { sql::BACKFILL_PAIR } else { sql::BACKFILL_AMOUNTS };
    for Bucket { bucket } in buckets {
        let call = shard.call(statement, SCOPE).param("account", account).param("bucket", bucket);
        let call = call.param("metric", &pair.metric).param("property", &pair.property);
        let call = if pair.summed.is_empty() { call } else { call.param("summed", &pair.summed) };
        call.filling_in().execute().await?;
    }
    Ok(())
}

impl Pairs {
    /// Reads the pairs that are there before the first insert.
    pub(super) async fn read(store: &Store) -> Result<Self, LoadError> {
        let mut pairs = Vec::with_capacity(store.shards.len());
        for shard in &store.shards {
            let mut of_shard = PairsOfShard::default();
            for (account, pair) in read_pairs(shard).await? {
                of_shard.0.entry(account).or_default().insert(pair);
            }
            pairs.push(of_shard);
        }
        Ok(Self(pairs))
    }

    /// Those that rules ask for, for a store of one shard.
    pub(super) fn asked(compiled: &Compiled) -> Self {
        let of_account = |(key, rules): (&String, _)| (sip_hash_64(key), property_pairs(rules));
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
            let pairs = read_pairs(shard).await?.into_iter();
            let mut new: Vec<_> =
                pairs.filter(|(account, pair)| touched.contains(account) && !before.contains(*account, pair)).collect();
            // Amounts are put together from properties.
            new.sort_by_key(|(_, pair)| !pair.summed.is_empty());
            for (account, pair) in new {
                backfill(shard, account, &pair).await?;
            }
        }
        Ok(())
    }
}

impl PairsOfShard {
    /// The pairs of an account that name a metric; some may come twice, as of that metric and of all.
    pub(super) fn of_metric(&self, account: u64, metric: &str) -> impl Iterator<Item = &PropertyPair> {
        let pairs = self.0.get(&account).into_iter().flatten();
        pairs.filter(move |pair| pair.metric == metric || pair.metric == "*")
    }

    fn contains(&self, account: u64, pair: &PropertyPair) -> bool {
        self.0.get(&account).is_some_and(|pairs| pairs.contains(pair))
    }
}

async fn read_pairs(shard: &Shard) -> Result<Vec<(u64, PropertyPair)>, ShardError> {
    let rows: Vec<KeptPair> = shard.call(sql::PROPERTY_PAIRS, SCOPE).rows().await?;
    Ok(rows.into_iter().map(KeptPair::pair).collect())
}
