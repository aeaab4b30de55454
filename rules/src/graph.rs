//! Expressions as hash-consed nodes: equal parts of an account's Segments are one node, and are evaluated once.
//!
//! A reference to another Segment is an edge to that Segment's root, not a copy.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::canonical::Criterion;
use crate::hash;
use crate::normal::Normal;

/// The most nodes that one definition may add. A match of 4,096 characters has at most 1,366 names, for two characters stand
/// between two of them; each name may be a node of its own (a range with two bounds), and joining them takes fewer nodes
/// than there are names. So no match can say so many; this is a last line.
pub(crate) const NODES_MAX: usize = 4096;

/// How the children of a node are joined.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Op {
    /// All of them.
    And,
    /// Any of them.
    Or,
}

/// What an edge leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Target {
    /// A criterion of the account, by id.
    Criterion(u64),
    /// A node of the account, by id.
    Node(u64),
    /// Every live profile of the account.
    Universe,
}

/// An edge of a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Child {
    /// What it leads to.
    pub target: Target,
    /// Whether the profiles outside the target are meant.
    pub negated: bool,
}

/// A part of an expression. The constant true is `And[Universe]`, false is `Or[not Universe]`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Node {
    /// A hash of what it says; the same for the same expression. Never 0.
    pub id: u64,
    /// 1 for nodes without nodes below them, else one more than the highest of these.
    pub level: u16,
    /// How the children are joined.
    pub op: Op,
    /// One or more, sorted.
    pub children: Vec<Child>,
}

/// What goes beside a node while a graph is built.
#[derive(Clone, Debug)]
struct Built {
    node: Node,
    /// A hash of all that is reachable from it.
    hash: u128,
    /// Its truth for a profile without any data, samples counting as false.
    true_on_empty: bool,
}

/// The nodes and criteria of one account.
#[derive(Clone, Debug, Default)]
pub(crate) struct Graph {
    nodes: BTreeMap<u64, Built>,
    criteria: BTreeMap<u64, (Criterion, u128)>,
}

/// A root of a definition.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Root {
    pub(crate) node: u64,
    pub(crate) hash: u128,
    pub(crate) true_on_empty: bool,
}

/// Why an expression did not become nodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum GraphError {
    /// More nodes than a definition may have, or a longer chain of references than can be numbered.
    TooLarge,
    /// Two different criteria or nodes have the same hash.
    HashClash,
}

impl Graph {
    /// The id of a criterion, which is kept.
    pub(crate) fn add_criterion(&mut self, criterion: &Criterion) -> Result<u64, GraphError> {
        let text = canonical_text(criterion);
        let id = hash::id(&text);
        let kept = self.criteria.entry(id).or_insert_with(|| (criterion.clone(), hash::wide(&text)));
        if kept.0 == *criterion { Ok(id) } else { Err(GraphError::HashClash) }
    }

    /// The root of an expression, whose nodes are kept.
    pub(crate) fn add_root(&mut self, normal: &Normal<Target>) -> Result<Root, GraphError> {
        let mut budget = NODES_MAX;
        let id = match normal {
            Normal::Constant(true) => {
                self.add_node(Op::And, vec![Child { target: Target::Universe, negated: false }])?
            }
            Normal::Constant(false) => {
                self.add_node(Op::Or, vec![Child { target: Target::Universe, negated: true }])?
            }
            Normal::Literal(target, negated) => {
                self.add_node(Op::And, vec![Child { target: *target, negated: *negated }])?
            }
            Normal::All(_) | Normal::Any(_) => match self.add(normal, &mut budget)?.target {
                Target::Node(id) => id,
                Target::Criterion(_) | Target::Universe => return Err(GraphError::TooLarge),
            },
        };
        let built = self.nodes.get(&id).ok_or(GraphError::TooLarge)?;
        Ok(Root { node: id, hash: built.hash, true_on_empty: built.true_on_empty })
    }

