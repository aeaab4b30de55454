//! Typed values of properties, made from JSON text.
//!
//! Numbers are kept as text: comparisons make a Float64 of it, sums an exact decimal, equality compares the text form.

use crate::data_error::DataError;
use crate::decimal;
use crate::json::{Cursor, Token};
use crate::time::{self, Time};

/// The kind of a value, as it is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum Kind {
    /// There is none.
    Absent = 0,
    /// A text that is neither a number nor a time.
    Text = 1,
    /// A text that counts as a number.
    Digits = 2,
    /// A number.
    Number = 3,
    /// A boolean.
    Bool = 4,
    /// A text that is an instant.
    Time = 5,
    /// A text that is a calendar day.
    Date = 6,
    /// A list.
    List = 7,
    /// A place on Earth. No property has this kind.
    Point = 8,
}

/// A value that is there. A missing or null value is `None` of an `Option<Value>`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// A text that is neither of the following.
    Text(String),
    /// A text that is wholly `-?[0-9]+(\.[0-9]+)?` and within Float64, so that it counts as a number.
    Digits(String),
    /// A number in plain decimal digits, without zeros at the end of a fraction.
    Number(String),
    /// A boolean.
    Bool(bool),
    /// A text that is an instant.
    Time {
        /// Unix milliseconds.
        ms: i64,
        /// As written.
        text: String,
    },
    /// A text that is a calendar day.
    Date {
        /// Days since 1970-01-01.
        days: i32,
        /// As written.
        text: String,
    },
    /// The text forms of a list's items; items that are lists, objects or null have none.
    List(Vec<String>),
}

impl Value {
    /// What a JSON text becomes.
    pub fn from_text(text: String) -> Self {
        let bytes = text.as_bytes();
        if !matches!(bytes.first(), Some(b'-' | b'0'..=b'9')) {
            return Self::Text(text);
        }
        if decimal::is_digits(bytes) {
            let finite = text.len() < 300 || text.parse::<f64>().is_ok_and(f64::is_finite);
            return if finite { Self::Digits(text) } else { Self::Text(text) };
        }
        match time::parse(&text) {
            Some(Time::Instant(ms)) => Self::Time { ms, text },
            Some(Time::Date(days)) => Self::Date { days, text },
            None => Self::Text(text),
        }
    }

    /// What a JSON value becomes. Null and objects give none: an object is no property, only what it holds.
    pub fn from_json(json: &str) -> Result<Option<Self>, DataError> {
        let mut cursor = Cursor::new(json);
        let value = Self::read(&mut cursor)?;
        cursor.end()?;
        Ok(value)
    }

    fn read(cursor: &mut Cursor<'_>) -> Result<Option<Self>, DataError> {
        Ok(Some(match cursor.token()? {
            Token::Text => Self::from_text(cursor.text()?.into_owned()),
            Token::Number => Self::Number(decimal::plain(cursor.number()?)?.into_owned()),
            Token::True => Self::Bool(true),
            Token::False => Self::Bool(false),
            Token::List => Self::List(read_items(cursor)?),
            Token::Null => return Ok(None),
            Token::Object => {
                cursor.skip()?;
                return Ok(None);
            }
        }))
    }

