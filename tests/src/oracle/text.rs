//! Text forms, lower case, and patterns as RE2 reads them.

use super::number;
use crate::json::Json;
use regex::bytes::{Regex, RegexBuilder};

/// The text form of a value; lists, objects and null have none.
pub(crate) fn text_form(value: &Json) -> Option<String> {
    match value {
        Json::Text(text) => Some(text.clone()),
        Json::Bool(bool) => Some(bool.to_string()),
        Json::Number(literal) => Some(number::text_form(literal)),
        Json::Null | Json::List(_) | Json::Object(_) => None,
    }
}

/// Unicode's full lower case, if case is to be ignored.
pub(crate) fn folded(text: &str, ignore_case: bool) -> String {
    if ignore_case { text.to_lowercase() } else { text.to_owned() }
}

/// A pattern of RE2: `.` matches every character, `^` and `$` only the ends, `\d \s \w \b` are ASCII.
pub(crate) fn pattern(re2: &str) -> Result<Regex, String> {
    RegexBuilder::new(&respelled(re2)).dot_matches_new_line(true).build().map_err(|error| error.to_string())
}

/// RE2's spelling in that of the `regex` crate, whose classes are Unicode's and can be nested.
fn respelled(re2: &str) -> String {
    let mut out = String::new();
    let mut in_class = false;
    let mut letters = re2.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '\\' => out.push_str(&escape(letters.next().unwrap_or('\\'), in_class)),
            '[' if in_class && letters.peek() != Some(&':') => out.push_str("\\["),
            '[' if in_class => {
                // A POSIX class such as [:alpha:] stays.
                out.push('[');
                for letter in letters.by_ref() {
                    out.push(letter);
                    if letter == ']' {
                        break;
                    }
                }
            }
            '[' => {
                in_class = true;
                out.push('[');
                if letters.next_if_eq(&'^').is_some() {
                    out.push('^');
                }
                // A bracket at the beginning of a class is itself.
                if letters.next_if_eq(&']').is_some() {
                    out.push_str("\\]");
                }
            }
            ']' => {
                in_class = false;
                out.push(']');
            }
            '&' | '~' if in_class => out.extend(['\\', letter]),
            _ => out.push(letter),
        }
    }
    out
}

fn escape(letter: char, in_class: bool) -> String {
    let class = match letter {
        'd' | 'D' => "0-9",
        's' | 'S' => "\\t\\n\\f\\r ",
        'w' | 'W' => "0-9A-Za-z_",
        'b' | 'B' if !in_class => return format!("(?-u:\\{letter})"),
        _ => return format!("\\{letter}"),
    };
    match (letter.is_ascii_uppercase(), in_class) {
        (true, _) => format!("[^{class}]"),
        (false, true) => class.to_owned(),
        (false, false) => format!("[{class}]"),
    }
}

#[cfg(test)]
mod tests {
    use super::pattern;

    #[test]
    fn patterns_are_read_as_re2_reads_them() {
        let rows = [
            ("a.c", "a\nc", true),
            ("^b", "a\nb", false),
            ("b$", "b\n", false),
            ("^\\d+$", "٢", false),
            ("^\\w$", "é", false),
            ("^.$", "é", true),
            ("\\s", "\u{b}", false),
            ("\\s", "\u{a0}", false),
            ("\\bb", "éb", true),
            ("^[\\d]$", "7", true),
            ("^[^\\d]$", "é", true),
            ("^[\\D]$", "7", false),
            ("^[[&&a]$", "&", true),
            ("^[]a]$", "]", true),
            ("[[:alpha:]]", "é", false),
            ("(?i)É", "é", true),
            ("", "", true),
        ];
        for (re2, text, expected) in rows {
            assert_eq!(pattern(re2).map(|regex| regex.is_match(text.as_bytes())), Ok(expected), "{re2} {text}");
        }
    }
}
