//! Tests of values, and conditions of events.

use std::collections::BTreeSet;

use segment_crds::{Anniversary, Condition as WrittenCondition, PropertyTest};
use serde_json::Value;

use crate::canonical::{AnniversaryWindow, Condition, Place, Test, Window};
use crate::decimal;
use crate::duration;
use crate::graph::canonical_text;
use crate::pattern;
use crate::refusal::At;

use super::Canonicalizer;
use super::range::Bounds;

/// The most conditions of an event, and the most values of `in`.
const CONDITIONS_MAX: usize = 16;
const VALUES_MAX: usize = 1000;

const TESTS: &str = "equals, in, a range (atLeast, above, atMost, below), contains, startsWith, endsWith, matches, before, \
                     after, within, anniversary, hasItem and exists";

impl Canonicalizer {
    /// The conditions of `where` or `has`: sorted, without repeats.
    pub(super) fn conditions(&mut self, written: &[WrittenCondition], at: At<'_>) -> Option<Vec<Condition>> {
        if written.len() > CONDITIONS_MAX {
            let reason = format!("there are {} conditions", written.len());
            return self.refuse(at, reason, format!("write at most {CONDITIONS_MAX}"));
        }
        let conditions: Vec<_> =
            written.iter().enumerate().map(|(number, condition)| self.condition(condition, at.index(number))).collect();
        let mut conditions: Vec<(String, Condition)> =
            conditions.into_iter().map(|one| one.map(|one| (canonical_text(&one), one))).collect::<Option<_>>()?;
        conditions.sort_by(|left, right| left.0.cmp(&right.0));
        conditions.dedup_by(|left, right| left.0 == right.0);
        Some(conditions.into_iter().map(|one| one.1).collect())
    }

    fn condition(&mut self, written: &WrittenCondition, at: At<'_>) -> Option<Condition> {
        let property = self.text(&written.property, at.field("property"));
        let test = self.test(&written.test(), at);
        Some(Condition { property: property?, test: test?, negated: written.not })
    }

    /// A test of a value.
    pub(super) fn test(&mut self, written: &PropertyTest, at: At<'_>) -> Option<Test> {
        let stated = stated_tests(written);
        match stated.as_slice() {
            [] => return self.refuse(at, "there is no test", format!("state one of {TESTS}; null states nothing")),
            [_] => {}
            [first, second, ..] => {
                let reason = format!("there are two tests, {first} and {second}");
                return self.refuse(at, reason, "make two criteria or conditions of it");
            }
        }
        let folds = ["equals", "in", "contains", "startsWith", "endsWith"];
        if written.ignore_case && !folds.contains(&stated[0]) {
            return self.refuse(
                at.field("ignoreCase"),
                format!("ignoreCase means nothing beside {}", stated[0]),
                "leave it out; in a pattern write (?i)",
            );
        }
        let ignore_case = written.ignore_case;
        if let Some(value) = &written.equals {
            let values = BTreeSet::from([self.value(value, at.field("equals"))?]);
            return Some(Test::Text { values, ignore_case });
        }
        if let Some(values) = &written.in_ {
            return Some(Test::Text { values: self.values(values, at.field("in"))?, ignore_case });
        }
        let part = [
            (Place::Contains, &written.contains),
            (Place::Starts, &written.starts_with),
            (Place::Ends, &written.ends_with),
        ];
        for (place, text) in part {
            if let Some(text) = text {
                return Some(Test::Part { place, text: text.clone(), ignore_case });
            }
        }
        self.further_test(written, at)
    }

    fn further_test(&mut self, written: &PropertyTest, at: At<'_>) -> Option<Test> {
        if let Some(pattern) = &written.matches {
            let at = at.field("matches");
            let pattern = self.accept(at, pattern::respell(pattern))?;
            self.patterns.entry(pattern.clone()).or_insert_with(|| at.to_string());
            return Some(Test::Match { pattern });
        }
        if let Some(before) = &written.before {
            let to_ms = self.instant(before, at.field("before"))?;
            return Some(self.time_test(Window::Fixed { from_ms: None, to_ms: Some(to_ms) }));
        }
        if let Some(after) = &written.after {
            let from_ms = self.instant(after, at.field("after"))? + 1;
            return Some(self.time_test(Window::Fixed { from_ms: Some(from_ms), to_ms: None }));
        }
        if let Some(within) = &written.within {
            let window = self.window(within, at.field("within"))?;
            return Some(self.time_test(window));
        }
        if let Some(anniversary) = &written.anniversary {
            let window = self.anniversary(anniversary, at.field("anniversary"))?;
            return Some(Test::Anniversary { window, zone: self.zone.name().to_owned() });
        }
        if let Some(item) = &written.has_item {
            return Some(Test::Item { text: self.value(item, at.field("hasItem"))? });
        }
        if let Some(exists) = written.exists {
            if !exists {
                return self.refuse(
                    at.field("exists"),
                    "exists can only be true",
                    "for its absence write ! in match, or not",
                );
            }
            return Some(Test::Exists);
        }
        let PropertyTest { at_least, above, at_most, below, .. } = *written;
        let range = self.number_range(Bounds { equals: None, at_least, above, at_most, below }, at)?;
        Some(Test::Number { range })
    }

