//! `segmentctl status`: how Segments are, all of a namespace or one with its conditions.

use std::io::{self, Write};

use kube::{
    Api, ResourceExt,
    api::ListParams,
    core::{ApiResource, DynamicObject},
};
use segment_crds::{Segment, SegmentStatus};

use super::find::Cluster;
use crate::{
    args::StatusArgs,
    exit::{self, Failure},
    table,
};

pub(crate) async fn status(args: &StatusArgs) -> Result<(), Failure> {
    let cluster = Cluster::open(&args.cluster).await?;
    let text = if let Some(name) = &args.segment {
        one(&cluster.segment(name).await?)
    } else {
        let kind = ApiResource::erase::<Segment>(&());
        // Untyped: an object that does not fit this build is one of a list all the same.
        let api: Api<DynamicObject> = if args.all_namespaces {
            Api::all_with(cluster.client.clone(), &kind)
        } else {
            Api::namespaced_with(cluster.client.clone(), &cluster.namespace, &kind)
        };
        let list = api.list(&ListParams::default()).await;
        all(&list.map_err(|error| Failure::about("the Segments", &error))?.items)
    };
    exit::written(writeln!(io::stdout().lock(), "{text}"))
}

fn all(segments: &[DynamicObject]) -> String {
    let rows = segments.iter().map(|segment| {
        let status = serde_json::from_value::<SegmentStatus>(segment.data["status"].clone()).unwrap_or_default();
        let ready = status.conditions.iter().find(|condition| condition.type_ == "Ready");
        let stale = status.observed_generation != segment.metadata.generation;
        vec![
            segment.namespace().unwrap_or_default(),
            segment.name_any(),
            ready.filter(|_| !stale).map_or("Unknown".to_owned(), |condition| condition.status.clone()),
            ready.map_or_else(String::new, |condition| condition.reason.clone()),
            status.member_count.map_or_else(String::new, |count| count.to_string()),
            status.last_evaluation.as_ref().map_or_else(String::new, |last| last.as_of.clone()),
        ]
    });
    table::table(&["NAMESPACE", "NAME", "READY", "REASON", "MEMBERS", "AS OF"], rows)
}

fn one(segment: &Segment) -> String {
    let none = SegmentStatus::default();
    let status = segment.status.as_ref().unwrap_or(&none);
    let mut lines = vec![
        format!("Segment     {}/{}", segment.namespace().unwrap_or_default(), segment.name_any()),
        format!("Account     {}", table::printable(&segment.spec.account)),
        format!("Members     {}", status.member_count.map_or("not counted yet".to_owned(), |count| count.to_string())),
    ];
    if let Some(last) = &status.last_evaluation {
        lines.push(format!(
            "Evaluated   as of {} in {}: {} entered, {} left",
            last.as_of, last.duration, last.entered, last.exited
        ));
    }
    if status.observed_generation != segment.metadata.generation {
        lines.push("The operator has not seen the last change yet.".to_owned());
    }
    let rows = status.conditions.iter().map(|condition| {
        vec![
            condition.type_.clone(),
            condition.status.clone(),
            condition.reason.clone(),
            condition.last_transition_time.0.to_string(),
            condition.message.clone(),
        ]
    });
    lines.push(String::new());
    lines.push(table::table(&["CONDITION", "STATUS", "REASON", "SINCE", "MESSAGE"], rows));
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn segment() -> Segment {
        serde_json::from_value(json!({
            "apiVersion": "segmentation.dev/v1alpha1", "kind": "Segment",
            "metadata": {"name": "a", "namespace": "shop", "generation": 2},
            "spec": {"storeRef": {"name": "main"}, "account": "42"},
            "status": {"observedGeneration": 1, "memberCount": 7, "conditions": [{
                "type": "Ready", "status": "True", "reason": "Evaluated", "message": "",
                "lastTransitionTime": "2026-01-01T00:00:00Z",
            }]},
        }))
        .unwrap()
    }

    #[test]
    fn a_status_of_an_older_generation_is_not_taken_for_the_present() {
        let untyped = |segment| serde_json::from_value(serde_json::to_value(segment).unwrap()).unwrap();
        assert!(all(&[untyped(segment())]).contains("Unknown"));
        assert!(one(&segment()).contains("has not seen the last change"));
    }

    #[test]
    fn an_object_that_does_not_fit_is_listed_with_the_others() {
        let malformed = json!({
            "apiVersion": "segmentation.dev/v1alpha1", "kind": "Segment", "metadata": {"name": "b", "namespace": "shop"},
            "spec": {"account": 1}, "status": [],
        });
        let text = all(&[serde_json::from_value(malformed).unwrap()]);
        assert!(text.contains("shop") && text.contains("Unknown"), "{text}");
    }

    #[test]
    fn one_segment_is_shown_with_its_conditions() {
        let text = one(&segment());
        assert!(text.contains("Members     7") && text.contains("Evaluated"), "{text}");
    }
}
