//! What both forms are made of: conditions of criteria as SQL text over our tables. Only the peers' side generates SQL.

use crate::{
    bench::{AS_OF_MS, account_hash},
    criteria::Criterion,
    segments::BenchSegment,
};

const DAY_MS: i64 = 86_400_000;

/// Where a criterion's rows stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Events,
    /// Orders with the properties that sums use, one row an event.
    Orders,
    Traits,
}

/// Where a criterion's rows stand.
pub(super) fn place(criterion: &Criterion) -> Place {
    match criterion {
        Criterion::Count { .. } => Place::Events,
        Criterion::Sum { .. } => Place::Orders,
        _ => Place::Traits,
    }
}

/// Criteria of a place with their numbers in the segment.
pub(super) fn of(segment: &BenchSegment, wanted: Place) -> Vec<(usize, &Criterion)> {
    segment.criteria.iter().enumerate().filter(|(_, criterion)| place(criterion) == wanted).collect()
}

/// Whether a row of the criterion's place counts for it.
pub(super) fn row_condition(criterion: &Criterion) -> String {
    match criterion {
        Criterion::Count { metric, days, .. } => format!("metric = '{metric}' AND {}", since("time", *days)),
        Criterion::Sum { campaigns, days, .. } => {
            format!("startsWith(campaign, '{campaigns}') AND {}", since("time", *days))
        }
        Criterion::Number { at_least, .. } => format!("kind IN ('digits', 'number') AND number >= {at_least}"),
        Criterion::Text { values, .. } => format!("text IN ('{}')", values.join("', '")),
        Criterion::Within { days, .. } => format!("kind = 'time' AND {}", since_ms("time_ms", *days)),
        Criterion::Consent { status, days, .. } => match days {
            None => format!("text = '{status}'"),
            Some(days) => format!("text = '{status}' AND {}", since_ms("set_ms", *days)),
        },
        Criterion::Near { latitude, longitude, miles } => format!(
            "kind = 'point' AND 2 * 6371008.8 * asin(least(1., sqrt(pow(sin(radians(latitude - {latitude}) / 2), 2) \
             + cos(radians({latitude})) * cos(radians(latitude)) * pow(sin(radians(longitude - ({longitude})) / 2), 2)))) \
             <= {miles} * 1609.344"
        ),
        Criterion::List { .. } => "kind != 'absent'".to_owned(),
        Criterion::Item { topic } => format!("has(items, 'topic-{topic}')"),
    }
}

/// The key of a criterion's trait.
pub(super) fn trait_key(criterion: &Criterion) -> String {
    match criterion {
        Criterion::Number { property, .. } | Criterion::Text { property, .. } | Criterion::Within { property, .. } => {
            format!("p/{property}")
        }
        Criterion::Consent { channel, .. } => format!("consent/{channel}"),
        Criterion::Near { .. } => "geo".to_owned(),
        Criterion::List { number } => format!("list/vip-{number}"),
        Criterion::Item { .. } => "p/interests".to_owned(),
        Criterion::Count { .. } | Criterion::Sum { .. } => String::new(),
    }
}

/// The bound that an aggregate has to reach: events, or billionths of a sum.
pub(super) fn bound(criterion: &Criterion) -> String {
    match criterion {
        Criterion::Count { at_least, .. } => at_least.to_string(),
        Criterion::Sum { at_least, .. } => format!("toInt256({at_least}000000000)"),
        _ => "1".to_owned(),
    }
}

/// The rows of a place that the segment needs, as a query in parentheses.
pub(super) fn source(segment: &BenchSegment, place: Place) -> String {
    let account = account_hash(0);
    let criteria = of(segment, place);
    let from = criteria.iter().map(|(_, criterion)| days(criterion)).max().unwrap_or(0);
    let (until, after) = (format!("time <= fromUnixTimestamp64Milli({AS_OF_MS}, 'UTC')"), since("time", from));
    match place {
        Place::Events => {
            let metrics = list(criteria.iter().filter_map(|(_, criterion)| match criterion {
                Criterion::Count { metric, .. } => Some((*metric).to_owned()),
                _ => None,
            }));
            format!(
                "(SELECT bucket, profile_no, toString(metric) AS metric, time, event FROM bench.events FINAL WHERE account = {account} \
                 AND metric IN ({metrics}) AND day >= toDate({}) AND {after} AND {until} AND retracted = 0)",
                start_s(from)
            )
        }
        Place::Orders => format!(
            "(SELECT bucket, profile_no, time, event, anyIf(amount, property = 'value') AS value, \
             anyIf(text, property = 'campaign') AS campaign FROM bench.event_properties FINAL WHERE account = {account} \
             AND metric = 'Placed Order' AND property IN ('value', 'campaign') AND day >= toDate({}) AND {after} AND {until} \
             AND retracted = 0 GROUP BY bucket, profile_no, time, event)",
            start_s(from)
        ),
        Place::Traits => {
            let keys = list(criteria.iter().map(|(_, criterion)| trait_key(criterion)));
            format!(
                "(SELECT bucket, profile_no, toString(trait) AS trait, kind, text, number, time_ms, items, latitude, longitude, \
                 set_ms FROM bench.traits FINAL WHERE account = {account} AND trait IN ({keys}))"
            )
        }
    }
}

/// All users.
pub(super) fn users() -> String {
    format!("(SELECT bucket, profile_no FROM bench.profile_names FINAL WHERE account = {})", account_hash(0))
}

/// The match of a segment, each criterion as `name` writes it.
pub(super) fn expression(segment: &BenchSegment, name: impl Fn(usize) -> String) -> String {
    let (inner, outer) = if segment.all_in_group { (" AND ", " OR ") } else { (" OR ", " AND ") };
    let group = |group: &Vec<(usize, bool)>| {
        let terms: Vec<String> = group
            .iter()
            .map(|(index, negated)| if *negated { format!("NOT {}", name(*index)) } else { name(*index) })
            .collect();
        format!("({})", terms.join(inner))
    };
    segment.groups.iter().map(group).collect::<Vec<_>>().join(outer)
}

fn days(criterion: &Criterion) -> u64 {
    match criterion {
        Criterion::Count { days, .. } | Criterion::Sum { days, .. } => *days,
        _ => 0,
    }
}

fn start_ms(days: u64) -> i64 {
    AS_OF_MS - i64::try_from(days).unwrap_or(0) * DAY_MS
}

fn start_s(days: u64) -> i64 {
    start_ms(days) / 1000
}

fn since(column: &str, days: u64) -> String {
    format!("{column} > fromUnixTimestamp64Milli({}, 'UTC')", start_ms(days))
}

fn since_ms(column: &str, days: u64) -> String {
    format!("{column} > {} AND {column} <= {AS_OF_MS}", start_ms(days))
}

fn list(values: impl Iterator<Item = String>) -> String {
    let mut values: Vec<String> = values.map(|value| format!("'{value}'")).collect();
    values.sort();
    values.dedup();
    values.join(", ")
}
