//! Random criteria, all of them valid, and the edges of their windows.

use super::random::Random;
use super::values::{
    BOUNDS, CHANNELS, LISTS, LISTS_PATH, NUMBERS_PATH, SCALARS_PATH, STATUSES, TIMES_PATH, Vocabulary, spell,
};
use crate::json::Json;
use crate::oracle::{self, Place, metres};

/// Durations from short to long, with their seconds.
const DURATIONS: [(&str, i64); 15] = [
    ("1s", 1),
    ("90s", 90),
    ("5m", 300),
    ("1h", 3600),
    ("90m", 5400),
    ("24h", 86_400),
    ("36h", 129_600),
    ("2d", 172_800),
    ("6d", 518_400),
    ("1w", 604_800),
    ("14d", 1_209_600),
    ("30d", 2_592_000),
    ("26w", 15_724_800),
    ("365d", 31_536_000),
    ("3650d", 315_360_000),
];
const CALENDAR: [&str; 8] =
    ["today", "yesterday", "thisWeek", "lastWeek", "thisMonth", "lastMonth", "thisYear", "lastYear"];
const PATTERNS: [&str; 16] = [
    "",
    "a.b",
    "^a",
    "b$",
    "^b$",
    "^$",
    "\\d+",
    "^\\d+$",
    "\\bvip\\b",
    "(?i)VIP",
    "^.{1,2}$",
    "\\s",
    "[^a]",
    "a|2",
    "\\\\",
    "^\\w+$",
];
const PLACES: [Place; 4] = [
    Place { latitude: 50.0, longitude: 10.0 },
    Place { latitude: 0.0, longitude: 179.99 },
    Place { latitude: 89.9, longitude: -30.0 },
    Place { latitude: -33.45, longitude: -70.66 },
];

/// One criterion: its kind and its fields. `earlier` are the segments that it may refer to.
pub(super) fn any(random: &mut Random, words: &mut Vocabulary, zone: &str, earlier: usize) -> (&'static str, Json) {
    match random.below(24) {
        0..=5 => ("event", event(random, words, zone)),
        6..=7 => ("lastEvent", single(random, words, zone)),
        8 => ("firstEvent", single(random, words, zone)),
        9..=10 => ("regularEvent", regular(random, words, zone)),
        11..=12 => ("sequence", sequence(random, words, zone)),
        13..=17 => {
            let name = Json::text(words.path(random));
            let mut fields = Json::object([("name", name)]);
            test(random, words, zone, true, &mut fields);
            ("property", fields)
        }
        18..=19 => {
            let (channel, status) = (Json::text(*random.pick(&CHANNELS)), Json::text(*random.pick(&STATUSES)));
            let mut fields = Json::object([("channel", channel), ("status", status)]);
            if random.chance(60) {
                fields.set("within", window(random, words, zone, false));
            }
            ("consent", fields)
        }
        20 => ("location", location(random, words)),
        21 => ("list", Json::object([("id", Json::text(*random.pick(&LISTS)))])),
        22 if earlier > 0 => ("segment", Json::object([("name", Json::text(format!("s{}", random.below(earlier))))])),
        _ => {
            let percent = *random.pick(&["0", "100", "0.01", "0.29", "33.3", "50", "66.67", "99.99"]);
            let mut fields = Json::object([("percent", Json::number(percent))]);
            if random.chance(60) {
                fields.set("salt", Json::text(*random.pick(&["", "x", "é\0", "2026"])));
            }
            ("sample", fields)
        }
    }
}

/// `metric`, `where` and perhaps `within`.
fn choice(random: &mut Random, words: &mut Vocabulary, zone: &str, with_window: bool) -> Json {
    let metric = if random.chance(20) { "*".to_owned() } else { words.metric(random) };
    let mut fields = Json::object([("metric", Json::text(metric))]);
    if random.chance(45) {
        fields.set("where", conditions(random, words, zone));
    }
    if with_window && random.chance(70) {
        fields.set("within", window(random, words, zone, false));
    }
    fields
}

fn conditions(random: &mut Random, words: &mut Vocabulary, zone: &str) -> Json {
    let count = *random.pick(&[0, 1, 1, 1, 2]);
    let one = |random: &mut Random, words: &mut Vocabulary| {
        let mut fields = Json::object([("property", Json::text(words.path(random)))]);
        test(random, words, zone, false, &mut fields);
        if random.chance(30) {
            fields.set("not", Json::Bool(random.chance(90)));
        }
        fields
    };
    Json::List((0..count).map(|_| one(random, words)).collect())
}

