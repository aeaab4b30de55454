//! What the server's log says of the statements since an instant.

use anyhow::Result;
use clickhouse::Row;
use serde::Deserialize;

use crate::{
    bench::Bench,
    report::{bytes, from_us},
    sql,
};

/// All calls of one statement.
#[derive(Clone, Debug, Row, Deserialize)]
pub(crate) struct Entry {
    /// What the statement was called for: `run`, `commit`, `read`, `drop` and so on.
    pub(crate) scope: String,
    pub(crate) name: String,
    pub(crate) calls: u64,
    /// Sum of the times of the calls; calls at the same time count each.
    pub(crate) time_us: i64,
    pub(crate) cpu_us: u64,
    /// Peak of one call.
    pub(crate) memory: u64,
    pub(crate) read_rows: u64,
    pub(crate) read_bytes: u64,
}

/// What was called between two instants of the server's clock, the dearest first.
pub(crate) async fn between(bench: &Bench, from_us: i64, to_us: i64) -> Result<Vec<Entry>> {
    bench.call(sql::LOG_FLUSH).execute().await?;
    Ok(bench.call(sql::LOG).param("from_us", from_us).param("to_us", to_us).rows().await?)
}

/// For how long any of these statements of a scope ran between two instants, in microseconds. Ask [`between`] first: it
/// flushes the log.
pub(crate) async fn busy_us(bench: &Bench, (from_us, to_us): (i64, i64), scope: &str, names: &[&str]) -> Result<u64> {
    let call = bench.call(sql::LOG_BUSY).param("from_us", from_us).param("to_us", to_us);
    bench.count(call.param("scope", scope).param("names", names)).await
}

/// CPU of all entries, in microseconds.
pub(crate) fn cpu_us(entries: &[Entry]) -> u64 {
    entries.iter().map(|entry| entry.cpu_us).sum()
}

/// The greatest peak of memory of any statement.
pub(crate) fn peak(entries: &[Entry]) -> u64 {
    entries.iter().map(|entry| entry.memory).max().unwrap_or(0)
}

/// Statements that are printed one by one; the rest is one line.
const PRINTED: usize = 20;

/// Prints the share of each statement.
pub(crate) fn print(entries: &[Entry]) {
    let time: i64 = entries.iter().map(|entry| entry.time_us).sum();
    let share = |part: f64, whole: f64| if whole > 0.0 { 100.0 * part / whole } else { 0.0 };
    let cpu = from_us(cpu_us(entries));
    println!(
        "{:<34} {:>7} {:>9} {:>6} {:>9} {:>6} {:>10} {:>13} {:>10}",
        "statement", "calls", "time s", "%", "CPU s", "%", "peak", "rows read", "read"
    );
    for entry in entries.iter().take(PRINTED) {
        let (of_entry, entry_cpu) = (from_us(u64::try_from(entry.time_us).unwrap_or(0)), from_us(entry.cpu_us));
        println!(
            "{:<34} {:>7} {of_entry:>9.3} {:>6.1} {entry_cpu:>9.3} {:>6.1} {:>10} {:>13} {:>10}",
            format!("{}/{}", entry.scope, entry.name),
            entry.calls,
            share(of_entry, from_us(u64::try_from(time).unwrap_or(0))),
            share(entry_cpu, cpu),
            bytes(entry.memory),
            entry.read_rows,
            bytes(entry.read_bytes),
        );
    }
    let rest = entries.get(PRINTED..).unwrap_or_default();
    if !rest.is_empty() {
        let calls: u64 = rest.iter().map(|entry| entry.calls).sum();
        let of_rest = from_us(u64::try_from(rest.iter().map(|entry| entry.time_us).sum::<i64>()).unwrap_or(0));
        let rest_cpu = from_us(cpu_us(rest));
        println!(
            "{:<34} {calls:>7} {of_rest:>9.3} {:>6.1} {rest_cpu:>9.3} {:>6.1}",
            format!("{} others", rest.len()),
            share(of_rest, from_us(u64::try_from(time).unwrap_or(0))),
            share(rest_cpu, cpu),
        );
    }
}
