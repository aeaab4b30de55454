//! `segment-demo`: see the library.

use std::process::ExitCode;

use clap::Parser;
use segment_demo::{args::Args, tour};

fn main() -> ExitCode {
    // The embedded ClickHouse servers are this very program, started again.
    embedded_clickhouse::run_if_child();
    match tour::run(&Args::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
