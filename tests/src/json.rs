//! A JSON tree that keeps a number as it was written and an object's keys in their order, doubles included.
//! `serde_json` would read 123456789.123456789123 as a Float64, and the language asks for the text of the number.

use std::fmt;

/// One JSON value.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Json {
    /// `null`
    Null,
    /// `true`, `false`
    Bool(bool),
    /// A number, as written.
    Number(String),
    /// A text, unescaped.
    Text(String),
    /// A list.
    List(Vec<Json>),
    /// An object: keys in the order of the text.
    Object(Vec<(String, Json)>),
}

impl Json {
    /// Reads one value that is the whole of `text`.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut reader = Reader { text, at: 0 };
        let value = reader.value()?;
        reader.blanks();
        if reader.at == text.len() { Ok(value) } else { Err(reader.wrong("more text after the value")) }
    }

    /// A text.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    /// A number from its text.
    pub fn number(literal: &(impl ToString + ?Sized)) -> Self {
        Self::Number(literal.to_string())
    }

    /// An object from its parts.
    pub fn object<const N: usize>(fields: [(&str, Json); N]) -> Self {
        Self::Object(fields.into_iter().map(|(key, value)| (key.to_owned(), value)).collect())
    }

    /// The value of a key (the last one of that name); `null` is as absent.
    pub fn get(&self, key: &str) -> Option<&Json> {
        match self {
            Self::Object(fields) => fields
                .iter()
                .rev()
                .find(|field| field.0 == key)
                .map(|field| &field.1)
                .filter(|value| **value != Self::Null),
            _ => None,
        }
    }

    /// Puts a value in the place of `key`, or at the end.
    pub fn set(&mut self, key: &str, value: Json) {
        if let Self::Object(fields) = self {
            match fields.iter_mut().find(|field| field.0 == key) {
                Some(field) => field.1 = value,
                None => fields.push((key.to_owned(), value)),
            }
        }
    }

    /// The text of a text.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The items of a list.
    pub fn as_list(&self) -> Option<&[Json]> {
        match self {
            Self::List(items) => Some(items),
            _ => None,
        }
    }

    /// The fields of an object.
    pub fn fields(&self) -> &[(String, Json)] {
        match self {
            Self::Object(fields) => fields,
            _ => &[],
        }
    }
}

/// Writes on one line; what YAML does not print (and so may not stand bare in a YAML document) is escaped.
impl fmt::Display for Json {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => out.write_str("null"),
            Self::Bool(bool) => write!(out, "{bool}"),
            Self::Number(literal) => out.write_str(literal),
            Self::Text(text) => write_text(out, text),
            Self::List(items) => {
                out.write_str("[")?;
                for (index, item) in items.iter().enumerate() {
                    write!(out, "{}{item}", if index == 0 { "" } else { "," })?;
                }
                out.write_str("]")
            }
            Self::Object(fields) => {
                out.write_str("{")?;
                for (index, (key, value)) in fields.iter().enumerate() {
                    out.write_str(if index == 0 { "" } else { "," })?;
                    write_text(out, key)?;
                    write!(out, ": {value}")?;
                }
                out.write_str("}")
            }
        }
    }
}

