//! What a shard says of accounts: their buckets, the versions of their definitions, and what their units serve.

use std::{collections::HashMap, time::Duration};

use clickhouse::Row;
use segment_sql::publish as sql;
use serde::Deserialize;

use crate::shards::{Shard, ShardError};

/// What a shard says of some accounts.
#[derive(Clone, Debug, Default)]
pub(super) struct Survey {
    /// Buckets of the accounts that it knows.
    pub(super) buckets: HashMap<u64, u16>,
    /// Units of each account that live here; accounts without any are missing.
    pub(super) units: HashMap<u64, u64>,
    /// The newest definitions, by account and segment.
    pub(super) newest: HashMap<(u64, u64), Newest>,
    /// What the units serve, by account and segment.
    pub(super) served: HashMap<(u64, u64), Served>,
    /// Versions that the server would not evaluate.
    pub(super) failed: HashMap<(u64, u64, u64), Refusal>,
}

impl Survey {
    /// Hashes of the definitions that the shard has.
    pub(super) fn hashes(&self) -> impl Iterator<Item = u128> {
        self.newest.values().filter_map(|newest| newest.hash.parse().ok())
    }
}

/// The newest version of a definition on a shard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Newest {
    pub(super) version: u64,
    pub(super) hash: String,
    pub(super) state: String,
}

/// What the units of an account serve of a segment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Served {
    /// Units that serve some version.
    pub(super) units: u64,
    /// The least version among them.
    pub(super) least: u64,
    /// The greatest.
    pub(super) greatest: u64,
    /// As of when they were evaluated, Unix milliseconds: the unit for which that is longest ago.
    pub(super) oldest_ms: i64,
    /// And the one for which it is not.
    pub(super) newest_ms: i64,
    /// Whether some unit was loaded since it was evaluated.
    pub(super) stale: bool,
    /// When the last of these was loaded, Unix milliseconds.
    pub(super) loaded_ms: i64,
}

/// That the server would not evaluate a version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The server's reason.
    pub reason: String,
    /// The instant that was to be evaluated, Unix milliseconds.
    pub as_of_ms: i64,
}

#[derive(Row, Deserialize)]
struct AccountRow {
    account: u64,
    buckets: u16,
}

#[derive(Row, Deserialize)]
struct NewestRow {
    account: u64,
    segment: u64,
    newest: u64,
    newest_hash: String,
    newest_state: String,
}

#[derive(Row, Deserialize)]
struct ServedRow {
    account: u64,
    segment: u64,
    units: u64,
    serving: u64,
    least: u64,
    greatest: u64,
    oldest_ms: i64,
    newest_ms: i64,
    stale: u8,
    loaded_ms: i64,
}

#[derive(Row, Deserialize)]
struct FailedRow {
    account: u64,
    segment: u64,
    version: u64,
    reason: String,
    as_of_ms: i64,
}

/// A shard that has not answered after so long is taken for one that is down.
const LIMIT: Duration = Duration::from_secs(20);

/// Asks a shard.
pub(super) async fn survey(shard: &Shard, accounts: &[u64]) -> Result<Survey, ShardError> {
    let timed_out = |_| Err(shard.error("survey", clickhouse::error::Error::TimedOut));
    tokio::time::timeout(LIMIT, ask(shard, accounts)).await.unwrap_or_else(timed_out)
}

async fn ask(shard: &Shard, accounts: &[u64]) -> Result<Survey, ShardError> {
    let call = |statement| shard.call(statement, "publish").param("accounts", accounts);
    let (buckets, newest, served, failed) = futures::try_join!(
        call(sql::ACCOUNTS).rows::<AccountRow>(),
        call(sql::NEWEST_DEFINITIONS).rows::<NewestRow>(),
        call(sql::SERVED).rows::<ServedRow>(),
        call(sql::FAILED).rows::<FailedRow>(),
    )?;
    let mut survey = Survey::default();
    survey.buckets.extend(buckets.into_iter().map(|row| (row.account, row.buckets)));
    survey.newest.extend(newest.into_iter().map(|row| {
        let NewestRow { account, segment, newest, newest_hash, newest_state } = row;
        ((account, segment), Newest { version: newest, hash: newest_hash, state: newest_state })
    }));
    for row in served {
        let ServedRow { account, segment, units, serving, least, greatest, oldest_ms, newest_ms, stale, loaded_ms } =
            row;
        survey.units.insert(account, units);
        if serving > 0 {
            let stale = stale == 1;
            let served = Served { units: serving, least, greatest, oldest_ms, newest_ms, stale, loaded_ms };
            survey.served.insert((account, segment), served);
        }
    }
    survey.failed.extend(failed.into_iter().map(|row| {
        let FailedRow { account, segment, version, reason, as_of_ms } = row;
        ((account, segment, version), Refusal { reason, as_of_ms })
    }));
    Ok(survey)
}
