//! From the command line to a command and its exit code.

use std::{io, process::ExitCode};

use clap::CommandFactory;
use tokio::{
    runtime::Runtime,
    signal::unix::{SignalKind, signal},
};
use tokio_util::sync::CancellationToken;

use crate::{
    args::{Args, Command, CompletionArgs},
    cluster::{
        self, logs, members,
        spec::{self, Suspended},
        status,
    },
    eval,
    exit::{self, Failure},
    explain, validate,
};

/// Runs the command.
pub(crate) fn run(args: Args) -> ExitCode {
    exit::exit_code(match args.command {
        Command::Eval(args) => stoppable(|stop| eval::eval(args, stop)),
        Command::Explain(args) => match args.data.inputs() {
            Some(inputs) => stoppable(|stop| explain::explain(&args, inputs, stop)),
            None => on_cluster(cluster::explain::explain(&args)),
        },
        Command::Validate(args) => validate::validate(&args),
        Command::Status(args) => on_cluster(status::status(&args)),
        Command::Members(args) => on_cluster(members::members(&args)),
        Command::Run(args) => on_cluster(spec::run(&args)),
        Command::Suspend(args) => on_cluster(spec::suspend(&args, Suspended::Yes)),
        Command::Resume(args) => on_cluster(spec::suspend(&args, Suspended::No)),
        Command::Logs(args) => on_cluster(logs::logs(&args)),
        Command::Completion(args) => completion(&args),
    })
}

/// Runs a command that leaves nothing behind wherever it ends.
fn on_cluster(command: impl Future<Output = Result<(), Failure>>) -> Result<(), Failure> {
    stoppable(async |stop| {
        tokio::select! {
            outcome = command => outcome,
            () = stop.cancelled() => Err(Failure::stopped()),
        }
    })
}

/// Runs a command that ends in good order at INT and TERM.
fn stoppable<F>(command: impl FnOnce(CancellationToken) -> F) -> Result<(), Failure>
where
    F: Future<Output = Result<(), Failure>>,
{
    let runtime = Runtime::new().map_err(|error| Failure::about("threads", &error))?;
    let stop = CancellationToken::new();
    runtime.spawn(stop_at_signal(stop.clone()));
    let outcome = runtime.block_on(command(stop));
    // A thread may still wait for standard input.
    runtime.shutdown_background();
    outcome
}

/// The first signal asks for an end in good order, the second one does not ask.
async fn stop_at_signal(stop: CancellationToken) {
    let Ok(mut terminate) = signal(SignalKind::terminate()) else { return };
    loop {
        tokio::select! {
            _ = tokio::signal::ctrl_c() => {}
            _ = terminate.recv() => {}
        }
        if stop.is_cancelled() {
            std::process::exit(1);
        }
        stop.cancel();
    }
}

fn completion(args: &CompletionArgs) -> Result<(), Failure> {
    let mut text = Vec::new();
    clap_complete::generate(args.shell, &mut Args::command(), "segmentctl", &mut text);
    exit::written(io::Write::write_all(&mut io::stdout().lock(), &text))
}