    fn add(&mut self, normal: &Normal<Target>, budget: &mut usize) -> Result<Child, GraphError> {
        let (op, operands) = match normal {
            Normal::Literal(target, negated) => return Ok(Child { target: *target, negated: *negated }),
            Normal::Constant(value) => return Ok(Child { target: Target::Universe, negated: !value }),
            Normal::All(operands) => (Op::And, operands),
            Normal::Any(operands) => (Op::Or, operands),
        };
        *budget = budget.checked_sub(1).ok_or(GraphError::TooLarge)?;
        let children = operands.iter().map(|operand| self.add(operand, budget)).collect::<Result<Vec<_>, _>>()?;
        Ok(Child { target: Target::Node(self.add_node(op, children)?), negated: false })
    }

    fn add_node(&mut self, op: Op, mut children: Vec<Child>) -> Result<u64, GraphError> {
        children.sort_unstable();
        let below = children.iter().filter_map(|child| self.node(child.target)).map(|built| built.node.level);
        let level = below.max().unwrap_or(0).checked_add(1).ok_or(GraphError::TooLarge)?;
        let parts: Vec<String> = children.iter().map(edge_text).collect();
        let id = hash::id(&node_text(op, &parts));
        let node = Node { id, level, op, children };
        if let Some(kept) = self.nodes.get(&id) {
            return if kept.node == node { Ok(id) } else { Err(GraphError::HashClash) };
        }
        let built = Built { hash: self.hash(&node), true_on_empty: self.true_on_empty(&node), node };
        self.nodes.insert(id, built);
        Ok(id)
    }

    fn node(&self, target: Target) -> Option<&Built> {
        match target {
            Target::Node(id) => self.nodes.get(&id),
            Target::Criterion(_) | Target::Universe => None,
        }
    }

    fn hash(&self, node: &Node) -> u128 {
        let part = |child: &Child| {
            let below = match child.target {
                Target::Universe => 0,
                Target::Criterion(id) => self.criteria.get(&id).map_or(0, |kept| kept.1),
                Target::Node(id) => self.nodes.get(&id).map_or(0, |kept| kept.hash),
            };
            format!("{}{below:032x}", sign(*child))
        };
        // Sorted by what they say, not by their ids.
        let mut parts: Vec<String> = node.children.iter().map(part).collect();
        parts.sort_unstable();
        hash::wide(&node_text(node.op, &parts))
    }

    fn true_on_empty(&self, node: &Node) -> bool {
        let truth = |child: &Child| {
            let below = match child.target {
                Target::Universe => true,
                Target::Criterion(_) => false,
                Target::Node(id) => self.nodes.get(&id).is_some_and(|kept| kept.true_on_empty),
            };
            below != child.negated
        };
        match node.op {
            Op::And => node.children.iter().all(truth),
            Op::Or => node.children.iter().any(truth),
        }
    }

    /// All nodes and all criteria, those without a node last.
    pub(crate) fn into_parts(self) -> (Vec<Node>, BTreeMap<u64, Criterion>) {
        let mut nodes: Vec<Node> = self.nodes.into_values().map(|built| built.node).collect();
        nodes.sort_by_key(|node| (node.level, node.id));
        (nodes, self.criteria.into_iter().map(|(id, kept)| (id, kept.0)).collect())
    }
}

/// The root of what no profile satisfies: a definition that is retired becomes this, so that its members leave.
pub fn nobody() -> Node {
    let child = Child { target: Target::Universe, negated: true };
    Node { id: hash::id(&node_text(Op::Or, &[edge_text(&child)])), level: 1, op: Op::Or, children: vec![child] }
}

/// The text whose hash is a criterion's id: its canonical JSON.
pub(crate) fn canonical_text(criterion: &impl Serialize) -> String {
    // Cannot fail: there are no maps with keys other than texts, and no numbers beyond Float64.
    serde_json::to_string(criterion).unwrap_or_default()
}

/// The text whose hash names a node. Ids of nodes and hashes of definitions on shards follow from it.
fn node_text(op: Op, parts: &[String]) -> String {
    let op = match op {
        Op::And => "And",
        Op::Or => "Or",
    };
    format!("{op}[{}]", parts.join(","))
}

fn sign(child: Child) -> char {
    if child.negated { '-' } else { '+' }
}

fn edge_text(child: &Child) -> String {
    let sign = sign(*child);
    match child.target {
        Target::Criterion(id) => format!("{sign}criterion {id}"),
        Target::Node(id) => format!("{sign}node {id}"),
        Target::Universe => format!("{sign}universe"),
    }
}
