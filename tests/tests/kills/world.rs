//! What the killed jobs work on: two accounts, two loads thirty days apart, segments of most kinds; and, by the oracle,
//! who the members are after each.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use segment_tests::{
    json::Json,
    world::{Batch, World},
};

use super::random::Random;

/// 2026-06-15T16:00:00Z
const FIRST: i64 = 1_781_539_200_000;
const DAY: i64 = 86_400_000;

/// Namespace/name of a segment, and a profile.
pub(crate) type Member = (String, String);

/// The files of the two loads, and what has to come of them.
pub(crate) struct Inputs {
    /// Segments of both evaluations.
    pub(crate) segments: PathBuf,
    /// First and second load.
    pub(crate) phases: [Phase; 2],
}

/// A load and the evaluation after it.
pub(crate) struct Phase {
    pub(crate) profiles: PathBuf,
    pub(crate) events: PathBuf,
    /// As `--clock` takes it.
    pub(crate) clock: String,
    pub(crate) members: BTreeSet<Member>,
}

const SEGMENTS: [(&str, &str); 13] = [
    ("everyone", "{}"),
    (
        "often",
        r#"{"criteria":[{"name":"c","event":{"metric":"Placed Order","distinctDays":{"atLeast":6},"within":{"last":"365d"}}}]}"#,
    ),
    (
        "baskets",
        r#"{"criteria":[{"name":"s","event":{"metric":"Placed Order","sum":{"property":"value","atLeast":400},"within":{"last":"365d"}}},
            {"name":"a","event":{"metric":"Placed Order","average":{"property":"value","atLeast":50},"within":{"last":"365d"}}}]}"#,
    ),
    (
        "regular",
        r#"{"criteria":[{"name":"r","regularEvent":{"metric":"Placed Order","every":"60d","of":4,"atLeast":3}}]}"#,
    ),
    (
        "converted",
        r#"{"criteria":[{"name":"q","sequence":{"steps":[{"metric":"Clicked Email"},{"metric":"Placed Order"}],
            "span":"7d","within":{"last":"182d"}}}]}"#,
    ),
    (
        "last-large",
        r#"{"criteria":[{"name":"l","lastEvent":{"metric":"Placed Order","has":[{"property":"value","atLeast":60}]}}]}"#,
    ),
    (
        "offers",
        r#"{"criteria":[{"name":"o","event":{"metric":"Clicked Email","where":[{"property":"link","startsWith":"offer",
            "ignoreCase":true}],"count":{"atLeast":2}}},
            {"name":"m","event":{"metric":"Placed Order","max":{"property":"value","above":97}}}],"match":"o && !m"}"#,
    ),
    (
        "birthday",
        r#"{"timeZone":"America/New_York","criteria":[{"name":"b","property":{"name":"birthday","anniversary":{"next":"90d"}}},
            {"name":"e","consent":{"channel":"email","status":"subscribed"}}]}"#,
    ),
    ("near", r#"{"criteria":[{"name":"n","location":{"within":"10mi","of":{"postalCode":"02110","country":"US"}}}]}"#),
    (
        "experiment",
        r#"{"criteria":[{"name":"s","property":{"name":"state","in":["CT","MA"]}},
            {"name":"q","sample":{"percent":50,"salt":"x"}}]}"#,
    ),
    (
        "once",
        r#"{"criteria":[{"name":"o","event":{"metric":"Clicked Email","count":{"equals":1}}},
            {"name":"a","event":{"metric":"Placed Order","within":{"olderThan":"180d"}}}]}"#,
    ),
    (
        "lapsing",
        r#"{"criteria":[{"name":"f","segment":{"name":"often"}},
            {"name":"r","event":{"metric":"Placed Order","within":{"last":"14d"}}}],"match":"f && !r"}"#,
    ),
    (
        "mixed",
        r#"{"timeZone":"America/New_York","criteria":[{"name":"t","event":{"metric":"Placed Order","within":{"calendar":"thisMonth"}}},
            {"name":"n","property":{"name":"n","atLeast":50}},
            {"name":"c","consent":{"channel":"sms","status":"subscribed","within":{"last":"20d"}}}],"match":"t && n || c"}"#,
    ),
];

