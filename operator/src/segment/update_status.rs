//! Writes the status of Segments, where it says something new.
//!
//! What was written is remembered until the cache shows it: a look that came before would write it again, with another time.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
    time::{Duration, Instant},
};

use futures::{StreamExt, stream};
use kube::{
    Api, ResourceExt,
    api::{Patch, PatchParams},
    core::PartialObjectMeta,
    runtime::events::EventType,
};
use segment_crds::SegmentStatus;
use segment_jobs::publish::{Standing, State};
use serde_json::json;

use super::{
    Segments,
    conditions::{Facts, Progress, Published, StoreFacts, status},
    judge::key_of,
    validate::Verdict,
};
use crate::{
    context::{Context, Said},
    metrics::Kind,
    names::{
        STATUS_FIELD_MANAGER,
        condition::{READY, RECONCILING, STALLED},
    },
    object::SegmentObject,
    store::Seen,
    worker::now,
};

/// Writes at the same time; the API server has other clients too.
const AT_ONCE: usize = 32;
/// The cache shows a write after this long, or somebody has undone it.
const SEEN_WITHIN: Duration = Duration::from_secs(10);

/// The store as its Segments see it.
#[derive(Clone, Copy)]
pub(crate) enum StoreView<'a> {
    Missing,
    There(&'a Seen),
}

/// What was told.
#[derive(Debug, Default)]
pub(super) struct Told {
    /// Written, but not yet seen in the cache.
    written: HashMap<String, (SegmentStatus, Instant)>,
    /// Segments by the reason of their condition Ready.
    pub(super) counts: BTreeMap<String, usize>,
}

impl Told {
    /// The status that the API server has.
    pub(super) fn status<'a>(&'a self, segment: &'a SegmentObject) -> &'a SegmentStatus {
        self.written.get(&segment.path()).map_or(&segment.status, |(status, _)| status)
    }

    fn tidy(&mut self, segments: &[Arc<SegmentObject>]) {
        if self.written.is_empty() {
            return;
        }
        let there: HashMap<String, &SegmentStatus> =
            segments.iter().map(|segment| (segment.path(), &segment.status)).collect();
        self.written.retain(|path, (status, at)| {
            at.elapsed() < SEEN_WITHIN && there.get(path).is_some_and(|seen| *seen != status)
        });
    }
}

impl Segments {
    /// Writes what is new. Whether all of it was written.
    pub(crate) async fn update_status(
        &mut self,
        ctx: &Context,
        store: StoreView<'_>,
        segments: &[Arc<SegmentObject>],
    ) -> bool {
        self.told.tidy(segments);
        self.told.counts.values_mut().for_each(|count| *count = 0);
        let mut changes = Vec::new();
        for segment in segments {
            let new = status(segment, self.told.status(segment), &self.facts(store, segment), now());
            *self.told.counts.entry(reason(&new).to_owned()).or_default() += 1;
            if *self.told.status(segment) != new {
                changes.push((segment, new));
            }
        }
        let writes: Vec<_> = changes.into_iter().map(|(segment, new)| self.tell(ctx, segment, new)).collect();
        let written: Vec<_> = stream::iter(writes).buffer_unordered(AT_ONCE).collect().await;
        let mut all = true;
        for (outcome, segment, new) in written {
            match outcome {
                Ok(()) => {
                    self.totals.remove(&key_of(segment));
                    self.told.written.insert(segment.path(), (new, Instant::now()));
                }
                Err(error) => {
                    all = false;
                    ctx.metrics.refused_status_writes.inc();
                    tracing::warn!(%error, segment = segment.path(), "a status was not written; it is tried again");
                }
            }
        }
        all
    }

