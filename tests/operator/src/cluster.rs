//! The cluster under test.

use std::process::Command;

use anyhow::{Context, Result, ensure};
use kube::api::{Api, DynamicObject, Patch, PatchParams};
use kube::core::GroupVersionKind;
use kube::discovery::pinned_kind;
use kube::{Client, Config};
use serde_json::Value;

/// Who applies the objects of tests.
const FIELD_MANAGER: &str = "segment-operator-tests";

/// The cluster of KUBECONFIG.
#[derive(Clone)]
pub struct Cluster {
    client: Client,
    host: String,
}

impl Cluster {
    /// Connects, if there is one.
    pub async fn connect() -> Result<Self> {
        let config = Config::infer().await.context("no cluster: start the tests by `make test-cluster`")?;
        // Where pods reach the servers of a test. The cluster of tests/cluster has its node there.
        let host = std::env::var("SEGMENT_HOST").unwrap_or_else(|_| "198.51.100.1".to_owned());
        Ok(Self { client: Client::try_from(config)?, host })
    }

    /// A client with all rights.
    pub fn client(&self) -> Client {
        self.client.clone()
    }

    /// The address under which pods reach this machine.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Applies an object of any kind, as `kubectl apply --server-side` does.
    pub async fn apply(&self, object: &Value) -> Result<DynamicObject> {
        let object: DynamicObject = serde_json::from_value(object.clone())?;
        let types = object.types.clone().context("an object without a kind")?;
        let (resource, _) = pinned_kind(&self.client, &GroupVersionKind::try_from(&types)?).await?;
        let name = object.metadata.name.clone().context("an object without a name")?;
        let api: Api<DynamicObject> = match &object.metadata.namespace {
            Some(namespace) => Api::namespaced_with(self.client.clone(), namespace, &resource),
            None => Api::all_with(self.client.clone(), &resource),
        };
        let params = PatchParams::apply(FIELD_MANAGER).force();
        api.patch(&name, &params, &Patch::Apply(&object)).await.with_context(|| format!("apply {} {name}", types.kind))
    }
}

/// Kills the API server and starts it again, if it is that of `tests/cluster`.
pub fn restart_api_server() -> Result<bool> {
    let Ok(script) = std::env::var("SEGMENT_TESTS_CLUSTER") else { return Ok(false) };
    let status = Command::new(script).args(["restart", "kube-apiserver"]).status()?;
    ensure!(status.success(), "the API server was not started again");
    Ok(true)
}
