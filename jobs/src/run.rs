//! From the command line to a mode and its exit code.

use std::{
    fmt::Display,
    io::Read,
    path::{Path, PathBuf},
    process::ExitCode,
};

use segment_jobs::{
    causes,
    clock::Clock,
    evaluate::Limits,
    load,
    manual::{self, Bounds},
    publish, schema,
    shards::{Authorities, Shard, ShardAddress},
    store::{self, FAN_OUT, Store, fan_out},
};
use segment_rules::{compile, yaml};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

use crate::{
    args::{Args, LoadArgs, LogFormat, ManualArgs, Mode, PublishArgs, SchemaAction, StoreArgs},
    failure::{Failure, STOPPED},
};

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

/// Says what came of it: in words for people, else as lines of the log.
#[derive(Clone, Copy)]
struct Voice(LogFormat);

impl Voice {
    fn say(self, text: impl Display) {
        match self.0 {
            LogFormat::Human => eprintln!("{text}"),
            LogFormat::Json => tracing::info!("{text}"),
        }
    }

    /// `what` is the kind of thing: an error, a refusal.
    fn complain(self, what: &'static str, text: impl Display) {
        match self.0 {
            LogFormat::Human => eprintln!("{what}: {text}"),
            LogFormat::Json => tracing::error!(what, "{text}"),
        }
    }
}

/// Runs the mode; stops in good order at INT and TERM.
pub(crate) async fn run(args: Args) -> ExitCode {
    let stop = CancellationToken::new();
    tokio::spawn(stop_at_signal(stop.clone()));
    let voice = Voice(args.log);
    let outcome = match args.mode {
        Mode::Schema(schema) => run_schema(schema.action, voice, &stop).await,
        Mode::Load(load) => run_load(load, voice, stop).await,
        Mode::Publish(publish) => run_publish(publish, voice, &stop).await,
        Mode::Manual(manual) => run_manual(manual, voice, &stop).await,
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            if let Some(message) = failure.message() {
                voice.complain("error", message);
            }
            ExitCode::from(failure.code())
        }
    }
}

/// The first signal asks for an end in good order, the second one does not ask.
async fn stop_at_signal(stop: CancellationToken) {
    let signals = [SignalKind::terminate(), SignalKind::interrupt()].map(signal);
    let [Ok(mut terminate), Ok(mut interrupt)] = signals else { return };
    next_of(&mut terminate, &mut interrupt).await;
    tracing::warn!("stopping; a second signal ends the program at once");
    stop.cancel();
    next_of(&mut terminate, &mut interrupt).await;
    std::process::exit(STOPPED.into());
}

async fn next_of(terminate: &mut Signal, interrupt: &mut Signal) {
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
}

/// Work that may be given up anywhere: its statements are ended.
async fn unless_stopped<T, E>(
    work: impl Future<Output = Result<T, E>>,
    shards: &[Shard],
    stop: &CancellationToken,
) -> Result<T, Failure>
where
    Failure: From<E>,
{
    tokio::select! {
        outcome = work => return Ok(outcome?),
        () = stop.cancelled() => {}
    }
    let ended = fan_out(shards.iter().map(Shard::end_own).collect()).await;
    for error in ended.into_iter().filter_map(Result::err) {
        tracing::warn!(error = causes::chain(&error), "statements may still be under way");
    }
    Err(Failure::Stopped("stopped; to run it again is safe".to_owned()))
}

async fn run_schema(action: SchemaAction, voice: Voice, stop: &CancellationToken) -> Result<(), Failure> {
    match action {
        SchemaAction::Apply { store, name, lanes, adopt, only } => {
            let (shards, clock) = (shards(&store)?, store.clock);
            let on = indices(&shards, &only)?;
            let new = schema::NewStore { name, lanes, clock, adopt };
            unless_stopped(schema::apply_on(shards.clone(), &on, &new), &shards, stop).await?;
            voice.say(format_args!("{} shards have schema version {}", on.len(), segment_sql::schema::VERSION));
        }
        SchemaAction::Check { store } => {
            let opened = open(&store, stop).await?;
            voice.say(format_args!("{} shards are as they should be", opened.shards.len()));
        }
    }
    Ok(())
}

async fn run_load(args: LoadArgs, voice: Voice, stop: CancellationToken) -> Result<(), Failure> {
    let store = open(&args.store, &stop).await?;
    let input = |path: &PathBuf| load::Input::from_path(path);
    let options = load::Options {
        clock: args.store.clock,
        profiles: args.profiles.iter().map(input).collect(),
        events: args.events.iter().map(input).collect(),
        profiles_per_bucket: args.profiles_per_bucket,
        summarise_from: args.summarise_from,
        progress: true,
    };
    let report = load::load(&store, options, stop).await?;
    match voice.0 {
        LogFormat::Human => println!("{report}"),
        LogFormat::Json => voice.say(report),
    }
    Ok(())
}

