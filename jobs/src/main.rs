//! The program of the data plane: one subcommand a mode.

mod args;
mod failure;
mod run;

use std::process::ExitCode;

use clap::Parser;

#[tokio::main]
async fn main() -> ExitCode {
    let args = args::Args::parse();
    run::start_logs(args.log);
    run::run(args).await
}
