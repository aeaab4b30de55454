//! Windows, anniversaries and durations. A window becomes an interval of milliseconds, its start included, its end not.

use super::time::{Clock, Written, read};
use crate::json::Json;
use jiff::ToSpan;
use jiff::civil::{Date, Weekday};

/// An interval of instants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Interval {
    /// The first instant in it.
    pub(crate) start: i64,
    /// The first instant behind it.
    pub(crate) end: i64,
}

impl Interval {
    /// Everything.
    pub(crate) const ALL: Self = Self { start: i64::MIN, end: i64::MAX };

    /// (after, until]
    fn after_until(after: i64, until: i64) -> Self {
        Self { start: after + 1, end: until + 1 }
    }

    /// Does the instant lie in it?
    pub(crate) fn contains(&self, instant: i64) -> bool {
        self.start <= instant && instant < self.end
    }

    /// What of it has come by `as_of`: nothing later counts for events and consents.
    pub(crate) fn up_to(self, as_of: i64) -> Self {
        Self { start: self.start, end: self.end.min(as_of + 1) }
    }
}

/// `30d` in milliseconds.
pub(crate) fn duration(json: &Json) -> Result<i64, String> {
    let text = json.as_text().unwrap_or_default();
    let unit = match text.chars().last() {
        Some('s') => 1000,
        Some('m') => 60_000,
        Some('h') => 3_600_000,
        Some('d') => 86_400_000,
        Some('w') => 604_800_000,
        _ => return Err(format!("no duration: {json}")),
    };
    let count: i64 = text[..text.len() - 1].parse().map_err(|_| format!("no duration: {json}"))?;
    Ok(count * unit)
}

/// The interval of a window.
pub(crate) fn interval(window: &Json, clock: &Clock) -> Result<Interval, String> {
    let as_of = clock.as_of;
    let time = |key: &str| match window.get(key) {
        None => Ok(None),
        Some(text) => clock.read(text.as_text().unwrap_or_default()).map(Some).ok_or(format!("no time: {text}")),
    };
    if let Some(length) = window.get("last") {
        return Ok(Interval::after_until(as_of - duration(length)?, as_of));
    }
    if let Some(length) = window.get("next") {
        return Ok(Interval::after_until(as_of, as_of + duration(length)?));
    }
    if let Some(between) = window.get("between") {
        let edge = |key| duration(between.get(key).unwrap_or(&Json::Null));
        return Ok(Interval::after_until(as_of - edge("from")?, as_of - edge("to")?));
    }
    if let Some(age) = window.get("olderThan") {
        return Ok(Interval { start: i64::MIN, end: as_of - duration(age)? + 1 });
    }
    if let Some(name) = window.get("calendar") {
        return calendar(name.as_text().unwrap_or_default(), clock);
    }
    if let Some(Json::Number(count)) = window.get("days") {
        let count: i64 = count.parse().map_err(|_| "no number of days")?;
        return Ok(days(clock, clock.today() - (count - 1).days(), clock.today() + 1.day()));
    }
    let (from, to) = (time("from")?, time("to")?);
    if from.is_none() && to.is_none() {
        return Err(format!("no window: {window}"));
    }
    Ok(Interval { start: from.unwrap_or(i64::MIN), end: to.unwrap_or(i64::MAX) })
}

/// From the start of the first day to the start of the day after the last.
fn days(clock: &Clock, first: Date, after_last: Date) -> Interval {
    Interval { start: clock.start_of(first), end: clock.start_of(after_last) }
}

fn calendar(name: &str, clock: &Clock) -> Result<Interval, String> {
    let today = clock.today();
    let monday = today - i64::from(today.weekday().since(Weekday::Monday)).days();
    let month = today.first_of_month();
    let year = today.first_of_year();
    let (first, after_last) = match name {
        "today" => (today, today + 1.day()),
        "yesterday" => (today - 1.day(), today),
        "thisWeek" => (monday, monday + 7.days()),
        "lastWeek" => (monday - 7.days(), monday),
        "thisMonth" => (month, month + 1.month()),
        "lastMonth" => (month - 1.month(), month),
        "thisYear" => (year, year + 1.year()),
        "lastYear" => (year - 1.year(), year),
        _ => return Err(format!("no calendar window: {name}")),
    };
    Ok(days(clock, first, after_last))
}

/// The interval in which the start of an anniversary's day has to lie.
pub(crate) fn anniversary_interval(window: &Json, clock: &Clock) -> Result<Interval, String> {
    if window.get("today").is_some() { calendar("today", clock) } else { interval(window, clock) }
}

/// Does an anniversary of the time fall in the interval? The year of the time makes no difference.
pub(crate) fn has_anniversary_in(written: Written, wanted: Interval, clock: &Clock) -> bool {
    let date = match written {
        Written::Day(date) => date,
        Written::Instant(instant) => clock.day_of(instant),
    };
    let this_year = clock.today().year();
    (this_year - 2..=this_year + 2).any(|year| {
        let day = Date::new(year, date.month(), date.day()).or_else(|_| Date::new(year, 3, 1));
        day.is_ok_and(|day| wanted.contains(clock.start_of(day)))
    })
}

/// The written time of a value, if it is one.
pub(crate) fn written(value: &Json) -> Option<Written> {
    read(value.as_text()?)
}
