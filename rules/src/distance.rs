//! Distances: `10mi`, `2.5km`, `500m`.

use crate::refusal::Complaint;

/// The longest distance in millionths of a metre: half way round the Earth.
const MICROMETRES_MAX: u64 = 20_040_000 * 1_000_000;

/// The metres of a distance, the nearest Float64.
pub(crate) fn metres(text: &str) -> Result<f64, Complaint> {
    let complaint = || {
        let mend = "write a number above 0 with at most 3 decimals and mi, km or m, such as 10mi";
        Complaint::new(format!("{text:?} is no distance"), mend)
    };
    let at = text.find(|character: char| character.is_ascii_alphabetic()).ok_or_else(complaint)?;
    // How many millimetres the unit has: with thousandths of the unit that makes millionths of a metre.
    let unit_mm = match &text[at..] {
        "mi" => 1_609_344,
        "km" => 1_000_000,
        "m" => 1000,
        _ => return Err(complaint()),
    };
    let thousandths = thousandths(&text[..at]).ok_or_else(complaint)?;
    if thousandths == 0 {
        return Err(Complaint::new(format!("the distance {text} is not above 0"), "write a distance above 0"));
    }
    match thousandths.checked_mul(unit_mm) {
        #[expect(clippy::cast_precision_loss, reason = "at most 2.004e13, which Float64 holds exactly")]
        Some(micrometres) if micrometres <= MICROMETRES_MAX => Ok(micrometres as f64 / 1e6),
        _ => Err(Complaint::new(format!("the distance {text} is too long"), "write at most 20040km")),
    }
}

fn thousandths(number: &str) -> Option<u64> {
    let (whole, fraction) = number.split_once('.').map_or((number, None), |(whole, rest)| (whole, Some(rest)));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole) || !fraction.is_none_or(|fraction| digits(fraction) && fraction.len() <= 3) {
        return None;
    }
    // So many digits are too long anyhow; all that matters is that they do not overflow.
    let whole: u64 = whole.parse().unwrap_or(u64::MAX / 2000).min(u64::MAX / 2000);
    let fraction: u64 = format!("{:0<3}", fraction.unwrap_or("")).parse().ok()?;
    Some(whole * 1000 + fraction)
}
