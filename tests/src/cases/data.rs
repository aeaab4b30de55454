//! Random lines of profiles and events, with all that may come twice, late or early.

use super::random::Random;
use super::values::{CHANNELS, LISTS, STATUSES, Vocabulary, spell};
use crate::json::Json;
use crate::oracle::{Place, distance};

/// The latest instant of an event: the end of 2149-06-05.
const LAST_EVENT: i64 = 5_662_223_999_999;
/// How close to a radius no place may lie, relatively: the last digits of the haversine are anyone's.
const TOO_CLOSE: f64 = 1e-6;

/// The lines of one to thirty profiles; some come twice, and the later line replaces the earlier one.
pub(super) fn profiles(random: &mut Random, words: &Vocabulary) -> Vec<Json> {
    let count = 1 + random.below(30);
    (0..count).map(|_| profile(random, words)).collect()
}

fn profile(random: &mut Random, words: &Vocabulary) -> Json {
    let mut line = Json::object([("id", Json::text(random.pick(&words.ids).as_str()))]);
    if random.chance(85) {
        line.set("properties", properties(random, words));
    }
    if random.chance(60) {
        line.set("consent", consents(random, words));
    }
    if random.chance(30 + 50 * usize::from(!words.circles.is_empty()))
        && let Some(place) = location(random, words)
    {
        let degrees = |degrees: f64| Json::number(&degrees);
        line.set(
            "location",
            Json::object([("latitude", degrees(place.latitude)), ("longitude", degrees(place.longitude))]),
        );
    }
    if random.chance(50) {
        let lists = (0..random.below(3)).map(|_| Json::text(*random.pick(&LISTS))).collect();
        line.set("lists", Json::List(lists));
    }
    match random.below(20) {
        0 => line.set("unknown", Json::List(vec![Json::Null])),
        1 => {
            let key = *random.pick(&["lists", "location", "consent", "properties"]);
            line.set(key, Json::Null);
        }
        _ => {}
    }
    line
}

fn consents(random: &mut Random, words: &Vocabulary) -> Json {
    let mut consents = Json::object([]);
    for channel in CHANNELS.iter().take(1 + random.below(CHANNELS.len())) {
        let status = Json::text(*random.pick(&STATUSES));
        let consent = match random.below(6) {
            0 => Json::Null,
            1 => status,
            2 => Json::object([("status", status)]),
            3 => Json::object([("status", status), ("time", Json::Null)]),
            _ => {
                let instant = words.instant(random);
                Json::object([("status", status), ("time", Json::text(utc_time(random, instant)))])
            }
        };
        consents.set(channel, consent);
    }
    consents
}

/// A place in or near one of the world's circles, but not on its edge.
fn location(random: &mut Random, words: &Vocabulary) -> Option<Place> {
    let fallback = (Place { latitude: 50.0, longitude: 10.0 }, 1000.0);
    let (centre, radius) = if words.circles.is_empty() { fallback } else { *random.pick(&words.circles) };
    let degree = 111_195.08;
    let share = *random.pick(&[0.0, 0.5, 0.999, 1.001, 1.00001, 0.99999, 2.0]);
    let mut place = centre;
    if random.chance(50) {
        place.latitude -= share * radius / degree;
    } else {
        place.longitude -= share * radius / degree / centre.latitude.to_radians().cos();
    }
    if random.chance(10) {
        place = Place { latitude: -centre.latitude, longitude: centre.longitude - 180.0 * centre.longitude.signum() };
    }
    let clear =
        words.circles.iter().all(|(centre, radius)| (distance(*centre, place) / radius - 1.0).abs() > TOO_CLOSE);
    (clear && place.latitude.abs() <= 90.0 && place.longitude.abs() <= 180.0).then_some(place)
}

/// A few properties, each as a nested object or under a dotted key; of one path the last one counts.
fn properties(random: &mut Random, words: &Vocabulary) -> Json {
    let mut object = Json::object([]);
    let mut seen = Vec::new();
    for _ in 0..random.below(6) {
        let path = words.path(random);
        let value = words.value_of(random, &path);
        // Whether a null behind a value takes it away is left open.
        if value == Json::Null && seen.contains(&path) {
            continue;
        }
        insert(random, &mut object, &path, value);
        seen.push(path);
    }
    if random.chance(5) {
        insert(random, &mut object, "empty", Json::object([]));
    }
    object
}

/// Puts the value in, cut at some of the dots; a key that is there already stays as it is.
fn insert(random: &mut Random, object: &mut Json, path: &str, value: Json) {
    let cuts: Vec<usize> = path.match_indices('.').map(|found| found.0).collect();
    if !cuts.is_empty() && random.chance(60) {
        let cut = *random.pick(&cuts);
        let (key, rest) = (&path[..cut], &path[cut + 1..]);
        let mut inner = match object.get(key) {
            Some(inner @ Json::Object(_)) => inner.clone(),
            None => Json::object([]),
            Some(_) => return,
        };
        insert(random, &mut inner, rest, value);
        if object.fields().iter().all(|field| field.0 != key) || object.get(key).is_some() {
            object.set(key, inner);
        }
    } else if object.fields().iter().all(|field| field.0 != path) {
        object.set(path, value);
    }
}

/// Up to eighty events. Some come again as they are, corrected, under another metric, or at another instant.
pub(super) fn events(random: &mut Random, words: &Vocabulary) -> Vec<Json> {
    let count = *random.pick(&[0, 5, 20, 40, 60, 80]);
    // Few profiles get most of the events, so that counts, sequences and ties happen.
    let busy: Vec<String> = (0..=random.below(6)).map(|_| random.pick(&words.ids).clone()).collect();
    let mut known: Vec<(Json, i64)> = Vec::new();
    for _ in 0..count {
        let again = if known.is_empty() || random.chance(75) { None } else { Some(random.pick(&known).clone()) };
        let (mut event, mut instant) = again.unwrap_or_else(|| event(random, words, &busy));
        match random.below(4) {
            0 => event.set("metric", Json::text(words.metric(random))),
            1 => {
                instant = (instant + *random.pick(&[1, -1, 0])).clamp(0, LAST_EVENT);
                event.set("time", Json::text(utc_time(random, instant)));
            }
            _ => event.set("properties", properties(random, words)),
        }
        known.push((event, instant));
    }
    known.into_iter().map(|event| event.0).collect()
}

fn event(random: &mut Random, words: &Vocabulary, busy: &[String]) -> (Json, i64) {
    let profile = if random.chance(80) { random.pick(busy) } else { random.pick(&words.ids) };
    let instant = if random.chance(2) { *random.pick(&[0, 1, LAST_EVENT]) } else { words.instant(random) };
    let instant = instant.clamp(0, LAST_EVENT);
    let event = Json::object([
        ("id", Json::text(format!("e{}", random.below(8)))),
        ("profile", Json::text(profile.as_str())),
        ("metric", Json::text(words.metric(random))),
        ("time", Json::text(utc_time(random, instant))),
    ]);
    (event, instant)
}

/// A spelling of the instant; a midnight in UTC may be its date alone.
fn utc_time(random: &mut Random, instant: i64) -> String {
    if instant.rem_euclid(super::DAY) == 0 && random.chance(50) {
        return jiff::Timestamp::from_millisecond(instant)
            .map(|stamp| stamp.to_string()[..10].to_owned())
            .unwrap_or_default();
    }
    spell(random, instant)
}
