//! Shards and calls to them: a statement of `segment_sql`, a query id, parameters, an answer within a time.

mod error;
mod trust;

use std::{
    fmt,
    sync::{
        Arc, LazyLock,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use clickhouse::{
    Client, Row, RowOwned, error::Error, insert::Insert, insert_formatted::InsertFormatted, query::Query,
};
use secrecy::{ExposeSecret, SecretString};
use segment_sql::{Statement, run};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

pub use self::{
    error::{Fault, ShardError},
    trust::{Authorities, BadAuthorities},
};

/// The oldest server that has all that the statements need.
pub const OLDEST_SERVER: (u32, u32) = (26, 3);

/// How long a statement may take that says nothing else. Whatever does not hang is done long before.
pub const LIMIT: Duration = Duration::from_mins(5);
/// For questions that are answered at once if the shard answers at all.
pub const SHORT_LIMIT: Duration = Duration::from_secs(10);
/// For statements that go through all facts of a unit, or change the schema.
pub const LONG_LIMIT: Duration = Duration::from_hours(1);
/// Of more groups than fit into so much memory a back-fill puts some on disk.
const FILLING_BYTES: u64 = 1_000_000_000;
/// How long an insert may take.
pub(crate) const INSERT_LIMIT: Duration = Duration::from_mins(10);
/// How much longer than the server's limit we wait for an answer: then the server hangs, or cannot be reached any more.
pub(crate) const GRACE: Duration = Duration::from_secs(5);
/// How long a shard may take to accept a piece of an insert.
pub(crate) const SEND_LIMIT: Duration = Duration::from_mins(1);

/// Where a shard is. The name is what lanes are bound to; it never changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ShardAddress {
    /// Name of the shard within its store.
    pub name: String,
    /// HTTP address, such as `http://ch-0.clickhouse:8123`.
    pub url: String,
    /// Database that holds the tables.
    pub database: String,
}

/// How to sign in, and whom to believe; the same for all shards of a store.
#[derive(Clone, Debug, Default)]
pub struct Credentials {
    /// User name; the server's default if absent.
    pub user: Option<String>,
    /// Password; never printed.
    pub password: Option<SecretString>,
    /// Who may have signed the certificates of the shards, beside the authorities of Mozilla's list.
    pub authorities: Authorities,
}

impl Credentials {
    /// Those of a user.
    pub fn of(user: impl Into<String>, password: impl Into<SecretString>) -> Self {
        Self { user: Some(user.into()), password: Some(password.into()), ..Self::default() }
    }
}

/// What is wrong with a user name or password that goes to the shards in a header of HTTP, which can hold no control characters.
pub fn unfit_for_header(text: &str) -> Option<&'static str> {
    let is_unfit = |character: char| character.is_ascii_control() && character != '\t';
    if !text.contains(is_unfit) {
        None
    } else if text.trim_end_matches(['\r', '\n']).contains(is_unfit) {
        Some("has a line break or another control character in it")
    } else {
        Some("ends with a line break")
    }
}

/// One shard: a ClickHouse database.
#[derive(Clone)]
pub struct Shard {
    address: Arc<ShardAddress>,
    client: Client,
}

impl fmt::Debug for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Shard").field(&self.address).finish()
    }
}

/// Makes query ids unique: two statements under way with one id are refused by the server.
static CALLS: AtomicU64 = AtomicU64::new(0);
/// Stands in the query ids of this process, whose number may be that of another one in another container.
static PROCESS: LazyLock<String> = LazyLock::new(|| Uuid::new_v4().simple().to_string());

