//! From a document to a parsed Segment: its fields judged one by one, its criteria canonical, its match an expression.

mod fields;
mod names;
mod shape;

use std::collections::{BTreeMap, HashMap};

use segment_crds::{Criterion as Written, SegmentSpec};
use serde_json::Value;

use crate::canonicalize::{CanonicalExpression, Canonicalizer, LOSSY_MEND, LOSSY_REASON, Leaf};
use crate::expression::{self, CEL_KEYWORDS, Expression};
use crate::refusal::{At, Problem};
use crate::yaml::Document;
use crate::zone::Zone;

/// The most criteria of a Segment.
const CRITERIA_MAX: usize = 64;

/// The longest account, in characters.
const ACCOUNT_MAX: usize = 253;

/// Namespace and name of an object.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct ObjectName {
    pub(crate) namespace: String,
    pub(crate) name: String,
}

/// A Segment that is good as far as it alone can tell.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ParsedSegment {
    pub(crate) object: ObjectName,
    pub(crate) store: ObjectName,
    pub(crate) account: String,
    pub(crate) suspended: bool,
    /// In the order of the document.
    pub(crate) criteria: Vec<ParsedCriterion>,
    /// The path of each pattern, as it is evaluated.
    pub(crate) patterns: BTreeMap<String, String>,
    /// Of names of criteria.
    pub(crate) expression: Expression<String>,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ParsedCriterion {
    pub(crate) name: String,
    pub(crate) kind: &'static str,
    pub(crate) expression: CanonicalExpression,
}

impl ParsedSegment {
    /// The Segments that it refers to, each with the path of the reference.
    pub(crate) fn references(&self) -> Vec<(ObjectName, String)> {
        let mut references = Vec::new();
        for (number, criterion) in self.criteria.iter().enumerate() {
            criterion.expression.for_each_leaf(&mut |leaf| {
                if let Leaf::Segment(name) = leaf {
                    let object = ObjectName { namespace: self.object.namespace.clone(), name: name.clone() };
                    references.push((object, format!("spec.criteria[{number}].segment.name")));
                }
            });
        }
        references
    }
}

/// The time zone of a store: `None` if no such store is known or it states none; an error if it states a bad one.
pub(crate) type StoreZone = Option<Result<Zone, String>>;

/// Reads a document of kind Segment. Its store's zone is asked for only if the Segment states none.
pub(crate) fn segment(
    document: &Document,
    object: &ObjectName,
    store_zone: impl FnOnce(&ObjectName) -> StoreZone,
) -> Result<ParsedSegment, Vec<Problem>> {
    let mut problems: Vec<Problem> = names::problems(object).collect();
    problems.extend(fields::unknown_fields(&document.value));
    let exact = fields::lossy_numbers(document);
    problems.extend(fields::lossy_values(&exact).map(|path| Problem::new(path, LOSSY_REASON, LOSSY_MEND)));
    let spec: SegmentSpec = match fields::spec(&document.value) {
        Ok(spec) => spec,
        Err(misfits) => {
            problems.extend(misfits);
            return Err(unique(problems));
        }
    };
    let at = At::root("spec");
    let store = ObjectName {
        namespace: spec.store_ref.namespace.clone().unwrap_or_else(|| object.namespace.clone()),
        name: spec.store_ref.name.clone(),
    };
    let zone = zone(&spec, &store, at, store_zone).unwrap_or_else(|problem| {
        problems.push(problem);
        Zone::utc()
    });
    let texts = [
        ("spec.account", Some(&spec.account), ACCOUNT_MAX),
        ("spec.storeRef.name", Some(&spec.store_ref.name), names::NAME_MAX),
        ("spec.storeRef.namespace", spec.store_ref.namespace.as_ref(), names::NAMESPACE_MAX),
    ];
    for (path, text, most) in texts {
        let length = text.map_or(1, |text| text.chars().count());
        if !(1..=most).contains(&length) {
            let reason = format!("the text has {length} characters");
            problems.push(Problem::new(path, reason, format!("write 1 to {most} characters")));
        }
    }
    let mut canonicalizer = Canonicalizer::new(zone, exact);
    let criteria = criteria(&spec.criteria, &mut canonicalizer, at.field("criteria"), &mut problems);
    let (found, patterns) = canonicalizer.into_parts();
    problems.extend(found);
    let expression = expression(spec.match_.as_deref(), &spec.criteria, at, &mut problems);
    match expression {
        Some(expression) if problems.is_empty() => Ok(ParsedSegment {
            object: object.clone(),
            store,
            account: spec.account,
            suspended: spec.suspend,
            criteria,
            patterns,
            expression,
        }),
        _ => Err(unique(problems)),
    }
}

