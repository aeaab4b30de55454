//! One line of NDJSON, a profile or an event: what is in it, or what is wrong with it. Pure.
//!
//! Texts are borrowed from the line where they have no escapes. Of two equal keys the last one counts, and null is as
//! absent.

mod fields;
mod quick;

use std::borrow::Cow;

use segment_rules::{Value, flatten, time};
use serde::Deserialize;
use serde_json::value::RawValue;

use self::fields::{Field, Text, given, read_object, read_text, short, text};

/// A line of profiles.
#[derive(Debug)]
pub(super) struct ProfileLine<'a> {
    pub(super) account: Cow<'a, str>,
    pub(super) id: Cow<'a, str>,
    pub(super) properties: Vec<(String, Value)>,
    pub(super) consents: Vec<Consent>,
    /// Latitude and longitude in degrees.
    pub(super) location: Option<(f64, f64)>,
    pub(super) lists: Vec<String>,
}

/// What a profile says about a channel.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Consent {
    pub(super) channel: String,
    pub(super) status: String,
    /// Since when, Unix milliseconds.
    pub(super) time_ms: Option<i64>,
}

/// A line of events.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct EventLine<'a> {
    pub(super) account: Cow<'a, str>,
    pub(super) id: Cow<'a, str>,
    pub(super) profile: Cow<'a, str>,
    pub(super) metric: Cow<'a, str>,
    pub(super) time_ms: i64,
    pub(super) properties: Vec<(String, Value)>,
}

/// Reads a line of profiles.
pub(super) fn profile(line: &str) -> Result<ProfileLine<'_>, String> {
    #[derive(Deserialize)]
    #[serde(field_identifier, rename_all = "lowercase")]
    enum Key {
        Account,
        Id,
        Properties,
        Consent,
        Location,
        Lists,
        #[serde(other)]
        Other,
    }
    let mut fields: [Field<'_>; 6] = [None; 6];
    read_object(line, |key: Key, value| {
        if !matches!(key, Key::Other) {
            fields[key as usize] = Some(value);
        }
    })?;
    let [account, id, properties, consent, location, lists] = fields;
    Ok(ProfileLine {
        account: text(account, "account")?,
        id: text(id, "id")?,
        properties: read_properties(properties)?,
        consents: read_consents(consent)?,
        location: read_location(location)?,
        lists: read_lists(lists)?,
    })
}

/// Reads a line of events.
pub(super) fn event(line: &str) -> Result<EventLine<'_>, String> {
    quick::event(line).map_or_else(|| any_event(line), Ok)
}

fn any_event(line: &str) -> Result<EventLine<'_>, String> {
    #[derive(Deserialize)]
    #[serde(field_identifier, rename_all = "lowercase")]
    enum Key {
        Account,
        Id,
        Profile,
        Metric,
        Time,
        Properties,
        #[serde(other)]
        Other,
    }
    let mut fields: [Field<'_>; 6] = [None; 6];
    read_object(line, |key: Key, value| {
        if !matches!(key, Key::Other) {
            fields[key as usize] = Some(value);
        }
    })?;
    let [account, id, profile, metric, time, properties] = fields;
    Ok(EventLine {
        account: text(account, "account")?,
        id: text(id, "id")?,
        profile: text(profile, "profile")?,
        metric: text(metric, "metric")?,
        time_ms: time::event_ms(&text(time, "time")?).map_err(|error| error.to_string())?,
        properties: read_properties(properties)?,
    })
}

/// The account of a line alone, for counting; `None` where there is none.
pub(super) fn account(line: &str) -> Option<Cow<'_, str>> {
    #[derive(Deserialize)]
    #[serde(field_identifier, rename_all = "lowercase")]
    enum Key {
        Account,
        #[serde(other)]
        Other,
    }
    let mut account = None;
    read_object(line, |key: Key, value| {
        if matches!(key, Key::Account) {
            account = Some(value);
        }
    })
    .ok()?;
    text(account, "account").ok()
}

fn read_properties(field: Field<'_>) -> Result<Vec<(String, Value)>, String> {
    given(field).map_or(Ok(Vec::new()), |json| flatten(json).map_err(|error| format!("`properties`: {error}")))
}

