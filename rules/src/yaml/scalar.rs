//! What an unquoted YAML scalar means: as Kubernetes's YAML library reads it, which is mostly YAML 1.1.

use serde_json::{Number, Value};

use crate::decimal;

/// What a scalar means.
#[derive(Clone, Debug)]
pub(super) struct Scalar {
    pub(super) value: Value,
    /// The JSON literal of a number that has more digits than Float64 keeps.
    pub(super) lossy: Option<String>,
}

impl From<Value> for Scalar {
    fn from(value: Value) -> Self {
        Self { value, lossy: None }
    }
}

/// The value of a plain scalar without a tag, or why JSON has no such value.
pub(super) fn resolve(text: &str) -> Result<Scalar, String> {
    let word = match text {
        "y" | "Y" | "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => Value::Bool(true),
        "n" | "N" | "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => Value::Bool(false),
        "" | "~" | "null" | "Null" | "NULL" => Value::Null,
        ".nan" | ".NaN" | ".NAN" | ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" | "-.inf" | "-.Inf"
        | "-.INF" => {
            return Err(format!("{text} is no number that JSON can hold"));
        }
        _ => return Ok(number(text).unwrap_or_else(|| Value::from(text).into())),
    };
    Ok(word.into())
}

fn number(text: &str) -> Option<Scalar> {
    if !text.starts_with(|first: char| first.is_ascii_digit() || matches!(first, '+' | '-' | '.')) {
        return None;
    }
    let digits = text.replace('_', "");
    if let Some(whole) = whole_number(&digits) {
        return Some(whole);
    }
    let literal = json_literal(&digits)?;
    let value: f64 = literal.parse().ok()?;
    if !value.is_finite() {
        // As there, it stays a text; but where a value stands it was meant as a number.
        return Some(Scalar { value: Value::from(text), lossy: Some(literal) });
    }
    let kept = decimal::float_keeps(&literal);
    Some(Scalar { value: float_value(value), lossy: (!kept).then_some(literal) })
}

/// Whole numbers of 64 bits: decimal, or with 0x, 0o, 0b or a leading 0, which means octal.
fn whole_number(digits: &str) -> Option<Scalar> {
    let (negative, magnitude) = match digits.as_bytes().first()? {
        b'-' => (true, &digits[1..]),
        b'+' => (false, &digits[1..]),
        _ => (false, digits),
    };
    if !magnitude.starts_with(|first: char| first.is_ascii_digit()) {
        return None;
    }
    let (radix, magnitude) = match magnitude.as_bytes() {
        [b'0', b'x' | b'X', ..] => (16, &magnitude[2..]),
        [b'0', b'o' | b'O', ..] => (8, &magnitude[2..]),
        [b'0', b'b' | b'B', ..] => (2, &magnitude[2..]),
        [b'0', _, ..] => (8, &magnitude[1..]),
        _ => (10, magnitude),
    };
    if !magnitude.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return None;
    }
    let magnitude = u64::from_str_radix(magnitude, radix).ok()?;
    let number = if negative { Number::from(0_i64.checked_sub_unsigned(magnitude)?) } else { Number::from(magnitude) };
    let literal = number.to_string();
    let kept = decimal::float_keeps(&literal);
    Some(Scalar { value: Value::Number(number), lossy: (!kept).then_some(literal) })
}

/// A YAML float as JSON writes it: `+.5` is 0.5, `1.` is 1.
fn json_literal(digits: &str) -> Option<String> {
    let (sign, rest) = match digits.as_bytes().first()? {
        b'-' => ("-", &digits[1..]),
        b'+' => ("", &digits[1..]),
        _ => ("", digits),
    };
    let (mantissa, exponent) = match rest.find(['e', 'E']) {
        Some(at) => (&rest[..at], Some(&rest[at + 1..])),
        None => (rest, None),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let all_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if !all_digits(whole) || !all_digits(fraction) || (whole.is_empty() && fraction.is_empty()) {
        return None;
    }
    let exponent = match exponent {
        None => String::new(),
        Some(text) => {
            let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
            if unsigned.is_empty() || !all_digits(unsigned) {
                return None;
            }
            format!("e{text}")
        }
    };
    let whole = whole.trim_start_matches('0');
    let whole = if whole.is_empty() { "0" } else { whole };
    let fraction = if fraction.is_empty() { String::new() } else { format!(".{fraction}") };
    Some(format!("{sign}{whole}{fraction}{exponent}"))
}

/// A float as the server gives it back: whole ones are whole numbers.
fn float_value(value: f64) -> Value {
    #[expect(clippy::cast_possible_truncation, reason = "within the range of i64")]
    if value.fract() == 0.0 && value.abs() < 9.2e18 {
        return Value::from(value as i64);
    }
    Number::from_f64(value).map_or(Value::Null, Value::Number)
}
