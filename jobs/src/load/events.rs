//! Events: lines get the numbers of their profiles, gather in a batch, and go to the shards sorted as the table is.

use std::{ops::Range, sync::Arc};

use super::{
    Context, LoadError, LoadReport,
    accounts::Accounts,
    chunk::{EventChunk, Names, ParsedEvent},
    inserts::{END_LIMIT, Inserts, SEND_LIMIT},
    partitions,
    rows::{EventRow, Properties, version},
    summaries::Summaries,
};
use crate::shards::{Shard, ShardError};

const TABLE: &str = "events_by_profile";
/// Events of a batch for one shard. An insert makes a part in every month that it touches, so larger is better.
const BATCH_EVENTS: usize = 500_000;
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
    scope: String,
    version: u64,
    texts: Arc<Texts>,
    events: Vec<Event>,
}

impl<'a> Events<'a> {
    pub(super) fn new(context: &'a Context<'a>, months: Summaries) -> Self {
        let shards = context.store.shards.len();
        Self { context, batch: Batch::new(shards), inserts: Inserts::new(TABLE, 2 * shards), months, lines: 0 }
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
                scope: context.claims.scope(shard),
                version: context.claims.version(shard),
                texts: Arc::clone(&texts),
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
            job.insert(events).await?;
        }
        Ok(u64::try_from(job.events.len()).unwrap_or(0))
    }

    /// Brings the events into the order of the table, insert by insert. Returns the days before which inserts are cut.
    fn sort(&mut self) -> Vec<u16> {
        let cuts = partitions::cuts(self.events.iter().map(|event| partitions::day(event.time_ms)));
        let texts = &self.texts.metrics.texts;
        let mut order: Vec<usize> = (0..texts.len()).collect();
        order.sort_unstable_by_key(|metric| &texts[*metric]);
        let mut ranks = vec![0_usize; texts.len()];
        for (rank, metric) in order.into_iter().enumerate() {
            ranks[metric] = rank;
        }
        self.events.sort_unstable_by_key(|event| {
            let group = event.group(&cuts);
            let rank = ranks[event.metric as usize];
            (group, event.account, event.bucket, event.profile_no, rank, event.time_ms, event.id)
        });
        cuts
    }

    async fn insert(&self, events: &[Event]) -> Result<(), ShardError> {
        let insert = self.shard.insert::<EventRow<'_>>(TABLE, &self.scope).await?;
        let mut insert = insert.with_timeouts(Some(SEND_LIMIT), Some(END_LIMIT));
        for event in events {
            insert.write(&self.row(event)).await.map_err(|source| self.shard.error(TABLE, source))?;
        }
        insert.end().await.map_err(|source| self.shard.error(TABLE, source))
    }

    fn row(&self, event: &Event) -> EventRow<'_> {
        let (from, to) = event.properties;
        EventRow {
            account: event.account,
            bucket: event.bucket,
            profile_no: event.profile_no,
            metric: &self.texts.metrics.texts[event.metric as usize],
            time: event.time_ms,
            event: event.id,
            properties: Properties(&self.texts.arenas[event.arena as usize][from as usize..to as usize]),
            retracted: 0,
            version: version(self.version, event.offset),
        }
    }
}

impl Event {
    /// Which insert of its batch it goes into.
    fn group(&self, cuts: &[u16]) -> usize {
        let day = partitions::day(self.time_ms);
        cuts.partition_point(|cut| *cut <= day)
    }
}