    fn time_test(&self, window: Window) -> Test {
        Test::Time { window, zone: self.zone.name().to_owned() }
    }

    fn anniversary(&mut self, written: &Anniversary, at: At<'_>) -> Option<AnniversaryWindow> {
        let length =
            |this: &mut Self, text: &str, field| this.accept(at.field(field), duration::anniversary_seconds(text));
        match (&written.next, &written.last, written.today) {
            (Some(next), None, None) => {
                Some(AnniversaryWindow::Relative { from_s: 0, to_s: length(self, next, "next")? })
            }
            (None, Some(last), None) => {
                Some(AnniversaryWindow::Relative { from_s: -length(self, last, "last")?, to_s: 0 })
            }
            (None, None, Some(true)) => Some(AnniversaryWindow::Today),
            (None, None, Some(false)) => {
                self.refuse(at.field("today"), "today can only be true", "for its absence write ! in match, or not")
            }
            _ => self.refuse(at, "an anniversary has exactly one of next, last and today", "state one of them"),
        }
    }

    fn values(&mut self, values: &[Value], at: At<'_>) -> Option<BTreeSet<String>> {
        if !(1..=VALUES_MAX).contains(&values.len()) {
            let reason = format!("there are {} values", values.len());
            return self.refuse(at, reason, format!("write 1 to {VALUES_MAX}"));
        }
        let texts: Vec<_> = values.iter().enumerate().map(|(number, one)| self.value(one, at.index(number))).collect();
        texts.into_iter().collect()
    }

    /// The text form of a value that stands in a test.
    fn value(&mut self, value: &Value, at: At<'_>) -> Option<String> {
        match value {
            Value::String(text) => Some(text.clone()),
            Value::Bool(value) => Some(value.to_string()),
            Value::Number(number) => {
                let text = decimal::of_number(number);
                if number.is_f64() || decimal::float_keeps(&text) {
                    return Some(text);
                }
                self.refuse(at, LOSSY_REASON, LOSSY_MEND)
            }
            Value::Null | Value::Array(_) | Value::Object(_) => {
                self.refuse(at, "the value is neither a text nor a number nor a boolean", "write one of these")
            }
        }
    }
}

/// What is said about a number that Float64 does not keep.
pub(crate) const LOSSY_REASON: &str = "the number has more digits than Float64 keeps";
/// How to mend it.
pub(crate) const LOSSY_MEND: &str = "quote it";

/// The tests that are stated; the four bounds are one.
fn stated_tests(written: &PropertyTest) -> Vec<&'static str> {
    // Every field is named, so that a new test cannot be forgotten here.
    let PropertyTest {
        equals,
        in_,
        at_least,
        above,
        at_most,
        below,
        contains,
        starts_with,
        ends_with,
        ignore_case: _,
        matches,
        before,
        after,
        within,
        anniversary,
        has_item,
        exists,
    } = written;
    let tests = [
        ("equals", equals.is_some()),
        ("in", in_.is_some()),
        ("a range", at_least.is_some() || above.is_some() || at_most.is_some() || below.is_some()),
        ("contains", contains.is_some()),
        ("startsWith", starts_with.is_some()),
        ("endsWith", ends_with.is_some()),
        ("matches", matches.is_some()),
        ("before", before.is_some()),
        ("after", after.is_some()),
        ("within", within.is_some()),
        ("anniversary", anniversary.is_some()),
        ("hasItem", has_item.is_some()),
        ("exists", exists.is_some()),
    ];
    tests.into_iter().filter(|test| test.1).map(|test| test.0).collect()
}
