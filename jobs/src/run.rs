//! From the command line to a mode and its exit code.

use std::{
    io::Read,
    path::{Path, PathBuf},
    process::ExitCode,
};

use segment_jobs::{
    clock::Clock,
    evaluate::Limits,
    load,
    manual::{self, Bounds, RunError, chain},
    publish, schema,
    shards::{Shard, ShardAddress, ShardError},
    store::{self, FAN_OUT, Store, StoreError},
};
use segment_rules::{compile, yaml};
use tokio_util::sync::CancellationToken;

use crate::args::{Args, LoadArgs, LogFormat, ManualArgs, Mode, PublishArgs, SchemaAction, StoreArgs};

/// What went wrong, by exit code.
#[derive(Debug)]
enum Failure {
    Other(String),
    Refused,
    BadData(String),
    Temporary(String),
    Permanent(String),
    Stopped(String),
}

impl Failure {
    fn code(&self) -> u8 {
        match self {
            Self::Other(_) => 1,
            Self::Refused => 3,
            Self::BadData(_) => 4,
            Self::Temporary(_) => 10,
            Self::Permanent(_) => 11,
            Self::Stopped(_) => 12,
        }
    }

    fn message(&self) -> Option<&str> {
        match self {
            Self::Refused => None,
            Self::Other(text)
            | Self::BadData(text)
            | Self::Temporary(text)
            | Self::Permanent(text)
            | Self::Stopped(text) => Some(text),
        }
    }
}

impl From<ShardError> for Failure {
    fn from(error: ShardError) -> Self {
        let text = chain(&error);
        if error.refused().is_some() { Self::Permanent(text) } else { Self::Temporary(text) }
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Shard(error) => error.into(),
            other => Self::Permanent(other.to_string()),
        }
    }
}

/// Logs go to stderr; what they say is chosen by `RUST_LOG`, else warnings and what a mode did.
pub(crate) fn start_logs(format: LogFormat) {
    let filter = tracing_subscriber::EnvFilter::try_from_default_env()
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("warn,segment_jobs=info"));
    let logs = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    match format {
        LogFormat::Human => logs.with_target(false).init(),
        LogFormat::Json => logs.json().init(),
    }
}

/// Runs the mode; stops in good order at INT and TERM.
pub(crate) async fn run(args: Args) -> ExitCode {
    let stop = CancellationToken::new();
    let token = stop.clone();
    tokio::spawn(async move {
        wait_for_signal().await;
        tracing::warn!("stopping");
        token.cancel();
    });
    let outcome = match args.mode {
        Mode::Schema(schema) => run_schema(schema.action).await,
        Mode::Load(load) => run_load(load, stop).await,
        Mode::Publish(publish) => run_publish(publish).await,
        Mode::Manual(manual) => run_manual(manual, &stop).await,
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            if let Some(message) = failure.message() {
                eprintln!("error: {message}");
            }
            ExitCode::from(failure.code())
        }
    }
}

async fn wait_for_signal() {
    use tokio::signal::unix::{SignalKind, signal};
    let Ok(mut terminate) = signal(SignalKind::terminate()) else { return };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = terminate.recv() => {}
    }
}

async fn run_schema(action: SchemaAction) -> Result<(), Failure> {
    match action {
        SchemaAction::Apply { store, name, lanes, adopt } => {
            let clock = store.clock;
            let opened = schema::apply(shards(&store)?, &schema::NewStore { name, lanes, clock, adopt }).await?;
            eprintln!("{} shards have schema version {}", opened.shards.len(), segment_sql::schema::VERSION);
        }
        SchemaAction::Check { store } => {
            let opened = open(&store).await?;
            eprintln!("{} shards are as they should be", opened.shards.len());
        }
    }
    Ok(())
}

async fn run_load(args: LoadArgs, stop: CancellationToken) -> Result<(), Failure> {
    let store = open(&args.store).await?;
    let input = |path: &PathBuf| load::Input::from_path(path);
    let options = load::Options {
        clock: args.store.clock,
        profiles: args.profiles.iter().map(input).collect(),
        events: args.events.iter().map(input).collect(),
        profiles_per_bucket: args.profiles_per_bucket,
        summarise_from: args.summarise_from,
        progress: true,
    };
    let report = load::load(&store, options, stop).await.map_err(|error| match error {
        load::LoadError::BadData(bad) => Failure::BadData(bad.to_string()),
        load::LoadError::Shard(error) => error.into(),
        load::LoadError::Stopped => Failure::Stopped(error.to_string()),
        other => Failure::Other(chain(&other)),
    })?;
    println!("{report}");
    Ok(())
}

