//! Which worlds differ, and the smallest world that still does. All ways to make a world smaller are tried in one call
//! of the evaluator, each as an account of its own: a call costs more than an account.

use crate::json::Json;
use crate::world::{Batch, Found, World};
use anyhow::{Context, Result, anyhow, ensure};
use std::collections::BTreeSet;

/// An evaluator as a black box.
pub type Evaluate<'a> = &'a dyn Fn(&Batch) -> Result<BTreeSet<Found>>;

/// How often a world is made smaller before the search ends.
const STEPS: usize = 200;
/// How many smaller worlds are tried in one call.
const AT_ONCE: usize = 100;

/// For each world, whether the evaluator and the oracle differ. One that the evaluator cannot do differs too.
pub fn mismatches(batch: &Batch, evaluate: Evaluate<'_>) -> Result<Vec<bool>> {
    let expected = batch.by_oracle().map_err(|trouble| anyhow!("{trouble:?}"))?;
    let count = batch.worlds.len();
    match evaluate(batch) {
        Ok(found) => {
            let differing: BTreeSet<usize> = expected.symmetric_difference(&found).map(|found| found.0).collect();
            Ok((0..count).map(|index| differing.contains(&index)).collect())
        }
        Err(_) if count <= 1 => Ok(vec![true; count]),
        Err(_) => {
            let (left, right) = batch.worlds.split_at(count / 2);
            let half = |worlds: &[World]| mismatches(&Batch { as_of: batch.as_of, worlds: worlds.to_vec() }, evaluate);
            Ok([half(left)?, half(right)?].concat())
        }
    }
}

/// Makes a world that differs as small as it gets.
pub fn shrink(as_of: i64, mut world: World, evaluate: Evaluate<'_>) -> Result<World> {
    for _ in 0..STEPS {
        let next = match first_that_differs(as_of, &world, with_fewer_items(&world), evaluate)? {
            None => first_that_differs(as_of, &world, with_less_in_items(&world), evaluate)?,
            found => found,
        };
        match next {
            Some(smaller) => world = smaller,
            None => break,
        }
    }
    Ok(world)
}

fn first_that_differs(as_of: i64, world: &World, smaller: Vec<World>, evaluate: Evaluate<'_>) -> Result<Option<World>> {
    // Without a part a Segment may no longer be one; the lines are good without any.
    let readable = |smaller: &World| {
        smaller.segments == world.segments || Batch { as_of, worlds: vec![smaller.clone()] }.by_oracle().is_ok()
    };
    let candidates: Vec<World> = smaller.into_iter().filter(readable).collect();
    for worlds in candidates.chunks(AT_ONCE) {
        let differs = mismatches(&Batch { as_of, worlds: worlds.to_vec() }, evaluate)?;
        if let Some(index) = differs.iter().position(|differs| *differs) {
            return Ok(Some(worlds[index].clone()));
        }
    }
    Ok(None)
}

/// One segment alone, and the lists without some of their items: the greatest steps first.
fn with_fewer_items(world: &World) -> Vec<World> {
    let mut worlds = Vec::new();
    if world.segments.len() > 1 {
        let alone = |segment: &(String, Json)| World { segments: vec![segment.clone()], ..world.clone() };
        worlds.extend(world.segments.iter().map(alone));
    }
    worlds.extend(without_parts(&world.events).into_iter().map(|events| World { events, ..world.clone() }));
    worlds.extend(without_parts(&world.profiles).into_iter().map(|profiles| World { profiles, ..world.clone() }));
    worlds.extend(without_parts(&world.segments).into_iter().map(|segments| World { segments, ..world.clone() }));
    worlds
}

/// The same items, one of them with less in it.
fn with_less_in_items(world: &World) -> Vec<World> {
    let mut worlds = Vec::new();
    for (index, (_, spec)) in world.segments.iter().enumerate() {
        for smaller in smaller_specs(spec) {
            let mut next = world.clone();
            next.segments[index].1 = smaller;
            worlds.push(next);
        }
    }
    for (index, line) in world.events.iter().enumerate() {
        for smaller in smaller_objects(line) {
            let mut next = world.clone();
            next.events[index] = smaller;
            worlds.push(next);
        }
    }
    for (index, line) in world.profiles.iter().enumerate() {
        for smaller in smaller_objects(line) {
            let mut next = world.clone();
            next.profiles[index] = smaller;
            worlds.push(next);
        }
    }
    worlds
}

