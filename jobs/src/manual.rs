//! Manual evaluation: everything that a run names, on every shard, slice by slice.
//!
//! Flow on a shard: end what an earlier attempt left (its statements are killed, a commit of it that was not applied is
//! applied, its staging is dropped); read what the run asks for less what it has committed; evaluate slices; commit each.
//!
//! Guarantees: killed at any point and run again, the run ends as if nothing had happened. Any number of runs work side by
//! side; only their commits wait for each other. A segment that the server refuses fails alone, with the server's reason;
//! trouble that passes (see `shards::Fault`) fails the attempt and no segment.
//!
//! Told to stop, it ends its statements, lets a commit that has been written be applied, and gives the fence back.
//!
//! Caveat: a server may begin a statement of a killed attempt after its successor has ended all that it saw. Its rows are
//! nobody's, and stay in staging until the run is worked through once more.

mod read;
pub(crate) mod slices;

use std::{collections::HashMap, time::Instant};

use clickhouse::Row;
use futures::{StreamExt, stream, try_join};
use segment_sql::run as sql;
use serde::Deserialize;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::{
    causes::chain,
    clock::Clock,
    commit::{self, Batch, CommitError},
    evaluate::{
        self, Limits, known,
        plan::{self, AccountRules, Known, UnitWork},
    },
    fence::Fence,
    shards::{Call, Fault, SHORT_LIMIT, Shard, ShardError},
    staging::{self, Stage},
    store::FAN_OUT,
};
pub use read::{Evaluation, evaluations};
pub use slices::Bounds;

/// How a run is worked through.
#[derive(Clone, Debug)]
pub struct Options {
    /// The run, as published.
    pub run: Uuid,
    /// Where `as_of` comes from; it never lies before the newest commit's.
    pub clock: Clock,
    /// What fits into a slice.
    pub bounds: Bounds,
    /// Bounds for each statement.
    pub limits: Limits,
    /// How many slices of a shard are evaluated at the same time.
    pub slices_at_once: usize,
}

/// What came of a run.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// The instant of the evaluation, Unix milliseconds.
    pub as_of_ms: i64,
    /// Every evaluation of the run in its units, from the shards.
    pub evaluations: Vec<Evaluation>,
    /// Shards that could not be worked through, and why.
    pub failures: Vec<RunError>,
}

/// Why a run did not end on a shard.
#[derive(Debug, Clone, thiserror::Error)]
pub enum RunError {
    /// A statement failed for a reason that another try may not meet.
    #[error("{0}")]
    Shard(String),
    /// The shard will not do as it is: another try meets the same.
    #[error("{0}")]
    Refused(String),
    /// What was published cannot be read.
    #[error("shard {shard}: {reason}")]
    Rules {
        /// Name of the shard.
        shard: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The process was asked to stop.
    #[error("shard {shard}: stopped; what was committed stays, run the job again for the rest")]
    Stopped {
        /// Name of the shard.
        shard: String,
    },
}

impl From<ShardError> for RunError {
    fn from(error: ShardError) -> Self {
        let text = chain(&error);
        if error.fault() == Fault::Passing { Self::Shard(text) } else { Self::Refused(text) }
    }
}

impl From<CommitError> for RunError {
    fn from(error: CommitError) -> Self {
        match error {
            CommitError::Shard(error) => error.into(),
            CommitError::Overtaken { .. } => Self::Shard(chain(&error)),
            CommitError::Stopped { shard } => Self::Stopped { shard },
        }
    }
}

/// Works through a run on the given shards.
pub async fn manual(shards: &[Shard], options: &Options, stop: &CancellationToken) -> Report {
    let as_of_ms = as_of(shards, options.clock).await;
    let attempt = Uuid::new_v4();
    let outcomes: Vec<Result<Vec<Evaluation>, RunError>> = stream::iter(shards)
        .map(|shard| async move {
            let work = Work { shard, options, attempt, as_of_ms, stop: stop.child_token() };
            let outcome = work.run().await;
            if work.stop.is_cancelled() {
                work.end_own().await;
            }
            outcome
        })
        .buffered(FAN_OUT)
        .collect()
        .await;
    let mut report = Report { as_of_ms, ..Report::default() };
    for outcome in outcomes {
        match outcome {
            Ok(evaluations) => report.evaluations.extend(evaluations),
            Err(error) => report.failures.push(error),
        }
    }
    report
}

/// One instant for all shards: the clock's, but never before a commit's. A shard that is down has no say.
async fn as_of(shards: &[Shard], clock: Clock) -> i64 {
    let commits: Vec<_> = stream::iter(shards).map(commit::newest).buffered(FAN_OUT).collect().await;
    let newest = commits.into_iter().filter_map(|commit| commit.ok().flatten().map(|commit| commit.as_of_ms)).max();
    let now = clock.now_ms();
    newest.map_or(now, |newest| newest.max(now))
}

#[derive(Row, Deserialize)]
struct OthersRow {
    found: u8,
}

/// A run on one shard.
struct Work<'a> {
    shard: &'a Shard,
    options: &'a Options,
    attempt: Uuid,
    as_of_ms: i64,
    /// Of this shard: when something fails here, the rest here ends in good order too.
    stop: CancellationToken,
}

