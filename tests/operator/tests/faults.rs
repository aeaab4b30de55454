//! What breaks below a store while its Segments are evaluated: shards, Jobs, pods. Each fault stays in its namespace, so
//! these tests run side by side; those that concern the whole cluster are in `outages.rs`.

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::Pod;
use k8s_openapi::api::events::v1::Event;
use kube::ResourceExt;
use kube::api::{Api, DeleteParams, EvictParams, ListParams, Patch, PatchParams};
use segment_operator_tests::{
    Cluster, DEADLINE, Namespace, PASSWORD, Shards, Store, in_namespace, is_true, operators_requests, plan, until, why,
    with_store,
};
use serde_json::{Value, json};

/// Applies a Segment whose Job gets no further than to its first commit, and gives the pod that waits there.
async fn waiting_pod(namespace: &Namespace, store: &Store) -> Result<String> {
    store.hold_commits().await?;
    store.apply_segment("paying", plan("gold")).await?;
    let pods: Api<Pod> = namespace.api();
    until("a pod evaluates", DEADLINE, async || {
        let list = pods.list(&manual()).await?;
        let running = list.iter().find(|pod| phase(pod) == "Running").map(ResourceExt::name_any);
        Ok(running.ok_or_else(|| "none runs".to_owned()))
    })
    .await
}

/// The Jobs that evaluate, and their pods.
fn manual() -> ListParams {
    ListParams::default().labels("segmentation.dev/component=manual")
}

