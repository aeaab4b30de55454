//! The steps of the data plane as `segment-jobs load`, `publish` and `manual` take them.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use anyhow::{Context, bail};
use segment_jobs::{
    clock::Clock,
    evaluate::Limits,
    explain::{self, Explanation, Subject},
    load::{self, Input, LoadReport},
    manual::{self, Bounds},
    publish,
    store::Store,
};
use segment_rules::{Compiled, Definition};
use tokio_util::sync::CancellationToken;

use crate::ndjson::{ACCOUNT, Files};

/// So few parts that both shards get some, for an account that would be one part by itself.
pub const BUCKETS: u16 = 8;

/// What an evaluation of all segments gave.
#[derive(Clone, Debug)]
pub struct Evaluated {
    /// By the segment's id.
    pub segments: HashMap<u64, Outcome>,
    /// How long all of it took, from publication to the last commit.
    pub took: Duration,
}

/// What came of a segment, over all parts of the account.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Members.
    pub members: u64,
    /// How many of them were none before.
    pub entered: u64,
    /// How many are none any more.
    pub left: u64,
    /// The longest slice that it was evaluated in. The segments of a slice share its statements, so this is the time of
    /// all of them together.
    pub duration_ms: u64,
}

/// Loads the files.
pub async fn load(store: &Store, files: &Files, clock: Clock) -> anyhow::Result<LoadReport> {
    let options = load::Options {
        clock,
        profiles: vec![Input::from_path(&files.profiles)],
        events: vec![Input::from_path(&files.events)],
        profiles_per_bucket: u64::try_from(files.customers)?.div_ceil(u64::from(BUCKETS)).max(1),
        summarise_from: load::LARGE_UNIT_PROFILES,
        progress: false,
    };
    load::load(store, options, CancellationToken::new()).await.context("load the files")
}

/// Publishes the Segments and evaluates all of them at the clock's instant, up-to-date ones too.
pub async fn evaluate(store: &Store, compiled: &Compiled, clock: Clock) -> anyhow::Result<Evaluated> {
    let started = Instant::now();
    let published = publish::publish(store, compiled, publish::Options { clock, all: true }).await?;
    if let Some((definition, reason)) = published.refused.first() {
        bail!("the server refused {}: {reason}", definition.name);
    }
    let run = published.run.context("no segment is due")?;
    let bounds = Bounds::default();
    let options = manual::Options { run, clock, bounds, limits: Limits::default(), slices_at_once: 1 };
    let report = manual::manual(&store.shards, &options, &CancellationToken::new()).await;
    if let Some(failure) = report.failures.into_iter().next() {
        return Err(failure.into());
    }
    let mut segments: HashMap<u64, Outcome> = HashMap::new();
    for evaluation in report.evaluations {
        if evaluation.outcome != "committed" {
            bail!("segment {} was {}: {}", evaluation.segment, evaluation.outcome, evaluation.error);
        }
        let outcome = segments.entry(evaluation.segment).or_default();
        outcome.members += evaluation.members;
        outcome.entered += evaluation.entered;
        outcome.left += evaluation.exited;
        outcome.duration_ms = outcome.duration_ms.max(evaluation.duration_ms);
    }
    Ok(Evaluated { segments, took: started.elapsed() })
}

/// Why a profile is a member of a segment or not.
pub async fn explain(
    store: &Store,
    compiled: &Compiled,
    definition: &Definition,
    profile: &str,
    clock: Clock,
) -> anyhow::Result<Explanation> {
    let rules = compiled.accounts.get(ACCOUNT).context("the examples have no such account")?;
    let subject = Subject { definition, rules, profile };
    Ok(explain::explain(store, subject, explain::Options { clock, limits: Limits::default() }).await?)
}
