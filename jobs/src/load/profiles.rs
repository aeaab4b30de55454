//! Profiles: a document replaces all traits of its profile.
//!
//! Within a batch the last line of a profile counts. What a profile had before the batch is read from the store, which
//! therefore has to have acknowledged all batches before.

use std::collections::{HashMap, HashSet};

use clickhouse::Row;
use futures::{StreamExt, TryStreamExt, stream};
use serde::Deserialize;

use super::{
    Context, LoadError, LoadReport,
    accounts::{Accounts, Place},
    chunk::{ParsedProfile, ProfileChunk, ProfileKey, Trait},
    inserts::{END_LIMIT, Inserts, SEND_LIMIT},
    rows::{TraitRow, version},
    summaries::Summaries,
};
use crate::shards::{Shard, ShardError};

const TABLE: &str = "traits_by_profile";
/// Profiles of a batch.
pub(super) const BATCH_PROFILES: usize = 200_000;
/// Traits that end a batch too.
const BATCH_TRAITS: usize = 500_000;
/// Profiles whose traits one statement reads.
const PROFILES_OF_A_READING: usize = 10_000;
const READINGS_AT_ONCE: usize = 4;

/// Profiles on their way. Memory: the batch that fills, and two more that are being inserted.
pub(super) struct Profiles<'a> {
    context: &'a Context<'a>,
    /// Each with the hash of its account.
    batch: Vec<(u64, ParsedProfile)>,
    batch_traits: usize,
    inserts: Inserts,
    cells: Summaries,
    lines: u64,
    traits: u64,
    tombstones: u64,
}

/// A unit's profile: account, bucket and number.
type Number = (u64, u16, u32);

/// A profile that is ready.
struct Document {
    number: Number,
    offset: u64,
    traits: Vec<Trait>,
}

/// An insert's worth of a batch.
struct Job {
    shard: Shard,
    scope: String,
    version: u64,
    documents: Vec<Document>,
}

#[derive(Row, Deserialize)]
struct TraitKey {
    account: u64,
    bucket: u16,
    profile_no: u32,
    r#trait: String,
}

impl<'a> Profiles<'a> {
    pub(super) fn new(context: &'a Context<'a>, cells: Summaries) -> Self {
        let inserts = Inserts::new(TABLE, 2 * context.store.shards.len());
        Self { context, batch: Vec::new(), batch_traits: 0, inserts, cells, lines: 0, traits: 0, tombstones: 0 }
    }

    /// Takes the next chunk of lines.
    pub(super) async fn take(&mut self, accounts: &mut Accounts, chunk: ProfileChunk) -> Result<(), LoadError> {
        let hashes = accounts.prepare(self.context, &chunk.accounts.texts).await?;
        self.lines += u64::try_from(chunk.profiles.len()).unwrap_or(0);
        self.batch_traits += chunk.profiles.iter().map(|profile| profile.traits.len()).sum::<usize>();
        self.batch.extend(chunk.profiles.into_iter().map(|profile| (hashes[profile.account as usize], profile)));
        if self.batch.len() >= self.context.batch_profiles || self.batch_traits >= BATCH_TRAITS {
            self.flush(accounts).await?;
        }
        Ok(())
    }

    /// Inserts what is left if all was `read`, and waits for all inserts in any case.
    pub(super) async fn finish(
        mut self,
        read: Result<(), LoadError>,
        accounts: &mut Accounts,
        report: &mut LoadReport,
    ) -> Result<Summaries, LoadError> {
        let flushed = match &read {
            Ok(()) => self.flush(accounts).await,
            Err(_) => Ok(()),
        };
        let finished = self.inserts.finish().await;
        self.inserts.count(report);
        report.profiles = self.lines;
        report.traits = self.traits;
        report.tombstones = self.tombstones;
        finished.and(flushed).and(read)?;
        Ok(self.cells)
    }

