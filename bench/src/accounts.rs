//! Many small accounts with some segments each, in one run.

use anyhow::Result;
use serde_json::Value;

use crate::{
    args::{BatchArgs, DataArgs},
    generate, segments, together,
};

/// `segment-bench accounts`.
pub(crate) async fn command(data: &DataArgs, batch: &BatchArgs, passes: usize) -> Result<()> {
    let bench = generate::open(data).await?;
    bench.print_head("accounts: all segments of all accounts in one run").await?;
    // Each account has segments of its own: its number is part of the seed.
    let documents: Vec<Value> = (0..data.accounts)
        .flat_map(|account| {
            let args = BatchArgs { seed: batch.seed.wrapping_mul(1_000_003).wrapping_add(account), ..batch.clone() };
            segments::batch(&args).into_iter().map(move |segment| segment.json(account))
        })
        .collect();
    let compiled = segments::accepted(&documents)?;
    for pass in 1..=passes {
        println!("\n## pass {pass}");
        together::run(&bench, &compiled).await?;
    }
    Ok(())
}
