//! Windows: the stretches of time in which events, consents and times of properties count.

use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A stretch of time, in exactly one form. `as_of` is the instant of the evaluation; a length is a whole number from 1
/// with s, m, h, d or w, at most 3650d; a day is 24 hours.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[x_kube(validation = Rule::new(
    "(has(self.last) ? 1 : 0) + (has(self.next) ? 1 : 0) + (has(self.between) ? 1 : 0) + (has(self.olderThan) ? 1 : 0) + \
     (has(self.from) || has(self.to) ? 1 : 0) + (has(self.calendar) ? 1 : 0) + (has(self.days) ? 1 : 0) == 1"
).message("a window has exactly one form: last, next, between, olderThan, from and/or to, calendar, or days"))]
pub struct Window {
    /// The last of this length: (as_of - last, as_of].
    #[schemars(length(max = 10), regex(pattern = r"^[1-9][0-9]*[smhdw]$"))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last: Option<String>,
    /// The next of this length: (as_of, as_of + next]. Only for times of properties.
    #[schemars(length(max = 10), regex(pattern = r"^[1-9][0-9]*[smhdw]$"))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
    /// A stretch between two ages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub between: Option<Between>,
    /// This long ago or longer: up to as_of - olderThan.
    #[schemars(length(max = 10), regex(pattern = r"^[1-9][0-9]*[smhdw]$"))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub older_than: Option<String>,
    /// From this ISO 8601 time on, itself included; a date alone starts in the segment's time zone.
    #[schemars(length(min = 1, max = 64))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// Up to this ISO 8601 time, itself excluded; after `from`.
    #[schemars(length(min = 1, max = 64))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// A stretch of the calendar in the segment's time zone; weeks start on Monday.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calendar: Option<CalendarPeriod>,
    /// This many calendar days, today the last of them, in the segment's time zone.
    #[schemars(range(min = 1, max = 3650))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub days: Option<i64>,
}

/// A stretch between two ages: (as_of - from, as_of - to], from longer than to.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Between {
    /// The older edge's age, excluded; longer than `to`.
    #[schemars(length(max = 10), regex(pattern = r"^[1-9][0-9]*[smhdw]$"))]
    pub from: String,
    /// The younger edge's age, included.
    #[schemars(length(max = 10), regex(pattern = r"^[1-9][0-9]*[smhdw]$"))]
    pub to: String,
}

/// A stretch of the calendar, whole days from its first to its last.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub enum CalendarPeriod {
    /// The day of as_of.
    Today,
    /// The day before it.
    Yesterday,
    /// The week of as_of, Monday to Sunday.
    ThisWeek,
    /// The week before it.
    LastWeek,
    /// The month of as_of.
    ThisMonth,
    /// The month before it.
    LastMonth,
    /// The year of as_of.
    ThisYear,
    /// The year before it.
    LastYear,
}
