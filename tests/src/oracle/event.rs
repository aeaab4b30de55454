//! The criteria over events: aggregates, first and last, regular, sequences.

use super::data::{Event, Profile, Properties};
use super::number;
use super::test::{Range, Test, number_of};
use super::time::Clock;
use super::window::Interval;
use crate::json::Json;
use num_bigint::BigInt;
use siphasher::sip::SipHasher24;
use std::collections::HashSet;

/// One item of `where` or `has`.
#[derive(Debug)]
pub(crate) struct Condition {
    path: String,
    test: Test,
    not: bool,
}

impl Condition {
    /// Reads a list of conditions; an absent one is empty.
    pub(crate) fn read_all(list: Option<&Json>, clock: &Clock) -> Result<Vec<Self>, String> {
        let read = |json: &Json| {
            let path = json.get("property").and_then(Json::as_text).ok_or("a condition without a property")?.to_owned();
            Ok(Self { path, test: Test::read(json, clock)?, not: json.get("not") == Some(&Json::Bool(true)) })
        };
        list.and_then(Json::as_list).unwrap_or_default().iter().map(read).collect()
    }

    fn holds(&self, properties: &Properties, clock: &Clock) -> bool {
        self.test.holds(properties.get(&self.path), clock) != self.not
    }
}

/// `metric` and `where`: which events are meant.
#[derive(Debug)]
pub(crate) struct Choice {
    metric: String,
    conditions: Vec<Condition>,
}

impl Choice {
    /// Reads both fields of a criterion or of a step.
    pub(crate) fn read(json: &Json, clock: &Clock) -> Result<Self, String> {
        let metric = json.get("metric").and_then(Json::as_text).ok_or("no metric")?.to_owned();
        Ok(Self { metric, conditions: Condition::read_all(json.get("where"), clock)? })
    }

    fn takes(&self, event: &Event, clock: &Clock) -> bool {
        (self.metric == "*" || self.metric == event.metric) && all_hold(&self.conditions, event, clock)
    }

    /// The events that are meant, of those that have come by `as_of` and lie in the interval.
    pub(crate) fn of<'a>(&self, profile: &'a Profile, interval: Interval, clock: &Clock) -> Vec<&'a Event> {
        let interval = interval.up_to(clock.as_of);
        profile.events.iter().filter(|event| interval.contains(event.time) && self.takes(event, clock)).collect()
    }
}

/// Do all conditions hold for the event?
pub(crate) fn all_hold(conditions: &[Condition], event: &Event, clock: &Clock) -> bool {
    conditions.iter().all(|condition| condition.holds(&event.properties, clock))
}

/// What an `event` criterion computes, and the range in which it has to be.
#[derive(Debug)]
pub(crate) enum Aggregate {
    Count(Range<i64>),
    DistinctDays(Range<i64>),
    Sum(String, Range<BigInt>),
    Average(String, Range<BigInt>),
    Min(String, Range<f64>),
    Max(String, Range<f64>),
}

/// A range of whole numbers.
pub(crate) fn whole_numbers(json: &Json) -> Result<Range<i64>, String> {
    Range::read(json, |plain| plain.parse().unwrap_or(i64::MIN))
}

impl Aggregate {
    /// Reads the one that stands in the criterion; absent, it is `count: {atLeast: 1}`.
    pub(crate) fn read(json: &Json) -> Result<Self, String> {
        let path = |range: &Json| range.get("property").and_then(Json::as_text).unwrap_or_default().to_owned();
        Ok(if let Some(range) = json.get("count") {
            Self::Count(whole_numbers(range)?)
        } else if let Some(range) = json.get("distinctDays") {
            Self::DistinctDays(whole_numbers(range)?)
        } else if let Some(range) = json.get("sum") {
            Self::Sum(path(range), Range::read(range, number::billionths)?)
        } else if let Some(range) = json.get("average") {
            Self::Average(path(range), Range::read(range, number::billionths)?)
        } else if let Some(range) = json.get("min") {
            Self::Min(path(range), Range::read(range, number::float)?)
        } else if let Some(range) = json.get("max") {
            Self::Max(path(range), Range::read(range, number::float)?)
        } else {
            Self::Count(Range { at_least: Some(1), ..Range::default() })
        })
    }

