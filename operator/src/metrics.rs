//! What the operator counts, for Prometheus.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use jiff::Timestamp;
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
struct InState {
    store: String,
    reason: String,
}

/// Label with a store.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfStore {
    store: String,
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
    segments: Family<InState, Gauge>,
    waiting_since: Family<OfStore, Gauge>,
    shards_troubled: Family<OfStore, Gauge>,
    stores_stalled: Family<InState, Gauge>,
    removals_held: Family<OfStore, Gauge>,
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
            waiting_since: Family::default(),
            shards_troubled: Family::default(),
            stores_stalled: Family::default(),
            removals_held: Family::default(),
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
        registry.register_with_unit(
            "segment_ready",
            "From a change of a Segment to its members",
            seconds(),
            self.ready_seconds.clone(),
        );
        registry.register("failures", "What failed, by reason", self.failures.clone());
        registry.register("segments", "Segments by the reason of their condition Ready", self.segments.clone());
        registry.register_with_unit(
            "waiting_since",
            "Unix time since when the Segment waits that has waited longest; missing while none does",
            seconds(),
            self.waiting_since.clone(),
        );
        registry.register("shards_troubled", "Shards that are not ready", self.shards_troubled.clone());
        registry.register("stores_stalled", "1 for a store that needs a person", self.stores_stalled.clone());
        registry.register("removals_held", "Segments that are gone and keep their members", self.removals_held.clone());
        registry.register("leader", "1 if this replica holds the Lease", self.leader.clone());
    }

    /// The text that Prometheus reads.
    pub(crate) fn text(&self) -> Result<String, std::fmt::Error> {
        let mut text = String::new();
        encode(&mut text, &self.registry)?;
        Ok(text)
    }
}

/// The gauges of one store. They have to be forgotten with it, or it is counted as in its last state for ever.
#[derive(Debug)]
pub(crate) struct StoreGauges {
    metrics: Arc<Metrics>,
    store: String,
    /// The reasons of Segments that were ever counted.
    reasons: BTreeSet<String>,
    /// Why the store needs a person, if it does.
    stalled: Option<String>,
}

impl StoreGauges {
    pub(crate) fn new(metrics: Arc<Metrics>, store: String) -> Self {
        Self { metrics, store, reasons: BTreeSet::new(), stalled: None }
    }

    /// How many Segments there are by the reason of their condition Ready, and since when the one waits that has waited longest.
    pub(crate) fn set_segments(&mut self, counts: &BTreeMap<String, usize>, waiting_since: Option<Timestamp>) {
        for (reason, count) in counts {
            self.metrics.segments.get_or_create(&self.in_state(reason)).set(whole(*count));
            self.reasons.insert(reason.clone());
        }
        if let Some(since) = waiting_since {
            self.metrics.waiting_since.get_or_create(&self.label()).set(since.as_second());
        } else {
            self.metrics.waiting_since.remove(&self.label());
        }
    }

    pub(crate) fn set_troubled(&self, shards: usize) {
        self.metrics.shards_troubled.get_or_create(&self.label()).set(whole(shards));
    }

    /// Why the store needs a person, if it does, and how many removals are held.
    pub(crate) fn set_store(&mut self, stalled: Option<&str>, held: u64) {
        if let Some(reason) = stalled {
            self.metrics.stores_stalled.get_or_create(&self.in_state(reason)).set(1);
        }
        let before = self.stalled.take();
        if let Some(before) = before.filter(|before| stalled != Some(before)) {
            self.metrics.stores_stalled.remove(&self.in_state(&before));
        }
        self.stalled = stalled.map(str::to_owned);
        self.metrics.removals_held.get_or_create(&self.label()).set(whole(held));
    }

    /// Takes all of them away.
    pub(crate) fn forget(&mut self) {
        self.set_segments(&BTreeMap::new(), None);
        for reason in std::mem::take(&mut self.reasons) {
            self.metrics.segments.remove(&self.in_state(&reason));
        }
        self.set_store(None, 0);
        self.metrics.removals_held.remove(&self.label());
        self.metrics.shards_troubled.remove(&self.label());
    }

    fn label(&self) -> OfStore {
        OfStore { store: self.store.clone() }
    }

    fn in_state(&self, reason: &str) -> InState {
        InState { store: self.store.clone(), reason: reason.to_owned() }
    }
}

fn whole(number: impl TryInto<i64>) -> i64 {
    number.try_into().unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_metric_has_a_help_text() {
        let metrics = Arc::new(Metrics::new());
        // A family of which nothing was counted is not shown.
        metrics.status_writes.get_or_create(&Kind::SEGMENT).inc();
        metrics.failures.get_or_create(&Reason { reason: "RunFailed".to_owned() }).inc();
        let mut gauges = StoreGauges::new(metrics.clone(), "shop/main".to_owned());
        gauges.set_store(Some("Malformed"), 0);
        gauges.set_segments(&[("Pending".to_owned(), 2)].into(), Timestamp::from_second(100).ok());
        gauges.set_troubled(1);
        let text = metrics.text().unwrap();
        assert!(text.contains("segment_operator_status_writes_total{kind=\"Segment\"} 1"), "{text}");
        let helps: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("# HELP ")).collect();
        assert!(helps.len() >= 15, "{text}");
        for help in helps {
            // The library ends each with a full stop.
            let (name, says) = help.split_once(' ').unwrap();
            assert!(says.len() > 5, "{name}: {says}");
        }
    }

    #[test]
    fn a_store_has_the_gauges_of_its_state_alone_and_none_when_it_is_gone() {
        let metrics = Arc::new(Metrics::new());
        let mut gauges = StoreGauges::new(metrics.clone(), "shop/main".to_owned());
        let values = || {
            let text = metrics.text().unwrap();
            let of_store = text.lines().filter(|line| line.contains("store=\"shop/main\""));
            of_store
                .map(|line| line.replace("segment_operator_", "").replace("store=\"shop/main\"", ""))
                .collect::<Vec<_>>()
        };
        gauges.set_store(Some("SecretMissing"), 0);
        gauges.set_store(Some("Malformed"), 25);
        gauges.set_segments(&[("Pending".to_owned(), 2)].into(), Timestamp::from_second(100).ok());
        gauges.set_troubled(1);
        let expected = [
            "segments{,reason=\"Pending\"} 2",
            "waiting_since_seconds{} 100",
            "shards_troubled{} 1",
            "stores_stalled{,reason=\"Malformed\"} 1",
            "removals_held{} 25",
        ];
        assert_eq!(values(), expected);
        gauges.set_segments(&[("Pending".to_owned(), 0)].into(), None);
        gauges.set_store(None, 0);
        assert_eq!(values(), ["segments{,reason=\"Pending\"} 0", "shards_troubled{} 1", "removals_held{} 0"]);
        gauges.forget();
        assert_eq!(values(), [""; 0]);
    }
}
