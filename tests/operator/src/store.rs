//! A store of a test: its SegmentStore, its Secret, its data, and what its shards say.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use clickhouse::Client;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use kube::api::{Patch, PatchParams};
use segment_crds::{Segment, SegmentStatus, SegmentStore};
use serde_json::{Value, json};
use tempfile::NamedTempFile;

use crate::namespace::Namespace;
use crate::shards::{PASSWORD, Shards, USER};
use crate::wait::until;

/// Nothing in these tests takes so long on an idle machine by far; builds beside them may slow them down.
pub const DEADLINE: Duration = Duration::from_mins(4);
/// The account of most tests.
pub const ACCOUNT: &str = "acme";
const SECRET: &str = "clickhouse";

/// A store with a database of its own.
#[derive(Clone)]
pub struct Store {
    namespace: Namespace,
    name: String,
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

    /// A store called `main` that is not applied yet.
    pub fn new(namespace: &Namespace, shards: &Shards) -> Self {
        Self::named("main", namespace, shards)
    }

    /// A store of any name that is not applied yet.
    pub fn named(name: &str, namespace: &Namespace, shards: &Shards) -> Self {
        let database = format!("{}_{name}", namespace.name.replace('-', "_"));
        Self { namespace: namespace.clone(), name: name.to_owned(), database, shards: shards.addresses() }
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
        self.apply_object("segmentation.dev/v1alpha1", "SegmentStore", &self.name, json!({"spec": spec})).await
    }

    /// The same store with some of its shards only.
    #[must_use]
    pub fn on(&self, names: &[&str]) -> Self {
        let mut fewer = self.clone();
        fewer.shards.retain(|(name, _)| names.contains(&name.as_str()));
        fewer
    }

    /// Drops the database of a shard, as one that is lost.
    pub async fn drop_database(&self, shard: usize) -> Result<()> {
        let client = self.clients().nth(shard).context("no such shard")?.with_database("default");
        Ok(client.query(&format!("DROP DATABASE {} SYNC", self.database)).execute().await?)
    }

    /// Annotates the SegmentStore.
    pub async fn annotate(&self, key: &str, value: &str) -> Result<()> {
        let patch = Patch::Merge(json!({"metadata": {"annotations": {key: value}}}));
        self.namespace.api::<SegmentStore>().patch(&self.name, &PatchParams::default(), &patch).await?;
        Ok(())
    }

    /// Applies the Secret with this password.
    pub async fn apply_secret(&self, password: &str) -> Result<()> {
        let data = json!({"stringData": {"username": USER, "password": password}});
        self.apply_object("v1", "Secret", SECRET, data).await
    }

    /// Lets the operator read the Secret, as its condition says.
    pub async fn grant(&self) -> Result<()> {
        let rules = json!({"rules": [{"apiGroups": [""], "resources": ["secrets"], "resourceNames": [SECRET], "verbs": ["get"]}]});
        let role = format!("segment-store-{}-{SECRET}", self.name);
        self.apply_object("rbac.authorization.k8s.io/v1", "Role", &role, rules).await?;
        let binding = json!({
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": role},
            "subjects": [{"kind": "ServiceAccount", "name": "segment-operator", "namespace": "segmentation-system"}],
        });
        self.apply_object("rbac.authorization.k8s.io/v1", "RoleBinding", &role, binding).await
    }

