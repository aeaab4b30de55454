//! Boolean expressions, and how `spec.match` is read.
//!
//! The text is CEL, of which only names, `&&`, `||`, `!` and parentheses are let through. Length and depth are checked before
//! CEL's parser sees the text, for that is a deep recursive descent.

use cel::common::ast::{Expr as CelExpr, IdedExpr, operators};
use serde::{Deserialize, Serialize};

use crate::refusal::Complaint;

/// The longest match, in characters.
const LENGTH_MAX: usize = 4096;

/// How many parentheses and `!` may stand around a name.
const DEPTH_MAX: usize = 64;

/// Words that CEL keeps for itself.
pub(crate) const CEL_KEYWORDS: [&str; 21] = [
    "as",
    "break",
    "const",
    "continue",
    "else",
    "false",
    "for",
    "function",
    "if",
    "import",
    "in",
    "let",
    "loop",
    "namespace",
    "null",
    "package",
    "return",
    "true",
    "var",
    "void",
    "while",
];

const MEND: &str = "use only names of criteria, &&, ||, ! and parentheses";

/// A boolean expression.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Expression<Leaf> {
    /// A leaf.
    Leaf(Leaf),
    /// Not.
    Not(Box<Expression<Leaf>>),
    /// All of them; true without any.
    All(Vec<Expression<Leaf>>),
    /// Any of them; false without any.
    Any(Vec<Expression<Leaf>>),
}

impl<Leaf> Expression<Leaf> {
    /// True of every profile.
    pub(crate) fn always() -> Self {
        Self::All(Vec::new())
    }

    /// True of no profile.
    pub(crate) fn never() -> Self {
        Self::Any(Vec::new())
    }

    pub(crate) fn negated(self) -> Self {
        Self::Not(Box::new(self))
    }

    /// The same expression with other leaves.
    pub fn map<Other>(&self, leaf: &mut impl FnMut(&Leaf) -> Other) -> Expression<Other> {
        match self {
            Self::Leaf(inner) => Expression::Leaf(leaf(inner)),
            Self::Not(inner) => Expression::Not(Box::new(inner.map(leaf))),
            Self::All(inner) => Expression::All(inner.iter().map(|inner| inner.map(leaf)).collect()),
            Self::Any(inner) => Expression::Any(inner.iter().map(|inner| inner.map(leaf)).collect()),
        }
    }

    /// Its truth, given the truth of the leaves.
    pub fn truth(&self, leaf: &impl Fn(&Leaf) -> bool) -> bool {
        match self {
            Self::Leaf(inner) => leaf(inner),
            Self::Not(inner) => !inner.truth(leaf),
            Self::All(inner) => inner.iter().all(|inner| inner.truth(leaf)),
            Self::Any(inner) => inner.iter().any(|inner| inner.truth(leaf)),
        }
    }

    /// Calls a function with every leaf.
    pub fn for_each_leaf<'a>(&'a self, leaf: &mut impl FnMut(&'a Leaf)) {
        match self {
            Self::Leaf(inner) => leaf(inner),
            Self::Not(inner) => inner.for_each_leaf(leaf),
            Self::All(inner) | Self::Any(inner) => inner.iter().for_each(|inner| inner.for_each_leaf(leaf)),
        }
    }
}

/// Reads `spec.match`.
pub(crate) fn parse(text: &str) -> Result<Expression<String>, Complaint> {
    check_length_and_depth(text)?;
    let parsed = cel::parser::Parser::new().parse(text);
    // CEL's parser explains itself in terms of its grammar: what it expects is said in ours.
    from_cel(parsed.map_err(|_| Complaint::new(break_of(text), MEND))?)
}

