//! Generates a data set by INSERT SELECT from numbers and hashes: seeded, bucket by bucket and month by month, so that
//! memory is bounded whatever the size. A description beside the directory says what it holds; without it a directory
//! counts as unfinished and is made anew.

use std::{fs, path::PathBuf, time::Instant};

use anyhow::{Context, Result};
use clickhouse::Row;
use futures::{StreamExt, TryStreamExt, stream};
use indicatif::{ProgressBar, ProgressStyle};
use jiff::{Span, civil::Date};
use segment_jobs::{
    commit::{self, Batch},
    evaluate::rows::RootRow,
    shards::Call,
    staging::{self, Stage},
    summarise,
};
use segment_sql::{publish, rule_join};
use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::{
    args::{DataArgs, Orders},
    bench::{self, AS_OF_MS, Bench, FIRST_MONTH, MONTHS},
    report::{bytes, float},
    sql,
};

/// Rises when other data come out of the same arguments.
const FORM: u32 = 1;
/// The version of the summaries.
const SUMMARY: u64 = 1;
/// How many buckets are filled at the same time.
const BUCKETS_AT_ONCE: usize = 2;
/// Key and how many of a hundred profiles have it; together five rows a profile.
const TRAITS: &[(&str, u8)] = &[
    ("consent/email", 70),
    ("consent/sms", 40),
    ("geo", 40),
    ("p/birthday", 30),
    ("p/city", 50),
    ("p/country", 80),
    ("p/interests", 20),
    ("p/last_seen", 50),
    ("p/lifetime_value", 50),
    ("p/tier", 40),
];
/// Static lists, each with 3 of a hundred profiles.
const LISTS: u8 = 10;
const LIST_PERCENT: u8 = 3;
/// The pairs that `event_properties` keeps; as in `pairs.sql`, which has the one of `event_amounts` too.
const PAIRS: &[(&str, &str)] = &[
    ("Clicked Email", "campaign"),
    ("Placed Order", "campaign"),
    ("Placed Order", "items"),
    ("Placed Order", "value"),
];

/// What a directory holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Description {
    form: u32,
    schema_version: u32,
    profiles: u64,
    accounts: u64,
    events: u64,
    seed: u64,
    all_orders: bool,
    buckets: u16,
}

#[derive(Row, Deserialize)]
struct Partition {
    partition: String,
}

#[derive(Row, Deserialize)]
struct Size {
    table: String,
    rows: u64,
    bytes: u64,
    parts: u64,
}

/// `segment-bench generate`.
pub(crate) async fn command(args: &DataArgs) -> Result<()> {
    let bench = open(args).await?;
    bench.print_head("generate").await?;
    print_sizes(&bench).await
}

/// The data set, generated if it is not there.
pub(crate) async fn open(args: &DataArgs) -> Result<Bench> {
    let (wanted, path) = (wanted(args), description(args));
    let found = fs::read_to_string(&path).ok().and_then(|text| serde_json::from_str::<Description>(&text).ok());
    if !args.anew && found.as_ref() == Some(&wanted) {
        return Bench::open(args, false).await;
    }
    if let Err(error) = fs::remove_file(&path)
        && error.kind() != std::io::ErrorKind::NotFound
    {
        return Err(error).context(format!("{} cannot be removed", path.display()));
    }
    let bench = Bench::open(args, true).await?;
    let started = Instant::now();
    generate(&bench).await?;
    eprintln!("generated in {:.1} s", started.elapsed().as_secs_f64());
    fs::write(&path, serde_json::to_string_pretty(&wanted)?).context(format!("{}", path.display()))?;
    Ok(bench)
}

fn wanted(args: &DataArgs) -> Description {
    Description {
        form: FORM,
        schema_version: segment_sql::schema::VERSION,
        profiles: args.profiles,
        accounts: args.accounts,
        events: args.events,
        seed: args.data_seed,
        all_orders: args.orders == Orders::All,
        buckets: bench::buckets(args),
    }
}

fn description(args: &DataArgs) -> PathBuf {
    bench::directory(args).with_extension("json")
}

