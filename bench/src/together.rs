//! All segments of a batch in one run: what distinct criteria cost, since segments share them.

use anyhow::Result;
use segment_rules::Compiled;

use crate::{
    args::{BatchArgs, DataArgs},
    bench::Bench,
    generate, log,
    report::{self, bytes, seconds},
    segments, work,
};

/// `segment-bench together`.
pub(crate) async fn command(data: &DataArgs, batch: &BatchArgs, passes: usize) -> Result<()> {
    let bench = generate::open(data).await?;
    bench.print_head("together: all segments in one run").await?;
    let compiled = segments::compiled(&segments::batch(batch), 0)?;
    for pass in 1..=passes {
        println!("\n## pass {pass}");
        run(&bench, &compiled).await?;
    }
    Ok(())
}

/// One run of all; prints its figures and returns its seconds.
pub(crate) async fn run(bench: &Bench, compiled: &Compiled) -> Result<f64> {
    let definitions: usize = compiled.accounts.values().map(|rules| rules.definitions.len()).sum();
    let criteria: usize = compiled.accounts.values().map(|rules| rules.criteria.len()).sum();
    let scan = work::yardstick(bench).await?;
    let (run, publication) = work::publish(bench, compiled).await?;
    bench.reset_peak();
    let measured = work::evaluate(bench, run).await?;
    let entries = measured.log(bench).await?;
    let time = measured.time.as_secs_f64();
    println!(
        "batch: {definitions} segments, {criteria} distinct criteria; publication {:.3} s",
        publication.as_secs_f64()
    );
    report::figure("the run", (time, "all segments"), (scan.as_secs_f64(), "bare scan of all events"), seconds);
    println!(
        "a segment: {:.4} s; members: {}; CPU: {:.3} s; memory: {} peak of a statement, {} peak of the server's process",
        time / report::float(definitions as u64),
        measured.members(),
        report::from_us(log::cpu_us(&entries)),
        bytes(log::peak(&entries)),
        bytes(bench.peak_bytes())
    );
    log::print(&entries);
    Ok(time)
}
