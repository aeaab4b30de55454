//! How an explanation is printed: a table for people, an object for programs. Pure.

use segment_jobs::explain::{ExplainedCriterion, Explanation, instant};
use segment_rules::{Definition, Expression, instants::Interval};
use serde_json::{Value, json};

use crate::table;

/// An explanation and what it is about.
#[derive(Clone, Copy)]
pub(crate) struct Shown<'a> {
    pub(crate) definition: &'a Definition,
    pub(crate) profile: &'a str,
    pub(crate) explanation: &'a Explanation,
}

impl Shown<'_> {
    /// The verdict, a row for each criterion, and the match with the truths below the names.
    pub(crate) fn table(&self) -> String {
        let Definition { namespace, name, account, expression, .. } = self.definition;
        let Explanation { as_of_ms, member, criteria } = self.explanation;
        let is = if *member { "is a member" } else { "is no member" };
        let profile = table::printable(self.profile);
        let account = table::printable(account);
        let mut text = format!("{profile} of account {account} {is} of {namespace}/{name} at {}\n", instant(*as_of_ms));
        if criteria.is_empty() {
            return format!("{text}\nThe Segment has no criteria, so every profile is a member.");
        }
        let rows = criteria.iter().map(|(name, criterion)| {
            let window = criterion.seen.window.as_ref().map_or("", |window| &window.text);
            vec![
                name.clone(),
                criterion.kind.to_owned(),
                truth(criterion).to_owned(),
                criterion.seen.text.clone(),
                window.to_owned(),
            ]
        });
        text.push('\n');
        text.push_str(&table::table(&["CRITERION", "KIND", "TRUTH", "SEEN", "WINDOW"], rows));
        let truth_of = |name: &str| criteria.get(name).map_or("?", truth);
        let [names, truths] = under(&tokens(expression), truth_of);
        format!("{text}\n\nmatch  {names}\n       {truths}\nresult {member}")
    }

    /// One object; the edges of windows are from (included) and to (excluded).
    pub(crate) fn json(&self) -> serde_json::Result<String> {
        let Definition { namespace, name, account, expression, .. } = self.definition;
        let Explanation { as_of_ms, member, criteria } = self.explanation;
        let criteria: Vec<Value> = criteria.iter().map(|(name, criterion)| as_json(name, criterion)).collect();
        serde_json::to_string_pretty(&json!({
            "namespace": namespace,
            "segment": name,
            "account": account,
            "profile": self.profile,
            "asOf": instant(*as_of_ms),
            "member": member,
            "criteria": criteria,
            "match": tokens(expression).iter().map(Token::text).collect::<String>(),
        }))
    }
}

fn truth(criterion: &ExplainedCriterion) -> &'static str {
    match criterion.truth {
        Some(true) => "true",
        Some(false) => "false",
        None => "?",
    }
}

fn as_json(name: &str, criterion: &ExplainedCriterion) -> Value {
    let ExplainedCriterion { kind, truth, seen } = criterion;
    let mut object = json!({ "name": name, "kind": kind, "truth": truth, "seen": seen.text });
    if let Some(window) = &seen.window {
        let Interval { from_ms, to_ms } = window.interval;
        let from = (from_ms != i64::MIN).then(|| instant(from_ms));
        let to = (to_ms != i64::MAX).then(|| instant(to_ms));
        object["window"] = json!({ "from": from, "to": to });
    }
    object
}

/// A piece of an expression as it is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Token<'a> {
    Sign(&'static str),
    Name(&'a str),
}

impl<'a> Token<'a> {
    fn text(&self) -> &'a str {
        match self {
            Self::Sign(sign) => sign,
            Self::Name(name) => name,
        }
    }
}

fn tokens(expression: &Expression<String>) -> Vec<Token<'_>> {
    let mut tokens = Vec::new();
    push(expression, 0, &mut tokens);
    tokens
}

/// `level` says how tightly the place binds: 0 nothing around, 1 within `||`, 2 within `&&`, 3 below `!`.
fn push<'a>(expression: &'a Expression<String>, level: u8, tokens: &mut Vec<Token<'a>>) {
    let (own, sign, operands) = match expression {
        Expression::Leaf(name) => return tokens.push(Token::Name(name)),
        Expression::Not(inner) => {
            tokens.push(Token::Sign("!"));
            return push(inner, 3, tokens);
        }
        Expression::All(operands) => (2, " && ", operands),
        Expression::Any(operands) => (1, " || ", operands),
    };
    if let [only] = operands.as_slice() {
        return push(only, level, tokens);
    }
    if own < level {
        tokens.push(Token::Sign("("));
    }
    for (number, operand) in operands.iter().enumerate() {
        if number > 0 {
            tokens.push(Token::Sign(sign));
        }
        push(operand, own, tokens);
    }
    if own < level {
        tokens.push(Token::Sign(")"));
    }
}

/// Two lines: the expression, and below each name its truth.
fn under(tokens: &[Token<'_>], truth: impl Fn(&str) -> &'static str) -> [String; 2] {
    let (mut above, mut below) = (String::new(), String::new());
    for token in tokens {
        let text = token.text();
        let under = match token {
            Token::Sign(_) => "",
            Token::Name(name) => truth(name),
        };
        let width = text.len().max(under.len());
        above = format!("{above}{text:width$}");
        below = format!("{below}{under:width$}");
    }
    [above, below].map(|line| line.trim_end().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leaf(name: &str) -> Expression<String> {
        Expression::Leaf(name.to_owned())
    }

    #[test]
    fn an_expression_is_printed_as_it_binds() {
        let any = Expression::Any(vec![leaf("b"), Expression::All(vec![leaf("c"), leaf("d")])]);
        let expression = Expression::All(vec![leaf("a"), Expression::Not(Box::new(any.clone())), any]);
        let text: String = tokens(&expression).iter().map(Token::text).collect();
        assert_eq!(text, "a && !(b || c && d) && (b || c && d)");
    }

    #[test]
    fn truths_stand_below_their_names() {
        let expression = Expression::All(vec![leaf("loyal"), Expression::Not(Box::new(leaf("x")))]);
        let lines = under(&tokens(&expression), |name| if name == "x" { "false" } else { "true" });
        assert_eq!(lines, ["loyal && !x", "true      false"]);
    }
}
