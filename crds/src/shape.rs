//! The shape of a Segment's spec: which fields there are, of what types, and which are required. It is taken from the schema
//! by which the API server judges, so that whoever reads files by it refuses the same.

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::{JSONSchemaProps, JSONSchemaPropsOrArray};
use kube::CustomResourceExt;

use crate::Segment;

/// What a value has to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shape {
    /// A text.
    Text,
    /// One of these texts.
    Choice(Vec<String>),
    /// True or false.
    Flag,
    /// A whole number.
    Whole,
    /// A number.
    Number,
    /// Anything.
    Any,
    /// A list of such values.
    List(Box<Shape>),
    /// An object with these fields and no others.
    Object(Vec<Field>),
}

/// A field of an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// Its name.
    pub name: String,
    /// Whether it may not be absent.
    pub required: bool,
    /// What its value has to be.
    pub shape: Shape,
}

/// The shape of `spec`.
pub fn spec() -> Shape {
    let definition = Segment::crd();
    let schemas = definition.spec.versions.iter().filter_map(|version| version.schema.as_ref());
    let mut roots = schemas.filter_map(|schema| schema.open_api_v3_schema.as_ref());
    let spec = roots.find_map(|root| root.properties.as_ref()?.get("spec"));
    spec.map_or(Shape::Any, of)
}

fn of(schema: &JSONSchemaProps) -> Shape {
    match schema.type_.as_deref() {
        Some("string") => match &schema.enum_ {
            None => Shape::Text,
            Some(choices) => {
                Shape::Choice(choices.iter().filter_map(|choice| choice.0.as_str()).map(str::to_owned).collect())
            }
        },
        Some("boolean") => Shape::Flag,
        Some("integer") => Shape::Whole,
        Some("number") => Shape::Number,
        Some("array") => Shape::List(Box::new(match &schema.items {
            Some(JSONSchemaPropsOrArray::Schema(items)) => of(items),
            _ => Shape::Any,
        })),
        Some("object") => {
            let is_required = |name| schema.required.iter().flatten().any(|required| required == name);
            let fields = schema.properties.iter().flatten();
            Shape::Object(
                fields
                    .map(|(name, field)| Field { name: name.clone(), required: is_required(name), shape: of(field) })
                    .collect(),
            )
        }
        _ => Shape::Any,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field<'a>(shape: &'a Shape, name: &str) -> &'a Field {
        let Shape::Object(fields) = shape else { panic!("{shape:?} has no fields") };
        fields.iter().find(|field| field.name == name).expect(name)
    }

    #[test]
    fn the_shape_follows_from_the_schema() {
        let spec = spec();
        assert_eq!((field(&spec, "account").required, &field(&spec, "account").shape), (true, &Shape::Text));
        assert_eq!((field(&spec, "suspend").required, &field(&spec, "suspend").shape), (false, &Shape::Flag));
        let Shape::List(criterion) = &field(&spec, "criteria").shape else { panic!("criteria are a list") };
        let event = &field(criterion, "event").shape;
        assert_eq!(field(&field(event, "count").shape, "atLeast").shape, Shape::Whole);
        assert_eq!(field(&field(event, "sum").shape, "atLeast").shape, Shape::Number);
        let window = &field(event, "within").shape;
        assert!(matches!(&field(window, "calendar").shape, Shape::Choice(periods) if periods.len() == 8));
        let property = &field(criterion, "property").shape;
        assert_eq!(field(property, "equals").shape, Shape::Any);
        assert_eq!(field(property, "in").shape, Shape::List(Box::new(Shape::Any)));
    }
}
