//! What the operator counts, for Prometheus.

use prometheus_client::{
    encoding::{EncodeLabelSet, text::encode},
    metrics::{
        counter::Counter,
        family::Family,
        gauge::Gauge,
        histogram::{Histogram, exponential_buckets},
        info::Info,
    },
    registry::{Registry, Unit},
};

/// A label with the kind of an object.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct Kind {
    kind: &'static str,
}

impl Kind {
    pub(crate) const SEGMENT: Self = Self { kind: "Segment" };
    pub(crate) const STORE: Self = Self { kind: "SegmentStore" };
}

/// A label with the reason of a condition.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct Reason {
    pub(crate) reason: String,
}

/// Labels of the number of objects in a state.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct InState {
    pub(crate) store: String,
    pub(crate) reason: String,
}

/// Label with a store.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct OfStore {
    pub(crate) store: String,
}

/// All metrics.
#[derive(Debug)]
pub(crate) struct Metrics {
    registry: Registry,
    pub(crate) passes: Counter,
    pub(crate) pass_seconds: Histogram,
    pub(crate) status_writes: Family<Kind, Counter>,
    pub(crate) refused_status_writes: Counter,
    pub(crate) runs: Counter,
    pub(crate) runs_failed: Counter,
    pub(crate) ready_seconds: Histogram,
    pub(crate) failures: Family<Reason, Counter>,
    pub(crate) segments: Family<InState, Gauge>,
    pub(crate) shards_troubled: Family<OfStore, Gauge>,
    pub(crate) leader: Gauge,
}

impl Metrics {
    pub(crate) fn new() -> Self {
        let mut metrics = Self {
            registry: Registry::with_prefix("segment_operator"),
            passes: Counter::default(),
            pass_seconds: Histogram::new(exponential_buckets(0.001, 4.0, 9)),
            status_writes: Family::default(),
            refused_status_writes: Counter::default(),
            runs: Counter::default(),
            runs_failed: Counter::default(),
            ready_seconds: Histogram::new(exponential_buckets(0.5, 2.0, 12)),
            failures: Family::default(),
            segments: Family::default(),
            shards_troubled: Family::default(),
            leader: Gauge::default(),
        };
        metrics.register();
        metrics
    }

    fn register(&mut self) {
        let registry = &mut self.registry;
        registry.register("build", "The build of the operator", Info::new([("version", env!("CARGO_PKG_VERSION"))]));
        registry.register("reconciles", "Looks at a store with all its Segments", self.passes.clone());
        let seconds = || Unit::Seconds;
        registry.register_with_unit("reconcile", "How long such a look took", seconds(), self.pass_seconds.clone());
        registry.register("status_writes", "Status that was written", self.status_writes.clone());
        registry.register(
            "status_writes_refused",
            "Status that the API server did not take",
            self.refused_status_writes.clone(),
        );
        registry.register("runs", "Runs for which a Job was made", self.runs.clone());
        registry.register("runs_failed", "Runs whose Job failed", self.runs_failed.clone());
        let ready = self.ready_seconds.clone();
        registry.register_with_unit("segment_ready", "From a change of a Segment to its members", seconds(), ready);
        registry.register("failures", "What failed, by reason", self.failures.clone());
        registry.register("segments", "Segments by the reason of their condition Ready", self.segments.clone());
        registry.register("shards_troubled", "Shards that are not ready", self.shards_troubled.clone());
        registry.register("leader", "1 if this replica holds the Lease", self.leader.clone());
    }

    /// The text that Prometheus reads.
    pub(crate) fn text(&self) -> Result<String, std::fmt::Error> {
        let mut text = String::new();
        encode(&mut text, &self.registry)?;
        Ok(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_metric_has_a_help_text() {
        let metrics = Metrics::new();
        metrics.status_writes.get_or_create(&Kind::SEGMENT).inc();
        let text = metrics.text().unwrap();
        assert!(text.contains("segment_operator_status_writes_total{kind=\"Segment\"} 1"), "{text}");
        assert_eq!(text.matches("# HELP").count(), text.matches("# TYPE").count());
    }
}
