//! Nothing that people may read holds a password: no log, event, status, metric or child of a store.

use anyhow::{Context as _, Result, ensure};
use k8s_openapi::ByteString;
use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::{ConfigMap, Pod};
use k8s_openapi::api::events::v1::Event;
use kube::api::{Api, ListParams, LogParams};
use kube::{Resource, ResourceExt as _};
use segment_crds::{Segment, SegmentStore};
use segment_operator_tests::{
    Cluster, Namespace, Operator, PASSWORD, Shards, Store, in_namespace, is_true, people, plan, why,
};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::json;

const WRONG: &str = "wr0ng-pa55-w0rd";

/// Texts with the name of where they are from.
type Texts = Vec<(String, String)>;

#[tokio::test(flavor = "multi_thread")]
async fn no_log_event_status_or_metric_holds_a_password() -> Result<()> {
    let cluster = Cluster::connect().await?;
    let mut shards = Shards::start(2, cluster.host())?;
    in_namespace(&cluster, async |namespace| {
        let store = Store::new(&namespace, &shards);
        work_and_fail(&store, &mut shards).await?;
        let mut texts = Texts::new();
        logs(&namespace.api(), &mut texts).await?;
        let pods = Operator::of(&cluster).pods();
        logs(&pods, &mut texts).await?;
        metrics(&cluster, &pods, &mut texts).await?;
        let operators = Namespace { cluster: cluster.clone(), name: "segmentation-system".to_owned() };
        for namespace in [&namespace, &operators] {
            objects::<SegmentStore>(namespace, &mut texts).await?;
            objects::<Segment>(namespace, &mut texts).await?;
            objects::<Job>(namespace, &mut texts).await?;
            objects::<Pod>(namespace, &mut texts).await?;
            objects::<ConfigMap>(namespace, &mut texts).await?;
            objects::<Event>(namespace, &mut texts).await?;
        }
        for what in ["log of", "metrics of", "SegmentStore", "Segment", "Job", "Pod", "ConfigMap", "Event"] {
            ensure!(texts.iter().any(|(from, _)| from.starts_with(what)), "no {what} was searched");
        }
        let needles = [PASSWORD.to_owned(), WRONG.to_owned(), in_base64(PASSWORD)?, in_base64(WRONG)?];
        let holds = |text: &str| needles.iter().any(|needle| text.contains(needle));
        let found: Vec<_> = texts.iter().filter(|(_, text)| holds(text)).map(|(from, _)| from).collect();
        ensure!(found.is_empty(), "a password stands in {found:?}");
        Ok(())
    })
    .await
}

/// As a Secret has it, without what only stands at its end.
fn in_base64(text: &str) -> Result<String> {
    let encoded = serde_json::to_value(ByteString(text.into()))?;
    Ok(encoded.as_str().context("a text")?.trim_end_matches('=').to_owned())
}

/// Whatever might make someone print a password: it is wrong, a shard is away, an evaluation goes well.
async fn work_and_fail(store: &Store, shards: &mut Shards) -> Result<()> {
    store.apply_secret(WRONG).await?;
    store.grant().await?;
    store.apply(json!({})).await?;
    let has = |type_: &'static str, reason: &'static str| {
        move |conditions: &[_]| why(conditions, type_).is_some_and(|(found, _)| found == reason)
    };
    store.until_store("refused by the shards", has("Stalled", "CredentialsRefused")).await?;
    store.apply_secret(PASSWORD).await?;
    store.until_store("ready", |conditions| is_true(conditions, "Ready")).await?;
    store.load(&people())?;
    store.apply_segment("paying", plan("gold")).await?;
    store.until_members("paying", &["ada", "bob"]).await?;
    shards.server(1)?.stop();
    store.until_store("short of a shard", has("Reconciling", "ShardUnreachable")).await.map(drop)
}

async fn logs(pods: &Api<Pod>, texts: &mut Texts) -> Result<()> {
    for pod in pods.list(&ListParams::default()).await? {
        let name = pod.name_any();
        texts.push((format!("log of {name}"), pods.logs(&name, &LogParams::default()).await?));
        let before = LogParams { previous: true, ..LogParams::default() };
        if let Ok(log) = pods.logs(&name, &before).await {
            texts.push((format!("log of {name} before it was started again"), log));
        }
    }
    Ok(())
}

async fn metrics(cluster: &Cluster, pods: &Api<Pod>, texts: &mut Texts) -> Result<()> {
    for pod in pods.list(&ListParams::default()).await? {
        let (namespace, name) = (pod.namespace().context("a namespace")?, pod.name_any());
        let path = format!("/api/v1/namespaces/{namespace}/pods/{name}:8080/proxy/metrics");
        let request = http::Request::get(path).body(Vec::new())?;
        texts.push((format!("metrics of {name}"), cluster.client().request_text(request).await?));
    }
    Ok(())
}

async fn objects<K>(namespace: &Namespace, texts: &mut Texts) -> Result<()>
where
    K: Resource<Scope = kube::core::NamespaceResourceScope, DynamicType = ()> + Clone + DeserializeOwned + Serialize,
    K: std::fmt::Debug,
{
    for object in namespace.api::<K>().list(&ListParams::default()).await? {
        texts.push((format!("{} {}", K::kind(&()), object.name_any()), serde_json::to_string(&object)?));
    }
    Ok(())
}
