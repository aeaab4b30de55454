//! The command line of the demo.

use std::path::{Path, PathBuf};

use clap::Parser;

/// Evaluates the example segments on the real orders of 23,570 customers, on two ClickHouse servers of its own.
///
/// A server in CLICKHOUSE_URL is used instead, with two databases that are dropped at the end. With --cluster they are
/// Segments of a Kubernetes, and the operator has them evaluated.
#[derive(Debug, Parser)]
#[command(version, about, long_about)]
pub struct Args {
    /// Take only about so many customers, spread over all of them.
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u32).range(1..))]
    pub customers: Option<u32>,
    /// Where to write profiles.ndjson and events.ndjson. Default: target/demo, with --cluster target/demo-cluster.
    #[arg(long, value_name = "FOLDER")]
    pub folder: Option<PathBuf>,
    /// Apply the segments to the cluster of KUBECONFIG, which has the operator, and watch them become ready: `make demo`.
    #[arg(long, requires = "host")]
    pub cluster: bool,
    /// Address of this machine at which the cluster's pods reach the servers.
    #[arg(long, value_name = "ADDRESS", env = "SEGMENT_HOST")]
    pub host: Option<String>,
    /// How you call kubectl for that cluster, for the commands that are printed.
    #[arg(long, value_name = "COMMAND", env = "SEGMENT_KUBECTL", default_value = "kubectl")]
    pub kubectl: String,
    /// Leave the servers up at the end until you press Ctrl-C, to look around in them.
    #[arg(long)]
    pub keep: bool,
}

impl Args {
    /// The folder of the files: their dates are not the same in both tours.
    pub(crate) fn folder(&self) -> &Path {
        let default = if self.cluster { "target/demo-cluster" } else { "target/demo" };
        self.folder.as_deref().unwrap_or(Path::new(default))
    }
}