async fn run_publish(args: PublishArgs) -> Result<(), Failure> {
    let mut documents = Vec::new();
    for path in &args.files {
        let text = read_text(path)?;
        let parsed =
            yaml::documents(&text).map_err(|error| Failure::BadData(format!("{}: {error}", path.display())))?;
        documents.extend(parsed);
    }
    let compiled = compile(&documents);
    for note in &compiled.notes {
        eprintln!("note: {note}");
    }
    for refusal in &compiled.refused {
        eprintln!("refused: {refusal}");
    }
    let store = open(&args.store).await?;
    let options = publish::Options { clock: args.store.clock, all: args.all };
    let published = publish::publish(&store, &compiled, options).await?;
    for (definition, reason) in &published.refused {
        eprintln!("refused: {}/{}: {reason}", definition.namespace, definition.name);
    }
    match published.run {
        Some(run) => {
            eprintln!("{} segments are due on the shards {}", published.due, published.shards.join(","));
            println!("{run}");
        }
        None => eprintln!("nothing is due"),
    }
    if compiled.refused.is_empty() && published.refused.is_empty() { Ok(()) } else { Err(Failure::Refused) }
}

async fn run_manual(args: ManualArgs, stop: &CancellationToken) -> Result<(), Failure> {
    let (mut fit, mut unfit) = (Vec::new(), Vec::new());
    for shard in chosen(&args)? {
        match store::check(&shard, args.store.clock).await {
            Ok(_) => fit.push(shard),
            Err(error) => unfit.push(Failure::from(error)),
        }
    }
    let options = manual::Options {
        run: args.run,
        clock: args.store.clock,
        bounds: Bounds {
            profiles: args.slice_profiles,
            criteria: args.slice_criteria,
            evaluations: args.slice_evaluations,
        },
        limits: Limits {
            seconds: args.statement_seconds,
            memory_bytes: args.statement_memory,
            statements_at_once: args.statements_at_once,
        },
        slices_at_once: args.slices_at_once,
    };
    // A shard that is down or will not do keeps nobody from working on the others.
    let report = manual::manual(&fit, &options, stop).await;
    for evaluation in report.evaluations.iter().filter(|evaluation| evaluation.outcome == "failed") {
        eprintln!("failed: segment {} of account {}: {}", evaluation.segment, evaluation.account, evaluation.error);
    }
    let count = |outcome: &str| report.evaluations.iter().filter(|evaluation| evaluation.outcome == outcome).count();
    eprintln!(
        "evaluations: {} committed, {} superseded, {} failed",
        count("committed"),
        count("superseded"),
        count("failed")
    );
    let failures = report.failures;
    match failures.first() {
        None => unfit.into_iter().next().map_or(Ok(()), Err),
        Some(RunError::Stopped { .. }) => Err(Failure::Stopped(join(&failures))),
        Some(RunError::Rules { .. }) => Err(Failure::Permanent(join(&failures))),
        Some(RunError::Shard(_)) => Err(Failure::Temporary(join(&failures))),
    }
}

/// The shards that the call is about.
fn chosen(args: &ManualArgs) -> Result<Vec<Shard>, Failure> {
    let mut shards = shards(&args.store)?;
    if let Some(unknown) = args.only.iter().find(|name| !shards.iter().any(|shard| shard.name() == name.as_str())) {
        return Err(Failure::Permanent(format!("--shards names `{unknown}`, which is no shard of the store")));
    }
    if !args.only.is_empty() {
        shards.retain(|shard| args.only.iter().any(|name| name == shard.name()));
    }
    Ok(match args.index {
        Some(index) => shards.into_iter().skip(index.saturating_mul(FAN_OUT)).take(FAN_OUT).collect(),
        None => shards,
    })
}

fn join(failures: &[RunError]) -> String {
    failures.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

async fn open(args: &StoreArgs) -> Result<Store, Failure> {
    let clock: Clock = args.clock;
    Ok(Store::open(shards(args)?, clock).await?)
}

fn shards(args: &StoreArgs) -> Result<Vec<Shard>, Failure> {
    let addresses: Vec<ShardAddress> = match &args.shards_file {
        None => args.shards.clone(),
        Some(path) => serde_json::from_str(&read_text(path)?)
            .map_err(|error| Failure::Permanent(format!("{}: {error}", path.display())))?,
    };
    Ok(store::shards(&addresses, &args.credentials())?)
}

fn read_text(path: &Path) -> Result<String, Failure> {
    let failed = |error: std::io::Error| Failure::Other(format!("{}: {error}", path.display()));
    if path.as_os_str() == "-" {
        let mut text = String::new();
        std::io::stdin().read_to_string(&mut text).map_err(failed)?;
        return Ok(text);
    }
    std::fs::read_to_string(path).map_err(failed)
}
