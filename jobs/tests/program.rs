//! The program itself on real servers, and on shards that are none: what it says, how it ends, what it leaves behind.

#![expect(clippy::unwrap_used, reason = "what helpers of tests cannot do fails the test")]

use std::{
    fmt::Write as _,
    io::{Read, Write as _},
    net::TcpListener,
    path::PathBuf,
    process::{Child, Command, Output, Stdio},
    sync::{LazyLock, Mutex, PoisonError},
    thread,
    time::{Duration, Instant},
};

use clickhouse::Client;
use embedded_clickhouse::Server;
use serde_json::Value;

/// One server for all tests; each test has a database of its own.
static SERVER: LazyLock<Mutex<Option<Server>>> = LazyLock::new(|| Mutex::new(None));
const CLOCK: &str = "2026-06-15T12:00:00Z";

fn url() -> String {
    let mut server = SERVER.lock().unwrap_or_else(PoisonError::into_inner);
    let options = embedded_clickhouse::Options::default;
    server.get_or_insert_with(|| Server::start(options()).expect("a server starts")).url().to_owned()
}

fn program(mode: &[&str], shards: &[String]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_segment-jobs"));
    command.args(mode).args(["--clock", CLOCK]).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    for (number, shard) in shards.iter().enumerate() {
        command.arg("--shard").arg(format!("{number}={shard}/segments"));
    }
    command
}

