//! Time zones and the days in them. A day starts at its first instant: midnight may be missing or come twice.

use std::sync::OnceLock;

use jiff::civil::{Date, DateTime};
use jiff::tz::{AmbiguousOffset, TimeZone, TimeZoneDatabase};
use jiff::{Span, Timestamp};

use crate::time::DAY_MS;

/// Days that jiff can do with some room to spare: years -5970 to 9909.
const DAYS: std::ops::RangeInclusive<i32> = -2_900_000..=2_900_000;

/// A time zone that is known to exist.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Zone {
    name: String,
    zone: TimeZone,
}

impl Zone {
    /// The IANA time zone of this name.
    pub fn find(name: &str) -> Option<Self> {
        static ZONES: OnceLock<TimeZoneDatabase> = OnceLock::new();
        let zone = ZONES.get_or_init(TimeZoneDatabase::bundled).get(name).ok()?;
        let name = zone.iana_name().filter(|name| *name != "Etc/Unknown")?.to_owned();
        Some(Self { name, zone })
    }

    /// UTC.
    pub fn utc() -> Self {
        Self { name: "UTC".to_owned(), zone: TimeZone::UTC }
    }

    /// The IANA name in its usual spelling.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The instant at which a day begins, in Unix milliseconds. Days that a zone skipped begin with the one after.
    pub fn day_start_ms(&self, day: i32) -> i64 {
        let midnight = civil(day).to_datetime(jiff::civil::Time::midnight());
        let ambiguous = self.zone.to_ambiguous_timestamp(midnight);
        let offset = match ambiguous.offset() {
            AmbiguousOffset::Unambiguous { offset } => offset,
            AmbiguousOffset::Fold { before, .. } => before,
            AmbiguousOffset::Gap { before, .. } => {
                // The clock jumps over midnight: the day begins at the jump, the last one before midnight by the old clock.
                let after = at_offset(midnight, before);
                let just_after = after.checked_add(Span::new().nanoseconds(1)).unwrap_or(after);
                return self.zone.preceding(just_after).next().map_or(after, |jump| jump.timestamp()).as_millisecond();
            }
        };
        at_offset(midnight, offset).as_millisecond()
    }

    /// The day that an instant lies in, counted from 1970-01-01: the last one that has begun.
    pub fn day_of(&self, ms: i64) -> i32 {
        let mut day = to_day((ms + self.offset_ms(ms)).div_euclid(DAY_MS));
        while self.day_start_ms(day + 1) <= ms {
            day += 1;
        }
        day
    }

    /// The offset from UTC at an instant.
    pub(crate) fn offset_ms(&self, ms: i64) -> i64 {
        i64::from(self.zone.to_offset(timestamp(ms)).seconds()) * 1000
    }

    /// The instants after `from_ms` and before `to_ms` at which the offset may change.
    pub(crate) fn transitions(&self, from_ms: i64, to_ms: i64) -> impl Iterator<Item = i64> {
        let following = self.zone.following(timestamp(from_ms));
        following.map(|transition| transition.timestamp().as_millisecond()).take_while(move |ms| *ms < to_ms)
    }

    /// The first day that begins at an instant or later.
    pub fn first_day_from(&self, ms: i64) -> i32 {
        let mut day = to_day((ms + self.offset_ms(ms)).div_euclid(DAY_MS)) - 2;
        while self.day_start_ms(day) < ms {
            day += 1;
        }
        day
    }
}

/// The calendar date of a day counted from 1970-01-01.
pub(crate) fn civil(day: i32) -> Date {
    let day = day.clamp(*DAYS.start(), *DAYS.end());
    jiff::civil::date(1970, 1, 1).saturating_add(Span::new().days(day))
}

/// The days from 1970-01-01 to a calendar date.
pub(crate) fn day_number(date: Date) -> i32 {
    let since = date.duration_since(jiff::civil::date(1970, 1, 1));
    to_day(since.as_secs() / 86_400)
}

fn to_day(days: i64) -> i32 {
    i32::try_from(days.clamp(i64::from(*DAYS.start()), i64::from(*DAYS.end()))).unwrap_or_default()
}

fn at_offset(datetime: DateTime, offset: jiff::tz::Offset) -> Timestamp {
    offset.to_timestamp(datetime).unwrap_or(Timestamp::UNIX_EPOCH)
}

fn timestamp(ms: i64) -> Timestamp {
    let edge = i64::from(*DAYS.end()) * DAY_MS;
    Timestamp::from_millisecond(ms.clamp(-edge, edge)).unwrap_or(Timestamp::UNIX_EPOCH)
}
