//! What the conditions of a store say. Pure.

use std::collections::BTreeMap;

use jiff::Timestamp;
use segment_crds::{SegmentStoreStatus, TroubledShard};

use super::{apply::SchemaState, seen::Seen, trouble::Trouble, versions};
use crate::{
    conditions::{Facet, Summary, cut, fits, merge},
    names::{condition::REMOVAL_HELD, reason},
};

/// Of more shards than these the status lists some, or of fewer where these do not fit: it is written whole whenever one changes.
const LISTED_MAX: usize = 16;
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
    let listed = versions::listed(&names, seen);
    let mut facets: Vec<Facet> = summary.facets(reason, &message).into();
    facets.push(versions::reachable(&listed));
    facets.extend(held.map(removal_held));
    let ready = seen.open.as_ref().map_or(0, |_| names.len() - seen.troubles.len());
    let whole = SegmentStoreStatus {
        observed_generation: Some(generation),
        conditions: merge(&old.conditions, facets, generation, now),
        shards: Some(i64::try_from(names.len()).unwrap_or(i64::MAX)),
        shards_ready: Some(i64::try_from(ready).unwrap_or(i64::MAX)),
        ..SegmentStoreStatus::default()
    };
    let with = |most| SegmentStoreStatus {
        troubled_shards: troubled(&names, &seen.troubles, most),
        shard_versions: versions::rarest(&listed, most),
        ..whole.clone()
    };
    (0..=LISTED_MAX).rev().map(with).find(fits).unwrap_or(whole)
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
        SchemaState::Failed(message) => return (Summary::Stalled, reason::SCHEMA_FAILED, message.clone()),
        SchemaState::Applying(how) => return (Summary::Reconciling, reason::SCHEMA_APPLYING, how.clone()),
        SchemaState::NotStarted(message) => {
            return (
                Summary::Reconciling,
                reason::SCHEMA_NOT_STARTED,
                format!("the schema Job cannot be made: {message}"),
            );
        }
        SchemaState::There | SchemaState::Waiting => {}
    }
    match gravest {
        Some(trouble) => (Summary::Reconciling, trouble.kind.reason(), with_others(trouble, seen.troubles.len())),
        None => (Summary::Ready, reason::ALL_SHARDS_READY, String::new()),
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
    Facet::new(REMOVAL_HELD, true, reason::MANY_REMOVED, message)
}

fn troubled(names: &[String], troubles: &BTreeMap<usize, Trouble>, most: usize) -> Vec<TroubledShard> {
    let shard = |(index, trouble): (&usize, &Trouble)| {
        let (reason, message) = (trouble.kind.reason().to_owned(), cut(&trouble.message, MESSAGE_MAX).to_owned());
        Some(TroubledShard { name: names.get(*index)?.clone(), reason, message })
    };
    troubles.iter().filter_map(shard).take(most).collect()
}

#[cfg(test)]
mod tests {
    use segment_crds::{ClickHouse, SegmentStoreSpec, Shard};
    use segment_jobs::store::Versions;

    use super::*;
    use crate::store::{dereference::SecretTrouble, seen::Obstacle, trouble::TroubleKind, validate};

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

    /// With these shards, all of which are down for the same reason.
    fn all_down(shards: usize, message: &str) -> Seen {
        let shard = |number: usize| {
            let name = format!("{number:03}-{}", "s".repeat(59));
            Shard { urls: vec![format!("http://{name}:8123")], name }
        };
        let clickhouse = ClickHouse {
            database: "segments".to_owned(),
            shards: (0..shards).map(shard).collect(),
            ..ClickHouse::default()
        };
        let spec = SegmentStoreSpec { clickhouse, ..SegmentStoreSpec::default() };
        let trouble = |index| (index, Trouble { kind: TroubleKind::Unreachable, message: message.to_owned() });
        let versions = Versions { server: Some("v".repeat(100)), schema: Some(61) };
        Seen {
            valid: validate::validate(&spec).ok(),
            versions: vec![versions; shards],
            troubles: (0..shards).map(trouble).collect(),
            ..Seen::default()
        }
    }

    #[test]
    fn a_status_stays_small_however_many_shards_are_down_and_whatever_they_say() {
        let held = Some(Held { segments: u64::MAX, of: u64::MAX });
        for said in ["connection refused ", "\u{fc}", "\"", "\n", "\u{1}"] {
            let seen = all_down(512, &said.repeat(1000));
            let old = SegmentStoreStatus::default();
            let status = status(&old, i64::MAX, &seen, held, Timestamp::from_second(1).unwrap());
            assert!(fits(&status), "{}", serde_json::to_string(&status).unwrap().len());
            assert!(!status.troubled_shards.is_empty() && status.shards == Some(512), "{status:?}");
        }
        let few = all_down(16, "connection refused");
        assert!((5..16).contains(&shown(&few).0.troubled_shards.len()), "as many as fit");
    }

    #[test]
    fn removals_that_are_held_say_what_confirms_them() {
        let held = Some(Held { segments: 30, of: 50 });
        let status = status(&SegmentStoreStatus::default(), 1, &seen(), held, Timestamp::from_second(1).unwrap());
        let condition = status.conditions.last().unwrap();
        assert!(condition.message.contains("segmentation.dev/confirm-removal=30"), "{}", condition.message);
    }
}
