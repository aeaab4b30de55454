//! Times as the language reads them: ISO 8601 texts, strictly.

use crate::data_error::DataError;

/// Milliseconds of a day of 24 hours.
pub const DAY_MS: i64 = 86_400_000;

/// The first millisecond that is too late for an event: 2149-06-06, UTC.
pub const EVENTS_END_MS: i64 = 65_535 * DAY_MS;

/// What a text that is a time says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Time {
    /// Unix milliseconds.
    Instant(i64),
    /// A calendar day, counted from 1970-01-01. Its instant depends on a zone.
    Date(i32),
}

impl Time {
    /// The instant, with a date alone as midnight UTC: what events and consents take.
    pub fn utc_ms(self) -> i64 {
        match self {
            Self::Instant(ms) => ms,
            Self::Date(days) => i64::from(days) * DAY_MS,
        }
    }
}

/// Reads a text as a time, or says that it is none.
pub fn parse(text: &str) -> Option<Time> {
    read(text).map(|read| read.time)
}

/// The instant of an event. Times outside 1970-01-01 to the end of 2149-06-05 are bad data.
pub fn event_ms(text: &str) -> Result<i64, DataError> {
    let ms = consent_ms(text)?;
    if !(0..EVENTS_END_MS).contains(&ms) {
        return Err(DataError::new(format!("the time {text:?} is not within 1970-01-01 and 2149-06-05")));
    }
    Ok(ms)
}

/// The instant of a consent.
pub fn consent_ms(text: &str) -> Result<i64, DataError> {
    parse(text).map(Time::utc_ms).ok_or_else(|| DataError::new(format!("{text:?} is no time")))
}

/// The instant of an evaluation: a date and time with an offset or `Z`; digits beyond the millisecond are cut off.
pub fn as_of_ms(text: &str) -> Result<i64, DataError> {
    let upper = text.replace('t', "T").replace('z', "Z");
    let refused = |reason: &str| Err(DataError::new(format!("{text:?} {reason}: write 2026-06-15T12:00:00Z")));
    match read(&upper) {
        Some(Read { time: Time::Instant(ms), zoned: true }) if is_rfc_3339(&upper) => Ok(ms),
        Some(Read { zoned: false, .. }) => refused("has neither an offset nor Z"),
        Some(_) => refused("is no RFC 3339 time, which has seconds and an offset such as +02:00"),
        None => refused("is no RFC 3339 time of the years 1900 to 2299"),
    }
}

/// Whether a text that is a zoned time has seconds, and a colon in its offset.
fn is_rfc_3339(text: &str) -> bool {
    let has_seconds = text.as_bytes().get(16) == Some(&b':');
    has_seconds && (text.ends_with('Z') || text.as_bytes().get(text.len() - 3) == Some(&b':'))
}

struct Read {
    time: Time,
    zoned: bool,
}

/// A place in the text of a time.
struct Reader<'a> {
    bytes: &'a [u8],
}

impl Reader<'_> {
    fn digits(&mut self, count: usize) -> Option<i64> {
        let (digits, rest) = self.bytes.split_at_checked(count)?;
        if !digits.iter().all(u8::is_ascii_digit) {
            return None;
        }
        self.bytes = rest;
        Some(digits.iter().fold(0, |number, digit| number * 10 + i64::from(digit - b'0')))
    }

    fn two_up_to(&mut self, last: i64) -> Option<i64> {
        self.digits(2).filter(|number| *number <= last)
    }

    fn take(&mut self, byte: u8) -> bool {
        match self.bytes.split_first() {
            Some((first, rest)) if *first == byte => {
                self.bytes = rest;
                true
            }
            _ => false,
        }
    }

    fn expect(&mut self, byte: u8) -> Option<()> {
        self.take(byte).then_some(())
    }

    fn date(&mut self) -> Option<i32> {
        let year = self.digits(4).filter(|year| (1900..=2299).contains(year))?;
        self.expect(b'-')?;
        let month = self.digits(2)?;
        self.expect(b'-')?;
        let day = self.digits(2)?;
        if !(1..=12).contains(&month) || day < 1 || day > days_of_month(year, month) {
            return None;
        }
        i32::try_from(days_from_civil(year, month, day)).ok()
    }

    fn time_of_day_ms(&mut self) -> Option<i64> {
        let hour = self.two_up_to(23)?;
        self.expect(b':')?;
        let minute = self.two_up_to(59)?;
        let mut ms = (hour * 60 + minute) * 60_000;
        if self.take(b':') {
            ms += self.two_up_to(59)? * 1000;
            if self.take(b'.') {
                ms += self.fraction_ms()?;
            }
        }
        Some(ms)
    }

    fn fraction_ms(&mut self) -> Option<i64> {
        let count = self.bytes.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let (digits, rest) = self.bytes.split_at(count);
        self.bytes = rest;
        let padded = digits.iter().chain(std::iter::repeat(&b'0')).take(3);
        let ms = padded.fold(0, |number, digit| number * 10 + i64::from(digit - b'0'));
        (count > 0).then_some(ms)
    }

    /// The offset from UTC, and whether it is written: without one it is UTC.
    fn offset_ms(&mut self) -> Option<(i64, bool)> {
        if self.bytes.is_empty() {
            return Some((0, false));
        }
        if self.take(b'Z') {
            return Some((0, true));
        }
        let sign = if self.take(b'+') { 1 } else { self.expect(b'-').map(|()| -1)? };
        let hours = self.two_up_to(23)?;
        let colon = self.take(b':');
        let minutes = if self.bytes.is_empty() && !colon { 0 } else { self.two_up_to(59)? };
        Some((sign * (hours * 60 + minutes) * 60_000, true))
    }
}

fn read(text: &str) -> Option<Read> {
    let mut reader = Reader { bytes: text.as_bytes() };
    let days = reader.date()?;
    if reader.bytes.is_empty() {
        return Some(Read { time: Time::Date(days), zoned: false });
    }
    if !reader.take(b'T') {
        reader.expect(b' ')?;
    }
    let local_ms = i64::from(days) * DAY_MS + reader.time_of_day_ms()?;
    let (offset_ms, zoned) = reader.offset_ms()?;
    reader.bytes.is_empty().then_some(Read { time: Time::Instant(local_ms - offset_ms), zoned })
}

fn is_leap_year(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

fn days_of_month(year: i64, month: i64) -> i64 {
    match month {
        2 => 28 + i64::from(is_leap_year(year)),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days since 1970-01-01, by the usual shift of the year's start to March.
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}
