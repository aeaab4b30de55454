//! `segment-operator`: see the library.

use std::process::ExitCode;

use clap::Parser;
use segment_operator::{Args, run, start_logs};

#[tokio::main]
async fn main() -> ExitCode {
    let args = Args::parse();
    start_logs(args.log);
    match run(args).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(error = format!("{error:#}"), "the operator ends");
            ExitCode::FAILURE
        }
    }
}
