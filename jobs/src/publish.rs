//! Publication: compiled definitions become rows on the shards that hold their accounts, and a run says what is due.
//!
//! Order: property pairs are registered and back-filled, beside criteria and nodes; then definitions; then the run. All rows
//! are replaced by themselves when they are written again, so a publication that was killed is simply repeated.
//!
//! What is due is what is desired less what the units serve: the shards know it, and nobody else has to remember it.

mod rows;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use clickhouse::Row;
use segment_rules::{
    AccountRules, Compiled, Definition, Target,
    canonical::{Criterion, Test},
    property_pairs, sip_hash_64,
};
use segment_sql::publish as sql;
use serde::Deserialize;
use uuid::Uuid;

use self::rows::{CriterionRow, DefinitionRow, NodeRow, PairRow, RunRow};
use crate::{
    clock::Clock,
    shards::{Shard, ShardError},
    store::Store,
};

/// How to publish.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Versions are Unix milliseconds of this clock, or one more than the newest.
    pub clock: Clock,
    /// Whether the run names up-to-date segments too, so that they are evaluated at a later instant.
    pub all: bool,
}

/// What was published.
#[derive(Clone, Debug)]
pub struct Published {
    /// The run to work through; `None` when nothing is due.
    pub run: Option<Uuid>,
    /// How many segments it names.
    pub due: usize,
    /// The names of shards that it has work on.
    pub shards: Vec<String>,
    /// Definitions that the server would refuse, with its reason.
    pub refused: Vec<(Definition, String)>,
}

#[derive(Row, Deserialize)]
struct NewestRow {
    account: u64,
    segment: u64,
    newest: u64,
    newest_hash: String,
    newest_state: String,
}

#[derive(Row, Deserialize)]
struct LiveRow {
    account: u64,
    bucket: u16,
    segment: u64,
    version: u64,
    stale: u8,
}

#[derive(Row, Deserialize)]
struct PairState {
    account: u64,
    metric: String,
    property: String,
    filled: u8,
}

#[derive(Row, Deserialize)]
struct BucketRow {
    bucket: u16,
}

#[derive(Row, Deserialize)]
struct AccountRow {
    account: u64,
    buckets: u16,
}

/// Definitions with their versions, and where they belong.
struct Desired<'a> {
    account: u64,
    shards: Vec<usize>,
    rules: &'a AccountRules,
    definitions: Vec<(&'a Definition, u64)>,
}

/// Publishes all accepted definitions and says what is due.
pub async fn publish(store: &Store, compiled: &Compiled, options: Options) -> Result<Published, ShardError> {
    let accounts = accounts(compiled);
    let (bad, buckets, newest) = futures::try_join!(
        refused_patterns(&store.shards[0], compiled),
        buckets(&store.shards[0], &accounts),
        newest(store, &accounts)
    )?;
    let mut refused = Vec::new();
    let mut desired = Vec::new();
    for (key, rules) in &compiled.accounts {
        let account = sip_hash_64(key);
        let shards = shard_indices(store, key, buckets.get(&account).copied().unwrap_or(1));
        let mut definitions = Vec::new();
        for definition in &rules.definitions {
            if let Some(reason) = first_bad(definition, rules, &bad) {
                refused.push((definition.clone(), reason));
            } else {
                definitions
                    .push((definition, version(definition, newest.get(&(account, definition.segment)), options.clock)));
            }
        }
        desired.push(Desired { account, shards, rules, definitions });
    }
    let run = Uuid::new_v4();
    let (mut due, mut shards) = (HashSet::new(), Vec::new());
    for (index, shard) in store.shards.iter().enumerate() {
        let here: Vec<&Desired> = desired.iter().filter(|desired| desired.shards.contains(&index)).collect();
        futures::try_join!(keep_properties(shard, &here, options.clock), write_rules(shard, &here))?;
        let ((), rows) = futures::try_join!(write_definitions(shard, &here), due_here(shard, &here, run, options.all))?;
        if !rows.is_empty() {
            shards.push(shard.name().to_owned());
            due.extend(rows.iter().map(|row| (row.account, row.segment)));
            shard.insert_all("runs", "publish", rows).await?;
        }
    }
    Ok(Published { run: (!due.is_empty()).then_some(run), due: due.len(), shards, refused })
}

/// Registers the property pairs of what is going to be published. A load in between then brings the properties with its
/// events, and the publication finds less to fill in, or nothing.
pub async fn register_properties(store: &Store, compiled: &Compiled, clock: Clock) -> Result<(), ShardError> {
    if compiled.accounts.values().all(|rules| property_pairs(rules).is_empty()) {
        return Ok(());
    }
    let buckets = buckets(&store.shards[0], &accounts(compiled)).await?;
    let desired = compiled.accounts.iter().map(|(key, rules)| {
        let account = sip_hash_64(key);
        let shards = shard_indices(store, key, buckets.get(&account).copied().unwrap_or(1));
        Desired { account, shards, rules, definitions: Vec::new() }
    });
    let desired: Vec<Desired> = desired.collect();
    for (index, shard) in store.shards.iter().enumerate() {
        let here: Vec<&Desired> = desired.iter().filter(|desired| desired.shards.contains(&index)).collect();
        keep_properties(shard, &here, clock).await?;
    }
    Ok(())
}

