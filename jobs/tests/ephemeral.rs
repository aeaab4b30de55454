//! A store for one evaluation on a real server.

#![expect(clippy::unwrap_used, reason = "what helpers of tests cannot do fails the test")]

use embedded_clickhouse::Server;
use segment_jobs::{
    clock::Clock,
    ephemeral::{self, Ephemeral},
    evaluate::Limits,
    load::{self, Input, Reading},
    manual::Bounds,
    shards::{Credentials, ShardAddress},
    store,
};
use segment_rules::{Compiled, compile, yaml};
use tokio_util::sync::CancellationToken;

const NOW_MS: i64 = 1_781_524_800_000;

/// A Segment of one criterion.
fn segment(name: &str, criterion: &str) -> String {
    format!(
        "apiVersion: segmentation.dev/v1alpha1\nkind: Segment\nmetadata: {{name: {name}}}\n\
         spec: {{storeRef: {{name: main}}, account: a, criteria: [{{name: c, {criterion}}}]}}\n---\n"
    )
}

/// The members of each Segment when every file of profiles is inserted in batches of so many.
async fn members(url: &str, database: &str, compiled: &Compiled, files: &[&str], batch: usize) -> Vec<String> {
    let address = ShardAddress { name: "one".to_owned(), url: url.to_owned(), database: database.to_owned() };
    let shard = store::shards(&[address], &Credentials::default()).unwrap().remove(0);
    let store = Ephemeral::make(shard).await.unwrap();
    let reading = Reading::start(load::Options {
        clock: Clock::Fixed(NOW_MS),
        profiles: files.iter().map(|lines| Input::from_bytes("profiles", lines.as_bytes())).collect(),
        events: Vec::new(),
        profiles_per_bucket: 4_000_000,
        summarise_from: load::LARGE_UNIT_PROFILES,
        progress: false,
    });
    let stop = CancellationToken::new();
    let units = store.load(compiled, reading.unwrap().in_batches_of(batch), &stop).await.unwrap();
    let limits = Limits::default();
    let options = ephemeral::Options { as_of_ms: NOW_MS, bounds: Bounds::default(), limits };
    let outcome = store.evaluate(compiled, &units, options, &stop).await.unwrap();
    let definitions = compiled.accounts.values().flat_map(|rules| &rules.definitions);
    definitions
        .map(|definition| {
            let account = segment_rules::sip_hash_64(&definition.account);
            let members: Vec<&str> = outcome.members.of(account, definition.segment).collect();
            format!("{}: {}", definition.name, members.join(" "))
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_profile_that_comes_again_in_a_later_batch_is_replaced() {
    let server = tokio::task::spawn_blocking(|| Server::start(embedded_clickhouse::Options::default()));
    let server = server.await.unwrap().unwrap();
    let text = segment("blue", "property: {name: colour, equals: blue}")
        + &segment("red", "property: {name: colour, equals: red}")
        + &segment("sized", "property: {name: size, exists: true}")
        + &segment("sms", "consent: {channel: sms, status: subscribed}")
        + &segment("vip", "list: {id: vip}");
    let compiled = compile(&yaml::documents(&text).unwrap());
    assert_eq!(compiled.refused, []);
    let files = [
        r#"{"account":"a","id":"1","properties":{"colour":"red","size":3},"consent":{"sms":"subscribed"},"lists":["vip"]}
           {"account":"a","id":"2","properties":{"colour":"red","size":3}}"#,
        r#"{"account":"a","id":"1","properties":{"colour":"blue"}}
           {"account":"a","id":"3","properties":{"colour":"red"},"lists":["vip"]}"#,
        r#"{"account":"a","id":"2"}
           {"account":"a","id":"3","properties":{"size":1}}
           {"account":"a","id":"3","properties":{"size":2}}"#,
    ];
    let expected = ["blue: 1", "red: ", "sized: 3", "sms: ", "vip: "];
    assert_eq!(members(server.url(), "apart", &compiled, &files, 1).await, expected, "each file is a batch");
    assert_eq!(members(server.url(), "together", &compiled, &files, 1000).await, expected);
}
