//! The rules in the schema refuse what they are there for, and nothing else. They run here without an API server;
//! `tests/crd-validation` has the API server's own code judge the rules themselves.

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::CustomResourceExt;
use kube::core::cel::Validator;
use segment_crds::{Segment, SegmentStore};
use serde_json::{Value, json};

fn refusals(definition: &CustomResourceDefinition, object: &Value, old: Option<&Value>) -> String {
    let definition = serde_json::to_value(definition).unwrap();
    let schema = &definition["spec"]["versions"][0]["schema"]["openAPIV3Schema"];
    match Validator::new().validate(schema, object, old) {
        Ok(()) => String::new(),
        Err(errors) => errors.to_string(),
    }
}

fn segment(spec: &str) -> Value {
    let mut spec: Value = serde_saphyr::from_str(spec).unwrap();
    spec["storeRef"] = json!({"name": "main"});
    json!({"metadata": {"name": "s"}, "spec": spec})
}

fn check_accepted(spec: &str) {
    assert_eq!(refusals(&Segment::crd(), &segment(spec), None), "", "{spec}");
}

fn check_refused(spec: &str, message: &str) {
    let refusals = refusals(&Segment::crd(), &segment(spec), None);
    assert!(refusals.contains(message), "{spec}: {refusals}");
}

fn criterion_of(kind: &str) -> String {
    format!("{{account: a, criteria: [{{name: c, {kind}}}]}}")
}
