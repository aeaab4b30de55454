//! What of the properties of events an evaluation reads by key: the stores keep nothing else in that order.

use std::collections::BTreeSet;

use crate::canonical::Criterion;
use crate::compile::AccountRules;

/// A property of a metric's events that is kept by key, by itself or with the number that stands beside it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PropertyPair {
    /// A metric, or `*` for every metric.
    pub metric: String,
    /// Path of the property.
    pub property: String,
    /// Path of the property whose number is kept beside the text of this one; empty: the property is kept by itself.
    pub summed: String,
}

impl PropertyPair {
    /// A property by itself.
    pub fn alone(metric: &str, property: &str) -> Self {
        Self { metric: metric.to_owned(), property: property.to_owned(), summed: String::new() }
    }
}

/// The pairs that an account's criteria read.
pub fn property_pairs(rules: &AccountRules) -> BTreeSet<PropertyPair> {
    rules.criteria.values().flat_map(|criterion| alone(criterion).into_iter().chain(beside(criterion))).collect()
}

fn alone(criterion: &Criterion) -> Vec<PropertyPair> {
    let further: Vec<&str> = match criterion {
        Criterion::Edge { has, .. } => has.iter().map(|condition| condition.property.as_str()).collect(),
        Criterion::Sum { property, .. } | Criterion::Average { property, .. } | Criterion::Extreme { property, .. } => {
            vec![property]
        }
        _ => Vec::new(),
    };
    let pairs = criterion.sources().iter().flat_map(|source| {
        let conditions = source.conditions.iter().map(|condition| condition.property.as_str());
        conditions.chain(further.iter().copied()).map(|property| PropertyPair::alone(&source.metric, property))
    });
    pairs.collect()
}

/// Most sums over some events choose them by one text, such as the campaign's; then the number is kept beside the text.
fn beside(criterion: &Criterion) -> Option<PropertyPair> {
    let (source, summed) = criterion.summed()?;
    let property = source.text_property()?;
    Some(PropertyPair { summed: summed.to_owned(), ..PropertyPair::alone(&source.metric, property) })
}
