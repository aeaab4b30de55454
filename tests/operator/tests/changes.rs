//! What changes round Segments that are there: their store, their name, the shards, who may name an account.

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use k8s_openapi::api::{batch::v1::Job, core::v1::Pod};
use kube::api::{Api, DeleteParams, ListParams};
use segment_crds::{Segment, SegmentStatus, SegmentStore};
use segment_operator_tests::{
    ACCOUNT, Cluster, DEADLINE, Namespace, Shards, Store, in_namespace, is_true, people, plan, until, why, with_store,
};
use serde_json::{Value, json};

#[tokio::test(flavor = "multi_thread")]
async fn a_segment_that_moves_to_another_store_leaves_the_first() -> Result<()> {
    with_store(2, async |namespace, main, shards| {
        let other = Store::named("other", &namespace, &shards);
        other.grant().await?;
        other.apply(json!({})).await?;
        other.until_store("ready", |conditions| is_true(conditions, "Ready")).await?;
        other.load(&[json!({"account": ACCOUNT, "id": "eve", "properties": {"plan": "gold"}})])?;
        main.apply_segment("paying", plan("gold")).await?;
        main.until_members("paying", &["ada", "bob"]).await?;
        other.apply_segment("paying", plan("gold")).await?;
        other.until_members("paying", &["eve"]).await?;
        main.until_members_are_gone("paying").await
    })
    .await
}

/// The pods that evaluate and can do no more than wait for their commit, one of each Job; asked while the fence is held.
async fn until_pods_wait(namespace: &Namespace, store: &Store, count: usize) -> Result<()> {
    let pods = namespace.api::<Pod>();
    until(&format!("{count} pods evaluate"), DEADLINE, async || {
        store.hold_commits().await?;
        tokio::time::sleep(Duration::from_secs(2)).await;
        let list = pods.list(&manual()).await?;
        let phases: Vec<_> = list.iter().filter_map(|pod| pod.status.as_ref()?.phase.as_deref()).collect();
        let run = phases.iter().filter(|phase| **phase == "Running").count();
        Ok(if run == count { Ok(()) } else { Err(format!("{phases:?}")) })
    })
    .await
}

