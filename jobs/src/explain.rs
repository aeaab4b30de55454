//! Why a profile is a member of a segment or not: every named criterion with its truth and what was seen.
//!
//! The truth comes from the same rows and statements as every evaluation: each canonical criterion is a root of its own in
//! a slice that is planned, evaluated and read for one profile, and dropped. What was seen (a count, a value, a distance)
//! is only shown; it is read from the same events as those statements choose, and from the profile's traits.

mod read;
mod seen;
mod window;

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    iter,
};

use segment_rules::{
    AccountRules, Child, Definition, NamedCriterion, NamedLeaf, Node, Op, Target, property_pairs, sip_hash_64,
};
use uuid::Uuid;

use self::{read::Found, seen::Data};
pub use self::{
    seen::Seen,
    window::{SeenWindow, instant},
};
use crate::{
    clock::Clock,
    commit,
    evaluate::{
        self, Limits, known,
        plan::{self, Amounts, Known, Metrics, Root, UnitWork},
    },
    shards::{Shard, ShardError},
    staging::{self, Stage},
    store::{Missing, Store},
};

/// What is to be explained.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// What the segment means. It has to be published.
    pub definition: &'a Definition,
    /// The rules of its account.
    pub rules: &'a AccountRules,
    /// The external id of the profile.
    pub profile: &'a str,
}

/// How to explain.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Where `as_of` comes from; it never lies before the newest commit's.
    pub clock: Clock,
    /// Bounds for each statement.
    pub limits: Limits,
}

/// Why a profile is a member or not.
#[derive(Clone, Debug)]
pub struct Explanation {
    /// The instant that it holds for, Unix milliseconds.
    pub as_of_ms: i64,
    /// Whether the profile is a member.
    pub member: bool,
    /// The criteria by name.
    pub criteria: BTreeMap<String, ExplainedCriterion>,
}

/// A criterion of the segment, and the profile.
#[derive(Clone, Debug)]
pub struct ExplainedCriterion {
    /// Its kind as users write it.
    pub kind: &'static str,
    /// Whether it is true of the profile; `None` where the match does not depend on it and the store does not keep what
    /// it needs.
    pub truth: Option<bool>,
    /// What was seen.
    pub seen: Seen,
}

/// Why there is no explanation.
#[derive(Debug, thiserror::Error)]
pub enum ExplainError {
    /// A statement failed.
    #[error(transparent)]
    Shard(#[from] ShardError),
    /// The account has no such profile.
    #[error("the account `{account}` has no profile `{profile}`")]
    NoProfile {
        /// The account.
        account: String,
        /// The profile.
        profile: String,
    },
    /// The shard of the profile is one of those that are missing.
    #[error("all that is known of the profile `{profile}` is on the shard {shard}")]
    Missing {
        /// The profile.
        profile: String,
        /// Name of the shard.
        shard: String,
    },
    /// Shards are missing, and the others do not know the account.
    #[error("no shard that answers knows the account `{account}`")]
    Unknown {
        /// The account.
        account: String,
    },
}

/// Explains a profile by one slice on the shard of its unit.
pub async fn explain(store: &Store, subject: Subject<'_>, options: Options) -> Result<Explanation, ExplainError> {
    explain_in_part(store, subject, options, &Missing::new()).await
}

/// As [`explain`], where shards are missing: that of the profile is all that is needed.
pub async fn explain_in_part(
    store: &Store,
    subject: Subject<'_>,
    options: Options,
    missing: &Missing,
) -> Result<Explanation, ExplainError> {
    let definition = subject.definition;
    let Found { shard, account, bucket, profile_no } = read::find(store, subject, missing).await?.ok_or_else(|| {
        ExplainError::NoProfile { account: definition.account.clone(), profile: subject.profile.to_owned() }
    })?;
    let now = options.clock.now_ms();
    let as_of_ms = commit::newest(shard).await?.map_or(now, |commit| commit.as_of_ms.max(now));
    let run = Uuid::new_v4();
    let stage = Stage::of(run, Uuid::new_v4(), 0, iter::once((account, bucket)));
    let known = known(shard, &stage, subject).await?;
    let work = Work { shard, subject, stage, bucket, profile_no, as_of_ms, known };
    let explained = work.explain(options.limits).await;
    staging::drop_all(shard, &run.to_string()).await?;
    Ok(explained?)
}

async fn known(shard: &Shard, stage: &Stage, subject: Subject<'_>) -> Result<Known, ShardError> {
    let AccountRules { criteria, folded, .. } = subject.rules;
    let every = criteria.values().chain(folded.values()).any(plan::asks_every_metric);
    let metrics = if every { known::metrics(shard, stage).await? } else { Metrics::new() };
    let (months, cells) = futures::try_join!(known::months(shard, stage), known::cells(shard, stage))?;
    // Sums show the events that they add up, which only staged ones can.
    Ok(Known { metrics, months, cells, amounts: Amounts::new() })
}

/// One explanation on its shard.
struct Work<'a> {
    shard: &'a Shard,
    subject: Subject<'a>,
    stage: Stage,
    bucket: u16,
    profile_no: u32,
    as_of_ms: i64,
    known: Known,
}

