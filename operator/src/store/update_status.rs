//! Writes the status of a store, if it says something new.

use kube::{Api, api::PartialObjectMeta, runtime::events::EventType};
use segment_crds::{SegmentStore, SegmentStoreStatus};

use crate::{
    context::{Context, Said},
    names::{
        StoreKey,
        condition::{READY, REMOVAL_HELD, STALLED},
    },
    status,
};

/// Writes the status unless it is the one that is there.
pub(crate) async fn update_status(
    ctx: &Context,
    key: &StoreKey,
    uid: Option<&str>,
    old: Option<&SegmentStoreStatus>,
    new: &SegmentStoreStatus,
) -> Result<(), kube::Error> {
    if old == Some(new) {
        return Ok(());
    }
    let api: Api<PartialObjectMeta<SegmentStore>> = Api::namespaced(ctx.client.clone(), &key.namespace);
    let nothing = SegmentStoreStatus::default();
    // If it is not there any more the next look sees what is.
    if status::write(&api, (&key.name, uid), (old.unwrap_or(&nothing), new)).await? {
        ctx.metrics.status_writes.get_or_create(&crate::metrics::Kind::STORE).inc();
    }
    Ok(())
}

/// Tells of a store that needs a person, and of one that does no more.
pub(crate) async fn announce(ctx: &Context, store: &SegmentStore, old: &SegmentStoreStatus, new: &SegmentStoreStatus) {
    for (type_, event) in
        [(STALLED, EventType::Warning), (REMOVAL_HELD, EventType::Warning), (READY, EventType::Normal)]
    {
        let find = |status: &SegmentStoreStatus| status.conditions.iter().find(|one| one.type_ == type_).cloned();
        let (Some(after), before) = (find(new), find(old)) else { continue };
        let same = before.is_some_and(|before| before.status == after.status && before.reason == after.reason);
        if after.status == "True" && !same {
            ctx.tell(store, event, Said { reason: &after.reason, action: "Reconcile", note: &after.message }).await;
        }
    }
}
