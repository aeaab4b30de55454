//! A store, its Segments, an operator, and a stand-in for the Jobs' pods.

use std::{
    sync::{
        Arc, LazyLock, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use clap::Parser;
use embedded_clickhouse::Server;
use segment_jobs::{
    clock::Clock,
    evaluate::Limits,
    load::{self, Input},
    manual::{self, Bounds},
    schema::{self, NewStore},
    shards::{Credentials, ShardAddress},
    store::{self, Store},
};
use segment_operator::Args;
use segment_rules::{segment_id, sip_hash_64};
use serde_json::{Value, json};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::api::Api;

/// How long any state may take to come.
const PATIENCE: Duration = Duration::from_secs(90);

static SERVER: LazyLock<Mutex<Option<Server>>> = LazyLock::new(|| Mutex::new(None));

fn url() -> String {
    let mut server = SERVER.lock().unwrap_or_else(PoisonError::into_inner);
    let options = || embedded_clickhouse::Options { query_log: true, ..Default::default() };
    server.get_or_insert_with(|| Server::start(options()).expect("a server starts")).url().to_owned()
}

/// Segments of an account, `1`, with three profiles: two take SMS, one does not.
pub(crate) struct Shop {
    pub(crate) api: Api,
    addresses: Vec<ShardAddress>,
    client: clickhouse::Client,
    operator: Option<(JoinHandle<()>, CancellationToken)>,
    pods: (std::thread::JoinHandle<()>, CancellationToken),
    faults: Arc<Faults>,
}

/// What goes wrong with Jobs.
#[derive(Default)]
struct Faults {
    /// So many fail.
    failing: AtomicUsize,
    /// As long as this holds, pods that evaluate are killed before they do anything.
    killing: AtomicBool,
    /// As long as this holds, Jobs of the schema do nothing, and end well.
    idling: AtomicBool,
}

/// An image that no registry has.
pub(crate) const NO_IMAGE: &str = "jobs:none";

/// A criterion on the consent to SMS.
pub(crate) fn sms(status: &str) -> Value {
    json!([{"name": "sms", "consent": {"channel": "sms", "status": status}}])
}

impl Shop {
    pub(crate) async fn open(name: &str) -> Self {
        let url = tokio::task::spawn_blocking(url).await.unwrap();
        let client = clickhouse::Client::default().with_url(&url);
        let database = format!("operator_{name}");
        client.query(&format!("DROP DATABASE IF EXISTS {database}")).execute().await.unwrap();
        let addresses = vec![ShardAddress { name: "0".to_owned(), url, database }];
        let (api, faults) = (Api::new(), Arc::new(Faults::default()));
        let stop = CancellationToken::new();
        let given = (api.clone(), addresses.clone(), faults.clone(), stop.clone());
        let pods = std::thread::spawn(move || {
            let (api, addresses, faults, stop) = given;
            tokio::runtime::Runtime::new().unwrap().block_on(run_pods(&api, &addresses, &faults, &stop));
        });
        let mut opened = Self { api, addresses, client, operator: None, pods: (pods, stop), faults };
        opened.store_with(&json!({}));
        opened.start_operator();
        opened
    }

    /// Waits until the operator has made the schema, and loads the profiles.
    pub(crate) async fn make_schema(&self) {
        self.wait_until("the store is ready", async || self.store_condition("Ready")["status"] == "True").await;
        self.load().await;
    }

    /// Loads the profiles, once more if they are there.
    pub(crate) async fn load(&self) {
        let profiles = r#"{"account":"1","id":"a","consent":{"sms":"subscribed"},"properties":{"plan":"gold"}}
            {"account":"1","id":"b","consent":{"sms":"subscribed"}}
            {"account":"1","id":"c","consent":{"sms":"unsubscribed"}}"#;
        let shards = store::shards(&self.addresses, &Credentials::default()).unwrap();
        let store = Store::open(shards, Clock::System).await.unwrap();
        let options = load::Options {
            clock: Clock::System,
            profiles: vec![Input::from_bytes("profiles", profiles.as_bytes())],
            events: Vec::new(),
            profiles_per_bucket: 1000,
            summarise_from: load::LARGE_UNIT_PROFILES,
            progress: false,
        };
        load::load(&store, options, CancellationToken::new()).await.unwrap();
    }

    /// Puts the store, with these fields of `clickhouse` instead of the right ones.
    pub(crate) fn store_with(&self, fields: &Value) {
        self.named_store("main", fields, &json!({}));
    }

    /// Puts the store, with these fields of its spec.
    pub(crate) fn store_spec(&self, more: &Value) {
        self.named_store("main", &json!({}), more);
    }

    /// Puts a store of any name, on the same shard.
    pub(crate) fn named_store(&self, store: &str, fields: &Value, more: &Value) {
        let ShardAddress { name, url, database } = &self.addresses[0];
        let mut clickhouse = json!({"database": database, "shards": [{"name": name, "urls": [url]}]});
        clickhouse.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        let mut spec = json!({"clickhouse": clickhouse, "manual": {"debounce": "100ms"}});
        spec.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        self.api.put("segmentstores", object("SegmentStore", store, &spec));
    }

    pub(crate) fn annotate_store(&self, key: &str, value: &str) {
        self.annotate_named_store("main", key, value);
    }

    pub(crate) fn annotate_named_store(&self, name: &str, key: &str, value: &str) {
        let mut store = self.api.get("segmentstores", "shop", name).unwrap();
        store["metadata"]["annotations"] = json!({key: value});
        self.api.put("segmentstores", store);
    }

    pub(crate) fn segment(&self, name: &str, criteria: &Value) {
        let spec = json!({"storeRef": {"name": "main"}, "account": "1", "criteria": criteria});
        self.api.put("segments", object("Segment", name, &spec));
    }

    /// A Segment of another namespace.
    pub(crate) fn segment_in(&self, namespace: &str, name: &str, criteria: &Value) {
        let store = json!({"name": "main", "namespace": "shop"});
        let spec = json!({"storeRef": store, "account": "1", "criteria": criteria});
        let mut segment = object("Segment", name, &spec);
        segment["metadata"]["namespace"] = json!(namespace);
        self.api.put("segments", segment);
    }

    pub(crate) fn suspended_segment(&self, name: &str, criteria: &Value) {
        let spec = json!({"storeRef": {"name": "main"}, "account": "1", "suspend": true, "criteria": criteria});
        self.api.put("segments", object("Segment", name, &spec));
    }

    /// A Segment that was made this moment.
    pub(crate) fn new_segment(&self, name: &str, criteria: &Value) {
        let spec = json!({"storeRef": {"name": "main"}, "account": "1", "criteria": criteria});
        let mut segment = object("Segment", name, &spec);
        let made = jiff::Timestamp::from_millisecond(Clock::System.now_ms()).unwrap();
        segment["metadata"]["creationTimestamp"] = json!(made.to_string());
        self.api.put("segments", segment);
    }

    pub(crate) fn annotate(&self, name: &str, key: &str, value: &str) {
        let mut segment = self.api.get("segments", "shop", name).unwrap();
        segment["metadata"]["annotations"] = json!({key: value});
        self.api.put("segments", segment);
    }

    pub(crate) fn fail_next_jobs(&self, count: usize) {
        self.faults.failing.store(count, Ordering::SeqCst);
    }

    pub(crate) fn kill_pods(&self, killing: bool) {
        self.faults.killing.store(killing, Ordering::SeqCst);
    }

    pub(crate) fn idle_schema_jobs(&self, idling: bool) {
        self.faults.idling.store(idling, Ordering::SeqCst);
    }

    /// Waits until the Segment is ready with so many members.
    pub(crate) async fn wait_for(&self, name: &str, reason: &str, members: i64) -> Value {
        let what = format!("{name}: {reason} with {members} members");
        self.wait_for_status(&what, name, |status| {
            ready_reason(status) == Some(reason) && status["memberCount"] == members
        })
        .await
    }

    pub(crate) async fn wait_for_reason(&self, name: &str, reason: &str) -> Value {
        self.wait_for_status(&format!("{name}: {reason}"), name, |status| ready_reason(status) == Some(reason)).await
    }

    pub(crate) async fn wait_for_status(&self, what: &str, name: &str, is_right: impl Fn(&Value) -> bool) -> Value {
        let mut last = Value::Null;
        let began = Instant::now();
        loop {
            if let Some(segment) = self.api.get("segments", "shop", name) {
                let is_current = segment["status"]["observedGeneration"] == segment["metadata"]["generation"];
                if is_current && is_right(&segment["status"]) {
                    return segment;
                }
                last = segment["status"].clone();
            }
            assert!(began.elapsed() < PATIENCE, "{what}; it is {last:#}; the store is {:#}", self.store_status());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    pub(crate) async fn wait_until(&self, what: &str, is_so: impl AsyncFn() -> bool) {
        let began = Instant::now();
        while !is_so().await {
            assert!(began.elapsed() < PATIENCE, "{what}; the store is {:#}", self.store_status());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    pub(crate) fn store_status(&self) -> Value {
        self.status_of("main")
    }

    pub(crate) fn status_of(&self, store: &str) -> Value {
        self.api.get("segmentstores", "shop", store).map(|store| store["status"].clone()).unwrap_or_default()
    }

    pub(crate) fn store_condition(&self, type_: &str) -> Value {
        self.condition_of("main", type_)
    }

    pub(crate) fn condition_of(&self, store: &str, type_: &str) -> Value {
        let conditions = self.status_of(store)["conditions"].as_array().cloned().unwrap_or_default();
        conditions.into_iter().find(|condition| condition["type"] == type_).unwrap_or_default()
    }

    /// Members as the shard serves them.
    pub(crate) async fn members(&self, name: &str) -> u64 {
        self.members_in("shop", name).await
    }

    pub(crate) async fn members_in(&self, namespace: &str, name: &str) -> u64 {
        let client = self.client.clone().with_database(&self.addresses[0].database);
        client
            .query("SELECT count() FROM members WHERE account = {account:UInt64} AND segment = {segment:UInt64}")
            .param("account", sip_hash_64("1"))
            .param("segment", segment_id(namespace, name))
            .fetch_one::<u64>()
            .await
            .unwrap()
    }

    /// Breaks a pattern on the shard, as if a server of another version had checked it.
    pub(crate) async fn break_pattern(&self, pattern: &str) {
        let client = self.client.clone().with_database(&self.addresses[0].database);
        let broken = format!(
            "INSERT INTO criteria SELECT account, criterion, replaceAll(form, '{pattern}', 'open(') \
             FROM criteria WHERE form LIKE '%{pattern}%'"
        );
        client.query(&broken).execute().await.unwrap();
    }

    /// Evaluates once more what the last run did, as somebody may do who has the store's credentials.
    pub(crate) async fn evaluate_by_hand(&self) {
        let client = self.client.clone().with_database(&self.addresses[0].database);
        let run = Uuid::new_v4().to_string();
        let again = "INSERT INTO runs (run, account, segment, version, root) SELECT ?, account, segment, version, root FROM runs";
        client.query(again).bind(&run).execute().await.unwrap();
        let at = Clock::System.now_ms();
        evaluate(&self.addresses, &run, Clock::Fixed(at)).await;
    }

    /// The version of the shard's server.
    pub(crate) async fn server_version(&self) -> String {
        self.client.query("SELECT version()").fetch_one::<String>().await.unwrap()
    }

    /// How often the operator has sent a statement to the shard.
    pub(crate) async fn statements(&self, name: &str) -> u64 {
        self.client.query("SYSTEM FLUSH LOGS").execute().await.unwrap();
        let database = &self.addresses[0].database;
        let count = "SELECT count() FROM system.query_log WHERE type = 'QueryFinish' AND startsWith(query_id, ?) AND log_comment = ?";
        self.client.query(count).bind(format!("{database}/")).bind(name).fetch_one::<u64>().await.unwrap()
    }

    /// How many rows a table of the shard has.
    pub(crate) async fn rows(&self, table: &str) -> u64 {
        let client = self.client.clone().with_database(&self.addresses[0].database);
        client.query(&format!("SELECT count() FROM {table}")).fetch_one::<u64>().await.unwrap()
    }

    /// Empties a table of the shard, as if it had come back from a backup without that.
    pub(crate) async fn lose(&self, table: &str) {
        let client = self.client.clone().with_database(&self.addresses[0].database);
        client.query(&format!("TRUNCATE TABLE {table}")).execute().await.unwrap();
    }

    /// The shard, as the store names it.
    pub(crate) fn shard(&self) -> Value {
        let ShardAddress { name, url, .. } = &self.addresses[0];
        json!({"name": name, "urls": [url]})
    }

    /// The schema version that the shard says it has.
    pub(crate) async fn schema_version(&self) -> u32 {
        let client = self.client.clone().with_database(&self.addresses[0].database);
        client.query("SELECT max(schema_version) FROM store_identity").fetch_one::<u32>().await.unwrap()
    }

    /// Has the shard say that it has this schema version.
    pub(crate) async fn set_schema_version(&self, version: u32) {
        let client = self.client.clone().with_database(&self.addresses[0].database);
        let insert = format!(
            "INSERT INTO store_identity (store, shard, database_uid, clock, lanes, schema_version) \
             SELECT store, shard, database_uid, clock, lanes, {version} FROM store_identity LIMIT 1"
        );
        client.query(&insert).execute().await.unwrap();
        let delete = format!("DELETE FROM store_identity WHERE schema_version != {version}");
        client.query(&delete).execute().await.unwrap();
    }

    /// The arguments of the Jobs of a component, in their order.
    pub(crate) fn arguments(&self, component: &str) -> Vec<Vec<String>> {
        let mut jobs = self.api.list("jobs");
        jobs.retain(|job| job["metadata"]["labels"]["segmentation.dev/component"] == component);
        let args = |job: Value| {
            let args = job["spec"]["template"]["spec"]["containers"][0]["args"].clone();
            serde_json::from_value::<Vec<String>>(args).unwrap()
        };
        jobs.into_iter().map(args).collect()
    }

    /// How many runs there were.
    pub(crate) fn runs(&self) -> usize {
        let jobs = self.api.list("jobs");
        jobs.iter().filter(|job| job["metadata"]["labels"]["segmentation.dev/component"] == "manual").count()
    }

    /// Waits until nothing is written any more.
    pub(crate) async fn settle(&self) {
        let mut writes = 0;
        while writes != self.api.writes().len() {
            writes = self.api.writes().len();
            tokio::time::sleep(Duration::from_secs(2)).await;
        }
    }

    /// Wakes the operator again and again.
    pub(crate) async fn wake_often(&self) {
        for number in 0..200 {
            let mut store = self.api.get("segmentstores", "shop", "main").unwrap();
            store["metadata"]["labels"] = json!({"wake": number.to_string()});
            self.api.put("segmentstores", store);
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// How often something was told of by an event.
    pub(crate) fn events(&self, reason: &str) -> usize {
        self.api.list("events").iter().filter(|event| event["reason"] == reason).count()
    }

    fn start_operator(&mut self) {
        self.start_operator_with(&[]);
    }

    fn start_operator_with(&mut self, more: &[&str]) {
        let stop = CancellationToken::new();
        let args = Args::parse_from(["segment-operator", "--jobs-image", "jobs:1"].iter().chain(more));
        let work = segment_operator::lead(args, self.api.client(), stop.clone());
        let task = tokio::spawn(async { work.await.unwrap() });
        self.operator = Some((task, stop));
    }

    pub(crate) async fn restart_operator(&mut self) {
        self.stop_operator().await;
        self.start_operator();
    }

    /// Restarts it so that it sees one namespace only.
    pub(crate) async fn restart_operator_within(&mut self, namespace: &str) {
        self.stop_operator().await;
        self.start_operator_with(&["--watch-namespace", namespace, "--cluster-id", &self.cluster()]);
    }

    fn cluster(&self) -> String {
        self.api.get("namespaces", "", "kube-system").unwrap()["metadata"]["uid"].as_str().unwrap().to_owned()
    }

    async fn stop_operator(&mut self) {
        if let Some((task, stop)) = self.operator.take() {
            stop.cancel();
            task.await.unwrap();
        }
    }

    pub(crate) async fn close(mut self) {
        self.stop_operator().await;
        self.pods.1.cancel();
        tokio::task::spawn_blocking(|| self.pods.0.join().unwrap()).await.unwrap();
    }
}

fn object(kind: &str, name: &str, spec: &Value) -> Value {
    json!({
        "apiVersion": "segmentation.dev/v1alpha1",
        "kind": kind,
        "metadata": {"name": name, "namespace": "shop"},
        "spec": spec,
    })
}

fn ready_reason(status: &Value) -> Option<&str> {
    status["conditions"].as_array()?.iter().find(|condition| condition["type"] == "Ready")?["reason"].as_str()
}

/// Does what the pods of new Jobs would do, and says so in the Jobs' status.
async fn run_pods(api: &Api, addresses: &[ShardAddress], faults: &Faults, stop: &CancellationToken) {
    while !stop.is_cancelled() {
        for mut job in api.list("jobs") {
            if job["status"]["conditions"].is_array() {
                continue;
            }
            if faults.killing.load(Ordering::SeqCst)
                && job["metadata"]["labels"]["segmentation.dev/component"] == "manual"
            {
                kill_pod_of(api, &mut job);
                continue;
            }
            if job["spec"]["template"]["spec"]["containers"][0]["image"] == NO_IMAGE {
                pull_in_vain(api, &mut job);
                continue;
            }
            let fails =
                faults.failing.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |count| count.checked_sub(1)).is_ok();
            let condition = if fails {
                json!({"type": "Failed", "status": "True", "reason": "BackoffLimitExceeded", "message": "no"})
            } else {
                let is_schema = job["metadata"]["labels"]["segmentation.dev/component"] == "schema";
                if !(is_schema && faults.idling.load(Ordering::SeqCst)) {
                    work(addresses, &job).await;
                }
                json!({"type": "Complete", "status": "True"})
            };
            job["status"] = json!({"conditions": [condition]});
            api.put("jobs", job);
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// A pod of a Job, and how its container is.
fn put_pod(api: &Api, job: &Value, name: &str, state: &Value) {
    let labels = json!({"batch.kubernetes.io/job-name": job["metadata"]["name"]});
    let container =
        json!({"name": "segment-jobs", "image": "", "imageID": "", "ready": false, "restartCount": 0, "state": state});
    api.put(
        "pods",
        json!({
            "metadata": {"name": name, "namespace": "shop", "labels": labels},
            "status": {"containerStatuses": [container]},
        }),
    );
}

/// As the kubelet kills a pod that takes more memory than it may, and the Job tells of it.
fn kill_pod_of(api: &Api, job: &mut Value) {
    if job["status"]["failed"] == 1 {
        return;
    }
    put_pod(api, job, "killed", &json!({"terminated": {"exitCode": 137, "reason": "OOMKilled"}}));
    job["status"] = json!({"active": 1, "failed": 1});
    api.put("jobs", job.clone());
}

/// As the kubelet waits for an image.
fn pull_in_vain(api: &Api, job: &mut Value) {
    if job["status"]["active"] == 1 {
        return;
    }
    put_pod(api, job, "waiting", &json!({"waiting": {"reason": "ImagePullBackOff", "message": NO_IMAGE}}));
    job["status"] = json!({"active": 1, "ready": 0});
    api.put("jobs", job.clone());
}

async fn work(addresses: &[ShardAddress], job: &Value) {
    let shards = store::shards(addresses, &Credentials::default()).unwrap();
    let args = job["spec"]["template"]["spec"]["containers"][0]["args"].as_array().unwrap();
    let value = |flag: &str| {
        let at = args.iter().position(|arg| arg == flag).unwrap();
        args[at + 1].as_str().unwrap().to_owned()
    };
    if args[0] == "schema" {
        let adopt = args.iter().any(|arg| arg == "--adopt");
        let new = NewStore { name: value("--store"), lanes: 8, clock: Clock::System, adopt };
        schema::apply(shards, &new).await.unwrap();
        return;
    }
    evaluate(addresses, &value("--run"), value("--at").parse().unwrap()).await;
}

async fn evaluate(addresses: &[ShardAddress], run: &str, clock: Clock) {
    let shards = store::shards(addresses, &Credentials::default()).unwrap();
    let options = manual::Options {
        run: run.parse::<Uuid>().unwrap(),
        clock,
        bounds: Bounds { profiles: 1000, criteria: 1000, ..Bounds::default() },
        limits: Limits { seconds: 60, memory_bytes: 1_000_000_000, statements_at_once: 1 },
        slices_at_once: 1,
    };
    let report = manual::manual(&shards, &options, &CancellationToken::new()).await;
    assert!(report.failures.is_empty(), "{:?}", report.failures);
}
