//! How the time of one run grows with profiles and with segments.

use anyhow::Result;

use crate::{
    args::{BatchArgs, DataArgs},
    generate, log,
    report::{bytes, from_us, ratio},
    segments, work,
};

/// A point of the curve.
struct Point {
    profiles: u64,
    segments: usize,
    time_s: f64,
}

/// `segment-bench curve`.
pub(crate) async fn command(
    data: &DataArgs,
    batch: &BatchArgs,
    profiles: &[u64],
    segments_of: &[usize],
    passes: usize,
) -> Result<()> {
    let mut points = Vec::new();
    for profiles in profiles {
        let data = DataArgs { profiles: *profiles, ..data.clone() };
        let bench = generate::open(&data).await?;
        bench.print_head("curve: one run, the fastest of the passes").await?;
        let scan = work::yardstick(&bench).await?.as_secs_f64();
        println!(
            "{:>9} {:>9} {:>10} {:>9} {:>11} {:>9} {:>9} {:>11} {:>11}",
            "segments", "criteria", "run s", ": scan s", "= ratio", "CPU s", "a segment", "statement", "process"
        );
        for segments in segments_of {
            let batch = BatchArgs { segments: *segments, ..batch.clone() };
            let compiled = segments::compiled(&segments::batch(&batch), 0)?;
            let criteria: usize = compiled.accounts.values().map(|rules| rules.criteria.len()).sum();
            let (mut time_s, mut cpu_s, mut peak) = (f64::INFINITY, 0.0, 0);
            bench.reset_peak();
            for _ in 0..passes.max(1) {
                let (run, _) = work::publish(&bench, &compiled).await?;
                let measured = work::evaluate(&bench, run).await?;
                let entries = measured.log(&bench).await?;
                if measured.time.as_secs_f64() < time_s {
                    (time_s, cpu_s) = (measured.time.as_secs_f64(), from_us(log::cpu_us(&entries)));
                }
                peak = peak.max(log::peak(&entries));
            }
            println!(
                "{segments:>9} {criteria:>9} {time_s:>10.3} {scan:>9.4} {:>11} {cpu_s:>9.3} {:>9.4} {:>11} {:>11}",
                ratio(time_s, scan),
                time_s / crate::report::float(*segments as u64),
                bytes(peak),
                bytes(bench.peak_bytes())
            );
            points.push(Point { profiles: *profiles, segments: *segments, time_s });
        }
    }
    print_growth(&points);
    Ok(())
}

/// Each point against the first.
fn print_growth(points: &[Point]) {
    let Some(first) = points.first() else { return };
    println!("\nagainst {} profiles and {} segment(s):", first.profiles, first.segments);
    for Point { profiles, segments, time_s } in points {
        println!(
            "{profiles} profiles, {segments} segments: {} = {time_s:.3} s : {:.3} s",
            ratio(*time_s, first.time_s),
            first.time_s
        );
    }
}
