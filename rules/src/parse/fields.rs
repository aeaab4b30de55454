//! The fields of a document: which there are, and of what types.

use segment_crds::SegmentSpec;
use serde::Deserialize as _;
use serde_json::Value;

use crate::refusal::Problem;

use super::ObjectName;

/// The fields of an object of this kind.
const ROOT_FIELDS: [&str; 5] = ["apiVersion", "kind", "metadata", "spec", "status"];

/// The fields of Kubernetes' metadata.
const METADATA_FIELDS: [&str; 15] = [
    "annotations",
    "creationTimestamp",
    "deletionGracePeriodSeconds",
    "deletionTimestamp",
    "finalizers",
    "generateName",
    "generation",
    "labels",
    "managedFields",
    "name",
    "namespace",
    "ownerReferences",
    "resourceVersion",
    "selfLink",
    "uid",
];

/// Aggregates whose bounds are numbers whatever their digits.
const AGGREGATES: [&str; 6] = ["count", "sum", "average", "min", "max", "distinctDays"];

/// The namespace of objects that state none, as for kubectl.
const DEFAULT_NAMESPACE: &str = "default";

/// How the object is called.
pub(super) fn object_name(value: &Value) -> Result<ObjectName, Problem> {
    let metadata = &value["metadata"];
    let text = |field: &str| match &metadata[field] {
        Value::Null => Ok(None),
        Value::String(text) => Ok(Some(text.clone())),
        other => {
            Err(Problem::new(format!("metadata.{field}"), format!("{} instead of a text", type_of(other)), "quote it"))
        }
    };
    let name = text("name")?.filter(|name| !name.is_empty());
    let name = name.ok_or_else(|| Problem::new("metadata.name", "the Segment has no name", "give it one"))?;
    let namespace = text("namespace")?.filter(|namespace| !namespace.is_empty());
    Ok(ObjectName { namespace: namespace.unwrap_or_else(|| DEFAULT_NAMESPACE.to_owned()), name })
}

/// Fields outside `spec` that no Segment has.
pub(super) fn unknown_fields(value: &Value) -> Vec<Problem> {
    let unknown = |parent: &Value, prefix: &str, known: &[&str]| -> Vec<Problem> {
        let fields = parent.as_object().into_iter().flatten().map(|field| field.0);
        let fields = fields.filter(|field| !known.contains(&field.as_str()));
        fields.map(|field| unknown_field(&format!("{prefix}{field}"), known)).collect()
    };
    let mut problems = unknown(value, "", &ROOT_FIELDS);
    problems.extend(unknown(&value["metadata"], "metadata.", &METADATA_FIELDS));
    problems
}

fn unknown_field(path: &str, known: &[&str]) -> Problem {
    Problem::new(path, "the field is unknown", format!("remove it; there are {}", known.join(", ")))
}

/// The paths of values in tests that Float64 does not keep, from JSON pointers of numbers.
pub(super) fn lossy_values(pointers: &[String]) -> impl Iterator<Item = String> {
    let in_test = |pointer: &&String| {
        let mut steps = pointer.rsplit('/');
        let (last, parent) = (steps.next().unwrap_or(""), steps.next().unwrap_or(""));
        let compared = last == "hasItem" || (last == "equals" && !AGGREGATES.contains(&parent));
        compared || (parent == "in" && last.bytes().all(|byte| byte.is_ascii_digit()))
    };
    pointers.iter().filter(in_test).map(|pointer| dotted(pointer))
}

/// `/spec/criteria/0/property` as `spec.criteria[0].property`.
fn dotted(pointer: &str) -> String {
    let mut path = String::new();
    for step in pointer.split('/').skip(1) {
        let step = step.replace("~1", "/").replace("~0", "~");
        if !step.is_empty() && step.bytes().all(|byte| byte.is_ascii_digit()) {
            path = format!("{path}[{step}]");
        } else if path.is_empty() {
            path = step;
        } else {
            path = format!("{path}.{step}");
        }
    }
    path
}

/// The spec by its types: the first field that does not fit is the problem.
pub(super) fn spec(value: &Value) -> Result<SegmentSpec, Problem> {
    let Some(spec) = value.get("spec").filter(|spec| !spec.is_null()) else {
        return Err(Problem::new("spec", "the field is missing", "state storeRef, account, criteria and match in it"));
    };
    let mut track = serde_path_to_error::Track::new();
    let deserializer = serde_path_to_error::Deserializer::new(spec, &mut track);
    SegmentSpec::deserialize(deserializer).map_err(|error| {
        let inner = track.path().to_string();
        type_problem(&inner, &error.to_string())
    })
}

/// What serde says, in the words of this project.
fn type_problem(inner: &str, error: &str) -> Problem {
    let at = if inner.is_empty() || inner == "." { "spec".to_owned() } else { format!("spec.{inner}") };
    if let Some(rest) = error.strip_prefix("unknown field `")
        && let Some((field, expected)) = rest.split_once('`')
    {
        let path = if at.rsplit('.').next() == Some(field) { at } else { format!("{at}.{field}") };
        let known = expected.trim_start_matches([',', ' ']).trim_start_matches("expected").trim();
        let known = known.trim_start_matches("one of").replace('`', "");
        return Problem::new(path, "the field is unknown", format!("remove it; there are {}", known.trim()));
    }
    if let Some(field) = error.strip_prefix("missing field `").and_then(|rest| rest.strip_suffix('`')) {
        return Problem::new(format!("{at}.{field}"), "the field is missing", "state it");
    }
    let mend = if error.contains("expected a string") || error.ends_with("expected string") {
        if error.contains("boolean") {
            "quote it: YAML takes y, yes, on, n, no and off for booleans"
        } else {
            "quote it"
        }
    } else {
        "write a value of the field's type"
    };
    Problem::new(at, format!("the field is of a wrong type: {error}"), mend)
}

fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}