fn errors(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// A store of one shard.
struct Store {
    client: Client,
    runtime: tokio::runtime::Runtime,
    shard: String,
    database: String,
    folder: PathBuf,
}

impl Store {
    fn new(database: &str) -> Self {
        let url = url();
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(database);
        std::fs::create_dir_all(&folder).unwrap();
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let (client, shard) = (Client::default().with_url(&url), format!("0={url}/{database}"));
        let mut store = Self { client, runtime, shard, database: database.to_owned(), folder };
        store.sql(&format!("DROP DATABASE IF EXISTS {database}"));
        store.done(&["schema", "apply"]);
        store.client = store.client.with_database(database);
        store
    }

    fn spawn(&self, arguments: &[&str]) -> Child {
        program(arguments, &[]).args(["--shard", &self.shard]).spawn().unwrap()
    }

    fn run(&self, arguments: &[&str]) -> Output {
        self.spawn(arguments).wait_with_output().unwrap()
    }

    fn done(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert!(output.status.success(), "{arguments:?}: {}", errors(&output));
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    fn file(&self, name: &str, text: &str) -> String {
        let path = self.folder.join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    }

    fn sql(&self, statement: &str) {
        self.runtime.block_on(self.client.query_raw(statement).execute()).unwrap();
    }

    fn count(&self, query: &str) -> u64 {
        self.runtime.block_on(self.client.query_raw(query).fetch_one::<u64>()).unwrap()
    }

    /// Makes inserts into a table slow: so many milliseconds a row.
    fn slow(&self, table: &str, ms: u32) {
        self.sql(&format!("ALTER TABLE {table} ADD CONSTRAINT slow CHECK sleepEachRow({ms} / 1000) = 0"));
    }

    fn quick(&self, table: &str) {
        self.sql(&format!("ALTER TABLE {table} DROP CONSTRAINT slow"));
    }

    /// So many accounts, each with a profile and an event.
    fn load(&self, accounts: u32) -> Vec<String> {
        let (mut profiles, mut events) = (String::new(), String::new());
        for account in 0..accounts {
            let _ = writeln!(profiles, r#"{{"account":"{account}","id":"p","properties":{{"n":{account}}}}}"#);
            let _ = writeln!(
                events,
                r#"{{"account":"{account}","id":"e","profile":"p","metric":"m","time":"2026-06-01T00:00:00Z","properties":{{"v":1}}}}"#
            );
        }
        let (profiles, events) = (self.file("profiles", &profiles), self.file("events", &events));
        ["load", "--profiles", &profiles, "--events", &events].map(str::to_owned).to_vec()
    }

    /// A Segment in each of the accounts.
    fn segments(&self) -> String {
        let mut segments = String::new();
        for account in 0..100 {
            let _ = write!(
                segments,
                "---\napiVersion: segmentation.dev/v1alpha1\nkind: Segment\nmetadata: {{name: s{account}}}\n\
                 spec: {{storeRef: {{name: main}}, account: \"{account}\", criteria: [{{name: c, event: {{metric: m, \
                 where: [{{property: v, equals: 1}}]}}}}]}}\n"
            );
        }
        self.file("segments.yaml", &segments)
    }

    /// Sends TERM as soon as the job inserts into the table (event properties come by a view), and looks at what it leaves behind.
    fn stop(&self, table: &str, slow_ms: u32, arguments: &[&str]) {
        self.slow(table, slow_ms);
        let mut job = self.spawn(arguments);
        let under_way = format!(
            "SELECT count() FROM system.processes WHERE startsWith(query_id, '{}/') AND match(query, 'INSERT INTO .?({table}|event_property_values)')",
            self.database
        );
        while self.count(&under_way) == 0 {
            assert!(job.try_wait().unwrap().is_none(), "{table}: {}", errors(&job.wait_with_output().unwrap()));
            thread::sleep(Duration::from_millis(2));
        }
        signal(&job, "TERM");
        let output = job.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(12), "{table}: {}", errors(&output));
        assert!(errors(&output).contains("stopped"), "{table}: {}", errors(&output));
        let left = format!("SELECT count() FROM system.processes WHERE startsWith(query_id, '{}/')", self.database);
        assert_eq!(self.count(&left), 0, "{table}: statements go on");
        for held in ["fences", "lane_claims"] {
            let held = format!(
                "SELECT count() FROM (SELECT 1 FROM {held} WHERE epoch = (SELECT max(epoch) FROM {held}) \
                 GROUP BY holder HAVING max(released) = 0)"
            );
            assert_eq!(self.count(&held), 0, "{table}: others would have to wait");
        }
        self.quick(table);
        self.done(arguments);
    }
}

fn signal(job: &Child, name: &str) {
    assert!(Command::new("kill").args([format!("-{name}"), job.id().to_string()]).status().unwrap().success());
}

#[test]
fn a_load_that_is_told_to_stop_ends_what_it_does_and_holds_nothing() {
    for (table, accounts, slow_ms) in
        [("traits_by_profile", 100, 25), ("trait_summaries", 4, 500), ("evaluations", 100, 25)]
    {
        let store = Store::new(&format!("stop_load_{table}"));
        let load = store.load(accounts);
        let summarise_from = if table == "trait_summaries" { "0" } else { "100000" };
        let rest = ["--summarise-from", summarise_from];
        let arguments: Vec<&str> = load.iter().map(String::as_str).chain(rest).collect();
        store.stop(table, slow_ms, &arguments);
        let universe = "SELECT sum(bitmapCardinality(members)) FROM membership FINAL WHERE segment = 0";
        assert_eq!(store.count(universe), u64::from(accounts), "{table}");
    }
}

#[test]
fn an_evaluation_that_is_told_to_stop_ends_what_it_does_and_holds_nothing() {
    for table in ["run_nodes", "run_results", "evaluations"] {
        let store = Store::new(&format!("stop_manual_{table}"));
        let load = store.load(100);
        store.done(&load.iter().map(String::as_str).collect::<Vec<_>>());
        let run = store.done(&["publish", &store.segments()]);
        store.stop(table, 25, &["manual", "--run", &run]);
        assert_eq!(store.count("SELECT count() FROM members"), 100, "{table}");
    }
}

#[test]
fn a_publication_that_is_told_to_stop_ends_what_it_does() {
    let store = Store::new("stop_publish");
    let load = store.load(100);
    store.done(&load.iter().map(String::as_str).collect::<Vec<_>>());
    store.stop("event_properties", 25, &["publish", &store.segments()]);
}

/// Accepts, and never answers.
fn mute() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    (listener, url)
}

#[test]
fn shards_that_never_answer_are_named_in_every_mode() {
    let (listener, mute) = mute();
    let shards = [mute, "http://127.0.0.1:9".to_owned()];
    let jobs: Vec<Child> = [
        &["schema", "apply"][..],
        &["schema", "check"],
        &["load", "--profiles", "/dev/null"],
        &["publish", "/dev/null"],
        &["manual", "--run", "01234567-89ab-cdef-0123-456789abcdef"],
    ]
    .into_iter()
    .map(|mode| program(mode, &shards).spawn().unwrap())
    .collect();
    let started = Instant::now();
    for job in jobs {
        let output = job.wait_with_output().unwrap();
        let errors = errors(&output);
        assert_eq!(output.status.code(), Some(10), "{errors}");
        let said = |shard: &str, why: &str| errors.lines().any(|line| line.contains(shard) && line.contains(why));
        assert!(said("shard 0", "timeout expired") && said("shard 1 (http://127.0.0.1:9", "failed"), "{errors}");
    }
    assert!(started.elapsed() < Duration::from_mins(1), "{:?}", started.elapsed());
    drop(listener);
}

#[test]
fn a_second_signal_ends_at_once() {
    let (_listener, mute) = mute();
    let job = program(&["schema", "check"], &[mute]).spawn().unwrap();
    thread::sleep(Duration::from_secs(1));
    let started = Instant::now();
    signal(&job, "TERM");
    thread::sleep(Duration::from_millis(500));
    signal(&job, "INT");
    let output = job.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(12), "{}", errors(&output));
    assert!(started.elapsed() < Duration::from_secs(5), "{:?}", started.elapsed());
}

