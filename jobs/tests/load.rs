//! The bulk load on a real server. Two databases are two shards.

#![expect(clippy::unwrap_used, reason = "what helpers of tests cannot do fails the test")]

use std::{
    sync::{LazyLock, Mutex, PoisonError},
    time::Duration,
};

use embedded_clickhouse::Server;
use segment_jobs::{
    clock::Clock,
    commit,
    fence::Fence,
    load::{self, Input, LoadError, LoadReport},
    schema::{self, NewStore},
    shards::{Credentials, ShardAddress},
    store::{self, Store},
};
use segment_rules::PropertyPair;
use tokio_util::sync::CancellationToken;

/// One server for all tests; each test has databases of its own.
static SERVER: LazyLock<Mutex<Option<Server>>> = LazyLock::new(|| Mutex::new(None));

/// Dropped when the process ends: the server's guard ends it then.
fn url() -> String {
    let mut server = SERVER.lock().unwrap_or_else(PoisonError::into_inner);
    let options = embedded_clickhouse::Options::default;
    server.get_or_insert_with(|| Server::start(options()).expect("a server starts")).url().to_owned()
}

/// Lanes whose newest claim nobody has given back.
const HELD_CLAIMS: &str = "SELECT count() FROM (SELECT lane, epoch, max(released) AS is_released FROM lane_claims GROUP BY lane, epoch) \
     WHERE is_released = 0 AND (lane, epoch) IN (SELECT lane, max(epoch) FROM lane_claims GROUP BY lane)";

struct Scratch {
    store: Store,
    client: clickhouse::Client,
}

impl Scratch {
    async fn new(name: &str, shards: usize) -> Self {
        let url = tokio::task::spawn_blocking(url).await.unwrap();
        let client = clickhouse::Client::default().with_url(&url);
        let databases: Vec<String> = (0..shards).map(|shard| format!("{name}_{shard}")).collect();
        for database in &databases {
            client.query(&format!("DROP DATABASE IF EXISTS {database}")).execute().await.unwrap();
        }
        let address = |database: String| ShardAddress { name: database.clone(), url: url.clone(), database };
        let addresses: Vec<ShardAddress> = databases.into_iter().map(address).collect();
        let shards = store::shards(&addresses, &Credentials::default()).unwrap();
        let new = NewStore { name: name.to_owned(), lanes: 8, clock: Clock::Fixed(1_781_524_800_000), adopt: false };
        let store = schema::apply(shards, &new).await.unwrap();
        Self { store, client }
    }

    async fn load(&self, profiles: &str, events: &str) -> Result<LoadReport, LoadError> {
        self.load_with(profiles, events, 4_000_000).await
    }

    async fn load_with(&self, profiles: &str, events: &str, per_bucket: u64) -> Result<LoadReport, LoadError> {
        load::load(&self.store, options(profiles, events, per_bucket), CancellationToken::new()).await
    }

    /// Runs a statement on the first shard.
    async fn run(&self, statement: &str) {
        let client = self.client.clone().with_database(&self.store.shards[0].address().database);
        client.query(statement).execute().await.unwrap();
    }

    /// All rows of a query on each shard, as text, sorted.
    async fn rows(&self, query: &str) -> Vec<String> {
        let mut all = Vec::new();
        for shard in &self.store.shards {
            let query = format!("SELECT toString(tuple(*)) FROM ({query})");
            let client = self.client.clone().with_database(&shard.address().database);
            all.extend(client.query(&query).fetch_all::<String>().await.unwrap());
        }
        all.sort();
        all
    }

    async fn row(&self, query: &str) -> String {
        self.rows(query).await.join(" ")
    }

