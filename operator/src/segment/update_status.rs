//! Writes the status of Segments, where it says something new.
//!
//! What was written is remembered until the cache shows it: a look that came before would write it again, with another time.
//! What only tells how far a Segment is has an allowance; what came of it is always written.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
    time::{Duration, Instant},
};

use futures::future::join_all;
use kube::{
    Api, Resource, ResourceExt,
    api::{Patch, PatchParams},
    core::PartialObjectMeta,
    runtime::events::EventType,
};
use segment_crds::SegmentStatus;
use segment_jobs::publish::{Standing, State};
use serde_json::json;

use super::{
    Segments,
    allowance::Allowance,
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
#[derive(Debug)]
pub(super) struct Told {
    /// Written, but not yet seen in the cache.
    written: HashMap<String, (SegmentStatus, Instant)>,
    allowance: Allowance,
    /// Segments by the reason of their condition Ready.
    pub(super) counts: BTreeMap<String, usize>,
}

impl Told {
    pub(super) fn nothing() -> Self {
        Self { written: HashMap::new(), allowance: Allowance::new(Instant::now()), counts: BTreeMap::new() }
    }

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
        let (mut changes, mut all) = (Vec::new(), true);
        for segment in segments {
            let old = self.told.status(segment);
            let new = status(segment, old, &self.facts(store, segment), now());
            let (is_new, is_progress) = (*old != new, is_progress(segment, old, &new));
            *self.told.counts.entry(reason(&new).to_owned()).or_default() += 1;
            if is_new && is_progress && !self.told.allowance.take(Instant::now()) {
                all = false;
            } else if is_new {
                changes.push((segment, new));
            }
        }
        let mut changes = changes.into_iter().peekable();
        while changes.peek().is_some() {
            let writes = changes.by_ref().take(AT_ONCE).map(|(segment, new)| self.tell(ctx, segment, new));
            for (outcome, segment, new) in join_all(writes).await {
                all &= self.take_in(ctx, outcome, segment, new);
            }
        }
        all
    }

    /// Takes in what came of a write. Whether it was written.
    fn take_in(
        &mut self,
        ctx: &Context,
        outcome: Result<(), kube::Error>,
        segment: &SegmentObject,
        new: SegmentStatus,
    ) -> bool {
        match outcome {
            Ok(()) => {
                self.totals.remove(&key_of(segment));
                self.told.written.insert(segment.path(), (new, Instant::now()));
                true
            }
            Err(error) => {
                ctx.metrics.refused_status_writes.inc();
                tracing::warn!(%error, segment = segment.path(), "a status was not written; it is tried again");
                false
            }
        }
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
        let entry = self.book.get(&segment.path()).filter(|entry| entry.is_of(segment));
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

/// Whether a new status says no more than that the Segment is on its way, which readers take for granted: they were told so
/// before, or see that this generation has not been looked at.
fn is_progress(segment: &SegmentObject, old: &SegmentStatus, new: &SegmentStatus) -> bool {
    is_true(new, RECONCILING) && (is_true(old, RECONCILING) || old.observed_generation != Some(segment.generation()))
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
    if is_true(new, READY) && (is_true(old, RECONCILING) || old.conditions.is_empty()) {
        let since = old.conditions.iter().find(|condition| condition.type_ == RECONCILING);
        let since = since.map(|condition| &condition.last_transition_time);
        let began = since.or(segment.meta().creation_timestamp.as_ref()).map_or(now(), |time| time.0);
        ctx.metrics.ready_seconds.observe(now().duration_since(began).as_secs_f64());
    }
}
