//! From parsed Segments, in an order that suits their references, to definitions, nodes and criteria.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::canonicalize::Leaf;
use crate::expression::Expression;
use crate::graph::{Graph, GraphError, NODES_MAX, Root, Target};
use crate::hash;
use crate::normal;
use crate::parse::{ObjectName, ParsedSegment};
use crate::refusal::Problem;

use super::{AccountRules, Definition, NamedCriterion, NamedLeaf};

/// What is being built for an account.
#[derive(Default)]
struct Account {
    graph: Graph,
    definitions: Vec<Definition>,
}

/// Builds every Segment of the order; one that cannot be built is refused, and so are those that refer to it.
pub(super) fn build(
    order: &[ObjectName],
    segments: &mut BTreeMap<ObjectName, ParsedSegment>,
    refused: &mut BTreeMap<ObjectName, Vec<Problem>>,
) -> BTreeMap<String, AccountRules> {
    let mut accounts: BTreeMap<String, Account> = BTreeMap::new();
    let mut roots: HashMap<ObjectName, Root> = HashMap::new();
    for name in order {
        let Some(segment) = segments.remove(name) else { continue };
        let account = accounts.entry(segment.account.clone()).or_default();
        match definition(segment, &mut account.graph, &roots) {
            Ok((definition, root)) => {
                roots.insert(name.clone(), root);
                account.definitions.push(definition);
            }
            Err(problem) => drop(refused.insert(name.clone(), vec![problem])),
        }
    }
    accounts.into_iter().map(|(account, built)| (account, finish(built))).collect()
}

fn definition(
    segment: ParsedSegment,
    graph: &mut Graph,
    roots: &HashMap<ObjectName, Root>,
) -> Result<(Definition, Root), Problem> {
    let mut criteria: BTreeMap<String, NamedCriterion> = BTreeMap::new();
    for (number, criterion) in segment.criteria.iter().enumerate() {
        let mut trouble = None;
        let expression = criterion.expression.map(&mut |leaf| {
            named_leaf(leaf, &segment.object, graph, roots).unwrap_or_else(|(field, reason, mend)| {
                trouble.get_or_insert(Problem::new(format!("spec.criteria[{number}]{field}"), reason, mend));
                NamedLeaf::Criterion(0)
            })
        });
        if let Some(problem) = trouble {
            return Err(problem);
        }
        criteria.insert(criterion.name.clone(), NamedCriterion { kind: criterion.kind, expression });
    }
    let normal = normal::normal(&with_targets(&segment.expression, &criteria));
    let root = graph.add_root(&normal).map_err(|error| {
        let (reason, mend) = graph_trouble(error);
        Problem::new("spec.match", reason, mend)
    })?;
    // Of several references to one Segment the first stays.
    let references = segment.references().into_iter().rev().map(|(object, path)| (object.name, path)).collect();
    let ObjectName { namespace, name } = segment.object;
    let definition = Definition {
        segment: hash::segment_id(&namespace, &name),
        namespace,
        name,
        account: segment.account,
        hash: root.hash,
        root: root.node,
        true_on_empty: root.true_on_empty,
        suspended: segment.suspended,
        criteria,
        expression: segment.expression,
        patterns: segment.patterns,
        references,
    };
    Ok((definition, root))
}

fn named_leaf(
    leaf: &Leaf,
    object: &ObjectName,
    graph: &mut Graph,
    roots: &HashMap<ObjectName, Root>,
) -> Result<NamedLeaf, (&'static str, String, String)> {
    match leaf {
        Leaf::Criterion(criterion) => graph.add_criterion(criterion).map(NamedLeaf::Criterion).map_err(|error| {
            let (reason, mend) = graph_trouble(error);
            ("", reason, mend)
        }),
        Leaf::Segment(name) => {
            let target = ObjectName { namespace: object.namespace.clone(), name: name.clone() };
            let root = roots.get(&target).ok_or_else(|| {
                (
                    ".segment.name",
                    format!("the Segment {}/{name} is refused itself", object.namespace),
                    "mend that Segment first".to_owned(),
                )
            })?;
            Ok(NamedLeaf::Segment { name: name.clone(), root: root.node })
        }
    }
}

/// The match with each name replaced by what the criterion means.
fn with_targets(expression: &Expression<String>, criteria: &BTreeMap<String, NamedCriterion>) -> Expression<Target> {
    let all = |inner: &[Expression<String>]| inner.iter().map(|inner| with_targets(inner, criteria)).collect();
    match expression {
        // Every name is that of a criterion: that was checked when the Segment was parsed.
        Expression::Leaf(name) => criteria.get(name).map_or_else(Expression::never, |criterion| {
            criterion.expression.map(&mut |leaf| match leaf {
                NamedLeaf::Criterion(id) => Target::Criterion(*id),
                NamedLeaf::Segment { root, .. } => Target::Node(*root),
            })
        }),
        Expression::Not(inner) => with_targets(inner, criteria).negated(),
        Expression::All(inner) => Expression::All(all(inner)),
        Expression::Any(inner) => Expression::Any(all(inner)),
    }
}

fn graph_trouble(error: GraphError) -> (String, String) {
    match error {
        GraphError::TooLarge => (
            format!("the expression needs more than {NODES_MAX} nodes, or its references are too deep"),
            "split it, and refer to the parts by criteria of kind segment".to_owned(),
        ),
        GraphError::HashClash => (
            "its hash is that of something else in this account".to_owned(),
            "write it in another way, and report this rare accident".to_owned(),
        ),
    }
}

fn finish(account: Account) -> AccountRules {
    let (mut nodes, criteria) = account.graph.into_parts();
    // A Segment that was refused halfway has left nodes that nobody needs.
    let mut needed: BTreeSet<Target> = account.definitions.iter().map(|one| Target::Node(one.root)).collect();
    for node in nodes.iter().rev() {
        if needed.contains(&Target::Node(node.id)) {
            needed.extend(node.children.iter().map(|child| child.target));
        }
    }
    nodes.retain(|node| needed.contains(&Target::Node(node.id)));
    let named: BTreeSet<u64> = account.definitions.iter().flat_map(Definition::criterion_ids).collect();
    let mut rules = AccountRules { definitions: account.definitions, nodes, ..AccountRules::default() };
    for (id, criterion) in criteria {
        if needed.contains(&Target::Criterion(id)) {
            rules.criteria.insert(id, criterion);
        } else if named.contains(&id) {
            rules.folded.insert(id, criterion);
        }
    }
    rules.definitions.sort_by(|left, right| (&left.namespace, &left.name).cmp(&(&right.namespace, &right.name)));
    rules
}