async fn run_publish(args: PublishArgs, voice: Voice, stop: &CancellationToken) -> Result<(), Failure> {
    let mut documents = Vec::new();
    for path in &args.files {
        let text = read_text(path)?;
        let parsed =
            yaml::documents(&text).map_err(|error| Failure::BadData(format!("{}: {error}", path.display())))?;
        documents.extend(parsed);
    }
    let compiled = compile(&documents);
    for note in &compiled.notes {
        voice.say(format_args!("note: {note}"));
    }
    for refusal in &compiled.refused {
        voice.complain("refused", refusal);
    }
    let store = open(&args.store, stop).await?;
    let options = publish::Options { clock: args.store.clock, all: args.all };
    let published = unless_stopped(publish::publish(&store, &compiled, options), &store.shards, stop).await?;
    for (definition, reason) in &published.refused {
        voice.complain("refused", format_args!("{}/{}: {reason}", definition.namespace, definition.name));
    }
    match published.run {
        Some(run) => {
            let shards = published.shards.join(",");
            voice.say(format_args!("{} segments are due on the shards {shards}", published.due));
            println!("{run}");
        }
        None => voice.say("nothing is due"),
    }
    if compiled.refused.is_empty() && published.refused.is_empty() { Ok(()) } else { Err(Failure::Refused) }
}

async fn run_manual(args: ManualArgs, voice: Voice, stop: &CancellationToken) -> Result<(), Failure> {
    let shards = chosen(&args)?;
    let checked = async {
        Ok::<_, Failure>(fan_out(shards.iter().map(|shard| store::check(shard, args.store.clock)).collect()).await)
    };
    let (mut fit, mut failures) = (Vec::new(), Vec::new());
    for (shard, checked) in shards.iter().zip(unless_stopped(checked, &shards, stop).await?) {
        match checked {
            Ok(_) => fit.push(shard.clone()),
            Err(error) => failures.push(Failure::from(error)),
        }
    }
    let options = manual::Options {
        run: args.run,
        clock: args.at.unwrap_or(args.store.clock),
        bounds: Bounds { profiles: args.slice_profiles, ..Bounds::default() },
        limits: Limits { seconds: args.statement_seconds, memory_bytes: args.statement_memory, ..Limits::default() },
        slices_at_once: 1,
    };
    // A shard that is down or will not do keeps nobody from working on the others.
    let report = manual::manual(&fit, &options, stop).await;
    for evaluation in report.evaluations.iter().filter(|evaluation| evaluation.outcome == "failed") {
        let manual::Evaluation { segment, account, error, .. } = evaluation;
        voice.complain("failed", format_args!("segment {segment} of account {account}: {error}"));
    }
    let count = |outcome: &str| report.evaluations.iter().filter(|evaluation| evaluation.outcome == outcome).count();
    voice.say(format_args!(
        "evaluations: {} committed, {} superseded, {} failed",
        count("committed"),
        count("superseded"),
        count("failed")
    ));
    failures.extend(report.failures.into_iter().map(Failure::from));
    Failure::of_all(&failures).map_or(Ok(()), Err)
}

/// The shards that the call is about.
fn chosen(args: &ManualArgs) -> Result<Vec<Shard>, Failure> {
    let shards = shards(&args.store)?;
    let chosen = indices(&shards, &args.only)?.into_iter().map(|index| shards[index].clone());
    Ok(match args.index {
        Some(index) => chosen.skip(index.saturating_mul(FAN_OUT)).take(FAN_OUT).collect(),
        None => chosen.collect(),
    })
}

/// The shards that `--shards` names, by their indices; all if it names none.
fn indices(shards: &[Shard], only: &[String]) -> Result<Vec<usize>, Failure> {
    let is_named = |shard: &Shard| only.iter().any(|name| name == shard.name());
    if let Some(unknown) = only.iter().find(|name| !shards.iter().any(|shard| shard.name() == name.as_str())) {
        return Err(Failure::Permanent(format!("--shards names `{unknown}`, which is no shard of the store")));
    }
    Ok((0..shards.len()).filter(|index| only.is_empty() || is_named(&shards[*index])).collect())
}

async fn open(args: &StoreArgs, stop: &CancellationToken) -> Result<Store, Failure> {
    let clock: Clock = args.clock;
    let shards = shards(args)?;
    unless_stopped(Store::open(shards.clone(), clock), &shards, stop).await
}

fn shards(args: &StoreArgs) -> Result<Vec<Shard>, Failure> {
    let addresses: Vec<ShardAddress> = match &args.shards_file {
        None => args.shards.clone(),
        Some(path) => serde_json::from_str(&read_text(path)?)
            .map_err(|error| Failure::Permanent(format!("{}: {error}", path.display())))?,
    };
    let authorities = args.ca.as_deref().map_or(Ok(Authorities::default()), authorities)?;
    Ok(store::shards(&addresses, &args.credentials(authorities))?)
}

fn authorities(path: &Path) -> Result<Authorities, Failure> {
    let read = Authorities::of_pem(&read_text(path)?);
    read.map_err(|error| Failure::Permanent(format!("{}: {error}", path.display())))
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
