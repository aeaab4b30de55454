//! Criteria about events.

use segment_crds::{
    Condition as WrittenCondition, CountRange, EventCriterion, PropertyRange, RegularEventCriterion, SequenceCriterion,
    SingleEventCriterion,
};

use crate::canonical::{Criterion, Source, Window};
use crate::duration::{DAY_S, DAYS_MAX};
use crate::expression::Expression;
use crate::refusal::At;

use super::range::{AverageBound, Whole};
use super::{CanonicalExpression, Canonicalizer, leaf};

/// The most periods of a regular event.
const PERIODS_MAX: i64 = 366;

/// How many steps a sequence has.
const STEPS: std::ops::RangeInclusive<usize> = 2..=8;

/// At least one.
const SOME: Whole<u64> = Whole { from: Some(1), below: None };

impl Canonicalizer {
    fn source(&mut self, metric: &str, conditions: &[WrittenCondition], at: At<'_>) -> Option<Source> {
        let metric = self.text(metric, at.field("metric"));
        let conditions = self.conditions(conditions, at.field("where"));
        Some(Source { metric: metric?, conditions: conditions? })
    }

    pub(super) fn event(&mut self, written: &EventCriterion, at: At<'_>) -> Option<CanonicalExpression> {
        let EventCriterion { metric, where_, within, count, sum, average, min, max, distinct_days } = written;
        let aggregates = [
            ("count", count.is_some()),
            ("sum", sum.is_some()),
            ("average", average.is_some()),
            ("min", min.is_some()),
            ("max", max.is_some()),
            ("distinctDays", distinct_days.is_some()),
        ];
        let stated: Vec<&str> = aggregates.into_iter().filter(|one| one.1).map(|one| one.0).collect();
        if let [first, second, ..] = stated.as_slice() {
            let reason = format!("there are two aggregates, {first} and {second}");
            return self.refuse(at, reason, "make two criteria of it and join them in match");
        }
        let source = self.source(metric, where_, at);
        let window = self.past_window(within.as_ref(), at.field("within"));
        if let Some(sum) = sum {
            return self.sum(source, window, sum, at.field("sum"));
        }
        if let Some(average) = average {
            return self.average(source, window, average, at.field("average"));
        }
        if let Some(min) = min {
            return self.extreme(source, window, min, false, at.field("min"));
        }
        if let Some(max) = max {
            return self.extreme(source, window, max, true, at.field("max"));
        }
        if let Some(days) = distinct_days {
            let range = self.count_range(days, at.field("distinctDays"))?;
            let (source, window, zone) = (source?, window?, self.zone.name().to_owned());
            return Some(within_range(range, |at_least| {
                let (source, window, zone) = (source.clone(), window.clone(), zone.clone());
                leaf(Criterion::DistinctDays { source, window, zone, at_least })
            }));
        }
        let range = self.optional_count(count.as_ref(), at.field("count"))?;
        let (source, window) = (source?, window?);
        Some(within_range(range, |at_least| {
            leaf(Criterion::Count { source: source.clone(), window: window.clone(), at_least })
        }))
    }

    fn optional_count(&mut self, written: Option<&CountRange>, at: At<'_>) -> Option<Whole<u64>> {
        written.map_or(Some(SOME), |written| self.count_range(written, at))
    }

    fn sum(
        &mut self,
        source: Option<Source>,
        window: Option<Window>,
        written: &PropertyRange,
        at: At<'_>,
    ) -> Option<CanonicalExpression> {
        let property = self.text(&written.property, at.field("property"));
        let range = self.sum_range(written, at)?;
        let (source, window, property) = (source?, window?, property?);
        // At least a bound of zero or less is not: less than that, which is to say that the negative is at least 1 - bound.
        let reaches = |bound: i128| {
            let (negative, at_least) = if bound > 0 { (false, bound) } else { (true, 1 - bound) };
            let criterion = leaf(Criterion::Sum {
                source: source.clone(),
                window: window.clone(),
                property: property.clone(),
                negative,
                at_least: at_least.to_string(),
            });
            if negative { criterion.negated() } else { criterion }
        };
        Some(within_range(range, reaches))
    }

