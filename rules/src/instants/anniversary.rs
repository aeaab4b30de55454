//! The days of the year whose anniversary lies in a window.

use std::collections::BTreeSet;

use crate::canonical::AnniversaryWindow;
use crate::zone::{Zone, civil};

use super::known;

/// The days (month * 100 + day) whose anniversary lies in the window. 29 February falls on 1 March in other years.
pub fn anniversary_days(window: AnniversaryWindow, zone: &str, as_of_ms: i64) -> BTreeSet<u16> {
    let zone = known(zone);
    let (first, end) = match window {
        AnniversaryWindow::Today => {
            let today = zone.day_of(as_of_ms);
            (today, today + 1)
        }
        AnniversaryWindow::Relative { from_s, to_s } => days_that_start_in(&zone, as_of_ms, from_s, to_s),
    };
    (first..end).flat_map(days_of_year).collect()
}

fn days_that_start_in(zone: &Zone, as_of_ms: i64, from_s: i64, to_s: i64) -> (i32, i32) {
    let first_day_after = |seconds| zone.first_day_from(super::after(as_of_ms, seconds));
    (first_day_after(from_s), first_day_after(to_s))
}

fn days_of_year(day: i32) -> impl Iterator<Item = u16> {
    let date = civil(day);
    let leap_day = (date.month() == 3 && date.day() == 1 && !date.in_leap_year()).then_some(229);
    let month = u16::from(date.month().unsigned_abs());
    std::iter::once(month * 100 + u16::from(date.day().unsigned_abs())).chain(leap_day)
}
