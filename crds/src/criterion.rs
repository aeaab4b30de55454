//! The kinds of criteria. A criterion holds one optional field for each kind, and exactly one of them is set.

use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::optional::null_as_absent;
use crate::property_test::Condition;
pub use crate::property_test::PropertyCriterion;
use crate::range::{CountRange, PropertyRange};
use crate::window::Window;

/// A named statement about a profile, of exactly one kind.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[x_kube(validation = Rule::new(
    "[has(self.event), has(self.lastEvent), has(self.firstEvent), has(self.regularEvent), has(self.sequence), \
     has(self.property), has(self.consent), has(self.location), has(self.list), has(self.segment), \
     has(self.sample)].exists_one(kind, kind)"
).message("a criterion has exactly one kind: event, lastEvent, firstEvent, regularEvent, sequence, property, consent, \
           location, list, segment or sample"))]
pub struct Criterion {
    /// The name by which match and explanations call it. No keyword of CEL.
    #[schemars(length(max = 63), regex(pattern = "^[a-z][A-Za-z0-9_]*$"))]
    #[x_kube(validation = Rule::new(
        "!(self in ['as', 'break', 'const', 'continue', 'else', 'false', 'for', 'function', 'if', 'import', 'in', 'let', \
         'loop', 'null', 'package', 'namespace', 'return', 'true', 'var', 'void', 'while'])"
    ).message("a keyword of CEL is no name"))]
    pub name: String,
    /// A number computed from its events is in a range; by default it has at least one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<EventCriterion>,
    /// The latest of its events passes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_event: Option<SingleEventCriterion>,
    /// The earliest of its events of all time passes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_event: Option<SingleEventCriterion>,
    /// It has events in enough of the latest periods.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub regular_event: Option<RegularEventCriterion>,
    /// It has events of these steps, one after the other.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sequence: Option<SequenceCriterion>,
    /// A property of it passes a test.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub property: Option<PropertyCriterion>,
    /// Its consent for a channel has a status.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub consent: Option<ConsentCriterion>,
    /// It is near a place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<LocationCriterion>,
    /// It is on a static list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub list: Option<ListCriterion>,
    /// It is a member of another Segment at the same instant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub segment: Option<SegmentCriterion>,
    /// It belongs to a stable share of all profiles.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sample: Option<SampleCriterion>,
}

/// A number computed from events, and its range: at most one of count, sum, average, min, max and distinctDays; if all
/// are absent, there is at least one event.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[x_kube(validation = Rule::new(
    "size([has(self.count), has(self.sum), has(self.average), has(self.min), has(self.max), \
     has(self.distinctDays)].filter(aggregate, aggregate)) <= 1"
).message("an event criterion has at most one of count, sum, average, min, max and distinctDays"))]
pub struct EventCriterion {
    /// The kind of event; `*` is every kind.
    #[schemars(length(min = 1, max = 1024))]
    pub metric: String,
    /// Only events that meet all of these count. Default: every event.
    #[schemars(length(max = 16))]
    #[x_kube(merge_strategy = ListMerge::Atomic)]
    #[serde(rename = "where", default, skip_serializing_if = "Vec::is_empty", deserialize_with = "null_as_absent")]
    pub where_: Vec<Condition>,
    /// Only events in this window count. Default: all time up to as_of.
    #[x_kube(validation = Rule::new("!has(self.next)").message("events have no window `next`"))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub within: Option<Window>,
    /// How many events there are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<CountRange>,
    /// The exact decimal sum of a property; 0 without such events.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sum: Option<PropertyRange>,
    /// The exact decimal average of a property; false without such events.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub average: Option<PropertyRange>,
    /// The least value of a property; false without such events.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min: Option<PropertyRange>,
    /// The greatest value of a property; false without such events.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max: Option<PropertyRange>,
    /// On how many days of the segment's time zone there are events.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub distinct_days: Option<CountRange>,
}

/// The one event, the latest or the earliest, of those that meet `where`: it lies in the window and meets `has`.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SingleEventCriterion {
    /// The kind of event; `*` is every kind.
    #[schemars(length(min = 1, max = 1024))]
    pub metric: String,
    /// The event is chosen among those that meet all of these. Default: every event.
    #[schemars(length(max = 16))]
    #[x_kube(merge_strategy = ListMerge::Atomic)]
    #[serde(rename = "where", default, skip_serializing_if = "Vec::is_empty", deserialize_with = "null_as_absent")]
    pub where_: Vec<Condition>,
    /// The chosen event has to lie in this window. Default: all time up to as_of.
    #[x_kube(validation = Rule::new("!has(self.next)").message("events have no window `next`"))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub within: Option<Window>,
    /// The chosen event has to meet all of these. Default: none.
    #[schemars(length(max = 16))]
    #[x_kube(merge_strategy = ListMerge::Atomic)]
    #[serde(default, skip_serializing_if = "Vec::is_empty", deserialize_with = "null_as_absent")]
    pub has: Vec<Condition>,
}

