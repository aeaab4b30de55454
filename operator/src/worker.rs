//! The worker of a store: it looks at the store and all its Segments, does what is due, and sleeps until it is woken.
//!
//! It assumes nothing about why it was woken: each look does the whole work, and what failed is done by the next. What it
//! keeps in memory only saves work: everything can be found again in the API server and on the shards.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use kube::{
    Resource, ResourceExt,
    core::{DeserializeGuard, metadata::PartialObjectMetaExt},
    runtime::reflector::ObjectRef,
};
use segment_crds::{SegmentStore, SegmentStoreStatus};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use crate::{
    bell::Bell,
    conditions::holds,
    context::Context,
    metrics::StoreGauges,
    names::{StoreKey, condition::STALLED},
    object::SegmentObject,
    segment::{self, Segments},
    store::{
        self, Watch,
        conditions::Held,
        seen::{Obstacle, Seen},
        update_status::{announce, update_status},
    },
    time::now,
};

/// Several changes within this time are one look, and within so much more for each Segment, since a look costs that.
const GATHER: Duration = Duration::from_millis(50);
const GATHER_EACH: Duration = Duration::from_micros(50);
/// How long to wait after a write that failed.
const RETRY: Duration = Duration::from_secs(2);
/// The cache shows a write after this long.
const SEEN_WITHIN: Duration = Duration::from_secs(5);

/// The worker of a store.
pub(crate) struct Worker {
    ctx: Arc<Context>,
    key: StoreKey,
    bell: Arc<Bell>,
    /// The uid of the store that was looked at, if there is one: another one of its name is another store.
    uid: Option<String>,
    watch: Watch,
    segments: Segments,
    gauges: StoreGauges,
    /// How many Segments there were at the last look.
    many: u32,
    /// The status that was written last, until the cache has had time to show it.
    told: Option<(SegmentStoreStatus, Instant)>,
}

/// When a worker has to look again, if it is not woken before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Next {
    At(Instant),
    /// Neither the store nor a Segment of it is there.
    Never,
}

impl Worker {
    pub(crate) fn new(ctx: Arc<Context>, key: StoreKey, bell: Arc<Bell>) -> Self {
        Self {
            gauges: StoreGauges::new(ctx.metrics.clone(), key.to_string()),
            ctx,
            key,
            segments: Segments::new(bell.clone()),
            bell,
            uid: None,
            watch: Watch::new(),
            many: 0,
            told: None,
        }
    }

    /// Works until there is nothing left to watch, or it is stopped.
    pub(crate) async fn work(mut self, permits: Arc<Semaphore>, stop: CancellationToken) {
        let mut next = Instant::now();
        loop {
            let woken = tokio::select! {
                () = stop.cancelled() => break,
                () = self.bell.rung() => {
                    tokio::time::sleep(GATHER + GATHER_EACH * self.many).await;
                    true
                }
                () = tokio::time::sleep_until(next.into()) => false,
            };
            let Ok(_permit) = permits.acquire().await else { break };
            let started = Instant::now();
            let looked = self.look(woken).await;
            self.ctx.metrics.passes.inc();
            self.ctx.metrics.pass_seconds.observe(started.elapsed().as_secs_f64());
            match looked {
                Next::At(at) => next = at,
                Next::Never if self.bell.close() => break,
                // Something was changed since the look read the caches.
                Next::Never => next = Instant::now(),
            }
        }
        self.segments.stop();
    }

