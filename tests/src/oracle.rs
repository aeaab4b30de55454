//! The oracle: a small, slow, plain evaluator over rows in memory, written straight from the text of the language.
//! It shares no code with the evaluators. It does not validate: it is given Segments that the language accepts.

mod criterion;
mod data;
mod event;
mod expression;
mod number;
mod place;
mod test;
mod text;
mod time;
mod window;

use crate::json::Json;
use criterion::Criterion;
use data::{Accounts, Profile};
use expression::Expression;
use jiff::tz::{TimeZone, TimeZoneDatabase};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;
use time::Clock;

pub use data::BadLine;
pub use event::sip_hash;
pub use place::{Place, distance, metres};

/// A zone of the tables that come with the programs, so that the machine's own make no difference.
pub(crate) fn zone_named(name: &str) -> Result<TimeZone, jiff::Error> {
    static ZONES: LazyLock<TimeZoneDatabase> = LazyLock::new(TimeZoneDatabase::bundled);
    ZONES.get(name)
}

/// What is evaluated.
#[derive(Clone, Copy, Debug)]
pub struct Input<'a> {
    /// Documents; those of the kind `Segment` are evaluated, a `SegmentStore` gives its `spec.timeZone`.
    pub documents: &'a [Json],
    /// The zone of Segments that have none, and no store with one among the documents.
    pub store_time_zone: Option<&'a str>,
    /// NDJSON.
    pub profiles: &'a str,
    /// NDJSON.
    pub events: &'a str,
    /// Milliseconds since 1970.
    pub as_of: i64,
}

/// One member of one segment.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Member {
    /// `namespace/name`
    pub segment: String,
    /// The segment's account.
    pub account: String,
    /// The profile's id.
    pub profile: String,
}

/// Why there are no members to tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// A line of the data is bad: the whole call fails.
    BadData(BadLine),
    /// The oracle cannot read a Segment: it is not valid, or the oracle is not whole.
    Unreadable(String),
}

/// The milliseconds of an RFC 3339 text (an instant of evaluation).
pub fn instant(text: &str) -> Option<i64> {
    Clock { as_of: 0, zone: TimeZone::UTC }.read(text)
}

/// The first instant of the day that a zone's wall shows at `instant`, moved by so many days.
pub fn start_of_day(zone: &str, instant: i64, days: i64) -> Option<i64> {
    let clock = Clock { as_of: instant, zone: crate::oracle::zone_named(zone).ok()? };
    let day = clock.today().checked_add(jiff::Span::new().try_days(days).ok()?).ok()?;
    Some(clock.start_of(day))
}

/// The edges of a window (or of an anniversary's), for those who want times beside them.
pub fn edges(window: &Json, zone: &str, as_of: i64) -> Vec<i64> {
    let clock = crate::oracle::zone_named(zone).ok().map(|zone| Clock { as_of, zone });
    let interval = clock.and_then(|clock| window::anniversary_interval(window, &clock).ok());
    let edges = interval.into_iter().flat_map(|interval| [interval.start, interval.end]);
    edges.filter(|edge| ![i64::MIN, i64::MAX].contains(edge)).collect()
}

/// The members of all segments.
pub fn evaluate(input: Input<'_>) -> Result<BTreeSet<Member>, Trouble> {
    let accounts = data::read(input.profiles, input.events).map_err(Trouble::BadData)?;
    let documents = input.documents;
    let stores = store_zones(documents);
    let mut segments = Segments::new();
    for document in documents.iter().filter(|document| kind(document) == "Segment") {
        let key = (namespace(document), name(document, "metadata"));
        let segment = Segment::read(document, &stores, input)
            .map_err(|reason| Trouble::Unreadable(format!("{}/{}: {reason}", key.0, key.1)))?;
        segments.insert(key, segment);
    }
    let mut members = BTreeSet::new();
    for key in segments.keys() {
        members_of(key, &segments, &accounts, &mut members)?;
    }
    Ok(members)
}

/// Namespace and name to segment.
type Segments = BTreeMap<(String, String), Segment>;

#[derive(Debug)]
struct Segment {
    account: String,
    clock: Clock,
    criteria: BTreeMap<String, Criterion>,
    /// Absent: all criteria must hold.
    expression: Option<Expression>,
}

