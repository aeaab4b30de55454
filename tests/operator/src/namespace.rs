//! A namespace for each test, removed at its end. What was in it is printed if the test failed.

use anyhow::Result;
use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::{self, Pod};
use k8s_openapi::api::events::v1::Event;
use kube::api::{Api, DeleteParams, ListParams, PostParams};
use kube::{Resource, ResourceExt as _};
use segment_crds::{Segment, SegmentStore};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::json;

use crate::cluster::Cluster;

/// A namespace of a test.
#[derive(Clone)]
pub struct Namespace {
    /// The cluster that it is in.
    pub cluster: Cluster,
    /// Its name.
    pub name: String,
}

/// Runs a test in a namespace of its own.
pub async fn in_namespace<F>(cluster: &Cluster, test: F) -> Result<()>
where
    F: AsyncFnOnce(Namespace) -> Result<()>,
{
    let namespaces: Api<v1::Namespace> = Api::all(cluster.client());
    // The strictest of Kubernetes' pod security standards: what it does not allow of a Job's pods is refused.
    let labels = json!({"pod-security.kubernetes.io/enforce": "restricted"});
    let wanted = serde_json::from_value(json!({"metadata": {"generateName": "segment-test-", "labels": labels}}))?;
    let made = namespaces.create(&PostParams::default(), &wanted).await?;
    let namespace = Namespace { cluster: cluster.clone(), name: made.name_any() };
    let outcome = test(namespace.clone()).await;
    if outcome.is_err() {
        namespace.print().await;
    }
    namespaces.delete(&namespace.name, &DeleteParams::default()).await?;
    outcome
}

impl Namespace {
    /// The objects of a kind in it.
    pub fn api<K>(&self) -> Api<K>
    where
        K: Resource<Scope = kube::core::NamespaceResourceScope>,
        K::DynamicType: Default,
    {
        Api::namespaced(self.cluster.client(), &self.name)
    }

    async fn print(&self) {
        self.print_kind::<SegmentStore>().await;
        self.print_kind::<Segment>().await;
        self.print_kind::<Job>().await;
        self.print_kind::<Pod>().await;
        self.print_kind::<Event>().await;
    }

    async fn print_kind<K>(&self)
    where
        K: Resource<Scope = kube::core::NamespaceResourceScope>
            + Clone
            + DeserializeOwned
            + Serialize
            + std::fmt::Debug,
        K::DynamicType: Default,
    {
        match self.api::<K>().list(&ListParams::default()).await {
            Ok(list) => {
                for mut object in list {
                    object.meta_mut().managed_fields = None;
                    eprintln!("{}", serde_json::to_string(&object).unwrap_or_else(|error| error.to_string()));
                }
            }
            Err(error) => eprintln!("{error}"),
        }
    }
}
