//! A cursor over JSON text that hands out number literals as text and builds no tree.
//!
//! It is on the path of every event that arrives, therefore it borrows from the line wherever it can. It checks the
//! whole grammar, so it may be given text that nobody has checked before.

use std::borrow::Cow;

use crate::data_error::DataError;

/// What begins at the cursor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Token {
    Object,
    List,
    Text,
    Number,
    True,
    False,
    Null,
}

/// A place in a JSON text.
pub(crate) struct Cursor<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Cursor<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    /// How much of the text is behind the cursor.
    pub(crate) fn at(&self) -> usize {
        self.at
    }

    fn error(&self, what: &str) -> DataError {
        DataError::new(format!("this is no JSON: {what} at byte {}", self.at))
    }

    fn byte(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn skip_blanks(&mut self) {
        while matches!(self.byte(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    /// Steps over a character, if it is next.
    pub(crate) fn take(&mut self, character: u8) -> bool {
        self.skip_blanks();
        let found = self.byte() == Some(character);
        self.at += usize::from(found);
        found
    }

    /// Steps over a character that has to be next.
    pub(crate) fn expect(&mut self, character: u8) -> Result<(), DataError> {
        if self.take(character) { Ok(()) } else { Err(self.error(&format!("`{}` is missing", char::from(character)))) }
    }

    /// Refuses anything but blanks up to the end.
    pub(crate) fn end(&mut self) -> Result<(), DataError> {
        self.skip_blanks();
        if self.at == self.text.len() { Ok(()) } else { Err(self.error("more text follows")) }
    }

    /// What comes next. Words are stepped over, all else is left to be read.
    pub(crate) fn token(&mut self) -> Result<Token, DataError> {
        self.skip_blanks();
        match self.byte() {
            Some(b'{') => Ok(Token::Object),
            Some(b'[') => Ok(Token::List),
            Some(b'"') => Ok(Token::Text),
            Some(b'-' | b'0'..=b'9') => Ok(Token::Number),
            Some(b't') => self.word("true", Token::True),
            Some(b'f') => self.word("false", Token::False),
            Some(b'n') => self.word("null", Token::Null),
            _ => Err(self.error("a value is missing")),
        }
    }

    fn word(&mut self, word: &str, token: Token) -> Result<Token, DataError> {
        if !self.text[self.at..].starts_with(word) {
            return Err(self.error("unknown word"));
        }
        self.at += word.len();
        Ok(token)
    }

    /// The next key of an object and the colon after it, or `None` after the object's closing brace.
    pub(crate) fn key(&mut self, first: bool) -> Result<Option<Cow<'a, str>>, DataError> {
        if self.take(b'}') {
            return Ok(None);
        }
        if !first {
            self.expect(b',')?;
        }
        let key = self.text()?;
        self.expect(b':')?;
        Ok(Some(key))
    }

    /// Whether a list has a next item; `false` after its closing bracket.
    pub(crate) fn item(&mut self, first: bool) -> Result<bool, DataError> {
        if self.take(b']') {
            return Ok(false);
        }
        if !first {
            self.expect(b',')?;
        }
        Ok(true)
    }

    /// A text in quotes.
    pub(crate) fn text(&mut self) -> Result<Cow<'a, str>, DataError> {
        self.expect(b'"')?;
        let start = self.at;
        self.skip_plain();
        match self.byte() {
            Some(b'"') => {
                self.at += 1;
                Ok(Cow::Borrowed(&self.text[start..self.at - 1]))
            }
            Some(b'\\') => self.escaped_text(start).map(Cow::Owned),
            Some(_) => Err(self.error("a control character in a text")),
            None => Err(self.error("a text without end")),
        }
    }

    /// Steps over all that stands for itself in a text.
    fn skip_plain(&mut self) {
        let rest = &self.text.as_bytes()[self.at..];
        let plain = rest.iter().position(|byte| matches!(byte, b'"' | b'\\' | 0..=0x1f));
        self.at += plain.unwrap_or(rest.len());
    }

    fn escaped_text(&mut self, start: usize) -> Result<String, DataError> {
        let mut text = self.text[start..self.at].to_owned();
        loop {
            let plain_from = self.at;
            self.skip_plain();
            text.push_str(&self.text[plain_from..self.at]);
            match self.byte() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(text);
                }
                Some(b'\\') => {
                    self.at += 1;
                    text.push(self.escape()?);
                }
                Some(_) => return Err(self.error("a control character in a text")),
                None => return Err(self.error("a text without end")),
            }
        }
    }

    fn escape(&mut self) -> Result<char, DataError> {
        let character = match self.byte() {
            Some(plain @ (b'"' | b'\\' | b'/')) => char::from(plain),
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => {
                self.at += 1;
                return self.unicode_escape();
            }
            _ => return Err(self.error("an unknown escape")),
        };
        self.at += 1;
        Ok(character)
    }

    fn unicode_escape(&mut self) -> Result<char, DataError> {
        let unit = self.four_digits()?;
        let code = match unit {
            0xD800..=0xDBFF if self.text[self.at..].starts_with("\\u") => {
                self.at += 2;
                let low = self.four_digits()?;
                if !(0xDC00..=0xDFFF).contains(&low) {
                    return Err(self.error("half a surrogate pair"));
                }
                0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00)
            }
            _ => unit,
        };
        char::from_u32(code).ok_or_else(|| self.error("half a surrogate pair"))
    }

    fn four_digits(&mut self) -> Result<u32, DataError> {
        let mut unit = 0;
        for _ in 0..4 {
            let digit = self.byte().and_then(|byte| char::from(byte).to_digit(16));
            unit = unit * 16 + digit.ok_or_else(|| self.error("a bad \\u escape"))?;
            self.at += 1;
        }
        Ok(unit)
    }

    fn digits(&mut self) -> usize {
        let start = self.at;
        while matches!(self.byte(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        self.at - start
    }

    /// A number as it is written. One beyond Float64 is bad data.
    pub(crate) fn number(&mut self) -> Result<&'a str, DataError> {
        let start = self.at;
        self.at += usize::from(self.byte() == Some(b'-'));
        let leading_zero = self.byte() == Some(b'0');
        let whole = self.digits();
        if whole == 0 || (leading_zero && whole > 1) {
            return Err(self.error("a bad number"));
        }
        let mut exponent = false;
        if self.byte() == Some(b'.') {
            self.at += 1;
            if self.digits() == 0 {
                return Err(self.error("a bad number"));
            }
        }
        if matches!(self.byte(), Some(b'e' | b'E')) {
            exponent = true;
            self.at += 1;
            self.at += usize::from(matches!(self.byte(), Some(b'+' | b'-')));
            if self.digits() == 0 {
                return Err(self.error("a bad number"));
            }
        }
        let literal = &self.text[start..self.at];
        if (exponent || whole > 300) && !literal.parse::<f64>().is_ok_and(f64::is_finite) {
            return Err(DataError::new(format!("the number {} is beyond Float64", abridged(literal))));
        }
        Ok(literal)
    }

    /// Steps over a value of any kind and depth, checking its grammar and its numbers.
    pub(crate) fn skip(&mut self) -> Result<(), DataError> {
        // `true` for each object, `false` for each list that is open, with whether it has an entry yet.
        let mut open: Vec<(bool, bool)> = Vec::new();
        loop {
            match self.token()? {
                Token::Text => drop(self.text()?),
                Token::Number => drop(self.number()?.is_empty()),
                Token::Object => {
                    self.at += 1;
                    open.push((true, false));
                }
                Token::List => {
                    self.at += 1;
                    open.push((false, false));
                }
                Token::True | Token::False | Token::Null => {}
            }
            loop {
                let Some((object, begun)) = open.last_mut() else { return Ok(()) };
                let first = !std::mem::replace(begun, true);
                let more = if *object { self.key(first)?.is_some() } else { self.item(first)? };
                if more {
                    break;
                }
                open.pop();
            }
        }
    }
}

/// A literal that fits into a message.
pub(crate) fn abridged(literal: &str) -> Cow<'_, str> {
    match literal.char_indices().nth(40) {
        None => Cow::Borrowed(literal),
        Some((end, _)) => Cow::Owned(format!("{}...", &literal[..end])),
    }
}
