//! Each kind of criterion alone against the bare scan of the columns that it has to read, on the same server.

mod list;

use anyhow::Result;
use jiff::{Span, Timestamp};
use segment_jobs::shards::Call;

use self::list::{Kind, Scan};
use crate::{
    args::DataArgs,
    bench::{self, AS_OF_MS, Bench},
    generate,
    log::{self, Entry},
    report::{float, from_us, ratio},
    segments, sql, work,
};

/// Statements of an evaluation that are not stage 1.
const LATER: [&str; 3] = ["universe", "nodes", "results"];

/// Real time, in which statements beside each other count once, and CPU in microseconds; the statements' names with the CPU
/// of each.
#[derive(Clone, Debug, Default)]
struct Cost {
    time_us: u64,
    cpu_us: u64,
    memory: u64,
    names: String,
}

/// `segment-bench kinds`.
pub(crate) async fn command(data: &DataArgs, passes: usize, only: &str) -> Result<()> {
    let bench = generate::open(data).await?;
    bench.print_head("kinds: the statements of stage 1 for one criterion against the bare scan of its columns").await?;
    println!("the fastest of {passes} passes, times by the server's log");
    println!(
        "{:<26} {:>7} = {:>9} : {:>9} {:>9} = {:>9} : {:>9} {:>10} {:>9}  statements",
        "criterion", "real", "stage 1 s", "scan s", "CPU", "stage 1 s", "scan s", "memory", "members"
    );
    for kind in list::kinds().iter().filter(|kind| kind.name.contains(only)) {
        measure(&bench, kind, passes).await?;
    }
    Ok(())
}

async fn measure(bench: &Bench, kind: &Kind, passes: usize) -> Result<()> {
    let mut criterion = kind.criterion.clone();
    criterion["name"] = "it".into();
    let document = segments::document("kind", 0, &[criterion], "it");
    let compiled = segments::accepted(&[document])?;
    let (mut best, mut best_scan, mut members) = (None, None, 0);
    for _ in 0..passes {
        let from_us = bench.now_us().await?;
        scan(bench, &kind.scan)?.execute().await?;
        let between_us = bench.now_us().await?;
        let (run, _) = work::publish(bench, &compiled).await?;
        let measured = work::evaluate(bench, run).await?;
        members = measured.members();
        better(&mut best_scan, cost(bench, (from_us, between_us), "scan").await?);
        better(&mut best, cost(bench, (measured.from_us, measured.to_us), "run").await?);
    }
    let (one, scan) = (best.unwrap_or_default(), best_scan.unwrap_or_default());
    println!(
        "{:<26} {:>7} = {:>9.4} : {:>9.4} {:>9} = {:>9.4} : {:>9.4} {:>10} {members:>9}  {}",
        kind.name,
        ratio(float(one.time_us), float(scan.time_us)),
        from_us(one.time_us),
        from_us(scan.time_us),
        ratio(float(one.cpu_us), float(scan.cpu_us)),
        from_us(one.cpu_us),
        from_us(scan.cpu_us),
        crate::report::bytes(one.memory),
        one.names,
    );
    Ok(())
}

fn better(best: &mut Option<Cost>, found: Cost) {
    if best.as_ref().is_none_or(|best| found.time_us < best.time_us) {
        *best = Some(found);
    }
}

/// What the statements of a scope took between two instants, those of later stages and of staging left out. The level of
/// nodes of the definition itself is left out too; what a criterion is put together with below it counts.
async fn cost(bench: &Bench, span: (i64, i64), scope: &str) -> Result<Cost> {
    let entries = log::between(bench, span.0, span.1).await?;
    let of_scope = || entries.iter().filter(|entry| entry.scope == scope);
    let is_stage_1 = |entry: &&Entry| !LATER.contains(&entry.name.as_str()) && !entry.name.starts_with("run_");
    let names: Vec<&str> = of_scope().filter(is_stage_1).map(|entry| entry.name.as_str()).collect();
    let mut cost = Cost { time_us: log::busy_us(bench, span, scope, &names).await?, ..Cost::default() };
    let slices = of_scope().filter(|entry| entry.name == "results").map(|entry| entry.calls).sum::<u64>();
    for entry in of_scope().filter(|entry| entry.name == "nodes" && entry.calls > slices) {
        let share = |of: u64| of * (entry.calls - slices) / entry.calls;
        cost.time_us += share(u64::try_from(entry.time_us).unwrap_or(0));
        cost.cpu_us += share(entry.cpu_us);
        cost.names = format!("{} nodes {:.3}", cost.names, from_us(share(entry.cpu_us)));
    }
    for entry in of_scope().filter(is_stage_1) {
        cost.cpu_us += entry.cpu_us;
        cost.memory = cost.memory.max(entry.memory);
        cost.names = format!("{} {} {:.3}", cost.names, entry.name, from_us(entry.cpu_us));
    }
    Ok(cost)
}

fn scan<'a>(bench: &'a Bench, scan: &Scan) -> Result<Call<'a>> {
    let account = bench::account_hash(0);
    let call = |statement| bench.shard().call(statement, "scan").param("account", account);
    Ok(match scan {
        Scan::Metrics { metrics, days } => call(sql::SCAN_METRIC).param("metrics", metrics).param("from", day(*days)?),
        Scan::Properties { metric, properties, days } => call(sql::SCAN_PROPERTIES)
            .param("metric", metric)
            .param("properties", properties)
            .param("from", day(*days)?),
        Scan::Trait { trait_key, statement } => call(*statement).param("trait", trait_key),
        Scan::Names => call(sql::SCAN_NAMES),
    })
}

/// The UTC day so many days before the instant of the evaluations.
fn day(days: i64) -> Result<String> {
    let instant = Timestamp::from_millisecond(AS_OF_MS)?.checked_sub(Span::new().hours(24 * days))?;
    Ok(instant.to_zoned(jiff::tz::TimeZone::UTC).date().to_string())
}