    /// What the store says, without versions and in terms of external ids.
    async fn state(&self) -> Vec<String> {
        let mut state = Vec::new();
        for query in [
            "SELECT account, account_key, buckets FROM accounts FINAL",
            "SELECT account, bucket, external_id, profile_no, state FROM profiles FINAL",
            "SELECT account, bucket, external_id, profile_no FROM profile_names FINAL",
            "SELECT * EXCEPT version FROM traits FINAL WHERE kind != 'absent'",
            "SELECT * EXCEPT version FROM traits_by_profile FINAL WHERE kind != 'absent'",
            "SELECT * EXCEPT version FROM events FINAL",
            "SELECT * EXCEPT version FROM events_by_profile FINAL",
            "SELECT * FROM event_times FINAL",
            "SELECT account, bucket, metric, day, arraySort(bitmapToArray(groupBitmapMergeState(profiles))) \
             FROM event_days GROUP BY account, bucket, metric, day",
            "SELECT * EXCEPT version FROM event_properties FINAL",
            "SELECT * EXCEPT version FROM event_amounts FINAL",
            "SELECT account, bucket, page, arraySort(bitmapToArray(members)) FROM membership FINAL WHERE segment = 0",
            "SELECT DISTINCT account, bucket FROM unit_loads FINAL",
        ] {
            state.push(query.to_owned());
            state.extend(self.rows(query).await);
        }
        state
    }
}

fn options(profiles: &str, events: &str, profiles_per_bucket: u64) -> load::Options {
    load::Options {
        clock: Clock::Fixed(1_781_524_800_000),
        profiles: vec![Input::from_bytes("profiles", profiles.as_bytes())],
        events: vec![Input::from_bytes("events", events.as_bytes())],
        profiles_per_bucket,
        summarise_from: load::LARGE_UNIT_PROFILES,
        progress: true,
    }
}

fn profile(account: &str, id: impl std::fmt::Display, rest: &str) -> String {
    format!("{{\"account\":\"{account}\",\"id\":\"{id}\"{rest}}}\n")
}

fn event(
    account: &str,
    profile: impl std::fmt::Display,
    id: impl std::fmt::Display,
    time: &str,
    properties: &str,
) -> String {
    format!(
        "{{\"account\":\"{account}\",\"id\":\"{id}\",\"profile\":\"{profile}\",\"metric\":\"Placed Order\",\
         \"time\":\"{time}\",\"properties\":{properties}}}\n"
    )
}

