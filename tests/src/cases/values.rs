//! The words of a world: few, so that they meet, and each chosen because some evaluator may read it wrongly.

use super::random::Random;
use super::{DAY, HOUR};
use crate::json::Json;
use crate::oracle::{self, Place};

/// Texts that look like numbers, letters with a past, and what means something to a database.
const TEXTS: [&str; 42] = [
    "",
    "a",
    "A",
    "ab",
    "aB",
    "20",
    "2.0",
    "2",
    "-0",
    "1e3",
    " 20",
    "20 ",
    "٢",
    "2.",
    "007",
    "0.1",
    "-2.5",
    "true",
    "False",
    "é",
    "e\u{301}",
    "É",
    "İ",
    "i\u{307}",
    "ı",
    "ß",
    "ẞ",
    "ΟΔΟΣ",
    "οδος",
    "οδοσ",
    "😀",
    "𐐀",
    "a\"b",
    "a\\b",
    "a\0b",
    "' OR 1=1 --",
    "%_?",
    "{p:String}",
    "a\nb",
    "b\n",
    "vip",
    "VIP vip",
];

/// Numbers as they may be written in data.
const NUMBERS: [&str; 34] = [
    "0",
    "-0",
    "-0.0",
    "1",
    "1.0",
    "2",
    "2.0",
    "3",
    "20",
    "2e1",
    "1e3",
    "1000",
    "-2.5",
    "2.50",
    "0.1",
    "0.2",
    "0.3",
    "0.30000000000000004",
    "0.1000000000000000055",
    "0.0000000019",
    "-0.0000000019",
    "1e-9",
    "1e29",
    "-1e29",
    "9.9e28",
    "99999999999999999999999999999.9999999999",
    "123456789.123456789123",
    "9007199254740993",
    "-20",
    "100.10",
    "5e-324",
    "1.7976931348623157e308",
    "1E2",
    "0.000000001",
];

/// Numbers that a Segment may hold: Float64 keeps all their digits.
pub(super) const BOUNDS: [&str; 14] = [
    "-20",
    "-2.5",
    "0",
    "0.000000001",
    "0.1",
    "0.3",
    "0.30000000000000004",
    "1",
    "2",
    "2.5",
    "20",
    "1000",
    "123456789.12345679",
    "1e15",
];

const PATHS: [&str; 10] = ["v", "w", "a.b", "a.b.c", "a", "total", "é", "x y", "A", "d.'\"\\"];
const METRICS: [&str; 8] = ["Placed Order", "Viewed", "a", "A", "é'\"\\", "m.n", "{x:String}", "e\u{301}"];
const IDS: [&str; 14] =
    ["p1", "p2", "p3", "p4", "p5", "P1", "é", "e\u{301}", "a'b\"c\\", "42", "042", "x\0y", "-- ", "😀"];

/// The places, among the paths of a world, of those that mostly hold numbers, lists, times, and single values.
pub(super) const NUMBERS_PATH: usize = 0;
pub(super) const LISTS_PATH: usize = 1;
pub(super) const TIMES_PATH: usize = 2;
pub(super) const SCALARS_PATH: usize = 3;

/// Channels of consent.
pub(super) const CHANNELS: [&str; 3] = ["sms", "email", "é'"];
/// What consents say.
pub(super) const STATUSES: [&str; 3] = ["subscribed", "unsubscribed", "Subscribed"];
/// Static lists.
pub(super) const LISTS: [&str; 3] = ["vip-2025", "VIP-2025", "a'b"];

/// What one world is made of.
#[derive(Clone, Debug)]
pub(super) struct Vocabulary {
    pub(super) zone: String,
    pub(super) as_of: i64,
    pub(super) metrics: Vec<String>,
    pub(super) paths: Vec<String>,
    pub(super) texts: Vec<String>,
    pub(super) numbers: Vec<String>,
    pub(super) ids: Vec<String>,
    /// Instants at which a window of the world begins or ends.
    pub(super) edges: Vec<i64>,
    /// Centres and radii of the world's location criteria.
    pub(super) circles: Vec<(Place, f64)>,
}

impl Vocabulary {
    pub(super) fn new(random: &mut Random, zone: &str, as_of: i64) -> Self {
        let some = |random: &mut Random, all: &[&str], count: usize| {
            (0..count).map(|_| (*random.pick(all)).to_owned()).collect::<Vec<_>>()
        };
        let days = [-7, -1, 0, 1, 2].into_iter().filter_map(|days| oracle::start_of_day(zone, as_of, days));
        Self {
            zone: zone.to_owned(),
            as_of,
            metrics: some(random, &METRICS, 3),
            paths: some(random, &PATHS, 4),
            texts: some(random, &TEXTS, 5),
            numbers: some(random, &NUMBERS, 5),
            ids: IDS.iter().map(|id| (*id).to_owned()).chain((6..21).map(|number| format!("p{number}"))).collect(),
            edges: days.chain([as_of]).collect(),
            circles: Vec::new(),
        }
    }

