//! Why a Job does not get on, as its events and pods say. Asked only about Jobs that failed or do not begin.

use k8s_openapi::api::{
    batch::v1::Job,
    core::v1::{ContainerStateTerminated, Event, Pod},
};
use kube::{Api, ResourceExt, api::ListParams};

use crate::context::Context;

/// The longest text that is passed on.
const TEXT_MAX: usize = 400;

/// Why the pods of a Job failed: the last thing that one of them said.
pub(super) async fn why_failed(ctx: &Context, job: &Job) -> Option<String> {
    let api: Api<Pod> = Api::namespaced(ctx.client.clone(), &job.namespace()?);
    let params = ListParams::default().labels(&format!("batch.kubernetes.io/job-name={}", job.name_any())).limit(50);
    let pods = api.list(&params).await.ok()?;
    pods.items.iter().filter_map(of_pod).next_back()
}

fn of_pod(pod: &Pod) -> Option<String> {
    let status = pod.status.as_ref()?;
    let containers = status.container_statuses.as_deref().unwrap_or_default();
    let ended = containers.iter().find_map(|container| container.state.as_ref()?.terminated.as_ref());
    match ended.filter(|ended| ended.exit_code != 0) {
        Some(ended) => Some(said(ended)),
        None => status.reason.clone().map(|reason| match &status.message {
            Some(message) => cut(&format!("{reason}: {message}")),
            None => reason,
        }),
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

/// Why no pod of a Job is made: a quota, say.
pub(super) async fn why_blocked(ctx: &Context, job: &Job) -> Option<String> {
    let api: Api<Event> = Api::namespaced(ctx.client.clone(), &job.namespace()?);
    let fields = format!("involvedObject.uid={},reason=FailedCreate", job.uid()?);
    let events = api.list(&ListParams::default().fields(&fields).limit(50)).await.ok()?;
    events.items.into_iter().filter_map(|event| event.message).next_back().map(|message| cut(&message))
}

/// Whether no pod of the Job has been made.
pub(super) fn has_no_pods(job: &Job) -> bool {
    job.status.as_ref().is_none_or(|status| {
        [status.active, status.succeeded, status.failed].iter().all(|count| count.unwrap_or(0) == 0)
    })
}

fn cut(text: &str) -> String {
    let end = (0..=TEXT_MAX.min(text.len())).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
    text[..end].to_owned()
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
    fn a_job_without_pods_is_seen() {
        let job = |status| serde_json::from_value::<Job>(json!({"status": status})).unwrap();
        assert!(has_no_pods(&job(json!({}))));
        assert!(!has_no_pods(&job(json!({"active": 1}))));
    }
}