fn event(random: &mut Random, words: &mut Vocabulary, zone: &str) -> Json {
    let mut fields = choice(random, words, zone, true);
    match random.below(10) {
        0..=2 => fields.set("count", whole_range(random)),
        3 => fields.set("distinctDays", whole_range(random)),
        aggregate @ 4..=8 => {
            let path = if random.chance(80) { words.paths[NUMBERS_PATH].clone() } else { words.path(random) };
            let mut range = Json::object([("property", Json::text(path))]);
            float_range(random, true, &mut range);
            fields.set(["sum", "average", "min", "max", "sum"][aggregate - 4], range);
        }
        _ => {}
    }
    fields
}

fn single(random: &mut Random, words: &mut Vocabulary, zone: &str) -> Json {
    let mut fields = choice(random, words, zone, true);
    if random.chance(60) {
        fields.set("has", conditions(random, words, zone));
    }
    fields
}

fn regular(random: &mut Random, words: &mut Vocabulary, zone: &str) -> Json {
    let mut fields = choice(random, words, zone, false);
    let (every, seconds) = DURATIONS[random.below(12)];
    let most = (315_360_000 / seconds).min(366);
    let of = if random.chance(80) { random.between(1, most.min(6)) } else { random.between(1, most) };
    if random.chance(50) {
        fields.set("count", whole_range(random));
    }
    for periods in [0, 1, of] {
        words.edges.push(words.as_of - periods * seconds * 1000);
    }
    fields.set("every", Json::text(every));
    fields.set("of", Json::number(&of));
    let at_least = if random.chance(60) { random.between(1, of.min(2)) } else { random.between(1, of) };
    fields.set("atLeast", Json::number(&at_least));
    fields
}

fn sequence(random: &mut Random, words: &mut Vocabulary, zone: &str) -> Json {
    let count = *random.pick(&[2, 2, 2, 3, 4]);
    let steps = (0..count).map(|_| choice(random, words, zone, false)).collect();
    let span = random.pick(&DURATIONS);
    words.edges.push(words.as_of - span.1 * 1000);
    let mut fields = Json::object([("steps", Json::List(steps)), ("span", Json::text(span.0))]);
    if random.chance(30) {
        fields.set("within", window(random, words, zone, false));
    }
    fields
}

fn location(random: &mut Random, words: &mut Vocabulary) -> Json {
    let within = *random.pick(&["10mi", "2.5km", "500m", "0.001km", "20040km", "1000.125km", "69.094mi"]);
    let place = *random.pick(&PLACES);
    words.circles.push((place, metres(within).unwrap_or(0.0)));
    let of = Json::object([("latitude", Json::number(&place.latitude)), ("longitude", Json::number(&place.longitude))]);
    Json::object([("within", Json::text(within)), ("of", of)])
}

/// A range of counts that some count satisfies.
fn whole_range(random: &mut Random) -> Json {
    let low = random.between(0, 3);
    let high = low + random.between(0, 2);
    let bound = |key: &'static str, value: i64| Json::object([(key, Json::number(&value))]);
    match random.below(7) {
        0 => bound("equals", low),
        1 => bound("atLeast", low),
        2 => bound("above", low),
        3 => bound("atMost", high),
        4 => bound("below", high + 1),
        5 => Json::object([("atLeast", Json::number(&low)), ("atMost", Json::number(&high))]),
        _ => Json::object([("above", Json::number(&low)), ("below", Json::number(&(high + 2)))]),
    }
}

/// Bounds that some number satisfies; `equals` only where it compares numbers.
fn float_range(random: &mut Random, with_equals: bool, fields: &mut Json) {
    // Two apart: cut after nine digits, two neighbours may be one.
    let low = random.below(BOUNDS.len() - 2);
    let high = low + 2 + random.below(BOUNDS.len() - low - 2);
    let (low_key, high_key) = (*random.pick(&["atLeast", "above"]), *random.pick(&["atMost", "below"]));
    match random.below(4) {
        0 if with_equals => fields.set("equals", Json::number(BOUNDS[low])),
        0 | 1 => fields.set(low_key, Json::number(BOUNDS[low])),
        2 => fields.set(high_key, Json::number(BOUNDS[high])),
        _ => {
            fields.set(low_key, Json::number(BOUNDS[low]));
            fields.set(high_key, Json::number(BOUNDS[high]));
        }
    }
}

