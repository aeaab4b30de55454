//! `segmentctl members`: who is in a Segment, read from the store's shards, page by page.

use std::io::{self, Write};

use segment_jobs::publish::{self, Page};
use segment_rules::{segment_id, sip_hash_64};

use super::find::{Cluster, missing_shards};
use crate::{
    args::MembersArgs,
    exit::{self, Failure},
};

pub(crate) async fn members(args: &MembersArgs) -> Result<(), Failure> {
    let cluster = Cluster::open(&args.cluster).await?;
    let segment = cluster.segment(&args.segment).await?;
    let (namespace, store) = cluster.store(&segment).await?;
    let (store, mut missing) = cluster.open_store(&namespace, &store).await?;
    let key = &segment.spec.account;
    let (account, id) = (sip_hash_64(key), segment_id(&cluster.namespace, &args.segment));
    let page = Page { account, segment: id, after: &args.after, limit: args.limit };
    let members = publish::members(&store, page, &mut missing).await;
    let text: String = members.iter().flat_map(|profile| [profile.as_str(), "\n"]).collect();
    exit::written(io::stdout().lock().write_all(text.as_bytes()))?;
    if let Some(last) = members.last().filter(|_| u64::try_from(members.len()) == Ok(args.limit)) {
        eprintln!("note: there may be more; go on with --after '{last}'");
    }
    // Most accounts lie on one shard: the others may be down and nothing is missing.
    if publish::is_whole(&store, key, &missing).await? {
        return Ok(());
    }
    Err(Failure::Missing(format!("members may be missing: {}", missing_shards(&store, &missing))))
}
