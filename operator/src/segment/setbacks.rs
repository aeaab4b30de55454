//! Segments whose runs failed: how often, and when they are tried again. The status keeps the number, so that an operator that
//! starts anew goes on where the one before was.

use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, Instant},
};

use segment_crds::SegmentStatus;
use segment_jobs::publish::Standing;

use super::{Segments, conditions::Setback, judge::key_of, plan::SegmentKey, runs::evaluating};
use crate::{
    names::{condition::READY, reason},
    object::SegmentObject,
};

/// How long to wait after the first run of a segment failed; three times as long after each further one.
const SETBACK: Duration = Duration::from_secs(10);
const SETBACK_MAX: Duration = Duration::from_mins(10);

/// Segments whose runs failed.
#[derive(Debug, Default)]
pub(super) struct Setbacks(HashMap<SegmentKey, Delay>);

#[derive(Clone, Debug)]
struct Delay {
    version: u64,
    setback: Setback,
    until: Instant,
    /// The request that the run would have answered: another one need not wait.
    request: Option<String>,
}

impl Delay {
    /// Whether somebody has asked for an evaluation since the last run failed.
    fn is_news(&self, request: Option<&String>) -> bool {
        request.is_some() && request != self.request.as_ref()
    }
}

impl Setbacks {
    pub(super) fn get(&self, key: SegmentKey, version: u64) -> Option<&Setback> {
        self.0.get(&key).filter(|delay| delay.version == version).map(|delay| &delay.setback)
    }

    /// It has been evaluated.
    pub(super) fn forget(&mut self, key: SegmentKey) {
        self.0.remove(&key);
    }

    /// A new version begins anew.
    pub(super) fn forget_older(&mut self, key: SegmentKey, version: u64) {
        if self.0.get(&key).is_some_and(|delay| delay.version != version) {
            self.0.remove(&key);
        }
    }

    /// Forgets those with nothing to evaluate any more.
    fn keep(&mut self, wanted: impl Fn(SegmentKey) -> bool) {
        self.0.retain(|key, _| wanted(*key));
    }

    /// When the next of them may be tried again.
    pub(super) fn next(&self) -> Option<Instant> {
        self.0.values().map(|delay| delay.until).filter(|until| *until > Instant::now()).min()
    }

    pub(super) fn waits(&self, key: SegmentKey, version: u64, request: Option<&String>) -> bool {
        let delay = self.0.get(&key).filter(|delay| delay.version == version && delay.until > Instant::now());
        delay.is_some_and(|delay| !delay.is_news(request))
    }

    /// Whether a run of a version that answers this request is but another try, which nobody has asked for.
    pub(super) fn is_tried_again(&self, key: SegmentKey, version: u64, request: Option<&String>) -> bool {
        self.0.get(&key).is_some_and(|delay| delay.version == version && !delay.is_news(request))
    }

    pub(super) fn add(&mut self, key: SegmentKey, version: u64, message: &str, request: Option<&String>) {
        let count = self.get(key, version).map_or(0, |setback| setback.count).saturating_add(1);
        self.put(key, version, Setback { count, message: message.to_owned() }, request);
    }

    /// Takes over what an operator before us has told, unless we know better. It waits as long as after the last failure, since
    /// we do not know how long ago that was, and an operator that starts again and again must not try each time.
    fn take_over(&mut self, key: SegmentKey, version: u64, setback: Setback, request: Option<&String>) {
        if self.get(key, version).is_none() {
            self.put(key, version, setback, request);
        }
    }

    fn put(&mut self, key: SegmentKey, version: u64, setback: Setback, request: Option<&String>) {
        let wait = SETBACK.saturating_mul(3_u32.saturating_pow(setback.count.saturating_sub(1))).min(SETBACK_MAX);
        self.0.insert(key, Delay { version, setback, until: Instant::now() + wait, request: request.cloned() });
    }
}

