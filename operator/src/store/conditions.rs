//! What the conditions of a store say. Pure.

use std::collections::BTreeMap;

use jiff::Timestamp;
use segment_crds::{SegmentStoreStatus, TroubledShard};

use super::{
    Seen,
    apply::SchemaState,
    trouble::{Trouble, TroubleKind},
    versions,
};
use crate::{
    conditions::{Facet, Summary, merge},
    names::condition::REMOVAL_HELD,
};

/// The troubled shards that are named.
const NAMED: usize = 16;
/// The longest message of a troubled shard.
const MESSAGE_MAX: usize = 256;

/// Segments that are gone but keep their members, because there are so many of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Held {
    pub(crate) segments: u64,
    pub(crate) of: u64,
}

/// The status of a store as it was seen.
pub(crate) fn status(
    old: &SegmentStoreStatus,
    generation: i64,
    seen: &Seen,
    held: Option<Held>,
    now: Timestamp,
) -> SegmentStoreStatus {
    let (summary, reason, message) = summary(seen);
    let names = seen.valid.iter().flat_map(|valid| &valid.shards).map(|shard| shard.name.clone());
    let names: Vec<String> = names.collect();
    let shard_versions = versions::listed(&names, seen);
    let mut facets: Vec<Facet> = summary.facets(reason, &message).into();
    facets.push(versions::reachable(&shard_versions));
    let shard_versions = versions::shortened(shard_versions);
    facets.extend(held.map(removal_held));
    let ready = seen.open.as_ref().map_or(0, |_| names.len() - seen.troubles.len());
    SegmentStoreStatus {
        observed_generation: Some(generation),
        conditions: merge(&old.conditions, facets, generation, now),
        shards: Some(i64::try_from(names.len()).unwrap_or(i64::MAX)),
        shards_ready: Some(i64::try_from(ready).unwrap_or(i64::MAX)),
        troubled_shards: troubled(&names, &seen.troubles),
        shard_versions,
    }
}

/// The gravest of all that is wrong.
fn summary(seen: &Seen) -> (Summary, &'static str, String) {
    if let Some(obstacle) = &seen.obstacle {
        let summary = if obstacle.needs_a_person() { Summary::Stalled } else { Summary::Reconciling };
        return (summary, obstacle.reason(), obstacle.to_string());
    }
    let gravest = seen.troubles.values().max_by_key(|trouble| (trouble.kind.needs_a_person(), trouble.kind));
    if let Some(trouble) = gravest.filter(|trouble| trouble.kind.needs_a_person()) {
        return (Summary::Stalled, trouble.kind.reason(), with_others(trouble, seen.troubles.len()));
    }
    match &seen.schema {
        SchemaState::Failed(message) => return (Summary::Stalled, "SchemaFailed", message.clone()),
        SchemaState::Applying(how) => return (Summary::Reconciling, "SchemaApplying", how.clone()),
        SchemaState::NotStarted(message) => {
            return (Summary::Reconciling, "SchemaNotStarted", format!("the schema Job cannot be made: {message}"));
        }
        SchemaState::There | SchemaState::Waiting => {}
    }
    match gravest {
        Some(trouble) => (Summary::Reconciling, trouble.kind.reason(), with_others(trouble, seen.troubles.len())),
        None => (Summary::Ready, "AllShardsReady", String::new()),
    }
}

fn with_others(trouble: &Trouble, troubled: usize) -> String {
    match troubled {
        0 | 1 => trouble.message.clone(),
        _ => format!("{troubled} shards are not ready; {}", trouble.message),
    }
}

fn removal_held(held: Held) -> Facet {
    let Held { segments, of } = held;
    let message = format!(
        "{segments} of {of} Segments disappeared within a short time; their members stay until this store is annotated with \
         {}={segments}",
        crate::names::CONFIRM_REMOVAL
    );
    Facet::new(REMOVAL_HELD, true, "ManyRemoved", message)
}

fn troubled(names: &[String], troubles: &BTreeMap<usize, Trouble>) -> Vec<TroubledShard> {
    let shard = |(index, trouble): (&usize, &Trouble)| {
        let (reason, message) = (trouble.kind.reason().to_owned(), cut(&trouble.message, MESSAGE_MAX));
        Some(TroubledShard { name: names.get(*index)?.clone(), reason, message })
    };
    troubles.iter().filter_map(shard).take(NAMED).collect()
}

