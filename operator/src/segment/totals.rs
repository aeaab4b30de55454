//! What came of evaluations: members, and how many entered and left, summed over the units on all shards.

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

use jiff::Timestamp;
use kube::Resource;
use segment_crds::LastEvaluation;
use segment_jobs::{
    causes::chain,
    publish::{Numbers, Standing, State, numbers},
};

use super::{Look, Segments, conditions::Totals, judge::key_of, plan::SegmentKey, runs::evaluating};
use crate::object::SegmentObject;

impl Segments {
    /// Reads the numbers of Segments that were evaluated since their status was written.
    pub(super) async fn read_totals(&mut self, look: Look<'_>) {
        let wanted = self.wanted(look.segments);
        self.refresh.retain(|key| wanted.contains(key));
        if wanted.is_empty() {
            return;
        }
        let mut accounts: Vec<u64> = wanted.iter().map(|key| key.0).collect();
        accounts.sort_unstable();
        accounts.dedup();
        let segments: Vec<u64> = wanted.iter().map(|key| key.1).collect();
        let (mut found, mut silent) = (HashMap::<SegmentKey, Totals>::new(), BTreeSet::<usize>::new());
        for (index, shard) in look.store.shards.iter().enumerate() {
            if look.down.contains(&index) {
                continue;
            }
            match numbers(shard, &accounts, &segments).await {
                Ok(rows) => rows.into_iter().for_each(|row| add(&mut found, &row)),
                Err(error) => {
                    tracing::warn!(error = chain(&error), "a shard did not tell what came of evaluations");
                    self.failed = true;
                    silent.insert(index);
                }
            }
        }
        let made = self.made(look.segments);
        for key in wanted {
            let Some(standing) = self.standings.get(&key) else { continue };
            if standing.homes.iter().any(|home| silent.contains(home)) {
                self.refresh.insert(key);
                continue;
            }
            self.refresh.remove(&key);
            let Some(totals) = found.get(&key).filter(|totals| totals.version == standing.version) else {
                // The shards say that it is served: they will say with what.
                self.refresh.insert(key);
                continue;
            };
            // A Segment that was deleted and made again: the members are those of the one before.
            if made.get(&key).is_some_and(|made_ms| totals.as_of_ms < *made_ms) {
                self.outdated.insert(key);
            } else {
                self.totals.insert(key, totals.clone());
            }
        }
    }

    /// When Segments without any evaluation were made, Unix milliseconds.
    fn made(&self, segments: &[Arc<SegmentObject>]) -> HashMap<SegmentKey, i64> {
        let fresh = segments.iter().filter(|segment| self.told.status(segment).last_evaluation.is_none());
        let made = fresh.filter_map(|segment| {
            Some((key_of(segment), segment.meta().creation_timestamp.as_ref()?.0.as_millisecond()))
        });
        made.collect()
    }

    /// Segments that serve their newest version and whose status does not say so, or was to be refreshed. That a version was
    /// evaluated again is seen by its instant, when no run is at it any more: units come one after the other.
    fn wanted(&self, segments: &[Arc<SegmentObject>]) -> BTreeSet<SegmentKey> {
        let mut wanted = BTreeSet::new();
        for segment in segments {
            let key = key_of(segment);
            let Some(standing) = self.standings.get(&key).filter(|standing| serves(standing)) else { continue };
            let status = self.told.status(segment);
            let told = status.last_evaluation.as_ref().and_then(of_status);
            let read = self.totals.get(&key).map(|totals| (totals.version, totals.as_of_ms));
            let of_version = told.into_iter().chain(read).filter(|(version, _)| *version == standing.version);
            let is_new = match of_version.map(|(_, as_of_ms)| as_of_ms).max() {
                None => true,
                Some(seen_ms) => {
                    seen_ms < standing.newest_ms && evaluating(&self.runs, key, standing.version).is_none()
                }
            };
            let is_new = is_new && !self.outdated.contains(&key);
            if is_new || self.refresh.contains(&key) {
                wanted.insert(key);
            }
        }
        wanted
    }
}

/// The version and the instant of an evaluation, as a status tells them.
fn of_status(last: &LastEvaluation) -> Option<(u64, i64)> {
    let as_of: Timestamp = last.as_of.parse().ok()?;
    Some((u64::try_from(last.version).ok()?, as_of.as_millisecond()))
}

/// Whether all units serve the newest version.
pub(super) fn serves(standing: &Standing) -> bool {
    standing.state == State::Active
        && standing.units > 0
        && standing.behind.is_empty()
        && standing.absent.is_empty()
        && standing.failed.is_none()
}

fn add(found: &mut HashMap<SegmentKey, Totals>, row: &Numbers) {
    let nothing = Totals {
        version: row.greatest,
        as_of_ms: i64::MIN,
        members: 0,
        entered: 0,
        exited: 0,
        duration_ms: 0,
        run: String::new(),
    };
    let totals = found.entry((row.account, row.segment)).or_insert(nothing);
    totals.version = totals.version.max(row.greatest);
    if row.as_of_ms > totals.as_of_ms {
        totals.as_of_ms = row.as_of_ms;
        totals.run.clone_from(&row.run);
    }
    totals.members += row.members;
    totals.entered += row.entered;
    totals.exited += row.exited;
    totals.duration_ms = totals.duration_ms.max(row.duration_ms);
}
