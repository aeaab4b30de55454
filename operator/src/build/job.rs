//! What the Jobs share: how they fail, how long they may take, and when they are removed.

use k8s_openapi::api::batch::v1::{
    JobSpec, PodFailurePolicy, PodFailurePolicyOnExitCodesRequirement, PodFailurePolicyOnPodConditionsPattern,
    PodFailurePolicyRule,
};

use super::pod::CONTAINER;

/// Exit codes of segment-jobs after which another try gives the same: wrong usage, a refused Segment, bad data, a store
/// or server that will not do.
const PERMANENT: [i32; 4] = [2, 3, 4, 11];
/// Exit code of segment-jobs when it was told to stop.
const STOPPED: [i32; 1] = [12];
/// Long enough for the operator to read what came of a Job, even if it was away; short enough to keep etcd small.
const TTL_S: i32 = 3600;

/// The frame of a Job; `permanent` is what a permanent failure ends: `FailJob`, or `FailIndex`.
pub(super) fn frame(deadline_s: i64, permanent: &str) -> JobSpec {
    JobSpec {
        active_deadline_seconds: Some(deadline_s),
        ttl_seconds_after_finished: Some(TTL_S),
        pod_replacement_policy: Some("Failed".to_owned()),
        pod_failure_policy: Some(PodFailurePolicy {
            rules: vec![
                PodFailurePolicyRule {
                    action: "Ignore".to_owned(),
                    on_pod_conditions: Some(vec![PodFailurePolicyOnPodConditionsPattern {
                        type_: "DisruptionTarget".to_owned(),
                        status: "True".to_owned(),
                    }]),
                    on_exit_codes: None,
                },
                on_exit("Ignore", &STOPPED),
                on_exit(permanent, &PERMANENT),
            ],
        }),
        ..JobSpec::default()
    }
}

fn on_exit(action: &str, codes: &[i32]) -> PodFailurePolicyRule {
    PodFailurePolicyRule {
        action: action.to_owned(),
        on_exit_codes: Some(PodFailurePolicyOnExitCodesRequirement {
            container_name: Some(CONTAINER.to_owned()),
            operator: "In".to_owned(),
            values: codes.to_vec(),
        }),
        on_pod_conditions: None,
    }
}
