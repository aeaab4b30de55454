//! The generated custom resource definitions: they are those that are checked in, small, whole and documented.

use std::path::Path;

use segment_crds::crd::{definitions, generated_files};
use segment_crds::reference::reference;
use serde_json::Value;

/// Calls `visit` with each schema of both definitions, its path and whether it lies below a list.
fn for_each_schema(mut visit: impl FnMut(&Value, &str, bool)) {
    fn walk(schema: &Value, path: &str, below_list: bool, visit: &mut dyn FnMut(&Value, &str, bool)) {
        visit(schema, path, below_list);
        for (name, property) in schema["properties"].as_object().into_iter().flatten() {
            walk(property, &format!("{path}.{name}"), below_list, visit);
        }
        for (keyword, is_list) in [("items", true), ("additionalProperties", false)] {
            if schema[keyword].is_object() {
                walk(&schema[keyword], &format!("{path}[]"), below_list || is_list, visit);
            }
        }
    }
    for definition in definitions() {
        let definition = serde_json::to_value(definition).expect("a definition is JSON");
        let schema = &definition["spec"]["versions"][0]["schema"]["openAPIV3Schema"];
        walk(schema, "", false, &mut visit);
    }
}

#[test]
fn the_files_checked_in_are_those_generated() {
    for file in generated_files().unwrap().into_iter().chain([reference()]) {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(&file.name);
        let checked_in = std::fs::read_to_string(path).unwrap();
        assert!(
            checked_in == file.text,
            "{} is not up to date: run `cargo run -p segment-crds --bin crdgen`",
            file.name
        );
    }
}

#[test]
fn each_file_is_smaller_than_100_kb() {
    for file in generated_files().unwrap() {
        assert!(file.text.len() < 100_000, "{}: {} bytes", file.name, file.text.len());
    }
}

#[test]
fn each_file_says_what_its_definition_says() {
    for (file, definition) in generated_files().unwrap().iter().zip(definitions()) {
        let read: Value = serde_saphyr::from_str(&file.text).unwrap();
        assert_eq!(read, serde_json::to_value(definition).unwrap());
    }
}

#[test]
fn every_property_is_described() {
    for_each_schema(|schema, path, _| {
        for (name, property) in schema["properties"].as_object().into_iter().flatten() {
            let is_top_level = path.is_empty() && (name == "spec" || name == "status");
            assert!(is_top_level || property["description"].is_string(), "{path}.{name}");
        }
    });
}

#[test]
fn no_default_stands_below_a_list() {
    for_each_schema(|schema, path, below_list| {
        assert!(!below_list || schema.get("default").is_none(), "{path}");
    });
}

#[test]
fn every_list_and_text_is_bounded() {
    for_each_schema(|schema, path, _| {
        let is_bounded = match schema["type"].as_str() {
            Some("array") => schema["maxItems"].is_u64() && schema["x-kubernetes-list-type"].is_string(),
            Some("string") => {
                ["maxLength", "pattern", "enum", "format"].iter().any(|bound| schema.get(bound).is_some())
            }
            _ => true,
        };
        assert!(is_bounded, "{path}");
    });
}

#[test]
fn every_property_stands_in_the_reference() {
    let reference = reference().text;
    for_each_schema(|schema, path, _| {
        for (name, _) in schema["properties"].as_object().into_iter().flatten().filter(|_| !path.is_empty()) {
            let rows = [format!("\n| {name} | "), format!("\n| **{name}** | ")];
            assert!(rows.iter().any(|row| reference.contains(row)), "{path}.{name}");
        }
    });
}

#[test]
fn no_category_has_the_name_of_a_resource() {
    // kubectl would take the name for all that is in the category, of which it can watch and wait for nothing.
    let definitions = definitions().map(|definition| definition.spec.names);
    for category in definitions.iter().flat_map(|names| names.categories.iter().flatten()) {
        assert!(definitions.iter().all(|names| names.plural != *category), "{category}");
    }
}

#[test]
fn null_stays_out_of_the_schema() {
    for_each_schema(|schema, path, _| assert!(schema.get("nullable").is_none(), "{path}"));
}
