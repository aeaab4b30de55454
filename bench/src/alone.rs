//! Each segment of a batch in a run of its own: what a user waits for after creating one Segment.

use std::time::Duration;

use anyhow::Result;

use crate::{
    args::{BatchArgs, DataArgs},
    bench::Bench,
    generate, log,
    report::{self, bytes, float, quantile, seconds},
    segments::{self, BenchSegment},
    work,
};

/// `segment-bench alone`.
pub(crate) async fn command(data: &DataArgs, batch: &BatchArgs, passes: usize) -> Result<()> {
    let bench = generate::open(data).await?;
    bench.print_head("alone: each segment in a run of its own").await?;
    let segments = segments::batch(batch);
    println!("batch: {} segments of {} criteria, seed {}", batch.segments, batch.criteria, batch.seed);
    println!(
        "measured: from the library call `manual::manual` to the evaluations read back from the commits; publication apart"
    );
    let scan = work::yardstick(&bench).await?;
    for pass in 1..=passes {
        run(&bench, &segments, pass, scan).await?;
    }
    Ok(())
}

async fn run(bench: &Bench, segments: &[BenchSegment], pass: usize, scan: Duration) -> Result<()> {
    bench.reset_peak();
    let from_us = bench.now_us().await?;
    let (mut times, mut publications, mut members) = (Vec::new(), Vec::new(), 0);
    for segment in segments {
        let compiled = segments::compiled(std::slice::from_ref(segment), 0)?;
        let (run, publication) = work::publish(bench, &compiled).await?;
        let measured = work::evaluate(bench, run).await?;
        members += measured.members();
        times.push(measured.time);
        publications.push(publication);
    }
    let entries = log::between(bench, from_us, bench.now_us().await?).await?;
    times.sort_unstable();
    publications.sort_unstable();
    println!("\n## pass {pass}");
    for (name, share) in [("p50", 0.5), ("p90", 0.9), ("p99", 0.99)] {
        let time = quantile(&times, share).as_secs_f64();
        report::figure(name, (time, "one segment"), (scan.as_secs_f64(), "bare scan of all events"), seconds);
    }
    println!(
        "publication (back-fill included): p50 {:.3} s, max {:.3} s",
        quantile(&publications, 0.5).as_secs_f64(),
        quantile(&publications, 1.0).as_secs_f64()
    );
    println!(
        "members: {:.0} a segment; memory: {} peak of a statement, {} peak of the server's process",
        float(members) / float(segments.len() as u64),
        bytes(log::peak(&entries)),
        bytes(bench.peak_bytes())
    );
    log::print(&entries);
    Ok(())
}
