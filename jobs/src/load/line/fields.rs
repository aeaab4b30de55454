//! The fields of a JSON object as pieces of the line, and texts among them.

use std::{borrow::Cow, fmt, marker::PhantomData};

use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
};
use serde_json::value::RawValue;

/// The JSON text of a field, if the line has it.
pub(super) type Field<'a> = Option<&'a RawValue>;

/// Hands out the fields of an object in their order.
pub(super) fn read_object<'a, K: Deserialize<'a>>(
    json: &'a str,
    each: impl FnMut(K, &'a RawValue),
) -> Result<(), String> {
    struct Fields<K, F>(F, PhantomData<K>);

    impl<'de, K: Deserialize<'de>, F: FnMut(K, &'de RawValue)> Visitor<'de> for Fields<K, F> {
        type Value = ();

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object")
        }

        fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<(), A::Error> {
            while let Some(key) = map.next_key()? {
                (self.0)(key, map.next_value()?);
            }
            Ok(())
        }
    }

    let mut deserializer = serde_json::Deserializer::from_str(json);
    let read = deserializer.deserialize_any(Fields(each, PhantomData)).and_then(|()| deserializer.end());
    read.map_err(|error| {
        if json.starts_with('\u{feff}') {
            return "the line begins with a byte order mark; write the file without one".to_owned();
        }
        let text = error.to_string();
        match text.rsplit_once(" at line ") {
            Some((reason, _)) => format!("{reason} at column {}", error.column()),
            None => text,
        }
    })
}

/// A field that is there and not null.
pub(super) fn given(field: Field<'_>) -> Option<&str> {
    field.map(RawValue::get).filter(|json| *json != "null")
}

pub(super) fn text<'a>(field: Field<'a>, name: &str) -> Result<Cow<'a, str>, String> {
    let json = given(field).ok_or_else(|| format!("`{name}` is missing"))?;
    read_text(json).ok_or_else(|| format!("`{name}` is no text: {}", short(json)))
}

pub(super) fn read_text(json: &str) -> Option<Cow<'_, str>> {
    let inner = json.strip_prefix('"')?.strip_suffix('"')?;
    if inner.contains('\\') { serde_json::from_str(json).ok().map(Cow::Owned) } else { Some(Cow::Borrowed(inner)) }
}

/// A value for a message.
pub(super) fn short(json: &str) -> String {
    match json.char_indices().nth(60) {
        Some((end, _)) => format!("{} ..", &json[..end]),
        None => json.to_owned(),
    }
}

/// A key that is borrowed if it has no escapes.
#[derive(Deserialize)]
pub(super) struct Text<'a>(#[serde(borrow)] pub(super) Cow<'a, str>);
