//! Which definitions have lost their Segment, and whether so many at a time are believed. Pure.

use std::collections::{BTreeMap, BTreeSet};

use segment_jobs::publish::{Gone, PublishedDefinition};

use crate::{segment::plan::SegmentKey, store::conditions::Held};

/// So many may disappear without anybody asking, whatever share they are.
const FREE: u64 = 20;

/// What is known about removals.
#[derive(Clone, Copy)]
pub(crate) struct Removals<'a> {
    /// Segments whose objects are there.
    pub(crate) present: &'a BTreeSet<SegmentKey>,
    /// Namespaces that are there and not about to go.
    pub(crate) namespaces: &'a (dyn Fn(&str) -> bool + Sync),
    /// Segments that were retired within the last minutes.
    pub(crate) recent: u64,
    /// Percent of the store's Segments that may disappear.
    pub(crate) brake: u64,
    /// The number that somebody confirmed.
    pub(crate) confirmed: Option<u64>,
}

/// What is to be retired, and what is held back.
pub(crate) fn retire(published: &[PublishedDefinition], removals: Removals<'_>) -> (Vec<Gone>, Option<Held>) {
    let mut known: BTreeMap<SegmentKey, &PublishedDefinition> = BTreeMap::new();
    for definition in published {
        let newest = known.entry((definition.account, definition.segment)).or_insert(definition);
        if newest.newest < definition.newest {
            *newest = definition;
        }
    }
    let all = u64::try_from(known.len()).unwrap_or(u64::MAX) + removals.recent;
    let gone = known.into_iter().filter(|(key, _)| !removals.present.contains(key)).map(|(_, definition)| definition);
    // One that was retired before and still has members is only brought to its end.
    let (retired, missing): (Vec<_>, Vec<_>) = gone.partition(|definition| definition.state == "retired");
    // Whoever deletes a namespace means all that is in it.
    let (kept, swept): (Vec<_>, Vec<_>) = missing.into_iter().partition(|definition| {
        (removals.namespaces)(definition.path.split_once('/').map_or("", |(namespace, _)| namespace))
    });
    let count = u64::try_from(kept.len()).unwrap_or(u64::MAX);
    let many = count + removals.recent;
    let held = many > FREE && many * 100 > all * removals.brake && count > 0 && removals.confirmed != Some(count);
    let mut leaving = [retired, swept].concat();
    if !held {
        leaving.extend(kept);
    }
    let leaving = leaving.into_iter().map(|definition| Gone {
        account: definition.account,
        segment: definition.segment,
        name: definition.path.clone(),
    });
    (leaving.collect(), held.then_some(Held { segments: count, of: all }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn published(count: u64) -> Vec<PublishedDefinition> {
        let definition = |segment| PublishedDefinition {
            account: 1,
            segment,
            path: format!("{}/s{segment}", if segment % 2 == 0 { "even" } else { "odd" }),
            newest: 1,
            state: "active".to_owned(),
        };
        (0..count).map(definition).collect()
    }

    fn present(segments: std::ops::Range<u64>) -> BTreeSet<SegmentKey> {
        segments.map(|segment| (1, segment)).collect()
    }

    fn outcome(count: u64, present: &BTreeSet<SegmentKey>, change: impl FnOnce(&mut Removals)) -> (usize, Option<u64>) {
        let mut removals = Removals { present, namespaces: &|_| true, recent: 0, brake: 20, confirmed: None };
        change(&mut removals);
        let (gone, held) = retire(&published(count), removals);
        (gone.len(), held.map(|held| held.segments))
    }

    #[test]
    fn a_segment_whose_object_is_gone_is_retired() {
        assert_eq!(outcome(5, &present(1..5), |_| ()), (1, None));
        assert_eq!(outcome(5, &present(0..5), |_| ()), (0, None));
    }

    #[test]
    fn twenty_may_go_whatever_share_they_are_and_twenty_percent_whatever_number() {
        assert_eq!(outcome(20, &present(0..0), |_| ()), (20, None));
        assert_eq!(outcome(21, &present(0..0), |_| ()), (0, Some(21)));
        assert_eq!(outcome(1000, &present(200..1000), |_| ()), (200, None));
        assert_eq!(outcome(1000, &present(201..1000), |_| ()), (0, Some(201)));
    }

    #[test]
    fn what_went_a_moment_ago_counts() {
        assert_eq!(outcome(30, &present(15..30), |removals| removals.recent = 10), (0, Some(15)));
    }

    #[test]
    fn the_number_has_to_be_confirmed_exactly() {
        let confirmed = |number| move |removals: &mut Removals| removals.confirmed = Some(number);
        assert_eq!(outcome(30, &present(0..0), confirmed(30)), (30, None));
        assert_eq!(outcome(30, &present(0..0), confirmed(29)), (0, Some(30)));
    }

    #[test]
    fn whoever_deletes_a_namespace_means_it() {
        let even_is_gone = |removals: &mut Removals| removals.namespaces = &|namespace| namespace != "even";
        assert_eq!(outcome(100, &present(0..0), even_is_gone), (50, Some(50)));
    }

    #[test]
    fn one_that_was_retired_is_brought_to_its_end() {
        let mut definitions = published(30);
        for definition in &mut definitions {
            "retired".clone_into(&mut definition.state);
        }
        let nobody = BTreeSet::new();
        let removals = Removals { present: &nobody, namespaces: &|_| true, recent: 0, brake: 0, confirmed: None };
        let (gone, held) = retire(&definitions, removals);
        assert_eq!((gone.len(), held), (30, None));
    }
}
