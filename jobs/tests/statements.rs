//! Every statement on a real server, and the schema that they stand on. What can be said of their texts alone, the tests
//! of `segment_sql` say.

#![expect(clippy::unwrap_used, reason = "what helpers of tests cannot do fails the test")]

use std::{
    collections::BTreeSet,
    sync::{LazyLock, Mutex, PoisonError},
};

use clickhouse::Client;
use embedded_clickhouse::Server;
use segment_jobs::{
    clock::Clock,
    ephemeral::Ephemeral,
    schema::{self, NewStore},
    shards::{Credentials, Shard, ShardAddress},
    store::{self, Store, StoreError},
};
use segment_sql::{FOLDERS, Statement, rule_join, schema::STEPS, schema::VERSION};

/// Tables to which rows are only ever added, and why that is right.
const APPEND_ONLY: [(&str, &str); 5] = [
    ("lane_claims", "a row is a claim or a sign of life; the greatest epoch holds, and the newest sign of it"),
    ("fences", "as lane_claims"),
    ("commits", "one row for each commit, inserted on the condition that its number is free"),
    ("membership_changes", "rows count if their batch has a commit, and a batch is written once"),
    ("store_identity", "the newest row holds"),
];

/// Replacing tables without a version: rows of one key are equal, so that it does not matter which one stays.
const EQUAL_ROWS: [(&str, &str); 9] = [
    ("trait_times", "the key is the row"),
    ("event_times", "the key is the row"),
    ("definitions", "a version is given once, the rest follows from it"),
    ("nodes", "a node is the hash of the rest"),
    ("criteria", "a criterion is the hash of its form"),
    ("trait_cells", "a building of the same number sees the same traits"),
    ("trait_cell_pages", "a building of the same number sees the same traits"),
    ("trait_texts", "a building of the same number sees the same traits"),
    ("runs", "a run is written once by the publication that made it"),
];

/// Columns that need no comment: their name says it, and is used in the same sense everywhere.
const SELF_EXPLAINING: [&str; 24] = [
    "account", // The hash that the table `accounts` explains.
    "attempt",
    "batch",
    "bucket",
    "child_kind", // An enumeration that names its values, like the others here.
    "entered",
    "exited",
    "ignore_case",
    "members",
    "metric",
    "negated",
    "op",
    "profiles",
    "radius_m", // The unit is in the name.
    "reason",
    "run",
    "segment", // The hash that the table `definitions` explains.
    "slice",
    "state",
    "time", // Of the event.
    "truth",
    "version",
    "window",
    "committed_at",
];

/// Statements of the rule-join that a store for one evaluation has no tables for: those of summaries, and of a load's end.
const NOT_EPHEMERAL: [&str; 6] =
    ["cells", "cell_members", "day_pieces", "free_texts", "loaded_universe", "passing_free_texts"];

/// One server for all tests; each test has databases of its own.
static SERVER: LazyLock<Mutex<Option<Server>>> = LazyLock::new(|| Mutex::new(None));

/// Dropped when the process ends: the server's guard ends it then.
fn url() -> String {
    let mut server = SERVER.lock().unwrap_or_else(PoisonError::into_inner);
    let options = embedded_clickhouse::Options::default;
    server.get_or_insert_with(|| Server::start(options()).expect("a server starts")).url().to_owned()
}

struct Database {
    shard: Shard,
    client: Client,
}

impl Database {
    /// A database with nothing in it.
    async fn empty(name: &str) -> Self {
        let url = tokio::task::spawn_blocking(url).await.unwrap();
        let client = Client::default().with_url(&url);
        client.query(&format!("DROP DATABASE IF EXISTS {name}")).execute().await.unwrap();
        client.query(&format!("CREATE DATABASE {name}")).execute().await.unwrap();
        let address = ShardAddress { name: "one".to_owned(), url, database: name.to_owned() };
        let shard = store::shards(&[address], &Credentials::default()).unwrap().remove(0);
        Self { shard, client: client.with_database(name) }
    }

    /// A database with the schema.
    async fn with_schema(name: &str) -> Self {
        let database = Self::empty(name).await;
        database.apply().await.unwrap();
        database
    }

    async fn apply(&self) -> Result<Store, StoreError> {
        schema::apply(vec![self.shard.clone()], &new_store("the store")).await
    }

    async fn execute(&self, query: &str) {
        self.client.query(query).execute().await.unwrap();
    }

    async fn texts(&self, query: &str) -> Vec<String> {
        self.client.query(query).fetch_all::<String>().await.unwrap()
    }

