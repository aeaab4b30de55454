//! Events: lines get the numbers of their profiles, gather in a batch, and go to the shards sorted as the table is.

mod blocks;
mod properties;

use std::{ops::Range, sync::Arc};

use segment_sql::{Statement, load as sql};

use self::blocks::BLOCK_ROWS;
use super::{
    Context, LoadError, LoadReport,
    accounts::Accounts,
    backfill::Pairs,
    chunk::{EventChunk, Names, ParsedEvent},
    inserts::Inserts,
    partitions,
    summaries::Summaries,
};
use crate::shards::{Shard, ShardError};

const TABLE: &str = "events_by_profile";
/// Events of a batch for one shard. An insert makes a part in every month that it touches, and parts have to be merged, so
/// larger is better; the server cuts an insert into parts before 1,048,449 rows.
const BATCH_EVENTS: usize = 1_000_000;
/// The batch grows with the number of shards up to this factor.
const BATCH_SHARDS_MAX: usize = 4;
/// Bytes of ids and properties that end a batch too.
const BATCH_BYTES: usize = 256 << 20;

/// Events on their way. Memory: the batch that fills, and two more that are being inserted.
pub(super) struct Events<'a> {
    context: &'a Context<'a>,
    batch: Batch,
    inserts: Inserts,
    months: Summaries,
    pairs: Arc<Pairs>,
    lines: u64,
}

/// Events of all shards.
#[derive(Default)]
struct Batch {
    texts: Texts,
    events: Vec<Vec<Event>>,
    count: usize,
    bytes: usize,
}

/// What the events of a batch point to.
#[derive(Default)]
struct Texts {
    metrics: Names,
    /// See [`properties::of`].
    arenas: Vec<Vec<u8>>,
}

/// An event that is ready.
#[derive(Clone, Copy)]
struct Event {
    account: u64,
    time_ms: i64,
    id: u64,
    offset: u64,
    profile_no: u32,
    metric: u32,
    arena: u32,
    properties: (u32, u32),
    bucket: u16,
}

/// An insert's worth of a batch.
struct Job {
    shard: Shard,
    /// Its number in the store.
    number: usize,
    scope: String,
    version: u64,
    texts: Arc<Texts>,
    /// For each metric its place in the order of their texts.
    ranks: Vec<u32>,
    pairs: Arc<Pairs>,
    events: Vec<Event>,
}

impl<'a> Events<'a> {
    pub(super) fn new(context: &'a Context<'a>, months: Summaries, pairs: Arc<Pairs>) -> Self {
        let shards = context.store.shards.len();
        Self { context, batch: Batch::new(shards), inserts: Inserts::new(TABLE, 2 * shards), months, pairs, lines: 0 }
    }

    /// Takes the next chunk of lines.
    pub(super) async fn take(&mut self, accounts: &mut Accounts, chunk: EventChunk) -> Result<(), LoadError> {
        let hashes = accounts.prepare(self.context, &chunk.accounts.texts).await?;
        self.lines += u64::try_from(chunk.events.len()).unwrap_or(0);
        self.batch.add(accounts, &hashes, chunk);
        let full = BATCH_EVENTS * self.context.store.shards.len().min(BATCH_SHARDS_MAX);
        if self.batch.count >= full || self.batch.bytes >= BATCH_BYTES {
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
        report.events = self.lines;
        finished.and(flushed).and(read)?;
        Ok(self.months)
    }

    async fn flush(&mut self, accounts: &mut Accounts) -> Result<(), LoadError> {
        let context = self.context;
        accounts.write_numbers(context).await?;
        let batch = std::mem::replace(&mut self.batch, Batch::new(context.store.shards.len()));
        let texts = Arc::new(batch.texts);
        for (shard, events) in batch.events.into_iter().enumerate().filter(|(_, events)| !events.is_empty()) {
            context.claims.check(shard).await?;
            let units = events.iter().map(|event| (event.account, event.bucket));
            self.months.change(context, shard, units).await?;
            let job = Job {
                shard: context.store.shards[shard].clone(),
                number: shard,
                scope: context.claims.scope(shard),
                version: context.claims.version(shard),
                texts: Arc::clone(&texts),
                ranks: texts.metrics.ranks(),
                pairs: Arc::clone(&self.pairs),
                events,
            };
            self.inserts.start(job.run()).await?;
        }
        Ok(())
    }
}

impl Batch {
    fn new(shards: usize) -> Self {
        Self { events: (0..shards).map(|_| Vec::new()).collect(), ..Self::default() }
    }

