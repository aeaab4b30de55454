//! `segmentctl logs`: what the pods of a Segment's last evaluation said.

use std::io::{self, Write};

use k8s_openapi::api::{batch::v1::Job, core::v1::Pod};
use kube::{
    Api, ResourceExt,
    api::{ListParams, LogParams},
};

use segment_crds::SegmentStatus;

use super::find::Cluster;
use crate::{
    args::LogsArgs,
    exit::{self, Failure},
};

pub(crate) async fn logs(args: &LogsArgs) -> Result<(), Failure> {
    let cluster = Cluster::open(&args.cluster).await?;
    let segment = cluster.segment(&args.segment).await?;
    let (namespace, store) = cluster.store(&segment).await?;
    let jobs: Api<Job> = Api::namespaced(cluster.client.clone(), &namespace);
    let of_store = format!("segmentation.dev/store={},segmentation.dev/component=manual", store.name_any());
    let found = jobs.list(&ListParams::default().labels(&of_store)).await;
    let found = found.map_err(|error| Failure::about("the Jobs", &error))?;
    let job = chosen(&segment.status.unwrap_or_default(), &found.items)?;
    let pods: Api<Pod> = Api::namespaced(cluster.client.clone(), &namespace);
    let of_job = format!("batch.kubernetes.io/job-name={}", job.name_any());
    let found = pods.list(&ListParams::default().labels(&of_job)).await;
    for pod in found.map_err(|error| Failure::about("the pods", &error))?.items {
        let name = pod.name_any();
        eprintln!("==> {name}");
        match pods.logs(&name, &LogParams::default()).await {
            Ok(text) => exit::written(io::stdout().lock().write_all(text.as_bytes()))?,
            // One that has not begun has none.
            Err(error) => eprintln!("note: {error}"),
        }
    }
    Ok(())
}

/// The Job that a Segment's status speaks of: that of its last evaluation; before it is ready, the one in the message, or
/// else the newest of the store.
fn chosen<'a>(status: &SegmentStatus, jobs: &'a [Job]) -> Result<&'a Job, Failure> {
    let newest = jobs.iter().max_by_key(|job| job.metadata.creation_timestamp.clone());
    let ready = status.conditions.iter().find(|condition| condition.type_ == "Ready");
    if let Some(ready) = ready.filter(|ready| ready.status != "True") {
        let is_named =
            |job: &&Job| ready.message.split_whitespace().any(|word| word.trim_end_matches(':') == job.name_any());
        let job = jobs.iter().find(is_named).or(newest);
        return job.ok_or_else(|| gone("the store has no Job"));
    }
    let Some(run) = status.last_evaluation.as_ref().and_then(|last| last.run.as_ref()) else {
        return newest.ok_or_else(|| gone("the store has no Job"));
    };
    let job = jobs.iter().find(|job| job.labels().get("segmentation.dev/run") == Some(run));
    job.ok_or_else(|| gone(&format!("the Job of run {run} is gone")))
}

fn gone(what: &str) -> Failure {
    Failure::Other(format!("{what}; Jobs are removed an hour after their end"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn job(name: &str, run: &str, made: &str) -> Job {
        let metadata = json!({"name": name, "labels": {"segmentation.dev/run": run}, "creationTimestamp": made});
        serde_json::from_value(json!({"metadata": metadata})).unwrap()
    }

    fn status(ready: &str, message: &str) -> SegmentStatus {
        serde_json::from_value(json!({
            "conditions": [{
                "type": "Ready", "status": ready, "reason": "A", "message": message,
                "lastTransitionTime": "2026-01-01T00:00:00Z",
            }],
            "lastEvaluation": {
                "definitionHash": "0", "version": 1, "mode": "Manual", "asOf": "2026-01-01T00:00:00Z", "duration": "1s",
                "entered": 0, "exited": 0, "outcome": "Committed", "run": "1",
            },
        }))
        .unwrap()
    }

    #[test]
    fn a_run_that_fails_is_shown_rather_than_the_last_that_did_not() {
        let jobs = [("a", "1", 1), ("b", "2", 2), ("c", "3", 3)]
            .map(|(name, run, day)| job(name, run, &format!("2026-01-0{day}T00:00:00Z")));
        let shown = |ready, message| chosen(&status(ready, message), &jobs).unwrap().name_any();
        assert_eq!(shown("True", ""), "a");
        assert_eq!(shown("False", "the Job b failed: no"), "b");
        assert_eq!(shown("False", "the Job b: no"), "b");
        assert_eq!(shown("False", "waits for its evaluation"), "c");
        assert!(chosen(&status("True", ""), &jobs[1..]).is_err());
    }
}
