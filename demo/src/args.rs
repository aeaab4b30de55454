//! The command line of the demo.

use std::path::PathBuf;

use clap::Parser;

/// Evaluates the example segments on the real orders of 23,570 customers, on two ClickHouse servers of its own.
///
/// A server in CLICKHOUSE_URL is used instead, with two databases that are dropped at the end.
#[derive(Debug, Parser)]
#[command(version, about, long_about)]
pub struct Args {
    /// Take only about so many customers, spread over all of them.
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u32).range(1..))]
    pub customers: Option<u32>,
    /// Where to write profiles.ndjson and events.ndjson.
    #[arg(long, value_name = "FOLDER", default_value = "target/demo")]
    pub folder: PathBuf,
    /// Leave the servers up at the end until you press Ctrl-C, to look around in them.
    #[arg(long)]
    pub keep: bool,
}
