//! Times as texts, and the days of a time zone. An instant is a count of milliseconds since 1970 in UTC.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

/// The milliseconds of 24 hours.
pub(crate) const DAY: i64 = 86_400_000;

/// A time as somebody wrote it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Written {
    /// With a time of day: an instant.
    Instant(i64),
    /// A calendar day alone.
    Day(Date),
}

/// Reads a text that is wholly a time; anything else is none.
pub(crate) fn read(text: &str) -> Option<Written> {
    let mut rest = text;
    let year = digits(&mut rest, 4)?;
    let month = after(&mut rest, "-").and_then(|()| digits(&mut rest, 2))?;
    let day = after(&mut rest, "-").and_then(|()| digits(&mut rest, 2))?;
    if !(1900..=2299).contains(&year) {
        return None;
    }
    let date = Date::new(i16::try_from(year).ok()?, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()?;
    if rest.is_empty() {
        return Some(Written::Day(date));
    }
    after(&mut rest, "T").or_else(|| after(&mut rest, " "))?;
    let hour = digits(&mut rest, 2).filter(|hour| *hour < 24)?;
    let minute = after(&mut rest, ":").and_then(|()| digits(&mut rest, 2)).filter(|minute| *minute < 60)?;
    let (mut second, mut millisecond) = (0, 0);
    if after(&mut rest, ":").is_some() {
        second = digits(&mut rest, 2).filter(|second| *second < 60)?;
        if after(&mut rest, ".").is_some() {
            millisecond = fraction(&mut rest)?;
        }
    }
    let local = midnight(date) + ((hour * 60 + minute) * 60 + second) * 1000 + millisecond;
    Some(Written::Instant(local - offset(rest)?))
}

/// `Z`, `+02:00`, `+0200`, `+02` or nothing, in milliseconds.
fn offset(text: &str) -> Option<i64> {
    let (sign, mut rest) = match text.chars().next() {
        None => return Some(0),
        Some('Z') => return (text == "Z").then_some(0),
        Some('+') => (1, &text[1..]),
        Some('-') => (-1, &text[1..]),
        Some(_) => return None,
    };
    let hours = digits(&mut rest, 2).filter(|hours| *hours < 24)?;
    let mut minutes = 0;
    if !rest.is_empty() {
        let _colon = after(&mut rest, ":");
        minutes = digits(&mut rest, 2).filter(|minutes| *minutes < 60)?;
    }
    rest.is_empty().then_some(sign * (hours * 60 + minutes) * 60_000)
}

fn after(rest: &mut &str, part: &str) -> Option<()> {
    *rest = rest.strip_prefix(part)?;
    Some(())
}

fn digits(rest: &mut &str, count: usize) -> Option<i64> {
    let (number, after) = rest.split_at_checked(count)?;
    *rest = after;
    number.bytes().all(|byte| byte.is_ascii_digit()).then(|| number.parse().ok())?
}

/// One digit or more; those beyond the millisecond are cut off.
fn fraction(rest: &mut &str) -> Option<i64> {
    let end = rest.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(rest.len());
    let (number, after) = rest.split_at(end);
    *rest = after;
    let three: String = number.chars().chain("00".chars()).take(3).collect();
    three.parse().ok().filter(|_| !number.is_empty())
}

/// The instant at which a day begins in UTC.
pub(crate) fn midnight(date: Date) -> i64 {
    let first = Date::constant(1970, 1, 1);
    i64::from(date.since(first).map_or(0, |span| span.get_days())) * DAY
}

/// Where and when a segment is evaluated.
#[derive(Clone, Debug)]
pub(crate) struct Clock {
    /// The instant of the evaluation.
    pub(crate) as_of: i64,
    /// The segment's time zone.
    pub(crate) zone: TimeZone,
}

impl Clock {
    /// The day at an instant: the one on the wall of the zone. Where the clocks go back over midnight, the day that has
    /// begun is not left again.
    pub(crate) fn day_of(&self, instant: i64) -> Date {
        let wall = stamp(instant).to_zoned(self.zone.clone()).date();
        let next = wall.saturating_add(jiff::Span::new().days(1));
        if self.start_of(next) <= instant { next } else { wall }
    }

    /// Today, at the instant of the evaluation.
    pub(crate) fn today(&self) -> Date {
        self.day_of(self.as_of)
    }

    /// The first instant at which the zone shows that day (or, where it was skipped, a later one).
    ///
    /// Between two changes of the offset the wall clock runs evenly, so each such stretch is looked at by itself.
    pub(crate) fn start_of(&self, date: Date) -> i64 {
        let (low, high) = (midnight(date) - 2 * DAY, midnight(date) + 2 * DAY);
        let mut begin = low;
        while begin < high {
            let next = self.zone.following(stamp(begin)).next().map(|change| change.timestamp().as_millisecond());
            let end = next.unwrap_or(high).min(high);
            let offset = i64::from(self.zone.to_offset(stamp(begin)).seconds()) * 1000;
            let first = (midnight(date) - offset).max(begin);
            if first < end {
                return first;
            }
            begin = end;
        }
        high
    }

    /// A written time as an instant: a day alone is its start.
    pub(crate) fn instant(&self, written: Written) -> i64 {
        match written {
            Written::Instant(instant) => instant,
            Written::Day(date) => self.start_of(date),
        }
    }

    /// A text as an instant, if it is a time.
    pub(crate) fn read(&self, text: &str) -> Option<i64> {
        read(text).map(|written| self.instant(written))
    }
}

fn stamp(instant: i64) -> Timestamp {
    Timestamp::from_millisecond(instant).unwrap_or(Timestamp::UNIX_EPOCH)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clock(zone: &str) -> Clock {
        Clock { as_of: 0, zone: crate::oracle::zone_named(zone).expect("a known zone") }
    }

    fn start(zone: &str, date: &str) -> String {
        let Some(Written::Day(date)) = read(date) else { panic!("{date}") };
        stamp(clock(zone).start_of(date)).to_string()
    }

    #[test]
    fn a_day_starts_at_its_first_instant() {
        assert_eq!(start("UTC", "2026-06-15"), "2026-06-15T00:00:00Z");
        assert_eq!(start("Europe/Berlin", "2026-03-30"), "2026-03-29T22:00:00Z");
        assert_eq!(start("Asia/Kolkata", "2026-06-15"), "2026-06-14T18:30:00Z");
        // The clocks of Cairo went from 00:00 to 01:00 on 26 April 2024, those of Havana from 01:00 to 00:00 on 3 November.
        assert_eq!(start("Africa/Cairo", "2024-04-26"), "2024-04-25T22:00:00Z");
        assert_eq!(start("America/Havana", "2024-11-03"), "2024-11-03T04:00:00Z");
        // Apia had no 30 December 2011.
        assert_eq!(start("Pacific/Apia", "2011-12-30"), "2011-12-30T10:00:00Z");
        assert_eq!(start("Pacific/Apia", "2011-12-31"), "2011-12-30T10:00:00Z");
    }

    #[test]
    fn only_iso_texts_are_times() {
        for text in [
            "2026-06-15T12:00",
            "2026-06-15 12:00:00.1239",
            "2026-06-15T12:00:00Z",
            "2026-06-15T12:00+0200",
            "1900-01-01T00:00+14",
        ] {
            assert!(matches!(read(text), Some(Written::Instant(_))), "{text}");
        }
        for text in [
            "",
            "2026",
            "2026-6-15",
            "2026-02-29",
            "2026-06-15T",
            "2026-06-15T24:00",
            "2026-06-15T12:00:60",
            "1899-12-31",
            "2300-01-01",
            "2026-06-15T12",
            "2026-06-15T12:00:00.",
            "2026-06-15T12:00 Z",
            "2026-06-15Z",
            "2026-06-15t12:00",
            "2026-06-15T12:00:00z",
            "2026-06-15T12:00+2",
            "2026-06-15T12:00+02:",
            " 2026-06-15",
            "2026-06-15 ",
            "20260615",
            "2026-06-15T12:00:00,5",
            "+2026-06-15",
            "２026-06-15",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
