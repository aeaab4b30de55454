//! Documents of Segments, read as kubectl reads files: several in one text, YAML 1.1's booleans and numbers, `kind: List`
//! unfolded. JSON is YAML too.

mod compose;
mod scalar;

use serde_json::{Map, Value};

use compose::{Content, Item};

/// A document of a file.
#[derive(Clone, Debug, PartialEq)]
pub struct Document {
    /// What it holds.
    pub value: Value,
    /// JSON pointers of the numbers that have more digits than Float64 keeps.
    pub lossy_numbers: Vec<String>,
}

impl Document {
    /// A document that comes from elsewhere than a file, such as a server that holds numbers as Float64 anyhow.
    pub fn new(value: Value) -> Self {
        Self { value, lossy_numbers: Vec::new() }
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
    let mut documents = Vec::new();
    for root in compose::compose(text)? {
        unfold(&root, &mut documents)?;
    }
    Ok(documents)
}

fn unfold(item: &Item, documents: &mut Vec<Document>) -> Result<(), YamlError> {
    let Content::Map(fields) = &item.content else {
        return match &item.content {
            Content::Scalar(Value::Null, _) => Ok(()),
            _ => Err(YamlError::new(item.line, "this document is no object")),
        };
    };
    let field = |name: &str| fields.iter().find(|field| field.0 == name).map(|field| &field.1.content);
    if let (Some(Content::Scalar(Value::String(kind), _)), Some(Content::List(items))) = (field("kind"), field("items"))
        && kind.ends_with("List")
    {
        return items.iter().try_for_each(|item| unfold(item, documents));
    }
    let mut document = Document::new(Value::Null);
    document.value = to_json(item, "", &mut document.lossy_numbers);
    documents.push(document);
    Ok(())
}

fn to_json(item: &Item, pointer: &str, lossy_numbers: &mut Vec<String>) -> Value {
    match &item.content {
        Content::Scalar(value, lossy) => {
            if *lossy {
                lossy_numbers.push(pointer.to_owned());
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