impl Inputs {
    /// Draws all and writes it into the folder.
    pub(crate) fn make(seed: u64, folder: &Path) -> Self {
        let mut random = Random(seed);
        let first: Vec<World> = [240, 120].map(|size| world(&mut random, 0..size, FIRST - 400 * DAY..FIRST)).into();
        let second: Vec<World> =
            [240, 120].map(|size| world(&mut random, size - 60..size + 40, FIRST - 20 * DAY..FIRST + 30 * DAY)).into();
        let mut both = first.clone();
        for (world, later) in both.iter_mut().zip(&second) {
            world.profiles.extend(later.profiles.iter().cloned());
            world.events.extend(later.events.iter().cloned());
        }
        fs::create_dir_all(folder).unwrap();
        let segments = folder.join("segments.yaml");
        fs::write(&segments, Batch { as_of: FIRST, worlds: first.clone() }.render().segments).unwrap();
        let phase = |number: usize, as_of: i64, loaded: Vec<World>, all: Vec<World>| {
            let files = Batch { as_of, worlds: loaded }.render();
            let path = |name: &str| folder.join(format!("{name}-{number}.ndjson"));
            let (profiles, events) = (path("profiles"), path("events"));
            fs::write(&profiles, files.profiles).unwrap();
            fs::write(&events, files.events).unwrap();
            let clock = jiff::Timestamp::from_millisecond(as_of).unwrap().to_string();
            Phase { profiles, events, clock, members: members(&Batch { as_of, worlds: all }) }
        };
        let phases = [phase(0, FIRST, first.clone(), first), phase(1, FIRST + 30 * DAY, second, both)];
        Self { segments, phases }
    }
}

fn members(batch: &Batch) -> BTreeSet<Member> {
    let found = batch.by_oracle().expect("the oracle reads the world");
    let name = |index: usize, name: &str| format!("{}/{}", Batch::namespace(index), Batch::segment_name(index, name));
    for (segment, _) in SEGMENTS {
        assert!(found.iter().any(|member| member.1 == segment), "{segment} has no members and shows nothing");
    }
    found.into_iter().map(|(index, segment, profile)| (name(index, &segment), profile)).collect()
}

fn world(random: &mut Random, ids: std::ops::Range<u64>, time: std::ops::Range<i64>) -> World {
    let json = |text: String| Json::parse(&text).expect("well-formed");
    let instant = |random: &mut Random| {
        let span = u64::try_from(time.end - time.start).unwrap();
        jiff::Timestamp::from_millisecond(time.start + i64::try_from(random.below(span)).unwrap()).unwrap()
    };
    let profiles = ids.clone().map(|id| {
        let state = ["CT", "MA", "NY", "TX"][random.index(4)];
        let status = ["subscribed", "never"][random.index(2)];
        let (month, day) = (1 + random.below(12), 1 + random.below(28));
        let consented = instant(random);
        let (latitude, n) = ([42.36, 43.9, 10.0][random.index(3)], random.below(100));
        json(format!(
            r#"{{"id":"p{id}","properties":{{"state":"{state}","n":{n},"birthday":"1980-{month:02}-{day:02}"}},
            "consent":{{"email":"{status}","sms":{{"status":"subscribed","time":"{consented}"}}}},
            "location":{{"latitude":{latitude},"longitude":-71.05}}}}"#
        ))
    });
    let profiles: Vec<Json> = profiles.collect();
    let count = (ids.end - ids.start) * 7;
    let events = (0..count).map(|number| {
        let id = ids.start + random.below(ids.end - ids.start);
        let time = instant(random);
        if random.below(3) == 0 {
            let link = ["Offer/1", "offer/2", "news", "help"][random.index(4)];
            json(format!(
                r#"{{"id":"c{number}","profile":"p{id}","metric":"Clicked Email","time":"{time}","properties":{{"link":"{link}"}}}}"#
            ))
        } else {
            let value = random.below(10_000);
            json(format!(
                r#"{{"id":"o{number}","profile":"p{id}","metric":"Placed Order","time":"{time}","properties":{{"value":{}.{:02}}}}}"#,
                value / 100,
                value % 100
            ))
        }
    });
    let segments = SEGMENTS.map(|(name, spec)| (name.to_owned(), Json::parse(spec).expect("well-formed"))).into();
    World { segments, profiles, events: events.collect() }
}
