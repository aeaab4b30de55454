//! Worlds of many profiles whose traits differ finely, and segments whose bounds fall on values that somebody has: so
//! that whatever puts traits together by value, stretch, week or degree is cut in the middle.

use super::DAY;
use super::random::Random;
use crate::json::Json;
use crate::world::World;
use jiff::{Timestamp, tz::TimeZone};

/// Enough for every trait to have more values than are told apart one by one.
const PROFILES: usize = 700;
const SEGMENTS: usize = 60;
/// Enough for texts to be too many for cells, and few enough for profiles to share them.
const TOWNS: usize = 40;
const STATUSES: [&str; 3] = ["subscribed", "unsubscribed", "never"];
const CHANNELS: [&str; 2] = ["email", "sms"];
const CITIES: [(f64, f64); 4] = [(42.35, -71.05), (-0.01, 0.01), (64.1, 179.9), (-33.9, 151.2)];

/// Each profile comes up to twice; a second load of a half of the lines moves it to other values.
pub(super) fn world(random: &mut Random, as_of: i64) -> World {
    let known: Vec<Traits> = (0..PROFILES).map(|_| Traits::random(random, as_of)).collect();
    let lines = known.iter().map(|traits| {
        let id = format!("p{}", random.below(PROFILES * 3 / 4));
        traits.line(random, &id)
    });
    let profiles = lines.collect();
    let segments = (0..SEGMENTS)
        .map(|index| {
            let zone = *random.pick(&["UTC", "America/New_York", "Pacific/Apia"]);
            let first = criterion(random, &known, as_of);
            // Two of a kind in one segment: a node looks at both.
            let second = criterion(random, &known, as_of);
            let criteria = format!(r#"[{{"name":"a",{first}}},{{"name":"b",{second}}}]"#);
            let spec = format!(
                r#"{{"timeZone":"{zone}","criteria":{criteria},"match":"{}"}}"#,
                random.pick(&["a && b", "a || b", "a && !b"])
            );
            (format!("s{index}"), parsed(&spec))
        })
        .collect();
    World { segments, profiles, events: Vec::new() }
}

/// What a profile has; each of it may be left out.
struct Traits {
    score: String,
    seen: i64,
    born: i64,
    place: (f64, f64),
    consented: i64,
    tag: usize,
}

impl Traits {
    fn random(random: &mut Random, as_of: i64) -> Self {
        let size = 10_i64.pow(u32::try_from(random.below(7)).unwrap_or(0));
        let whole = random.between(-size, size);
        let score = if random.chance(50) { whole.to_string() } else { format!("{whole}.{}", 1 + random.below(9)) };
        let (latitude, longitude) = *random.pick(&CITIES);
        let mut degrees = |middle: f64, spread: i64, limit: f64| {
            let thousandths = i32::try_from(random.between(-spread, spread)).unwrap_or(0);
            (middle + f64::from(thousandths) / 1000.0).clamp(-limit, limit)
        };
        Self {
            place: (degrees(latitude, 2500, 90.0), degrees(longitude, 2500, 180.0)),
            score,
            seen: as_of - random.between(-40 * DAY, 700 * DAY),
            born: (as_of - random.between(0, 30_000 * DAY)).div_euclid(DAY) * DAY,
            consented: as_of - random.between(-2 * DAY, 500 * DAY),
            tag: random.below(400),
        }
    }

    /// A line in which most of it stands.
    fn line(&self, random: &mut Random, id: &str) -> Json {
        let mut properties = Vec::new();
        match random.below(20) {
            0..=2 => {}
            3 => properties.push(r#""score":"n/a""#.to_owned()),
            4..=6 => properties.push(format!(r#""score":"{}""#, self.score)),
            _ => properties.push(format!(r#""score":{}"#, self.score)),
        }
        match random.below(10) {
            0 => properties.push(r#""seen":"never""#.to_owned()),
            1 => properties.push(format!(r#""seen":"{}""#, date(self.seen))),
            2 => {}
            _ => properties.push(format!(r#""seen":"{}""#, stamp(self.seen))),
        }
        match random.below(10) {
            0 => {}
            1 => properties.push(format!(r#""born":"{}""#, stamp(self.born + self.seen.rem_euclid(DAY)))),
            _ => properties.push(format!(r#""born":"{}""#, date(self.born))),
        }
        match random.below(8) {
            0 => properties.push(r#""tags":[]"#.to_owned()),
            1 => properties.push(r#""tags":["",1,"1"]"#.to_owned()),
            2 => properties.push(r#""tags":"t1""#.to_owned()),
            _ => properties.push(format!(r#""tags":["t{0}","t{1}","t{0}"]"#, self.tag, self.tag / 20)),
        }
        properties.push(format!(r#""level":{}"#, random.below(4)));
        match random.below(10) {
            0 => {}
            1 => properties.push(r#""town":true"#.to_owned()),
            _ => properties.push(format!(r#""town":"{}""#, town(random.below(TOWNS)))),
        }
        let mut line = parsed(&format!(r#"{{"id":"{id}","properties":{{{}}}}}"#, properties.join(",")));
        if random.chance(80) {
            let (latitude, longitude) = self.place;
            line.set("location", parsed(&format!(r#"{{"latitude":{latitude},"longitude":{longitude}}}"#)));
        }
        let status = *random.pick(&STATUSES);
        let time = stamp(self.consented);
        line.set(
            "consent",
            parsed(&match random.below(6) {
                0 => "{}".to_owned(),
                1 => format!(r#"{{"email":"{status}"}}"#),
                2 => format!(r#"{{"sms":{{"status":"{status}","time":"{time}"}},"email":"{status}"}}"#),
                _ => format!(r#"{{"email":{{"status":"{status}","time":"{time}"}}}}"#),
            }),
        );
        line
    }
}

fn criterion(random: &mut Random, known: &[Traits], as_of: i64) -> String {
    let (one, other) = (random.pick(known), random.pick(known));
    match random.below(14) {
        0..=2 => format!(r#""property":{{"name":"score",{}}}"#, score(random, &one.score, &other.score)),
        3..=4 => format!(r#""property":{{"name":"seen",{}}}"#, time(random, one.seen, other.seen, as_of)),
        5..=6 => format!(r#""property":{{"name":"born",{}}}"#, birth(random, one.born, other.born, as_of)),
        7 => {
            let tag = *random.pick(&[r#""hasItem":"t3""#, r#""hasItem":"""#, r#""hasItem":1"#, r#""exists":true"#]);
            format!(r#""property":{{"name":"tags",{tag}}}"#)
        }
        8 => {
            let test = *random.pick(&[r#""atLeast":2"#, r#""equals":3"#, r#""in":[0,1]"#, r#""contains":"2""#]);
            format!(r#""property":{{"name":"level",{test}}}"#)
        }
        12..=13 => format!(r#""property":{{"name":"town",{}}}"#, in_town(random)),
        9..=10 => {
            let (channel, status) = (random.pick(&CHANNELS), random.pick(&STATUSES));
            let window = window(random, one.consented, other.consented);
            format!(r#""consent":{{"channel":"{channel}","status":"{status}"{window}}}"#)
        }
        _ => {
            let within = *random.pick(&["1km", "40km", "111km", "155.5km", "300km", "5000km"]);
            // Beside the profile, so that no distance is that of an edge to the last digit.
            let (latitude, longitude) = (one.place.0.clamp(-89.0, 89.0) + 0.000_37, one.place.1.clamp(-179.0, 179.0));
            format!(r#""location":{{"within":"{within}","of":{{"latitude":{latitude},"longitude":{longitude}}}}}"#)
        }
    }
}

/// Texts that differ in case, in part, and in letters beyond ASCII.
fn town(number: usize) -> String {
    let name = ["Ulm", "ulm", "Älmhult", "älmhult"][number % 4];
    format!("{name} {}", number / 4)
}

fn in_town(random: &mut Random) -> String {
    let mut name = || town(random.below(TOWNS));
    let (one, other) = (name(), name());
    let word = one.split(' ').next().unwrap_or_default();
    let case = if random.chance(40) { r#","ignoreCase":true"# } else { "" };
    match random.below(8) {
        0 => format!(r#""equals":"{one}"{case}"#),
        1 => format!(r#""in":["{one}","{other}","true"]{case}"#),
        2 => format!(r#""startsWith":"{word}"{case}"#),
        3 => format!(r#""contains":"{}"{case}"#, &word[word.len() - 2..]),
        4 => format!(r#""endsWith":" 1"{case}"#),
        5 => r#""matches":"^[Uu]lm [0-4]$""#.to_owned(),
        6 => r#""exists":true"#.to_owned(),
        _ => format!(r#""{}":3"#, random.pick(&["atLeast", "below"])),
    }
}

fn score(random: &mut Random, one: &str, other: &str) -> String {
    let (least, most) = if one.parse::<f64>().ok() <= other.parse::<f64>().ok() { (one, other) } else { (other, one) };
    match random.below(8) {
        0 => format!(r#""atLeast":{one}"#),
        1 => format!(r#""above":{one}"#),
        2 => format!(r#""below":{one}"#),
        3 => format!(r#""atMost":{one}"#),
        4 if least != most => format!(r#""atLeast":{least},"below":{most}"#),
        5 => format!(r#""in":["{one}","{other}"]"#),
        6 => r#""endsWith":"5""#.to_owned(),
        _ => r#""exists":true"#.to_owned(),
    }
}

fn time(random: &mut Random, one: i64, other: i64, as_of: i64) -> String {
    match random.below(5) {
        0 => format!(r#""before":"{}""#, stamp(one)),
        1 => format!(r#""after":"{}""#, stamp(one)),
        2 => format!(r#""within":{{"last":"{}s"}}"#, ((as_of - one) / 1000).max(1)),
        3 => r#""within":{"next":"3w"}"#.to_owned(),
        _ => format!(r#""within":{}"#, between(random, one, other)),
    }
}

fn birth(random: &mut Random, one: i64, other: i64, as_of: i64) -> String {
    match random.below(4) {
        0 => format!(r#""before":"{}""#, date(one)),
        1 => format!(r#""anniversary":{{"next":"{}d"}}"#, 1 + random.below(60)),
        2 => format!(r#""within":{{"olderThan":"{}d"}}"#, ((as_of - one) / DAY).clamp(1, 3650)),
        _ => format!(r#""within":{}"#, between(random, one, other)),
    }
}

fn window(random: &mut Random, one: i64, other: i64) -> String {
    match random.below(4) {
        0 => String::new(),
        1 => format!(r#","within":{{"last":"{}d"}}"#, 1 + random.below(400)),
        _ => format!(r#","within":{}"#, between(random, one, other)),
    }
}

/// From one value to another, or a millisecond beside.
fn between(random: &mut Random, one: i64, other: i64) -> String {
    let beside = *random.pick(&[0, 0, 1, -1]);
    let (from, to) = (one.min(other) + beside, one.max(other) + 2 + random.between(-1, 0));
    format!(r#"{{"from":"{}","to":"{}"}}"#, stamp(from), stamp(to))
}

fn parsed(text: &str) -> Json {
    Json::parse(text).unwrap_or(Json::Null)
}

fn date(instant: i64) -> String {
    stamp(instant).to_zoned(TimeZone::UTC).date().to_string()
}

fn stamp(instant: i64) -> Timestamp {
    Timestamp::from_millisecond(instant).unwrap_or(Timestamp::UNIX_EPOCH)
}
