//! Commits: staged results become current, all or nothing, one after the other (see `fence`).
//!
//! Flow under the fence: if the holder before died, apply the newest commit once more (it may have died between the commit
//! and its pages); stage empty pages for what the evaluation left without members; write what the batch would do under its batch id;
//! insert the commit, one row in one block; read it back; apply. Before the commit nothing of the batch counts, after it
//! everything does, and whoever takes the fence next finishes the applying.

use clickhouse::Row;
use segment_sql::{commit as sql, run as run_sql};
use serde::Deserialize;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::{
    fence::{COMMIT_LIMIT, Fence},
    shards::{Shard, ShardError},
    staging::Stage,
};

/// What a commit says beside its pages.
#[derive(Clone, Debug)]
pub struct Batch {
    /// `manual` or `load`.
    pub mode: &'static str,
    /// Why members change.
    pub reason: &'static str,
    /// The instant of the evaluation, Unix milliseconds.
    pub as_of_ms: i64,
    /// The newest commit when the evaluation began to read.
    pub read_seq: u64,
    /// How long the evaluation of the slice took.
    pub duration_ms: u64,
    /// Units whose bulk load ends with this commit.
    pub loaded: Vec<(u64, u16)>,
}

/// The newest commit of a shard.
#[derive(Clone, Debug, Row, Deserialize)]
pub struct Commit {
    /// Its place in the order of the shard.
    pub seq: u64,
    run: String,
    attempt: String,
    slice: u32,
    batch: String,
    /// The instant it holds for, Unix milliseconds; never below that of an earlier commit.
    pub as_of_ms: i64,
}

#[derive(Row, Deserialize)]
struct Commits {
    commits: u64,
}

/// Why a batch was not committed.
#[derive(Debug, thiserror::Error)]
pub enum CommitError {
    /// A statement failed.
    #[error(transparent)]
    Shard(#[from] ShardError),
    /// Another process has taken the fence because this one gave no sign of life.
    #[error("shard {shard}: the fence was lost to a newer epoch, nothing was committed; run the job again")]
    Overtaken {
        /// Name of the shard.
        shard: String,
    },
    /// The process was asked to stop before it committed.
    #[error("shard {shard}: stopped before the commit")]
    Stopped {
        /// Name of the shard.
        shard: String,
    },
}

impl Commit {
    fn of(stage: &Stage, batch: Uuid) -> Self {
        Self {
            seq: 0,
            run: stage.run.to_string(),
            attempt: stage.attempt.to_string(),
            slice: stage.slice,
            batch: batch.to_string(),
            as_of_ms: 0,
        }
    }
}

/// The newest commit of the shard; `None` before the first.
pub async fn newest(shard: &Shard) -> Result<Option<Commit>, ShardError> {
    shard.call(sql::NEWEST_COMMIT, "read").row().await
}

/// Makes a staged slice current. Returns the commit's place in the order of the shard.
///
/// When it is told to stop, it ends at once before the commit, and after the whole of it from there on.
pub async fn commit(shard: &Shard, stage: &Stage, batch: &Batch, stop: &CancellationToken) -> Result<u64, CommitError> {
    let id = Uuid::new_v4();
    let stopped = || CommitError::Stopped { shard: shard.name().to_owned() };
    let fence = Fence::take(shard, &id.to_string(), stop).await?.ok_or_else(stopped)?;
    let before = settle(shard, &fence).await?;
    let seq = before.as_ref().map_or(0, |last| last.seq) + 1;
    let as_of_ms = before.map_or(batch.as_of_ms, |last| last.as_of_ms.max(batch.as_of_ms));
    let prepared = tokio::select! {
        prepared = prepare(shard, &fence, stage, batch, id, seq) => prepared.map_err(CommitError::from),
        () = stop.cancelled() => Err(stopped()),
    };
    if let Err(error) = prepared {
        // What is left of it would write beside the next holder; without a commit it counts for nothing.
        let prefix = shard.query_prefix(&fence.scope());
        shard.call(run_sql::KILL, "kill").param("prefix", prefix).execute().await?;
        fence.release().await?;
        return Err(error);
    }
    // From here on an error leaves the fence as it is: whoever overtakes it finds out what became of the commit.
    write(shard, &fence, stage, batch, Commit { seq, as_of_ms, ..Commit::of(stage, id) }).await?;
    fence.release().await?;
    Ok(seq)
}

/// Inserts the commit, makes sure that it is there, and applies it.
async fn write(shard: &Shard, fence: &Fence, stage: &Stage, batch: &Batch, commit: Commit) -> Result<(), CommitError> {
    stage
        .bind(shard.call(sql::COMMIT, &fence.scope()))
        .param("seq", commit.seq)
        .param("epoch", fence.epoch())
        .param("batch", &commit.batch)
        .param("reason", batch.reason)
        .param("as_of_ms", commit.as_of_ms)
        .param("read_seq", batch.read_seq)
        .param("loaded", &batch.loaded)
        .limit(COMMIT_LIMIT)
        .execute()
        .await?;
    let found: Option<Commits> =
        shard.call(sql::COMMITTED, &fence.scope()).param("seq", commit.seq).param("batch", &commit.batch).row().await?;
    if found.is_none_or(|row| row.commits == 0) {
        return Err(CommitError::Overtaken { shard: shard.name().to_owned() });
    }
    Ok(apply(shard, fence, &commit).await?)
}

/// Writes all that the commit will make valid.
async fn prepare(
    shard: &Shard,
    fence: &Fence,
    stage: &Stage,
    batch: &Batch,
    id: Uuid,
    seq: u64,
) -> Result<(), ShardError> {
    let scope = fence.scope();
    if batch.mode != "load" {
        stage.bind(shard.call(sql::CLEAR_PAGES, &scope)).execute().await?;
    }
    let bind =
        |call| stage.bind(call).param("batch", id.to_string()).param("seq", seq).param("as_of_ms", batch.as_of_ms);
    bind(shard.call(sql::EVALUATIONS, &scope))
        .param("mode", batch.mode)
        .param("duration_ms", batch.duration_ms)
        .execute()
        .await?;
    if batch.mode != "load" {
        bind(shard.call(sql::MEMBERSHIP_CHANGES, &scope)).param("reason", batch.reason).execute().await?;
    }
    Ok(())
}

/// The newest commit; applied once more if its writer may have died before its pages were current.
pub async fn settle(shard: &Shard, fence: &Fence) -> Result<Option<Commit>, ShardError> {
    let last = newest(shard).await?;
    if let Some(commit) = last.as_ref().filter(|_| fence.overtook()) {
        apply(shard, fence, commit).await?;
    }
    fence.has_settled().await?;
    Ok(last)
}

/// Makes a commit's pages, versions and loads current; again is as once.
async fn apply(shard: &Shard, fence: &Fence, commit: &Commit) -> Result<(), ShardError> {
    let call = |statement| {
        shard
            .call(statement, &fence.scope())
            .param("run", &commit.run)
            .param("attempt", &commit.attempt)
            .param("slice", commit.slice)
            .param("batch", &commit.batch)
            .param("seq", commit.seq)
            .execute()
    };
    futures::try_join!(call(sql::APPLY_MEMBERSHIP), call(sql::APPLY_LIVE_DEFINITIONS), call(sql::APPLY_UNIT_LOADS))?;
    Ok(())
}