#[test]
fn a_server_that_is_too_old_is_refused_by_name() {
    let (listener, url) = mute();
    thread::spawn(move || {
        for connection in listener.incoming() {
            let mut connection = connection.unwrap();
            let _ = connection.read(&mut [0; 8192]);
            // One column `version` of type String, in the form of RowBinaryWithNamesAndTypes.
            let body = b"\x01\x07version\x06String\x0926.2.1.99";
            let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len());
            connection.write_all(&[head.as_bytes(), body].concat()).unwrap();
        }
    });
    let output = program(&["schema", "apply"], &[url]).output().unwrap();
    let errors = errors(&output);
    assert_eq!(output.status.code(), Some(11), "{errors}");
    assert!(errors.contains("shard 0: the server is ClickHouse 26.2.1.99, and 26.3 is the oldest"), "{errors}");
}

#[test]
fn json_logs_hold_results_and_errors_too() {
    let store = Store::new("json_logs");
    let load = store.load(100);
    let lines = |output: &Output| -> Vec<Value> {
        errors(output).lines().map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("{line}"))).collect()
    };
    let message = |line: &Value| line["fields"]["message"].as_str().unwrap().to_owned();
    let said = |output: &Output, text: &str| lines(output).iter().any(|line| message(line).contains(text));
    let with = |arguments: &[&str]| store.run(&[&["--log", "json"], arguments].concat());
    let output = with(&load.iter().map(String::as_str).collect::<Vec<_>>());
    assert!(said(&output, "loaded 100 profiles") && output.stdout.is_empty(), "{output:?}");
    let bad = store.file("bad.yaml", "apiVersion: segmentation.dev/v1alpha1\nkind: Segment\nmetadata: {name: bad}\n");
    let output = with(&["publish", &bad, &store.segments()]);
    assert!(said(&output, "100 segments are due") && output.status.code() == Some(3), "{output:?}");
    let refusal = lines(&output).into_iter().find(|line| line["level"] == "ERROR").unwrap();
    assert_eq!(refusal["fields"]["what"], "refused");
    let run = String::from_utf8(output.stdout.clone()).unwrap();
    let output = with(&["manual", "--run", run.trim()]);
    assert!(said(&output, "100 committed, 0 superseded, 0 failed"), "{output:?}");
    let broken = store.file("broken", "{\n");
    let output = with(&["load", "--profiles", &broken]);
    assert!(said(&output, "broken, line 1") && output.status.code() == Some(4), "{output:?}");
}
