//! A store that lives as long as a call: one shard on a server of our own, or a database of its own on `CLICKHOUSE_URL`.

use embedded_clickhouse::{Options, Server};
use segment_jobs::{
    shards::{Credentials, Shard, ShardAddress, ShardError},
    store::StoreError,
};
use segment_sql::store as sql;
use uuid::Uuid;

use crate::exit::Failure;

/// The name of the store and of its only shard.
pub(crate) const NAME: &str = "segmentctl";

/// A store, and the server that it is on.
pub(crate) struct Scratch<S> {
    /// The store, empty when it was opened.
    pub(crate) store: S,
    shard: Shard,
    server: Server,
}

impl<S> Scratch<S> {
    /// Starts or finds the server and makes the store, in a database that is not there yet.
    pub(crate) async fn open(make: impl AsyncFnOnce(Shard) -> Result<S, StoreError>) -> Result<Self, Failure> {
        let server = tokio::task::spawn_blocking(|| Server::start(Options::default()));
        let server = server.await.map_err(|error| Failure::about("the server's thread", &error))??;
        let shard = shard(&server);
        // A name that nobody else has, so that a server that others use loses nothing but what this call made.
        match make(shard.clone()).await {
            Ok(store) => Ok(Self { store, shard, server }),
            Err(error) => {
                // If this fails too, then for the same reason.
                let _ = remove(&server, &shard).await;
                Err(error.into())
            }
        }
    }

    /// Removes the store. A server of our own ends with all it holds.
    pub(crate) async fn close(self) -> Result<(), Failure> {
        Ok(remove(&self.server, &self.shard).await?)
    }
}

fn shard(server: &Server) -> Shard {
    let address = ShardAddress {
        name: NAME.to_owned(),
        url: server.url().to_owned(),
        database: format!("{NAME}_{}", Uuid::new_v4().simple()),
    };
    let credentials = Credentials::of(server.user(), server.password());
    Shard::new(address, &credentials)
}

async fn remove(server: &Server, shard: &Shard) -> Result<(), ShardError> {
    if !server.is_external() {
        return Ok(());
    }
    shard.server_call(sql::DROP_DATABASE, "scratch").param("database", &shard.address().database).execute().await
}