impl Shard {
    /// A shard; nothing is sent yet.
    pub fn new(address: ShardAddress, credentials: &Credentials) -> Self {
        let mut client = credentials.authorities.client().with_url(&address.url).with_database(&address.database);
        if let Some(user) = &credentials.user {
            client = client.with_user(user);
        }
        if let Some(password) = &credentials.password {
            client = client.with_password(password.expose_secret());
        }
        for (name, value) in [
            // A month that has been merged into one part needs no deduplication while reading, and months share no rows.
            ("do_not_merge_across_partitions_select_final", "1"),
            // Joins are done as they are written, facts with few rules: left to itself the server multiplies facts by
            // windows before it compares their metrics.
            ("query_plan_optimize_join_order_limit", "0"),
            // A row may hold a bitmap of megabytes: a thread reads these few, not the server's usual 160,000.
            ("merge_tree_min_rows_for_concurrent_read", "1024"),
            ("merge_tree_min_bytes_for_concurrent_read", "1048576"),
            // A statement that has been answered has been done, whatever became of the connection.
            ("wait_end_of_query", "1"),
            // An insert is a part of its own at once: the server would wait whether more come.
            ("async_insert", "0"),
            // To compile an expression costs more than most statements take, and none takes long enough to earn it back.
            ("compile_expressions", "0"),
            ("compile_aggregate_expressions", "0"),
            ("compile_sort_description", "0"),
            // Text becomes the nearest Float64, as everywhere else.
            ("precise_float_parsing", "1"),
        ] {
            client = client.with_setting(name, value);
        }
        Self { address: Arc::new(address), client }
    }

    /// Name of the shard within its store.
    pub fn name(&self) -> &str {
        &self.address.name
    }

    /// Where it is.
    pub fn address(&self) -> &ShardAddress {
        &self.address
    }

    /// A call of a statement. `scope` begins the query id after the database, so that a successor can kill it by prefix.
    pub fn call(&self, statement: Statement, scope: &str) -> Call<'_> {
        let query = self
            .client
            .query_raw(statement.text())
            .with_setting("query_id", self.query_id(scope, statement.name()))
            .with_setting("log_comment", statement.name());
        Call { shard: self, statement: statement.name(), query, limit: LIMIT, is_bounded: false }
    }

    /// As [`Self::call`], but in the server's default database: for what has to work before ours exists.
    pub fn server_call(&self, statement: Statement, scope: &str) -> Call<'_> {
        let query = self
            .client
            .clone()
            .with_database("default")
            .query_raw(statement.text())
            .with_setting("query_id", self.query_id(scope, statement.name()));
        Call { shard: self, statement: statement.name(), query, limit: LIMIT, is_bounded: false }
    }

    /// Ends all statements that this process has under way on the shard; nobody waits for them any more.
    pub async fn end_own(&self) -> Result<(), ShardError> {
        let call = self.call(run::KILL_OWN, "kill").param("prefix", format!("{}/", self.address.database));
        call.param("process", PROCESS.as_str()).limit(SHORT_LIMIT).execute().await
    }

    /// An insert of rows. `scope` as for [`Self::call`].
    pub async fn insert<T: Row>(&self, table: &'static str, scope: &str) -> Result<Insert<T>, ShardError> {
        let insert = self
            .client
            .clone()
            .with_validation(false)
            .insert::<T>(table)
            .await
            .map_err(|source| self.error(table, source))?;
        Ok(insert
            .with_timeouts(Some(SEND_LIMIT), Some(INSERT_LIMIT + GRACE))
            .with_setting("max_execution_time", seconds(INSERT_LIMIT))
            .with_setting("query_id", self.query_id(scope, table))
            .with_setting("log_comment", table))
    }

    /// An insert in the format that its statement names. `scope` as for [`Self::call`].
    pub fn insert_formatted(&self, statement: Statement, scope: &str) -> InsertFormatted {
        // The server ends the line itself; what comes after that is data.
        self.client
            .insert_formatted_with(statement.text().trim_end())
            .with_timeouts(Some(SEND_LIMIT), Some(INSERT_LIMIT + GRACE))
            .with_setting("max_execution_time", seconds(INSERT_LIMIT))
            .with_setting("query_id", self.query_id(scope, statement.name()))
            .with_setting("log_comment", statement.name())
    }

    /// Inserts all rows as one block.
    pub async fn insert_all<T>(
        &self,
        table: &'static str,
        scope: &str,
        rows: impl IntoIterator<Item = T>,
    ) -> Result<(), ShardError>
    where
        T: clickhouse::RowWrite + Row + for<'a> Row<Value<'a> = T>,
    {
        let mut rows = rows.into_iter().peekable();
        if rows.peek().is_none() {
            return Ok(());
        }
        let mut insert = self.insert::<T>(table, scope).await?;
        for row in rows {
            insert.write(&row).await.map_err(|source| self.error(table, source))?;
        }
        insert.end().await.map_err(|source| self.error(table, source))
    }

    /// The prefix of all query ids of a scope on this shard.
    pub fn query_prefix(&self, scope: &str) -> String {
        format!("{}/{scope}/", self.address.database)
    }

    fn query_id(&self, scope: &str, step: &str) -> String {
        let call = CALLS.fetch_add(1, Ordering::Relaxed);
        format!("{}{step}/{}-{call}", self.query_prefix(scope), *PROCESS)
    }

    /// An error of a statement on this shard.
    pub fn error(&self, statement: &'static str, source: Error) -> ShardError {
        ShardError {
            shard: self.address.name.clone(),
            url: self.address.url.clone(),
            database: self.address.database.clone(),
            statement,
            is_bounded: false,
            source: Box::new(source),
        }
    }
}

