//! What has hurt users of such systems, shown on real stores: each test is the fact that holds here.

mod absurd;
mod refusals;
mod shards;
mod versions;

use anyhow::{Context, Result, anyhow, ensure};
use segment_tests::cases;
use segment_tests::evaluator::{self, Segmentctl};
use segment_tests::json::Json;
use segment_tests::oracle::{self, Input, Member};
use segment_tests::server::{self, Server};
use segment_tests::store::{Shape, Store, whole};
use segment_tests::world::Files;
use std::collections::{BTreeMap, BTreeSet};

/// 2026-06-15T12:00:00Z
const AS_OF: i64 = 1_781_524_800_000;
const DAY: i64 = 86_400_000;

/// Texts that mean something to a database, a shell, a parser or a printer.
const HOSTILE: [&str; 14] = [
    "'); DROP TABLE members; --",
    "\"; DROP TABLE members; --",
    "' OR '1'='1",
    "\\'; SELECT 1; --",
    "\\",
    "{x:String}",
    "?",
    "a\0b",
    "😀",
    "`members`",
    "\\N",
    "%s%n$1",
    "tab\there\nand a line",
    "NULL",
];

fn segment(name: &str, account: &str, criteria: Vec<Json>) -> Json {
    Json::object([
        ("apiVersion", Json::text("segmentation.dev/v1alpha1")),
        ("kind", Json::text("Segment")),
        ("metadata", Json::object([("name", Json::text(name))])),
        (
            "spec",
            Json::object([
                ("storeRef", Json::object([("name", Json::text("main"))])),
                ("account", Json::text(account)),
                ("criteria", Json::List(criteria)),
            ]),
        ),
    ])
}

/// A criterion, its body as JSON.
fn criterion(kind: &str, body: &str) -> Result<Json> {
    let body = Json::parse(body).map_err(anyhow::Error::msg)?;
    Ok(Json::object([("name", Json::text("c")), (kind, body)]))
}

