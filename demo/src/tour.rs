//! The tour: what the demo does, step by step, and what it says of it.

use std::{collections::BTreeMap, time::Instant};

use anyhow::Context;
use jiff::{
    Span, Timestamp,
    tz::{self, TimeZone},
};
use segment_jobs::{clock::Clock, store::Store};

use crate::{
    DEMO_DAY, ORDERS,
    args::Args,
    customers::{self, Customer},
    evaluate::{self, BUCKETS, Evaluated},
    examples, ndjson, report,
    shop::Shop,
};

/// The example whose first member is explained: the one with the most criteria.
const EXPLAINED: &str = "loyal-but-lapsing";

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

/// About so many customers, spread evenly over all.
pub fn chosen(number: Option<u32>) -> anyhow::Result<Vec<Customer>> {
    let all = customers::read(ORDERS).context("data/cdnow_orders.csv")?;
    let step = match number {
        Some(number) => all.len().div_ceil(usize::try_from(number)?).max(1),
        None => 1,
    };
    Ok(all.into_iter().step_by(step).collect())
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
    let definition = definitions.iter().find(|definition| definition.name == EXPLAINED).context(EXPLAINED)?;
    let path = format!("{}/{}", definition.namespace, definition.name);
    match shop.first_member(&path).await? {
        None => println!("   {EXPLAINED} has no member among these customers.\n"),
        Some(profile) => {
            let explanation = evaluate::explain(&store.0, &compiled, definition, &profile, later).await?;
            println!("   {}\n", report::explanation(definition, &profile, &explanation));
        }
    }
    println!("Done in {}. Where to look next:", report::seconds(started.elapsed()));
    println!("   examples/*.yaml    change a segment and run this again");
    println!("   data/README.md     what of this is real and what was made up");
    println!(
        "   your own files     cargo run -p segmentctl -- eval --profiles {0}/profiles.ndjson \\",
        args.folder.display()
    );
    println!(
        "                        --events {}/events.ndjson --as-of 1998-05-15T16:00:00Z examples/*.yaml",
        args.folder.display()
    );
    println!("   ARCHITECTURE.md    how it works");
    Ok(())
}

/// The open store, and how many customers are in it.
async fn load(shop: &Shop, args: &Args, clock: Clock) -> anyhow::Result<(Store, usize)> {
    let started = Instant::now();
    println!(
        "2. Customers and their orders (real), their homes, consents and clicks (made up by rule: data/README.md)."
    );
    let files = ndjson::write(&chosen(args.customers)?, &args.folder)?;
    println!(
        "   {} customers, {} orders and {} clicks written to {} in {}",
        report::thousands(files.customers),
        report::thousands(files.orders),
        report::thousands(files.clicks),
        args.folder.display(),
        report::seconds(started.elapsed()),
    );
    let store = shop.open(clock).await?;
    let loaded = evaluate::load(&store, &files, clock).await?;
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
