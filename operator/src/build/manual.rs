//! The Job that works through a run: an index drives 32 of the run's shards, and a bad shard costs the others nothing.

use jiff::Timestamp;
use k8s_openapi::api::batch::v1::{Job, JobSpec};
use segment_jobs::store::FAN_OUT;
use uuid::Uuid;

use super::{Parent, job::frame, pod};
use crate::names::{MANUAL, RUN};

/// Six hours: the statements of a run have limits of their own, this one is the last.
const DEADLINE_S: i64 = 6 * 3600;
const TRIES_PER_INDEX: i32 = 3;
/// Pods of one run at a time: together they drive 256 shards.
const PARALLELISM: i32 = 8;

/// What the Job is to do.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ManualWork<'a> {
    pub(crate) run: Uuid,
    /// The instant to evaluate as of, whichever pod comes to it, and however late.
    pub(crate) as_of: Timestamp,
    /// Names of the shards that the run has work on.
    pub(crate) shards: &'a [String],
}

/// The option that names the instant of an evaluation.
const AT: &str = "--at";

/// The instant as of which a Job evaluates.
pub(crate) fn instant(job: &Job) -> Option<Timestamp> {
    let container = job.spec.as_ref()?.template.spec.as_ref()?.containers.first()?;
    let after = container.args.as_ref()?.iter().skip_while(|argument| *argument != AT).nth(1)?;
    after.parse().ok()
}

/// The Job of a run, named after it.
pub(crate) fn manual_job(parent: Parent<'_>, work: ManualWork<'_>) -> Job {
    let run = work.run.to_string();
    let as_of = work.as_of.to_string();
    let mut arguments = vec!["manual".to_owned()];
    arguments.extend(pod::shards_arguments(parent));
    arguments.extend(["--run", &run, AT, &as_of].map(str::to_owned));
    if work.shards.len() < parent.store.shards.len() {
        arguments.extend(["--shards".to_owned(), work.shards.join(",")]);
    }
    let indexes = i32::try_from(work.shards.len().div_ceil(FAN_OUT)).unwrap_or(1).max(1);
    let mut metadata = parent.job_metadata(MANUAL, work.run.as_u64_pair().0);
    metadata.labels.get_or_insert_default().insert(RUN.to_owned(), run);
    Job {
        metadata,
        spec: Some(JobSpec {
            completion_mode: Some("Indexed".to_owned()),
            completions: Some(indexes),
            parallelism: Some(indexes.min(PARALLELISM)),
            backoff_limit_per_index: Some(TRIES_PER_INDEX),
            max_failed_indexes: Some(indexes),
            template: pod::pod_template(parent, MANUAL, arguments),
            ..frame(DEADLINE_S, "FailIndex")
        }),
        status: None,
    }
}