    /// Applies a Segment of the account; `more` are further fields of its spec.
    pub async fn apply_segment(&self, name: &str, more: Value) -> Result<()> {
        let mut spec = json!({"storeRef": {"name": self.name}, "account": ACCOUNT});
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
            let store = api.get(&self.name).await?;
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

    /// Waits until a Segment is ready for its newest generation: then these are its members, at once.
    pub async fn until_members(&self, name: &str, members: &[&str]) -> Result<SegmentStatus> {
        let status = self.until_segment(name, "ready", |status| is_true(&status.conditions, "Ready")).await?;
        let expected: BTreeSet<String> = members.iter().copied().map(str::to_owned).collect();
        let found = self.members(name).await?;
        ensure!(found == expected, "{name} is ready, and its members are {found:?}, not {expected:?}");
        Ok(status)
    }

    /// Waits until these are the members of a Segment that was not changed itself.
    pub async fn until_members_become(&self, name: &str, members: &[&str]) -> Result<()> {
        let expected: BTreeSet<String> = members.iter().copied().map(str::to_owned).collect();
        until(&format!("members of {name}"), DEADLINE, async || {
            let found = self.members(name).await?;
            Ok(if found == expected { Ok(()) } else { Err(format!("{found:?}, not {expected:?}")) })
        })
        .await
    }

    /// Waits until nobody is a member of a Segment any more.
    pub async fn until_members_are_gone(&self, name: &str) -> Result<()> {
        until(&format!("no members of {name}"), DEADLINE, async || {
            let members = self.members(name).await?;
            Ok(if members.is_empty() { Ok(()) } else { Err(format!("{members:?}")) })
        })
        .await
    }

    /// The members of a Segment on all shards.
    pub async fn members(&self, name: &str) -> Result<BTreeSet<String>> {
        let mut members = BTreeSet::new();
        let path = format!("{}/{name}", self.namespace.name);
        for shard in self.clients() {
            let query = "SELECT profile FROM members WHERE account = sipHash64({account:String}) AND segment = sipHash64({path:String})";
            let found = shard.query(query).param("account", ACCOUNT).param("path", &path).fetch_all::<String>().await?;
            members.extend(found);
        }
        Ok(members)
    }

    /// How many evaluations were committed, of a version of a Segment in a unit each, and how many of these in more than one
    /// run.
    pub async fn evaluations(&self) -> Result<(u64, u64)> {
        let query = "SELECT count(), countIf(runs > 1) FROM (
            SELECT uniqExact(run) AS runs FROM evaluations
            WHERE mode = 'manual' AND outcome = 'committed' AND batch IN (SELECT batch FROM commits)
            GROUP BY account, bucket, segment, version)";
        let (mut all, mut twice) = (0, 0);
        for shard in self.clients() {
            let (evaluated, again) = shard.query(query).fetch_one::<(u64, u64)>().await?;
            all += evaluated;
            twice += again;
        }
        Ok((all, twice))
    }

    /// Takes the fence of every shard, as another job does, so that Jobs wait with what they want to commit: for fifteen
    /// seconds, or until [`Store::let_commit`].
    pub async fn hold_commits(&self) -> Result<()> {
        self.mark_fences("INSERT INTO fences (epoch, holder, released) SELECT max(epoch) + 1, 'test', 0 FROM fences")
            .await
    }

    /// Gives the fences back.
    pub async fn let_commit(&self) -> Result<()> {
        self.mark_fences("INSERT INTO fences (epoch, holder, released) SELECT max(epoch), 'test', 1 FROM fences").await
    }

    async fn mark_fences(&self, statement: &str) -> Result<()> {
        for shard in self.clients() {
            shard.query(statement).execute().await?;
        }
        Ok(())
    }

    fn clients(&self) -> impl Iterator<Item = Client> {
        self.shards.iter().map(|(_, url)| {
            Client::default().with_url(url).with_user(USER).with_password(PASSWORD).with_database(&self.database)
        })
    }

    /// Loads profiles, a JSON object each. Two share a bucket: a few people are enough to have some on each shard.
    pub fn load(&self, profiles: &[Value]) -> Result<()> {
        let mut file = NamedTempFile::new()?;
        for profile in profiles {
            writeln!(file, "{profile}")?;
        }
        self.load_file(file.path(), 2)
    }

    /// Loads a file of profiles by `segment-jobs load`.
    pub fn load_file(&self, path: &Path, profiles_per_bucket: usize) -> Result<()> {
        let mut command = Command::new(program("segment-jobs")?);
        command.arg("load").env("CLICKHOUSE_USER", USER).env("CLICKHOUSE_PASSWORD", PASSWORD);
        for (name, url) in &self.shards {
            command.arg("--shard").arg(format!("{name}={url}/{}", self.database));
        }
        command.arg("--profiles-per-bucket").arg(profiles_per_bucket.to_string()).arg("--profiles").arg(path);
        let mut said = String::new();
        // A commit has to be done in two seconds, which a busy machine may not keep; a load that failed is run again.
        for _ in 0..3 {
            let output = command.output()?;
            if output.status.success() {
                return Ok(());
            }
            said = String::from_utf8_lossy(&output.stderr).into_owned();
        }
        bail!("segment-jobs load: {said}")
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
pub fn program(name: &str) -> Result<PathBuf> {
    let tests = std::env::current_exe()?;
    let folder = tests.parent().and_then(Path::parent).context("tests stand in target/PROFILE/deps")?;
    let path = folder.join(name);
    ensure!(path.exists(), "{} is not built", path.display());
    Ok(path)
}
