//! Worlds whose segments sum up events that a text chooses, with texts and numbers of all sorts, missing and corrected.

use super::counts::{METRICS, instant, stamp, window};
use super::random::Random;
use crate::json::Json;
use crate::world::World;

const TEXTS: [&str; 9] =
    [r#""a""#, r#""A""#, r#""ab""#, r#""b-a""#, r#""é""#, r#""""#, "12", "true", r#""2026-01-02""#];
/// What is no text, and what is none at all.
const NO_TEXTS: [&str; 3] = [r#"["a"]"#, "null", r#"{"a":"a"}"#];
const NUMBERS: [&str; 8] = ["1", "2.5", "-3", "0", "1000000000.000000001", r#""4""#, "0.1", "-0.2"];
/// What is no number, or one that is too great to be added up.
const NO_NUMBERS: [&str; 5] = [r#""x""#, "true", "null", "1e300", "[7]"];
const TESTS: [(&str, &str); 10] = [
    ("equals", r#""a""#),
    ("equals", r#""""#),
    ("in", r#"["a","12","true"]"#),
    ("startsWith", r#""a""#),
    ("endsWith", r#""a""#),
    ("contains", r#""b""#),
    ("matches", r#""^[a-z]+$""#),
    ("matches", r#""""#),
    ("equals", r#""É""#),
    ("equals", "12"),
];

pub(super) fn world(random: &mut Random, as_of: i64) -> World {
    let ids: Vec<String> = (0..2 + random.below(10)).map(|id| format!("p{id}")).collect();
    let profiles = ids.iter().map(|id| Json::object([("id", Json::text(id.as_str()))])).collect();
    let segments = (0..4 + random.below(8)).map(|index| (format!("s{index}"), spec(random, as_of))).collect();
    World { segments, profiles, events: events(random, &ids, as_of) }
}

fn spec(random: &mut Random, as_of: i64) -> Json {
    let metric = if random.chance(25) { "*" } else { random.pick(&METRICS[..2]) };
    let conditions = (0..*random.pick(&[1, 1, 1, 1, 2])).map(|_| condition(random)).collect();
    let mut fields = Json::object([("metric", Json::text(metric)), ("where", Json::List(conditions))]);
    fields.set(if random.chance(60) { "sum" } else { "average" }, range(random));
    if random.chance(50)
        && let Some(window) = window(random, as_of)
    {
        fields.set("within", window);
    }
    let criterion = Json::object([("name", Json::text("c")), ("event", fields)]);
    Json::object([("criteria", Json::List(vec![criterion]))])
}

fn condition(random: &mut Random) -> Json {
    let (test, value) = *random.pick(&TESTS);
    // Mostly the texts, now and then those of the numbers.
    let property = *random.pick(&["t", "t", "t", "v"]);
    let mut fields = Json::object([("property", Json::text(property)), (test, json(value))]);
    if random.chance(30) && test != "matches" && value != "12" {
        fields.set("ignoreCase", Json::Bool(true));
    }
    if random.chance(10) {
        fields.set("not", Json::Bool(true));
    }
    fields
}

fn range(random: &mut Random) -> Json {
    let (key, values): (_, &[&str]) = match random.below(5) {
        0 => ("above", &["0"]),
        1 => ("atLeast", &["1", "2.5", "0.1", "1000000000.000000001"]),
        2 => ("atMost", &["-1", "0", "3"]),
        3 => ("below", &["-0.2", "0", "2.5"]),
        _ => ("equals", &["1", "2.5", "-3", "0", "4"]),
    };
    Json::object([("property", Json::text("v")), (key, json(values[random.below(values.len())]))])
}

fn events(random: &mut Random, ids: &[String], as_of: i64) -> Vec<Json> {
    let mut events: Vec<Json> = Vec::new();
    for id in ids {
        for _ in 0..random.below(30) {
            let instant = instant(random, as_of, 14);
            events.push(Json::object([
                ("id", Json::text(format!("e{}", events.len()))),
                ("profile", Json::text(id.as_str())),
                ("metric", Json::text(*random.pick(&METRICS[..2]))),
                ("time", Json::text(stamp(instant).to_string())),
                ("properties", properties(random)),
            ]));
        }
    }
    // Some come again with another text or number, or without one.
    for _ in 0..events.len() / 4 {
        let mut again = random.pick(&events).clone();
        again.set("properties", properties(random));
        events.push(again);
    }
    events
}

fn properties(random: &mut Random) -> Json {
    let text = if random.chance(85) { *random.pick(&TEXTS) } else { *random.pick(&NO_TEXTS) };
    let number = if random.chance(85) { *random.pick(&NUMBERS) } else { *random.pick(&NO_NUMBERS) };
    let mut properties = Json::object([]);
    for (name, value) in [("t", text), ("v", number)] {
        if random.chance(90) {
            properties.set(name, json(value));
        }
    }
    properties
}

fn json(text: &str) -> Json {
    Json::parse(text).unwrap_or(Json::Null)
}
