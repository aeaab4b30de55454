//! The documents of `argocd/testdata`, one for each state that the operator writes, and what Argo CD is to show of it: written
//! by the conditions themselves, so that neither can say what the operator does not. `WRITE=1 cargo test -p segment-operator
//! golden` writes them anew; `make argocd-check` gives them to the health script.

use std::{
    collections::{BTreeMap, HashMap},
    fmt::Write,
    fs,
    path::PathBuf,
};

use jiff::Timestamp;
use segment_crds::{SegmentStatus, SegmentStoreStatus};
use segment_jobs::{
    publish::{Refusal, Standing, State},
    store::{Identity, StoreError, Versions},
};
use segment_rules::sip_hash_64;
use segment_sql::schema::VERSION;
use serde::Serialize;
use serde_json::{Value, json};

use crate::{
    conditions::STATUS_MAX,
    names::StoreKey,
    object::SegmentObject,
    segment::{
        conditions::{Facts, Progress, Published, Setback, StoreFacts, Totals, status},
        validate::{Court, Verdict, validate},
    },
    store::{
        apply::SchemaState,
        conditions::{Held, status as status_of_store},
        dereference::{SecretTrouble, foreign, grant},
        seen::{Obstacle, Seen},
        trouble::{Trouble, TroubleKind},
        validate::{BadField, validate as validate_store},
    },
};

const JOB: &str = "main-manual-0d2f6c1b8a9e";

/// A document, and the health that is to be shown of it.
struct Golden {
    name: String,
    text: String,
    health: &'static str,
    message: String,
}

fn at() -> Timestamp {
    "2026-11-25T08:00:00Z".parse().unwrap()
}

fn key() -> StoreKey {
    StoreKey { namespace: "marketing".to_owned(), name: "main".to_owned() }
}

fn segment(generation: i64, suspended: bool) -> Value {
    let criteria = json!([{"name": "sms", "consent": {"channel": "sms", "status": "subscribed"}}]);
    let mut spec = json!({"storeRef": {"name": "main"}, "account": "cdnow", "criteria": criteria});
    if suspended {
        spec["suspend"] = json!(true);
    }
    json!({
        "apiVersion": "segmentation.dev/v1alpha1", "kind": "Segment",
        "metadata": {"name": "sms-subscribers", "namespace": "marketing", "generation": generation}, "spec": spec,
    })
}

fn store() -> Value {
    let shard = |name: &str| json!({"name": name, "urls": [format!("http://clickhouse-{name}.clickhouse:8123")]});
    let clickhouse = json!({
        "database": "segmentation", "shards": [shard("0"), shard("1")], "credentialsSecretRef": {"name": "clickhouse"},
    });
    json!({
        "apiVersion": "segmentation.dev/v1alpha1", "kind": "SegmentStore",
        "metadata": {"name": "main", "namespace": "marketing", "generation": 1}, "spec": {"clickhouse": clickhouse},
    })
}

fn golden(name: &str, mut object: Value, status: &impl Serialize) -> Golden {
    object["status"] = serde_json::to_value(status).unwrap();
    let condition = |type_: &str| {
        let conditions = object["status"]["conditions"].as_array().unwrap();
        conditions.iter().find(|one| one["type"] == type_ && one["status"] == "True").cloned()
    };
    let shown = [
        ("Stalled", "Degraded"),
        ("RemovalHeld", "Degraded"),
        ("Suspended", "Suspended"),
        ("Reconciling", "Progressing"),
        ("Ready", "Healthy"),
    ];
    let (said, health) = shown.iter().find_map(|(type_, health)| Some((condition(type_)?, *health))).unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let message = match (text(&said["reason"]), text(&said["message"])) {
        (reason, message) if message.is_empty() => reason,
        (reason, message) => format!("{reason}: {message}"),
    };
    assert!(object["status"].to_string().len() <= STATUS_MAX, "{name}");
    Golden { name: name.to_owned(), text: yaml(&object), health, message }
}

