//! `segment-demo`: see the library.

use clap::Parser;
use segment_demo::{args::Args, tour};

fn main() -> anyhow::Result<()> {
    // The embedded ClickHouse servers are this very program, started again.
    embedded_clickhouse::run_if_child();
    tour::run(&Args::parse())
}
