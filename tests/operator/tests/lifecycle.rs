//! A Segment from its first day to its last, as those see it who write Segments.

use std::sync::OnceLock;

use anyhow::{Context as _, Result, ensure};
use k8s_openapi::api::batch::v1::Job;
use kube::api::{Api, DeleteParams, ListParams, Patch, PatchParams};
use segment_crds::{Segment, SegmentStore};
use segment_operator_tests::{
    ACCOUNT, Cluster, DEADLINE, Namespace, PASSWORD, Shards, Store, in_namespace, is_true, people, plan, until, why,
};
use serde_json::json;

/// Two servers, for all tests of this file.
fn shards(cluster: &Cluster) -> Result<&'static Shards> {
    static SHARDS: OnceLock<Result<Shards, String>> = OnceLock::new();
    let started = SHARDS.get_or_init(|| Shards::start(2, cluster.host()).map_err(|error| format!("{error:#}")));
    started.as_ref().map_err(|error| anyhow::anyhow!("{error}"))
}

/// Runs a test with a ready store of the usual people.
async fn with_people<F>(test: F) -> Result<()>
where
    F: AsyncFnOnce(Namespace, Store) -> Result<()>,
{
    let cluster = Cluster::connect().await?;
    let shards = shards(&cluster)?;
    in_namespace(&cluster, async |namespace| {
        let store = Store::ready(&namespace, shards).await?;
        store.load(&people())?;
        test(namespace, store).await
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_segment_becomes_ready_with_its_members_and_follows_its_changes() -> Result<()> {
    with_people(async |_, store| {
        store.apply_segment("paying", plan("gold")).await?;
        let first = store.until_members("paying", &["ada", "bob"]).await?;
        ensure!(first.member_count == Some(2), "{first:?}");
        store.apply_segment("paying", plan("silver")).await?;
        let second = store.until_members("paying", &["cem", "dot"]).await?;
        let versions =
            (first.last_evaluation.context("first")?.version, second.last_evaluation.context("second")?.version);
        ensure!(versions.0 < versions.1, "{versions:?}");
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_segment_is_stalled_with_its_path_and_the_others_are_ready() -> Result<()> {
    with_people(async |_, store| {
        store.apply_segment("good", plan("gold")).await?;
        let bad = json!({"criteria": [{"name": "plan", "property": {"name": "plan", "matches": "("}}]});
        store.apply_segment("bad", bad).await?;
        store.until_members("good", &["ada", "bob"]).await?;
        let status = store.until_segment("bad", "stalled", |status| is_true(&status.conditions, "Stalled")).await?;
        let (reason, message) = why(&status.conditions, "Stalled").context("a reason")?;
        ensure!(reason == "SpecRefused" && message.contains("spec.criteria[0]"), "{reason}: {message}");
        store.apply_segment("bad", plan("silver")).await?;
        store.until_members("bad", &["cem", "dot"]).await.map(drop)
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edit_reaches_the_segments_that_refer_to_it() -> Result<()> {
    with_people(async |_, store| {
        store.apply_segment("paying", plan("gold")).await?;
        let dependant = json!({"criteria": [
            {"name": "paying", "segment": {"name": "paying"}},
            {"name": "sms", "consent": {"channel": "sms", "status": "subscribed"}},
        ]});
        store.apply_segment("reachable", dependant).await?;
        store.until_members("reachable", &["ada"]).await?;
        store.apply_segment("paying", plan("silver")).await?;
        store.until_members_become("reachable", &["cem"]).await
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_suspended_segment_keeps_its_members_and_is_evaluated_afresh_when_resumed() -> Result<()> {
    with_people(async |_, store| {
        store.apply_segment("paying", plan("gold")).await?;
        store.until_members("paying", &["ada", "bob"]).await?;
        let mut suspended = plan("silver");
        suspended["suspend"] = json!(true);
        store.apply_segment("paying", suspended).await?;
        store.until_segment("paying", "suspended", |status| is_true(&status.conditions, "Suspended")).await?;
        ensure!(store.members("paying").await?.contains("ada"), "members of a suspended Segment changed");
        store.apply_segment("paying", plan("silver")).await?;
        store.until_members("paying", &["cem", "dot"]).await.map(drop)
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_segment_loses_its_members_and_comes_back_with_fresh_ones() -> Result<()> {
    with_people(async |namespace, store| {
        let segments: Api<Segment> = namespace.api();
        store.apply_segment("paying", plan("gold")).await?;
        store.until_members("paying", &["ada", "bob"]).await?;
        segments.delete("paying", &DeleteParams::default()).await?;
        store.until_members_are_gone("paying").await?;
        store.apply_segment("paying", plan("silver")).await?;
        store.until_members("paying", &["cem", "dot"]).await.map(drop)
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_evaluates_new_data() -> Result<()> {
    with_people(async |namespace, store| {
        store.apply_segment("paying", plan("gold")).await?;
        store.until_members("paying", &["ada", "bob"]).await?;
        store.load(&[json!({"account": ACCOUNT, "id": "eve", "properties": {"plan": "gold"}})])?;
        let request = json!({"metadata": {"annotations": {"segmentation.dev/evaluate": "now"}}});
        let segments: Api<Segment> = namespace.api();
        segments.patch("paying", &PatchParams::default(), &Patch::Merge(request)).await?;
        store.until_members_become("paying", &["ada", "bob", "eve"]).await
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_settled_is_not_written_again_nor_run_again() -> Result<()> {
    with_people(async |namespace, store| {
        store.apply_segment("paying", plan("gold")).await?;
        store.until_members("paying", &["ada", "bob"]).await?;
        let segments: Api<Segment> = namespace.api();
        let stores: Api<SegmentStore> = namespace.api();
        let jobs: Api<Job> = namespace.api();
        let seen = async || -> Result<_> {
            let versions = (segments.get("paying").await?.metadata, stores.get("main").await?.metadata);
            Ok((
                versions.0.resource_version,
                versions.1.resource_version,
                jobs.list(&ListParams::default()).await?.items.len(),
            ))
        };
        let before = seen().await?;
        // As the TTL does: what was evaluated stands in the shards.
        jobs.delete_collection(&DeleteParams::background(), &ListParams::default()).await?;
        until("the Jobs are gone", DEADLINE, async || {
            let left = jobs.list(&ListParams::default()).await?.items.len();
            Ok(if left == 0 { Ok(()) } else { Err(format!("{left} Jobs")) })
        })
        .await?;
        // Another Segment goes all the way through the operator after that.
        store.apply_segment("other", plan("silver")).await?;
        store.until_members("other", &["cem", "dot"]).await?;
        let after = seen().await?;
        ensure!((&before.0, &before.1, 1) == (&after.0, &after.1, after.2), "{before:?}, then {after:?}");
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_says_which_command_lets_the_operator_read_its_secret() -> Result<()> {
    let cluster = Cluster::connect().await?;
    let shards = shards(&cluster)?;
    in_namespace(&cluster, async |namespace| {
        let store = Store::new(&namespace, shards);
        store.apply_secret("wrong").await?;
        store.apply(json!({})).await?;
        let stalled = |reason: &'static str| {
            move |conditions: &[_]| why(conditions, "Stalled").is_some_and(|(found, _)| found == reason)
        };
        let told = store.until_store("without leave", stalled("SecretForbidden")).await?;
        let (_, message) = why(&told.status.unwrap_or_default().conditions, "Stalled").context("a message")?;
        ensure!(message.contains("kubectl -n") && message.contains("create rolebinding"), "{message}");
        store.grant().await?;
        store.until_store("refused by the shards", stalled("CredentialsRefused")).await?;
        store.apply_secret(PASSWORD).await?;
        store.until_store("ready", |conditions| is_true(conditions, "Ready")).await.map(drop)
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn stores_of_two_namespaces_never_see_each_others_data() -> Result<()> {
    with_people(async |_, first| {
        with_people(async |_, second| {
            first.apply_segment("paying", plan("gold")).await?;
            second.apply_segment("paying", plan("silver")).await?;
            first.until_members("paying", &["ada", "bob"]).await?;
            second.until_members("paying", &["cem", "dot"]).await.map(drop)
        })
        .await
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_quota_that_refuses_pods_is_named_in_the_condition() -> Result<()> {
    with_people(async |namespace, store| {
        let quota = json!({
            "apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "none", "namespace": namespace.name},
            "spec": {"hard": {"pods": "0"}},
        });
        namespace.cluster.apply(&quota).await?;
        store.apply_segment("paying", plan("gold")).await?;
        store
            .until_segment("paying", "waiting, and says for what", |status| {
                why(&status.conditions, "Reconciling").is_some_and(|(_, message)| message.contains("quota"))
            })
            .await
            .map(drop)
    })
    .await
}