/// Registers the property pairs of rules in a store without events, where there is nothing to fill in.
pub(crate) async fn register_in_empty(shard: &Shard, compiled: &Compiled) -> Result<(), ShardError> {
    let rows = compiled.accounts.iter().flat_map(|(key, rules)| {
        let account = sip_hash_64(key);
        let row = move |(metric, property)| PairRow { account, metric, property, filled: 1, version: 1 };
        property_pairs(rules).into_iter().map(row)
    });
    shard.insert_all("property_pairs", "publish", rows).await
}

fn accounts(compiled: &Compiled) -> Vec<u64> {
    compiled.accounts.keys().map(|key| sip_hash_64(key)).collect()
}

fn shard_indices(store: &Store, key: &str, buckets: u16) -> Vec<usize> {
    let names: BTreeSet<&str> = store.shards_of(key, buckets).into_iter().map(Shard::name).collect();
    (0..store.shards.len()).filter(|index| names.contains(store.shards[*index].name())).collect()
}

/// The version of a definition: kept while it means the same, else a new one that is greater than all before.
fn version(definition: &Definition, newest: Option<&NewestRow>, clock: Clock) -> u64 {
    let state = if definition.suspended { "suspended" } else { "active" };
    match newest {
        Some(row) if row.newest_hash == definition.hash.to_string() && row.newest_state == state => row.newest,
        Some(row) => u64::try_from(clock.now_ms()).unwrap_or(0).max(row.newest + 1),
        None => u64::try_from(clock.now_ms()).unwrap_or(0).max(1),
    }
}

async fn buckets(shard: &Shard, accounts: &[u64]) -> Result<HashMap<u64, u16>, ShardError> {
    let rows: Vec<AccountRow> = shard.call(sql::ACCOUNTS, "publish").param("accounts", accounts).rows().await?;
    Ok(rows.into_iter().map(|AccountRow { account, buckets }| (account, buckets)).collect())
}

/// The newest version of each definition, over all shards.
async fn newest(store: &Store, accounts: &[u64]) -> Result<HashMap<(u64, u64), NewestRow>, ShardError> {
    let mut newest: HashMap<(u64, u64), NewestRow> = HashMap::new();
    for shard in &store.shards {
        let rows: Vec<NewestRow> =
            shard.call(sql::NEWEST_DEFINITIONS, "publish").param("accounts", accounts).rows().await?;
        for row in rows {
            let key = (row.account, row.segment);
            if newest.get(&key).is_none_or(|known| known.newest < row.newest) {
                newest.insert(key, row);
            }
        }
    }
    Ok(newest)
}