    /// Sends a statement with a value of the right type for each parameter; the server's reason when it refuses.
    async fn send(&self, before: &str, statement: &Statement, text: &str) -> Result<(), String> {
        let mut query = self.client.query_raw(&format!("{before} {text}"));
        for (name, kind) in parameters(statement.text()) {
            let value = value(name, kind).expect("a value is known for each type of parameter");
            query = query.with_setting(format!("param_{name}"), value);
        }
        query.execute().await.map_err(|error| format!("{}: {error}", statement.name()))
    }

    async fn shapes(&self) -> Vec<String> {
        self.texts("SELECT create_table_query FROM system.tables WHERE database = currentDatabase() ORDER BY name")
            .await
    }
}

fn new_store(name: &str) -> NewStore {
    NewStore { name: name.to_owned(), lanes: 4, clock: Clock::Fixed(1_781_524_800_000), adopt: false }
}

/// The parameters of a statement, by name and type.
fn parameters(text: &str) -> BTreeSet<(&str, &str)> {
    text.split('{').skip(1).map(|part| part.split_once('}').unwrap().0.split_once(':').unwrap()).collect()
}

/// A value of a parameter. Texts that go into an enumeration have to be of it.
fn value(name: &str, kind: &str) -> Option<&'static str> {
    Some(match (name, kind) {
        ("database", "Identifier") => "statements_made_and_dropped",
        ("table", "Identifier") => "run_roots",
        ("clock", "String") => "fixed",
        ("reason", "String") => "definition",
        ("mode", "String") => "manual",
        (_, "String") => "text",
        ("released" | "built" | "narrowed", "UInt8") | (_, "UInt16" | "UInt32" | "UInt64" | "Int64") => "1",
        (_, "UUID") => "01234567-89ab-cdef-0123-456789abcdef",
        (_, "Date") => "2026-01-01",
        (_, array) if array.starts_with("Array(") => "[]",
        _ => return None,
    })
}

fn statements() -> impl Iterator<Item = &'static Statement> {
    FOLDERS.iter().flat_map(|(_, statements)| *statements)
}

