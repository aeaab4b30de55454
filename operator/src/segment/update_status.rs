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
use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use kube::{Api, Resource, ResourceExt, core::PartialObjectMeta, runtime::events::EventType};
use segment_crds::SegmentStatus;
use segment_jobs::publish::{Standing, State};

use super::{
    Segments,
    allowance::Allowance,
    conditions::{Facts, Progress, Published, Setback, StoreFacts, status},
    judge::key_of,
    plan::SegmentKey,
    runs::evaluating,
    validate::Verdict,
};
use crate::{
    conditions::holds,
    context::{Context, Said},
    metrics::Kind,
    names::condition::{READY, RECONCILING, STALLED},
    object::SegmentObject,
    store::seen::Seen,
    time::now,
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
    written: HashMap<String, Written>,
    allowance: Allowance,
    /// Whether the last time all was told that there was to tell.
    pub(super) was_all: bool,
    /// Segments by the reason of their condition Ready.
    pub(super) counts: BTreeMap<String, usize>,
    /// Since when the one waits that has waited longest.
    pub(super) waiting_since: Option<Timestamp>,
}

#[derive(Debug)]
struct Written {
    /// Of which object: another one of that name has a status of its own.
    uid: Option<String>,
    status: SegmentStatus,
    at: Instant,
}

impl Told {
    pub(super) fn nothing() -> Self {
        let (written, counts) = (HashMap::new(), BTreeMap::new());
        Self { written, allowance: Allowance::new(Instant::now()), was_all: false, counts, waiting_since: None }
    }

    /// Whether everything has been told, and the cache shows it.
    pub(super) fn is_settled(&self) -> bool {
        self.was_all && self.written.is_empty()
    }

    /// The status that the API server has.
    pub(super) fn status<'a>(&'a self, segment: &'a SegmentObject) -> &'a SegmentStatus {
        if self.written.is_empty() {
            return &segment.status;
        }
        let written = self.written.get(&segment.path()).filter(|written| written.uid == segment.uid());
        written.map_or(&segment.status, |written| &written.status)
    }

