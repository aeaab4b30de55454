//! Windows for people: the instants of an interval, with the brackets of the language's own table.

use jiff::Timestamp;
use segment_rules::{
    canonical::{Criterion, Test, Window},
    instants::{self, Interval, TimesOf},
};

/// A window at one `as_of`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeenWindow {
    /// Its instants.
    pub interval: Interval,
    /// The same for people: `(` and `)` leave the instant out, `[` and `]` take it in.
    pub text: String,
}

/// The window of a criterion, if it has one of instants.
pub(super) fn of(criterion: &Criterion, as_of_ms: i64) -> Option<SeenWindow> {
    let (window, times_of) = match criterion {
        Criterion::Count { window, .. }
        | Criterion::DistinctDays { window, .. }
        | Criterion::Sum { window, .. }
        | Criterion::Average { window, .. }
        | Criterion::Extreme { window, .. }
        | Criterion::Edge { window, .. }
        | Criterion::Sequence { window, .. } => (window.clone(), TimesOf::Events),
        Criterion::Regular { every_s, of, .. } => {
            (Window::Relative { from_s: Some(-every_s * i64::from(*of)), to_s: 0 }, TimesOf::Events)
        }
        Criterion::Trait { set_within: Some(window), .. } => (window.clone(), TimesOf::Consents),
        Criterion::Trait { test: Test::Time { window, .. }, .. } => (window.clone(), TimesOf::Properties),
        Criterion::Trait { .. } | Criterion::Near { .. } | Criterion::Sample { .. } => return None,
    };
    let interval = instants::interval(&window, as_of_ms, times_of);
    Some(SeenWindow { interval, text: text(&window, interval, as_of_ms) })
}

fn text(window: &Window, interval: Interval, as_of_ms: i64) -> String {
    let Interval { from_ms, to_ms } = interval;
    if interval.is_empty() {
        return "empty".to_owned();
    }
    let relative = matches!(window, Window::Relative { .. });
    let from = match from_ms {
        i64::MIN => "(-inf".to_owned(),
        _ if relative => format!("({}", instant(from_ms - 1)),
        _ => format!("[{}", instant(from_ms)),
    };
    let to = match to_ms {
        i64::MAX => "inf)".to_owned(),
        _ if relative || to_ms == as_of_ms + 1 => format!("{}]", instant(to_ms - 1)),
        _ => format!("{})", instant(to_ms)),
    };
    format!("{from}, {to}")
}

/// An instant as RFC 3339 in UTC.
pub fn instant(ms: i64) -> String {
    Timestamp::from_millisecond(ms).map_or_else(|_| format!("{ms} ms"), |instant| instant.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 1998-06-30T00:00:00Z
    const AS_OF_MS: i64 = 899_164_800_000;

    fn check(window: &Window, times_of: TimesOf, expected: &str) {
        let interval = instants::interval(window, AS_OF_MS, times_of);
        assert_eq!(text(window, interval, AS_OF_MS), expected);
    }

    #[test]
    fn brackets_are_those_of_the_language() {
        let last = Window::Relative { from_s: Some(-86_400), to_s: 0 };
        check(&last, TimesOf::Events, "(1998-06-29T00:00:00Z, 1998-06-30T00:00:00Z]");
        check(&Window::All, TimesOf::Events, "(-inf, 1998-06-30T00:00:00Z]");
        let fixed = Window::Fixed { from_ms: Some(AS_OF_MS - 1), to_ms: Some(AS_OF_MS) };
        check(&fixed, TimesOf::Events, "[1998-06-29T23:59:59.999Z, 1998-06-30T00:00:00Z)");
        let open = Window::Fixed { from_ms: Some(AS_OF_MS), to_ms: None };
        check(&open, TimesOf::Events, "[1998-06-30T00:00:00Z, 1998-06-30T00:00:00Z]");
        check(&open, TimesOf::Properties, "[1998-06-30T00:00:00Z, inf)");
        check(&Window::Fixed { from_ms: Some(AS_OF_MS + 1), to_ms: None }, TimesOf::Events, "empty");
    }
}