/// An object with its fields in the order of people, and what is below them in one line each.
fn yaml(object: &Value) -> String {
    let mut text = format!(
        "# Written by `WRITE=1 cargo test -p segment-operator golden`.\napiVersion: {}\n",
        object["apiVersion"]
    );
    for field in ["kind", "metadata", "spec"] {
        writeln!(text, "{field}: {}", object[field]).unwrap();
    }
    text.push_str("status:\n");
    for (field, value) in object["status"].as_object().unwrap() {
        match value.as_array() {
            Some(list) => {
                writeln!(text, "  {field}:").unwrap();
                for one in list {
                    writeln!(text, "  - {one}").unwrap();
                }
            }
            None => writeln!(text, "  {field}: {value}").unwrap(),
        }
    }
    text
}

fn troubles() -> Vec<(&'static str, Trouble)> {
    let of = |error: StoreError| Trouble::of_store(&error, 60);
    // The number of the newest step would change these documents with each step.
    let schema = |found, mend| {
        let error = StoreError::SchemaVersion { shard: "0".to_owned(), found, mend };
        let Trouble { kind, message } = of(error);
        Trouble { kind, message: message.replace(&format!("needs {VERSION};"), "needs 60;") }
    };
    let trouble = |kind, message: &str| Trouble { kind, message: format!("shard 0: {message}") };
    let identity = Identity {
        store: "c/marketing/old".to_owned(),
        shard: "0".to_owned(),
        database_uid: String::new(),
        clock: "system".to_owned(),
        lanes: 1,
        schema_version: 60,
    };
    let taken = foreign(&identity, "c/marketing/main", None).unwrap();
    vec![
        ("shard-down", trouble(TroubleKind::Unreachable, "connection refused")),
        ("schema-missing", schema(0, "run `segment-jobs schema apply`")),
        ("credentials-refused", trouble(TroubleKind::Credentials, "Authentication failed")),
        ("tls-refused", trouble(TroubleKind::Tls, "no TLS with ch:8443, because its certificate has expired")),
        ("server-too-old", of(StoreError::OldServer { shard: "0".to_owned(), version: "25.3.1".to_owned() })),
        ("database-of-another", trouble(taken.kind, &format!("the database segmentation {}", taken.message))),
        ("newer-schema", schema(61, "use a newer build")),
        ("shard-refused", trouble(TroubleKind::Refused, "Syntax error")),
    ]
}

fn secrets() -> Vec<(&'static str, SecretTrouble)> {
    let operator = "segmentation-system:segment-operator";
    vec![
        ("secret-missing", SecretTrouble::Missing("marketing/clickhouse".to_owned())),
        ("secret-forbidden", SecretTrouble::Forbidden(grant(operator, &key(), "clickhouse"))),
        ("secret-incomplete", SecretTrouble::Key { secret: "clickhouse".to_owned(), key: "password" }),
        ("secret-unreadable", SecretTrouble::Api("the API server did not answer".to_owned())),
    ]
}

pub(crate) fn standing() -> Standing {
    Standing {
        account: 1,
        segment: 2,
        version: 1_795_593_600_000,
        hash: 7,
        root: 9,
        state: State::Active,
        units: 2,
        holders: vec![0, 1],
        homes: vec![0, 1],
        behind: Vec::new(),
        stale: Vec::new(),
        absent: Vec::new(),
        astray: Vec::new(),
        evaluated: vec![(0, at().as_millisecond()), (1, at().as_millisecond())],
        newest_ms: at().as_millisecond(),
        failed: None,
    }
}

pub(crate) fn refusal(reason: &str) -> Refusal {
    Refusal { reason: reason.to_owned(), as_of_ms: at().as_millisecond() }
}

fn counted() -> Totals {
    let (version, as_of_ms) = (1_795_593_600_000, at().as_millisecond());
    Totals { version, as_of_ms, members: 4712, entered: 4712, exited: 0, duration_ms: 418, run: "r".to_owned() }
}