    /// `woken` if something was changed; else it is time.
    async fn look(&mut self, woken: bool) -> Next {
        let reference = ObjectRef::<DeserializeGuard<SegmentStore>>::new(&self.key.name).within(&self.key.namespace);
        let stored = self.ctx.stores.get(&reference);
        let segments = self.ctx.segments.state_filter(|segment| segment.store == self.key);
        self.many = u32::try_from(segments.len()).unwrap_or(u32::MAX);
        let Some(stored) = stored else {
            self.begin_anew(None);
            self.gauges.set_store(None, 0);
            let told = self.tell(&segments).await;
            if segments.is_empty() {
                self.gauges.forget();
                return Next::Never;
            }
            return Next::At(Instant::now() + if told { Duration::from_mins(10) } else { RETRY });
        };
        let uid = stored.uid();
        if uid != self.uid {
            self.begin_anew(uid);
        }
        match &stored.0 {
            Ok(object) => self.look_at(object, &segments, woken).await,
            Err(invalid) => {
                let obstacle = Obstacle::Malformed(invalid.error.clone());
                self.watch.seen = Seen { obstacle: Some(obstacle), ..Seen::default() };
                self.segments.forget();
                // Its status cannot be read either: what was told last stands for it.
                let old = self.told.as_ref().map(|(told, _)| told.clone());
                let store = invalid.metadata.clone().into_response_partial::<SegmentStore>();
                let told = self.tell_store(&store, old, None).await;
                let told = self.tell(&segments).await && told;
                Next::At(Instant::now() + if told { Duration::from_mins(10) } else { RETRY })
            }
        }
    }

    fn begin_anew(&mut self, uid: Option<String>) {
        self.uid = uid;
        self.watch = Watch::new();
        self.segments.forget();
        self.told = None;
    }

    async fn look_at(&mut self, object: &SegmentStore, segments: &[Arc<SegmentObject>], woken: bool) -> Next {
        if self.watch.reconcile(&self.ctx, &self.key, object).await {
            self.segments.forget();
        }
        let held = self.segments.reconcile(&self.ctx, &self.key, (object, &self.watch.seen), segments, woken).await;
        if self.segments.saw_failures() {
            self.watch.hurry();
        }
        let mut next = self.watch.due().min(self.segments.due());
        if !self.segments.rests() && !self.tell(segments).await {
            next = next.min(Instant::now() + RETRY);
        }
        let told = self.told.as_ref().filter(|(_, at)| at.elapsed() < SEEN_WITHIN).map(|(told, _)| told.clone());
        let old = told.or_else(|| object.status.clone());
        if !self.tell_store(object, old, held).await {
            next = next.min(Instant::now() + RETRY);
        }
        Next::At(next)
    }

    /// Writes the status of the store, and tells of what is new in it. Whether it was written, or said nothing new.
    async fn tell_store(
        &mut self,
        store: &impl Resource<DynamicType = ()>,
        old: Option<SegmentStoreStatus>,
        held: Option<Held>,
    ) -> bool {
        let (old, generation) = (old.unwrap_or_default(), store.meta().generation.unwrap_or(0));
        let new = store::conditions::status(&old, generation, &self.watch.seen, held, now());
        let stalled = new.conditions.iter().find(|condition| condition.type_ == STALLED && holds(condition));
        self.gauges.set_store(stalled.map(|condition| condition.reason.as_str()), held.map_or(0, |held| held.segments));
        if old == new {
            return true;
        }
        match update_status(&self.ctx, &self.key, self.uid.as_deref(), (&old, &new)).await {
            Ok(()) => {
                announce(&self.ctx, store, &old, &new).await;
                self.told = Some((new, Instant::now()));
                true
            }
            Err(error) => {
                tracing::warn!(%error, store = %self.key, "the status of a store was not written");
                false
            }
        }
    }

    /// Writes the status of the Segments. Whether all was written.
    async fn tell(&mut self, segments: &[Arc<SegmentObject>]) -> bool {
        let view = match self.uid {
            Some(_) => segment::StoreView::There(&self.watch.seen),
            None => segment::StoreView::Missing,
        };
        let told = self.segments.update_status(&self.ctx, view, segments).await;
        self.gauges.set_segments(self.segments.counts(), self.segments.waiting_since());
        self.gauges.set_troubled(self.watch.seen.troubles.len());
        told
    }
}
