//! Tests of one property's value, as they stand flat beside the property's name: in the criterion `property` and in the
//! conditions of `where` and `has`.
//!
//! The language bounds no text of a test. The API server wants a bound, so it is what an object of Kubernetes has room for.
//!
//! Serde cannot both flatten a struct and refuse unknown fields, so a macro writes the tests' fields into each struct.

use kube::KubeSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::optional::{is_off, null_as_absent};
use crate::schema::{exactly_one_test, only_true, values};
use crate::window::Window;

/// Declares a struct of the given fields and those of a test, and `test()`, which gives the test alone.
macro_rules! with_test_fields {
    ($(#[$attribute:meta])* pub struct $name:ident { $($fields:tt)* }) => {
        $(#[$attribute])*
        #[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
        #[serde(rename_all = "camelCase", deny_unknown_fields)]
        #[schemars(transform = exactly_one_test)]
        #[x_kube(validation = Rule::new(
            "!(has(self.ignoreCase) && self.ignoreCase && (has(self.atLeast) || has(self.above) || has(self.atMost) || \
             has(self.below) || has(self.matches) || has(self.before) || has(self.after) || has(self.within) || \
             has(self.anniversary) || has(self.exists)))"
        ).message("ignoreCase stands only beside equals, in, contains, startsWith or endsWith"))]
        #[x_kube(validation = Rule::new(
            "!(has(self.atMost) && (has(self.atLeast) && self.atMost < self.atLeast || \
             has(self.above) && self.atMost <= self.above)) && \
             !(has(self.below) && (has(self.atLeast) && self.below <= self.atLeast || \
             has(self.above) && self.below <= self.above))"
        ).message("no number lies in this range"))]
        pub struct $name {
            $($fields)*
            /// It has the same text form as this text, number or boolean; quote numbers of over 15 digits.
            #[schemars(extend("x-kubernetes-preserve-unknown-fields" = true))]
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub equals: Option<Value>,
            /// It equals one of these.
            #[schemars(schema_with = "values", length(min = 1, max = 1000))]
            #[serde(rename = "in", default, skip_serializing_if = "Option::is_none")]
            pub in_: Option<Vec<Value>>,
            /// It is this number or more; bounds may stand together.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub at_least: Option<f64>,
            /// It is above this number.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub above: Option<f64>,
            /// It is this number or less.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub at_most: Option<f64>,
            /// It is below this number.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub below: Option<f64>,
            /// Its text form contains this text.
            #[schemars(length(max = 1_048_576))]
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub contains: Option<String>,
            /// Its text form starts with this text.
            #[schemars(length(max = 1_048_576))]
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub starts_with: Option<String>,
            /// Its text form ends with this text.
            #[schemars(length(max = 1_048_576))]
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub ends_with: Option<String>,
            /// Texts are compared in lower case. Default false.
            #[serde(default, skip_serializing_if = "is_off", deserialize_with = "null_as_absent")]
            pub ignore_case: bool,
            /// This RE2 pattern is found in its text form.
            #[schemars(length(max = 1_048_576))]
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub matches: Option<String>,
            /// It is a time before this ISO 8601 time.
            #[schemars(length(max = 1_048_576))]
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub before: Option<String>,
            /// It is a time after this ISO 8601 time.
            #[schemars(length(max = 1_048_576))]
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub after: Option<String>,
            /// It is a time in this window.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub within: Option<Window>,
            /// It is a time whose anniversary is near.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub anniversary: Option<Anniversary>,
            /// It is a list with an item that equals this.
            #[schemars(extend("x-kubernetes-preserve-unknown-fields" = true))]
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub has_item: Option<Value>,
            /// It is there and not null; only true.
            #[schemars(transform = only_true)]
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub exists: Option<bool>,
        }
    };
}
macro_rules! gives_its_test {
    ($name:ident) => {
        impl $name {
            /// The test alone, without what stands beside it.
            pub fn test(&self) -> PropertyTest {
                let $name {
                    equals,
                    in_,
                    at_least,
                    above,
                    at_most,
                    below,
                    contains,
                    starts_with,
                    ends_with,
                    ignore_case,
                    matches,
                    before,
                    after,
                    within,
                    anniversary,
                    has_item,
                    exists,
                    ..
                } = self.clone();
                PropertyTest {
                    equals,
                    in_,
                    at_least,
                    above,
                    at_most,
                    below,
                    contains,
                    starts_with,
                    ends_with,
                    ignore_case,
                    matches,
                    before,
                    after,
                    within,
                    anniversary,
                    has_item,
                    exists,
                }
            }
        }
    };
}

with_test_fields! {
    /// One test of a value: exactly one kind, save that the four bounds may stand together.
    pub struct PropertyTest {}
}

with_test_fields! {
    /// A property of the profile, and one test of its value.
    pub struct PropertyCriterion {
        /// The profile's property; dots reach into nested objects (`address.city`).
        #[schemars(length(min = 1, max = 1024))]
        pub name: String,
    }
}

with_test_fields! {
    /// A property of the event, and one test of its value.
    pub struct Condition {
        /// The event's property; dots reach into nested objects.
        #[schemars(length(min = 1, max = 1024))]
        pub property: String,
        /// Turns the test round: it then holds, too, where the property is missing. Default false.
        #[serde(default, skip_serializing_if = "is_off", deserialize_with = "null_as_absent")]
        pub not: bool,
    }
}

gives_its_test!(PropertyCriterion);
gives_its_test!(Condition);

/// The start of the day of the time's anniversary, in the segment's time zone, lies in exactly one of these stretches.
/// The year of the value makes no difference; 29 February falls on 1 March in other years.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[x_kube(validation = Rule::new(
    "[has(self.next), has(self.last), has(self.today)].exists_one(stretch, stretch)"
).message("an anniversary has exactly one of next, last and today"))]
pub struct Anniversary {
    /// (as_of, as_of + next], so not today. Days or weeks, at most 366d.
    #[schemars(regex(pattern = r"^[1-9][0-9]{0,2}[dw]$"))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
    /// (as_of - last, as_of], so today too. Days or weeks, at most 366d.
    #[schemars(regex(pattern = r"^[1-9][0-9]{0,2}[dw]$"))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last: Option<String>,
    /// True: today.
    #[schemars(transform = only_true)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub today: Option<bool>,
}
