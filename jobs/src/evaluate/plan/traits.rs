//! Tests of values: of traits, and of the properties of events.

use segment_rules::{
    canonical::{NumberRange, Place, Test, Window},
    instants::{self, Interval, TimesOf},
};

use super::{
    super::rows::{TestRow, role, source, test},
    Cells, Form, Planner,
};
use crate::staging::Stage;

impl Planner<'_> {
    pub(super) fn trait_test(&mut self, slot: u32, key: &str, test: &Test, set_within: Option<&Window>) {
        let set = set_within.map(|window| instants::interval(window, self.as_of_ms, TimesOf::Consents));
        let cells = self.cells(key).filter(|cells| match cells.form {
            Form::Stretches => !asks_for_text(test),
            Form::Texts => !matches!(test, Test::Exists),
            Form::Values => true,
        });
        // Most tests of texts ask for one of some, and a join finds that faster than a look at each.
        let role = match (cells.map(|cells| cells.form), test) {
            (Some(Form::Texts), _) => role::FREE,
            (_, Test::Text { ignore_case: false, .. }) => role::TEXT,
            _ => role::TRAIT,
        };
        let row = TestRow {
            key: key.to_owned(),
            build: cells.map_or(0, |cells| cells.build),
            // An unknown time is the least Int64: it lies in no window, but passes where none is asked for.
            set_from_ms: set.map_or(i64::MIN, |interval| interval.from_ms.max(i64::MIN + 1)),
            set_to_ms: set.map_or(i64::MAX, |interval| interval.to_ms),
            ..self.tested(role, slot, test)
        };
        self.rows.tests.push(row);
    }

    pub(super) fn cells(&self, key: &str) -> Option<Cells> {
        self.known.cells.get(&self.unit)?.get(key).copied()
    }

    pub(super) fn tested(&self, role: i8, slot: u32, test: &Test) -> TestRow {
        let row = self.test_row(role, slot);
        match test {
            Test::Exists => TestRow { op: test::EXISTS, ..row },
            Test::Number { range } => {
                let (number_from, number_below) = bounds(*range);
                TestRow { op: test::NUMBER, number_from, number_below, ..row }
            }
            Test::Text { values, ignore_case } => TestRow {
                op: test::TEXT,
                texts: values.iter().cloned().collect(),
                ignore_case: u8::from(*ignore_case),
                ..row
            },
            Test::Part { place, text, ignore_case } => TestRow {
                op: match place {
                    Place::Contains => test::CONTAINS,
                    Place::Starts => test::STARTS,
                    Place::Ends => test::ENDS,
                },
                text: text.clone(),
                ignore_case: u8::from(*ignore_case),
                ..row
            },
            Test::Match { pattern } => TestRow { op: test::MATCH, text: pattern.clone(), ..row },
            Test::Item { text } => TestRow { op: test::ITEM, text: text.clone(), ..row },
            Test::Time { window, zone } => {
                let interval = instants::interval(window, self.as_of_ms, TimesOf::Properties);
                let (from_day, to_day) = instants::day_interval(interval, zone);
                let Interval { from_ms, to_ms } = interval;
                TestRow { op: test::TIME, from_ms, to_ms, from_day, to_day, ..row }
            }
            Test::Anniversary { window, zone } => {
                let (zone_from, zone_offset) = instants::day_pieces(zone, i64::MIN, i64::MAX).into_iter().unzip();
                let month_days = instants::anniversary_days(*window, zone, self.as_of_ms).into_iter().collect();
                TestRow { op: test::ANNIVERSARY, month_days, zone_from, zone_offset, ..row }
            }
        }
    }

    pub(super) fn test_row(&self, role: i8, slot: u32) -> TestRow {
        let Stage { run, attempt, slice, .. } = self.stage;
        let (account, bucket) = self.unit;
        TestRow {
            run,
            attempt,
            slice,
            role,
            slot,
            form: source::NONE,
            account,
            bucket,
            metric: String::new(),
            key: String::new(),
            build: 0,
            op: test::EXISTS,
            ignore_case: 0,
            text: String::new(),
            texts: Vec::new(),
            number_from: f64::NEG_INFINITY,
            number_below: f64::INFINITY,
            radius_m: 0.0,
            from_ms: i64::MIN,
            to_ms: i64::MAX,
            from_day: i32::MIN,
            to_day: i32::MAX,
            set_from_ms: i64::MIN,
            set_to_ms: i64::MAX,
            month_days: Vec::new(),
            zone_from: Vec::new(),
            zone_offset: Vec::new(),
        }
    }
}

/// Whether a test can tell profiles apart that have one kind, and one number or instant about.
fn asks_for_text(test: &Test) -> bool {
    match test {
        Test::Exists | Test::Number { .. } | Test::Time { .. } | Test::Item { .. } => false,
        Test::Text { .. } | Test::Part { .. } | Test::Match { .. } | Test::Anniversary { .. } => true,
    }
}

pub(super) fn bounds(range: NumberRange) -> (f64, f64) {
    (range.from.unwrap_or(f64::NEG_INFINITY), range.below.unwrap_or(f64::INFINITY))
}
