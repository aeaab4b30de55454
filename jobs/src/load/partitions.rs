//! Where to cut a batch of events, so that one insert touches few partitions of the tables that follow. Pure.
//!
//! `events` and `event_properties` have a partition for each month, `event_times` one for each 31 days; the server
//! refuses an insert into more than 100 of one table, for a part in each is what it makes.

use std::{iter, sync::LazyLock};

use jiff::civil::Date;
use segment_rules::time::DAY_MS;

/// Days that a ClickHouse Date can say, from 1970-01-01.
const DAYS: usize = 65_536;
const PARTITIONS_MAX: usize = 90;
const DAYS_OF_EVENT_TIMES: u16 = 31;

/// For each day the number of its month.
static MONTHS: LazyLock<Vec<u16>> = LazyLock::new(|| {
    let days = iter::successors(Some(Date::constant(1970, 1, 1)), |day| day.tomorrow().ok()).take(DAYS);
    let months = days.scan((0_u16, 1), |(number, month), day| {
        *number += u16::from(day.month() != *month);
        *month = day.month();
        Some(*number)
    });
    months.collect()
});

/// The UTC day of an event, counted from 1970-01-01.
pub(super) fn day(time_ms: i64) -> u16 {
    u16::try_from(time_ms / DAY_MS).unwrap_or(u16::MAX)
}

/// Days before which to cut.
pub(super) fn cuts(days: impl Iterator<Item = u16>) -> Vec<u16> {
    let mut seen = vec![false; DAYS];
    for day in days {
        seen[usize::from(day)] = true;
    }
    let mut cuts = Vec::new();
    let (mut months, mut periods) = (Counter::default(), Counter::default());
    for (day, _) in (0..=u16::MAX).zip(seen).filter(|(_, seen)| *seen) {
        months.count(MONTHS[usize::from(day)]);
        periods.count(day / DAYS_OF_EVENT_TIMES);
        if months.distinct.max(periods.distinct) > PARTITIONS_MAX {
            cuts.push(day);
            (months, periods) = (Counter::default(), Counter::default());
            months.count(MONTHS[usize::from(day)]);
            periods.count(day / DAYS_OF_EVENT_TIMES);
        }
    }
    cuts
}

/// Counts distinct values that come in order.
#[derive(Default)]
struct Counter {
    distinct: usize,
    last: Option<u16>,
}

impl Counter {
    fn count(&mut self, value: u16) {
        self.distinct += usize::from(self.last != Some(value));
        self.last = Some(value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_are_those_of_the_calendar() {
        assert_eq!((MONTHS[30], MONTHS[31]), (0, 1));
        // 2000-02-29 and 2000-03-01.
        assert_eq!((MONTHS[11_016], MONTHS[11_017]), (30 * 12 + 1, 30 * 12 + 2));
        assert_eq!(MONTHS[DAYS - 1], (2149 - 1970) * 12 + 5);
    }

    #[test]
    fn a_few_years_are_one_insert() {
        assert!(cuts((20_000..22_000).rev()).is_empty());
        assert!(cuts(std::iter::empty()).is_empty());
    }

    #[test]
    fn all_days_that_there_are_make_a_few_inserts() {
        let cuts = cuts(0..=u16::MAX);
        assert_eq!(cuts.len(), 23);
        for (from, below) in cuts.iter().zip(&cuts[1..]) {
            assert!(MONTHS[usize::from(*below) - 1] - MONTHS[usize::from(*from)] < 90);
            assert!((below - 1) / 31 - from / 31 < 90);
        }
    }

    #[test]
    fn scattered_months_count_for_each_table() {
        // The last and the first day of each month: two periods of `event_times` to a month.
        let days: Vec<u16> =
            (1..u16::MAX).filter(|day| MONTHS[usize::from(*day)] != MONTHS[usize::from(*day) - 1]).collect();
        let cuts = cuts(days.iter().copied());
        assert!(!cuts.is_empty());
        assert!(cuts.is_sorted());
    }
}