impl Work<'_> {
    async fn explain(&self, limits: Limits) -> Result<Explanation, ShardError> {
        let leaves = leaves(self.subject.definition);
        let (held, member) = self.truths(&leaves, limits).await?;
        let kept = self.kept(&leaves).await?;
        let data = self.data(&leaves).await?;
        let is_held = |leaf: &NamedLeaf| held.contains(&target(leaf));
        let explain = |criterion: &NamedCriterion| {
            let mut all_kept = true;
            criterion.expression.for_each_leaf(&mut |leaf| all_kept &= kept.contains(&target(leaf)));
            ExplainedCriterion {
                kind: criterion.kind,
                truth: all_kept.then(|| criterion.expression.truth(&is_held)),
                seen: seen::seen(criterion, &data, &is_held),
            }
        };
        let criteria = self.subject.definition.criteria.iter();
        let criteria = criteria.map(|(name, criterion)| (name.clone(), explain(criterion))).collect();
        Ok(Explanation { as_of_ms: self.as_of_ms, member, criteria })
    }

    /// The leaves that are true, and whether the definition is: a slice in which each of them is a root.
    async fn truths(&self, leaves: &BTreeSet<Target>, limits: Limits) -> Result<(BTreeSet<Target>, bool), ShardError> {
        let mut rules = self.rules();
        let mut roots = vec![self.subject.definition.root];
        for leaf in leaves {
            roots.push(match leaf {
                Target::Node(root) => *root,
                Target::Criterion(_) | Target::Universe => add_node(&mut rules, *leaf),
            });
        }
        let numbered = (1..).zip(&roots).map(|(segment, node)| Root { segment, version: 0, node: *node });
        let account = self.stage.account_from;
        let work = UnitWork { account, bucket: self.bucket, profiles: 0, roots: numbered.collect() };
        let rows = plan::plan(&self.stage, &[work], &HashMap::from([(account, rules)]), &self.known, self.as_of_ms);
        evaluate::evaluate(self.shard, &self.stage, rows, limits).await?;
        let held = read::truths(self).await?;
        let leaves_held = (2..).zip(leaves).filter(|(root, _)| held.contains(root)).map(|(_, leaf)| *leaf).collect();
        Ok((leaves_held, held.contains(&1)))
    }

    /// All rules of the account, folded criteria too.
    fn rules(&self) -> plan::AccountRules {
        let AccountRules { nodes, criteria, folded, definitions: _ } = self.subject.rules;
        plan::AccountRules {
            nodes: nodes.iter().map(|node| (node.id, node.clone())).collect(),
            criteria: criteria.iter().chain(folded).map(|(id, criterion)| (*id, criterion.clone())).collect(),
        }
    }

    /// The leaves that the store can answer: event properties are kept only for criteria that some match needs.
    async fn kept(&self, leaves: &BTreeSet<Target>) -> Result<BTreeSet<Target>, ShardError> {
        let pairs = read::pairs(self).await?;
        let folded = |leaf: &Target| match leaf {
            Target::Criterion(id) => self.subject.rules.folded.get(id),
            Target::Node(_) | Target::Universe => None,
        };
        let is_kept = |leaf: &&Target| {
            folded(leaf).is_none_or(|criterion| {
                let criteria = BTreeMap::from([(0, criterion.clone())]);
                let wanted = property_pairs(&AccountRules { criteria, ..AccountRules::default() });
                wanted.iter().filter(|pair| pair.summed.is_empty()).all(|pair| pairs.contains(pair))
            })
        };
        Ok(leaves.iter().filter(is_kept).copied().collect())
    }

    /// What the profile has of all that the leaves ask for.
    async fn data(&self, leaves: &BTreeSet<Target>) -> Result<Data<'_>, ShardError> {
        let AccountRules { criteria, folded, .. } = self.subject.rules;
        let criterion = |leaf: &Target| match leaf {
            Target::Criterion(id) => Some((*id, criteria.get(id).or_else(|| folded.get(id))?)),
            Target::Node(_) | Target::Universe => None,
        };
        let criteria = leaves.iter().filter_map(criterion).collect();
        let traits = read::traits(self, &criteria).await?;
        let events = read::events(self, &criteria).await?;
        Ok(Data { profile: self.subject.profile, as_of_ms: self.as_of_ms, criteria, traits, events })
    }
}

fn target(leaf: &NamedLeaf) -> Target {
    match leaf {
        NamedLeaf::Criterion(id) => Target::Criterion(*id),
        NamedLeaf::Segment { root, .. } => Target::Node(*root),
    }
}

/// The distinct leaves of a definition's criteria.
fn leaves(definition: &Definition) -> BTreeSet<Target> {
    let mut leaves = BTreeSet::new();
    for criterion in definition.criteria.values() {
        criterion.expression.for_each_leaf(&mut |leaf| {
            leaves.insert(target(leaf));
        });
    }
    leaves
}

/// Adds a node that is a leaf and nothing else.
fn add_node(rules: &mut plan::AccountRules, leaf: Target) -> u64 {
    let mut id = sip_hash_64(&format!("explain {leaf:?}"));
    while rules.nodes.contains_key(&id) {
        id = id.wrapping_add(1);
    }
    rules.nodes.insert(id, Node { id, level: 1, op: Op::And, children: vec![Child { target: leaf, negated: false }] });
    id
}
