//! The shop's store: two shards, two ClickHouse servers of our own (or two databases of the server in `CLICKHOUSE_URL`).

use std::{fmt, thread};

use anyhow::{Context, anyhow};
use clickhouse::{Client, Row};
use embedded_clickhouse::{Options, Server};
use segment_jobs::{
    clock::Clock,
    schema::{self, NewStore},
    shards::{Credentials, Shard, ShardAddress},
    store::{self, Store},
};
use serde::Deserialize;

use crate::ndjson::ACCOUNT;

/// Lanes of the store; the default of `segment-jobs schema apply`.
const LANES: u16 = 64;

/// The public read contract, asked as any other program would ask it.
const COUNT_MEMBERS: &str = "SELECT count() AS count FROM members WHERE account = sipHash64({account:String}) AND segment = sipHash64({segment:String})";
const FIRST_MEMBER: &str = "SELECT profile FROM members
    WHERE account = sipHash64({account:String}) AND segment = sipHash64({segment:String}) ORDER BY profile LIMIT 1";
const DROP_DATABASE: &str = "DROP DATABASE IF EXISTS {database:Identifier} SYNC";

/// Two servers and the store on them. Dropped, it leaves nothing behind.
#[derive(Debug)]
pub struct Shop {
    servers: [Server; 2],
    databases: [String; 2],
}

/// How pods come in.
#[derive(Clone)]
pub struct Door {
    /// An address of this machine.
    pub address: String,
    /// A user that may make databases.
    pub user: String,
    /// Its password.
    pub password: String,
}

/// Without the password.
impl fmt::Debug for Door {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Door").field("address", &self.address).field("user", &self.user).finish_non_exhaustive()
    }
}

#[derive(Row, Deserialize)]
struct Count {
    count: u64,
}

#[derive(Row, Deserialize)]
struct Member {
    profile: String,
}

impl Shop {
    /// Starts both servers.
    pub fn start() -> anyhow::Result<Self> {
        let database = |shard: u8| format!("segmentation_demo_{}_{shard}", std::process::id());
        Ok(Self { servers: start_both(&Options::default())?, databases: [database(0), database(1)] })
    }

    /// Starts both servers for pods, which reach this machine at an address and log in as a user of their own.
    pub fn start_for_pods(door: &Door) -> anyhow::Result<Self> {
        let Door { address, user, password } = door;
        let options = Options {
            ignore_url: true,
            config_xml: format!("<listen_host>{address}</listen_host>"),
            users_xml: format!(
                "<{user}><password>{password}</password><networks><ip>::/0</ip></networks>\
                 <profile>default</profile><quota>default</quota></{user}>"
            ),
            ..Options::default()
        };
        let database = || "segmentation".to_owned();
        Ok(Self { servers: start_both(&options)?, databases: [database(), database()] })
    }

    /// Makes the store on the shards `0` and `1`.
    pub async fn make(&self, clock: Clock) -> anyhow::Result<Store> {
        let new = NewStore { name: "main".to_owned(), lanes: LANES, clock, adopt: false };
        schema::apply(self.shards()?, &new).await.context("make the store")
    }

    /// Opens a store that somebody else has made there.
    pub async fn open(&self, clock: Clock) -> anyhow::Result<Store> {
        Store::open(self.shards()?, clock).await.context("open the store")
    }

    fn shards(&self) -> anyhow::Result<Vec<Shard>> {
        let addresses: Vec<ShardAddress> = (0..).zip(&self.servers).zip(&self.databases).map(address).collect();
        let [server, _] = &self.servers;
        let credentials = Credentials::of(server.user(), server.password());
        Ok(store::shards(&addresses, &credentials)?)
    }

    /// The ports at which pods reach the shards.
    pub fn ports(&self) -> impl Iterator<Item = u16> {
        self.servers.iter().filter_map(Server::http_port)
    }

    /// Whether the shards are databases of the server in `CLICKHOUSE_URL`.
    pub fn is_external(&self) -> bool {
        self.servers.iter().all(Server::is_external)
    }

    /// URL and database of each shard.
    pub fn places(&self) -> impl Iterator<Item = (&str, &str)> {
        self.servers.iter().map(Server::url).zip(self.databases.iter().map(String::as_str))
    }

    /// The number of rows that the view `members` has for a segment, on both shards together.
    pub async fn count_members(&self, segment: &str) -> anyhow::Result<u64> {
        let mut members = 0;
        for client in self.clients() {
            members += ask(&client, COUNT_MEMBERS, segment).fetch_one::<Count>().await?.count;
        }
        Ok(members)
    }

    /// The member whose id comes first in the order of bytes.
    pub async fn first_member(&self, segment: &str) -> anyhow::Result<Option<String>> {
        let mut first: Option<String> = None;
        for client in self.clients() {
            let found = ask(&client, FIRST_MEMBER, segment).fetch_optional::<Member>().await?;
            first = first.into_iter().chain(found.map(|member| member.profile)).min();
        }
        Ok(first)
    }

    /// Drops the databases where the server is not our own and goes on; our own servers end with their data.
    pub async fn leave(&self) -> anyhow::Result<()> {
        for ((server, database), client) in self.servers.iter().zip(&self.databases).zip(self.clients()) {
            if server.is_external() {
                let client = client.with_database("default");
                client.query_raw(DROP_DATABASE).param("database", database).execute().await?;
            }
        }
        Ok(())
    }

    fn clients(&self) -> impl Iterator<Item = Client> {
        self.servers.iter().zip(&self.databases).map(|(server, database)| {
            let client = Client::default().with_url(server.url()).with_user(server.user());
            client.with_password(server.password()).with_database(database)
        })
    }
}

/// Side by side: a cold start takes seconds.
fn start_both(options: &Options) -> anyhow::Result<[Server; 2]> {
    let (one, other) = thread::scope(|scope| {
        let other = scope.spawn(|| Server::start(options.clone()));
        (Server::start(options.clone()), other.join())
    });
    let other = other.map_err(|_| anyhow!("the thread that started a server ended early"))?;
    Ok([one?, other?])
}

fn address(((name, server), database): ((u8, &Server), &String)) -> ShardAddress {
    ShardAddress { name: name.to_string(), url: server.url().to_owned(), database: database.clone() }
}

fn ask(client: &Client, text: &str, segment: &str) -> clickhouse::query::Query {
    client.query_raw(text).param("account", ACCOUNT).param("segment", segment)
}
