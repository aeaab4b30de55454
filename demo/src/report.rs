//! What the demo prints. Pure.

use std::time::Duration;

use comfy_table::{CellAlignment, ContentArrangement, Table, presets};
use segment_jobs::explain::{ExplainedCriterion, Explanation, instant};
use segment_rules::{Definition, Expression};

use crate::evaluate::{Evaluated, Outcome};

/// The members of each segment at two instants, a month apart.
pub fn segments(definitions: &[&Definition], customers: usize, [first, later]: [(&str, &Evaluated); 2]) -> String {
    let header = ["SEGMENT", first.0, "SHARE", "TIME", later.0, "ENTERED", "LEFT"];
    let outcome = |evaluated: &Evaluated, definition: &Definition| -> Outcome {
        evaluated.segments.get(&definition.segment).copied().unwrap_or_default()
    };
    let rows = definitions.iter().map(|definition| {
        let (before, after) = (outcome(first.1, definition), outcome(later.1, definition));
        vec![
            definition.name.clone(),
            thousands(before.members),
            percent(before.members, customers),
            format!("{} ms", thousands(before.duration_ms)),
            thousands(after.members),
            signed('+', after.entered),
            signed('-', after.left),
        ]
    });
    numbers(&header, rows, 1)
}

/// A table whose columns are numbers but for the first ones.
pub(crate) fn numbers(header: &[&str], rows: impl IntoIterator<Item = Vec<String>>, texts: usize) -> String {
    let mut table = table(header, rows);
    for column in table.column_iter_mut().skip(texts) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    text(&mut table)
}

/// Every criterion of a segment for one profile, with what was seen of it.
pub fn explanation(definition: &Definition, profile: &str, explanation: &Explanation) -> String {
    let Explanation { as_of_ms, member, criteria } = explanation;
    let row = |(name, criterion): (&String, &ExplainedCriterion)| {
        let window = criterion.seen.window.as_ref().map_or_else(String::new, |window| window.text.clone());
        let truth = criterion.truth.map_or("?", |truth| if truth { "true" } else { "false" });
        vec![name.clone(), criterion.kind.to_owned(), truth.to_owned(), criterion.seen.text.clone(), window]
    };
    let mut table = table(&["CRITERION", "KIND", "TRUTH", "SEEN", "WINDOW"], criteria.iter().map(row));
    format!(
        "Customer {profile} {} of {} at {}:\n\n{}\n\n  match: {}",
        if *member { "is a member" } else { "is no member" },
        definition.name,
        instant(*as_of_ms),
        text(&mut table),
        expression(&definition.expression, ""),
    )
}

/// A duration in seconds.
pub fn seconds(duration: Duration) -> String {
    format!("{:.1} s", duration.as_secs_f64())
}

/// A number with commas between thousands.
pub fn thousands(number: impl TryInto<u64>) -> String {
    let digits = number.try_into().unwrap_or(u64::MAX).to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Nothing where nothing changed.
fn signed(sign: char, number: u64) -> String {
    if number == 0 { String::new() } else { format!("{sign}{}", thousands(number)) }
}

pub(crate) fn percent(part: u64, whole: usize) -> String {
    let permille = (part * 1000).checked_div(u64::try_from(whole).unwrap_or(1)).unwrap_or(0);
    format!("{}.{} %", permille / 10, permille % 10)
}

/// As users write it; `outer` is the sign that it stands between.
fn expression(of: &Expression<String>, outer: &str) -> String {
    let join = |parts: &[Expression<String>], sign: &str| {
        let joined = parts.iter().map(|part| expression(part, sign)).collect::<Vec<_>>().join(sign);
        if parts.len() < 2 || outer.is_empty() || outer == sign { joined } else { format!("({joined})") }
    };
    match of {
        Expression::Leaf(name) => name.clone(),
        Expression::Not(negated) => format!("!{}", expression(negated, "!")),
        Expression::All(parts) => join(parts, " && "),
        Expression::Any(parts) => join(parts, " || "),
    }
}

fn table(header: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
    table.set_header(header.iter().copied());
    for row in rows {
        table.add_row(row);
    }
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    table
}

fn text(table: &mut Table) -> String {
    let lines: Vec<String> = table.lines().map(|line| format!("  {}", line.trim_end())).collect();
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_parted() {
        assert_eq!([0_u64, 999, 1000, 1_234_567].map(thousands), ["0", "999", "1,000", "1,234,567"]);
    }

    #[test]
    fn shares_have_one_digit() {
        assert_eq!([percent(1, 3), percent(0, 0), percent(5, 5)], ["33.3 %", "0.0 %", "100.0 %"]);
    }

    #[test]
    fn a_match_is_written_as_it_was() {
        let leaf = |name: &str| Expression::Leaf(name.to_owned());
        let any = Expression::Any(vec![leaf("c"), leaf("d")]);
        let pair = Expression::All(vec![leaf("a"), Expression::Not(Box::new(leaf("b")))]);
        let all = Expression::All(vec![pair, any]);
        assert_eq!(expression(&all, ""), "a && !b && (c || d)");
    }
}