/// Refuses what is too long or too deep, and characters that no boolean expression of names has.
fn check_length_and_depth(text: &str) -> Result<(), Complaint> {
    if text.trim().is_empty() {
        let mend = "leave match out if all criteria must hold; quote an expression that begins with !, which YAML takes for a tag";
        return Err(Complaint::new("the expression is empty", mend));
    }
    if text.chars().count() > LENGTH_MAX {
        let reason = format!("the expression is longer than {LENGTH_MAX} characters");
        return Err(Complaint::new(reason, "split it, and refer to the parts by criteria of kind segment"));
    }
    // For each open parenthesis the number of `!` before it; and those of the name that comes.
    let (mut open, mut depth, mut pending) = (Vec::new(), 0, 0);
    for character in text.chars() {
        match character {
            '!' => pending += 1,
            '(' => {
                open.push(pending + 1);
                depth += pending + 1;
                pending = 0;
            }
            ')' => {
                depth -=
                    open.pop().ok_or_else(|| Complaint::new("a closing parenthesis without an opening one", MEND))?;
                pending = 0;
            }
            ' ' | '\t' | '\n' | '\u{c}' | '\r' => {}
            '&' | '|' => pending = 0,
            _ if character.is_ascii_alphanumeric() || character == '_' => {}
            _ => return Err(Complaint::new(format!("the character {character:?} has no place in match"), MEND)),
        }
        if depth + pending > DEPTH_MAX {
            let reason = format!("there are more than {DEPTH_MAX} levels of parentheses and ! in one another");
            return Err(Complaint::new(reason, "split it, and refer to the parts by criteria of kind segment"));
        }
    }
    if open.is_empty() { Ok(()) } else { Err(Complaint::new("a closing parenthesis is missing", MEND)) }
}

/// Where a text ceases to be a boolean expression.
fn break_of(text: &str) -> String {
    let mut operand_comes = true;
    let mut rest = text;
    let keyword = loop {
        rest = rest.trim_start();
        let length =
            rest.len() - rest.trim_start_matches(|next: char| next.is_ascii_alphanumeric() || next == '_').len();
        let begins = |operator: &str| rest.starts_with(operator);
        let keyword = CEL_KEYWORDS.into_iter().find(|keyword| *keyword == &rest[..length]);
        let is_name = keyword.is_none() && !begins_with_digit(rest);
        let (taken, operand_follows) = match (operand_comes, length) {
            (true, 1..) if is_name => (length, false),
            (true, 0) if begins("(") || begins("!") => (1, true),
            (false, 0) if begins(")") => (1, false),
            (false, 0) if begins("&&") || begins("||") => (2, true),
            _ => break keyword,
        };
        operand_comes = operand_follows;
        rest = &rest[taken..];
    };
    let wanted = if operand_comes { "a name, ! or ( has to stand" } else { "&& or || has to stand" };
    let at = text[..text.len() - rest.len()].chars().count() + 1;
    match (keyword, rest.split_whitespace().next()) {
        (Some(keyword), _) => format!("at character {at} {wanted}, not {keyword}, a keyword of CEL"),
        (None, Some(word)) => format!("at character {at} {wanted}, not {word}"),
        (None, None) => format!("at the end {wanted}"),
    }
}

fn begins_with_digit(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_digit())
}

fn from_cel(expression: IdedExpr) -> Result<Expression<String>, Complaint> {
    match expression.expr {
        CelExpr::Ident(name) => Ok(Expression::Leaf(name)),
        CelExpr::Call(call) if call.target.is_none() => {
            let name = call.func_name;
            let mut operands = call.args.into_iter().map(from_cel).collect::<Result<Vec<_>, _>>()?;
            match name.as_str() {
                operators::LOGICAL_AND => Ok(Expression::All(operands)),
                operators::LOGICAL_OR => Ok(Expression::Any(operands)),
                operators::LOGICAL_NOT if operands.len() == 1 => Ok(operands.remove(0).negated()),
                _ if name.starts_with(|first: char| first.is_ascii_alphabetic()) => {
                    Err(Complaint::new(format!("match has no functions, such as {name}()"), MEND))
                }
                _ => Err(Complaint::new(format!("match has no {}", name.trim_matches(['_', '@'])), MEND)),
            }
        }
        CelExpr::Literal(_) => Err(Complaint::new("match has no literals", MEND)),
        _ => Err(Complaint::new("match has no such construct of CEL", MEND)),
    }
}
