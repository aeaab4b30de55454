//! An operator that watches one namespace, with the rights that `components/one-namespace` leaves it, and no others.

use std::io::Write as _;

use anyhow::{Context as _, Result, ensure};
use k8s_openapi::api::authentication::v1::TokenRequest;
use k8s_openapi::api::core::v1::{Namespace as Space, ServiceAccount};
use k8s_openapi::api::rbac::v1::Role;
use kube::ResourceExt as _;
use kube::api::{Api, DeleteParams, PostParams};
use kube::config::Kubeconfig;
use segment_crds::Segment;
use segment_operator_tests::{Namespace, Operator, Process, Store, plan, requests_of, with_store};
use serde_json::{Value, json};
use tempfile::NamedTempFile;

/// The service account that it works as.
const ACCOUNT: &str = "narrow";

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_of_one_namespace_asks_for_nothing_that_it_may_not() -> Result<()> {
    with_store(1, async |namespace, store, _shards| {
        let operator = Operator::of(&namespace.cluster);
        let image = operator.jobs_image().await?;
        give_rights(&namespace).await?;
        let kubeconfig = kubeconfig(&namespace).await?;
        let cluster = cluster_of(&namespace).await?;
        let worked = async {
            operator.scale(0).await?;
            let process = Process::of_one_namespace(&image, &namespace.name, &cluster, kubeconfig.path())?;
            come_and_go(&namespace, &store).await?;
            process.kill().await
        }
        .await;
        operator.scale(2).await?;
        worked?;
        refused_nothing(&namespace)
    })
    .await
}

async fn come_and_go(namespace: &Namespace, store: &Store) -> Result<()> {
    store.apply_segment("paying", plan("gold")).await?;
    store.until_members("paying", &["ada", "bob"]).await?;
    namespace.api::<Segment>().delete("paying", &DeleteParams::default()).await?;
    store.until_members_are_gone("paying").await
}

fn refused_nothing(namespace: &Namespace) -> Result<()> {
    let user = format!("system:serviceaccount:{}:{ACCOUNT}", namespace.name);
    let Some(entries) = requests_of(&user)? else {
        eprintln!("LEFT OUT: only the cluster of tests/cluster has an audit log that we can read");
        return Ok(());
    };
    ensure!(!entries.is_empty(), "nothing was asked as {user}");
    let is_refused = |entry: &&Value| entry["annotations"]["authorization.k8s.io/decision"] == "forbid";
    let refused: Vec<_> = entries.iter().filter(is_refused).map(|entry| &entry["requestURI"]).collect();
    ensure!(refused.is_empty(), "refused: {refused:?}");
    Ok(())
}

/// What the component binds, and the leave of the store's owner. Lease and pod are in the namespace that is watched here.
async fn give_rights(namespace: &Namespace) -> Result<()> {
    let roles: Api<Role> = Api::namespaced(namespace.cluster.client(), "segmentation-system");
    let lease = roles.get("segment-operator-lease").await?.rules;
    apply(namespace, "v1", "ServiceAccount", ACCOUNT, json!({})).await?;
    apply(namespace, "rbac.authorization.k8s.io/v1", "Role", "lease", json!({"rules": lease})).await?;
    for (kind, role) in
        [("ClusterRole", "segment-operator"), ("Role", "lease"), ("Role", "segment-store-main-clickhouse")]
    {
        let binding = json!({
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": kind, "name": role},
            "subjects": [{"kind": "ServiceAccount", "name": ACCOUNT, "namespace": namespace.name}],
        });
        let name = format!("{ACCOUNT}-{role}");
        apply(namespace, "rbac.authorization.k8s.io/v1", "RoleBinding", &name, binding).await?;
    }
    Ok(())
}

async fn apply(namespace: &Namespace, version: &str, kind: &str, name: &str, mut object: Value) -> Result<()> {
    object["apiVersion"] = json!(version);
    object["kind"] = json!(kind);
    object["metadata"] = json!({"name": name, "namespace": namespace.name});
    namespace.cluster.apply(&object).await.map(drop)
}

/// A kubeconfig for the test's cluster, as the service account.
async fn kubeconfig(namespace: &Namespace) -> Result<NamedTempFile> {
    let accounts: Api<ServiceAccount> = namespace.api();
    let wanted: TokenRequest = serde_json::from_value(json!({"metadata": {}, "spec": {"audiences": []}}))?;
    let made = accounts.create_token_request(ACCOUNT, &PostParams::default(), &wanted).await?;
    let token = made.status.context("a token")?.token;
    let ours = Kubeconfig::read()?;
    let current = ours.contexts.iter().find(|context| Some(&context.name) == ours.current_context.as_ref());
    let cluster = current.and_then(|current| current.context.as_ref()).context("a context")?.cluster.clone();
    let config = json!({
        "apiVersion": "v1", "kind": "Config", "current-context": ACCOUNT, "clusters": ours.clusters,
        "users": [{"name": ACCOUNT, "user": {"token": token}}],
        "contexts": [{"name": ACCOUNT, "context": {"cluster": cluster, "user": ACCOUNT}}],
    });
    let mut file = NamedTempFile::new()?;
    write!(file, "{config}")?;
    Ok(file)
}

/// What the operator of the whole cluster calls it: the store has been made by that name.
async fn cluster_of(namespace: &Namespace) -> Result<String> {
    let spaces: Api<Space> = Api::all(namespace.cluster.client());
    spaces.get("kube-system").await?.uid().context("a uid")
}
