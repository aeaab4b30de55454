//! The types of a spec's fields, judged by the shape that the custom resource definition gives them: all that does not fit is
//! told at once, in the words of this project, and serde sees only what fits.

use std::sync::LazyLock;

use segment_crds::shape::{self, Field, Shape};
use serde_json::Value;

use crate::refusal::{At, Problem};

static SPEC: LazyLock<Shape> = LazyLock::new(shape::spec);

/// Every field of a spec that is unknown, missing or of a wrong type.
pub(super) fn problems(spec: &Value) -> Vec<Problem> {
    let mut problems = Vec::new();
    judge(spec, &SPEC, At::root("spec"), &mut problems);
    problems
}

fn judge(value: &Value, shape: &Shape, at: At<'_>, problems: &mut Vec<Problem>) {
    match (shape, value) {
        (Shape::Any, _)
        | (Shape::Text, Value::String(_))
        | (Shape::Flag, Value::Bool(_))
        | (Shape::Number, Value::Number(_)) => {}
        (Shape::Whole, Value::Number(number)) if number.is_i64() => {}
        (Shape::Choice(choices), Value::String(text)) => {
            if !choices.contains(text) {
                let mend = format!("write one of {}", choices.join(", "));
                problems.push(Problem::new(at.to_string(), format!("{text:?} is none of its values"), mend));
            }
        }
        (Shape::List(shape), Value::Array(items)) => {
            for (number, item) in items.iter().enumerate() {
                judge(item, shape, at.index(number), problems);
            }
        }
        (Shape::Object(fields), Value::Object(_)) => judge_fields(value, fields, at, problems),
        _ => problems.push(wrong_type(value, shape, at)),
    }
}

/// A field that is null is as absent: the API server drops it.
fn judge_fields(value: &Value, fields: &[Field], at: At<'_>, problems: &mut Vec<Problem>) {
    for (name, value) in value.as_object().into_iter().flatten() {
        match fields.iter().find(|field| field.name == *name) {
            Some(field) if !value.is_null() => judge(value, &field.shape, at.field(name), problems),
            Some(_) => {}
            None => problems.push(unknown_field(at.field(name).to_string(), &names(fields))),
        }
    }
    for field in fields.iter().filter(|field| field.required && value[field.name.as_str()].is_null()) {
        problems.push(Problem::new(at.field(&field.name).to_string(), "the field is missing", "state it"));
    }
}

/// A field that is none of those that there are.
pub(super) fn unknown_field(path: String, known: &str) -> Problem {
    Problem::new(path, "the field is unknown", format!("remove it; there are {known}"))
}

fn wrong_type(value: &Value, shape: &Shape, at: At<'_>) -> Problem {
    let path = at.to_string();
    let found = match (value, shape) {
        // As a number it may have lost zeros that stand there, and a text would keep them.
        (Value::Number(_), Shape::Text | Shape::Any | Shape::Choice(_)) => "a number".to_owned(),
        (Value::Number(number), _) => number.to_string(),
        (other, _) => type_of(other).to_owned(),
    };
    let (wanted, mend) = match shape {
        Shape::Text | Shape::Any => ("a text", text_mend(value, &path)),
        Shape::Choice(choices) => ("a text", format!("write one of {}", choices.join(", "))),
        Shape::Flag => ("true or false", "write true or false, unquoted".to_owned()),
        Shape::Whole => ("a whole number", whole_mend(value)),
        Shape::Number => ("a number", number_mend(value)),
        Shape::List(_) => ("a list", "write a list, each item with a dash before it".to_owned()),
        Shape::Object(fields) => ("an object", format!("write an object; its fields are {}", names(fields))),
    };
    Problem::new(path, format!("the field is of a wrong type: {found} instead of {wanted}"), mend)
}

pub(super) fn text_mend(value: &Value, path: &str) -> String {
    let last = path.rsplit('.').next().unwrap_or(path);
    let is_scalar = !value.is_array() && !value.is_object();
    let mend = match last {
        "last" | "next" | "olderThan" | "every" | "span" => "write a duration with its unit, such as 30d",
        "from" | "to" if path.contains(".between.") => "write a duration with its unit, such as 30d",
        "within" => "write a distance with its unit, such as 10mi",
        "before" | "after" | "from" | "to" => "write a time, such as 2026-06-15 or 2026-06-15T12:00:00Z",
        _ if value.is_boolean() => "quote it: YAML takes y, yes, on, n, no and off for booleans",
        _ if value.is_number() => "quote it as it is written",
        _ if is_scalar => "quote it",
        _ => "write one text",
    };
    mend.to_owned()
}

fn whole_mend(value: &Value) -> String {
    match value {
        Value::Number(number) if number.as_f64().is_some_and(|number| number.abs() >= 9.2e18) => {
            format!("write at most {}", i64::MAX)
        }
        Value::Number(_) => "write it without a fraction".to_owned(),
        other => number_mend(other),
    }
}

fn number_mend(value: &Value) -> String {
    match value {
        Value::String(text) if text.parse::<f64>().is_ok_and(f64::is_finite) => "write it without quotes".to_owned(),
        _ => "write a number".to_owned(),
    }
}

fn names(fields: &[Field]) -> String {
    fields.iter().map(|field| field.name.as_str()).collect::<Vec<_>>().join(", ")
}

/// What a value is, for messages.
pub(super) fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}
