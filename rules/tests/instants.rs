//! Windows as instants, days and anniversaries, against a plain scan of the clock by jiff.

#![expect(clippy::unwrap_used, reason = "helpers of tests, too, stop at the first surprise")]

use std::collections::BTreeSet;

use jiff::civil::Date;
use jiff::tz::{TimeZone, TimeZoneDatabase};
use jiff::{Span, Timestamp};
use proptest::prelude::*;
use segment_rules::Zone;
use segment_rules::canonical::{AnniversaryWindow, Period, Window};
use segment_rules::instants::{Interval, TimesOf, anniversary_days, day_interval, day_pieces, interval};
use segment_rules::time::{DAY_MS, as_of_ms};

/// Zones whose clocks do all that clocks do: jump over midnight, repeat it, skip a day, change by half an hour.
const ZONES: [&str; 14] = [
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "America/Sao_Paulo",
    "America/St_Johns",
    "America/Havana",
    "America/Toronto",
    "Asia/Beirut",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",
    "Pacific/Apia",
    "Pacific/Kwajalein",
    "Africa/Cairo",
    "Asia/Gaza",
];

/// The zone by the tables that come with the program: those of the machine may be older.
fn timezone(name: &str) -> TimeZone {
    TimeZoneDatabase::bundled().get(name).unwrap()
}

fn ms(text: &str) -> i64 {
    as_of_ms(text).unwrap()
}

fn day(text: &str) -> i32 {
    let date: Date = text.parse().unwrap();
    i32::try_from(date.duration_since(jiff::civil::date(1970, 1, 1)).as_secs() / 86_400).unwrap()
}

fn local_day(zone: &TimeZone, ms: i64) -> i32 {
    let date = zone.to_datetime(Timestamp::from_millisecond(ms).unwrap()).date();
    i32::try_from(date.duration_since(jiff::civil::date(1970, 1, 1)).as_secs() / 86_400).unwrap()
}

/// The first instant whose local date is the day or later, by bisection between points that a scan of minutes finds.
fn naive_day_start(zone: &TimeZone, day: i32) -> i64 {
    let mut at = i64::from(day) * DAY_MS - 30 * 3_600_000;
    assert!(local_day(zone, at) < day);
    // Offsets of zones before standard time have seconds.
    for step in [900_000, 1000, 1] {
        while local_day(zone, at + step) < day {
            at += step;
        }
    }
    at + 1
}

fn zones() -> impl Strategy<Value = &'static str> {
    prop::sample::select(ZONES.to_vec())
}

/// Instants within the years that times may have, many of them near a change of some clock.
fn instants(zone: &'static str) -> impl Strategy<Value = i64> {
    let span = (-25_000 * DAY_MS)..(100_000 * DAY_MS);
    let changes: Vec<i64> = timezone(zone)
        .following(Timestamp::from_millisecond(span.start).unwrap())
        .take(400)
        .map(|change| change.timestamp().as_millisecond())
        .chain([0])
        .collect();
    let near = (prop::sample::select(changes), -2 * DAY_MS..2 * DAY_MS).prop_map(|(change, by)| change + by);
    prop_oneof![span, near]
}

