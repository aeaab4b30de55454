//! How a window of events falls into whole UTC days, whole months and the rest. Pure.

use std::collections::BTreeSet;

use jiff::{Span, civil::Date};
use segment_rules::{instants::Interval, time::DAY_MS};

/// The last day that ClickHouse's Date has: 2149-06-06, one after the last that events can lie on.
pub(super) const LAST_DAY: i64 = 65_535;
/// Days of a month, at most.
const LONGEST_MONTH: i32 = 31;

/// The UTC days that lie in the interval whole, as `[from, to)`; empty if there are none.
pub(super) fn whole(interval: Interval) -> (i32, i32) {
    let from = day(interval.from_ms.saturating_add(DAY_MS - 1));
    let to = day(interval.to_ms);
    (from, to.max(from))
}

/// The UTC days that the interval touches, as `[from, to)`.
pub(super) fn touched(interval: Interval) -> (i32, i32) {
    if interval.is_empty() {
        return (0, 0);
    }
    (day(interval.from_ms), day(interval.to_ms - 1) + 1)
}

/// The UTC days that instants cut in two: those in which one lies that is not their start.
pub(super) fn cut_days(instants: impl IntoIterator<Item = i64>) -> Vec<u16> {
    let cut = instants.into_iter().filter(|ms| ms.rem_euclid(DAY_MS) != 0);
    let days = cut.map(|ms| ms.div_euclid(DAY_MS)).filter(|day| (0..=LAST_DAY).contains(day));
    days.filter_map(|day| u16::try_from(day).ok()).collect()
}

/// Whole UTC days, counted from 1970-01-01, as `[from, to)`.
pub(super) type Days = (u16, u16);

/// What a window of counts is put together from.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Cover {
    /// Whole calendar months.
    pub(super) months: Option<Days>,
    /// Whole days before and after them.
    pub(super) days: Vec<Days>,
    /// What is left.
    pub(super) pieces: Vec<Interval>,
}

/// Covers the interval by months that are summarised, then by days of such months.
pub(super) fn cover(interval: Interval, summarised: &BTreeSet<i32>) -> Cover {
    let (months, rests) = cut(interval, stretch(whole(interval), summarised, Part::Whole));
    let (mut days, mut pieces) = (Vec::new(), Vec::new());
    for rest in rests {
        let (found, left) = cut(rest, stretch(whole(rest), summarised, Part::Any));
        days.extend(found);
        pieces.extend(left);
    }
    Cover { months, days, pieces }
}

/// How much of a month has to lie in a stretch.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Whole,
    Any,
}

/// The longest stretch of days of summarised months, without a gap, within the given days.
fn stretch((first, end): (i32, i32), summarised: &BTreeSet<i32>, part: Part) -> Option<(i32, i32)> {
    let mut best: Option<(i32, i32)> = None;
    let mut current: Option<(i32, i32)> = None;
    for month in summarised.range(first.saturating_sub(LONGEST_MONTH)..end) {
        let (from, to) = match part {
            Part::Whole => (*month, next_month(*month)),
            Part::Any => ((*month).max(first), next_month(*month).min(end)),
        };
        if from < first || to > end || from >= to {
            continue;
        }
        current = match current {
            Some((begin, before)) if before == from => Some((begin, to)),
            _ => Some((from, to)),
        };
        let longer = |one: (i32, i32), other: (i32, i32)| one.1 - one.0 > other.1 - other.0;
        if best.is_none_or(|best| current.is_some_and(|current| longer(current, best))) {
            best = current;
        }
    }
    best
}

/// Takes days out of an interval: the days, and what lies before and after.
fn cut(interval: Interval, days: Option<(i32, i32)>) -> (Option<Days>, Vec<Interval>) {
    let Some((from, to)) = days else { return (None, vec![interval]) };
    let rests = [
        Interval { from_ms: interval.from_ms, to_ms: i64::from(from) * DAY_MS },
        Interval { from_ms: i64::from(to) * DAY_MS, to_ms: interval.to_ms },
    ];
    let days = (u16::try_from(from).unwrap_or(0), u16::try_from(to).unwrap_or(u16::MAX));
    (Some(days), rests.into_iter().filter(|rest| !rest.is_empty()).collect())
}

fn day(ms: i64) -> i32 {
    i32::try_from(ms.div_euclid(DAY_MS).clamp(0, LAST_DAY + 1)).unwrap_or(0)
}

fn next_month(first: i32) -> i32 {
    let start = Date::constant(1970, 1, 1);
    let next = start.saturating_add(Span::new().days(first)).saturating_add(Span::new().months(1));
    start.until(next).map_or(i32::MAX, |span| span.get_days())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(day: i64, ms: i64) -> i64 {
        day * DAY_MS + ms
    }

    #[test]
    fn whole_days_leave_out_the_edges() {
        assert_eq!(whole(Interval { from_ms: at(10, 1), to_ms: at(13, 5) }), (11, 13));
        assert_eq!(whole(Interval { from_ms: at(10, 0), to_ms: at(13, 0) }), (10, 13));
        assert_eq!(whole(Interval { from_ms: at(10, 1), to_ms: at(10, 9) }), (11, 11));
        assert_eq!(whole(Interval { from_ms: i64::MIN, to_ms: at(2, 0) }), (0, 2));
        assert_eq!(touched(Interval { from_ms: at(10, 1), to_ms: at(13, 0) }), (10, 13));
        assert_eq!(touched(Interval { from_ms: at(10, 1), to_ms: at(13, 1) }), (10, 14));
    }

    #[test]
    fn instants_cut_days_unless_they_begin_them() {
        assert_eq!(cut_days([at(3, 0), at(4, 1), at(6, -1), at(-1, 5), i64::MIN, i64::MAX]), [4, 5]);
    }

    #[test]
    fn months_cover_the_middle_days_what_is_beside_and_pieces_the_rest() {
        // January, February, March 1970 begin on the days 0, 31, 59; April on 90.
        let interval = Interval { from_ms: at(10, 7), to_ms: at(95, 3) };
        let cover = cover(interval, &BTreeSet::from([0, 31, 59, 90]));
        assert_eq!(cover.months, Some((31, 90)));
        assert_eq!(cover.days, [(11, 31), (90, 95)]);
        assert_eq!(
            cover.pieces,
            [Interval { from_ms: at(10, 7), to_ms: at(11, 0) }, Interval { from_ms: at(95, 0), to_ms: at(95, 3) }]
        );
    }

    #[test]
    fn a_gap_in_the_months_is_read_from_events() {
        let interval = Interval { from_ms: 0, to_ms: at(120, 0) };
        let cover = cover(interval, &BTreeSet::from([0, 59, 90]));
        assert_eq!(cover.months, Some((59, 120)));
        assert_eq!(cover.days, [(0, 31)]);
        assert_eq!(cover.pieces, [Interval { from_ms: at(31, 0), to_ms: at(59, 0) }]);
    }

    #[test]
    fn a_window_within_a_month_has_days() {
        let interval = Interval { from_ms: at(40, 1), to_ms: at(50, 0) };
        let cover = cover(interval, &BTreeSet::from([0, 31, 59]));
        assert_eq!((cover.months, cover.days), (None, vec![(41, 50)]));
        assert_eq!(cover.pieces, [Interval { from_ms: at(40, 1), to_ms: at(41, 0) }]);
    }

    #[test]
    fn without_months_the_window_is_one_piece() {
        let interval = Interval { from_ms: 5, to_ms: at(120, 0) };
        assert_eq!(cover(interval, &BTreeSet::new()), Cover { months: None, days: Vec::new(), pieces: vec![interval] });
    }
}
