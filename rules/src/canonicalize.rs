//! From a criterion as users write it to a boolean expression over canonical criteria, or to what is wrong with it.

mod event;
mod profile;
mod range;
mod test;
mod window;

pub(crate) use test::{LOSSY_MEND, LOSSY_REASON};

use std::collections::BTreeMap;

use segment_crds::Criterion as Written;

use crate::canonical::Criterion;
use crate::expression::Expression;
use crate::refusal::{At, Complaint, Problem};
use crate::zone::Zone;

/// The longest name of a metric, property, channel, status or list, in characters.
const TEXT_MAX: usize = 1024;

/// A leaf of a Segment's expression.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Leaf {
    /// A canonical criterion.
    Criterion(Criterion),
    /// Membership of another Segment of the namespace.
    Segment(String),
}

pub(crate) type CanonicalExpression = Expression<Leaf>;

/// Reads criteria of one Segment and collects what is wrong with them.
pub(crate) struct Canonicalizer {
    zone: Zone,
    /// The literals of numbers that Float64 does not keep, by path.
    exact: BTreeMap<String, String>,
    /// The path of each pattern, as it is evaluated.
    patterns: BTreeMap<String, String>,
    problems: Vec<Problem>,
}

impl Canonicalizer {
    pub(crate) fn new(zone: Zone, exact: BTreeMap<String, String>) -> Self {
        Self { zone, exact, patterns: BTreeMap::new(), problems: Vec::new() }
    }

    /// Everything that was found wrong, and the path of each pattern.
    pub(crate) fn into_parts(self) -> (Vec<Problem>, BTreeMap<String, String>) {
        (self.problems, self.patterns)
    }

    /// The expression of a criterion, or `None` after a problem.
    pub(crate) fn criterion(&mut self, written: &Written, at: At<'_>) -> Option<(&'static str, CanonicalExpression)> {
        let kinds = Kinds::of(written);
        match kinds.as_slice() {
            [] => self.refuse(at, "the criterion has no kind", format!("state one of {}", Kinds::NAMES)),
            [(name, kind)] => Some((name, self.kind(kind, at.field(name))?)),
            [first, second, ..] => self.refuse(
                at,
                format!("the criterion has two kinds, {} and {}", first.0, second.0),
                "make two criteria of it and join them in match",
            ),
        }
    }

    fn kind(&mut self, kind: &Kind<'_>, at: At<'_>) -> Option<CanonicalExpression> {
        match kind {
            Kind::Event(written) => self.event(written, at),
            Kind::LastEvent(written) => self.edge(written, true, at),
            Kind::FirstEvent(written) => self.edge(written, false, at),
            Kind::RegularEvent(written) => self.regular(written, at),
            Kind::Sequence(written) => self.sequence(written, at),
            Kind::Property(written) => self.property(written, at),
            Kind::Consent(written) => self.consent(written, at),
            Kind::Location(written) => self.location(written, at),
            Kind::List(written) => self.list(written, at),
            Kind::Segment(written) => self.segment(written, at),
            Kind::Sample(written) => self.sample(written, at),
        }
    }

    fn refuse<T>(&mut self, at: At<'_>, reason: impl Into<String>, mend: impl Into<String>) -> Option<T> {
        self.problems.push(Problem::new(at.to_string(), reason, mend));
        None
    }

    fn accept<T>(&mut self, at: At<'_>, result: Result<T, Complaint>) -> Option<T> {
        match result {
            Ok(value) => Some(value),
            Err(complaint) => self.refuse(at, complaint.reason, complaint.mend),
        }
    }

    /// A name that may not be empty nor too long.
    fn text(&mut self, text: &str, at: At<'_>) -> Option<String> {
        let length = text.chars().count();
        if (1..=TEXT_MAX).contains(&length) {
            return Some(text.to_owned());
        }
        self.refuse(at, format!("the text has {length} characters"), format!("write 1 to {TEXT_MAX} characters"))
    }
}

/// The kinds that a criterion states.
struct Kinds;

enum Kind<'a> {
    Event(&'a segment_crds::EventCriterion),
    LastEvent(&'a segment_crds::SingleEventCriterion),
    FirstEvent(&'a segment_crds::SingleEventCriterion),
    RegularEvent(&'a segment_crds::RegularEventCriterion),
    Sequence(&'a segment_crds::SequenceCriterion),
    Property(&'a segment_crds::PropertyCriterion),
    Consent(&'a segment_crds::ConsentCriterion),
    Location(&'a segment_crds::LocationCriterion),
    List(&'a segment_crds::ListCriterion),
    Segment(&'a segment_crds::SegmentCriterion),
    Sample(&'a segment_crds::SampleCriterion),
}

impl Kinds {
    const NAMES: &'static str = "event, lastEvent, firstEvent, regularEvent, sequence, property, consent, location, list, \
                                 segment and sample";

    fn of(written: &Written) -> Vec<(&'static str, Kind<'_>)> {
        // Every field is named, so that a new kind cannot be forgotten here.
        let Written {
            name: _,
            event,
            last_event,
            first_event,
            regular_event,
            sequence,
            property,
            consent,
            location,
            list,
            segment,
            sample,
        } = written;
        let kinds = [
            event.as_ref().map(|kind| ("event", Kind::Event(kind))),
            last_event.as_ref().map(|kind| ("lastEvent", Kind::LastEvent(kind))),
            first_event.as_ref().map(|kind| ("firstEvent", Kind::FirstEvent(kind))),
            regular_event.as_ref().map(|kind| ("regularEvent", Kind::RegularEvent(kind))),
            sequence.as_ref().map(|kind| ("sequence", Kind::Sequence(kind))),
            property.as_ref().map(|kind| ("property", Kind::Property(kind))),
            consent.as_ref().map(|kind| ("consent", Kind::Consent(kind))),
            location.as_ref().map(|kind| ("location", Kind::Location(kind))),
            list.as_ref().map(|kind| ("list", Kind::List(kind))),
            segment.as_ref().map(|kind| ("segment", Kind::Segment(kind))),
            sample.as_ref().map(|kind| ("sample", Kind::Sample(kind))),
        ];
        kinds.into_iter().flatten().collect()
    }
}

fn leaf(criterion: Criterion) -> CanonicalExpression {
    Expression::Leaf(Leaf::Criterion(criterion))
}