/// What the judge says of the segment where the store is for its own namespace, and that is another.
fn denied() -> Verdict {
    let object: SegmentObject = serde_json::from_value(segment(1, false)).unwrap();
    let (key, labels) = (StoreKey { namespace: "shared".to_owned(), name: "main".to_owned() }, HashMap::new());
    let court = Court { key: &key, time_zone: None, access: &[], namespaces: Some(&labels) };
    let (mut verdicts, _) = validate(court, &[&object], &["cdnow"].into());
    verdicts.remove("marketing/sms-subscribers").unwrap()
}

/// Writes the segments' states one after the other.
struct Segments {
    none: BTreeMap<usize, Trouble>,
    accepted: Verdict,
    all: Vec<Golden>,
}

impl Segments {
    fn facts<'a>(&'a self, standing: Published<'a>) -> Facts<'a> {
        Facts {
            store: StoreFacts::Shards { troubles: &self.none, open: true },
            verdict: Some(&self.accepted),
            standing,
            progress: Progress::Waiting,
            failed_runs: None,
            outdated: false,
            totals: None,
            handled: None,
        }
    }

    fn add(&mut self, name: &str, object: Value, old: &SegmentStatus, facts: &Facts<'_>) -> SegmentStatus {
        let read: SegmentObject = serde_json::from_value(object.clone()).unwrap();
        let status = status(&read, old, facts, at());
        self.all.push(golden(&format!("segment-{name}"), object, &status));
        status
    }

    fn add_first(&mut self, name: &str, facts: &Facts<'_>) {
        self.add(name, segment(1, false), &SegmentStatus::default(), facts);
    }
}

fn evaluation(all: &mut Segments) {
    let copy = Segments { none: BTreeMap::new(), accepted: all.accepted.clone(), all: Vec::new() };
    let behind = Standing { behind: vec![0], ..standing() };
    let progress = |progress| Facts { progress, ..copy.facts(Published::As(&behind)) };
    let failed = |count| {
        let setback = Setback { count, message: format!("the Job {JOB} failed: BackoffLimitExceeded") };
        let failed_runs = Some(setback.told(behind.version));
        Facts { failed_runs, ..progress(Progress::Setback(setback)) }
    };
    all.add_first("pending", &progress(Progress::Waiting));
    all.add_first("evaluating", &progress(Progress::Running(format!("the Job {JOB} evaluates it"))));
    let said = "OOMKilled (exit code 137)";
    all.add_first("trying-again", &progress(Progress::Running(format!("the Job {JOB} tries again: {said}"))));
    let quota = format!("pods \"{JOB}-0-x7k2p\" is forbidden: exceeded quota: none");
    all.add_first("job-blocked", &progress(Progress::Blocked(format!("the Job {JOB} does not begin: {quota}"))));
    all.add_first("run-failed-once", &failed(1));
    all.add_first("run-failed", &failed(3));
    let failed =
        Standing { failed: Some(refusal("Code: 241. DB::Exception: memory limit exceeded")), ..behind.clone() };
    all.add_first("evaluation-failed", &copy.facts(Published::As(&failed)));
    let empty = Standing { units: 0, ..standing() };
    all.add_first("without-data", &copy.facts(Published::As(&empty)));
    let (active, suspended) = (standing(), Standing { state: State::Suspended, ..standing() });
    let evaluated = Facts { totals: Some(counted()), ..copy.facts(Published::As(&active)) };
    let first = all.add("evaluated", segment(1, false), &SegmentStatus::default(), &evaluated);
    let second = all.add("suspended", segment(2, true), &first, &copy.facts(Published::As(&suspended)));
    all.add("resumed", segment(3, false), &second, &evaluated);
}