    /// An instant, most often beside an edge.
    pub(super) fn instant(&self, random: &mut Random) -> i64 {
        if random.chance(15) {
            return self.as_of + random.between(-60 * DAY, 3 * DAY);
        }
        let edge = *random.pick(&self.edges);
        match random.below(10) {
            0..=2 => edge,
            3..=4 => edge - 1,
            5..=6 => edge + 1,
            7 => edge + *random.pick(&[HOUR, -HOUR, HOUR / 2, -HOUR / 2]),
            _ => edge + random.between(-DAY, DAY),
        }
    }

    /// A scalar: a text, a number or a boolean. `in_segment` leaves out numbers that a Segment has to quote.
    pub(super) fn scalar(&self, random: &mut Random, in_segment: bool) -> Json {
        match random.below(10) {
            0..=4 => Json::text(random.pick(&self.texts).as_str()),
            5..=8 if in_segment => Json::number(*random.pick(&BOUNDS)),
            5..=8 => Json::number(random.pick(&self.numbers).as_str()),
            _ => Json::Bool(random.chance(50)),
        }
    }

    /// Any value of a property but an object.
    pub(super) fn value(&self, random: &mut Random) -> Json {
        match random.below(20) {
            0..=10 => self.scalar(random, false),
            11..=12 => Json::number(*random.pick(&BOUNDS)),
            13..=16 => Json::text(self.written_time(random)),
            17 => Json::Null,
            _ => {
                let count = random.below(4);
                let item = |random: &mut Random| match random.below(8) {
                    0 => Json::Null,
                    1 => Json::List(vec![self.scalar(random, false)]),
                    2 => Json::object([("v", self.scalar(random, false))]),
                    _ => self.scalar(random, false),
                };
                Json::List((0..count).map(|_| item(random)).collect())
            }
        }
    }

    /// A value of the sort that a path of the world mostly has, so that tests of that sort find something.
    pub(super) fn value_of(&self, random: &mut Random, path: &str) -> Json {
        let sort = self.paths.iter().position(|known| known == path);
        match sort {
            _ if random.chance(35) => self.value(random),
            Some(NUMBERS_PATH) if random.chance(70) => Json::number(*random.pick(&BOUNDS)),
            Some(NUMBERS_PATH) => match random.below(2) {
                0 => Json::number(random.pick(&self.numbers).as_str()),
                _ => Json::text(*random.pick(&BOUNDS)),
            },
            Some(LISTS_PATH) => Json::List((0..random.below(4)).map(|_| self.scalar(random, false)).collect()),
            Some(TIMES_PATH) => Json::text(self.written_time(random)),
            _ => self.scalar(random, false),
        }
    }

    /// A time as a property may hold it: an instant in some spelling, a date, an old year, or no time after all.
    fn written_time(&self, random: &mut Random) -> String {
        let instant = self.instant(random);
        let text = spell(random, instant);
        match random.below(12) {
            0..=2 => self.date(instant),
            3 => format!("{}{}", random.pick(&["1900", "1990", "2024", "2299"]), &self.date(instant)[4..]),
            4 => format!("{}{}", random.pick(&["1904", "2096"]), &text[4..]),
            5 => (*random.pick(&[
                "2024-02-29",
                "2026-02-29",
                "2026-06-15T24:00:00Z",
                "2026-06-15T23:59:60Z",
                "2300-01-01",
            ]))
            .to_owned(),
            _ => text,
        }
    }

    /// The day on the wall of the world's zone.
    pub(super) fn date(&self, instant: i64) -> String {
        let zone = crate::oracle::zone_named(&self.zone).unwrap_or(jiff::tz::TimeZone::UTC);
        stamp(instant).to_zoned(zone).date().to_string()
    }

    /// A path of the world.
    pub(super) fn path(&self, random: &mut Random) -> String {
        random.pick(&self.paths).clone()
    }

    /// A metric of the world.
    pub(super) fn metric(&self, random: &mut Random) -> String {
        random.pick(&self.metrics).clone()
    }
}

fn stamp(instant: i64) -> jiff::Timestamp {
    jiff::Timestamp::from_millisecond(instant).unwrap_or(jiff::Timestamp::UNIX_EPOCH)
}

/// One of the spellings of an instant that the language reads.
pub(super) fn spell(random: &mut Random, instant: i64) -> String {
    let (offset, sign) =
        *random.pick(&[(0, "Z"), (0, "Z"), (0, ""), (120, "+02:00"), (330, "+0530"), (-300, "-05"), (-210, "-03:30")]);
    let wall = stamp(instant + offset * 60_000).to_zoned(jiff::tz::TimeZone::UTC).datetime();
    let between = if random.chance(20) { ' ' } else { 'T' };
    let (date, hour, minute, second) = (wall.date(), wall.hour(), wall.minute(), wall.second());
    let millisecond = instant.rem_euclid(1000);
    let seconds = match (millisecond, second) {
        (0, 0) if random.chance(40) => String::new(),
        (0, _) if random.chance(60) => format!(":{second:02}"),
        // Digits beyond the millisecond are cut off.
        _ if random.chance(30) => format!(":{second:02}.{millisecond:03}{}", random.pick(&["9", "999999", "0"])),
        _ => format!(":{second:02}.{millisecond:03}"),
    };
    format!("{date}{between}{hour:02}:{minute:02}{seconds}{sign}")
}
