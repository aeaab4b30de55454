//! Which documents are Segments, which are stores, and which Segments are good on their own.

use std::collections::{BTreeMap, HashMap};

use serde_json::Value;

use crate::parse::{self, ObjectName, ParsedSegment, StoreZone};
use crate::refusal::Problem;
use crate::yaml::Document;
use crate::zone::Zone;

/// The group and version of our kinds.
pub const API_VERSION: &str = "segmentation.dev/v1alpha1";

/// What the documents hold.
#[derive(Default)]
pub(super) struct Read {
    pub(super) segments: BTreeMap<ObjectName, ParsedSegment>,
    pub(super) refused: BTreeMap<ObjectName, Vec<Problem>>,
    pub(super) notes: Vec<String>,
}

pub(super) fn read(documents: &[Document]) -> Read {
    let mut reader = Reader::default();
    let mut found: Vec<(&Document, ObjectName)> = Vec::new();
    for document in documents {
        found.extend(reader.sort(document).map(|object| (document, object)));
    }
    let mut times: HashMap<&ObjectName, usize> = HashMap::new();
    for (_, object) in &found {
        *times.entry(object).or_default() += 1;
    }
    for (document, object) in &found {
        if times.get(object).is_some_and(|times| *times > 1) {
            let reason = format!("{} Segments of the namespace have the name {}", times[object], object.name);
            let problem = Problem::new("metadata.name", reason, "give each a name of its own, or remove all but one");
            reader.read.refused.insert(object.clone(), vec![problem]);
        } else {
            reader.parse(document, object);
        }
    }
    reader.end()
}

/// As [`read`], of Segments with names of their own, none of which is needed once it was parsed.
pub(super) fn read_each(stores: &[Document], segments: impl IntoIterator<Item = Document>) -> Read {
    let mut reader = Reader::default();
    for store in stores {
        reader.sort(store);
    }
    for document in segments {
        if let Some(object) = reader.sort(&document) {
            reader.parse(&document, &object);
        }
    }
    reader.end()
}

/// Documents on their way to what they hold.
#[derive(Default)]
struct Reader {
    read: Read,
    stores: HashMap<ObjectName, StoreZone>,
    /// How many Segments have no time zone because their store has none.
    zoneless: BTreeMap<ObjectName, usize>,
}

impl Reader {
    /// Takes note of a store, and gives the name of a Segment.
    fn sort(&mut self, document: &Document) -> Option<ObjectName> {
        match text_field(&document.value, "kind") {
            Some("Segment") if is_ours(&document.value) => match parse::object_name(&document.value) {
                Ok(object) => return Some(object),
                Err(problem) => self.read.refused.entry(ObjectName::unnamed()).or_default().push(problem),
            },
            Some("SegmentStore") if is_ours(&document.value) => {
                if let Ok(object) = parse::object_name(&document.value) {
                    self.stores.insert(object, store_zone(&document.value));
                }
            }
            _ => self.read.notes.push(skipped(&document.value)),
        }
        None
    }

    fn parse(&mut self, document: &Document, object: &ObjectName) {
        let mut without_zone = None;
        let parsed = parse::segment(document, object, |store| {
            let zone = self.stores.get(store).cloned().flatten();
            without_zone = zone.is_none().then(|| store.clone());
            zone
        });
        match parsed {
            Ok(segment) => {
                if let Some(store) = without_zone {
                    *self.zoneless.entry(store).or_default() += 1;
                }
                self.read.segments.insert(object.clone(), segment);
            }
            Err(problems) => drop(self.read.refused.insert(object.clone(), problems)),
        }
    }

    fn end(mut self) -> Read {
        self.read.notes.extend(self.zoneless.iter().map(|(store, count)| zone_note(store, *count)));
        self.read
    }
}

impl ObjectName {
    /// Stands for objects whose name is missing.
    fn unnamed() -> Self {
        Self { namespace: "(none)".to_owned(), name: "(none)".to_owned() }
    }
}

fn text_field<'a>(value: &'a Value, field: &str) -> Option<&'a str> {
    value.get(field).and_then(Value::as_str)
}

fn is_ours(value: &Value) -> bool {
    text_field(value, "apiVersion") == Some(API_VERSION)
}

fn skipped(value: &Value) -> String {
    let kind = text_field(value, "kind").unwrap_or("(none)");
    let version = text_field(value, "apiVersion").unwrap_or("(none)");
    let name = value.get("metadata").and_then(|metadata| text_field(metadata, "name")).unwrap_or("(none)");
    format!(
        "skipped: kind {kind}, apiVersion {version}, name {name}: only Segment and SegmentStore of {API_VERSION} are read"
    )
}

fn store_zone(value: &Value) -> StoreZone {
    match value.get("spec").and_then(|spec| spec.get("timeZone")) {
        None | Some(Value::Null) => None,
        Some(Value::String(name)) => Some(Zone::find(name).ok_or_else(|| name.clone())),
        Some(other) => Some(Err(other.to_string())),
    }
}

fn zone_note(store: &ObjectName, count: usize) -> String {
    let ObjectName { namespace, name } = store;
    let segments = if count == 1 { "1 Segment states".to_owned() } else { format!("{count} Segments state") };
    format!("UTC is used: {segments} no timeZone, and no SegmentStore {namespace}/{name} is given that states one")
}
