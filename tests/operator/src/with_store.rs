//! What most tests begin with.

use anyhow::Result;

use crate::cluster::Cluster;
use crate::namespace::{Namespace, in_namespace};
use crate::people::people;
use crate::shards::Shards;
use crate::store::Store;

/// Runs a test with so many shards, and a ready store of the usual people on them.
pub async fn with_store<F>(shards: usize, test: F) -> Result<()>
where
    F: AsyncFnOnce(Namespace, Store, Shards) -> Result<()>,
{
    let cluster = Cluster::connect().await?;
    let shards = Shards::start(shards, cluster.host())?;
    in_namespace(&cluster, async |namespace| {
        let store = Store::ready(&namespace, &shards).await?;
        store.load(&people())?;
        test(namespace, store, shards).await
    })
    .await
}