/// Lines of several accounts, with profiles that only events know.
fn world() -> (String, String) {
    let accounts = ["a", "b", "it's \"c\" \\\\"];
    let (mut profiles, mut events) = (String::new(), String::new());
    for (number, account) in accounts.into_iter().map(|account| account.replace('"', "\\\"")).enumerate() {
        for id in 0..40 * (number + 1) {
            let list = if id % 2 == 0 { r#","lists":["vip"]"# } else { "" };
            profiles +=
                &profile(&account, id, &format!(",\"properties\":{{\"n\":{id},\"who\":{{\"is\":\"x\"}}}}{list}"));
            events += &event(
                &account,
                id + 20,
                id,
                &format!("2026-0{}-01T00:00:00Z", id % 9 + 1),
                &format!("{{\"v\":{id}}}"),
            );
        }
    }
    (profiles, events)
}

#[tokio::test(flavor = "multi_thread")]
async fn numbers_are_dense_and_everything_follows() {
    let scratch = Scratch::new("load_dense", 1).await;
    let (profiles, events) = world();
    let report = scratch.load(&profiles, &events).await.unwrap();
    assert_eq!((report.accounts, report.profiles, report.new_profiles, report.events), (3, 240, 300, 240));
    assert_eq!((report.traits, report.tombstones, report.units), (600, 0, 3));
    let dense = "SELECT account FROM profiles FINAL GROUP BY account, bucket HAVING min(profile_no) = 0 AND max(profile_no) + 1 = count()";
    assert_eq!(scratch.rows(dense).await.len(), 3);
    assert_eq!(scratch.row("SELECT count() FROM profile_names FINAL").await, "(300)");
    assert_eq!(scratch.row("SELECT count() FROM traits FINAL").await, "(600)");
    assert_eq!(scratch.row("SELECT count() FROM events FINAL").await, "(240)");
    assert_eq!(
        scratch.row("SELECT sum(bitmapCardinality(members)) FROM membership FINAL WHERE segment = 0").await,
        "(300)"
    );
    assert_eq!(
        scratch.row("SELECT count() FROM profiles AS p JOIN accounts AS a USING account WHERE p.account != sipHash64(a.account_key)").await,
        "(0)"
    );
    let text = report.to_string();
    assert!(text.contains("loaded 240 profiles (300 new)") && text.contains("events_by_profile: 240 rows"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn to_load_again_changes_nothing() {
    let scratch = Scratch::new("load_again", 1).await;
    let (profiles, events) = world();
    scratch.load(&profiles, &events).await.unwrap();
    let once = scratch.state().await;
    let report = scratch.load(&profiles, &events).await.unwrap();
    assert_eq!((report.new_profiles, report.tombstones, report.units), (0, 0, 3));
    assert_eq!(scratch.state().await, once);
    assert_eq!(scratch.row("SELECT count() FROM commits").await, "(2)");
    assert_eq!(scratch.row("SELECT count() FROM run_roots").await, "(0)");
    assert_eq!(scratch.row("SELECT uniqExact(version) FROM profiles").await, "(1)");
    assert_eq!(scratch.row("SELECT uniqExact(bitShiftRight(version, 64)) FROM events_by_profile FINAL").await, "(1)");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_put_takes_away_what_the_document_lacks() {
    let scratch = Scratch::new("load_put", 1).await;
    let all = r#","properties":{"a":1,"b":"2026-01-02T03:04:05Z","c":["x","y"],"d":"2026-01-02","e":"12","f":true},
        "consent":{"sms":{"status":"subscribed","time":"2026-01-01"},"email":"never"},"lists":["vip"],
        "location":{"latitude":42.5,"longitude":-71}"#
        .replace('\n', "");
    scratch.load(&(profile("a", 1, &all) + &profile("a", 2, &all)), "").await.unwrap();
    let traits = "SELECT trait, kind, text, number, time_ms, day, items, latitude, longitude, set_ms FROM traits FINAL \
                  WHERE profile_no = 0 AND kind != 'absent'";
    let unset = i64::MIN;
    assert_eq!(
        scratch.rows(traits).await,
        [
            format!("('consent/email','text','never',0,0,0,[],0,0,{unset})"),
            "('consent/sms','text','subscribed',0,0,0,[],0,0,1767225600000)".to_owned(),
            format!("('geo','point','',0,0,0,[],42.5,-71,{unset})"),
            format!("('list/vip','bool','true',0,0,0,[],0,0,{unset})"),
            format!("('p/a','number','1',1,0,0,[],0,0,{unset})"),
            format!("('p/b','time','2026-01-02T03:04:05Z',0,1767323045000,0,[],0,0,{unset})"),
            format!("('p/c','list','',0,0,0,['x','y'],0,0,{unset})"),
            format!("('p/d','date','2026-01-02',0,0,20455,[],0,0,{unset})"),
            format!("('p/e','digits','12',12,0,0,[],0,0,{unset})"),
            format!("('p/f','bool','true',0,0,0,[],0,0,{unset})"),
        ]
    );
    // Twice in one batch: the last line counts.
    let report = scratch
        .load(&(profile("a", 1, r#","properties":{"new":1}"#) + &profile("a", 1, r#","properties":{"a":2}"#)), "")
        .await
        .unwrap();
    assert_eq!(report.tombstones, 9);
    assert_eq!(
        scratch.row("SELECT trait, text FROM traits FINAL WHERE profile_no = 0 AND kind != 'absent'").await,
        "('p/a','2')"
    );
    let by_profile = "SELECT trait, text FROM traits_by_profile FINAL WHERE profile_no = 0 AND kind != 'absent'";
    assert_eq!(scratch.row(by_profile).await, "('p/a','2')");
    assert_eq!(scratch.row("SELECT count() FROM traits FINAL WHERE profile_no = 1 AND kind != 'absent'").await, "(10)");
    // What was taken away comes back.
    scratch.load(&profile("a", 1, &all), "").await.unwrap();
    assert_eq!(scratch.rows(traits).await.len(), 10);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_later_line_and_a_later_load_correct_an_event() {
    let scratch = Scratch::new("load_correct", 1).await;
    let time = "2026-01-01T00:00:00Z";
    let lines = event("a", 1, "e", time, r#"{"v":1}"#) + &event("a", 1, "e", "2026-01-01", r#"{"v":2,"w":"ü"}"#);
    scratch.load("", &lines).await.unwrap();
    let events =
        "SELECT metric, time, event = sipHash64('e'), properties['v'], properties['w'] FROM events_by_profile FINAL";
    assert_eq!(scratch.row(events).await, "('Placed Order','2026-01-01 00:00:00.000',1,'n2','sü')");
    scratch.load("", &event("a", 1, "e", time, r#"{"v":3}"#)).await.unwrap();
    assert_eq!(scratch.row(events).await, "('Placed Order','2026-01-01 00:00:00.000',1,'n3','')");
    scratch.load("", &event("a", 1, "f", time, "null")).await.unwrap();
    assert_eq!(scratch.row("SELECT count() FROM events FINAL").await, "(2)");
}

/// Lines of one profile and of one event, more than a chunk holds: the last one counts, also when it comes once more and
/// parts are merged in whatever order.
#[tokio::test(flavor = "multi_thread")]
async fn of_many_lines_about_the_same_the_last_one_counts() {
    let scratch = Scratch::new("load_ties", 1).await;
    let filler = "x".repeat(1000);
    let (mut profiles, mut events) = (String::new(), String::new());
    for line in 0..5000 {
        profiles += &profile("a", 1, &format!(",\"properties\":{{\"v\":{line},\"of{}\":\"{filler}\"}}", line % 7));
        events += &event("a", 1, "e", "2026-01-01", &format!("{{\"v\":{line},\"filler\":\"{filler}\"}}"));
    }
    for _ in 0..2 {
        scratch.load(&profiles, &events).await.unwrap();
        for table in ["traits", "traits_by_profile", "events", "events_by_profile"] {
            let client = scratch.client.clone().with_database("load_ties_0");
            client.query(&format!("OPTIMIZE TABLE {table} FINAL")).execute().await.unwrap();
        }
        for table in ["traits", "traits_by_profile"] {
            let left = format!("SELECT trait, text = '4999' FROM {table} FINAL WHERE kind != 'absent'");
            assert_eq!(scratch.rows(&left).await, ["('p/of1',0)", "('p/v',1)"], "{table}");
        }
        assert_eq!(scratch.row("SELECT properties['v'] FROM events_by_profile FINAL").await, "('n4999')");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn buckets_spread_over_shards() {
    let one = Scratch::new("load_one", 1).await;
    let two = Scratch::new("load_two", 2).await;
    let (profiles, events) = world();
    one.load(&profiles, &events).await.unwrap();
    let report = two.load_with(&profiles, &events, 50).await.unwrap();
    assert_eq!(report.units, 6, "1, 2 and 3 buckets");
    for scratch in [&one, &two] {
        let wrong = "SELECT count() FROM profiles AS p JOIN accounts AS a USING account WHERE bucket != sipHash64(external_id) % buckets";
        assert!(scratch.rows(wrong).await.iter().all(|row| row == "(0)"));
    }
    assert_eq!(two.rows("SELECT account, buckets FROM accounts FINAL").await.len(), 6, "each account on each shard");
    let dense =
        "SELECT account, bucket FROM profiles FINAL GROUP BY account, bucket HAVING max(profile_no) + 1 = count()";
    assert_eq!(two.rows(dense).await.len(), 6);
    for table in ["traits", "events"] {
        let facts = format!(
            "SELECT external_id, * EXCEPT (bucket, profile_no, version) FROM {table} AS t FINAL \
             JOIN profile_names AS n ON n.account = t.account AND n.bucket = t.bucket AND n.profile_no = t.profile_no"
        );
        let facts = facts.replace("* EXCEPT (bucket, profile_no, version)", "t.* EXCEPT (bucket, profile_no, version)");
        assert_eq!(one.rows(&facts).await, two.rows(&facts).await, "{table}");
    }
    for shard in &two.store.shards {
        let lanes = two.store.lanes_of(shard);
        let query = format!(
            "SELECT DISTINCT account_key, bucket FROM {0}.profiles JOIN {0}.accounts USING account",
            shard.name()
        );
        let units: Vec<(String, u16)> = two.client.query(&query).fetch_all().await.unwrap();
        assert!(!units.is_empty() && units.iter().all(|unit| lanes.contains(&two.store.lane_of(&unit.0, unit.1))));
    }
    let before = two.state().await;
    two.load_with(&profiles, &events, 1).await.unwrap();
    assert_eq!(two.state().await, before, "buckets are written once");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_line_is_named_and_what_follows_is_safe() {
    let scratch = Scratch::new("load_bad", 1).await;
    let (profiles, events) = world();
    let error = scratch.load(&format!("{profiles}\n{{\"account\":\"a\"}}\n"), &events).await.unwrap_err();
    let LoadError::BadData(bad) = &error else { panic!("{error:?}") };
    assert_eq!((bad.file.as_str(), bad.line, bad.reason.as_str()), ("profiles", 242, "`id` is missing"));
    assert!(error.to_string().contains("to load the mended input as a whole is safe"), "{error}");
    assert_eq!(scratch.row("SELECT count() FROM profiles").await, "(0)");
    assert_eq!(scratch.row(HELD_CLAIMS).await, "(0)", "nobody has to wait");
    scratch.load(&profiles, &events).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn absurd_times_and_names_are_loaded() {
    let scratch = Scratch::new("load_absurd", 1).await;
    let mut events = String::new();
    for year in 1970..2149 {
        for month in 1..=12 {
            events += &event("a", month, year, &format!("{year}-{month:02}-01T12:00:00Z"), "{}");
            events += &event("a", month, year, &format!("{year}-{month:02}-28T12:00:00Z"), "{}");
        }
    }
    let name = "n".repeat(10_000);
    let profiles = profile("a", &name, &format!(",\"properties\":{{\"{name}\":1}},\"lists\":[\"{name}\"]"));
    scratch.load(&profiles, &events).await.unwrap();
    assert_eq!(scratch.row("SELECT count() FROM events FINAL").await, format!("({})", 179 * 24));
    assert_eq!(scratch.row("SELECT count() FROM traits FINAL WHERE length(trait) > 10000").await, "(2)");
}

#[tokio::test(flavor = "multi_thread")]
async fn new_property_pairs_are_filled_in() {
    let scratch = Scratch::new("load_pairs", 1).await;
    let events = event("a", 1, 1, "1990-01-01", r#"{"v":1}"#) + &event("a", 1, 2, "2026-01-01", r#"{"w":1}"#);
    scratch.load("", &events).await.unwrap();
    let account = segment_rules::sip_hash_64("a");
    let shard = &scratch.store.shards[0];
    for (metric, property) in [("Placed Order", "v"), ("*", "w"), ("Other", "x")] {
        load::backfill(shard, account, &PropertyPair::alone(metric, property)).await.unwrap();
    }
    assert_eq!(
        scratch.rows("SELECT property, day, kind, amount FROM event_properties FINAL").await,
        [
            "('v','1990-01-01','number',1000000000)",
            "('v','2026-01-01','absent',NULL)",
            "('w','1990-01-01','absent',NULL)",
            "('w','2026-01-01','number',1000000000)",
        ]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn properties_of_new_events_are_as_if_they_were_filled_in() {
    let values = [
        r#""text with | and \"quotes\" é""#,
        r#""""#,
        r#""0012.50""#,
        r#""-0""#,
        "0.1",
        "-0",
        "-12.345678901234",
        "1e3",
        "0.0000000004",
        "99999999999999999999999999999",
        "123456789012345678901234567890.5",
        "1.7976931348623157e308",
        "true",
        r#""2026-01-02T03:04:05.678+01:00""#,
        r#""2026-01-02""#,
        r#""1969-12-31""#,
        r#"["a",1.50,"ü\u0000'",true]"#,
        "[]",
        "null",
    ];
    let lines: String = (0..)
        .zip(values)
        .map(|(id, value)| event("a", id % 3, id, "2026-01-01T00:00:00Z", &format!("{{\"v\":{value},\"w\":{id}}}")))
        .collect();
    let lines = lines + &event("b", 1, 1, "1990-01-01", r#"{"v":1}"#);
    let account = segment_rules::sip_hash_64("a");
    let alone = |metric, property| PropertyPair::alone(metric, property);
    let beside = |metric, property, summed: &str| PropertyPair { summed: summed.to_owned(), ..alone(metric, property) };
    let pairs = [
        alone("Placed Order", "v"),
        alone("*", "v"),
        alone("*", "w"),
        alone("Other", "v"),
        beside("Placed Order", "v", "w"),
        beside("*", "v", "w"),
        beside("*", "w", "v"),
        beside("Placed Order", "v", "v"),
    ];
    let (before, after) = (Scratch::new("load_pairs_before", 1).await, Scratch::new("load_pairs_after", 1).await);
    let client = before.client.clone().with_database("load_pairs_before_0");
    for PropertyPair { metric, property, summed } in &pairs {
        let row = format!("({account}, '{metric}', '{property}', '{summed}', 1, 1)");
        client.query(&format!("INSERT INTO property_pairs VALUES {row}")).execute().await.unwrap();
    }
    before.load("", &lines).await.unwrap();
    after.load("", &lines).await.unwrap();
    for pair in &pairs {
        load::backfill(&after.store.shards[0], account, pair).await.unwrap();
    }
    for (table, pairs) in [("event_properties", 2), ("event_amounts", 3)] {
        let rows = format!("SELECT * EXCEPT version, bitAnd(version, 18446744073709551615) AS line FROM {table} FINAL");
        let filled_in = after.rows(&rows).await;
        assert_eq!(filled_in.len(), pairs * values.len());
        assert_eq!(before.rows(&rows).await, filled_in);
    }
    let counted =
        "SELECT property, summed, sum(counts), sum(amount) FROM event_amounts FINAL GROUP BY property, summed";
    // Sixteen values have a text form; eight are numbers below 10^29.
    let expected = [
        "('v','v',8,100000000000000000000000000999254321099)",
        "('v','w',16,120000000000)",
        "('w','v',8,100000000000000000000000000999254321099)",
    ];
    assert_eq!(before.rows(counted).await, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_gives_the_claims_back() {
    let scratch = Scratch::new("load_stop", 1).await;
    let (profiles, events) = world();
    let stop = CancellationToken::new();
    let when_claimed = async {
        while scratch.row("SELECT count() > 0 FROM lane_claims").await == "(0)" {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        stop.cancel();
    };
    let load = load::load(&scratch.store, options(&profiles, &events, 4_000_000), stop.clone());
    let (outcome, ()) = futures::join!(load, when_claimed);
    assert!(matches!(outcome, Err(LoadError::Stopped)), "{outcome:?}");
    assert_eq!(scratch.row(HELD_CLAIMS).await, "(0)", "nobody has to wait");
    scratch.load(&profiles, &events).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn two_loads_at_once_are_one_after_the_other() {
    let together = Scratch::new("load_together", 2).await;
    let (profiles, events) = world();
    let loads = (0..4).map(|_| together.load(&profiles, &events));
    for report in futures::future::join_all(loads).await {
        report.unwrap();
    }
    let alone = Scratch::new("load_alone", 2).await;
    alone.load(&profiles, &events).await.unwrap();
    let numbers = "SELECT account, bucket, external_id, profile_no FROM profiles FINAL";
    assert_eq!(together.rows(numbers).await, alone.rows(numbers).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_load_is_finished_by_the_next() {
    let killed = Scratch::new("load_killed", 1).await;
    let (profiles, events) = world();
    let mut kills = 0;
    for after in [10, 40, 120] {
        let load = killed.load(&profiles, &events);
        if tokio::time::timeout(Duration::from_millis(after), load).await.is_err() {
            kills += 1;
            killed.load(&profiles, &events).await.unwrap();
        }
    }
    assert!(kills > 0, "all had ended before");
    let whole = Scratch::new("load_whole", 1).await;
    whole.load(&profiles, &events).await.unwrap();
    assert_eq!(killed.state().await, whole.state().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shard_that_is_down_is_named() {
    let mut scratch = Scratch::new("load_down", 1).await;
    let address = ShardAddress { url: "http://127.0.0.1:9".to_owned(), ..scratch.store.shards[0].address().clone() };
    scratch.store.shards = store::shards(&[address], &Credentials::default()).unwrap();
    let error = scratch.load(&profile("a", 1, ""), "").await.unwrap_err();
    assert!(error.to_string().starts_with("shard load_down_0 (http://127.0.0.1:9, database load_down_0): "), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_dead_load_wrote_by_half_is_mended_though_its_successor_died_too() {
    let scratch = Scratch::new("load_dead", 1).await;
    let (profiles, events) = world();
    scratch.load(&profiles, &events).await.unwrap();
    let names = "SELECT account, bucket, profile_no, external_id FROM profile_names FINAL";
    let before = scratch.rows(names).await;
    assert!(!before.is_empty());
    scratch.run("TRUNCATE TABLE profile_names").await;
    for (after, version) in [(1, 1), (2, i64::MAX)] {
        let claim = format!(
            "INSERT INTO lane_claims (lane, epoch, holder, at, released)
            SELECT lane, {after} + (SELECT max(epoch) FROM lane_claims WHERE NOT startsWith(holder, 'load-dead')),
                'load-dead{after}@{version}', now64(3) - INTERVAL 1 MINUTE, 0 FROM lanes FINAL"
        );
        scratch.run(&claim).await;
    }
    scratch.load(&profiles, &events).await.unwrap();
    assert_eq!(scratch.rows(names).await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_dead_holder_committed_is_applied_though_its_successors_gave_way() {
    let scratch = Scratch::new("load_fence", 1).await;
    let (profiles, events) = world();
    scratch.load(&profiles, &events).await.unwrap();
    let loads = "SELECT account, bucket, seq FROM unit_loads FINAL";
    let before = scratch.rows(loads).await;
    assert!(!before.is_empty());
    scratch.run("TRUNCATE TABLE unit_loads").await;
    for (after, holder, released) in [(1, "dead", 0), (2, "a", 0), (2, "b", 0), (2, "a", 1), (2, "b", 1)] {
        let row = format!(
            "INSERT INTO fences (epoch, holder, released, at)
            SELECT {after} + max(epoch), '{holder}', {released}, now64(3) - INTERVAL 1 MINUTE FROM fences
            WHERE holder NOT IN ('dead', 'a', 'b')"
        );
        scratch.run(&row).await;
    }
    let (shard, stop) = (&scratch.store.shards[0], CancellationToken::new());
    let fence = Fence::take(shard, "heir", &stop).await.unwrap().unwrap();
    assert!(fence.overtook());
    commit::settle(shard, &fence).await.unwrap();
    fence.release().await.unwrap();
    assert_eq!(scratch.rows(loads).await, before);
    let next = Fence::take(shard, "next", &stop).await.unwrap().unwrap();
    assert!(!next.overtook(), "it has been settled");
    next.release().await.unwrap();
}
