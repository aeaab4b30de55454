//! Lines of events as nearly all are: each field once, texts without escapes, read in one pass over the line.
//!
//! Whatever is unlike that, and whatever is wrong, is left to `line::event`, which says what is wrong.

use std::borrow::Cow;

use segment_rules::{Value, flatten_first, time};

use super::EventLine;

/// Reads a line, if it is as nearly all are.
pub(super) fn event(line: &str) -> Option<EventLine<'_>> {
    let mut rest = Rest(line);
    let mut texts: [Option<&str>; 5] = [None; 5];
    let mut properties: Option<Vec<(String, Value)>> = None;
    rest.expect(b'{')?;
    loop {
        let key = rest.text()?;
        rest.expect(b':')?;
        let field = match key {
            "account" => 0,
            "id" => 1,
            "profile" => 2,
            "metric" => 3,
            "time" => 4,
            "properties" if properties.is_none() => {
                properties = Some(rest.properties()?);
                if rest.ends_object()? {
                    break;
                }
                continue;
            }
            _ => return None,
        };
        if texts[field].replace(rest.text()?).is_some() {
            return None;
        }
        if rest.ends_object()? {
            break;
        }
    }
    if !rest.skip_blanks().is_empty() {
        return None;
    }
    let [account, id, profile, metric, time] = texts;
    Some(EventLine {
        account: Cow::Borrowed(account?),
        id: Cow::Borrowed(id?),
        profile: Cow::Borrowed(profile?),
        metric: Cow::Borrowed(metric?),
        time_ms: time::event_ms(time?).ok()?,
        properties: properties.unwrap_or_default(),
    })
}

/// What is left of the line.
struct Rest<'a>(&'a str);

impl<'a> Rest<'a> {
    fn skip_blanks(&mut self) -> &'a str {
        self.0 = self.0.trim_start_matches([' ', '\t', '\n', '\r']);
        self.0
    }

    fn expect(&mut self, byte: u8) -> Option<()> {
        let rest = self.skip_blanks();
        (rest.as_bytes().first() == Some(&byte)).then(|| self.0 = &rest[1..])
    }

    /// Whether the object ends here; otherwise another field follows.
    fn ends_object(&mut self) -> Option<bool> {
        if self.expect(b'}').is_some() {
            return Some(true);
        }
        self.expect(b',').map(|()| false)
    }

    /// A text without escapes.
    fn text(&mut self) -> Option<&'a str> {
        self.expect(b'"')?;
        let end = self.0.bytes().position(|byte| matches!(byte, b'"' | b'\\' | 0..=0x1f))?;
        let (text, rest) = self.0.split_at(end);
        self.0 = rest.strip_prefix('"')?;
        Some(text)
    }

    fn properties(&mut self) -> Option<Vec<(String, Value)>> {
        let (properties, end) = flatten_first(self.skip_blanks()).ok()?;
        self.0 = &self.0[end..];
        Some(properties)
    }
}