/// A statement with its parameters, ready to be sent.
#[must_use]
pub struct Call<'a> {
    shard: &'a Shard,
    statement: &'static str,
    query: Query,
    limit: Duration,
    is_bounded: bool,
}

impl Call<'_> {
    /// Gives a server-side parameter its value.
    pub fn param(mut self, name: &str, value: impl Serialize) -> Self {
        self.query = self.query.param(name, value);
        self
    }

    /// A setting for this statement alone.
    pub fn setting(mut self, name: &str, value: impl Into<String>) -> Self {
        self.query = self.query.with_setting(name, value);
        self
    }

    /// How long it may take, instead of [`LIMIT`].
    pub fn limit(mut self, limit: Duration) -> Self {
        self.limit = limit;
        self
    }

    /// What it may cost: to go beyond is its own fault ([`ShardError::refused`]).
    pub fn bounded(mut self, limit: Duration, memory_bytes: u64) -> Self {
        self.is_bounded = true;
        self.limit(limit).setting("max_memory_usage", memory_bytes.to_string())
    }

    /// For a statement that goes through all facts of a bucket, and writes rows of any number of months.
    pub fn filling_in(self) -> Self {
        self.limit(LONG_LIMIT)
            .setting("max_partitions_per_insert_block", "0")
            .setting("max_bytes_before_external_group_by", FILLING_BYTES.to_string())
    }

    /// Runs it; there are no rows to read.
    pub async fn execute(self) -> Result<(), ShardError> {
        self.answer(Query::execute).await
    }

    /// Runs it and reads all rows.
    pub async fn rows<T: RowOwned + clickhouse::RowRead>(self) -> Result<Vec<T>, ShardError> {
        self.answer(Query::fetch_all::<T>).await
    }

    /// Runs it and hands on each row, without holding all of them.
    pub async fn each<T: RowOwned + clickhouse::RowRead>(self, mut take: impl FnMut(T)) -> Result<(), ShardError> {
        let each = |query: Query| async move {
            let mut rows = query.fetch::<T>()?;
            while let Some(row) = rows.next().await? {
                take(row);
            }
            Ok::<(), Error>(())
        };
        self.answer(each).await
    }

    /// Runs it and reads the first row, if there is one.
    pub async fn row<T: RowOwned + clickhouse::RowRead>(self) -> Result<Option<T>, ShardError> {
        self.answer(Query::fetch_optional::<T>).await
    }

    /// The server ends the statement when its time is over; a server that does not is not waited for.
    async fn answer<T, F: Future<Output = Result<T, Error>>>(
        self,
        ask: impl FnOnce(Query) -> F,
    ) -> Result<T, ShardError> {
        let Self { shard, statement, query, limit, is_bounded } = self;
        let query = query.with_setting("max_execution_time", seconds(limit));
        let answer = tokio::time::timeout(limit + GRACE, ask(query)).await.unwrap_or(Err(Error::TimedOut));
        answer.map_err(|source| ShardError { is_bounded, ..shard.error(statement, source) })
    }
}

/// As a setting; 0 would be no limit.
fn seconds(limit: Duration) -> String {
    limit.as_secs().max(1).to_string()
}
