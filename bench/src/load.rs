//! The bulk load of events from NDJSON, against the server's own insert of the same lines into one plain table.

mod lines;

use std::{
    fs::{self, File},
    io::Read,
    path::Path,
    time::{Duration, Instant},
};

use anyhow::{Context, Result};
use clickhouse::{Client, Row};
use segment_jobs::load::{self, Input, LARGE_UNIT_PROFILES, LoadReport};
use serde::Deserialize;
use tokio::io::AsyncWriteExt;
use tokio_util::sync::CancellationToken;

use crate::{
    args::DataArgs,
    bench::{self, Bench},
    report::{self, bytes, float, seconds},
    sql,
};

/// Bytes of lines that are sent to the server at a time.
const PIECE_BYTES: usize = 1 << 20;
/// How often to look whether the server still merges, and for how long it must not.
const LOOK: Duration = Duration::from_millis(100);
const QUIET: Duration = Duration::from_secs(2);

#[derive(Row, Deserialize)]
struct Share {
    work: String,
    table: String,
    cpu_us: u64,
}

/// CPU that the loader's and the server's process have taken so far, in seconds.
struct Cpu {
    client: f64,
    server: f64,
}

/// `segment-bench load`.
pub(crate) async fn command(args: &DataArgs) -> Result<()> {
    fs::create_dir_all(&args.directory)?;
    let DataArgs { profiles, events, data_seed, .. } = args;
    let path =
        |name: &str| args.directory.join(format!("load-{profiles}-profiles-{events}-events-seed-{data_seed}-{name}"));
    let (profiles, events, server) = (path("profiles.ndjson"), path("events.ndjson"), path("server"));
    lines::write(args, &profiles, &events)?;
    let _ = fs::remove_dir_all(&server);
    let bench = Bench::open_logged(&server, args).await?;
    println!("# load: events from NDJSON into one shard, all orders, summaries, parts settled");
    println!("machine: {}, ClickHouse {}{}", report::machine(), bench.version().await?, report::build());
    let size = fs::metadata(&events)?.len();
    println!("data: {} events in the order of time, {}; {} profiles", lines::events(args), bytes(size), args.profiles);
    bench.call(sql::PAIRS).param("accounts", 1).param("filled", 1).execute().await?;

    let (time, _, _) = timed(&bench, Some(&profiles), None).await?;
    let rate = float(args.profiles) / time.as_secs_f64();
    println!("profiles with {} traits each: {} = {rate:.0} profiles/s", lines::TRAITS, seconds(time.as_secs_f64()));
    let from_us = bench.now_us().await?;
    let before = Cpu::read(&bench);
    let (time, acknowledged, report) = timed(&bench, None, Some(&events)).await?;
    let cpu = Cpu::read(&bench).less(&before);
    print_load(&report, (time, acknowledged), &cpu);
    print_shares(&bench, from_us, report.events).await?;

    let plain = insert_plainly(&bench, &events).await?;
    let name = "the server's own insert of the same lines into one plain table";
    report::figure("load", (time.as_secs_f64(), "all orders and summaries"), (plain.as_secs_f64(), name), seconds);
    drop(bench);
    Ok(fs::remove_dir_all(&server)?)
}

/// Loads, and waits for merges. Returns the time until the server was quiet, until all was acknowledged, and what was done.
async fn timed(
    bench: &Bench,
    profiles: Option<&Path>,
    events: Option<&Path>,
) -> Result<(Duration, Duration, LoadReport)> {
    let inputs = |path: Option<&Path>| path.map(Input::from_path).into_iter().collect();
    let options = load::Options {
        clock: bench::clock(),
        profiles: inputs(profiles),
        events: inputs(events),
        profiles_per_bucket: 4_000_000,
        summarise_from: LARGE_UNIT_PROFILES,
        progress: true,
    };
    let started = Instant::now();
    let report = load::load(&bench.store, options, CancellationToken::new()).await?;
    let acknowledged = started.elapsed();
    Ok((settle(bench, started).await?, acknowledged, report))
}

/// Until no merge is under way; the quiet that proves it does not count.
async fn settle(bench: &Bench, started: Instant) -> Result<Duration> {
    let mut settled = started.elapsed();
    loop {
        if bench.count(bench.call(sql::MERGES_UNDER_WAY)).await? > 0 {
            settled = started.elapsed();
        } else if started.elapsed() > settled + QUIET {
            return Ok(settled);
        }
        tokio::time::sleep(LOOK).await;
    }
}

fn print_load(report: &LoadReport, (time, acknowledged): (Duration, Duration), cpu: &Cpu) {
    let events = float(report.events);
    println!(
        "events: {:.0} events/s = {} events : {} ({} until the last insert was acknowledged)",
        events / time.as_secs_f64(),
        report.events,
        seconds(time.as_secs_f64()),
        seconds(acknowledged.as_secs_f64())
    );
    println!(
        "CPU an event: {:.2} us in the loader, {:.2} us in the server",
        cpu.client * 1e6 / events,
        cpu.server * 1e6 / events
    );
}

async fn print_shares(bench: &Bench, from_us: i64, events: u64) -> Result<()> {
    bench.call(sql::LOG_FLUSH).execute().await?;
    let shares: Vec<Share> = bench.call(sql::LOAD_SHARES).param("from_us", from_us).rows().await?;
    println!("{:<10} {:<30} {:>9} {:>14}", "work", "table", "CPU s", "us an event");
    for Share { work, table, cpu_us } in shares {
        println!("{work:<10} {table:<30} {:>9.3} {:>14.3}", report::from_us(cpu_us), float(cpu_us) / float(events));
    }
    Ok(())
}

/// The yardstick: what the server itself takes to parse the lines and write them, once, in the order of time.
async fn insert_plainly(bench: &Bench, events: &Path) -> Result<Duration> {
    bench.call(sql::PLAIN_TABLE).execute().await?;
    let client = Client::default().with_url(bench.url()).with_database(bench::DATABASE);
    let started = Instant::now();
    let mut insert = client.insert_formatted_with(sql::PLAIN_INSERT.text()).buffered();
    let mut file = File::open(events).with_context(|| events.display().to_string())?;
    let mut piece = vec![0; PIECE_BYTES];
    loop {
        match file.read(&mut piece)? {
            0 => break,
            length => insert.write_all(&piece[..length]).await?,
        }
    }
    insert.end().await?;
    settle(bench, started).await
}

impl Cpu {
    fn read(bench: &Bench) -> Self {
        let of = |pid: &str| report::cpu_seconds(&fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default());
        Self { client: of("self"), server: bench.pid().map_or(0.0, |pid| of(&pid.to_string())) }
    }

    fn less(&self, before: &Self) -> Self {
        Self { client: self.client - before.client, server: self.server - before.server }
    }
}
