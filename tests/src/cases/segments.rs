//! Random Segments: criteria and an expression over all of their names.

use super::ZONES;
use super::criteria;
use super::random::Random;
use super::values::Vocabulary;
use crate::json::Json;

const NAMES: [&str; 6] = ["c0", "isVip", "near_1", "x", "matchAll", "eventS"];

/// So many Segments; a later one may refer to an earlier one.
pub(super) fn some(random: &mut Random, words: &mut Vocabulary, count: usize) -> Vec<(String, Json)> {
    (0..count).map(|index| (format!("s{index}"), spec(random, words, index))).collect()
}

/// The names of the segments that a spec refers to.
pub(super) fn references(spec: &Json) -> Vec<String> {
    let criteria = spec.get("criteria").and_then(Json::as_list).unwrap_or_default();
    let name = |criterion: &Json| criterion.get("segment")?.get("name")?.as_text().map(str::to_owned);
    criteria.iter().filter_map(name).collect()
}

fn spec(random: &mut Random, words: &mut Vocabulary, index: usize) -> Json {
    let mut spec = Json::object([]);
    let zone = match random.below(10) {
        0 => None,
        1 => Some(random.pick(&ZONES).0.to_owned()),
        _ => Some(words.zone.clone()),
    };
    if let Some(zone) = &zone {
        spec.set("timeZone", Json::text(zone.as_str()));
    }
    if random.chance(10) {
        spec.set("suspend", Json::Bool(random.chance(50)));
    }
    let zone = zone.unwrap_or_else(|| "UTC".to_owned());
    let count = *random.pick(&[0, 1, 1, 1, 1, 2, 2, 3, 4]);
    let criteria: Vec<Json> = (0..count)
        .map(|place| {
            let (kind, fields) = criteria::any(random, words, &zone, index);
            Json::object([("name", Json::text(NAMES[place])), (kind, fields)])
        })
        .collect();
    if count > 0 {
        spec.set("criteria", Json::List(criteria));
        if random.chance(70) {
            spec.set("match", Json::text(expression(random, &NAMES[..count])));
        }
    } else if random.chance(50) {
        spec.set("criteria", Json::List(Vec::new()));
    }
    spec
}

/// An expression in which every name stands, some of them twice.
fn expression(random: &mut Random, names: &[&str]) -> String {
    let mut parts: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    if random.chance(20) {
        parts.push((*random.pick(names)).to_owned());
    }
    while parts.len() > 1 {
        let right = parts.swap_remove(random.below(parts.len()));
        let left = parts.swap_remove(random.below(parts.len()));
        let sign = *random.pick(&["&&", " && ", " || ", "||", "\n&& "]);
        let joined = format!("{}{sign}{}", negated(random, left), negated(random, right));
        parts.push(if random.chance(50) { format!("({joined})") } else { joined });
    }
    let whole = parts.pop().unwrap_or_default();
    negated(random, whole)
}

/// With a `!` in front, or with two, or as it is.
fn negated(random: &mut Random, part: String) -> String {
    match random.below(10) {
        0..=2 => format!("!{part}"),
        3 => format!("!!({part})"),
        4 => format!("!( {part} )"),
        _ => part,
    }
}
