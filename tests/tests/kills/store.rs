//! A store in a database of its own, the seven steps that a job does to it, and what has to hold of it in the end.

use std::{
    collections::BTreeSet,
    io::{Read, Write},
    net::TcpStream,
    process::{Child, Command, Output, Stdio},
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use segment_tests::evaluator::program;

use super::world::{Inputs, Member};

/// Names of the steps, in their order.
pub(crate) const STEPS: [&str; 7] = ["schema", "load 1", "publish 1", "manual 1", "load 2", "publish 2", "manual 2"];

/// How long the steps take as a rule, learnt from those that nobody disturbs.
pub(crate) struct Durations(pub(crate) Mutex<[Duration; STEPS.len()]>);

impl Durations {
    pub(crate) fn of(&self, step: usize) -> Duration {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)[step]
    }

    /// Takes note of how long a step took.
    pub(crate) fn learn(&self, step: usize, took: Duration) {
        let mut durations = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let known = durations[step];
        durations[step] = if known.is_zero() { took } else { (known * 3 + took) / 4 };
    }
}

/// A database and how far it came.
pub(crate) struct Store<'a> {
    pub(crate) inputs: &'a Inputs,
    pub(crate) durations: &'a Durations,
    pub(crate) url: String,
    pub(crate) database: String,
    /// The runs that were published.
    pub(crate) runs: Vec<String>,
}

