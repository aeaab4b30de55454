//! The canonical form of criteria: what is published as rows and read again by every evaluator.
//!
//! Two criteria that mean the same have the same canonical form, therefore the same hash, and are evaluated once.
//! Nothing here depends on the clock; [`crate::instants`] turns windows into instants for one `as_of`.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

/// An IANA time zone name, as written by the user and known to exist.
pub type ZoneName = String;

/// One question about a profile. True for a profile of the account or not; never unknown.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Criterion {
    /// A trait passes a test: properties (`p/NAME`), consents (`consent/CHANNEL`) and lists (`list/ID`).
    Trait {
        /// The trait's key, as in the table `traits`.
        key: String,
        /// The test that its value has to pass.
        test: Test,
        /// For a consent: when it was given. `None`: whatever its time.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        set_within: Option<Window>,
    },
    /// The location lies within a great circle distance.
    Near {
        /// Degrees north.
        latitude: f64,
        /// Degrees east.
        longitude: f64,
        /// Metres; a profile at exactly this distance is near.
        radius_m: f64,
    },
    /// A stable share of all profiles: `sipHash64(salt, 0, profile id) % 10000 < below`.
    Sample {
        /// Text that makes one sample differ from another.
        salt: String,
        /// Hundredths of a percent, 1 to 9999.
        below: u16,
    },
    /// At least so many events (1 or more). "At most k" is the negation of "at least k + 1".
    Count {
        /// Which events.
        source: Source,
        /// When.
        window: Window,
        /// 1 or more.
        at_least: u64,
    },
    /// Events on at least so many calendar days (1 or more).
    DistinctDays {
        /// Which events.
        source: Source,
        /// When.
        window: Window,
        /// Whose midnights count.
        zone: ZoneName,
        /// 1 or more.
        at_least: u64,
    },
    /// The sum of a property over events, or its negative, is at least a bound above zero. A sum over nothing is 0.
    Sum {
        /// Which events.
        source: Source,
        /// When.
        window: Window,
        /// The property that is added up, exactly.
        property: String,
        /// Whether the negative of the sum is compared.
        negative: bool,
        /// Billionths, as a whole number in decimal digits; above zero.
        at_least: String,
    },
    /// The average of a property over events is at least (or above) a bound; false without such events.
    Average {
        /// Which events.
        source: Source,
        /// When.
        window: Window,
        /// The property that is averaged, exactly: sum against bound times count.
        property: String,
        /// Billionths, as a whole number in decimal digits; `None`: there is an average at all.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        bound: Option<String>,
        /// Whether the average has to be above the bound instead of at least it.
        above: bool,
    },
    /// The least or greatest number of a property over events lies in a range; false without such events.
    Extreme {
        /// Which events.
        source: Source,
        /// When.
        window: Window,
        /// The property.
        property: String,
        /// `true`: the greatest; `false`: the least.
        greatest: bool,
        /// The range, compared as Float64.
        range: NumberRange,
    },
    /// The latest (or earliest) event of the source, of all time up to `as_of`, lies in the window and has all of `has`.
    Edge {
        /// Which events.
        source: Source,
        /// `true`: the latest; `false`: the earliest.
        latest: bool,
        /// Where that one event has to lie.
        window: Window,
        /// What that one event has to satisfy.
        has: Vec<Condition>,
    },
    /// In at least so many of the last `of` periods the count of events lies in the range (or outside it).
    Regular {
        /// Which events.
        source: Source,
        /// Seconds of a period.
        every_s: i64,
        /// How many periods, 1 to 366.
        of: u32,
        /// At least so many of them, 1 to `of`.
        at_least: u32,
        /// Events in a period, from this (1 or more) ..
        count_from: u64,
        /// .. to below this; `None`: no upper bound.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        count_below: Option<u64>,
        /// Count the periods with events whose count is outside the range, instead of inside. (A range that includes
        /// zero is published as the negation of this, so that profiles without events need no rows.)
        outside: bool,
    },
    /// Events of the steps, each strictly later than the one before, the last at most a span after the first.
    Sequence {
        /// 2 to 8 sources in order.
        steps: Vec<Source>,
        /// Seconds.
        span_s: i64,
        /// When all of them happen.
        window: Window,
    },
}

impl Criterion {
    /// The sources of events that it reads; none for traits, places and samples.
    pub fn sources(&self) -> &[Source] {
        match self {
            Self::Trait { .. } | Self::Near { .. } | Self::Sample { .. } => &[],
            Self::Count { source, .. }
            | Self::DistinctDays { source, .. }
            | Self::Sum { source, .. }
            | Self::Average { source, .. }
            | Self::Extreme { source, .. }
            | Self::Edge { source, .. }
            | Self::Regular { source, .. } => std::slice::from_ref(source),
            Self::Sequence { steps, .. } => steps,
        }
    }

