//! `segment-demo`: see the library.

use std::process::ExitCode;

use clap::Parser;
use segment_demo::{args::Args, cluster, tour};

fn main() -> ExitCode {
    // The embedded ClickHouse servers are this very program, started again.
    embedded_clickhouse::run_if_child();
    let args = Args::parse();
    let outcome = if args.cluster { cluster::run(&args) } else { tour::run(&args) };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
