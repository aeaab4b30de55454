//! Criteria that are put together from simpler questions, by nodes below those of the definitions.
//!
//! The latest event lies in a window if there is one in it and none after it; the greatest number lies in a range if
//! some event reaches it and none passes it. So summaries and staged events serve them, and nothing is sorted.

use segment_rules::{
    canonical::{Condition, NumberRange, Source, Test},
    instants::Interval,
};

use super::{
    super::rows::{NodeRow, op},
    Planner,
};

/// A question, and whether it has to be answered with no.
pub(super) struct Part {
    question: Question,
    negated: bool,
}

enum Question {
    /// Is there an event of the source?
    Happens { source: Source, interval: Interval },
    /// Is the latest (earliest) event of the source one of the other source's, which chooses from it?
    Edge { source: Source, chosen: Source, interval: Interval, latest: bool },
}

/// The latest (earliest) event ever lies in an interval and has all of some conditions.
pub(super) fn edge(
    source: &Source,
    (interval, ever): (Interval, Interval),
    latest: bool,
    has: &[Condition],
) -> Vec<Part> {
    let (beyond, reach) = if latest {
        (Interval { from_ms: interval.to_ms, ..ever }, Interval { from_ms: interval.from_ms, ..ever })
    } else {
        (Interval { to_ms: interval.from_ms, ..ever }, Interval { to_ms: interval.to_ms, ..ever })
    };
    let happens = |interval| Question::Happens { source: source.clone(), interval };
    let mut parts = vec![Part { question: happens(interval), negated: false }];
    if !beyond.is_empty() {
        parts.push(Part { question: happens(beyond), negated: true });
    }
    for condition in has.iter().filter(|condition| !source.conditions.contains(condition)) {
        let chosen = narrowed(source, &condition.property, condition.test.clone());
        let question = Question::Edge { source: source.clone(), chosen, interval: reach, latest };
        parts.push(Part { question, negated: condition.negated });
    }
    parts
}

/// The greatest (least) number of a property lies in a range.
pub(super) fn extreme(
    (source, interval): (&Source, Interval),
    property: &str,
    greatest: bool,
    range: NumberRange,
) -> Vec<Part> {
    let from = |from| NumberRange { from, below: None };
    let below = |below| NumberRange { from: None, below };
    let (reached, passed) = if greatest {
        (from(range.from), range.below.map(|bound| from(Some(bound))))
    } else {
        (below(range.below), range.from.map(|bound| below(Some(bound))))
    };
    let happens = |range| {
        let source = narrowed(source, property, Test::Number { range });
        Question::Happens { source, interval }
    };
    let reached = Part { question: happens(reached), negated: false };
    let passed = passed.map(|passed| Part { question: happens(passed), negated: true });
    [reached].into_iter().chain(passed).collect()
}

fn narrowed(source: &Source, property: &str, test: Test) -> Source {
    let mut narrowed = source.clone();
    narrowed.conditions.push(Condition { property: property.to_owned(), test, negated: false });
    narrowed
}

impl Planner<'_> {
    /// Gives a slot the truth of all parts together.
    pub(super) fn put_together(&mut self, slot: u32, parts: &[Part]) {
        if let [Part { question, negated: false }] = parts {
            return self.question(slot, question);
        }
        for Part { question, negated } in parts {
            let child = self.slot();
            self.question(child, question);
            let row = self.node_row(0, slot, op::AND);
            self.rows.nodes.push(NodeRow { child, negated: u8::from(*negated), ..row });
        }
    }

    fn question(&mut self, slot: u32, question: &Question) {
        match question {
            Question::Happens { interval, .. } | Question::Edge { interval, .. } if interval.is_empty() => {}
            Question::Happens { source, interval } => self.count(slot, source, *interval, 1),
            Question::Edge { source, chosen, interval, latest } => {
                self.edge(slot, source, chosen, (*interval, *latest));
            }
        }
    }
}
