//! From the command line to a working operator, and to its end in good order.

use std::{sync::Arc, time::Duration};

use anyhow::Context as _;
use k8s_openapi::api::core::v1::Namespace;
use kube::{Api, Client, Config, ResourceExt};
use tokio::{net::TcpListener, task::JoinHandle};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::{
    args::{Args, LogFormat},
    context::{Context, recorder},
    definitions,
    dispatch::dispatch,
    http::{self, Health},
    lease::Lease,
    metrics::Metrics,
    watch,
};

/// Wakes that wait; the watches wait when there are more. Workers take them in microseconds.
const WAKES: usize = 1024;
/// How long work under way may take to end.
const SHUTDOWN_MAX: Duration = Duration::from_secs(20);
/// How long the API server may take with an answer, watches apart, which have limits of their own: a connection that died
/// must not hold a store's work.
const CALL_MAX: Duration = Duration::from_secs(30);
/// How long answers to probes may take to end.
const ANSWERS_MAX: Duration = Duration::from_secs(1);

/// Logs go to stderr; what they say is chosen by `RUST_LOG`.
pub fn start_logs(format: LogFormat) {
    let filter = tracing_subscriber::EnvFilter::try_from_default_env()
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("warn,segment_operator=info"));
    let logs = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    match format {
        LogFormat::Json => logs.json().init(),
        LogFormat::Human => logs.with_target(false).init(),
    }
}

/// Stands by until it holds the Lease, then works until it is stopped or loses it.
pub async fn run(args: Args) -> anyhow::Result<()> {
    let stop = CancellationToken::new();
    tokio::spawn(cancel_at_signal(stop.clone()));
    let config = Config::infer().await.context("find the cluster")?;
    let (health, metrics) = (Arc::new(Health::new()), Arc::new(Metrics::new()));
    // Probes are answered to the very end.
    let quiet = CancellationToken::new();
    let listener = TcpListener::bind(args.http_address).await.context("listen for probes")?;
    let server = tokio::spawn(http::serve(listener, health.clone(), metrics.clone(), quiet.clone()));
    // What it returns with an error was not ended in good order: then nothing is waited for, and the process ends with all
    // that works on in it.
    work(args, config, &health, metrics, &stop).await?;
    quiet.cancel();
    close(server).await
}

/// Waits until the last probe was answered, but not for one that was never asked to its end.
async fn close(server: JoinHandle<std::io::Result<()>>) -> anyhow::Result<()> {
    match tokio::time::timeout(ANSWERS_MAX, server).await {
        Ok(ended) => ended.context("serve the probes")?.context("serve the probes"),
        Err(_) => Ok(()),
    }
}

async fn work(
    args: Args,
    config: Config,
    health: &Health,
    metrics: Arc<Metrics>,
    stop: &CancellationToken,
) -> anyhow::Result<()> {
    let holder = format!("{}_{}", args.pod, Uuid::new_v4());
    let mut impatient = config.clone();
    impatient.default_retry = false;
    let impatient = Client::try_from(impatient).context("make a client")?;
    definitions::wait(&impatient, &args, health, stop).await;
    let mut lease = Lease::new(impatient, &args.namespace, &args.lease, holder);
    if !lease.acquire(health, stop).await {
        return Ok(());
    }
    tracing::info!("this replica leads");
    health.set_ready(false);
    metrics.leader.set(1);
    let mut bounded = config.clone();
    (bounded.read_timeout, bounded.reset_reader_on_write) = (Some(CALL_MAX), true);
    let client = Client::try_from(bounded).context("make a client")?;
    let watching = Client::try_from(config).context("make a client")?;
    let worked = tokio::select! {
        // Another may lead from now on: nothing in this process goes on.
        lost = lease.hold(health) => return Err(lost.into()),
        // What still works has the Lease until it runs out.
        () = overdue(stop) => anyhow::bail!("the work did not end in time"),
        worked = lead_with(args, client, &watching, metrics, health, stop.clone()) => worked,
    };
    lease.give_back().await;
    worked
}

/// Returns some seconds after the operator was told to stop.
async fn overdue(stop: &CancellationToken) {
    stop.cancelled().await;
    tokio::time::sleep(SHUTDOWN_MAX).await;
}

/// Works as the only replica, without a Lease and probes, until it is stopped.
pub async fn lead(args: Args, client: Client, stop: CancellationToken) -> anyhow::Result<()> {
    let watching = client.clone();
    lead_with(args, client, &watching, Arc::new(Metrics::new()), &Health::new(), stop).await
}

async fn lead_with(
    args: Args,
    client: Client,
    watching: &Client,
    metrics: Arc<Metrics>,
    health: &Health,
    stop: CancellationToken,
) -> anyhow::Result<()> {
    let cluster = match &args.cluster_id {
        Some(cluster) => cluster.clone(),
        None => cluster_of(&client).await?,
    };
    let (wake, wakes) = tokio::sync::mpsc::channel(WAKES);
    let caches = watch::start(watching, args.watch_namespace.as_deref(), &wake);
    tokio::select! {
        filled = caches.filled() => filled.context("fill the caches")?,
        () = stop.cancelled() => return Ok(()),
    }
    health.set_ready(true);
    tracing::info!(cluster, segments = caches.segments.len(), stores = caches.stores.len(), "the caches are filled");
    let context = Context {
        events: recorder(client.clone(), &args),
        client,
        args,
        cluster,
        metrics,
        stores: caches.stores,
        segments: caches.segments,
        jobs: caches.jobs,
        namespaces: caches.namespaces,
    };
    dispatch(Arc::new(context), wakes, stop).await;
    tracing::info!("all work has ended");
    Ok(())
}

/// Databases know a store by its cluster too: the uid of the namespace kube-system tells clusters apart.
async fn cluster_of(client: &Client) -> anyhow::Result<String> {
    let api: Api<Namespace> = Api::all(client.clone());
    let found = api.get_metadata("kube-system").await;
    let namespace = found.context("read the namespace kube-system; where that is not allowed, state --cluster-id")?;
    namespace.uid().context("the namespace kube-system has no uid; state --cluster-id")
}

async fn cancel_at_signal(stop: CancellationToken) {
    use tokio::signal::unix::{SignalKind, signal};
    let Ok(mut terminate) = signal(SignalKind::terminate()) else { return };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = terminate.recv() => {}
    }
    tracing::info!("stopping");
    stop.cancel();
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::TcpStream,
    };

    use super::*;

    #[tokio::test]
    async fn a_probe_that_is_never_asked_to_its_end_does_not_hold_up_the_end() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let (health, metrics, quiet) = (Arc::new(Health::new()), Arc::new(Metrics::new()), CancellationToken::new());
        let server = tokio::spawn(http::serve(listener, health, metrics, quiet.clone()));
        let mut asking = TcpStream::connect(address).await.unwrap();
        asking.write_all(b"GET /livez HTTP/1.1\r\n").await.unwrap();
        // They are accepted one after the other: when a later one is answered, so has this one been.
        let mut later = TcpStream::connect(address).await.unwrap();
        later.write_all(b"GET /livez HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
        later.read_u8().await.unwrap();
        quiet.cancel();
        tokio::time::timeout(ANSWERS_MAX * 5, close(server)).await.unwrap().unwrap();
    }
}
