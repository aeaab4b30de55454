//! Patterns that the server cannot read although our own reading of them is satisfied.

use std::collections::{BTreeSet, HashMap, HashSet};

use segment_rules::{
    AccountRules, Compiled, Definition, Target,
    canonical::{Criterion, Test},
};
use segment_sql::publish as sql;

use crate::shards::{Shard, ShardError};

/// Patterns that the server refuses, with its reason.
pub(crate) type Refused = HashMap<String, String>;

/// A pattern that the server refuses.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the pattern `{pattern:.80}` is refused by the server: {}", in_short(reason))]
pub struct BadPattern {
    /// As it is evaluated.
    pub pattern: String,
    /// The server's reason.
    pub reason: String,
}

/// What RE2 says of the pattern: without the server's code, its advice, and the statement in which the pattern stood.
fn in_short(reason: &str) -> &str {
    let said = reason.split_once(", error: ").map_or(reason, |(_, said)| said);
    said.split_once(". Look at ").map_or(said, |(said, _)| said)
}

/// Asks the server about every pattern.
pub(crate) async fn refused_patterns(shard: &Shard, compiled: &Compiled) -> Result<Refused, ShardError> {
    refused(shard, compiled, &HashSet::new()).await
}

/// Asks the server about every pattern of the definitions that it does not know. What it knows it has taken before.
pub(super) async fn refused(shard: &Shard, compiled: &Compiled, known: &HashSet<u128>) -> Result<Refused, ShardError> {
    let mut refused = HashMap::new();
    let patterns: BTreeSet<&str> = compiled.accounts.values().flat_map(|rules| new_patterns(rules, known)).collect();
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

/// Why a definition cannot be evaluated: the first bad pattern that it reaches.
pub(crate) fn first_bad(definition: &Definition, rules: &AccountRules, bad: &Refused) -> Option<BadPattern> {
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
                        return Some(BadPattern { pattern: pattern.clone(), reason: reason.clone() });
                    }
                }
                Target::Universe => {}
            }
        }
    }
    None
}

/// The patterns of an account's definitions that are not known.
fn new_patterns<'a>(rules: &'a AccountRules, known: &HashSet<u128>) -> Vec<&'a str> {
    let new = rules.definitions.iter().filter(|definition| !known.contains(&definition.hash));
    let mut needed: BTreeSet<Target> = new.map(|definition| Target::Node(definition.root)).collect();
    // Each node comes after those below it.
    for node in rules.nodes.iter().rev() {
        if needed.contains(&Target::Node(node.id)) {
            needed.extend(node.children.iter().map(|child| child.target));
        }
    }
    let reached = rules.criteria.iter().filter(|(id, _)| needed.contains(&Target::Criterion(**id)));
    reached.flat_map(|(_, criterion)| patterns(criterion)).collect()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_server_says_is_told_without_its_code_and_statement() {
        let reason = r"Code: 427. DB::Exception: OptimizedRegularExpression: cannot compile re2: (?-i:\p{L}{1000}), error: pattern too large - compile failed. Look at the wiki for reference. Please note: In scope SELECT match('', 'x') AS found. (CANNOT_COMPILE_REGEXP)";
        let bad = BadPattern { pattern: "x".repeat(200), reason: reason.to_owned() };
        let said =
            format!("the pattern `{}` is refused by the server: pattern too large - compile failed", "x".repeat(80));
        assert_eq!(bad.to_string(), said);
        let other = BadPattern { pattern: "x".to_owned(), reason: "no".to_owned() };
        assert_eq!(other.to_string(), "the pattern `x` is refused by the server: no");
    }
}