impl Segment {
    fn read(document: &Json, stores: &BTreeMap<(String, String), String>, input: Input<'_>) -> Result<Self, String> {
        let spec = document.get("spec").ok_or("no spec")?;
        let text = |key: &str| spec.get(key).and_then(Json::as_text);
        let store = spec.get("storeRef").ok_or("no storeRef")?;
        let store_namespace =
            store.get("namespace").and_then(Json::as_text).map_or_else(|| namespace(document), str::to_owned);
        let of_store = stores.get(&(store_namespace, name(spec, "storeRef"))).map(String::as_str);
        let zone = text("timeZone").or(of_store).or(input.store_time_zone).unwrap_or("UTC");
        let zone = crate::oracle::zone_named(zone).map_err(|error| error.to_string())?;
        let clock = Clock { as_of: input.as_of, zone };
        let mut criteria = BTreeMap::new();
        for item in spec.get("criteria").and_then(Json::as_list).unwrap_or_default() {
            let name = item.get("name").and_then(Json::as_text).ok_or("a criterion without a name")?;
            let criterion = Criterion::read(item, &clock).map_err(|reason| format!("{name}: {reason}"))?;
            criteria.insert(name.to_owned(), criterion);
        }
        let expression = text("match").map(Expression::parse).transpose()?;
        Ok(Self { account: text("account").ok_or("no account")?.to_owned(), clock, criteria, expression })
    }

    /// Is the profile a member? `others` answers for the segments that this one refers to.
    fn takes(&self, id: &str, profile: &Profile, others: &dyn Fn(&str) -> bool) -> bool {
        let holds = |criterion: &Criterion| criterion.holds(id, profile, &self.clock, others);
        match &self.expression {
            None => self.criteria.values().all(holds),
            Some(expression) => expression.holds(&|name: &str| self.criteria.get(name).is_some_and(holds)),
        }
    }
}

fn members_of(
    key: &(String, String),
    segments: &Segments,
    accounts: &Accounts,
    members: &mut BTreeSet<Member>,
) -> Result<(), Trouble> {
    check_references(key, segments, &mut Vec::new())?;
    let account = &segments[key].account;
    for (id, profile) in accounts.get(account).into_iter().flatten() {
        if is_member(key, id, profile, segments) {
            let segment = format!("{}/{}", key.0, key.1);
            members.insert(Member { segment, account: account.clone(), profile: id.clone() });
        }
    }
    Ok(())
}

fn is_member(key: &(String, String), id: &str, profile: &Profile, segments: &Segments) -> bool {
    let others = |name: &str| is_member(&(key.0.clone(), name.to_owned()), id, profile, segments);
    segments[key].takes(id, profile, &others)
}

/// A missing segment, or a circle, is a fault of the test that gave it.
fn check_references(key: &(String, String), segments: &Segments, path: &mut Vec<String>) -> Result<(), Trouble> {
    let wrong = |what: &str| Err(Trouble::Unreadable(format!("{what}: {} after {path:?}", key.1)));
    let Some(segment) = segments.get(key) else { return wrong("no such segment") };
    if path.contains(&key.1) {
        return wrong("a circle");
    }
    path.push(key.1.clone());
    for criterion in segment.criteria.values() {
        if let Criterion::Segment { name } = criterion {
            check_references(&(key.0.clone(), name.clone()), segments, path)?;
        }
    }
    path.pop();
    Ok(())
}

/// The zones of the stores among the documents, by namespace and name.
fn store_zones(documents: &[Json]) -> BTreeMap<(String, String), String> {
    let stores = documents.iter().filter(|document| kind(document) == "SegmentStore");
    let zone = |document: &Json| document.get("spec")?.get("timeZone")?.as_text().map(str::to_owned);
    stores.filter_map(|store| Some(((namespace(store), name(store, "metadata")), zone(store)?))).collect()
}

fn kind(document: &Json) -> &str {
    document.get("kind").and_then(Json::as_text).unwrap_or_default()
}

fn name(json: &Json, key: &str) -> String {
    json.get(key).and_then(|part| part.get("name")?.as_text()).unwrap_or_default().to_owned()
}

/// The namespace of a document; kubectl's is `default` where none is written.
fn namespace(document: &Json) -> String {
    let namespace = document.get("metadata").and_then(|metadata| metadata.get("namespace")?.as_text());
    namespace.unwrap_or("default").to_owned()
}
