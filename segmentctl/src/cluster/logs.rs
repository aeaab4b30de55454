//! `segmentctl logs`: what the pods of a Segment's last evaluation said.

use std::io::{self, Write};

use k8s_openapi::api::{batch::v1::Job, core::v1::Pod};
use kube::{
    Api, ResourceExt,
    api::{ListParams, LogParams},
};

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
    let last =
        segment.status.as_ref().and_then(|status| status.last_evaluation.as_ref()).and_then(|last| last.run.clone());
    let of_store = format!("segmentation.dev/store={},segmentation.dev/component=manual", store.name_any());
    let selector = last.as_ref().map_or(of_store.clone(), |run| format!("{of_store},segmentation.dev/run={run}"));
    let found = jobs.list(&ListParams::default().labels(&selector)).await;
    let found = found.map_err(|error| Failure::about("the Jobs", &error))?;
    let newest = found.items.iter().max_by_key(|job| job.metadata.creation_timestamp.clone());
    let Some(job) = newest else {
        let about = last.map_or("the store has no Job".to_owned(), |run| format!("the Job of run {run} is gone"));
        return Err(Failure::Other(format!("{about}; Jobs are removed an hour after their end")));
    };
    let pods: Api<Pod> = Api::namespaced(cluster.client.clone(), &namespace);
    let of_job = format!("batch.kubernetes.io/job-name={}", job.name_any());
    let found = pods.list(&ListParams::default().labels(&of_job)).await;
    for pod in found.map_err(|error| Failure::about("the pods", &error))?.items {
        let name = pod.name_any();
        eprintln!("==> {name}");
        let text = pods.logs(&name, &LogParams::default()).await;
        let text = text.map_err(|error| Failure::about(format!("pod {name}"), &error))?;
        exit::written(io::stdout().lock().write_all(text.as_bytes()))?;
    }
    Ok(())
}