    fn add(&mut self, accounts: &mut Accounts, hashes: &[u64], chunk: EventChunk) {
        let metrics: Vec<u32> = chunk.metrics.texts.iter().map(|metric| self.texts.metrics.number(metric)).collect();
        let arena = u32::try_from(self.texts.arenas.len()).unwrap_or(u32::MAX);
        for event in &chunk.events {
            let account = hashes[event.account as usize];
            let Some(place) = accounts.place(account, event.profile, || chunk.profile_id(event)) else { continue };
            self.events[place.shard].push(Event {
                account,
                time_ms: event.time_ms,
                id: event.event,
                offset: event.offset,
                profile_no: place.profile_no,
                metric: metrics[event.metric as usize],
                arena,
                properties: (event.properties.start, event.properties.end),
                bucket: place.bucket,
            });
        }
        self.count += chunk.events.len();
        self.bytes += chunk.arena.len();
        self.texts.arenas.push(chunk.arena);
    }
}

impl EventChunk {
    fn profile_id(&self, event: &ParsedEvent) -> Box<str> {
        let Range { start, end } = event.profile_id;
        String::from_utf8_lossy(&self.arena[start as usize..end as usize]).into()
    }
}

impl Job {
    async fn run(mut self) -> Result<u64, LoadError> {
        let (job, cuts) = tokio::task::spawn_blocking(move || {
            let cuts = self.sort();
            (self, cuts)
        })
        .await?;
        for events in job.events.chunk_by(|a, b| a.group(&cuts) == b.group(&cuts)) {
            let blocks = events.chunks(BLOCK_ROWS).map(|events| job.events_block(events));
            futures::try_join!(job.insert(sql::EVENTS_BY_PROFILE, blocks), job.insert_properties(events))?;
        }
        Ok(u64::try_from(job.events.len()).unwrap_or(0))
    }

    /// Brings the events into the order of the table, insert by insert. Returns the days before which inserts are cut.
    fn sort(&mut self) -> Vec<u16> {
        let cuts = partitions::cuts(self.events.iter().map(|event| partitions::day(event.time_ms)));
        let ranks = &self.ranks;
        let key = |event: &Event| {
            let rank = ranks[event.metric as usize];
            (event.account, event.bucket, event.profile_no, rank, event.time_ms, event.id)
        };
        if cuts.is_empty() {
            self.events.sort_unstable_by_key(key);
        } else {
            self.events.sort_unstable_by_key(|event| (event.group(&cuts), key(event)));
        }
        cuts
    }

    /// Inserts what pairs name, a bounded number of rows at a time.
    async fn insert_properties(&self, events: &[Event]) -> Result<(), ShardError> {
        let mut wanted = properties::Wanted::new(&self.texts.metrics, self.pairs.of_shard(self.number));
        let mut rest = events;
        while !rest.is_empty() {
            let (taken, mut rows) = wanted.take(&self.texts, rest);
            rest = &rest[taken..];
            wanted.sort(&mut rows, &self.ranks);
            if !rows.properties.is_empty() {
                let blocks = rows.properties.chunks(BLOCK_ROWS).map(|rows| self.properties_block(&wanted, rows));
                self.insert(sql::EVENT_PROPERTIES, blocks).await?;
            }
            if !rows.amounts.is_empty() {
                let blocks = rows.amounts.chunks(BLOCK_ROWS).map(|rows| self.amounts_block(&wanted, rows));
                self.insert(sql::EVENT_AMOUNTS, blocks).await?;
            }
        }
        Ok(())
    }

    async fn insert(&self, statement: Statement, blocks: impl Iterator<Item = Vec<u8>>) -> Result<(), ShardError> {
        let error = |source| self.shard.error(statement.name(), source);
        let mut insert = self.shard.insert_formatted(statement, &self.scope);
        for block in blocks {
            insert.send(block.into()).await.map_err(error)?;
        }
        insert.end().await.map_err(error)
    }
}

impl Event {
    /// Which insert of its batch it goes into.
    fn group(&self, cuts: &[u16]) -> usize {
        let day = partitions::day(self.time_ms);
        cuts.partition_point(|cut| *cut <= day)
    }
}
