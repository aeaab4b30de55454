//! `segmentctl eval`: the members of Segments over files of profiles and events.
//!
//! Flow: the server starts while the FILEs are compiled and the data are parsed; then insert, evaluate, print. All of it is the data plane's
//! own code, so what is printed here is what a cluster would find.

use std::{
    io::{self, IsTerminal},
    path::PathBuf,
};

use segment_jobs::{
    causes::chain,
    clock::Clock,
    ephemeral::{self, Ephemeral, Outcome},
    evaluate::Limits,
    load::{LoadError, Reading},
    manual::{Bounds, RunError},
    shards::Shard,
    store::StoreError,
};
use tokio_util::sync::CancellationToken;

use crate::{
    args::{EvalArgs, Format},
    exit::Failure,
    files::{self, Segments},
    inputs,
    members::{self, Style},
    scratch::Scratch,
};

/// Hardly any: nobody but the caller waits for the server.
pub(crate) const LIMITS: Limits = Limits { seconds: 24 * 3600, memory_bytes: 0, statements_at_once: 4 };

/// Evaluates and prints.
pub(crate) async fn eval(args: EvalArgs, stop: CancellationToken) -> Result<(), Failure> {
    inputs::check_stdin(&[&args.inputs.profiles, &args.inputs.events, &args.files])?;
    inputs::check_data(&args.inputs)?;
    let clock = inputs::clock(&args.inputs);
    let reading = Reading::start(inputs::load_options(&args.inputs, clock)).map_err(load_failure)?;
    let (scratch, segments) = prepare(&args.files, Ephemeral::make).await?;
    let outcome = evaluate(&scratch.store, &segments, reading, clock, &stop).await;
    let outcome = outcome.and_then(|outcome| report(&args, &segments, &outcome));
    let closed = scratch.close().await;
    outcome.and(closed)
}

/// Reads the FILEs and makes the store, at the same time; says what was refused.
pub(crate) async fn prepare<S>(
    files: &[PathBuf],
    make: impl AsyncFnOnce(Shard) -> Result<S, StoreError>,
) -> Result<(Scratch<S>, Segments), Failure> {
    let files = files.to_vec();
    let reading = tokio::task::spawn_blocking(move || Segments::read(&files));
    let (scratch, segments) = tokio::join!(Scratch::open(make), reading);
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
    store: &Ephemeral,
    segments: &Segments,
    reading: Reading,
    clock: Clock,
    stop: &CancellationToken,
) -> Result<Outcome, Failure> {
    let units = store.load(&segments.compiled, reading, stop).await.map_err(load_failure)?;
    let options = ephemeral::Options { as_of_ms: clock.now_ms(), bounds: Bounds::default(), limits: LIMITS };
    store.evaluate(&segments.compiled, &units, options, stop).await.map_err(|error| match error {
        RunError::Stopped { .. } => Failure::stopped(),
        other => Failure::Other(other.to_string()),
    })
}

/// Prints what was found, and says what was not.
fn report(args: &EvalArgs, segments: &Segments, outcome: &Outcome) -> Result<(), Failure> {
    let refused = files::report_refused(segments, &outcome.refused);
    for (segment, reason) in &outcome.failed {
        files::report_failed(segments, *segment, reason);
    }
    let style = Style { format: format(args.output), with_namespace: segments.have_several_namespaces() };
    members::print(&segments.compiled, &outcome.members, style)?;
    if !outcome.failed.is_empty() {
        return Err(Failure::Other("not every segment could be evaluated".to_owned()));
    }
    if refused { Err(Failure::Refused) } else { Ok(()) }
}

/// What is wrong with the data ends the call.
pub(crate) fn load_failure(error: LoadError) -> Failure {
    match error {
        LoadError::BadData(line) => Failure::BadData(line.to_string()),
        LoadError::Stopped => Failure::stopped(),
        other => Failure::Other(chain(&other)),
    }
}

fn format(stated: Option<Format>) -> Format {
    stated.unwrap_or_else(|| if io::stdout().is_terminal() { Format::Table } else { Format::Ndjson })
}