fn all_segments() -> Vec<Golden> {
    let accepted = Verdict::Accepted { hash: 7, account: sip_hash_64("cdnow"), segment: 2 };
    let mut all = Segments { none: BTreeMap::new(), accepted: accepted.clone(), all: Vec::new() };
    evaluation(&mut all);
    let copy = Segments { none: BTreeMap::new(), accepted, all: Vec::new() };
    let unknown = Facts { verdict: None, ..copy.facts(Published::Unknown) };
    all.add_first("without-store", &Facts { store: StoreFacts::Missing, ..unknown.clone() });
    for (name, trouble) in secrets() {
        let obstacle = Obstacle::Secret(trouble);
        let name = if obstacle.needs_a_person() { format!("store-{name}") } else { "store-waits".to_owned() };
        all.add_first(&name, &Facts { store: StoreFacts::Unusable(&obstacle), ..unknown.clone() });
    }
    let refused = Verdict::Refused("spec.match: `vip` is no criterion; name one of: sms".to_owned());
    all.add_first("refused", &Facts { verdict: Some(&refused), ..copy.facts(Published::Unknown) });
    all.add_first("denied", &Facts { verdict: Some(&denied()), ..copy.facts(Published::Unknown) });
    let absent = Standing { absent: vec![0], ..standing() };
    for (name, trouble) in troubles() {
        let troubles = [(0, trouble)].into();
        let store = StoreFacts::Shards { troubles: &troubles, open: true };
        all.add_first(name, &Facts { store, ..copy.facts(Published::As(&absent)) });
    }
    all.all
}

/// A store whose shards run what such shards run.
fn seen() -> Seen {
    let store: segment_crds::SegmentStore = serde_json::from_value(store()).unwrap();
    let versions = Versions { server: Some("26.3.4.56".to_owned()), schema: Some(60) };
    Seen { valid: validate_store(&store.spec).ok(), versions: vec![versions; 2], ..Seen::default() }
}

/// What a shard with this trouble says that it runs.
fn versions_of(kind: TroubleKind) -> Versions {
    let says = |server: &str, schema| Versions { server: Some(server.to_owned()), schema };
    match kind {
        TroubleKind::Unreachable | TroubleKind::Credentials | TroubleKind::Tls => Versions::default(),
        TroubleKind::OldServer => says("25.3.1", None),
        TroubleKind::SchemaMissing | TroubleKind::Refused => says("26.3.4.56", None),
        TroubleKind::Taken | TroubleKind::Foreign => says("26.3.4.56", Some(60)),
        TroubleKind::NewerSchema => says("26.3.4.56", Some(61)),
    }
}

/// A store whose first shard has a trouble.
fn troubled(trouble: Trouble, schema: SchemaState) -> Seen {
    let versions = vec![versions_of(trouble.kind), seen().versions.remove(1)];
    Seen { troubles: [(0, trouble)].into(), schema, versions, ..seen() }
}

fn bad_field() -> BadField {
    let mut store: segment_crds::SegmentStore = serde_json::from_value(store()).unwrap();
    store.spec.time_zone = Some("Mars/Olympus".to_owned());
    validate_store(&store.spec).unwrap_err()
}

fn of_store(name: &str, seen: &Seen, held: Option<Held>, ready: i64) -> Golden {
    let status = status_of_store(&SegmentStoreStatus::default(), 1, seen, held, at());
    // A store can be opened with shards that answer only, and these do not.
    golden(&format!("store-{name}"), store(), &SegmentStoreStatus { shards_ready: Some(ready), ..status })
}

fn all_stores() -> Vec<Golden> {
    let missing = troubles().remove(1).1;
    let schema = |schema| troubled(missing.clone(), schema);
    let job = "the Job main-schema-5b1e0f3a7c2d";
    let applying = schema(SchemaState::Applying(format!("{job} makes the schema")));
    let failed = schema(SchemaState::Failed(format!("{job} failed: BackoffLimitExceeded")));
    let mut all = vec![
        of_store("ready", &seen(), None, 2),
        of_store("removal-held", &seen(), Some(Held { segments: 40, of: 60 }), 2),
        of_store("schema-applying", &applying, None, 1),
        of_store("schema-failed", &failed, None, 1),
        of_store("schema-not-started", &schema(SchemaState::NotStarted("exceeded quota".to_owned())), None, 1),
    ];
    let lanes = "the list of shards: the shard `2` of the store is missing (it holds lane 2)".to_owned();
    let mut obstacles = vec![
        ("refused", Obstacle::Spec(bad_field())),
        ("malformed", Obstacle::Malformed("missing field `clickhouse`".to_owned())),
        ("shard-missing", Obstacle::Lanes(lanes)),
    ];
    obstacles.extend(secrets().into_iter().map(|(name, trouble)| (name, Obstacle::Secret(trouble))));
    for (name, obstacle) in obstacles {
        all.push(of_store(name, &Seen { obstacle: Some(obstacle), versions: Vec::new(), ..seen() }, None, 0));
    }
    for (name, trouble) in troubles() {
        all.push(of_store(name, &troubled(trouble, SchemaState::Waiting), None, 1));
    }
    all
}