fn zoned_instants() -> impl Strategy<Value = (&'static str, i64)> {
    zones().prop_flat_map(|zone| instants(zone).prop_map(move |ms| (zone, ms)))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn days_start_at_their_first_instant((name, ms) in zoned_instants()) {
        let (zone, tz) = (Zone::find(name).unwrap(), timezone(name));
        let around = local_day(&tz, ms);
        for day in around - 1..=around + 2 {
            prop_assert_eq!(zone.day_start_ms(day), naive_day_start(&tz, day), "{} {}", name, day);
        }
        let today = zone.day_of(ms);
        prop_assert!(zone.day_start_ms(today) <= ms && ms < zone.day_start_ms(today + 1));
        let first = zone.first_day_from(ms);
        prop_assert!(zone.day_start_ms(first) >= ms && zone.day_start_ms(first - 1) < ms);
    }

    #[test]
    fn pieces_number_the_days((name, ms) in zoned_instants(), length in 0..40 * DAY_MS, probes in prop::collection::vec(0.0..1.0_f64, 40)) {
        let zone = Zone::find(name).unwrap();
        let (from_ms, to_ms) = (ms, ms + length + 1);
        let pieces = day_pieces(name, from_ms, to_ms);
        prop_assert_eq!(pieces[0].0, from_ms);
        prop_assert!(pieces.windows(2).all(|pair| pair[0].0 < pair[1].0));
        #[expect(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "any instant will do")]
        let probes = probes.iter().map(|probe| from_ms + (probe * length as f64) as i64);
        let edges = pieces.iter().flat_map(|piece| [piece.0 - 1, piece.0]);
        let starts = (zone.day_of(from_ms)..=zone.day_of(to_ms)).flat_map(|day| {
            let start = zone.day_start_ms(day);
            [start - 1, start]
        });
        for ms in probes.chain(edges).chain(starts).filter(|ms| (from_ms..to_ms).contains(ms)) {
            let offset = pieces.iter().rev().find(|piece| piece.0 <= ms).unwrap().1;
            prop_assert_eq!((ms + offset).div_euclid(DAY_MS), i64::from(zone.day_of(ms)), "{} {}", name, ms);
        }
    }

    #[test]
    fn calendar_periods_hold_whole_days((name, as_of) in zoned_instants(), days in 1_u32..800) {
        let zone = Zone::find(name).unwrap();
        let today = jiff::civil::date(1970, 1, 1).saturating_add(Span::new().days(zone.day_of(as_of)));
        let first_of = |date: Date| zone.day_start_ms(day(&date.to_string()));
        let monday = today.saturating_sub(Span::new().days(today.weekday().to_monday_zero_offset()));
        let month = today.first_of_month();
        let year = today.first_of_year();
        let expected = [
            (Period::Today, today, today.tomorrow().unwrap()),
            (Period::Yesterday, today.yesterday().unwrap(), today),
            (Period::ThisWeek, monday, monday.saturating_add(Span::new().weeks(1))),
            (Period::LastWeek, monday.saturating_sub(Span::new().weeks(1)), monday),
            (Period::ThisMonth, month, month.saturating_add(Span::new().months(1))),
            (Period::LastMonth, month.saturating_sub(Span::new().months(1)), month),
            (Period::ThisYear, year, year.saturating_add(Span::new().years(1))),
            (Period::LastYear, year.saturating_sub(Span::new().years(1)), year),
        ];
        for (period, first, end) in expected {
            let window = Window::Calendar { period, zone: name.to_owned() };
            let found = interval(&window, as_of, TimesOf::Properties);
            prop_assert_eq!(found, Interval { from_ms: first_of(first), to_ms: first_of(end) }, "{:?}", period);
            prop_assert_eq!(interval(&window, as_of, TimesOf::Events).to_ms, found.to_ms.min(as_of + 1));
        }
        let window = Window::Days { days, zone: name.to_owned() };
        let first = today.saturating_sub(Span::new().days(days - 1));
        let expected = Interval { from_ms: first_of(first), to_ms: first_of(today.tomorrow().unwrap()) };
        prop_assert_eq!(interval(&window, as_of, TimesOf::Properties), expected);
    }

    #[test]
    fn days_lie_in_an_interval_as_their_starts_do((name, ms) in zoned_instants(), length in 0..20 * DAY_MS) {
        let zone = Zone::find(name).unwrap();
        let found = Interval { from_ms: ms, to_ms: ms + length };
        let (from, to) = day_interval(found, name);
        let around = zone.day_of(ms);
        for day in around - 3..around + 25 {
            prop_assert_eq!((from..to).contains(&day), found.contains(zone.day_start_ms(day)), "{} {}", name, day);
        }
    }

    #[test]
    fn anniversaries_are_the_days_that_start_in_the_window((name, as_of) in zoned_instants(), days in 1_i64..367, next: bool) {
        let zone = Zone::find(name).unwrap();
        let length = days * 86_400;
        let (from_s, to_s) = if next { (0, length) } else { (-length, 0) };
        let found = anniversary_days(AnniversaryWindow::Relative { from_s, to_s }, name, as_of);
        let today = zone.day_of(as_of);
        let mut expected = BTreeSet::new();
        for day in today - 370..today + 370 {
            let start = zone.day_start_ms(day);
            if start > as_of + from_s * 1000 && start <= as_of + to_s * 1000 {
                let date = jiff::civil::date(1970, 1, 1).saturating_add(Span::new().days(day));
                let number = |date: Date| u16::try_from(date.month()).unwrap() * 100 + u16::try_from(date.day()).unwrap();
                expected.insert(number(date));
                if number(date) == 301 && !date.in_leap_year() {
                    expected.insert(229);
                }
            }
        }
        prop_assert_eq!(found, expected);
    }

    #[test]
    fn relative_windows_exclude_their_older_edge(as_of in 0..4_000_000_000_000_i64, from_s in 1_i64..1_000_000, to_s in 0_i64..1000) {
        let window = Window::Relative { from_s: Some(-from_s - to_s), to_s: -to_s };
        let found = interval(&window, as_of, TimesOf::Events);
        let (older, younger) = (as_of - (from_s + to_s) * 1000, as_of - to_s * 1000);
        prop_assert!(!found.contains(older) && found.contains(older + 1) && found.contains(younger) && !found.contains(younger + 1));
    }
}

