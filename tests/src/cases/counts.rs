//! Worlds whose segments count events over windows of months, with events where months, days and windows begin and end.

use super::DAY;
use super::random::Random;
use crate::json::Json;
use crate::world::World;
use jiff::{Span, Timestamp, tz::TimeZone};

pub(super) const METRICS: [&str; 3] = ["Placed Order", "a", "é'\"\\"];
const LENGTHS: [(&str, i64); 7] =
    [("1d", 1), ("30d", 30), ("9w", 63), ("100d", 100), ("26w", 182), ("365d", 365), ("3650d", 3650)];
const CALENDAR: [&str; 5] = ["thisMonth", "lastMonth", "thisYear", "lastYear", "today"];
/// Enough to see how a count at a bound of the bit planes, or beyond it, is carried on.
const MOST: i64 = 9;

pub(super) fn world(random: &mut Random, as_of: i64) -> World {
    let ids: Vec<String> = (0..2 + random.below(10)).map(|id| format!("p{id}")).collect();
    // Some profiles are known from events only.
    let profiles = ids.iter().skip(random.below(3)).map(|id| Json::object([("id", Json::text(id.as_str()))])).collect();
    let segments = (0..4 + random.below(8)).map(|index| (format!("s{index}"), spec(random, as_of))).collect();
    World { segments, profiles, events: events(random, &ids, as_of) }
}

fn spec(random: &mut Random, as_of: i64) -> Json {
    let metric = if random.chance(25) { "*" } else { random.pick(&METRICS) };
    let mut fields = Json::object([("metric", Json::text(metric)), ("count", range(random))]);
    if let Some(window) = window(random, as_of) {
        fields.set("within", window);
    }
    let criterion = Json::object([("name", Json::text("c")), ("event", fields)]);
    let zone = *random.pick(&["UTC", "America/New_York", "Pacific/Apia"]);
    Json::object([("timeZone", Json::text(zone)), ("criteria", Json::List(vec![criterion]))])
}

fn range(random: &mut Random) -> Json {
    let low = random.between(1, MOST);
    let bound = |key: &'static str, value: i64| Json::object([(key, Json::number(&value))]);
    match random.below(6) {
        0..=2 => bound("atLeast", low),
        3 => bound("equals", low),
        4 => bound("atMost", low),
        _ => Json::object([("atLeast", Json::number(&low)), ("below", Json::number(&(low + random.between(1, 3))))]),
    }
}

pub(super) fn window(random: &mut Random, as_of: i64) -> Option<Json> {
    let written = |instant: i64| Json::text(stamp(instant).to_string());
    Some(match random.below(9) {
        0..=2 => Json::object([("last", Json::text(random.pick(&LENGTHS).0))]),
        3 => {
            let to = random.below(LENGTHS.len() - 1);
            let from = to + 1 + random.below(LENGTHS.len() - to - 1);
            let edges = [("from", Json::text(LENGTHS[from].0)), ("to", Json::text(LENGTHS[to].0))];
            Json::object([("between", Json::object(edges))])
        }
        4 => Json::object([("olderThan", Json::text(random.pick(&LENGTHS).0))]),
        5 => Json::object([("calendar", Json::text(*random.pick(&CALENDAR)))]),
        6 => {
            let months = random.between(1, 14);
            let (from, to) = (month(as_of, -months), month(as_of, -random.between(0, months - 1)));
            Json::object([("from", written(from + random.between(0, 1))), ("to", written(to - random.between(0, 1)))])
        }
        7 => Json::object([("from", written(month(as_of, -random.between(0, 30))))]),
        _ => return None,
    })
}

/// Few events of some profiles, many of others; some months have more than planes can hold.
fn events(random: &mut Random, ids: &[String], as_of: i64) -> Vec<Json> {
    let mut events: Vec<Json> = Vec::new();
    for id in ids {
        let reach = *random.pick(&[2, 14, 14, 30]);
        let most = *random.pick(&[3, 12, 12, 40]);
        for _ in 0..random.below(most) {
            let instant = instant(random, as_of, reach);
            let metric = *random.pick(&METRICS);
            for _ in 0..*random.pick(&[1, 1, 1, 1, 1, 2, 9]) {
                events.push(Json::object([
                    ("id", Json::text(format!("e{}", events.len()))),
                    ("profile", Json::text(id.as_str())),
                    ("metric", Json::text(metric)),
                    ("time", Json::text(stamp(instant).to_string())),
                ]));
            }
        }
    }
    // In any order, and some of them again, corrected, anywhere behind.
    for index in (1..events.len()).rev() {
        events.swap(index, random.below(index + 1));
    }
    for _ in 0..events.len() / 8 {
        let mut again = random.pick(&events).clone();
        again.set("properties", Json::object([("v", Json::number(&random.below(5)))]));
        events.push(again);
    }
    events
}

pub(super) fn instant(random: &mut Random, as_of: i64, months: i64) -> i64 {
    let edge = match random.below(4) {
        0 => as_of - random.pick(&LENGTHS).1 * DAY,
        1 => month(as_of, -random.between(-1, months)),
        2 => month(as_of, -random.between(0, months)) + random.between(-2, 2) * DAY,
        _ => as_of - random.between(-DAY, months * 30 * DAY),
    };
    (edge + *random.pick(&[0, 0, 1, -1, 0])).max(0)
}

/// The first instant of a month in UTC, so many months from that of `instant`.
fn month(instant: i64, months: i64) -> i64 {
    let day = stamp(instant).to_zoned(TimeZone::UTC).date().first_of_month();
    let moved = Span::new().try_months(months).and_then(|span| day.checked_add(span)).unwrap_or(day);
    moved.to_zoned(TimeZone::UTC).map_or(instant, |zoned| zoned.timestamp().as_millisecond())
}

pub(super) fn stamp(instant: i64) -> Timestamp {
    Timestamp::from_millisecond(instant).unwrap_or(Timestamp::UNIX_EPOCH)
}