/// Generates everything, merges it and commits the universe.
async fn generate(bench: &Bench) -> Result<()> {
    let buckets = bench::buckets(&bench.args);
    let steps = u64::from(buckets) * u64::try_from(MONTHS + 2)? + 2;
    let bar = ProgressBar::new(steps);
    bar.set_style(ProgressStyle::with_template("{wide_bar} {pos}/{len} {elapsed}, {eta} left: {msg}")?);
    bench.call(sql::ACCOUNTS).param("accounts", bench.args.accounts).param("buckets", buckets).execute().await?;
    pairs(bench, 0).execute().await?;
    // The server writes a statement's rows by one thread.
    stream::iter(0..buckets)
        .map(|bucket| fill(bench, bucket, buckets, &bar))
        .buffer_unordered(BUCKETS_AT_ONCE)
        .try_collect::<()>()
        .await?;
    amounts(bench, buckets).await?;
    bar.set_message("merging");
    merge(bench).await?;
    bar.inc(1);
    bar.set_message("summaries and the universe");
    // As the loader has it: only large units are worth summaries.
    if bench.args.accounts == 1 {
        for bucket in 0..buckets {
            summarise::months::build(bench.shard(), bench::account_hash(0), bucket, SUMMARY).await?;
            summarise::cells::build(bench.shard(), bench::account_hash(0), bucket, SUMMARY).await?;
        }
    }
    commit_universe(bench, buckets).await?;
    merge(bench).await?;
    bar.finish_and_clear();
    Ok(())
}

/// Registers the pairs, filled in or not yet.
fn pairs(bench: &Bench, filled: u8) -> Call<'_> {
    bench.call(sql::PAIRS).param("accounts", bench.args.accounts).param("filled", filled)
}

/// Puts the values of orders beside their campaigns, as the back-fill of a publication does.
async fn amounts(bench: &Bench, buckets: u16) -> Result<()> {
    for bucket in 0..buckets {
        bench.call(publish::BACKFILL_AMOUNTS).param("bucket", bucket).filling_in().execute().await?;
    }
    Ok(pairs(bench, 1).execute().await?)
}

/// Writes all facts of a bucket.
async fn fill(bench: &Bench, bucket: u16, buckets: u16, bar: &ProgressBar) -> Result<()> {
    bar.set_message(format!("profiles and traits of bucket {bucket}"));
    let unit = Unit { bench, bucket, profiles: profiles(bench, bucket, buckets).await? };
    bar.inc(1);
    unit.traits().await?;
    bar.inc(1);
    for month in months()? {
        bar.set_message(format!("events of {month} of bucket {bucket}"));
        unit.events(month).await?;
        bar.inc(1);
    }
    Ok(())
}

/// Writes the profiles of a bucket, and says how many an account has there.
async fn profiles(bench: &Bench, bucket: u16, buckets: u16) -> Result<u64> {
    let DataArgs { profiles, accounts, .. } = bench.args;
    if accounts > 1 {
        let call = bench.call(sql::PROFILES_OF_ACCOUNTS);
        call.param("profiles", profiles).param("accounts", accounts).execute().await?;
        return Ok(profiles);
    }
    let call = bench.call(sql::PROFILES);
    call.param("profiles", profiles).param("bucket", bucket).param("buckets", buckets).execute().await?;
    bench.count(bench.call(sql::PROFILES_OF_BUCKET).param("bucket", bucket)).await
}

/// The first days of the months.
fn months() -> Result<Vec<Date>> {
    let first = Date::new(FIRST_MONTH.0, FIRST_MONTH.1, 1)?;
    (0..MONTHS).map(|month| Ok(first.checked_add(Span::new().months(month))?)).collect()
}

/// A bucket of the account, or of all accounts.
struct Unit<'a> {
    bench: &'a Bench,
    bucket: u16,
    /// Of an account in this bucket.
    profiles: u64,
}