fn write_text(out: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    out.write_str("\"")?;
    for letter in text.chars() {
        match letter {
            '"' => out.write_str("\\\"")?,
            '\\' => out.write_str("\\\\")?,
            '\0'..='\u{1f}' | '\u{7f}'..='\u{9f}' | '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}' => {
                write!(out, "\\u{:04x}", u32::from(letter))?;
            }
            _ => write!(out, "{letter}")?,
        }
    }
    out.write_str("\"")
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl Reader<'_> {
    fn wrong(&self, what: &str) -> String {
        format!("{what} at byte {}", self.at)
    }

    fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    fn blanks(&mut self) {
        self.at += self.rest().len() - self.rest().trim_start_matches([' ', '\t', '\n', '\r']).len();
    }

    fn eat(&mut self, part: &str) -> bool {
        let here = self.rest().starts_with(part);
        self.at += if here { part.len() } else { 0 };
        here
    }

    fn value(&mut self) -> Result<Json, String> {
        self.blanks();
        match self.rest().chars().next() {
            Some('{') => self.members(),
            Some('[') => self.items(),
            Some('"') => self.string().map(Json::Text),
            Some('-' | '0'..='9') => self.literal(),
            _ if self.eat("null") => Ok(Json::Null),
            _ if self.eat("true") => Ok(Json::Bool(true)),
            _ if self.eat("false") => Ok(Json::Bool(false)),
            _ => Err(self.wrong("no value")),
        }
    }

    fn members(&mut self) -> Result<Json, String> {
        self.at += 1;
        let mut fields = Vec::new();
        self.blanks();
        if self.eat("}") {
            return Ok(Json::Object(fields));
        }
        loop {
            self.blanks();
            if !self.rest().starts_with('"') {
                return Err(self.wrong("no key"));
            }
            let key = self.string()?;
            self.blanks();
            if !self.eat(":") {
                return Err(self.wrong("no colon"));
            }
            fields.push((key, self.value()?));
            self.blanks();
            if self.eat("}") {
                return Ok(Json::Object(fields));
            }
            if !self.eat(",") {
                return Err(self.wrong("no comma"));
            }
        }
    }

    fn items(&mut self) -> Result<Json, String> {
        self.at += 1;
        let mut items = Vec::new();
        self.blanks();
        if self.eat("]") {
            return Ok(Json::List(items));
        }
        loop {
            items.push(self.value()?);
            self.blanks();
            if self.eat("]") {
                return Ok(Json::List(items));
            }
            if !self.eat(",") {
                return Err(self.wrong("no comma"));
            }
        }
    }

    /// Texts have rules of their own for escapes and pairs of surrogates, which `serde_json` reads without loss.
    fn string(&mut self) -> Result<String, String> {
        let mut escaped = false;
        for (index, byte) in self.rest().bytes().enumerate().skip(1) {
            match byte {
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b'"' => {
                    let text =
                        serde_json::from_str(&self.rest()[..=index]).map_err(|error| self.wrong(&error.to_string()))?;
                    self.at += index + 1;
                    return Ok(text);
                }
                _ => {}
            }
        }
        Err(self.wrong("a text without an end"))
    }

    fn literal(&mut self) -> Result<Json, String> {
        let rest = self.rest();
        let end =
            rest.find(|letter: char| !matches!(letter, '0'..='9' | '-' | '+' | '.' | 'e' | 'E')).unwrap_or(rest.len());
        let literal = rest[..end].to_owned();
        if !is_number(&literal) {
            return Err(self.wrong("no number"));
        }
        self.at += end;
        Ok(Json::Number(literal))
    }
}

/// JSON's grammar of a number.
fn is_number(literal: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let unsigned = literal.strip_prefix('-').unwrap_or(literal);
    let (mantissa, exponent) = unsigned.split_once(['e', 'E']).unwrap_or((unsigned, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, "0"));
    digits(whole)
        && (whole == "0" || !whole.starts_with('0'))
        && digits(fraction)
        && digits(exponent.strip_prefix(['+', '-']).unwrap_or(exponent))
}

#[cfg(test)]
mod tests {
    use super::Json;

    #[test]
    fn numbers_stay_as_they_were_written() {
        let text = r#"{"a": [1e3,-0,2.0,123456789.123456789123],"b": "\u0000\"é"}"#;
        assert_eq!(Json::parse(text).map(|json| json.to_string()), Ok(text.to_owned()));
    }

    #[test]
    fn what_is_no_json_is_refused() {
        for text in ["", "01", "1.", ".5", "+1", "nul", "{a: 1}", "[1,]", "\"", "1 2", "NaN", "--1"] {
            assert!(Json::parse(text).is_err(), "{text}");
        }
    }
}
