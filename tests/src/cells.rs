//! Cases written by hand, in files that read like a table. How a case is written:
//!
//! ```text
//! = the fact that it shows
//! zone Europe/Berlin                          a directive: zone, as_of, match (each may be absent)
//! a: event {"metric": "m"}                    a criterion: a name (`c` if absent), a kind, its fields
//! + m@-1h {"x": 1} ; n#e7@2026-06-15T11:00Z   a member and its events (metric, id, time, properties)
//! - {"lists": ["vip"]} | m@0                  not a member; fields of its profile line, then its events
//! +! m@+1ms                                   no profile line: known from events only
//! - id=p42 nothing                            a profile with that id, of which nothing else is known
//! ```
//! `value {TEST}` asks a property `v` and, in a second segment, an event's property `v`: the rows are values of it.
//! `value! {TEST}` asks the property only. `other NAME` begins a further segment, for a reference.
//! `profile> {..}` and `event> {..}` add a line as it is. Times may be relative to the instant: `-30d+1ms`.

use crate::json::Json;
use crate::oracle;
use crate::world::{Batch, Found, World};
use anyhow::{Context, Result, bail, ensure};
use std::collections::{BTreeMap, BTreeSet};

/// One case.
#[derive(Clone, Debug)]
pub struct Cell {
    /// What it shows.
    pub fact: String,
    /// The instant of the evaluation.
    pub as_of: i64,
    /// Its account.
    pub world: World,
    /// Name of the segment and id, for all segments that are looked at.
    pub members: BTreeSet<(String, String)>,
    /// The segments that are looked at.
    pub looked_at: Vec<String>,
    /// The number of rows.
    rows: usize,
    by_value: Option<Json>,
}

/// The instant of cases that name none.
const AS_OF: &str = "2026-06-15T12:00:00Z";

/// Reads a file of cases.
pub fn parse(text: &str) -> Result<Vec<Cell>> {
    let mut cells: Vec<Cell> = Vec::new();
    for (index, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty() && !line.starts_with('#'))
    {
        let line = line.trim_end();
        let done = if let Some(fact) = line.strip_prefix("= ") {
            Cell::new(fact).map(|cell| cells.push(cell))
        } else {
            cells.last_mut().context("a line before the first case").and_then(|cell| cell.read(line))
        };
        done.with_context(|| format!("line {}: {line}", index + 1))?;
    }
    for cell in &cells {
        ensure!(cell.rows > 0, "a case without rows: {}", cell.fact);
    }
    Ok(cells)
}

/// Evaluates the cases, those of one instant in one call, and tells what differs.
pub fn check(cells: &[Cell], evaluate: &dyn Fn(&Batch) -> Result<BTreeSet<Found>>) -> Result<()> {
    let mut by_instant: BTreeMap<i64, Vec<&Cell>> = BTreeMap::new();
    for cell in cells {
        by_instant.entry(cell.as_of).or_default().push(cell);
    }
    let mut wrong = Vec::new();
    for (as_of, cells) in by_instant {
        let batch = Batch { as_of, worlds: cells.iter().map(|cell| cell.world.clone()).collect() };
        let found = evaluate(&batch)?;
        for (index, cell) in cells.iter().enumerate() {
            let found: BTreeSet<_> = found
                .iter()
                .filter(|found| found.0 == index && cell.looked_at.contains(&found.1))
                .map(|found| (found.1.clone(), found.2.clone()))
                .collect();
            if found != cell.members {
                let lacking: Vec<_> = cell.members.difference(&found).collect();
                let extra: Vec<_> = found.difference(&cell.members).collect();
                wrong.push(format!("{}: lacking {lacking:?}, too many {extra:?}", cell.fact));
            }
        }
    }
    ensure!(wrong.is_empty(), "{} of {} cases:\n{}", wrong.len(), cells.len(), wrong.join("\n"));
    Ok(())
}

