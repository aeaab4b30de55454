//! Publication runs beside the looks: to fill in a new property may take minutes, and others must not wait for it.

use std::{collections::HashSet, time::Instant};

use kube::ResourceExt;
use segment_jobs::{
    clock::Clock,
    publish::{self, Means, Publication, State},
};
use segment_rules::{Compiled, sip_hash_64};

use super::{
    BUSY, Look, QUIET, RETRY, Segments,
    retire::{Removals, retire},
    runs::Run,
    validate::Verdict,
};
use crate::names::CONFIRM_REMOVAL;

/// Removals within this time count together, in milliseconds.
const RECENTLY_MS: u64 = 5 * 60 * 1000;

/// A publication that ended.
pub(super) struct Done {
    accounts: Vec<String>,
    publication: Publication,
}

impl Segments {
    /// Begins a publication of what is new, unless one is under way.
    pub(super) fn publish(&mut self, look: Look<'_>) {
        let is_time = self.publish_at.is_some_and(|at| at <= Instant::now());
        if self.publication.is_some() || !is_time {
            return;
        }
        self.publish_at = None;
        let compiled = Compiled { accounts: std::mem::take(&mut self.unpublished), ..Compiled::default() };
        let gone = std::mem::take(&mut self.gone);
        if compiled.accounts.is_empty() && gone.is_empty() {
            return;
        }
        let (store, down, bell) = (look.store.clone(), look.down.to_vec(), self.bell.clone());
        self.publication = Some(tokio::spawn(async move {
            let means = Means { clock: Clock::System, down: &down };
            let publication = publish::publish_definitions(&store, &compiled, &gone, means).await;
            bell.notify_one();
            Done { accounts: compiled.accounts.into_keys().collect(), publication }
        }));
    }

    /// Takes in a publication that has ended.
    pub(super) async fn take_in_publication(&mut self) {
        let Some(publication) = self.publication.take_if(|publication| publication.is_finished()) else { return };
        let Ok(Done { accounts, publication }) = publication.await else { return };
        for (_, error) in &publication.failures {
            tracing::warn!(error = segment_jobs::manual::chain(error), "a shard took no publication");
            self.failed = true;
        }
        for (definition, bad) in publication.refused {
            let path = format!("{}/{}", definition.namespace, definition.name);
            if let Some(entry) = self.book.get_mut(&path) {
                self.standings.remove(&entry.key);
                entry.verdict = Verdict::Refused(bad.to_string());
            }
        }
        let published: HashSet<u64> = publication.standings.iter().map(|standing| standing.account).collect();
        for standing in publication.standings {
            let key = (standing.account, standing.segment);
            // It may have been changed meanwhile: then its next publication tells.
            self.setbacks.forget_older(key, standing.version);
            self.standings.insert(key, standing);
        }
        let missed: Vec<String> =
            accounts.into_iter().filter(|account| !published.contains(&sip_hash_64(account))).collect();
        if !missed.is_empty() && self.failed {
            self.again.extend(missed.into_iter().map(Into::into));
            self.publish_at = Some(Instant::now() + RETRY);
        }
    }

    /// Asks the shards how the definitions stand: all of them now and then, those under way each second.
    pub(super) async fn ask_shards(&mut self, look: Look<'_>) {
        let all = self.look_at <= Instant::now() || self.down != look.down;
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
            tracing::warn!(error = segment_jobs::manual::chain(&error), "a shard did not answer");
            self.failed = true;
        }
        let astray: HashSet<_> = self
            .standings
            .iter()
            .filter(|(_, standing)| !standing.astray.is_empty() && standing.state != State::Retired)
            .map(|(key, _)| *key)
            .collect();
        if !astray.is_empty() && self.publication.is_none() {
            let lost = self.book.values().filter(|entry| astray.contains(&entry.key));
            self.again.extend(lost.map(|entry| entry.account.clone()));
        }
        self.standings.retain(|_, standing| standing.state != State::Retired || !standing.behind.is_empty());
    }

    /// Finds definitions that have no Segment any more.
    pub(super) async fn find_gone(&mut self, look: Look<'_>) {
        let confirmed = look.object.annotations().get(CONFIRM_REMOVAL).and_then(|number| number.parse().ok());
        if self.retire_at > Instant::now() && confirmed == self.confirmed {
            return;
        }
        self.confirmed = confirmed;
        self.retire_at = Instant::now() + QUIET;
        let since = u64::try_from(Clock::System.now_ms()).unwrap_or(0).saturating_sub(RECENTLY_MS);
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
                    tracing::warn!(error = segment_jobs::manual::chain(&error), "a shard did not answer");
                    self.failed = true;
                }
            }
        }
        let present = Self::present(look.segments);
        let has_namespace = |name: &str| look.ctx.has_namespace(name);
        let (gone, held) = retire(
            &published,
            Removals { present: &present, namespaces: &has_namespace, recent, brake: look.valid.brake, confirmed },
        );
        self.held = held;
        let known = |key| self.standings.get(&key).is_some_and(|standing| standing.state == State::Retired);
        self.gone = gone.into_iter().filter(|gone| !known((gone.account, gone.segment))).collect();
        if !self.gone.is_empty() {
            tracing::info!(store = %look.key, definitions = self.gone.len(), "Segments are gone; their members leave");
            self.publish_at.get_or_insert(Instant::now());
        }
    }
}
