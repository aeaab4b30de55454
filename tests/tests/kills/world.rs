//! What the killed jobs work on: two accounts, two loads thirty days apart, segments that are edited in between; and, by
//! the oracle, who the members are after each.

use std::{
    collections::BTreeSet,
    fs,
    ops::Range,
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
    /// First and second load.
    pub(crate) phases: [Phase; 2],
}

/// A load and the evaluation after it.
pub(crate) struct Phase {
    pub(crate) segments: PathBuf,
    pub(crate) profiles: PathBuf,
    pub(crate) events: PathBuf,
    /// As `--clock` takes it.
    pub(crate) clock: String,
    pub(crate) members: BTreeSet<Member>,
}

/// The first [`FEW`] of them bring rows into every table of staging, and refer to each other.
const SEGMENTS: [(&str, &str); 13] = [
    ("everyone", "{}"),
    (
        "often",
        r#"{"criteria":[{"name":"c","event":{"metric":"Placed Order","distinctDays":{"atLeast":6},"within":{"last":"365d"}}}]}"#,
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
    ("near", r#"{"criteria":[{"name":"n","location":{"within":"10mi","of":{"postalCode":"02110","country":"US"}}}]}"#),
    (
        "experiment",
        r#"{"criteria":[{"name":"s","property":{"name":"state","in":["CT","MA"]}},
            {"name":"q","sample":{"percent":50,"salt":"x"}}]}"#,
    ),
    (
        "mixed",
        r#"{"timeZone":"America/New_York","criteria":[{"name":"t","event":{"metric":"Placed Order","within":{"calendar":"thisMonth"}}},
            {"name":"n","property":{"name":"n","atLeast":50}},
            {"name":"c","consent":{"channel":"sms","status":"subscribed","within":{"last":"20d"}}}],"match":"t && n || c"}"#,
    ),
];
/// So many segments where time is short: to plan the statements of all kinds takes most of it.
const FEW: usize = 6;
/// What the second publication says otherwise: one segment is edited (and with it one that refers to it), one is new.
const EDITED: [(&str, &str); 2] = [
    (
        "often",
        r#"{"criteria":[{"name":"c","event":{"metric":"Placed Order","distinctDays":{"atLeast":4},"within":{"last":"365d"}}}]}"#,
    ),
    ("eastern", r#"{"criteria":[{"name":"s","property":{"name":"state","in":["MA","NY"]}}]}"#),
];
/// Profiles of the accounts before the second load.
const SIZES: [u64; 2] = [140, 70];

impl Inputs {
    /// Draws all and writes it into the folder, with all kinds of segments or a few.
    pub(crate) fn make(seed: u64, folder: &Path, all_kinds: bool) -> Self {
        let mut random = Random(seed);
        let segments = segments(if all_kinds { SEGMENTS.len() } else { FEW });
        let mut draw = |ids: fn(u64) -> Range<u64>, time: Range<i64>| -> Vec<World> {
            SIZES.map(|size| world(&mut random, &segments, ids(size), time.clone())).into()
        };
        let first = draw(|size| 0..size, FIRST - 400 * DAY..FIRST);
        let second = draw(|size| size - 40..size + 20, FIRST - 20 * DAY..FIRST + 30 * DAY);
        let mut both = first.clone();
        for (world, later) in both.iter_mut().zip(&second) {
            world.profiles.extend(later.profiles.iter().cloned());
            world.events.extend(later.events.iter().cloned());
            world.segments = edited(&world.segments);
        }
        fs::create_dir_all(folder).unwrap();
        Self { phases: [phase(folder, FIRST, first.clone(), first), phase(folder, FIRST + 30 * DAY, second, both)] }
    }
}

fn segments(count: usize) -> Vec<(String, Json)> {
    SEGMENTS[..count].iter().map(|(name, spec)| ((*name).to_owned(), Json::parse(spec).expect("well-formed"))).collect()
}

fn edited(segments: &[(String, Json)]) -> Vec<(String, Json)> {
    let kept = segments.iter().filter(|(name, _)| EDITED.iter().all(|(edited, _)| edited != name)).cloned();
    kept.chain(EDITED.map(|(name, spec)| (name.to_owned(), Json::parse(spec).expect("well-formed")))).collect()
}

/// Writes what is loaded, and the segments of all that is there then.
fn phase(folder: &Path, as_of: i64, loaded: Vec<World>, all: Vec<World>) -> Phase {
    let clock = jiff::Timestamp::from_millisecond(as_of).unwrap().to_string();
    let all = Batch { as_of, worlds: all };
    let write = |name: &str, text: String| {
        let path = folder.join(format!("{as_of}-{name}"));
        fs::write(&path, text).unwrap();
        path
    };
    let files = Batch { as_of, worlds: loaded }.render();
    Phase {
        segments: write("segments.yaml", all.render().segments),
        profiles: write("profiles.ndjson", files.profiles),
        events: write("events.ndjson", files.events),
        clock,
        members: members(&all),
    }
}

fn members(batch: &Batch) -> BTreeSet<Member> {
    let found = batch.by_oracle().expect("the oracle reads the world");
    let name = |index: usize, name: &str| format!("{}/{}", Batch::namespace(index), Batch::segment_name(index, name));
    for (segment, _) in &batch.worlds[0].segments {
        assert!(found.iter().any(|member| member.1 == *segment), "{segment} has no members and shows nothing");
    }
    found.into_iter().map(|(index, segment, profile)| (name(index, &segment), profile)).collect()
}

fn world(random: &mut Random, segments: &[(String, Json)], ids: Range<u64>, time: Range<i64>) -> World {
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
    World { segments: segments.to_vec(), profiles, events: events.collect() }
}