/// In at least `atLeast` of the `of` latest periods of length `every`, the count of events is in the range.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[x_kube(validation = Rule::new("self.atLeast <= self.of").message("atLeast is at most of"))]
pub struct RegularEventCriterion {
    /// The kind of event; `*` is every kind.
    #[schemars(length(min = 1, max = 1024))]
    pub metric: String,
    /// Only events that meet all of these count. Default: every event.
    #[schemars(length(max = 16))]
    #[x_kube(merge_strategy = ListMerge::Atomic)]
    #[serde(rename = "where", default, skip_serializing_if = "Vec::is_empty", deserialize_with = "null_as_absent")]
    pub where_: Vec<Condition>,
    /// How many events a period needs. Default: at least one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<CountRange>,
    /// The length of a period: a whole number with s, m, h, d or w. The latest period ends at as_of.
    #[schemars(regex(pattern = r"^[1-9][0-9]{0,8}[smhdw]$"))]
    pub every: String,
    /// How many periods are looked at, 1 to 366; together at most 3650d.
    #[schemars(range(min = 1, max = 366))]
    pub of: i64,
    /// How many of them need the events, 1 to `of`.
    #[schemars(range(min = 1, max = 366))]
    pub at_least: i64,
}

/// Events of all steps, each at a strictly later instant than the one before.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SequenceCriterion {
    /// The steps in their order, 2 to 8.
    #[schemars(length(min = 2, max = 8))]
    #[x_kube(merge_strategy = ListMerge::Atomic)]
    pub steps: Vec<SequenceStep>,
    /// The last event is at most this long after the first: a whole number with s, m, h, d or w, at most 3650d.
    #[schemars(regex(pattern = r"^[1-9][0-9]{0,8}[smhdw]$"))]
    pub span: String,
    /// All events lie in this window. Default: all time up to as_of.
    #[x_kube(validation = Rule::new("!has(self.next)").message("events have no window `next`"))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub within: Option<Window>,
}

/// One step of a sequence.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SequenceStep {
    /// The kind of event; `*` is every kind.
    #[schemars(length(min = 1, max = 1024))]
    pub metric: String,
    /// The event meets all of these. Default: none.
    #[schemars(length(max = 16))]
    #[x_kube(merge_strategy = ListMerge::Atomic)]
    #[serde(rename = "where", default, skip_serializing_if = "Vec::is_empty", deserialize_with = "null_as_absent")]
    pub where_: Vec<Condition>,
}

/// The status of the profile's consent for a channel.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ConsentCriterion {
    /// The channel, such as `email` or `sms`.
    #[schemars(length(min = 1, max = 1024))]
    pub channel: String,
    /// The status, such as `subscribed`.
    #[schemars(length(min = 1, max = 1024))]
    pub status: String,
    /// The consent was given in this window. Default: at any time.
    #[x_kube(validation = Rule::new("!has(self.next)").message("consents have no window `next`"))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub within: Option<Window>,
}

/// The profile's location is known and no farther from a place than a distance.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LocationCriterion {
    /// The distance, with the unit m, km or mi (1,609.344 m) and at most 3 decimals; above 0, at most 20,040 km.
    #[schemars(regex(pattern = r"^[0-9]{1,8}(\.[0-9]{1,3})?(m|km|mi)$"))]
    pub within: String,
    /// The place.
    pub of: Place,
}

/// A place: either a postal code and its country, or a latitude and a longitude.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[x_kube(validation = Rule::new(
    "has(self.postalCode) == has(self.country) && has(self.latitude) == has(self.longitude) && \
     has(self.postalCode) != has(self.latitude)"
).message("a place is either postalCode and country, or latitude and longitude"))]
pub struct Place {
    /// Five digits, quoted; for Canada the first three characters in upper case.
    #[schemars(regex(pattern = "^([0-9]{5}|[A-Z][0-9][A-Z])$"))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub postal_code: Option<String>,
    /// The country of the postal code by ISO 3166: US or CA.
    #[schemars(regex(pattern = "^[A-Z]{2}$"))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
    /// Degrees north.
    #[schemars(range(min = -90, max = 90))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latitude: Option<f64>,
    /// Degrees east.
    #[schemars(range(min = -180, max = 180))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub longitude: Option<f64>,
}

/// The profile is on a static list.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ListCriterion {
    /// The list's id.
    #[schemars(length(min = 1, max = 1024))]
    pub id: String,
}

/// The profile would be a member of another Segment of the same namespace, store and account.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SegmentCriterion {
    /// The other Segment's name. References may not run in a circle.
    #[schemars(length(min = 1, max = 253))]
    pub name: String,
}

/// The profile belongs to a share of all profiles that stays the same from one evaluation to the next.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SampleCriterion {
    /// The share in percent, 0 to 100, with at most two decimals.
    #[schemars(range(min = 0, max = 100))]
    pub percent: f64,
    /// Another salt draws another share of the same size. Default: empty.
    #[schemars(length(max = 1_048_576))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub salt: Option<String>,
}