/// Registers and back-fills the pairs of (metric, property) that are new on a shard.
async fn keep_properties(shard: &Shard, desired: &[&Desired<'_>], clock: Clock) -> Result<(), ShardError> {
    let asked = |desired: &&Desired| !property_pairs(desired.rules).is_empty();
    let accounts: Vec<u64> = desired.iter().copied().filter(asked).map(|desired| desired.account).collect();
    if accounts.is_empty() {
        return Ok(());
    }
    let known: Vec<PairState> = shard.call(sql::PROPERTY_PAIRS, "publish").param("accounts", &accounts).rows().await?;
    let filled: HashSet<(u64, String, String)> =
        known.into_iter().filter(|row| row.filled == 1).map(|row| (row.account, row.metric, row.property)).collect();
    let mut missing = Vec::new();
    for desired in desired {
        for (metric, property) in property_pairs(desired.rules) {
            let pair = (desired.account, metric, property);
            if !filled.contains(&pair) {
                missing.push(pair);
            }
        }
    }
    let version = u64::try_from(clock.now_ms()).unwrap_or(0);
    let rows = |filled: u8| {
        missing.iter().map(move |(account, metric, property)| PairRow {
            account: *account,
            metric: metric.clone(),
            property: property.clone(),
            filled,
            version: version * 2 + u64::from(filled),
        })
    };
    // From here on new events come with the property; then those that are there already follow.
    shard.insert_all("property_pairs", "publish", rows(0)).await?;
    if !missing.is_empty() {
        backfill(shard).await?;
    }
    shard.insert_all("property_pairs", "publish", rows(1)).await
}

/// Fills in all registered pairs that nobody has filled in yet, another publication's too: again is as once.
async fn backfill(shard: &Shard) -> Result<(), ShardError> {
    let buckets: Vec<BucketRow> = shard.call(sql::UNFILLED_BUCKETS, "publish").rows().await?;
    for BucketRow { bucket } in buckets {
        shard
            .call(sql::BACKFILL_UNFILLED, "publish")
            .param("bucket", bucket)
            // A block of profiles may hold events of any number of months.
            .setting("max_partitions_per_insert_block", "0")
            .execute()
            .await?;
    }
    Ok(())
}

/// What definitions refer to.
async fn write_rules(shard: &Shard, desired: &[&Desired<'_>]) -> Result<(), ShardError> {
    let criteria = desired.iter().flat_map(|desired| {
        desired.rules.criteria.iter().map(|(id, criterion)| CriterionRow {
            account: desired.account,
            criterion: *id,
            form: form(criterion),
        })
    });
    let nodes = desired
        .iter()
        .flat_map(|desired| desired.rules.nodes.iter().flat_map(|node| NodeRow::of(desired.account, node)));
    futures::try_join!(shard.insert_all("criteria", "publish", criteria), shard.insert_all("nodes", "publish", nodes))?;
    Ok(())
}

async fn write_definitions(shard: &Shard, desired: &[&Desired<'_>]) -> Result<(), ShardError> {
    let definitions = desired.iter().flat_map(|desired| {
        desired.definitions.iter().map(|(definition, version)| DefinitionRow::of(desired.account, definition, *version))
    });
    shard.insert_all("definitions", "publish", definitions).await
}

fn form(criterion: &Criterion) -> String {
    // The canonical form has text keys and finite numbers only, so it can always be written as JSON.
    serde_json::to_string(criterion).unwrap_or_default()
}

/// The segments that some unit on the shard does not serve as desired.
async fn due_here(shard: &Shard, desired: &[&Desired<'_>], run: Uuid, all: bool) -> Result<Vec<RunRow>, ShardError> {
    let accounts: Vec<u64> = desired.iter().map(|desired| desired.account).collect();
    let rows: Vec<LiveRow> = shard.call(sql::LIVE, "publish").param("accounts", &accounts).rows().await?;
    let mut units: BTreeMap<u64, BTreeSet<u16>> = BTreeMap::new();
    let mut served = HashSet::new();
    for LiveRow { account, bucket, segment, version, stale } in rows {
        units.entry(account).or_default().insert(bucket);
        if stale == 0 {
            served.insert((account, bucket, segment, version));
        }
    }
    let mut due = Vec::new();
    for desired in desired {
        let account = desired.account;
        let Some(buckets) = units.get(&account) else { continue };
        for (definition, version) in desired.definitions.iter().filter(|(definition, _)| !definition.suspended) {
            let segment = definition.segment;
            let current = buckets.iter().all(|bucket| served.contains(&(account, *bucket, segment, *version)));
            if all || !current {
                due.push(RunRow { run, account, segment, version: *version, root: definition.root });
            }
        }
    }
    Ok(due)
}

/// Patterns that the server cannot read, with its reason.
pub(crate) async fn refused_patterns(
    shard: &Shard,
    compiled: &Compiled,
) -> Result<HashMap<String, String>, ShardError> {
    let rules = compiled.accounts.values();
    let patterns: BTreeSet<&str> = rules.flat_map(|rules| rules.criteria.values()).flat_map(patterns).collect();
    let mut refused = HashMap::new();
    for pattern in patterns {
        if let Err(error) = shard.call(sql::CHECK_PATTERN, "publish").param("pattern", pattern).execute().await {
            match error.refused() {
                Some(reason) => refused.insert(pattern.to_owned(), reason.to_owned()),
                None => return Err(error),
            };
        }
    }
    Ok(refused)
}

/// Why the server would refuse a definition, given the patterns that it cannot read.
pub(crate) fn first_bad(
    definition: &Definition,
    rules: &AccountRules,
    bad: &HashMap<String, String>,
) -> Option<String> {
    if bad.is_empty() {
        return None;
    }
    let mut open = vec![definition.root];
    let mut seen = HashSet::new();
    while let Some(id) = open.pop() {
        if !seen.insert(id) {
            continue;
        }
        for child in rules.nodes.iter().filter(|node| node.id == id).flat_map(|node| &node.children) {
            match child.target {
                Target::Node(below) => open.push(below),
                Target::Criterion(criterion) => {
                    let found = rules.criteria.get(&criterion).map(patterns).unwrap_or_default();
                    if let Some((pattern, reason)) = found.into_iter().find_map(|pattern| bad.get_key_value(pattern)) {
                        return Some(format!("the pattern `{pattern}` is refused by the server: {reason}"));
                    }
                }
                Target::Universe => {}
            }
        }
    }
    None
}

/// The patterns of a criterion.
fn patterns(criterion: &Criterion) -> Vec<&str> {
    criterion
        .tests()
        .into_iter()
        .filter_map(|test| match test {
            Test::Match { pattern } => Some(pattern.as_str()),
            _ => None,
        })
        .collect()
}
