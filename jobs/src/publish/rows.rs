//! The rows of publication, as the tables have them. The columns are documented there.

use clickhouse::Row;
use segment_rules::{Node, Op, PropertyPair, Target};
use serde::Serialize;
use uuid::Uuid;

use super::plan::Wanted;

#[derive(Row, Serialize)]
pub(super) struct CriterionRow {
    pub(super) account: u64,
    pub(super) criterion: u64,
    pub(super) form: String,
}

#[derive(Row, Serialize)]
pub(super) struct PairRow {
    pub(super) account: u64,
    pub(super) metric: String,
    pub(super) property: String,
    pub(super) summed: String,
    pub(super) filled: u8,
    pub(super) version: u64,
}

#[derive(Row, Serialize)]
pub(super) struct RunRow {
    #[serde(with = "clickhouse::serde::uuid")]
    pub(super) run: Uuid,
    pub(super) account: u64,
    pub(super) segment: u64,
    pub(super) version: u64,
    pub(super) root: u64,
}

#[derive(Row, Serialize)]
pub(super) struct DefinitionRow {
    account: u64,
    segment: u64,
    version: u64,
    name: String,
    hash: u128,
    root: u64,
    true_on_empty: u8,
    state: i8,
}

#[derive(Row, Serialize)]
pub(super) struct NodeRow {
    account: u64,
    node: u64,
    level: u16,
    op: i8,
    child_kind: i8,
    child: u64,
    negated: u8,
}

impl DefinitionRow {
    pub(super) fn of(wanted: &Wanted, version: u64) -> Self {
        Self {
            account: wanted.account,
            segment: wanted.segment,
            version,
            name: wanted.name.clone(),
            hash: wanted.hash,
            root: wanted.root,
            true_on_empty: u8::from(wanted.true_on_empty),
            state: wanted.state.number(),
        }
    }
}

impl PairRow {
    /// A pair at an instant, before or after it was filled in.
    pub(super) fn of(account: u64, pair: &PropertyPair, filled: u8, now_ms: u64) -> Self {
        let PropertyPair { metric, property, summed } = pair.clone();
        Self { account, metric, property, summed, filled, version: now_ms * 2 + u64::from(filled) }
    }
}

impl NodeRow {
    pub(super) fn of(account: u64, node: &Node) -> impl Iterator<Item = Self> {
        let op = match node.op {
            Op::And => 1,
            Op::Or => 2,
        };
        node.children.iter().map(move |edge| {
            let (child_kind, child) = match edge.target {
                Target::Criterion(id) => (1, id),
                Target::Node(id) => (2, id),
                Target::Universe => (3, 0),
            };
            Self { account, node: node.id, level: node.level, op, child_kind, child, negated: u8::from(edge.negated) }
        })
    }
}
