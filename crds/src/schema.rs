//! What the derive macros cannot say about a schema, as functions that the fields' attributes name.

use schemars::{Schema, SchemaGenerator, json_schema};
use serde_json::{Value, json};

/// The tests that stand alone; the bounds of a number count as one together.
const TESTS: [&str; 12] = [
    "equals",
    "in",
    "contains",
    "startsWith",
    "endsWith",
    "matches",
    "before",
    "after",
    "within",
    "anniversary",
    "hasItem",
    "exists",
];

/// Demands exactly one test. CEL cannot: it does not see fields of any type, such as `equals`.
pub(crate) fn exactly_one_test(schema: &mut Schema) {
    let bounds = ["atLeast", "above", "atMost", "below"].map(required);
    let range = json!({"anyOf": bounds});
    let one_of: Vec<Value> = TESTS.map(required).into_iter().chain([range]).collect();
    schema.insert("oneOf".to_owned(), one_of.into());
}

fn required(field: &str) -> Value {
    json!({"required": [field]})
}

/// A flag that can only be set: its absence says the rest.
pub(crate) fn only_true(schema: &mut Schema) {
    schema.insert("enum".to_owned(), json!([true]));
}

/// A list of texts, numbers and booleans.
pub(crate) fn values(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "array",
        "items": {"x-kubernetes-preserve-unknown-fields": true},
        "x-kubernetes-list-type": "atomic",
    })
}

/// The conditions of an object, with the limits of metav1.Condition, which the Rust type's own schema lacks.
pub(crate) fn conditions(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "array",
        "maxItems": 16,
        "items": {
            "type": "object",
            "description": "One aspect of the object's state, as the operator last saw it.",
            "required": ["lastTransitionTime", "message", "reason", "status", "type"],
            "properties": {
                "lastTransitionTime": {
                    "description": "When the status last changed.",
                    "type": "string",
                    "format": "date-time",
                },
                "message": {
                    "description": "What a person should know about it; may be empty.",
                    "type": "string",
                    "maxLength": 32768,
                },
                "observedGeneration": {
                    "description": "The metadata.generation that the condition speaks of.",
                    "type": "integer",
                    "format": "int64",
                    "minimum": 0,
                },
                "reason": {
                    "description": "Why the condition has its status, as one CamelCase word.",
                    "type": "string",
                    "minLength": 1,
                    "maxLength": 1024,
                    "pattern": "^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$",
                },
                "status": {
                    "description": "True, False or Unknown.",
                    "type": "string",
                    "enum": ["True", "False", "Unknown"],
                },
                "type": {
                    "description": "The kind of condition.",
                    "type": "string",
                    "maxLength": 316,
                    "pattern": "^([a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*/)?(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])$",
                },
            },
        },
        "x-kubernetes-list-type": "map",
        "x-kubernetes-list-map-keys": ["type"],
    })
}

/// Labels and their values.
pub(crate) fn labels(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "object",
        "maxProperties": 64,
        "additionalProperties": {"type": "string", "maxLength": 63},
    })
}
