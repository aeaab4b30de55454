//! The bulk load: profiles and events from NDJSON into the shards of a store.
//!
//! # Flow
//! Claim the lanes of every shard (`claim`). Read the inputs in chunks of lines (`input`), parse the chunks side by side
//! (`line`, `chunk`), and take them in order: give accounts and profiles their numbers (`accounts`), then insert traits
//! (`profiles`) and events (`events`) in large batches, several at a time (`inserts`). At the end fill in the property
//! pairs that somebody registered meanwhile (`backfill`), summarise large units (`summaries`), and commit the
//! new profiles unit by unit (`finish`).
//!
//! # Guarantees
//! Killed anywhere, client or server, a load that is run again gives the same state as one that was not killed:
//! - An account's buckets are written before anything that depends on them, and read again by the next load.
//! - A profile's number is acknowledged before any row that uses it, and the next load reads the numbers again. Only
//!   the holder of the claims gives numbers; the successor of a dead holder ends its statements first, and mends names
//!   that did not follow their profiles.
//! - Traits and events are replaced by their key, and the greater version wins: a version is that of the load (each
//!   greater than all before on the shard), then the number of the line. To insert a line again is as to insert it once.
//! - A put takes away every trait that the profile ever had and the document lacks. What an unfinished load wrote is
//!   among them, so it does not matter how far that load came.
//! - What was being written when the server died may be in one table and not in another, also behind views; the lines
//!   are inserted again, into all of them.
//! - Segment 0 takes the profiles in when all is inserted, by a commit, which is all or nothing.
//!
//! # Caveats
//! The buckets of a new account follow from the lines of the profile files; for standard input, and for profiles that
//! only events name, there is one bucket. A load that failed on a shard keeps its claims: the next one waits until they
//! count as dead (15 s) and then mends. A profile whose erasure is recorded stays erased.

mod accounts;
mod backfill;
mod chunk;
mod claim;
mod error;
mod events;
mod finish;
mod input;
mod inserts;
mod line;
mod native;
mod partitions;
mod profiles;
mod report;
mod rows;
mod summaries;

use std::{sync::Arc, time::Instant};

use segment_rules::Compiled;
use segment_sql::{Statement, ephemeral, load as sql};
use tokio_util::sync::CancellationToken;

use self::{
    accounts::Accounts,
    backfill::Pairs,
    chunk::{EventChunk, ProfileChunk},
    claim::Claims,
    events::Events,
    input::{Parsed, Progress},
    profiles::Profiles,
    summaries::{Kind, Summaries},
};
pub use self::{
    accounts::TouchedUnit,
    backfill::backfill,
    error::{BadLine, LoadError},
    input::Input,
    report::LoadReport,
    summaries::LARGE_UNIT_PROFILES,
};
use crate::{
    clock::Clock,
    shards::Shard,
    store::{Store, fan_out},
};

/// What to load, and how.
#[derive(Clone, Debug)]
pub struct Options {
    /// Gives the instant of the commits. Versions come from the system's clock, so that a later load always wins.
    pub clock: Clock,
    /// Lines of profiles; all are loaded before the first event.
    pub profiles: Vec<Input>,
    /// Lines of events.
    pub events: Vec<Input>,
    /// A new account gets a bucket for each so many profiles.
    pub profiles_per_bucket: u64,
    /// Units of at least so many profiles get summaries: months of events, cells of traits.
    pub summarise_from: u32,
    /// Whether to show a bar when standard error is a terminal.
    pub progress: bool,
}

/// Loads all inputs. Stops in good order when `stop` is cancelled; to load the same again is always safe.
pub async fn load(store: &Store, options: Options, stop: CancellationToken) -> Result<LoadReport, LoadError> {
    let started = Instant::now();
    let progress = Progress::new(&options)?;
    let sizes = accounts::count_profiles(&options, &stop).await?;
    let claims = Claims::take(store, &stop).await?;
    let mut report = LoadReport::default();
    let outcome = load_under(store, &options, sizes, &claims, (&progress, &stop), &mut report).await;
    progress.end();
    if matches!(outcome, Err(LoadError::Stopped)) {
        fan_out(store.shards.iter().map(Shard::end_own).collect()).await.into_iter().collect::<Result<(), _>>()?;
    }
    match &outcome {
        Err(error) if error.is_unfinished() => {}
        _ => claims.release().await?,
    }
    report.duration = started.elapsed();
    outcome.map(|()| report)
}

/// What the stages of a load share.
struct Context<'a> {
    store: &'a Store,
    claims: &'a Claims,
    /// Reads the traits that profiles had before a batch.
    trait_keys: Statement,
    /// Profiles of a batch.
    batch_profiles: usize,
    stop: &'a CancellationToken,
}

impl Context<'_> {
    /// Gives up work that may be given up anywhere.
    async fn unless_stopped<T, E>(&self, work: impl Future<Output = Result<T, E>>) -> Result<T, LoadError>
    where
        LoadError: From<E>,
    {
        tokio::select! {
            outcome = work => Ok(outcome?),
            () = self.stop.cancelled() => Err(LoadError::Stopped),
        }
    }
}