impl Cell {
    fn new(fact: &str) -> Result<Self> {
        let main = ("main".to_owned(), Json::object([]));
        Ok(Self {
            fact: fact.to_owned(),
            as_of: oracle::instant(AS_OF).context("a time")?,
            world: World { segments: vec![main], ..World::default() },
            members: BTreeSet::new(),
            looked_at: vec!["main".to_owned()],
            rows: 0,
            by_value: None,
        })
    }

    fn read(&mut self, line: &str) -> Result<()> {
        let (word, rest) = line.split_once(' ').with_context(|| "a word and more")?;
        match word {
            "+" | "-" | "+!" | "-!" => return self.row(word.starts_with('+'), !word.ends_with('!'), rest),
            "zone" => self.spec().set("timeZone", Json::text(rest)),
            "as_of" => self.as_of = oracle::instant(rest).context("no time")?,
            "match" => self.spec().set("match", Json::text(rest)),
            "other" => self.world.segments.push((rest.to_owned(), Json::object([]))),
            "profile>" => self.world.profiles.push(json(rest)?),
            "event>" => self.world.events.push(json(rest)?),
            "everyone" => {}
            _ => return self.criterion(word, rest),
        }
        Ok(())
    }

    /// The segment that was begun last.
    fn spec(&mut self) -> &mut Json {
        let last = self.world.segments.len() - 1;
        &mut self.world.segments[last].1
    }

    fn criterion(&mut self, word: &str, rest: &str) -> Result<()> {
        let (name, kind, fields) = match word.strip_suffix(':') {
            Some(name) => rest.split_once(' ').map(|(kind, fields)| (name, kind, fields)).context("no kind")?,
            None => ("c", word, rest),
        };
        let fields = json(fields)?;
        if kind.starts_with("value") {
            self.by_value = Some(fields.clone());
            let named = |key: &str| {
                let name = (key.to_owned(), Json::text("v"));
                Json::Object(std::iter::once(name).chain(fields.fields().iter().cloned()).collect())
            };
            let condition = Json::List(vec![named("property")]);
            let event = Json::object([("metric", Json::text("m")), ("where", condition)]);
            let zone = self.spec().get("timeZone").cloned();
            add(self.spec(), Json::object([("name", Json::text(name)), ("property", named("name"))]));
            if kind == "value" {
                let mut spec = Json::object([]);
                if let Some(zone) = zone {
                    spec.set("timeZone", zone);
                }
                add(&mut spec, Json::object([("name", Json::text(name)), ("event", event)]));
                self.world.segments.push(("where".to_owned(), spec));
                self.looked_at.push("where".to_owned());
            }
        } else {
            add(self.spec(), Json::object([("name", Json::text(name)), (kind, fields)]));
        }
        Ok(())
    }

    fn row(&mut self, member: bool, with_profile: bool, row: &str) -> Result<()> {
        self.rows += 1;
        let (id, row) = match row.strip_prefix("id=") {
            Some(row) => row.split_once(' ').map(|(id, row)| (id.to_owned(), row)).context("nothing after the id")?,
            None => (format!("p{}", self.rows), row),
        };
        let (mut profile, mut events) = (Json::object([("id", Json::text(&id))]), Vec::new());
        if self.by_value.is_some() {
            let properties = match row {
                "missing" => Json::object([]),
                value => Json::object([("v", json(value)?)]),
            };
            profile.set("properties", properties.clone());
            events.push(("m".to_owned(), "e1".to_owned(), time("-1h", self.as_of)?, Some(properties)));
        } else {
            let (fields, rest) = match row.split_once(" | ") {
                _ if row == "nothing" => (None, None),
                Some((fields, rest)) => (Some(fields), Some(rest)),
                None if row.starts_with('{') => (Some(row), None),
                None => (None, Some(row)),
            };
            for (key, value) in fields.map(json).transpose()?.iter().flat_map(Json::fields) {
                profile.set(key, value.clone());
            }
            for (index, text) in rest.into_iter().flat_map(|rest| rest.split(" ; ")).enumerate() {
                events.push(event(text, index, self.as_of).with_context(|| text.to_owned())?);
            }
        }
        if with_profile {
            self.world.profiles.push(profile);
        }
        for (metric, event_id, time, properties) in events {
            let mut event = Json::object([
                ("id", Json::text(event_id)),
                ("profile", Json::text(&id)),
                ("metric", Json::text(metric)),
                ("time", Json::text(time)),
            ]);
            if let Some(properties) = properties {
                event.set("properties", properties);
            }
            self.world.events.push(event);
        }
        if member {
            self.members.extend(self.looked_at.iter().map(|segment| (segment.clone(), id.clone())));
        }
        Ok(())
    }
}