    /// Of a sum or average: its source, and the property whose numbers it adds up.
    pub fn summed(&self) -> Option<(&Source, &str)> {
        match self {
            Self::Sum { source, property, .. } | Self::Average { source, property, .. } => Some((source, property)),
            _ => None,
        }
    }

    /// All tests in it: of a trait, of the conditions of its sources, of the conditions of an edge.
    pub fn tests(&self) -> Vec<&Test> {
        let of_sources = self.sources().iter().flat_map(|source| &source.conditions);
        let of_edge: &[Condition] = if let Self::Edge { has, .. } = self { has } else { &[] };
        let of_trait = if let Self::Trait { test, .. } = self { Some(test) } else { None };
        of_sources.chain(of_edge).map(|condition| &condition.test).chain(of_trait).collect()
    }
}

/// Which events of a profile: those of a metric that satisfy all conditions.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Source {
    /// A metric, or `*` for every metric.
    pub metric: String,
    /// Sorted, without repeats.
    #[serde(default, rename = "where", skip_serializing_if = "Vec::is_empty")]
    pub conditions: Vec<Condition>,
}

impl Source {
    /// The property whose text alone decides which events these are, if it is so.
    pub fn text_property(&self) -> Option<&str> {
        match self.conditions.as_slice() {
            [Condition { property, test, negated: false }] if test.is_of_text() => Some(property),
            _ => None,
        }
    }
}

/// A test of one property of an event.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Condition {
    /// The property, nested ones with dots.
    pub property: String,
    /// The test.
    pub test: Test,
    /// Whether the test must not hold; it does not hold where the property is missing.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub negated: bool,
}

/// A question about one value. Missing values pass no test.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "test", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Test {
    /// There is a value.
    Exists,
    /// A number, or a text that counts as one, in a range.
    Number {
        /// The range.
        range: NumberRange,
    },
    /// The text form is one of these.
    Text {
        /// Text forms.
        values: BTreeSet<String>,
        /// Whether both sides are compared in lower case. The values stand here as written.
        ignore_case: bool,
    },
    /// The text form has this part.
    Part {
        /// Where the part has to be.
        place: Place,
        /// The part, as written.
        text: String,
        /// Whether both sides are compared in lower case.
        ignore_case: bool,
    },
    /// The pattern is found in the text form.
    Match {
        /// RE2, respelled so that ClickHouse's `match` reads it as RE2 does.
        pattern: String,
    },
    /// A time in a window.
    Time {
        /// The window.
        window: Window,
        /// Whose midnight a date alone begins at.
        zone: ZoneName,
    },
    /// A time whose anniversary's day starts in `(as_of + from_s, as_of + to_s]`, or is today.
    Anniversary {
        /// The window of the anniversary's start of day.
        window: AnniversaryWindow,
        /// Whose days.
        zone: ZoneName,
    },
    /// A list with an item of this text form.
    Item {
        /// The item's text form.
        text: String,
    },
}

impl Test {
    /// Whether the value's text form is all that it looks at.
    pub fn is_of_text(&self) -> bool {
        matches!(self, Self::Text { .. } | Self::Part { .. } | Self::Match { .. })
    }
}

/// Numbers from (included) to below (excluded), as Float64. `None` is no bound.
/// "Above x" is written as from the next number after x; "at most x" as below the next number after x.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct NumberRange {
    /// Included.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<f64>,
    /// Excluded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub below: Option<f64>,
}

/// Where a part of a text has to stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Place {
    /// Anywhere.
    Contains,
    /// At its start.
    Starts,
    /// At its end.
    Ends,
}

/// A window of time, relative to `as_of` or fixed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "form", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Window {
    /// All time up to `as_of`.
    All,
    /// `(as_of + from_s, as_of + to_s]`; `from_s` absent: since ever.
    Relative {
        /// Seconds, below `to_s`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        from_s: Option<i64>,
        /// Seconds.
        to_s: i64,
    },
    /// From (included) to (excluded), in Unix milliseconds.
    Fixed {
        /// Included.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        from_ms: Option<i64>,
        /// Excluded.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        to_ms: Option<i64>,
    },
    /// A calendar period of a zone.
    Calendar {
        /// Which one.
        period: Period,
        /// Whose midnights.
        zone: ZoneName,
    },
    /// The calendar days that end with today.
    Days {
        /// How many, 1 to 3650.
        days: u32,
        /// Whose midnights.
        zone: ZoneName,
    },
}

/// A calendar period.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the names say it all")]
pub enum Period {
    Today,
    Yesterday,
    ThisWeek,
    LastWeek,
    ThisMonth,
    LastMonth,
    ThisYear,
    LastYear,
}

/// Where the start of an anniversary's day has to lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "form", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum AnniversaryWindow {
    /// The day is today.
    Today,
    /// `(as_of + from_s, as_of + to_s]`.
    Relative {
        /// Seconds.
        from_s: i64,
        /// Seconds.
        to_s: i64,
    },
}