impl Work<'_> {
    async fn run(&self) -> Result<Vec<Evaluation>, RunError> {
        self.end_earlier_attempts().await?;
        let todo = self.unless_stopped(read::todo(self.shard, self.options.run)).await?;
        let slices = slices::cut(todo.units, &todo.rules, self.options.bounds);
        let numbers = slices.into_iter().enumerate();
        let mut working = stream::iter(numbers)
            .map(|(index, units)| self.slice(index, units, &todo.rules))
            .buffer_unordered(self.options.slices_at_once.max(1));
        let mut failed = None;
        while let Some(outcome) = working.next().await {
            if let Err(error) = outcome {
                self.stop.cancel();
                failed.get_or_insert(error);
            }
        }
        if let Some(error) = failed {
            return Err(error);
        }
        let run = self.options.run;
        self.end_staging().await?;
        Ok(read::evaluations(self.shard, run).await?)
    }

    /// Gives up work that may be given up anywhere; its statements are ended with the attempt's.
    async fn unless_stopped<T, E>(&self, work: impl Future<Output = Result<T, E>>) -> Result<T, RunError>
    where
        RunError: From<E>,
    {
        tokio::select! {
            outcome = work => Ok(outcome?),
            () = self.stop.cancelled() => Err(self.stopped()),
        }
    }

    fn stopped(&self) -> RunError {
        RunError::Stopped { shard: self.shard.name().to_owned() }
    }

    /// Drops what the run has staged. An attempt that was only suspended may have gone on: under the fence, so that it is
    /// not between its commit and the applying of it, which needs what is dropped.
    async fn end_staging(&self) -> Result<(), RunError> {
        let run = self.options.run.to_string();
        let call = self.shard.call(sql::OTHER_ATTEMPTS, "drop").param("run", &run);
        let others: Option<OthersRow> = call.param("attempt", self.attempt.to_string()).row().await?;
        if others.is_none_or(|others| others.found == 0) {
            return Ok(staging::drop_all(self.shard, &run).await?);
        }
        let fence = self.settled_fence().await?;
        staging::drop_all(self.shard, &run).await?;
        Ok(fence.release().await?)
    }

    /// The fence, when all that was committed has been applied.
    async fn settled_fence(&self) -> Result<Fence, RunError> {
        let fence = Fence::take(self.shard, &Uuid::new_v4().to_string(), &self.stop).await?;
        let fence = fence.ok_or_else(|| self.stopped())?;
        commit::settle(self.shard, &fence).await?;
        Ok(fence)
    }

    fn kill(&self, scope: &str) -> Call<'_> {
        self.shard.call(sql::KILL, "kill").param("prefix", self.shard.query_prefix(scope))
    }

    /// Ends what this attempt still has under way; where that fails, the next attempt does it.
    async fn end_own(&self) {
        let kill = self.kill(&format!("run/{}/{}", self.options.run, self.attempt)).limit(SHORT_LIMIT);
        if let Err(error) = kill.execute().await {
            tracing::warn!(error = chain(&error), "statements may still be under way");
        }
    }

    /// After this nothing of an earlier attempt is under way, and what it committed is applied.
    async fn end_earlier_attempts(&self) -> Result<(), RunError> {
        self.kill(&format!("run/{}", self.options.run)).execute().await?;
        let run = self.options.run.to_string();
        let staged = staging::tables(self.shard, &run).await?;
        if staged.is_empty() {
            return Ok(());
        }
        // Under the fence too, like the end of staging.
        let fence = self.settled_fence().await?;
        staging::drop_from(self.shard, &run, &staged).await?;
        Ok(fence.release().await?)
    }

    /// What the plan of a slice has to know of the data: metrics only if a criterion asks for every metric.
    async fn known(&self, stage: &Stage, rules: &HashMap<u64, AccountRules>) -> Result<Known, ShardError> {
        let every = rules.values().any(|rules| rules.criteria.values().any(plan::asks_every_metric));
        let metrics = async { if every { known::metrics(self.shard, stage).await } else { Ok(HashMap::new()) } };
        let (metrics, months, cells, amounts) = try_join!(
            metrics,
            known::months(self.shard, stage),
            known::cells(self.shard, stage),
            known::amounts(self.shard, stage)
        )?;
        Ok(Known { metrics, months, cells, amounts })
    }

    /// Whether a load has taken back cells meanwhile: what was read of them may have been deleted.
    async fn lost_cells(&self, stage: &Stage, known: &Known) -> Result<bool, ShardError> {
        if known.cells.is_empty() {
            return Ok(false);
        }
        Ok(known::cells(self.shard, stage).await? != known.cells)
    }

    /// Evaluates and commits a slice. One that the server refuses is halved until the culprit is alone.
    async fn slice(
        &self,
        index: usize,
        units: Vec<UnitWork>,
        rules: &HashMap<u64, AccountRules>,
    ) -> Result<(), RunError> {
        let mut parts = vec![units];
        let mut part_no = 0;
        while let Some(units) = parts.pop() {
            if self.stop.is_cancelled() {
                return Err(self.stopped());
            }
            let stage = self.stage(index, part_no, &units);
            part_no += 1;
            let started = Instant::now();
            let (newest, known) = try_join!(commit::newest(self.shard), self.known(&stage, rules))?;
            let read_seq = newest.map_or(0, |commit| commit.seq);
            let planned = plan::plan(&stage, &units, rules, &known, self.as_of_ms);
            let evaluated = tokio::select! {
                evaluated = evaluate::evaluate(self.shard, &stage, planned, self.options.limits) => evaluated,
                () = self.stop.cancelled() => return Err(self.stopped()),
            };
            match evaluated {
                Ok(()) if self.lost_cells(&stage, &known).await? => parts.push(units),
                Ok(()) => self.commit(&stage, read_seq, started).await?,
                Err(error) => {
                    let Some(reason) = error.refused() else { return Err(error.into()) };
                    match slices::halve(units) {
                        Ok(halves) => parts.extend(halves),
                        Err(unit) => self.fail(&stage, &unit, reason, started).await?,
                    }
                }
            }
        }
        Ok(())
    }

    fn stage(&self, index: usize, part: u32, units: &[UnitWork]) -> Stage {
        // Halves of a slice get numbers that no slice has.
        let slice = u32::try_from(index).unwrap_or(u32::MAX >> 12) + (part << 20);
        Stage::of(self.options.run, self.attempt, slice, units.iter().map(|unit| (unit.account, unit.bucket)))
    }

    async fn commit(&self, stage: &Stage, read_seq: u64, started: Instant) -> Result<(), RunError> {
        let batch = Batch {
            mode: "manual",
            reason: "definition",
            as_of_ms: self.as_of_ms,
            read_seq,
            duration_ms: millis(started),
            loaded: Vec::new(),
        };
        let seq = commit::commit(self.shard, stage, &batch, &self.stop).await?;
        tracing::info!(
            shard = self.shard.name(),
            slice = stage.slice,
            seq,
            duration_ms = batch.duration_ms,
            "committed a slice"
        );
        Ok(())
    }

    /// Writes down that a segment failed in a unit, and why. The rest of the run goes on.
    async fn fail(&self, stage: &Stage, unit: &UnitWork, reason: &str, started: Instant) -> Result<(), RunError> {
        tracing::warn!(
            shard = self.shard.name(),
            account = unit.account,
            bucket = unit.bucket,
            reason,
            "a segment failed"
        );
        stage
            .bind(self.shard.call(sql::FAILED, &stage.scope()))
            .param("mode", "manual")
            .param("as_of_ms", self.as_of_ms)
            .param("duration_ms", millis(started))
            .param("error", reason)
            .execute()
            .await?;
        Ok(())
    }
}

fn millis(since: Instant) -> u64 {
    u64::try_from(since.elapsed().as_millis()).unwrap_or(u64::MAX)
}