async fn load_under(
    store: &Store,
    options: &Options,
    sizes: accounts::Sizes,
    claims: &Claims,
    (progress, stop): (&Progress, &CancellationToken),
    report: &mut LoadReport,
) -> Result<(), LoadError> {
    let context =
        Context { store, claims, stop, trait_keys: sql::TRAIT_KEYS, batch_profiles: profiles::BATCH_PROFILES };
    let (pairs, mut accounts, cells, months) = futures::try_join!(
        Pairs::read(store),
        Accounts::read(&context, sizes),
        Summaries::read(&context, Kind::Cells),
        Summaries::read(&context, Kind::Months)
    )?;
    let lines = Lines::read(options, progress);
    let pairs = Arc::new(pairs);
    let into = Target { accounts: &mut accounts, summaries: [cells, months], pairs: &pairs };
    let summaries = insert(&context, lines, into, stop, report).await?;
    report.accounts = accounts.touched().count() as u64;
    report.new_profiles = accounts.new_profiles();
    report.add_rows("profiles", report.new_profiles);
    context.unless_stopped(pairs.fill_in(store, &accounts)).await?;
    for summaries in summaries {
        context.unless_stopped(summaries.build(&context, &accounts, options.summarise_from)).await?;
    }
    report.units = finish::commit_units(&context, &accounts, options.clock).await?;
    Ok(())
}

/// What a load reads, parsed.
struct Lines {
    profiles: Parsed<ProfileChunk>,
    events: Parsed<EventChunk>,
}

impl Lines {
    fn read(options: &Options, progress: &Progress) -> Self {
        Self {
            profiles: input::parsed(options.profiles.clone(), chunk::profiles, progress),
            events: input::parsed(options.events.clone(), chunk::events, progress),
        }
    }
}

/// Inputs that are being read, before the store is there that they are for.
pub struct Reading {
    options: Options,
    progress: Progress,
    lines: Lines,
    batch_profiles: usize,
}

impl Reading {
    /// Begins to read and to parse.
    pub fn start(options: Options) -> Result<Self, LoadError> {
        let progress = Progress::new(&options)?;
        let lines = Lines::read(&options, &progress);
        Ok(Self { options, progress, lines, batch_profiles: profiles::BATCH_PROFILES })
    }

    /// Inserts so many profiles at a time: a test that looks at several batches needs few lines.
    #[must_use]
    pub fn in_batches_of(self, batch_profiles: usize) -> Self {
        Self { batch_profiles, ..self }
    }
}

/// Loads inputs into an empty store of one shard that nobody else sees: without claims, summaries and commits, and of events
/// with the properties that the rules ask for. Returns its units.
pub(crate) async fn load_unseen(
    store: &Store,
    compiled: &Compiled,
    Reading { options, progress, lines, batch_profiles }: Reading,
    stop: &CancellationToken,
) -> Result<Vec<TouchedUnit>, LoadError> {
    let sizes = accounts::count_profiles(&options, stop).await?;
    let claims = Claims::none(store);
    let context = Context { store, claims: &claims, stop, trait_keys: ephemeral::KNOWN_TRAITS, batch_profiles };
    let mut accounts = Accounts::none(&context, sizes);
    let summaries = [Kind::Cells, Kind::Months].map(|kind| Summaries::none(&context, kind));
    let pairs = Arc::new(Pairs::asked(compiled));
    let into = Target { accounts: &mut accounts, summaries, pairs: &pairs };
    let outcome = insert(&context, lines, into, stop, &mut LoadReport::default()).await;
    progress.end();
    outcome.map(|_| accounts.touched_units(0))
}

/// What is kept up to date, and heeded, while lines are inserted.
struct Target<'a> {
    accounts: &'a mut Accounts,
    summaries: [Summaries; 2],
    pairs: &'a Arc<Pairs>,
}

/// Inserts profiles and then events, so that all of them are there when it returns.
async fn insert(
    context: &Context<'_>,
    mut lines: Lines,
    Target { accounts, summaries: [cells, months], pairs }: Target<'_>,
    stop: &CancellationToken,
    report: &mut LoadReport,
) -> Result<[Summaries; 2], LoadError> {
    let mut profiles = Profiles::new(context, cells);
    let read = loop {
        match input::next(&mut lines.profiles, stop).await {
            Ok(Some(chunk)) => profiles.take(accounts, chunk).await?,
            ended => break ended.map(|_| ()),
        }
    };
    let cells = profiles.finish(read, accounts, report).await?;

    let mut events = Events::new(context, months, Arc::clone(pairs));
    let read = loop {
        match input::next(&mut lines.events, stop).await {
            Ok(Some(chunk)) => events.take(accounts, chunk).await?,
            ended => break ended.map(|_| ()),
        }
    };
    let months = events.finish(read, accounts, report).await?;
    Ok([cells, months])
}