    /// The kind.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Text(_) => Kind::Text,
            Self::Digits(_) => Kind::Digits,
            Self::Number(_) => Kind::Number,
            Self::Bool(_) => Kind::Bool,
            Self::Time { .. } => Kind::Time,
            Self::Date { .. } => Kind::Date,
            Self::List(_) => Kind::List,
        }
    }

    /// The text form; lists have none.
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text)
            | Self::Digits(text)
            | Self::Number(text)
            | Self::Time { text, .. }
            | Self::Date { text, .. } => Some(text),
            Self::Bool(true) => Some("true"),
            Self::Bool(false) => Some("false"),
            Self::List(_) => None,
        }
    }

    fn digits(&self) -> Option<&str> {
        match self {
            Self::Digits(text) | Self::Number(text) => Some(text),
            _ => None,
        }
    }

    /// The nearest Float64 of a number, or of a text that counts as one.
    pub fn number(&self) -> Option<f64> {
        // Adding zero turns -0 into 0.
        self.digits()?.parse::<f64>().ok().map(|number| number + 0.0)
    }

    /// A number in billionths, as sums take it: digits after the ninth are cut off, 10^29 or more does not count.
    pub fn amount(&self) -> Option<i128> {
        decimal::billionths(self.digits()?)
    }

    /// The instant of a date and time, in Unix milliseconds.
    pub fn time_ms(&self) -> Option<i64> {
        match self {
            Self::Time { ms, .. } => Some(*ms),
            _ => None,
        }
    }

    /// The day of a date alone, counted from 1970-01-01.
    pub fn day(&self) -> Option<i32> {
        match self {
            Self::Date { days, .. } => Some(*days),
            _ => None,
        }
    }

    /// The text forms of a list's items; none for all else.
    pub fn items(&self) -> &[String] {
        match self {
            Self::List(items) => items,
            _ => &[],
        }
    }

    /// One text that holds the value, for a map of texts: the first character says the kind.
    pub fn encode(&self) -> String {
        let mut encoded = String::new();
        self.encode_to(&mut encoded);
        encoded
    }

    /// As [`Value::encode`], at the end of a text.
    pub fn encode_to(&self, out: &mut String) {
        let (tag, text) = match self {
            Self::Text(text) => ('s', text.as_str()),
            Self::Digits(text) => ('q', text.as_str()),
            Self::Number(text) => ('n', text.as_str()),
            Self::Bool(value) => ('b', if *value { "true" } else { "false" }),
            Self::Time { ms, text } => return out.extend(["t", &ms.to_string(), "|", text]),
            Self::Date { days, text } => return out.extend(["d", &days.to_string(), "|", text]),
            // Cannot fail: a list of texts.
            Self::List(items) => return out.extend(["l", &serde_json::to_string(items).unwrap_or_default()]),
        };
        out.push(tag);
        out.push_str(text);
    }

    /// Reads what [`Value::encode`] has written; `None` for any other text.
    pub fn decode(encoded: &str) -> Option<Self> {
        let rest = encoded.get(1..)?;
        Some(match encoded.as_bytes()[0] {
            b's' => Self::Text(rest.to_owned()),
            b'q' => Self::Digits(rest.to_owned()),
            b'n' => Self::Number(rest.to_owned()),
            b'b' => Self::Bool(rest.parse().ok()?),
            b't' => {
                let (ms, text) = rest.split_once('|')?;
                Self::Time { ms: ms.parse().ok()?, text: text.to_owned() }
            }
            b'd' => {
                let (days, text) = rest.split_once('|')?;
                Self::Date { days: days.parse().ok()?, text: text.to_owned() }
            }
            b'l' => Self::List(serde_json::from_str(rest).ok()?),
            _ => return None,
        })
    }
}

fn read_items(cursor: &mut Cursor<'_>) -> Result<Vec<String>, DataError> {
    cursor.expect(b'[')?;
    let mut items = Vec::new();
    let mut first = true;
    while cursor.item(first)? {
        first = false;
        match cursor.token()? {
            Token::Text => items.push(cursor.text()?.into_owned()),
            Token::Number => items.push(decimal::plain(cursor.number()?)?.into_owned()),
            Token::True => items.push("true".to_owned()),
            Token::False => items.push("false".to_owned()),
            Token::Null => {}
            Token::List | Token::Object => cursor.skip()?,
        }
    }
    Ok(items)
}

/// The value of a leaf of an object, for [`crate::flatten`].
pub(crate) fn read_leaf(cursor: &mut Cursor<'_>) -> Result<Option<Value>, DataError> {
    Value::read(cursor)
}
