//! How a window of events falls into whole UTC days, whole months and the rest. Pure.

use std::collections::BTreeSet;

use jiff::{Span, civil::Date};
use segment_rules::{instants::Interval, time::DAY_MS};

/// The last day that events can lie on, as ClickHouse's Date: 2149-06-06.
const LAST_DAY: i64 = 65_535;

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

/// The longest stretch of summarised whole months in the interval, as days `[from, to)`, and the pieces around it.
pub(super) fn cover(interval: Interval, summarised: &BTreeSet<i32>) -> (Option<(u16, u16)>, Vec<Interval>) {
    let (first, end) = whole(interval);
    let mut best: Option<(i32, i32)> = None;
    let mut current: Option<(i32, i32)> = None;
    for month in summarised.range(first..end) {
        let next = next_month(*month);
        if next > end {
            break;
        }
        current = match current {
            Some((from, to)) if to == *month => Some((from, next)),
            _ => Some((*month, next)),
        };
        let longer = |one: (i32, i32), other: (i32, i32)| one.1 - one.0 > other.1 - other.0;
        if best.is_none_or(|best| current.is_some_and(|current| longer(current, best))) {
            best = current;
        }
    }
    let Some((from, to)) = best else { return (None, vec![interval]) };
    let pieces = [
        Interval { from_ms: interval.from_ms, to_ms: i64::from(from) * DAY_MS },
        Interval { from_ms: i64::from(to) * DAY_MS, to_ms: interval.to_ms },
    ];
    let days = (u16::try_from(from).unwrap_or(0), u16::try_from(to).unwrap_or(u16::MAX));
    (Some(days), pieces.into_iter().filter(|piece| !piece.is_empty()).collect())
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
    fn months_cover_the_middle_and_pieces_the_rest() {
        // January, February, March 1970 begin on the days 0, 31, 59; April on 90.
        let interval = Interval { from_ms: at(10, 7), to_ms: at(95, 3) };
        let (months, pieces) = cover(interval, &BTreeSet::from([0, 31, 59, 90]));
        assert_eq!(months, Some((31, 90)));
        assert_eq!(
            pieces,
            [Interval { from_ms: at(10, 7), to_ms: at(31, 0) }, Interval { from_ms: at(90, 0), to_ms: at(95, 3) }]
        );
    }

    #[test]
    fn a_gap_in_the_months_is_read_from_events() {
        let interval = Interval { from_ms: 0, to_ms: at(120, 0) };
        let (months, pieces) = cover(interval, &BTreeSet::from([0, 59, 90]));
        assert_eq!(months, Some((59, 120)));
        assert_eq!(pieces, [Interval { from_ms: 0, to_ms: at(59, 0) }]);
    }

    #[test]
    fn without_months_the_window_is_one_piece() {
        let interval = Interval { from_ms: 5, to_ms: at(120, 0) };
        assert_eq!(cover(interval, &BTreeSet::new()), (None, vec![interval]));
    }
}
