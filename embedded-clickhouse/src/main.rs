//! The binary `embedded-clickhouse`: the child program of test binaries, and a ClickHouse for people to try things on.

use std::path::PathBuf;
use std::process::ExitCode;

use embedded_clickhouse::{Error, Options, Server, fetch, run_if_child, verify};
use nix::sys::signal::{SigSet, Signal};

const USAGE: &str = "\
Usage: embedded-clickhouse serve [--path DIR] [--http-port PORT] [--tcp-port PORT] [--memory-limit BYTES] [--query-log]
       embedded-clickhouse fetch [--verify]

serve  starts a ClickHouse on 127.0.0.1, prints its URL, and ends it at TERM or Ctrl-C.
       Without --path its data are temporary; without a port it takes a free one. CLICKHOUSE_URL is ignored.
fetch  puts the ClickHouse library into the cache and prints its path; --verify compares its checksum anew.";

/// What the command line asks for.
enum Command {
    Serve(Options),
    Fetch,
    Verify,
}

fn main() -> ExitCode {
    run_if_child();
    let outcome = match parse(std::env::args().skip(1)) {
        Some(Command::Serve(options)) => serve(options),
        Some(Command::Fetch) => fetch().map(|path| println!("{}", path.display())),
        Some(Command::Verify) => verify().map(|path| println!("{}", path.display())),
        None => {
            eprintln!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            report(&error);
            ExitCode::FAILURE
        }
    }
}

fn parse(mut arguments: impl Iterator<Item = String>) -> Option<Command> {
    match arguments.next()?.as_str() {
        "serve" => parse_serve(arguments).map(Command::Serve),
        "fetch" => match arguments.next().as_deref() {
            None => Some(Command::Fetch),
            Some("--verify") => Some(Command::Verify),
            Some(_) => None,
        },
        _ => None,
    }
}

fn parse_serve(mut arguments: impl Iterator<Item = String>) -> Option<Options> {
    let mut options = Options { ignore_url: true, ..Options::default() };
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--path" => options.directory = Some(PathBuf::from(arguments.next()?)),
            "--http-port" => options.http_port = Some(arguments.next()?.parse().ok()?),
            "--tcp-port" => options.tcp_port = Some(arguments.next()?.parse().ok()?),
            "--memory-limit" => options.memory_limit_bytes = Some(arguments.next()?.parse().ok()?),
            "--query-log" => options.query_log = true,
            _ => return None,
        }
    }
    Some(options)
}

/// Runs a server until a signal comes or it ends by itself. A signal before it is up ends this process, and its guard
/// ends the server.
fn serve(options: Options) -> Result<(), Error> {
    let mut server = Server::start(options)?;
    // SIGCHLD comes when the server ends by itself; while it is blocked it waits for us too.
    let signals: SigSet = [Signal::SIGTERM, Signal::SIGINT, Signal::SIGCHLD].into_iter().collect();
    let blocked = signals.thread_block();
    println!("{}", server.url());
    while blocked.is_ok() && server.is_running() {
        match signals.wait() {
            Ok(Signal::SIGCHLD) => {}
            _ => break,
        }
    }
    server.stop();
    Ok(())
}

fn report(error: &dyn std::error::Error) {
    eprintln!("embedded-clickhouse: {error}");
    let mut source = error.source();
    while let Some(cause) = source {
        eprintln!("  because: {cause}");
        source = cause.source();
    }
}
