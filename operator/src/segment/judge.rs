//! Which Segments have to be judged again, and what the verdict means for those that were published.

use std::{
    collections::{BTreeSet, HashMap, HashSet},
    sync::Arc,
    time::Instant,
};

use kube::ResourceExt;
use segment_rules::{Compiled, segment_id, sip_hash_64};

use super::{
    Segments,
    plan::SegmentKey,
    validate::{Court, Verdict, validate},
};
use crate::{build::hash_of, context::Context, names::StoreKey, object::SegmentObject, store::validate::ValidStore};

/// After the accounts were judged they are left alone for so many times as long as that took: an account of ten thousand
/// Segments that arrive one by one would be judged all the time.
const REST: u32 = 10;

/// A Segment as it was judged.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    uid: String,
    generation: i64,
    pub(super) account: Box<str>,
    pub(super) key: SegmentKey,
    pub(super) verdict: Verdict,
}

impl Entry {
    /// Whether the Segment is still what was judged.
    pub(super) fn is_of(&self, segment: &SegmentObject) -> bool {
        self.generation == segment.generation()
            && Some(&self.uid) == segment.uid().as_ref()
            && self.account == segment.account
    }
}

#[cfg(test)]
impl Entry {
    /// One of which only the verdict matters.
    pub(super) fn judged(verdict: Verdict) -> Self {
        Self { uid: String::new(), generation: 1, account: "1".into(), key: (1, 2), verdict }
    }
}

/// A Segment by the hash of its account and its id.
pub(super) fn key_of(segment: &SegmentObject) -> SegmentKey {
    (sip_hash_64(&segment.account), segment_id(segment.space(), segment.title()))
}

impl Segments {
    /// Judges the Segments of all accounts in which something was changed.
    pub(super) fn judge(&mut self, ctx: &Context, key: &StoreKey, valid: &ValidStore, segments: &[Arc<SegmentObject>]) {
        // Only grants choose by labels.
        let namespaces = if valid.access.is_empty() { Some(HashMap::new()) } else { ctx.namespace_labels() };
        let namespaces = namespaces.as_ref();
        let court = Court { key, time_zone: valid.time_zone.as_deref(), access: &valid.access, namespaces };
        let objects: Vec<&SegmentObject> = segments.iter().map(AsRef::as_ref).collect();
        let again = self.changed(court, &objects);
        if again.is_empty() {
            return;
        }
        let started = Instant::now();
        if self.judge_at > started {
            self.again = again;
            return;
        }
        let accounts: BTreeSet<&str> = again.iter().map(|account| &**account).collect();
        let (mut verdicts, compiled) = validate(court, &objects, &accounts);
        self.book.retain(|_, entry| !accounts.contains(&*entry.account));
        for object in objects.iter().filter(|object| accounts.contains(&*object.account)) {
            let Some(verdict) = verdicts.remove(&object.path()) else { continue };
            let entry = Entry {
                uid: object.uid().unwrap_or_default(),
                generation: object.generation(),
                account: object.account.clone(),
                key: key_of(object),
                verdict,
            };
            self.book.insert(object.path(), entry);
        }
        self.adopt(compiled, &accounts, valid);
        self.judge_at = Instant::now() + started.elapsed() * REST;
    }

    /// Takes over what the accounts mean now.
    fn adopt(&mut self, compiled: Compiled, accounts: &BTreeSet<&str>, valid: &ValidStore) {
        let hashes: HashSet<u64> = accounts.iter().map(|account| sip_hash_64(account)).collect();
        let accepted: HashSet<SegmentKey> = self
            .book
            .values()
            .filter(|entry| matches!(entry.verdict, Verdict::Accepted { .. }))
            .map(|entry| entry.key)
            .collect();
        // A retired definition stays known until its members have left.
        self.standings.retain(|key, standing| {
            !hashes.contains(&key.0)
                || accepted.contains(key)
                || standing.state == segment_jobs::publish::State::Retired
        });
        for account in accounts {
            self.unpublished.remove(*account);
        }
        self.unpublished.extend(compiled.accounts.into_iter().filter(|(_, rules)| !rules.definitions.is_empty()));
        if !self.unpublished.is_empty() {
            let soon = Instant::now() + valid.debounce;
            self.publish_at = Some(self.publish_at.map_or(soon, |at| at.min(soon)));
        }
    }

    /// The accounts in which something was changed: a Segment, one that another refers to, or what all verdicts depend on.
    fn changed(&mut self, court: Court<'_>, objects: &[&SegmentObject]) -> BTreeSet<Box<str>> {
        let mut again = std::mem::take(&mut self.again);
        let hash = hash_of_court(court);
        if hash != self.court {
            self.court = hash;
            again.extend(objects.iter().map(|object| object.account.clone()));
        }
        let mut changed: HashSet<String> = HashSet::new();
        let mut there: HashSet<String> = HashSet::with_capacity(objects.len());
        for object in objects {
            let path = object.path();
            let same = self.book.get(&path).is_some_and(|entry| entry.is_of(object));
            if !same {
                again.insert(object.account.clone());
                changed.insert(path.clone());
            }
            there.insert(path);
        }
        let vanished: Vec<(&String, &Entry)> = self.book.iter().filter(|(path, _)| !there.contains(*path)).collect();
        if !vanished.is_empty() {
            self.retire_at = Instant::now();
        }
        for (path, entry) in vanished {
            again.insert(entry.account.clone());
            changed.insert(path.clone());
        }
        if !changed.is_empty() {
            let refers = |object: &&&SegmentObject| {
                object.references.iter().any(|name| changed.contains(&format!("{}/{name}", object.space())))
            };
            again.extend(objects.iter().filter(refers).map(|object| object.account.clone()));
        }
        again
    }

    /// The keys of all Segments that there are, good or bad.
    pub(super) fn present(segments: &[Arc<SegmentObject>]) -> BTreeSet<SegmentKey> {
        segments.iter().map(|segment| key_of(segment)).collect()
    }
}

fn hash_of_court(court: Court<'_>) -> u64 {
    let Court { key, time_zone, access, namespaces } = court;
    let mut labels: Vec<String> = namespaces.into_iter().flatten().map(|pair| format!("{pair:?}")).collect();
    labels.sort_unstable();
    hash_of(&[&key.to_string(), time_zone.unwrap_or_default(), &format!("{access:?}"), &labels.join("\n")])
}
