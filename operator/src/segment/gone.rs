//! Finds definitions whose Segment is gone.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use kube::ResourceExt;
use segment_crds::SegmentStore;
use segment_jobs::{
    causes::chain,
    clock::Clock,
    publish::{self, PublishedDefinition, State},
};

use super::{
    Look, QUIET, Segments,
    plan::SegmentKey,
    retire::{Removals, Retired, namespace_of, retire},
};
use crate::{
    conditions::holds,
    names::{CONFIRM_REMOVAL, condition::REMOVAL_HELD},
    time::is_due,
};

/// Removals within this time count together.
const RECENTLY: Duration = Duration::from_mins(5);

/// What people have said about removals.
#[derive(Debug, Default)]
pub(super) struct Confirmation {
    /// The annotation as it was last seen, if the store was seen at all.
    number: Option<u64>,
    was_read: bool,
    /// Whether it has done its work: it confirms what was held when it was written, and nothing that comes later.
    is_spent: bool,
    /// Removals that were meant: confirmed, or with their whole namespace. They count against no others.
    meant: HashMap<SegmentKey, Instant>,
}

impl Confirmation {
    /// Takes in what the store says now. Whether it is another number than before.
    fn read(&mut self, store: &SegmentStore) -> bool {
        let number = store.annotations().get(CONFIRM_REMOVAL).and_then(|number| number.parse().ok());
        if self.was_read && self.number == number {
            return false;
        }
        let conditions = store.status.iter().flat_map(|status| &status.conditions);
        let is_held = conditions.filter(|one| one.type_ == REMOVAL_HELD).any(holds);
        // One that is older than this operator was written for what the store says is held, or for something long ago.
        self.is_spent = !self.was_read && !is_held;
        self.was_read = true;
        self.number = number;
        true
    }

    fn confirmed(&self) -> Option<u64> {
        self.number.filter(|_| !self.is_spent)
    }

    /// Of the removals of the last minutes those that nobody has confirmed.
    fn unmeant(&mut self, recent: u64) -> u64 {
        self.meant.retain(|_, at| at.elapsed() < RECENTLY);
        recent.saturating_sub(u64::try_from(self.meant.len()).unwrap_or(u64::MAX))
    }

    fn take_in(&mut self, retired: &Retired) {
        self.is_spent |= !retired.is_many;
        let now = Instant::now();
        self.meant.extend(retired.meant.iter().map(|key| (*key, now)));
    }
}

impl Segments {
    /// Finds definitions that have no Segment any more.
    pub(super) async fn find_gone(&mut self, look: Look<'_>) {
        let is_news = self.confirmation.read(look.object);
        if !is_due(self.retire_at) && !is_news {
            return;
        }
        self.retire_at = Instant::now() + QUIET;
        let (published, recent) = self.published(look).await;
        let present = Self::present(look.segments);
        let has_gone = |name: &str| look.ctx.has_gone(name);
        let removals = Removals {
            present: &present,
            has_gone: &has_gone,
            recent: self.confirmation.unmeant(recent),
            brake: look.valid.brake,
            confirmed: self.confirmation.confirmed(),
        };
        let retired = retire(&published, removals);
        self.confirmation.take_in(&retired);
        self.held = retired.held;
        let known = |key| self.standings.get(&key).is_some_and(|standing| standing.state == State::Retired);
        self.gone = retired.leaving.into_iter().filter(|gone| !known((gone.account, gone.segment))).collect();
        if !self.gone.is_empty() {
            tracing::info!(store = %look.key, definitions = self.gone.len(), "Segments are gone; their members leave");
            self.publish_at.get_or_insert(Instant::now());
        }
    }

    /// What is published on the shards that answer, and how much was retired within the last minutes.
    async fn published(&mut self, look: Look<'_>) -> (Vec<PublishedDefinition>, u64) {
        let now = u64::try_from(Clock::System.now_ms()).unwrap_or(0);
        let since = now.saturating_sub(u64::try_from(RECENTLY.as_millis()).unwrap_or(0));
        let (mut published, mut recent) = (Vec::new(), 0);
        for (index, shard) in look.store.shards.iter().enumerate() {
            if look.down.contains(&index) {
                continue;
            }
            match futures::try_join!(publish::published(shard), publish::retired_since(shard, since)) {
                Ok((definitions, retired)) => {
                    published.extend(definitions);
                    recent = recent.max(retired);
                }
                Err(error) => {
                    tracing::warn!(error = chain(&error), "a shard did not answer");
                    self.failed = true;
                }
            }
        }
        // Of Segments in namespaces that are not watched nobody here can tell whether they are gone.
        let watched = look.ctx.args.watch_namespace.as_deref();
        published.retain(|one| watched.is_none_or(|watched| namespace_of(&one.path) == watched));
        (published, recent)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn store(number: Option<&str>, held: &str) -> SegmentStore {
        serde_json::from_value(json!({
            "apiVersion": "segmentation.dev/v1alpha1", "kind": "SegmentStore",
            "metadata": {"name": "a", "annotations": number.map(|number| json!({CONFIRM_REMOVAL: number}))},
            "spec": {"clickhouse": {"database": "a", "shards": []}},
            "status": {"conditions": [{
                "type": REMOVAL_HELD, "status": held, "reason": "ManyRemoved", "message": "",
                "lastTransitionTime": "2026-01-01T00:00:00Z",
            }]},
        }))
        .unwrap()
    }

    fn retired(is_many: bool, meant: &[SegmentKey]) -> Retired {
        Retired { is_many, meant: meant.to_vec(), ..Retired::default() }
    }

    #[test]
    fn a_number_confirms_what_was_held_and_nothing_later() {
        let mut confirmation = Confirmation::default();
        assert!(confirmation.read(&store(None, "False")));
        confirmation.take_in(&retired(true, &[]));
        assert!(confirmation.read(&store(Some("25"), "True")) && !confirmation.read(&store(Some("25"), "True")));
        assert_eq!(confirmation.confirmed(), Some(25));
        confirmation.take_in(&retired(true, &[(1, 1)]));
        assert_eq!(confirmation.confirmed(), Some(25), "until it is done");
        confirmation.take_in(&retired(false, &[]));
        assert_eq!(confirmation.confirmed(), None);
        assert_eq!((confirmation.unmeant(25), confirmation.unmeant(0)), (24, 0));
    }

    #[test]
    fn one_that_was_there_before_the_operator_confirms_what_the_store_says_is_held() {
        for (held, confirmed) in [("True", Some(25)), ("False", None)] {
            let mut confirmation = Confirmation::default();
            confirmation.read(&store(Some("25"), held));
            assert_eq!(confirmation.confirmed(), confirmed);
        }
    }
}
