//! `match`: names, `&&`, `||`, `!` and parentheses, with CEL's precedence.

/// A boolean expression of names.
#[derive(Debug)]
pub(crate) enum Expression {
    Name(String),
    Not(Box<Expression>),
    All(Vec<Expression>),
    Any(Vec<Expression>),
}

impl Expression {
    /// Reads the whole text.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let tokens = tokens(text)?;
        let mut rest = tokens.as_slice();
        let expression = any(&mut rest)?;
        if rest.is_empty() { Ok(expression) } else { Err(format!("more after the expression: {rest:?}")) }
    }

    /// Its value, given those of the names.
    pub(crate) fn holds(&self, name: &impl Fn(&str) -> bool) -> bool {
        match self {
            Self::Name(text) => name(text),
            Self::Not(inner) => !inner.holds(name),
            Self::All(parts) => parts.iter().all(|part| part.holds(name)),
            Self::Any(parts) => parts.iter().any(|part| part.holds(name)),
        }
    }
}

fn tokens(text: &str) -> Result<Vec<&str>, String> {
    let mut tokens = Vec::new();
    let mut rest = text.trim_start();
    while let Some(letter) = rest.chars().next() {
        let length = match letter {
            '!' | '(' | ')' => 1,
            '&' if rest.starts_with("&&") => 2,
            '|' if rest.starts_with("||") => 2,
            'a'..='z' => {
                rest.find(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_').unwrap_or(rest.len())
            }
            _ => return Err(format!("not understood: {rest}")),
        };
        let (token, after) = rest.split_at(length);
        tokens.push(token);
        rest = after.trim_start();
    }
    Ok(tokens)
}

fn any(rest: &mut &[&str]) -> Result<Expression, String> {
    let mut parts = vec![all(rest)?];
    while eat(rest, "||") {
        parts.push(all(rest)?);
    }
    Ok(Expression::Any(parts))
}

fn all(rest: &mut &[&str]) -> Result<Expression, String> {
    let mut parts = vec![one(rest)?];
    while eat(rest, "&&") {
        parts.push(one(rest)?);
    }
    Ok(Expression::All(parts))
}

fn one(rest: &mut &[&str]) -> Result<Expression, String> {
    if eat(rest, "!") {
        return Ok(Expression::Not(Box::new(one(rest)?)));
    }
    if eat(rest, "(") {
        let inner = any(rest)?;
        return if eat(rest, ")") { Ok(inner) } else { Err("a parenthesis is not closed".to_owned()) };
    }
    match rest.split_first() {
        Some((name, after)) if name.starts_with(|letter: char| letter.is_ascii_lowercase()) => {
            *rest = after;
            Ok(Expression::Name((*name).to_owned()))
        }
        _ => Err(format!("a name is missing before {rest:?}")),
    }
}

fn eat(rest: &mut &[&str], token: &str) -> bool {
    match rest.split_first() {
        Some((first, after)) if *first == token => {
            *rest = after;
            true
        }
        _ => false,
    }
}
