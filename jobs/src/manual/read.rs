//! What a run asks for on a shard, and what came of it.

use std::collections::{HashMap, HashSet};

use clickhouse::Row;
use segment_rules::{Child, Node, Op, Target, canonical::Criterion};
use segment_sql::run as sql;
use serde::Deserialize;
use uuid::Uuid;

use super::RunError;
use crate::{
    evaluate::plan::{AccountRules, Root, UnitWork},
    shards::{Shard, ShardError},
};

/// What is left to do in a run on a shard.
pub(super) struct Todo {
    /// By account and bucket.
    pub(super) units: Vec<UnitWork>,
    /// By account.
    pub(super) rules: HashMap<u64, AccountRules>,
}

/// What came of a segment in a unit.
#[derive(Clone, Debug, PartialEq, Eq, Row, Deserialize)]
pub struct Evaluation {
    /// The account.
    pub account: u64,
    /// The bucket.
    pub bucket: u16,
    /// The segment.
    pub segment: u64,
    /// The version that was evaluated.
    pub version: u64,
    /// Members in the unit.
    pub members: u64,
    /// How many of them were none before.
    pub entered: u64,
    /// How many are none any more.
    pub exited: u64,
    /// Of the slice.
    pub duration_ms: u64,
    /// `committed`, `superseded` or `failed`.
    pub outcome: String,
    /// The server's reason, when it failed.
    pub error: String,
}

#[derive(Row, Deserialize)]
struct RunRow {
    account: u64,
    segment: u64,
    version: u64,
    root: u64,
}

#[derive(Row, Deserialize)]
struct SizeRow {
    account: u64,
    bucket: u16,
    profiles: u64,
}

#[derive(PartialEq, Eq, Hash, Row, Deserialize)]
struct DoneRow {
    account: u64,
    bucket: u16,
    segment: u64,
}

#[derive(Row, Deserialize)]
struct NodeRow {
    account: u64,
    node: u64,
    level: u16,
    op: String,
    child_kind: String,
    child: u64,
    negated: u8,
}

#[derive(Row, Deserialize)]
struct CriterionRow {
    account: u64,
    criterion: u64,
    form: String,
}

/// Everything that a run asks for on a shard, less what it has committed there.
pub(super) async fn todo(shard: &Shard, run: Uuid) -> Result<Todo, RunError> {
    let (rows, sizes, done, nodes, criteria) = futures::try_join!(
        call(shard, sql::SEGMENTS, run).rows::<RunRow>(),
        call(shard, sql::UNIT_SIZES, run).rows::<SizeRow>(),
        call(shard, sql::DONE, run).rows::<DoneRow>(),
        call(shard, sql::NODES, run).rows::<NodeRow>(),
        call(shard, sql::CRITERIA, run).rows::<CriterionRow>(),
    )?;
    let done: HashSet<DoneRow> = done.into_iter().collect();
    let mut roots: HashMap<u64, Vec<Root>> = HashMap::new();
    for RunRow { account, segment, version, root } in rows {
        roots.entry(account).or_default().push(Root { segment, version, node: root });
    }
    let mut units = Vec::new();
    for SizeRow { account, bucket, profiles } in sizes {
        let of_account = roots.get(&account).map_or(&[][..], Vec::as_slice);
        let left = |root: &&Root| !done.contains(&DoneRow { account, bucket, segment: root.segment });
        let roots: Vec<Root> = of_account.iter().filter(left).copied().collect();
        if !roots.is_empty() {
            units.push(UnitWork { account, bucket, profiles, roots });
        }
    }
    Ok(Todo { units, rules: rules(shard, nodes, criteria)? })
}

/// What came of the run on a shard.
pub async fn evaluations(shard: &Shard, run: Uuid) -> Result<Vec<Evaluation>, ShardError> {
    call(shard, sql::EVALUATIONS, run).rows().await
}

fn rules(
    shard: &Shard,
    nodes: Vec<NodeRow>,
    criteria: Vec<CriterionRow>,
) -> Result<HashMap<u64, AccountRules>, RunError> {
    let mut rules: HashMap<u64, AccountRules> = HashMap::new();
    for row in nodes {
        let op = if row.op == "and" { Op::And } else { Op::Or };
        let target = match row.child_kind.as_str() {
            "criterion" => Target::Criterion(row.child),
            "node" => Target::Node(row.child),
            _ => Target::Universe,
        };
        let nodes = &mut rules.entry(row.account).or_default().nodes;
        let node = nodes.entry(row.node).or_insert(Node { id: row.node, level: row.level, op, children: Vec::new() });
        node.children.push(Child { target, negated: row.negated == 1 });
    }
    for CriterionRow { account, criterion, form } in criteria {
        let parsed: Criterion = serde_json::from_str(&form).map_err(|error| RunError::Rules {
            shard: shard.name().to_owned(),
            reason: format!("criterion {criterion} of account {account} was published in a form that this build cannot read ({error}); publish it again, or use a newer build"),
        })?;
        rules.entry(account).or_default().criteria.insert(criterion, parsed);
    }
    Ok(rules)
}

fn call(shard: &Shard, statement: segment_sql::Statement, run: Uuid) -> crate::shards::Call<'_> {
    shard.call(statement, "read").param("run", run.to_string())
}
