//! Windows as instants, for one `as_of`. All zones are reckoned here, so that summer time cannot differ between evaluators.

mod anniversary;
mod day_pieces;

pub use anniversary::anniversary_days;
pub use day_pieces::day_pieces;

use crate::canonical::{Period, Window, ZoneName};
use crate::time::DAY_MS;
use crate::zone::{Zone, civil, day_number};

/// A stretch of instants in Unix milliseconds, from (included) to (excluded).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Interval {
    /// Included; `i64::MIN` if there is no such edge.
    pub from_ms: i64,
    /// Excluded; `i64::MAX` if there is no such edge.
    pub to_ms: i64,
}

impl Interval {
    /// Whether an instant lies in it.
    pub fn contains(&self, ms: i64) -> bool {
        (self.from_ms..self.to_ms).contains(&ms)
    }

    /// Whether no instant lies in it.
    pub fn is_empty(&self) -> bool {
        self.from_ms >= self.to_ms
    }

    fn up_to(self, to_ms: i64) -> Self {
        Self { to_ms: self.to_ms.min(to_ms), ..self }
    }
}

/// Whose times a window is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimesOf {
    /// Events: those after `as_of` never count.
    Events,
    /// Consents: those after `as_of` are in no window.
    Consents,
    /// Times in properties: they may lie after `as_of`.
    Properties,
}

/// The instants of a window.
pub fn interval(window: &Window, as_of_ms: i64, times_of: TimesOf) -> Interval {
    let interval = match window {
        Window::All => Interval { from_ms: i64::MIN, to_ms: as_of_ms + 1 },
        Window::Relative { from_s, to_s } => Interval {
            from_ms: from_s.map_or(i64::MIN, |seconds| after(as_of_ms, seconds)),
            to_ms: after(as_of_ms, *to_s),
        },
        Window::Fixed { from_ms, to_ms } => {
            Interval { from_ms: from_ms.unwrap_or(i64::MIN), to_ms: to_ms.unwrap_or(i64::MAX) }
        }
        Window::Calendar { period, zone } => calendar(*period, &known(zone), as_of_ms),
        Window::Days { days, zone } => {
            let zone = known(zone);
            let tomorrow = zone.day_of(as_of_ms) + 1;
            let days = i32::try_from(*days).unwrap_or(i32::MAX);
            whole_days(&zone, tomorrow.saturating_sub(days), tomorrow)
        }
    };
    match times_of {
        TimesOf::Events | TimesOf::Consents => interval.up_to(as_of_ms + 1),
        TimesOf::Properties => interval,
    }
}

/// The calendar days (counted from 1970-01-01) that begin within an interval, from (included) to (excluded); an edge that
/// is missing is `i32::MIN` or `i32::MAX`.
pub fn day_interval(interval: Interval, zone: &str) -> (i32, i32) {
    let zone = known(zone);
    let from = if interval.from_ms == i64::MIN { i32::MIN } else { zone.first_day_from(interval.from_ms) };
    let to = if interval.to_ms == i64::MAX { i32::MAX } else { zone.first_day_from(interval.to_ms) };
    (from, to)
}

/// The first millisecond that is more than so many seconds after `as_of`.
fn after(as_of_ms: i64, seconds: i64) -> i64 {
    as_of_ms.saturating_add(seconds.saturating_mul(1000)).saturating_add(1)
}

/// A zone whose name was checked when its Segment was parsed.
fn known(zone: &ZoneNameRef) -> Zone {
    Zone::find(zone).unwrap_or_else(Zone::utc)
}

type ZoneNameRef = <ZoneName as std::ops::Deref>::Target;

fn whole_days(zone: &Zone, first: i32, end: i32) -> Interval {
    Interval { from_ms: zone.day_start_ms(first), to_ms: zone.day_start_ms(end) }
}

fn calendar(period: Period, zone: &Zone, as_of_ms: i64) -> Interval {
    let today = zone.day_of(as_of_ms);
    let date = civil(today);
    // 1970-01-01 was a Thursday, three days after a Monday.
    let monday = today - (today + 3).rem_euclid(7);
    let month = |months: i32| day_number(date.first_of_month().saturating_add(jiff::Span::new().months(months)));
    let year = |years: i32| day_number(date.first_of_year().saturating_add(jiff::Span::new().years(years)));
    let (first, end) = match period {
        Period::Today => (today, today + 1),
        Period::Yesterday => (today - 1, today),
        Period::ThisWeek => (monday, monday + 7),
        Period::LastWeek => (monday - 7, monday),
        Period::ThisMonth => (month(0), month(1)),
        Period::LastMonth => (month(-1), month(0)),
        Period::ThisYear => (year(0), year(1)),
        Period::LastYear => (year(-1), year(0)),
    };
    whole_days(zone, first, end)
}

/// How far beyond the years 1900 to 2299 instants can lie: two days.
const SLACK_MS: i64 = 2 * DAY_MS;
