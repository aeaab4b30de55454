//! The fence of a shard: only its holder commits.
//!
//! Flow: read the newest epoch, then who holds it; while somebody does and gives signs of life, wait; insert the next epoch;
//! look whether nobody else ever took the same one, even if it was given back since. A holder that died is overtaken after
//! [`DEAD_AFTER`]: its commit statements are killed, and as one may be past the kill but not yet visible, the successor
//! waits longer than a commit may take.
//!
//! Guarantee: of two that claim one epoch at the same time at least one sees both rows, and who sees both gives way. Who has
//! died is read from the table by each holder, until one has settled what the dead left: a successor that gave way, or died
//! too, takes nothing of that with it.
//! The commit statement asks for the newest epoch once more, so a holder that was overtaken commits nothing.

use std::time::Duration;

use clickhouse::Row;
use segment_sql::{commit as sql, run as run_sql};
use serde::Deserialize;
use tokio_util::sync::CancellationToken;

use crate::shards::{Shard, ShardError};

/// A holder without a heartbeat for so long is dead.
pub const DEAD_AFTER: Duration = Duration::from_secs(15);
/// A commit may take no longer than this; the statement carries it as its time limit.
pub const COMMIT_LIMIT: Duration = Duration::from_secs(2);
/// How long a successor of a dead holder waits before it reads the newest commit.
const SETTLE: Duration = Duration::from_secs(3);
const HEARTBEAT: Duration = Duration::from_secs(4);
const POLL: Duration = Duration::from_millis(20);
/// Who waits for long asks less and less often, down to this: many that wait must not keep the server busy.
const POLL_SLOWEST: Duration = Duration::from_millis(500);

/// The right to commit on a shard, until it is released. Dropped without release (a crash), it is dead after a while.
#[derive(Debug)]
pub struct Fence {
    shard: Shard,
    holder: String,
    epoch: u64,
    /// Holders before that died and whose last commit nobody has settled yet.
    dead: Vec<Dead>,
    heartbeat: tokio::task::JoinHandle<()>,
}

#[derive(Row, Deserialize)]
#[expect(clippy::struct_field_names, reason = "the names are those of the columns")]
struct Holder {
    epoch: u64,
    holder: String,
    idle_ms: i64,
}

/// Who took an epoch and never gave it back, though a later one has been taken.
#[derive(Debug, Row, Deserialize)]
pub(crate) struct Dead {
    pub(crate) epoch: u64,
    pub(crate) holder: String,
}

#[derive(Row, Deserialize)]
struct Claimant {
    holder: String,
}

#[derive(Row, Deserialize)]
struct Epoch {
    epoch: u64,
}

impl Fence {
    /// Waits for the fence of the shard and takes it. `holder` has to be unique for each call.
    ///
    /// `None` if it is told to stop before it has it.
    pub async fn take(shard: &Shard, holder: &str, stop: &CancellationToken) -> Result<Option<Self>, ShardError> {
        while !stop.is_cancelled() {
            // Only the wait may be cut short: who has claimed an epoch has to give it back.
            let newest = tokio::select! {
                free = wait_until_free(shard) => free?,
                () = stop.cancelled() => break,
            };
            let epoch = newest + 1;
            if claim(shard, holder, epoch).await? {
                let mut fence = Self::held(shard.clone(), holder.to_owned(), epoch);
                fence.dead = shard.call(sql::DEAD_FENCES, "fence").param("epoch", epoch).rows().await?;
                if fence.overtook() {
                    fence.end_the_dead().await?;
                }
                return Ok(Some(fence));
            }
            tokio::time::sleep(POLL * (1 + u32::from(holder.bytes().next_back().unwrap_or(0)) % 8)).await;
        }
        Ok(None)
    }

    /// The epoch under which this holder commits.
    pub fn epoch(&self) -> u64 {
        self.epoch
    }

    /// Whether a holder before died: what it committed may not have been applied.
    pub fn overtook(&self) -> bool {
        !self.dead.is_empty()
    }