fn read_consents(field: Field<'_>) -> Result<Vec<Consent>, String> {
    let Some(json) = given(field) else { return Ok(Vec::new()) };
    let mut channels: Vec<(Cow<'_, str>, Field<'_>)> = Vec::new();
    if !json.starts_with('{') {
        return Err(format!("`consent` is no object: {}", short(json)));
    }
    read_object(json, |channel: Text<'_>, value| {
        channels.retain(|known| known.0 != channel.0);
        channels.push((channel.0, Some(value)));
    })?;
    let given = channels.into_iter().filter_map(|(channel, field)| Some((channel, given(field)?)));
    given.map(|(channel, json)| read_consent(channel.into_owned(), json)).collect()
}

fn read_consent(channel: String, json: &str) -> Result<Consent, String> {
    #[derive(Deserialize)]
    #[serde(field_identifier, rename_all = "lowercase")]
    enum Key {
        Status,
        Time,
        #[serde(other)]
        Other,
    }
    let (mut status, mut since) = (None, None);
    if let Some(status) = read_text(json) {
        return Ok(Consent { channel, status: status.into_owned(), time_ms: None });
    }
    if !json.starts_with('{') {
        return Err(format!("the consent for `{channel}` is neither a text nor an object: {}", short(json)));
    }
    read_object(json, |key: Key, value| match key {
        Key::Status => status = Some(value),
        Key::Time => since = Some(value),
        Key::Other => {}
    })?;
    let bad = |reason| format!("the consent for `{channel}`: {reason}");
    let status = text(status, "status").map_err(bad)?.into_owned();
    let mut time_ms = None;
    if given(since).is_some() {
        let since = text(since, "time").map_err(bad)?;
        time_ms = Some(time::consent_ms(&since).map_err(|error| bad(error.to_string()))?);
    }
    Ok(Consent { channel, status, time_ms })
}

fn read_location(field: Field<'_>) -> Result<Option<(f64, f64)>, String> {
    #[derive(Deserialize)]
    #[serde(field_identifier, rename_all = "lowercase")]
    enum Key {
        Latitude,
        Longitude,
        #[serde(other)]
        Other,
    }
    let Some(json) = given(field) else { return Ok(None) };
    if !json.starts_with('{') {
        return Err(format!("`location` is no object: {}", short(json)));
    }
    let (mut latitude, mut longitude) = (None, None);
    read_object(json, |key: Key, value| match key {
        Key::Latitude => latitude = Some(value),
        Key::Longitude => longitude = Some(value),
        Key::Other => {}
    })?;
    Ok(Some((degrees(latitude, "latitude", 90.0)?, degrees(longitude, "longitude", 180.0)?)))
}

fn degrees(field: Field<'_>, name: &str, most: f64) -> Result<f64, String> {
    let json = given(field).ok_or_else(|| format!("`location` has no `{name}`"))?;
    if !json.starts_with(|first: char| first == '-' || first.is_ascii_digit()) {
        return Err(format!("`location`: `{name}` is no number: {}", short(json)));
    }
    let degrees: f64 = serde_json::from_str(json).map_err(|error| format!("`location`: `{name}`: {error}"))?;
    // Adding zero turns -0 into 0.
    (degrees.abs() <= most)
        .then_some(degrees + 0.0)
        .ok_or_else(|| format!("`location`: `{name}` is {}, beyond {most} degrees", short(json)))
}

fn read_lists(field: Field<'_>) -> Result<Vec<String>, String> {
    let Some(json) = given(field) else { return Ok(Vec::new()) };
    if !json.starts_with('[') {
        return Err(format!("`lists` is no list: {}", short(json)));
    }
    let items: Vec<&RawValue> = serde_json::from_str(json).map_err(|error| format!("`lists`: {error}"))?;
    let mut lists = items
        .into_iter()
        .map(|item| {
            let list = read_text(item.get()).map(Cow::into_owned);
            list.ok_or_else(|| format!("`lists` holds what is no text: {}", short(item.get())))
        })
        .collect::<Result<Vec<_>, _>>()?;
    lists.sort_unstable();
    lists.dedup();
    Ok(lists)
}

#[cfg(test)]
mod tests;