#[test]
fn midnights_that_are_missing_or_come_twice() {
    let start = |zone: &str, date: &str| Zone::find(zone).unwrap().day_start_ms(day(date));
    assert_eq!(start("Europe/Berlin", "2026-06-15"), ms("2026-06-14T22:00:00Z"));
    // The clock jumps from midnight to one o'clock.
    assert_eq!(start("America/Sao_Paulo", "2018-11-04"), ms("2018-11-04T03:00:00Z"));
    // It jumps from half past eleven to half past twelve: the day is half an hour shorter.
    assert_eq!(start("America/Toronto", "1919-03-31"), ms("1919-03-31T04:30:00Z"));
    // Midnight comes twice: the first one counts.
    assert_eq!(start("America/Havana", "2026-11-01"), ms("2026-11-01T04:00:00Z"));
    // At one minute past midnight it turns back to the day before, whose rest belongs to the day that has begun.
    assert_eq!(start("America/St_Johns", "2006-10-29"), ms("2006-10-29T02:30:00Z"));
    assert_eq!(Zone::find("America/St_Johns").unwrap().day_of(ms("2006-10-29T02:45:00Z")), day("2006-10-29"));
    // A day that the zone skipped begins with the next.
    assert_eq!(start("Pacific/Apia", "2011-12-30"), ms("2011-12-30T10:00:00Z"));
    assert_eq!(start("Pacific/Apia", "2011-12-31"), ms("2011-12-30T10:00:00Z"));
    assert_eq!(Zone::find("Pacific/Apia").unwrap().day_of(ms("2011-12-30T10:00:00Z")), day("2011-12-31"));
}

#[test]
fn windows_are_capped_at_as_of_where_times_may_not_be_later() {
    let as_of = ms("2026-06-15T12:00:00Z");
    let next = Window::Relative { from_s: Some(0), to_s: 60 };
    assert_eq!(interval(&next, as_of, TimesOf::Properties), Interval { from_ms: as_of + 1, to_ms: as_of + 60_001 });
    let fixed = Window::Fixed { from_ms: Some(as_of - 5), to_ms: None };
    assert_eq!(interval(&fixed, as_of, TimesOf::Properties), Interval { from_ms: as_of - 5, to_ms: i64::MAX });
    for times_of in [TimesOf::Events, TimesOf::Consents] {
        assert_eq!(interval(&fixed, as_of, times_of), Interval { from_ms: as_of - 5, to_ms: as_of + 1 });
        assert_eq!(interval(&Window::All, as_of, times_of), Interval { from_ms: i64::MIN, to_ms: as_of + 1 });
    }
    let later = Window::Fixed { from_ms: Some(as_of + 5), to_ms: None };
    assert!(interval(&later, as_of, TimesOf::Events).is_empty());
    let older = Window::Relative { from_s: None, to_s: -60 };
    assert_eq!(interval(&older, as_of, TimesOf::Events), Interval { from_ms: i64::MIN, to_ms: as_of - 59_999 });
    assert_eq!(day_interval(Interval { from_ms: i64::MIN, to_ms: i64::MAX }, "UTC"), (i32::MIN, i32::MAX));
}

#[test]
fn today_is_in_last_and_not_in_next() {
    let as_of = ms("2026-06-15T12:00:00Z");
    let days = |from_s, to_s| anniversary_days(AnniversaryWindow::Relative { from_s, to_s }, "UTC", as_of);
    assert_eq!(days(-86_400, 0), BTreeSet::from([615]));
    assert_eq!(days(0, 86_400), BTreeSet::from([616]));
    assert_eq!(days(0, 366 * 86_400).len(), 366);
    let today = |text: &str| anniversary_days(AnniversaryWindow::Today, "UTC", ms(text));
    assert_eq!(today("2026-03-01T00:00:00Z"), BTreeSet::from([229, 301]));
    assert_eq!(today("2024-03-01T00:00:00Z"), BTreeSet::from([301]));
    assert_eq!(today("2024-02-29T23:59:59.999Z"), BTreeSet::from([229]));
}

#[test]
fn zones_are_found_by_name() {
    assert_eq!(Zone::find("europe/berlin").unwrap().name(), "Europe/Berlin");
    for bad in ["", "Mars/Base", "+02:00", "Etc/Unknown", "local"] {
        assert!(Zone::find(bad).is_none(), "{bad}");
    }
    for zone in ZONES {
        assert_eq!(Zone::find(zone).unwrap().name(), zone);
    }
}
