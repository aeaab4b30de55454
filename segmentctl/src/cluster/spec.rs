//! `segmentctl run`, `suspend` and `resume`: changes of the object; the operator does the rest.

use std::time::Duration;

use kube::api::{Patch, PatchParams};
use segment_crds::Segment;
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
    for name in &args.segments {
        let patched = cluster.api::<Segment>().patch(name, &PatchParams::default(), &Patch::Merge(&patch)).await;
        patched.map_err(|error| about_segment(name, &error))?;
    }
    for name in args.segments.iter().filter(|_| args.wait) {
        wait(&cluster, name, &request).await?;
    }
    Ok(())
}

/// Waits until the request was handled, and says what came of it.
async fn wait(cluster: &Cluster, name: &str, request: &str) -> Result<(), Failure> {
    loop {
        let segment = cluster.segment(name).await?;
        let status = segment.status.unwrap_or_default();
        if status.handled_request.as_deref() == Some(request) {
            let members = status.member_count.unwrap_or(0);
            println!("{name} was evaluated and has {members} members");
            return Ok(());
        }
        let stalled = status.conditions.iter().find(|one| one.type_ == "Stalled" && one.status == "True");
        if let Some(stalled) = stalled {
            return Err(Failure::Other(format!("{name}: {}: {}", stalled.reason, stalled.message)));
        }
        tokio::time::sleep(POLL).await;
    }
}
