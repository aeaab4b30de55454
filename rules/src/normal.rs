//! The normal form of boolean expressions: negations at the leaves, no nesting of the same operator, no repeats, constants
//! folded. It is the same for every order of operands.

use std::collections::BTreeSet;

use crate::expression::Expression;

/// An expression in normal form.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Normal<Leaf> {
    /// True or false of every profile.
    Constant(bool),
    /// A leaf or its negation.
    Literal(Leaf, bool),
    /// All of them; two or more, none of them `All` or constant.
    All(BTreeSet<Normal<Leaf>>),
    /// Any of them; two or more, none of them `Any` or constant.
    Any(BTreeSet<Normal<Leaf>>),
}

/// Brings an expression into normal form.
pub(crate) fn normal<Leaf: Ord + Clone>(expression: &Expression<Leaf>) -> Normal<Leaf> {
    signed(expression, false)
}

fn signed<Leaf: Ord + Clone>(expression: &Expression<Leaf>, negated: bool) -> Normal<Leaf> {
    match expression {
        Expression::Leaf(leaf) => Normal::Literal(leaf.clone(), negated),
        Expression::Not(inner) => signed(inner, !negated),
        Expression::All(inner) => joined(inner, negated, !negated),
        Expression::Any(inner) => joined(inner, negated, negated),
    }
}

/// Joins operands: by "all of them" (whose neutral operand is true) or by "any of them" (whose neutral operand is false).
fn joined<Leaf: Ord + Clone>(operands: &[Expression<Leaf>], negated: bool, all: bool) -> Normal<Leaf> {
    let mut kept = BTreeSet::new();
    for operand in operands {
        match signed(operand, negated) {
            Normal::Constant(value) if value == all => {}
            Normal::Constant(value) => return Normal::Constant(value),
            Normal::All(inner) if all => kept.extend(inner),
            Normal::Any(inner) if !all => kept.extend(inner),
            other => drop(kept.insert(other)),
        }
    }
    if has_a_leaf_and_its_negation(&kept) {
        return Normal::Constant(!all);
    }
    match kept.len() {
        0 => Normal::Constant(all),
        1 => kept.pop_first().unwrap_or(Normal::Constant(all)),
        _ if all => Normal::All(kept),
        _ => Normal::Any(kept),
    }
}

fn has_a_leaf_and_its_negation<Leaf: Ord + Clone>(operands: &BTreeSet<Normal<Leaf>>) -> bool {
    operands.iter().any(|operand| match operand {
        Normal::Literal(leaf, false) => operands.contains(&Normal::Literal(leaf.clone(), true)),
        _ => false,
    })
}