/// What a status says of runs of a version that failed.
fn told_setback(status: &SegmentStatus, version: u64) -> Option<Setback> {
    let failed = status.failed_runs.filter(|failed| u64::try_from(failed.version) == Ok(version))?;
    let ready = status.conditions.iter().find(|condition| condition.type_ == READY);
    let message = ready.filter(|ready| ready.reason == reason::RUN_FAILED).map(|ready| ready.message.clone());
    let count = u32::try_from(failed.count).unwrap_or(u32::MAX).max(1);
    Some(Setback { count, message: message.unwrap_or_else(|| "its runs have failed before".to_owned()) })
}

impl Segments {
    /// Takes in what the statuses say of runs that failed before this operator began, and forgets what is over.
    pub(super) fn tidy_setbacks(&mut self, segments: &[Arc<SegmentObject>], requests: &HashMap<SegmentKey, String>) {
        let is_due = |key: &SegmentKey, standing: &Standing| {
            let is_under_way = evaluating(&self.runs, *key, standing.version).is_some();
            let is_asked = is_under_way || requests.contains_key(key) || self.outdated.contains(key);
            is_asked || standing.due().next().is_some()
        };
        // What is due on a shard that does not answer is not known.
        self.setbacks.keep(|key| {
            self.standings.get(&key).is_none_or(|standing| is_due(&key, standing) || !standing.absent.is_empty())
        });
        for segment in segments {
            let status = self.told.status(segment);
            if status.failed_runs.is_none() {
                continue;
            }
            let key = key_of(segment);
            let is_open = |standing: &&Standing| is_due(&key, standing) && standing.failed.is_none();
            let Some(standing) = self.standings.get(&key).filter(is_open) else { continue };
            if let Some(setback) = told_setback(status, standing.version) {
                let request = segment.request().map(str::to_owned);
                self.setbacks.take_over(key, standing.version, setback, request.as_ref());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_operator_takes_over_what_the_status_says_of_runs_that_failed() {
        let status = |version: i64, reason: &str| -> SegmentStatus {
            let ready = serde_json::json!({
                "type": READY, "status": "False", "reason": reason, "message": "the Job j failed",
                "lastTransitionTime": "2026-01-01T00:00:00Z",
            });
            let failed = serde_json::json!({"version": version, "count": 3});
            serde_json::from_value(serde_json::json!({"conditions": [ready], "failedRuns": failed})).unwrap()
        };
        assert_eq!(told_setback(&status(4, "RunFailed"), 5), None, "of another version");
        assert_ne!(told_setback(&status(5, "Evaluating"), 5).unwrap().message, "the Job j failed");
        let told = told_setback(&status(5, "RunFailed"), 5).unwrap();
        assert_eq!(told, Setback { count: 3, message: "the Job j failed".to_owned() });
        let (key, mut setbacks) = ((1, 2), Setbacks::default());
        setbacks.take_over(key, 5, told.clone(), None);
        assert!(setbacks.waits(key, 5, None), "however often it is restarted");
        setbacks.add(key, 5, "failed again", None);
        setbacks.take_over(key, 5, told, None);
        assert_eq!(setbacks.get(key, 5).unwrap().count, 4, "what we know ourselves is newer");
    }

    #[test]
    fn a_new_request_need_not_wait_until_a_failed_run_is_tried_again() {
        let (key, mut setbacks, [first, second]) = ((1, 2), Setbacks::default(), ["a".to_owned(), "b".to_owned()]);
        setbacks.add(key, 5, "failed", Some(&first));
        assert!(setbacks.waits(key, 5, None) && setbacks.waits(key, 5, Some(&first)));
        assert!(!setbacks.waits(key, 5, Some(&second)) && !setbacks.waits(key, 6, None));
        setbacks.add(key, 5, "failed", Some(&second));
        assert!(setbacks.waits(key, 5, Some(&second)), "it is tried as rarely as before");
        assert_eq!(setbacks.get(key, 5).unwrap().count, 2);
    }
}
