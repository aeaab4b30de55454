//! Ranges: of whole numbers, of exact decimals, of Float64. Each becomes a lower bound and an upper bound at most.

use segment_crds::{CountRange, PropertyRange};
use serde_json::Number;

use crate::canonical::NumberRange;
use crate::decimal;
use crate::refusal::At;

use super::Canonicalizer;

/// The bounds as they are written.
#[derive(Clone, Copy)]
pub(super) struct Bounds<T> {
    pub(super) equals: Option<T>,
    pub(super) at_least: Option<T>,
    pub(super) above: Option<T>,
    pub(super) at_most: Option<T>,
    pub(super) below: Option<T>,
}

/// Which numbers are in a range: from (included), to (excluded).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Whole<T> {
    pub(super) from: Option<T>,
    pub(super) below: Option<T>,
}

/// A bound of an average: at least (or above) so much.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct AverageBound {
    pub(super) billionths: i128,
    pub(super) above: bool,
}

/// The bounds of an average: it reaches `from` and does not reach `end`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct AverageRange {
    pub(super) from: Option<AverageBound>,
    pub(super) end: Option<AverageBound>,
}

const MEND_BOUNDS: &str = "state at least one of equals, atLeast, above, atMost and below";
const MEND_EMPTY: &str = "mend the bounds so that some number satisfies all of them";

impl<T: Copy> Bounds<T> {
    fn is_empty(&self) -> bool {
        [self.equals, self.at_least, self.above, self.at_most, self.below].iter().all(Option::is_none)
    }

    fn map<U>(self, mut convert: impl FnMut(&'static str, T) -> Option<U>) -> Option<Bounds<U>> {
        let mut each = |field, bound: Option<T>| match bound {
            None => Some(None),
            Some(bound) => convert(field, bound).map(Some),
        };
        let (equals, at_least) = (each("equals", self.equals), each("atLeast", self.at_least));
        let (above, at_most, below) =
            (each("above", self.above), each("atMost", self.at_most), each("below", self.below));
        Some(Bounds { equals: equals?, at_least: at_least?, above: above?, at_most: at_most?, below: below? })
    }
}

/// Where "above" a number begins, among numbers that have a next one.
trait Stepped: Copy + PartialOrd {
    /// The next number; `None` if there is none.
    fn next(self) -> Option<Self>;
}

impl Stepped for i128 {
    fn next(self) -> Option<Self> {
        Some(self + 1)
    }
}

impl Stepped for f64 {
    fn next(self) -> Option<Self> {
        // Adding zero turns -0 into 0.
        Some(self.next_up() + 0.0).filter(|next| next.is_finite())
    }
}

/// Turns five bounds into two; `None` if no number satisfies them.
fn whole<T: Stepped>(bounds: &Bounds<T>) -> Option<Whole<T>> {
    let greater = |left: Option<T>, right: Option<T>| match (left, right) {
        (Some(left), Some(right)) => Some(if left < right { right } else { left }),
        (left, right) => left.or(right),
    };
    let less = |left: Option<T>, right: Option<T>| match (left, right) {
        (Some(left), Some(right)) => Some(if right < left { right } else { left }),
        (left, right) => left.or(right),
    };
    let above = match bounds.above {
        None => None,
        Some(bound) => Some(bound.next()?),
    };
    let from = greater(greater(bounds.equals, bounds.at_least), above);
    let below = less(less(bounds.equals.and_then(T::next), bounds.at_most.and_then(T::next)), bounds.below);
    match (from, below) {
        (Some(from), Some(below)) if from >= below => None,
        _ => Some(Whole { from, below }),
    }
}

impl Canonicalizer {
    /// A range of whole numbers from 0.
    pub(super) fn count_range(&mut self, written: &CountRange, at: At<'_>) -> Option<Whole<u64>> {
        let CountRange { equals, at_least, above, at_most, below } = *written;
        let bounds = Bounds { equals, at_least, above, at_most, below };
        if bounds.is_empty() {
            return self.refuse(at, "the range has no bounds", MEND_BOUNDS);
        }
        let bounds = bounds.map(|field, bound| {
            if bound < 0 {
                return self.refuse(at.field(field), format!("{bound} is below 0"), "write a whole number from 0");
            }
            Some(i128::from(bound))
        })?;
        let range = whole(&bounds).filter(|range| range.below.is_none_or(|below| below > 0));
        let Some(range) = range else {
            return self.refuse(at, "no whole number from 0 satisfies the range", MEND_EMPTY);
        };
        let number = |bound: i128| u64::try_from(bound).ok();
        Some(Whole { from: range.from.and_then(number).filter(|from| *from > 0), below: range.below.and_then(number) })
    }