/// What the operator does not write: objects that it has not seen yet.
const NOT_SEEN: [(&str, &str); 4] = [
    ("segment-new", "the operator has not seen it yet"),
    ("segment-changed", "the operator has not seen this generation yet"),
    ("store-new", "the operator has not seen it yet"),
    ("store-changed", "the operator has not seen this generation yet"),
];

fn health_test(all: &[Golden]) -> String {
    let mut text = "# What health.lua has to say of each state that the operator writes, in the form of Argo CD's own repository. Written by\n# `WRITE=1 cargo test -p segment-operator golden`.\ntests:\n".to_owned();
    let unseen = NOT_SEEN.iter().map(|(name, message)| (*name, "Progressing", *message));
    for (name, health, message) in
        unseen.chain(all.iter().map(|golden| (golden.name.as_str(), golden.health, golden.message.as_str())))
    {
        let shown = json!({"status": health, "message": message});
        writeln!(text, "- {{inputPath: testdata/{name}.yaml, healthStatus: {shown}}}").unwrap();
    }
    text
}

#[test]
fn golden_documents_are_what_the_operator_writes() {
    let folder = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../argocd"));
    let all: Vec<Golden> = all_segments().into_iter().chain(all_stores()).collect();
    let mut files: BTreeMap<PathBuf, String> = [(folder.join("health_test.yaml"), health_test(&all))].into();
    for golden in all {
        let path = folder.join("testdata").join(&golden.name).with_extension("yaml");
        assert_eq!(files.insert(path, golden.text), None, "{} stands there twice", golden.name);
    }
    if std::env::var_os("WRITE").is_some() {
        for (path, text) in &files {
            fs::write(path, text).unwrap();
        }
    }
    for (path, text) in &files {
        let found = fs::read_to_string(path).unwrap_or_default();
        assert_eq!(found, *text, "{}: WRITE=1 writes it anew", path.display());
    }
    for entry in fs::read_dir(folder.join("testdata")).unwrap() {
        let path = entry.unwrap().path();
        let is_unseen = NOT_SEEN.iter().any(|(name, _)| path.file_stem().is_some_and(|stem| stem == *name));
        assert!(is_unseen || files.contains_key(&path), "{} is no state that the operator writes", path.display());
    }
}

/// Whatever a Segment is stalled for, once it is changed nothing of that is held against it.
#[test]
fn a_stalled_segment_begins_anew_when_it_is_changed() {
    let others = Segments {
        none: BTreeMap::new(),
        accepted: Verdict::Accepted { hash: 8, account: 1, segment: 2 },
        all: vec![],
    };
    let stalled: Vec<Golden> = all_segments().into_iter().filter(|golden| golden.health == "Degraded").collect();
    assert!(stalled.len() > 10, "{}", stalled.len());
    for Golden { name, text, .. } in stalled {
        let mut object = segment_rules::yaml::documents(&text).unwrap().remove(0).value;
        let old: SegmentStatus = serde_json::from_value(object["status"].take()).unwrap();
        object["metadata"]["generation"] = json!(2);
        let object: SegmentObject = serde_json::from_value(object).unwrap();
        for standing in [Published::Unknown, Published::Outdated] {
            let new = status(&object, &old, &others.facts(standing), at());
            let holds = |type_| new.conditions.iter().any(|one| one.type_ == type_ && one.status == "True");
            assert!(holds("Reconciling") && !holds("Stalled") && new.observed_generation == Some(2), "{name}: {new:?}");
        }
    }
}