/// The Jobs that evaluate, and their pods.
fn manual() -> ListParams {
    ListParams::default().labels("segmentation.dev/component=manual")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_segment_that_is_changed_while_it_is_evaluated_has_the_newer_members_and_costs_no_other_its_own() -> Result<()>
{
    with_store(2, async |namespace, store, _shards| {
        // Long enough for both to be in one run.
        store.apply(json!({"manual": {"debounce": "2s"}})).await?;
        store.until_store("ready", |conditions| is_true(conditions, "Ready")).await?;
        store.hold_commits().await?;
        store.apply_segment("paying", plan("gold")).await?;
        store.apply_segment("other", plan("gold")).await?;
        until_pods_wait(&namespace, &store, 1).await?;
        store.apply_segment("paying", plan("silver")).await?;
        until_pods_wait(&namespace, &store, 2).await?;
        store.let_commit().await?;
        let (jobs, mut is_new, mut came_back) = (namespace.api::<Job>(), false, false);
        until("both Jobs have ended", DEADLINE, async || {
            let members = store.members("paying").await?;
            let newer = members.contains("cem") && members.contains("dot");
            came_back |= is_new && !newer;
            is_new = newer;
            let list = jobs.list(&manual()).await?;
            let succeeded = |job: &Job| job.status.as_ref().and_then(|status| status.succeeded) == Some(1);
            let ended = list.iter().filter(|job| succeeded(job)).count();
            Ok(if ended == 2 && list.items.len() == 2 { Ok(()) } else { Err(format!("{ended} have")) })
        })
        .await?;
        ensure!(!came_back, "older members came back");
        let status = store.until_members("paying", &["cem", "dot"]).await?;
        ensure!(status.member_count == Some(2), "{status:?}");
        store.until_members("other", &["ada", "bob"]).await?;
        let (evaluated, twice) = store.evaluations().await?;
        ensure!(twice == 0, "{twice} of {evaluated} evaluations were made twice");
        ensure!(jobs.list(&manual()).await?.items.len() == 2, "the rest of the first run was evaluated again");
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_segment_that_is_renamed_takes_its_members_along() -> Result<()> {
    with_store(2, async |namespace, store, _shards| {
        store.apply_segment("paying", plan("gold")).await?;
        store.until_members("paying", &["ada", "bob"]).await?;
        store.apply_segment("customers", plan("gold")).await?;
        namespace.api::<Segment>().delete("paying", &DeleteParams::default()).await?;
        store.until_members("customers", &["ada", "bob"]).await?;
        store.until_members_are_gone("paying").await
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shard_that_is_added_serves_what_is_put_there() -> Result<()> {
    let cluster = Cluster::connect().await?;
    let shards = Shards::start(2, cluster.host())?;
    in_namespace(&cluster, async |namespace| {
        let store = Store::new(&namespace, &shards);
        let small = store.on(&["0"]);
        small.apply_secret(segment_operator_tests::PASSWORD).await?;
        small.grant().await?;
        small.apply(json!({})).await?;
        small.until_store("ready", |conditions| is_true(conditions, "Ready")).await?;
        small.load(&people())?;
        small.apply_segment("paying", plan("gold")).await?;
        small.until_members("paying", &["ada", "bob"]).await?;
        store.apply(json!({})).await?;
        let both = store.until_store("ready with both", |conditions| is_true(conditions, "Ready")).await?;
        ensure!(both.status.context("a status")?.shards_ready == Some(2));
        store.apply_segment("paying", plan("silver")).await?;
        store.until_members("paying", &["cem", "dot"]).await.map(drop)
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shard_that_lost_everything_is_filled_again() -> Result<()> {
    with_store(2, async |_, store, _shards| {
        store.apply_segment("paying", plan("gold")).await?;
        store.until_members("paying", &["ada", "bob"]).await?;
        store.drop_database(1).await?;
        until("there is a schema again, and the people are loaded", DEADLINE, async || {
            Ok(store.load(&people()).map_err(|error| format!("{error:#}")))
        })
        .await?;
        store.until_store("ready", |conditions| is_true(conditions, "Ready")).await?;
        store.until_members_become("paying", &["ada", "bob"]).await?;
        store.apply_segment("paying", plan("silver")).await?;
        store.until_members("paying", &["cem", "dot"]).await.map(drop)
    })
    .await
}

fn segment_of(store: &Namespace, own: &Namespace, account: &str) -> Value {
    let mut spec = plan("gold");
    spec["storeRef"] = json!({"name": "main", "namespace": store.name});
    spec["account"] = json!(account);
    json!({
        "apiVersion": "segmentation.dev/v1alpha1", "kind": "Segment",
        "metadata": {"name": account, "namespace": own.name}, "spec": spec,
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_says_which_namespace_may_name_which_account() -> Result<()> {
    with_store(2, async |home, store, _shards| {
        in_namespace(&home.cluster, async |guest| {
            let grant = |accounts: &[&str]| {
                let selector = json!({"matchLabels": {"kubernetes.io/metadata.name": guest.name}});
                json!({"access": [{"namespaceSelector": selector, "accounts": accounts}]})
            };
            let reason = |segment: Segment| {
                let conditions = segment.status.map(|status| status.conditions).unwrap_or_default();
                let told = ["Ready", "Reconciling", "Stalled"].into_iter().find_map(|type_| why(&conditions, type_));
                told.map_or(String::new(), |(reason, _)| reason)
            };
            let segments: Api<Segment> = guest.api();
            let until_reason = async |name: &str, wanted: &str| {
                until(&format!("{name} is {wanted}"), DEADLINE, async || {
                    let found = reason(segments.get(name).await?);
                    Ok(if found == wanted { Ok(()) } else { Err(found) })
                })
                .await
            };
            home.cluster.apply(&segment_of(&home, &guest, ACCOUNT)).await?;
            until_reason(ACCOUNT, "AccessDenied").await?;
            store.apply(grant(&[ACCOUNT])).await?;
            until_reason(ACCOUNT, "Evaluated").await?;
            home.cluster.apply(&segment_of(&home, &guest, "stranger")).await?;
            until_reason("stranger", "AccessDenied").await?;
            store.apply(grant(&[ACCOUNT, "stranger"])).await?;
            until_reason("stranger", "NoData").await
        })
        .await
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn many_segments_that_disappear_wait_for_a_person() -> Result<()> {
    with_store(2, async |namespace, store, _shards| {
        let names: Vec<String> = (0..25).map(|number| format!("segment-{number}")).collect();
        for name in &names {
            store.apply_segment(name, plan("gold")).await?;
        }
        for name in &names {
            store.until_members(name, &["ada", "bob"]).await?;
        }
        for name in &names[1..] {
            namespace.api::<Segment>().delete(name, &DeleteParams::default()).await?;
        }
        // They go one after the other: the first few are believed.
        store.until_store("holding them", |conditions| is_true(conditions, "RemovalHeld")).await?;
        let with_members = async || -> Result<Vec<&String>> {
            let mut found = Vec::new();
            for name in &names[1..] {
                if !store.members(name).await?.is_empty() {
                    found.push(name);
                }
            }
            Ok(found)
        };
        ensure!(!with_members().await?.is_empty(), "the members of all have left");
        // Whoever confirms while more are found has to confirm these, too.
        until("all that are gone have no members", DEADLINE, async || {
            let status = namespace.api::<SegmentStore>().get("main").await?.status.unwrap_or_default();
            if let Some((_, message)) = why(&status.conditions, "RemovalHeld") {
                let held = message.split(' ').next().unwrap_or_default();
                store.annotate("segmentation.dev/confirm-removal", held).await?;
            }
            let left = with_members().await?;
            Ok(if left.is_empty() { Ok(()) } else { Err(format!("{left:?}")) })
        })
        .await?;
        ensure!(!store.members("segment-0").await?.is_empty(), "members of one that stays have left");
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn one_segment_of_an_account_is_not_kept_waiting_by_the_many_of_another() -> Result<()> {
    const MANY: usize = 60;
    with_store(1, async |namespace, store, _shards| {
        store.load(&[json!({"account": "small", "id": "eve", "properties": {"plan": "gold"}})])?;
        store.apply(json!({"manual": {"maxSegmentsPerRun": 4}})).await?;
        store.until_store("ready", |conditions| is_true(conditions, "Ready")).await?;
        // The first of the many wait for their commits while the rest and the one are applied.
        store.hold_commits().await?;
        for number in 0..MANY {
            store.apply_segment(&format!("many-{number}"), plan("gold")).await?;
        }
        let mut of_small = plan("gold");
        of_small["account"] = "small".into();
        store.apply_segment("one", of_small).await?;
        store.let_commit().await?;
        let is_ready = |status: &SegmentStatus| is_true(&status.conditions, "Ready");
        let one = store.until_segment("one", "ready", is_ready).await?;
        ensure!(one.member_count == Some(1), "{one:?}");
        let all = namespace.api::<Segment>().list(&ListParams::default()).await?;
        let ready = all.iter().filter(|segment| segment.status.as_ref().is_some_and(is_ready)).count();
        ensure!(ready <= MANY / 2, "{ready} of {MANY} were ready before the one of another account");
        store.until_segment(&format!("many-{}", MANY - 1), "ready", is_ready).await.map(drop)
    })
    .await
}