    fn average(
        &mut self,
        source: Option<Source>,
        window: Option<Window>,
        written: &PropertyRange,
        at: At<'_>,
    ) -> Option<CanonicalExpression> {
        let property = self.text(&written.property, at.field("property"));
        let range = self.average_range(written, at)?;
        let (source, window, property) = (source?, window?, property?);
        let reaches = |bound: Option<AverageBound>| {
            leaf(Criterion::Average {
                source: source.clone(),
                window: window.clone(),
                property: property.clone(),
                bound: bound.map(|bound| bound.billionths.to_string()),
                above: bound.is_some_and(|bound| bound.above),
            })
        };
        // Without a lower bound, too, there has to be an average at all.
        let mut parts = vec![reaches(range.from)];
        parts.extend(range.end.map(|end| reaches(Some(end)).negated()));
        Some(Expression::All(parts))
    }

    fn extreme(
        &mut self,
        source: Option<Source>,
        window: Option<Window>,
        written: &PropertyRange,
        greatest: bool,
        at: At<'_>,
    ) -> Option<CanonicalExpression> {
        let property = self.text(&written.property, at.field("property"));
        let range = self.property_range(written, at)?;
        Some(leaf(Criterion::Extreme { source: source?, window: window?, property: property?, greatest, range }))
    }

    pub(super) fn edge(
        &mut self,
        written: &SingleEventCriterion,
        latest: bool,
        at: At<'_>,
    ) -> Option<CanonicalExpression> {
        let source = self.source(&written.metric, &written.where_, at);
        let window = self.past_window(written.within.as_ref(), at.field("within"));
        let has = self.conditions(&written.has, at.field("has"));
        let (source, window, has) = (source?, window?, has?);
        // Nothing is asked of that event but that it is there.
        if window == Window::All && has.is_empty() {
            return Some(leaf(Criterion::Count { source, window, at_least: 1 }));
        }
        Some(leaf(Criterion::Edge { source, latest, window, has }))
    }

    pub(super) fn regular(&mut self, written: &RegularEventCriterion, at: At<'_>) -> Option<CanonicalExpression> {
        let source = self.source(&written.metric, &written.where_, at);
        let every_s = self.duration(&written.every, at.field("every"));
        let range = self.optional_count(written.count.as_ref(), at.field("count"));
        let of = self.whole_number(written.of, PERIODS_MAX, at.field("of"))?;
        let at_least = self.whole_number(written.at_least, i64::from(of), at.field("atLeast"));
        let every_s = every_s?;
        if every_s * i64::from(of) > DAYS_MAX * DAY_S {
            let reason = format!("{of} periods of {} are longer than {DAYS_MAX}d", written.every);
            return self.refuse(at.field("of"), reason, "write fewer or shorter periods");
        }
        let (source, range, at_least) = (source?, range?, at_least?);
        let regular = |at_least, count_from, count_below| {
            leaf(Criterion::Regular { source, every_s, of, at_least, count_from, count_below, outside: false })
        };
        // A range that begins with zero is the negation of: too many periods in which the count is beyond the range.
        Some(match range {
            Whole { from: Some(from), below } => regular(at_least, from, below),
            Whole { from: None, below: Some(below) } => regular(of - at_least + 1, below, None).negated(),
            Whole { from: None, below: None } => Expression::always(),
        })
    }

    fn whole_number(&mut self, number: i64, most: i64, at: At<'_>) -> Option<u32> {
        match u32::try_from(number) {
            Ok(number) if (1..=most).contains(&i64::from(number)) => Some(number),
            _ => self.refuse(at, format!("{number} is out of range"), format!("write 1 to {most}")),
        }
    }

    pub(super) fn sequence(&mut self, written: &SequenceCriterion, at: At<'_>) -> Option<CanonicalExpression> {
        let steps_at = at.field("steps");
        let steps = written.steps.iter().enumerate();
        let steps: Vec<_> =
            steps.map(|(number, step)| self.source(&step.metric, &step.where_, steps_at.index(number))).collect();
        let span_s = self.duration(&written.span, at.field("span"));
        let window = self.past_window(written.within.as_ref(), at.field("within"));
        if !STEPS.contains(&steps.len()) {
            let reason = format!("a sequence of {} steps", steps.len());
            return self.refuse(steps_at, reason, format!("write {} to {} steps", STEPS.start(), STEPS.end()));
        }
        let steps = steps.into_iter().collect::<Option<Vec<_>>>()?;
        Some(leaf(Criterion::Sequence { steps, span_s: span_s?, window: window? }))
    }
}

/// In a range: reaches its first number, if it has one, and not the first number beyond it.
fn within_range<T>(range: Whole<T>, reaches: impl Fn(T) -> CanonicalExpression) -> CanonicalExpression {
    let from = range.from.map(&reaches);
    let below = range.below.map(|below| reaches(below).negated());
    Expression::All(from.into_iter().chain(below).collect())
}
