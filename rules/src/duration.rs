//! Lengths of time: a whole number from 1 with s, m, h, d or w, at most 3650d.

use crate::refusal::Complaint;

/// Seconds of a day of 24 hours.
pub(crate) const DAY_S: i64 = 86_400;

/// The longest length, in days.
pub(crate) const DAYS_MAX: i64 = 3650;

/// The seconds of a length.
pub(crate) fn seconds(text: &str) -> Result<i64, Complaint> {
    let complaint =
        |reason: String| Complaint::new(reason, "write a whole number from 1 with s, m, h, d or w, such as 30d");
    let Some((digits, unit)) = text.char_indices().last().map(|(at, unit)| (&text[..at], unit)) else {
        return Err(complaint("an empty text is no duration".to_owned()));
    };
    let unit_s = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3600,
        'd' => DAY_S,
        'w' => 7 * DAY_S,
        _ => return Err(complaint(format!("{text:?} is no duration"))),
    };
    if digits.is_empty() || digits.starts_with('0') || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(complaint(format!("{text:?} is no duration")));
    }
    let seconds = digits.parse::<i64>().ok().and_then(|number| number.checked_mul(unit_s));
    seconds
        .filter(|seconds| *seconds <= DAYS_MAX * DAY_S)
        .ok_or_else(|| Complaint::new(format!("the duration {text} is too long"), format!("write at most {DAYS_MAX}d")))
}

/// The seconds of a length for anniversaries: days or weeks, at most 366d.
pub(crate) fn anniversary_seconds(text: &str) -> Result<i64, Complaint> {
    let seconds = seconds(text)?;
    if !text.ends_with(['d', 'w']) {
        return Err(Complaint::new(
            format!("the duration {text} is not in days or weeks"),
            "write days or weeks, such as 14d",
        ));
    }
    if seconds > 366 * DAY_S {
        return Err(Complaint::new(format!("the duration {text} is too long"), "write at most 366d"));
    }
    Ok(seconds)
}
