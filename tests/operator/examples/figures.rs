//! How long Segments take to become ready on a real cluster, and what the operator takes for it: `make bench-cluster`.
//!
//! Times are of this process's clock, from before a Segment is applied until its status is seen to be ready. Kubernetes
//! tells instants of Jobs and pods by the second, so the shares of the steps are means of that.

use std::{
    collections::BTreeSet,
    fs,
    io::{BufWriter, Write as _},
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result};
use jiff::{SignedDuration, Timestamp};
use k8s_openapi::api::{batch::v1::Job, core::v1::Pod};
use kube::{
    ResourceExt,
    api::{Api, DeleteParams, ListParams},
};
use segment_crds::Segment;
use segment_operator_tests::{ACCOUNT, Cluster, Namespace, Operator, Shards, Store, in_namespace, is_true, until};
use serde_json::{Value, json};
use tempfile::NamedTempFile;
use tokio::time::sleep;

/// Figures take what they take; this only ends a run that hangs.
const PATIENCE: Duration = Duration::from_mins(20);
/// Segments that are applied one after the other.
const ALONE: u32 = 20;
/// How many apply at the same time.
const APPLIERS: usize = 16;
/// How long the quiet operator is looked at.
const QUIET: Duration = Duration::from_mins(1);

#[tokio::main]
async fn main() -> Result<()> {
    let numbers: Vec<usize> = std::env::args().skip(1).map(|argument| argument.parse()).collect::<Result<_, _>>()?;
    let (profiles, batches) = numbers.split_first().context("figures PROFILES [SEGMENTS ...]")?;
    let cluster = Cluster::connect().await?;
    let shards = Shards::start(2, cluster.host())?;
    in_namespace(&cluster, async |namespace| {
        let store = Store::ready(&namespace, &shards).await?;
        load(&store, *profiles)?;
        println!("{profiles} profiles on 2 shards");
        one_by_one(&namespace, &store).await?;
        let mut known = usize::try_from(ALONE)?;
        for batch in batches {
            at_once(&namespace, &store, known..known + batch).await?;
            known += batch;
        }
        quiet().await?;
        restart(&cluster, &namespace, known).await
    })
    .await
}

fn load(store: &Store, profiles: usize) -> Result<()> {
    let mut file = NamedTempFile::new()?;
    let mut lines = BufWriter::new(file.as_file_mut());
    for profile in 0..profiles {
        let points = profile.wrapping_mul(2_654_435_761) % 100_000;
        let id = format!("p{profile}");
        writeln!(lines, "{}", json!({"account": ACCOUNT, "id": id, "properties": {"points": points}}))?;
    }
    lines.flush()?;
    drop(lines);
    store.load_file(file.path(), profiles.div_ceil(2))
}

/// Each Segment asks for something that no other does.
fn spec(number: usize) -> Value {
    json!({"criteria": [{"name": "points", "property": {"name": "points", "atLeast": 50_000 + number}}]})
}

fn name(number: usize) -> String {
    format!("segment-{number}")
}

async fn one_by_one(namespace: &Namespace, store: &Store) -> Result<()> {
    let (mut times, mut told) = (Vec::new(), Vec::new());
    let mut shares = [SignedDuration::ZERO; 3];
    for number in 0..usize::try_from(ALONE)? {
        let (before, started) = (jobs(namespace).await?, Instant::now());
        store.apply_segment(&name(number), spec(number)).await?;
        let status = store.until_segment(&name(number), "ready", |status| is_true(&status.conditions, "Ready")).await?;
        times.push(started.elapsed());
        let ready =
            status.conditions.into_iter().find(|condition| condition.type_ == "Ready").context("a condition")?;
        let made = namespace.api::<Segment>().get(&name(number)).await?.creation_timestamp().context("a time")?;
        let steps = steps(namespace, &before).await?;
        told.push(ready.last_transition_time.0.duration_since(steps[2]));
        for (share, at) in shares.iter_mut().zip(steps) {
            *share += at.duration_since(made.0);
        }
    }
    times.sort_unstable();
    let (middle, last) = (times[times.len() / 2], times[times.len() - 1]);
    println!("{ALONE} Segments, one after the other: ready after p50 {middle:.1?}, most {last:.1?}");
    let [made, running, ended] = shares.map(|sum| sum.unsigned_abs() / ALONE);
    println!("mean since it was applied: Job made {made:.1?}, its pod runs {running:.1?}, has ended {ended:.1?}");
    let most = told.iter().max().map_or(0.0, SignedDuration::as_secs_f64);
    let mean = told.iter().map(SignedDuration::as_secs_f64).sum::<f64>() / f64::from(ALONE);
    println!("the status says so after its pod's end: mean {mean:.1} s, most {most:.1} s, each to a second");
    Ok(())
}

/// When the Job that was not there before was made, and its first pod ran and ended.
async fn steps(namespace: &Namespace, before: &BTreeSet<String>) -> Result<[Timestamp; 3]> {
    let list = namespace.api::<Job>().list(&ListParams::default()).await?;
    let job =
        list.iter().find(|job| !before.contains(&job.name_any())).context("a Segment became ready without a Job")?;
    let selector = format!("batch.kubernetes.io/job-name={}", job.name_any());
    // Members are committed a moment before the kubelet tells that the pod has ended.
    let ended = until("its pod has ended", PATIENCE, async || {
        let pods = namespace.api::<Pod>().list(&ListParams::default().labels(&selector)).await?;
        let statuses = pods.items.into_iter().next().and_then(|pod| pod.status?.container_statuses);
        let state = statuses.and_then(|statuses| statuses.into_iter().next()?.state?.terminated);
        Ok(state.ok_or_else(|| "it runs".to_owned()))
    })
    .await?;
    let made = job.creation_timestamp().context("a Job without a time")?;
    let (started, finished) = ended.started_at.zip(ended.finished_at).context("a pod without times")?;
    Ok([made.0, started.0, finished.0])
}