/// The beginning of a text, at most so many bytes.
pub(super) fn cut(text: &str, most: usize) -> String {
    text[..text.floor_char_boundary(most)].to_owned()
}

/// Whether a trouble is one that a Segment on the shard has to wait for, rather than one that a person mends.
pub(crate) fn waits(trouble: &Trouble) -> bool {
    matches!(trouble.kind, TroubleKind::Unreachable | TroubleKind::SchemaMissing)
}

#[cfg(test)]
mod tests {
    use segment_crds::{ClickHouse, SegmentStoreSpec, Shard};

    use super::*;
    use crate::store::{Obstacle, dereference::SecretTrouble, validate};

    fn seen() -> Seen {
        let shard = |name: &str| Shard { name: name.to_owned(), urls: vec![format!("http://{name}:8123")] };
        let clickhouse = ClickHouse {
            database: "segments".to_owned(),
            shards: vec![shard("a"), shard("b")],
            ..ClickHouse::default()
        };
        let spec = SegmentStoreSpec { clickhouse, ..SegmentStoreSpec::default() };
        Seen { valid: validate::validate(&spec).ok(), ..Seen::default() }
    }

    fn shown(seen: &Seen) -> (SegmentStoreStatus, String) {
        let status = status(&SegmentStoreStatus::default(), 1, seen, None, Timestamp::from_second(1).unwrap());
        let letters: String = status.conditions.iter().take(3).filter_map(|one| one.status.chars().next()).collect();
        let shown = format!("{letters} {}", status.conditions[0].reason);
        (status, shown)
    }

    fn troubled(kinds: &[TroubleKind]) -> Seen {
        let trouble = |(index, kind): (usize, &TroubleKind)| {
            (index, Trouble { kind: *kind, message: format!("shard {index}: trouble") })
        };
        Seen { troubles: kinds.iter().enumerate().map(trouble).collect(), ..seen() }
    }

    #[test]
    fn the_gravest_trouble_is_told_and_every_troubled_shard_named() {
        let (status, text) = shown(&troubled(&[TroubleKind::Unreachable, TroubleKind::Credentials]));
        assert_eq!(text, "FFT CredentialsRefused");
        assert_eq!(status.conditions[0].message, "2 shards are not ready; shard 1: trouble");
        let names: Vec<_> = status.troubled_shards.iter().map(|shard| shard.name.as_str()).collect();
        assert_eq!((names, status.shards), (vec!["a", "b"], Some(2)));
        assert_eq!(shown(&troubled(&[TroubleKind::Unreachable])).1, "FTF ShardUnreachable");
    }

    #[test]
    fn a_schema_that_is_being_made_is_waited_for() {
        let missing = |schema| Seen { schema, ..troubled(&[TroubleKind::SchemaMissing]) };
        assert_eq!(shown(&missing(SchemaState::Applying("j".to_owned()))).1, "FTF SchemaApplying");
        assert_eq!(shown(&missing(SchemaState::Failed("no".to_owned()))).1, "FFT SchemaFailed");
        assert_eq!(shown(&missing(SchemaState::NotStarted("no".to_owned()))).1, "FTF SchemaNotStarted");
        assert_eq!(shown(&troubled(&[TroubleKind::Taken])).1, "FFT ForeignDatabase");
    }

    #[test]
    fn an_obstacle_to_all_of_it_comes_first() {
        let secret = Obstacle::Secret(SecretTrouble::Forbidden("kubectl create role".to_owned()));
        let (status, text) = shown(&Seen { obstacle: Some(secret), ..seen() });
        assert_eq!(
            (text.as_str(), status.conditions[0].message.as_str()),
            ("FFT SecretForbidden", "kubectl create role")
        );
    }

    #[test]
    fn removals_that_are_held_say_what_confirms_them() {
        let held = Some(Held { segments: 30, of: 50 });
        let status = status(&SegmentStoreStatus::default(), 1, &seen(), held, Timestamp::from_second(1).unwrap());
        let condition = status.conditions.last().unwrap();
        assert!(condition.message.contains("segmentation.dev/confirm-removal=30"), "{}", condition.message);
    }
}
