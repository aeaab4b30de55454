//! Windows: the stretches of time in which events, consents and times of properties count.

use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A stretch of time, in exactly one form. `as_of` is the instant of the evaluation; a length is a whole number from 1
/// with s, m, h, d or w, at most 3650d; a day is 24 hours.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[x_kube(validation = Rule::new(
    "[has(self.last), has(self.next), has(self.between), has(self.olderThan), has(self.from) || has(self.to), \
     has(self.calendar), has(self.days)].exists_one(form, form)"
).message("a window has exactly one form: last, next, between, olderThan, from and/or to, calendar, or days"))]
pub struct Window {
    /// (as_of - last, as_of].
    #[schemars(regex(pattern = r"^[1-9][0-9]{0,8}[smhdw]$"))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last: Option<String>,
    /// (as_of, as_of + next]; only for times of properties.
    #[schemars(regex(pattern = r"^[1-9][0-9]{0,8}[smhdw]$"))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
    /// (as_of - from, as_of - to].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub between: Option<Between>,
    /// Up to as_of - olderThan.
    #[schemars(regex(pattern = r"^[1-9][0-9]{0,8}[smhdw]$"))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub older_than: Option<String>,
    /// At this ISO 8601 time or later.
    #[schemars(length(max = 1_048_576))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// Before this ISO 8601 time.
    #[schemars(length(max = 1_048_576))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// Whole days of the segment's time zone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calendar: Option<CalendarPeriod>,
    /// So many calendar days, today the last.
    #[schemars(range(min = 1, max = 3650))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub days: Option<i64>,
}

/// A stretch between two ages: (as_of - from, as_of - to], from longer than to.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Between {
    /// The greater age.
    #[schemars(regex(pattern = r"^[1-9][0-9]{0,8}[smhdw]$"))]
    pub from: String,
    /// The lesser age.
    #[schemars(regex(pattern = r"^[1-9][0-9]{0,8}[smhdw]$"))]
    pub to: String,
}

/// Whole days in the segment's time zone; weeks start on Monday.
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
