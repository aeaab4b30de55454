//! The watches: caches of the objects that matter, and who has to be woken when one changes.
//!
//! Objects are cut down before they are kept: managed fields are never read. Jobs are watched by our label alone; Secrets
//! and pods are not watched at all.

use std::{
    collections::HashSet,
    fmt::Debug,
    sync::{Arc, Mutex, PoisonError},
};

use futures::{StreamExt, TryStreamExt};
use k8s_openapi::api::{batch::v1::Job, core::v1::Namespace};
use kube::{
    Api, Client, Resource, ResourceExt,
    core::{DeserializeGuard, NamespaceResourceScope, PartialObjectMeta},
    runtime::{
        WatchStreamExt,
        reflector::{self, Store},
        watcher::{self, Event},
    },
};
use segment_crds::SegmentStore;
use serde::de::DeserializeOwned;
use tokio::sync::mpsc::Sender;

use crate::{
    names::{MANAGED_BY, OPERATOR, StoreKey},
    object::SegmentObject,
};

/// Who has to be woken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Wake {
    /// A store was changed, or one of its Jobs.
    Store(StoreKey),
    /// A Segment was changed.
    Segment { path: String, store: StoreKey },
    /// Anything may have changed.
    All,
}

/// The caches, being filled.
pub(crate) struct Caches {
    pub(crate) stores: Store<DeserializeGuard<SegmentStore>>,
    pub(crate) segments: Store<SegmentObject>,
    pub(crate) jobs: Store<Job>,
    pub(crate) namespaces: Option<Namespaces>,
}

/// The namespaces that there are, and the names of all that there were since the process began.
#[derive(Clone)]
pub(crate) struct Namespaces {
    pub(crate) there: Store<PartialObjectMeta<Namespace>>,
    seen: Arc<Mutex<HashSet<String>>>,
}

impl Namespaces {
    /// Whether one was there and went, or is about to go. One that was never seen has not gone: it is another cluster's, or
    /// not made yet.
    pub(crate) fn have_lost(&self, name: &str) -> bool {
        let was_seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner).contains(name);
        let stays = |namespace: &PartialObjectMeta<Namespace>| {
            namespace.name_any() == name && namespace.metadata.deletion_timestamp.is_none()
        };
        was_seen && self.there.find(stays).is_none()
    }
}

/// Starts all watches; they go on until the process ends.
pub(crate) fn start(client: &Client, namespace: Option<&str>, wakes: &Sender<Wake>) -> Caches {
    let stores = watch(scoped(client, namespace), watcher::Config::default(), wakes, |store: &DeserializeGuard<_>| {
        Wake::Store(StoreKey { namespace: store.namespace().unwrap_or_default(), name: store.name_any() })
    });
    let segments = watch(scoped(client, namespace), watcher::Config::default(), wakes, |segment: &SegmentObject| {
        Wake::Segment { path: segment.path(), store: segment.store.clone() }
    });
    let ours = watcher::Config::default().labels(&format!("{MANAGED_BY}={OPERATOR}"));
    let jobs =
        watch(scoped(client, namespace), ours, wakes, |job: &Job| StoreKey::of_job(job).map_or(Wake::All, Wake::Store));
    let namespaces = namespace.is_none().then(|| namespaces(client, wakes));
    Caches { stores, segments, jobs, namespaces }
}

impl Caches {
    /// Returns when all have been filled once.
    pub(crate) async fn filled(&self) -> Result<(), reflector::store::WriterDropped> {
        self.stores.wait_until_ready().await?;
        self.segments.wait_until_ready().await?;
        self.jobs.wait_until_ready().await?;
        if let Some(namespaces) = &self.namespaces {
            namespaces.there.wait_until_ready().await?;
        }
        Ok(())
    }
}

fn scoped<K>(client: &Client, namespace: Option<&str>) -> Api<K>
where
    K: Resource<DynamicType = (), Scope = NamespaceResourceScope>,
{
    match namespace {
        Some(namespace) => Api::namespaced(client.clone(), namespace),
        None => Api::all(client.clone()),
    }
}

fn watch<K>(
    api: Api<K>,
    config: watcher::Config,
    wakes: &Sender<Wake>,
    wake: impl Fn(&K) -> Wake + Send + 'static,
) -> Store<K>
where
    K: Resource<DynamicType = ()> + Clone + Debug + DeserializeOwned + Send + Sync + 'static,
{
    let (reader, writer) = reflector::store();
    let stream = kube::runtime::watcher(api, config).default_backoff().modify(|object| {
        object.managed_fields_mut().clear();
    });
    tokio::spawn(follow(stream.reflect(writer).boxed(), wakes.clone(), wake));
    reader
}

fn namespaces(client: &Client, wakes: &Sender<Wake>) -> Namespaces {
    let (there, writer) = reflector::store();
    let seen = Arc::<Mutex<HashSet<String>>>::default();
    let api: Api<PartialObjectMeta<Namespace>> = Api::all(client.clone());
    let stream = kube::runtime::watcher(api, watcher::Config::default()).default_backoff().modify({
        let seen = seen.clone();
        move |object| {
            object.managed_fields_mut().clear();
            seen.lock().unwrap_or_else(PoisonError::into_inner).insert(object.name_any());
        }
    });
    tokio::spawn(follow(stream.reflect(writer).boxed(), wakes.clone(), |_| Wake::All));
    Namespaces { there, seen }
}

type Events<K> = futures::stream::BoxStream<'static, Result<Event<K>, watcher::Error>>;

/// Wakes who is concerned by each event. After a watch began anew all are: what vanished meanwhile has no event.
async fn follow<K>(mut events: Events<K>, wakes: Sender<Wake>, wake: impl Fn(&K) -> Wake)
where
    K: Resource<DynamicType = ()>,
{
    loop {
        let wake = match events.try_next().await {
            Ok(Some(Event::Apply(object) | Event::Delete(object))) => wake(&object),
            Ok(Some(Event::InitDone)) => Wake::All,
            Ok(Some(Event::Init | Event::InitApply(_))) => continue,
            Ok(None) => return,
            Err(error) if is_unknown_kind(&error) => {
                let kind = K::plural(&());
                tracing::error!(%error, %kind, "the cluster lacks a definition: install those of crds/; it is tried again");
                continue;
            }
            Err(error) => {
                tracing::warn!(%error, "a watch failed; it is tried again");
                continue;
            }
        };
        if wakes.send(wake).await.is_err() {
            return;
        }
    }
}

/// Whether the API server does not know the kind.
fn is_unknown_kind(error: &watcher::Error) -> bool {
    use watcher::Error::{InitialListFailed, WatchFailed, WatchStartFailed};
    let (InitialListFailed(error) | WatchStartFailed(error) | WatchFailed(error)) = error else { return false };
    matches!(error, kube::Error::Api(status) if status.code == 404)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_a_namespace_that_was_seen_can_be_lost() {
        let (there, mut writer) = reflector::store::<PartialObjectMeta<Namespace>>();
        let mut put = |name: &str, going: Option<&str>| {
            let metadata = json!({"name": name, "deletionTimestamp": going});
            writer.apply_watcher_event(&Event::Apply(serde_json::from_value(json!({"metadata": metadata})).unwrap()));
        };
        put("stays", None);
        put("goes", Some("2026-01-01T00:00:00Z"));
        let seen = ["stays", "goes", "went"].map(str::to_owned).into();
        let namespaces = Namespaces { there, seen: Arc::new(Mutex::new(seen)) };
        let lost = ["stays", "goes", "went", "never-here"].map(|name| namespaces.have_lost(name));
        assert_eq!(lost, [false, true, true, false]);
    }
}
