//! Shards and calls to them: a statement of `segment_sql`, a query id, parameters, an answer.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use clickhouse::{Client, Row, RowOwned, insert::Insert, insert_formatted::InsertFormatted, query::Query};
use secrecy::{ExposeSecret, SecretString};
use segment_sql::Statement;
use serde::{Deserialize, Serialize};

/// The oldest server that has all that the statements need.
pub const OLDEST_SERVER: (u32, u32) = (26, 3);

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

/// How to sign in; the same for all shards of a store.
#[derive(Clone, Debug, Default)]
pub struct Credentials {
    /// User name; the server's default if absent.
    pub user: Option<String>,
    /// Password; never printed.
    pub password: Option<SecretString>,
}

/// One shard: a ClickHouse database.
#[derive(Clone)]
pub struct Shard {
    address: Arc<ShardAddress>,
    client: Client,
}

/// A statement failed on a shard.
#[derive(Debug, thiserror::Error)]
#[error("shard {shard} ({url}, database {database}): {statement} failed")]
pub struct ShardError {
    /// Name of the shard.
    pub shard: String,
    /// Its address.
    pub url: String,
    /// Its database.
    pub database: String,
    /// Name of the statement.
    pub statement: &'static str,
    /// What went wrong.
    #[source]
    pub source: Box<clickhouse::error::Error>,
}

impl ShardError {
    /// Whether the server itself refused the statement (so that another try gives the same), and what it said.
    pub fn refused(&self) -> Option<&str> {
        match self.source.as_ref() {
            clickhouse::error::Error::BadResponse(reason) => Some(reason),
            _ => None,
        }
    }
}

impl fmt::Debug for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Shard").field(&self.address).finish()
    }
}

/// Makes query ids unique: two statements under way with one id are refused by the server.
static CALLS: AtomicU64 = AtomicU64::new(0);

impl Shard {
    /// A shard; nothing is sent yet.
    pub fn new(address: ShardAddress, credentials: &Credentials) -> Self {
        let mut client = Client::default().with_url(&address.url).with_database(&address.database);
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
        Call { shard: self, statement: statement.name(), query }
    }

    /// As [`Self::call`], but in the server's default database: for what has to work before ours exists.
    pub fn server_call(&self, statement: Statement, scope: &str) -> Call<'_> {
        let query = self
            .client
            .clone()
            .with_database("default")
            .query_raw(statement.text())
            .with_setting("query_id", self.query_id(scope, statement.name()));
        Call { shard: self, statement: statement.name(), query }
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
        Ok(insert.with_setting("query_id", self.query_id(scope, table)).with_setting("log_comment", table))
    }

    /// An insert in the format that its statement names. `scope` as for [`Self::call`].
    pub fn insert_formatted(&self, statement: Statement, scope: &str) -> InsertFormatted {
        // The server ends the line itself; what comes after that is data.
        self.client
            .insert_formatted_with(statement.text().trim_end())
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
        format!("{}{step}/{}-{call}", self.query_prefix(scope), std::process::id())
    }

    /// An error of a statement on this shard.
    pub fn error(&self, statement: &'static str, source: clickhouse::error::Error) -> ShardError {
        ShardError {
            shard: self.address.name.clone(),
            url: self.address.url.clone(),
            database: self.address.database.clone(),
            statement,
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

    /// Runs it; there are no rows to read.
    pub async fn execute(self) -> Result<(), ShardError> {
        let Self { shard, statement, query } = self;
        query.execute().await.map_err(|source| shard.error(statement, source))
    }

    /// Runs it and reads all rows.
    pub async fn rows<T: RowOwned + clickhouse::RowRead>(self) -> Result<Vec<T>, ShardError> {
        let Self { shard, statement, query } = self;
        query.fetch_all::<T>().await.map_err(|source| shard.error(statement, source))
    }

    /// Runs it and hands on each row, without holding all of them.
    pub async fn each<T: RowOwned + clickhouse::RowRead>(self, mut take: impl FnMut(T)) -> Result<(), ShardError> {
        let Self { shard, statement, query } = self;
        let mut rows = query.fetch::<T>().map_err(|source| shard.error(statement, source))?;
        while let Some(row) = rows.next().await.map_err(|source| shard.error(statement, source))? {
            take(row);
        }
        Ok(())
    }

    /// Runs it and reads the first row, if there is one.
    pub async fn row<T: RowOwned + clickhouse::RowRead>(self) -> Result<Option<T>, ShardError> {
        let Self { shard, statement, query } = self;
        query.fetch_optional::<T>().await.map_err(|source| shard.error(statement, source))
    }
}
