//! Times as the language reads them, against jiff.

use jiff::civil::DateTime;
use proptest::prelude::*;
use segment_rules::time::{Time, as_of_ms, consent_ms, event_ms, parse};

#[test]
fn times_are_read_strictly() {
    let noon = Time::Instant(1_781_517_600_000);
    let good = [
        ("2026-06-15T10:00:00Z", noon),
        ("2026-06-15 10:00:00Z", noon),
        ("2026-06-15T10:00", noon),
        ("2026-06-15T10:00:00", noon),
        ("2026-06-15T12:00:00+02:00", noon),
        ("2026-06-15T12:00+0200", noon),
        ("2026-06-15T12:00+02", noon),
        ("2026-06-15T00:30-0930", noon),
        ("2026-06-15T10:00:00.0009Z", noon),
        ("2026-06-15T10:00:00.0019999999", Time::Instant(1_781_517_600_001)),
        ("2026-06-15T10:00:00.5Z", Time::Instant(1_781_517_600_500)),
        ("2026-06-15", Time::Date(20_619)),
        ("1900-01-01", Time::Date(-25_567)),
        ("2299-12-31", Time::Date(120_529)),
        ("2024-02-29", Time::Date(19_782)),
    ];
    for (text, time) in good {
        assert_eq!(parse(text), Some(time), "{text}");
    }
    let bad = [
        "",
        "2026",
        "2026-06",
        "20260615",
        "2026-6-15",
        "2026-06-15T",
        "2026-06-15T10",
        "2026-06-15T10:00:60Z",
        "2026-06-15T24:00Z",
        "2026-06-15T10:60Z",
        "2026-06-15t10:00Z",
        "2026-06-15T10:00z",
        "2026-06-15T10:00 Z",
        "2026-06-15T10:00:00 +02:00",
        "2026-06-15T10:00:00.Z",
        "2026-06-15T10:00:00,5Z",
        "2026-06-15T10:00.5Z",
        "2026-06-15  10:00",
        "2026-06-15Z",
        "2026-06-15+02:00",
        "2023-02-29",
        "1900-02-29",
        "2026-04-31",
        "2026-00-01",
        "2026-13-01",
        "2026-01-00",
        "1899-12-31",
        "2300-01-01",
        " 2026-06-15",
        "2026-06-15 ",
        "2026-06-15T10:00+2",
        "2026-06-15T10:00+02:",
        "2026-06-15T10:00+02:0",
        "2026-06-15T10:00+24",
        "2026-06-15T10:00+02:60",
        "2026-06-15T10:00ZZ",
        "2026-06-15T1:00",
        "+2026-06-15",
        "2026-06-15T10:00:00[Europe/Berlin]",
        "1781517600",
        "２026-06-15",
        "2026-06-15T10:00−02:00",
    ];
    for text in bad {
        assert_eq!(parse(text), None, "{text}");
    }
}

#[test]
fn events_consents_and_as_of_have_their_own_rules() {
    assert_eq!(event_ms("1970-01-01"), Ok(0));
    assert!(event_ms("1970-01-01T00:00+01").is_err() && event_ms("1969-12-31").is_err() && event_ms("soon").is_err());
    assert_eq!(event_ms("2149-06-05T23:59:59.999Z"), Ok(65_535 * 86_400_000 - 1));
    assert!(event_ms("2149-06-06").is_err());
    assert_eq!(consent_ms("1900-01-01"), Ok(-25_567 * 86_400_000));
    assert_eq!(as_of_ms("2026-06-15T10:00:00.1239Z"), Ok(1_781_517_600_123));
    assert_eq!(as_of_ms("2026-06-15t10:00:00z"), Ok(1_781_517_600_000));
    assert_eq!(as_of_ms("2026-06-15T12:00:00+02:00"), Ok(1_781_517_600_000));
    for bad in ["2026-06-15T10:00:00", "2026-06-15", "now", "2026-06-15T10:00:61Z"] {
        assert!(as_of_ms(bad).is_err(), "{bad}");
    }
}

proptest! {
    #[test]
    fn dates_and_times_are_those_of_jiff(year in 1900_i16..2300, month in 1_i8..13, day in 1_i8..32, ms in 0_i32..86_400_000, minutes in -1439_i64..1440) {
        let (hour, minute, second) = (ms / 3_600_000, ms / 60_000 % 60, ms / 1000 % 60);
        let sign = if minutes < 0 { '-' } else { '+' };
        let (offset_hour, offset_minute) = (minutes.abs() / 60, minutes.abs() % 60);
        let date = format!("{year:04}-{month:02}-{day:02}");
        let text = format!("{date}T{hour:02}:{minute:02}:{second:02}.{:03}{sign}{offset_hour:02}:{offset_minute:02}", ms % 1000);
        let civil: Option<DateTime> = jiff::civil::Date::new(year, month, day).ok().map(|date| {
            let clock = |number: i32| i8::try_from(number).unwrap();
            date.at(clock(hour), clock(minute), clock(second), ms % 1000 * 1_000_000)
        });
        let zoned = civil.map(|civil| jiff::tz::Offset::UTC.to_timestamp(civil).unwrap().as_millisecond() - minutes * 60_000);
        prop_assert_eq!(parse(&text), zoned.map(Time::Instant));
        prop_assert_eq!(parse(&date).is_some(), civil.is_some());
    }
}
