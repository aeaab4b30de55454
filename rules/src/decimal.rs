//! Decimal texts: the plain text form of a number, and its exact amount in billionths.

use std::borrow::Cow;

use serde_json::Number;

use crate::data_error::DataError;
use crate::json::abridged;

/// An exponent that adds more zeros than this is bad data: one of minus a billion would fill the memory.
const ZEROS_MAX: usize = 4096;

/// Billionths in one.
pub(crate) const BILLION: i128 = 1_000_000_000;

/// Whether a text is wholly `-?[0-9]+(\.[0-9]+)?`.
pub(crate) fn is_digits(text: &[u8]) -> bool {
    let text = text.strip_prefix(b"-").unwrap_or(text);
    let whole = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    match &text[whole..] {
        [] => whole > 0,
        [b'.', fraction @ ..] => whole > 0 && !fraction.is_empty() && fraction.iter().all(u8::is_ascii_digit),
        _ => false,
    }
}

/// The text form of a JSON number: plain digits without exponent, without zeros at the end of a fraction; -0 is 0.
pub(crate) fn plain(literal: &str) -> Result<Cow<'_, str>, DataError> {
    if let Some(at) = literal.find(['e', 'E']) {
        let exponent = &literal[at + 1..];
        return without_exponent(&literal[..at], exponent).map(Cow::Owned).ok_or_else(|| {
            DataError::new(format!("the number {} has too many digits after the point", abridged(literal)))
        });
    }
    let trimmed = if literal.contains('.') { literal.trim_end_matches('0').trim_end_matches('.') } else { literal };
    Ok(Cow::Borrowed(if trimmed == "-0" { "0" } else { trimmed }))
}

fn without_exponent(mantissa: &str, exponent: &str) -> Option<String> {
    let (sign, mantissa) = mantissa.strip_prefix('-').map_or(("", mantissa), |rest| ("-", rest));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{whole}{fraction}");
    let significant = digits.trim_start_matches('0').trim_end_matches('0');
    if significant.is_empty() {
        return Some("0".to_owned());
    }
    let leading = digits.len() - digits.trim_start_matches('0').len();
    // How many of the significant digits stand before the point; negative: zeros after the point come first.
    let point = i64::try_from(whole.len()).ok()? - i64::try_from(leading).ok()?;
    let point = point.checked_add(exponent.parse::<i64>().ok()?)?;
    let (before, zeros) = (usize::try_from(point.max(0)).ok()?, usize::try_from((-point).max(0)).ok()?);
    if zeros.max(before.saturating_sub(significant.len())) > ZEROS_MAX {
        return None;
    }
    Some(if point <= 0 {
        format!("{sign}0.{}{significant}", "0".repeat(zeros))
    } else if before >= significant.len() {
        format!("{sign}{significant}{}", "0".repeat(before - significant.len()))
    } else {
        format!("{sign}{}.{}", &significant[..before], &significant[before..])
    })
}

/// A plain decimal text in billionths: digits after the ninth are cut off; `None` for 10^29 or more.
pub(crate) fn billionths(plain: &str) -> Option<i128> {
    let (negative, digits) = plain.strip_prefix('-').map_or((false, plain), |rest| (true, rest));
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let whole = whole.trim_start_matches('0');
    if whole.len() > 29 {
        return None;
    }
    let digit = |byte: u8| i128::from(byte - b'0');
    let mut amount = whole.bytes().fold(0_i128, |sum, byte| sum * 10 + digit(byte));
    let fraction = fraction.bytes().chain(std::iter::repeat(b'0')).take(9);
    amount = fraction.fold(amount, |sum, byte| sum * 10 + digit(byte));
    Some(if negative { -amount } else { amount })
}

/// The text form of a Float64 that stands as a number in a Segment: its shortest plain decimal digits.
pub(crate) fn of_float(number: f64) -> String {
    // Rust writes Float64 without exponent and as short as reads back the same.
    format!("{}", number + 0.0)
}

/// The text form of a number that stands in a Segment.
pub(crate) fn of_number(number: &Number) -> String {
    match number.as_f64() {
        Some(float) if number.is_f64() => of_float(float),
        _ => number.to_string(),
    }
}

/// Whether a Float64 keeps all digits of a number literal, so that a server that holds it as Float64 changes nothing.
pub(crate) fn float_keeps(literal: &str) -> bool {
    let (Ok(number), Ok(text)) = (literal.parse::<f64>(), plain(literal)) else { return false };
    if !number.is_finite() {
        return false;
    }
    // Whole numbers of 64 bits are held as such; those beyond 2^53 are kept if Float64 has exactly that number.
    #[expect(clippy::cast_precision_loss, reason = "the loss is what is looked for")]
    let exact = text.parse::<i64>().is_ok_and(|whole| format!("{:.0}", whole as f64) == text);
    exact || of_float(number) == text
}
