//! What an explanation reads: the profile's number, the truths of the slice, its traits and its events.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use clickhouse::Row;
use segment_rules::{
    Child, Node, Op, PropertyPair, Target,
    canonical::{Criterion, NumberRange, Source, Window},
    sip_hash_64,
};
use segment_sql::{explain as sql, publish, rule_join};
use serde::Deserialize;

use super::{
    ExplainError, Subject, Work,
    seen::{Event, Events, Trait},
};
use crate::{
    evaluate::{
        plan::{self, Root, UnitWork},
        rows::{SourceRow, TestRow, WindowRow, source},
    },
    pairs::KeptPair,
    publish::buckets,
    shards::{Shard, ShardError},
    staging::Stage,
    store::{Missing, Store},
};

/// The days that ClickHouse's Date has: events lie in all of them but the last.
const FIRST_DAY: &str = "1970-01-01";
const LAST_DAY: &str = "2149-06-06";

/// Where a profile is.
pub(super) struct Found<'a> {
    pub(super) shard: &'a Shard,
    pub(super) account: u64,
    pub(super) bucket: u16,
    pub(super) profile_no: u32,
}

#[derive(Row, Deserialize)]
struct ProfileRow {
    profile_no: u32,
}

#[derive(Row, Deserialize)]
struct TruthRow {
    root: u64,
}

#[derive(Row, Deserialize)]
struct TraitRow {
    r#trait: String,
    kind: String,
    text: String,
    items: Vec<String>,
    latitude: f64,
    longitude: f64,
    set_ms: i64,
}

#[derive(Row, Deserialize)]
struct EventRow {
    source: u32,
    metric: String,
    ms: i64,
    event: u64,
    number: f64,
    amount: Option<String>,
}

/// Finds the subject's profile, which may lie on a shard that is missing.
pub(super) async fn find<'a>(
    store: &'a Store,
    subject: Subject<'_>,
    missing: &Missing,
) -> Result<Option<Found<'a>>, ExplainError> {
    let key = &subject.definition.account;
    let account = sip_hash_64(key);
    let buckets = match buckets(store, key, missing).await? {
        Some(buckets) => buckets,
        None if missing.is_empty() => return Ok(None),
        None => return Err(ExplainError::Unknown { account: key.clone() }),
    };
    let bucket = u16::try_from(sip_hash_64(subject.profile) % u64::from(buckets)).unwrap_or(0);
    let shard = store.shard_of(key, bucket);
    if store.is_missing(shard, missing) {
        return Err(ExplainError::Missing { profile: subject.profile.to_owned(), shard: shard.name().to_owned() });
    }
    let found: Option<ProfileRow> = shard
        .call(sql::PROFILE, "explain")
        .param("account", account)
        .param("bucket", bucket)
        .param("profile", subject.profile)
        .row()
        .await?;
    Ok(found.map(|ProfileRow { profile_no }| Found { shard, account, bucket, profile_no }))
}

/// The roots of the staged slice that are true of the profile.
pub(super) async fn truths(work: &Work<'_>) -> Result<BTreeSet<u64>, ShardError> {
    let rows: Vec<TruthRow> = work
        .stage
        .bind(work.shard.call(sql::TRUTHS, &work.stage.scope()))
        .param("bucket", work.bucket)
        .param("profile_no", work.profile_no)
        .rows()
        .await?;
    Ok(rows.into_iter().map(|row| row.root).collect())
}

/// The pairs of the account that are complete.
pub(super) async fn pairs(work: &Work<'_>) -> Result<BTreeSet<PropertyPair>, ShardError> {
    let accounts = vec![work.stage.account_from];
    let rows: Vec<KeptPair> =
        work.shard.call(publish::PROPERTY_PAIRS, "explain").param("accounts", accounts).rows().await?;
    Ok(rows.into_iter().map(|row| row.pair().1).collect())
}