fn phase(pod: &Pod) -> &str {
    pod.status.as_ref().and_then(|status| status.phase.as_deref()).unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shard_that_is_down_is_named_and_its_segments_are_ready_when_it_is_back() -> Result<()> {
    with_store(2, async |_, store, mut shards| {
        store.apply_segment("paying", plan("gold")).await?;
        store.until_members("paying", &["ada", "bob"]).await?;
        shards.server(1)?.stop();
        let unreachable =
            |conditions: &[_]| why(conditions, "Reconciling").is_some_and(|(reason, _)| reason == "ShardUnreachable");
        let told = store.until_store("short of a shard", unreachable).await?.status.context("a status")?;
        ensure!(told.shards_ready == Some(1) && told.troubled_shards.len() == 1, "{told:?}");
        ensure!(told.troubled_shards[0].name == "1", "{told:?}");
        store.apply_segment("paying", plan("silver")).await?;
        let status = store.until_segment("paying", "waiting", |status| unreachable(&status.conditions)).await?;
        ensure!(!is_true(&status.conditions, "Stalled"), "{status:?}");
        shards.server(1)?.restart()?;
        store.until_store("ready", |conditions| is_true(conditions, "Ready")).await?;
        store.until_members("paying", &["cem", "dot"]).await.map(drop)
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shard_with_another_password_is_named_and_a_person_has_to_mend_it() -> Result<()> {
    let cluster = Cluster::connect().await?;
    let shards = Shards::with_passwords(&[PASSWORD, "another"], cluster.host())?;
    in_namespace(&cluster, async |namespace| {
        let store = Store::new(&namespace, &shards);
        store.apply_secret(PASSWORD).await?;
        store.grant().await?;
        store.apply(json!({})).await?;
        let refused =
            |conditions: &[_]| why(conditions, "Stalled").is_some_and(|(reason, _)| reason == "CredentialsRefused");
        let told = store.until_store("refused by a shard", refused).await?.status.context("a status")?;
        let named: Vec<_> = told
            .troubled_shards
            .iter()
            .filter(|shard| shard.reason == "CredentialsRefused")
            .map(|shard| &*shard.name)
            .collect();
        ensure!(named == ["1"], "{told:?}");
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pod_that_is_killed_is_made_up_for() -> Result<()> {
    with_store(1, async |namespace, store, _shards| {
        let pod = waiting_pod(&namespace, &store).await?;
        let at_once = DeleteParams { grace_period_seconds: Some(0), ..DeleteParams::default() };
        namespace.api::<Pod>().delete(&pod, &at_once).await?;
        store.let_commit().await?;
        store.until_members("paying", &["ada", "bob"]).await.map(drop)
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pod_that_is_evicted_costs_the_job_no_try() -> Result<()> {
    with_store(1, async |namespace, store, _shards| {
        let pod = waiting_pod(&namespace, &store).await?;
        namespace.api::<Pod>().evict(&pod, &EvictParams::default()).await?;
        store.let_commit().await?;
        store.until_members("paying", &["ada", "bob"]).await?;
        let jobs: Api<Job> = namespace.api();
        until("the Job is complete and counts no failure", DEADLINE, async || {
            let list = jobs.list(&manual()).await?;
            let counts = |job: &Job| job.status.as_ref().map(|status| (status.succeeded, status.failed.unwrap_or(0)));
            let counts: Vec<_> = list.iter().map(counts).collect();
            Ok(if counts == [Some((Some(1), 0))] { Ok(()) } else { Err(format!("{counts:?}")) })
        })
        .await
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pod_that_takes_more_memory_than_it_may_is_told_of() -> Result<()> {
    let Ok(hungry) = std::env::var("SEGMENT_TESTS_HUNGRY") else {
        eprintln!("LEFT OUT: SEGMENT_TESTS_HUNGRY names no image that takes more memory than it may");
        return Ok(());
    };
    with_store(1, async |namespace, store, _shards| {
        let memory = json!({"memory": "32Mi"});
        store.apply(json!({"pods": {"image": hungry, "resources": {"requests": memory, "limits": memory}}})).await?;
        store.apply_segment("paying", plan("gold")).await?;
        store
            .until_segment("paying", "short of memory", |status| {
                let told = why(&status.conditions, "Reconciling");
                told.is_some_and(|(_, message)| message.contains("OOMKilled (exit code 137)"))
            })
            .await?;
        // As a person mends it, who does not want to wait until the Job gives up.
        store.apply(json!({})).await?;
        namespace.api::<Job>().delete_collection(&DeleteParams::background(), &manual()).await?;
        store.until_members("paying", &["ada", "bob"]).await.map(drop)
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn two_stores_of_a_namespace_never_see_each_others_data() -> Result<()> {
    with_store(1, async |namespace, main, shards| {
        let other = Store::named("other", &namespace, &shards);
        other.grant().await?;
        other.apply(json!({})).await?;
        other.until_store("ready", |conditions| is_true(conditions, "Ready")).await?;
        other.load(&[
            json!({"account": segment_operator_tests::ACCOUNT, "id": "eve", "properties": {"plan": "gold"}}),
        ])?;
        main.apply_segment("paying", plan("gold")).await?;
        other.apply_segment("paying-elsewhere", plan("gold")).await?;
        main.until_members("paying", &["ada", "bob"]).await?;
        other.until_members("paying-elsewhere", &["eve"]).await?;
        ensure!(main.members("paying-elsewhere").await?.is_empty(), "members in the wrong store");
        ensure!(other.members("paying").await?.is_empty(), "members in the wrong store");
        Ok(())
    })
    .await
}

/// How long a quiet store is looked at; by itself longer than the operator leaves quiet shards alone.
fn quiet() -> Result<Duration> {
    let seconds = std::env::var("SEGMENT_TESTS_QUIET_SECONDS").map_or(Ok(45), |seconds| seconds.parse())?;
    Ok(Duration::from_secs(seconds))
}

/// What the operator has written in a namespace; nothing where that cannot be known.
fn writes(namespace: &str) -> Result<Vec<Value>> {
    let is_write = |entry: &Value| {
        entry["objectRef"]["namespace"] == namespace
            && !matches!(entry["verb"].as_str(), Some("get" | "list" | "watch"))
    };
    Ok(operators_requests()?.into_iter().flatten().filter(is_write).collect())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_quiet_store_is_written_to_by_nobody_however_often_it_is_looked_at() -> Result<()> {
    with_store(1, async |namespace, store, _shards| {
        store.apply_segment("paying", plan("gold")).await?;
        store.until_members("paying", &["ada", "bob"]).await?;
        let stores = namespace.api::<segment_crds::SegmentStore>();
        let segments = namespace.api::<segment_crds::Segment>();
        // Members are Ready when they are committed, and the Job ends a while later.
        let events: Api<Event> = namespace.api();
        let ended = ListParams::default().fields("reason=RunEnded");
        until("the end of the run has been told", DEADLINE, async || {
            let told = !events.list(&ended).await?.items.is_empty();
            Ok(if told { Ok(()) } else { Err("no event of its end".to_owned()) })
        })
        .await?;
        let written = until("what came of it has been told", DEADLINE, async || {
            let before = writes(&namespace.name)?;
            tokio::time::sleep(Duration::from_secs(2)).await;
            let after = writes(&namespace.name)?;
            Ok(if before.len() == after.len() { Ok(after) } else { Err("more is being told".to_owned()) })
        })
        .await?;
        let (before, status) = (stores.get("main").await?, segments.get("paying").await?.status);
        let end = tokio::time::Instant::now() + quiet()?;
        // Each of these changes nothing but has the operator look, since they are further apart than it gathers.
        for number in 0..200 {
            let patch = json!({"metadata": {"annotations": {"example.com/touched": number.to_string()}}});
            segments.patch("paying", &PatchParams::default(), &Patch::Merge(patch)).await?;
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        tokio::time::sleep_until(end).await;
        ensure!(stores.get("main").await?.metadata.resource_version == before.metadata.resource_version);
        ensure!(segments.get("paying").await?.status == status);
        let more: Vec<Value> = writes(&namespace.name)?.split_off(written.len());
        ensure!(more.is_empty(), "{more:?}");
        Ok(())
    })
    .await
}
