//! A data set on a server of its own: opened, asked for its time, its log and its memory.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};
use clickhouse::{Row, RowOwned, RowRead};
use embedded_clickhouse::{Options, Server};
use segment_jobs::{
    clock::Clock,
    schema::{self, NewStore},
    shards::{Call, Credentials, LONG_LIMIT, Shard, ShardAddress},
    store::Store,
};
use segment_rules::sip_hash_64;
use segment_sql::Statement;
use serde::Deserialize;

use crate::{
    args::{DataArgs, Orders},
    report, sql,
};

/// The database of a data set.
pub(crate) const DATABASE: &str = "bench";
/// The instant of all evaluations: 2025-12-16T09:30:00Z, in the middle of a month and of a day.
pub(crate) const AS_OF_MS: i64 = 1_765_877_400_000;
/// Events begin on 2024-01-01: 24 calendar months, of which the last is open.
pub(crate) const FIRST_MONTH: (i16, i8) = (2024, 1);
pub(crate) const MONTHS: i16 = 24;

/// Logs that a load is measured by.
const LOGS_XML: &str = "<query_views_log><database>system</database><table>query_views_log</table></query_views_log>
  <part_log><database>system</database><table>part_log</table></part_log>";

/// A data set that is open.
pub(crate) struct Bench {
    server: Server,
    pub(crate) store: Store,
    pub(crate) args: DataArgs,
}

#[derive(Row, Deserialize)]
struct Count {
    count: u64,
}

#[derive(Row, Deserialize)]
struct Now {
    now_us: i64,
}

#[derive(Row, Deserialize)]
struct Version {
    version: String,
}

/// The directory of a data set; its description stands beside it.
pub(crate) fn directory(args: &DataArgs) -> PathBuf {
    let DataArgs { profiles, accounts, events, data_seed, .. } = args;
    let orders = if args.orders == Orders::All { "-all-orders" } else { "" };
    args.directory.join(format!("{accounts}-accounts-of-{profiles}-profiles-{events}-events-seed-{data_seed}{orders}"))
}

impl Bench {
    /// Starts the server and opens the store, which is made where there is none.
    pub(crate) async fn open(args: &DataArgs, fresh: bool) -> Result<Self> {
        let directory = directory(args);
        forget_log(&directory)?;
        Self::start(options(directory, args), args, fresh).await
    }

    /// Starts a server in an empty directory, which also logs what views and merges take.
    pub(crate) async fn open_logged(directory: &Path, args: &DataArgs) -> Result<Self> {
        let options = Options { config_xml: LOGS_XML.to_owned(), ..options(directory.to_owned(), args) };
        Self::start(options, args, false).await
    }

    async fn start(options: Options, args: &DataArgs, fresh: bool) -> Result<Self> {
        let server = tokio::task::spawn_blocking(move || Server::start(options)).await??;
        let shard = shard(&server);
        if fresh {
            shard.server_call(sql::DROP_DATABASE, "bench").param("database", DATABASE).execute().await?;
        }
        let new = NewStore { name: DATABASE.to_owned(), lanes: 1, clock: clock(), adopt: false };
        let store = schema::apply(vec![shard], &new).await?;
        Ok(Self { server, store, args: args.clone() })
    }

    /// The only shard.
    pub(crate) fn shard(&self) -> &Shard {
        &self.store.shards[0]
    }

    /// A statement of the benchmark itself; such ones are left out of the log's figures.
    pub(crate) fn call(&self, statement: Statement) -> Call<'_> {
        self.shard().call(statement, "bench").limit(LONG_LIMIT)
    }

    /// Rows of a statement without parameters.
    pub(crate) async fn rows<T: RowOwned + RowRead>(&self, statement: Statement) -> Result<Vec<T>> {
        Ok(self.call(statement).rows().await?)
    }

    /// The number that a statement gives.
    pub(crate) async fn count(&self, call: Call<'_>) -> Result<u64> {
        Ok(call.row::<Count>().await?.map_or(0, |row| row.count))
    }

    /// The server's clock, for questions to its log.
    pub(crate) async fn now_us(&self) -> Result<i64> {
        let now: Option<Now> = self.call(sql::SERVER_NOW).row().await?;
        Ok(now.context("the server gave no time")?.now_us)
    }

    /// The server's HTTP address.
    pub(crate) fn url(&self) -> &str {
        self.server.url()
    }

    /// The server's process.
    pub(crate) fn pid(&self) -> Option<u32> {
        self.server.pid()
    }

    /// The server's version.
    pub(crate) async fn version(&self) -> Result<String> {
        let version: Option<Version> = self.shard().call(segment_sql::store::SERVER_VERSION, "bench").row().await?;
        Ok(version.map_or_else(String::new, |row| row.version))
    }

    /// The most memory that the server's process has had since [`Self::reset_peak`] (or its start), in bytes.
    pub(crate) fn peak_bytes(&self) -> u64 {
        let path = self.server.pid().map(|pid| format!("/proc/{pid}/status"));
        let status = path.and_then(|path| fs::read_to_string(path).ok()).unwrap_or_default();
        report::kilobytes(&status, "VmHWM:")
    }

    /// Forgets the peak, where the system allows it.
    pub(crate) fn reset_peak(&self) {
        if let Some(pid) = self.server.pid() {
            // Where it is not allowed, the peak since the start is printed: more, never less.
            let _ = fs::write(format!("/proc/{pid}/clear_refs"), "5");
        }
    }

    /// What the figures were measured on, and over which data.
    pub(crate) async fn print_head(&self, figure: &str) -> Result<()> {
        let version = self.version().await?;
        let DataArgs { profiles, accounts, events, data_seed, .. } = &self.args;
        println!("# {figure}");
        println!("machine: {}, ClickHouse {version}{}", report::machine(), report::build());
        println!(
            "data: {accounts} account(s) of {profiles} profiles in {} bucket(s), 5 traits and {events} events a profile, seed \
             {data_seed}, {}, as of 2025-12-16T09:30:00Z",
            buckets(&self.args),
            if self.args.orders == Orders::All { "all orders" } else { "by-key order only" },
        );
        Ok(())
    }
}

fn options(directory: PathBuf, args: &DataArgs) -> Options {
    Options {
        directory: Some(directory),
        memory_limit_bytes: args.server_memory,
        query_log: true,
        ignore_url: true,
        ..Options::default()
    }
}

/// The library's server keeps the files of an earlier `system.query_log`, but not the table, and cannot make it again.
fn forget_log(directory: &Path) -> Result<()> {
    let log = directory.join("data/data/system/query_log");
    match fs::remove_dir_all(&log) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(error).context(format!("remove {}", log.display()))
        }
        _ => Ok(()),
    }
}

/// The number of the account's buckets.
pub(crate) fn buckets(args: &DataArgs) -> u16 {
    let buckets = if args.accounts > 1 { 1 } else { args.profiles.div_ceil(4_000_000) };
    u16::try_from(buckets).unwrap_or(u16::MAX)
}

/// The key of an account.
pub(crate) fn account_key(number: u64) -> String {
    format!("bench-{number}")
}

/// The number by which the tables know an account.
pub(crate) fn account_hash(number: u64) -> u64 {
    sip_hash_64(&account_key(number))
}

/// The clock of all evaluations.
pub(crate) fn clock() -> Clock {
    Clock::Fixed(AS_OF_MS)
}

fn shard(server: &Server) -> Shard {
    let address = ShardAddress { name: "0".to_owned(), url: server.url().to_owned(), database: DATABASE.to_owned() };
    let credentials = Credentials::of(server.user(), server.password());
    Shard::new(address, &credentials)
}
