//! Ranges: what the number computed from a profile's events has to be.

use kube::KubeSchema;
use serde::{Deserialize, Serialize};
use serde_json::Number;

/// A range of whole numbers. At least one bound; together they leave at least one number.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[x_kube(validation = Rule::new(
    "has(self.equals) || has(self.atLeast) || has(self.above) || has(self.atMost) || has(self.below)"
).message("a range has at least one of equals, atLeast, above, atMost, below"))]
#[x_kube(validation = Rule::new(
    "!(has(self.equals) && (has(self.atLeast) && self.equals < self.atLeast || has(self.above) && self.equals <= self.above \
     || has(self.atMost) && self.equals > self.atMost || has(self.below) && self.equals >= self.below)) \
     && !(has(self.atMost) && (has(self.atLeast) && self.atMost < self.atLeast || has(self.above) && self.atMost <= self.above)) \
     && !(has(self.below) && (has(self.atLeast) && self.below <= self.atLeast || has(self.above) && self.below - 1 <= self.above))"
).message("no whole number lies in this range"))]
pub struct CountRange {
    /// Exactly this number.
    #[schemars(range(min = 0))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub equals: Option<i64>,
    /// This number or more.
    #[schemars(range(min = 0))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_least: Option<i64>,
    /// More than this number.
    #[schemars(range(min = 0))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub above: Option<i64>,
    /// This number or less.
    #[schemars(range(min = 0))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_most: Option<i64>,
    /// Less than this number.
    #[schemars(range(min = 1))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub below: Option<i64>,
}

/// A number computed from a property of the events, and the range in which it has to be. Events whose property is
/// neither a number nor a text that counts as one are left out. Of sum and average the bounds are exact decimals with nine
/// digits after the point; of a fraction kubectl hands on what Float64 keeps, 15 digits for certain.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[x_kube(validation = Rule::new(
    "has(self.equals) || has(self.atLeast) || has(self.above) || has(self.atMost) || has(self.below)"
).message("a range has at least one of equals, atLeast, above, atMost, below"))]
#[x_kube(validation = Rule::new(
    "!(has(self.equals) && (has(self.atLeast) && self.equals < self.atLeast || has(self.above) && self.equals <= self.above \
     || has(self.atMost) && self.equals > self.atMost || has(self.below) && self.equals >= self.below)) \
     && !(has(self.atMost) && (has(self.atLeast) && self.atMost < self.atLeast || has(self.above) && self.atMost <= self.above)) \
     && !(has(self.below) && (has(self.atLeast) && self.below <= self.atLeast || has(self.above) && self.below <= self.above))"
).message("no number lies in this range"))]
pub struct PropertyRange {
    /// The property of the event; dots reach into nested objects.
    #[schemars(length(min = 1, max = 1024))]
    pub property: String,
    /// Exactly this number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub equals: Option<Number>,
    /// This number or more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_least: Option<Number>,
    /// More than this number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub above: Option<Number>,
    /// This number or less.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_most: Option<Number>,
    /// Less than this number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub below: Option<Number>,
}