    async fn tell<'a>(
        &self,
        ctx: &Context,
        segment: &'a SegmentObject,
        new: SegmentStatus,
    ) -> (Result<(), kube::Error>, &'a SegmentObject, SegmentStatus) {
        (write(ctx, segment, self.told.status(segment), &new).await, segment, new)
    }

    fn facts<'a>(&'a self, store: StoreView<'a>, segment: &SegmentObject) -> Facts<'a> {
        let key = key_of(segment);
        let store = match store {
            StoreView::Missing => StoreFacts::Missing,
            StoreView::There(Seen { obstacle: Some(obstacle), .. }) => StoreFacts::Unusable(obstacle),
            StoreView::There(seen) => StoreFacts::Shards { troubles: &seen.troubles, open: seen.open.is_some() },
        };
        let entry = self.book.get(&segment.path());
        let verdict = entry.map(|entry| &entry.verdict);
        // What was published before the last change says nothing about it.
        let meant = match verdict {
            Some(Verdict::Accepted { hash, .. }) => Some(*hash),
            _ => None,
        };
        let is_of = |standing: &&Standing| {
            Some(standing.hash) == meant && (standing.state == State::Suspended) == segment.suspended
        };
        let known = self.standings.get(&key);
        let standing = known.filter(is_of);
        let progress = standing.map_or(Progress::Waiting, |standing| {
            if let Some(run) = self.runs.iter().find(|run| run.evaluates(key, standing.version)) {
                let job = &run.job;
                return match (&run.blocked, &run.complaint) {
                    (Some(why), _) => Progress::Blocked(format!("the Job {job} has no pod: {why}")),
                    (None, Some(said)) => Progress::Running(format!("the Job {job} tries again: {said}")),
                    (None, None) => Progress::Running(format!("the Job {job} evaluates it")),
                };
            }
            self.setbacks.get(key, standing.version).cloned().map_or(Progress::Waiting, Progress::Setback)
        });
        Facts {
            store,
            verdict,
            standing: match (known, standing) {
                (None, _) => Published::Unknown,
                (_, None) => Published::Outdated,
                (_, Some(standing)) => Published::As(standing),
            },
            progress,
            outdated: self.outdated.contains(&key),
            totals: self.totals.get(&key).cloned(),
            handled: self.handled.get(&key).map(String::as_str),
        }
    }
}

/// The reason of the condition Ready.
fn reason(status: &SegmentStatus) -> &str {
    status.conditions.iter().find(|condition| condition.type_ == READY).map_or("", |ready| &ready.reason)
}

fn is_true(status: &SegmentStatus, type_: &str) -> bool {
    status.conditions.iter().any(|condition| condition.type_ == type_ && condition.status == "True")
}

async fn write(
    ctx: &Context,
    segment: &SegmentObject,
    old: &SegmentStatus,
    new: &SegmentStatus,
) -> Result<(), kube::Error> {
    let api: Api<PartialObjectMeta<SegmentObject>> = Api::namespaced(ctx.client.clone(), segment.space());
    let patch = json!({
        "apiVersion": "segmentation.dev/v1alpha1",
        "kind": "Segment",
        "metadata": {"name": segment.title(), "uid": segment.uid()},
        "status": new,
    });
    let params = PatchParams::apply(STATUS_FIELD_MANAGER).force();
    match api.patch_status(segment.title(), &params, &Patch::Apply(&patch)).await {
        Ok(_) => {}
        // It was deleted, or deleted and made again: the next look sees the new one.
        Err(kube::Error::Api(status)) if status.code == 404 || status.code == 409 => return Ok(()),
        Err(error) => return Err(error),
    }
    ctx.metrics.status_writes.get_or_create(&Kind::SEGMENT).inc();
    announce(ctx, segment, old, new).await;
    Ok(())
}

/// Tells of a Segment that needs a person, and counts how long one took to become ready.
async fn announce(ctx: &Context, segment: &SegmentObject, old: &SegmentStatus, new: &SegmentStatus) {
    if is_true(new, STALLED) && (!is_true(old, STALLED) || reason(old) != reason(new)) {
        let stalled = new.conditions.iter().find(|condition| condition.type_ == STALLED);
        let note = stalled.map_or("", |condition| condition.message.as_str());
        ctx.tell(segment, EventType::Warning, Said { reason: reason(new), action: "Reconcile", note }).await;
    }
    if is_true(new, READY) && is_true(old, RECONCILING) {
        let since = old.conditions.iter().find(|condition| condition.type_ == RECONCILING);
        let began = since.map_or(now(), |condition| condition.last_transition_time.0);
        ctx.metrics.ready_seconds.observe(now().duration_since(began).as_secs_f64());
    }
}
