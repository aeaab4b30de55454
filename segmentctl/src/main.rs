//! `segmentctl`: segments on the command line, over files without a cluster or through the objects of one.

mod args;
mod cluster;
mod eval;
mod exit;
mod explain;
mod explanation;
mod files;
mod inputs;
mod members;
mod run;
mod scratch;
mod table;
mod validate;

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    // The embedded ClickHouse server is this very program, started again.
    embedded_clickhouse::run_if_child();
    run::run(args::Args::parse())
}
