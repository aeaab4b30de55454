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
    /// Whether a namespace was seen, and then went.
    pub(crate) has_gone: &'a (dyn Fn(&str) -> bool + Sync),
    /// Segments that were retired within the last minutes, without being meant.
    pub(crate) recent: u64,
    /// Percent of the store's Segments that may disappear.
    pub(crate) brake: u64,
    /// The number that somebody confirmed.
    pub(crate) confirmed: Option<u64>,
}

/// What becomes of definitions without a Segment.
#[derive(Debug, Default)]
pub(crate) struct Retired {
    pub(crate) leaving: Vec<Gone>,
    pub(crate) held: Option<Held>,
    /// Whether they are too many to go unless somebody confirms it.
    pub(crate) is_many: bool,
    /// Those that somebody surely meant: they were confirmed, or went with their namespace.
    pub(crate) meant: Vec<SegmentKey>,
}

/// What is to be retired, and what is held back.
pub(crate) fn retire(published: &[PublishedDefinition], removals: Removals<'_>) -> Retired {
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
    // Whoever deletes a namespace means all that is in it. One that was never seen here was not deleted here.
    let (swept, kept): (Vec<_>, Vec<_>) =
        missing.into_iter().partition(|definition| (removals.has_gone)(namespace_of(&definition.path)));
    let count = u64::try_from(kept.len()).unwrap_or(u64::MAX);
    let many = count + removals.recent;
    let is_many = many > FREE && many * 100 > all * removals.brake && count > 0;
    let held = is_many && removals.confirmed != Some(count);
    let mut meant = swept.clone();
    let mut leaving = [retired, swept].concat();
    if !held {
        meant.extend(is_many.then_some(&kept).into_iter().flatten());
        leaving.extend(kept);
    }
    let leaving = leaving.into_iter().map(|definition| Gone {
        account: definition.account,
        segment: definition.segment,
        name: definition.path.clone(),
    });
    Retired {
        leaving: leaving.collect(),
        held: held.then_some(Held { segments: count, of: all }),
        is_many,
        meant: meant.into_iter().map(|definition| (definition.account, definition.segment)).collect(),
    }
}

/// The namespace of a `namespace/name`.
pub(crate) fn namespace_of(path: &str) -> &str {
    path.split_once('/').map_or("", |(namespace, _)| namespace)
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
        let mut removals = Removals { present, has_gone: &|_| false, recent: 0, brake: 20, confirmed: None };
        change(&mut removals);
        let Retired { leaving, held, .. } = retire(&published(count), removals);
        (leaving.len(), held.map(|held| held.segments))
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
        let even_is_gone = |removals: &mut Removals| removals.has_gone = &|namespace| namespace == "even";
        assert_eq!(outcome(100, &present(0..0), even_is_gone), (50, Some(50)));
    }

    #[test]
    fn what_was_meant_is_told_from_what_slipped_through() {
        let meant = |change: fn(&mut Removals)| {
            let nobody = BTreeSet::new();
            let mut removals =
                Removals { present: &nobody, has_gone: &|_| false, recent: 0, brake: 20, confirmed: None };
            change(&mut removals);
            retire(&published(30), removals).meant.len()
        };
        assert_eq!(meant(|_| ()), 0, "held");
        assert_eq!(meant(|removals| removals.brake = 100), 0, "few enough");
        assert_eq!(meant(|removals| removals.confirmed = Some(30)), 30);
        assert_eq!(meant(|removals| removals.has_gone = &|namespace| namespace == "even"), 15);
    }

    #[test]
    fn one_that_was_retired_is_brought_to_its_end() {
        let mut definitions = published(30);
        for definition in &mut definitions {
            "retired".clone_into(&mut definition.state);
        }
        let nobody = BTreeSet::new();
        let removals = Removals { present: &nobody, has_gone: &|_| false, recent: 0, brake: 0, confirmed: None };
        let Retired { leaving, held, .. } = retire(&definitions, removals);
        assert_eq!((leaving.len(), held), (30, None));
    }
}