    /// What the dead had committed has been applied: no successor has to look after them any more.
    pub(crate) async fn has_settled(&self) -> Result<(), ShardError> {
        for Dead { epoch, holder } in &self.dead {
            mark(&self.shard, holder, *epoch, true).await?;
        }
        Ok(())
    }

    /// Begins the query ids of statements that need the fence.
    pub fn scope(&self) -> String {
        format!("commit/{}", self.epoch)
    }

    /// Gives the fence back. Nothing of this epoch may be under way any more, and what was committed has been applied:
    /// who cannot promise that leaves the fence to be overtaken.
    pub async fn release(self) -> Result<(), ShardError> {
        self.heartbeat.abort();
        mark(&self.shard, &self.holder, self.epoch, true).await
    }

    fn held(shard: Shard, holder: String, epoch: u64) -> Self {
        let (beating_shard, beating_holder) = (shard.clone(), holder.clone());
        let heartbeat = tokio::spawn(async move {
            loop {
                tokio::time::sleep(HEARTBEAT).await;
                if let Err(error) = mark(&beating_shard, &beating_holder, epoch, false).await {
                    tracing::warn!(shard = beating_shard.name(), error = %error, "a heartbeat of the fence failed");
                }
            }
        });
        Self { shard, holder, epoch, dead: Vec::new(), heartbeat }
    }

    async fn end_the_dead(&self) -> Result<(), ShardError> {
        for Dead { epoch, .. } in &self.dead {
            let prefix = self.shard.query_prefix(&format!("commit/{epoch}"));
            self.shard.call(run_sql::KILL, &self.scope()).param("prefix", prefix).execute().await?;
        }
        tokio::time::sleep(SETTLE).await;
        Ok(())
    }
}

impl Drop for Fence {
    fn drop(&mut self) {
        self.heartbeat.abort();
    }
}

/// Returns the newest epoch when nobody alive holds it.
///
/// The epoch is read before its holder: a claim that is made in between then makes ours fail.
async fn wait_until_free(shard: &Shard) -> Result<u64, ShardError> {
    let dead_after = i64::try_from(DEAD_AFTER.as_millis()).unwrap_or(i64::MAX);
    let mut waited = false;
    let mut pause = POLL;
    loop {
        let newest: Option<Epoch> = shard.call(sql::NEWEST_EPOCH, "fence").row().await?;
        let holders: Vec<Holder> = shard.call(sql::FENCE_STATE, "fence").rows().await?;
        let Some(alive) = holders.iter().find(|holder| holder.idle_ms < dead_after) else {
            return Ok(newest.map_or(0, |row| row.epoch));
        };
        if !waited {
            tracing::debug!(shard = shard.name(), holder = alive.holder, epoch = alive.epoch, "waiting for the fence");
            waited = true;
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(POLL_SLOWEST);
    }
}

/// Claims an epoch; false when somebody else did so too, now or before.
async fn claim(shard: &Shard, holder: &str, epoch: u64) -> Result<bool, ShardError> {
    shard.call(sql::CLAIM_FENCE, "fence").param("epoch", epoch).param("holder", holder).execute().await?;
    let claimants: Vec<Claimant> = shard.call(sql::CLAIMANTS, "fence").param("epoch", epoch).rows().await?;
    // A row of one that came too late would have the true holder give way.
    let is_mine = claimants.iter().any(|claimant| claimant.holder == holder);
    if is_mine && claimants.len() > 1 {
        mark(shard, holder, epoch, true).await?;
    }
    Ok(is_mine && claimants.len() == 1)
}

async fn mark(shard: &Shard, holder: &str, epoch: u64, released: bool) -> Result<(), ShardError> {
    shard
        .call(sql::MARK_FENCE, "fence")
        .param("epoch", epoch)
        .param("holder", holder)
        .param("released", u8::from(released))
        .limit(DEAD_AFTER)
        .execute()
        .await
}
