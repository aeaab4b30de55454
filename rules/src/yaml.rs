//! Documents of Segments, read as kubectl reads files: several in one text, YAML 1.1's booleans and numbers, `kind: List`
//! unfolded. JSON is YAML too.

mod compose;
mod scalar;

use std::collections::BTreeMap;

use serde::de::IgnoredAny;
use serde_json::{Map, Value};

use compose::{Content, Item};
use scalar::Scalar;

/// A document of a file.
#[derive(Clone, Debug, PartialEq)]
pub struct Document {
    /// What it holds.
    pub value: Value,
    /// JSON pointers of the numbers that have more digits than Float64 keeps, each with its literal.
    pub lossy_numbers: BTreeMap<String, String>,
}

impl Document {
    /// A document that comes from elsewhere than a file, such as a server that holds numbers as Float64 anyhow.
    pub fn new(value: Value) -> Self {
        Self { value, lossy_numbers: BTreeMap::new() }
    }
}

/// Why a text is no file of documents.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {reason}")]
pub struct YamlError {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong.
    pub reason: String,
}

impl YamlError {
    fn new(line: usize, reason: impl Into<String>) -> Self {
        Self { line, reason: reason.into() }
    }
}

/// All documents of a text. Empty ones are skipped; one that is no object is an error.
pub fn documents(text: &str) -> Result<Vec<Document>, YamlError> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut documents = Vec::new();
    let (mut start, mut lines_before) = (0, 0);
    for end in json_ends(text).unwrap_or_else(|| vec![text.len()]) {
        let part = &text[start..end];
        let within = |error: YamlError| YamlError { line: error.line + lines_before, ..error };
        for root in compose::compose(part).map_err(within)? {
            unfold(&root, &mut documents).map_err(within)?;
        }
        lines_before += part.matches('\n').count();
        start = end;
    }
    Ok(documents)
}

/// Where each JSON value ends, if the text is nothing but such values one after the other, the first an object.
fn json_ends(text: &str) -> Option<Vec<usize>> {
    if !text.trim_start().starts_with('{') {
        return None;
    }
    let mut values = serde_json::Deserializer::from_str(text).into_iter::<IgnoredAny>();
    let mut ends = Vec::new();
    while let Some(value) = values.next() {
        value.ok()?;
        ends.push(values.byte_offset());
    }
    Some(ends)
}

fn unfold(item: &Item, documents: &mut Vec<Document>) -> Result<(), YamlError> {
    let Content::Map(fields) = &item.content else {
        return match &item.content {
            Content::Scalar(Scalar { value: Value::Null, .. }) => Ok(()),
            _ => Err(YamlError::new(item.line, "this document is no object")),
        };
    };
    let field = |name: &str| fields.iter().find(|field| field.0 == name).map(|field| &field.1.content);
    if let (Some(Content::Scalar(Scalar { value: Value::String(kind), .. })), Some(Content::List(items))) =
        (field("kind"), field("items"))
        && kind.ends_with("List")
    {
        return items.iter().try_for_each(|item| unfold(item, documents));
    }
    let mut document = Document::new(Value::Null);
    document.value = to_json(item, "", &mut document.lossy_numbers);
    documents.push(document);
    Ok(())
}

fn to_json(item: &Item, pointer: &str, lossy_numbers: &mut BTreeMap<String, String>) -> Value {
    match &item.content {
        Content::Scalar(Scalar { value, lossy }) => {
            if let Some(literal) = lossy {
                lossy_numbers.insert(pointer.to_owned(), literal.clone());
            }
            value.clone()
        }
        Content::List(items) => {
            let mut value = |(at, item): (usize, &Item)| to_json(item, &format!("{pointer}/{at}"), lossy_numbers);
            Value::Array(items.iter().enumerate().map(&mut value).collect())
        }
        Content::Map(fields) => {
            let mut map = Map::new();
            for (key, item) in fields {
                let step = key.replace('~', "~0").replace('/', "~1");
                map.insert(key.clone(), to_json(item, &format!("{pointer}/{step}"), lossy_numbers));
            }
            Value::Object(map)
        }
    }
}
