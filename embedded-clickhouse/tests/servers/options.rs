//! What each option does to the server.

use embedded_clickhouse::{Error, Options, Server};

use crate::support::{query, start};

#[test]
fn query_log_is_kept_on_demand() {
    let server = start(Options { query_log: true, ..Options::default() });
    query(server.url(), "SELECT 'a mark' SETTINGS log_comment = 'marked'");
    query(server.url(), "SYSTEM FLUSH LOGS");
    let found = "SELECT count() FROM system.query_log WHERE log_comment = 'marked' AND type = 'QueryFinish'";
    assert_eq!(query(server.url(), found), "1");
}

#[test]
fn memory_limit_settings_users_and_configuration_take_effect() {
    let server = start(Options {
        memory_limit_bytes: Some(1_000_000_000),
        settings: vec![("max_threads".to_owned(), "1".to_owned())],
        config_xml: "<macros><shard>7</shard></macros>".to_owned(),
        users_xml: "<reader><password></password><networks><ip>::/0</ip></networks><profile>default</profile></reader>"
            .to_owned(),
        ..Options::default()
    });
    let answer = query(
        server.url(),
        "SELECT getServerSetting('max_server_memory_usage'), getSetting('max_threads'), getMacro('shard'),
            (SELECT groupArray(name) FROM (SELECT name FROM system.users ORDER BY name))",
    );
    assert_eq!(answer, "1000000000\t1\t7\t['default','reader']");
}

#[test]
fn a_statement_may_sleep_as_long_as_a_fault_test_needs() {
    let server = start(Options::default());
    assert_eq!(query(server.url(), "SELECT sum(sleepEachRow(0.001)) FROM numbers(3500)"), "0");
}

#[test]
fn limits_in_the_profile_do_not_end_the_server() {
    let settings = [("max_execution_time", "1"), ("max_rows_to_read", "1000")];
    let settings = settings.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
    let mut server = start(Options { settings, ..Options::default() });
    std::thread::sleep(std::time::Duration::from_secs(5));
    assert!(server.is_running());
}

#[test]
fn a_server_that_ends_early_shows_the_end_of_its_log() {
    let settings = vec![("no_such_setting".to_owned(), "1".to_owned())];
    let options = Options { settings, ignore_url: true, ..Options::default() };
    let error = Server::start(options).expect_err("the profile is wrong");
    assert!(matches!(&error, Error::EndedEarly { log, .. } if log.contains("no_such_setting")), "{error}");
}

#[test]
fn a_taken_port_is_named() {
    let first = start(Options::default());
    let options = Options { http_port: first.http_port(), ignore_url: true, ..Options::default() };
    let error = Server::start(options).expect_err("the port is taken");
    assert!(matches!(error, Error::PortInUse { port } if Some(port) == first.http_port()), "{error}");
}
