//! Character classes and escapes of patterns.

use std::fmt::Write as _;

use super::groups;

/// Reads a class such as `[^a-c[:digit:]\pL]` and gives it back in code points.
pub(super) fn read(rest: &mut &str) -> Result<String, String> {
    let whole = *rest;
    let mut class = String::from("[");
    *rest = &rest[1..];
    if let Some(after) = rest.strip_prefix('^') {
        class.push('^');
        *rest = after;
    }
    let unclosed = || format!("the class {whole} is not closed");
    let mut first = true;
    loop {
        if rest.is_empty() {
            return Err(unclosed());
        }
        if !first && rest.starts_with(']') {
            *rest = &rest[1..];
            class.push(']');
            return Ok(class);
        }
        first = false;
        if let Some(named) = groups::read_posix(rest)? {
            class.push_str(named);
        } else if let Some(group) = groups::read_unicode(rest)? {
            class.push_str(&group);
        } else if let Some(perl) =
            ["\\d", "\\D", "\\s", "\\S", "\\w", "\\W"].iter().find(|perl| rest.starts_with(**perl))
        {
            class.push_str(perl);
            *rest = &rest[2..];
        } else {
            let low = read_character(rest).map_err(|reason| reason.unwrap_or_else(unclosed))?;
            let _ = write!(class, "\\x{{{low:x}}}");
            if rest.starts_with('-') && !rest.starts_with("-]") && rest.len() > 1 {
                *rest = &rest[1..];
                let high = read_character(rest).map_err(|reason| reason.unwrap_or_else(unclosed))?;
                if high < low {
                    return Err(format!("a range in the class {whole} runs backwards"));
                }
                let _ = write!(class, "-\\x{{{high:x}}}");
            }
        }
    }
}

/// A character of a class; no reason if there is none.
fn read_character(rest: &mut &str) -> Result<u32, Option<String>> {
    if rest.starts_with('\\') {
        return read_escape(rest).map_err(Some);
    }
    let character = rest.chars().next().ok_or(None)?;
    *rest = &rest[character.len_utf8()..];
    Ok(u32::from(character))
}

/// Reads an escape that stands for one character.
pub(super) fn read_escape(rest: &mut &str) -> Result<u32, String> {
    let mut characters = rest[1..].chars();
    let character = characters.next().ok_or("a backslash at the end")?;
    let bad = || format!("there is no escape \\{character}");
    let code = match character {
        '1'..='7' if !characters.as_str().starts_with(|next| matches!(next, '0'..='7')) => {
            return Err(format!("\\{character} refers back to a group"));
        }
        '0'..='7' => {
            let digits = &rest[1..];
            let count = digits.bytes().take(3).take_while(|byte| matches!(byte, b'0'..=b'7')).count();
            characters = digits[count..].chars();
            u32::from_str_radix(&digits[..count], 8).map_err(|_| bad())?
        }
        'x' => {
            let (code, after) = hexadecimal(characters.as_str()).ok_or_else(bad)?;
            characters = after.chars();
            code
        }
        'n' => 0x0a,
        'r' => 0x0d,
        't' => 0x09,
        'a' => 0x07,
        'f' => 0x0c,
        'v' => 0x0b,
        _ if character.is_ascii() && !character.is_ascii_alphanumeric() => u32::from(character),
        _ => return Err(bad()),
    };
    *rest = characters.as_str();
    Ok(code)
}

fn hexadecimal(text: &str) -> Option<(u32, &str)> {
    let (digits, after) = match text.strip_prefix('{') {
        Some(inner) => inner.split_once('}')?,
        None => text.split_at_checked(2)?,
    };
    if !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let significant = digits.trim_start_matches('0');
    let significant = if digits.is_empty() || !significant.is_empty() { significant } else { "0" };
    let code = u32::from_str_radix(significant, 16).ok().filter(|code| *code <= 0x10_FFFF)?;
    Some((code, after))
}
