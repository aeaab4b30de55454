//! Finds things in the cluster: the Segment that is meant, its store, and the store's shards.

use k8s_openapi::api::core::v1::Secret;
use kube::{
    Api, Client, Config, Resource,
    config::KubeConfigOptions,
    core::{DynamicObject, NamespaceResourceScope},
};
use segment_crds::{Segment, SegmentStore};
use segment_jobs::{
    causes::chain,
    clock::Clock,
    shards::{Authorities, Credentials, ShardAddress, unfit_for_header},
    store::{self, Missing, Store},
};

use crate::{args::ClusterArgs, exit::Failure};

/// A cluster, and the namespace that is meant when none is said.
pub(crate) struct Cluster {
    pub(crate) client: Client,
    pub(crate) namespace: String,
}

impl Cluster {
    pub(crate) async fn open(args: &ClusterArgs) -> Result<Self, Failure> {
        let options = KubeConfigOptions { context: args.context.clone(), ..KubeConfigOptions::default() };
        let config = match Config::from_kubeconfig(&options).await {
            Ok(config) => config,
            Err(error) if args.context.is_some() => return Err(Failure::about("KUBECONFIG", &error)),
            Err(_) => Config::infer().await.map_err(|error| Failure::about("no cluster was found", &error))?,
        };
        let namespace = args.namespace.clone().unwrap_or_else(|| config.default_namespace.clone());
        let client = Client::try_from(config).map_err(|error| Failure::about("the cluster", &error))?;
        Ok(Self { client, namespace })
    }

    /// Objects of a kind in the namespace.
    pub(crate) fn api<K>(&self) -> Api<K>
    where
        K: Resource<DynamicType = (), Scope = NamespaceResourceScope>,
    {
        Api::namespaced(self.client.clone(), &self.namespace)
    }

    /// The Segment of that name.
    pub(crate) async fn segment(&self, name: &str) -> Result<Segment, Failure> {
        let found = self.api::<Segment>().get_opt(name).await.map_err(|error| about_segment(name, &error))?;
        found.ok_or_else(|| Failure::Other(format!("there is no Segment {}/{name}", self.namespace)))
    }

    /// The store of a Segment, with its namespace.
    pub(crate) async fn store(&self, segment: &Segment) -> Result<(String, SegmentStore), Failure> {
        let reference = &segment.spec.store_ref;
        let namespace = reference.namespace.clone().unwrap_or_else(|| self.namespace.clone());
        let api: Api<SegmentStore> = Api::namespaced(self.client.clone(), &namespace);
        let name = &reference.name;
        let found = api.get_opt(name).await.map_err(|error| Failure::about(format!("SegmentStore {name}"), &error))?;
        let store = found.ok_or_else(|| Failure::Other(format!("there is no SegmentStore {namespace}/{name}")))?;
        Ok((namespace, store))
    }

    /// All Segments of the namespace as they are stored, those that cannot be read by this build too.
    pub(crate) async fn segments(&self) -> Result<Vec<serde_json::Value>, Failure> {
        let kind = kube::core::ApiResource::erase::<Segment>(&());
        let api: Api<DynamicObject> = Api::namespaced_with(self.client.clone(), &self.namespace, &kind);
        let list = api.list(&kube::api::ListParams::default()).await;
        let list = list.map_err(|error| Failure::about("the Segments", &error))?;
        list.items.into_iter().map(|object| serde_json::to_value(object).map_err(|error| bad(&error))).collect()
    }

    /// Opens the shards of a store that answer, with the store's own credentials. The others are missing.
    pub(crate) async fn open_store(&self, namespace: &str, store: &SegmentStore) -> Result<(Store, Missing), Failure> {
        let clickhouse = &store.spec.clickhouse;
        let mut credentials = match &clickhouse.credentials_secret_ref {
            Some(secret) => self.credentials(namespace, &secret.name).await?,
            None => Credentials::default(),
        };
        if let Some(pem) = &clickhouse.ca_bundle {
            credentials.authorities = Authorities::of_pem(pem)
                .map_err(|error| Failure::about("spec.clickhouse.caBundle of the store", &error))?;
        }
        let address = |shard: &segment_crds::Shard| ShardAddress {
            name: shard.name.clone(),
            url: shard.urls.first().map(|url| url.trim_end_matches('/').to_owned()).unwrap_or_default(),
            database: clickhouse.database.clone(),
        };
        let addresses: Vec<ShardAddress> = clickhouse.shards.iter().map(address).collect();
        Ok(Store::open_in_part(store::shards(&addresses, &credentials)?, Clock::System).await?)
    }

    async fn credentials(&self, namespace: &str, name: &str) -> Result<Credentials, Failure> {
        let api: Api<Secret> = Api::namespaced(self.client.clone(), namespace);
        let secret =
            api.get(name).await.map_err(|error| Failure::about(format!("Secret {namespace}/{name}"), &error))?;
        let text =
            |key| text(&secret, key).map_err(|why| Failure::Other(format!("the Secret {namespace}/{name} {why}")));
        Ok(Credentials::of(text("username")?, text("password")?))
    }
}

/// What a key of a Secret holds, or what is wrong with it.
fn text(secret: &Secret, key: &str) -> Result<String, String> {
    let bytes = secret.data.as_ref().and_then(|data| data.get(key));
    let text = bytes.and_then(|bytes| String::from_utf8(bytes.0.clone()).ok());
    let text = text.ok_or_else(|| format!("has no key {key}"))?;
    if unfit_for_header(&text).is_some() {
        return Err(format!(
            "has a line break or another control character in its key {key}; make it of the text alone, by `printf %s` or \
             `echo -n` where it was made by `echo`"
        ));
    }
    Ok(text)
}

/// The shards that are missing, by name, and why.
pub(crate) fn missing_shards(store: &Store, missing: &Missing) -> String {
    let names: Vec<&str> = missing.keys().map(|index| store.shards[*index].name()).collect();
    let why: Vec<String> = missing.values().map(|error| chain(error)).collect();
    let (noun, verb) = if names.len() == 1 { ("shard", "is") } else { ("shards", "are") };
    format!("the {noun} {} {verb} left out: {}", names.join(", "), why.join("; "))
}

fn bad(error: &serde_json::Error) -> Failure {
    Failure::about("a Segment", error)
}

/// An error of the API server about a Segment.
pub(crate) fn about_segment(name: &str, error: &kube::Error) -> Failure {
    Failure::about(format!("Segment {name}"), error)
}

#[cfg(test)]
mod tests {
    use k8s_openapi::ByteString;

    use super::*;

    #[test]
    fn credentials_with_a_line_break_are_told_of_without_their_value() {
        let of = |value: &str| {
            let data = Some([("password".to_owned(), ByteString(value.into()))].into());
            text(&Secret { data, ..Secret::default() }, "password")
        };
        assert_eq!(of("p\u{e4}55 w\tord"), Ok("p\u{e4}55 w\tord".to_owned()));
        for bad in ["pa55\n", "pa\u{1b}55"] {
            let why = of(bad).unwrap_err();
            assert!(why.contains("in its key password; make it") && !why.contains("55"), "{why}");
        }
    }
}
