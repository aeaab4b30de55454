//! What breaks for the whole cluster while Segments are evaluated: the operator, its Lease, the API server, the custom
//! resource definitions. One after the other, for there is one operator.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::{ConfigMap, Namespace as Space};
use kube::ResourceExt as _;
use kube::api::{Api, DeleteParams, DynamicObject, ListParams, Patch, PatchParams};
use kube::core::{ApiResource, GroupVersionKind};
use segment_crds::{Segment, SegmentStore};
use segment_operator_tests::{
    Cluster, DEADLINE, Namespace, Operator, Process, Random, Store, is_true, plan, restart_api_server, until, why,
};
use serde_json::{Value, json};
use tokio::sync::Mutex;

/// Only one of these at a time.
static TURN: Mutex<()> = Mutex::const_new(());

/// Runs a test with a ready store of the usual people, when it is its turn.
async fn with_store<F>(test: F) -> Result<()>
where
    F: AsyncFnOnce(Cluster, Namespace, Store) -> Result<()>,
{
    let _turn = TURN.lock().await;
    in_store(test).await
}

async fn in_store<F>(test: F) -> Result<()>
where
    F: AsyncFnOnce(Cluster, Namespace, Store) -> Result<()>,
{
    segment_operator_tests::with_store(2, async |namespace, store, _shards| {
        test(namespace.cluster.clone(), namespace, store).await
    })
    .await
}

/// Who is in a plan.
fn members(plan: &str) -> [&'static str; 2] {
    if plan == "gold" { ["ada", "bob"] } else { ["cem", "dot"] }
}

/// Segments that come, change and go.
struct Churn {
    random: Random,
    /// The plan of each Segment that there is.
    wanted: BTreeMap<String, &'static str>,
    gone: BTreeSet<String>,
}

impl Churn {
    const SEGMENTS: usize = 200;
    /// More at a time than twenty would wait for a person.
    const GONE_MAX: usize = 20;

    /// Twenty new ones, ten other ones changed, two deleted.
    async fn step(&mut self, namespace: &Namespace, store: &Store) -> Result<()> {
        for _ in 0..20 {
            let name = format!("segment-{:03}", self.wanted.len() + self.gone.len());
            self.apply(store, name).await?;
        }
        for _ in 0..10 {
            let name = self.any();
            self.apply(store, name).await?;
        }
        for _ in 0..2 {
            let name = self.any();
            namespace.api::<Segment>().delete(&name, &DeleteParams::default()).await?;
            self.wanted.remove(&name);
            self.gone.insert(name);
        }
        Ok(())
    }

    fn any(&mut self) -> String {
        let chosen = self.random.below(self.wanted.len() as u64);
        self.wanted.keys().nth(usize::try_from(chosen).unwrap_or_default()).cloned().unwrap_or_default()
    }