/// Puts one test into the fields. `of_profile`: the test of a property criterion, which has the window `next` too.
fn test(random: &mut Random, words: &mut Vocabulary, zone: &str, of_profile: bool, fields: &mut Json) {
    let mut ignore_case = random.chance(30);
    let kind = random.below(20);
    if random.chance(65) {
        let sort = match kind {
            8..=10 => NUMBERS_PATH,
            12..=17 => TIMES_PATH,
            18 => LISTS_PATH,
            _ => SCALARS_PATH,
        };
        fields.set(if of_profile { "name" } else { "property" }, Json::text(words.paths[sort].as_str()));
    }
    match kind {
        0..=3 => fields.set("equals", words.scalar(random, true)),
        4 => {
            let count = 1 + random.below(4);
            fields.set("in", Json::List((0..count).map(|_| words.scalar(random, true)).collect()));
        }
        5..=7 => {
            let place = *random.pick(&["contains", "startsWith", "endsWith"]);
            fields.set(place, Json::text(random.pick(&words.texts).as_str()));
        }
        kind => {
            ignore_case = false;
            match kind {
                8..=10 => float_range(random, false, fields),
                11 => fields.set("matches", Json::text(*random.pick(&PATTERNS))),
                12 => {
                    let instant = words.instant(random);
                    words.edges.push(instant);
                    let side = *random.pick(&["before", "after"]);
                    fields.set(side, Json::text(time(random, words, zone, instant)));
                }
                13..=15 => fields.set("within", window(random, words, zone, of_profile)),
                16..=17 => fields.set("anniversary", anniversary(random, words, zone)),
                18 => fields.set("hasItem", words.scalar(random, true)),
                _ => fields.set("exists", Json::Bool(true)),
            }
        }
    }
    if ignore_case {
        fields.set("ignoreCase", Json::Bool(true));
    }
}

fn anniversary(random: &mut Random, words: &mut Vocabulary, zone: &str) -> Json {
    let window = if random.chance(25) {
        Json::object([("today", Json::Bool(true))])
    } else {
        let length = Json::text(*random.pick(&["1d", "2d", "7d", "1w", "30d", "52w", "366d"]));
        Json::object([(*random.pick(&["next", "last"]), length)])
    };
    words.edges.extend(oracle::edges(&window, zone, words.as_of));
    window
}

/// A window; its edges become words of the world.
fn window(random: &mut Random, words: &mut Vocabulary, zone: &str, with_next: bool) -> Json {
    let length = |random: &mut Random| Json::text(random.pick(&DURATIONS).0);
    let window = match random.below(14) {
        0..=1 if with_next => Json::object([("next", length(random))]),
        0..=3 => Json::object([("last", length(random))]),
        4..=5 => {
            let to = random.below(DURATIONS.len() - 1);
            let from = to + 1 + random.below(DURATIONS.len() - to - 1);
            let edges = [("from", Json::text(DURATIONS[from].0)), ("to", Json::text(DURATIONS[to].0))];
            Json::object([("between", Json::object(edges))])
        }
        6 => Json::object([("olderThan", length(random))]),
        7..=8 => from_to(random, words, zone),
        9..=11 => Json::object([("calendar", Json::text(*random.pick(&CALENDAR)))]),
        _ => Json::object([("days", Json::number(random.pick(&["1", "2", "3", "7", "30", "365", "3650"])))]),
    };
    words.edges.extend(oracle::edges(&window, zone, words.as_of));
    window
}

fn from_to(random: &mut Random, words: &mut Vocabulary, zone: &str) -> Json {
    let instant = words.instant(random);
    match random.below(3) {
        0 => Json::object([("from", Json::text(time(random, words, zone, instant)))]),
        1 => Json::object([("to", Json::text(time(random, words, zone, instant)))]),
        _ => {
            // Two days apart, so that `from` is before `to` in whatever spelling.
            let later = instant + 2 * super::DAY + random.between(0, 9 * super::DAY);
            let (from, to) = (time(random, words, zone, instant), time(random, words, zone, later));
            Json::object([("from", Json::text(from)), ("to", Json::text(to))])
        }
    }
}

/// An instant, or the day that the zone's wall shows at it.
fn time(random: &mut Random, words: &Vocabulary, zone: &str, instant: i64) -> String {
    if random.chance(30) {
        let words = Vocabulary { zone: zone.to_owned(), ..words.clone() };
        return words.date(instant);
    }
    spell(random, instant)
}
