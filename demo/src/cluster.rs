//! The tour on a Kubernetes that has the operator: two shards beside it, a store, the example Segments, and their way to
//! Ready. What it needs of the cluster it asks by kubectl, as its user would.

mod board;
mod kubectl;
mod objects;

use std::{
    io::{IsTerminal, stdout},
    time::{Duration, Instant},
};

use anyhow::{Context, bail, ensure};
use jiff::{Timestamp, civil::Date, tz::TimeZone};
use segment_jobs::{clock::Clock, store::Store};
use tokio::time::{error::Elapsed, timeout_at};

use self::{board::Board, kubectl::kubectl};
use crate::{
    args::Args,
    calendar::Calendar,
    examples, report,
    shop::{Door, Shop},
    steps,
};

/// Where the examples say that they are.
const NAMESPACE: &str = "marketing";
/// Far longer than it takes, even where a node has to start and everything is slow.
const PATIENCE: Duration = Duration::from_mins(5);

/// Runs the demo from start to end.
pub fn run(args: &Args) -> anyhow::Result<()> {
    let started = Instant::now();
    let runtime = tokio::runtime::Runtime::new().context("start the runtime")?;
    let address = args.host.clone().context("--host is missing")?;
    let door = Door { address, user: "segments".to_owned(), password: uuid::Uuid::new_v4().simple().to_string() };
    let shop = Shop::start_for_pods(&door)?;
    println!("1. Two shards: a ClickHouse server each, on this machine, which pods reach at {}.", door.address);
    println!("   up after {}\n", report::seconds(started.elapsed()));
    runtime.block_on(async {
        let made = kubectl(&["create", "namespace", NAMESPACE]).await;
        made.context("the demo makes this namespace, and deletes it at its end")?;
        let outcome = tokio::select! {
            outcome = walk(&shop, &door, args, started) => outcome,
            _ = tokio::signal::ctrl_c() => Err(anyhow::anyhow!("stopped")),
        };
        if outcome.is_ok() && args.keep {
            println!("\nAll of it stays up until you press Ctrl-C.");
            // Where signals cannot be awaited there is nothing to wait for.
            let _ = tokio::signal::ctrl_c().await;
        }
        let deleted = kubectl(&["delete", "namespace", NAMESPACE, "--wait=false"]).await;
        outcome.and(deleted.map(drop))
    })
}

async fn walk(shop: &Shop, door: &Door, args: &Args, started: Instant) -> anyhow::Result<()> {
    println!(
        "2. Customers and their orders (real), their homes, consents and clicks (made up by rule: data/README.md)."
    );
    let customers = steps::chosen(args.customers)?;
    let calendar = Calendar::of_today(&customers, today()?);
    let files = steps::write(&customers, calendar, args.folder())?;
    println!(
        "   every date but birthdays is moved by {} days, so that the last order was yesterday, on {}\n",
        report::thousands(calendar.moved()),
        calendar.day(calendar.present).strftime("%-d %B %Y"),
    );
    println!("3. A SegmentStore of these shards, and a Secret that the operator may read.");
    let store = make_store(shop, door).await?;
    steps::load(&store, &files, Clock::System).await?;
    let compiled = examples::compiled()?;
    println!("4. The {} Segments of the folder examples/.\n", examples::definitions(&compiled).len());
    let board = apply_segments(files.customers).await?;
    compare(shop, &board).await?;
    println!("5. Why somebody is a member.");
    steps::explain(shop, &store, &compiled, Clock::System).await?;
    println!("Done in {}. Where to look next:", report::seconds(started.elapsed()));
    println!("{}", if args.keep { objects::next_while_up(&args.kubectl) } else { objects::NEXT.to_owned() });
    Ok(())
}

/// The day in UTC, whose last order is yesterday's in every zone west of it, and never one of the future.
fn today() -> anyhow::Result<Date> {
    let now = Timestamp::from_millisecond(Clock::System.now_ms())?;
    Ok(now.to_zoned(TimeZone::UTC).date())
}

/// Applies the store, and opens it when it is ready.
async fn make_store(shop: &Shop, door: &Door) -> anyhow::Result<Store> {
    let started = Instant::now();
    kubectl::apply(&objects::store(shop, door)?.to_string()).await?;
    let wait = ["wait", "segmentstore/main", "--for=condition=Ready", "--timeout=300s", "--namespace", NAMESPACE];
    if let Err(error) = kubectl(&wait).await {
        let told = r#"jsonpath={.status.conditions[?(@.type=="Ready")].message}"#;
        let told = kubectl(&["get", "segmentstore/main", "--output", told, "--namespace", NAMESPACE]).await;
        return Err(error.context(format!("the store is not ready: {}", told.unwrap_or_default())));
    }
    println!("   ready after {}; a Job has made the schema on both shards", report::seconds(started.elapsed()));
    shop.open(Clock::System).await
}

/// Applies the Segments and shows what becomes of them, until all are ready.
async fn apply_segments(customers: usize) -> anyhow::Result<Board> {
    let mut board = Board::new(examples::FILES.iter().skip(1).map(|(name, _)| *name), customers);
    let started = Instant::now();
    kubectl::apply(&objects::segments()).await?;
    let mut watch = kubectl::watch_segments(NAMESPACE)?;
    let end = tokio::time::Instant::now() + PATIENCE;
    let redraws = stdout().is_terminal();
    if redraws {
        println!("{}", board.text());
    }
    while !board.is_ready() {
        let late = |_: Elapsed| format!("not ready after {}:\n{}", report::seconds(PATIENCE), board.text());
        let segment = timeout_at(end, watch.next()).await.map_err(late).map_err(anyhow::Error::msg)?;
        let Some(line) = board.see(&segment.context("kubectl stopped watching")?) else { continue };
        if redraws {
            println!("\x1b[{}A\x1b[J{}", board.text().lines().count(), board.text());
        } else {
            println!("{line}");
        }
        if let Some(stalled) = board.stalled() {
            bail!("stalled: {stalled}");
        }
    }
    if !redraws {
        println!("\n{}", board.text());
    }
    println!("\n   all ready {} after they were applied", report::seconds(started.elapsed()));
    println!("   began-with-one-cd asks for January 1997, and no order is so old any more\n");
    Ok(board)
}

/// What the operator wrote is what programs read.
async fn compare(shop: &Shop, board: &Board) -> anyhow::Result<()> {
    for (name, members) in board.members() {
        let found = shop.count_members(&format!("{NAMESPACE}/{name}")).await?;
        ensure!(i64::try_from(found)? == members, "{name}: memberCount is {members}, the view `members` has {found}");
    }
    Ok(())
}
