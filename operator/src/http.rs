//! /metrics, /livez and /readyz.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use axum::{
    Router,
    extract::State,
    http::{StatusCode, header::CONTENT_TYPE},
    response::IntoResponse,
    routing::get,
};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::metrics::Metrics;

/// A replica that has not done its round for so long does not live.
const SILENCE_MAX: Duration = Duration::from_mins(2);

/// What the probes ask.
#[derive(Debug)]
pub(crate) struct Health {
    started: Instant,
    /// Seconds from the start to the last sign of life.
    beat: AtomicU64,
    ready: AtomicBool,
}

impl Health {
    pub(crate) fn new() -> Self {
        Self { started: Instant::now(), beat: AtomicU64::new(0), ready: AtomicBool::new(false) }
    }

    /// A sign of life: the Lease was renewed, or asked for.
    pub(crate) fn beat(&self) {
        self.beat.store(self.started.elapsed().as_secs(), Ordering::Relaxed);
    }

    /// Whether the replica does its work: it leads with its caches filled, or it stands by.
    pub(crate) fn set_ready(&self, is_ready: bool) {
        self.ready.store(is_ready, Ordering::Relaxed);
    }

    #[cfg(test)]
    pub(crate) fn is_ready(&self) -> bool {
        self.ready.load(Ordering::Relaxed)
    }

    fn is_alive(&self) -> bool {
        self.started.elapsed().as_secs() - self.beat.load(Ordering::Relaxed) < SILENCE_MAX.as_secs()
    }
}

#[derive(Clone)]
struct Shown {
    health: Arc<Health>,
    metrics: Arc<Metrics>,
}

/// Serves until it is stopped.
pub(crate) async fn serve(
    listener: TcpListener,
    health: Arc<Health>,
    metrics: Arc<Metrics>,
    stop: CancellationToken,
) -> std::io::Result<()> {
    let router = Router::new()
        .route("/livez", get(async |State(shown): State<Shown>| answer(shown.health.is_alive())))
        .route("/readyz", get(async |State(shown): State<Shown>| answer(shown.health.ready.load(Ordering::Relaxed))))
        .route("/metrics", get(text))
        .with_state(Shown { health, metrics });
    axum::serve(listener, router).with_graceful_shutdown(async move { stop.cancelled().await }).await
}

fn answer(is_well: bool) -> (StatusCode, &'static str) {
    if is_well { (StatusCode::OK, "ok\n") } else { (StatusCode::SERVICE_UNAVAILABLE, "no\n") }
}

async fn text(State(shown): State<Shown>) -> impl IntoResponse {
    match shown.metrics.text() {
        Ok(text) => {
            ([(CONTENT_TYPE, "application/openmetrics-text; version=1.0.0; charset=utf-8")], text).into_response()
        }
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}
