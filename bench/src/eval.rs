//! `segmentctl eval` on files, as a user calls it, against the same segments by hand in DuckDB; and a call without data.

use std::{
    collections::BTreeMap,
    fs,
    io::{BufRead, BufReader, BufWriter, Write},
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use clap::Args as ClapArgs;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::report::{self, seconds};

const SEGMENTS: &str = include_str!("../eval/segments.json");
const DUCKDB: &str = include_str!("../eval/duckdb_eval.py");

/// `segment-bench eval`.
#[derive(Clone, Debug, ClapArgs)]
pub(crate) struct EvalArgs {
    /// Events `Placed Order` with the properties `value` and `cds`, as NDJSON; or a CSV of customer_id, date, quantity and
    /// value, which is made into NDJSON first.
    #[arg(long)]
    orders_file: PathBuf,
    /// The instant of the evaluation.
    #[arg(long, default_value = "1998-06-30T00:00:00Z")]
    as_of: String,
    /// The program.
    #[arg(long, default_value = "target/release/segmentctl")]
    segmentctl: PathBuf,
    /// The Python that may have the package duckdb.
    #[arg(long, default_value = "python3")]
    python: PathBuf,
    /// Where files are made.
    #[arg(long, default_value = "target/bench")]
    directory: PathBuf,
    /// How often; the fastest counts.
    #[arg(long, default_value_t = 5)]
    passes: usize,
}

#[derive(Deserialize)]
struct Segment {
    name: String,
    criteria: Vec<Value>,
    #[serde(rename = "match", default, skip_serializing_if = "Option::is_none")]
    expression: Option<String>,
}

#[derive(Deserialize)]
struct DuckDb {
    seconds: f64,
    version: String,
    members: BTreeMap<String, u64>,
}

/// The files of a call.
struct Files {
    orders: PathBuf,
    empty: PathBuf,
    segments: PathBuf,
    one_segment: PathBuf,
}

pub(crate) fn command(args: &EvalArgs) -> Result<()> {
    ensure!(
        args.segmentctl.is_file(),
        "{} is not there; build it (cargo build --release -p segmentctl) or name it by --segmentctl",
        args.segmentctl.display()
    );
    fs::create_dir_all(&args.directory)?;
    let files = files(args)?;
    println!("# eval: `{} eval`, the whole process", args.segmentctl.display());
    println!("machine: {}", report::machine());
    println!(
        "data: {} events, {}; 20 segments; the fastest of {} passes",
        BufReader::new(fs::File::open(&files.orders)?).lines().count(),
        report::bytes(fs::metadata(&files.orders)?.len()),
        args.passes
    );
    let (empty, _) = fastest(args.passes, || eval(args, &files.empty, &files.one_segment))?;
    let (full, output) = fastest(args.passes, || eval(args, &files.orders, &files.segments))?;
    let sides = ((full.as_secs_f64(), "20 segments"), (empty.as_secs_f64(), "a call without data"));
    report::figure("eval", sides.0, sides.1, seconds);
    against_duckdb(args, &files, full, &members(&output)?)
}

fn against_duckdb(args: &EvalArgs, files: &Files, ours: Duration, members: &BTreeMap<String, u64>) -> Result<()> {
    let script = args.directory.join("duckdb_eval.py");
    fs::write(&script, DUCKDB)?;
    let there = Command::new(&args.python).args(["-c", "import duckdb"]).stderr(Stdio::null()).status();
    if !there.is_ok_and(|status| status.success()) {
        println!("DuckDB: skipped, {} with the package duckdb is not there", args.python.display());
        return Ok(());
    }
    let (theirs, output) = fastest(args.passes, || {
        let mut command = Command::new(&args.python);
        succeed(command.arg(&script).arg(&files.orders).arg(args.as_of.trim_end_matches('Z')))
    })?;
    let DuckDb { seconds: inside, version, members: found } = serde_json::from_slice(&output.stdout)?;
    let name = format!("DuckDB {version} by hand, the whole process");
    report::figure("eval to DuckDB", (ours.as_secs_f64(), "20 segments"), (theirs.as_secs_f64(), &name), seconds);
    println!("DuckDB without start and import: {}", seconds(inside));
    for (segment, count) in &found {
        let ours = members.get(segment).copied().unwrap_or(0);
        if ours != *count {
            println!("{segment}: {ours} members, DuckDB {count}");
        }
    }
    let same = found.iter().filter(|(segment, count)| members.get(*segment).copied().unwrap_or(0) == **count).count();
    println!("segments with the same number of members: {same} of {}", found.len());
    Ok(())
}

fn fastest(passes: usize, call: impl Fn() -> Result<Output>) -> Result<(Duration, Output)> {
    let mut best: Option<(Duration, Output)> = None;
    for _ in 0..passes.max(1) {
        let started = Instant::now();
        let output = call()?;
        let time = started.elapsed();
        if best.as_ref().is_none_or(|(best, _)| time < *best) {
            best = Some((time, output));
        }
    }
    best.context("no pass")
}

fn eval(args: &EvalArgs, events: &Path, segments: &Path) -> Result<Output> {
    let empty = args.directory.join("empty.ndjson");
    let mut command = Command::new(&args.segmentctl);
    command.arg("eval").arg("--profiles").arg(empty).arg("--events").arg(events);
    succeed(command.args(["--as-of", &args.as_of, "-o", "ndjson"]).arg(segments).stdin(Stdio::null()))
}

fn succeed(command: &mut Command) -> Result<Output> {
    let output = command.output().with_context(|| format!("{} does not run", command.get_program().display()))?;
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    ensure!(output.status.success(), "{} failed: {errors}", command.get_program().display());
    Ok(output)
}

fn members(output: &Output) -> Result<BTreeMap<String, u64>> {
    #[derive(Deserialize)]
    struct Member {
        segment: String,
    }
    let mut members = BTreeMap::new();
    for line in std::str::from_utf8(&output.stdout)?.lines() {
        *members.entry(serde_json::from_str::<Member>(line)?.segment).or_default() += 1;
    }
    Ok(members)
}

fn files(args: &EvalArgs) -> Result<Files> {
    let path = |name: &str| args.directory.join(name);
    let orders = match args.orders_file.extension() {
        Some(extension) if extension == "csv" => {
            convert(&args.orders_file, &path("orders.ndjson"))?;
            path("orders.ndjson")
        }
        _ => args.orders_file.clone(),
    };
    let mut first = String::new();
    BufReader::new(fs::File::open(&orders).with_context(|| orders.display().to_string())?).read_line(&mut first)?;
    let first: Value = serde_json::from_str(&first).context("the first line of the orders")?;
    let account = first["account"].as_str().context("the first order has no account")?;
    fs::write(path("empty.ndjson"), "")?;
    let segments: Vec<Segment> = serde_json::from_str(SEGMENTS)?;
    let texts: Vec<String> = segments.into_iter().map(|segment| document(segment, account).to_string()).collect();
    fs::write(path("segments.yaml"), texts.join("\n---\n"))?;
    fs::write(path("one-segment.yaml"), texts.first().context("there is a segment")?)?;
    Ok(Files {
        orders,
        empty: path("empty.ndjson"),
        segments: path("segments.yaml"),
        one_segment: path("one-segment.yaml"),
    })
}

fn document(Segment { name, criteria, expression }: Segment, account: &str) -> Value {
    let mut spec = json!({"storeRef": {"name": "bench"}, "account": account, "timeZone": "UTC", "criteria": criteria});
    if let Some(expression) = expression {
        spec["match"] = json!(expression);
    }
    json!({"apiVersion": "segmentation.dev/v1alpha1", "kind": "Segment", "metadata": {"name": name}, "spec": spec})
}

/// A line an order, as the demo makes them: at 16:00 UTC.
fn convert(from: &Path, to: &Path) -> Result<()> {
    let input = BufReader::new(fs::File::open(from).with_context(|| from.display().to_string())?);
    let mut output = BufWriter::new(fs::File::create(to)?);
    for (number, line) in input.lines().enumerate().skip(1) {
        let line = line?;
        let [customer, date, quantity, value] = line.split(',').collect::<Vec<_>>()[..] else {
            anyhow::bail!("{}, line {}: four columns are expected", from.display(), number + 1);
        };
        writeln!(
            output,
            r#"{{"account":"cdnow","id":"{number}","profile":"{customer}","metric":"Placed Order","time":"{date}T16:00:00Z","properties":{{"value":{value},"cds":{quantity}}}}}"#
        )?;
    }
    Ok(output.flush()?)
}
