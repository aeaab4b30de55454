//! The tour on this machine: what the demo does without a cluster, step by step, and what it says of it.

use std::time::Instant;

use anyhow::Context;
use jiff::{
    Span, Timestamp,
    tz::{self, TimeZone},
};
use segment_jobs::{clock::Clock, store::Store};

use crate::{
    args::Args,
    calendar::{Calendar, DEMO_DAY},
    evaluate::{self, Evaluated},
    examples, report,
    shop::Shop,
    steps,
};

/// Runs the demo from start to end.
pub fn run(args: &Args) -> anyhow::Result<()> {
    let started = Instant::now();
    let runtime = tokio::runtime::Runtime::new().context("start the runtime")?;
    let shop = Shop::start()?;
    let each =
        if shop.is_external() { "two databases of the server in CLICKHOUSE_URL" } else { "a ClickHouse server each" };
    println!("1. Two shards: {each}.\n   up after {}\n", report::seconds(started.elapsed()));
    runtime.block_on(async {
        let outcome = tokio::select! {
            outcome = walk(&shop, args, started) => outcome,
            _ = tokio::signal::ctrl_c() => Err(anyhow::anyhow!("stopped; nothing is left behind")),
        };
        if outcome.is_ok() && args.keep {
            keep(&shop).await;
        }
        shop.leave().await?;
        outcome
    })
}

/// The instant of the first evaluation, and that a month later: noon in New York.
pub fn instants() -> anyhow::Result<[Clock; 2]> {
    let first = DEMO_DAY.at(12, 0, 0, 0).to_zoned(TimeZone::fixed(tz::offset(-4)))?;
    let later = first.checked_add(Span::new().months(1))?;
    Ok([first, later].map(|instant| Clock::Fixed(instant.timestamp().as_millisecond())))
}

async fn walk(shop: &Shop, args: &Args, started: Instant) -> anyhow::Result<()> {
    let [first, later] = instants()?;
    let store = load(shop, args, first).await?;
    let compiled = examples::compiled()?;
    let definitions = examples::definitions(&compiled);
    println!(
        "3. The {} segments of the folder examples/, in one run over both shards, at {}.",
        definitions.len(),
        day(first)
    );
    let before = evaluate::evaluate(&store.0, &compiled, first).await?;
    println!("   {}", took(&before));
    println!("   The same a month later. No event came in between: only the clock went on, and orders dated after");
    println!("   {} began to count.", day(first));
    let after = evaluate::evaluate(&store.0, &compiled, later).await?;
    println!("   {}\n", took(&after));
    println!("{}", report::segments(&definitions, store.1, [(&day(first), &before), (&day(later), &after)]));
    println!("  TIME: of the slice in which a shard evaluated all of them together, not of one alone.\n");
    println!("4. Why somebody is a member.");
    steps::explain(shop, &store.0, &compiled, later).await?;
    println!("Done in {}. Where to look next:", report::seconds(started.elapsed()));
    println!("   examples/*.yaml    change a segment and run this again");
    println!("   data/README.md     what of this is real and what was made up");
    println!(
        "   your own files     cargo run -p segmentctl -- eval --profiles {0}/profiles.ndjson \\",
        args.folder().display()
    );
    println!(
        "                        --events {}/events.ndjson --as-of 1998-05-15T16:00:00Z examples/*.yaml",
        args.folder().display()
    );
    println!("   ARCHITECTURE.md    how it works");
    Ok(())
}

/// The open store, and how many customers are in it.
async fn load(shop: &Shop, args: &Args, clock: Clock) -> anyhow::Result<(Store, usize)> {
    println!(
        "2. Customers and their orders (real), their homes, consents and clicks (made up by rule: data/README.md)."
    );
    let files = steps::write(&steps::chosen(args.customers)?, Calendar::of_1998(), args.folder())?;
    let store = shop.make(clock).await?;
    steps::load(&store, &files, clock).await?;
    Ok((store, files.customers))
}

fn took(evaluated: &Evaluated) -> String {
    format!("published, evaluated and committed in {}", report::seconds(evaluated.took))
}

fn day(clock: Clock) -> String {
    let instant = Timestamp::from_millisecond(clock.now_ms()).unwrap_or(Timestamp::UNIX_EPOCH);
    instant.strftime("%-d %B %Y").to_string()
}

async fn keep(shop: &Shop) {
    println!("\nThe servers stay up until you press Ctrl-C. The view `members` is how programs read segments:");
    for (url, database) in shop.places() {
        println!(
            "   curl '{url}/?database={database}' --data-binary \"SELECT profile FROM members WHERE account = \
             sipHash64('cdnow') AND segment = sipHash64('marketing/near-boston') LIMIT 5\""
        );
    }
    // Where signals cannot be awaited there is nothing to wait for.
    let _ = tokio::signal::ctrl_c().await;
}
