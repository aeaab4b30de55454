//! Day numbers of instants by addition: between two changes of a zone's clock, a day number is a shift and a division.

use crate::time::DAY_MS;
use crate::zone::Zone;

use super::{SLACK_MS, known};

/// Midnight UTC of 1900-01-01 and of 2300-01-01.
const YEARS_MS: (i64, i64) = (-25_567 * DAY_MS, 120_530 * DAY_MS);

/// Pieces `(from_ms, offset_ms)` in order, the first at the interval's beginning: `floor((t + offset_ms) / 86_400_000)` of the
/// last piece with `from_ms <= t` is the number of the day that `t` lies in. Instants are within the years 1900 to 2299.
pub fn day_pieces(zone: &str, from_ms: i64, to_ms: i64) -> Vec<(i64, i64)> {
    let zone = known(zone);
    let from_ms = from_ms.max(YEARS_MS.0 - SLACK_MS);
    let to_ms = to_ms.min(YEARS_MS.1 + SLACK_MS);
    let mut pieces = vec![(from_ms, first_offset(&zone, from_ms))];
    // A change shortly before the first instant may still be held back.
    for change in zone.transitions(from_ms - SLACK_MS, to_ms) {
        let offset = zone.offset_ms(change);
        let begin = held_back(&zone, change, offset);
        if begin <= from_ms || begin >= to_ms {
            continue;
        }
        while pieces.last().is_some_and(|last| last.0 >= begin && pieces.len() > 1) {
            pieces.pop();
        }
        if pieces.last().is_some_and(|last| last.1 != offset) {
            pieces.push((begin, offset));
        }
    }
    pieces
}

/// When a new offset takes effect: at once, or, if it would lead back into the day before, when that day has passed again.
fn held_back(zone: &Zone, change: i64, offset: i64) -> i64 {
    let before = (change - 1 + zone.offset_ms(change - 1)).div_euclid(DAY_MS);
    change.max(before * DAY_MS - offset)
}

fn first_offset(zone: &Zone, from_ms: i64) -> i64 {
    let offset = zone.offset_ms(from_ms);
    let earlier = zone.transitions(from_ms - SLACK_MS, from_ms + 1).last();
    match earlier {
        Some(change) if held_back(zone, change, offset) > from_ms => zone.offset_ms(change - 1),
        _ => offset,
    }
}
