//! What a real server says, and what we take it to mean.

#![expect(clippy::unwrap_used, reason = "what helpers of tests cannot do fails the test")]

use std::{
    sync::{LazyLock, Mutex, PoisonError},
    time::Duration,
};

use clickhouse::{Client, error::Error};
use embedded_clickhouse::{Options, Server};
use segment_jobs::shards::{Credentials, Fault, Shard, ShardAddress};

/// One server for all tests, with little memory.
static SERVER: LazyLock<Mutex<Option<Server>>> = LazyLock::new(|| Mutex::new(None));

fn url() -> String {
    let mut server = SERVER.lock().unwrap_or_else(PoisonError::into_inner);
    let options = || Options { ignore_url: true, memory_limit_bytes: Some(1_500_000_000), ..Options::default() };
    server.get_or_insert_with(|| Server::start(options()).expect("a server starts")).url().to_owned()
}

async fn client() -> Client {
    let url = tokio::task::spawn_blocking(url).await.unwrap();
    Client::default().with_url(url).with_setting("wait_end_of_query", "1")
}

/// Whose fault the server's answer is, with a code that it has to have.
fn fault(code: u32, error: Error) -> Fault {
    let said = error.to_string();
    assert!(said.contains(&format!("Code: {code}.")), "{said}");
    let address = ShardAddress { name: "0".to_owned(), url: String::new(), database: "segments".to_owned() };
    let error = Shard::new(address, &Credentials::default()).error("a_statement", error);
    assert_eq!(error.refused().is_some(), error.fault() == Fault::Lasting);
    error.fault()
}

async fn refused(client: &Client, statement: &str) -> Error {
    client.query_raw(statement).execute().await.expect_err(statement)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_memory_of_a_statement_is_its_own_fault_and_that_of_all_is_not() {
    let client = client().await;
    let greedy = "SELECT length(groupArray(number)) FROM numbers(1000000000)";
    let with = |setting, bytes: u64| client.clone().with_setting(setting, bytes.to_string());
    let own = refused(&with("max_memory_usage", 50_000_000), greedy).await;
    assert_eq!(fault(241, own), Fault::Lasting);
    let of_the_user = refused(&with("max_memory_usage_for_user", 50_000_000), greedy).await;
    assert_eq!(fault(241, of_the_user), Fault::Passing);
    let of_all = refused(&with("max_memory_usage", 0), greedy).await;
    assert_eq!(fault(241, of_all), Fault::Passing);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_or_busy_server_passes() {
    let client = client().await;
    client.query("CREATE TABLE t (x UInt8) ENGINE = MergeTree ORDER BY x").execute().await.unwrap();
    client.query("ALTER TABLE t MODIFY SETTING min_free_disk_bytes_to_perform_insert = 1e15").execute().await.ok();
    let full = "ALTER TABLE t MODIFY SETTING min_free_disk_bytes_to_perform_insert = 1000000000000000";
    client.query(full).execute().await.unwrap();
    assert_eq!(fault(243, refused(&client, "INSERT INTO t SELECT 1").await), Fault::Passing);
    let parts = "ALTER TABLE t MODIFY SETTING min_free_disk_bytes_to_perform_insert = 0, parts_to_delay_insert = 1, parts_to_throw_insert = 1";
    client.query(parts).execute().await.unwrap();
    client.query("SYSTEM STOP MERGES t").execute().await.unwrap();
    client.query("INSERT INTO t SELECT 1").execute().await.unwrap();
    assert_eq!(fault(252, refused(&client, "INSERT INTO t SELECT 2").await), Fault::Passing);
    let reader = client.clone().with_setting("readonly", "1");
    assert_eq!(fault(164, refused(&reader, "INSERT INTO t SELECT 3").await), Fault::Passing);
    let slow = "SELECT sleepEachRow(0.05) FROM numbers(100) SETTINGS max_block_size = 1";
    let busy = client.clone().with_setting("max_concurrent_queries_for_all_users", "1");
    let first = tokio::spawn(client.clone().with_setting("query_id", "to_be_killed").query_raw(slow).execute());
    while busy.query_raw("SELECT 1").execute().await.is_ok() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(fault(202, refused(&busy, "SELECT 1").await), Fault::Passing);
    client.query("KILL QUERY WHERE query_id = 'to_be_killed' SYNC").execute().await.unwrap();
    assert_eq!(fault(394, first.await.unwrap().unwrap_err()), Fault::Passing);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_time_limit_passes_where_it_only_ends_what_hangs() {
    let client = client().await;
    let slow = "SELECT sleepEachRow(0.05) FROM numbers(100) SETTINGS max_block_size = 1, max_execution_time = 1";
    assert_eq!(fault(159, refused(&client, slow).await), Fault::Passing);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_lasts_lasts() {
    let client = client().await;
    assert_eq!(fault(62, refused(&client, "SELEC 1").await), Fault::Lasting);
    let pattern = "SELECT match('a', concat('(', materialize('')))";
    assert_eq!(fault(427, refused(&client, pattern).await), Fault::Lasting);
    let nobody = client.clone().with_user("nobody");
    assert_eq!(fault(516, refused(&nobody, "SELECT 1").await), Fault::Credentials);
    let nowhere = client.with_database("nowhere");
    assert_eq!(fault(81, refused(&nowhere, "SELECT 1").await), Fault::NoDatabase);
}
