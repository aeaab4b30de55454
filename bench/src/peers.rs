//! The same segments by queries that are generated for each of them, in the forms of PostHog's cohorts and Dittofeed's
//! segments: same server, same tables, answers compared member for member.
//!
//! The forms are taken over, not the peers' tables: ours are narrower than a JSON of properties and sorted by key, which
//! favours the peers. Sums have no counterpart in Dittofeed; here they are a state beside its own two.

mod dittofeed;
mod parts;
mod posthog;

use std::time::Instant;

use anyhow::{Context, Result};
use clickhouse::Row;
use segment_rules::segment_id;
use segment_sql::Statement;
use serde::Deserialize;

use crate::{
    args::{BatchArgs, DataArgs},
    bench::{self, Bench},
    criteria::Dice,
    generate, log,
    report::{self, bytes, float, from_us, seconds},
    segments::{self, BenchSegment},
    sql, work,
};

/// A peer's form: its name and the statements for a segment of an id.
type Form = (&'static str, fn(&BenchSegment, u64) -> Vec<String>);

const FORMS: [Form; 2] = [("posthog", posthog::statements), ("dittofeed", dittofeed::statements)];

#[derive(Row, Deserialize)]
struct Compared {
    members: u64,
    different: u64,
}

/// What all statements of one side took.
struct Side {
    time_s: f64,
    cpu_s: f64,
    peak: u64,
}

/// `segment-bench peers`.
pub(crate) async fn command(data: &DataArgs, batch: &BatchArgs, sample: usize) -> Result<()> {
    let bench = generate::open(data).await?;
    bench.print_head("peers: one run of all segments against queries generated for each segment").await?;
    let segments = segments::batch(batch);
    let chosen = choose(&segments, sample, batch.seed);
    println!(
        "the peers' side: {} of the {} segments, chosen by seed; their sums are SCALED by {} / {}",
        chosen.len(),
        segments.len(),
        segments.len(),
        chosen.len()
    );
    for statement in [sql::PEERS_DATABASE, sql::PEERS_MEMBERS] {
        bench.call(statement).execute().await?;
    }
    let ours = ours(&bench, &segments).await?;
    let scale = float(segments.len() as u64) / float(chosen.len() as u64);
    for (name, statements) in FORMS {
        let theirs = theirs(&bench, name, statements, &chosen).await?;
        let differing = compare(&bench, name, &chosen).await?;
        println!("\n## {name}'s form");
        let label = format!("{name}'s form, scaled");
        report::figure("CPU", (theirs.cpu_s * scale, &label), (ours.cpu_s, "one run of all"), seconds);
        report::figure("wall time", (theirs.time_s * scale, &label), (ours.time_s, "one run of all"), seconds);
        let measured = float(chosen.len() as u64);
        println!(
            "measured for {measured} segments: {:.3} s wall, {:.3} s CPU; peak of a statement {} (ours {})",
            theirs.time_s,
            theirs.cpu_s,
            bytes(theirs.peak),
            bytes(ours.peak)
        );
        println!("members that only one side has: {differing}");
    }
    Ok(())
}

fn choose(segments: &[BenchSegment], sample: usize, seed: u64) -> Vec<BenchSegment> {
    let mut dice = Dice::new(seed ^ 0x5eed);
    let mut rest = segments.to_vec();
    (0..sample.min(segments.len())).map(|_| rest.swap_remove(dice.below(rest.len()))).collect()
}

async fn ours(bench: &Bench, segments: &[BenchSegment]) -> Result<Side> {
    let (run, _) = work::publish(bench, &segments::compiled(segments, 0)?).await?;
    let measured = work::evaluate(bench, run).await?;
    let entries = measured.log(bench).await?;
    Ok(Side { time_s: measured.time.as_secs_f64(), cpu_s: from_us(log::cpu_us(&entries)), peak: log::peak(&entries) })
}

async fn theirs(
    bench: &Bench,
    form: &'static str,
    statements: fn(&BenchSegment, u64) -> Vec<String>,
    segments: &[BenchSegment],
) -> Result<Side> {
    let (mut time_s, from_us) = (0.0, bench.now_us().await?);
    for segment in segments {
        for statement in [sql::PEERS_STATE, sql::PEERS_RESOLVED] {
            bench.call(statement).execute().await?;
        }
        for text in statements(segment, id(segment)) {
            // To generate SQL is what this side is about; a handful of texts live as long as the program.
            let statement = Statement::of_others(form, Box::leak(text.into_boxed_str()));
            let started = Instant::now();
            bench.shard().call(statement, form).execute().await?;
            time_s += started.elapsed().as_secs_f64();
        }
    }
    let entries = log::between(bench, from_us, bench.now_us().await?).await?;
    let of_form: Vec<_> = entries.into_iter().filter(|entry| entry.scope == form).collect();
    Ok(Side { time_s, cpu_s: report::from_us(log::cpu_us(&of_form)), peak: log::peak(&of_form) })
}

/// Prints each segment whose members differ; returns how many members differ in all.
async fn compare(bench: &Bench, form: &str, segments: &[BenchSegment]) -> Result<u64> {
    let mut all = 0;
    for segment in segments {
        let call = bench.call(sql::PEERS_COMPARE).param("account", bench::account_hash(0));
        let compared: Option<Compared> = call.param("form", form).param("segment", id(segment)).row().await?;
        let Compared { members, different } = compared.context("nothing to compare")?;
        if different > 0 {
            println!("{}: {members} members, {different} differ from {form}'s form", segment.name);
        }
        all += different;
    }
    Ok(all)
}

fn id(segment: &BenchSegment) -> u64 {
    segment_id("bench", &format!("{}-0", segment.name))
}
