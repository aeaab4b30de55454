//! Profiles and events from their lines, and what is wrong with bad ones.

use super::number;
use super::place::{Place, coordinates};
use super::time::{Clock, DAY, midnight};
use crate::json::Json;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use std::collections::{BTreeMap, HashMap, HashSet};

/// Properties by their path; the last one of a path counts.
pub(crate) type Properties = HashMap<String, Json>;

/// All that is known of a profile.
#[derive(Clone, Debug, Default)]
pub(crate) struct Profile {
    pub(crate) properties: Properties,
    /// Channel to status and time.
    pub(crate) consents: HashMap<String, (String, Option<i64>)>,
    pub(crate) location: Option<Place>,
    pub(crate) lists: HashSet<String>,
    pub(crate) events: Vec<Event>,
}

/// An event, once.
#[derive(Clone, Debug)]
pub(crate) struct Event {
    pub(crate) metric: String,
    pub(crate) id: String,
    pub(crate) time: i64,
    pub(crate) properties: Properties,
}

/// Account to profile id to profile.
pub(crate) type Accounts = BTreeMap<String, BTreeMap<String, Profile>>;

/// A line that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadLine {
    /// `profiles` or `events`.
    pub file: &'static str,
    /// From 1.
    pub line: usize,
    /// What is wrong.
    pub reason: String,
}

/// Reads both files.
pub(crate) fn read(profiles: &str, events: &str) -> Result<Accounts, BadLine> {
    let mut accounts = Accounts::new();
    for_each_line("profiles", profiles, |line| {
        let account = text(line, "account")?;
        let id = text(line, "id")?;
        accounts.entry(account).or_default().insert(id, read_profile(line)?);
        Ok(())
    })?;
    // Identity to properties: a later line of the same event corrects the earlier one.
    let mut known: BTreeMap<(String, String, String, i64, String), Properties> = BTreeMap::new();
    for_each_line("events", events, |line| {
        let time = event_time(&text(line, "time")?)?;
        let identity = (text(line, "account")?, text(line, "profile")?, text(line, "metric")?, time, text(line, "id")?);
        known.insert(identity, read_properties(line)?);
        Ok(())
    })?;
    for ((account, profile, metric, time, id), properties) in known {
        let profile = accounts.entry(account).or_default().entry(profile).or_default();
        profile.events.push(Event { metric, id, time, properties });
    }
    Ok(accounts)
}

fn for_each_line(
    file: &'static str,
    lines: &str,
    mut read: impl FnMut(&Json) -> Result<(), String>,
) -> Result<(), BadLine> {
    for (index, line) in lines.split('\n').enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let json = Json::parse(line).and_then(|json| match json {
            Json::Object(_) => Ok(json),
            _ => Err("no object".to_owned()),
        });
        let done = json.and_then(|json| finite(&json).and_then(|()| read(&json)));
        done.map_err(|reason| BadLine { file, line: index + 1, reason })?;
    }
    Ok(())
}

/// No number may be beyond Float64.
fn finite(json: &Json) -> Result<(), String> {
    match json {
        Json::Number(literal) if !number::float(literal).is_finite() => Err(format!("beyond Float64: {literal}")),
        Json::List(items) => items.iter().try_for_each(finite),
        Json::Object(fields) => fields.iter().try_for_each(|field| finite(&field.1)),
        _ => Ok(()),
    }
}

fn text(line: &Json, key: &str) -> Result<String, String> {
    match line.get(key) {
        Some(Json::Text(text)) => Ok(text.clone()),
        Some(_) => Err(format!("{key} is no text")),
        None => Err(format!("{key} is missing")),
    }
}

/// Outside of segments a day alone is midnight in UTC.
fn time_in_utc(text: &str) -> Result<i64, String> {
    Clock { as_of: 0, zone: TimeZone::UTC }.read(text).ok_or(format!("no time: {text}"))
}

fn event_time(text: &str) -> Result<i64, String> {
    let last_day = Date::constant(2149, 6, 5);
    time_in_utc(text).and_then(|time| {
        if (0..midnight(last_day) + DAY).contains(&time) { Ok(time) } else { Err(format!("out of range: {text}")) }
    })
}

fn read_profile(line: &Json) -> Result<Profile, String> {
    let location = line.get("location").map(|place| coordinates(place).ok_or("location is incomplete or out of range"));
    let lists = match line.get("lists") {
        None => HashSet::new(),
        Some(Json::List(items)) => {
            let ids = items.iter().map(|item| item.as_text().map(str::to_owned).ok_or("lists holds more than texts"));
            ids.collect::<Result<_, _>>()?
        }
        Some(_) => return Err("lists is no list".to_owned()),
    };
    Ok(Profile {
        properties: read_properties(line)?,
        consents: read_consents(line)?,
        location: location.transpose()?,
        lists,
        events: Vec::new(),
    })
}

fn read_consents(line: &Json) -> Result<HashMap<String, (String, Option<i64>)>, String> {
    let mut consents = HashMap::new();
    let fields = match line.get("consent") {
        None => return Ok(consents),
        Some(Json::Object(fields)) => fields,
        Some(_) => return Err("consent is no object".to_owned()),
    };
    for (channel, consent) in fields {
        let given = match consent {
            Json::Null => continue,
            Json::Text(status) => (status.clone(), None),
            Json::Object(_) => {
                let time = consent.get("time").map(|_| text(consent, "time").and_then(|time| time_in_utc(&time)));
                (text(consent, "status")?, time.transpose()?)
            }
            _ => return Err(format!("consent for {channel} is neither a text nor an object")),
        };
        consents.insert(channel.clone(), given);
    }
    Ok(consents)
}

fn read_properties(line: &Json) -> Result<Properties, String> {
    let mut properties = Properties::new();
    match line.get("properties") {
        None => {}
        Some(Json::Object(fields)) => flatten("", fields, &mut properties),
        Some(_) => return Err("properties is no object".to_owned()),
    }
    Ok(properties)
}

/// An object is no property, only what it holds, each under its path.
fn flatten(prefix: &str, fields: &[(String, Json)], properties: &mut Properties) {
    for (key, value) in fields {
        match value {
            Json::Object(inner) => flatten(&format!("{prefix}{key}."), inner, properties),
            _ => {
                properties.insert(format!("{prefix}{key}"), value.clone());
            }
        }
    }
}