impl Store<'_> {
    /// Begins a step.
    pub(crate) fn spawn(&self, step: usize) -> Child {
        let phase = &self.inputs.phases[step.saturating_sub(1) / 3];
        let program = program("SEGMENT_JOBS", "segment-jobs").unwrap();
        let mut command = Command::new(program);
        match (step, (step + 2) % 3) {
            (0, _) => command.args(["schema", "apply", "--lanes", "4"]),
            (_, 0) => command
                .args(["load", "--profiles-per-bucket", "70", "--summarise-from"])
                .arg(if self.is_summarised() { "0" } else { "100000" })
                .arg("--profiles")
                .arg(&phase.profiles)
                .arg("--events")
                .arg(&phase.events),
            (_, 1) => command.args(["publish", "--all"]).arg(&phase.segments),
            _ => command.args(["manual", "--slice-profiles", "160", "--run"]).arg(self.runs.last().expect("a run")),
        };
        command
            .args(["--clock", &phase.clock, "--shard", &format!("0={}/{}", self.url, self.database)])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("segment-jobs is built")
    }

    /// Every other of the stores with numbers has summaries of all its units.
    fn is_summarised(&self) -> bool {
        self.database.ends_with(['1', '3', '5', '7', '9'])
    }

    /// A step to its end.
    pub(crate) fn run(&mut self, step: usize) {
        let started = Instant::now();
        let output = self.spawn(step).wait_with_output().unwrap();
        if self.end(step, &output) {
            self.durations.learn(step, started.elapsed());
        } else {
            panic!("{} of {}: {output:?}", STEPS[step], self.database);
        }
    }

    /// A step to its end that was begun before, so that how long it takes says nothing.
    pub(crate) fn run_again(&mut self, step: usize) {
        let output = self.spawn(step).wait_with_output().unwrap();
        assert!(self.end(step, &output), "{} of {}: {output:?}", STEPS[step], self.database);
    }

    /// Takes note of a step that ended; whether it ended well. Checks what it promised.
    pub(crate) fn end(&mut self, step: usize, output: &Output) -> bool {
        if !output.status.success() {
            return false;
        }
        match step {
            2 | 5 => self.runs.push(String::from_utf8_lossy(&output.stdout).trim().to_owned()),
            3 | 6 => self.compare_members(&self.inputs.phases[step / 4].members),
            _ => {}
        }
        true
    }

    fn compare_members(&self, expected: &BTreeSet<Member>) {
        let rows = self.sql(
            "SELECT DISTINCT d.name, m.profile FROM members AS m \
             JOIN definitions AS d ON d.account = m.account AND d.segment = m.segment",
        );
        let found: BTreeSet<Member> = rows
            .lines()
            .map(|line| line.split_once('\t').unwrap())
            .map(|(a, b)| (a.to_owned(), b.to_owned()))
            .collect();
        let (lacking, extra): (Vec<_>, Vec<_>) =
            (expected.difference(&found).collect(), found.difference(expected).collect());
        assert!(lacking.is_empty() && extra.is_empty(), "{}: lacking {lacking:?}, extra {extra:?}", self.database);
        let twice = "SELECT account, segment, profile FROM members GROUP BY ALL HAVING count() > 1";
        assert_eq!(self.sql(twice), "", "{}: members that stand twice", self.database);
    }

    /// What has to be the same in every store after a step, however it came about: without numbers and runs. Checks what
    /// has to hold by itself.
    pub(crate) fn state(&self, step: usize) -> String {
        if step > 0 {
            self.check(step);
        }
        let mut state = String::new();
        for run in &self.runs {
            let query = format!(
                "SELECT d.name, e.bucket, e.members, e.entered, e.exited, e.outcome, e.error FROM evaluations AS e \
                 JOIN (SELECT DISTINCT account, segment, name FROM definitions) AS d \
                 ON d.account = e.account AND d.segment = e.segment \
                 WHERE run = '{run}' AND (outcome = 'failed' OR batch IN (SELECT batch FROM commits)) ORDER BY ALL"
            );
            state += &self.sql(&query);
        }
        for query in [
            "SELECT name, engine FROM system.tables WHERE database = currentDatabase() ORDER BY ALL",
            "SELECT lane, shard FROM lanes FINAL ORDER BY ALL",
            "SELECT account, account_key, buckets FROM accounts FINAL ORDER BY ALL",
            "SELECT account, bucket, external_id, state FROM profiles FINAL ORDER BY ALL",
            "SELECT count(), sum(cityHash64(account, bucket, trait, kind, text)) FROM traits FINAL WHERE kind != 'absent'",
            "SELECT count(), sum(cityHash64(account, bucket, trait, kind, text)) FROM traits_by_profile FINAL WHERE kind != 'absent'",
            "SELECT count(), sum(cityHash64(account, bucket, metric, event, time)) FROM events FINAL",
            "SELECT count(), sum(cityHash64(account, bucket, metric, event, time)) FROM events_by_profile FINAL",
            "SELECT count(), sum(cityHash64(account, bucket, metric, property, kind, amount)) FROM event_properties FINAL",
            "SELECT count(), sum(cityHash64(account, bucket, metric, property, summed, counts, text, amount)) FROM event_amounts FINAL",
            "SELECT account, bucket, metric, day, groupBitmapMerge(profiles) FROM event_days GROUP BY ALL ORDER BY ALL",
            "SELECT account, metric, property, summed, filled FROM property_pairs FINAL ORDER BY ALL",
            "SELECT account, segment, version, name, hash, root, state FROM definitions FINAL ORDER BY ALL",
            "SELECT count(), sum(cityHash64(account, node, child_kind, child, negated)) FROM nodes FINAL",
            "SELECT count(), sum(cityHash64(account, criterion, form)) FROM criteria FINAL",
            "SELECT account, bucket, segment, sum(bitmapCardinality(members)) AS size FROM membership FINAL GROUP BY ALL HAVING size != 0 ORDER BY ALL",
            "SELECT account, bucket, segment, version, as_of FROM live_definitions FINAL ORDER BY ALL",
            "SELECT account, bucket FROM unit_loads FINAL ORDER BY ALL",
        ] {
            state += query;
            state += "\n";
            state += &self.sql(query);
        }
        state
    }

    /// What has to hold in every store that was loaded.
    fn check(&self, step: usize) {
        let holds = |query: &str| assert_eq!(self.sql(query).trim(), "1", "{}: {query}", self.database);
        holds("SELECT min(seq) = 1 AND max(seq) = count() AND uniqExact(seq) = count() FROM commits");
        holds(
            "SELECT arrayAll(step -> step >= 0, arrayDifference(groupArray(toUnixTimestamp64Milli(as_of)))) \
             FROM (SELECT as_of FROM commits ORDER BY seq)",
        );
        holds("SELECT uniqExact(account, bucket, profile_no) = count() FROM profiles FINAL");
        holds("SELECT (SELECT count() FROM profiles FINAL) = (SELECT count() FROM profile_names FINAL)");
        holds("SELECT count() = 0 FROM commits WHERE batch NOT IN (SELECT batch FROM evaluations)");
        let committed = "batch IN (SELECT batch FROM commits)";
        holds(&format!(
            "SELECT uniqExact(seq, account, bucket, segment, profile_no) = count() FROM membership_changes WHERE {committed}"
        ));
        // The first evaluation of a segment writes no changes, but how many it found.
        let sizes = "SELECT account, bucket, segment, toInt64(sum(bitmapCardinality(members))) AS size FROM membership FINAL \
                     WHERE segment != 0 GROUP BY ALL HAVING size != 0 ORDER BY ALL";
        let summed = format!(
            "SELECT account, bucket, segment, sum(size) FROM (\
             SELECT account, bucket, segment, toInt64(argMin(members, seq)) AS size FROM evaluations \
             WHERE segment != 0 AND outcome = 'committed' AND {committed} GROUP BY account, bucket, segment UNION ALL \
             SELECT account, bucket, segment, sum(if(entered = 1, 1, -1)) FROM membership_changes WHERE {committed} GROUP BY ALL\
             ) GROUP BY ALL HAVING sum(size) != 0 ORDER BY ALL"
        );
        assert_eq!(self.sql(&summed), self.sql(sizes), "{}: changes and members", self.database);
        // Nobody works in the store, so whatever stands in staging was left behind. An empty part is nothing: a dropped partition
        // is covered by one, and a server that was killed meanwhile shows it for a while.
        let staged = "SELECT table, partition, sum(rows) FROM system.parts \
                      WHERE database = currentDatabase() AND startsWith(table, 'run_') AND active AND rows != 0 GROUP BY ALL ORDER BY ALL";
        // A server may begin a statement of a killed job after its successor has ended all that it saw. Then the results are
        // right, but that statement's rows stay until the run is run once more.
        if STEPS[step].starts_with("manual") && !self.sql(staged).is_empty() {
            println!("{}: left in staging, so run once more: {}", self.database, self.sql(staged));
            assert!(self.spawn(step).wait_with_output().unwrap().status.success());
        }
        let runs = self.runs.join(" ");
        assert_eq!(self.sql(staged), "", "{}: left in staging; the runs were {runs}", self.database);
    }

    /// Whether a dead job still counts as alive.
    pub(crate) fn is_held(&self) -> bool {
        let held = ["fences", "lane_claims"].map(|table| {
            let newest = format!("epoch = (SELECT max(epoch) FROM {table})");
            self.sql(&format!("SELECT count() > 0 FROM (SELECT holder FROM {table} WHERE {newest} GROUP BY holder HAVING max(released) = 0)"))
        });
        held.iter().any(|held| held.trim() == "1")
    }

    /// The answer to a statement as tab-separated lines.
    pub(crate) fn sql(&self, statement: &str) -> String {
        self.send(statement, "").unwrap_or_else(|error| panic!("{}: {statement}: {error}", self.database))
    }

    /// Sends a statement; `query` is added to the address. The server's words if it refuses.
    pub(crate) fn send(&self, statement: &str, query: &str) -> Result<String, String> {
        let host = self.url.trim_start_matches("http://");
        let head = format!(
            "POST /?database={}&wait_end_of_query=1{query} HTTP/1.0\r\nHost: {host}\r\nContent-Length: {}\r\n\r\n",
            self.database,
            statement.len()
        );
        let mut answer = String::new();
        let mut exchange = || {
            let mut stream = TcpStream::connect(host)?;
            stream.write_all(format!("{head}{statement}").as_bytes())?;
            stream.read_to_string(&mut answer)
        };
        exchange().map_err(|error: std::io::Error| error.to_string())?;
        let (head, body) = answer.split_once("\r\n\r\n").ok_or("no answer")?;
        let is_ok = head.split_whitespace().nth(1) == Some("200");
        if is_ok { Ok(body.to_owned()) } else { Err(body.to_owned()) }
    }
}
