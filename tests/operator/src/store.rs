//! A store of a test: its SegmentStore, its Secret, its data, and what its shards say.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use clickhouse::Client;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use segment_crds::{Segment, SegmentStatus, SegmentStore};
use serde_json::{Value, json};
use tempfile::NamedTempFile;

use crate::namespace::Namespace;
use crate::shards::{PASSWORD, Shards, USER};
use crate::wait::until;

/// Nothing in these tests takes so long on an idle machine by far; builds beside them may slow them down.
pub const DEADLINE: Duration = Duration::from_mins(2);
/// The account of most tests.
pub const ACCOUNT: &str = "acme";
const SECRET: &str = "clickhouse";

/// A store called `main`, with a database of its own.
#[derive(Clone)]
pub struct Store {
    namespace: Namespace,
    database: String,
    shards: Vec<(String, String)>,
}

impl Store {
    /// Applies a Secret, the leave to read it, and the store, and waits until it is ready.
    pub async fn ready(namespace: &Namespace, shards: &Shards) -> Result<Self> {
        let store = Self::new(namespace, shards);
        store.apply_secret(PASSWORD).await?;
        store.grant().await?;
        store.apply(json!({})).await?;
        store.until_store("ready", |conditions| is_true(conditions, "Ready")).await?;
        Ok(store)
    }

    /// A store that is not applied yet.
    pub fn new(namespace: &Namespace, shards: &Shards) -> Self {
        let database = namespace.name.replace('-', "_");
        Self { namespace: namespace.clone(), database, shards: shards.addresses() }
    }

    /// Applies the SegmentStore, with more fields of its spec.
    pub async fn apply(&self, more: Value) -> Result<()> {
        let shard = |(name, url): &(String, String)| json!({"name": name, "urls": [url]});
        let mut spec = json!({
            "clickhouse": {
                "database": self.database,
                "shards": self.shards.iter().map(shard).collect::<Vec<_>>(),
                "credentialsSecretRef": {"name": SECRET},
            },
            "manual": {"debounce": "200ms"},
        });
        merge(&mut spec, more);
        self.apply_object("segmentation.dev/v1alpha1", "SegmentStore", "main", json!({"spec": spec})).await
    }

    /// Applies the Secret with this password.
    pub async fn apply_secret(&self, password: &str) -> Result<()> {
        let data = json!({"stringData": {"username": USER, "password": password}});
        self.apply_object("v1", "Secret", SECRET, data).await
    }

