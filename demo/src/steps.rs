//! The steps that both tours take, and what they say of them.

use std::{collections::BTreeMap, path::Path, time::Instant};

use anyhow::Context;
use segment_jobs::{clock::Clock, store::Store};
use segment_rules::Compiled;

use crate::{
    ORDERS,
    calendar::Calendar,
    customers::{self, Customer},
    evaluate::{self, BUCKETS},
    examples,
    ndjson::{self, Files},
    report,
    shop::Shop,
};

/// The example whose first member is explained: the one with the most criteria.
const EXPLAINED: &str = "loyal-but-lapsing";

/// About so many customers, spread evenly over all.
pub fn chosen(number: Option<u32>) -> anyhow::Result<Vec<Customer>> {
    let all = customers::read(ORDERS).context("data/cdnow_orders.csv")?;
    let step = match number {
        Some(number) => all.len().div_ceil(usize::try_from(number)?).max(1),
        None => 1,
    };
    Ok(all.into_iter().step_by(step).collect())
}

/// Writes the customers down as the loader reads them.
pub(crate) fn write(customers: &[Customer], calendar: Calendar, folder: &Path) -> anyhow::Result<Files> {
    let started = Instant::now();
    let files = ndjson::write(customers, calendar, folder)?;
    println!(
        "   {} customers, {} orders and {} clicks written to {} in {}",
        report::thousands(files.customers),
        report::thousands(files.orders),
        report::thousands(files.clicks),
        folder.display(),
        report::seconds(started.elapsed()),
    );
    Ok(files)
}

/// Loads them.
pub(crate) async fn load(store: &Store, files: &Files, clock: Clock) -> anyhow::Result<()> {
    let loaded = evaluate::load(store, files, clock).await?;
    let mut parts: BTreeMap<&str, u16> = BTreeMap::new();
    for bucket in 0..BUCKETS {
        *parts.entry(store.shard_of(ndjson::ACCOUNT, bucket).name()).or_default() += 1;
    }
    let parts: Vec<String> = parts.iter().map(|(shard, parts)| format!("{parts} on shard {shard}")).collect();
    println!(
        "   loaded in {}; the account has {BUCKETS} parts: {}\n",
        report::seconds(loaded.duration),
        parts.join(", ")
    );
    Ok(())
}

/// Says of a member why it is one.
pub(crate) async fn explain(shop: &Shop, store: &Store, compiled: &Compiled, clock: Clock) -> anyhow::Result<()> {
    let definitions = examples::definitions(compiled);
    let definition = definitions.into_iter().find(|definition| definition.name == EXPLAINED).context(EXPLAINED)?;
    let path = format!("{}/{}", definition.namespace, definition.name);
    match shop.first_member(&path).await? {
        None => println!("   {EXPLAINED} has no member among these customers.\n"),
        Some(profile) => {
            let explanation = evaluate::explain(store, compiled, definition, &profile, clock).await?;
            println!("   {}\n", report::explanation(definition, &profile, &explanation));
        }
    }
    Ok(())
}
