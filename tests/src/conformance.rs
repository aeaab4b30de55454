//! The cases of a peer: their steps and trees of conditions as Segments and lines of this language.

use crate::json::Json;
use crate::oracle;
use crate::world::{Batch, Found, World};
use anyhow::{Context, Result, bail, ensure};
use std::collections::{BTreeMap, BTreeSet};

/// A step of a case: everything that holds at its instant.
#[derive(Clone, Debug)]
pub struct Step {
    /// The case and the number of the step.
    pub title: String,
    /// Milliseconds since 1970.
    pub now: i64,
    /// All lines up to here, and the definitions.
    pub world: World,
    /// Segment, profile, and whether it is a member.
    pub expected: Vec<(String, String, bool)>,
}

/// Reads all cases.
pub fn parse(lines: &str) -> Result<Vec<Step>> {
    let mut steps = Vec::new();
    for line in lines.lines().filter(|line| !line.trim().is_empty()) {
        let case = Json::parse(line).map_err(anyhow::Error::msg)?;
        let id = text(&case, "id")?;
        let mut world = World::default();
        for (index, step) in list(&case, "steps").iter().enumerate() {
            let title = format!("{id}, step {}", index + 1);
            steps.push(read_step(step, title.clone(), &mut world).context(title)?);
        }
    }
    Ok(steps)
}

/// Evaluates the steps, those of one instant in one call, and compares.
pub fn check(steps: &[Step], evaluate: &dyn Fn(&Batch) -> Result<BTreeSet<Found>>) -> Result<()> {
    let mut by_instant: BTreeMap<i64, Vec<&Step>> = BTreeMap::new();
    for step in steps {
        by_instant.entry(step.now).or_default().push(step);
    }
    let mut wrong = Vec::new();
    for (as_of, steps) in by_instant {
        let batch = Batch { as_of, worlds: steps.iter().map(|step| step.world.clone()).collect() };
        let found = evaluate(&batch)?;
        for (index, step) in steps.iter().enumerate() {
            for (segment, profile, member) in &step.expected {
                if found.contains(&(index, segment.to_lowercase(), profile.clone())) != *member {
                    wrong.push(format!("{}: {segment}, {profile}: member should be {member}", step.title));
                }
            }
        }
    }
    ensure!(wrong.is_empty(), "{}", wrong.join("\n"));
    Ok(())
}

/// Profiles and events add up from step to step; definitions stay until others come.
fn read_step(step: &Json, title: String, world: &mut World) -> Result<Step> {
    world.profiles.extend(list(step, "profiles").iter().cloned());
    for event in list(step, "events") {
        let fields = event.fields().iter().map(|(key, value)| match key.as_str() {
            "name" => ("metric".to_owned(), value.clone()),
            _ => (key.clone(), value.clone()),
        });
        world.events.push(Json::Object(fields.collect()));
    }
    let definitions = step.get("segments").map(Json::fields).unwrap_or_default();
    if !definitions.is_empty() {
        // Kubernetes' names have no capitals.
        let read = definitions.iter().map(|(name, tree)| Ok((name.to_lowercase(), spec(tree)?)));
        world.segments = read.collect::<Result<_>>()?;
    }
    let mut expected = Vec::new();
    for (segment, sides) in step.get("expect").map(Json::fields).unwrap_or_default() {
        for (side, member) in [("in", true), ("out", false)] {
            for profile in list(sides, side) {
                let profile = profile.as_text().context("an id that is no text")?.to_owned();
                expected.push((segment.clone(), profile, member));
            }
        }
    }
    let now = oracle::instant(text(step, "now")?).context("now is no time")?;
    Ok(Step { title, now, world: world.clone(), expected })
}

/// A tree as criteria and an expression over their names.
fn spec(tree: &Json) -> Result<Json> {
    let mut criteria = Vec::new();
    let expression = expression(tree, &mut criteria)?;
    if criteria.is_empty() {
        return Ok(Json::object([]));
    }
    Ok(Json::object([("criteria", Json::List(criteria)), ("match", Json::text(expression))]))
}

fn expression(tree: &Json, criteria: &mut Vec<Json>) -> Result<String> {
    let (kind, inner) = tree.fields().first().context("an empty tree")?;
    let (kind, fields) = match kind.as_str() {
        "not" => return Ok(format!("!({})", expression(inner, criteria)?)),
        "all" | "any" => {
            let sign = if kind == "all" { " && " } else { " || " };
            let parts = inner.as_list().unwrap_or_default().iter();
            let parts = parts.map(|part| expression(part, criteria)).collect::<Result<Vec<_>>>()?;
            return Ok(format!("({})", parts.join(sign)));
        }
        "property" => ("property", property(inner)?),
        "event" => ("event", event(inner)?),
        "last_event" => {
            let mut fields = Json::object([("metric", Json::text(text(inner, "name")?))]);
            fields.set("where", conditions(inner, "where")?);
            fields.set("has", conditions(inner, "has")?);
            ("lastEvent", fields)
        }
        other => bail!("no such node: {other}"),
    };
    let name = format!("c{}", criteria.len());
    criteria.push(Json::object([("name", Json::text(&name)), (kind, fields)]));
    Ok(name)
}

fn property(leaf: &Json) -> Result<Json> {
    let (test, value) = test(leaf)?;
    Ok(Json::object([("name", Json::text(text(leaf, "name")?)), (test, value)]))
}

fn event(leaf: &Json) -> Result<Json> {
    let mut fields = Json::object([("metric", Json::text(text(leaf, "name")?))]);
    fields.set("where", conditions(leaf, "where")?);
    if let Some(count) = leaf.get("count") {
        let bound = match text(count, "op")? {
            ">=" => "atLeast",
            "=" => "equals",
            "<" => "below",
            other => bail!("no such comparison: {other}"),
        };
        fields.set("count", Json::object([(bound, count.get("value").context("no value")?.clone())]));
    }
    if let Some(window) = leaf.get("window") {
        fields.set("within", window.clone());
    }
    Ok(fields)
}

fn conditions(leaf: &Json, key: &str) -> Result<Json> {
    let read = |condition: &Json| {
        let (test, value) = test(condition)?;
        Ok(Json::object([("property", Json::text(text(condition, "property")?)), (test, value)]))
    };
    list(leaf, key).iter().map(read).collect::<Result<_>>().map(Json::List)
}

fn test(leaf: &Json) -> Result<(&'static str, Json)> {
    let value = leaf.get("value").cloned();
    let needed = || value.clone().context("no value");
    Ok(match text(leaf, "op")? {
        "equals" => ("equals", needed()?),
        "exists" => ("exists", Json::Bool(true)),
        "gte" => ("atLeast", needed()?),
        "lt" => ("below", needed()?),
        "within_last" => ("within", Json::object([("last", needed()?)])),
        "after" => ("after", needed()?),
        "before" => ("before", needed()?),
        "has_item" => ("hasItem", needed()?),
        other => bail!("no such test: {other}"),
    })
}

fn text<'a>(json: &'a Json, key: &str) -> Result<&'a str> {
    json.get(key).and_then(Json::as_text).with_context(|| format!("no text {key} in {json}"))
}

fn list<'a>(json: &'a Json, key: &str) -> &'a [Json] {
    json.get(key).and_then(Json::as_list).unwrap_or_default()
}
