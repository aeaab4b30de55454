//! Numbers by their text: the text form, the Float64, and the exact decimal that is cut after nine digits.

use num_bigint::BigInt;

/// The text form of a JSON number: plain digits, no exponent, no zeros at the end of a fraction, no minus before zero.
pub(crate) fn text_form(literal: &str) -> String {
    let (minus, unsigned) = literal.strip_prefix('-').map_or(("", literal), |rest| ("-", rest));
    let (mantissa, exponent) = unsigned.split_once(['e', 'E']).unwrap_or((unsigned, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{whole}{fraction}");
    let exponent: i64 = exponent.parse().unwrap_or(0);
    let point = i64::try_from(whole.len()).unwrap_or(0) + exponent;
    let (whole, fraction) = if digits.bytes().all(|digit| digit == b'0') {
        (String::new(), String::new())
    } else if point <= 0 {
        (String::new(), format!("{}{digits}", zeros(-point)))
    } else if let Some((whole, fraction)) = usize::try_from(point).ok().and_then(|point| digits.split_at_checked(point))
    {
        (whole.to_owned(), fraction.to_owned())
    } else {
        let missing = point - i64::try_from(digits.len()).unwrap_or(0);
        (format!("{digits}{}", zeros(missing)), String::new())
    };
    let whole = match whole.trim_start_matches('0') {
        "" => "0",
        rest => rest,
    };
    match fraction.trim_end_matches('0') {
        "" if whole == "0" => "0".to_owned(),
        "" => format!("{minus}{whole}"),
        fraction => format!("{minus}{whole}.{fraction}"),
    }
}

/// So many zeros; the exponents of tests are small.
fn zeros(count: i64) -> String {
    "0".repeat(usize::try_from(count).unwrap_or(0).min(100_000))
}

/// The Float64 of a number's text.
pub(crate) fn float(text: &str) -> f64 {
    text.parse().unwrap_or(f64::NAN)
}

/// Is a text wholly `-?[0-9]+(\.[0-9]+)?`?
pub(crate) fn counts_as_number(text: &str) -> bool {
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    match unsigned.split_once('.') {
        Some((whole, fraction)) => digits(whole) && digits(fraction),
        None => digits(unsigned),
    }
}

/// A number in plain digits as a count of billionths; the digits after the ninth are cut off.
pub(crate) fn billionths(plain: &str) -> BigInt {
    let (minus, unsigned) = plain.strip_prefix('-').map_or((false, plain), |rest| (true, rest));
    let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, ""));
    let nine: String = fraction.chars().chain("000000000".chars()).take(9).collect();
    let size: BigInt = format!("{whole}{nine}").parse().unwrap_or_default();
    if minus { -size } else { size }
}

/// Does the number count in `sum` and `average`? One of 10^29 or more does not.
pub(crate) fn counts_in_sums(billionths: &BigInt) -> bool {
    billionths.magnitude() < BigInt::from(10).pow(29 + 9).magnitude()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_forms_are_plain_digits() {
        let pairs = [
            ("323", "323"),
            ("2.5", "2.5"),
            ("2.0", "2"),
            ("1e3", "1000"),
            ("-0", "0"),
            ("-0.0", "0"),
            ("0e9", "0"),
            ("1.50e1", "15"),
            ("0.5e1", "5"),
            ("12e-3", "0.012"),
            ("-1.20E-1", "-0.12"),
            ("100", "100"),
            ("1e29", "100000000000000000000000000000"),
            ("123456789.123456789123", "123456789.123456789123"),
        ];
        for (literal, plain) in pairs {
            assert_eq!(text_form(literal), plain, "{literal}");
        }
    }

    #[test]
    fn decimals_are_cut_after_nine_digits() {
        for (plain, expected) in
            [("0.1", 100_000_000), ("-1.9999999999", -1_999_999_999), ("-0.0000000009", 0), ("007", 7_000_000_000_i64)]
        {
            assert_eq!(billionths(plain), BigInt::from(expected), "{plain}");
        }
        assert!(counts_in_sums(&billionths("99999999999999999999999999999.999999999")));
        assert!(!counts_in_sums(&billionths("100000000000000000000000000000")));
        assert!(!counts_in_sums(&billionths("-100000000000000000000000000000")));
    }
}
