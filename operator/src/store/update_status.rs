//! Writes the status of a store, if it says something new.

use kube::{Api, Resource, api::PartialObjectMeta, runtime::events::EventType};
use segment_crds::{SegmentStore, SegmentStoreStatus};

use crate::{
    conditions::holds,
    context::{Context, Said},
    names::{
        StoreKey,
        condition::{READY, REMOVAL_HELD, STALLED},
    },
    status,
};

/// Writes the status over the old one.
pub(crate) async fn update_status(
    ctx: &Context,
    key: &StoreKey,
    uid: Option<&str>,
    (old, new): (&SegmentStoreStatus, &SegmentStoreStatus),
) -> Result<(), kube::Error> {
    let api: Api<PartialObjectMeta<SegmentStore>> = Api::namespaced(ctx.client.clone(), &key.namespace);
    // If it is not there any more the next look sees what is.
    if status::write(&api, (&key.name, uid), (old, new)).await? {
        ctx.metrics.status_writes.get_or_create(&crate::metrics::Kind::STORE).inc();
    }
    Ok(())
}

/// Tells of a store that needs a person, and of one that does no more.
pub(crate) async fn announce(
    ctx: &Context,
    store: &impl Resource<DynamicType = ()>,
    old: &SegmentStoreStatus,
    new: &SegmentStoreStatus,
) {
    for (type_, event) in
        [(STALLED, EventType::Warning), (REMOVAL_HELD, EventType::Warning), (READY, EventType::Normal)]
    {
        let find = |status: &SegmentStoreStatus| status.conditions.iter().find(|one| one.type_ == type_).cloned();
        let (Some(after), before) = (find(new), find(old)) else { continue };
        let same = before.is_some_and(|before| before.status == after.status && before.reason == after.reason);
        if holds(&after) && !same {
            ctx.tell(store, event, Said { reason: &after.reason, action: "Reconcile", note: &after.message }).await;
        }
    }
}
