//! Publication runs beside the looks: to fill in a new property may take minutes, and others must not wait for it.
//!
//! A few publications run side by side, and an account is in one of them at most. Accounts with property pairs that are new
//! to us are published apart from the rest, which never waits for them.

use std::{
    collections::{BTreeMap, BTreeSet, HashSet},
    time::Instant,
};

use segment_jobs::{
    clock::Clock,
    publish::{self, Gone, Means, Publication, State},
};
use segment_rules::{AccountRules, Compiled, PropertyPair, property_pairs, sip_hash_64};
use tokio::task::JoinHandle;

use super::{BUSY, Look, QUIET, RETRY, Segments, runs::Run, validate::Verdict};
use crate::time::is_due;

/// Publications of a store at the same time.
const AT_ONCE: usize = 4;
/// So many of them may be of accounts with new property pairs.
const SLOW_AT_ONCE: usize = AT_ONCE - 1;

/// Pairs of (metric, property).
type Pairs = BTreeSet<PropertyPair>;

/// A publication under way.
pub(super) struct Publishing {
    accounts: BTreeMap<String, Pairs>,
    /// Their hashes, and those of accounts of which it only retires something.
    hashes: HashSet<u64>,
    is_slow: bool,
    task: JoinHandle<Publication>,
}

impl Publishing {
    pub(super) fn stop(&self) {
        self.task.abort();
    }
}

/// What one publication is to do.
#[derive(Debug, Default)]
struct Part {
    accounts: BTreeMap<String, AccountRules>,
    gone: Vec<Gone>,
}

impl Part {
    fn is_empty(&self) -> bool {
        self.accounts.is_empty() && self.gone.is_empty()
    }
}

impl Segments {
    /// Whether another publication may begin.
    pub(super) fn may_publish(&self) -> bool {
        self.publications.len() < AT_ONCE
    }

    /// Whether a publication of an account is under way.
    fn is_publishing(&self, account: u64) -> bool {
        self.publications.iter().any(|publishing| publishing.hashes.contains(&account))
    }

    /// Begins publications of what is new, except for accounts of which one is under way.
    pub(super) fn publish(&mut self, look: Look<'_>) {
        let is_time = self.publish_at.is_some_and(|at| at <= Instant::now());
        if !self.may_publish() || !is_time {
            return;
        }
        self.publish_at = None;
        // What was made again meanwhile is not gone.
        let present = Self::present(look.segments);
        self.gone.retain(|gone| !present.contains(&(gone.account, gone.segment)));
        let (quick, slow) = self.take_parts();
        self.begin(look, quick, false);
        for part in slow {
            self.begin(look, part, true);
        }
    }

    fn begin(&mut self, look: Look<'_>, part: Part, is_slow: bool) {
        if part.is_empty() {
            return;
        }
        let Part { accounts, gone } = part;
        let pairs = accounts.iter().map(|(account, rules)| (account.clone(), property_pairs(rules))).collect();
        let mut hashes: HashSet<u64> = accounts.keys().map(|account| sip_hash_64(account)).collect();
        hashes.extend(gone.iter().map(|gone| gone.account));
        let compiled = Compiled { accounts, ..Compiled::default() };
        let (store, down, bell) = (look.store.clone(), look.down.to_vec(), self.bell.clone());
        let task = tokio::spawn(async move {
            let means = Means { clock: Clock::System, down: &down };
            let publication = publish::publish_definitions(&store, &compiled, &gone, means).await;
            bell.ring();
            publication
        });
        self.publications.push(Publishing { accounts: pairs, hashes, is_slow, task });
    }

    /// What may be published now: that which is quick together, and the rest in as many parts as may be under way.
    fn take_parts(&mut self) -> (Part, Vec<Part>) {
        let (mut quick, mut slow) = (Part::default(), BTreeMap::new());
        for (account, rules) in std::mem::take(&mut self.unpublished) {
            let known = self.filled.get(&account);
            if self.is_publishing(sip_hash_64(&account)) {
                self.unpublished.insert(account, rules);
            } else if property_pairs(&rules).iter().all(|pair| known.is_some_and(|known| known.contains(pair))) {
                quick.accounts.insert(account, rules);
            } else {
                slow.insert(account, rules);
            }
        }
        let under_way = self.publications.iter().filter(|publishing| publishing.is_slow).count();
        let room = AT_ONCE - self.publications.len() - usize::from(!quick.accounts.is_empty());
        let parts = room.min(SLOW_AT_ONCE.saturating_sub(under_way));
        let mut parts: Vec<Part> = (0..parts.min(slow.len())).map(|_| Part::default()).collect();
        for (number, (account, rules)) in slow.into_iter().enumerate() {
            let count = parts.len().max(1);
            match parts.get_mut(number % count) {
                Some(part) => part.accounts.insert(account, rules),
                None => self.unpublished.insert(account, rules),
            };
        }
        // What is gone leaves at once; an account of which a part is slow keeps its members a little longer.
        let waits: HashSet<u64> =
            parts.iter().flat_map(|part| part.accounts.keys()).map(|key| sip_hash_64(key)).collect();
        let (leaving, later): (Vec<_>, Vec<_>) = std::mem::take(&mut self.gone)
            .into_iter()
            .partition(|gone| !self.is_publishing(gone.account) && !waits.contains(&gone.account));
        quick.gone = leaving;
        self.gone = later;
        (quick, parts)
    }