    /// Is the aggregate over these events in the range?
    pub(crate) fn holds(&self, events: &[&Event], clock: &Clock) -> bool {
        match self {
            Self::Count(range) => range.contains(&size(events.len())),
            Self::DistinctDays(range) => {
                let days: HashSet<_> = events.iter().map(|event| clock.day_of(event.time)).collect();
                range.contains(&size(days.len()))
            }
            Self::Sum(path, range) => range.contains(&decimals(events, path).iter().sum()),
            Self::Average(path, range) => {
                let decimals = decimals(events, path);
                let count = BigInt::from(decimals.len());
                !decimals.is_empty() && range.map(|bound| bound * &count).contains(&decimals.iter().sum())
            }
            Self::Min(path, range) => {
                floats(events, path).into_iter().reduce(f64::min).is_some_and(|min| range.contains(&min))
            }
            Self::Max(path, range) => {
                floats(events, path).into_iter().reduce(f64::max).is_some_and(|max| range.contains(&max))
            }
        }
    }
}

fn size(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// The numbers of a property, in plain digits.
fn numbers(events: &[&Event], path: &str) -> Vec<String> {
    events.iter().filter_map(|event| number_of(event.properties.get(path)?)).collect()
}

fn floats(events: &[&Event], path: &str) -> Vec<f64> {
    numbers(events, path).iter().map(|plain| number::float(plain)).collect()
}

fn decimals(events: &[&Event], path: &str) -> Vec<BigInt> {
    numbers(events, path).iter().map(|plain| number::billionths(plain)).filter(number::counts_in_sums).collect()
}

/// The order of events: by instant, then by the hash of the id, then by metric. Never by arrival.
fn order(event: &Event) -> (i64, u64, &str) {
    (event.time, sip_hash(event.id.as_bytes()), &event.metric)
}

/// The latest of the events.
pub(crate) fn latest<'a>(events: &[&'a Event]) -> Option<&'a Event> {
    events.iter().copied().max_by_key(|event| order(event))
}

/// The earliest of the events.
pub(crate) fn earliest<'a>(events: &[&'a Event]) -> Option<&'a Event> {
    events.iter().copied().min_by_key(|event| order(event))
}

/// SipHash-2-4 with a key of zeros.
pub fn sip_hash(bytes: &[u8]) -> u64 {
    SipHasher24::new().hash(bytes)
}

/// In how many of the periods of the length `every`, the last of which ends with `as_of`, is the count in the range?
pub(crate) fn regular_periods(events: &[&Event], every: i64, of: i64, range: &Range<i64>, as_of: i64) -> i64 {
    let counts = (0..of).map(|period| {
        let interval = Interval { start: as_of - (period + 1) * every + 1, end: as_of - period * every + 1 };
        size(events.iter().filter(|event| interval.contains(event.time)).count())
    });
    size(counts.filter(|count| range.contains(count)).count())
}

/// Are there events of the steps, each strictly later than the one before, the last at most `span` after the first?
///
/// From each possible first event, the earliest possible next one always leaves the most room for the rest.
pub(crate) fn has_sequence(steps: &[Vec<&Event>], span: i64) -> bool {
    let Some((first, rest)) = steps.split_first() else { return false };
    first.iter().any(|begin| {
        let mut at = begin.time;
        rest.iter().all(|step| {
            let next = step.iter().map(|event| event.time).filter(|time| *time > at).min();
            at = next.unwrap_or(at);
            next.is_some_and(|next| next - begin.time <= span)
        })
    })
}
