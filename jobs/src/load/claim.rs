//! Claims on lanes: only their holder gives profile numbers. As `fence`, but for all lanes of a shard at once, and held
//! for a whole load.
//!
//! A load claims every shard of the store in the order of their names, so that two loads never wait for each other. The
//! holder's name ends with the version of its load on the shard, and each is greater than all before, whatever the
//! system's clock does.
//!
//! Caveat: a holder looks before each insert whether its claim is still the newest. One that is suspended for more than
//! [`DEAD_AFTER`] between the look and the insert would write beside its successor.

use std::time::Duration;

use clickhouse::Row;
use segment_sql::{load as sql, run as run_sql};
use serde::Deserialize;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::LoadError;
use crate::{
    clock::Clock,
    fence::{DEAD_AFTER, Dead},
    shards::{LONG_LIMIT, Shard, ShardError},
    store::Store,
};

const HEARTBEAT: Duration = Duration::from_secs(4);
const POLL: Duration = Duration::from_millis(500);
/// How long the successor of a dead holder waits for statements that no kill has seen.
const SETTLE: Duration = Duration::from_secs(3);
/// Begins the query ids of statements that need no claim.
const SCOPE: &str = "claim";

/// The claims of a load, one for each shard of the store, in their order.
#[derive(Debug)]
pub(super) struct Claims {
    name: Uuid,
    claims: Vec<Option<Claim>>,
}

#[derive(Debug)]
struct Claim {
    shard: Shard,
    holder: String,
    epoch: u64,
    version: u64,
    heartbeat: tokio::task::JoinHandle<()>,
}

#[derive(Default, Row, Deserialize)]
struct Newest {
    epoch: u64,
    version: u64,
}

#[derive(Row, Deserialize)]
struct Claimant {
    epoch: u64,
    holder: String,
    idle_ms: i64,
}

#[derive(Row, Deserialize)]
struct Holder {
    holder: String,
}

impl Claims {
    /// Waits for the lanes of all shards and takes them. What a dead holder left is ended and mended.
    pub(super) async fn take(store: &Store, stop: &CancellationToken) -> Result<Self, LoadError> {
        let name = Uuid::new_v4();
        let mut claims = Self { name, claims: Vec::with_capacity(store.shards.len()) };
        for shard in &store.shards {
            if store.lanes_of(shard).is_empty() {
                claims.claims.push(None);
                continue;
            }
            let error = match Claim::take(shard, name, stop).await {
                Ok(Some(claim)) => {
                    claims.claims.push(Some(claim));
                    continue;
                }
                Ok(None) => LoadError::Stopped,
                Err(error) => error.into(),
            };
            // Nothing was done yet. What cannot be given back is as good as dead.
            let _ = claims.release().await;
            return Err(error);
        }
        Ok(claims)
    }

    /// For a store that nobody else sees: there is nobody to claim lanes from.
    pub(super) fn none(store: &Store) -> Self {
        Self { name: Uuid::new_v4(), claims: store.shards.iter().map(|_| None).collect() }
    }

    /// The load's name, under which it stages too: its successors find it in the claims.
    pub(super) fn name(&self) -> Uuid {
        self.name
    }

    /// Refuses to go on when another load has taken the lanes of the shard.
    pub(super) async fn check(&self, shard: usize) -> Result<(), LoadError> {
        match self.claim(shard) {
            Some(claim) => claim.check().await,
            None => Ok(()),
        }
    }

    /// The epoch of the claim on the shard; greater than those of all loads before.
    pub(super) fn epoch(&self, shard: usize) -> u64 {
        self.claim(shard).map_or(0, |claim| claim.epoch)
    }

    /// Begins the query ids of all statements of this load on the shard.
    pub(super) fn scope(&self, shard: usize) -> String {
        format!("load/{}", self.epoch(shard))
    }

    /// The version of this load on the shard.
    pub(super) fn version(&self, shard: usize) -> u64 {
        self.claim(shard).map_or(1, |claim| claim.version)
    }

    /// Gives all lanes back. Nothing of this load may be under way any more.
    pub(super) async fn release(&self) -> Result<(), ShardError> {
        for claim in self.claims.iter().flatten() {
            claim.heartbeat.abort();
            mark(&claim.shard, &claim.holder, claim.epoch, true).await?;
        }
        Ok(())
    }

    fn claim(&self, shard: usize) -> Option<&Claim> {
        self.claims.get(shard)?.as_ref()
    }
}

impl Claim {
    /// `None` if it is told to stop before it has it.
    async fn take(shard: &Shard, name: Uuid, stop: &CancellationToken) -> Result<Option<Self>, ShardError> {
        while !stop.is_cancelled() {
            // Only the wait may be cut short: who has claimed an epoch has to give it back.
            let newest = tokio::select! {
                free = wait_until_free(shard) => free?,
                () = stop.cancelled() => break,
            };
            if let Some(claim) = Self::try_take(shard, name, &newest).await? {
                claim.end_others().await?;
                return Ok(Some(claim));
            }
            tokio::time::sleep(POLL * (1 + u32::from(name.as_bytes()[0]) % 8)).await;
        }
        Ok(None)
    }

