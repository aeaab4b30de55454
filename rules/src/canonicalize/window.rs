//! Windows.

use segment_crds::{Between, CalendarPeriod, Window as Written};

use crate::canonical::{Period, Window};
use crate::duration;
use crate::refusal::At;
use crate::time::{self, Time};

use super::Canonicalizer;

/// The most days that `days` may count.
const DAYS_MAX: i64 = 3650;

impl Canonicalizer {
    /// The window of events or consents; absent: all time up to `as_of`.
    pub(super) fn past_window(&mut self, written: Option<&Written>, at: At<'_>) -> Option<Window> {
        match written {
            None => Some(Window::All),
            Some(Written { next: Some(_), .. }) => self.refuse(
                at.field("next"),
                "events and consents have no window next",
                "use next only for times in properties",
            ),
            Some(written) => self.window(written, at),
        }
    }

    /// A window of any form.
    pub(super) fn window(&mut self, written: &Written, at: At<'_>) -> Option<Window> {
        let Written { last, next, between, older_than, from, to, calendar, days } = written;
        let forms = [
            last.is_some(),
            next.is_some(),
            between.is_some(),
            older_than.is_some(),
            from.is_some() || to.is_some(),
            calendar.is_some(),
            days.is_some(),
        ];
        if forms.iter().filter(|stated| **stated).count() != 1 {
            let several = forms.contains(&true);
            let reason = if several { "the window has more than one form" } else { "the window has no form" };
            return self.refuse(
                at,
                reason,
                "state exactly one of last, next, between, olderThan, from/to, calendar and days",
            );
        }
        if let Some(last) = last {
            let seconds = self.duration(last, at.field("last"))?;
            return Some(Window::Relative { from_s: Some(-seconds), to_s: 0 });
        }
        if let Some(next) = next {
            let seconds = self.duration(next, at.field("next"))?;
            return Some(Window::Relative { from_s: Some(0), to_s: seconds });
        }
        if let Some(older_than) = older_than {
            let seconds = self.duration(older_than, at.field("olderThan"))?;
            return Some(Window::Relative { from_s: None, to_s: -seconds });
        }
        if let Some(between) = between {
            return self.between(between, at.field("between"));
        }
        if let Some(period) = calendar {
            return Some(Window::Calendar { period: canonical_period(*period), zone: self.zone.name().to_owned() });
        }
        if let Some(days) = days {
            return self.days(*days, at.field("days"));
        }
        self.fixed(from.as_deref(), to.as_deref(), at)
    }

    pub(super) fn duration(&mut self, text: &str, at: At<'_>) -> Option<i64> {
        self.accept(at, duration::seconds(text))
    }

    fn between(&mut self, written: &Between, at: At<'_>) -> Option<Window> {
        let from_s = self.duration(&written.from, at.field("from"));
        let to_s = self.duration(&written.to, at.field("to"));
        let (from_s, to_s) = (from_s?, to_s?);
        if from_s <= to_s {
            let reason = format!("from ({}) is not longer ago than to ({})", written.from, written.to);
            return self.refuse(at, reason, "write the longer duration as from");
        }
        Some(Window::Relative { from_s: Some(-from_s), to_s: -to_s })
    }

    fn days(&mut self, days: i64, at: At<'_>) -> Option<Window> {
        let zone = self.zone.name().to_owned();
        match u32::try_from(days) {
            Ok(1) => Some(Window::Calendar { period: Period::Today, zone }),
            Ok(days) if (1..=DAYS_MAX).contains(&i64::from(days)) => Some(Window::Days { days, zone }),
            _ => self.refuse(at, format!("{days} days are out of range"), format!("write 1 to {DAYS_MAX}")),
        }
    }

    fn fixed(&mut self, from: Option<&str>, to: Option<&str>, at: At<'_>) -> Option<Window> {
        let edge = |this: &mut Self, text: Option<&str>, field| match text {
            None => Some(None),
            Some(text) => this.instant(text, at.field(field)).map(Some),
        };
        let from_ms = edge(self, from, "from");
        let to_ms = edge(self, to, "to");
        let (from_ms, to_ms) = (from_ms?, to_ms?);
        if let (Some(from_ms), Some(to_ms)) = (from_ms, to_ms)
            && from_ms >= to_ms
        {
            return self.refuse(at, "from is not before to", "write the earlier time as from");
        }
        Some(Window::Fixed { from_ms, to_ms })
    }

    /// The instant of a time; a date alone is the start of its day in the Segment's zone.
    pub(super) fn instant(&mut self, text: &str, at: At<'_>) -> Option<i64> {
        match time::parse(text) {
            Some(Time::Instant(ms)) => Some(ms),
            Some(Time::Date(day)) => Some(self.zone.day_start_ms(day)),
            None => self.refuse(
                at,
                format!("{text:?} is no time"),
                "write an ISO 8601 time, such as 2026-06-15T12:00:00Z or 2026-06-15",
            ),
        }
    }
}

fn canonical_period(period: CalendarPeriod) -> Period {
    match period {
        CalendarPeriod::Today => Period::Today,
        CalendarPeriod::Yesterday => Period::Yesterday,
        CalendarPeriod::ThisWeek => Period::ThisWeek,
        CalendarPeriod::LastWeek => Period::LastWeek,
        CalendarPeriod::ThisMonth => Period::ThisMonth,
        CalendarPeriod::LastMonth => Period::LastMonth,
        CalendarPeriod::ThisYear => Period::ThisYear,
        CalendarPeriod::LastYear => Period::LastYear,
    }
}