/// The traits that criteria ask for, by key.
pub(super) async fn traits(
    work: &Work<'_>,
    criteria: &BTreeMap<u64, &Criterion>,
) -> Result<BTreeMap<String, Trait>, ShardError> {
    let keys: BTreeSet<&str> = criteria
        .values()
        .filter_map(|criterion| match criterion {
            Criterion::Trait { key, .. } => Some(key.as_str()),
            Criterion::Near { .. } => Some("geo"),
            _ => None,
        })
        .collect();
    if keys.is_empty() {
        return Ok(BTreeMap::new());
    }
    let rows: Vec<TraitRow> = work
        .shard
        .call(sql::TRAITS, "explain")
        .param("account", work.stage.account_from)
        .param("bucket", work.bucket)
        .param("profile_no", work.profile_no)
        .param("traits", keys)
        .rows()
        .await?;
    let found = |row: TraitRow| {
        let TraitRow { r#trait, kind, text, items, latitude, longitude, set_ms } = row;
        (r#trait, Trait { kind, text, items, latitude, longitude, set_ms })
    };
    Ok(rows.into_iter().map(found).collect())
}

/// The events that the sources of criteria choose, by criterion and by place of the source in it.
pub(super) async fn events(work: &Work<'_>, criteria: &BTreeMap<u64, &Criterion>) -> Result<Events, ShardError> {
    let asked = Asked::of(work, criteria);
    if asked.sources.is_empty() {
        return Ok(Events::new());
    }
    let stage = Stage { slice: 1, ..work.stage };
    let forms: BTreeSet<i8> = asked.sources.iter().map(|source| source.form).collect();
    work.shard.insert_all("run_tests", &stage.scope(), asked.tests).await?;
    work.shard.insert_all("run_sources", &stage.scope(), asked.sources).await?;
    work.shard.insert_all("run_windows", &stage.scope(), asked.windows).await?;
    let call = |statement| {
        let call = stage.bind(work.shard.call(statement, &stage.scope()));
        call.param("day_from", FIRST_DAY).param("day_to", LAST_DAY)
    };
    let staging = [
        (source::FILTERED, rule_join::FILTERED),
        // The texts that pass come before the events that have them.
        (source::FILTERED, rule_join::PASSING_TEXTS),
        (source::FILTERED, rule_join::FILTERED_TEXTS),
        (source::COMBINED, rule_join::COMBINED),
        (source::VALUED, rule_join::VALUES),
    ];
    for (_, statement) in staging.into_iter().filter(|(form, _)| forms.contains(form)) {
        call(statement).execute().await?;
    }
    let rows: Vec<EventRow> = call(sql::EVENTS).param("profile_no", work.profile_no).rows().await?;
    let mut by_source: HashMap<u32, Vec<Event>> = HashMap::new();
    for EventRow { source, metric, ms, event, number, amount } in rows {
        let amount = amount.and_then(|text| text.parse().ok());
        by_source.entry(source).or_default().push(Event { metric, ms, id: event, number, amount });
    }
    let places = asked.places.into_iter();
    Ok(places.map(|(place, source)| (place, by_source.get(&source).cloned().unwrap_or_default())).collect())
}

/// The rows that make a slice choose events.
#[derive(Default)]
struct Asked {
    sources: Vec<SourceRow>,
    tests: Vec<TestRow>,
    windows: Vec<WindowRow>,
    /// The number of the source that is at a place in a criterion.
    places: Vec<((u64, usize), u32)>,
}

/// Each source gets so many numbers of the plan's to itself.
const STEP: u32 = 1000;

impl Asked {
    /// Plans each source by itself, so that its number is known.
    fn of(work: &Work<'_>, criteria: &BTreeMap<u64, &Criterion>) -> Self {
        let mut asked = Self::default();
        for (id, criterion) in criteria {
            for (place, question) in questions(criterion).into_iter().enumerate() {
                let base = STEP * (u32::try_from(asked.places.len()).unwrap_or(u32::MAX / STEP) + 1);
                let rows = plan_alone(work, question);
                let Some(window) = rows.windows.first() else { continue };
                asked.places.push(((*id, place), base + window.source));
                let moved = |number: u32| if number == 0 { 0 } else { base + number };
                asked.sources.extend(rows.sources.into_iter().map(|row| SourceRow {
                    source: moved(row.source),
                    chosen_by: moved(row.chosen_by),
                    ..row
                }));
                asked
                    .windows
                    .extend(rows.windows.into_iter().map(|row| WindowRow { source: moved(row.source), ..row }));
                asked.tests.extend(rows.tests.into_iter().map(|row| TestRow { slot: base + row.slot, ..row }));
            }
        }
        asked
    }
}

/// Criteria of one source each, whose rows choose the same events as the sources of a criterion do; of an edge also those
/// that have what its event has to have.
fn questions(criterion: &Criterion) -> Vec<Criterion> {
    let edge = |source: &Source| Criterion::Edge {
        source: source.clone(),
        latest: true,
        window: Window::All,
        has: Vec::new(),
    };
    match criterion {
        Criterion::Trait { .. } | Criterion::Near { .. } | Criterion::Sample { .. } => Vec::new(),
        Criterion::Count { source, .. }
        | Criterion::DistinctDays { source, .. }
        | Criterion::Regular { source, .. } => vec![edge(source)],
        Criterion::Edge { source, has, .. } => {
            let conditions = source.conditions.iter().chain(has).cloned().collect();
            vec![edge(source), edge(&Source { metric: source.metric.clone(), conditions })]
        }
        Criterion::Sequence { steps, .. } => steps.iter().map(edge).collect(),
        Criterion::Sum { source, property, .. }
        | Criterion::Average { source, property, .. }
        | Criterion::Extreme { source, property, .. } => vec![with_numbers(source, property)],
    }
}

/// A criterion about the events of a source that have a number in a property, which is staged with them: beside conditions
/// the number alone is no condition.
fn with_numbers(source: &Source, property: &str) -> Criterion {
    let (source, window, property) = (source.clone(), Window::All, property.to_owned());
    if source.conditions.is_empty() {
        let range = NumberRange { from: None, below: None };
        Criterion::Extreme { source, window, property, greatest: true, range }
    } else {
        Criterion::Average { source, window, property, bound: None, above: false }
    }
}

fn plan_alone(work: &Work<'_>, criterion: Criterion) -> plan::Rows {
    let (id, account) = (1, work.stage.account_from);
    let node =
        Node { id, level: 1, op: Op::And, children: vec![Child { target: Target::Criterion(id), negated: false }] };
    let rules = plan::AccountRules { nodes: HashMap::from([(id, node)]), criteria: HashMap::from([(id, criterion)]) };
    let roots = vec![Root { segment: id, version: 0, node: id }];
    let unit = UnitWork { account, bucket: work.bucket, profiles: 0, roots };
    let stage = Stage { slice: 1, ..work.stage };
    plan::plan(&stage, &[unit], &HashMap::from([(account, rules)]), &work.known, work.as_of_ms)
}
