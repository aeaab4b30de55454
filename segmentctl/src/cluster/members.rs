//! `segmentctl members`: who is in a Segment, read from the store's shards, page by page.

use std::io::{self, Write};

use segment_jobs::publish;
use segment_rules::{segment_id, sip_hash_64};

use super::find::Cluster;
use crate::{
    args::MembersArgs,
    exit::{self, Failure},
};

pub(crate) async fn members(args: &MembersArgs) -> Result<(), Failure> {
    let cluster = Cluster::open(&args.cluster).await?;
    let segment = cluster.segment(&args.segment).await?;
    let (namespace, store) = cluster.store(&segment).await?;
    let store = cluster.open_store(&namespace, &store).await?;
    let (account, id) = (sip_hash_64(&segment.spec.account), segment_id(&cluster.namespace, &args.segment));
    let members = publish::members(&store, account, id, &args.after, args.limit).await?;
    let text: String = members.iter().flat_map(|profile| [profile.as_str(), "\n"]).collect();
    exit::written(io::stdout().lock().write_all(text.as_bytes()))?;
    if let Some(last) = members.last().filter(|_| u64::try_from(members.len()) == Ok(args.limit)) {
        eprintln!("note: there may be more; go on with --after '{last}'");
    }
    Ok(())
}
