//! YAML for deeply nested objects: what nests no further stands on one line, `{description: .., type: string}`.
//!
//! A schema's indentation would otherwise be more than half of its file, which has to stay small.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;
use serde_saphyr::{FlowMap, FlowSeq};

/// The text of an object, its keys sorted.
pub(crate) fn text(object: &impl Serialize) -> Result<String, Error> {
    let options = serde_saphyr::ser_options! { prefer_block_scalars: false };
    Ok(serde_saphyr::to_string_with_options(&Node::from(serde_json::to_value(object)?), options)?)
}

/// Why an object has no YAML.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It is no JSON value.
    #[error("cannot turn the object into JSON")]
    Json(#[from] serde_json::Error),
    /// The JSON value cannot be written.
    #[error("cannot write the object as YAML")]
    Yaml(#[from] serde_saphyr::ser::Error),
}

#[derive(Serialize)]
#[serde(untagged)]
enum Node {
    Map(BTreeMap<String, Node>),
    LineMap(FlowMap<BTreeMap<String, Value>>),
    List(Vec<Node>),
    LineList(FlowSeq<Vec<Value>>),
    Scalar(Value),
}

impl From<Value> for Node {
    fn from(value: Value) -> Self {
        match value {
            Value::Object(fields) if fields.values().any(holds_objects) => {
                Self::Map(fields.into_iter().map(|(key, value)| (key, Self::from(value))).collect())
            }
            Value::Object(fields) => Self::LineMap(FlowMap(fields.into_iter().collect())),
            Value::Array(items) if items.iter().any(Value::is_object) => {
                Self::List(items.into_iter().map(Self::from).collect())
            }
            Value::Array(items) => Self::LineList(FlowSeq(items)),
            scalar => Self::Scalar(scalar),
        }
    }
}

fn holds_objects(value: &Value) -> bool {
    value.is_object() || value.as_array().is_some_and(|items| items.iter().any(Value::is_object))
}
