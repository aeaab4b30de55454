//! `segmentctl run`, `suspend` and `resume`: changes of the object; the operator does the rest.

use std::time::Duration;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use kube::api::{Patch, PatchParams};
use segment_crds::{Segment, SegmentStatus};
use segment_jobs::clock::Clock;
use serde_json::json;

use super::find::{Cluster, about_segment};
use crate::{
    args::{RunArgs, SuspendArgs},
    exit::Failure,
};

/// A new value of this annotation asks for an evaluation.
const EVALUATE: &str = "segmentation.dev/evaluate";
const POLL: Duration = Duration::from_millis(500);

/// What becomes of a Segment's evaluation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Suspended {
    Yes,
    No,
}

pub(crate) async fn suspend(args: &SuspendArgs, suspended: Suspended) -> Result<(), Failure> {
    let cluster = Cluster::open(&args.cluster).await?;
    let patch = json!({"spec": {"suspend": suspended == Suspended::Yes}});
    for name in &args.segments {
        let patched = cluster.api::<Segment>().patch(name, &PatchParams::default(), &Patch::Merge(&patch)).await;
        patched.map_err(|error| about_segment(name, &error))?;
        println!("{name} {}", if suspended == Suspended::Yes { "is suspended" } else { "goes on" });
    }
    Ok(())
}

pub(crate) async fn run(args: &RunArgs) -> Result<(), Failure> {
    let cluster = Cluster::open(&args.cluster).await?;
    let request = jiff::Timestamp::from_millisecond(Clock::System.now_ms()).unwrap_or_default().to_string();
    let patch = json!({"metadata": {"annotations": {EVALUATE: request}}});
    let mut asked = Vec::new();
    for name in &args.segments {
        let segment = cluster.segment(name).await?;
        if segment.spec.suspend {
            return Err(Failure::Other(format!("{name} is suspended; `segmentctl resume {name}` evaluates it")));
        }
        let patched = cluster.api::<Segment>().patch(name, &PatchParams::default(), &Patch::Merge(&patch)).await;
        patched.map_err(|error| about_segment(name, &error))?;
        asked.push((name, segment.status.unwrap_or_default()));
    }
    let patience = Duration::from_secs(args.timeout);
    for (name, before) in asked.iter().filter(|_| args.wait) {
        let waited = tokio::time::timeout(patience, wait(&cluster, name, &request, before)).await;
        waited.map_err(|_| Failure::Other(format!("{name}: still not evaluated after {} s", args.timeout)))??;
    }
    Ok(())
}

/// Waits until it is known what came of the request, and says it.
async fn wait(cluster: &Cluster, name: &str, request: &str, before: &SegmentStatus) -> Result<(), Failure> {
    loop {
        let segment = cluster.segment(name).await?;
        let status = segment.status.unwrap_or_default();
        // What was said of an older spec says nothing of the one that is evaluated.
        let is_current = status.observed_generation == segment.metadata.generation;
        match outcome(&status, request, before).filter(|_| is_current) {
            None => tokio::time::sleep(POLL).await,
            Some(Ok(members)) => {
                println!("{name} was evaluated and has {members} members");
                return Ok(());
            }
            Some(Err(why)) => return Err(Failure::Other(format!("{name}: {why}"))),
        }
    }
}

/// What came of the request: how many members there are, or why it is not evaluated. None while that is not known. `before`
/// is the status before the request, whose troubles say nothing of it.
fn outcome(status: &SegmentStatus, request: &str, before: &SegmentStatus) -> Option<Result<i64, String>> {
    let handled = status.handled_request.as_deref() == Some(request);
    if handled && condition(status, "Ready").is_some() {
        let as_of = |status: &SegmentStatus| status.last_evaluation.as_ref().map(|last| last.as_of.clone());
        let last = as_of(status).filter(|last| as_of(before).as_ref() == Some(last));
        return Some(match last {
            Some(last) => Err(format!("the evaluation failed, and its members are still those of {last}")),
            None => Ok(status.member_count.unwrap_or(0)),
        });
    }
    let stalled = condition(status, "Stalled")?;
    // These are tried again for the request; all others keep it from being evaluated.
    let is_tried_again = ["EvaluationFailed", "RunFailed"].contains(&stalled.reason.as_str());
    let is_old = condition(before, "Stalled").is_some_and(|old| old.message == stalled.message);
    (handled || !is_tried_again || !is_old).then(|| Err(format!("{}: {}", stalled.reason, stalled.message)))
}

/// A condition that holds.
fn condition<'a>(status: &'a SegmentStatus, type_: &str) -> Option<&'a Condition> {
    status.conditions.iter().find(|one| one.type_ == type_ && one.status == "True")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(handled: &str, type_: &str, reason: &str, message: &str) -> SegmentStatus {
        serde_json::from_value(json!({
            "handledRequest": handled, "memberCount": 7,
            "conditions": [{
                "type": type_, "status": "True", "reason": reason, "message": message,
                "lastTransitionTime": "2026-01-01T00:00:00Z",
            }],
        }))
        .unwrap()
    }

    #[test]
    fn what_was_wrong_before_the_request_says_nothing_of_it() {
        let failed = status("old", "Stalled", "EvaluationFailed", "too costly");
        assert_eq!(outcome(&failed, "new", &failed), None);
        assert!(outcome(&status("new", "Stalled", "EvaluationFailed", "too costly"), "new", &failed).unwrap().is_err());
        let (first, second) =
            (status("", "Stalled", "RunFailed", "job 1"), status("", "Stalled", "RunFailed", "job 2"));
        assert_eq!(outcome(&first, "new", &first), None);
        assert!(outcome(&second, "new", &first).unwrap().is_err());
    }

    #[test]
    fn one_that_cannot_be_evaluated_is_not_waited_for() {
        let refused = status("old", "Stalled", "SpecRefused", "spec.match: no");
        assert_eq!(outcome(&refused, "new", &refused), Some(Err("SpecRefused: spec.match: no".to_owned())));
    }

    #[test]
    fn it_was_evaluated_when_the_request_was_handled_and_it_is_ready() {
        let before = status("old", "Ready", "Evaluated", "");
        assert_eq!(outcome(&before, "new", &before), None);
        assert_eq!(outcome(&status("new", "Reconciling", "Evaluating", ""), "new", &before), None);
        let evaluated = |handled, at| {
            let mut status = status(handled, "Ready", "Evaluated", "");
            status.last_evaluation = serde_json::from_value(json!({
                "definitionHash": "0", "version": 1, "mode": "Manual", "asOf": at, "duration": "1s",
                "entered": 0, "exited": 0, "outcome": "Committed",
            }))
            .unwrap();
            status
        };
        let before = evaluated("old", "2026-01-01T00:00:00Z");
        assert_eq!(outcome(&evaluated("new", "2026-01-02T00:00:00Z"), "new", &before), Some(Ok(7)));
        assert!(outcome(&evaluated("new", "2026-01-01T00:00:00Z"), "new", &before).unwrap().is_err());
    }
}
