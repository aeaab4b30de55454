//! Commands that ask a store's shards, where some are down. The API server is a stand-in that knows a few objects.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::{BufRead, BufReader, Write},
    net::{TcpListener, TcpStream},
    thread,
};

use anyhow::{Context, Result, ensure};
use embedded_clickhouse::{Options, Server};
use segment_jobs::{
    clock::Clock,
    evaluate::Limits,
    load::{self, Input},
    manual::{self, Bounds},
    publish,
    schema::{self, NewStore},
    shards::{Credentials, ShardAddress},
    store::{self, Store},
};
use segment_rules::{compile, yaml::Document};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use crate::support::{Call, Outcome, with_servers};

const DOWN: &str = "http://127.0.0.1:1";
/// Of the account `large`, which is cut into buckets.
const MEMBERS: usize = 32;

#[test]
fn what_the_shards_have_that_answer_is_told_and_the_others_are_named() -> Result<()> {
    with_servers("cluster::what_the_shards_have_that_answer_is_told_and_the_others_are_named", on_a_server)
}

fn on_a_server() -> Result<()> {
    let servers = [0, 1].map(|_| Server::start(Options { ignore_url: true, ..Options::default() }));
    let servers: Vec<Server> = servers.into_iter().collect::<Result<_, _>>()?;
    let address = |(number, server): (usize, &Server)| ShardAddress {
        name: number.to_string(),
        url: server.url().to_owned(),
        database: "segments".to_owned(),
    };
    let addresses: Vec<ShardAddress> = servers.iter().enumerate().map(address).collect();
    let store = tokio::runtime::Runtime::new()?.block_on(make(&addresses))?;
    let urls: Vec<&str> = servers.iter().map(Server::url).collect();
    members(&store, &urls)?;
    explanations(&store, &urls)
}

fn members(store: &Store, urls: &[&str]) -> Result<()> {
    let all = called(urls, &["members", "large"])?.ended(0)?;
    let all: BTreeSet<&str> = all.stdout.lines().collect();
    ensure!(all.len() == MEMBERS, "{all:?}");
    let some = called(&[urls[0], DOWN], &["members", "large"])?.ended(5)?;
    some.says(&["members may be missing", "the shard 1 is left out", DOWN])?;
    let some: BTreeSet<&str> = some.stdout.lines().collect();
    ensure!(some.is_subset(&all) && !some.is_empty() && some.len() < all.len(), "{some:?} of {all:?}");
    called(&["http://127.0.0.1:2", DOWN], &["members", "large"])?.ended(1)?.only_says(&["shard 0", "shard 1"])?;
    let home = store.shard_of("small", 0).name();
    let with_home = if home == "0" { [urls[0], DOWN] } else { [DOWN, urls[1]] };
    let whole = called(&with_home, &["members", "small"])?.ended(0)?;
    ensure!(whole.stdout == "only\n" && whole.stderr.is_empty(), "nothing of it is on the other shard: {whole:#?}");
    let without = if home == "0" { [DOWN, urls[1]] } else { [urls[0], DOWN] };
    called(&without, &["members", "small"])?.ended(5)?.only_says(&["is left out"])
}

fn explanations(store: &Store, urls: &[&str]) -> Result<()> {
    let mut codes = BTreeMap::new();
    for number in 0..MEMBERS {
        let profile = format!("p{number}");
        let bucket = u16::try_from(segment_rules::sip_hash_64(&profile) % 8)?;
        codes.entry(store.shard_of("large", bucket).name()).or_insert(profile);
    }
    let profile = |shard| codes.get(shard).map(String::as_str).context("a profile on each shard");
    let here = called(&[urls[0], DOWN], &["explain", "large", profile("0")?, "--output", "json"])?.ended(0)?;
    ensure!(here.stdout.contains("\"member\":true") || here.stdout.contains("\"member\": true"), "{here:#?}");
    let there = called(&[urls[0], DOWN], &["explain", "large", profile("1")?])?.ended(5)?;
    there.only_says(&["on the shard 1", "is left out", DOWN])?;
    called(urls, &["explain", "large", "nobody"])?.ended(1)?.only_says(&["no profile `nobody`"])
}