async fn jobs(namespace: &Namespace) -> Result<BTreeSet<String>> {
    let list = namespace.api::<Job>().list_metadata(&ListParams::default()).await?;
    Ok(list.iter().map(ResourceExt::name_any).collect())
}

async fn at_once(namespace: &Namespace, store: &Store, numbers: std::ops::Range<usize>) -> Result<()> {
    let (count, started, before) = (numbers.len(), Instant::now(), jobs(namespace).await?);
    let appliers = (0..APPLIERS).map(|applier| {
        let (store, numbers) = (store.clone(), numbers.clone());
        tokio::spawn(async move {
            for number in numbers.skip(applier).step_by(APPLIERS) {
                store.apply_segment(&name(number), spec(number)).await?;
            }
            anyhow::Ok(())
        })
    });
    for applier in appliers.collect::<Vec<_>>() {
        applier.await??;
    }
    let applied = started.elapsed();
    all_ready(namespace, numbers.end).await?;
    let ready = started.elapsed();
    let more = jobs(namespace).await?.difference(&before).count();
    println!(
        "{count} Segments at once: applied in {applied:.1?}, all ready after {ready:.1?}, {more} Jobs; {}",
        resident()
    );
    Ok(())
}

async fn all_ready(namespace: &Namespace, wanted: usize) -> Result<()> {
    let api: Api<Segment> = namespace.api();
    until(&format!("{wanted} Segments are ready"), PATIENCE, async || {
        // The API server has other work than to list ten thousand objects ten times a second.
        sleep(Duration::from_millis(wanted.try_into().unwrap_or(1000) / 10)).await;
        let list = api.list(&ListParams::default().match_any()).await?;
        let is_ready =
            |segment: &&Segment| segment.status.as_ref().is_some_and(|status| is_true(&status.conditions, "Ready"));
        let ready = list.iter().filter(is_ready).count();
        Ok(if ready == wanted { Ok(()) } else { Err(format!("{ready} are")) })
    })
    .await
}

/// What the operator does when nothing changes.
async fn quiet() -> Result<()> {
    let before = operators();
    sleep(QUIET).await;
    let spent: u64 = operators().iter().map(|process| process.ticks - before_of(&before, process.id)).sum();
    // A tick of Linux's accounts is a hundredth of a second.
    println!("quiet: {:.1?} of CPU in {QUIET:?}; {}", Duration::from_millis(spent * 10), resident());
    Ok(())
}

fn before_of(before: &[Process], id: u32) -> u64 {
    before.iter().find(|process| process.id == id).map_or(0, |process| process.ticks)
}

/// Ends all replicas, and waits until a new one leads and all is as it was.
async fn restart(cluster: &Cluster, namespace: &Namespace, segments: usize) -> Result<()> {
    let (operator, before) = (Operator::of(cluster), jobs(namespace).await?);
    let (holder, started) = (operator.holder().await?, Instant::now());
    operator.pods().delete_collection(&DeleteParams::default(), &ListParams::default()).await?;
    until("another one leads", PATIENCE, async || {
        let now = operator.holder().await?;
        Ok(if now == holder || now.is_empty() { Err(format!("{now} holds the Lease")) } else { Ok(()) })
    })
    .await?;
    let led = started.elapsed();
    // Its first look at the store ends with a run if it takes anything for changed.
    sleep(QUIET / 2).await;
    all_ready(namespace, segments).await?;
    let more = jobs(namespace).await?.difference(&before).count();
    println!("restarted: another one leads after {led:.1?}; {more} Jobs in {:?} after that; {}", QUIET / 2, resident());
    Ok(())
}

/// A process of the operator.
struct Process {
    id: u32,
    ticks: u64,
    kilobytes: u64,
}

/// The operator's processes on this machine, if the cluster runs on it.
fn operators() -> Vec<Process> {
    let folders = fs::read_dir("/proc").into_iter().flatten().flatten();
    folders.filter_map(|folder| folder.file_name().to_str()?.parse().ok()).filter_map(process).collect()
}

fn process(id: u32) -> Option<Process> {
    let read = |file: &str| fs::read_to_string(format!("/proc/{id}/{file}")).ok();
    // The kernel keeps fifteen letters of a name.
    if read("comm")?.trim() != "segment-operato" {
        return None;
    }
    let status = read("status")?;
    let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let stat = read("stat")?;
    // The fields after the name in parentheses; user and system time are the 12th and 13th of these.
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    Some(Process {
        id,
        ticks: fields.get(11)?.parse::<u64>().ok()? + fields.get(12)?.parse::<u64>().ok()?,
        kilobytes: resident.trim().trim_end_matches("kB").trim().parse().ok()?,
    })
}

fn resident() -> String {
    let sizes: Vec<String> = operators().iter().map(|process| format!("{} MB", process.kilobytes / 1024)).collect();
    if sizes.is_empty() {
        "the operator is not on this machine".to_owned()
    } else {
        format!("operator's RSS {}", sizes.join(", "))
    }
}
