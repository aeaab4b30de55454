//! How servers begin, live side by side, and end.

use std::process::Command;

use embedded_clickhouse::{Error, Options, Server};

use crate::support::{Directory, exists, processes_of, query, start};

#[test]
fn starts_and_answers_on_both_ports() {
    let server = start(Options::default());
    assert_eq!(query(server.url(), "SELECT 1 + 1"), "2");
    let tcp_port = server.tcp_port().expect("our own server has one");
    assert_eq!(
        query(server.url(), &format!("SELECT sum(number) FROM remote('127.0.0.1:{tcp_port}', numbers(4))")),
        "6"
    );
    assert_eq!((server.user(), server.password(), server.is_external()), ("default", "", false));
}

#[test]
fn two_side_by_side_do_not_share_data() {
    let (first, second) = (start(Options::default()), start(Options::default()));
    assert_ne!(first.url(), second.url());
    query(first.url(), "CREATE DATABASE only_here");
    let count = "SELECT count() FROM system.databases WHERE name = 'only_here'";
    assert_eq!((query(first.url(), count), query(second.url(), count)), ("1".to_owned(), "0".to_owned()));
}

#[test]
fn kill_and_restart_keep_data_and_ports() {
    let directory = Directory::new();
    let mut server = start(Options { directory: Some(directory.0.clone()), ..Options::default() });
    fill(&server);
    let (url, first) = (server.url().to_owned(), server.pid().expect("it runs"));
    server.kill().expect("it is ours");
    assert!(!exists(first) && server.pid().is_none() && !server.is_running());
    server.restart().expect("a restart");
    assert_eq!(server.url(), url);
    assert_eq!(rows(&server), "1000");
}

#[test]
fn a_new_start_on_the_same_directory_keeps_data_and_ports() {
    let directory = Directory::new();
    let options = Options { directory: Some(directory.0.clone()), ..Options::default() };
    let mut server = start(options.clone());
    fill(&server);
    let ports = (server.http_port(), server.tcp_port());
    server.stop();
    drop(server);
    let server = start(options);
    assert_eq!((server.http_port(), server.tcp_port()), ports);
    assert_eq!(rows(&server), "1000");
}

#[test]
fn drop_leaves_no_process_and_no_temporary_directory() {
    let server = start(Options::default());
    let (process, directory) = (server.pid().expect("it runs"), server.directory().expect("ours").to_owned());
    assert_eq!(processes_of(&directory).len(), 2, "the server and its guard");
    drop(server);
    assert!(!exists(process), "neither a process nor a zombie");
    assert_eq!(processes_of(&directory), []);
    assert!(!directory.exists());
}

#[test]
fn a_second_server_on_the_same_directory_is_refused() {
    let directory = Directory::new();
    let options = Options { directory: Some(directory.0.clone()), ignore_url: true, ..Options::default() };
    let first = start(options.clone());
    let error = Server::start(options).expect_err("two servers would ruin the data");
    assert!(matches!(error, Error::DirectoryInUse { .. }), "{error}");
    assert_eq!(query(first.url(), "SELECT 1"), "1");
}

#[test]
fn clickhouse_url_is_used_as_it_is() {
    let server = start(Options::default());
    let url = server.url().replace("http://", "http://someone:secret@");
    let output = Command::new(std::env::current_exe().expect("this test"))
        .args(["--ignored", "--exact", "life::inside_clickhouse_url", "--nocapture"])
        .env("CLICKHOUSE_URL", url)
        .env("EXPECTED_URL", server.url())
        .output()
        .expect("this test runs once more");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(String::from_utf8_lossy(&output.stdout).contains("1 passed"));
}

#[test]
#[ignore = "run by clickhouse_url_is_used_as_it_is with the variable set"]
fn inside_clickhouse_url() {
    let mut server = Server::start(Options::default()).expect("the server of CLICKHOUSE_URL");
    assert_eq!(Some(server.url()), std::env::var("EXPECTED_URL").ok().as_deref());
    assert_eq!((server.user(), server.password(), server.pid()), ("someone", "secret", None));
    assert!(server.is_external() && server.is_running());
    assert!(matches!(server.kill(), Err(Error::External { .. })));
    server.stop();
    assert_eq!(query(server.url(), "SELECT 1"), "1", "stop leaves it alone");
}

fn fill(server: &Server) {
    query(server.url(), "CREATE DATABASE d");
    query(server.url(), "CREATE TABLE d.t (a UInt64) ENGINE = MergeTree ORDER BY a");
    query(server.url(), "INSERT INTO d.t SELECT number FROM numbers(1000)");
}

fn rows(server: &Server) -> String {
    query(server.url(), "SELECT count() FROM d.t")
}
