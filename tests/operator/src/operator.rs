//! The operator under test: the one of the cluster, and one beside it that a test kills.

use std::path::Path;
use std::process::Stdio;

use anyhow::{Context as _, Result};
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::coordination::v1::Lease;
use k8s_openapi::api::core::v1::Pod;
use kube::api::{Api, ListParams, Patch, PatchParams};
use serde_json::{Value, json};
use tokio::process::{Child, Command};

use crate::cluster::Cluster;
use crate::store::{DEADLINE, program};
use crate::wait::until;

const NAMESPACE: &str = "segmentation-system";
const NAME: &str = "segment-operator";

/// The operator of the cluster.
#[derive(Clone)]
pub struct Operator {
    cluster: Cluster,
}

impl Operator {
    /// That of this cluster.
    pub fn of(cluster: &Cluster) -> Self {
        Self { cluster: cluster.clone() }
    }

    /// Its Deployment.
    pub fn deployments(&self) -> Api<Deployment> {
        Api::namespaced(self.cluster.client(), NAMESPACE)
    }

    /// Its Lease.
    pub fn leases(&self) -> Api<Lease> {
        Api::namespaced(self.cluster.client(), NAMESPACE)
    }

    /// Its pods, and whatever else stands beside it.
    pub fn pods(&self) -> Api<Pod> {
        Api::namespaced(self.cluster.client(), NAMESPACE)
    }

    /// How often a pod of it was started again.
    pub async fn restarts(&self, pod: &str) -> Result<i32> {
        let status = self.pods().get(pod).await?.status.unwrap_or_default();
        Ok(status.container_statuses.iter().flatten().map(|container| container.restart_count).sum())
    }

    /// Who leads.
    pub async fn holder(&self) -> Result<String> {
        let lease = self.leases().get(NAME).await?;
        lease.spec.and_then(|spec| spec.holder_identity).context("nobody holds the Lease")
    }

    /// Changes its Lease.
    pub async fn change_lease(&self, spec: Value) -> Result<()> {
        let patch = Patch::Merge(json!({"spec": spec}));
        self.leases().patch(NAME, &PatchParams::default(), &patch).await?;
        Ok(())
    }

    /// Changes its Deployment, and waits until that is what runs.
    pub async fn change(&self, patch: &Value) -> Result<()> {
        let changed = self.deployments().patch(NAME, &PatchParams::default(), &Patch::Strategic(patch)).await?;
        let (generation, replicas) = (changed.metadata.generation, changed.spec.and_then(|spec| spec.replicas));
        until("the operator runs as it should", DEADLINE, async || {
            let status = self.deployments().get(NAME).await?.status.unwrap_or_default();
            let running = self.pods().list(&ListParams::default()).await?.items.len();
            let is_so = status.observed_generation == generation
                && status.updated_replicas.unwrap_or(0) == replicas.unwrap_or(0)
                && status.ready_replicas.unwrap_or(0) == replicas.unwrap_or(0)
                && i32::try_from(running).ok() == replicas;
            Ok(if is_so { Ok(()) } else { Err(format!("{running} pods, {status:?}")) })
        })
        .await
    }

    /// Has so many replicas of it.
    pub async fn scale(&self, replicas: i32) -> Result<()> {
        self.change(&json!({"spec": {"replicas": replicas}})).await
    }

    /// The image of segment-jobs that it gives to stores.
    pub async fn jobs_image(&self) -> Result<String> {
        let deployment = self.deployments().get(NAME).await?;
        let pod = deployment.spec.and_then(|spec| spec.template.spec).context("a Deployment without pods")?;
        let variables = pod.containers.into_iter().next().and_then(|container| container.env).unwrap_or_default();
        let image = variables.into_iter().find(|variable| variable.name == "SEGMENT_JOBS_IMAGE");
        image.and_then(|variable| variable.value).context("no SEGMENT_JOBS_IMAGE")
    }
}

/// An operator beside the cluster. It is killed when it is dropped.
#[derive(Debug)]
pub struct Process(Child);

impl Process {
    /// Starts it with the rights of the test, and a Lease of its own: who starts after one that was killed must not have to
    /// wait for it.
    pub fn start(image: &str, namespace: &str, lease: &str) -> Result<Self> {
        Self::of(command(image, namespace)?.args(["--lease", lease]))
    }

    /// Starts one that watches the namespace where its Lease is, with the rights of a kubeconfig.
    pub fn of_one_namespace(image: &str, namespace: &str, cluster: &str, kubeconfig: &Path) -> Result<Self> {
        let watch = ["--watch-namespace", namespace, "--cluster-id", cluster];
        Self::of(command(image, namespace)?.args(watch).env("KUBECONFIG", kubeconfig))
    }

    fn of(command: &mut Command) -> Result<Self> {
        let silent = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        Ok(Self(silent.kill_on_drop(true).spawn()?))
    }

    /// Kills it, with no time to do anything more (SIGKILL).
    pub async fn kill(mut self) -> Result<()> {
        Ok(self.0.kill().await?)
    }
}

fn command(image: &str, namespace: &str) -> Result<Command> {
    let mut command = Command::new(program("segment-operator")?);
    command.args(["--jobs-image", image, "--namespace", namespace, "--http-address", "127.0.0.1:0"]);
    Ok(command)
}