    fn tidy(&mut self, segments: &[Arc<SegmentObject>]) {
        if self.written.is_empty() {
            return;
        }
        let there: HashMap<String, &SegmentObject> =
            segments.iter().map(|segment| (segment.path(), segment.as_ref())).collect();
        self.written.retain(|path, written| {
            written.at.elapsed() < SEEN_WITHIN
                && there.get(path).is_some_and(|seen| seen.uid() == written.uid && seen.status != written.status)
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
        self.told.waiting_since = None;
        let (mut changes, mut all) = (Vec::new(), true);
        for segment in segments {
            let old = self.told.status(segment);
            let new = status(segment, old, &self.facts(store, segment), now());
            let (is_new, is_progress) = (*old != new, is_progress(segment, old, &new));
            *self.told.counts.entry(reason(&new).to_owned()).or_default() += 1;
            self.told.waiting_since = self.told.waiting_since.into_iter().chain(waits_since(&new)).min();
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
        self.told.was_all = all;
        all
    }

    /// Takes in what came of a write. Whether it was written.
    fn take_in(
        &mut self,
        ctx: &Context,
        outcome: Result<bool, kube::Error>,
        segment: &SegmentObject,
        new: SegmentStatus,
    ) -> bool {
        match outcome {
            Ok(true) => {
                self.totals.remove(&key_of(segment));
                let written = Written { uid: segment.uid(), status: new, at: Instant::now() };
                self.told.written.insert(segment.path(), written);
                true
            }
            // The next look sees what there is now.
            Ok(false) => true,
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
    ) -> (Result<bool, kube::Error>, &'a SegmentObject, SegmentStatus) {
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
        let setback = standing.and_then(|standing| self.setbacks.get(key, standing.version));
        Facts {
            store,
            verdict,
            standing: match (known, standing) {
                (None, _) => Published::Unknown,
                (_, None) => Published::Outdated,
                (_, Some(standing)) => Published::As(standing),
            },
            progress: standing.map_or(Progress::Waiting, |standing| self.progress(key, standing.version)),
            failed_runs: standing.zip(setback).map(|(standing, setback)| setback.told(standing.version)),
            outdated: self.outdated.contains(&key),
            totals: self.totals.get(&key).cloned(),
            // With what came of it.
            handled: self.handled.get(&key).filter(|_| !self.refresh.contains(&key)).map(String::as_str),
        }
    }

    /// How far the evaluation of a version is. Another try, which nobody has asked for, does not make one well that needs a
    /// person: it would be stalled and not, again and again.
    fn progress(&self, key: SegmentKey, version: u64) -> Progress {
        let setback = self.setbacks.get(key, version);
        let Some(run) = evaluating(&self.runs, key, version) else {
            let refused = || self.not_started.as_ref().map(|why| Progress::Blocked(format!("no Job was made: {why}")));
            return setback.cloned().map(Progress::Setback).or_else(refused).unwrap_or_default();
        };
        let is_but_a_try = self.setbacks.is_tried_again(key, version, run.request(key));
        match (setback.filter(|setback| setback.needs_a_person() && is_but_a_try), run.progress()) {
            (Some(Setback { count, message }), Progress::Running(how) | Progress::Blocked(how)) => {
                Progress::Setback(Setback { count: *count, message: format!("{message}; tried again: {how}") })
            }
            (_, progress) => progress,
        }
    }
}

/// Whether a new status says no more than that the Segment is on its way, which readers take for granted: they were told so
/// before, or see that this generation has not been looked at.
fn is_progress(segment: &SegmentObject, old: &SegmentStatus, new: &SegmentStatus) -> bool {
    is_true(new, RECONCILING) && (is_true(old, RECONCILING) || old.observed_generation != Some(segment.generation()))
}

/// Since when it is on its way, if it is.
fn waits_since(status: &SegmentStatus) -> Option<Timestamp> {
    let is_so = |condition: &&Condition| condition.type_ == RECONCILING && holds(condition);
    status.conditions.iter().find(is_so).map(|condition| condition.last_transition_time.0)
}

/// The reason of the condition Ready.
fn reason(status: &SegmentStatus) -> &str {
    status.conditions.iter().find(|condition| condition.type_ == READY).map_or("", |ready| &ready.reason)
}

fn is_true(status: &SegmentStatus, type_: &str) -> bool {
    status.conditions.iter().any(|condition| condition.type_ == type_ && holds(condition))
}

/// Writes a status. False if the object is not there any more.
async fn write(
    ctx: &Context,
    segment: &SegmentObject,
    old: &SegmentStatus,
    new: &SegmentStatus,
) -> Result<bool, kube::Error> {
    let api: Api<PartialObjectMeta<SegmentObject>> = Api::namespaced(ctx.client.clone(), segment.space());
    let uid = segment.uid();
    if !crate::status::write(&api, (segment.title(), uid.as_deref()), (old, new)).await? {
        return Ok(false);
    }
    ctx.metrics.status_writes.get_or_create(&Kind::SEGMENT).inc();
    announce(ctx, segment, old, new).await;
    Ok(true)
}

/// Whether a person has to do something that they were not told of: after a change that did not mend it, too.
fn needs_a_person_anew(old: &SegmentStatus, new: &SegmentStatus) -> bool {
    let is_as_before =
        is_true(old, STALLED) && reason(old) == reason(new) && old.observed_generation == new.observed_generation;
    is_true(new, STALLED) && !is_as_before
}

/// Tells of a Segment that needs a person, and counts how long one took to become ready.
async fn announce(ctx: &Context, segment: &SegmentObject, old: &SegmentStatus, new: &SegmentStatus) {
    if needs_a_person_anew(old, new) {
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::segment::runs::{Part, Run};

    fn segment(uid: &str) -> SegmentObject {
        serde_json::from_value(json!({"metadata": {"name": "a", "namespace": "b", "uid": uid}})).unwrap()
    }

    fn stalled(generation: i64, status: &str, reason: &str) -> SegmentStatus {
        let condition = |type_| {
            json!({
                "type": type_, "status": status, "reason": reason, "message": "",
                "lastTransitionTime": "2026-01-01T00:00:00Z",
            })
        };
        let conditions = [condition(READY), condition(STALLED)];
        serde_json::from_value(json!({"observedGeneration": generation, "conditions": conditions})).unwrap()
    }

    #[test]
    fn what_was_written_for_an_object_says_nothing_about_another_of_its_name() {
        let (mut told, status) = (Told::nothing(), stalled(1, "True", "SpecRefused"));
        let written = Written { uid: Some("1".to_owned()), status: status.clone(), at: Instant::now() };
        told.written.insert("b/a".to_owned(), written);
        assert_eq!(*told.status(&segment("1")), status);
        assert_eq!(*told.status(&segment("2")), SegmentStatus::default());
    }

    #[test]
    fn one_that_is_stalled_stays_so_while_it_is_tried_again_unless_somebody_has_asked_for_it() {
        let (key, mut segments) = ((1, 2), Segments::new(Arc::default()));
        let run =
            || Run::new(uuid::Uuid::nil(), "j".to_owned(), 0, [(key, Part { version: 5, shards: vec![0] })].into());
        segments.runs = vec![run()];
        let evaluates = Progress::Running("the Job j evaluates it".to_owned());
        for count in 1..=3 {
            assert_eq!(segments.progress(key, 5), evaluates, "after {count} runs that failed it mends itself");
            segments.setbacks.add(key, 5, "no", None);
        }
        let message = "no; tried again: the Job j evaluates it".to_owned();
        assert_eq!(segments.progress(key, 5), Progress::Setback(Setback { count: 3, message }));
        segments.runs = vec![run().answering([(key, "now".to_owned())].into())];
        assert_eq!(segments.progress(key, 5), evaluates);
        segments.runs.clear();
        assert_eq!(segments.progress(key, 5), Progress::Setback(Setback { count: 3, message: "no".to_owned() }));
    }

    #[test]
    fn one_waits_since_it_became_reconciling() {
        let mut status = stalled(1, "True", "Pending");
        assert_eq!(waits_since(&status), None);
        RECONCILING.clone_into(&mut status.conditions[1].type_);
        assert_eq!(waits_since(&status), "2026-01-01T00:00:00Z".parse().ok());
        "False".clone_into(&mut status.conditions[1].status);
        assert_eq!(waits_since(&status), None);
    }

    #[test]
    fn a_change_that_does_not_mend_it_is_told_too() {
        let old = stalled(1, "True", "SpecRefused");
        assert!(!needs_a_person_anew(&old, &old));
        assert!(needs_a_person_anew(&old, &stalled(2, "True", "SpecRefused")));
        assert!(needs_a_person_anew(&old, &stalled(1, "True", "AccessDenied")));
        assert!(needs_a_person_anew(&SegmentStatus::default(), &old));
        assert!(!needs_a_person_anew(&old, &stalled(1, "False", "Evaluated")));
    }
}
