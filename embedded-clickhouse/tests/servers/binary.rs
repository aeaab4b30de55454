//! The binary `embedded-clickhouse`: how it ends, and what it fetches.

use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::support::{Directory, processes_of, query, try_query, wait_until};

const BINARY: &str = env!("CARGO_BIN_EXE_embedded-clickhouse");

#[test]
fn parent_killed_leaves_no_process() {
    let directory = Directory::new();
    let (mut parent, url) = serve(&["--path", &directory.0.to_string_lossy()], &directory);
    assert_eq!(query(&url, "SELECT 1"), "1");
    assert_eq!(processes_of(&directory.0).len(), 2, "the parent and the server");
    parent.0.kill().expect("it runs");
    parent.0.wait().expect("it was killed");
    wait_until("the server is gone", || processes_of(&directory.0).is_empty());
    assert!(try_query(&url, "SELECT 1").is_err());
    assert!(directory.0.join("data").exists(), "a directory with a name is kept");
}

#[test]
fn parent_killed_leaves_no_temporary_directory() {
    let directory = Directory::new();
    let (mut parent, _) = serve(&[], &directory);
    assert_eq!(entries(&directory.0), 1);
    parent.0.kill().expect("it runs");
    parent.0.wait().expect("it was killed");
    wait_until("the guard has tidied up", || entries(&directory.0) == 0);
    wait_until("the guard is gone", || processes_of(&directory.0).is_empty());
}

#[test]
fn term_and_interrupt_end_it_in_order() {
    for signal in [Signal::SIGTERM, Signal::SIGINT] {
        let directory = Directory::new();
        let (mut parent, url) = serve(&[], &directory);
        send(&parent, signal);
        assert!(parent.0.wait().expect("it ends").success(), "{signal}");
        assert_eq!(entries(&directory.0), 0);
        assert!(try_query(&url, "SELECT 1").is_err());
    }
}

#[test]
fn clickhouse_on_path_comes_before_the_library() {
    let library = Command::new(BINARY).arg("fetch").output().expect("the binary runs").stdout;
    let library = String::from_utf8_lossy(&library).trim().to_owned();
    let directory = Directory::new();
    // A program that serves what the configuration file says and nothing else.
    let script = format!(
        "#!/bin/sh
        [ \"$1\" = server ] || exit 1
        exec '{BINARY}' __embedded-clickhouse-child-1 library '{library}' \"$2\" --query \\
        \"SYSTEM START LISTEN HTTP; SYSTEM START LISTEN TCP; SELECT sleepEachRow(3) FROM numbers(60) \\
        SETTINGS max_block_size = 1, log_comment = 'the program' FORMAT Null\" <<END

END"
    );
    write_program(&directory, "clickhouse", &script);
    let (mut parent, url) = serve(&[], &directory);
    assert_eq!(query(&url, "SELECT count() FROM system.processes WHERE Settings['log_comment'] = 'the program'"), "1");
    send(&parent, Signal::SIGTERM);
    assert!(parent.0.wait().expect("it ends").success());
}

#[test]
fn ends_when_its_server_ends() {
    let directory = Directory::new();
    let (mut parent, url) = serve(&["--path", &directory.0.to_string_lossy()], &directory);
    let servers: Vec<u32> = processes_of(&directory.0).into_iter().filter(|id| *id != parent.0.id()).collect();
    for server in servers {
        kill(Pid::from_raw(i32::try_from(server).expect("a process id")), Signal::SIGKILL).expect("it runs");
    }
    parent.0.wait().expect("it ends");
    assert!(try_query(&url, "SELECT 1").is_err());
}

#[test]
fn a_broken_checksum_is_refused() {
    let directory = Directory::new();
    let output = fetch(&directory, "#!/bin/sh\nfor last; do :; done\necho junk > \"$last/package.tgz\"\n");
    let message = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success());
    assert!(message.contains("package.tgz is not the pinned file: its SHA-256 is "), "{message}");
    assert_eq!(entries(&directory.0.join("cache")), 1, "the lock file alone");
}

#[test]
fn what_npm_says_is_shown() {
    let directory = Directory::new();
    let output = fetch(&directory, "#!/bin/sh\necho 'the network is down' >&2\nexit 1\n");
    let message = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success());
    assert!(message.contains("npm failed: ") && message.contains("the network is down"), "{message}");
}

/// A process that a failed test must not leave behind.
struct Served(Child);

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// `serve` with its temporary files in `directory`, and the URL that it prints.
fn serve(arguments: &[&str], directory: &Directory) -> (Served, String) {
    let mut command = Command::new(BINARY);
    command
        .arg("serve")
        .args(arguments)
        .env("TMPDIR", &directory.0)
        .env("PATH", path(directory))
        .stdout(Stdio::piped());
    let mut parent = command.spawn().expect("the binary runs");
    let mut url = String::new();
    BufReader::new(parent.stdout.take().expect("piped")).read_line(&mut url).expect("a line");
    (Served(parent), url.trim().to_owned())
}

/// `fetch` into an empty cache with this script as npm.
fn fetch(directory: &Directory, npm: &str) -> Output {
    write_program(directory, "npm", npm);
    let mut command = Command::new(BINARY);
    command.arg("fetch").env("PATH", path(directory)).env("SEGMENTATION_CACHE", directory.0.join("cache"));
    command.output().expect("the binary runs")
}

fn write_program(directory: &Directory, name: &str, script: &str) {
    let path = directory.0.join(name);
    std::fs::write(&path, script).expect("a script");
    std::fs::set_permissions(&path, PermissionsExt::from_mode(0o755)).expect("executable");
}

/// `PATH` with the programs of the test first.
fn path(directory: &Directory) -> String {
    format!("{}:{}", directory.0.display(), std::env::var("PATH").unwrap_or_default())
}

fn send(process: &Served, signal: Signal) {
    kill(Pid::from_raw(i32::try_from(process.0.id()).expect("a process id")), signal).expect("it runs");
}

fn entries(directory: &Path) -> usize {
    std::fs::read_dir(directory).map(Iterator::count).unwrap_or_default()
}