/// The list without its halves, its quarters, and so on to single items.
fn without_parts<T: Clone>(items: &[T]) -> Vec<Vec<T>> {
    let mut lists = Vec::new();
    let mut size = items.len();
    while size > 0 {
        for begin in (0..items.len()).step_by(size) {
            let end = (begin + size).min(items.len());
            lists.push([&items[..begin], &items[end..]].concat());
        }
        size /= 2;
    }
    lists
}

/// One criterion alone, as it is or denied; a criterion with less in it; no zone.
fn smaller_specs(spec: &Json) -> Vec<Json> {
    let criteria = spec.get("criteria").and_then(Json::as_list).unwrap_or_default();
    let mut specs = Vec::new();
    for criterion in criteria {
        let alone = with(spec, "criteria", Json::List(vec![criterion.clone()]));
        specs.push(without(&alone, "match"));
        let denied = criterion.get("name").and_then(Json::as_text).map(|name| format!("!{name}")).unwrap_or_default();
        // Only from something longer, or the search would go to and fro.
        if spec.get("match").and_then(Json::as_text).is_some_and(|expression| expression.len() > denied.len()) {
            specs.push(with(&alone, "match", Json::text(denied)));
        }
    }
    specs.push(without(spec, "timeZone"));
    specs.push(without(spec, "suspend"));
    for (index, criterion) in criteria.iter().enumerate() {
        for (key, fields) in criterion.fields().iter().filter(|field| field.0 != "name") {
            for smaller in smaller_objects(fields) {
                let mut criteria = criteria.to_vec();
                criteria[index] = with(criterion, key, smaller);
                specs.push(with(spec, "criteria", Json::List(criteria)));
            }
        }
    }
    specs.retain(|smaller| smaller != spec);
    specs
}

/// The object without one of its fields, or with less in one of them.
fn smaller_objects(object: &Json) -> Vec<Json> {
    let mut objects = Vec::new();
    for (key, value) in object.fields() {
        // Without these a line or a criterion is no longer one.
        if ["id", "profile", "metric", "time", "name", "channel", "status", "percent", "steps", "span"]
            .contains(&key.as_str())
        {
            continue;
        }
        objects.push(without(object, key));
        let inner: Vec<Json> = match value {
            Json::Object(_) => smaller_objects(value),
            Json::List(items) => without_parts(items).into_iter().map(Json::List).collect(),
            _ => Vec::new(),
        };
        objects.extend(inner.into_iter().map(|inner| with(object, key, inner)));
    }
    objects
}

fn with(object: &Json, key: &str, value: Json) -> Json {
    let mut object = object.clone();
    object.set(key, value);
    object
}

fn without(object: &Json, key: &str) -> Json {
    Json::Object(object.fields().iter().filter(|field| field.0 != key).cloned().collect())
}

/// A world that once differed, as a line of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Regression {
    /// Milliseconds since 1970.
    pub as_of: i64,
    /// The account.
    pub world: World,
}

impl Regression {
    /// As one line.
    pub fn to_line(&self) -> String {
        let segments = self.world.segments.clone();
        Json::object([
            ("as_of", Json::number(&self.as_of)),
            ("segments", Json::Object(segments)),
            ("profiles", Json::List(self.world.profiles.clone())),
            ("events", Json::List(self.world.events.clone())),
        ])
        .to_string()
    }

    /// From its line.
    pub fn parse(line: &str) -> Result<Self> {
        let json = Json::parse(line).map_err(anyhow::Error::msg)?;
        let list =
            |key: &str| json.get(key).and_then(Json::as_list).map(<[Json]>::to_vec).with_context(|| key.to_owned());
        let as_of = match json.get("as_of") {
            Some(Json::Number(literal)) => literal.parse()?,
            _ => return Err(anyhow!("no as_of")),
        };
        let segments = json.get("segments").map(Json::fields).unwrap_or_default().to_vec();
        ensure!(!segments.is_empty(), "no segments");
        Ok(Self { as_of, world: World { segments, profiles: list("profiles")?, events: list("events")? } })
    }
}
