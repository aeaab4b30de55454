//! Why a Job does not get on, as its events and pods say. Asked only about Jobs that failed or do not begin.

use k8s_openapi::api::{
    batch::v1::Job,
    core::v1::{ContainerStateTerminated, Event, Pod, PodCondition},
};
use kube::{Api, ResourceExt, api::ListParams};

use crate::context::Context;

/// The longest text that is passed on.
const TEXT_MAX: usize = 400;
/// What a container waits for that comes by itself.
const ON_THE_WAY: [&str; 2] = ["ContainerCreating", "PodInitializing"];

/// Why the pods of a Job failed: the last thing that one of them said.
pub(crate) async fn why_failed(ctx: &Context, job: &Job) -> Option<String> {
    pods(ctx, job).await?.iter().filter_map(of_pod).next_back()
}

fn of_pod(pod: &Pod) -> Option<String> {
    let status = pod.status.as_ref()?;
    let containers = status.container_statuses.as_deref().unwrap_or_default();
    let ended = containers.iter().find_map(|container| container.state.as_ref()?.terminated.as_ref());
    match ended.filter(|ended| ended.exit_code != 0) {
        Some(ended) => Some(said(ended)),
        None => status.reason.as_deref().map(|reason| told(reason, status.message.as_deref())),
    }
}

fn said(ended: &ContainerStateTerminated) -> String {
    let reason = ended.reason.as_deref().unwrap_or("Error");
    let last = ended.message.as_deref().unwrap_or_default().lines().rev().find(|line| !line.trim().is_empty());
    match last {
        Some(last) => cut(&format!("{reason} (exit code {}): {last}", ended.exit_code)),
        None => format!("{reason} (exit code {})", ended.exit_code),
    }
}

/// Why a Job does not begin: it gets no pod, or its pods get no node, image or Secret. None if it does, or nobody says.
pub(crate) async fn why_blocked(ctx: &Context, job: &Job) -> Option<String> {
    if has_no_pods(job) {
        return why_no_pods(ctx, job).await;
    }
    if has_working_pods(job) {
        return None;
    }
    pods(ctx, job).await?.iter().find_map(why_not_running)
}

async fn why_no_pods(ctx: &Context, job: &Job) -> Option<String> {
    let api: Api<Event> = Api::namespaced(ctx.client.clone(), &job.namespace()?);
    let fields = format!("involvedObject.uid={},reason=FailedCreate", job.uid()?);
    let events = api.list(&ListParams::default().fields(&fields).limit(50)).await.ok()?;
    events.items.into_iter().filter_map(|event| event.message).next_back().map(|message| cut(&message))
}

/// What keeps a pod from running.
fn why_not_running(pod: &Pod) -> Option<String> {
    let status = pod.status.as_ref()?;
    let is_unscheduled = |condition: &&PodCondition| condition.type_ == "PodScheduled" && condition.status == "False";
    if let Some(unscheduled) = status.conditions.iter().flatten().find(is_unscheduled) {
        return Some(told(unscheduled.reason.as_deref().unwrap_or("Unscheduled"), unscheduled.message.as_deref()));
    }
    let containers = status.container_statuses.as_deref().unwrap_or_default();
    let waiting = containers.iter().find_map(|container| container.state.as_ref()?.waiting.as_ref())?;
    let reason = waiting.reason.as_deref().filter(|reason| !ON_THE_WAY.contains(reason))?;
    Some(told(reason, waiting.message.as_deref()))
}

fn told(reason: &str, message: Option<&str>) -> String {
    match message {
        Some(message) if !message.is_empty() => cut(&format!("{reason}: {message}")),
        _ => reason.to_owned(),
    }
}

async fn pods(ctx: &Context, job: &Job) -> Option<Vec<Pod>> {
    let api: Api<Pod> = Api::namespaced(ctx.client.clone(), &job.namespace()?);
    let params = ListParams::default().labels(&format!("batch.kubernetes.io/job-name={}", job.name_any())).limit(50);
    Some(api.list(&params).await.ok()?.items)
}

/// Whether a pod of the Job runs.
pub(crate) fn has_working_pods(job: &Job) -> bool {
    job.status.as_ref().and_then(|status| status.ready).unwrap_or(0) > 0
}

/// Whether no pod of the Job has been made.
fn has_no_pods(job: &Job) -> bool {
    job.status.as_ref().is_none_or(|status| {
        [status.active, status.succeeded, status.failed].iter().all(|count| count.unwrap_or(0) == 0)
    })
}

fn cut(text: &str) -> String {
    text[..text.floor_char_boundary(TEXT_MAX)].to_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_last_line_of_a_pod_is_what_it_said() {
        let pod: Pod = serde_json::from_value(json!({"status": {"containerStatuses": [{
            "name": "a", "image": "", "imageID": "", "ready": false, "restartCount": 0,
            "state": {"terminated": {"exitCode": 10, "reason": "Error", "message": "one\nerror: shard 1: no answer\n"}},
        }]}}))
        .unwrap();
        assert_eq!(of_pod(&pod).unwrap(), "Error (exit code 10): error: shard 1: no answer");
    }

    #[test]
    fn a_pod_that_was_killed_or_evicted_tells_by_its_reason() {
        let killed: Pod = serde_json::from_value(json!({"status": {"containerStatuses": [{
            "name": "a", "image": "", "imageID": "", "ready": false, "restartCount": 0,
            "state": {"terminated": {"exitCode": 137, "reason": "OOMKilled"}},
        }]}}))
        .unwrap();
        assert_eq!(of_pod(&killed).unwrap(), "OOMKilled (exit code 137)");
        let evicted: Pod =
            serde_json::from_value(json!({"status": {"reason": "Evicted", "message": "memory"}})).unwrap();
        assert_eq!(of_pod(&evicted).unwrap(), "Evicted: memory");
    }

    #[test]
    fn a_pod_that_does_not_run_says_why() {
        let pod = |status| serde_json::from_value::<Pod>(json!({"status": status})).unwrap();
        let waits = |reason: &str| {
            pod(json!({"containerStatuses": [{
                "name": "a", "image": "", "imageID": "", "ready": false, "restartCount": 0,
                "state": {"waiting": {"reason": reason, "message": "jobs:2"}},
            }]}))
        };
        assert_eq!(why_not_running(&waits("ImagePullBackOff")).unwrap(), "ImagePullBackOff: jobs:2");
        assert_eq!(why_not_running(&waits("ContainerCreating")), None);
        let unscheduled =
            json!({"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "0/1"});
        assert_eq!(why_not_running(&pod(json!({"conditions": [unscheduled]}))).unwrap(), "Unschedulable: 0/1");
    }

    #[test]
    fn a_job_without_pods_is_seen() {
        let job = |status| serde_json::from_value::<Job>(json!({"status": status})).unwrap();
        assert!(has_no_pods(&job(json!({}))));
        assert!(!has_no_pods(&job(json!({"active": 1}))));
    }
}