/// A store with the data of two accounts, each with a Segment of all its profiles.
async fn make(addresses: &[ShardAddress]) -> Result<Store> {
    let (clock, stop) = (Clock::System, CancellationToken::new());
    let new = NewStore { name: "main".to_owned(), lanes: 64, clock, adopt: false };
    schema::apply(store::shards(addresses, &Credentials::default())?, &new).await?;
    let store = Store::open(store::shards(addresses, &Credentials::default())?, clock).await?;
    let large = (0..MEMBERS).map(|number| json!({"account": "large", "id": format!("p{number}")}));
    let lines: Vec<String> =
        large.chain([json!({"account": "small", "id": "only"})]).map(|line| line.to_string()).collect();
    let options = load::Options {
        clock,
        profiles: vec![Input::from_bytes("profiles", lines.join("\n").into_bytes())],
        events: Vec::new(),
        profiles_per_bucket: 4,
        summarise_from: load::LARGE_UNIT_PROFILES,
        progress: false,
    };
    load::load(&store, options, stop.clone()).await?;
    let compiled = compile(&["large", "small"].map(|name| Document::new(segment(name))));
    ensure!(compiled.refused.is_empty(), "{:?}", compiled.refused);
    let run = publish::publish(&store, &compiled, publish::Options { clock, all: true }).await?.run;
    let options = manual::Options {
        run: run.context("a run")?,
        clock,
        bounds: Bounds::default(),
        limits: Limits::default(),
        slices_at_once: 1,
    };
    let report = manual::manual(&store.shards, &options, &stop).await;
    ensure!(report.failures.is_empty(), "{report:?}");
    Ok(store)
}

/// A Segment of all profiles of the account of its name.
fn segment(name: &str) -> Value {
    json!({
        "apiVersion": "segmentation.dev/v1alpha1", "kind": "Segment",
        "metadata": {"name": name, "namespace": "shop"}, "spec": {"storeRef": {"name": "main"}, "account": name},
    })
}

/// What a call says where the store's shards are at these addresses.
fn called(urls: &[&str], arguments: &[&str]) -> Result<Outcome> {
    let shards: Vec<Value> =
        (0..).zip(urls).map(|(number, url): (u8, _)| json!({"name": number.to_string(), "urls": [url]})).collect();
    let store = json!({
        "apiVersion": "segmentation.dev/v1alpha1", "kind": "SegmentStore",
        "metadata": {"name": "main", "namespace": "shop"},
        "spec": {"clickhouse": {"database": "segments", "shards": shards}},
    });
    let list = json!({
        "apiVersion": "segmentation.dev/v1alpha1", "kind": "SegmentList", "metadata": {},
        "items": [segment("large"), segment("small")],
    });
    let root = "/apis/segmentation.dev/v1alpha1/namespaces/shop";
    let objects = BTreeMap::from([
        (format!("{root}/segmentstores/main"), store.to_string()),
        (format!("{root}/segments/large"), segment("large").to_string()),
        (format!("{root}/segments/small"), segment("small").to_string()),
        (format!("{root}/segments"), list.to_string()),
    ]);
    let api = serve(move |path| objects.get(path.split('?').next().unwrap_or(path)).cloned())?;
    let config = json!({
        "apiVersion": "v1", "kind": "Config", "current-context": "a",
        "clusters": [{"name": "a", "cluster": {"server": api}}], "users": [{"name": "a", "user": {}}],
        "contexts": [{"name": "a", "context": {"cluster": "a", "user": "a"}}],
    });
    let call = Call::new(&[arguments, &["--namespace", "shop"]].concat())?.environment("KUBECONFIG", "config.yaml");
    call.file("config.yaml", config.to_string())?.run()
}

/// Answers GETs by their paths until the process ends, at the address that it returns.
fn serve(answer: impl Fn(&str) -> Option<String> + Send + 'static) -> Result<String> {
    let listener = TcpListener::bind(("127.0.0.1", 0))?;
    let url = format!("http://{}", listener.local_addr()?);
    thread::spawn(move || {
        for stream in listener.incoming().filter_map(Result::ok) {
            let _ = answer_one(stream, &answer);
        }
    });
    Ok(url)
}

fn answer_one(mut stream: TcpStream, answer: &impl Fn(&str) -> Option<String>) -> Result<()> {
    let mut lines = BufReader::new(stream.try_clone()?).lines();
    let request = lines.next().context("a request")??;
    while lines.next().context("headers")??.trim() != "" {}
    let (code, body) = match answer(request.split(' ').nth(1).unwrap_or_default()) {
        Some(body) => (200, body),
        None => (404, json!({"kind": "Status", "code": 404, "reason": "NotFound"}).to_string()),
    };
    let length = body.len();
    write!(
        stream,
        "HTTP/1.1 {code} X\r\ncontent-type: application/json\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
    )?;
    Ok(())
}
