//! Dittofeed's segment: three statements. The state of each node for each user (argMax of values, uniq of message ids), by
//! an arrayJoin over the nodes that an event belongs to; the truth of each node; the segment's expression over a map of
//! the nodes.

use super::parts::{self, Place};
use crate::{criteria::Criterion, segments::BenchSegment};

pub(super) fn statements(segment: &BenchSegment, id: u64) -> Vec<String> {
    let places = [Place::Events, Place::Orders, Place::Traits];
    let mut statements: Vec<String> = places.into_iter().filter_map(|place| state(segment, id, place)).collect();
    statements.push(resolved(segment, id));
    statements.push(assignments(segment, id));
    statements
}

fn state(segment: &BenchSegment, id: u64, place: Place) -> Option<String> {
    let (value, message, amount, time) = match place {
        Place::Events => ("''", "toString(event)", "toInt128(0)", "time"),
        Place::Orders => ("''", "toString(event)", "ifNull(value, toInt128(0))", "time"),
        Place::Traits => ("'1'", "''", "toInt128(0)", "toDateTime64(0, 3)"),
    };
    let nodes: Vec<String> = parts::of(segment, place)
        .into_iter()
        .map(|(index, criterion)| {
            let mut row = parts::row_condition(criterion);
            if place == Place::Traits {
                row = format!("trait = '{}' AND {row}", parts::trait_key(criterion));
            }
            format!("({index}, {row})")
        })
        .collect();
    (!nodes.is_empty()).then(|| {
        format!(
            "INSERT INTO bench_peers.state (segment, node, bucket, profile_no, last_value, unique_count, amount)
SELECT {id}, node, bucket, profile_no, argMaxState({value}, toDateTime64({time}, 3)), uniqState({message}), sumState({amount})
FROM (
    SELECT *, arrayJoin(arrayMap(x -> toUInt8(x.1), arrayFilter(x -> x.2, [{}]))) AS node
    FROM {}
)
GROUP BY node, bucket, profile_no
SETTINGS max_bytes_before_external_group_by = 4000000000, max_bytes_ratio_before_external_group_by = 0",
            nodes.join(", "),
            parts::source(segment, place)
        )
    })
}

fn resolved(segment: &BenchSegment, id: u64) -> String {
    let tests: Vec<String> = segment
        .criteria
        .iter()
        .enumerate()
        .map(|(index, criterion)| {
            let test = match criterion {
                Criterion::Count { .. } => format!("uniqMerge(unique_count) >= {}", parts::bound(criterion)),
                Criterion::Sum { .. } => format!("toInt256(sumMerge(amount)) >= {}", parts::bound(criterion)),
                _ => "argMaxMerge(last_value) = '1'".to_owned(),
            };
            format!("node = {index}, {test}")
        })
        .collect();
    format!(
        "INSERT INTO bench_peers.resolved (segment, node, bucket, profile_no, value)
SELECT segment, node, bucket, profile_no, multiIf({}, 0)
FROM bench_peers.state
WHERE segment = {id}
GROUP BY segment, node, bucket, profile_no
SETTINGS max_bytes_before_external_group_by = 4000000000, max_bytes_ratio_before_external_group_by = 0",
        tests.join(", ")
    )
}

fn assignments(segment: &BenchSegment, id: u64) -> String {
    let matches = parts::expression(segment, |index| format!("nodes[toUInt8({index})]"));
    format!(
        "INSERT INTO bench_peers.members (form, segment, bucket, profile_no)
SELECT 'dittofeed', {id}, bucket, profile_no
FROM (
    SELECT bucket, profile_no, CAST((groupArray(node), groupArray(value)), 'Map(UInt8, UInt8)') AS nodes
    FROM (
        SELECT bucket, profile_no, node, value FROM bench_peers.resolved FINAL WHERE segment = {id}
        UNION ALL
        SELECT bucket, profile_no, toUInt8(255) AS node, toUInt8(0) AS value FROM {}
    )
    GROUP BY bucket, profile_no
)
WHERE {matches}
SETTINGS max_bytes_before_external_group_by = 4000000000, max_bytes_ratio_before_external_group_by = 0",
        parts::users()
    )
}