    /// Takes the epoch after the newest that was free; `None` when somebody else did so too.
    async fn try_take(shard: &Shard, name: Uuid, newest: &Newest) -> Result<Option<Self>, ShardError> {
        let epoch = newest.epoch + 1;
        let version = (newest.version + 1).max(u64::try_from(Clock::System.now_ms()).unwrap_or(0));
        let holder = format!("load-{name}@{version}");
        let claim = shard.call(sql::CLAIM_LANES, SCOPE).param("epoch", epoch).param("holder", &holder);
        claim.param("shard", shard.name()).execute().await?;
        // Also one who has given it back since had it: nobody may have it again.
        let holders: Vec<Holder> = shard.call(sql::LANE_CLAIMANTS, SCOPE).param("epoch", epoch).rows().await?;
        let mine = holders.iter().any(|row| row.holder == holder);
        if mine && holders.len() == 1 {
            let heartbeat = tokio::spawn(beat(shard.clone(), holder.clone(), epoch));
            return Ok(Some(Self { shard: shard.clone(), holder, epoch, version, heartbeat }));
        }
        if mine {
            mark(shard, &holder, epoch, true).await?;
        }
        Ok(None)
    }

    /// Ends what earlier loads may still have under way, and mends what those wrote by half that died. They are read from the
    /// table, until one has mended: a successor that died too takes nothing of that with it.
    async fn end_others(&self) -> Result<(), ShardError> {
        self.shard.call(run_sql::KILL, SCOPE).param("prefix", self.shard.query_prefix("load")).execute().await?;
        let dead: Vec<Dead> = self.shard.call(sql::DEAD_CLAIMS, SCOPE).param("epoch", self.epoch).rows().await?;
        let version = |dead: &Dead| dead.holder.rsplit_once('@').and_then(|(_, version)| version.parse().ok());
        let Some(oldest) = dead.iter().map(|dead| version(dead).unwrap_or(0_u64)).min() else { return Ok(()) };
        tracing::warn!(shard = self.shard.name(), loads = dead.len(), "mending what dead loads left");
        tokio::time::sleep(SETTLE).await;
        self.shard.call(sql::MEND_NAMES, SCOPE).param("version", oldest).limit(LONG_LIMIT).execute().await?;
        for Dead { epoch, holder } in &dead {
            mark(&self.shard, holder, *epoch, true).await?;
        }
        Ok(())
    }

    async fn check(&self) -> Result<(), LoadError> {
        let holders: Vec<Claimant> = self.shard.call(sql::CLAIM_STATE, SCOPE).rows().await?;
        if holders.iter().any(|row| row.epoch == self.epoch && row.holder == self.holder) {
            return Ok(());
        }
        Err(LoadError::Overtaken { shard: self.shard.name().to_owned() })
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        self.heartbeat.abort();
    }
}

async fn beat(shard: Shard, holder: String, epoch: u64) {
    loop {
        tokio::time::sleep(HEARTBEAT).await;
        if let Err(error) = mark(&shard, &holder, epoch, false).await {
            tracing::warn!(shard = shard.name(), error = %error, "a heartbeat of the claim failed");
        }
    }
}

/// Returns the newest claim when nobody alive holds the lanes.
///
/// The newest claim is read before its holder: a claim that is made in between then makes ours fail.
async fn wait_until_free(shard: &Shard) -> Result<Newest, ShardError> {
    let dead_after = i64::try_from(DEAD_AFTER.as_millis()).unwrap_or(i64::MAX);
    let mut waited = false;
    loop {
        let newest: Option<Newest> = shard.call(sql::NEWEST_CLAIM, SCOPE).row().await?;
        let holders: Vec<Claimant> = shard.call(sql::CLAIM_STATE, SCOPE).rows().await?;
        let Some(alive) = holders.iter().find(|holder| holder.idle_ms < dead_after) else {
            return Ok(newest.unwrap_or_default());
        };
        if !waited {
            tracing::warn!(shard = shard.name(), holder = alive.holder, "waiting for another load to end");
            waited = true;
        }
        tokio::time::sleep(POLL).await;
    }
}

async fn mark(shard: &Shard, holder: &str, epoch: u64, released: bool) -> Result<(), ShardError> {
    shard
        .call(sql::MARK_CLAIM, SCOPE)
        .param("epoch", epoch)
        .param("holder", holder)
        .param("shard", shard.name())
        .param("released", u8::from(released))
        .limit(DEAD_AFTER)
        .execute()
        .await
}
