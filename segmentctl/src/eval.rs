//! `segmentctl eval`: the members of Segments over files of profiles and events.
//!
//! Flow: the server starts while the FILEs are read and compiled; then load, publish, evaluate, print. All of it is the
//! data plane's own code, so what is printed here is what a cluster would find.

use std::io::{self, IsTerminal};

use segment_jobs::{
    clock::Clock,
    evaluate::Limits,
    load::{self, LoadError},
    manual::{self, Bounds, Evaluation, RunError, chain},
    publish,
};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::{
    args::{EvalArgs, Format, InputArgs},
    exit::Failure,
    files::{self, Segments},
    inputs,
    members::{self, Style},
    scratch::Scratch,
};

/// The same slices as in the data plane.
const BOUNDS: Bounds = Bounds { profiles: 16_000_000, criteria: 250_000 };
/// 0: no bounds. Nobody but the caller waits for the server.
pub(crate) const LIMITS: Limits = Limits { seconds: 0, memory_bytes: 0, statements_at_once: 4 };

/// Evaluates and prints.
pub(crate) async fn eval(args: EvalArgs, stop: CancellationToken) -> Result<(), Failure> {
    inputs::check_stdin(&[&args.inputs.profiles, &args.inputs.events, &args.files])?;
    let clock = inputs::clock(&args.inputs);
    let (scratch, segments) = prepare(&args.inputs, &args.files, clock).await?;
    let outcome = evaluate(&scratch, &args, segments, clock, stop).await;
    let closed = scratch.close().await;
    outcome.and(closed)
}

/// Reads the FILEs and makes the store, at the same time; says what was refused.
pub(crate) async fn prepare(
    inputs: &InputArgs,
    files: &[std::path::PathBuf],
    clock: Clock,
) -> Result<(Scratch, Segments), Failure> {
    inputs::check_data(inputs)?;
    let files = files.to_vec();
    let reading = tokio::task::spawn_blocking(move || Segments::read(&files));
    let (scratch, segments) = tokio::join!(Scratch::open(clock), reading);
    match segments.map_err(|error| Failure::about("a thread", &error)).flatten() {
        Ok(mut segments) => {
            segments.resume();
            files::report(&segments);
            Ok((scratch?, segments))
        }
        Err(failure) => {
            if let Ok(scratch) = scratch {
                scratch.close().await?;
            }
            Err(failure)
        }
    }
}

async fn evaluate(
    scratch: &Scratch,
    args: &EvalArgs,
    segments: Segments,
    clock: Clock,
    stop: CancellationToken,
) -> Result<(), Failure> {
    // Before the load, so that no event has to be read again for its properties.
    publish::register_properties(&scratch.store, &segments.compiled, clock).await?;
    load(scratch, &args.inputs, clock, stop.clone()).await?;
    let published = publish::publish(&scratch.store, &segments.compiled, publish::Options { clock, all: true }).await?;
    let refused = files::report_refused(&segments, &published);
    let failed = match published.run {
        Some(run) => {
            let failed = run_manually(scratch, run, clock, &stop).await?;
            for evaluation in &failed {
                files::report_failed(&segments, evaluation);
            }
            !failed.is_empty()
        }
        None => false,
    };
    let style = Style { format: format(args.output), with_namespace: segments.have_several_namespaces() };
    members::print(scratch.shard(), published.run, style).await?;
    if failed {
        return Err(Failure::Other("not every segment could be evaluated".to_owned()));
    }
    if refused { Err(Failure::Refused) } else { Ok(()) }
}

/// Loads the data. What is wrong with it ends the call.
pub(crate) async fn load(
    scratch: &Scratch,
    inputs: &InputArgs,
    clock: Clock,
    stop: CancellationToken,
) -> Result<(), Failure> {
    let options = inputs::load_options(inputs, clock);
    load::load(&scratch.store, options, stop).await.map(drop).map_err(|error| match error {
        LoadError::BadData(line) => Failure::BadData(line.to_string()),
        LoadError::Stopped => Failure::stopped(),
        other => Failure::Other(chain(&other)),
    })
}

/// Evaluates; returns the segments that the server would not evaluate.
async fn run_manually(
    scratch: &Scratch,
    run: Uuid,
    clock: Clock,
    stop: &CancellationToken,
) -> Result<Vec<Evaluation>, Failure> {
    let options = manual::Options { run, clock, bounds: BOUNDS, limits: LIMITS, slices_at_once: 1 };
    let report = manual::manual(&scratch.store.shards, &options, stop).await;
    if let Some(failure) = report.failures.first() {
        return Err(match failure {
            RunError::Stopped { .. } => Failure::stopped(),
            other => Failure::Other(other.to_string()),
        });
    }
    Ok(report.evaluations.into_iter().filter(|evaluation| evaluation.outcome == "failed").collect())
}

fn format(stated: Option<Format>) -> Format {
    stated.unwrap_or_else(|| if io::stdout().is_terminal() { Format::Table } else { Format::Ndjson })
}