    /// A range of Float64.
    pub(super) fn number_range(&mut self, bounds: Bounds<f64>, at: At<'_>) -> Option<NumberRange> {
        if bounds.is_empty() {
            return self.refuse(at, "the range has no bounds", MEND_BOUNDS);
        }
        let bounds = bounds.map(|field, bound| {
            if !bound.is_finite() {
                return self.refuse(at.field(field), "the number is beyond Float64", "write a smaller number");
            }
            Some(bound + 0.0)
        })?;
        let range = whole(&bounds).filter(|range| range.below.is_none_or(|below| below > f64::MIN));
        let Some(range) = range else {
            return self.refuse(at, "no number satisfies the range", MEND_EMPTY);
        };
        Some(NumberRange { from: range.from.filter(|from| *from > f64::MIN), below: range.below })
    }

    /// A range of a sum, in billionths.
    pub(super) fn sum_range(&mut self, written: &PropertyRange, at: At<'_>) -> Option<Whole<i128>> {
        let bounds = self.billionths(written, at)?;
        match whole(&bounds) {
            Some(range) => Some(range),
            None => self.refuse(at, "no sum satisfies the range", MEND_EMPTY),
        }
    }

    /// A range of an average.
    pub(super) fn average_range(&mut self, written: &PropertyRange, at: At<'_>) -> Option<AverageRange> {
        let Bounds { equals, at_least, above, at_most, below } = self.billionths(written, at)?;
        let reached = |bound: Option<i128>, above| bound.map(|billionths| AverageBound { billionths, above });
        let from = [reached(equals, false), reached(at_least, false), reached(above, true)];
        let end = [reached(equals, true), reached(at_most, true), reached(below, false)];
        let range = AverageRange { from: from.into_iter().flatten().max(), end: end.into_iter().flatten().min() };
        match range {
            AverageRange { from: Some(from), end: Some(end) } if from >= end => {
                self.refuse(at, "no average satisfies the range", MEND_EMPTY)
            }
            range => Some(range),
        }
    }

    fn billionths(&mut self, written: &PropertyRange, at: At<'_>) -> Option<Bounds<i128>> {
        let bounds = bounds(written);
        if bounds.is_empty() {
            return self.refuse(at, "the range has no bounds", MEND_BOUNDS);
        }
        bounds.map(|field, bound| {
            let at = at.field(field);
            let amount = decimal::plain(&self.literal(bound, at)).ok().and_then(|plain| decimal::billionths(&plain));
            amount.or_else(|| {
                let reason = "numbers of 10^29 or more do not count in sums and averages";
                self.refuse(at, reason, "write a smaller number")
            })
        })
    }

    /// A number as it is written.
    fn literal(&self, number: &Number, at: At<'_>) -> String {
        let written = if self.exact.is_empty() { None } else { self.exact.get(&at.to_string()) };
        written.cloned().unwrap_or_else(|| decimal::of_number(number))
    }

    /// A range of Float64 over a property.
    pub(super) fn property_range(&mut self, written: &PropertyRange, at: At<'_>) -> Option<NumberRange> {
        // Every number of JSON has its nearest Float64.
        let bounds = bounds(written).map(|_, bound| bound.as_f64())?;
        self.number_range(bounds, at)
    }
}

/// The bounds of a range over a property.
fn bounds(written: &PropertyRange) -> Bounds<&Number> {
    let PropertyRange { property: _, equals, at_least, above, at_most, below } = written;
    Bounds {
        equals: equals.as_ref(),
        at_least: at_least.as_ref(),
        above: above.as_ref(),
        at_most: at_most.as_ref(),
        below: below.as_ref(),
    }
}