fn json(text: &str) -> Result<Json> {
    Json::parse(text).map_err(anyhow::Error::msg)
}

fn add(spec: &mut Json, criterion: Json) {
    let mut criteria = spec.get("criteria").and_then(Json::as_list).unwrap_or_default().to_vec();
    criteria.push(criterion);
    spec.set("criteria", Json::List(criteria));
}

/// `metric#id@time {properties}`
fn event(text: &str, index: usize, as_of: i64) -> Result<(String, String, String, Option<Json>)> {
    let (head, rest) = text.split_once('@').context("no time")?;
    let (metric, id) =
        head.split_once('#').map_or_else(|| (head, format!("e{index}")), |(metric, id)| (metric, id.to_owned()));
    let (time_text, properties) =
        rest.split_once(' ').map_or((rest, None), |(time, properties)| (time, Some(properties)));
    Ok((metric.to_owned(), id, time(time_text, as_of)?, properties.map(json).transpose()?))
}

/// An absolute time as it is; a relative one as an instant in UTC.
fn time(text: &str, as_of: i64) -> Result<String> {
    if !text.starts_with(['+', '-']) && text != "0" {
        return Ok(text.to_owned());
    }
    let mut instant = as_of;
    let mut rest = text.trim_start_matches('0');
    while !rest.is_empty() {
        let end = rest[1..].find(['+', '-']).map_or(rest.len(), |end| end + 1);
        let (term, after) = rest.split_at(end);
        let unit_at = term.find(|letter: char| letter.is_ascii_alphabetic()).context("no unit")?;
        let unit = match &term[unit_at..] {
            "ms" => 1,
            "s" => 1000,
            "m" => 60_000,
            "h" => 3_600_000,
            "d" => 86_400_000,
            unit => bail!("no unit: {unit}"),
        };
        instant += term[..unit_at].parse::<i64>()? * unit;
        rest = after;
    }
    Ok(jiff::Timestamp::from_millisecond(instant)?.to_string())
}

#[cfg(test)]
mod tests {
    use super::{check, parse};

    const TEXT: &str = "= a fact\nvalue {\"atLeast\": 1}\n+ 1\n- 0\n";

    #[test]
    fn a_wrong_member_is_told() {
        let cells = parse(TEXT).expect("good cases");
        let by_oracle = |batch: &crate::world::Batch| Ok(batch.by_oracle().expect("good lines"));
        assert!(check(&cells, &by_oracle).is_ok());
        for (from, to) in [("+ 1", "- 1"), ("- 0", "+ 0"), ("+ 1", "+ 0"), ("- 0", "- 1")] {
            let cells = parse(&TEXT.replace(from, to)).expect("good cases");
            let report = check(&cells, &by_oracle).expect_err("a difference").to_string();
            assert!(report.contains("a fact") && report.contains("\"where\""), "{report}");
        }
    }

    #[test]
    fn a_line_that_is_not_understood_is_told() {
        for text in
            ["+ 1\n", "= x\n+ nothing\nnonsense\n", "= x\nas_of never\n+ nothing\n", "= x\nlist {\"id\": \"a\"}\n"]
        {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
