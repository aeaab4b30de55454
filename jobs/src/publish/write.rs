//! What publication writes on one shard: property pairs and what they are filled with, rules, definitions.

use std::collections::{BTreeSet, HashSet};

use clickhouse::Row;
use segment_rules::{AccountRules, PropertyPair, Target, canonical::Criterion, nobody, property_pairs};
use segment_sql::publish as sql;
use serde::Deserialize;

use super::{
    Account,
    plan::State,
    rows::{CriterionRow, DefinitionRow, NodeRow, PairRow},
    survey::Survey,
};
use crate::{
    clock::Clock,
    pairs::KeptPair,
    shards::{Shard, ShardError},
};

#[derive(Row, Deserialize)]
struct BucketRow {
    bucket: u16,
}

/// Writes what the shard lacks of the accounts. Definitions come last: one that is there has all that it refers to.
pub(super) async fn write(
    shard: &Shard,
    survey: &Survey,
    accounts: &[&Account<'_>],
    clock: Clock,
) -> Result<(), ShardError> {
    futures::try_join!(keep_properties(shard, accounts, clock), write_rules(shard, survey, accounts))?;
    shard.insert_all("definitions", "publish", definitions(survey, accounts)).await
}

fn definitions(survey: &Survey, accounts: &[&Account<'_>]) -> Vec<DefinitionRow> {
    let wanted = accounts.iter().flat_map(|account| &account.wanted);
    let missing = wanted.filter(|(wanted, version)| wanted.lacks(*version, survey));
    missing.map(|(wanted, version)| DefinitionRow::of(wanted, *version)).collect()
}

/// Registers and back-fills the pairs that are new on a shard.
async fn keep_properties(shard: &Shard, accounts: &[&Account<'_>], clock: Clock) -> Result<(), ShardError> {
    let wanted = wanted(accounts);
    if wanted.is_empty() {
        return Ok(());
    }
    let asked: Vec<u64> = wanted.iter().map(|(account, _)| *account).collect();
    let filled: Vec<KeptPair> = shard.call(sql::PROPERTY_PAIRS, "publish").param("accounts", &asked).rows().await?;
    let filled: HashSet<(u64, PropertyPair)> = filled.into_iter().map(KeptPair::pair).collect();
    let each = wanted.into_iter().flat_map(|(account, pairs)| pairs.into_iter().map(move |pair| (account, pair)));
    let missing: Vec<_> = each.filter(|pair| !filled.contains(pair)).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let version = u64::try_from(clock.now_ms()).unwrap_or(0);
    let rows = |filled: u8| -> Vec<PairRow> {
        missing.iter().map(|(account, pair)| PairRow::of(*account, pair, filled, version)).collect()
    };
    // From here on new events come with the property; then those that are there already follow.
    shard.insert_all("property_pairs", "publish", rows(0)).await?;
    backfill(shard).await?;
    shard.insert_all("property_pairs", "publish", rows(1)).await
}

/// The pairs that criteria of the accounts read.
fn wanted(accounts: &[&Account<'_>]) -> Vec<(u64, BTreeSet<PropertyPair>)> {
    let of = |account: &&Account| Some((account.hash, property_pairs(account.rules?)));
    accounts.iter().filter_map(of).filter(|(_, pairs)| !pairs.is_empty()).collect()
}

/// Fills in all registered pairs that nobody has filled in yet, another publication's too: again is as once. Amounts are
/// put together from properties, so they come after them.
async fn backfill(shard: &Shard) -> Result<(), ShardError> {
    let buckets: Vec<BucketRow> = shard.call(sql::UNFILLED_BUCKETS, "publish").rows().await?;
    for BucketRow { bucket } in buckets {
        for statement in [sql::BACKFILL_UNFILLED, sql::BACKFILL_AMOUNTS] {
            let call = shard.call(statement, "publish").param("bucket", bucket);
            call.filling_in().execute().await?;
        }
    }
    Ok(())
}

/// What the missing definitions refer to.
async fn write_rules(shard: &Shard, survey: &Survey, accounts: &[&Account<'_>]) -> Result<(), ShardError> {
    let (criteria, nodes) = rules_of(survey, accounts);
    futures::try_join!(shard.insert_all("criteria", "publish", criteria), shard.insert_all("nodes", "publish", nodes))?;
    Ok(())
}

fn rules_of(survey: &Survey, accounts: &[&Account<'_>]) -> (Vec<CriterionRow>, Vec<NodeRow>) {
    let (mut criteria, mut nodes) = (Vec::new(), Vec::new());
    for account in accounts {
        let missing = || account.wanted.iter().filter(|(wanted, version)| wanted.lacks(*version, survey));
        let needed: BTreeSet<Target> = missing().map(|(wanted, _)| Target::Node(wanted.root)).collect();
        if missing().any(|(wanted, _)| wanted.state == State::Retired) {
            nodes.extend(NodeRow::of(account.hash, &nobody()));
        }
        if let Some(rules) = account.rules {
            collect_rules(account.hash, rules, needed, &mut criteria, &mut nodes);
        }
    }
    (criteria, nodes)
}

/// All nodes and criteria below the needed ones.
fn collect_rules(
    account: u64,
    rules: &AccountRules,
    mut needed: BTreeSet<Target>,
    criteria: &mut Vec<CriterionRow>,
    nodes: &mut Vec<NodeRow>,
) {
    if needed.is_empty() {
        return;
    }
    // Each node comes after those below it.
    for node in rules.nodes.iter().rev() {
        if needed.contains(&Target::Node(node.id)) {
            needed.extend(node.children.iter().map(|child| child.target));
            nodes.extend(NodeRow::of(account, node));
        }
    }
    let reached = rules.criteria.iter().filter(|(id, _)| needed.contains(&Target::Criterion(**id)));
    criteria.extend(reached.map(|(id, criterion)| CriterionRow { account, criterion: *id, form: form(criterion) }));
}

fn form(criterion: &Criterion) -> String {
    // The canonical form has text keys and finite numbers only, so it can always be written as JSON.
    serde_json::to_string(criterion).unwrap_or_default()
}