    async fn flush(&mut self, accounts: &mut Accounts) -> Result<(), LoadError> {
        let context = self.context;
        self.batch_traits = 0;
        let batch = last_of_each_profile(std::mem::take(&mut self.batch));
        let mut documents: Vec<Vec<Document>> = context.store.shards.iter().map(|_| Vec::new()).collect();
        let mut known: Vec<Vec<Number>> = context.store.shards.iter().map(|_| Vec::new()).collect();
        for (account, profile) in batch {
            let ParsedProfile { key, id, offset, traits, .. } = profile;
            let Some(place) = accounts.place(account, key, || id) else { continue };
            let Place { shard, bucket, profile_no, .. } = place;
            let number = (account, bucket, profile_no);
            if place.known {
                known[shard].push(number);
            }
            documents[shard].push(Document { number, offset, traits });
        }
        accounts.write_numbers(context).await?;
        if known.iter().any(|numbers| !numbers.is_empty()) {
            self.inserts.finish().await?;
        }
        for (shard, (mut documents, known)) in documents.into_iter().zip(known).enumerate() {
            if documents.is_empty() {
                continue;
            }
            context.claims.check(shard).await?;
            let units = documents.iter().map(|Document { number: (account, bucket, _), .. }| (*account, *bucket));
            self.cells.change(context, shard, units).await?;
            self.traits += documents.iter().map(|document| document.traits.len() as u64).sum::<u64>();
            let had = read_traits(context, shard, &known).await?;
            self.tombstones += documents.iter_mut().map(|document| document.take_away(&had)).sum::<u64>();
            let job = Job {
                shard: context.store.shards[shard].clone(),
                scope: context.claims.scope(shard),
                version: context.claims.version(shard),
                documents,
            };
            self.inserts.start(job.run()).await?;
        }
        Ok(())
    }
}

/// In the order of the lines, so that numbers are given in it.
fn last_of_each_profile(batch: Vec<(u64, ParsedProfile)>) -> Vec<(u64, ParsedProfile)> {
    let mut places: HashMap<(u64, ProfileKey), usize> = HashMap::with_capacity(batch.len());
    let mut last: Vec<(u64, ParsedProfile)> = Vec::with_capacity(batch.len());
    for (account, profile) in batch {
        let next = last.len();
        match *places.entry((account, profile.key)).or_insert(next) {
            place if place == next => last.push((account, profile)),
            place => last[place] = (account, profile),
        }
    }
    last
}

/// The names of all traits that some profiles ever had.
async fn read_traits(
    context: &Context<'_>,
    shard: usize,
    known: &[Number],
) -> Result<HashMap<Number, Vec<String>>, ShardError> {
    let scope = context.claims.scope(shard);
    let mut readings = stream::iter(known.chunks(PROFILES_OF_A_READING))
        .map(|profiles| context.store.shards[shard].call(context.trait_keys, &scope).param("profiles", profiles).rows())
        .buffered(READINGS_AT_ONCE);
    let mut had: HashMap<Number, Vec<String>> = HashMap::with_capacity(known.len());
    while let Some(rows) = readings.try_next().await? {
        for TraitKey { account, bucket, profile_no, r#trait } in rows {
            had.entry((account, bucket, profile_no)).or_default().push(r#trait);
        }
    }
    Ok(had)
}

impl Document {
    /// Adds tombstones for the traits that the profile had and the document lacks. Returns how many.
    fn take_away(&mut self, had: &HashMap<Number, Vec<String>>) -> u64 {
        let Some(had) = had.get(&self.number) else { return 0 };
        let names: HashSet<&str> = self.traits.iter().map(|value| value.name.as_str()).collect();
        let gone: Vec<Trait> =
            had.iter().filter(|name| !names.contains(name.as_str())).cloned().map(Trait::absent).collect();
        let count = gone.len() as u64;
        self.traits.extend(gone);
        count
    }
}

impl Job {
    async fn run(mut self) -> Result<u64, LoadError> {
        let job = tokio::task::spawn_blocking(move || {
            self.documents.sort_unstable_by_key(|document| document.number);
            for document in &mut self.documents {
                document.traits.sort_unstable_by(|a, b| a.name.cmp(&b.name));
            }
            self
        })
        .await?;
        Ok(job.insert().await?)
    }

    async fn insert(&self) -> Result<u64, ShardError> {
        let error = |source| self.shard.error(TABLE, source);
        let insert = self.shard.insert::<TraitRow<'_>>(TABLE, &self.scope).await?;
        let mut insert = insert.with_timeouts(Some(SEND_LIMIT), Some(END_LIMIT));
        let mut rows = 0;
        for document in &self.documents {
            let version = version(self.version, document.offset);
            for value in &document.traits {
                insert.write(&TraitRow::new(document.number, value, version)).await.map_err(error)?;
                rows += 1;
            }
        }
        insert.end().await.map_err(error)?;
        Ok(rows)
    }
}
