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
    parent.kill().expect("it runs");
    parent.wait().expect("it was killed");
    wait_until("the server is gone", || processes_of(&directory.0).is_empty());
    assert!(try_query(&url, "SELECT 1").is_err());
    assert!(directory.0.join("data").exists(), "a directory with a name is kept");
}

#[test]
fn parent_killed_leaves_no_temporary_directory() {
    let directory = Directory::new();
    let (mut parent, _) = serve(&[], &directory);
    assert_eq!(entries(&directory.0), 1);
    parent.kill().expect("it runs");
    parent.wait().expect("it was killed");
    wait_until("the guard has tidied up", || entries(&directory.0) == 0);
    wait_until("the guard is gone", || processes_of(&directory.0).is_empty());
}

#[test]
fn term_and_interrupt_end_it_in_order() {
    for signal in [Signal::SIGTERM, Signal::SIGINT] {
        let directory = Directory::new();
        let (mut parent, url) = serve(&[], &directory);
        send(&parent, signal);
        assert!(parent.wait().expect("it ends").success(), "{signal}");
        assert_eq!(entries(&directory.0), 0);
        assert!(try_query(&url, "SELECT 1").is_err());
    }
}

#[test]
fn ends_when_its_server_ends() {
    let directory = Directory::new();
    let (mut parent, url) = serve(&["--path", &directory.0.to_string_lossy()], &directory);
    let servers: Vec<u32> = processes_of(&directory.0).into_iter().filter(|id| *id != parent.id()).collect();
    for server in servers {
        kill(Pid::from_raw(i32::try_from(server).expect("a process id")), Signal::SIGKILL).expect("it runs");
    }
    parent.wait().expect("it ends");
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

/// `serve` with its temporary files in `directory`, and the URL that it prints.
fn serve(arguments: &[&str], directory: &Directory) -> (Child, String) {
    let mut command = Command::new(BINARY);
    command.arg("serve").args(arguments).env("TMPDIR", &directory.0).stdout(Stdio::piped());
    let mut parent = command.spawn().expect("the binary runs");
    let mut url = String::new();
    BufReader::new(parent.stdout.take().expect("piped")).read_line(&mut url).expect("a line");
    (parent, url.trim().to_owned())
}

/// `fetch` into an empty cache with this script as npm.
fn fetch(directory: &Directory, npm: &str) -> Output {
    let script = directory.0.join("npm");
    std::fs::write(&script, npm).expect("a script");
    std::fs::set_permissions(&script, PermissionsExt::from_mode(0o755)).expect("executable");
    let path = format!("{}:{}", directory.0.display(), std::env::var("PATH").unwrap_or_default());
    let mut command = Command::new(BINARY);
    command.arg("fetch").env("PATH", path).env("SEGMENTATION_CACHE", directory.0.join("cache"));
    command.output().expect("the binary runs")
}

fn send(process: &Child, signal: Signal) {
    kill(Pid::from_raw(i32::try_from(process.id()).expect("a process id")), signal).expect("it runs");
}

fn entries(directory: &Path) -> usize {
    std::fs::read_dir(directory).map(Iterator::count).unwrap_or_default()
}
