//! The fields of a document: which there are, and of what types.

use std::collections::BTreeMap;

use segment_crds::SegmentSpec;
use serde::Deserialize as _;
use serde_json::Value;

use crate::refusal::Problem;
use crate::yaml::Document;

use super::{ObjectName, shape};

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
            let path = format!("metadata.{field}");
            let of = metadata["name"].as_str().map_or_else(String::new, |name| format!(", in the Segment {name}"));
            let mend = shape::text_mend(other, &path);
            Err(Problem::new(path, format!("{} instead of a text{of}", shape::type_of(other)), mend))
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
        fields.map(|field| shape::unknown_field(format!("{prefix}{field}"), &known.join(", "))).collect()
    };
    let mut problems = unknown(value, "", &ROOT_FIELDS);
    problems.extend(unknown(&value["metadata"], "metadata.", &METADATA_FIELDS));
    problems
}

/// The numbers that Float64 does not keep, by path.
pub(super) fn lossy_numbers(document: &Document) -> BTreeMap<String, String> {
    document.lossy_numbers.iter().map(|(pointer, literal)| (dotted(pointer), literal.clone())).collect()
}

/// The paths of those in tests, which compare texts.
pub(super) fn lossy_values(numbers: &BTreeMap<String, String>) -> impl Iterator<Item = String> {
    let in_test = |path: &&String| {
        let mut steps = path.rsplit('.');
        let (last, parent) = (steps.next().unwrap_or(""), steps.next().unwrap_or(""));
        last == "hasItem" || last.starts_with("in[") || (last == "equals" && !AGGREGATES.contains(&parent))
    };
    numbers.keys().filter(in_test).cloned()
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

/// The spec by its types, or all that does not fit.
pub(super) fn spec(value: &Value) -> Result<SegmentSpec, Vec<Problem>> {
    let Some(spec) = value.get("spec").filter(|spec| !spec.is_null()) else {
        let mend = "state storeRef, account, criteria and match in it";
        return Err(vec![Problem::new("spec", "the field is missing", mend)]);
    };
    let problems = shape::problems(spec);
    if !problems.is_empty() {
        return Err(problems);
    }
    // What fits the shape can be read.
    SegmentSpec::deserialize(spec)
        .map_err(|error| vec![Problem::new("spec", error.to_string(), "write values of the fields' types")])
}
