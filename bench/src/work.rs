//! Publishes and evaluates by the library's own calls, as the Job's program does; measures the evaluation.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use segment_jobs::{
    evaluate::Limits,
    manual::{self, Bounds, Evaluation},
    publish,
};
use segment_rules::Compiled;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::{
    bench::{self, Bench},
    log::{self, Entry},
};

/// What an evaluation took, and what came of it.
pub(crate) struct Measured {
    /// From the call of `manual::manual` to the evaluations read back from the commits.
    pub(crate) time: Duration,
    pub(crate) evaluations: Vec<Evaluation>,
    /// The server's clock before and after.
    pub(crate) from_us: i64,
    pub(crate) to_us: i64,
}

/// Publishes segments, all of which become due. Returns the run and how long it took.
pub(crate) async fn publish(bench: &Bench, compiled: &Compiled) -> Result<(Uuid, Duration)> {
    let started = Instant::now();
    let published =
        publish::publish(&bench.store, compiled, publish::Options { clock: bench::clock(), all: true }).await?;
    ensure!(published.refused.is_empty(), "the server refuses a segment: {:?}", published.refused);
    Ok((published.run.context("nothing is due")?, started.elapsed()))
}

/// Works through a run.
pub(crate) async fn evaluate(bench: &Bench, run: Uuid) -> Result<Measured> {
    let args = &bench.args;
    let options = manual::Options {
        run,
        clock: bench::clock(),
        bounds: Bounds::default(),
        limits: Limits {
            seconds: 3600,
            memory_bytes: args.statement_memory,
            statements_at_once: args.statements_at_once,
        },
        slices_at_once: args.slices_at_once,
    };
    let from_us = bench.now_us().await?;
    let started = Instant::now();
    let report = manual::manual(&bench.store.shards, &options, &CancellationToken::new()).await;
    let time = started.elapsed();
    let to_us = bench.now_us().await?;
    if let Some(failure) = report.failures.first() {
        bail!("the run failed: {failure}");
    }
    let failed = report.evaluations.iter().find(|evaluation| evaluation.outcome != "committed");
    ensure!(failed.is_none(), "an evaluation was not committed: {failed:?}");
    Ok(Measured { time, evaluations: report.evaluations, from_us, to_us })
}

impl Measured {
    /// The statements of the evaluation.
    pub(crate) async fn log(&self, bench: &Bench) -> Result<Vec<Entry>> {
        log::between(bench, self.from_us, self.to_us).await
    }

    /// Members over all segments.
    pub(crate) fn members(&self) -> u64 {
        self.evaluations.iter().map(|evaluation| evaluation.members).sum()
    }
}

/// How long the bare scan of all events takes, warm: a yardstick that makes figures of different machines comparable.
pub(crate) async fn yardstick(bench: &Bench) -> Result<Duration> {
    let mut best = Duration::MAX;
    for _ in 0..3 {
        let started = Instant::now();
        bench.count(bench.call(crate::sql::SCAN_EVENTS)).await?;
        best = best.min(started.elapsed());
    }
    Ok(best)
}