/// A number may be found twice: when the file is read, and when its test is.
fn unique(problems: Vec<Problem>) -> Vec<Problem> {
    let mut kept: Vec<Problem> = Vec::with_capacity(problems.len());
    for problem in problems {
        if !kept.contains(&problem) {
            kept.push(problem);
        }
    }
    kept
}

fn zone(
    spec: &SegmentSpec,
    store: &ObjectName,
    at: At<'_>,
    store_zone: impl FnOnce(&ObjectName) -> StoreZone,
) -> Result<Zone, Problem> {
    if let Some(name) = &spec.time_zone {
        let problem = || {
            let reason = format!("the time zone {name:?} is unknown");
            Problem::new(at.field("timeZone").to_string(), reason, "write an IANA name, such as Europe/Berlin")
        };
        return Zone::find(name).ok_or_else(problem);
    }
    match store_zone(store) {
        None => Ok(Zone::utc()),
        Some(zone) => zone.map_err(|name| {
            let reason =
                format!("the SegmentStore {}/{} has an unknown time zone, {name:?}", store.namespace, store.name);
            Problem::new(at.field("storeRef").to_string(), reason, "mend the store, or state timeZone here")
        }),
    }
}

/// The criteria that are good; what is wrong with the others goes to the problems.
fn criteria(
    written: &[Written],
    canonicalizer: &mut Canonicalizer,
    at: At<'_>,
    problems: &mut Vec<Problem>,
) -> Vec<ParsedCriterion> {
    if written.len() > CRITERIA_MAX {
        let reason = format!("there are {} criteria", written.len());
        let mend = format!("write at most {CRITERIA_MAX}, and refer to other Segments by criteria of kind segment");
        problems.push(Problem::new(at.to_string(), reason, mend));
    }
    let mut seen: HashMap<&str, usize> = HashMap::new();
    let mut criteria = Vec::new();
    for (number, criterion) in written.iter().enumerate() {
        let at = at.index(number);
        problems.extend(name_problem(&criterion.name, at.field("name")));
        if let Some(earlier) = seen.insert(&criterion.name, number) {
            let reason = format!("the name {:?} is used twice, by criteria[{earlier}] too", criterion.name);
            problems.push(Problem::new(at.field("name").to_string(), reason, "give each criterion a name of its own"));
        }
        if let Some((kind, expression)) = canonicalizer.criterion(criterion, at) {
            criteria.push(ParsedCriterion { name: criterion.name.clone(), kind, expression });
        }
    }
    criteria
}

fn name_problem(name: &str, at: At<'_>) -> Option<Problem> {
    let bytes = name.as_bytes();
    let good = (1..=63).contains(&bytes.len())
        && bytes[0].is_ascii_lowercase()
        && bytes.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
    if !good {
        let mend = "write a lower case letter, then letters, digits and _, 63 characters at most";
        return Some(Problem::new(at.to_string(), format!("{name:?} is no name of a criterion"), mend));
    }
    CEL_KEYWORDS
        .contains(&name)
        .then(|| Problem::new(at.to_string(), format!("{name:?} is a keyword of CEL"), "choose another name"))
}

fn expression(
    written: Option<&str>,
    criteria: &[Written],
    at: At<'_>,
    problems: &mut Vec<Problem>,
) -> Option<Expression<String>> {
    let Some(text) = written else {
        let names = criteria.iter().map(|criterion| Expression::Leaf(criterion.name.clone()));
        return Some(Expression::All(names.collect()));
    };
    let at_match = at.field("match").to_string();
    let expression = match expression::parse(text) {
        Ok(expression) => expression,
        Err(complaint) => {
            problems.push(Problem::new(at_match, complaint.reason, complaint.mend));
            return None;
        }
    };
    let mut unused: HashMap<&str, usize> =
        criteria.iter().enumerate().rev().map(|(number, criterion)| (criterion.name.as_str(), number)).collect();
    let known: std::collections::HashSet<&str> = unused.keys().copied().collect();
    let mut unknown = Vec::new();
    expression.for_each_leaf(&mut |name| {
        unused.remove(name.as_str());
        if !known.contains(name.as_str()) && !unknown.contains(&name) {
            unknown.push(name);
        }
    });
    for name in unknown {
        let mend = "write the name of a criterion, or add a criterion of that name";
        problems.push(Problem::new(at_match.clone(), format!("there is no criterion {name}"), mend));
    }
    let mut unused: Vec<(usize, &str)> = unused.into_iter().map(|(name, number)| (number, name)).collect();
    unused.sort_unstable();
    for (number, name) in unused {
        let path = at.field("criteria").index(number).field("name").to_string();
        problems.push(Problem::new(
            path,
            format!("the criterion {name} is not used in match"),
            "use it in match or remove it",
        ));
    }
    Some(expression)
}

/// The part of a document that says how a Segment is called.
pub(crate) fn object_name(value: &Value) -> Result<ObjectName, Problem> {
    fields::object_name(value)
}
