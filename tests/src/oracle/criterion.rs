//! The kinds of criteria: the table "Criteria" of the language, row by row.

use super::data::Profile;
use super::event::{
    Aggregate, Choice, Condition, all_hold, earliest, has_sequence, latest, regular_periods, sip_hash, whole_numbers,
};
use super::number;
use super::place::{Place, centre, distance, metres};
use super::test::{Range, Test};
use super::time::Clock;
use super::window::{Interval, duration, interval};
use crate::json::Json;

/// One criterion, read for one instant and one zone.
#[derive(Debug)]
pub(crate) enum Criterion {
    Event { choice: Choice, interval: Interval, aggregate: Aggregate },
    LastEvent(Single),
    FirstEvent(Single),
    RegularEvent { choice: Choice, count: Range<i64>, every: i64, of: i64, at_least: i64 },
    Sequence { steps: Vec<Choice>, interval: Interval, span: i64 },
    Property { path: String, test: Test },
    Consent { channel: String, status: String, interval: Option<Interval> },
    Location { metres: f64, centre: Place },
    List { id: String },
    Segment { name: String },
    Sample { ten_thousandths: i64, salt: String },
}

/// `lastEvent` and `firstEvent`: one event is looked at.
#[derive(Debug)]
pub(crate) struct Single {
    choice: Choice,
    interval: Interval,
    has: Vec<Condition>,
}

impl Criterion {
    /// Reads an item of `spec.criteria`.
    pub(crate) fn read(item: &Json, clock: &Clock) -> Result<Self, String> {
        let kind = item.fields().iter().find(|field| field.0 != "name").ok_or("a criterion without a kind")?;
        let json = &kind.1;
        let text = |key: &str| json.get(key).and_then(Json::as_text).map(str::to_owned).ok_or(format!("no {key}"));
        let length = |key: &str| duration(json.get(key).unwrap_or(&Json::Null));
        Ok(match kind.0.as_str() {
            "event" => Self::Event {
                choice: Choice::read(json, clock)?,
                interval: within(json, clock)?,
                aggregate: Aggregate::read(json)?,
            },
            "lastEvent" => Self::LastEvent(Single::read(json, clock)?),
            "firstEvent" => Self::FirstEvent(Single::read(json, clock)?),
            "regularEvent" => Self::RegularEvent {
                choice: Choice::read(json, clock)?,
                count: json
                    .get("count")
                    .map_or_else(|| Ok(Range { at_least: Some(1), ..Range::default() }), whole_numbers)?,
                every: length("every")?,
                of: whole(json, "of")?,
                at_least: whole(json, "atLeast")?,
            },
            "sequence" => {
                let steps = json.get("steps").and_then(Json::as_list).unwrap_or_default();
                let steps = steps.iter().map(|step| Choice::read(step, clock)).collect::<Result<_, _>>()?;
                Self::Sequence { steps, interval: within(json, clock)?, span: length("span")? }
            }
            "property" => Self::Property { path: text("name")?, test: Test::read(json, clock)? },
            "consent" => {
                let interval = json.get("within").map(|window| interval(window, clock)).transpose()?;
                Self::Consent { channel: text("channel")?, status: text("status")?, interval }
            }
            "location" => Self::Location {
                metres: metres(&text("within")?).ok_or("no distance")?,
                centre: centre(json.get("of").unwrap_or(&Json::Null))?,
            },
            "list" => Self::List { id: text("id")? },
            "segment" => Self::Segment { name: text("name")? },
            "sample" => Self::Sample { ten_thousandths: percent(json)?, salt: text("salt").unwrap_or_default() },
            other => return Err(format!("no kind of criterion: {other}")),
        })
    }

    /// Does it hold for the profile? `is_member` answers for other segments.
    pub(crate) fn holds(&self, id: &str, profile: &Profile, clock: &Clock, is_member: &dyn Fn(&str) -> bool) -> bool {
        match self {
            Self::Event { choice, interval, aggregate } => {
                aggregate.holds(&choice.of(profile, *interval, clock), clock)
            }
            Self::LastEvent(single) => single.holds(latest(&single.of_all_time(profile, clock)), clock),
            Self::FirstEvent(single) => single.holds(earliest(&single.of_all_time(profile, clock)), clock),
            Self::RegularEvent { choice, count, every, of, at_least } => {
                let events = choice.of(profile, Interval::ALL, clock);
                regular_periods(&events, *every, *of, count, clock.as_of) >= *at_least
            }
            Self::Sequence { steps, interval, span } => {
                let steps: Vec<_> = steps.iter().map(|step| step.of(profile, *interval, clock)).collect();
                has_sequence(&steps, *span)
            }
            Self::Property { path, test } => test.holds(profile.properties.get(path), clock),
            Self::Consent { channel, status, interval } => {
                profile.consents.get(channel).is_some_and(|(given, time)| {
                    let in_window = |interval: &Interval| {
                        let interval = interval.up_to(clock.as_of);
                        time.is_some_and(|time| interval.contains(time))
                    };
                    given == status && interval.as_ref().is_none_or(in_window)
                })
            }
            Self::Location { metres, centre } => {
                profile.location.is_some_and(|location| distance(location, *centre) <= *metres)
            }
            Self::List { id } => profile.lists.contains(id),
            Self::Segment { name } => is_member(name),
            Self::Sample { ten_thousandths, salt } => {
                let bytes = [salt.as_bytes(), b"\0", id.as_bytes()].concat();
                i64::try_from(sip_hash(&bytes) % 10_000).is_ok_and(|place| place < *ten_thousandths)
            }
        }
    }
}

impl Single {
    fn read(json: &Json, clock: &Clock) -> Result<Self, String> {
        Ok(Self {
            choice: Choice::read(json, clock)?,
            interval: within(json, clock)?,
            has: Condition::read_all(json.get("has"), clock)?,
        })
    }

    /// The window is asked of the one event, it does not choose it.
    fn of_all_time<'a>(&self, profile: &'a Profile, clock: &Clock) -> Vec<&'a super::data::Event> {
        self.choice.of(profile, Interval::ALL, clock)
    }

    fn holds(&self, event: Option<&super::data::Event>, clock: &Clock) -> bool {
        event.is_some_and(|event| self.interval.contains(event.time) && all_hold(&self.has, event, clock))
    }
}

/// The window of events; absent, it is all time.
fn within(json: &Json, clock: &Clock) -> Result<Interval, String> {
    json.get("within").map_or(Ok(Interval::ALL), |window| interval(window, clock))
}

fn whole(json: &Json, key: &str) -> Result<i64, String> {
    match json.get(key) {
        Some(Json::Number(literal)) => {
            number::text_form(literal).parse().map_err(|_| format!("{key} is no whole number"))
        }
        _ => Err(format!("no {key}")),
    }
}

/// A percentage of two decimals, exactly.
fn percent(json: &Json) -> Result<i64, String> {
    match json.get("percent") {
        Some(Json::Number(literal)) => {
            let billionths = number::billionths(&number::text_form(literal));
            i64::try_from(billionths / 10_000_000).map_err(|_| "percent is out of range".to_owned())
        }
        _ => Err("no percent".to_owned()),
    }
}