    /// Takes in the publications that have ended.
    pub(super) async fn take_in_publications(&mut self) {
        let (ended, under_way): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.publications).into_iter().partition(|publishing| publishing.task.is_finished());
        self.publications = under_way;
        let is_nothing_left = self.unpublished.is_empty() && self.gone.is_empty();
        if !ended.is_empty() && !is_nothing_left {
            self.publish_at.get_or_insert(Instant::now());
        }
        for Publishing { accounts, task, .. } in ended {
            match task.await {
                Ok(publication) => self.take_in_publication(accounts, publication),
                Err(error) => {
                    tracing::error!(%error, "a publication broke off; it is tried again");
                    self.publish_again(accounts.into_keys());
                }
            }
        }
    }

    fn take_in_publication(&mut self, accounts: BTreeMap<String, Pairs>, publication: Publication) {
        let Publication { standings, refused, failures } = publication;
        for (_, error) in &failures {
            tracing::warn!(error = segment_jobs::causes::chain(error), "a shard took no publication");
            self.failed = true;
        }
        for (definition, bad) in refused {
            let path = format!("{}/{}", definition.namespace, definition.name);
            // It may have been changed meanwhile: then its next publication tells.
            let is_meant =
                |verdict: &Verdict| matches!(verdict, Verdict::Accepted { hash, .. } if *hash == definition.hash);
            if let Some(entry) = self.book.get_mut(&path).filter(|entry| is_meant(&entry.verdict)) {
                self.standings.remove(&entry.key);
                entry.verdict = Verdict::Refused(bad.to_string());
            }
        }
        let published: HashSet<u64> = standings.iter().map(|standing| standing.account).collect();
        for standing in standings {
            let key = (standing.account, standing.segment);
            self.setbacks.forget_older(key, standing.version);
            self.standings.insert(key, standing);
        }
        if failures.is_empty() {
            self.filled.extend(accounts);
        } else {
            self.publish_again(accounts.into_keys().filter(|account| !published.contains(&sip_hash_64(account))));
        }
    }

    fn publish_again(&mut self, accounts: impl Iterator<Item = String>) {
        let before = self.again.len();
        self.again.extend(accounts.map(Into::into));
        if self.again.len() > before {
            self.publish_at = Some(Instant::now() + RETRY);
        }
    }

    /// Asks the shards how the definitions stand: all of them now and then, those under way each second.
    pub(super) async fn ask_shards(&mut self, look: Look<'_>) {
        let all = is_due(self.look_at) || self.down != look.down;
        let is_time = self.busy_at <= Instant::now();
        let busy: HashSet<_> = self.runs.iter().filter(|_| is_time).flat_map(Run::keys).collect();
        if !busy.is_empty() {
            self.busy_at = Instant::now() + BUSY;
        }
        if all {
            self.look_at = Instant::now() + QUIET;
            look.down.clone_into(&mut self.down);
        }
        let mut standings: Vec<_> =
            self.standings.iter_mut().filter(|(key, _)| all || busy.contains(*key)).map(|(_, one)| one).collect();
        if standings.is_empty() {
            return;
        }
        for (_, error) in publish::look(look.store, &mut standings, look.down).await {
            tracing::warn!(error = segment_jobs::causes::chain(&error), "a shard did not answer");
            self.failed = true;
        }
        let astray: HashSet<_> = self
            .standings
            .iter()
            .filter(|(_, standing)| !standing.astray.is_empty() && standing.state != State::Retired)
            .map(|(key, _)| *key)
            .collect();
        let lost = self.book.values().filter(|entry| astray.contains(&entry.key) && !self.is_publishing(entry.key.0));
        let lost: Vec<_> = lost.map(|entry| entry.account.clone()).collect();
        self.again.extend(lost);
        self.standings.retain(|_, standing| standing.state != State::Retired || !standing.behind.is_empty());
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use segment_rules::{compile, yaml::Document};
    use serde_json::{Value, json};

    use super::*;
    use crate::segment::judge::Entry;

    fn compiled(segments: &[(&str, &str, Value)]) -> BTreeMap<String, AccountRules> {
        let document = |(name, account, criterion): &(&str, &str, Value)| {
            Document::new(json!({
                "apiVersion": "segmentation.dev/v1alpha1", "kind": "Segment",
                "metadata": {"name": name, "namespace": "shop"},
                "spec": {"storeRef": {"name": "main"}, "account": account, "criteria": [criterion]},
            }))
        };
        let compiled = compile(&segments.iter().map(document).collect::<Vec<_>>());
        assert!(compiled.refused.is_empty(), "{:?}", compiled.refused);
        compiled.accounts
    }

    fn sms() -> Value {
        json!({"name": "sms", "consent": {"channel": "sms", "status": "subscribed"}})
    }

    /// One that reads a property of events.
    fn shoes() -> Value {
        let shoes = json!([{"property": "category", "equals": "shoes"}]);
        json!({"name": "shoes", "event": {"metric": "order", "where": shoes, "within": {"last": "30d"}}})
    }

    fn publishing(accounts: &[&str], task: JoinHandle<Publication>) -> Publishing {
        Publishing {
            accounts: accounts.iter().map(|account| ((*account).to_owned(), Pairs::new())).collect(),
            hashes: accounts.iter().map(|account| sip_hash_64(account)).collect(),
            is_slow: true,
            task,
        }
    }

    fn names(part: &Part) -> Vec<&str> {
        part.accounts.keys().map(String::as_str).collect()
    }

    #[tokio::test]
    async fn an_account_that_takes_long_holds_up_no_other() {
        let mut segments = Segments::new(Arc::default());
        segments.unpublished =
            compiled(&[("a", "1", sms()), ("b", "2", shoes()), ("c", "3", sms()), ("d", "4", shoes())]);
        segments.gone = vec![Gone { account: sip_hash_64("2"), segment: 9, name: "shop/e".to_owned() }];
        segments.publications = vec![publishing(&["3"], tokio::spawn(std::future::pending()))];
        let (quick, slow) = segments.take_parts();
        assert_eq!(names(&quick), ["1"]);
        assert_eq!(slow.iter().flat_map(names).collect::<Vec<_>>(), ["2", "4"]);
        assert_eq!(slow.len(), 2);
        assert_eq!(segments.unpublished.keys().collect::<Vec<_>>(), ["3"], "it waits for its own publication");
        assert_eq!((quick.gone.len(), segments.gone.len()), (0, 1));
        segments.stop();
    }

    #[tokio::test]
    async fn property_pairs_that_are_known_are_quick() {
        let mut segments = Segments::new(Arc::default());
        segments.unpublished = compiled(&[("b", "2", shoes())]);
        segments.filled.insert("2".to_owned(), property_pairs(&segments.unpublished["2"]));
        assert!(!segments.filled["2"].is_empty());
        let (quick, slow) = segments.take_parts();
        assert_eq!((names(&quick), slow.len()), (vec!["2"], 0));
    }

    #[tokio::test]
    async fn a_publication_that_breaks_off_is_tried_again() {
        let mut segments = Segments::new(Arc::default());
        let task = tokio::spawn(std::future::pending());
        task.abort();
        while !task.is_finished() {
            tokio::task::yield_now().await;
        }
        segments.publications = vec![publishing(&["1"], task)];
        segments.take_in_publications().await;
        assert_eq!(segments.again.iter().map(|account| &**account).collect::<Vec<_>>(), ["1"]);
        assert!(segments.publish_at.is_some());
    }

    #[test]
    fn a_refusal_of_an_older_definition_says_nothing_about_the_newer() {
        let mut segments = Segments::new(Arc::default());
        let old = compiled(&[("a", "1", sms())]).remove("1").unwrap().definitions.remove(0);
        let verdict = |hash| Verdict::Accepted { hash, account: 1, segment: 2 };
        for (hash, is_refused) in [(old.hash.wrapping_add(1), false), (old.hash, true)] {
            segments.book.insert("shop/a".to_owned(), Entry::judged(verdict(hash)));
            let bad = publish::BadPattern { pattern: "(".to_owned(), reason: "no".to_owned() };
            let refused = vec![(old.clone(), bad)];
            segments.take_in_publication(BTreeMap::new(), Publication { refused, ..Publication::default() });
            assert_eq!(matches!(segments.book["shop/a"].verdict, Verdict::Refused(_)), is_refused);
        }
    }
}
