//! The tests of a value: the table "Tests" of the language, row by row.

use super::number;
use super::text::{folded, pattern, text_form};
use super::time::Clock;
use super::window::{Interval, anniversary_interval, has_anniversary_in, interval, written};
use crate::json::Json;
use regex::bytes::Regex;

/// One test of a value.
#[derive(Debug)]
pub(crate) enum Test {
    /// `equals`, `in`: the text form is one of these.
    OneOf { forms: Vec<String>, ignore_case: bool },
    /// A number in a range.
    Number(Range<f64>),
    /// `contains`, `startsWith`, `endsWith`.
    Part { place: Place, part: String, ignore_case: bool },
    /// `matches`
    Matches(Regex),
    /// `before`
    Before(i64),
    /// `after`
    After(i64),
    /// `within`
    Within(Interval),
    /// `anniversary`
    Anniversary(Interval),
    /// `hasItem`, by text form.
    HasItem(String),
    /// `exists`
    Exists,
}

/// Where a part of a text stands.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Place {
    Anywhere,
    Start,
    End,
}

/// A range: all bounds that are there hold together.
#[derive(Clone, Debug, Default)]
pub(crate) struct Range<T> {
    pub(crate) equals: Option<T>,
    pub(crate) at_least: Option<T>,
    pub(crate) above: Option<T>,
    pub(crate) at_most: Option<T>,
    pub(crate) below: Option<T>,
}

impl<T: PartialOrd> Range<T> {
    /// Reads the bounds that stand in an object.
    pub(crate) fn read(json: &Json, bound: impl Fn(&str) -> T) -> Result<Self, String> {
        let read = |key: &str| match json.get(key) {
            None => Ok(None),
            Some(Json::Number(literal)) => Ok(Some(bound(&number::text_form(literal)))),
            Some(other) => Err(format!("{key}: no number: {other}")),
        };
        Ok(Self {
            equals: read("equals")?,
            at_least: read("atLeast")?,
            above: read("above")?,
            at_most: read("atMost")?,
            below: read("below")?,
        })
    }

    /// Is the value in the range?
    pub(crate) fn contains(&self, value: &T) -> bool {
        self.equals.as_ref().is_none_or(|bound| value == bound)
            && self.at_least.as_ref().is_none_or(|bound| value >= bound)
            && self.above.as_ref().is_none_or(|bound| value > bound)
            && self.at_most.as_ref().is_none_or(|bound| value <= bound)
            && self.below.as_ref().is_none_or(|bound| value < bound)
    }

    /// The same range with other bounds.
    pub(crate) fn map<U>(&self, change: impl Fn(&T) -> U) -> Range<U> {
        Range {
            equals: self.equals.as_ref().map(&change),
            at_least: self.at_least.as_ref().map(&change),
            above: self.above.as_ref().map(&change),
            at_most: self.at_most.as_ref().map(&change),
            below: self.below.as_ref().map(&change),
        }
    }
}

/// The keys that bound a range of numbers (a lone `equals` compares text forms).
const BOUNDS: [&str; 4] = ["atLeast", "above", "atMost", "below"];

impl Test {
    /// Reads the test that stands in an object, among other fields.
    pub(crate) fn read(json: &Json, clock: &Clock) -> Result<Self, String> {
        let form = |value: &Json| text_form(value).ok_or(format!("no text form: {value}"));
        let time = |value: &Json| clock.read(value.as_text().unwrap_or_default()).ok_or(format!("no time: {value}"));
        let ignore_case = json.get("ignoreCase") == Some(&Json::Bool(true));
        if BOUNDS.iter().any(|bound| json.get(bound).is_some()) {
            return Range::read(json, number::float).map(Self::Number);
        }
        if let Some(value) = json.get("equals") {
            return Ok(Self::OneOf { forms: vec![folded(&form(value)?, ignore_case)], ignore_case });
        }
        if let Some(values) = json.get("in") {
            let forms = values.as_list().unwrap_or_default().iter();
            let forms = forms.map(|value| Ok(folded(&form(value)?, ignore_case))).collect::<Result<_, String>>()?;
            return Ok(Self::OneOf { forms, ignore_case });
        }
        for (key, place) in [("contains", Place::Anywhere), ("startsWith", Place::Start), ("endsWith", Place::End)] {
            if let Some(part) = json.get(key) {
                return Ok(Self::Part { place, part: folded(&form(part)?, ignore_case), ignore_case });
            }
        }
        if let Some(re2) = json.get("matches") {
            return pattern(re2.as_text().unwrap_or_default()).map(Self::Matches);
        }
        if let Some(value) = json.get("before") {
            return time(value).map(Self::Before);
        }
        if let Some(value) = json.get("after") {
            return time(value).map(Self::After);
        }
        if let Some(window) = json.get("within") {
            return interval(window, clock).map(Self::Within);
        }
        if let Some(window) = json.get("anniversary") {
            return anniversary_interval(window, clock).map(Self::Anniversary);
        }
        if let Some(value) = json.get("hasItem") {
            return form(value).map(Self::HasItem);
        }
        if json.get("exists") == Some(&Json::Bool(true)) { Ok(Self::Exists) } else { Err(format!("no test: {json}")) }
    }

    /// Does the value pass? A missing one, or one of another type, does not.
    pub(crate) fn holds(&self, value: Option<&Json>, clock: &Clock) -> bool {
        let Some(value) = value.filter(|value| **value != Json::Null) else { return false };
        let time = || written(value).map(|written| clock.instant(written));
        match self {
            Self::OneOf { forms, ignore_case } => {
                text_form(value).is_some_and(|form| forms.contains(&folded(&form, *ignore_case)))
            }
            Self::Number(range) => number_of(value).is_some_and(|plain| range.contains(&number::float(&plain))),
            Self::Part { place, part, ignore_case } => text_form(value).is_some_and(|form| {
                let form = folded(&form, *ignore_case);
                match place {
                    Place::Anywhere => form.contains(part.as_str()),
                    Place::Start => form.starts_with(part.as_str()),
                    Place::End => form.ends_with(part.as_str()),
                }
            }),
            Self::Matches(regex) => text_form(value).is_some_and(|form| regex.is_match(form.as_bytes())),
            Self::Before(edge) => time().is_some_and(|instant| instant < *edge),
            Self::After(edge) => time().is_some_and(|instant| instant > *edge),
            Self::Within(interval) => time().is_some_and(|instant| interval.contains(instant)),
            Self::Anniversary(interval) => {
                written(value).is_some_and(|written| has_anniversary_in(written, *interval, clock))
            }
            Self::HasItem(form) => {
                value.as_list().unwrap_or_default().iter().any(|item| text_form(item).as_ref() == Some(form))
            }
            Self::Exists => true,
        }
    }
}

/// The plain digits of a number, or of a text that counts as one.
pub(crate) fn number_of(value: &Json) -> Option<String> {
    match value {
        Json::Number(literal) => Some(number::text_form(literal)),
        Json::Text(text) if number::counts_as_number(text) => Some(text.clone()),
        _ => None,
    }
}
