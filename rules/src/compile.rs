//! All Segments of one call or one store, compiled: definitions, nodes and criteria for each account, and what was refused.

mod build;
mod documents;
mod references;

pub use documents::API_VERSION;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::canonical::Criterion;
use crate::expression::Expression;
use crate::graph::Node;
use crate::parse::{ObjectName, ParsedSegment};
use crate::refusal::{Problem, Refusal};
use crate::yaml::Document;

/// What became of the Segments of a call.
#[derive(Clone, Debug, Default)]
pub struct Compiled {
    /// By account key.
    pub accounts: BTreeMap<String, AccountRules>,
    /// Sorted by namespace and name; a Segment may be refused for several reasons.
    pub refused: Vec<Refusal>,
    /// What the user should know, though nothing is wrong.
    pub notes: Vec<String>,
}

/// What an account's Segments mean.
#[derive(Clone, Debug, Default)]
pub struct AccountRules {
    /// Sorted by namespace and name.
    pub definitions: Vec<Definition>,
    /// By level, so that each comes after those below it.
    pub nodes: Vec<Node>,
    /// The criteria that the nodes need, by id.
    pub criteria: BTreeMap<u64, Criterion>,
    /// Criteria that no node needs, because the normal form folded them away; explanations still show them.
    pub folded: BTreeMap<u64, Criterion>,
}

/// What a Segment means.
#[derive(Clone, Debug)]
pub struct Definition {
    /// The Segment's namespace.
    pub namespace: String,
    /// The Segment's name.
    pub name: String,
    /// The account's key.
    pub account: String,
    /// `sipHash64("namespace/name")`.
    pub segment: u64,
    /// A hash of all that it means, referenced Segments included; neither its name nor `suspend` are in it.
    pub hash: u128,
    /// The node that it is.
    pub root: u64,
    /// Whether a profile without any data is a member, samples counting as false.
    pub true_on_empty: bool,
    /// Whether it is suspended.
    pub suspended: bool,
    /// Its criteria by name.
    pub criteria: BTreeMap<String, NamedCriterion>,
    /// The match, of names of criteria.
    pub expression: Expression<String>,
    /// The path of each pattern, as it is evaluated.
    pub patterns: BTreeMap<String, String>,
    /// The path of the first reference to each Segment, by the name of that.
    pub references: BTreeMap<String, String>,
}

impl Definition {
    /// The ids of all canonical criteria that its named criteria are made of.
    pub fn criterion_ids(&self) -> Vec<u64> {
        let mut ids = Vec::new();
        for criterion in self.criteria.values() {
            criterion.expression.for_each_leaf(&mut |leaf| {
                if let NamedLeaf::Criterion(id) = leaf {
                    ids.push(*id);
                }
            });
        }
        ids
    }
}

/// A criterion of a Segment, for explanations.
#[derive(Clone, Debug)]
pub struct NamedCriterion {
    /// Its kind as users write it: `event`, `lastEvent` and so on.
    pub kind: &'static str,
    /// What it means.
    pub expression: Expression<NamedLeaf>,
}

/// What a named criterion is made of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum NamedLeaf {
    /// A canonical criterion, by id: see [`AccountRules::criteria`] and [`AccountRules::folded`].
    Criterion(u64),
    /// Membership of another Segment of the namespace.
    Segment {
        /// Its name.
        name: String,
        /// Its root node.
        root: u64,
    },
}

/// Compiles all Segments among the documents; SegmentStores among them give their time zones.
pub fn compile(documents: &[Document]) -> Compiled {
    compiled(documents::read(documents))
}

/// As [`compile`], of Segments that come one after the other, each with a name of its own: thousands of documents would take
/// many times the memory of what they mean.
pub fn compile_each(stores: &[Document], segments: impl IntoIterator<Item = Document>) -> Compiled {
    compiled(documents::read_each(stores, segments))
}

fn compiled(read: documents::Read) -> Compiled {
    let mut notes = read.notes;
    let mut refused: BTreeMap<ObjectName, Vec<Problem>> = read.refused;
    let mut segments: BTreeMap<ObjectName, ParsedSegment> = read.segments;
    let order = references::order(&mut segments, &mut refused);
    let accounts = build::build(&order, &mut segments, &mut refused);
    notes.sort();
    Compiled { accounts, refused: refusals(refused), notes }
}

fn refusals(refused: BTreeMap<ObjectName, Vec<Problem>>) -> Vec<Refusal> {
    let each = |(object, problems): (ObjectName, Vec<Problem>)| {
        problems.into_iter().map(move |problem| Refusal {
            namespace: object.namespace.clone(),
            name: object.name.clone(),
            path: problem.path,
            reason: problem.reason,
            mend: problem.mend,
        })
    };
    refused.into_iter().flat_map(each).collect()
}