impl Unit<'_> {
    async fn traits(&self) -> Result<()> {
        let args = &self.bench.args;
        let lists: Vec<(String, u8)> = (0..LISTS).map(|list| (format!("list/vip-{list}"), LIST_PERCENT)).collect();
        let keys = TRAITS.iter().map(|(key, percent)| (*key, *percent));
        let statement = if args.orders == Orders::All { sql::TRAITS_BY_PROFILE } else { sql::TRAITS };
        for (key, percent) in keys.chain(lists.iter().map(|(key, percent)| (key.as_str(), *percent))) {
            let call = self.call(statement).param("as_of_ms", AS_OF_MS).param("profiles", self.profiles);
            call.param("trait", key).param("percent", percent).execute().await?;
        }
        Ok(())
    }

    async fn events(&self, month: Date) -> Result<()> {
        let args = &self.bench.args;
        let (from_ms, span_ms, events) = self.share(month)?;
        let all = args.orders == Orders::All;
        let statement = if all { sql::EVENTS_BY_PROFILE } else { sql::EVENTS };
        let call = self.call(statement).param("profiles", self.profiles).param("month", month.to_string());
        call.param("events", events).param("from_ms", from_ms).param("span_ms", span_ms).execute().await?;
        if all {
            return Ok(());
        }
        self.call(sql::EVENT_DAYS).param("month", month.to_string()).execute().await?;
        for (metric, property) in PAIRS {
            let call = self.call(sql::EVENT_PROPERTIES).param("month", month.to_string());
            call.param("metric", metric).param("property", property).execute().await?;
        }
        Ok(())
    }

    /// Where a month begins, how long it lasts (the last ends at `as_of`), and how many events of an account fall in it.
    fn share(&self, month: Date) -> Result<(i64, i64, u64)> {
        let start =
            |date: Date| -> Result<i64> { Ok(date.to_zoned(jiff::tz::TimeZone::UTC)?.timestamp().as_millisecond()) };
        let from_ms = start(month)?;
        let to_ms = start(month.checked_add(Span::new().months(1))?)?.min(AS_OF_MS);
        let first = months()?.into_iter().next().context("there is a month")?;
        let (span_ms, all_ms) = (to_ms - from_ms, AS_OF_MS - start(first)?);
        let events = i128::from(self.profiles * self.bench.args.events) * i128::from(span_ms) / i128::from(all_ms);
        Ok((from_ms, span_ms, u64::try_from(events)?))
    }

    fn call(&self, statement: segment_sql::Statement) -> Call<'_> {
        let args = &self.bench.args;
        let call = self.bench.call(statement).param("bucket", self.bucket).param("seed", args.data_seed);
        call.param("accounts", args.accounts)
            .setting("max_insert_threads", "1")
            .setting("min_insert_block_size_rows", "2000000")
            .setting("min_insert_block_size_bytes", "500000000")
    }
}

/// Merges every partition into one part.
async fn merge(bench: &Bench) -> Result<()> {
    for merge in sql::MERGES {
        let partitions: Vec<Partition> = bench.call(sql::PARTITIONS).param("table", merge.table).rows().await?;
        for Partition { partition } in partitions {
            let call = bench.call(merge.statement);
            let call = if merge.partitioned { call.param("partition", partition) } else { call };
            call.execute().await?;
        }
    }
    Ok(())
}

/// Ends the load as the loader does: a commit puts the profiles into segment 0.
async fn commit_universe(bench: &Bench, buckets: u16) -> Result<()> {
    let shard = bench.shard();
    let mut units: Vec<(u64, u16)> = (0..bench.args.accounts)
        .flat_map(|account| (0..buckets).map(move |bucket| (bench::account_hash(account), bucket)))
        .collect();
    units.sort_unstable();
    let (run, attempt) = (Uuid::new_v4(), Uuid::new_v4());
    let stage = Stage::of(run, attempt, 0, units.iter().copied());
    let roots = (0..).zip(&units).map(|(slot, (account, bucket))| RootRow {
        run,
        attempt,
        slice: 0,
        account: *account,
        bucket: *bucket,
        segment: 0,
        version: 0,
        slot,
    });
    shard.insert_all("run_roots", &stage.scope(), roots).await?;
    stage.bind(shard.call(rule_join::LOADED_UNIVERSE, &stage.scope())).execute().await?;
    let batch =
        Batch { mode: "load", reason: "initial", as_of_ms: AS_OF_MS, read_seq: 0, duration_ms: 0, loaded: units };
    commit::commit(shard, &stage, &batch, &CancellationToken::new()).await?;
    staging::drop_load(shard, &stage.scope(), &run.to_string()).await?;
    Ok(())
}

/// Bytes a row by table.
async fn print_sizes(bench: &Bench) -> Result<()> {
    let sizes: Vec<Size> = bench.rows(sql::SIZES).await?;
    println!("data merged; bytes a row on disk by table:");
    let mut total = 0;
    for Size { table, rows, bytes: size, parts } in sizes {
        total += size;
        println!(
            "{table:<22} {:>8.2} B/row = {:>10} : {rows} rows ({parts} parts)",
            float(size) / float(rows),
            bytes(size)
        );
    }
    let profiles = bench.args.profiles * bench.args.accounts;
    println!(
        "{:<22} {:>8.2} B/profile = {:>6} : {profiles} profiles",
        "all",
        float(total) / float(profiles),
        bytes(total)
    );
    Ok(())
}