    async fn apply(&mut self, store: &Store, name: String) -> Result<()> {
        let changed = if self.wanted.get(&name) == Some(&"gold") { "silver" } else { "gold" };
        store.apply_segment(&name, plan(changed)).await?;
        self.wanted.insert(name, changed);
        Ok(())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_that_is_killed_again_and_again_leaves_nothing_undone_and_does_nothing_twice() -> Result<()> {
    with_store(async |cluster, namespace, store| {
        let operator = Operator::of(&cluster);
        let image = operator.jobs_image().await?;
        let churned = async {
            operator.scale(0).await?;
            churn(&namespace, &store, &image).await
        }
        .await;
        operator.scale(2).await?;
        has_converged(&store, &churned?).await
    })
    .await
}

async fn churn(namespace: &Namespace, store: &Store, image: &str) -> Result<Churn> {
    let mut churn = Churn { random: Random::default(), wanted: BTreeMap::new(), gone: BTreeSet::new() };
    let mut starts = 0;
    let mut start = || {
        starts += 1;
        Process::start(image, &namespace.name, &format!("operator-{starts}"))
    };
    let mut process = start()?;
    while churn.wanted.len() + churn.gone.len() < Churn::SEGMENTS {
        churn.step(namespace, store).await?;
        // Somewhere between its first request and the status of the last Segment, twice each time.
        for _ in 0..2 {
            tokio::time::sleep(Duration::from_millis(churn.random.below(4000))).await;
            process.kill().await?;
            process = start()?;
        }
    }
    process.kill().await?;
    ensure!(churn.gone.len() <= Churn::GONE_MAX, "the brake would hold them");
    Ok(churn)
}

/// Waits until all is as it was wanted last, and looks whether anything was evaluated more often than it had to be.
async fn has_converged(store: &Store, churn: &Churn) -> Result<()> {
    for (name, plan) in &churn.wanted {
        store.until_members(name, &members(plan)).await?;
    }
    for name in &churn.gone {
        store.until_members_are_gone(name).await?;
    }
    let (evaluated, twice) = store.evaluations().await?;
    ensure!(twice == 0, "{twice} of {evaluated} evaluations were made before; seed {}", churn.random.seed());
    ensure!(evaluated >= churn.wanted.len() as u64, "{evaluated} evaluations");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_leader_that_loses_its_lease_stops_and_another_takes_over() -> Result<()> {
    with_store(async |cluster, _, store| {
        let operator = Operator::of(&cluster);
        let before = operator.holder().await?;
        let (pod, _) = before.split_once('_').context("a pod's name")?;
        let restarts = operator.restarts(pod).await?;
        operator.change_lease(json!({"holderIdentity": "somebody-else"})).await?;
        store.apply_segment("paying", plan("gold")).await?;
        store.until_members("paying", &["ada", "bob"]).await?;
        // The one before may have worked on until it looked at its Lease again.
        until("another leads", DEADLINE, async || {
            let after = operator.holder().await?;
            let is_another = after != before && after != "somebody-else";
            Ok(if is_another { Ok(()) } else { Err(format!("{before} led, then {after}")) })
        })
        .await?;
        until("the leader before has ended", DEADLINE, async || {
            Ok(if operator.restarts(pod).await? > restarts { Ok(()) } else { Err("it runs".to_owned()) })
        })
        .await
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_api_server_that_starts_again_stops_nothing() -> Result<()> {
    with_store(async |_, _, store| {
        store.apply_segment("before", plan("gold")).await?;
        if !restart_api_server()? {
            eprintln!("LEFT OUT: only the API server of tests/cluster can be started again");
            return Ok(());
        }
        until("a Segment is applied", DEADLINE, async || {
            Ok(store.apply_segment("after", plan("silver")).await.map_err(|error| format!("{error:#}")))
        })
        .await?;
        store.until_members("before", &["ada", "bob"]).await?;
        store.until_members("after", &["cem", "dot"]).await.map(drop)
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_namespace_goes_though_the_operator_is_away() -> Result<()> {
    // Nobody else's turn begins before the operator is back.
    let _turn = TURN.lock().await;
    let mut name = String::new();
    let operator = Operator::of(&Cluster::connect().await?);
    let outcome = in_store(async |_, namespace, store| {
        namespace.name.clone_into(&mut name);
        store.apply_segment("paying", plan("gold")).await?;
        store.until_members("paying", &["ada", "bob"]).await?;
        operator.scale(0).await
    })
    .await;
    let namespaces: Api<Space> = Api::all(Cluster::connect().await?.client());
    let gone = until("the namespace is gone", DEADLINE, async || {
        Ok(if namespaces.get_opt(&name).await?.is_none() { Ok(()) } else { Err("it is there".to_owned()) })
    })
    .await;
    operator.scale(2).await?;
    outcome.and(gone)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_version_of_the_operator_leaves_children_alone() -> Result<()> {
    with_store(async |cluster, namespace, store| {
        store.apply_segment("paying", plan("gold")).await?;
        store.until_members("paying", &["ada", "bob"]).await?;
        jobs_have_ended(&namespace).await?;
        let before = versions(&namespace).await?;
        let operator = Operator::of(&cluster);
        let image = operator.jobs_image().await?;
        operator.change(&release(&format!("{image}-next"))).await?;
        // It has looked at all when this is told; there is no such image, and no need for it.
        let nobody = json!({"account": "nobody"});
        store.apply_segment("nobody", nobody).await?;
        let outcome = store.until_segment("nobody", "ready", |status| is_true(&status.conditions, "Ready")).await;
        let after = versions(&namespace).await;
        operator.change(&release(&image)).await?;
        outcome?;
        let after = after?;
        ensure!(before == after, "{before:?}, then {after:?}");
        Ok(())
    })
    .await
}

async fn jobs_have_ended(namespace: &Namespace) -> Result<()> {
    until("the Jobs have ended", DEADLINE, async || {
        let jobs = namespace.api::<Job>().list(&ListParams::default()).await?.items;
        let ended = |job: &Job| job.status.as_ref().is_some_and(|status| status.completion_time.is_some());
        Ok(if jobs.iter().all(ended) { Ok(()) } else { Err(format!("{} Jobs", jobs.len())) })
    })
    .await
}

/// What a new version changes.
fn release(jobs_image: &str) -> Value {
    let container = json!({"name": "operator", "env": [{"name": "SEGMENT_JOBS_IMAGE", "value": jobs_image}]});
    json!({"spec": {"template": {"spec": {"containers": [container]}}}})
}

/// The store's children, and what they were made for, as they stand.
async fn versions(namespace: &Namespace) -> Result<BTreeMap<String, Option<String>>> {
    let mut versions = BTreeMap::new();
    for job in namespace.api::<Job>().list(&ListParams::default()).await? {
        versions.insert(format!("Job {}", job.name_any()), job.resource_version());
    }
    let ours = ListParams::default().labels("app.kubernetes.io/managed-by=segment-operator");
    for config_map in namespace.api::<ConfigMap>().list(&ours).await? {
        versions.insert(format!("ConfigMap {}", config_map.name_any()), config_map.resource_version());
    }
    let (segments, stores) = (namespace.api::<Segment>(), namespace.api::<SegmentStore>());
    versions.insert("Segment".to_owned(), segments.get("paying").await?.resource_version());
    versions.insert("SegmentStore".to_owned(), stores.get("main").await?.resource_version());
    Ok(versions)
}

#[tokio::test(flavor = "multi_thread")]
async fn objects_that_an_older_definition_let_in_stop_nothing_else() -> Result<()> {
    with_store(async |cluster, namespace, store| {
        let segments = Definition::of(&cluster, "segments").await?;
        let stores = Definition::of(&cluster, "segmentstores").await?;
        segments.let_all_in().await?;
        stores.let_all_in().await?;
        let let_in = let_in(&namespace).await;
        segments.restore().await?;
        stores.restore().await?;
        let_in?;
        // Whoever leads now has begun with them.
        Operator::of(&cluster).change_lease(json!({"holderIdentity": "somebody-else"})).await?;
        store.apply_segment("paying", plan("gold")).await?;
        store.until_members("paying", &["ada", "bob"]).await?;
        until("the malformed Segment says why", DEADLINE, async || {
            told_of(&namespace, "Segment", "malformed", "SpecRefused").await
        })
        .await?;
        until("the malformed store says why", DEADLINE, async || {
            told_of(&namespace, "SegmentStore", "malformed", "Malformed").await
        })
        .await
    })
    .await
}

/// A Segment and a store that nobody could apply today.
async fn let_in(namespace: &Namespace) -> Result<()> {
    let objects = [
        ("Segment", json!({"storeRef": {"name": "main"}, "account": "acme", "criteria": {"not": "a list"}})),
        ("SegmentStore", json!({"clickhouse": ["not", "an object"]})),
    ];
    for (kind, spec) in objects {
        let object = json!({
            "apiVersion": "segmentation.dev/v1alpha1", "kind": kind,
            "metadata": {"name": "malformed", "namespace": namespace.name}, "spec": spec,
        });
        // The definition counts a moment after it was changed.
        until(&format!("the {kind} is let in"), DEADLINE, async || {
            Ok(namespace.cluster.apply(&object).await.map(drop).map_err(|error| format!("{error:#}")))
        })
        .await?;
    }
    Ok(())
}

async fn told_of(
    namespace: &Namespace,
    kind: &str,
    name: &str,
    reason: &str,
) -> Result<std::result::Result<(), String>> {
    let resource = ApiResource::from_gvk(&GroupVersionKind::gvk("segmentation.dev", "v1alpha1", kind));
    let api: Api<DynamicObject> = Api::namespaced_with(namespace.cluster.client(), &namespace.name, &resource);
    let status = api.get(name).await?.data["status"].clone();
    let conditions = serde_json::from_value::<Vec<_>>(status["conditions"].clone()).unwrap_or_default();
    let is_told = why(&conditions, "Stalled").is_some_and(|(told, _)| told == reason);
    Ok(if is_told { Ok(()) } else { Err(status.to_string()) })
}

/// A custom resource definition, to be loosened for a while.
struct Definition {
    api: Api<DynamicObject>,
    name: String,
    versions: Value,
}

impl Definition {
    async fn of(cluster: &Cluster, plural: &str) -> Result<Self> {
        let kind = GroupVersionKind::gvk("apiextensions.k8s.io", "v1", "CustomResourceDefinition");
        let api: Api<DynamicObject> = Api::all_with(cluster.client(), &ApiResource::from_gvk(&kind));
        let name = format!("{plural}.segmentation.dev");
        let versions = api.get(&name).await?.data["spec"]["versions"].clone();
        Ok(Self { api, name, versions })
    }

    async fn let_all_in(&self) -> Result<()> {
        let mut versions = self.versions.clone();
        let any = |properties: Value| json!({"type": "object", "x-kubernetes-preserve-unknown-fields": true, "properties": properties});
        // Segments can be selected by their account.
        let account = any(json!({"account": {"type": "string"}}));
        versions[0]["schema"]["openAPIV3Schema"] = any(json!({"spec": account, "status": any(json!({}))}));
        self.change(&versions).await
    }

    async fn restore(&self) -> Result<()> {
        self.change(&self.versions).await
    }

    async fn change(&self, versions: &Value) -> Result<()> {
        let patch = Patch::Merge(json!({"spec": {"versions": versions}}));
        self.api.patch(&self.name, &PatchParams::default(), &patch).await?;
        Ok(())
    }
}