    /// Lets the operator read the Secret, as its condition says.
    pub async fn grant(&self) -> Result<()> {
        let rules = json!({"rules": [{"apiGroups": [""], "resources": ["secrets"], "resourceNames": [SECRET], "verbs": ["get"]}]});
        self.apply_object("rbac.authorization.k8s.io/v1", "Role", "segment-store-main", rules).await?;
        let binding = json!({
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "segment-store-main"},
            "subjects": [{"kind": "ServiceAccount", "name": "segment-operator", "namespace": "segmentation-system"}],
        });
        self.apply_object("rbac.authorization.k8s.io/v1", "RoleBinding", "segment-store-main", binding).await
    }

    /// Applies a Segment of the account; `more` are further fields of its spec.
    pub async fn apply_segment(&self, name: &str, more: Value) -> Result<()> {
        let mut spec = json!({"storeRef": {"name": "main"}, "account": ACCOUNT});
        merge(&mut spec, more);
        self.apply_object("segmentation.dev/v1alpha1", "Segment", name, json!({"spec": spec})).await
    }

    async fn apply_object(&self, version: &str, kind: &str, name: &str, mut object: Value) -> Result<()> {
        let identity = json!({
            "apiVersion": version, "kind": kind, "metadata": {"name": name, "namespace": self.namespace.name},
        });
        merge(&mut object, identity);
        self.namespace.cluster.apply(&object).await.map(drop)
    }

    /// Waits until the store's conditions are as wanted, for its newest generation.
    pub async fn until_store(&self, what: &str, wanted: impl Fn(&[Condition]) -> bool) -> Result<SegmentStore> {
        let api = self.namespace.api::<SegmentStore>();
        until(&format!("the store is {what}"), DEADLINE, async || {
            let store = api.get("main").await?;
            let status = store.status.clone().unwrap_or_default();
            let is_new = status.observed_generation == store.metadata.generation;
            if is_new && wanted(&status.conditions) { Ok(Ok(store)) } else { Ok(Err(told(&status.conditions))) }
        })
        .await
    }

    /// Waits until a Segment's status is as wanted, for its newest generation.
    pub async fn until_segment(
        &self,
        name: &str,
        what: &str,
        wanted: impl Fn(&SegmentStatus) -> bool,
    ) -> Result<SegmentStatus> {
        let api = self.namespace.api::<Segment>();
        until(&format!("the Segment {name} is {what}"), DEADLINE, async || {
            let segment = api.get(name).await?;
            let status = segment.status.clone().unwrap_or_default();
            let is_new = status.observed_generation == segment.metadata.generation;
            if is_new && wanted(&status) { Ok(Ok(status)) } else { Ok(Err(told(&status.conditions))) }
        })
        .await
    }

    /// Waits until a Segment is ready and these are its members.
    pub async fn until_members(&self, name: &str, members: &[&str]) -> Result<SegmentStatus> {
        let status = self.until_segment(name, "ready", |status| is_true(&status.conditions, "Ready")).await?;
        let expected: BTreeSet<String> = members.iter().copied().map(str::to_owned).collect();
        until(&format!("members of {name}"), DEADLINE, async || {
            let found = self.members(name).await?;
            Ok(if found == expected { Ok(()) } else { Err(format!("{found:?}, not {expected:?}")) })
        })
        .await?;
        Ok(status)
    }

    /// The members of a Segment on all shards.
    pub async fn members(&self, name: &str) -> Result<BTreeSet<String>> {
        let mut members = BTreeSet::new();
        let path = format!("{}/{name}", self.namespace.name);
        for (_, url) in &self.shards {
            let client =
                Client::default().with_url(url).with_user(USER).with_password(PASSWORD).with_database(&self.database);
            let query = "SELECT profile FROM members WHERE account = sipHash64({account:String}) AND segment = sipHash64({path:String})";
            let found =
                client.query(query).param("account", ACCOUNT).param("path", &path).fetch_all::<String>().await?;
            members.extend(found);
        }
        Ok(members)
    }

    /// Loads profiles, a JSON object each, by `segment-jobs load`.
    pub fn load(&self, profiles: &[Value]) -> Result<()> {
        let mut file = NamedTempFile::new()?;
        for profile in profiles {
            writeln!(file, "{profile}")?;
        }
        let mut command = Command::new(program("segment-jobs")?);
        command.arg("load").env("CLICKHOUSE_USER", USER).env("CLICKHOUSE_PASSWORD", PASSWORD);
        for (name, url) in &self.shards {
            command.arg("--shard").arg(format!("{name}={url}/{}", self.database));
        }
        // Two profiles a bucket: a few people are enough to have some on each shard.
        let output = command.args(["--profiles-per-bucket", "2", "--profiles"]).arg(file.path()).output()?;
        ensure!(output.status.success(), "segment-jobs load: {}", String::from_utf8_lossy(&output.stderr));
        Ok(())
    }
}

/// Whether a condition is there and true.
pub fn is_true(conditions: &[Condition], type_: &str) -> bool {
    conditions.iter().any(|condition| condition.type_ == type_ && condition.status == "True")
}

/// Reason and message of a condition that is true.
pub fn why(conditions: &[Condition], type_: &str) -> Option<(String, String)> {
    let condition = conditions.iter().find(|condition| condition.type_ == type_ && condition.status == "True")?;
    Some((condition.reason.clone(), condition.message.clone()))
}

fn told(conditions: &[Condition]) -> String {
    let one = |condition: &Condition| {
        format!("{}={} {} {}", condition.type_, condition.status, condition.reason, condition.message)
    };
    conditions.iter().map(one).collect::<Vec<_>>().join("; ")
}

/// Puts the fields of an object into another.
fn merge(into: &mut Value, more: Value) {
    match (into, more) {
        (Value::Object(into), Value::Object(more)) => {
            for (key, value) in more {
                merge(into.entry(key).or_insert(Value::Null), value);
            }
        }
        (into, more) => *into = more,
    }
}

/// A program that was built beside the tests.
fn program(name: &str) -> Result<PathBuf> {
    let tests = std::env::current_exe()?;
    let folder = tests.parent().and_then(Path::parent).context("tests stand in target/PROFILE/deps")?;
    let path = folder.join(name);
    ensure!(path.exists(), "{} is not built", path.display());
    Ok(path)
}
