//! PostHog's cohort: one query that aggregates behaviour by person, joins it to the persons with their properties, and
//! filters by the cohort's expression.

use super::parts::{self, Place};
use crate::segments::BenchSegment;

pub(super) fn statements(segment: &BenchSegment, id: u64) -> Vec<String> {
    let behaviour =
        grouped(segment, Place::Events, |index, row, bound| format!("countIf({row}) >= {bound} AS c{index}"));
    let orders = grouped(segment, Place::Orders, |index, row, bound| {
        format!("ifNull(sum(if({row}, toInt256(value), NULL)), toInt256(0)) >= {bound} AS c{index}")
    });
    let traits = grouped(segment, Place::Traits, |index, row, _| format!("max({row}) AS c{index}"));
    let mut from = format!("{} AS person", parts::users());
    for (name, side) in [("behaviour", behaviour), ("orders", orders), ("properties", traits)] {
        if let Some(side) = side {
            from = format!(
                "{from}\nLEFT JOIN ({side}) AS {name} ON {name}.bucket = person.bucket AND {name}.profile_no = person.profile_no"
            );
        }
    }
    let matches = parts::expression(segment, |index| format!("c{index}"));
    vec![format!(
        "INSERT INTO bench_peers.members (form, segment, bucket, profile_no)
SELECT 'posthog', {id}, person.bucket, person.profile_no
FROM {from}
WHERE {matches}
SETTINGS optimize_aggregation_in_order = 1, join_algorithm = 'auto'"
    )]
}

/// The criteria of a place by person, each as a column; `None` if there are none.
fn grouped(segment: &BenchSegment, place: Place, column: fn(usize, &str, &str) -> String) -> Option<String> {
    let columns: Vec<String> = parts::of(segment, place)
        .into_iter()
        .map(|(index, criterion)| {
            let mut row = parts::row_condition(criterion);
            if place == Place::Traits {
                row = format!("trait = '{}' AND {row}", parts::trait_key(criterion));
            }
            column(index, &row, &parts::bound(criterion))
        })
        .collect();
    (!columns.is_empty()).then(|| {
        format!(
            "SELECT bucket, profile_no, {} FROM {} GROUP BY bucket, profile_no",
            columns.join(", "),
            parts::source(segment, place)
        )
    })
}