/// What has the server resolve the names of a statement without running it; `None` where it has no such thing.
fn explaining(statement: &Statement) -> Option<&'static str> {
    let mut words = statement.text().lines().filter(|line| !line.starts_with("--")).flat_map(str::split_whitespace);
    match words.next().unwrap() {
        "SELECT" => Some("EXPLAIN PLAN"),
        // The one that looks at the table too.
        "INSERT" => Some("EXPLAIN PIPELINE"),
        _ => None,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_server_accepts_every_statement() {
    let database = Database::with_schema("statements_accepted").await;
    let mut refused = Vec::new();
    for statement in statements() {
        if let Some(explain) = explaining(statement) {
            refused.extend(database.send(explain, statement, statement.text()).await.err());
        }
        // On a store without data each runs through, and shows what an explanation passes over: values of the wrong type.
        refused.extend(database.send("", statement, statement.text()).await.err());
    }
    assert!(refused.is_empty(), "{}", refused.join("\n"));
}

/// What a PREWHERE asks of its own table, from the text that follows it.
fn asked_before(text: &str) -> String {
    let mut open = 0_i32;
    let end = text.char_indices().find(|(at, character)| {
        open += i32::from(*character == '(') - i32::from(*character == ')');
        open < 0 || (open == 0 && text[*at..].starts_with(" WHERE "))
    });
    text[..end.map_or(text.len(), |(at, _)| at)].to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn only_keys_are_asked_for_before_rows_replace_each_other() {
    let database = Database::with_schema("statements_prewhere").await;
    let mut seen = 0;
    for statement in statements() {
        let lines = statement.text().lines().filter(|line| !line.trim_start().starts_with("--"));
        let text = lines.flat_map(str::split_whitespace).collect::<Vec<_>>().join(" ");
        for (at, _) in text.match_indices(" FINAL PREWHERE ") {
            let table = text[..at].rsplit(' ').next().unwrap();
            let values = database
                .texts(&format!("SELECT name FROM system.columns WHERE database = currentDatabase() AND table = '{table}' AND NOT is_in_sorting_key"))
                .await;
            assert!(!values.is_empty(), "{}: {table}", statement.name());
            let asked = asked_before(&text[at + " FINAL PREWHERE ".len()..]);
            let is_part = |character: char| character.is_alphanumeric() || character == '_';
            let word = |value: &String| asked.split(|character| !is_part(character)).any(|word| word == value);
            assert!(!values.iter().any(word), "{}: {asked}", statement.name());
            seen += 1;
        }
    }
    assert!(seen > 10, "{seen}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_is_not_there_would_be_noticed() {
    let database = Database::with_schema("statements_noticed").await;
    let mut passed = Vec::new();
    for statement in statements() {
        let Some(explain) = explaining(statement) else { continue };
        let text = statement.text();
        for (right, wrong) in
            [("FROM ", "FROM no_"), ("account, ", "no_account, "), ("INSERT INTO ", "INSERT INTO no_")]
        {
            // In the last place, deep in the statement.
            if let Some(at) = text.rfind(right).filter(|at| !text[*at..].starts_with("FROM (\n")) {
                let text = format!("{}{wrong}{}", &text[..at], &text[at + right.len()..]);
                if database.send(explain, statement, &text).await.is_ok() {
                    passed.push(format!("{}: {wrong}", statement.name()));
                }
            }
        }
    }
    assert!(passed.is_empty(), "{passed:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_ephemeral_store_serves_the_rule_join_of_small_units() {
    let database = Database::empty("statements_ephemeral").await;
    Ephemeral::make(database.shard.clone()).await.unwrap();
    for statement in rule_join::ALL.iter().filter(|statement| !NOT_EPHEMERAL.contains(&statement.name())) {
        database.send("", statement, statement.text()).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn to_apply_all_steps_again_changes_nothing() {
    let database = Database::with_schema("statements_again").await;
    let (shapes, identities) = (database.shapes().await, "SELECT toString(tuple(*)) FROM store_identity");
    let once = database.texts(identities).await;
    let makes = STEPS.iter().filter(|step| step.text().contains("CREATE "));
    assert_eq!(shapes.len(), makes.count(), "such a step makes one table or view");
    for step in STEPS {
        database.send("", step, step.text()).await.unwrap();
    }
    assert_eq!(database.shapes().await, shapes);
    database.apply().await.unwrap();
    assert_eq!(database.shapes().await, shapes);
    assert_eq!(database.texts(identities).await, once);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_apply_that_was_killed_goes_on() {
    let whole = Database::with_schema("statements_whole").await;
    for steps in [1, 20, STEPS.len()] {
        let database = Database::empty("statements_killed").await;
        for step in &STEPS[..steps] {
            database.send("", step, step.text()).await.unwrap();
        }
        database.apply().await.unwrap();
        let shapes = database.shapes().await.join("\n").replace("statements_killed", "statements_whole");
        assert_eq!(shapes, whole.shapes().await.join("\n"), "after {steps} steps");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn to_write_again_is_as_once_in_every_table() {
    let database = Database::with_schema("statements_engines").await;
    let all = "SELECT concat(name, ' ', engine_full) FROM system.tables \
               WHERE database = currentDatabase() AND engine NOT LIKE '%View' ORDER BY name";
    let (mut append_only, mut equal_rows) = (BTreeSet::new(), BTreeSet::new());
    for table in database.texts(all).await {
        let (name, engine) = table.split_once(' ').unwrap();
        if engine.starts_with("ReplacingMergeTree(") || (name, engine) == ("event_property_values", "`Null`") {
            continue;
        }
        if engine.starts_with("ReplacingMergeTree") {
            equal_rows.insert(name.to_owned());
        } else if name.starts_with("run_") {
            // Staged: dropped with its run.
            assert!(engine.starts_with("MergeTree PARTITION BY run ORDER BY (attempt, slice, "), "{table}");
        } else if name == "event_days" {
            // OR does not mind repeats.
            assert!(engine.starts_with("AggregatingMergeTree "), "{table}");
        } else {
            assert!(engine.starts_with("MergeTree "), "{table}");
            append_only.insert(name.to_owned());
        }
    }
    assert_eq!(append_only, APPEND_ONLY.map(|(name, _)| name.to_owned()).into());
    assert_eq!(equal_rows, EQUAL_ROWS.map(|(name, _)| name.to_owned()).into());
}

#[tokio::test(flavor = "multi_thread")]
async fn every_table_and_column_says_what_it_is() {
    let database = Database::with_schema("statements_comments").await;
    let tables = "SELECT name FROM system.tables \
                  WHERE database = currentDatabase() AND engine NOT LIKE '%View' AND comment = ''";
    assert_eq!(database.texts(tables).await, [""; 0]);
    // A column that another table explains needs it no second time.
    let columns = "SELECT concat(table, '.', name) FROM system.columns \
                   WHERE database = currentDatabase() AND comment = '' \
                       AND table IN (SELECT name FROM system.tables WHERE database = currentDatabase() AND engine NOT LIKE '%View') \
                       AND name NOT IN (SELECT name FROM system.columns WHERE database = currentDatabase() AND comment != '') \
                   ORDER BY ALL";
    let mut silent = database.texts(columns).await;
    silent.retain(|column| !SELF_EXPLAINING.iter().any(|name| column.ends_with(&format!(".{name}"))));
    assert!(silent.is_empty(), "{silent:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_of_somebody_else_is_refused() {
    let database = Database::empty("statements_foreign").await;
    database.execute("CREATE TABLE invoices (id UInt64) ENGINE = MergeTree ORDER BY id").await;
    let refused = database.apply().await.unwrap_err();
    assert!(matches!(refused, StoreError::Foreign { .. }), "{refused}");
    assert!(refused.to_string().contains("the table `invoices`, which is not ours"), "{refused}");
    assert_eq!(database.texts("SHOW TABLES").await, ["invoices"], "nothing was made beside it");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shard_of_another_store_is_refused() {
    let database = Database::with_schema("statements_other").await;
    let apply = async |new: NewStore| schema::apply(vec![database.shard.clone()], &new).await.unwrap_err().to_string();
    let refused = apply(new_store("another store")).await;
    assert!(refused.contains("belongs to the store `the store`"), "{refused}");
    let refused = apply(NewStore { lanes: 5, ..new_store("the store") }).await;
    assert!(refused.contains("made with 4 lanes"), "{refused}");
    let refused = apply(NewStore { clock: Clock::System, ..new_store("the store") }).await;
    assert!(refused.contains("made for a fixed clock"), "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_newer_schema_is_refused() {
    let database = Database::with_schema("statements_newer").await;
    let newer = VERSION + 1;
    database.execute("CREATE TABLE of_a_newer_build (id UInt64) ENGINE = MergeTree ORDER BY id").await;
    database
        .execute(&format!(
            "INSERT INTO store_identity (store, shard, database_uid, clock, lanes, schema_version) \
             SELECT store, shard, database_uid, clock, lanes, {newer} FROM store_identity"
        ))
        .await;
    let refused = database.apply().await.unwrap_err().to_string();
    assert!(refused.contains(&format!("has schema version {newer}, newer than this build's {VERSION}")), "{refused}");
    let refused = Store::open(vec![database.shard.clone()], new_store("").clock).await.unwrap_err().to_string();
    assert!(refused.contains(&format!("schema version {newer}")) && refused.contains("use a newer build"), "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_is_adopted_has_a_new_name() {
    let database = Database::with_schema("statements_adopted").await;
    let new = NewStore { adopt: true, ..new_store("another store") };
    schema::apply(vec![database.shard.clone()], &new).await.unwrap();
    let identity = store::identity(&database.shard).await.unwrap().unwrap();
    assert_eq!(identity.store, "another store");
    assert!(database.apply().await.is_err(), "the old store has lost it");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shard_that_is_added_learns_where_the_lanes_are() {
    let (old, added) = (Database::with_schema("statements_old").await, Database::empty("statements_new").await);
    // By name it comes first.
    let address = ShardAddress { name: "added".to_owned(), ..added.shard.address().clone() };
    let first = Shard::new(address, &Credentials::default());
    let shards = vec![first, old.shard.clone()];
    schema::apply(shards, &new_store("the store")).await.unwrap();
    let lanes = "SELECT toString(tuple(lane, shard)) FROM lanes FINAL ORDER BY lane";
    assert_eq!(added.texts(lanes).await, old.texts(lanes).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shard_that_is_down_does_not_hold_up_the_schema_of_those_that_know_the_lanes() {
    let (old, added) = (Database::with_schema("statements_upright").await, Database::empty("statements_beside").await);
    let named = |name: &str, database: &Database| {
        let address = ShardAddress { name: name.to_owned(), ..database.shard.address().clone() };
        Shard::new(address, &Credentials::default())
    };
    let nowhere = ShardAddress { url: "http://127.0.0.1:1".to_owned(), ..named("down", &old).address().clone() };
    let down = Shard::new(nowhere, &Credentials::default());
    let shards = vec![named("added", &added), down, old.shard.clone()];
    let refused = schema::apply_on(shards.clone(), &[0], &new_store("the store")).await.unwrap_err().to_string();
    assert!(refused.contains("knows where the lanes are"), "{refused}");
    schema::apply_on(shards, &[0, 2], &new_store("the store")).await.unwrap();
    let lanes = "SELECT toString(tuple(lane, shard)) FROM lanes FINAL ORDER BY lane";
    assert_eq!(added.texts(lanes).await, old.texts(lanes).await);
}