fn color(name: &str, value: &str) -> Result<Json> {
    let body = format!(r#"{{"name": "color", "equals": "{value}"}}"#);
    Ok(segment(name, "42", vec![criterion("property", &body)?]))
}

fn yaml(documents: &[Json]) -> String {
    documents.iter().flat_map(|document| ["---\n".to_owned(), document.to_string(), "\n".to_owned()]).collect()
}

/// The profiles of account 42, red by turns with blue.
fn colors(count: usize) -> Files {
    let line = |number: usize| {
        let color = ["red", "blue"][number % 2];
        format!("{{\"account\": \"42\", \"id\": \"p{number}\", \"properties\": {{\"color\": \"{color}\"}}}}\n")
    };
    Files { profiles: (0..count).map(line).collect(), events: String::new(), segments: String::new() }
}

/// The profiles of a segment of account 42.
fn of(store: &Store, documents: &[Json], name: &str) -> Result<Vec<String>> {
    let name = format!("default/{name}");
    let members = store.members(documents)?.into_iter().filter(|member| member.segment == name);
    Ok(members.map(|member| member.profile).collect())
}

fn agrees(store: &Store, documents: &[Json], files: &Files) -> Result<()> {
    let expected = by_oracle(documents, files, store.as_of)?;
    let found = store.members(documents)?;
    ensure!(found == expected, "lacking {:?}, too many {:?}", &expected - &found, &found - &expected);
    Ok(())
}

fn texts(texts: &[&str]) -> BTreeSet<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

/// Why members have come and gone.
fn reasons(store: &Store) -> Result<BTreeSet<String>> {
    let query =
        "SELECT DISTINCT toString(reason) AS reason FROM membership_changes WHERE batch IN (SELECT batch FROM commits)";
    let reason = |row: Json| row.get("reason").and_then(Json::as_text).map(str::to_owned).context("a reason");
    store.rows(query)?.into_iter().map(reason).collect()
}

fn by_oracle(documents: &[Json], files: &Files, as_of: i64) -> Result<BTreeSet<Member>> {
    let Files { profiles, events, .. } = files;
    let input = Input { documents, store_time_zone: None, profiles, events, as_of };
    oracle::evaluate(input).map_err(|trouble| anyhow!("{trouble:?}"))
}

#[test]
fn an_edited_segment_drops_its_old_members() -> Result<()> {
    let server = Server::start()?;
    let store = Store::new(&[&server, &server], AS_OF)?;
    store.load(&colors(6), &["--profiles-per-bucket", "2"])?;
    for (value, members) in [("red", ["p0", "p2", "p4"]), ("blue", ["p1", "p3", "p5"])] {
        let documents = [color("chosen", value)?];
        store.evaluate(&yaml(&documents), &[])?.context("a run")?;
        assert_eq!(of(&store, &documents, "chosen")?, members);
        ensure!(store.evaluate(&yaml(&documents), &[])?.is_none(), "the same again is due");
    }
    let nobody = [color("chosen", "green")?];
    store.evaluate(&yaml(&nobody), &[])?.context("a run")?;
    assert!(of(&store, &nobody, "chosen")?.is_empty());
    assert_eq!(reasons(&store)?, texts(&["definition"]));
    let files = Files { profiles: colors(6).profiles.replace("red", "green"), ..colors(0) };
    store.load(&files, &[])?;
    store.evaluate(&yaml(&nobody), &[])?.context("a run")?;
    assert_eq!(of(&store, &nobody, "chosen")?, ["p0", "p2", "p4"]);
    assert_eq!(reasons(&store)?, texts(&["change", "definition"]));
    Ok(())
}

#[test]
fn a_relative_window_shrinks_as_well_as_grows_as_the_clock_moves_on() -> Result<()> {
    let server = Server::start()?;
    let mut store = Store::new(&[&server], AS_OF)?;
    let event = |profile: &str, days: i64| {
        let time = oracle::start_of_day("UTC", AS_OF, days).and_then(|ms| jiff::Timestamp::from_millisecond(ms).ok());
        let time = time.map(|time| time.to_string()).unwrap_or_default();
        format!(
            "{{\"account\": \"42\", \"id\": \"e{days}\", \"profile\": \"{profile}\", \"metric\": \"m\", \
             \"time\": \"{time}\"}}\n"
        )
    };
    let events = [event("ends", -29), event("begins", 1), event("stays", -1), event("never", -40)].concat();
    let files = Files { profiles: String::new(), events, segments: String::new() };
    store.load(&files, &["--summarise-from", "0"])?;
    let documents = ["{}", r#"{"count": {"atMost": 1}}"#]
        .iter()
        .zip(["any", "few"])
        .map(|(count, name)| {
            let mut within = Json::parse(count).map_err(anyhow::Error::msg)?;
            let Json::Object(fields) = &mut within else { return Err(anyhow!("an object")) };
            fields.push(("metric".to_owned(), Json::text("m")));
            fields.push(("within".to_owned(), Json::object([("last", Json::text("30d"))])));
            Ok(segment(name, "42", vec![Json::object([("name", Json::text("c")), ("event", within)])]))
        })
        .collect::<Result<Vec<_>>>()?;
    for (days, members) in [(0, vec!["ends", "stays"]), (2, vec!["begins", "stays"]), (60, vec![])] {
        store.as_of = AS_OF + days * DAY;
        store.evaluate(&yaml(&documents), &["--all"])?.context("a run")?;
        assert_eq!(of(&store, &documents, "any")?, members, "after {days} days");
        agrees(&store, &documents, &files)?;
    }
    assert_eq!(reasons(&store)?, texts(&["time"]), "nothing else changed");
    Ok(())
}

#[test]
fn a_segment_that_refers_to_another_reflects_the_others_edit() -> Result<()> {
    let server = Server::start()?;
    let store = Store::new(&[&server], AS_OF)?;
    let files = colors(4);
    store.load(&files, &[])?;
    let outer = |name: &str, inner: &str| {
        criterion("segment", &format!(r#"{{"name": "{inner}"}}"#)).map(|criterion| segment(name, "42", vec![criterion]))
    };
    for (value, members) in [("red", ["p0", "p2"]), ("blue", ["p1", "p3"])] {
        let documents = [outer("outermost", "outer")?, color("inner", value)?, outer("outer", "inner")?];
        store.evaluate(&yaml(&documents), &[])?.context("a run")?;
        for name in ["inner", "outer", "outermost"] {
            assert_eq!(of(&store, &documents, name)?, members, "{name}");
        }
    }
    Ok(())
}

/// Segment to the sum of a column over the units of a run.
fn counted(store: &Store, run: &str) -> Result<BTreeMap<(u64, u64), [u64; 3]>> {
    let query = format!(
        "SELECT account, segment, members, entered, exited FROM evaluations FINAL \
         WHERE run = '{run}' AND segment != 0 AND outcome = 'committed' AND batch IN (SELECT batch FROM commits)"
    );
    let mut sums: BTreeMap<(u64, u64), [u64; 3]> = BTreeMap::new();
    for row in store.rows(&query)? {
        let sum = sums.entry((whole(&row, "account")?, whole(&row, "segment")?)).or_default();
        for (sum, key) in sum.iter_mut().zip(["members", "entered", "exited"]) {
            *sum += whole(&row, key)?;
        }
    }
    Ok(sums)
}

#[test]
fn counts_in_evaluations_equal_rows_in_members() -> Result<()> {
    let server = Server::start()?;
    let batch = cases::batch(23, 20);
    let mut store = Shape { shards: 3, profiles: 4, loads: &[false] }.fill(&server, &batch)?;
    let mut before: BTreeMap<(u64, u64), u64> = BTreeMap::new();
    for row in store.rows("SELECT account, segment, count() AS n FROM members GROUP BY account, segment")? {
        *before.entry((whole(&row, "account")?, whole(&row, "segment")?)).or_default() += whole(&row, "n")?;
    }
    store.as_of += 40 * DAY;
    let run = store.evaluate(&batch.render().segments, &["--all"])?.context("a run")?;
    let mut after: BTreeMap<(u64, u64), u64> = BTreeMap::new();
    for row in store.rows("SELECT account, segment, count() AS n FROM members GROUP BY account, segment")? {
        *after.entry((whole(&row, "account")?, whole(&row, "segment")?)).or_default() += whole(&row, "n")?;
    }
    let counted = counted(&store, &run)?;
    ensure!(counted.values().any(|[_, entered, _]| *entered > 0) && counted.values().any(|[_, _, exited]| *exited > 0));
    let at = |counts: &BTreeMap<(u64, u64), u64>, key| counts.get(key).copied().unwrap_or(0);
    for (key, [members, entered, exited]) in &counted {
        assert_eq!(at(&after, key), *members, "{key:?}");
        assert_eq!(at(&before, key) + entered, members + exited, "{key:?}");
    }
    Ok(())
}

/// A segment of each kind in which a text can stand, with the text in every field.
fn hostile_segments(index: usize, text: &str) -> Result<Vec<Json>> {
    let quoted = Json::text(text).to_string();
    let pattern = Json::text(regex::escape(text).replace('\0', "\\x00")).to_string();
    let property = |asked: &str| format!(r#"{{"name": {quoted}, {asked}}}"#);
    let condition = format!(r#"[{{"property": {quoted}, "equals": {quoted}}}]"#);
    let source = format!(r#""metric": {quoted}, "where": {condition}"#);
    let criteria = [
        ("property", property(&format!(r#""equals": {quoted}"#))),
        ("property", property(&format!(r#""in": ["x", {quoted}]"#))),
        ("property", property(&format!(r#""equals": {quoted}, "ignoreCase": true"#))),
        ("property", property(&format!(r#""contains": {quoted}"#))),
        ("property", property(&format!(r#""startsWith": {quoted}"#))),
        ("property", property(&format!(r#""endsWith": {quoted}"#))),
        ("property", property(&format!(r#""matches": {pattern}"#))),
        ("property", property(&format!(r#""hasItem": {quoted}"#))),
        ("property", property(r#""exists": true"#)),
        ("list", format!(r#"{{"id": {quoted}}}"#)),
        ("consent", format!(r#"{{"channel": {quoted}, "status": "subscribed"}}"#)),
        ("consent", format!(r#"{{"channel": "sms", "status": {quoted}}}"#)),
        ("sample", format!(r#"{{"percent": 50, "salt": {quoted}}}"#)),
        ("event", format!(r#"{{"metric": {quoted}}}"#)),
        ("event", format!(r#"{{"metric": {quoted}, "count": {{"atLeast": 2}}}}"#)),
        ("event", format!("{{{source}}}")),
        ("event", format!(r#"{{{source}, "sum": {{"property": {quoted}, "atMost": 1}}}}"#)),
        ("event", format!(r#"{{{source}, "average": {{"property": {quoted}, "atMost": 1}}}}"#)),
        ("event", format!(r#"{{"metric": {quoted}, "min": {{"property": {quoted}, "atMost": 1}}}}"#)),
        ("event", format!(r#"{{"metric": {quoted}, "max": {{"property": {quoted}, "atMost": 1}}}}"#)),
        ("lastEvent", format!(r#"{{"metric": {quoted}, "has": {condition}}}"#)),
        ("lastEvent", format!(r#"{{{source}, "within": {{"last": "1d"}}}}"#)),
        ("firstEvent", format!(r#"{{{source}, "has": {condition}}}"#)),
        ("sequence", format!(r#"{{"steps": [{{{source}}}, {{"metric": {quoted}}}], "span": "2d"}}"#)),
        ("sequence", format!(r#"{{"steps": [{{{source}}}, {{{source}}}], "span": "2d"}}"#)),
        ("regularEvent", format!(r#"{{{source}, "every": "1d", "of": 7, "atLeast": 1}}"#)),
        ("regularEvent", format!(r#"{{"metric": {quoted}, "every": "1d", "of": 7, "atLeast": 1}}"#)),
    ];
    let named = criteria.iter().enumerate();
    named
        .map(|(kind, (name, body))| Ok(segment(&format!("t{index}-{kind}"), text, vec![criterion(name, body)?])))
        .collect()
}

/// Three profiles and their events: all fields the text, some of them, none.
fn hostile_lines(text: &str) -> (String, String) {
    let quoted = Json::text(text).to_string();
    let profiles = format!(
        "{{\"account\": {quoted}, \"id\": {quoted}, \"properties\": {{{quoted}: {quoted}}}, \
         \"consent\": {{{quoted}: \"subscribed\", \"sms\": {quoted}}}, \"lists\": [{quoted}]}}\n\
         {{\"account\": {quoted}, \"id\": \"items\", \"properties\": {{{quoted}: [{quoted}, \"x\"]}}}}\n\
         {{\"account\": {quoted}, \"id\": \"other\", \"properties\": {{{quoted}: \"other\"}}}}\n"
    );
    let event = |id: &str, profile: &str, hour: usize, value: &str| {
        format!(
            "{{\"account\": {quoted}, \"id\": {id}, \"profile\": {profile}, \"metric\": {quoted}, \
             \"time\": \"2026-06-15T0{hour}:00:00Z\", \"properties\": {{{quoted}: {value}}}}}\n"
        )
    };
    let events = [
        event(&quoted, &quoted, 1, &quoted),
        event(&quoted, &quoted, 2, "0.5"),
        event("\"e\"", "\"other\"", 3, "\"other\""),
    ];
    (profiles, events.concat())
}

#[test]
fn a_suspended_segment_keeps_its_members_while_those_that_refer_to_it_use_its_definition() -> Result<()> {
    let server = Server::start()?;
    let store = Store::new(&[&server, &server], AS_OF)?;
    store.load(&colors(6), &["--profiles-per-bucket", "2"])?;
    let refers = segment("refers", "42", vec![criterion("segment", r#"{"name": "target"}"#)?]);
    let (red, blue) = (["p0", "p2", "p4"], ["p1", "p3", "p5"]);
    for (value, is_suspended, target, referring) in
        [("red", false, red, red), ("blue", true, red, blue), ("blue", false, blue, blue)]
    {
        let mut documents = [color("target", value)?, refers.clone()];
        let mut spec = documents[0].get("spec").context("a spec")?.clone();
        spec.set("suspend", Json::Bool(is_suspended));
        documents[0].set("spec", spec);
        store.evaluate(&yaml(&documents), &[])?.context("a run")?;
        assert_eq!(of(&store, &documents, "target")?, target, "{value}, suspended: {is_suspended}");
        assert_eq!(of(&store, &documents, "refers")?, referring, "{value}, suspended: {is_suspended}");
    }
    Ok(())
}

#[test]
fn text_that_looks_like_sql_is_only_text() -> Result<()> {
    let server = Server::start()?;
    let store = Store::new(&[&server, &server], AS_OF)?;
    let (mut documents, mut refused) = (Vec::new(), Vec::new());
    let (mut profiles, mut events) = (String::new(), String::new());
    for (index, text) in HOSTILE.iter().enumerate() {
        documents.extend(hostile_segments(index, text)?);
        // Kubernetes would not take such a name.
        refused.push(segment(text, text, vec![criterion("list", &format!(r#"{{"id": {}}}"#, Json::text(*text)))?]));
        let lines = hostile_lines(text);
        profiles += &lines.0;
        events += &lines.1;
    }
    let tables = |shard: usize| {
        let (url, database) = &store.shards[shard];
        server::rows(url, "system", &format!("SELECT name FROM tables WHERE database = '{database}' ORDER BY name"))
    };
    let before = [tables(0)?, tables(1)?];
    let files = Files { profiles, events, segments: yaml(&documents) };
    store.load(&files, &["--summarise-from", "0", "--profiles-per-bucket", "2"])?;
    store.evaluate(&files.segments, &[])?.context("a run")?;
    agrees(&store, &documents, &files)?;
    let outcome = Segmentctl::find()?.eval(&files, AS_OF)?;
    ensure!(outcome.code == Some(0), "{outcome:?}");
    let found: BTreeSet<Member> = evaluator::parse(&outcome.stdout, &documents)?.into_iter().collect();
    assert_eq!(found, by_oracle(&documents, &files, AS_OF)?);
    let outcome = store.publish(&yaml(&refused), &[])?;
    ensure!(outcome.code == Some(3) && outcome.stdout.is_empty(), "{outcome:?}");
    assert_eq!(outcome.stderr.matches("metadata.name: ").count(), refused.len());
    assert_eq!([tables(0)?, tables(1)?], before);
    Ok(())
}
