//! `segment-bench`: benchmarks of the data plane. Each figure is printed with the ratio and both its sides, the sizes, and
//! the machine it was measured on; nothing is asserted about time, since it differs from machine to machine.

mod accounts;
mod alone;
mod args;
mod bench;
mod criteria;
mod curve;
mod eval;
mod generate;
mod kinds;
mod load;
mod log;
mod peers;
mod report;
mod segments;
mod sql;
mod together;
mod work;

use std::process::ExitCode;

use clap::Parser;

use args::{Args, Figure};

fn main() -> ExitCode {
    embedded_clickhouse::run_if_child();
    let args = Args::parse();
    tracing_subscriber::fmt()
        .with_env_filter(tracing_subscriber::EnvFilter::from_default_env())
        .with_writer(std::io::stderr)
        .init();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    match runtime.map_err(anyhow::Error::from).and_then(|runtime| runtime.block_on(run(args))) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("segment-bench: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(args: Args) -> anyhow::Result<()> {
    match args.figure {
        Figure::Generate(data) => generate::command(&data).await,
        Figure::Segments(batch) => segments::command(&batch),
        Figure::Alone { data, batch, passes } => alone::command(&data, &batch, passes).await,
        Figure::Together { data, batch, passes } => together::command(&data, &batch, passes).await,
        Figure::Peers { data, batch, sample } => peers::command(&data, &batch, sample).await,
        Figure::Accounts { data, batch, passes } => accounts::command(&data, &batch, passes).await,
        Figure::Curve { data, batch, sizes, batches, passes } => {
            curve::command(&data, &batch, &sizes, &batches, passes).await
        }
        Figure::Load(data) => load::command(&data).await,
        Figure::Eval(args) => eval::command(&args),
        Figure::Kinds { data, passes, only } => kinds::command(&data, passes, &only).await,
    }
}
